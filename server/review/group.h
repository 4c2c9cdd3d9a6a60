/* SPDX-License-Identifier: Apache-2.0 */
/* group.h - a policy group: members joined by a boolean expression (policy-server.md §4.8).
 *
 * A member that failed has said nothing, and what nobody has said allows nothing: where the verdict
 * would depend on it, the group rejects (docs/decisions/008).
 */
#ifndef CHIMERA_SERVER_REVIEW_GROUP_H
#define CHIMERA_SERVER_REVIEW_GROUP_H

#include "runtime/policy/policy.h"
#include "runtime/source/policies.h"

struct group;  /* opaque */
struct served; /* see policy_set.h */

/* `members` are spec->count loaded policies; their policies and texts are borrowed, the structs are
 * not. A group with a broken expression is one, too: it has a failure. */
int group_new(const struct group_spec *spec, const struct served *members, struct group **ret_group,
              struct chimera_error *err);
void group_free(struct group *group); /* does nothing when there is none */

/* What is wrong with its expression, which is what each request is answered; NULL: nothing. */
const char *group_failure(const struct group *group);

/* Always makes a response. `until_ms` is when the client stops waiting, 0: never. */
void group_evaluate(const struct group *group, unsigned lane, const struct chimera_request *request,
                    int64_t until_ms, struct chimera_arena *arena,
                    struct chimera_response *ret_response);

#endif
