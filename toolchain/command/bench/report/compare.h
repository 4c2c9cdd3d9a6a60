/* SPDX-License-Identifier: Apache-2.0 */
/* compare.h - two benchmarks side by side: which point of one is which of the other, and what
 * changed. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_COMPARE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_COMPARE_H

#include "runtime/base/buffer.h"
#include "toolchain/command/bench/report/metrics.h"
#include "toolchain/command/bench/report/table.h"

struct bench_pair { /* of the same policy and request; one may be NULL: it is in the other only */
    const struct bench_point *now, *before;
};

struct bench_comparison {
    const char *name; /* of the earlier run's file; borrowed, as are both runs */
    const struct bench_run *now, *before;
    struct bench_pair *pair; /* owned; in the order of `now`, then what is gone */
    size_t count, both;
};

/* Of several points with the same names the first goes with the first, and so on. Ended by
 * bench_comparison_done(); CHIMERA_ENOMEM leaves an empty one. */
int bench_comparison_make(const struct bench_run *now, const struct bench_run *before,
                          const char *name, struct bench_comparison *ret_comparison);
void bench_comparison_done(struct bench_comparison *comparison);

/* The values of a metric in both, and their difference in percent of the earlier one: infinite
 * where that was 0. False where one of them is not known. */
bool bench_pair_change(const struct bench_pair *pair, const struct bench_metric *metric,
                       uint64_t *ret_before, uint64_t *ret_now, double *ret_percent);

/* "+8.3 %", "same", "from 0" */
void bench_put_percent(double percent, struct chimera_buffer *out);

/* For a person: what is different between the runs themselves, and a row of each pair. */
void bench_comparison_write(const struct bench_comparison *comparison,
                            const struct bench_screen *screen, struct chimera_buffer *out);

#endif
