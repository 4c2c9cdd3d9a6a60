/* policy_set.h - the policies of one worker, loaded, checked and ready to be asked.
 *
 * Made once when the worker starts; immutable then, but for what chimera_policy_evaluate() does on
 * the lane of each loop.
 */
#ifndef CHIMERA_SERVER_POLICY_SET_H
#define CHIMERA_SERVER_POLICY_SET_H

#include "runtime/policy/policy.h"
#include "server/builder.h"
#include "server/config.h"
#include "server/policies.h"

struct group; /* see group.h */

struct served { /* what one id stands for: a policy, or a group */
    struct chimera_slice id;
    struct chimera_policy *policy;    /* owned; NULL for a group and for a policy that failed */
    struct group *group;              /* owned; NULL for a policy and for a group that failed */
    char *failure;                    /* owned; NULL while all is well */
    struct chimera_handling handling; /* borrows from the configuration */
};

struct policy_set {
    struct served *served; /* owned; sorted by id */
    size_t count;
    struct chimera_loaded **loaded; /* a list that is never freed, as there is no unload */
    size_t loaded_count;
    struct chimera_slots *slots; /* owned; of all policies' instances */
    bool is_limited;
    bool is_warm; /* instances are made at the start, not at their first request */
};

/* `plugins` has one element a policy, from builder_run(). Fails at the first policy that does, with
 * the reference's text, unless the configuration says to go on: then the failure is kept as the
 * answer to that policy's requests. `lanes` is the number of loops. */
int policy_set_load(const struct config *config, const struct policies *policies,
                    const struct built_plugin *plugins, unsigned lanes, struct policy_set *ret_set,
                    struct chimera_error *err);
void policy_set_done(struct policy_set *set);

/* NULL when there is none. */
const struct served *policy_set_find(const struct policy_set *set, struct chimera_slice id);

#endif
