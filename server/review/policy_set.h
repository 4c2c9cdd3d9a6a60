/* SPDX-License-Identifier: Apache-2.0 */
/* policy_set.h - the policies of one worker, loaded, checked and ready to be asked.
 *
 * Made once when the worker starts; immutable then, but for what chimera_policy_evaluate() does on
 * the lane of each thread.
 */
#ifndef CHIMERA_SERVER_REVIEW_POLICY_SET_H
#define CHIMERA_SERVER_REVIEW_POLICY_SET_H

#include "runtime/policy/policy.h"
#include "runtime/source/policies.h"
#include "server/config/config.h"
#include "server/config/plugins.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"
#include "server/tenant/evaluator.h"

struct group; /* see group.h */

struct served { /* what one id stands for: a policy, or a group */
    struct chimera_slice id;
    struct chimera_policy *policy;   /* owned; NULL where there is a group, a remote, a failure */
    struct remote *remote;           /* owned; of a policy that a jail holds */
    struct group *group;             /* owned; NULL for a policy */
    char *failure;                   /* owned; NULL while all is well */
    uint32_t number;                 /* on the board */
    struct counters_policy *counted; /* borrowed; NULL: nothing is counted */
    unsigned account; /* whose share its slow evaluations take (worker/slow_quota.h) */
    struct chimera_handling handling; /* borrows from the configuration */
};

struct policy_set {
    struct served *served; /* owned; sorted by id */
    size_t count, account_count;
    struct chimera_loaded **loaded; /* a list that is never freed, as there is no unload */
    size_t loaded_count;
    struct chimera_slots *slots; /* owned; of all policies' instances */
    struct seat *seat;           /* borrowed; NULL: nobody looks */
    bool is_limited;
    bool is_warm; /* instances are made at the start, not at their first request */
};

struct policy_set_wish { /* borrowed; the texts for as long as the set */
    const struct config *config;
    const struct policies *policies;
    const struct built_plugin *plugins; /* one a policy, from builder_run() */
    unsigned lanes;                     /* one for each thread that may evaluate */
    unsigned warm_lanes;                /* of them, those that have instances from the start */
    const struct isolation *isolation;
    struct jail_link *links; /* one a jail */
    const struct board *board;
    struct counters *counters;
    struct seat *seat;      /* NULL: nobody looks */
    _Atomic uint32_t *step; /* raised before each policy; see process_page.h */
};

/* Tries all policies. Fails if one does, with the names of those that did and the reasons
 * (runtime/text/problems.h), unless the configuration says to go on: then a failure is kept as the
 * answer to that policy's requests. */
int policy_set_load(const struct policy_set_wish *wish, struct policy_set *ret_set,
                    struct chimera_error *err);
void policy_set_done(struct policy_set *set);

/* The parts of it that a jail uses: an empty set for up to `count` plugins, and one policy of it,
 * loaded, its settings checked, its first lanes warm. */
int policy_set_init(struct policy_set *set, const struct config *config, size_t count,
                    unsigned lanes, struct chimera_error *err);
int policy_set_open(struct policy_set *set, const struct config *config,
                    const struct policy_spec *spec, const struct built_plugin *plugin,
                    unsigned lanes, unsigned warm_lanes, uint32_t number,
                    struct chimera_policy **ret_policy, struct chimera_error *err);

/* As chimera_policy_evaluate(), wherever the policy is, and counted. One of both is NULL. */
int policy_set_evaluate(struct chimera_policy *policy, const struct remote *remote,
                        struct counters_policy *counted, unsigned lane,
                        const struct chimera_request *request, uint32_t limit_ms,
                        struct chimera_arena *arena, struct chimera_response *ret_response);

/* NULL when there is none. */
const struct served *policy_set_find(const struct policy_set *set, struct chimera_slice id);

#endif
