/* SPDX-License-Identifier: Apache-2.0 */
/* evaluator.h - whoever judges requests for one policy: its code in this process
 * (policy_loader.h), or another process that holds it (tenant/evaluator.h).
 */
#ifndef CHIMERA_SERVER_REVIEW_EVALUATOR_H
#define CHIMERA_SERVER_REVIEW_EVALUATOR_H

#include "runtime/policy/policy.h"
#include "server/counters/counters.h"
#include "server/review/reuse.h"

struct evaluator_input { /* all borrowed */
    unsigned lane;       /* of the thread that asks */
    const struct chimera_request *request;
    uint32_t limit_ms;                       /* 0: the policy's own; else the smaller of both */
    const struct chimera_question *question; /* NULL: verdicts are neither kept nor given again */
    struct chimera_arena *arena;
};

/* What an evaluator is made of begins with it. */
struct evaluator {
    /* Always makes a response (failures of the policy are rejections with code 500), unless there
     * is nobody to ask: then a negative code, and the caller answers 500. The cost is untouched
     * where nobody can tell it. */
    int (*evaluate)(const struct evaluator *evaluator, const struct evaluator_input *input,
                    struct chimera_response *ret_response, struct chimera_run_report *ret_cost);
};

struct asked_policy {                  /* one policy, as it is asked; borrowed */
    const struct evaluator *evaluator; /* NULL: there is none, as it failed to start */
    struct counters_policy *counted;   /* NULL: nothing is counted */
    bool omits_managed_fields;         /* it does not see them (review/request.h) */
    struct reused_policy *reused;      /* NULL: its verdicts are not given again */
};

/* Asks it and counts what that came to, unless a verdict can be given again. As evaluate(). */
int evaluator_ask(const struct asked_policy *asked, const struct evaluator_input *input,
                  struct chimera_response *ret_response);

#endif
