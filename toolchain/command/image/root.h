/* SPDX-License-Identifier: Apache-2.0 */
/* root.h - the file system that a server runs in: the program, what it loads, the libraries of both
 * and the loader, the roots of the web's certificates, time zones, who is who. Nothing in it is
 * written to when it runs. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_ROOT_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_ROOT_H

#include "toolchain/command/image/libraries.h"

#define IMAGE_SERVER "usr/bin/chimera-server" /* in the image */
#define IMAGE_CERTIFICATES "etc/ssl/certs/ca-certificates.crt"
#define IMAGE_USER 65533 /* the one of the reference's image; a number, for `runAsNonRoot` */

/* The chimera-server beside the program that runs. Owned by the caller; NULL after a failure. */
char *image_find_server(struct chimera_error *err);

/* Fills the tree of `libraries` for that server; its plugins are looked for where it looks itself.
 */
int image_root_fill(const char *server, struct image_libraries *libraries,
                    struct chimera_error *err);

#endif
