/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - the parts of the parser of regexp.h. Private to this folder. */
#ifndef CHIMERA_REGEXP_PARSE_H
#define CHIMERA_REGEXP_PARSE_H

#include "runtime/regexp/regexp_internal.h"

enum chimera_regexp_flag { /* bits */
                           CHIMERA_REGEXP_FOLD = 1,
                           CHIMERA_REGEXP_LINES = 2,  /* ^ and $ match at lines' ends, too */
                           CHIMERA_REGEXP_DOT_NL = 4, /* . matches a newline */
                           CHIMERA_REGEXP_UNGREEDY = 8,
};

struct chimera_regexp_group { /* an open one */
    struct chimera_regexp_group *outer;
    unsigned flags; /* to be restored at its end */
    uint32_t number;
    bool has_number;
    struct chimera_regexp_tree *first, *last; /* of the sequence that is being read */
    struct chimera_regexp_tree *choices;      /* the alternatives before it; NULL without a bar */
};

struct chimera_regexp_parser {
    struct chimera_regexp_memory *memory;
    struct chimera_slice whole;
    const char *at, *end;
    unsigned flags;
    uint64_t ranges_limit; /* how many more the classes may have */
    struct chimera_regexp_names *names;
    struct chimera_regexp_group *group; /* the innermost open one */
    struct chimera_error *err;
};

static inline size_t chimera_regexp_left(const struct chimera_regexp_parser *parser)
{
    return (size_t)(parser->end - parser->at);
}

/* Go's message with the text from `from` to where the parser is. Returns CHIMERA_EINVAL. */
int chimera_regexp_wrong(struct chimera_regexp_parser *parser, const char *what, const char *from);
/* Steps over a character; CHIMERA_EINVAL when it is no UTF-8. At the end: U+FFFD, without a step.
 */
int chimera_regexp_step(struct chimera_regexp_parser *parser, uint32_t *ret_rune);
/* Steps over a character that is written with a backslash. */
int chimera_regexp_escape(struct chimera_regexp_parser *parser, uint32_t *ret_rune);
/* Steps over "\d", "\pN" or the like and adds what it stands for: 1, 0 when none is here, or an
 * error. */
int chimera_regexp_escaped_class(struct chimera_regexp_parser *parser,
                                 struct chimera_regexp_set *set);
/* From the opening bracket to the closing one; the set is clean. */
int chimera_regexp_class(struct chimera_regexp_parser *parser, struct chimera_regexp_set *set);

/* The same with the whole pattern. */
int chimera_regexp_wrong_whole(struct chimera_regexp_parser *parser, const char *what);

/* --- The tree (tree.c). These add to the sequence of the innermost group. --- */

int chimera_regexp_push_literal(struct chimera_regexp_parser *parser, uint32_t rune);
int chimera_regexp_push_assertion(struct chimera_regexp_parser *parser, uint32_t conditions);
int chimera_regexp_push_class(struct chimera_regexp_parser *parser, struct chimera_regexp_set set);
/* "." */
int chimera_regexp_push_any(struct chimera_regexp_parser *parser);
int chimera_regexp_push_group(struct chimera_regexp_parser *parser,
                              struct chimera_regexp_tree *inner, bool has_number, uint32_t number);

/* At a bar. */
int chimera_regexp_end_choice(struct chimera_regexp_parser *parser);
/* Takes all that the group has: its tree. */
int chimera_regexp_end_choices(struct chimera_regexp_parser *parser,
                               struct chimera_regexp_tree **ret_node);

/* Makes the last node of the sequence a repetition of itself: op, bounds and laziness are given.
 * `from` is where the operator began. */
int chimera_regexp_repeat(struct chimera_regexp_parser *parser,
                          struct chimera_regexp_tree repetition, const char *from);

#endif
