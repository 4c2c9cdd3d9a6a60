/* SPDX-License-Identifier: Apache-2.0 */
/* exec_options.h - what `chimera exec` is told of a program's surroundings. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_RUNNING_EXEC_OPTIONS_H
#define CHIMERA_TOOLCHAIN_COMMAND_RUNNING_EXEC_OPTIONS_H

#include "runtime/base/buffer.h"
#include "runtime/cli/cli.h"
#include "runtime/wasi/exec.h"

struct exec_options {
    struct chimera_buffer arguments, environment; /* owned; each string ends in NUL */
    uint32_t argument_count, variable_count;
    struct chimera_wasi_folder *folders; /* owned, with the paths on this machine */
    size_t folder_count;
    uint32_t files;      /* that may be open at once */
    uint64_t file_bytes; /* that a file may have; 0: no limit */
};

/* Reads the options, and the words behind the module. In any case the caller ends *ret_options. */
int exec_options_read(const struct chimera_cli_options *options, struct exec_options *ret_options,
                      struct chimera_error *err);
void exec_options_done(struct exec_options *options);

#define EXEC_FILES 1024u /* without --open-files */

/* Rows of a table. */
#define OPTIONS_EXEC                                                                          \
    {.name = "env",                                                                           \
     .letter = 'e',                                                                           \
     .kind = CHIMERA_CLI_REPEAT,                                                              \
     .value = "NAME[=VALUE]",                                                                 \
     .help = "Variable of the program's environment, which is empty otherwise; without a "    \
             "value that of our own"},                                                        \
        {.name = "dir",                                                                       \
         .kind = CHIMERA_CLI_REPEAT,                                                          \
         .value = "HOST[::GUEST]",                                                            \
         .help = "Folder that the program may read and change, and what it is called there; " \
                 "without GUEST as here"},                                                    \
        {.name = "read-only-dir",                                                             \
         .kind = CHIMERA_CLI_REPEAT,                                                          \
         .value = "HOST[::GUEST]",                                                            \
         .help = "Folder that the program may read; in the order of the command line with "   \
                 "those of --dir"},                                                           \
        {.name = "open-files",                                                                \
         .kind = CHIMERA_CLI_VALUE,                                                           \
         .value = "N",                                                                        \
         .help = "Files that the program may have open at once, its streams and folders "     \
                 "included; 1024 without this option"},                                       \
        {.name = "file-size",                                                                 \
         .kind = CHIMERA_CLI_VALUE,                                                           \
         .value = "SIZE",                                                                     \
         .help = "How large it may make a file, such as 10Mi"}

#endif
