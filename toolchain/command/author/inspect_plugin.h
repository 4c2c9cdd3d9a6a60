/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_plugin.h - the part of `chimera inspect` that looks at built plugins. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_PLUGIN_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_PLUGIN_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"

/* What the plugin's descriptor says, and where its requests begin, for which its start is run, and
 * what that and a small request take. `path` may be a file:// URI; `lock` is the digest that its
 * manifest must have, NULL: any. The tree is owned by the caller. */
int inspect_plugin_read(const char *path, const struct chimera_digest *lock,
                        struct json_object **ret_tree, struct chimera_error *err);
/* As people read it. */
void inspect_plugin_write(struct json_object *tree, struct chimera_buffer *out);

#endif
