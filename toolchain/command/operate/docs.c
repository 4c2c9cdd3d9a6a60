/* SPDX-License-Identifier: Apache-2.0 */
/* docs.c - `chimera docs`: man pages and a reference in Markdown or AsciiDoc, from the tables of
 * the commands. */
#include <string.h>

#include "runtime/cli/manual.h"
#include "toolchain/command/commands.h"

static const struct chimera_cli_manual manual = {
    .title = "CHIMERA",
    .name = "chimera",
    .about = PROGRAM_ABOUT,
    .synopsis = "chimera [OPTIONS] \\fICOMMAND\\fR ...",
    .description =
        "Called \\fBkwctl\\fR, it takes the command line of Kubewarden's tool of that name.",
    .end = CHIMERA_CLI_EXIT_STATUS
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBCHIMERA_CACHE_DIR\\fR\nFolder of the cache, in place of "
    "$XDG_CACHE_HOME/chimera or ~/.cache/chimera.\n"
    ".TP\n\\fBCHIMERA_WASM2C\\fR, \\fBCHIMERA_CLANG\\fR, \\fBCHIMERA_LLD\\fR, "
    "\\fBCHIMERA_OBJDUMP\\fR, \\fBCHIMERA_TCC\\fR\nThe tools to build with.\n"
    ".TP\n\\fBCHIMERA_COMPILER_LAUNCHER\\fR\nPut before each call of clang by build and bundle: "
    "distcc, icecc, sccache or ccache, with arguments behind semicolons.\n"
    ".TP\n\\fBNO_COLOR\\fR\nPrint no colours.\n",
};

/* By the file's name, as kwctl does. */
static enum chimera_cli_markup markup_of(const char *path)
{
    size_t size = strlen(path);
    bool is_markdown = size >= 3 && strcmp(path + size - 3, ".md") == 0;
    return is_markdown ? CHIMERA_CLI_MARKDOWN : CHIMERA_CLI_ASCIIDOC;
}

static int write_reference(const char *program, const char *path, struct chimera_error *err)
{
    struct chimera_error why = {0};
    int code =
        chimera_cli_write_reference(program, program_command(program), markup_of(path), path, &why);
    if (code < 0)
        chimera_fail(err, code, "cannot create file %.300s: %.600s", path, why.text);
    return code;
}

static int run_docs(const struct chimera_cli_options *options)
{
    struct chimera_error err = {0};
    const char *output = chimera_cli_value(options, "output");
    const char *folder = chimera_cli_value(options, "man");
    if (!output && !folder)
        return chimera_cli_refuse(
            options->program, options->command,
            "the following required arguments were not provided:\n  --output <FILE>");
    int code = output ? write_reference(options->program, output, &err) : CHIMERA_OK;
    if (code == CHIMERA_OK && folder)
        code = chimera_cli_write_pages(program_command(options->program), &manual, folder, &err);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const struct chimera_cli_option docs_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .help = "Write the reference of the command line: as Markdown when the name ends in .md, else "
             "as AsciiDoc"},
    {.name = "man",
     .kind = CHIMERA_CLI_VALUE,
     .value = "DIR",
     .help = "Write man pages into a folder"},
    {0},
};

const struct chimera_cli_command command_docs = {
    .name = "docs",
    .about = "Write the reference of the command line",
    .options = docs_options,
    .is_hidden = true,
    .run = run_docs,
};
