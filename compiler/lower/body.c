/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/lower/body.h"

#include <stdlib.h>

#include "compiler/wasm/body.h"

#define STACK_MAX (1u << 20)
#define STEPS_MAX 2000000000u /* operands pushed and popped in all bodies: some seconds */

static struct lower_frame *top_frame(struct lower_body *body)
{
    return &body->frames[body->frame_count - 1];
}

static void count_step(struct lower_body *body)
{
    if (++body->lowering->steps > STEPS_MAX)
        reader_fail(body->reader, CHIMERA_ELIMIT, "the module's types take too long to check");
}

/* --- Operands. --- */

static bool grow_stack(struct lower_body *body)
{
    uint32_t capacity = body->stack_capacity ? 2 * body->stack_capacity : 1024;
    lower_type *stack =
        capacity <= STACK_MAX ? realloc(body->stack, capacity * sizeof(*stack)) : NULL;
    if (!stack) {
        reader_fail(body->reader, CHIMERA_ELIMIT, "a function has more than %u operands at once",
                    STACK_MAX);
        return false;
    }
    body->stack = stack;
    body->stack_capacity = capacity;
    return true;
}

void body_push(struct lower_body *body, lower_type type)
{
    count_step(body);
    if (body->stack_size == body->stack_capacity && !grow_stack(body))
        return;
    body->stack[body->stack_size++] = type;
}

void body_push_list(struct lower_body *body, struct lower_list list)
{
    for (uint32_t i = 0; i < list.count && body->reader->code == 0; i++)
        body_push(body, list.types[i]);
}

lower_type body_pop_any(struct lower_body *body)
{
    const struct lower_frame *frame = top_frame(body);
    count_step(body);
    if (body->stack_size > frame->height)
        return body->stack[--body->stack_size];
    if (!frame->is_unreachable)
        reader_fail(body->reader, CHIMERA_EMODULE, "type mismatch: an operand is missing");
    return LOWER_UNKNOWN;
}

lower_type body_pop(struct lower_body *body, lower_type wanted)
{
    lower_type found = body_pop_any(body);
    if (!lower_matches(found, wanted)) {
        reader_fail(body->reader, CHIMERA_EMODULE, "type mismatch: an operand is of another type");
    } else if (found != wanted) {
        /* Where the two have different representations, slots do not do for this module. */
        if (found != LOWER_UNKNOWN && wanted != LOWER_UNKNOWN &&
            lower_byte(body->lowering, found) != lower_byte(body->lowering, wanted))
            body->lowering->needs_funcrefs = true;
    }
    return found;
}

lower_type body_pop_reference(struct lower_body *body)
{
    lower_type found = body_pop_any(body);
    if (found != LOWER_UNKNOWN && !lower_is_reference(found))
        reader_fail(body->reader, CHIMERA_EMODULE, "type mismatch: the operand is no reference");
    return found;
}

void body_pop_list(struct lower_body *body, struct lower_list list)
{
    for (uint32_t i = list.count; i > 0 && body->reader->code == 0; i--)
        body_pop(body, list.types[i - 1]);
}

/* --- Blocks. --- */

struct lower_list body_params(const struct lower_body *body, const struct lower_block *type)
{
    return type->index == INLINE_BLOCK ? (struct lower_list){NULL, 0}
                                       : lower_params(body->lowering, type->index);
}

struct lower_list body_results(const struct lower_body *body, const struct lower_block *type)
{
    if (type->index != INLINE_BLOCK)
        return lower_results(body->lowering, type->index);
    return (struct lower_list){&type->single, type->single != LOWER_UNKNOWN};
}

static bool grow_frames(struct lower_body *body)
{
    uint32_t capacity = body->frame_capacity ? 2 * body->frame_capacity : 64;
    struct lower_frame *frames = realloc(body->frames, capacity * sizeof(*frames));
    if (!frames) {
        reader_fail(body->reader, CHIMERA_ENOMEM, "out of memory");
        return false;
    }
    body->frames = frames;
    body->frame_capacity = capacity;
    return true;
}

void body_begin_block(struct lower_body *body, uint8_t opcode, struct lower_block type)
{
    if (body->frame_count >= WASM_NESTING_MAX) {
        reader_fail(body->reader, CHIMERA_ELIMIT, "blocks are nested deeper than %d",
                    WASM_NESTING_MAX);
        return;
    }
    if (body->frame_count == body->frame_capacity && !grow_frames(body))
        return;
    bool is_dead = body->frame_count > 0 && !body_is_live(body);
    struct lower_frame *frame = &body->frames[body->frame_count++];
    *frame = (struct lower_frame){.opcode = opcode,
                                  .is_dead = is_dead,
                                  .type = type,
                                  .height = body->stack_size,
                                  .set_height = body->newly_set_count};
    body_push_list(body, body_params(body, &frame->type));
}

/* The block's results must be there, and nothing else. */
static void close_block(struct lower_body *body)
{
    struct lower_frame *frame = top_frame(body);
    body_pop_list(body, body_results(body, &frame->type));
    if (body->reader->code == 0 && body->stack_size != frame->height)
        reader_fail(body->reader, CHIMERA_EMODULE,
                    "type mismatch: a block leaves more operands than its type has");
    while (body->newly_set_count > frame->set_height)
        body->is_set[body->newly_set[--body->newly_set_count]] = 0;
}

void body_else(struct lower_body *body)
{
    if (top_frame(body)->opcode != OP_IF) {
        reader_fail(body->reader, CHIMERA_EMODULE, "an else without its if");
        return;
    }
    close_block(body);
    struct lower_frame *frame = top_frame(body);
    frame->opcode = OP_ELSE;
    frame->is_unreachable = false;
    if (body->reader->code == 0)
        body_push_list(body, body_params(body, &frame->type));
}

static bool same_list(struct lower_list a, struct lower_list b)
{
    return a.count == b.count &&
           (a.count == 0 || memcmp(a.types, b.types, a.count * sizeof(*a.types)) == 0);
}

void body_end(struct lower_body *body)
{
    close_block(body);
    const struct lower_frame frame = *top_frame(body);
    body->frame_count--;
    if (body->reader->code < 0 || body->frame_count == 0)
        return;
    struct lower_list results = body_results(body, &frame.type);
    if (frame.opcode == OP_IF && !same_list(body_params(body, &frame.type), results))
        reader_fail(body->reader, CHIMERA_EMODULE,
                    "type mismatch: an if without else changes the operands");
    body_push_list(body, results);
}

void body_unreachable(struct lower_body *body)
{
    top_frame(body)->is_unreachable = true;
    body->stack_size = top_frame(body)->height;
}

struct lower_list body_label(struct lower_body *body, uint32_t depth)
{
    if (body->reader->code == 0 && depth >= body->frame_count)
        reader_fail(body->reader, CHIMERA_EMODULE, "unknown label %u", depth);
    if (body->reader->code < 0)
        return (struct lower_list){NULL, 0};
    const struct lower_frame *frame = &body->frames[body->frame_count - 1 - depth];
    return frame->opcode == OP_LOOP ? body_params(body, &frame->type)
                                    : body_results(body, &frame->type);
}

/* --- Locals. --- */

lower_type body_local(struct lower_body *body, uint32_t *ret_index)
{
    *ret_index = reader_u32(body->reader);
    if (body->reader->code == 0 && *ret_index >= body->local_count)
        reader_fail(body->reader, CHIMERA_EMODULE, "unknown local %u", *ret_index);
    if (body->reader->code < 0)
        *ret_index = 0;
    return body->reader->code < 0 ? LOWER_UNKNOWN : body->locals[*ret_index];
}

void body_set_local(struct lower_body *body, uint32_t index)
{
    if (body->reader->code < 0 || body->is_set[index])
        return;
    body->is_set[index] = 1;
    body->newly_set[body->newly_set_count++] = index;
}
