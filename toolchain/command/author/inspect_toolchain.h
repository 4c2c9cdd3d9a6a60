/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_toolchain.h - what built a plugin, against what would build it here. */
#ifndef CHIMERA_COMMAND_AUTHOR_INSPECT_TOOLCHAIN_H
#define CHIMERA_COMMAND_AUTHOR_INSPECT_TOOLCHAIN_H

#include <json-c/json.h>

#include "plugins/policy/plugin.h"

/* Adds the member "here" to `tree`: "the same toolchain", or what the plugin's has instead of this
 * machine's. Nothing is added where the tools of its tier are not. */
void inspect_toolchain_put(struct json_object *tree, const char *toolchain, enum chimera_tier tier);

#endif
