/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cli/manual.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/cli/cli_internal.h"

#define NAME_MAX_SIZE 80 /* of a page, with its NUL */

/* Appends `text` so that it reads the same in a man page: a dash that can be copied, no line that
 * reads as a request. */
static void put_slice(struct chimera_buffer *out, struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool is_line = i == 0 || text.data[i - 1] == '\n';
        if (is_line && (text.data[i] == '.' || text.data[i] == '\''))
            chimera_buffer_text(out, "\\&");
        if (text.data[i] == '-')
            chimera_buffer_text(out, "\\-");
        else if (text.data[i] == '\\')
            chimera_buffer_text(out, "\\e");
        else
            chimera_buffer_byte(out, (uint8_t)text.data[i]);
    }
}

static void put_text(struct chimera_buffer *out, const char *text)
{
    put_slice(out, chimera_slice_of(text));
}

static void put_paragraph(struct chimera_buffer *out, struct chimera_slice text)
{
    chimera_buffer_text(out, ".PP\n");
    put_slice(out, text);
    chimera_buffer_byte(out, '\n');
}

static void put_plain_paragraph(struct chimera_buffer *out, struct chimera_slice text)
{
    chimera_buffer_print(out, "\n%.*s\n", (int)text.size, text.data);
}

/* A paragraph for each line. */
static void put_paragraphs(struct chimera_buffer *out, const char *text,
                           void (*put)(struct chimera_buffer *, struct chimera_slice))
{
    while (text && *text) {
        size_t size = strcspn(text, "\n");
        put(out, (struct chimera_slice){text, size});
        text += size + (text[size] == '\n');
    }
}

/* What an option does, with its choices. */
static void put_sentence(struct chimera_buffer *out, const struct chimera_cli_option *option)
{
    chimera_buffer_text(out, option->help);
    if (option->choices)
        chimera_cli_put_choices(option->choices, ": ", "", out);
}

static void put_option(struct chimera_buffer *out, const struct chimera_cli_option *option)
{
    struct chimera_buffer sentence;
    chimera_buffer_text(out, ".TP\n\\fB");
    if (option->letter)
        chimera_buffer_print(out, "\\-%c\\fR, \\fB", option->letter);
    chimera_buffer_text(out, "\\-\\-");
    put_text(out, option->name);
    chimera_buffer_text(out, "\\fR");
    if (option->value)
        chimera_buffer_print(out, " \\fI%s\\fR%s", option->value,
                             option->kind == CHIMERA_CLI_GREEDY ? "..." : "");
    chimera_buffer_byte(out, '\n');
    chimera_buffer_init(&sentence, CHIMERA_CLI_TEXT_MAX);
    put_sentence(&sentence, option);
    put_slice(out, chimera_buffer_slice(&sentence));
    chimera_buffer_free(&sentence);
    chimera_buffer_text(out, ".\n");
    if (option->initial) {
        chimera_buffer_text(out, "Default: ");
        put_text(out, option->initial);
        chimera_buffer_text(out, ".\n");
    }
    if (option->variable)
        chimera_buffer_print(out, "Environment: \\fB%s\\fR.\n", option->variable);
}

static void put_section(struct chimera_buffer *out, const struct chimera_cli_option *option,
                        const char *section)
{
    for (option = cli_in_section(option, section); option;
         option = cli_in_section(option + 1, section))
        put_option(out, option);
}

static void put_options(struct chimera_buffer *out, const struct chimera_cli_command *command)
{
    const struct chimera_cli_option *table = command->options;
    const char *section = cli_next_section(command, NULL);
    if (section || cli_in_section(table, NULL))
        chimera_buffer_text(out, ".SH OPTIONS\n");
    put_section(out, table, NULL);
    for (; section; section = cli_next_section(command, section)) {
        chimera_buffer_text(out, ".SS ");
        put_text(out, section);
        chimera_buffer_byte(out, '\n');
        put_section(out, table, section);
    }
}

static void put_commands(struct chimera_buffer *out, const char *page,
                         const struct chimera_cli_command *const *commands)
{
    if (commands)
        chimera_buffer_text(out, ".SH COMMANDS\n");
    for (; commands && *commands; commands++) {
        if ((*commands)->is_hidden)
            continue;
        chimera_buffer_print(out, ".TP\n\\fB%s\\-%s\\fR(1)\n", page, (*commands)->name);
        put_text(out, (*commands)->about);
        chimera_buffer_text(out, ".\n");
    }
}

static void put_header(struct chimera_buffer *out, const char *title, const char *name,
                       const char *about)
{
    chimera_buffer_print(out, ".TH %s 1 \"\" \"Chimera %s\" \"Chimera\"\n.SH NAME\n", title,
                         CHIMERA_VERSION);
    put_text(out, name);
    chimera_buffer_text(out, " \\- ");
    put_text(out, about);
    chimera_buffer_text(out, "\n.SH SYNOPSIS\n");
}

static void put_command_page(struct chimera_buffer *out, const char *name, const char *program,
                             const struct chimera_cli_command *command)
{
    struct chimera_buffer usage;
    put_header(out, name, name, command->about);
    chimera_buffer_init(&usage, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_usage(program, command, &usage);
    chimera_buffer_byte(&usage, 0);
    put_text(out, usage.data + strlen("Usage: "));
    chimera_buffer_free(&usage);
    chimera_buffer_text(out, ".SH DESCRIPTION\n");
    put_paragraphs(out, command->description, put_paragraph);
    put_commands(out, name, command->commands);
    for (const struct chimera_cli_argument *argument = command->arguments;
         argument && argument->name; argument++) {
        chimera_buffer_print(out, ".TP\n\\fI%s\\fR%s\n", argument->name,
                             argument->is_many ? "..." : "");
        put_text(out, argument->help);
        chimera_buffer_text(out, ".\n");
    }
    put_options(out, command);
    chimera_buffer_print(out, CHIMERA_CLI_EXIT_STATUS ".SH SEE ALSO\n\\fB%s\\fR(1)\n", program);
}

static int write_page(const char *folder, const char *name, const struct chimera_buffer *page,
                      struct chimera_error *err)
{
    char file[NAME_MAX_SIZE + 2];
    snprintf(file, sizeof(file), "%s.1", name);
    CHIMERA_FREE char *path = chimera_path_join(folder, file);
    if (!path || page->failed)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", file);
    return chimera_file_write(path, chimera_buffer_slice(page), CHIMERA_FILE_PLAIN, err);
}

/* The pages of commands and of those of their own. */
static int write_command_pages(const struct chimera_cli_command *const *commands,
                               const char *program, const char *folder, struct chimera_buffer *page,
                               struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (; code == CHIMERA_OK && commands && *commands; commands++) {
        struct chimera_buffer name;
        if ((*commands)->is_hidden)
            continue;
        chimera_buffer_init(&name, NAME_MAX_SIZE);
        chimera_buffer_print(&name, "%s-", program);
        chimera_cli_put_path(*commands, "-", &name);
        chimera_buffer_byte(&name, 0);
        chimera_buffer_reset(page);
        code = name.failed ? chimera_fail(err, name.failed, "the name of a page is too long")
                           : CHIMERA_OK;
        if (code == CHIMERA_OK)
            put_command_page(page, name.data, program, *commands);
        if (code == CHIMERA_OK)
            code = write_page(folder, name.data, page, err);
        chimera_buffer_free(&name);
        if (code == CHIMERA_OK)
            code = write_command_pages((*commands)->commands, program, folder, page, err);
    }
    return code;
}

int chimera_cli_write_pages(const struct chimera_cli_command *program,
                            const struct chimera_cli_manual *manual, const char *folder,
                            struct chimera_error *err)
{
    struct chimera_buffer page;
    chimera_buffer_init(&page, CHIMERA_CLI_TEXT_MAX);
    int code = chimera_folder_make(folder, CHIMERA_FOLDER_PLAIN, err);
    put_header(&page, manual->title, manual->name, manual->about);
    chimera_buffer_print(&page, "%s\n.SH DESCRIPTION\n%s\n", manual->synopsis, manual->description);
    put_commands(&page, manual->name, program->commands);
    put_options(&page, program);
    chimera_buffer_text(&page, manual->end);
    if (code == CHIMERA_OK)
        code = write_page(folder, manual->name, &page, err);
    if (code == CHIMERA_OK)
        code = write_command_pages(program->commands, manual->name, folder, &page, err);
    chimera_buffer_free(&page);
    return code;
}

/* How a markup writes what a reference has. */
static const struct markup {
    const char *title, *heading, *open, *close;
} markups[] = {
    [CHIMERA_CLI_MARKDOWN] = {"#", "##", "```\n", "```\n"},
    [CHIMERA_CLI_ASCIIDOC] = {"=", "==", "----\n", "----\n"},
};

static void put_help_block(struct chimera_buffer *out, const char *name,
                           const struct chimera_cli_command *command, const struct markup *markup)
{
    chimera_buffer_text(out, markup->open);
    chimera_cli_put_help(name, command, &(struct chimera_cli_look){0}, out);
    chimera_buffer_text(out, markup->close);
}

static void put_helps(struct chimera_buffer *out, const char *name,
                      const struct chimera_cli_command *program, const struct markup *markup)
{
    for (const struct chimera_cli_command *const *at = program->commands; at && *at; at++) {
        if ((*at)->is_hidden)
            continue;
        chimera_buffer_print(out, "\n%s %s ", markup->heading, name);
        chimera_cli_put_path(*at, " ", out);
        chimera_buffer_byte(out, '\n');
        put_paragraphs(out, (*at)->description, put_plain_paragraph);
        chimera_buffer_byte(out, '\n');
        put_help_block(out, name, *at, markup);
        put_helps(out, name, *at, markup);
    }
}

static void put_table(struct chimera_buffer *out, const struct chimera_cli_option *option,
                      const char *section)
{
    option = cli_in_section(option, section);
    if (option)
        chimera_buffer_text(out, "| flag | environment | default | what it does |\n"
                                 "| --- | --- | --- | --- |\n");
    for (; option; option = cli_in_section(option + 1, section)) {
        const char *tick = option->initial ? "`" : "";
        chimera_buffer_print(out, "| `--%s%s%s` | `%s` | %s%s%s | ", option->name,
                             option->value ? " " : "", option->value ? option->value : "",
                             option->variable, tick, option->initial ? option->initial : "", tick);
        put_sentence(out, option);
        chimera_buffer_text(out, " |\n");
    }
}

static void put_tables(struct chimera_buffer *out, const struct chimera_cli_command *command)
{
    const struct chimera_cli_option *table = command->options;
    put_table(out, table, NULL);
    const char *section = cli_next_section(command, NULL);
    for (bool is_first = !cli_in_section(table, NULL); section; is_first = false) {
        chimera_buffer_print(out, "%s## %s\n\n", is_first ? "" : "\n", section);
        put_table(out, table, section);
        section = cli_next_section(command, section);
    }
}

int chimera_cli_write_reference(const char *name, const struct chimera_cli_command *program,
                                enum chimera_cli_markup markup, const char *path,
                                struct chimera_error *err)
{
    const struct markup *how = &markups[markup];
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_CLI_TEXT_MAX);
    chimera_buffer_print(&text, "%s Command line of `%s`\n\n", how->title, name);
    if (program->commands) {
        put_help_block(&text, name, program, how);
        put_helps(&text, name, program, how);
    } else {
        put_tables(&text, program);
    }
    int code = text.failed
                   ? chimera_fail(err, text.failed, "%s", chimera_code_text(text.failed))
                   : chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_PLAIN, err);
    chimera_buffer_free(&text);
    return code;
}
