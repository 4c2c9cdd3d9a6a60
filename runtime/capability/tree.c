/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/tree.h"

static const struct chimera_capability capabilities[] = {
    {"crypto/v1/is_certificate_trusted", CHIMERA_PAYLOAD_OBJECT, {"cert"}},
    {"kubernetes/can_i", CHIMERA_PAYLOAD_OBJECT, {"subject_access_review", "disable_cache"}},
    {"kubernetes/get_resource",
     CHIMERA_PAYLOAD_RESOURCE,
     {"api_version", "kind", "name", "disable_cache"}},
    {"kubernetes/list_resources_all", CHIMERA_PAYLOAD_RESOURCE, {"api_version", "kind"}},
    {"kubernetes/list_resources_by_namespace",
     CHIMERA_PAYLOAD_RESOURCE,
     {"api_version", "kind", "namespace"}},
    {"net/v1/dns_lookup_host", CHIMERA_PAYLOAD_TEXT, {0}},
    {"oci/v1/manifest_digest", CHIMERA_PAYLOAD_TEXT, {0}},
    {"oci/v1/oci_manifest", CHIMERA_PAYLOAD_TEXT, {0}},
    {"oci/v1/oci_manifest_config", CHIMERA_PAYLOAD_TEXT, {0}},
    {"oci/v1/verify", CHIMERA_PAYLOAD_OBJECT, {0}},
    {"oci/v2/verify", CHIMERA_PAYLOAD_OBJECT, {"type"}},
};

#define CAPABILITY_COUNT (sizeof(capabilities) / sizeof(*capabilities))

const struct chimera_capability *chimera_capabilities(size_t *ret_count)
{
    *ret_count = CAPABILITY_COUNT;
    return capabilities;
}

enum chimera_node chimera_capability_node(const char *path, size_t size)
{
    for (size_t i = 0; i < CAPABILITY_COUNT; i++) {
        const char *known = capabilities[i].path;
        if (strlen(known) >= size && memcmp(known, path, size) == 0 &&
            (known[size] == '\0' || known[size] == '/'))
            return known[size] == '/' ? CHIMERA_NODE_INNER : CHIMERA_NODE_LEAF;
    }
    return CHIMERA_NODE_UNKNOWN;
}

const struct chimera_capability *chimera_capability_find(struct chimera_slice path)
{
    for (size_t i = 0; i < CAPABILITY_COUNT; i++)
        if (chimera_slice_is(path, capabilities[i].path))
            return &capabilities[i];
    return NULL;
}
