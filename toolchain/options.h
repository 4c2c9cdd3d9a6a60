/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - the command line: one constant table per subcommand, and the parser that it drives.
 *
 * The same tables make --help, the man pages and the reference, so they cannot disagree. Behaves as
 * kwctl's parser (clap) does where scripts can tell: options before or after the arguments,
 * `--name value`, `--name=value`, `-nvalue`, `-n=value`, clusters of flags, `--`; usage errors go
 * to standard error and end with code 2.
 */
#ifndef CHIMERA_TOOLCHAIN_OPTIONS_H
#define CHIMERA_TOOLCHAIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buffer.h"

enum exit_code { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum option_kind {
    OPTION_FLAG,   /* takes no value */
    OPTION_VALUE,  /* takes one, and may be given once */
    OPTION_REPEAT, /* takes one, and may be given again */
    OPTION_GREEDY, /* takes all words up to the next option; may be given again */
};

struct option_entry {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_kind kind;
    bool is_required;
    const char *value;          /* what --help calls it: PATH */
    const char *const *choices; /* ends with NULL; NULL: any text */
    const char *const *aliases; /* choices that are taken but not shown; may be NULL */
    const char *excludes;       /* the name of an option that cannot be given with it */
    const char *help;           /* one sentence or more, without a full stop at the end */
};

struct argument_entry {
    const char *name;
    bool is_required, is_many;
    const char *help;
};

struct options; /* what was given */

struct command_entry {
    const char *name;
    const char *about;                  /* one line */
    const char *description;            /* for the man page: paragraphs, one a line; may be NULL */
    const struct option_entry *options; /* ends with a NULL name */
    const struct argument_entry *arguments; /* ends with a NULL name */
    bool is_hidden;
    int (*run)(const struct options *options); /* returns the exit code */
};

struct option_given {
    const struct option_entry *entry;
    const char *value; /* NULL for a flag, and for a greedy option without words */
};

struct options {
    const char *program; /* what we were called: chimera or kwctl */
    bool is_verbose, has_no_color;
    const struct command_entry *command;
    struct option_given *given; /* owned; in the order of the command line */
    size_t given_count;
    const char **arguments; /* owned */
    size_t argument_count;
};

/* Parses what follows the subcommand's name. Returns true when the command should run; else the
 * text for the user (help or error) was printed and *ret_exit is what to exit with. `options` has
 * program and command set; end it with options_done() in both cases. */
bool options_parse(struct options *options, int argc, char *const *argv, int *ret_exit);
void options_done(struct options *options);

/* The last value given, or NULL. */
const char *option_value(const struct options *options, const char *name);
bool option_is_given(const struct options *options, const char *name);

/* 0 when the text is no number from 1 to `most`. */
unsigned option_number(const char *text, unsigned most);
/* Of --jobs; 0 when it is not given. False after it has told the user what is wrong: EXIT_USAGE. */
bool option_jobs(const struct options *options, unsigned *ret_jobs);

/* Prints "error: …", the usage and the hint on --help; returns EXIT_USAGE. `command` may be NULL.
 */
int usage_error(const char *program, const struct command_entry *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Texts, appended to `out`. */
void usage_line(const char *program, const struct command_entry *command,
                struct chimera_buffer *out);
void usage_help(const char *program, const struct command_entry *command,
                struct chimera_buffer *out);
/* "--output <FORMAT>" */
void usage_option(const struct option_entry *entry, struct chimera_buffer *out);

#define USAGE_TEXT_MAX ((size_t)1 << 20)

#endif
