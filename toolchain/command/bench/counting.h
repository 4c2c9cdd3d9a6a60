/* SPDX-License-Identifier: Apache-2.0 */
/* counting.h - the policy that is measured once more, from a build that counts its instructions
 * (docs/decisions/031). One thread. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_COUNTING_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_COUNTING_H

#include "toolchain/command/bench/asker.h"
#include "toolchain/command/bench/result/result.h"

struct bench_counting {
    struct runner runner;     /* owned */
    struct runnable runnable; /* the policy that is on; owned, like the next */
    struct bench_asker asker;
    char *obstacle; /* owned: why one could not be counted, the first of them; NULL: none */
    bool is_ready;
};

/* In any case the caller ends *ret_counting with bench_counting_done(). */
int bench_counting_open(const struct chimera_cli_options *options,
                        struct bench_counting *ret_counting, struct chimera_error *err);
void bench_counting_done(struct bench_counting *counting);

/* Builds it, too, where `measured` was built here. Where that cannot be, there is an obstacle and
 * the counts stay unknown. */
int bench_counting_start(struct bench_counting *counting, const struct runnable *measured,
                         enum chimera_mode asked_mode, struct chimera_error *err);
void bench_counting_end(struct bench_counting *counting);

/* The counts of that request. */
int bench_counting_take(struct bench_counting *counting, const struct request_text *text,
                        bool is_raw, struct bench_point *point, struct chimera_error *err);

#endif
