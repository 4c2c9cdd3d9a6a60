/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/result/result.h"

#include <stdlib.h>

void bench_range_add(struct bench_range *range, uint64_t value)
{
    if (!range->is_known || value < range->min)
        range->min = value;
    if (!range->is_known || value > range->max)
        range->max = value;
    range->is_known = true;
}

void bench_times_of(const struct bench_histogram *histogram, struct bench_times *ret_times)
{
    *ret_times = (struct bench_times){
        .count = histogram->count,
        .min = (double)histogram->min,
        .mean = bench_histogram_mean(histogram),
        .p50 = bench_histogram_quantile(histogram, 0.5),
        .p90 = bench_histogram_quantile(histogram, 0.9),
        .p99 = bench_histogram_quantile(histogram, 0.99),
        .p999 = bench_histogram_quantile(histogram, 0.999),
        .max = (double)histogram->max,
    };
}

void bench_point_done(struct bench_point *point)
{
    free(point->policy);
    free(point->module);
    free(point->request);
    free(point->failure);
    free(point->message);
    free(point->histogram);
    free(point->samples);
    *point = (struct bench_point){0};
}

void bench_run_done(struct bench_run *run)
{
    for (size_t i = 0; i < run->count; i++)
        bench_point_done(&run->point[i]);
    free(run->point);
    free(run->version);
    free(run->toolchain);
    free(run->machine);
    free(run->time);
    free(run->native_obstacle);
    free(run->count_obstacle);
    *run = (struct bench_run){0};
}
