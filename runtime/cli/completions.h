/* SPDX-License-Identifier: Apache-2.0 */
/* completions.h - what a shell is given so that it completes a command line, from its tables. */
#ifndef CHIMERA_CLI_COMPLETIONS_H
#define CHIMERA_CLI_COMPLETIONS_H

#include "runtime/cli/cli.h"

/* bash, elvish, fish, powershell, zsh; ends with NULL. */
extern const char *const chimera_cli_shells[];

/* The script for one of them, appended to `out`; the program is called `name` there. */
void chimera_cli_put_completions(const char *name, const struct chimera_cli_command *program,
                                 const char *shell, struct chimera_buffer *out);

/* To standard output. 0, or what failed. */
int chimera_cli_print_completions(const char *name, const struct chimera_cli_command *program,
                                  const char *shell);

/* The option that says which shell. */
#define CHIMERA_CLI_OPTION_SHELL    \
    {.name = "shell",               \
     .letter = 's',                 \
     .kind = CHIMERA_CLI_VALUE,     \
     .is_required = true,           \
     .value = "VALUE",              \
     .choices = chimera_cli_shells, \
     .help = "The shell that the script is for"}

#endif
