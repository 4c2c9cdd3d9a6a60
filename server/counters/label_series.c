/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/label_series.h"

#include <string.h>

#include "runtime/text/utf8.h"

#define PROBES 64
#define NUMBER_MASK 0xffffu /* of an entry in the index; above it a part of the hash */
#define FLAG_MONITOR 1u
#define FLAG_ACCEPTED 2u
#define FLAG_MUTATED 4u
#define FLAG_ERROR_CODE 8u

/* How many label sets a policy may have, and all policies together, when the label set has: all its
 * labels; "other" for a namespace; "other" for all. The last has at most 3 origins, 2 modes, 2
 * verdicts, 2 answers to whether it mutates, and with or without a code. */
static const struct limit {
    uint32_t policy, all;
} limits[] = {{SERIES_PER_POLICY, SERIES_MAX / 2},
              {SERIES_PER_POLICY + SERIES_COARSE, SERIES_MAX / 4 * 3},
              {SERIES_PER_POLICY + SERIES_COARSE + SERIES_LAST, SERIES_MAX}};

const uint32_t series_bounds_ms[SERIES_BOUNDS] = {0,   5,   10,   25,   50,   75,   100,  250,
                                                  500, 750, 1000, 2500, 5000, 7500, 10000};

static uint8_t copy_text(char *to, size_t room, struct chimera_slice text)
{
    if (text.size > room)
        text = CHIMERA_SLICE(SERIES_OTHER);
    if (text.size)
        memcpy(to, text.data, text.size);
    return (uint8_t)text.size;
}

static void make_key(const struct series_labels *labels, struct series_key *ret_key)
{
    memset(ret_key, 0, sizeof(*ret_key));
    ret_key->policy = labels->policy;
    ret_key->origin = (uint8_t)labels->origin;
    ret_key->flags = (uint8_t)((labels->is_monitor ? FLAG_MONITOR : 0) |
                               (labels->is_accepted ? FLAG_ACCEPTED : 0) |
                               (labels->is_mutated ? FLAG_MUTATED : 0) |
                               (labels->has_error_code ? FLAG_ERROR_CODE : 0));
    ret_key->error_code = labels->has_error_code ? labels->error_code : 0;
    ret_key->has_name_space = labels->name_space.data != NULL;
    ret_key->kind_size = copy_text(ret_key->kind, sizeof(ret_key->kind), labels->kind);
    ret_key->name_space_size =
        copy_text(ret_key->name_space, sizeof(ret_key->name_space), labels->name_space);
    ret_key->operation_size =
        copy_text(ret_key->operation, sizeof(ret_key->operation), labels->operation);
}

/* FNV-1a over words, and a last stirring, as the index takes the lower bits. */
static uint64_t hash_of(const struct series_key *key)
{
    const char *bytes = (const char *)key;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    _Static_assert(sizeof(*key) % 4 == 0, "whole words");
    for (size_t i = 0; i < sizeof(*key); i += 4) {
        uint32_t word;
        memcpy(&word, bytes + i, sizeof(word));
        hash = (hash ^ word) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~NUMBER_MASK;
}

/* One more, if that is not too many. */
static bool raise_count(_Atomic uint32_t *count, uint32_t limit)
{
    if (atomic_load_explicit(count, memory_order_relaxed) >= limit)
        return false;
    return atomic_fetch_add_explicit(count, 1, memory_order_relaxed) < limit;
}

/* Writes a new series that nobody else can see yet. 0: no room; else its number plus 1. */
static uint32_t begin_series(struct series_table *table, _Atomic uint32_t *policy_count,
                             const struct series_key *key, const struct limit *limit)
{
    if (atomic_load_explicit(policy_count, memory_order_relaxed) >= limit->policy ||
        atomic_load_explicit(&table->count, memory_order_relaxed) >= limit->all ||
        !raise_count(policy_count, limit->policy))
        return 0;
    uint32_t number = atomic_fetch_add_explicit(&table->count, 1, memory_order_relaxed);
    if (number >= SERIES_MAX)
        return 0;
    table->series[number].key = *key;
    return number + 1;
}

static struct series *series_of(struct series_table *table, uint32_t entry)
{
    uint32_t number = (entry & NUMBER_MASK) - 1;
    return number < SERIES_MAX ? &table->series[number] : NULL;
}

static bool is_same(const struct series *series, const struct series_key *key)
{
    return series && memcmp(&series->key, key, sizeof(*key)) == 0;
}

/* The series of this key, made if there is none and room for it; else NULL. */
static struct series *find(struct series_table *table, _Atomic uint32_t *policy_count,
                           const struct series_key *key, const struct limit *limit)
{
    uint64_t hash = hash_of(key);
    uint32_t tag = tag_of(hash), mine = 0;
    for (uint32_t i = 0; i < PROBES; i++) {
        _Atomic uint32_t *place = &table->index[(hash + i) & (SERIES_INDEX - 1)];
        uint32_t entry = atomic_load_explicit(place, memory_order_acquire);
        if (entry == 0) {
            if (!mine)
                mine = begin_series(table, policy_count, key, limit);
            if (!mine)
                return NULL;
            /* Publishes the key; whoever comes second finds the first one's entry. */
            if (atomic_compare_exchange_strong_explicit(
                    place, &entry, tag | mine, memory_order_acq_rel, memory_order_acquire)) {
                struct series *series = &table->series[mine - 1];
                atomic_store_explicit(&series->is_there, 1, memory_order_release);
                return series;
            }
        }
        if ((entry & ~NUMBER_MASK) == tag && is_same(series_of(table, entry), key))
            return series_of(table, entry);
    }
    return NULL;
}

/* What is left of the labels when there are too many of them. */
static void make_coarser(struct series_labels *labels)
{
    struct chimera_slice other = CHIMERA_SLICE(SERIES_OTHER);
    if (labels->name_space.data && !chimera_slice_equal(labels->name_space, other)) {
        labels->name_space = other;
        return;
    }
    if (labels->origin != SERIES_RAW) {
        labels->kind = labels->operation = labels->name_space = other;
    }
    if (labels->has_error_code) /* whatever a policy makes up */
        labels->error_code = 500;
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void series_add(struct series_table *table, _Atomic uint32_t *policy_count,
                const struct series_labels *labels, uint64_t latency_ns)
{
    struct series_labels coarse = *labels;
    struct series_key key;
    struct series *series = NULL;
    uint64_t ms = latency_ns / 1000000;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]) && !series; i++) {
        if (i > 0)
            make_coarser(&coarse);
        make_key(&coarse, &key);
        series = find(table, policy_count, &key, &limits[i]);
    }
    if (!series) {
        add(&table->lost, 1);
        return;
    }
    add(&series->evaluations, 1);
    add(&series->sum_ms, ms);
    unsigned bucket = 0;
    while (bucket < SERIES_BOUNDS && ms > series_bounds_ms[bucket])
        bucket++;
    add(&series->bucket[bucket], 1);
}

uint32_t series_count(const struct series_table *table)
{
    uint32_t count = atomic_load_explicit(&table->count, memory_order_relaxed);
    return count < SERIES_MAX ? count : SERIES_MAX;
}

static bool is_text(const char *data, size_t size)
{
    return chimera_utf8_is_valid((struct chimera_slice){data, size});
}

static bool read_labels(const struct series_key *key, struct series_labels *ret_labels)
{
    if (key->origin > SERIES_RAW || key->kind_size > sizeof(key->kind) ||
        key->name_space_size > sizeof(key->name_space) ||
        key->operation_size > sizeof(key->operation) || !is_text(key->kind, key->kind_size) ||
        !is_text(key->name_space, key->name_space_size) ||
        !is_text(key->operation, key->operation_size))
        return false;
    *ret_labels = (struct series_labels){
        .policy = key->policy,
        .is_monitor = key->flags & FLAG_MONITOR,
        .is_accepted = key->flags & FLAG_ACCEPTED,
        .is_mutated = key->flags & FLAG_MUTATED,
        .has_error_code = key->flags & FLAG_ERROR_CODE,
        .error_code = key->error_code,
        .origin = (enum series_origin)key->origin,
        .kind = {key->kind, key->kind_size},
        .operation = {key->operation, key->operation_size},
        .name_space = {key->has_name_space ? key->name_space : NULL, key->name_space_size}};
    return true;
}

/* Only what the index leads to is counted on, so no label set is ever read twice. */
static bool is_indexed(const struct series_table *table, uint32_t number,
                       const struct series_key *key)
{
    uint64_t hash = hash_of(key);
    uint32_t tag = tag_of(hash);
    for (uint32_t i = 0; i < PROBES; i++) {
        uint32_t entry = atomic_load_explicit(&table->index[(hash + i) & (SERIES_INDEX - 1)],
                                              memory_order_acquire);
        uint32_t found = (entry & NUMBER_MASK) - 1;
        if (entry == 0)
            return false;
        if ((entry & ~NUMBER_MASK) == tag && found < SERIES_MAX &&
            is_same(&table->series[found], key))
            return found == number;
    }
    return false;
}

/* Two keys that differ where no writer makes them differ would give the same labels twice. */
static bool is_canonical(const struct series_view *view)
{
    struct series_key again;
    make_key(&view->labels, &again);
    return memcmp(&again, &view->key, sizeof(again)) == 0;
}

bool series_read(const struct series_table *table, uint32_t number, struct series_view *ret_view)
{
    if (number >= SERIES_MAX)
        return false;
    const struct series *series = &table->series[number];
    if (!atomic_load_explicit(&series->is_there, memory_order_acquire))
        return false;
    ret_view->key = series->key; /* a copy: who wrote it may go on writing */
    ret_view->evaluations = atomic_load_explicit(&series->evaluations, memory_order_relaxed);
    ret_view->sum_ms = atomic_load_explicit(&series->sum_ms, memory_order_relaxed);
    for (unsigned i = 0; i <= SERIES_BOUNDS; i++)
        ret_view->bucket[i] = atomic_load_explicit(&series->bucket[i], memory_order_relaxed);
    return read_labels(&ret_view->key, &ret_view->labels) && is_canonical(ret_view) &&
           is_indexed(table, number, &ret_view->key);
}
