/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_bundle.h - the part of `chimera inspect` that looks at bundles (runtime/plugin/bundle.h).
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_BUNDLE_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_BUNDLE_H

#include <json-c/json.h>
#include <stdbool.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Is it a folder? */
bool inspect_is_bundle(const char *path);

/* What a server would serve from it: the manifest's digest, and of each policy its id, module,
 * mode, tier, size and toolchain. Nothing of it is run. The tree is owned by the caller. */
int inspect_bundle_read(const char *folder, struct json_object **ret_tree,
                        struct chimera_error *err);

/* `argument` is DIR#ID, and no file of that name is there: whose id may be that of a member,
 * GROUP/MEMBER. */
bool inspect_is_in_bundle(const char *argument);
/* The plugin of that policy, as inspect_plugin_read() has it. */
int inspect_bundle_read_one(const char *argument, struct json_object **ret_tree,
                            struct chimera_error *err);

/* As people read it. */
void inspect_bundle_write(struct json_object *tree, struct chimera_buffer *out);

#endif
