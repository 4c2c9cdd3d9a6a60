/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/regexp/regexp_internal.h"

#define FIRST_CAPACITY 4

void chimera_regexp_set_add(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set,
                            uint32_t lo, uint32_t hi)
{
    chimera_regexp_work(memory, 1);
    /* Two ranges back: with case folded, one grows through A-Z and the other through a-z. */
    for (uint32_t back = 1; back <= 2 && back <= set->count; back++) {
        struct chimera_regexp_range *last = &set->ranges[set->count - back];
        if (lo <= last->hi + 1 && last->lo <= hi + 1) {
            last->lo = lo < last->lo ? lo : last->lo;
            last->hi = hi > last->hi ? hi : last->hi;
            return;
        }
    }
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? 2 * (size_t)set->capacity : FIRST_CAPACITY;
        struct chimera_regexp_range *ranges =
            chimera_regexp_extend(memory, set->ranges, set->capacity * sizeof(*set->ranges),
                                  capacity * sizeof(*set->ranges));
        if (!ranges)
            return;
        set->ranges = ranges;
        set->capacity = (uint32_t)capacity;
    }
    set->ranges[set->count++] = (struct chimera_regexp_range){lo, hi};
}

static void add_orbit(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set,
                      uint32_t rune)
{
    chimera_regexp_work(memory, 8);
    for (uint32_t next = chimera_regexp_fold(rune); next != rune; next = chimera_regexp_fold(next))
        chimera_regexp_set_add(memory, set, next, next);
}

static void fold_range(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set,
                       uint32_t lo, uint32_t hi)
{
    bool is_full = lo <= CHIMERA_REGEXP_FOLD_MIN && hi >= CHIMERA_REGEXP_FOLD_MAX;
    if (lo == hi) {
        add_orbit(memory, set, lo);
    } else if (!is_full && hi >= CHIMERA_REGEXP_FOLD_MIN && lo <= CHIMERA_REGEXP_FOLD_MAX) {
        /* The other cases of all between lo and hi, run by run. */
        const struct chimera_regexp_fold *end = chimera_regexp_folds + chimera_regexp_folds_count;
        for (const struct chimera_regexp_fold *fold = chimera_regexp_fold_near(lo);
             fold < end && fold->lo <= hi; fold++) {
            uint32_t last = hi < fold->hi ? hi : fold->hi;
            uint32_t rune = fold->lo;
            if (rune < lo)
                rune += (lo - rune + fold->step - 1) / fold->step * fold->step;
            for (; rune <= last; rune += fold->step)
                add_orbit(memory, set, rune);
        }
    }
}

void chimera_regexp_set_add_folded(struct chimera_regexp_memory *memory,
                                   struct chimera_regexp_set *set, uint32_t lo, uint32_t hi)
{
    chimera_regexp_set_add(memory, set, lo, hi);
    fold_range(memory, set, lo, hi);
}

/* A range that grows meanwhile by what is added has its new part folded again, which adds nothing.
 */
void chimera_regexp_set_fold(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set)
{
    uint32_t count = set->count;
    for (uint32_t i = 0; i < count && !memory->failed; i++)
        fold_range(memory, set, set->ranges[i].lo, set->ranges[i].hi);
    chimera_regexp_set_clean(memory, set);
}

void chimera_regexp_set_add_set(struct chimera_regexp_memory *memory,
                                struct chimera_regexp_set *set,
                                const struct chimera_regexp_set *other)
{
    for (uint32_t i = 0; i < other->count && !memory->failed; i++)
        chimera_regexp_set_add(memory, set, other->ranges[i].lo, other->ranges[i].hi);
}

void chimera_regexp_set_add_others(struct chimera_regexp_memory *memory,
                                   struct chimera_regexp_set *set,
                                   const struct chimera_regexp_set *other)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < other->count && !memory->failed; i++) {
        if (next < other->ranges[i].lo)
            chimera_regexp_set_add(memory, set, next, other->ranges[i].lo - 1);
        next = other->ranges[i].hi + 1;
    }
    if (next <= CHIMERA_REGEXP_RUNE_MAX)
        chimera_regexp_set_add(memory, set, next, CHIMERA_REGEXP_RUNE_MAX);
}

void chimera_regexp_set_add_property(struct chimera_regexp_memory *memory,
                                     struct chimera_regexp_set *set,
                                     const struct chimera_regexp_property *property)
{
    bool is_script = property->script != 0;
    const uint32_t *runs = is_script ? chimera_regexp_script_runs : chimera_regexp_category_runs;
    size_t count =
        is_script ? chimera_regexp_script_runs_count : chimera_regexp_category_runs_count;
    unsigned shift = is_script ? 8 : 5;
    uint32_t mask = (1u << shift) - 1;
    chimera_regexp_work(memory, count / 2);
    for (size_t i = 0; i < count && !memory->failed; i++) {
        uint32_t which = runs[i] & mask;
        if (is_script ? which != property->script : !(property->categories >> which & 1))
            continue;
        uint32_t end = i + 1 < count ? runs[i + 1] >> shift : CHIMERA_REGEXP_RUNE_MAX + 1;
        chimera_regexp_set_add(memory, set, runs[i] >> shift, end - 1);
    }
}

/* --- In order: by a heap, which takes no memory and has no bad case. --- */

static bool is_before(struct chimera_regexp_range a, struct chimera_regexp_range b)
{
    return a.lo < b.lo || (a.lo == b.lo && a.hi < b.hi);
}

static void sift(struct chimera_regexp_range *ranges, uint32_t root, uint32_t count)
{
    struct chimera_regexp_range moved = ranges[root];
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && is_before(ranges[child], ranges[child + 1]))
            child++;
        if (!is_before(moved, ranges[child]))
            break;
        ranges[root] = ranges[child];
    }
    ranges[root] = moved;
}

static void sort(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set)
{
    struct chimera_regexp_range *ranges = set->ranges;
    for (uint32_t i = set->count / 2; i > 0 && !memory->failed; i--) {
        chimera_regexp_work(memory, 4);
        sift(ranges, i - 1, set->count);
    }
    for (uint32_t i = set->count; i > 1 && !memory->failed; i--) {
        chimera_regexp_work(memory, 8);
        struct chimera_regexp_range last = ranges[i - 1];
        ranges[i - 1] = ranges[0];
        ranges[0] = last;
        sift(ranges, 0, i - 1);
    }
}

void chimera_regexp_set_clean(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set)
{
    uint32_t kept = 0;
    bool is_sorted = true;
    chimera_regexp_work(memory, set->count);
    for (uint32_t i = 1; i < set->count && is_sorted; i++)
        is_sorted = set->ranges[i - 1].lo <= set->ranges[i].lo;
    if (!is_sorted)
        sort(memory, set);
    for (uint32_t i = 1; i < set->count; i++) {
        struct chimera_regexp_range range = set->ranges[i], *last = &set->ranges[kept];
        if (range.lo > last->hi + 1)
            set->ranges[++kept] = range;
        else if (range.hi > last->hi)
            last->hi = range.hi;
    }
    set->count = set->count ? kept + 1 : 0;
}
