/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_plan.h - which policies are evaluated in processes of their own (--isolate).
 *
 * A *jail* is a process that holds the policies of one tenant and nothing else: no other policy, no
 * key, no connection. Made once by the supervisor; immutable then.
 */
#ifndef CHIMERA_SERVER_CONFIG_TENANT_PLAN_H
#define CHIMERA_SERVER_CONFIG_TENANT_PLAN_H

#include "runtime/source/policies.h"

#define JAILS_MAX 256
#define NO_JAIL SIZE_MAX

struct isolation {
    size_t jail_count;
    size_t *jail_of; /* owned; by policy: its jail, or NO_JAIL */
};

/* `text` as of --isolate: ids of policies or of policy groups, joined by "+" where they share a
 * jail, the jails separated by commas; or "each", for a jail for every policy and every policy
 * group. NULL: no jail. */
int isolation_parse(const char *text, const struct policies *policies,
                    struct isolation *ret_isolation, struct chimera_error *err);
void isolation_done(struct isolation *isolation);

#endif
