/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h - what a benchmark is held against: a budget, and an earlier benchmark with a threshold.
 *
 * A limit on something that was not measured is none that holds: that is found, too.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_JUDGE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_JUDGE_H

#include "toolchain/command/bench/report/budget.h"
#include "toolchain/command/bench/report/compare.h"

struct bench_finding {
    char *text;     /* owned; one line, fit to be shown */
    bool is_breach; /* else something could not be judged */
};

struct bench_findings {         /* all zero: none */
    struct bench_finding *list; /* owned */
    size_t count, breaches;
    int failed; /* CHIMERA_ENOMEM sticks */
};

struct bench_threshold {
    double percent;
    /* Times are judged as well: one that grew by more than the percentage and by more than so
     * many nanoseconds is a breach. */
    bool has_times;
    uint64_t least_ns;
};

void bench_judge_budget(const struct bench_run *run, const struct bench_budget *budget,
                        struct bench_findings *findings);
void bench_judge_change(const struct bench_comparison *comparison,
                        const struct bench_threshold *threshold, struct bench_findings *findings);
void bench_findings_done(struct bench_findings *findings);

#endif
