/* SPDX-License-Identifier: Apache-2.0 */
/* thread_pool.h - the threads that run the loops of a worker, and those that stand by to take one
 * over.
 *
 * Each member is a thread with a lane of its own. A member that runs a loop evaluates inline; when
 * that takes longer than two milliseconds, the minder, one more thread, gives the loop to a member
 * that stands by. One compare-and-swap on the loop's turn (loop.h) decides between the minder and
 * the evaluation's end. The slow member posts its answer to the loop when it has it, and stands by.
 *
 * docs/internals/loops.md has the whole picture.
 */
#ifndef CHIMERA_SERVER_WORKER_THREAD_POOL_H
#define CHIMERA_SERVER_WORKER_THREAD_POOL_H

#include <pthread.h>
#include <semaphore.h>

#include "server/review/service.h"
#include "server/worker/slow_quota.h"

struct loop;
struct member;

struct pool {
    struct loop *loops; /* borrowed */
    unsigned loop_count;
    const struct policy_set *policies; /* borrowed */
    struct gate *gate;                 /* borrowed */

    struct member *members; /* owned */
    unsigned member_count;
    pthread_mutex_t lock;   /* of those below, and of the minder's sleep */
    struct member *standby; /* a stack: the lane that was used last is the warmest */
    struct member *tired;   /* need another thread */
    unsigned slow_count;    /* members that evaluate without a loop */
    bool is_ending;

    pthread_t minder;
    pthread_cond_t wake;
    /* Partner: a loop sets its turn and then reads this; the minder sets this and then reads the
     * turns. So one of them sees the other. */
    atomic_bool is_minder_asleep;
    uint64_t *last_turns; /* owned; what the minder saw of each loop */
};

/* `standby` threads besides those that the loops need. Lane i is loop i's at first. On failure
 * nothing is left. */
int pool_open(struct pool *pool, struct loop *loops, unsigned loop_count, unsigned standby,
              const struct service *service, struct gate *gate, struct chimera_error *err);
/* Makes the threads, which begin to run the loops. After a failure the process must end. */
int pool_start(struct pool *pool, struct chimera_error *err);
/* When all loops have ended. False when evaluations are still running, which cannot be stopped:
 * then nothing that they use may be freed. */
bool pool_stop(struct pool *pool);
void pool_close(struct pool *pool);

void pool_wake_minder(struct pool *pool);

/* By the thread of a slow evaluation, when it is over: requests that wait may have their turn. */
void pool_slow_ends(struct pool *pool, unsigned account, bool is_audit);

/* Called by each loop as an evaluation begins. */
static inline void pool_tell_minder(struct pool *pool)
{
    if (atomic_load(&pool->is_minder_asleep))
        pool_wake_minder(pool);
}

#endif
