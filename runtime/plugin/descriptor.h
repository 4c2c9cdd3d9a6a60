/* SPDX-License-Identifier: Apache-2.0 */
/* descriptor.h - whether what a mapped plugin says of itself can be true.
 *
 * Every pointer must lie inside the object and every number inside its limits, so that nobody has
 * to look again.
 */
#ifndef CHIMERA_PLUGIN_DESCRIPTOR_H
#define CHIMERA_PLUGIN_DESCRIPTOR_H

#include "runtime/plugin/manifest.h"

#define CHIMERA_OBJECT_RANGES 16

struct chimera_range {
    uintptr_t start, end;
};

struct chimera_object { /* where a plugin is mapped */
    uintptr_t start;    /* of its addresses: what its file calls 0 */
    struct chimera_range text;
    struct chimera_range data[CHIMERA_OBJECT_RANGES]; /* all that is readable, text included */
    size_t data_count;
};

/* Of the object that was dlopen'ed as `handle`. */
int chimera_object_find(void *handle, const char *path, struct chimera_object *ret_object,
                        struct chimera_error *err);

int chimera_descriptor_check(const struct chimera_plugin *plugin,
                             const struct chimera_object *object,
                             const struct chimera_manifest *manifest, const char *path,
                             struct chimera_error *err);

#endif
