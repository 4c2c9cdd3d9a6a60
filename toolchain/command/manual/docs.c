/* SPDX-License-Identifier: Apache-2.0 */
/* docs.c - `chimera docs`: man pages and a reference in Markdown or AsciiDoc, from the tables of
 * the commands. */
#include <string.h>

#include "toolchain/command/commands.h"
#include "toolchain/command/manual/pages.h"

#define NEXT                                                                   \
    "Next: [variables and colours](environment.md), or [the server's options]" \
    "(server-options.md).\n"

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
    const struct chimera_cli_reference reference = {.name = program,
                                                    .program = program_command(program),
                                                    .markup = markup_of(path),
                                                    .uses = CHIMERA_CLI_USES_ALL,
                                                    .end = NEXT};
    int code = chimera_cli_write_reference(&reference, path, &why);
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
        code = chimera_cli_write_pages(program_command("chimera"), &pages_of_chimera, folder, &err);
    if (code == CHIMERA_OK && folder)
        code = pages_write_documents(folder, &err);
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
     .help = "Write man pages into a folder: those of all commands, policies.yml(5) and "
             "chimera-bundle(5)"},
    {0},
};

const struct chimera_cli_command command_docs = {
    .name = "docs",
    .about = "Write the reference of the command line, or man pages",
    .description = "Writes what `--help` says of all commands into one file, or the man pages of "
                   "all commands into a folder, from the same tables.",
    .options = docs_options,
    .run = run_docs,
};
