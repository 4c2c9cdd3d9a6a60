/* SPDX-License-Identifier: Apache-2.0 */
#include "server/docs.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/printable.h"
#include "runtime/base/roff.h"
#include "server/options.h"

#define PAGE_MAX ((size_t)1 << 20)
#define USAGE "Usage: chimera-server docs --output <FILE> | --man <DIR>"

static void put_roff(struct chimera_buffer *out, const char *text)
{
    chimera_roff_append(out, chimera_slice_of(text));
}

static void put_option(struct chimera_buffer *out, const struct option *option)
{
    chimera_buffer_text(out, ".TP\n\\fB\\-\\-");
    put_roff(out, option->name);
    chimera_buffer_text(out, "\\fR");
    if (option->value)
        chimera_buffer_print(out, " \\fI%s\\fR", option->value);
    chimera_buffer_text(out, "\n");
    put_roff(out, option->help);
    if (option->choices) {
        chimera_buffer_text(out, ": ");
        put_roff(out, option->choices);
    }
    chimera_buffer_text(out, ".\n");
    if (option->initial) {
        chimera_buffer_text(out, "Default: ");
        put_roff(out, option->initial);
        chimera_buffer_text(out, ".\n");
    }
    chimera_buffer_print(out, "Environment: \\fB%s\\fR.\n", option->variable);
}

static void make_page(struct chimera_buffer *out)
{
    size_t count = 0;
    const struct option *table = options_table(&count);
    chimera_buffer_print(out,
                         ".TH CHIMERA\\-SERVER 1 \"\" \"Chimera %s\" \"Chimera\"\n.SH NAME\n"
                         "chimera\\-server \\- serve Kubernetes admission policies that were "
                         "compiled to native code\n.SH SYNOPSIS\n"
                         "\\fBchimera\\-server\\fR [OPTIONS]\n.br\n"
                         "\\fBchimera\\-server docs\\fR \\fB\\-\\-output\\fR \\fIFILE\\fR | "
                         "\\fB\\-\\-man\\fR \\fIDIR\\fR\n.SH DESCRIPTION\n"
                         "Takes the flags, the environment and the policies.yml of Kubewarden's "
                         "policy\\-server, and answers as that does. A flag wins over its "
                         "environment variable.\n.PP\n"
                         "SIGTERM and SIGINT let the requests under way be answered, and end the "
                         "server.\n.SH OPTIONS\n",
                         CHIMERA_VERSION);
    for (size_t i = 0; i < count; i++)
        if (!table[i].is_hidden)
            put_option(out, &table[i]);
    chimera_buffer_text(out,
                        ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint help.\n"
                        ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nPrint the version.\n"
                        ".SH ENVIRONMENT\nBesides those of the options:\n"
                        ".TP\n\\fBCHIMERA_CACHE_DIR\\fR\nFolder of built plugins, in place of "
                        "chimera\\-cache in \\-\\-policies\\-download\\-dir.\n"
                        ".TP\n\\fBCHIMERA_COMMAND\\fR\nThe chimera program that builds; without it "
                        "the one beside chimera\\-server, or in PATH.\n"
                        ".SH EXIT STATUS\n.TP\n0\nTold to stop.\n.TP\n1\nThe start failed; the "
                        "reason is on standard error.\n.TP\n2\nThe command line is wrong.\n"
                        ".SH SEE ALSO\n\\fBchimera\\fR(1)\n");
}

static void make_reference(struct chimera_buffer *out)
{
    size_t count = 0;
    const struct option *table = options_table(&count);
    chimera_buffer_text(out, "# Command line of `chimera-server`\n\n"
                             "| flag | environment | default | what it does |\n"
                             "| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &table[i];
        if (option->is_hidden)
            continue;
        chimera_buffer_print(out, "| `--%s%s%s` | `%s` | %s%s%s | %s%s%s |\n", option->name,
                             option->value ? " " : "", option->value ? option->value : "",
                             option->variable, option->initial ? "`" : "",
                             option->initial ? option->initial : "", option->initial ? "`" : "",
                             option->help, option->choices ? ": " : "",
                             option->choices ? option->choices : "");
    }
}

static int write_page(const char *folder, struct chimera_error *err)
{
    struct chimera_buffer page;
    CHIMERA_FREE char *path = chimera_path_join(folder, "chimera-server.1");
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    chimera_buffer_init(&page, PAGE_MAX);
    make_page(&page);
    int code = page.failed ? chimera_fail(err, page.failed, "%s", chimera_code_text(page.failed))
                           : chimera_folder_make(folder, 0755, err);
    if (code == CHIMERA_OK)
        code = chimera_file_write(path, chimera_buffer_slice(&page), 0644, err);
    chimera_buffer_free(&page);
    return code;
}

static int write_reference(const char *path, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, PAGE_MAX);
    make_reference(&text);
    int code = text.failed ? chimera_fail(err, text.failed, "%s", chimera_code_text(text.failed))
                           : chimera_file_write(path, chimera_buffer_slice(&text), 0644, err);
    chimera_buffer_free(&text);
    return code;
}

/* The value of `argument` when it is `name`, in either form; else NULL. */
static const char *take_value(const char *name, int argc, char *const *argv, int *at)
{
    size_t size = strlen(name);
    if (strncmp(argv[*at], name, size) != 0)
        return NULL;
    if (argv[*at][size] == '=')
        return argv[*at] + size + 1;
    return argv[*at][size] || *at + 1 >= argc ? NULL : argv[++*at];
}

int docs_run(int argc, char *const *argv)
{
    struct chimera_error err = {0};
    const char *output = NULL, *folder = NULL;
    for (int i = 0; i < argc; i++) {
        const char *file = take_value("--output", argc, argv, &i);
        if (!file)
            file = take_value("-o", argc, argv, &i);
        const char *pages = file ? NULL : take_value("--man", argc, argv, &i);
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            puts("Writes the pages of this program\n\n" USAGE);
            return 0;
        }
        if (!file && !pages) {
            chimera_printable_say(stderr, "error", "unexpected argument '%s' found", argv[i]);
            return 2;
        }
        output = file ? file : output;
        folder = pages ? pages : folder;
    }
    if (!output && !folder) {
        fputs("error: the following required arguments were not provided:\n"
              "  --output <FILE>\n\n" USAGE "\n",
              stderr);
        return 2;
    }
    int code = output ? write_reference(output, &err) : CHIMERA_OK;
    if (code == CHIMERA_OK && folder)
        code = write_page(folder, &err);
    if (code < 0)
        chimera_printable_say(stderr, "Error", "%s", err.text);
    return code < 0;
}
