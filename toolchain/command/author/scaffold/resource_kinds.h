/* SPDX-License-Identifier: Apache-2.0 */
/* resource_kinds.h - what the kinds of Kubernetes' own objects are called in URLs, and which of
 * them live in namespaces (cli-and-distribution.md §1.10): known without a cluster.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_RESOURCE_KINDS_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_RESOURCE_KINDS_H

#include <json-c/json.h>
#include <stdbool.h>

#include "runtime/base/error.h"

struct resource_kind {
    const char *group, *version, *kind;
    const char *plural;
    bool is_namespaced;
};

/* Of a catalog that kwctl has written: {"resources":{"GROUP|VERSION|KIND":{"name", "namespaced"}}};
 * then of our own table. The plural may be the catalog's text. False: nobody knows it. */
bool resource_kind_find(struct json_object *catalog, struct resource_kind *kind);

/* Of our own table, the first version of the kind of that name. False: nobody knows it. */
bool resource_kind_of_name(const char *name, struct resource_kind *ret_kind);

/* NULL in *ret_catalog when there is no file at `path`. Owned by the caller. */
int resource_catalog_read(const char *path, struct json_object **ret_catalog,
                          struct chimera_error *err);

#endif
