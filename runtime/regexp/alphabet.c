/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/regexp/automaton.h"

#define CLEAN_FIRST 4096

struct refinement {
    struct chimera_regexp_memory *memory;
    struct chimera_regexp_alphabet *alphabet;
    uint32_t *sizes;            /* intervals of a symbol */
    uint32_t *inside, *becomes; /* of a symbol, in the set at hand */
};

static const struct chimera_regexp_range word_ranges[] = {
    {'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
static const struct chimera_regexp_range newline_ranges[] = {{'\n', '\n'}};

/* Calls for each set of characters that the program asks for. */
static void each_set(const struct chimera_regexp *regexp, void *context,
                     void (*call)(void *context, const struct chimera_regexp_range *ranges,
                                  uint32_t count))
{
    for (uint32_t i = 0; i < regexp->set_count; i++)
        call(context, regexp->sets[i].set.ranges, regexp->sets[i].set.count);
    for (uint32_t i = 0; i < regexp->node_count; i++) {
        const struct chimera_regexp_range rune = {regexp->nodes[i].value, regexp->nodes[i].value};
        if (regexp->nodes[i].op == CHIMERA_REGEXP_RUNE)
            call(context, &rune, 1);
    }
    if (regexp->conditions & (CHIMERA_REGEXP_WORD_BOUNDARY | CHIMERA_REGEXP_NO_WORD_BOUNDARY))
        call(context, word_ranges, sizeof(word_ranges) / sizeof(word_ranges[0]));
    if (regexp->conditions & (CHIMERA_REGEXP_BEGIN_LINE | CHIMERA_REGEXP_END_LINE))
        call(context, newline_ranges, 1);
}

struct collection {
    struct chimera_regexp_memory *memory;
    struct chimera_regexp_set starts;
    uint32_t clean_at; /* how many; so that the same boundaries do not pile up */
};

static void collect(void *context, const struct chimera_regexp_range *ranges, uint32_t count)
{
    struct collection *collection = context;
    for (uint32_t i = 0; i < count && !collection->memory->failed; i++) {
        /* A boundary is where one ends, too. */
        uint32_t hi = ranges[i].hi;
        chimera_regexp_set_add(collection->memory, &collection->starts, ranges[i].lo, ranges[i].lo);
        if (hi < CHIMERA_REGEXP_RUNE_MAX)
            chimera_regexp_set_add(collection->memory, &collection->starts, hi + 1, hi + 1);
    }
    if (collection->starts.count < collection->clean_at)
        return;
    chimera_regexp_set_clean(collection->memory, &collection->starts);
    collection->clean_at = 2 * collection->starts.count + CLEAN_FIRST;
}

/* The interval that has the character. */
static uint32_t interval_of(const struct chimera_regexp_alphabet *alphabet, uint32_t rune)
{
    uint32_t low = 0, high = alphabet->start_count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (alphabet->starts[middle] <= rune)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void count_inside(struct refinement *refinement, uint32_t at)
{
    uint32_t symbol = refinement->alphabet->symbols[at];
    refinement->inside[symbol]++;
    refinement->becomes[symbol] = CHIMERA_REGEXP_NONE;
}

/* A symbol that is inside as a whole stays what it is. */
static void split_symbol(struct refinement *refinement, uint32_t at)
{
    struct chimera_regexp_alphabet *alphabet = refinement->alphabet;
    uint32_t symbol = alphabet->symbols[at];
    if (refinement->inside[symbol] == refinement->sizes[symbol])
        return;
    if (refinement->becomes[symbol] == CHIMERA_REGEXP_NONE) {
        refinement->becomes[symbol] = alphabet->symbol_count;
        refinement->inside[alphabet->symbol_count] = 0;
        refinement->sizes[alphabet->symbol_count++] = 0;
    }
    alphabet->symbols[at] = refinement->becomes[symbol];
    refinement->sizes[alphabet->symbols[at]]++;
    refinement->sizes[symbol]--;
    refinement->inside[symbol]--;
}

static void forget_inside(struct refinement *refinement, uint32_t at)
{
    refinement->inside[refinement->alphabet->symbols[at]] = 0;
}

/* The intervals of a set become symbols of their own where others had the same ones. */
static void refine(void *context, const struct chimera_regexp_range *ranges, uint32_t count)
{
    static void (*const passes[])(struct refinement *refinement,
                                  uint32_t at) = {count_inside, split_symbol, forget_inside};
    struct refinement *refinement = context;
    const struct chimera_regexp_alphabet *alphabet = refinement->alphabet;
    for (size_t pass = 0; pass < sizeof(passes) / sizeof(passes[0]); pass++) {
        for (uint32_t i = 0; i < count && !refinement->memory->failed; i++) {
            uint32_t first = interval_of(alphabet, ranges[i].lo), at = first;
            for (; at < alphabet->start_count && alphabet->starts[at] <= ranges[i].hi; at++)
                passes[pass](refinement, at);
            chimera_regexp_work(refinement->memory, 4 + at - first);
        }
    }
}

/* From the boundaries to the intervals between them; the first begins at 0. */
static int take_starts(struct chimera_regexp_memory *memory,
                       const struct chimera_regexp_set *boundaries,
                       struct chimera_regexp_alphabet *alphabet)
{
    size_t count = 0;
    for (uint32_t i = 0; i < boundaries->count; i++)
        count += boundaries->ranges[i].hi - boundaries->ranges[i].lo + 1;
    alphabet->starts = chimera_regexp_take(memory, count * sizeof(uint32_t));
    alphabet->symbols = chimera_regexp_take_zeroed(memory, count * sizeof(uint32_t));
    alphabet->samples = chimera_regexp_take(memory, count * sizeof(uint32_t));
    if (memory->failed)
        return memory->failed;
    for (uint32_t i = 0; i < boundaries->count; i++) {
        for (uint32_t rune = boundaries->ranges[i].lo; rune <= boundaries->ranges[i].hi; rune++)
            alphabet->starts[alphabet->start_count++] = rune;
    }
    return chimera_regexp_work(memory, count);
}

int chimera_regexp_alphabet_make(const struct chimera_regexp *regexp,
                                 struct chimera_regexp_memory *memory,
                                 struct chimera_regexp_alphabet *ret_alphabet)
{
    struct chimera_regexp_memory scratch = {.account = memory->account};
    struct collection collection = {.memory = &scratch, .clean_at = CLEAN_FIRST};
    *ret_alphabet = (struct chimera_regexp_alphabet){.symbol_count = 1};
    chimera_regexp_set_add(&scratch, &collection.starts, 0, 0);
    each_set(regexp, &collection, collect);
    chimera_regexp_set_clean(&scratch, &collection.starts);
    int code = scratch.failed;
    if (code == CHIMERA_OK)
        code = take_starts(memory, &collection.starts, ret_alphabet);
    size_t size = (ret_alphabet->start_count + 1) * sizeof(uint32_t);
    struct refinement refinement = {
        .memory = &scratch,
        .alphabet = ret_alphabet,
        .sizes = chimera_regexp_take_zeroed(&scratch, size),
        .inside = chimera_regexp_take_zeroed(&scratch, size),
        .becomes = chimera_regexp_take_zeroed(&scratch, size),
    };
    if (code == CHIMERA_OK)
        code = scratch.failed;
    if (code == CHIMERA_OK) {
        refinement.sizes[0] = ret_alphabet->start_count;
        each_set(regexp, &refinement, refine);
        code = scratch.failed;
    }
    for (uint32_t i = ret_alphabet->start_count; code == CHIMERA_OK && i > 0; i--)
        ret_alphabet->samples[ret_alphabet->symbols[i - 1]] = ret_alphabet->starts[i - 1];
    for (uint32_t rune = 0; code == CHIMERA_OK && rune < 0x80; rune++)
        ret_alphabet->ascii[rune] = chimera_regexp_alphabet_search(ret_alphabet, rune);
    chimera_regexp_release(&scratch);
    return code;
}

uint32_t chimera_regexp_alphabet_search(const struct chimera_regexp_alphabet *alphabet,
                                        uint32_t rune)
{
    return alphabet->symbols[interval_of(alphabet, rune)];
}
