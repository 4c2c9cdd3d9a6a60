/* SPDX-License-Identifier: Apache-2.0 */
/* data.h - data that a Rego policy brings along, from the OPA bundle that it came in.
 *
 * They travel as a custom section of the module, and from there in the plugin's manifest. What the
 * operator has set wins where both have a member of the same name at the top.
 */
#ifndef CHIMERA_POLICY_DATA_H
#define CHIMERA_POLICY_DATA_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_DATA_SECTION "chimera.data"
#define CHIMERA_POLICY_DATA_MAX ((size_t)4 << 20)

/* Whether they are a JSON object, and not too large. */
int chimera_policy_data_check(struct chimera_slice data, struct chimera_error *err);

/* Appends the document of both, which are JSON objects: the members of `settings`, and those of
 * `data` whose names are not among them. */
int chimera_policy_data_join(struct chimera_slice data, struct chimera_slice settings,
                             struct chimera_buffer *out, struct chimera_error *err);

#endif
