/* SPDX-License-Identifier: Apache-2.0 */
/* label_series.h - counts by label sets: the reference's two metrics (policy-server.md §6.1), with
 * a bound on how many label sets there are.
 *
 * Lives in memory that all workers write to: no locks, no allocation. A policy has label sets of
 * its own up to a limit; past it its namespaces become "other", and past a second one its kinds and
 * operations as well. What clients send can therefore not make the metrics grow without end.
 */
#ifndef CHIMERA_SERVER_COUNTERS_LABEL_SERIES_H
#define CHIMERA_SERVER_COUNTERS_LABEL_SERIES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/slice.h"

#define SERIES_MAX 4096
#define SERIES_PER_POLICY 128
#define SERIES_COARSE 96  /* more, with "other" for a namespace */
#define SERIES_LAST 48    /* more, with "other" for all names */
#define SERIES_INDEX 8192 /* a power of two, twice as large, so that probing ends soon */
#define SERIES_OTHER "other"
/* Of Kubernetes: kinds and namespaces are labels, of 63 bytes at most; what is longer is "other".
 */
#define SERIES_NAME_MAX 64
#define SERIES_OPERATION_MAX 16

enum series_origin { SERIES_VALIDATE, SERIES_AUDIT, SERIES_RAW };

/* The SDK's bounds for milliseconds, as the reference exports them; one more bucket for the rest.
 */
#define SERIES_BOUNDS 15
extern const uint32_t series_bounds_ms[SERIES_BOUNDS];

struct series_labels {
    uint32_t policy; /* number by the scoreboard */
    bool is_monitor, is_accepted, is_mutated, has_error_code;
    enum series_origin origin; /* a raw request has neither kind nor namespace nor operation */
    uint16_t error_code;
    struct chimera_slice kind, operation;
    struct chimera_slice name_space; /* .data NULL: none */
};

struct series_key { /* padded with zeros, so that bytes can be compared */
    uint32_t policy;
    uint16_t error_code;
    uint8_t flags, origin;
    uint8_t kind_size, name_space_size, operation_size, has_name_space;
    char kind[SERIES_NAME_MAX];
    char name_space[SERIES_NAME_MAX];
    char operation[SERIES_OPERATION_MAX];
};

struct series {
    struct series_key key;     /* written before `is_there`, and not again */
    _Atomic uint32_t is_there; /* not 0 once the index has it; partner: series_read() */
    _Atomic uint64_t evaluations, sum_ms;
    _Atomic uint64_t bucket[SERIES_BOUNDS + 1];
};

struct series_table { /* all zeros: empty */
    /* 0, or the number of a series plus 1 with the upper half of its hash above; set once. */
    _Atomic uint32_t index[SERIES_INDEX];
    _Atomic uint32_t count; /* series begun; a few of them may have come second and stay unused */
    _Atomic uint64_t lost;  /* evaluations that no series could be found for */
    struct series series[SERIES_MAX];
};

/* Counts one evaluation. `policy_count` is how many label sets this policy has. */
void series_add(struct series_table *table, _Atomic uint32_t *policy_count,
                const struct series_labels *labels, uint64_t latency_ns);

struct series_view { /* plain, checked, and the reader's own */
    struct series_key key;
    struct series_labels labels; /* the texts point into `key` */
    uint64_t evaluations, sum_ms;
    uint64_t bucket[SERIES_BOUNDS + 1]; /* not cumulative */
};

/* How many numbers series_read() is worth being asked for. */
uint32_t series_count(const struct series_table *table);

/* False when there is none of this number, or its writer left nonsense. */
bool series_read(const struct series_table *table, uint32_t number, struct series_view *ret_view);

#endif
