/* SPDX-License-Identifier: Apache-2.0 */
/* run_options.h - the options that `run` and `bench` have in common (cli-and-distribution.md §1.5).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_RUN_OPTIONS_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_RUN_OPTIONS_H

#include "toolchain/command/commands.h"
#include "toolchain/command/running/runner.h"
#include "toolchain/command/shared_cache.h"

/* Rows of a table. */
#define OPTIONS_RUN                                                                          \
    {.name = "request-path",                                                                 \
     .section = SECTION_REQUEST,                                                             \
     .letter = 'r',                                                                          \
     .kind = CHIMERA_CLI_REPEAT,                                                             \
     .is_required = true,                                                                    \
     .value = "PATH",                                                                        \
     .help = "File of an admission review, a request or an object, as JSON or YAML; `-` is " \
             "standard input. `run` takes several, and folders of them"},                    \
        {.name = "settings-path",                                                            \
         .section = SECTION_POLICY,                                                          \
         .letter = 's',                                                                      \
         .kind = CHIMERA_CLI_VALUE,                                                          \
         .value = "PATH",                                                                    \
         .help = "YAML or JSON file with the settings of the policy"},                       \
        {.name = "settings-json",                                                            \
         .section = SECTION_POLICY,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                          \
         .value = "VALUE",                                                                   \
         .help = "The settings of the policy as JSON; --settings-path wins over it"},        \
        {.name = "bundle",                                                                   \
         .section = SECTION_POLICY,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                          \
         .value = "DIR",                                                                     \
         .help = "A bundle, of which the policy is named by its id"},                        \
        OPTION_EXECUTION_MODE,                                                               \
        {.name = "raw",                                                                      \
         .section = SECTION_REQUEST,                                                         \
         .help = "The request is any JSON document, not an admission request"},              \
        OPTION_HOST_CAPABILITIES,                                                            \
        {.name = "allow-context-aware",                                                      \
         .section = SECTION_HOST,                                                            \
         .help = "Let the policy read the Kubernetes resources that its metadata lists"},    \
        OPTION_TIME_LIMIT, OPTION_MEMORY_LIMIT, OPTION_OMIT_MANAGED_FIELDS, OPTION_TIER,     \
        SHARED_CACHE_FLAGS, OPTION_NO_CACHE,                                                 \
        {.name = "record-host-capabilities-interactions",                                    \
         .section = SECTION_HOST,                                                            \
         .kind = CHIMERA_CLI_VALUE,                                                          \
         .value = "FILE",                                                                    \
         .excludes = "replay-host-capabilities-interactions",                                \
         .help = "Write the host calls of the policy, and their answers, to a file"},        \
        {.name = "replay-host-capabilities-interactions",                                    \
         .section = SECTION_HOST,                                                            \
         .kind = CHIMERA_CLI_VALUE,                                                          \
         .value = "FILE",                                                                    \
         .help = "Answer the policy's host calls from such a file, in its order"}

#endif
