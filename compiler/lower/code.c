/* SPDX-License-Identifier: Apache-2.0 */
/* The code section: locals and instructions of each function. */
#include <stdlib.h>

#include "compiler/lower/body.h"
#include "compiler/wasm/body.h"

/* Three arrays by local. They are kept for the next body, and only grow. */
static bool has_locals(struct lower_body *body, uint64_t count)
{
    if (count <= body->local_capacity)
        return true;
    uint32_t capacity = (uint32_t)(count < 64 ? 64 : 2 * count);
    lower_type *locals = realloc(body->locals, capacity * sizeof(*locals));
    body->locals = locals ? locals : body->locals;
    uint8_t *is_set = realloc(body->is_set, capacity);
    body->is_set = is_set ? is_set : body->is_set;
    uint32_t *newly_set = realloc(body->newly_set, capacity * sizeof(*newly_set));
    body->newly_set = newly_set ? newly_set : body->newly_set;
    if (locals && is_set && newly_set)
        body->local_capacity = capacity;
    else
        reader_fail(body->reader, CHIMERA_ENOMEM, "out of memory");
    return body->reader->code == 0;
}

static void add_locals(struct lower_body *body, uint64_t count, lower_type type, bool is_set)
{
    if (!has_locals(body, body->local_count + count))
        return;
    for (uint64_t i = 0; i < count; i++) {
        body->locals[body->local_count] = type;
        body->is_set[body->local_count++] = is_set;
    }
}

static void read_locals(struct lower_body *body)
{
    struct lower_list params =
        lower_params(body->lowering, body->lowering->functions[body->function]);
    uint32_t groups = reader_count(body->reader, UINT32_MAX, "groups of locals");
    uint64_t total = 0;
    body->local_count = 0;
    for (uint32_t i = 0; i < params.count && body->reader->code == 0; i++)
        add_locals(body, 1, params.types[i], true);
    for (uint32_t i = 0; i < groups && body->reader->code == 0; i++) {
        uint32_t count = reader_u32(body->reader);
        lower_type type = lower_read_type(body->reader, body->lowering);
        total += count;
        if (body->reader->code == 0 && total > WASM_LOCALS_MAX)
            reader_fail(body->reader, CHIMERA_ELIMIT, "a function has more than %u locals",
                        WASM_LOCALS_MAX);
        if (body->reader->code == 0)
            add_locals(body, count, type, lower_is_defaultable(type));
    }
}

static uint8_t local_byte(const struct lower_body *body, uint32_t index)
{
    if (index >= body->local_count)
        return body->temporary_types[index - body->local_count];
    return lower_byte(body->lowering, body->locals[index]);
}

/* As few groups as there can be: equal neighbours make one. */
static void write_locals(const struct lower_body *body, struct chimera_buffer *out)
{
    struct chimera_buffer groups;
    uint32_t first = lower_params(body->lowering, body->lowering->functions[body->function]).count,
             count = 0;
    chimera_buffer_init(&groups, out->limit);
    for (uint32_t end = body->local_count + body->temporary_count; first < end; count++) {
        uint8_t byte = local_byte(body, first);
        uint32_t next = first + 1;
        while (next < end && local_byte(body, next) == byte)
            next++;
        writer_u32(&groups, next - first);
        chimera_buffer_byte(&groups, byte);
        first = next;
    }
    writer_u32(out, count);
    chimera_buffer_append(out, chimera_buffer_slice(&groups));
    if (groups.failed)
        out->failed = groups.failed;
    chimera_buffer_free(&groups);
}

/* What becomes unreachable is written up to there, and again from where code can be reached. */
static void read_instructions(struct lower_body *body)
{
    struct reader *reader = body->reader;
    while (reader->code == 0 && body->frame_count > 0) {
        const uint8_t *from = reader->at;
        bool was_live = body_is_live(body);
        uint8_t opcode = reader_byte(reader);
        if (reader->code == 0) {
            emit_count(body, from, opcode);
            body_instruction(body, from, opcode);
        }
        if (reader->code < 0)
            return;
        bool is_live = body->frame_count == 0 || body_is_live(body);
        if (!was_live && is_live)
            body->copied = from;
        if ((was_live && !is_live) || body->frame_count == 0)
            emit_pending(body, reader->at);
    }
}

static void write_body(struct lower_body *body, struct chimera_buffer *locals)
{
    struct chimera_buffer *code = &body->lowering->code;
    chimera_buffer_reset(locals);
    write_locals(body, locals);
    if (locals->failed || body->out.failed) {
        reader_fail(body->reader, locals->failed ? locals->failed : body->out.failed,
                    "a function is too large");
        return;
    }
    writer_u32(code, (uint32_t)(locals->size + body->out.size));
    chimera_buffer_append(code, chimera_buffer_slice(locals));
    chimera_buffer_append(code, chimera_buffer_slice(&body->out));
}

/* The body's own reader, so that nothing reads on into the next. */
static void read_body(struct lower_body *body, struct reader *outer, uint32_t function,
                      struct chimera_buffer *locals)
{
    uint32_t size = reader_u32(outer);
    if (size > WASM_BODY_MAX)
        reader_fail(outer, CHIMERA_ELIMIT, "a function of %u bytes is over the limit of %llu", size,
                    (unsigned long long)WASM_BODY_MAX);
    struct chimera_slice bytes = reader_bytes(outer, size);
    if (outer->code < 0)
        return;
    struct reader inside = *outer;
    inside.at = (const uint8_t *)bytes.data;
    inside.end = inside.at + bytes.size;
    body->reader = &inside;
    body->function = function;
    body->stack_size = body->frame_count = body->newly_set_count = body->temporary_count = 0;
    body->uncounted = COUNT_OF_ENTRY;
    memset(body->temporaries, 0, sizeof(body->temporaries));
    chimera_buffer_reset(&body->out);
    read_locals(body);
    body->copied = inside.at;
    if (inside.code == 0)
        body_begin_block(body, OP_BLOCK,
                         (struct lower_block){body->lowering->functions[function], LOWER_UNKNOWN});
    body->stack_size = 0; /* parameters are locals, not operands */
    read_instructions(body);
    if (inside.code == 0 && inside.at != inside.end)
        reader_fail(&inside, CHIMERA_EMODULE, "code behind the end of a function");
    if (inside.code == 0)
        write_body(body, locals);
    outer->code = inside.code;
    body->reader = outer;
}

/* Stops early when it turns out that slots do not do: all of it is done again then. */
void lower_read_code(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, UINT32_MAX, "function bodies");
    if (reader->code == 0 && count != lowering->function_count - lowering->imported_functions)
        reader_fail(reader, CHIMERA_EMODULE, "function and code section have inconsistent lengths");
    struct lower_body body = {.lowering = lowering, .reader = reader};
    struct chimera_buffer locals;
    chimera_buffer_init(&body.out, 64 * WASM_BODY_MAX);
    chimera_buffer_init(&locals, 64 * WASM_BODY_MAX);
    for (uint32_t i = 0;
         i < count && reader->code == 0 && !(lowering->is_slotted && lowering->needs_funcrefs); i++)
        read_body(&body, reader, lowering->imported_functions + i, &locals);
    chimera_buffer_free(&locals);
    free(body.locals);
    free(body.is_set);
    free(body.newly_set);
    free(body.stack);
    free(body.frames);
    chimera_buffer_free(&body.out);
}
