/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/tree.h"

static const char *const capabilities[] = {
    "crypto/v1/is_certificate_trusted",
    "kubernetes/can_i",
    "kubernetes/get_resource",
    "kubernetes/list_resources_all",
    "kubernetes/list_resources_by_namespace",
    "net/v1/dns_lookup_host",
    "oci/v1/manifest_digest",
    "oci/v1/oci_manifest",
    "oci/v1/oci_manifest_config",
    "oci/v1/verify",
    "oci/v2/verify",
};

#define CAPABILITY_COUNT (sizeof(capabilities) / sizeof(*capabilities))

const char *const *chimera_capabilities(size_t *ret_count)
{
    *ret_count = CAPABILITY_COUNT;
    return capabilities;
}

enum chimera_node chimera_capability_node(const char *path, size_t size)
{
    for (size_t i = 0; i < CAPABILITY_COUNT; i++) {
        const char *known = capabilities[i];
        if (strlen(known) >= size && memcmp(known, path, size) == 0 &&
            (known[size] == '\0' || known[size] == '/'))
            return known[size] == '/' ? CHIMERA_NODE_INNER : CHIMERA_NODE_LEAF;
    }
    return CHIMERA_NODE_UNKNOWN;
}

const char *chimera_capability_find(struct chimera_slice path)
{
    for (size_t i = 0; i < CAPABILITY_COUNT; i++)
        if (chimera_slice_is(path, capabilities[i]))
            return capabilities[i];
    return NULL;
}
