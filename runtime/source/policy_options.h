/* SPDX-License-Identifier: Apache-2.0 */
/* policy_options.h - the file of --policy-options: options of ours for policies, so that
 * policies.yml stays as Kubewarden reads it.
 *
 * A map from ids to options, in YAML or JSON; "*" stands for all policies, and what an id says wins
 * over it, each option for itself. What nobody knows, an id or an option, is a mistake and no
 * option.
 */
#ifndef CHIMERA_SOURCE_POLICY_OPTIONS_H
#define CHIMERA_SOURCE_POLICY_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* What a memory limit may be set to: a policy that does nothing has a page or two, and linear
 * memory, of which there are 4 GiB at most, is not all that counts. */
#define CHIMERA_MEMORY_LEAST ((uint64_t)1 << 20)
#define CHIMERA_MEMORY_MOST ((uint64_t)16 << 30)
#define CHIMERA_MEMORY_RANGE "a size from 1Mi to 16Gi, such as 256Mi"

struct chimera_policy_extras { /* what the file says of one policy */
    uint64_t memory_limit;     /* bytes; 0: nothing, so the default holds */
    /* Of Rego, as of struct chimera_grants. */
    bool gates_inventory, has_undefined_failures, prints, has_upstream_builtins;
    bool omits_managed_fields; /* it does not see them (review/request.h) */
    char **hosts;              /* owned; NULL: none */
    char *entrypoint;          /* owned; NULL: the module's first */
};

void chimera_policy_extras_done(struct chimera_policy_extras *extras);
bool chimera_policy_extras_equal(const struct chimera_policy_extras *a,
                                 const struct chimera_policy_extras *b);

/* `ids` ends with NULL: those of all policies there are, a group's members as "group/member". There
 * is room for as many in `ret_extras`, which are the caller's to end in any case. The
 * error tells all that is wrong, each with its place (runtime/text/problems.h). */
int chimera_policy_options_read(const char *path, const char *const *ids,
                                struct chimera_policy_extras *ret_extras,
                                struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int chimera_policy_options_parse(struct chimera_slice text, const char *path,
                                 const char *const *ids, struct chimera_policy_extras *ret_extras,
                                 struct chimera_error *err);

#endif
