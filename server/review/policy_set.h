/* SPDX-License-Identifier: Apache-2.0 */
/* policy_set.h - the policies of one worker, loaded, checked and ready to be asked.
 *
 * Those that another process holds are handed to it as evaluators; the others it loads itself. Made
 * once when the worker starts; immutable then, but for what an evaluation does on the lane of each
 * thread.
 */
#ifndef CHIMERA_SERVER_REVIEW_POLICY_SET_H
#define CHIMERA_SERVER_REVIEW_POLICY_SET_H

#include "runtime/source/policies.h"
#include "server/config/config.h"
#include "server/config/plugins.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"
#include "server/review/evaluator.h"
#include "server/review/policy_loader.h"

struct group; /* see group.h */

struct target { /* what one id stands for: a policy, or a group */
    struct chimera_slice id;
    struct asked_policy asked;     /* its evaluator: NULL where there is a group or a failure */
    struct local_evaluator *local; /* owned; NULL: the evaluator was handed over */
    struct group *group;           /* owned; NULL for a policy */
    char *failure;                 /* owned; NULL while all is well */
    uint32_t number;               /* on the scoreboard */
    unsigned account;              /* whose share its slow evaluations take (review/slow_quota.h) */
    struct chimera_handling handling; /* borrows from the configuration */
};

struct policy_set {
    struct target *target; /* owned; sorted by id */
    size_t count, account_count;
    struct reused_policy *reused; /* owned; one a policy, in their order in the configuration */
    struct policy_loader loader;
    struct chimera_slots *slots; /* the loader's, for whoever has pages given back */
    bool is_limited;
};

/* A policy that another process holds, for a set that does not load it itself. */
struct handed_policy {
    const struct evaluator *evaluator; /* borrowed; NULL: none, the set loads it */
    /* Waits until it can be asked. Its own error when it never can. */
    int (*await)(const struct evaluator *evaluator, struct chimera_error *err);
    size_t process; /* those of one process have one account */
};

struct policy_set_input { /* borrowed; the texts for as long as the set */
    const struct config *config;
    const struct policies *policies;
    const struct built_plugin *plugins; /* one a policy, from the builder */
    const struct handed_policy *handed; /* one a policy, too */
    size_t process_count;               /* that hold handed ones */
    unsigned lanes;                     /* one for each thread that may evaluate */
    unsigned warm_lanes;                /* of them, those that have instances from the start */
    const struct scoreboard *scoreboard;
    struct counters *counters;
    struct worker_score *score;               /* NULL: nobody looks */
    struct chimera_capability_source *source; /* of answers to host calls; NULL: there is none */
    struct reuse *reuse;                      /* of verdicts; NULL: there is none */
    _Atomic uint32_t *step;                   /* raised before each policy; see process_page.h */
};

/* Tries all policies. Fails if one does, with the names of those that did and the reasons
 * (runtime/text/problems.h), unless the configuration says to go on: then a failure is kept as the
 * answer to that policy's requests. */
int policy_set_load(const struct policy_set_input *input, struct policy_set *ret_set,
                    struct chimera_error *err);
void policy_set_done(struct policy_set *set);

/* NULL when there is none. */
const struct target *policy_set_find(const struct policy_set *set, struct chimera_slice id);

#endif
