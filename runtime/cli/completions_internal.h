/* SPDX-License-Identifier: Apache-2.0 */
/* completions_internal.h - what the scripts of all shells are made with. */
#ifndef CHIMERA_CLI_COMPLETIONS_INTERNAL_H
#define CHIMERA_CLI_COMPLETIONS_INTERNAL_H

#include "runtime/cli/cli_internal.h"
#include "runtime/cli/completions.h"

struct completions {
    const char *name; /* of the program */
    const struct chimera_cli_command *program;
    struct chimera_buffer *out; /* borrowed */
};

void completions_put_bash(struct completions *completions);
void completions_put_elvish(struct completions *completions);
void completions_put_fish(struct completions *completions);
void completions_put_powershell(struct completions *completions);
void completions_put_zsh(struct completions *completions);

/* The program, and all commands that are not hidden, each before those of its own. */
typedef void completions_visit(struct completions *completions,
                               const struct chimera_cli_command *command);
void completions_each(struct completions *completions, const struct chimera_cli_command *command,
                      completions_visit *visit);

/* The words of the command line that lead to it: none for the program. */
void completions_put_path(const struct chimera_cli_command *command, const char *between,
                          struct chimera_buffer *out);

/* `text` with `escape` before each of `special`; with NULL such a character twice. */
void completions_put_escaped(const char *text, const char *special, const char *escape,
                             struct chimera_buffer *out);

/* What an option's value is, as far as a shell can help with it. */
enum completions_value { COMPLETIONS_NONE, COMPLETIONS_TEXT, COMPLETIONS_CHOICE, COMPLETIONS_FILE };
enum completions_value completions_value_of(const struct chimera_cli_option *option);

/* The option's choices with a space between. */
void completions_put_choices(const struct chimera_cli_option *option, struct chimera_buffer *out);

/* All that may be given to a command: its own options that are shown, those of all commands,
 * --help, and of the program --version. Ends with a row without a name; good until the next call.
 */
const struct chimera_cli_option *completions_options(const struct chimera_cli_command *command);

#endif
