/* SPDX-License-Identifier: Apache-2.0 */
/* grant.h - what a policy may ask for by host calls. */
#ifndef CHIMERA_CAPABILITY_GRANT_H
#define CHIMERA_CAPABILITY_GRANT_H

#include <stdbool.h>

#include "runtime/base/slice.h"

struct chimera_capability_source;

struct chimera_grants { /* what one policy may do; borrowed arrays, NULL-terminated or NULL */
    const char *policy_id;
    const char *const *capabilities;          /* patterns (pattern.h) */
    const char *const *resources;             /* "apiVersion/kind" */
    struct chimera_capability_source *source; /* who answers; NULL: nobody */
    /* Rego's inventory needs the capability of its lists, too, not only the resources. */
    bool gates_inventory;
    /* What Rego's builtins may reach: hosts, or hosts and ports; NULL or empty: none. */
    const char *const *hosts;
    const char *entrypoint; /* the rule that is asked; NULL: the module's first */
    /* A builtin that fails leaves its expression undefined, as OPA has it, in place of ending the
     * evaluation. What a policy allows unless something is found is allowed then. */
    bool has_undefined_failures;
    bool prints; /* what the policy prints and traces is for the log at the level of information */
    bool has_upstream_builtins; /* as the reference has them, where they are not OPA's */
};

/* What logs call the policy. */
static inline struct chimera_slice chimera_grants_policy_id(const struct chimera_grants *grants)
{
    return chimera_slice_of(grants->policy_id);
}

/* May it use the capability of this path? */
bool chimera_grants_allow(const struct chimera_grants *grants, struct chimera_slice path);

/* May it read the cluster's resources of this kind? */
bool chimera_grants_may_read(const struct chimera_grants *grants, const char *api_version,
                             const char *kind);

#endif
