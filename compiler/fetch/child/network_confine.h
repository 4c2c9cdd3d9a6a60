/* SPDX-License-Identifier: Apache-2.0 */
/* network_confine.h - what a process that speaks to registries is kept from. */
#ifndef CHIMERA_COMPILER_FETCH_CHILD_NETWORK_CONFINE_H
#define CHIMERA_COMPILER_FETCH_CHILD_NETWORK_CONFINE_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* The folder that the process may use besides, which is there; without a path: none. */
struct chimera_network_folder {
    const char *path;
    bool is_writable;
    bool keeps_files;  /* it uses what is open: files that are sent, or standard output */
    bool must_confine; /* where the kernel cannot, nothing is done; else it is done unconfined */
};
#define CHIMERA_NO_FOLDER ((struct chimera_network_folder){0})

/* For this process, for good, while it has one thread: it uses the folder, reads what names and
 * certificates need, connects, and runs nothing. */
int network_confine(struct chimera_network_folder folder, struct chimera_error *err);

#endif
