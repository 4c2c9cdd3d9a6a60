/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_tree.h - a bundle as files of a layer, below /bundle. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_BUNDLE_TREE_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_BUNDLE_TREE_H

#include "runtime/base/digest.h"
#include "toolchain/command/image/libraries.h"

/* All files of the finished bundle in `folder` but its signature, which is no part of what is
 * compared. Each plugin must be of the architecture of `libraries`. *ret_manifest is the digest of
 * manifest.json. */
int image_bundle_fill(const char *folder, const struct image_libraries *libraries,
                      struct image_tree *tree, struct chimera_digest *ret_manifest,
                      struct chimera_error *err);

#endif
