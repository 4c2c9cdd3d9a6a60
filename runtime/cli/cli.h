/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - a program's command line: constant tables, the parser that they drive, and their help.
 *
 * The same tables make --help, the man pages and the reference (manual.h), so they cannot disagree.
 * Behaves as the reference's programs (clap) do where scripts can tell: options before or after the
 * arguments, `--name value`, `--name=value`, `-nvalue`, `-n=value`, clusters of flags, `--`. An
 * option wins over its environment variable, which wins over its default. All texts are borrowed
 * from the tables, argv and the environment.
 */
#ifndef CHIMERA_CLI_CLI_H
#define CHIMERA_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "runtime/base/buffer.h"

#define CHIMERA_CLI_TEXT_MAX ((size_t)1 << 20) /* of a help, a page, a refusal */
#define CHIMERA_CLI_EXIT_USAGE 2               /* what a wrong command line ends with */

enum chimera_cli_kind {
    CHIMERA_CLI_FLAG,   /* takes no value */
    CHIMERA_CLI_SWITCH, /* takes one behind `=` and from its variable; without it: true */
    CHIMERA_CLI_VALUE,  /* takes one, and may be given once */
    CHIMERA_CLI_REPEAT, /* takes one, and may be given again */
    CHIMERA_CLI_GREEDY, /* takes all words up to the next option; may be given again */
};

struct chimera_cli_option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum chimera_cli_kind kind;
    bool is_required, is_hidden;
    const char *value;          /* what the help calls it: PATH */
    const char *variable;       /* of the environment; NULL: none */
    const char *initial;        /* the default; NULL: none */
    const char *const *choices; /* ends with NULL; NULL: any text */
    const char *const *aliases; /* choices that are taken but not shown; may be NULL */
    const char *excludes;       /* the name of an option that cannot be given with it */
    /* Of a row that is not shown: the option of the same table that it is another name of. What is
     * given by it is given as that; NULL: it is an option of its own. */
    const char *stands_for;
    const char *section; /* of help and pages: "Limits"; NULL: plain "Options" */
    const char *help;    /* one sentence or more, without a full stop at the end */
    size_t field;        /* the program's own: where in a struct it keeps the value */
};

struct chimera_cli_argument {
    const char *name;
    bool is_required, is_many;
    const char *help;
};

struct chimera_cli_options;

/* A subcommand, or, without a name, the program itself. Tables end with a row without a name. */
struct chimera_cli_command {
    const char *name;
    const struct chimera_cli_command *parent; /* whose it is; NULL: the program's */
    const char *about;                        /* one line */
    const char *description; /* for the pages: paragraphs, one a line; may be NULL */
    const struct chimera_cli_option *options;
    const struct chimera_cli_argument *arguments;
    bool is_hidden;
    bool
        has_plain_rest; /* words behind the first argument are arguments, whatever they look like */
    int (*run)(const struct chimera_cli_options *options); /* returns the exit code */
    /* Its own, one of which must follow unless it runs itself; they have it as their parent, unless
     * it is the program. Ends with NULL; may be NULL. */
    const struct chimera_cli_command *const *commands;
    /* In place of it: is given the words behind its name as they are, help and all. */
    int (*run_words)(int argc, char *const *argv);
    const char *becomes; /* the program whose words those are, for completions; may be NULL */

    /* Of the program itself: */
    const char *usage; /* what is behind its name there */
    const char *version_help;
    bool is_help_below;          /* the help of an option has lines of its own */
    const char *const *sections; /* in their order, ends with NULL; NULL: as they are first met */
    /* No letters but those of help and version. A word of letters is then refused whole, an option
     * that is given again before its value is looked for, and one in the place of a value by its
     * own name. */
    bool is_long_only;
};

struct chimera_cli_given {
    const struct chimera_cli_option *option;
    const char *value; /* NULL for a flag, and for a greedy option without words */
    bool is_variable;  /* from the environment */
    const struct chimera_cli_option *alias; /* by which other name it was given; NULL: its own */
};

struct chimera_cli_options {
    const char *program; /* what we were called */
    const struct chimera_cli_command *command;
    struct chimera_cli_given *given; /* owned; in the order of the command line */
    size_t given_count;
    const char **arguments; /* owned */
    size_t argument_count;
    struct chimera_buffer refusal; /* owned; ends in NUL */
};

enum chimera_cli_action {
    CHIMERA_CLI_RUN,
    CHIMERA_CLI_HELP,
    CHIMERA_CLI_VERSION,
    CHIMERA_CLI_VERSION_SHORT,
};

/* Options that each command takes besides its own, of which one of the same name or letter wins:
 * for the whole process, set before anything is parsed; NULL: none. Borrowed. Their variables and
 * defaults are not looked at. */
void chimera_cli_share(const struct chimera_cli_option *options);

/* Parses what follows the name of the program or the subcommand. `options` has program and command
 * set; end it with chimera_cli_done() in all cases. CHIMERA_EINVAL: what is wrong is in
 * options->refusal. What else was given means nothing but with CHIMERA_CLI_RUN. */
int chimera_cli_parse(struct chimera_cli_options *options, int argc, char *const *argv,
                      enum chimera_cli_action *ret_action);
void chimera_cli_done(struct chimera_cli_options *options);

/* The one of that name among a command's own, or NULL. */
const struct chimera_cli_command *chimera_cli_find(const struct chimera_cli_command *command,
                                                   const char *name);

/* Goes down from options->command, as long as it has commands of its own, by the words of argv;
 * *ret_taken says how many of them that took. Options that all commands take may stand between, and
 * are put behind the last of those words. CHIMERA_CLI_GOES_ON, or the code to exit with: help
 * was asked for and printed, or the line is wrong and that was told. */
#define CHIMERA_CLI_GOES_ON (-1)
int chimera_cli_descend(struct chimera_cli_options *options, int argc, char **argv, int *ret_taken);

/* The last value given, or NULL. */
const char *chimera_cli_value(const struct chimera_cli_options *options, const char *name);
bool chimera_cli_is_given(const struct chimera_cli_options *options, const char *name);

/* 0 when the text is no number from 1 to `most`. */
unsigned chimera_cli_number(const char *text, unsigned most);
/* Of a switch's value. */
bool chimera_cli_is_on(const char *value);

/* "--output <FORMAT>", good until the next call. */
const char *chimera_cli_shown(const struct chimera_cli_option *option);

/* Where a help is shown. Zeros: columns of 80, and no colours. */
struct chimera_cli_look {
    unsigned width;
    const char *head, *end; /* around a heading; NULL: nothing */
};

/* Texts, appended to `out`: the name of a command behind those of whom it belongs to, "scaffold",
 * between, "manifest"; "BEFOREone, twoBEHIND"; "Usage: …"; the whole help. */
void chimera_cli_put_path(const struct chimera_cli_command *command, const char *between,
                          struct chimera_buffer *out);
void chimera_cli_put_choices(const char *const *choices, const char *before, const char *behind,
                             struct chimera_buffer *out);
void chimera_cli_put_usage(const char *program, const struct chimera_cli_command *command,
                           struct chimera_buffer *out);
void chimera_cli_put_help(const char *program, const struct chimera_cli_command *command,
                          const struct chimera_cli_look *wanted, struct chimera_buffer *out);

/* By the width and the colours of what `to` leads to. */
void chimera_cli_print_help(const char *program, const struct chimera_cli_command *command,
                            FILE *to);

/* Prints "error: …", the usage and the hint on --help to standard error; returns
 * CHIMERA_CLI_EXIT_USAGE. */
int chimera_cli_refuse(const char *program, const struct chimera_cli_command *command,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same of a word that is none of the command's own commands and options, with the nearest that
 * there is. */
int chimera_cli_refuse_word(const char *program, const struct chimera_cli_command *command,
                            const char *word);

/* Variables of the environment whose names begin with `prefix`, and that neither the command's
 * options nor the table of the programs (manual.h) know: a line for each, with the nearest that
 * there is. Those that Kubernetes sets for a Service of such a name are none. */
void chimera_cli_each_unknown_variable(const struct chimera_cli_command *command,
                                       const char *prefix,
                                       void (*say)(void *context, const char *line), void *context);

/* The last thing that main() does: `code`, or 1 after words on standard error where all seemed good
 * and what was printed could not be written. The disk may be full. */
int chimera_cli_end(int code);

#endif
