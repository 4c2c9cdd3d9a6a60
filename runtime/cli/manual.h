/* SPDX-License-Identifier: Apache-2.0 */
/* manual.h - man pages, and a reference in Markdown or AsciiDoc, from the tables of a command line.
 */
#ifndef CHIMERA_CLI_MANUAL_H
#define CHIMERA_CLI_MANUAL_H

#include "runtime/base/error.h"
#include "runtime/cli/cli.h"

/* What a program's own page says besides its tables. In roff's language, but `name` and `about`. */
struct chimera_cli_manual {
    const char *name, *about, *title;
    const char *synopsis, *description;
    const char *end; /* what is behind the options of the table */
};

/* A section of the pages of subcommands, and of a program that has some. */
#define CHIMERA_CLI_EXIT_STATUS                                                      \
    ".SH EXIT STATUS\n.TP\n0\nSuccess.\n.TP\n1\nSomething failed; the reason is on " \
    "standard error.\n.TP\n2\nThe command line is wrong.\n"

/* NAME.1 of the program, and NAME-COMMAND.1 of each subcommand that is not hidden, with those of
 * its own. */
int chimera_cli_write_pages(const struct chimera_cli_command *program,
                            const struct chimera_cli_manual *manual, const char *folder,
                            struct chimera_error *err);

enum chimera_cli_markup { CHIMERA_CLI_MARKDOWN, CHIMERA_CLI_ASCIIDOC };

/* The help of the program, called `name`, and of its subcommands; without any, a table of its
 * options, in Markdown. */
int chimera_cli_write_reference(const char *name, const struct chimera_cli_command *program,
                                enum chimera_cli_markup markup, const char *path,
                                struct chimera_error *err);

#endif
