/* SPDX-License-Identifier: Apache-2.0 */
/* target.h - what -o names: a folder, an archive, or a container image. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_TARGET_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_TARGET_H

#include "runtime/cli/cli.h"
#include "toolchain/command/image/layout.h"

struct bundle_target {
    const char *path;               /* borrowed: what the bundle is made beside, and may become */
    bool is_archive;                /* FILE.tar */
    struct image_place image, base; /* owned; folder NULL: none */
};

/* Reads -o and --base. The caller ends *ret_target. CHIMERA_EINVAL: a mistake in them. */
int bundle_target_read(const struct chimera_cli_options *options, struct bundle_target *ret_target,
                       struct chimera_error *err);
void bundle_target_done(struct bundle_target *target);

/* May it be written there? */
int bundle_target_check(const struct bundle_target *target, struct chimera_error *err);

/* The finished bundle in `folder` comes to its place, and `folder` is no more. Images and
 * archives have the time `seconds`; an image's digest is printed. */
int bundle_target_put(const struct bundle_target *target, const char *folder, int64_t seconds,
                      struct chimera_error *err);

#endif
