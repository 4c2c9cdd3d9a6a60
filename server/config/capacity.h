/* SPDX-License-Identifier: Apache-2.0 */
/* capacity.h - what a worker with so many loops has: slow evaluations at once, threads for them.
 *
 * An evaluation is slow when its loop was taken over (worker/thread_pool.h). The worker counts them
 * by these numbers (review/slow_quota.h); who starts processes for it makes them as wide.
 */
#ifndef CHIMERA_SERVER_CONFIG_CAPACITY_H
#define CHIMERA_SERVER_CONFIG_CAPACITY_H

struct capacity {
    unsigned slow;         /* slow evaluations of all policies together */
    unsigned reserve;      /* more of them, for policies that have none */
    unsigned policy_slow;  /* of one policy, or of all of one tenant */
    unsigned audit_slow;   /* of audits */
    unsigned standby;      /* threads with which every loop can be taken over */
    unsigned tenant_lanes; /* evaluations that one tenant's process must be able to do at once */
};

struct capacity capacity_of(unsigned loops);

#endif
