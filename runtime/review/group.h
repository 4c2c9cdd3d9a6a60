/* SPDX-License-Identifier: Apache-2.0 */
/* group.h - a policy group: members joined by a boolean expression (policy-server.md §4.8).
 *
 * A member that failed has said nothing, and what nobody has said allows nothing: where the verdict
 * would depend on it, the group rejects (docs/decisions/008). Immutable once made; each evaluation
 * lives in the arena of its request. Who holds the members' code asks them.
 */
#ifndef CHIMERA_REVIEW_GROUP_H
#define CHIMERA_REVIEW_GROUP_H

#include "runtime/base/arena.h"
#include "runtime/base/error.h"
#include "runtime/review/response.h"

struct chimera_group; /* opaque */

struct chimera_group_spec { /* borrowed, for as long as the group */
    const char *name, *expression, *message;
    const char *const *members; /* their names */
    size_t count;
};

/* A group with a broken expression is one, too: it has a failure. */
int chimera_group_new(const struct chimera_group_spec *spec, struct chimera_group **ret_group,
                      struct chimera_error *err);
void chimera_group_free(struct chimera_group *group); /* NULL is allowed */

/* What is wrong with its expression, which is what each request is answered, and begins so; NULL:
 * nothing. */
#define CHIMERA_GROUP_FAILURE "error evaluating policy group expression: "
const char *chimera_group_failure(const struct chimera_group *group);

/* Has the member of that index answer. A negative code with the reason in *ret_why when there is
 * nobody who could; that ends the evaluation. */
typedef int chimera_group_asker(void *context, size_t member, struct chimera_response *ret_response,
                                const char **ret_why);

struct chimera_group_input { /* borrowed */
    const struct chimera_request *request;
    struct chimera_arena *arena;
    chimera_group_asker *ask;
    void *context; /* of `ask` */
};

/* Always makes a response. */
void chimera_group_evaluate(const struct chimera_group *group,
                            const struct chimera_group_input *input,
                            struct chimera_response *ret_response);

#endif
