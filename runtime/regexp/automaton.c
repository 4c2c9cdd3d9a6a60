/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/regexp/automaton.h"

#define SIDE_KIND 3u                   /* mask: a kind */
#define SIDE_IS_OPEN 4u                /* forward: a match may begin here; backward: may end here */
#define ROWS_LIMIT ((uint64_t)1 << 29) /* a row and its marks have 32 bits */
#define STATES_FIRST 16
#define RUN_STEP ((size_t)4096) /* bytes between two times that they are spent */

/* --- What leads where. --- */

static uint32_t out_degree(const struct chimera_regexp_node *node)
{
    return node->op == CHIMERA_REGEXP_MATCH ? 0 : node->op == CHIMERA_REGEXP_SPLIT ? 2 : 1;
}

static int number_runes(struct chimera_regexp_automaton *automaton)
{
    const struct chimera_regexp *regexp = automaton->regexp;
    size_t size = regexp->node_count * sizeof(uint32_t);
    automaton->runes = chimera_regexp_take(&automaton->memory, size);
    automaton->numbers = chimera_regexp_take(&automaton->memory, size);
    if (automaton->memory.failed)
        return automaton->memory.failed;
    for (uint32_t i = 0; i < regexp->node_count && chimera_regexp_goes_on(&automaton->memory, i, 2);
         i++) {
        bool is_rune = regexp->nodes[i].op <= CHIMERA_REGEXP_SET;
        automaton->numbers[i] = is_rune ? automaton->rune_count : CHIMERA_REGEXP_NONE;
        if (is_rune)
            automaton->runes[automaton->rune_count++] = i;
    }
    return automaton->memory.failed;
}

/* Edges from each node, in the direction of the automaton. */
/* NOLINTNEXTLINE(readability-function-cognitive-complexity): two passes over one list */
static int make_edges(struct chimera_regexp_automaton *automaton)
{
    const struct chimera_regexp *regexp = automaton->regexp;
    size_t nodes = regexp->node_count, count = 0;
    for (size_t i = 0; i < nodes && chimera_regexp_goes_on(&automaton->memory, i, 1); i++)
        count += out_degree(&regexp->nodes[i]);
    uint32_t *at = chimera_regexp_take_zeroed(&automaton->memory, (nodes + 2) * sizeof(*at));
    uint32_t *edges = chimera_regexp_take(&automaton->memory, count * sizeof(*edges) + 1);
    if (!at || !edges)
        return automaton->memory.failed;
    automaton->edges_at = at;
    automaton->edges = edges;
    for (int pass = 0; pass < 2; pass++) { /* the first counts, one place too far */
        for (uint32_t i = 0; i < nodes && chimera_regexp_goes_on(&automaton->memory, i, 4); i++) {
            const struct chimera_regexp_node *node = &regexp->nodes[i];
            for (uint32_t edge = 0; edge < out_degree(node); edge++) {
                uint32_t to = edge ? node->other : node->out;
                uint32_t from = automaton->is_backward ? to : i;
                if (pass == 0)
                    at[from + 2]++;
                else
                    edges[at[from + 1]++] = automaton->is_backward ? i : to;
            }
        }
        for (size_t i = 2; i < nodes + 2 && pass == 0; i++)
            at[i] += at[i - 1];
    }
    return automaton->memory.failed;
}

/* --- States. --- */

static uint32_t *bits_of(const struct chimera_regexp_automaton *automaton, uint32_t state)
{
    return automaton->records + (size_t)state * automaton->stride + automaton->symbol_count;
}

size_t chimera_regexp_state_size(const struct chimera_regexp_automaton *automaton)
{
    return (automaton->stride + 5) * sizeof(uint32_t); /* and its places in the table */
}

static bool grow(struct chimera_regexp_automaton *automaton)
{
    struct chimera_regexp_memory *memory = &automaton->memory;
    size_t old = automaton->state_capacity, capacity = old ? 2 * old : STATES_FIRST;
    if (capacity > automaton->state_limit)
        capacity = automaton->state_limit;
    size_t size = automaton->stride * sizeof(uint32_t);
    uint32_t *records =
        chimera_regexp_extend(memory, automaton->records, old * size, capacity * size);
    uint8_t *sides = chimera_regexp_extend(memory, automaton->sides, old, capacity);
    uint32_t *table = chimera_regexp_take_zeroed(memory, 4 * capacity * sizeof(*table));
    if (memory->failed)
        return false;
    automaton->records = records;
    automaton->sides = sides;
    automaton->table = table;
    automaton->table_size = (uint32_t)(4 * capacity);
    automaton->state_capacity = (uint32_t)capacity;
    return true;
}

/* Where the state is in the table, or would be. */
static uint32_t *find(struct chimera_regexp_automaton *automaton, const uint32_t *bits,
                      uint8_t side)
{
    size_t size = automaton->word_count * sizeof(*bits);
    uint64_t mixed = side;
    for (uint32_t i = 0; i < automaton->word_count; i++)
        mixed = (mixed ^ bits[i]) * 0x9E3779B97F4A7C15u + (mixed >> 29);
    uint32_t at = (uint32_t)((mixed ^ mixed >> 32) % automaton->table_size);
    for (;; at = (at + 1) % automaton->table_size) {
        uint32_t state = automaton->table[at];
        if (state == 0 ||
            (automaton->sides[state] == side && !memcmp(bits_of(automaton, state), bits, size)))
            return &automaton->table[at];
    }
}

static void fill_table(struct chimera_regexp_automaton *automaton)
{
    for (uint32_t state = 1; state < automaton->state_count; state++)
        *find(automaton, bits_of(automaton, state), automaton->sides[state]) = state;
}

void chimera_regexp_automaton_forget(struct chimera_regexp_automaton *automaton)
{
    automaton->forgotten++;
    automaton->state_count = 1;
    if (automaton->table)
        memset(automaton->table, 0, automaton->table_size * sizeof(*automaton->table));
}

/* The row of a state; `bits` are not in the automaton's own list. */
static uint32_t intern(struct chimera_regexp_automaton *automaton, const uint32_t *bits,
                       uint8_t side)
{
    uint32_t *place = automaton->table ? find(automaton, bits, side) : NULL;
    chimera_regexp_work(&automaton->memory, 8 + automaton->stride / 2);
    if (place && *place)
        return *place * automaton->stride;
    if (automaton->state_count >= automaton->state_capacity) {
        if (automaton->state_capacity < automaton->state_limit) {
            if (!grow(automaton))
                return 0;
            fill_table(automaton);
        } else {
            chimera_regexp_automaton_forget(automaton);
        }
        place = find(automaton, bits, side);
    }
    uint32_t state = automaton->state_count++, *record = bits_of(automaton, state);
    *place = state;
    automaton->sides[state] = side;
    memcpy(record, bits, automaton->word_count * sizeof(*bits));
    memset(record - automaton->symbol_count, 0, automaton->symbol_count * sizeof(*record));
    return automaton->memory.failed ? 0 : state * automaton->stride;
}

uint32_t chimera_regexp_automaton_restore(struct chimera_regexp_automaton *automaton,
                                          const uint32_t *bits, uint8_t side)
{
    return intern(automaton, bits, side);
}

uint32_t chimera_regexp_automaton_start(struct chimera_regexp_automaton *automaton)
{
    memset(automaton->bits, 0, automaton->word_count * sizeof(*automaton->bits));
    return intern(automaton, automaton->bits, CHIMERA_REGEXP_EDGE | SIDE_IS_OPEN);
}

int chimera_regexp_automaton_make(struct chimera_regexp_automaton *automaton,
                                  const struct chimera_regexp *regexp, bool is_backward,
                                  uint32_t state_limit)
{
    *automaton = (struct chimera_regexp_automaton){.regexp = regexp, .is_backward = is_backward};
    struct chimera_regexp_memory *memory = &automaton->memory;
    memory->account = regexp->memory.account;
    int code = chimera_regexp_alphabet_make(regexp, memory, &automaton->alphabet);
    if (code == CHIMERA_OK)
        code = number_runes(automaton);
    if (code < 0)
        return code;
    automaton->symbol_count = automaton->alphabet.symbol_count + 1;
    automaton->word_count = (automaton->rune_count + 31) / 32;
    automaton->stride = automaton->symbol_count + automaton->word_count;
    automaton->state_count = 1;
    automaton->state_limit = state_limit;
    if (state_limit * (uint64_t)automaton->stride > ROWS_LIMIT)
        automaton->state_limit = (uint32_t)(ROWS_LIMIT / automaton->stride);
    size_t size = regexp->node_count * sizeof(uint32_t);
    automaton->marks = chimera_regexp_take_zeroed(memory, size);
    automaton->stack = chimera_regexp_take(memory, size);
    automaton->bits = chimera_regexp_take(memory, automaton->word_count * sizeof(uint32_t) + 1);
    return memory->failed ? memory->failed : make_edges(automaton);
}

void chimera_regexp_automaton_end(struct chimera_regexp_automaton *automaton)
{
    chimera_regexp_release(&automaton->memory);
}

/* --- Transitions. --- */

struct transition {
    struct chimera_regexp_automaton *automaton;
    uint32_t rune; /* of the symbol */
    bool is_end;   /* the symbol is the text's end */
    uint32_t held; /* conditions */
    uint32_t depth;
    bool is_hit;
    uint64_t seen;
};

static void visit(struct transition *transition, uint32_t at)
{
    struct chimera_regexp_automaton *automaton = transition->automaton;
    const struct chimera_regexp *regexp = automaton->regexp;
    const struct chimera_regexp_node *node = &regexp->nodes[at];
    if (automaton->marks[at] == automaton->mark)
        return;
    automaton->marks[at] = automaton->mark;
    transition->seen++;
    if (node->op <= CHIMERA_REGEXP_SET) {
        uint32_t number = automaton->numbers[at];
        if (!transition->is_end && chimera_regexp_node_takes(regexp, node, transition->rune))
            automaton->bits[number / 32] |= 1u << (number % 32);
    } else if (at == (automaton->is_backward ? regexp->entry : regexp->match)) {
        transition->is_hit = true;
    } else if (node->op != CHIMERA_REGEXP_CHECK || !(node->value & ~transition->held)) {
        automaton->stack[transition->depth++] = at;
    }
}

static void follow(struct transition *transition, uint32_t from)
{
    const struct chimera_regexp_automaton *automaton = transition->automaton;
    for (uint32_t i = automaton->edges_at[from]; i < automaton->edges_at[from + 1]; i++)
        visit(transition, automaton->edges[i]);
    while (transition->depth > 0) {
        uint32_t at = automaton->stack[--transition->depth];
        for (uint32_t i = automaton->edges_at[at]; i < automaton->edges_at[at + 1]; i++)
            visit(transition, automaton->edges[i]);
    }
}

/* Only what the program asks for, so that states are few. */
static uint8_t known_side(const struct chimera_regexp_automaton *automaton, uint32_t rune)
{
    uint32_t asked = automaton->regexp->conditions;
    enum chimera_regexp_kind kind = chimera_regexp_kind_of(rune);
    if (kind == CHIMERA_REGEXP_NEWLINE &&
        !(asked & (CHIMERA_REGEXP_BEGIN_LINE | CHIMERA_REGEXP_END_LINE)))
        kind = CHIMERA_REGEXP_OTHER;
    if (kind == CHIMERA_REGEXP_WORD &&
        !(asked & (CHIMERA_REGEXP_WORD_BOUNDARY | CHIMERA_REGEXP_NO_WORD_BOUNDARY)))
        kind = CHIMERA_REGEXP_OTHER;
    bool is_open = automaton->is_backward || !automaton->regexp->is_anchored;
    return (uint8_t)(kind | (is_open ? SIDE_IS_OPEN : 0));
}

/* Fills automaton->bits with the state behind the symbol. */
static void cross(struct transition *transition, uint32_t state)
{
    struct chimera_regexp_automaton *automaton = transition->automaton;
    const struct chimera_regexp *regexp = automaton->regexp;
    const uint32_t *core = bits_of(automaton, state);
    enum chimera_regexp_kind known = automaton->sides[state] & SIDE_KIND;
    enum chimera_regexp_kind other =
        transition->is_end ? CHIMERA_REGEXP_EDGE : chimera_regexp_kind_of(transition->rune);
    transition->held = automaton->is_backward ? chimera_regexp_conditions(other, known)
                                              : chimera_regexp_conditions(known, other);
    memset(automaton->bits, 0, automaton->word_count * sizeof(*automaton->bits));
    if (++automaton->mark == 0) {
        memset(automaton->marks, 0, automaton->regexp->node_count * sizeof(uint32_t));
        automaton->mark = 1;
    }
    for (uint32_t word = 0; word < automaton->word_count; word++) {
        for (uint32_t bits = core[word]; bits; bits &= bits - 1)
            follow(transition, automaton->runes[32 * word + (uint32_t)__builtin_ctz(bits)]);
    }
    if (automaton->sides[state] & SIDE_IS_OPEN)
        follow(transition, automaton->is_backward ? regexp->match : regexp->entry);
}

uint32_t chimera_regexp_automaton_learn(struct chimera_regexp_automaton *automaton, uint32_t row,
                                        uint32_t symbol)
{
    uint32_t state = row / automaton->stride, forgotten = automaton->forgotten;
    bool is_end = symbol == automaton->symbol_count - 1, is_idle = true;
    struct transition transition = {.automaton = automaton, .is_end = is_end};
    if (automaton->memory.failed)
        return 0;
    if (!is_end)
        transition.rune = automaton->alphabet.samples[symbol];
    cross(&transition, state);
    uint8_t side = is_end ? CHIMERA_REGEXP_EDGE : known_side(automaton, transition.rune);
    for (uint32_t i = 0; i < automaton->word_count && is_idle; i++)
        is_idle = automaton->bits[i] == 0;
    uint32_t target = intern(automaton, automaton->bits, side);
    if (target == 0 || chimera_regexp_work(&automaton->memory, 4 * transition.seen) < 0)
        return 0;
    uint32_t entry = target << 2 | (transition.is_hit ? CHIMERA_REGEXP_HIT : 0) |
                     (is_idle ? CHIMERA_REGEXP_IDLE : 0);
    if (automaton->forgotten == forgotten)
        automaton->records[row + symbol] = entry;
    return entry;
}

/* Where no match has begun, the next byte with which one may is looked for at once. */
static size_t skip(const struct chimera_regexp_automaton *automaton, struct chimera_slice text,
                   size_t at, size_t stop)
{
    const struct chimera_regexp *regexp = automaton->regexp;
    if (regexp->only_first >= 0) {
        const char *found = memchr(text.data + at, regexp->only_first, stop - at);
        return found ? (size_t)(found - text.data) : stop;
    }
    while (at < stop && !chimera_regexp_may_begin(regexp, text.data[at]))
        at++;
    return at;
}

int chimera_regexp_automaton_run(struct chimera_regexp_automaton *automaton,
                                 struct chimera_slice text)
{
    uint32_t row = chimera_regexp_automaton_start(automaton), entry = row << 2;
    bool may_skip = automaton->regexp->has_firsts && !automaton->regexp->is_anchored &&
                    !automaton->regexp->conditions;
    for (size_t at = 0; at < text.size && entry;) {
        size_t stop = text.size - at > RUN_STEP ? at + RUN_STEP : text.size;
        if (chimera_regexp_work(&automaton->memory, stop - at) < 0)
            break;
        while (at < stop) {
            uint32_t rune;
            if (may_skip && (entry & CHIMERA_REGEXP_IDLE) &&
                (at = skip(automaton, text, at, stop)) == stop)
                break;
            at += chimera_regexp_decode(text.data + at, text.size - at, &rune);
            entry = chimera_regexp_automaton_step(
                automaton, row, chimera_regexp_symbol(&automaton->alphabet, rune));
            if (entry & CHIMERA_REGEXP_HIT)
                return 1;
            if (entry == 0 || ((entry & CHIMERA_REGEXP_IDLE) && automaton->regexp->is_anchored))
                return automaton->memory.failed;
            row = entry >> 2;
        }
    }
    if (!automaton->memory.failed)
        entry = chimera_regexp_automaton_step(automaton, row, automaton->symbol_count - 1);
    return automaton->memory.failed ? automaton->memory.failed : (int)(entry & CHIMERA_REGEXP_HIT);
}
