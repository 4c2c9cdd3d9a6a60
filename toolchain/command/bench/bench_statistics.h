/* SPDX-License-Identifier: Apache-2.0 */
/* bench_statistics.h - what measured times say (cli-and-distribution.md §1.9): the plan of a
 * measurement, its figures, a comparison with an earlier one, and how they are written.
 *
 * Times are in nanoseconds. The random numbers begin from the same seed each time, so that the same
 * samples give the same figures.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_STATISTICS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/buffer.h"

struct bench_samples { /* sample i: so many iterations, and how long all of them took */
    size_t count;
    uint64_t *iterations, *nanoseconds; /* owned; lists of `count` */
};

/* CHIMERA_ENOMEM leaves an empty one. Ended by bench_samples_free(), which takes an empty one, too.
 */
int bench_samples_new(size_t count, struct bench_samples *ret_samples);
void bench_samples_free(struct bench_samples *samples);

/* Sample i gets i times as many iterations as the first: those, so that all of them take about
 * `target`, when one iteration takes `mean`; at least one. */
uint64_t bench_plan(double mean, size_t samples, double target);
/* How long they take then. */
double bench_plan_time(double mean, size_t samples, uint64_t step);

struct bench_figures { /* of the samples' means */
    double elapsed;    /* all samples */
    double min, mean, max, median, variance, deviation;
    double slope;     /* time per iteration: the line through zero nearest to the samples */
    double low, high; /* between them lies the mean, says the bootstrap, in 95 of 100 cases */
};
/* `resamples` times the samples are drawn anew. */
int bench_figure(const struct bench_samples *samples, size_t resamples,
                 struct bench_figures *ret_figures);

/* Such an interval of the mean of all iterations, where samples have about the same time each, and
 * so many iterations as came to an end in it. */
int bench_interval(const struct bench_samples *samples, size_t resamples, double *ret_low,
                   double *ret_high);

struct bench_change { /* in percent */
    double min, mean, max;
    double p; /* how likely such a difference is, or a greater one, where there is none */
};
int bench_compare(const struct bench_samples *now, const struct bench_samples *before,
                  size_t resamples, struct bench_change *ret_change);

/* "12.34µs"; with `power` 2 of a square, "0.01µs²". */
void bench_put_time(double nanoseconds, unsigned power, struct chimera_buffer *out);
/* "5.1 thousand" */
void bench_put_number(double number, struct chimera_buffer *out);

#endif
