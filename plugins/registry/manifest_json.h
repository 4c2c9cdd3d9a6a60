/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_json.h - manifests as policies get them: the known fields alone, in their order,
 * whatever else a registry has put there (guest-abis.md §5.4).
 */
#ifndef CHIMERA_PLUGINS_REGISTRY_MANIFEST_JSON_H
#define CHIMERA_PLUGINS_REGISTRY_MANIFEST_JSON_H

#include "compiler/fetch/registry/manifest.h"

/* A tree whose order counts; the caller ends it. Fails for a manifest that lacks what it must have,
 * or has it in another type. */
int manifest_json_make(const struct chimera_oci_manifest *manifest, struct json_object **ret_tree,
                       struct chimera_error *err);

#endif
