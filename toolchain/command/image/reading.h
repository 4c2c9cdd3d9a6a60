/* SPDX-License-Identifier: Apache-2.0 */
/* reading.h - an image out of a layout, each part held against the digest that leads to it. The
 * layout may be anybody's. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_READING_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_READING_H

#include "toolchain/command/image/layout.h"

/* The manifest that the place's tag means; where no tag was written, that of the only image, or of
 * "latest". The caller ends *ret_manifest. CHIMERA_EREFUSED: it is not what its digest says. */
int image_manifest_read(const struct image_place *place, struct chimera_oci_manifest *ret_manifest,
                        struct chimera_error *err);

/* A blob, open for reading; its size and digest were looked at. */
int image_blob_open(const char *folder, const struct chimera_descriptor *blob, int *ret_fd,
                    struct chimera_error *err);
/* All of it; the buffer, which is initialized, has a limit. */
int image_blob_read(const char *folder, const struct chimera_descriptor *blob,
                    struct chimera_buffer *ret_bytes, struct chimera_error *err);

/* The caller ends *ret_config with json_object_put(). */
int image_config_read(const char *folder, const struct chimera_oci_manifest *manifest,
                      struct json_object **ret_config, struct chimera_error *err);

#endif
