/* SPDX-License-Identifier: Apache-2.0 */
/* layer_in.h - reading a layer, which may be anybody's: what is in it is held against its digest,
 * and of the last one the bundle is unpacked. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LAYER_IN_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LAYER_IN_H

#include <stdint.h>

#include "runtime/base/error.h"

#define IMAGE_LAYER_BYTES_MAX ((uint64_t)16 << 30) /* of the tar in it, and of its files */
#define IMAGE_LAYER_FILES_MAX 100000

struct image_layer_in {  /* borrowed */
    int fd;              /* at its beginning */
    const char *name;    /* for messages */
    const char *diff_id; /* digest of the tar that must be in it */
};

/* Into `folder`, NULL for nowhere, goes what lies below bundle/: files, and files of plugins/.
 * CHIMERA_EREFUSED: the tar is another, or has what is no part of a bundle. */
int image_layer_read(const struct image_layer_in *layer, const char *folder,
                     struct chimera_error *err);

#endif
