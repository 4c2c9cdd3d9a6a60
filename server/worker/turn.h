/* SPDX-License-Identifier: Apache-2.0 */
/* turn.h - who has a loop: the thread that evaluates in it, or another that has taken it over. */
#ifndef CHIMERA_SERVER_WORKER_TURN_H
#define CHIMERA_SERVER_WORKER_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/clock.h"

struct lane; /* see review/service.h */

struct turn;

#define TURN_SLOW_NS 2000000 /* an evaluation is slow from here on */
/* Evaluations that begin so long after each other are rare: each sets and stops its timer, which
 * is cheaper then than a keeper that wakes for them. */
#define TURN_RARE_NS 500000

/* Who hands loops over: one for all turns of a worker (thread_pool.h). */
struct turn_keeper {
    /* The keeper looks at the turn when so much time has passed; 0: it need not. Any thread. */
    void (*look_in)(struct turn *turn, uint64_t ns);
    /* A slow evaluation is over: requests that wait for that may have their turn. Any thread. */
    void (*slow_ended)(struct turn_keeper *keeper);
};

/* The hand-over of a loop.
 *
 * 1. The thread that runs the loop is about to evaluate. It writes what will be evaluated, and when
 *    that begins, then makes the number odd, and sets the turn's timer if the keeper does not watch
 *    it (turn_begin).
 * 2. When it has its answer, it makes the number even by a compare-and-swap, and stops the timer if
 *    evaluations are rare (turn_end). If they are not, the timer wakes the keeper, which sets it
 *    anew for as long as there are any: they need not. Meanwhile, if an evaluation takes long,
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
    int timer_fd;               /* the keeper's */
    _Atomic uint64_t number;    /* odd while something is evaluated; by whoever has the loop */
    /* Then the timer runs, or the keeper is about to look: it is set before the timer, and cleared
     * behind its stop. Partner of the number: a loop makes that odd and then reads this; a keeper
     * that gives up watching clears this and then reads the number. So one of them sees the other,
     * and a timer that both have set does no harm. */
    atomic_bool is_watched;
    /* The rest is the running thread's; the keeper reads it when the number was odd. */
    _Atomic uint64_t began_ns;
    bool is_rare;      /* this evaluation began long after the one before */
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

/* The keeper looks at the turn from now on. By who has the loop, or the keeper. */
static inline void turn_watch(struct turn *turn, uint64_t ns)
{
    atomic_store(&turn->is_watched, true);
    turn->keeper->look_in(turn, ns);
}

/* Around an evaluation, by the thread that runs the loop. */
static inline uint64_t turn_begin(struct turn *turn, unsigned account, bool is_audit)
{
    uint64_t number = atomic_load_explicit(&turn->number, memory_order_relaxed) + 1;
    uint64_t now_ns = chimera_clock_ns();
    turn->account = account;
    turn->is_audit = is_audit;
    turn->is_rare =
        now_ns >= atomic_load_explicit(&turn->began_ns, memory_order_relaxed) + TURN_RARE_NS;
    atomic_store_explicit(&turn->began_ns, now_ns, memory_order_relaxed);
    atomic_store(&turn->number, number);
    if (!atomic_load(&turn->is_watched))
        turn_watch(turn, TURN_SLOW_NS);
    return number;
}

/* False when the loop is another's now. */
static inline bool turn_end(struct turn *turn, uint64_t number)
{
    if (!atomic_compare_exchange_strong(&turn->number, &number, number + 1))
        return false;
    if (turn->is_rare) {
        turn->keeper->look_in(turn, 0);
        atomic_store(&turn->is_watched, false);
    }
    return true;
}

/* By the keeper. False when the evaluation has just ended. */
static inline bool turn_take(struct turn *turn, uint64_t number)
{
    return atomic_compare_exchange_strong(&turn->number, &number, number + 1);
}

#endif
