/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of an expression, from its leaves up. Limits are told as Go tells them, when a node that
 * passes one is made. */
#include "runtime/regexp/parse.h"

/* Go's: height of a tree, instructions of a program. */
#define HEIGHT_MAX 1000
#define SIZE_LIMIT ((uint64_t)(128 << 20) / 40)

/* --- Nodes. --- */

static struct chimera_regexp_tree *new_node(struct chimera_regexp_parser *parser,
                                            enum chimera_regexp_op op)
{
    struct chimera_regexp_tree *node = chimera_regexp_take(parser->memory, sizeof(*node));
    if (node)
        *node = (struct chimera_regexp_tree){
            .op = (uint8_t)op, .height = 1, .copies = 1, .size = 1, .is_nullable = true};
    return node;
}

static int check_limits(struct chimera_regexp_parser *parser,
                        const struct chimera_regexp_tree *node)
{
    if (node->op == CHIMERA_REGEXP_CLASS) {
        if (node->set.count > parser->ranges_limit)
            return chimera_regexp_wrong_whole(parser, "expression too large");
        parser->ranges_limit -= node->set.count;
    }
    if (node->size > SIZE_LIMIT)
        return chimera_regexp_wrong_whole(parser, "expression too large");
    if (node->height > HEIGHT_MAX)
        return chimera_regexp_wrong_whole(parser, "expression nests too deeply");
    return chimera_regexp_work(parser->memory, 8);
}

/* Classes of one character, or of the two cases of one, become literals. */
static void simplify_class(struct chimera_regexp_tree *node)
{
    if (node->op != CHIMERA_REGEXP_CLASS || node->set.count == 0 || node->set.count > 2)
        return;
    const struct chimera_regexp_range *ranges = node->set.ranges;
    uint32_t low = ranges[0].lo, high = ranges[node->set.count - 1].hi;
    bool is_pair =
        node->set.count == 2 ? ranges[0].hi == low && ranges[1].lo == high : high == low + 1;
    if (low != high &&
        !(is_pair && chimera_regexp_fold(low) == high && chimera_regexp_fold(high) == low))
        return;
    node->op = CHIMERA_REGEXP_LITERAL;
    node->is_folded = low != high;
    node->rune = low;
}

/* Puts it at the end of the sequence. */
static int push(struct chimera_regexp_parser *parser, struct chimera_regexp_tree *node)
{
    struct chimera_regexp_group *group = parser->group;
    if (!node)
        return parser->memory->failed;
    int code = check_limits(parser, node);
    simplify_class(node);
    if (group->last)
        group->last->next = node;
    else
        group->first = node;
    group->last = node;
    return code;
}

int chimera_regexp_push_literal(struct chimera_regexp_parser *parser, uint32_t rune)
{
    struct chimera_regexp_tree *node = new_node(parser, CHIMERA_REGEXP_LITERAL);
    if (!node)
        return parser->memory->failed;
    node->is_nullable = false;
    node->is_folded = parser->flags & CHIMERA_REGEXP_FOLD;
    node->rune = rune;
    return push(parser, node);
}

int chimera_regexp_push_assertion(struct chimera_regexp_parser *parser, uint32_t conditions)
{
    struct chimera_regexp_tree *node = new_node(parser, CHIMERA_REGEXP_ASSERT);
    if (node)
        node->conditions = conditions;
    return push(parser, node);
}

int chimera_regexp_push_class(struct chimera_regexp_parser *parser, struct chimera_regexp_set set)
{
    struct chimera_regexp_tree *node = new_node(parser, CHIMERA_REGEXP_CLASS);
    if (!node)
        return parser->memory->failed;
    node->is_nullable = false;
    node->set = set;
    return push(parser, node);
}

int chimera_regexp_push_any(struct chimera_regexp_parser *parser)
{
    struct chimera_regexp_set set = {0};
    if (parser->flags & CHIMERA_REGEXP_DOT_NL) {
        chimera_regexp_set_add(parser->memory, &set, 0, CHIMERA_REGEXP_RUNE_MAX);
    } else {
        chimera_regexp_set_add(parser->memory, &set, 0, '\n' - 1);
        chimera_regexp_set_add(parser->memory, &set, '\n' + 1, CHIMERA_REGEXP_RUNE_MAX);
    }
    return chimera_regexp_push_class(parser, set);
}

/* --- Sequences. --- */

/* As high as its highest child, but literals side by side are one to Go. */
static void measure_sequence(struct chimera_regexp_tree *node)
{
    const struct chimera_regexp_tree *before = NULL;
    unsigned height = 0, pieces = 0;
    node->size = 0;
    node->copies = 1;
    for (const struct chimera_regexp_tree *child = node->first; child; child = child->next) {
        bool is_joined = before && before->op == CHIMERA_REGEXP_LITERAL &&
                         child->op == CHIMERA_REGEXP_LITERAL &&
                         before->is_folded == child->is_folded;
        pieces += !is_joined && pieces < 2 ? 1 : 0;
        height = child->height > height ? child->height : height;
        node->size += child->size;
        node->copies = child->copies > node->copies ? child->copies : node->copies;
        node->is_nullable = node->is_nullable && child->is_nullable;
        before = child;
    }
    node->height = (uint16_t)(pieces == 1 ? 1 : height + 1);
}

/* Takes the sequence off the group: a node for all of it. Sequences in it are joined with it. */
static int end_sequence(struct chimera_regexp_parser *parser, struct chimera_regexp_tree **ret_node)
{
    struct chimera_regexp_group *group = parser->group;
    struct chimera_regexp_tree *first = group->first, *node = first;
    group->first = group->last = NULL;
    if (!first || first->next) {
        node = new_node(parser, first ? CHIMERA_REGEXP_CONCAT : CHIMERA_REGEXP_EMPTY);
        if (!node)
            return parser->memory->failed;
    }
    *ret_node = node;
    if (node->op != CHIMERA_REGEXP_CONCAT || node == first)
        return CHIMERA_OK;
    node->first = first;
    for (struct chimera_regexp_tree *child = first; child; child = child->next) {
        chimera_regexp_work(parser->memory, 1);
        if (child->op == CHIMERA_REGEXP_CONCAT) {
            /* Puts a node's children in its place. */
            struct chimera_regexp_tree *last = child->last, *next = child->next;
            *child = *child->first;
            if (last == child->first || !child->next)
                child->next = next;
            else
                last->next = next;
        }
        node->last = child;
    }
    measure_sequence(node);
    return check_limits(parser, node);
}

/* --- Alternatives. --- */

static bool is_character(const struct chimera_regexp_tree *node)
{
    return node->op == CHIMERA_REGEXP_LITERAL || node->op == CHIMERA_REGEXP_CLASS;
}

static void add_character(struct chimera_regexp_parser *parser, struct chimera_regexp_set *set,
                          const struct chimera_regexp_tree *node)
{
    if (node->op == CHIMERA_REGEXP_CLASS)
        chimera_regexp_set_add_set(parser->memory, set, &node->set);
    else if (node->is_folded)
        chimera_regexp_set_add_folded(parser->memory, set, node->rune, node->rune);
    else
        chimera_regexp_set_add(parser->memory, set, node->rune, node->rune);
}

/* Makes `to` match what `from` matches, too. The larger set is added to. */
static void merge_characters(struct chimera_regexp_parser *parser, struct chimera_regexp_tree *to,
                             struct chimera_regexp_tree *from)
{
    struct chimera_regexp_set set = {0};
    if (from->op == CHIMERA_REGEXP_CLASS &&
        (to->op != CHIMERA_REGEXP_CLASS || to->set.count < from->set.count)) {
        set = from->set;
        add_character(parser, &set, to);
    } else {
        if (to->op == CHIMERA_REGEXP_CLASS)
            set = to->set;
        else
            add_character(parser, &set, to);
        add_character(parser, &set, from);
    }
    to->op = CHIMERA_REGEXP_CLASS;
    to->is_folded = false;
    to->set = set;
}

static void add_choice(struct chimera_regexp_parser *parser, struct chimera_regexp_tree *choices,
                       struct chimera_regexp_tree *node)
{
    struct chimera_regexp_tree *last = choices->last;
    bool is_same = last && last->op == CHIMERA_REGEXP_LITERAL &&
                   node->op == CHIMERA_REGEXP_LITERAL && last->rune == node->rune &&
                   last->is_folded == node->is_folded;
    chimera_regexp_work(parser->memory, 1);
    node->next = NULL;
    if (!last) {
        choices->first = choices->last = node;
    } else if (is_character(last) && is_character(node)) {
        if (!is_same)
            merge_characters(parser, last, node);
    } else if (last->op != CHIMERA_REGEXP_EMPTY || node->op != CHIMERA_REGEXP_EMPTY) {
        last->next = node;
        choices->last = node;
    }
}

/* Adds an alternative, and those of an alternative one by one. */
static void add_choices(struct chimera_regexp_parser *parser, struct chimera_regexp_tree *choices,
                        struct chimera_regexp_tree *node)
{
    if (node->op != CHIMERA_REGEXP_ALTERNATE) {
        add_choice(parser, choices, node);
        return;
    }
    for (struct chimera_regexp_tree *child = node->first, *next; child; child = next) {
        next = child->next;
        add_choice(parser, choices, child);
    }
}

/* At a bar. */
int chimera_regexp_end_choice(struct chimera_regexp_parser *parser)
{
    struct chimera_regexp_group *group = parser->group;
    struct chimera_regexp_tree *node;
    int code = end_sequence(parser, &node);
    if (code < 0)
        return code;
    if (!group->choices)
        group->choices = new_node(parser, CHIMERA_REGEXP_ALTERNATE);
    if (group->choices)
        add_choices(parser, group->choices, node);
    return parser->memory->failed;
}

/* Takes all that the group has: its tree. */
int chimera_regexp_end_choices(struct chimera_regexp_parser *parser,
                               struct chimera_regexp_tree **ret_node)
{
    struct chimera_regexp_tree *choices = parser->group->choices, *node = NULL;
    int code = end_sequence(parser, &node);
    if (code == CHIMERA_OK && choices) {
        add_choices(parser, choices, node);
        unsigned height = 0;
        choices->size = 0;
        choices->copies = 1;
        choices->is_nullable = false;
        for (struct chimera_regexp_tree *child = choices->first; child; child = child->next) {
            if (child->op == CHIMERA_REGEXP_CLASS)
                chimera_regexp_set_clean(parser->memory, &child->set);
            height = child->height > height ? child->height : height;
            choices->size += child->size + (child == choices->first ? 0 : 1);
            choices->copies = child->copies > choices->copies ? child->copies : choices->copies;
            choices->is_nullable = choices->is_nullable || child->is_nullable;
        }
        choices->height = (uint16_t)(height + 1);
        node = choices->first == choices->last ? choices->first : choices;
        code = check_limits(parser, node);
    }
    *ret_node = node;
    return code;
}

/* --- Groups. --- */

int chimera_regexp_push_group(struct chimera_regexp_parser *parser,
                              struct chimera_regexp_tree *inner, bool has_number, uint32_t number)
{
    inner->next = NULL;
    if (!has_number)
        return push(parser, inner);
    struct chimera_regexp_tree *node = new_node(parser, CHIMERA_REGEXP_CAPTURE);
    if (!node)
        return parser->memory->failed;
    node->first = node->last = inner;
    node->group = number;
    node->height = (uint16_t)(inner->height + 1);
    node->size = inner->size + 2;
    node->copies = inner->copies;
    node->is_nullable = inner->is_nullable;
    return push(parser, node);
}

/* --- Repetition. --- */

static uint64_t repeated_size(const struct chimera_regexp_tree *node, uint64_t size)
{
    if (node->op == CHIMERA_REGEXP_STAR)
        return size + 2;
    if (node->op != CHIMERA_REGEXP_REPEAT)
        return size + 1;
    if (node->max == CHIMERA_REGEXP_FOREVER)
        return node->min == 0 ? size + 2 : node->min * size + 1;
    uint64_t all = node->max * size + node->max - node->min;
    return all ? all : 1;
}

/* Makes the last node of the sequence a repetition of itself. `from` is where the operator began.
 */
int chimera_regexp_repeat(struct chimera_regexp_parser *parser,
                          struct chimera_regexp_tree repetition, const char *from)
{
    struct chimera_regexp_tree *node = parser->group->last;
    if (!node)
        return chimera_regexp_wrong(parser, "missing argument to repetition operator", from);
    struct chimera_regexp_tree *child = new_node(parser, CHIMERA_REGEXP_EMPTY);
    if (!child)
        return parser->memory->failed;
    *child = *node;
    repetition.first = repetition.last = child;
    repetition.height = (uint16_t)(child->height + 1);
    repetition.size = repeated_size(&repetition, child->size);
    repetition.is_nullable = child->is_nullable || repetition.min == 0;
    uint64_t copies = child->copies;
    if (repetition.op == CHIMERA_REGEXP_REPEAT) {
        /* How often the innermost thing is repeated. What is not there at all counts for nothing.
         */
        uint32_t times = repetition.max == CHIMERA_REGEXP_FOREVER ? repetition.min : repetition.max;
        if (repetition.max == 0)
            copies = 1;
        else
            copies = (uint64_t)child->copies * (times ? times : 1);
    }
    bool is_valid = copies <= CHIMERA_REGEXP_REPEAT_MAX;
    repetition.copies = (uint16_t)(is_valid ? copies : CHIMERA_REGEXP_REPEAT_MAX);
    *node = repetition;
    int code = check_limits(parser, node);
    if (code == CHIMERA_OK && !is_valid)
        return chimera_regexp_wrong(parser, "invalid repeat count", from);
    return code;
}
