/* SPDX-License-Identifier: Apache-2.0 */
/* evaluator.h - the worker's end of a tenant: evaluating a policy that another process holds.
 *
 * Waits for the answer, as an evaluation in the worker does. Nothing that a tenant does or leaves
 * undone holds a thread longer than the policy's limit and a half second, and nothing that it sends
 * is believed unchecked.
 */
#ifndef CHIMERA_SERVER_TENANT_EVALUATOR_H
#define CHIMERA_SERVER_TENANT_EVALUATOR_H

#include "server/review/policy_set.h"
#include "server/tenant/message.h"
#include "server/tenant/tenant.h"

struct tenant_link { /* of one tenant; borrowed from the process that made it */
    int *fds;        /* one a lane of the tenant */
    const tenant_life *life;
    struct evaluator_lanes *lanes; /* made by tenant_evaluators_open() */
};

struct tenant_evaluator { /* one policy */
    /* Asks on whichever lane of the tenant is free; the caller sees to it that one is
     * (review/slow_quota.h). CHIMERA_EIO when the tenant is gone, CHIMERA_EDEADLINE when it does
     * not answer. The cost is as the tenant tells it. */
    struct evaluator evaluator;
    struct tenant_link *link; /* borrowed */
    uint32_t policy;
    uint32_t limit_ms; /* of the policy; 0: none */
};

struct tenant_evaluators {              /* by policy of the configuration */
    struct tenant_evaluator *evaluator; /* owned, like the next */
    struct handed_policy *handed;       /* for the worker's set of policies */
};

struct tenant_evaluators_input { /* borrowed */
    const struct config *config;
    const struct policies *policies;
    const struct tenant_plan *plan;
    struct tenant_link *links; /* one a tenant */
    unsigned lanes;            /* of each */
};

/* Once, in a worker. The lanes of its links are never closed. */
int tenant_evaluators_open(const struct tenant_evaluators_input *input,
                           struct tenant_evaluators *ret_evaluators, struct chimera_error *err);
void tenant_evaluators_close(struct tenant_evaluators *evaluators);

#endif
