/* SPDX-License-Identifier: Apache-2.0 */
/* result.h - what a benchmark found: between those who measure, and those who tell, keep, compare
 * and judge it.
 *
 * Times are nanoseconds, sizes bytes, counts those of one evaluation. Texts may be hostile: ids,
 * paths and messages are other people's. Everything is the run's, and one thread's.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_RESULT_RESULT_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_RESULT_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "toolchain/command/bench/result/histogram.h"

struct bench_times {
    uint64_t count; /* 0: not measured, and all others are 0 */
    double min, mean, p50, p90, p99, p999, max;
};

struct bench_range { /* a count of one evaluation; in most cases always the same */
    bool is_known;
    uint64_t min, max; /* they differ where a policy asks for time or chance */
};

enum bench_verdict {
    BENCH_ACCEPTED,
    BENCH_REJECTED,
    BENCH_FAILED /* the policy trapped, or was stopped: it could be measured */
};

struct bench_point {
    char *policy;         /* its id, or the name that it was given by */
    char *module;         /* the reference of the module; of a group all, joined by ", " */
    char wasm_digest[65]; /* hexadecimal sha256 of it; of a group "" */
    const char *mode; /* execution mode, and tier of the plugin; static. Of a group the first's */
    const char *tier;
    char *request; /* the file, and where it is in it */

    /* What could not be measured at all: this pair has a reason, and nothing below. NULL: none. */
    char *failure;

    enum bench_verdict verdict;
    char *message; /* of a rejection or failure; NULL: none */

    /* The same on every machine. */
    struct bench_range wasm_instructions;       /* behind the snapshot: of each evaluation */
    struct bench_range start_wasm_instructions; /* before it: once an instance */
    struct bench_range host_calls;
    /* Of this machine. */
    struct bench_range native_instructions;
    struct bench_range dirty_pages; /* of 4096 bytes; of memory, that the reset brings back */
    uint64_t memory_peak;           /* of linear memory. 0: not known */

    struct bench_times evaluation;     /* all that the server does for one, from parsed request to
                                          response, with the reset; by `rate` from when it was due */
    struct bench_histogram *histogram; /* of those */
    double *samples;                   /* `sample_count` means, of equal parts of the time */
    size_t sample_count;
    double mean_low, mean_high; /* between them the mean of all lies in 95 of 100 cases: bootstrap
                                   of those parts, each as heavy as it has evaluations */
    double throughput;          /* evaluations in a second, of all threads */
    uint64_t missed;            /* with a rate: due in the time, but not begun in it */
    uint64_t late;              /* with a rate: of `evaluation.count`, when their time came all
                                   threads were still at earlier ones */

    /* Means of the parts of an evaluation, measured in a pass of their own, of its quicker half;
     * they make its whole. */
    bool has_phases;
    double copy_in; /* the request is written, and brought into the guest's memory */
    double guest;   /* the guest's own code */
    double host;    /* what it calls: host calls, log lines, builtins */
    double answer;  /* its answer is read */
    double reset;   /* its memory is brought back */

    struct bench_times settings; /* validate_settings; the same for all requests of a policy */

    /* Cold: nothing of it is in this process, but its file is in the page cache. */
    double cold_load;  /* dlopen, and the audit before it */
    double cold_start; /* from a loaded plugin to the snapshot: the instance's making and start */
    double cold_first; /* the first evaluation behind that */
};

struct bench_run {   /* all zero: empty */
    char *version;   /* of the program */
    char *toolchain; /* identity of the compilers */
    char *machine;   /* the processor's name, how many cores, the kernel */
    char *time;      /* when it began, "2026-11-30T08:00:00Z" */
    unsigned threads;
    double rate;                 /* evaluations in a second that were asked for; 0: closed loop */
    double warm_up, measurement; /* seconds of each point */
    double overhead; /* ns that measuring adds to an evaluation: the same loop around nothing */
    char *native_obstacle;     /* why there are no native instructions; NULL: there are */
    char *count_obstacle;      /* why there are no wasm instructions; NULL: there are */
    bool is_interrupted;       /* the points that there are, are all that was measured */
    struct bench_point *point; /* policy by policy, each with its requests in order */
    size_t count;
};

/* One more value. */
void bench_range_add(struct bench_range *range, uint64_t value);

void bench_times_of(const struct bench_histogram *histogram, struct bench_times *ret_times);

void bench_point_done(struct bench_point *point);
/* Also of one that was read from a file. Empty again behind it. */
void bench_run_done(struct bench_run *run);

#endif
