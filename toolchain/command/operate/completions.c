/* SPDX-License-Identifier: Apache-2.0 */
/* completions.c - `chimera completions`: a script that makes a shell complete our command line. */
#include <stdio.h>

#include "runtime/cli/completions.h"
#include "toolchain/command/commands.h"

static int run_completions(const struct chimera_cli_options *options)
{
    struct chimera_buffer script;
    chimera_buffer_init(&script, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_completions(options->program, program_command(options->program),
                                chimera_cli_value(options, "shell"), &script);
    int failed = script.failed;
    if (!failed)
        fwrite(script.data, 1, script.size, stdout);
    chimera_buffer_free(&script);
    return failed ? say_error("%s", chimera_code_text(failed)) : EXIT_GOOD;
}

static const struct chimera_cli_option completions_options[] = {
    {.name = "shell",
     .letter = 's',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "VALUE",
     .choices = chimera_cli_shells,
     .help = "The shell that the script is for"},
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
