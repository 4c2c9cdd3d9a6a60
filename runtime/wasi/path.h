/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - a guest's path, which never leads out of the folder that it begins at.
 *
 * The kernel walks it, with openat2() and RESOLVE_BENEATH: neither `..` nor a link, however they
 * are swapped meanwhile, leads above. Calls that know no such walk are given the folder around the
 * last part, opened so, and that part alone, which they do not follow: it is neither `..` nor a
 * path.
 */
#ifndef CHIMERA_WASI_PATH_H
#define CHIMERA_WASI_PATH_H

#include <limits.h>

#include "runtime/wasi/files.h"

struct chimera_wasi_path {
    struct chimera_wasi_entry *folder; /* borrowed; where it begins */
    char text[PATH_MAX];               /* relative; ends in NUL */
};

/* The path of guest memory, to be used from that descriptor, which must have the rights. Outputs
 * are filled on WASI_SUCCESS alone. May leave the guest. */
uint32_t chimera_command_path_get(struct chimera_guest *guest, uint32_t fd, uint64_t rights,
                                  uint32_t at, uint32_t size, struct chimera_wasi_path *ret_path);

/* The same of a text that is no path of ours yet: what a link shall lead to. */
uint32_t chimera_command_path_text(struct chimera_guest *guest, uint32_t at, uint32_t size,
                                   char ret_text[PATH_MAX]);

/* Opens what `path` leads to from the kernel's descriptor `folder`; O_CLOEXEC is added. -1 with
 * errno, which is EXDEV for a path that leads out. */
int chimera_wasi_open_beneath(int folder, const char *path, int flags, unsigned mode);

/* That of a guest's path, with an error for the guest. */
uint32_t chimera_command_path_open(const struct chimera_wasi_path *path, int flags, unsigned mode,
                                   int *ret_fd);

struct chimera_wasi_place { /* of the last part */
    int folder;             /* the kernel's */
    bool is_owned;          /* the folder, by who ends it */
    const char *name;       /* in the path's text; slashes behind it are still there */
};

/* The caller ends *ret_place, before anything that may leave the guest. */
uint32_t chimera_command_path_place(struct chimera_wasi_path *path,
                                    struct chimera_wasi_place *ret_place);
void chimera_wasi_place_end(const struct chimera_wasi_place *place);

#endif
