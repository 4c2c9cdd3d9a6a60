/* SPDX-License-Identifier: Apache-2.0 */
/* evaluator.h - the worker's end of a jail: evaluating a policy that another process holds.
 *
 * Waits for the answer, as an evaluation in the worker does. Nothing that a jail does or leaves
 * undone holds a thread longer than the policy's limit and a half second, and nothing that it sends
 * is believed unchecked.
 */
#ifndef CHIMERA_SERVER_TENANT_EVALUATOR_H
#define CHIMERA_SERVER_TENANT_EVALUATOR_H

#include "runtime/review/response.h"
#include "server/tenant/message.h"
#include "server/tenant/tenant.h"

struct jail_link { /* of one jail; borrowed from the process that made it */
    int *fds;      /* one a lane of the jail */
    const jail_life *life;
    struct remote_lanes *lanes; /* made by remote_open_lanes() */
};

struct remote {             /* one policy */
    struct jail_link *link; /* borrowed */
    uint32_t policy;
    uint32_t limit_ms; /* of the policy; 0: none */
};

/* For all links of a worker, before the first use; `lanes` of each jail. They are never closed. */
int remote_open_lanes(struct jail_link *links, size_t count, unsigned lanes,
                      struct chimera_error *err);

/* Waits until the jail has loaded the policy. Its own error when it could not. */
int remote_check(const struct remote *remote, struct chimera_error *err);

/* As chimera_policy_evaluate(), on whichever lane of the jail is free; the caller sees to it that
 * one is (worker/slow_quota.h). CHIMERA_EIO when the jail is gone, CHIMERA_EDEADLINE when it does
 * not answer. The cost is as the jail tells it, and untouched when it does not. */
int remote_evaluate(const struct remote *remote, const struct chimera_request *request,
                    uint32_t limit_ms, struct chimera_arena *arena,
                    struct chimera_response *ret_response, struct wire_cost *ret_cost);

#endif
