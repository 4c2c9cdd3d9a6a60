/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - who has a loop: the thread that evaluates in it, or another that has taken it over. */
#ifndef CHIMERA_SERVER_WORKER_TURN_H
#define CHIMERA_SERVER_WORKER_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/clock.h"

struct lane; /* see review/service.h */

/* Who hands loops over: one for all turns of a worker (thread_pool.h). */
struct turn_keeper {
    /* Partner: a loop sets its turn and then reads this; the keeper sets this and then reads the
     * turns. So one of them sees the other. */
    atomic_bool is_asleep;
    void (*wake)(struct turn_keeper *keeper);
    /* A slow evaluation is over: requests that wait for that may have their turn. Any thread. */
    void (*slow_ended)(struct turn_keeper *keeper);
};

/* The hand-over of a loop.
 *
 * 1. The thread that runs the loop is about to evaluate. It writes what will be evaluated, and when
 *    that begins, then makes the number odd, and wakes the keeper if that sleeps (turn_begin).
 * 2. When it has its answer, it makes the number even by a compare-and-swap (turn_end). Meanwhile
 *    the keeper may find the same number odd for too long, and makes it even in the same way
 *    (turn_take). Only one of them can: that one has the loop, and with it all that is the running
 *    thread's.
 * 3. The keeper reads what is evaluated, and gives the loop to a thread that stands by, which
 *    writes its lane here before it does anything else in it.
 * 4. The evaluator that finds the number changed is detached: it leaves its answer with the
 *    request, which is its own until the loop is told so by a mail, and touches nothing else of the
 *    loop. Its callers go back at once (lane->is_detached).
 *
 * A number never comes again, so that the keeper cannot take a later evaluation for the one that it
 * has looked at. */
struct turn {
    struct turn_keeper *keeper; /* borrowed */
    _Atomic uint64_t number;    /* odd while something is evaluated; by whoever has the loop */
    /* The rest is the running thread's; the keeper reads it when the number was odd. */
    _Atomic uint64_t began_ns;
    struct lane *lane; /* of the running thread; borrowed */
    unsigned account;  /* of what is evaluated: whose share it takes (review/slow_quota.h) */
    bool is_audit;
};

static inline uint64_t turn_number(const struct turn *turn)
{
    return atomic_load(&turn->number);
}

static inline bool turn_is_evaluating(uint64_t number)
{
    return number & 1;
}

/* Around an evaluation, by the thread that runs the loop. */
static inline uint64_t turn_begin(struct turn *turn, unsigned account, bool is_audit)
{
    uint64_t number = atomic_load_explicit(&turn->number, memory_order_relaxed) + 1;
    turn->account = account;
    turn->is_audit = is_audit;
    atomic_store_explicit(&turn->began_ns, chimera_clock_ns(), memory_order_relaxed);
    atomic_store(&turn->number, number);
    if (atomic_load(&turn->keeper->is_asleep))
        turn->keeper->wake(turn->keeper);
    return number;
}

/* False when the loop is another's now. */
static inline bool turn_end(struct turn *turn, uint64_t number)
{
    return atomic_compare_exchange_strong(&turn->number, &number, number + 1);
}

/* By the keeper. False when the evaluation has just ended. */
static inline bool turn_take(struct turn *turn, uint64_t number)
{
    return atomic_compare_exchange_strong(&turn->number, &number, number + 1);
}

#endif
