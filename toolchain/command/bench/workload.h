/* SPDX-License-Identifier: Apache-2.0 */
/* workload.h - how much is measured, by how many threads, at which pace: the options for it. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_WORKLOAD_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "toolchain/command/commands.h"

#define BENCH_SECOND 1e9 /* in nanoseconds */

struct bench_workload {
    double warm_up, measurement; /* nanoseconds */
    /* So many evaluations in their place; 0: none are given. */
    size_t warm_up_count, count;
    size_t threads;
    double rate;      /* evaluations in a second, of all threads; 0: closed loop */
    size_t samples;   /* parts of the time that have a mean each */
    size_t resamples; /* how often the bootstrap draws them anew */
    bool is_kept;     /* --dump-results-to-disk */
};

/* Called kwctl the defaults are kwctl's. */
int bench_workload_read(const struct chimera_cli_options *options,
                        struct bench_workload *ret_workload, struct chimera_error *err);

/* --dump-results-to-disk */
bool bench_workload_is_kept(const struct chimera_cli_options *options);

/* Rows of a table. */
#define OPTIONS_BENCH_WORKLOAD                                                                    \
    {.name = "warm-up-time",                                                                      \
     .section = SECTION_MEASUREMENT,                                                              \
     .kind = CHIMERA_CLI_VALUE,                                                                   \
     .value = "SECONDS",                                                                          \
     .help = "How long each policy runs on each request before anything is measured; 1 without "  \
             "this option, 0.5 is a number, too"},                                                \
        {.name = "measurement-time",                                                              \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "SECONDS",                                                                      \
         .help = "How long each policy is measured on each request; 3 without this option. Its "  \
                 "settings are checked for a tenth of that"},                                     \
        {.name = "warm-up-iterations",                                                            \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "NUMBER",                                                                       \
         .excludes = "warm-up-time",                                                              \
         .help = "So many evaluations in place of --warm-up-time"},                               \
        {.name = "iterations",                                                                    \
         .section = SECTION_MEASUREMENT,                                                          \
         .letter = 'n',                                                                           \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "NUMBER",                                                                       \
         .excludes = "measurement-time",                                                          \
         .help = "So many evaluations in place of --measurement-time"},                           \
        {.name = "threads",                                                                       \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "N",                                                                            \
         .help = "Threads that evaluate at once, each with an instance of its own; 1 without "    \
                 "this option"},                                                                  \
        {.name = "rate",                                                                          \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "PER_SECOND",                                                                   \
         .help = "Begin so many evaluations in a second, of all threads together, whether those " \
                 "before are done or not; a time counts from when the evaluation was due. "       \
                 "Without this option the next begins when the one before ends"},                 \
        {.name = "num-samples",                                                                   \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "NUMBER",                                                                       \
         .help = "Into how many equal parts the measurement is cut, each of which gives a mean; " \
                 "100 without this option"},                                                      \
        {.name = "num-resamples",                                                                 \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "NUMBER",                                                                       \
         .help = "How often those means are drawn anew, which tells between what the mean of "    \
                 "all lies; 10000 without this option"},                                          \
        {.name = "dump-results-to-disk",                                                          \
         .section = SECTION_MEASUREMENT,                                                          \
         .kind = CHIMERA_CLI_SWITCH,                                                              \
         .help = "Keep the result in `target/tiny-bench/bench.json`, if there is a folder "       \
                 "`target`, and compare with the one that is there: --save and --compare in one"}

#endif
