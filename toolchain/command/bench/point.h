/* SPDX-License-Identifier: Apache-2.0 */
/* point.h - one policy on one request: all that is measured of the two. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_POINT_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_POINT_H

#include "runtime/text/progress.h"
#include "toolchain/command/bench/asker.h"
#include "toolchain/command/bench/loop.h"
#include "toolchain/command/bench/result/result.h"
#include "toolchain/command/bench/workload.h"

struct bench_measuring {
    const struct bench_workload *workload;
    int native;                /* counter (native.h); -1: none */
    struct bench_timed *timed; /* room for it */
    struct chimera_progress *progress;
};

/* How long its settings take; once they were found good. */
int bench_point_settings(struct bench_measuring *measuring, struct bench_asker *asker,
                         struct bench_times *ret_times, struct chimera_error *err);

/* All else but what a counting build says. The asker has the request; the point has its names. */
int bench_point_measure(struct bench_measuring *measuring, struct bench_asker *asker,
                        struct bench_point *point, struct chimera_error *err);

#endif
