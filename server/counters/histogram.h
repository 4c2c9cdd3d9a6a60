/* SPDX-License-Identifier: Apache-2.0 */
/* histogram.h - how often which duration was met, for quantiles: log-linear buckets of nanoseconds.
 *
 * Eight buckets for each doubling, so a quantile is off by 6 % at most, and by 64 ns below 512.
 * Written by any thread of any process that maps it; a reader copies it first.
 */
#ifndef CHIMERA_SERVER_COUNTERS_HISTOGRAM_H
#define CHIMERA_SERVER_COUNTERS_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 256

struct histogram { /* all zeros: empty */
    _Atomic uint64_t count[HISTOGRAM_BUCKETS];
};

struct histogram_copy {
    uint64_t count[HISTOGRAM_BUCKETS];
    uint64_t total;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

void histogram_read(const struct histogram *histogram, struct histogram_copy *ret_copy);

/* The duration that `share` (0 to 1) of all do not exceed; 0 when there is none. */
uint64_t histogram_quantile(const struct histogram_copy *copy, double share);

/* How many took no longer than `ns`: exact where that is the end of a bucket, else by even
 * distribution within the bucket. */
uint64_t histogram_below(const struct histogram_copy *copy, uint64_t ns);

#endif
