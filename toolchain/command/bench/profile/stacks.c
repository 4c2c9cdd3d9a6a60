/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/profile/stacks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plugin/names.h"
#include "toolchain/command/bench/profile/function_name.h"

#define NAMES_MAX ((size_t)64 << 20)
/* What was still running when the evaluation ended: a program's calls that had begun before it read
 * its input. */
#define OPEN_NAME "(begun before the request)"

/* --- Names --- */

/* Marks what is called at all, for modules have many functions that are not. */
static int mark_functions(const struct chimera_profile *profile, struct stacks *stacks)
{
    for (uint32_t i = 0; i < profile->count; i++) {
        uint32_t function = profile->node[i].function;
        if (function != CHIMERA_PROFILE_OPEN && function >= stacks->function_count)
            stacks->function_count = function + 1;
    }
    stacks->name_at = calloc((size_t)stacks->function_count + 1, sizeof(*stacks->name_at));
    if (!stacks->name_at)
        return CHIMERA_ENOMEM;
    for (uint32_t i = 0; i < profile->count; i++)
        if (profile->node[i].function != CHIMERA_PROFILE_OPEN)
            stacks->name_at[profile->node[i].function] = 1;
    return CHIMERA_OK;
}

static void add_name(struct stacks *stacks, uint32_t function, struct chimera_slice name)
{
    stacks->name_at[function] = stacks->names.size;
    function_name_write(name, function, &stacks->names);
    chimera_buffer_byte(&stacks->names, '\0');
}

/* 1 stands for a name that is wanted, and is no name's place, since the first is longer. */
static void take_name(uint32_t function, struct chimera_slice name, void *context)
{
    struct stacks *stacks = context;
    if (function < stacks->function_count && stacks->name_at[function] == 1)
        add_name(stacks, function, name);
}

static int read_names(const struct chimera_profile *profile, int names_fd, struct stacks *stacks)
{
    chimera_buffer_init(&stacks->names, NAMES_MAX);
    chimera_buffer_append(&stacks->names, (struct chimera_slice){OPEN_NAME, sizeof(OPEN_NAME)});
    int code = mark_functions(profile, stacks);
    if (code < 0)
        return code;
    chimera_names_each(names_fd, take_name, stacks);
    for (uint32_t i = 0; i < stacks->function_count; i++)
        take_name(i, (struct chimera_slice){NULL, 0}, stacks); /* the file does not know it */
    return stacks->names.failed;
}

/* --- Frames --- */

static void link_frame(struct stacks *stacks, uint32_t number)
{
    struct stacks_frame *frame = &stacks->frame[number];
    if (frame->parent == STACKS_NONE)
        return;
    struct stacks_frame *parent = &stacks->frame[frame->parent];
    if (parent->last == STACKS_NONE)
        parent->first = number;
    else
        stacks->frame[parent->last].next = number;
    parent->last = number;
}

/* The frame behind this one, callers first; STACKS_NONE: it is the last. */
static uint32_t next_frame(const struct stacks *stacks, uint32_t at)
{
    if (stacks->frame[at].first != STACKS_NONE)
        return stacks->frame[at].first;
    while (at != STACKS_NONE && stacks->frame[at].next == STACKS_NONE)
        at = stacks->frame[at].parent;
    return at == STACKS_NONE ? at : stacks->frame[at].next;
}

/* Callees before their callers, so that a caller's are whole when it is added to its own. */
static int add_totals(struct stacks *stacks)
{
    uint32_t count = 0;
    stacks->order = malloc(((size_t)stacks->count + 1) * sizeof(*stacks->order));
    if (!stacks->order)
        return CHIMERA_ENOMEM;
    for (uint32_t at = stacks->root; at != STACKS_NONE; at = next_frame(stacks, at))
        stacks->order[count++] = at;
    while (count > 0) {
        struct stacks_frame *frame = &stacks->frame[stacks->order[--count]];
        frame->total += frame->self;
        if (frame->parent != STACKS_NONE)
            stacks->frame[frame->parent].total += frame->total;
    }
    return CHIMERA_OK;
}

static void take_frames(const struct chimera_profile *profile, struct stacks *stacks)
{
    for (uint32_t i = 0; i < profile->count; i++) {
        const struct chimera_profile_node *node = &profile->node[i];
        size_t name = node->function == CHIMERA_PROFILE_OPEN ? 0 : stacks->name_at[node->function];
        stacks->frame[i] = (struct stacks_frame){.name = stacks->names.data + name,
                                                 .self = node->self,
                                                 .parent = node->parent,
                                                 .first = STACKS_NONE,
                                                 .last = STACKS_NONE,
                                                 .next = STACKS_NONE};
    }
    for (uint32_t i = 0; i < stacks->count; i++)
        link_frame(stacks, i);
}

int stacks_new(const struct chimera_profile *profile, int names_fd, struct stacks *ret_stacks,
               struct chimera_error *err)
{
    struct stacks stacks = {
        .count = profile->count, .root = profile->root, .is_cut = profile->is_cut};
    stacks.frame = calloc((size_t)profile->count + 1, sizeof(*stacks.frame));
    int code = stacks.frame ? read_names(profile, names_fd, &stacks) : CHIMERA_ENOMEM;
    if (code == CHIMERA_OK) {
        take_frames(profile, &stacks);
        code = add_totals(&stacks);
    }
    if (code < 0) {
        stacks_done(&stacks);
        return chimera_fail_memory(err);
    }
    *ret_stacks = stacks;
    return CHIMERA_OK;
}

void stacks_done(struct stacks *stacks)
{
    chimera_buffer_free(&stacks->names);
    free(stacks->order);
    free(stacks->name_at);
    free(stacks->frame);
    *stacks = (struct stacks){0};
}

/* The root is no function, and is named only where it has run some itself. */
static void write_way(const struct stacks *stacks, uint32_t number, uint32_t *way,
                      struct chimera_buffer *out)
{
    uint32_t count = 0;
    for (uint32_t at = number; at != STACKS_NONE; at = stacks->frame[at].parent)
        if (at != stacks->root || stacks->frame[at].self > 0)
            way[count++] = at;
    while (count > 0 && !out->failed) {
        chimera_buffer_text(out, stacks->frame[way[--count]].name);
        chimera_buffer_byte(out, count > 0 ? ';' : ' ');
    }
}

void stacks_write(const struct stacks *stacks, struct chimera_buffer *out)
{
    uint32_t *way = malloc(((size_t)stacks->count + 1) * sizeof(*way));
    if (!way)
        out->failed = CHIMERA_ENOMEM;
    for (uint32_t i = 0; i < stacks->count && !out->failed; i++) {
        const struct stacks_frame *frame = &stacks->frame[stacks->order[i]];
        if (frame->self == 0)
            continue;
        write_way(stacks, stacks->order[i], way, out);
        chimera_buffer_print(out, "%" PRIu64 "\n", frame->self);
    }
    free(way);
}
