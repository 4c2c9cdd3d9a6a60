/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_plugin.h - the part of `chimera inspect` that looks at built plugins. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_PLUGIN_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_INSPECT_PLUGIN_H

#include <stdbool.h>

/* By its name, which ends in .so. */
bool inspect_is_plugin(const char *path);

/* Prints what the plugin's descriptor says, and where its requests begin, for which its start is
 * run, and what that and a small request take. Returns the command's exit code. `path` may be a
 * file:// URI. */
int inspect_plugin(const char *path);

#endif
