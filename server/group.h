/* group.h - a policy group: members joined by a boolean expression (policy-server.md §4.8). */
#ifndef CHIMERA_SERVER_GROUP_H
#define CHIMERA_SERVER_GROUP_H

#include "runtime/policy/policy.h"
#include "server/policies.h"

struct group;  /* opaque */
struct served; /* see policy_set.h */

/* `members` are spec->count loaded policies; their policies and texts are borrowed, the structs are
 * not. Refuses a broken expression; err->text is the answer to the group's requests then. */
int group_new(const struct group_spec *spec, const struct served *members, struct group **ret_group,
              struct chimera_error *err);
void group_free(struct group *group); /* NULL is allowed */

/* Always makes a response. `until_ms` is when the client stops waiting, 0: never. */
void group_evaluate(const struct group *group, unsigned lane, const struct chimera_request *request,
                    int64_t until_ms, struct chimera_arena *arena,
                    struct chimera_response *ret_response);

#endif
