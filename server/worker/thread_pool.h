/* SPDX-License-Identifier: Apache-2.0 */
/* thread_pool.h - the threads that run the loops of a worker, and those that stand by to take one
 * over.
 *
 * Each member is a thread with a lane of its own. A member that runs a loop evaluates inline; when
 * that takes longer than two milliseconds, the hand-over thread, which a timer wakes, gives the
 * loop to a member that stands by (turn.h). The slow member posts its answer to the loop when it
 * has it, and stands by. Of a loop the pool knows its turn, and what it was given to run it.
 *
 * docs/internals/loops.md has the whole picture.
 */
#ifndef CHIMERA_SERVER_WORKER_THREAD_POOL_H
#define CHIMERA_SERVER_WORKER_THREAD_POOL_H

#include <pthread.h>
#include <semaphore.h>

#include "server/review/service.h"
#include "server/review/slow_quota.h"
#include "server/worker/turn.h"

struct member;

/* What is done with a loop. */
struct pool_work {
    /* Runs it until it has ended, or until `lane` is detached. */
    void (*run)(struct turn *turn, struct lane *lane);
    /* Requests that wait for slow evaluations to end may have their turn. Any thread. */
    void (*tell)(struct turn *turn);
};

struct pool_loop {
    struct turn *turn; /* borrowed */
    int timer_fd;      /* owned; runs out when the hand-over thread is to look at it */
    uint64_t last;     /* what that saw of it */
};

struct pool_input { /* all borrowed */
    const struct pool_work *work;
    unsigned loop_count;
    unsigned standby; /* threads besides those that the loops need */
    const struct service *service;
    struct slow_quota *slow_quota;
};

struct pool {
    struct turn_keeper keeper;
    const struct pool_work *work; /* borrowed, like the next two */
    const struct policy_set *policies;
    struct slow_quota *slow_quota;
    struct pool_loop *loops; /* owned */
    unsigned loop_count;

    struct member *members; /* owned */
    unsigned member_count;
    pthread_mutex_t lock;   /* of those below */
    struct member *standby; /* a stack: the lane that was used last is the warmest */
    unsigned standby_count;
    struct member *tired; /* need a thread, or another one, before they can stand by */
    unsigned slow_count;  /* members that evaluate without a loop */
    bool is_ending;

    pthread_t hand_over_thread;
    int timers_fd; /* owned: an epoll set of the timers, and of an eventfd that wakes the thread */
    int wake_fd;   /* owned */
};

/* On failure nothing is left. */
int pool_open(struct pool *pool, const struct pool_input *input, struct chimera_error *err);
/* One for each loop, before the start. Lane i is that of loop i at first. */
void pool_set_loop(struct pool *pool, unsigned index, struct turn *turn);
/* Makes the threads, which begin to run the loops. After a failure the process must end. */
int pool_start(struct pool *pool, struct chimera_error *err);
/* When all loops have ended. False when evaluations are still running, which cannot be stopped:
 * then nothing that they use may be freed. */
bool pool_stop(struct pool *pool);
void pool_close(struct pool *pool);

#endif
