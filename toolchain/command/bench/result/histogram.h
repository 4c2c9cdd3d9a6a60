/* SPDX-License-Identifier: Apache-2.0 */
/* histogram.h - how often which time was met, in a fixed number of buckets whatever the times are.
 *
 * Log-linear: each power of two is divided evenly into BENCH_HISTOGRAM_PARTS buckets, and what is
 * below them has a bucket each. A bucket's middle is off by at most half of 1/BENCH_HISTOGRAM_PARTS
 * of any value in it: 0.8 %. Values are nanoseconds; what is greater than
 * BENCH_HISTOGRAM_MOST counts as that. A histogram is one thread's while it is added to.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_RESULT_HISTOGRAM_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_RESULT_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_HISTOGRAM_BITS 6
#define BENCH_HISTOGRAM_PARTS (1U << BENCH_HISTOGRAM_BITS)
#define BENCH_HISTOGRAM_POWER 42 /* more than an hour, which is the longest time limit */
#define BENCH_HISTOGRAM_MOST ((UINT64_C(1) << BENCH_HISTOGRAM_POWER) - 1)
#define BENCH_HISTOGRAM_BUCKETS \
    ((size_t)BENCH_HISTOGRAM_PARTS * (BENCH_HISTOGRAM_POWER - BENCH_HISTOGRAM_BITS + 1))

struct bench_histogram { /* all zero: empty */
    uint64_t count;
    uint64_t min, max; /* exact; of none 0 */
    double sum;        /* exact up to 2^53 */
    uint64_t bucket[BENCH_HISTOGRAM_BUCKETS];
};

void bench_histogram_add(struct bench_histogram *histogram, uint64_t value);
/* Adds all that `from` has. */
void bench_histogram_merge(struct bench_histogram *histogram, const struct bench_histogram *from);

double bench_histogram_mean(const struct bench_histogram *histogram); /* of none 0 */
/* The value that `share` (0 to 1) of the values do not exceed, by nearest rank: the middle of its
 * bucket, but not less than the least value, nor more than the greatest. Of none 0. */
double bench_histogram_quantile(const struct bench_histogram *histogram, double share);

/* The bucket of a value; the least value of a bucket (of the bucket after the last: what is above
 * all of them). */
size_t bench_histogram_bucket(uint64_t value);
uint64_t bench_histogram_least(size_t bucket);

#endif
