/* SPDX-License-Identifier: Apache-2.0 */
/* libraries.h - the shared libraries that programs and plugins need, with the dynamic loader: found
 * as glibc's loader finds them where no cache and no variable tells it otherwise (ld.so(8)), in the
 * folders that a file names itself and then in the system's.
 *
 * In the image all lie in one folder, the one that has libc here, where its loader looks by itself.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LIBRARIES_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LIBRARIES_H

#include "toolchain/command/image/tree.h"

struct image_libraries {
    struct image_tree *tree;  /* borrowed; what is found is added to it */
    const char *architecture; /* static; of the first file that was added; NULL: none was */
    char folder[64];          /* in the image; "": not known yet */
    const char *root;         /* before the system's folders; "" but in tests */
};

/* All that the program or plugin at `path` wants, and what those want. The first one decides for
 * which architecture this is; CHIMERA_EINVAL for a file of another. CHIMERA_EIO: one is not here.
 */
int image_libraries_add(struct image_libraries *libraries, const char *path,
                        struct chimera_error *err);

/* Just that the file is of the architecture of the others. */
int image_libraries_check(const struct image_libraries *libraries, const char *path,
                          struct chimera_error *err);

#endif
