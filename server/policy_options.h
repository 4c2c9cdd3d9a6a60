/* SPDX-License-Identifier: Apache-2.0 */
/* policy_options.h - the file of --policy-options: options of ours for single policies, apart from
 * policies.yml, which stays the reference's.
 *
 * YAML: policy ids, of members of groups "group/member", or "*" for those that have no row of their
 * own, to `memoryLimit`. It is read with policies.yml, at the start and at each reload.
 */
#ifndef CHIMERA_SERVER_POLICY_OPTIONS_H
#define CHIMERA_SERVER_POLICY_OPTIONS_H

#include "server/policies.h"

/* Sets what the file says in `policies`. The error tells all that is wrong, with file, line, id and
 * key; an id that no policy has is wrong, too. */
int policy_options_read(const char *path, struct policies *policies, struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int policy_options_parse(struct chimera_slice text, const char *path, struct policies *policies,
                         struct chimera_error *err);

#endif
