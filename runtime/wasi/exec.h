/* SPDX-License-Identifier: Apache-2.0 */
/* exec.h - a WASI program run as a command: with arguments, an environment, files, and an exit
 * code.
 *
 * For the command line alone. A policy is run by runtime/policy/, has no part of this folder, and
 * so no way to a file.
 */
#ifndef CHIMERA_WASI_EXEC_H
#define CHIMERA_WASI_EXEC_H

#include "runtime/abi/wasi.h"
#include "runtime/wasi/files.h"

struct chimera_exec { /* all borrowed */
    const char *name; /* for logs */
    struct chimera_wasi_strings arguments, environment;
    struct chimera_wasi_files *files;
    uint32_t limit_ms; /* 0: none */
    uint64_t memory_limit;
};

struct chimera_exec_end {
    enum chimera_stop stop;             /* NONE: `_start` returned */
    uint32_t exit_code;                 /* 0 without CHIMERA_STOP_EXIT */
    char why[CHIMERA_LIMIT_TEXT_BYTES]; /* of a trap */
};

/* confine.c. From here on this thread, and what it starts, reaches the files that the folders say
 * and no others, has no sockets, and starts no program. Before chimera_exec_run(), which runs code
 * of the module. *ret_is_confined is false where the kernel lacks Landlock or filters of system
 * calls: then only the paths are kept inside. */
int chimera_exec_confine(const struct chimera_wasi_folder *folders, size_t count,
                         bool *ret_is_confined, struct chimera_error *err);

/* Runs the program to its end. Fails when there is no instance of it. */
int chimera_exec_run(const struct chimera_loaded *loaded, const struct chimera_exec *command,
                     struct chimera_exec_end *ret_end, struct chimera_error *err);

#endif
