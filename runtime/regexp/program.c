/* SPDX-License-Identifier: Apache-2.0 */
/* From a tree to a program. The code of a part ends where the next part's begins, and all of its
 * targets are inside or at that end; so a sequence is code side by side, and repeated code can be
 * copied. */
#include "runtime/regexp/regexp_internal.h"

#define ROOM_BESIDES 8
#define SHORT_TEXT ((size_t)1 << 10)
#define STATES_BYTES ((size_t)1 << 20)

struct frame {                                      /* a part whose children are being written */
    const struct chimera_regexp_tree *node, *child; /* the next child */
    uint32_t start, split;                          /* code */
    uint32_t jumps; /* the last of those that lead to the end of an alternative; linked */
};

struct compiler {
    struct chimera_regexp *regexp;
    struct chimera_regexp_memory *scratch;
    struct chimera_regexp_node *code;
    uint32_t code_count, code_capacity;
    struct frame *frames;
    uint32_t depth, depth_capacity;
    uint32_t set_capacity;
};

/* --- Writing code. --- */

static bool make_room(struct compiler *compiler, size_t more)
{
    size_t needed = compiler->code_count + more, size = sizeof(*compiler->code);
    if (needed > UINT32_MAX / 4)
        compiler->scratch->failed = CHIMERA_ELIMIT;
    if (compiler->scratch->failed || needed <= compiler->code_capacity)
        return !compiler->scratch->failed;
    size_t capacity = needed + (compiler->code_count ? needed / 2 : 0);
    void *code = chimera_regexp_extend(compiler->scratch, compiler->code,
                                       compiler->code_capacity * size, capacity * size);
    if (code) {
        compiler->code = code;
        compiler->code_capacity = (uint32_t)capacity;
    }
    return code != NULL;
}

/* Goes on behind itself unless it is changed. Returns where it is. */
static uint32_t write(struct compiler *compiler, enum chimera_regexp_instruction op, uint32_t value)
{
    uint32_t at = compiler->code_count;
    if (!make_room(compiler, 1))
        return 0;
    compiler->code[at] = (struct chimera_regexp_node){
        .op = op, .out = at + 1, .value = value, .join = CHIMERA_REGEXP_NONE};
    compiler->code_count++;
    return at;
}

static void set_split(struct compiler *compiler, uint32_t at, uint32_t body, uint32_t end,
                      bool is_lazy)
{
    if (compiler->scratch->failed)
        return;
    compiler->code[at].out = is_lazy ? end : body;
    compiler->code[at].other = is_lazy ? body : end;
}

/* One more of the code between the two, at the end. */
static void copy(struct compiler *compiler, uint32_t start, uint32_t end)
{
    uint32_t size = end - start, by = compiler->code_count - start;
    if (chimera_regexp_work(compiler->scratch, 4 * (uint64_t)size) < 0 ||
        !make_room(compiler, size))
        return;
    for (uint32_t i = start; i < end && chimera_regexp_goes_on(compiler->scratch, i - start, 4);
         i++) {
        struct chimera_regexp_node node = compiler->code[i];
        node.out += by;
        if (node.op == CHIMERA_REGEXP_SPLIT)
            node.other += by;
        compiler->code[compiler->code_count++] = node;
    }
}

static uint32_t add_set(struct compiler *compiler, const struct chimera_regexp_set *set)
{
    struct chimera_regexp_memory *memory = &compiler->regexp->memory;
    if (compiler->regexp->set_count == compiler->set_capacity) {
        size_t size = sizeof(*compiler->regexp->sets), old = size * compiler->set_capacity;
        void *sets = chimera_regexp_extend(memory, compiler->regexp->sets, old, 2 * old + 8 * size);
        if (!sets)
            return 0;
        compiler->regexp->sets = sets;
        compiler->set_capacity = 2 * compiler->set_capacity + 8;
    }
    struct chimera_regexp_members *members = &compiler->regexp->sets[compiler->regexp->set_count];
    *members = (struct chimera_regexp_members){.set.count = set->count};
    members->set.ranges = chimera_regexp_take(memory, set->count * sizeof(*set->ranges));
    if (!members->set.ranges)
        return 0;
    chimera_regexp_work(memory, set->count);
    for (uint32_t i = 0; i < set->count; i++) {
        members->set.ranges[i] = set->ranges[i];
        for (uint32_t rune = set->ranges[i].lo; rune <= set->ranges[i].hi && rune < 0x80; rune++)
            members->ascii[rune / 64] |= (uint64_t)1 << (rune % 64);
    }
    return compiler->regexp->set_count++;
}

static void write_literal(struct compiler *compiler, const struct chimera_regexp_tree *node)
{
    struct chimera_regexp_set orbit = {0};
    if (!node->is_folded || chimera_regexp_fold(node->rune) == node->rune) {
        write(compiler, CHIMERA_REGEXP_RUNE, node->rune);
        return;
    }
    chimera_regexp_set_add_folded(compiler->scratch, &orbit, node->rune, node->rune);
    chimera_regexp_set_clean(compiler->scratch, &orbit);
    if (!compiler->scratch->failed)
        write(compiler, CHIMERA_REGEXP_SET, add_set(compiler, &orbit));
}

/* --- Parts. --- */

/* A repetition by numbers may be one of the others. */
static enum chimera_regexp_op simple_op(const struct chimera_regexp_tree *node)
{
    if (node->op != CHIMERA_REGEXP_REPEAT)
        return node->op;
    if (node->max == 0)
        return CHIMERA_REGEXP_EMPTY;
    if (node->max == CHIMERA_REGEXP_FOREVER && node->min <= 1)
        return node->min ? CHIMERA_REGEXP_PLUS : CHIMERA_REGEXP_STAR;
    return node->max == 1 && node->min == 0 ? CHIMERA_REGEXP_QUEST : CHIMERA_REGEXP_REPEAT;
}

static bool is_repetition(enum chimera_regexp_op op)
{
    return op >= CHIMERA_REGEXP_STAR && op <= CHIMERA_REGEXP_REPEAT;
}

/* Without what changes nothing: once, the same repetition of a repetition, and any of nothing. NULL
 * for nothing. */
static const struct chimera_regexp_tree *simplify(const struct chimera_regexp_tree *node)
{
    for (;;) {
        enum chimera_regexp_op op = simple_op(node);
        if (op == CHIMERA_REGEXP_EMPTY)
            return NULL;
        if (!is_repetition(op))
            return node;
        if (op == CHIMERA_REGEXP_REPEAT && node->max == 1) {
            node = node->first;
            continue;
        }
        const struct chimera_regexp_tree *child = node->first;
        while (child->op == CHIMERA_REGEXP_REPEAT && child->min == 1 && child->max == 1)
            child = child->first;
        if (simple_op(child) == CHIMERA_REGEXP_EMPTY)
            return NULL;
        if (op == CHIMERA_REGEXP_REPEAT || simple_op(child) != op ||
            child->is_lazy != node->is_lazy)
            return node;
        node = child;
    }
}

static void push_frame(struct compiler *compiler, const struct chimera_regexp_tree *node)
{
    if (compiler->depth == compiler->depth_capacity) {
        size_t size = sizeof(struct frame), old = size * compiler->depth_capacity;
        void *frames =
            chimera_regexp_extend(compiler->scratch, compiler->frames, old, 2 * old + 16 * size);
        if (!frames)
            return;
        compiler->frames = frames;
        compiler->depth_capacity = 2 * compiler->depth_capacity + 16;
    }
    compiler->frames[compiler->depth++] = (struct frame){.node = node,
                                                         .child = node->first,
                                                         .start = compiler->code_count,
                                                         .split = CHIMERA_REGEXP_NONE,
                                                         .jumps = CHIMERA_REGEXP_NONE};
}

/* Writes a part, or its beginning and leaves a frame for the rest. */
static void begin(struct compiler *compiler, const struct chimera_regexp_tree *node)
{
    node = simplify(node);
    if (!node)
        return;
    switch (simple_op(node)) {
    case CHIMERA_REGEXP_LITERAL:
        write_literal(compiler, node);
        return;
    case CHIMERA_REGEXP_CLASS:
        write(compiler, CHIMERA_REGEXP_SET, add_set(compiler, &node->set));
        return;
    case CHIMERA_REGEXP_ASSERT:
        write(compiler, CHIMERA_REGEXP_CHECK, node->conditions);
        compiler->regexp->conditions |= node->conditions;
        return;
    default:
        break;
    }
    push_frame(compiler, node);
    if (node->op == CHIMERA_REGEXP_CAPTURE)
        write(compiler, CHIMERA_REGEXP_SAVE, 2 * node->group);
    else if (is_repetition(node->op) && node->min == 0 && !compiler->scratch->failed)
        compiler->frames[compiler->depth - 1].split = write(compiler, CHIMERA_REGEXP_SPLIT, 0);
}

/* x{2,5} is xx(x(x(x)?)?)?, x{2,} is xx+; the first x is there. */
static void end_repeat(struct compiler *compiler, const struct frame *frame)
{
    const struct chimera_regexp_tree *node = frame->node;
    bool is_forever = node->max == CHIMERA_REGEXP_FOREVER;
    uint32_t start = frame->start + (node->min == 0 ? 1 : 0), end = compiler->code_count;
    uint32_t size = end - start;
    if (size == 0) {
        compiler->code_count = frame->start;
        return;
    }
    for (uint32_t i = 1; i < node->min && !compiler->scratch->failed; i++)
        copy(compiler, start, end);
    if (is_forever) {
        uint32_t split = write(compiler, CHIMERA_REGEXP_SPLIT, 0);
        set_split(compiler, split, split - size, split + 1, node->is_lazy);
        return;
    }
    uint32_t left = node->max - (node->min ? node->min : 1);
    uint32_t last = compiler->code_count + left * (size + 1);
    if (node->min == 0)
        set_split(compiler, frame->split, start, last, node->is_lazy);
    for (; left > 0 && !compiler->scratch->failed; left--) {
        uint32_t split = write(compiler, CHIMERA_REGEXP_SPLIT, 0);
        set_split(compiler, split, split + 1, last, node->is_lazy);
        copy(compiler, start, end);
    }
}

/* What may match nothing is looped over as (x+)?, for Go's order of what is tried. */
static void end_loop(struct compiler *compiler, const struct frame *frame)
{
    const struct chimera_regexp_tree *node = frame->node;
    enum chimera_regexp_op op = simple_op(node);
    uint32_t body = frame->start + (op == CHIMERA_REGEXP_PLUS ? 0 : 1);
    if (op == CHIMERA_REGEXP_STAR && !node->first->is_nullable) {
        uint32_t jump = write(compiler, CHIMERA_REGEXP_JUMP, 0);
        if (!compiler->scratch->failed)
            compiler->code[jump].out = frame->start;
    } else if (op != CHIMERA_REGEXP_QUEST) {
        uint32_t split = write(compiler, CHIMERA_REGEXP_SPLIT, 0);
        set_split(compiler, split, body, split + 1, node->is_lazy);
    }
    if (frame->split != CHIMERA_REGEXP_NONE)
        set_split(compiler, frame->split, body, compiler->code_count, node->is_lazy);
}

/* Between two alternatives, and before the first and after the last one. */
static void next_choice(struct compiler *compiler, struct frame *frame)
{
    bool is_first = frame->child == frame->node->first, is_last = frame->child == NULL;
    if (!is_first && !is_last) {
        frame->jumps = write(compiler, CHIMERA_REGEXP_JUMP, frame->jumps);
        if (frame->split != CHIMERA_REGEXP_NONE)
            set_split(compiler, frame->split, frame->split + 1, compiler->code_count, false);
    }
    if (!is_last && frame->child->next)
        frame->split = write(compiler, CHIMERA_REGEXP_SPLIT, 0);
    while (is_last && frame->jumps != CHIMERA_REGEXP_NONE && !compiler->scratch->failed) {
        struct chimera_regexp_node *jump = &compiler->code[frame->jumps];
        frame->jumps = jump->value;
        jump->out = compiler->code_count;
    }
}

static void end(struct compiler *compiler, const struct frame *frame)
{
    switch (simple_op(frame->node)) {
    case CHIMERA_REGEXP_CAPTURE:
        write(compiler, CHIMERA_REGEXP_SAVE, 2 * frame->node->group + 1);
        return;
    case CHIMERA_REGEXP_REPEAT:
        end_repeat(compiler, frame);
        return;
    case CHIMERA_REGEXP_STAR:
    case CHIMERA_REGEXP_PLUS:
    case CHIMERA_REGEXP_QUEST:
        end_loop(compiler, frame);
        return;
    default:
        return;
    }
}

static void write_tree(struct compiler *compiler, const struct chimera_regexp_tree *tree)
{
    begin(compiler, tree);
    while (compiler->depth > 0 && chimera_regexp_work(compiler->scratch, 8) == CHIMERA_OK) {
        struct frame *frame = &compiler->frames[compiler->depth - 1];
        const struct chimera_regexp_tree *child = frame->child;
        if (frame->node->op == CHIMERA_REGEXP_ALTERNATE)
            next_choice(compiler, frame);
        if (!child) {
            end(compiler, frame);
            compiler->depth--;
            continue;
        }
        frame->child = child->next;
        begin(compiler, child);
    }
    write(compiler, CHIMERA_REGEXP_MATCH, 0);
}

/* --- From code to nodes. --- */

static uint32_t past_jump(const struct chimera_regexp_node *nodes, uint32_t to)
{
    return nodes[to].op == CHIMERA_REGEXP_JUMP ? nodes[to].out : to;
}

static void count_edge(struct chimera_regexp *regexp, uint32_t to)
{
    uint32_t *join = &regexp->nodes[to].join;
    if (*join == CHIMERA_REGEXP_NONE)
        *join = CHIMERA_REGEXP_ONE;
    else if (*join == CHIMERA_REGEXP_ONE)
        *join = regexp->join_count++;
}

/* Leads past jumps, which are left alone by that, and numbers the joins. From the end on: jumps
 * lead forward but for those to the beginning of a loop, which is no jump. */
static void link_nodes(struct chimera_regexp *regexp, struct chimera_regexp_memory *scratch)
{
    struct chimera_regexp_node *nodes = regexp->nodes;
    for (uint32_t i = regexp->node_count; i > 0 && chimera_regexp_goes_on(scratch, i, 4); i--) {
        struct chimera_regexp_node *node = &nodes[i - 1];
        if (node->op == CHIMERA_REGEXP_MATCH)
            continue;
        node->out = past_jump(nodes, node->out);
        count_edge(regexp, node->out);
        if (node->op == CHIMERA_REGEXP_SPLIT) {
            node->other = past_jump(nodes, node->other);
            count_edge(regexp, node->other);
        }
    }
}

static void make_nodes(struct compiler *compiler)
{
    struct chimera_regexp *regexp = compiler->regexp;
    uint32_t count = compiler->code_count;
    regexp->node_count = count + 1;
    regexp->nodes =
        chimera_regexp_take(&regexp->memory, regexp->node_count * sizeof(*regexp->nodes));
    if (!regexp->nodes)
        return;
    memcpy(regexp->nodes, compiler->code, count * sizeof(*regexp->nodes));
    regexp->match = count - 1;
    regexp->entry = count;
    regexp->nodes[count] =
        (struct chimera_regexp_node){.op = CHIMERA_REGEXP_JUMP, .join = CHIMERA_REGEXP_NONE};
    link_nodes(regexp, compiler->scratch);
}

/* --- How a match may begin. --- */

/* Characters beyond ASCII are not told apart. */
static void add_first(struct chimera_regexp *regexp, const struct chimera_regexp_node *node)
{
    bool is_rune = node->op == CHIMERA_REGEXP_RUNE, has_more = is_rune && node->value >= 0x80;
    const struct chimera_regexp_members *members = is_rune ? NULL : &regexp->sets[node->value];
    if (is_rune && !has_more)
        regexp->firsts[node->value / 64] |= (uint64_t)1 << (node->value % 64);
    for (int i = 0; i < 2 && !is_rune; i++)
        regexp->firsts[i] |= members->ascii[i];
    if (!is_rune && members->set.count > 0)
        has_more = members->set.ranges[members->set.count - 1].hi >= 0x80;
    if (has_more)
        regexp->firsts[2] = regexp->firsts[3] = UINT64_MAX;
}

/* Walks from the entry to what takes a character; with `stops`, not past the text's beginning.
 * Returns false when a match may take none, or did so. */
static bool walk_beginning(struct chimera_regexp *regexp, struct chimera_regexp_memory *scratch,
                           bool stops, bool *ret_is_open)
{
    uint8_t *seen = chimera_regexp_take_zeroed(scratch, regexp->node_count);
    uint32_t *stack = chimera_regexp_take(scratch, (regexp->node_count + 1) * sizeof(*stack));
    uint32_t depth = 0;
    bool takes_all = true;
    *ret_is_open = false;
    if (!seen || !stack)
        return false;
    stack[depth++] = regexp->entry;
    while (depth > 0) {
        const struct chimera_regexp_node *node = &regexp->nodes[stack[--depth]];
        bool is_end = node->op <= CHIMERA_REGEXP_SET || node->op == CHIMERA_REGEXP_MATCH;
        *ret_is_open |= is_end;
        takes_all &= node->op != CHIMERA_REGEXP_MATCH;
        if (!stops && node->op <= CHIMERA_REGEXP_SET)
            add_first(regexp, node);
        if (is_end || (stops && node->op == CHIMERA_REGEXP_CHECK &&
                       (node->value & CHIMERA_REGEXP_BEGIN_TEXT)))
            continue;
        for (int i = 0; i < (node->op == CHIMERA_REGEXP_SPLIT ? 2 : 1); i++) {
            uint32_t next = i ? node->other : node->out;
            if (!seen[next])
                stack[depth++] = next;
            seen[next] = 1;
        }
    }
    return takes_all;
}

bool chimera_regexp_members_have(const struct chimera_regexp_members *members, uint32_t rune)
{
    uint32_t low = 0, high = members->set.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (rune < members->set.ranges[middle].lo)
            high = middle;
        else if (rune > members->set.ranges[middle].hi)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

int chimera_regexp_compile(struct chimera_regexp *regexp, const struct chimera_regexp_tree *tree,
                           struct chimera_regexp_memory *scratch)
{
    struct compiler compiler = {.regexp = regexp, .scratch = scratch};
    make_room(&compiler, tree->size + tree->size / 4 + ROOM_BESIDES); /* mostly all there is */
    write_tree(&compiler, tree);
    if (!scratch->failed && !regexp->memory.failed)
        make_nodes(&compiler);
    if (!scratch->failed && !regexp->memory.failed) {
        bool is_open;
        int count = 0;
        walk_beginning(regexp, scratch, true, &is_open);
        regexp->is_anchored = !is_open && !scratch->failed;
        regexp->has_firsts = walk_beginning(regexp, scratch, false, &is_open);
        regexp->only_first = -1;
        for (int i = 0; i < 4; i++)
            count += __builtin_popcountll(regexp->firsts[i]);
        for (int i = 0; i < 4 && count == 1; i++) {
            if (regexp->firsts[i])
                regexp->only_first = 64 * i + __builtin_ctzll(regexp->firsts[i]);
        }
        chimera_regexp_work(scratch, 2 * (uint64_t)regexp->node_count);
    }
    return scratch->failed ? scratch->failed : regexp->memory.failed;
}

/* --- The whole. --- */

/* Names with their texts, out of the pattern and into the expression's memory. */
static void keep_names(struct chimera_regexp *regexp, const struct chimera_regexp_names *names)
{
    struct chimera_slice *kept =
        chimera_regexp_take_zeroed(&regexp->memory, names->count * sizeof(*kept));
    for (uint32_t i = 0; kept && i < names->count; i++) {
        struct chimera_slice name = names->names[i];
        char *text = name.size ? chimera_regexp_take(&regexp->memory, name.size) : NULL;
        if (!text)
            continue;
        memcpy(text, name.data, name.size);
        kept[i] = (struct chimera_slice){text, name.size};
    }
    regexp->names = (struct chimera_regexp_names){.names = kept, .count = names->count};
    regexp->slot_count = 2 * names->count;
}

int chimera_regexp_new(struct chimera_slice pattern, struct chimera_account *account,
                       struct chimera_regexp **ret_regexp, struct chimera_error *err)
{
    struct chimera_regexp_memory scratch = {.account = account};
    struct chimera_regexp_names names = {0};
    struct chimera_regexp_tree *tree;
    struct chimera_regexp_memory kept = {.account = account};
    struct chimera_regexp *regexp = chimera_regexp_take_zeroed(&kept, sizeof(*regexp));
    if (!regexp)
        return chimera_regexp_refuse(err, kept.failed);
    regexp->memory = kept;
    regexp->short_text = SHORT_TEXT;
    regexp->states_bytes = STATES_BYTES;
    if (!pattern.data)
        pattern = CHIMERA_SLICE("");
    int code = chimera_regexp_parse(pattern, &scratch, &names, &tree, err);
    if (code == CHIMERA_OK) {
        keep_names(regexp, &names);
        code = chimera_regexp_compile(regexp, tree, &scratch);
    }
    if (code < 0 && (code == scratch.failed || code == regexp->memory.failed))
        code = chimera_regexp_refuse(err, code);
    chimera_regexp_release(&scratch);
    if (code < 0)
        chimera_regexp_free(regexp);
    else
        *ret_regexp = regexp;
    return code;
}

void chimera_regexp_free(struct chimera_regexp *regexp)
{
    if (!regexp)
        return;
    struct chimera_regexp_memory memory = regexp->memory; /* the expression is in it */
    chimera_regexp_release(&memory);
}

size_t chimera_regexp_group_count(const struct chimera_regexp *regexp)
{
    return regexp->names.count;
}

struct chimera_slice chimera_regexp_group_name(const struct chimera_regexp *regexp, size_t group)
{
    return regexp->names.names[group];
}
