/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - something done again and again, by some threads, and how long each time took.
 *
 * Closed: a thread begins the next when it is done with the one before. Between the two there is
 * one look at the clock, which ends the one and begins the other, so that no time is outside of
 * both.
 *
 * Open, by `rate`: each is due at a moment that was fixed before, evenly one after the other; the
 * first thread that is free takes the next, and waits for its moment. Its time counts from there:
 * what had to wait because others took long is told as long itself, as a client would find it.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_LOOP_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_LOOP_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/base/error.h"
#include "toolchain/command/bench/bench_statistics.h"
#include "toolchain/command/bench/result/histogram.h"

/* Once, by the thread that has that lane, from 0. A failure ends all. */
typedef int bench_turn(void *context, unsigned lane, struct chimera_error *err);

struct bench_loop {
    bench_turn *turn;
    void *context;
    unsigned threads; /* the caller's among them, which has lane 0 */
    double rate;      /* in a second, of all threads; 0: closed */
    uint64_t nanoseconds;
    uint64_t count; /* in their place, of all threads; 0: by the time */
    size_t samples; /* 0: none are wanted */
};

struct bench_timed {
    struct bench_histogram histogram;
    uint64_t elapsed;             /* nanoseconds, from the first's beginning to the last's end */
    struct bench_samples samples; /* owned: equal parts of the time, or of the count, in which
                                     something ended */
    uint64_t late;                /* open: so many were due before a thread was free */
    uint64_t missed;              /* open: so many were due, and not begun when the time was over */
    bool is_interrupted;          /* by bench_interrupted */
};

/* The number of the signal that came, or 0; the loops end then. */
extern volatile sig_atomic_t bench_interrupted;
/* From now on SIGINT and SIGTERM do that, and a second one ends the process. */
void bench_loop_listen(void);

/* At least once, also of no time. The caller ends *ret_timed with bench_timed_done(), which is as
 * large as a histogram, in any case. */
int bench_loop_run(const struct bench_loop *loop, struct bench_timed *ret_timed,
                   struct chimera_error *err);
void bench_timed_done(struct bench_timed *timed);

/* What the loop itself adds to each time, in nanoseconds: the median around a turn that does
 * nothing.
 */
double bench_loop_overhead(struct bench_timed *scratch);

#endif
