/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/counter.h"

#include <string.h>

static struct chimera_slice name_of(const struct chimera_export *export)
{
    return (struct chimera_slice){export->name, export->name_size};
}

uint64_t chimera_plugin_own_offset(const struct chimera_plugin *plugin, const char *name)
{
    for (uint32_t i = 0; i < plugin->export_count; i++) {
        const struct chimera_export *export = &plugin->exports[i];
        if (export->kind == CHIMERA_EXPORT_GLOBAL && strcmp(export->type, "I") == 0 &&
            export->offset <= plugin->instance_size - sizeof(uint64_t) &&
            chimera_slice_is(name_of(export), name))
            return export->offset;
    }
    return 0;
}

bool chimera_plugin_is_measuring(const struct chimera_plugin *plugin)
{
    for (uint32_t i = 0; i < plugin->export_count; i++)
        if (chimera_slice_starts(name_of(&plugin->exports[i]), CHIMERA_RESERVED_EXPORT))
            return true;
    return false;
}
