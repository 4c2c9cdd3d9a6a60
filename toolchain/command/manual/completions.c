/* SPDX-License-Identifier: Apache-2.0 */
/* completions.c - `chimera completions`: a script that makes a shell complete our command line. */
#include <stdio.h>

#include "runtime/cli/completions.h"
#include "toolchain/command/commands.h"

static int run_completions(const struct chimera_cli_options *options)
{
    int failed = chimera_cli_print_completions(options->program, program_command(options->program),
                                               chimera_cli_value(options, "shell"));
    return failed ? say_error("%s", chimera_code_text(failed)) : EXIT_GOOD;
}

static const struct chimera_cli_option completions_options[] = {
    CHIMERA_CLI_OPTION_SHELL,
    {0},
};

const struct chimera_cli_command command_completions = {
    .name = "completions",
    .about = "Print a script that completes command lines in a shell",
    .description = "Prints a script for the shell, by which it completes commands, options and "
                   "their values. It is for the name that we are called by, chimera or kwctl.\n"
                   "bash takes it from a file in /etc/bash_completion.d or by eval; zsh from a "
                   "file with an underscore before the name, in a folder of $fpath; fish from "
                   "~/.config/fish/completions.",
    .options = completions_options,
    .run = run_completions,
};
