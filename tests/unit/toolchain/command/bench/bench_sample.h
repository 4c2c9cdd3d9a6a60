/* SPDX-License-Identifier: Apache-2.0 */
/* bench_sample.h - benchmarks that were never measured, for tests of what is told about them. */
#ifndef CHIMERA_TESTS_BENCH_SAMPLE_H
#define CHIMERA_TESTS_BENCH_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolchain/command/bench/result/result.h"

/* 1000 evaluations: `typical` ns, from 10 % below to 10 % above, and one of 8 times that. */
static inline void sample_times(struct bench_point *point, uint64_t typical)
{
    point->histogram = calloc(1, sizeof(*point->histogram));
    for (uint64_t i = 0; i < 999; i++) {
        uint64_t spread = i % 27 * (i % 37) * 100 / (26 * 36); /* 0 to 100, small ones more often */
        bench_histogram_add(point->histogram, typical * (90 + spread / 5) / 100);
    }
    bench_histogram_add(point->histogram, typical * 8);
    bench_times_of(point->histogram, &point->evaluation);
    point->throughput = 1e9 / point->evaluation.mean;
    point->mean_low = point->evaluation.mean * 0.99;
    point->mean_high = point->evaluation.mean * 1.01;
}

static inline void sample_point(struct bench_point *point, const char *policy, const char *request,
                                uint64_t instructions)
{
    *point = (struct bench_point){
        .policy = strdup(policy),
        .module = strdup("registry://registry.example/policies/sample:v1"),
        .mode = "kubewarden-wapc",
        .tier = "full",
        .request = strdup(request),
        .wasm_instructions = {true, instructions, instructions},
        .start_wasm_instructions = {true, 4321, 4321},
        .host_calls = {true, 0, 0},
        .native_instructions = {true, instructions * 2, instructions * 2 + 7},
        .dirty_pages = {true, 9, 9},
        .memory_peak = 1179648,
        .has_phases = true,
        .copy_in = 310,
        .guest = (double)instructions / 3,
        .host = 0,
        .answer = 120,
        .reset = 900,
        .settings = {10, 900, 950, 940, 990, 1000, 1000, 1000},
        .cold_load = 210000,
        .cold_start = 95000,
        .cold_first = 21000,
    };
    memset(point->wasm_digest, 'a', 64);
    sample_times(point, instructions / 2);
}

/* `count` policies, policy-000 and so on, on one request each. */
static inline struct bench_run sample_run(size_t count)
{
    struct bench_run run = {
        .version = strdup("1.2.3"),
        .toolchain = strdup("clang 19.1.7, lld 19.1.7"),
        .machine = strdup("A processor, 4 cores, Linux 6.1"),
        .time = strdup("2026-11-30T08:00:00Z"),
        .threads = 1,
        .warm_up = 3,
        .measurement = 5,
        .overhead = 41,
    };
    run.point = calloc(count + 1, sizeof(*run.point));
    for (run.count = 0; run.count < count; run.count++) {
        char name[32];
        snprintf(name, sizeof(name), "policy-%03zu", run.count);
        sample_point(&run.point[run.count], name, "pod-plain.json",
                     20000 + 7919 * (uint64_t)(run.count % 97) * (run.count % 13 + 1));
    }
    return run;
}

#endif
