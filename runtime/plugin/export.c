/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/export.h"

#include <string.h>

const struct chimera_export *chimera_plugin_export(const struct chimera_plugin *plugin,
                                                   const char *name, enum chimera_export_kind kind)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i < plugin->export_count; i++) {
        const struct chimera_export *export = &plugin->exports[i];
        if (export->kind == (uint32_t)kind && export->name_size == size &&
            memcmp(export->name, name, size) == 0)
            return export;
    }
    return NULL;
}

const struct chimera_export *chimera_plugin_function(const struct chimera_plugin *plugin,
                                                     const char *name, const char *type)
{
    const struct chimera_export *export =
        chimera_plugin_export(plugin, name, CHIMERA_EXPORT_FUNCTION);
    return export && strcmp(export->type, type) == 0 ? export : NULL;
}
