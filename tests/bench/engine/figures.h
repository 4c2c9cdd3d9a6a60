/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - what evaluate.c and native.c both print: percentiles of times in nanoseconds. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define WARM_UP 50

static inline uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Page faults of this thread so far. */
static inline uint64_t faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_minflt;
}

static inline int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts `times`, and prints the beginning of a JSON object. */
static inline void print_percentiles(uint64_t *times, size_t count)
{
    static const struct {
        const char *name;
        size_t of_thousand;
    } wanted[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p999", 999}};
    qsort(times, count, sizeof(*times), by_size);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        printf("%c\"%s\":%llu", i ? ',' : '{', wanted[i].name,
               (unsigned long long)times[count * wanted[i].of_thousand / 1000]);
}

#endif
