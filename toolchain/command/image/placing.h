/* SPDX-License-Identifier: Apache-2.0 */
/* placing.h - a layout is made beside the one that it becomes, or becomes a part of. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_PLACING_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_PLACING_H

#include "toolchain/command/image/layout.h"

/* A new folder beside the target. Owned by the caller, who removes it. */
int image_staging_make(const char *target, char **ret_staging, struct chimera_error *err);

/* Moves the blobs to the place, and then has its tag mean `image`, a descriptor, which is handed
 * over; `untagged` is as for image_layout_tag(). */
int image_staging_move(const char *staging, const struct image_place *place,
                       struct json_object *image, struct json_object *untagged,
                       struct chimera_error *err);

#endif
