/* SPDX-License-Identifier: Apache-2.0 */
/* cli_internal.h - what the parser and its helpers have in common. */
#ifndef CHIMERA_CLI_CLI_INTERNAL_H
#define CHIMERA_CLI_CLI_INTERNAL_H

#include "runtime/base/slice.h"
#include "runtime/cli/cli.h"

/* What all commands take besides their own; NULL: nothing. */
const struct chimera_cli_option *cli_shared(void);
/* How many words of the line it takes where it stands: 0, when `word` is none of those. */
int cli_shared_size(const char *word);

/* The next of those, from `option` on, that the command has no option of the same name for, or
 * NULL; *ret_option is a copy, without its letter where one of the command's own has that. */
const struct chimera_cli_option *cli_shared_by(const struct chimera_cli_command *command,
                                               const struct chimera_cli_option *option,
                                               struct chimera_cli_option *ret_option);

/* The options of a command that are shown fall into sections. The one behind `section`, of which
 * NULL is the first; NULL when there is none left. */
const char *cli_next_section(const struct chimera_cli_command *command, const char *section);
/* The next that is shown and of the section, from `option` on, or NULL; NULL is the options without
 * one. */
const struct chimera_cli_option *cli_in_section(const struct chimera_cli_option *option,
                                                const char *section);

/* Appends a line that names the option of the command that is nearest to `word`, which stood behind
 * two dashes; nothing when none is near. */
void cli_suggest_option(const struct chimera_cli_command *command, struct chimera_slice word,
                        struct chimera_buffer *refusal);

#endif
