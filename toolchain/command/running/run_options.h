/* SPDX-License-Identifier: Apache-2.0 */
/* run_options.h - the options that `run` and `bench` have in common (cli-and-distribution.md §1.5).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_RUN_OPTIONS_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_RUN_OPTIONS_H

#include "toolchain/command/commands.h"
#include "toolchain/command/running/runner.h"

/* Refuses options that would change the answer or what is trusted, and cannot be heeded yet. */
int run_options_check(const struct chimera_cli_options *options, struct chimera_error *err);

/* Rows of a table. Those of host capabilities are known, so that they can be refused with the
 * reason, and hidden until there is something behind them. */
#define OPTIONS_RUN                                                                            \
    {.name = "request-path",                                                                   \
     .letter = 'r',                                                                            \
     .kind = CHIMERA_CLI_VALUE,                                                                \
     .is_required = true,                                                                      \
     .value = "PATH",                                                                          \
     .help = "File with the admission request or review as JSON; `-` is standard input"},      \
        {.name = "settings-path",                                                              \
         .letter = 's',                                                                        \
         .kind = CHIMERA_CLI_VALUE,                                                            \
         .value = "PATH",                                                                      \
         .help = "YAML or JSON file with the settings of the policy"},                         \
        {.name = "settings-json",                                                              \
         .kind = CHIMERA_CLI_VALUE,                                                            \
         .value = "VALUE",                                                                     \
         .help = "The settings of the policy as JSON; --settings-path wins over it"},          \
        OPTION_EXECUTION_MODE,                                                                 \
        {.name = "raw", .help = "The request is any JSON document, not an admission request"}, \
        OPTION_HOST_CAPABILITIES,                                                              \
        {.name = "allow-context-aware",                                                        \
         .is_hidden = true,                                                                    \
         .help = "Let the policy read the Kubernetes resources that its metadata lists"},      \
        OPTION_TIME_LIMIT, OPTION_MEMORY_LIMIT, OPTION_TIER, OPTION_NO_CACHE,                  \
        {.name = "record-host-capabilities-interactions",                                      \
         .kind = CHIMERA_CLI_VALUE,                                                            \
         .is_hidden = true,                                                                    \
         .value = "FILE",                                                                      \
         .excludes = "replay-host-capabilities-interactions",                                  \
         .help = "Write the host calls and their answers to a file"},                          \
        {.name = "replay-host-capabilities-interactions",                                      \
         .kind = CHIMERA_CLI_VALUE,                                                            \
         .is_hidden = true,                                                                    \
         .value = "FILE",                                                                      \
         .help = "Answer host calls from a file"}

#endif
