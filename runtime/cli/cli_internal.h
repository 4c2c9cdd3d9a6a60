/* SPDX-License-Identifier: Apache-2.0 */
/* cli_internal.h - what the parser and its helpers have in common. */
#ifndef CHIMERA_CLI_CLI_INTERNAL_H
#define CHIMERA_CLI_CLI_INTERNAL_H

#include "runtime/base/slice.h"
#include "runtime/cli/cli.h"

/* Appends a line that names the option of the command that is nearest to `word`, which stood behind
 * two dashes; nothing when none is near. */
void cli_suggest_option(const struct chimera_cli_command *command, struct chimera_slice word,
                        struct chimera_buffer *refusal);

#endif
