/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - a guest's path, which never leads out of the folder that it begins at.
 *
 * What the kernel can walk, it walks (beneath.h). Calls that know no such walk are given the folder
 * around the last part, opened so, and that part alone, which they do not follow: it is neither
 * `..` nor a path.
 */
#ifndef CHIMERA_WASI_PATH_H
#define CHIMERA_WASI_PATH_H

#include <limits.h>

#include "runtime/abi/wasi_system.h"
#include "runtime/wasi/files.h"

struct chimera_wasi_path {
    struct chimera_wasi_entry *folder; /* borrowed; where it begins */
    char text[PATH_MAX];               /* relative; ends in NUL */
};

/* The guest's path; its descriptor must have the rights. May leave the guest. */
uint32_t chimera_exec_path_get(struct chimera_guest *guest, struct chimera_wasi_at at,
                               uint64_t rights, struct chimera_wasi_path *ret_path);

/* The same of a text that is no path of ours yet: what a link shall lead to. */
uint32_t chimera_exec_path_text(struct chimera_guest *guest, uint32_t at, uint32_t size,
                                char ret_text[PATH_MAX]);

/* Opens what it leads to, with the flags of open(2), O_CLOEXEC added. */
uint32_t chimera_exec_path_open(const struct chimera_wasi_path *path, int flags, unsigned mode,
                                int *ret_fd);

struct chimera_wasi_place { /* of the last part */
    int folder;             /* the kernel's */
    bool is_owned;          /* the folder, by who ends it */
    const char *name;       /* in the path's text; slashes behind it are still there */
};

/* The caller ends *ret_place, before anything that may leave the guest. */
uint32_t chimera_exec_path_place(struct chimera_wasi_path *path,
                                 struct chimera_wasi_place *ret_place);
void chimera_wasi_place_end(const struct chimera_wasi_place *place);

#endif
