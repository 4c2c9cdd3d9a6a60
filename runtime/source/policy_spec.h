/* SPDX-License-Identifier: Apache-2.0 */
/* policy_spec.h - what policies.yml says: policies and groups.
 *
 * A flat list: the members of a group stand in it like single policies, under "group/member". Read
 * once by the supervisor; immutable then.
 */
#ifndef CHIMERA_SOURCE_POLICY_SPEC_H
#define CHIMERA_SOURCE_POLICY_SPEC_H

#include <stdint.h>

#include "runtime/base/digest.h"
#include "runtime/review/response.h"
#include "runtime/source/policy_options.h"

#define NO_GROUP SIZE_MAX

struct policy_spec {  /* owns its texts */
    char *id;         /* "name", or "group/member" */
    const char *name; /* the last part of `id` */
    char *module;     /* as written */
    char *location;   /* of one that is relative to the file: file:///…; NULL: what is written */
    char *meant;      /* what to write in place of `module`, it seems; NULL: nothing else */
    enum chimera_policy_mode mode;
    bool allowed_to_mutate;
    char *settings;      /* a JSON object, keys sorted */
    char *message;       /* NULL: none */
    char *for_namespace; /* as the controller's file says; NULL: for all */
    bool has_limit;
    uint64_t limit_seconds;
    char **capabilities; /* NULL-terminated; never NULL */
    char **resources;    /* "apiVersion/kind", NULL-terminated; never NULL */
    size_t group;        /* index of its group, or NO_GROUP */

    struct chimera_policy_extras extras; /* from --policy-options */

    /* From a bundle (config/bundle_policies.h): the .so, and the digest of its manifest. NULL: to
     * be built. */
    char *plugin;
    struct chimera_digest lock;
};

struct group_spec { /* owns its texts */
    char *name, *expression, *message;
    char *for_namespace; /* as of a policy */
    enum chimera_policy_mode mode;
    size_t first, count; /* its members in the list of policies */
};

struct bundle_origin {               /* of what comes from a bundle; all zero: from none */
    char *folder;                    /* owned; without links in its name */
    struct chimera_digest manifest;  /* of manifest.json, as it was read */
    struct chimera_digest signature; /* of the file beside it; zero: there is none, or nobody asks
                                        for signatures */
};

struct policies {
    struct bundle_origin bundle;
    struct policy_spec *policy; /* owned */
    struct group_spec *group;   /* owned */
    size_t policy_count, group_count;
    char *warnings; /* owned; lines about what is ignored. NULL: none */
};

/* May a time limit be 0? It leaves no time to evaluate, so it is a mistake, unless limits do not
 * count or a policy may fail alone. */
enum policies_limits { POLICIES_LIMITS_COUNT, POLICIES_LIMITS_ARE_FREE };

/* Where the module is, as any reader of references takes it. */
static inline const char *policy_spec_location(const struct policy_spec *policy)
{
    return policy->location ? policy->location : policy->module;
}

/* Is the file at `path`, which the policy's module led to, a plugin? One of the operator's is by
 * its name, and a bundle has nothing else; what a URL ends in says nothing. */
bool policy_spec_is_plugin(const struct policy_spec *policy, const char *path);

void policies_done(struct policies *policies);

enum policy_change { /* bits */
                     POLICY_MODULE_CHANGED = 1,
                     POLICY_SETTINGS_CHANGED = 2,
                     POLICY_RULES_CHANGED = 4, /* all else */
};
/* What two policies of one id differ in; where they stand does not count. */
unsigned policy_spec_changes(const struct policy_spec *a, const struct policy_spec *b);
/* Two groups of one name, without their members. */
bool group_spec_changed(const struct group_spec *a, const struct group_spec *b);

/* Whether all that they say is the same, and the signature of the bundle; comments and the like do
 * not count. */
bool policies_equal(const struct policies *a, const struct policies *b);

/* Ends the policies from number `first` on. */
void policies_drop_from(struct policies *policies, size_t first);

#endif
