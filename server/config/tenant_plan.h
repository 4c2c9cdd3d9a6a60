/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_plan.h - which policies are evaluated in processes of their own (--isolate).
 *
 * Policies of one *tenant* share a process that holds them and nothing else: no other policy, no
 * key, no connection. Made once by the supervisor; immutable then.
 */
#ifndef CHIMERA_SERVER_CONFIG_TENANT_PLAN_H
#define CHIMERA_SERVER_CONFIG_TENANT_PLAN_H

#include "runtime/source/policies.h"

#define TENANTS_MAX 256
#define NO_TENANT SIZE_MAX

struct tenant_plan {
    size_t tenant_count;
    size_t *tenant_of; /* owned; by policy: its tenant, or NO_TENANT */
};

/* `text` as of --isolate: ids of policies or of policy groups, joined by "+" where they share a
 * tenant, the tenants separated by commas; or "each", for a tenant for every policy and every
 * policy group. NULL: no tenant. */
int tenant_plan_parse(const char *text, const struct policies *policies,
                      struct tenant_plan *ret_plan, struct chimera_error *err);
void tenant_plan_done(struct tenant_plan *plan);

#endif
