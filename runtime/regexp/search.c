/* SPDX-License-Identifier: Apache-2.0 */
/* Matches in a text. Short texts are searched by trying one way after the other, with a memo of the
 * places that lead nowhere, which holds for all later matches, too. Long ones are first read
 * backward by an automaton (automaton.h), which tells at each place which nodes lead to a
 * match; then the first way that does is the match. So the time for all matches is bounded by text
 * times program. */
#include "runtime/regexp/automaton.h"

#define MEMO_BITS ((uint64_t)1 << 18)
#define SHORT_TO_ASK 4 /* without places, the automaton is worth it that much sooner */
#define STEPS 1024     /* between two times that they are spent */
#define BLOCK_MIN 16
#define BLOCK_MAX 65536
#define RESTORE ((uint32_t)1 << 31) /* a choice that is none: a slot has its old value again */

struct choice {
    uint32_t node, at;
};

struct block { /* the places behind the last one of the block before, up to `last` */
    uint32_t last;
    uint8_t side; /* of the state at `last` */
    bool has_start;
};

struct guide {
    struct chimera_regexp_automaton automaton;
    uint32_t block_size, block_count;
    struct block *blocks;
    uint32_t *bits;          /* of the states at the blocks' ends */
    uint32_t loaded;         /* block */
    uint32_t first, last;    /* the places of that block */
    uint32_t low;            /* the place of entries[0] */
    uint32_t *entries;       /* a row << 1 | a match begins there; 0: inside a character */
    uint32_t *stamps, stamp; /* of joins that were reached at this place */
};

struct chimera_regexp_search {
    const struct chimera_regexp *regexp; /* borrowed */
    struct chimera_slice text;           /* borrowed */
    struct chimera_regexp_memory memory; /* of all that follows and of the search */
    uint32_t slot_count;
    uint32_t *slots;
    struct choice *choices;
    uint32_t depth, capacity;
    uint64_t *memo;
    struct guide *guide; /* NULL for short texts */
    uint32_t at;         /* where the search goes on */
    bool is_over, has_last;
    uint32_t last_end; /* of the match before */
};

/* --- The guide. --- */

static void keep_state(struct guide *guide, uint32_t block, uint32_t at, uint32_t row)
{
    const struct chimera_regexp_automaton *automaton = &guide->automaton;
    size_t words = automaton->word_count;
    guide->blocks[block].last = at;
    guide->blocks[block].side = automaton->sides[row / automaton->stride];
    memcpy(guide->bits + block * words, automaton->records + row + automaton->symbol_count,
           words * sizeof(uint32_t));
}

/* Reads a block backward and notes the state at each of its places. The block before gets its
 * state. */
static int load(struct chimera_regexp_search *search, uint32_t block)
{
    struct guide *guide = search->guide;
    struct chimera_regexp_automaton *automaton = &guide->automaton;
    const char *text = search->text.data;
    uint32_t low = block * guide->block_size, at = guide->blocks[block].last;
    if (automaton->state_count + guide->block_size + 8 > automaton->state_limit)
        chimera_regexp_automaton_forget(automaton);
    uint32_t row = chimera_regexp_automaton_restore(
        automaton, guide->bits + (size_t)block * automaton->word_count, guide->blocks[block].side);
    memset(guide->entries, 0, (guide->block_size + 8) * sizeof(*guide->entries));
    guide->loaded = block;
    guide->low = low;
    guide->last = at;
    while (row) {
        uint32_t rune = 0, width = 0, symbol = automaton->symbol_count - 1;
        if (at > 0) {
            width = (uint32_t)chimera_regexp_decode_last(text, at, &rune);
            symbol = chimera_regexp_symbol(&automaton->alphabet, rune);
        }
        if (block > 0 && at - width < low) {
            keep_state(guide, block - 1, at, row);
            break;
        }
        uint32_t entry = chimera_regexp_automaton_step(automaton, row, symbol);
        guide->entries[at - low] = row << 1 | (entry & CHIMERA_REGEXP_HIT);
        guide->blocks[block].has_start |= entry & CHIMERA_REGEXP_HIT;
        if (at == 0 || entry == 0)
            break;
        row = entry >> 2;
        at -= width;
    }
    /* Where the block before ends; the first one owns all from 0 on. */
    guide->first = block ? guide->blocks[block - 1].last + 1 : 0;
    return chimera_regexp_work(&automaton->memory, 2 * (uint64_t)guide->block_size);
}

/* As large as the states of its places have room for; but with many nodes, so that what is kept of
 * each block is not more than what one block takes. */
static size_t block_size(const struct chimera_regexp *regexp,
                         const struct chimera_regexp_automaton *automaton, size_t text_size)
{
    size_t size = regexp->states_bytes / chimera_regexp_state_size(automaton);
    if (size > BLOCK_MAX)
        return BLOCK_MAX;
    if (size < BLOCK_MIN)
        size = BLOCK_MIN;
    while (size < text_size / size && size < BLOCK_MAX)
        size *= 2;
    return size;
}

static int make_guide(struct chimera_regexp_search *search)
{
    struct chimera_regexp_memory *memory = &search->memory;
    const struct chimera_regexp *regexp = search->regexp;
    struct guide *guide = chimera_regexp_take_zeroed(memory, sizeof(*guide));
    if (!guide)
        return memory->failed;
    search->guide = guide;
    int code = chimera_regexp_automaton_make(&guide->automaton, regexp, true, UINT32_MAX);
    if (code < 0)
        return code;
    size_t size = block_size(regexp, &guide->automaton, search->text.size);
    guide->block_size = (uint32_t)size;
    if (guide->automaton.state_limit > 2 * size + 16)
        guide->automaton.state_limit = (uint32_t)(2 * size + 16);
    guide->block_count = (uint32_t)(search->text.size / size) + 1;
    guide->blocks = chimera_regexp_take_zeroed(memory, guide->block_count * sizeof(struct block));
    guide->bits = chimera_regexp_take(
        memory, guide->block_count * sizeof(uint32_t) * guide->automaton.word_count + 1);
    guide->entries = chimera_regexp_take(memory, (size + 8) * sizeof(uint32_t));
    guide->stamps = chimera_regexp_take_zeroed(memory, (regexp->join_count + 1) * sizeof(uint32_t));
    if (memory->failed)
        return memory->failed;
    uint32_t row = chimera_regexp_automaton_start(&guide->automaton);
    if (row == 0)
        return guide->automaton.memory.failed;
    keep_state(guide, guide->block_count - 1, (uint32_t)search->text.size, row);
    for (uint32_t block = guide->block_count; code == CHIMERA_OK && block > 0; block--)
        code = load(search, block - 1);
    return code;
}

/* The block that has the place. */
static uint32_t block_of(const struct guide *guide, uint32_t at)
{
    uint32_t block = at / guide->block_size;
    return block > 0 && at <= guide->blocks[block - 1].last ? block - 1 : block;
}

/* Loads the block that has the place, if it is another one. */
static int load_at(struct chimera_regexp_search *search, uint32_t at)
{
    const struct guide *guide = search->guide;
    bool is_here = at >= guide->first && at <= guide->last;
    return is_here ? CHIMERA_OK : load(search, block_of(guide, at));
}

/* The first place from `at` on where a match begins: 1, 0, or a refusal. */
static int next_start(struct chimera_regexp_search *search, uint32_t at, uint32_t *ret_start)
{
    const struct guide *guide = search->guide;
    for (uint32_t block = block_of(guide, at); block < guide->block_count; block++) {
        chimera_regexp_work(&search->memory, 1);
        if (!guide->blocks[block].has_start)
            continue;
        int code = guide->loaded == block ? CHIMERA_OK : load(search, block);
        if (code < 0)
            return code;
        if (at < guide->first)
            at = guide->first;
        for (; at <= guide->last; at++) {
            if (guide->entries[at - guide->low] & 1) {
                *ret_start = at;
                return 1;
            }
        }
    }
    return search->memory.failed;
}

/* --- Ways through the program. --- */

static uint32_t held_at(const struct chimera_regexp_search *search, uint32_t at)
{
    const char *text = search->text.data;
    enum chimera_regexp_kind before = CHIMERA_REGEXP_EDGE, after = CHIMERA_REGEXP_EDGE;
    if (at > 0)
        before = chimera_regexp_kind_of((unsigned char)text[at - 1]);
    if (at < search->text.size)
        after = chimera_regexp_kind_of((unsigned char)text[at]);
    return chimera_regexp_conditions(before, after);
}

static bool push(struct chimera_regexp_search *search, uint32_t node, uint32_t at)
{
    if (search->depth == search->capacity) {
        size_t size = sizeof(struct choice), old = search->capacity * size;
        void *choices =
            chimera_regexp_extend(&search->memory, search->choices, old, 2 * old + 64 * size);
        if (!choices)
            return false;
        search->choices = choices;
        search->capacity = 2 * search->capacity + 64;
    }
    search->choices[search->depth++] = (struct choice){node, at};
    return true;
}

/* Is this the first time that the join is reached here? Later ones come to the same. */
static bool enter(struct chimera_regexp_search *search, uint32_t join, uint32_t at)
{
    if (search->guide) {
        bool is_new = search->guide->stamps[join] != search->guide->stamp;
        search->guide->stamps[join] = search->guide->stamp;
        return is_new;
    }
    uint64_t bit = (uint64_t)at * search->regexp->join_count + join;
    uint64_t mask = (uint64_t)1 << (bit % 64), *word = &search->memo[bit / 64];
    bool is_new = !(*word & mask);
    *word |= mask;
    return is_new;
}

static void next_stamp(struct chimera_regexp_search *search)
{
    if (++search->guide->stamp == 0) {
        memset(search->guide->stamps, 0, search->regexp->join_count * sizeof(uint32_t));
        search->guide->stamp = 1;
    }
}

/* Steps over a character if the node takes it; 0 when not. With a guide only where that leads to a
 * match, so that no other choice is needed any more. */
static uint32_t take_character(struct chimera_regexp_search *search, uint32_t node, uint32_t at)
{
    uint32_t rune;
    if (at == search->text.size)
        return 0;
    size_t width = chimera_regexp_decode(search->text.data + at, search->text.size - at, &rune);
    if (!search->guide)
        return chimera_regexp_node_takes(search->regexp, &search->regexp->nodes[node], rune)
                   ? (uint32_t)width
                   : 0;
    if (load_at(search, at) < 0 ||
        !chimera_regexp_automaton_has(&search->guide->automaton,
                                      search->guide->entries[at - search->guide->low] >> 1, node))
        return 0;
    search->depth = 0;
    next_stamp(search);
    return (uint32_t)width;
}

/* Back to the last choice; false when there is none. */
static bool go_back(struct chimera_regexp_search *search, uint32_t *node, uint32_t *at)
{
    while (search->depth > 0) {
        struct choice choice = search->choices[--search->depth];
        if (!(choice.node & RESTORE)) {
            *node = choice.node;
            *at = choice.at;
            return true;
        }
        search->slots[choice.node & ~RESTORE] = choice.at;
    }
    return false;
}

/* Goes from a node to the next one without a choice left behind; false when there is no way on. */
static bool go_on(struct chimera_regexp_search *search, uint32_t *node, uint32_t *at)
{
    const struct chimera_regexp_node *here = &search->regexp->nodes[*node];
    uint32_t width;
    if (here->join < CHIMERA_REGEXP_ONE && !enter(search, here->join, *at))
        return false;
    switch (here->op) {
    case CHIMERA_REGEXP_RUNE:
    case CHIMERA_REGEXP_SET:
        width = take_character(search, *node, *at);
        *at += width;
        if (width == 0)
            return false;
        break;
    case CHIMERA_REGEXP_SPLIT:
        if (!push(search, here->other, *at))
            return false;
        break;
    case CHIMERA_REGEXP_SAVE:
        if (here->value >= search->slot_count)
            break;
        if (!push(search, here->value | RESTORE, search->slots[here->value]))
            return false;
        search->slots[here->value] = *at;
        break;
    case CHIMERA_REGEXP_CHECK:
        if (here->value & ~held_at(search, *at))
            return false;
        break;
    default:
        break;
    }
    *node = here->out;
    return true;
}

/* The first way from `start` to a match, in the program's order: 1, 0, or a refusal. */
static int run_from(struct chimera_regexp_search *search, uint32_t start)
{
    uint32_t node = search->regexp->entry, at = start, steps = 0;
    search->depth = 0;
    if (search->guide)
        next_stamp(search);
    while (node != search->regexp->match) {
        if (!go_on(search, &node, &at) && !go_back(search, &node, &at))
            break;
        if (++steps == STEPS) {
            if (chimera_regexp_work(&search->memory, 2 * STEPS) < 0)
                break;
            steps = 0;
        }
    }
    chimera_regexp_work(&search->memory, 2 * (uint64_t)steps);
    if (search->guide && search->guide->automaton.memory.failed)
        return search->guide->automaton.memory.failed;
    if (search->memory.failed || node != search->regexp->match)
        return search->memory.failed;
    search->slots[0] = start;
    search->slots[1] = at;
    return 1;
}

/* What was passed on the way to the match need not lead nowhere; of that, later searches see only
 * the place where it ended. All that was tried behind that place led nowhere indeed. */
static void clear_memo(struct chimera_regexp_search *search, uint32_t at)
{
    uint64_t count = search->regexp->join_count, bit = at * count, end = bit + count;
    while (bit < end) {
        uint64_t size = 64 - bit % 64 < end - bit ? 64 - bit % 64 : end - bit;
        uint64_t mask = size == 64 ? UINT64_MAX : (((uint64_t)1 << size) - 1) << (bit % 64);
        search->memo[bit / 64] &= ~mask;
        bit += size;
    }
}

/* The next place at which a match may begin by its first byte; the text's size for none. */
static uint32_t skip(struct chimera_regexp_search *search, uint32_t at)
{
    const struct chimera_regexp *regexp = search->regexp;
    struct chimera_slice text = search->text;
    uint32_t from = at;
    if (regexp->only_first >= 0) {
        const char *found =
            at < text.size ? memchr(text.data + at, regexp->only_first, text.size - at) : NULL;
        at = found ? (uint32_t)(found - text.data) : (uint32_t)text.size;
    } else {
        while (at < text.size && !chimera_regexp_may_begin(regexp, text.data[at]))
            at++;
    }
    chimera_regexp_work(&search->memory, (at - from) / 8);
    return at;
}

static int try_places(struct chimera_regexp_search *search, uint32_t at)
{
    const struct chimera_regexp *regexp = search->regexp;
    if (regexp->is_anchored && at > 0)
        return 0;
    for (;;) {
        if (regexp->has_firsts && !regexp->is_anchored)
            at = skip(search, at);
        if (regexp->has_firsts && at == search->text.size)
            return search->memory.failed;
        int found = run_from(search, at);
        if (found != 0 || regexp->is_anchored || at == search->text.size) {
            if (found == 1)
                clear_memo(search, search->slots[1]);
            return found;
        }
        uint32_t rune;
        at +=
            (uint32_t)chimera_regexp_decode(search->text.data + at, search->text.size - at, &rune);
    }
}

/* The leftmost match from `at` on, in search->slots. A way that is given up leaves no slot set. */
static int find(struct chimera_regexp_search *search, uint32_t at)
{
    uint32_t start;
    memset(search->slots, 0xFF, search->slot_count * sizeof(*search->slots));
    if (!search->guide)
        return try_places(search, at);
    int found = next_start(search, at, &start);
    return found == 1 ? run_from(search, start) : found;
}

/* --- Searches. --- */

static bool is_short(const struct chimera_regexp *regexp, struct chimera_slice text, size_t limit)
{
    return text.size <= limit && (text.size + 1) * regexp->join_count <= MEMO_BITS;
}

static int check_size(struct chimera_slice text, struct chimera_error *err)
{
    if (text.size < UINT32_MAX / 2)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_ELIMIT, "the text for a regular expression is too long");
}

static int open_search(struct chimera_regexp_search *search)
{
    struct chimera_regexp_memory *memory = &search->memory;
    search->slots = chimera_regexp_take(memory, search->slot_count * sizeof(uint32_t));
    if (!search->slots)
        return memory->failed;
    if (!is_short(search->regexp, search->text, search->regexp->short_text))
        return make_guide(search);
    uint64_t bits = (search->text.size + 1) * search->regexp->join_count;
    search->memo = chimera_regexp_take_zeroed(memory, (bits + 63) / 64 * sizeof(uint64_t));
    return memory->failed;
}

static void close_search(struct chimera_regexp_search *search)
{
    if (search->guide)
        chimera_regexp_automaton_end(&search->guide->automaton);
    struct chimera_regexp_memory memory = search->memory; /* the search may be in it */
    chimera_regexp_release(&memory);
}

int chimera_regexp_search_new(const struct chimera_regexp *regexp, struct chimera_slice text,
                              bool has_groups, struct chimera_regexp_search **ret_search,
                              struct chimera_error *err)
{
    struct chimera_regexp_memory memory = {.account = regexp->memory.account};
    int code = check_size(text, err);
    if (code < 0)
        return code;
    struct chimera_regexp_search *search = chimera_regexp_take_zeroed(&memory, sizeof(*search));
    if (!search)
        return chimera_regexp_refuse(err, memory.failed);
    *search = (struct chimera_regexp_search){.regexp = regexp, .text = text, .memory = memory};
    search->slot_count = has_groups ? regexp->slot_count : 2;
    code = open_search(search);
    if (code < 0) {
        close_search(search);
        return chimera_regexp_refuse(err, code);
    }
    *ret_search = search;
    return CHIMERA_OK;
}

void chimera_regexp_search_free(struct chimera_regexp_search *search)
{
    if (search)
        close_search(search);
}

int chimera_regexp_next(struct chimera_regexp_search *search, struct chimera_error *err)
{
    while (!search->is_over) {
        int found = find(search, search->at);
        if (found < 0)
            return chimera_regexp_refuse(err, found);
        if (found == 0)
            break;
        uint32_t start = search->slots[0], end = search->slots[1];
        bool counts = end != search->at || !search->has_last || start != search->last_end;
        search->last_end = end;
        search->has_last = true;
        /* Moves on behind a match, by a character when that was empty. */
        uint32_t rune;
        if (end != search->at)
            search->at = end;
        else if (end == search->text.size)
            search->is_over = true;
        else
            search->at += (uint32_t)chimera_regexp_decode(search->text.data + end,
                                                          search->text.size - end, &rune);
        if (counts)
            return 1;
    }
    search->is_over = true;
    return 0;
}

bool chimera_regexp_group(const struct chimera_regexp_search *search, size_t group,
                          size_t *ret_start, size_t *ret_end)
{
    if (2 * group + 1 >= search->slot_count || search->slots[2 * group + 1] == UINT32_MAX ||
        search->slots[2 * group] == UINT32_MAX)
        return false;
    *ret_start = search->slots[2 * group];
    *ret_end = search->slots[2 * group + 1];
    return true;
}

/* --- Is there one? --- */

static int matches_long(const struct chimera_regexp *regexp, struct chimera_slice text)
{
    struct chimera_regexp_automaton automaton;
    int code = chimera_regexp_automaton_make(&automaton, regexp, false, UINT32_MAX);
    size_t size = code < 0 ? 0 : regexp->states_bytes / chimera_regexp_state_size(&automaton);
    size = size < BLOCK_MIN ? BLOCK_MIN : size;
    if (code == CHIMERA_OK && automaton.state_limit > size)
        automaton.state_limit = (uint32_t)size;
    if (code == CHIMERA_OK)
        code = chimera_regexp_automaton_run(&automaton, text);
    chimera_regexp_automaton_end(&automaton);
    return code;
}

int chimera_regexp_matches(const struct chimera_regexp *regexp, struct chimera_slice text,
                           struct chimera_error *err)
{
    int code = check_size(text, err);
    if (code < 0)
        return code;
    if (is_short(regexp, text, regexp->short_text / SHORT_TO_ASK)) {
        struct chimera_regexp_search search = {.regexp = regexp,
                                               .text = text,
                                               .slot_count = 2,
                                               .memory.account = regexp->memory.account};
        code = open_search(&search);
        if (code == CHIMERA_OK)
            code = find(&search, 0);
        close_search(&search);
    } else {
        code = matches_long(regexp, text);
    }
    return code < 0 ? chimera_regexp_refuse(err, code) : code;
}
