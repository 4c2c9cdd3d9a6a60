/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - a bundle as a container image, with its server: no daemon, no root, no network
 * (docs/decisions/034). The same bundle, server, libraries and zlib give the same bytes. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_IMAGE_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_IMAGE_H

#include "toolchain/command/image/layout.h"

struct image_wish {                  /* borrowed */
    const char *bundle;              /* folder of a finished bundle */
    const struct image_place *place; /* where to */
    const struct image_place *base;  /* an image that has the server; NULL: the server beside us */
    int64_t seconds;                 /* since 1970: the time of all that is in it */
    const char *created;             /* the same as RFC 3339 has it */
};

/* Adds the image to the layout at its place, which is made when it is not there; a signature that
 * lies beside the bundle's manifest is attached. `ret_digest` is the image's. A failure leaves the
 * place as it was. */
int image_write(const struct image_wish *wish, char ret_digest[CHIMERA_OCI_DIGEST_MAX],
                struct chimera_error *err);

#endif
