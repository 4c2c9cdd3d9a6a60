/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.h - the bundle out of an image, once all of the image is what its digests say: blobs, the
 * tars in its layers, and the bundle that its annotation and its label lead to. The image may be
 * anybody's. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_UNPACK_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_UNPACK_H

#include "toolchain/command/image/layout.h"

/* Unpacks the last layer's /bundle to `folder`, which is there and empty, and puts the signature
 * that is attached to the image, of several the one that is listed last, where a bundle has its
 * own. `ret_digest` is the image's. CHIMERA_EREFUSED: something is not what a digest says, or no
 * part of a bundle. */
int image_unpack(const struct image_place *place, const char *folder,
                 char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

#endif
