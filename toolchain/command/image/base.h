/* SPDX-License-Identifier: Apache-2.0 */
/* base.h - an image that has the server already, which a bundle is added to. One that has a bundle,
 * too, is taken without that: the server refuses two in one folder, and the same server with the
 * same bundle is to be the same image. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_BASE_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_BASE_H

#include "toolchain/command/image/layout.h"

struct image_base {
    const struct image_place *place;      /* borrowed */
    struct chimera_oci_manifest manifest; /* owned */
    struct json_object *config;           /* owned; of the layers that are taken */
    const char *digest; /* of what it is called later: the image's, or of what that was made on;
                           NULL: it was made on none */
    const char *architecture; /* borrowed from the config */
};

/* The caller ends *ret_base, which was zero, in any case. */
int image_base_read(const struct image_place *place, struct image_base *ret_base,
                    struct chimera_error *err);

/* Its layers, checked, into that folder of blobs. */
int image_base_copy(const struct image_base *base, const char *blobs, struct chimera_error *err);

void image_base_done(struct image_base *base);

#endif
