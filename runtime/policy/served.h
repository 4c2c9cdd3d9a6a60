/* SPDX-License-Identifier: Apache-2.0 */
/* served.h - what is asked of a policy of policies.yml before it is served, by a server and by who
 * wants to know what a server will say.
 */
#ifndef CHIMERA_POLICY_SERVED_H
#define CHIMERA_POLICY_SERVED_H

#include "runtime/policy/policy.h"
#include "runtime/source/policy_spec.h"

/* What its entry and --policy-options say; the rest is zero. Borrows from `spec`. */
void chimera_served_options(const struct policy_spec *spec,
                            struct chimera_policy_options *ret_options);

/* What the module says about itself (policy-server.md §3.6): refuses a version, a protocol or a
 * mode that is not spoken here. Plugins of modes that the reference does not have were built by
 * asking for that mode, and need no metadata. */
int chimera_served_check_metadata(const struct chimera_manifest *manifest,
                                  struct chimera_error *err);

/* Asks the policy about its settings, on a lane. CHIMERA_EGUEST with CHIMERA_SETTINGS_REFUSED and
 * its message when it refuses them. */
#define CHIMERA_SETTINGS_REFUSED "Policy settings are invalid: "
int chimera_served_check_settings(struct chimera_policy *policy, unsigned lane,
                                  struct chimera_error *err);

#endif
