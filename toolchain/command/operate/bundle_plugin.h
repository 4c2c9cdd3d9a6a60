/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_plugin.h - a plugin that was built before, in a bundle: its files are copied, and are what
 * its manifest says. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_OPERATE_BUNDLE_PLUGIN_H
#define CHIMERA_TOOLCHAIN_COMMAND_OPERATE_BUNDLE_PLUGIN_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* A module of policies.yml is one by its name, as for a server. */
bool bundle_is_plugin(const char *path);

/* Copies STEM.so, which `so` is the path of, and what lies beside it to FOLDER/plugins. *ret_path,
 * owned by the caller, is the copy of the .so. */
int bundle_copy_plugin(const char *so, const char *folder, char **ret_path,
                       struct chimera_error *err);

#endif
