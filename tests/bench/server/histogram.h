/* SPDX-License-Identifier: Apache-2.0 */
/* histogram.h - times in nanoseconds, kept to within 0.8 %, however many they are. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <inttypes.h>
#include <stdint.h>

/* Of each power of two, this many parts. */
#define HISTOGRAM_BITS 8
#define HISTOGRAM_PARTS (1u << HISTOGRAM_BITS)

struct histogram {
    uint64_t count, max;
    uint64_t bin[(64 - HISTOGRAM_BITS + 1) * HISTOGRAM_PARTS];
};

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
    unsigned shift = 0;
    if (value >= HISTOGRAM_PARTS)
        shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_BITS + 1;
    /* Half of a row is never used but in the first; that is what makes this so short. */
    histogram->bin[shift * HISTOGRAM_PARTS + (value >> shift)]++;
    histogram->count++;
    if (value > histogram->max)
        histogram->max = value;
}

/* The time that `per_mille` of all do not exceed: the upper end of its bin. */
static inline uint64_t histogram_at(const struct histogram *histogram, uint64_t per_mille)
{
    uint64_t wanted = (histogram->count * per_mille + 999) / 1000, seen = 0;
    for (unsigned i = 0; i < sizeof(histogram->bin) / sizeof(histogram->bin[0]); i++) {
        seen += histogram->bin[i];
        if (seen >= wanted && seen > 0) {
            unsigned shift = i / HISTOGRAM_PARTS;
            uint64_t end = ((uint64_t)(i % HISTOGRAM_PARTS + 1) << shift) - 1;
            return end < histogram->max ? end : histogram->max;
        }
    }
    return 0;
}

#endif
