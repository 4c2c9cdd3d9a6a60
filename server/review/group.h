/* SPDX-License-Identifier: Apache-2.0 */
/* group.h - a policy group (runtime/review/group.h) whose members are evaluators of this server:
 * each is counted, has a span, and what is left of the client's patience.
 */
#ifndef CHIMERA_SERVER_REVIEW_GROUP_H
#define CHIMERA_SERVER_REVIEW_GROUP_H

#include "runtime/source/policies.h"
#include "server/review/evaluator.h"

struct group; /* opaque */

struct group_member { /* borrowed */
    const char *name;
    struct asked_policy asked;
    const char *failure; /* why it failed to start; only without an evaluator */
};

/* Takes over the list of spec->count members, in any case. A group with a broken expression is one,
 * too: it has a failure. */
int group_new(const struct group_spec *spec, struct group_member *members, struct group **ret_group,
              struct chimera_error *err);
/* Does nothing when there is none. */
void group_free(struct group *group);

/* What is wrong with its expression, which is what each request is answered; NULL: nothing. */
const char *group_failure(const struct group *group);

/* Always makes a response. `until_ms` is when the client stops waiting, 0: never; the input's limit
 * is made of it anew for each member that is asked. */
void group_evaluate(const struct group *group, const struct evaluator_input *input,
                    int64_t until_ms, struct chimera_response *ret_response);

#endif
