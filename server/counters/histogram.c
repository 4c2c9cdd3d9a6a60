/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/histogram.h"

#define UNIT_BITS 6 /* nothing below 64 ns is told apart */
#define STEP_BITS 3 /* eight buckets for each doubling */
#define STEPS (1u << STEP_BITS)
/* More was never counted, but may have been written; sums of these still fit. */
#define COUNT_MAX (UINT64_C(1) << 52)

static unsigned bucket_of(uint64_t ns)
{
    uint64_t units = ns >> UNIT_BITS;
    if (units < STEPS)
        return (unsigned)units;
    unsigned shift = 63u - (unsigned)__builtin_clzll(units) - STEP_BITS;
    unsigned bucket = (shift + 1) * STEPS + ((unsigned)(units >> shift) & (STEPS - 1));
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* Where a bucket begins; that of the one behind the last is the end of the last. */
static uint64_t begin_of(unsigned bucket)
{
    if (bucket < STEPS)
        return (uint64_t)bucket << UNIT_BITS;
    unsigned shift = bucket / STEPS - 1;
    return ((uint64_t)(STEPS + bucket % STEPS) << shift) << UNIT_BITS;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    atomic_fetch_add_explicit(&histogram->count[bucket_of(ns)], 1, memory_order_relaxed);
}

void histogram_read(const struct histogram *histogram, struct histogram_copy *ret_copy)
{
    ret_copy->total = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        ret_copy->count[i] = atomic_load_explicit(&histogram->count[i], memory_order_relaxed);
        if (ret_copy->count[i] > COUNT_MAX)
            ret_copy->count[i] = COUNT_MAX;
        ret_copy->total += ret_copy->count[i];
    }
}

uint64_t histogram_quantile(const struct histogram_copy *copy, double share)
{
    double wanted = share * (double)copy->total, before = 0;
    if (copy->total == 0)
        return 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        double count = (double)copy->count[i];
        if (copy->count[i] == 0 || before + count < wanted) {
            before += count;
            continue;
        }
        double begin = (double)begin_of(i), end = (double)begin_of(i + 1);
        return (uint64_t)(begin + (end - begin) * (wanted - before) / count);
    }
    return begin_of(HISTOGRAM_BUCKETS);
}

uint64_t histogram_below(const struct histogram_copy *copy, uint64_t ns)
{
    uint64_t below = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t begin = begin_of(i), end = begin_of(i + 1);
        if (end <= ns) {
            below += copy->count[i];
            continue;
        }
        double part = ns > begin ? (double)(ns - begin) / (double)(end - begin) : 0;
        return below + (uint64_t)((double)copy->count[i] * part);
    }
    return below;
}
