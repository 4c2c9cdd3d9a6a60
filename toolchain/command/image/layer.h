/* SPDX-License-Identifier: Apache-2.0 */
/* layer.h - a tree of files as a layer (OCI image specification 1.1, "Filesystem Layers"): a tar,
 * compressed by gzip. The same tree and time give the same bytes, by the same zlib: owner, group
 * and time of the files here, their order, links and modes have no part in it (docs/decisions/034).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LAYER_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_LAYER_H

#include <stdint.h>

#include "compiler/fetch/registry/oci_digest.h"
#include "toolchain/command/image/tree.h"

#define IMAGE_MEDIA_LAYER "application/vnd.oci.image.layer.v1.tar+gzip"

struct image_layer {
    char digest[CHIMERA_OCI_DIGEST_MAX];  /* of the blob */
    char diff_id[CHIMERA_OCI_DIGEST_MAX]; /* of the tar in it */
    uint64_t size;                        /* of the blob */
};

/* Writes the blob of the tree, which is sorted, to BLOBS/HEX, synced. All files in it belong to
 * root and have the time `seconds`. */
int image_layer_write(const struct image_tree *tree, int64_t seconds, const char *blobs,
                      struct image_layer *ret_layer, struct chimera_error *err);

#endif
