/* SPDX-License-Identifier: Apache-2.0 */
/* docs.c - `chimera docs`: man pages and a reference in Markdown, from the tables of the commands.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/roff.h"
#include "toolchain/commands.h"

static void put_roff(struct chimera_buffer *out, const char *text)
{
    chimera_roff_append(out, chimera_slice_of(text));
}

/* A paragraph for each line. */
static void put_paragraphs(struct chimera_buffer *out, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        chimera_buffer_text(out, ".PP\n");
        chimera_roff_append(out, (struct chimera_slice){text, size});
        chimera_buffer_byte(out, '\n');
        text += size + (text[size] == '\n');
    }
}

static void put_option(struct chimera_buffer *out, const struct option_entry *entry)
{
    chimera_buffer_text(out, ".TP\n\\fB");
    if (entry->letter)
        chimera_buffer_print(out, "\\-%c\\fR, \\fB", entry->letter);
    chimera_buffer_text(out, "\\-\\-");
    put_roff(out, entry->name);
    chimera_buffer_text(out, "\\fR");
    if (entry->kind != OPTION_FLAG)
        chimera_buffer_print(out, " \\fI%s\\fR%s", entry->value,
                             entry->kind == OPTION_GREEDY ? "..." : "");
    chimera_buffer_byte(out, '\n');
    put_roff(out, entry->help);
    for (size_t i = 0; entry->choices && entry->choices[i]; i++) {
        chimera_buffer_text(out, i == 0 ? ": " : ", ");
        put_roff(out, entry->choices[i]);
    }
    chimera_buffer_text(out, ".\n");
}

static void put_options(struct chimera_buffer *out, const struct option_entry *options)
{
    if (!options || !options->name)
        return;
    chimera_buffer_text(out, ".SH OPTIONS\n");
    for (const struct option_entry *entry = options; entry->name; entry++)
        put_option(out, entry);
}

static void put_arguments(struct chimera_buffer *out, const struct argument_entry *arguments)
{
    for (const struct argument_entry *entry = arguments; entry && entry->name; entry++) {
        chimera_buffer_print(out, ".TP\n\\fI%s\\fR%s\n", entry->name, entry->is_many ? "..." : "");
        put_roff(out, entry->help);
        chimera_buffer_text(out, ".\n");
    }
}

static void put_header(struct chimera_buffer *out, const char *title, const char *name,
                       const char *about)
{
    chimera_buffer_print(out, ".TH %s 1 \"\" \"Chimera %s\" \"Chimera\"\n.SH NAME\n", title,
                         CHIMERA_VERSION);
    put_roff(out, name);
    chimera_buffer_text(out, " \\- ");
    put_roff(out, about);
    chimera_buffer_text(out, "\n.SH SYNOPSIS\n");
}

static void put_exit_codes(struct chimera_buffer *out)
{
    chimera_buffer_text(
        out, ".SH EXIT STATUS\n.TP\n0\nSuccess.\n.TP\n1\nSomething failed; the reason is on "
             "standard error.\n.TP\n2\nThe command line is wrong.\n");
}

static void make_page(const struct command_entry *command, struct chimera_buffer *out)
{
    char name[80];
    struct chimera_buffer usage;
    snprintf(name, sizeof(name), "chimera-%s", command->name);
    put_header(out, name, name, command->about);
    chimera_buffer_init(&usage, USAGE_TEXT_MAX);
    usage_line("chimera", command, &usage);
    chimera_buffer_byte(&usage, 0);
    put_roff(out, usage.data + strlen("Usage: "));
    chimera_buffer_free(&usage);
    chimera_buffer_text(out, ".SH DESCRIPTION\n");
    put_paragraphs(out, command->description);
    put_arguments(out, command->arguments);
    put_options(out, command->options);
    put_exit_codes(out);
    chimera_buffer_text(out, ".SH SEE ALSO\n\\fBchimera\\fR(1)\n");
}

static void make_main_page(struct chimera_buffer *out)
{
    put_header(out, "CHIMERA", "chimera", PROGRAM_ABOUT);
    chimera_buffer_text(out,
                        "chimera [OPTIONS] \\fICOMMAND\\fR ...\n.SH DESCRIPTION\nCalled "
                        "\\fBkwctl\\fR, it takes the command line of Kubewarden's tool of that "
                        "name.\n.SH COMMANDS\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->is_hidden)
            continue;
        chimera_buffer_print(out, ".TP\n\\fBchimera\\-%s\\fR(1)\n", commands[i]->name);
        put_roff(out, commands[i]->about);
        chimera_buffer_text(out, ".\n");
    }
    put_options(out, global_options);
    put_exit_codes(out);
    chimera_buffer_text(out,
                        ".SH ENVIRONMENT\n"
                        ".TP\n\\fBCHIMERA_CACHE_DIR\\fR\nFolder of the cache, in place of "
                        "$XDG_CACHE_HOME/chimera or ~/.cache/chimera.\n"
                        ".TP\n\\fBCHIMERA_WASM2C\\fR, \\fBCHIMERA_CLANG\\fR, \\fBCHIMERA_LLD\\fR, "
                        "\\fBCHIMERA_OBJDUMP\\fR, \\fBCHIMERA_TCC\\fR\nThe tools to build with.\n"
                        ".TP\n\\fBNO_COLOR\\fR\nPrint no colours.\n");
}

static int write_page(const char *folder, const char *name, const struct chimera_buffer *page,
                      struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    if (!path || page->failed)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", name);
    return chimera_file_write(path, chimera_buffer_slice(page), 0644, err);
}

static int write_pages(const char *folder, struct chimera_error *err)
{
    struct chimera_buffer page;
    chimera_buffer_init(&page, USAGE_TEXT_MAX);
    int code = chimera_folder_make(folder, 0755, err);
    if (code == 0) {
        make_main_page(&page);
        code = write_page(folder, "chimera.1", &page, err);
    }
    for (size_t i = 0; code == 0 && commands[i]; i++) {
        char name[80];
        if (commands[i]->is_hidden)
            continue;
        chimera_buffer_reset(&page);
        make_page(commands[i], &page);
        snprintf(name, sizeof(name), "chimera-%s.1", commands[i]->name);
        code = write_page(folder, name, &page, err);
    }
    chimera_buffer_free(&page);
    return code;
}

static void make_reference(const char *program, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "# Command line of `%s`\n\n```\n", program);
    usage_help(program, NULL, out);
    chimera_buffer_text(out, "```\n");
    for (size_t i = 0; commands[i]; i++) {
        if (commands[i]->is_hidden)
            continue;
        chimera_buffer_print(out, "\n## %s %s\n", program, commands[i]->name);
        for (const char *at = commands[i]->description; at && *at;) {
            size_t size = strcspn(at, "\n");
            chimera_buffer_print(out, "\n%.*s\n", (int)size, at);
            at += size + (at[size] == '\n');
        }
        chimera_buffer_text(out, "\n```\n");
        usage_help(program, commands[i], out);
        chimera_buffer_text(out, "```\n");
    }
}

static int write_reference(const char *program, const char *path, struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    chimera_buffer_init(&text, USAGE_TEXT_MAX);
    make_reference(program, &text);
    int code = chimera_file_write(path, chimera_buffer_slice(&text), 0644, &why);
    if (code < 0)
        chimera_fail(err, code, "cannot create file %.300s: %.600s", path, why.text);
    chimera_buffer_free(&text);
    return code;
}

static int run_docs(const struct options *options)
{
    struct chimera_error err = {0};
    const char *output = option_value(options, "output"), *folder = option_value(options, "man");
    if (!output && !folder)
        return usage_error(
            options->program, options->command,
            "the following required arguments were not provided:\n  --output <FILE>");
    int code = output ? write_reference(options->program, output, &err) : 0;
    if (code == 0 && folder)
        code = write_pages(folder, &err);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const struct option_entry docs_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = OPTION_VALUE,
     .value = "FILE",
     .help = "Write the reference of the command line as Markdown"},
    {.name = "man", .kind = OPTION_VALUE, .value = "DIR", .help = "Write man pages into a folder"},
    {0},
};

const struct command_entry command_docs = {
    .name = "docs",
    .about = "Write the reference of the command line",
    .options = docs_options,
    .is_hidden = true,
    .run = run_docs,
};
