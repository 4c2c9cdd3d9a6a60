/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - what is measured of a point, by name: one table for the columns of `-o csv`, the keys
 * of a budget and its schema, and what is compared.
 *
 * Values are whole: times nanoseconds, rounded up. Static and immutable.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_METRICS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_METRICS_H

#include "runtime/base/buffer.h"
#include "toolchain/command/bench/result/result.h"

enum bench_unit {
    BENCH_COUNT,
    BENCH_BYTES,
    BENCH_TIME, /* ns */
    BENCH_RATE, /* in a second */
};

struct bench_metric {
    const char *key; /* in a budget, and below another name in JSON and CSV where that has one */
    const char *column;
    enum bench_unit unit;
    bool is_portable; /* the same on every machine */
    bool has_limit;   /* a key of budgets: less is better */
    /* Of the point's evaluations the worst. False when it was not measured. */
    bool (*get)(const struct bench_point *point, uint64_t *ret_value);
    const char *help; /* a sentence without its full stop */
};

/* In the order in which they are shown; the last has no key. */
extern const struct bench_metric bench_metrics[];
#define BENCH_METRICS 23

/* The first of them. */
extern const struct bench_metric *const bench_wasm_instructions;

/* NULL for another key. */
const struct bench_metric *bench_metric_find(const char *key);

/* As people read it: 1,234; 1.20 MiB; 3.10 µs; 310,000. Without UTF-8 "us". */
void bench_metric_put(enum bench_unit unit, uint64_t value, bool is_utf8,
                      struct chimera_buffer *out);

#endif
