/* SPDX-License-Identifier: Apache-2.0 */
/* regexp_internal.h - what the files of regexp.h share: memory, sets of characters, the tree of an
 * expression and the program made of it.
 *
 * Pattern -> tree (parse.c, class.c) -> program (program.c) -> search
 * (search.c, automaton.c).
 */
#ifndef CHIMERA_REGEXP_REGEXP_INTERNAL_H
#define CHIMERA_REGEXP_REGEXP_INTERNAL_H

#include "runtime/regexp/regexp.h"
#include "runtime/regexp/unicode.h"

/* --- Memory that lives as long as what is made in it; one end for all. --- */

struct chimera_regexp_block;

struct chimera_regexp_memory {
    struct chimera_account *account;     /* borrowed */
    struct chimera_regexp_block *blocks; /* owned */
    char *at;                            /* in the newest block, as is what is left of it */
    size_t left;
    int failed; /* 0, or the first refusal of the account or of malloc() */
};

/* Aligned for anything, not zeroed; NULL when refused. */
void *chimera_regexp_take(struct chimera_regexp_memory *memory, size_t size);
/* The same, zeroed. */
void *chimera_regexp_take_zeroed(struct chimera_regexp_memory *memory, size_t size);
/* A larger place for what `old` (NULL: nothing) holds, the same one where it can be. */
void *chimera_regexp_extend(struct chimera_regexp_memory *memory, void *old, size_t old_size,
                            size_t size);
/* Gives everything back. */
void chimera_regexp_release(struct chimera_regexp_memory *memory);

/* Spends; 0 or the first refusal. */
static inline int chimera_regexp_work(struct chimera_regexp_memory *memory, uint64_t units)
{
    int code = chimera_account_spend(memory->account, units);
    if (code < 0 && !memory->failed)
        memory->failed = code;
    return memory->failed;
}

/* In loops over a program or a text, which may be long: spends for the steps up to the next look.
 */
#define CHIMERA_REGEXP_STRETCH 4096u
static inline bool chimera_regexp_goes_on(struct chimera_regexp_memory *memory, size_t step,
                                          uint64_t units)
{
    return (step + 1) % CHIMERA_REGEXP_STRETCH != 0 ||
           chimera_regexp_work(memory, units * CHIMERA_REGEXP_STRETCH) == CHIMERA_OK;
}

/* Fills `err` for a code that an account gave, and returns it. */
int chimera_regexp_refuse(struct chimera_error *err, int code);

/* --- Sets of characters. --- */

struct chimera_regexp_range {
    uint32_t lo, hi;
};

struct chimera_regexp_set {
    struct chimera_regexp_range *ranges; /* in the memory of who made it */
    uint32_t count, capacity;
};

/* What cannot be added for want of memory is told by the memory. */
void chimera_regexp_set_add(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set,
                            uint32_t lo, uint32_t hi);
/* With what differs in case alone. */
void chimera_regexp_set_add_folded(struct chimera_regexp_memory *memory,
                                   struct chimera_regexp_set *set, uint32_t lo, uint32_t hi);
void chimera_regexp_set_add_set(struct chimera_regexp_memory *memory,
                                struct chimera_regexp_set *set,
                                const struct chimera_regexp_set *other);
/* All characters with this property. */
void chimera_regexp_set_add_property(struct chimera_regexp_memory *memory,
                                     struct chimera_regexp_set *set,
                                     const struct chimera_regexp_property *property);
/* All that are not in `other`, which is clean. */
void chimera_regexp_set_add_others(struct chimera_regexp_memory *memory,
                                   struct chimera_regexp_set *set,
                                   const struct chimera_regexp_set *other);
/* Adds what differs from a member in case alone. */
void chimera_regexp_set_fold(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set);
/* Ranges in order, with gaps between them. */
void chimera_regexp_set_clean(struct chimera_regexp_memory *memory, struct chimera_regexp_set *set);

/* --- The tree. --- */

enum chimera_regexp_op {
    CHIMERA_REGEXP_EMPTY,
    CHIMERA_REGEXP_LITERAL, /* one character */
    CHIMERA_REGEXP_CLASS,
    CHIMERA_REGEXP_ASSERT, /* all of `conditions` hold here */
    CHIMERA_REGEXP_CAPTURE,
    CHIMERA_REGEXP_STAR,
    CHIMERA_REGEXP_PLUS,
    CHIMERA_REGEXP_QUEST,
    CHIMERA_REGEXP_REPEAT,
    CHIMERA_REGEXP_CONCAT,
    CHIMERA_REGEXP_ALTERNATE,
};

enum chimera_regexp_condition { /* bits; of a place between two characters */
                                CHIMERA_REGEXP_BEGIN_LINE = 1,
                                CHIMERA_REGEXP_END_LINE = 2,
                                CHIMERA_REGEXP_BEGIN_TEXT = 4,
                                CHIMERA_REGEXP_END_TEXT = 8,
                                CHIMERA_REGEXP_WORD_BOUNDARY = 16,
                                CHIMERA_REGEXP_NO_WORD_BOUNDARY = 32,
};

#define CHIMERA_REGEXP_REPEAT_MAX 1000 /* Go's own */
#define CHIMERA_REGEXP_FOREVER UINT32_MAX

struct chimera_regexp_tree {
    uint8_t op;
    bool is_folded;                   /* literal: matches whatever differs in case alone */
    bool is_lazy;                     /* repetition: as few as possible */
    bool is_nullable;                 /* may match nothing */
    uint16_t height;                  /* of the tree, as Go counts it */
    uint16_t copies;                  /* that repetitions in it make of something, at most */
    uint64_t size;                    /* of the program for it, as Go counts it */
    struct chimera_regexp_tree *next; /* sibling */
    union {
        uint32_t rune;
        uint32_t conditions;
        struct chimera_regexp_set set; /* clean, once the tree is whole */
        struct {
            struct chimera_regexp_tree *first, *last; /* children */
            uint32_t min, max;                        /* repeat; max may be FOREVER */
            uint32_t group;                           /* capture */
        };
    };
};

struct chimera_regexp_names { /* of groups; index 0 is the whole match */
    struct chimera_slice *names;
    uint32_t count, capacity;
};

/* The tree lives in `memory`, the names point into the pattern. CHIMERA_EINVAL in Go's words. */
int chimera_regexp_parse(struct chimera_slice pattern, struct chimera_regexp_memory *memory,
                         struct chimera_regexp_names *names, struct chimera_regexp_tree **ret_tree,
                         struct chimera_error *err);

/* --- The program. --- */

enum chimera_regexp_instruction {
    CHIMERA_REGEXP_RUNE, /* the first two take a character */
    CHIMERA_REGEXP_SET,
    CHIMERA_REGEXP_SPLIT, /* `out` is tried before `other` */
    CHIMERA_REGEXP_SAVE,  /* the place, in a slot */
    CHIMERA_REGEXP_CHECK, /* conditions */
    CHIMERA_REGEXP_JUMP,
    CHIMERA_REGEXP_MATCH,
};

#define CHIMERA_REGEXP_NONE UINT32_MAX
#define CHIMERA_REGEXP_ONE (UINT32_MAX - 1)

struct chimera_regexp_node {
    uint32_t op;
    uint32_t out;
    union {
        uint32_t value; /* rune, index of a set, slot, or conditions */
        uint32_t other;
    };
    uint32_t
        join; /* its number among those that are reached from several nodes; else ONE or more */
};

struct chimera_regexp_members { /* a set that does not change any more */
    uint64_t ascii[2];
    struct chimera_regexp_set set;
};

struct chimera_regexp {
    struct chimera_regexp_memory memory; /* of all of this, itself too */
    struct chimera_regexp_node *nodes;
    uint32_t node_count, join_count, slot_count;
    uint32_t entry, match; /* nodes; the entry does nothing and no node leads to it */
    struct chimera_regexp_members *sets;
    uint32_t set_count;
    struct chimera_regexp_names names; /* owned, with their texts */
    uint32_t conditions;               /* all that are asked somewhere */
    size_t short_text;   /* texts up to this size are searched in the way for short ones */
    size_t states_bytes; /* for the states of a long one; tests change both */
    bool is_anchored;    /* a match begins where the text does */
    bool has_firsts;     /* it begins with a byte that `firsts` has */
    int only_first;      /* the only byte in `firsts`, or -1 */
    uint64_t firsts[4];  /* bits */
};

/* Fills what comes from the tree. */
int chimera_regexp_compile(struct chimera_regexp *regexp, const struct chimera_regexp_tree *tree,
                           struct chimera_regexp_memory *scratch);

/* By what it begins with; only where the expression `has_firsts`. */
static inline bool chimera_regexp_may_begin(const struct chimera_regexp *regexp, char byte)
{
    return regexp->firsts[(unsigned char)byte / 64] >> ((unsigned char)byte % 64) & 1;
}

bool chimera_regexp_members_have(const struct chimera_regexp_members *members, uint32_t rune);

static inline bool chimera_regexp_node_takes(const struct chimera_regexp *regexp,
                                             const struct chimera_regexp_node *node, uint32_t rune)
{
    if (node->op == CHIMERA_REGEXP_RUNE)
        return node->value == rune;
    const struct chimera_regexp_members *members = &regexp->sets[node->value];
    if (rune < 0x80)
        return members->ascii[rune / 64] >> (rune % 64) & 1;
    return chimera_regexp_members_have(members, rune);
}

/* What may stand at a side of a place. */
enum chimera_regexp_kind {
    CHIMERA_REGEXP_OTHER,
    CHIMERA_REGEXP_WORD,
    CHIMERA_REGEXP_NEWLINE,
    CHIMERA_REGEXP_EDGE, /* nothing: the text's end */
};

static inline enum chimera_regexp_kind chimera_regexp_kind_of(uint32_t rune)
{
    return rune == '\n'                   ? CHIMERA_REGEXP_NEWLINE
           : chimera_regexp_is_word(rune) ? CHIMERA_REGEXP_WORD
                                          : CHIMERA_REGEXP_OTHER;
}

/* The conditions that hold between the two. */
static inline uint32_t chimera_regexp_conditions(enum chimera_regexp_kind before,
                                                 enum chimera_regexp_kind after)
{
    uint32_t held = (before == CHIMERA_REGEXP_WORD) != (after == CHIMERA_REGEXP_WORD)
                        ? CHIMERA_REGEXP_WORD_BOUNDARY
                        : CHIMERA_REGEXP_NO_WORD_BOUNDARY;
    if (before >= CHIMERA_REGEXP_NEWLINE)
        held |= CHIMERA_REGEXP_BEGIN_LINE;
    if (before == CHIMERA_REGEXP_EDGE)
        held |= CHIMERA_REGEXP_BEGIN_TEXT;
    if (after >= CHIMERA_REGEXP_NEWLINE)
        held |= CHIMERA_REGEXP_END_LINE;
    if (after == CHIMERA_REGEXP_EDGE)
        held |= CHIMERA_REGEXP_END_TEXT;
    return held;
}

#endif
