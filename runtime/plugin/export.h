/* SPDX-License-Identifier: Apache-2.0 */
/* export.h - what a module exports, by name. */
#ifndef CHIMERA_PLUGIN_EXPORT_H
#define CHIMERA_PLUGIN_EXPORT_H

#include "plugins/policy/plugin.h"

/* NULL when there is none of this name and kind. */
const struct chimera_export *chimera_plugin_export(const struct chimera_plugin *plugin,
                                                   const char *name, enum chimera_export_kind kind);

/* A function of this type ("ii:i"). */
const struct chimera_export *chimera_plugin_function(const struct chimera_plugin *plugin,
                                                     const char *name, const char *type);

#endif
