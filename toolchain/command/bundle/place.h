/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - where a bundle is made, and how it comes to its place. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_PLACE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_PLACE_H

#include "runtime/base/error.h"

/* What may be replaced: nothing, an empty folder, a bundle. */
int bundle_check_target(const char *target, struct chimera_error *err);

/* A new folder beside the target, so that it can be moved there. Owned by the caller; NULL after a
 * failure. */
char *bundle_make_folder(const char *target, struct chimera_error *err);

/* At once: whoever opens the folder finds the old bundle or the new one. */
int bundle_put_in_place(const char *folder, const char *target, struct chimera_error *err);

#endif
