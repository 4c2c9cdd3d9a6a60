/* SPDX-License-Identifier: Apache-2.0 */
/* automaton.h - sets of a program's nodes as states, made as a text needs them, for long
 * texts. Private to this folder.
 *
 * Forward, a state is what a match that began somewhere before may be about to take; it tells
 * whether there is a match at all. Backward, a state is what a match may take here and come to its
 * end; it tells where matches begin and which way leads to one. States are counted by the row of
 * their transitions. One thread.
 */
#ifndef CHIMERA_REGEXP_AUTOMATON_H
#define CHIMERA_REGEXP_AUTOMATON_H

#include "runtime/regexp/regexp_internal.h"

/* Characters that a program does not tell apart are one symbol. */
struct chimera_regexp_alphabet {
    uint32_t symbol_count; /* one more stands for the text's end */
    uint32_t start_count;
    uint32_t *starts;  /* of intervals of characters, in order; the first is 0 */
    uint32_t *symbols; /* of the intervals */
    uint32_t *samples; /* a character of each symbol */
    uint32_t ascii[128];
};

int chimera_regexp_alphabet_make(const struct chimera_regexp *regexp,
                                 struct chimera_regexp_memory *memory,
                                 struct chimera_regexp_alphabet *ret_alphabet);

uint32_t chimera_regexp_alphabet_search(const struct chimera_regexp_alphabet *alphabet,
                                        uint32_t rune);

static inline uint32_t chimera_regexp_symbol(const struct chimera_regexp_alphabet *alphabet,
                                             uint32_t rune)
{
    return rune < 0x80 ? alphabet->ascii[rune] : chimera_regexp_alphabet_search(alphabet, rune);
}

/* What a transition leads to: a row << 2, and these. 0: not known yet. */
/* Forward: a match ends before the symbol. Backward: one may begin behind it. */
#define CHIMERA_REGEXP_HIT 1u
#define CHIMERA_REGEXP_IDLE 2u /* forward: nothing has begun */

struct chimera_regexp_automaton {
    const struct chimera_regexp *regexp;
    struct chimera_regexp_memory memory; /* of all that follows */
    struct chimera_regexp_alphabet alphabet;
    bool is_backward;
    uint32_t rune_count;
    uint32_t *runes;            /* the nodes that take a character, */
    uint32_t *numbers;          /* and the number of each node among them, or NONE */
    uint32_t symbol_count;      /* with the text's end */
    uint32_t word_count;        /* of the bits of a state */
    uint32_t stride;            /* of a state's record */
    uint32_t *edges_at, *edges; /* of node n: edges[edges_at[n]] to edges[edges_at[n + 1]] */
    uint32_t *marks, mark;      /* of nodes that this transition has seen */
    uint32_t *stack;
    uint32_t *bits; /* of the state that is being made */

    /* States; the first is none. They grow up to the limit and are then forgotten. */
    uint32_t state_count, state_capacity, state_limit, forgotten; /* how often */
    uint32_t *records; /* transitions, then bits: the nodes that take a character */
    uint8_t *sides; /* what is known of the place: a kind, and whether matches may begin or end */
    uint32_t *table, table_size; /* of states by hash */
};

int chimera_regexp_automaton_make(struct chimera_regexp_automaton *automaton,
                                  const struct chimera_regexp *regexp, bool is_backward,
                                  uint32_t state_limit);
void chimera_regexp_automaton_end(struct chimera_regexp_automaton *automaton);

/* How many bytes a state takes, in about. */
size_t chimera_regexp_state_size(const struct chimera_regexp_automaton *automaton);

/* The row where a text begins, or for a backward one ends; 0 when refused. */
uint32_t chimera_regexp_automaton_start(struct chimera_regexp_automaton *automaton);
/* The row of a state that was kept; 0 when refused. */
uint32_t chimera_regexp_automaton_restore(struct chimera_regexp_automaton *automaton,
                                          const uint32_t *bits, uint8_t side);
void chimera_regexp_automaton_forget(struct chimera_regexp_automaton *automaton);

/* Makes a transition that is not known, and may forget all states for it; 0 when refused. */
uint32_t chimera_regexp_automaton_learn(struct chimera_regexp_automaton *automaton, uint32_t row,
                                        uint32_t symbol);

static inline uint32_t chimera_regexp_automaton_step(struct chimera_regexp_automaton *automaton,
                                                     uint32_t row, uint32_t symbol)
{
    uint32_t entry = automaton->records[row + symbol];
    return entry ? entry : chimera_regexp_automaton_learn(automaton, row, symbol);
}

/* May a match take this node's character in this state? */
static inline bool chimera_regexp_automaton_has(const struct chimera_regexp_automaton *automaton,
                                                uint32_t row, uint32_t node)
{
    uint32_t number = automaton->numbers[node];
    return automaton->records[row + automaton->symbol_count + number / 32] >> (number % 32) & 1;
}

/* Is there a match in the text? 1, 0, or a refusal. */
int chimera_regexp_automaton_run(struct chimera_regexp_automaton *automaton,
                                 struct chimera_slice text);

#endif
