/* SPDX-License-Identifier: Apache-2.0 */
/* budget.h - limits of what policies may cost: the file of `chimera bench --budget`.
 *
 *   policies:
 *     "*": {hostCalls: 0}
 *     no-host-network: {wasmInstructions: 120000, memoryPeak: 16Mi, p99: 1ms}
 *
 * `*` holds for every policy; a limit that a policy has of its own takes the place of that. Keys
 * are those of metrics.h.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_BUDGET_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_BUDGET_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"
#include "toolchain/command/bench/report/metrics.h"

#define BENCH_BUDGET_MAX ((size_t)1 << 20) /* bytes of a file */
#define BENCH_BUDGET_ALL "*"

struct bench_limits {
    char *policy; /* owned */
    bool is_set[BENCH_METRICS];
    uint64_t most[BENCH_METRICS]; /* of the metric of that index */
};

struct bench_budget { /* all zero: none */
    const char *name; /* of the file; borrowed */
    char *text;       /* owned; to find lines again */
    size_t size;
    struct bench_limits *limits; /* owned */
    size_t count;
};

/* Ended by the caller; empty when it failed. err->text says where what is wrong, and how many
 * mistakes more there are. */
int bench_budget_read(struct chimera_slice text, const char *name, struct bench_budget *ret_budget,
                      struct chimera_error *err);
void bench_budget_done(struct bench_budget *budget);

/* CHIMERA_EINVAL when the budget limits a policy that is none of these, with the line and the name
 * that was meant perhaps. */
int bench_budget_check_names(const struct bench_budget *budget, const char *const *names,
                             size_t count, struct chimera_error *err);

/* What holds for a policy: its own limits, and those of `*` where it has none. `policy` is
 * borrowed.
 */
void bench_budget_of(const struct bench_budget *budget, const char *policy,
                     struct bench_limits *ret_limits);

/* "250us", "1.5 ms", "2s" as nanoseconds, rounded up; units are ns, us, µs, ms and s. */
bool bench_time_parse(const char *text, uint64_t *ret_ns);

#endif
