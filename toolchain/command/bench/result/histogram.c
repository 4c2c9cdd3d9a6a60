/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/result/histogram.h"

#include <math.h>

size_t bench_histogram_bucket(uint64_t value)
{
    if (value > BENCH_HISTOGRAM_MOST)
        value = BENCH_HISTOGRAM_MOST;
    if (value < BENCH_HISTOGRAM_PARTS)
        return (size_t)value;
    /* The highest bit is the power, the BENCH_HISTOGRAM_BITS bits behind it are the part. */
    unsigned power = 63 - (unsigned)__builtin_clzll(value);
    unsigned row = power - BENCH_HISTOGRAM_BITS;
    return (size_t)(row << BENCH_HISTOGRAM_BITS) + (size_t)(value >> row);
}

uint64_t bench_histogram_least(size_t bucket)
{
    if (bucket < BENCH_HISTOGRAM_PARTS)
        return bucket;
    unsigned row = (unsigned)(bucket >> BENCH_HISTOGRAM_BITS) - 1;
    return ((uint64_t)BENCH_HISTOGRAM_PARTS + (bucket & (BENCH_HISTOGRAM_PARTS - 1))) << row;
}

void bench_histogram_add(struct bench_histogram *histogram, uint64_t value)
{
    if (histogram->count == 0 || value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->count++;
    histogram->sum += (double)value;
    histogram->bucket[bench_histogram_bucket(value)]++;
}

void bench_histogram_merge(struct bench_histogram *histogram, const struct bench_histogram *from)
{
    if (from->count == 0)
        return;
    if (histogram->count == 0 || from->min < histogram->min)
        histogram->min = from->min;
    if (from->max > histogram->max)
        histogram->max = from->max;
    histogram->count += from->count;
    histogram->sum += from->sum;
    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
        histogram->bucket[i] += from->bucket[i];
}

double bench_histogram_mean(const struct bench_histogram *histogram)
{
    return histogram->count > 0 ? histogram->sum / (double)histogram->count : 0;
}

double bench_histogram_quantile(const struct bench_histogram *histogram, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)histogram->count), seen = 0;
    if (histogram->count == 0)
        return 0;
    rank = rank < 1 ? 1 : rank > histogram->count ? histogram->count : rank;
    if (rank == histogram->count)
        return (double)histogram->max;
    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->bucket[i];
        if (seen < rank)
            continue;
        double width = (double)(bench_histogram_least(i + 1) - bench_histogram_least(i));
        double middle = (double)bench_histogram_least(i) + (width - 1) / 2;
        return fmin(fmax(middle, (double)histogram->min), (double)histogram->max);
    }
    return (double)histogram->max;
}
