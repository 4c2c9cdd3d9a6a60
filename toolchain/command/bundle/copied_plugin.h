/* SPDX-License-Identifier: Apache-2.0 */
/* copied_plugin.h - a plugin that was built before, in a bundle: its files are copied, and are what
 * its manifest says. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_COPIED_PLUGIN_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_COPIED_PLUGIN_H

#include "compiler/build.h"

/* Copies STEM.so, which `so` is the path of, and what lies beside it to FOLDER/plugins, as
 * ret_built->plugin. The caller ends *ret_built. */
int bundle_copy_plugin(const char *so, const char *folder, struct chimera_built *ret_built,
                       struct chimera_error *err);

#endif
