/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/grant.h"

#include <string.h>

#include "runtime/capability/pattern.h"

bool chimera_grants_allow(const struct chimera_grants *grants, struct chimera_slice path)
{
    for (const char *const *at = grants->capabilities; at && *at; at++)
        if (chimera_capability_matches(*at, path))
            return true;
    return false;
}

bool chimera_grants_may_read(const struct chimera_grants *grants, const char *api_version,
                             const char *kind)
{
    size_t size = strlen(api_version);
    for (const char *const *at = grants->resources; at && *at; at++)
        if (strncmp(*at, api_version, size) == 0 && (*at)[size] == '/' &&
            strcmp(*at + size + 1, kind) == 0)
            return true;
    return false;
}
