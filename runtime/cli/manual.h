/* SPDX-License-Identifier: Apache-2.0 */
/* manual.h - man pages, and a reference in Markdown or AsciiDoc, from the tables of a command line.
 *
 * One template for all pages: NAME, SYNOPSIS, DESCRIPTION, COMMANDS, OPTIONS by section,
 * ENVIRONMENT, FILES, SIGNALS, EXIT STATUS, EXAMPLES, SEE ALSO; what has nothing is left out. Texts
 * are plain, and end without a full stop where they stand behind a name.
 */
#ifndef CHIMERA_CLI_MANUAL_H
#define CHIMERA_CLI_MANUAL_H

#include "runtime/base/error.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/entry.h"

/* What a command does, as far as variables and files matter to it. */
enum chimera_cli_use {
    CHIMERA_CLI_BUILDS = 1,
    CHIMERA_CLI_FETCHES = 2,
    CHIMERA_CLI_SIGNS = 4,
    CHIMERA_CLI_RUNS = 8,      /* policies */
    CHIMERA_CLI_ASKS = 16,     /* for policies, outside: a cluster, registries */
    CHIMERA_CLI_SHOWS = 32,    /* to a person */
    CHIMERA_CLI_SERVES = 64,   /* is the server */
    CHIMERA_CLI_USES_ALL = 63, /* is a program of commands */
};

/* The variables of the environment that the two programs know, besides those of options. */
extern const struct chimera_cli_entry chimera_cli_variables[];

/* What the page of one command has besides its tables. */
struct chimera_cli_page {
    const char *command; /* with its parents: "scaffold manifest" */
    unsigned uses;
    const struct chimera_cli_entry *exits; /* in place of 0, 1 and 2; NULL: these */
    const char *examples;                  /* lines; NULL: none */
    const char *see;                       /* further pages: "policies.yml(5)"; NULL: none */
};

/* What a program's own page says besides its tables. Of these `files` are for commands, too. */
struct chimera_cli_manual {
    const char *name, *about, *synopsis, *description;
    unsigned uses;
    const struct chimera_cli_entry *files, *signals, *exits;
    const char *examples, *see;
    const struct chimera_cli_page *pages; /* by command; ends with one without; may be NULL */
};

/* A page about something else, NAME.SECTION: its chapters as name and text. */
struct chimera_cli_document {
    const char *name, *about;
    int section;
    /* A text is paragraphs, one a line, "NAME\tMEANING" among them; or, when it begins with a
     * blank, shown as it is. */
    const struct chimera_cli_entry *chapters;
    const char *see;
};

/* NAME.1 of the program, and NAME-COMMAND.1 of each subcommand that is not hidden, with those of
 * its own. */
int chimera_cli_write_pages(const struct chimera_cli_command *program,
                            const struct chimera_cli_manual *manual, const char *folder,
                            struct chimera_error *err);
int chimera_cli_write_document(const struct chimera_cli_document *document, const char *folder,
                               struct chimera_error *err);

enum chimera_cli_markup { CHIMERA_CLI_MARKDOWN, CHIMERA_CLI_ASCIIDOC };

/* The help of the program, called `name`, and of its subcommands; without any, a table of its
 * options, in Markdown. Behind them the variables that `uses` asks for; 0: none. */
struct chimera_cli_reference {
    const char *name;
    const struct chimera_cli_command *program;
    enum chimera_cli_markup markup;
    unsigned uses;
    const char *end; /* text behind it all; NULL: none */
};
int chimera_cli_write_reference(const struct chimera_cli_reference *reference, const char *path,
                                struct chimera_error *err);

#endif
