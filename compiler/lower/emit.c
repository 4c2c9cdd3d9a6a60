/* SPDX-License-Identifier: Apache-2.0 */
/* What is written in place of the instructions that wasm2c does not know, or whose types are
 * erased. */
#include "compiler/lower/body.h"

void emit_pending(struct lower_body *body, const uint8_t *from)
{
    writer_bytes(&body->out, body->copied, from);
    body->copied = from;
}

/* From here on the instruction's own bytes are not wanted; false in unreachable code. */
static bool begin_replacement(struct lower_body *body, const uint8_t *from)
{
    if (body->reader->code < 0 || !body_is_live(body))
        return false;
    emit_pending(body, from);
    body->copied = body->reader->at;
    return true;
}

static void put_byte(struct lower_body *body, uint8_t byte)
{
    chimera_buffer_byte(&body->out, byte);
}

static void put_index(struct lower_body *body, uint8_t opcode, uint32_t index)
{
    put_byte(body, opcode);
    writer_u32(&body->out, index);
}

/* A local that the pass adds, of the representation that `type` has. It is used within the
 * replacement of one instruction only. */
static uint32_t temporary_local(struct lower_body *body, lower_type type)
{
    uint8_t byte = lower_byte(body->lowering, type);
    uint32_t *index = &body->temporaries[byte == WASM_I32       ? TEMPORARY_I32
                                         : byte == WASM_FUNCREF ? TEMPORARY_FUNCREF
                                                                : TEMPORARY_EXTERNREF];
    if (*index == 0) {
        body->temporary_types[body->temporary_count++] = byte;
        *index = body->local_count + body->temporary_count;
    }
    return *index - 1;
}

static void put_is_null(struct lower_body *body, lower_type type)
{
    put_byte(body, lower_byte(body->lowering, type) == WASM_I32 ? OP_I32_EQZ : OP_REF_IS_NULL);
}

void emit_block(struct lower_body *body, const uint8_t *from, uint8_t opcode, lower_type single)
{
    if (!lower_is_reference(single) || !begin_replacement(body, from))
        return;
    put_byte(body, opcode);
    put_byte(body, lower_byte(body->lowering, single));
}

void emit_select(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (!lower_is_reference(type) || !begin_replacement(body, from))
        return;
    put_byte(body, OP_SELECT_TYPED);
    put_byte(body, 1);
    put_byte(body, lower_byte(body->lowering, type));
}

void emit_null(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (!begin_replacement(body, from))
        return;
    uint8_t byte = lower_byte(body->lowering, type);
    put_byte(body, byte == WASM_I32 ? OP_I32_CONST : OP_REF_NULL);
    put_byte(body, byte == WASM_I32 ? 0 : byte);
}

void emit_function(struct lower_body *body, const uint8_t *from, uint32_t function)
{
    body->lowering->has_private_table = true;
    if (!begin_replacement(body, from))
        return;
    put_byte(body, OP_I32_CONST);
    writer_signed(&body->out, lower_slot(body->lowering, function));
    if (!body->lowering->is_slotted)
        put_index(body, OP_TABLE_GET, body->lowering->table_count);
}

void emit_is_null(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (begin_replacement(body, from))
        put_is_null(body, type);
}

void emit_as_non_null(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (!begin_replacement(body, from))
        return;
    uint32_t local = temporary_local(body, type);
    put_index(body, OP_LOCAL_TEE, local);
    put_is_null(body, type);
    put_byte(body, OP_IF);
    put_byte(body, WASM_EMPTY_BLOCK);
    put_byte(body, OP_UNREACHABLE);
    put_byte(body, OP_END);
    put_index(body, OP_LOCAL_GET, local);
}

void emit_branch_on_null(struct lower_body *body, const uint8_t *from, lower_type type,
                         uint32_t label)
{
    if (!begin_replacement(body, from))
        return;
    uint32_t local = temporary_local(body, type);
    put_index(body, OP_LOCAL_TEE, local);
    put_is_null(body, type);
    put_index(body, OP_BR_IF, label);
    put_index(body, OP_LOCAL_GET, local);
}

/* The reference goes along with the branch, and is dropped where there is none. */
void emit_branch_on_non_null(struct lower_body *body, const uint8_t *from, lower_type type,
                             uint32_t label)
{
    if (!begin_replacement(body, from))
        return;
    uint32_t local = temporary_local(body, type);
    put_index(body, OP_LOCAL_TEE, local);
    put_index(body, OP_LOCAL_GET, local);
    put_is_null(body, type);
    put_byte(body, OP_I32_EQZ);
    put_index(body, OP_BR_IF, label);
    put_byte(body, OP_DROP);
}

static void put_marker(struct lower_body *body, uint32_t type)
{
    struct lowering *lowering = body->lowering;
    if (!lowering->types.is_marked[type])
        return;
    lowering->has_marker = true;
    put_byte(body, OP_I32_CONST);
    writer_signed(&body->out, lower_type_id(lowering, type));
    put_index(body, OP_GLOBAL_SET, lower_marker(lowering));
}

void emit_marker(struct lower_body *body, const uint8_t *from, uint32_t type)
{
    if (body->reader->code < 0 || !body_is_live(body))
        return;
    emit_pending(body, from);
    put_marker(body, type);
}

void emit_call_reference(struct lower_body *body, const uint8_t *from, uint32_t type)
{
    body->lowering->has_private_table = true;
    if (!begin_replacement(body, from))
        return;
    if (!body->lowering->is_slotted) {
        uint32_t local = temporary_local(body, LOWER_FUNCREF);
        put_index(body, OP_LOCAL_SET, local);
        put_index(body, OP_I32_CONST, 0);
        put_index(body, OP_LOCAL_GET, local);
        put_index(body, OP_TABLE_SET, body->lowering->table_count);
        put_index(body, OP_I32_CONST, 0);
    }
    put_marker(body, type);
    put_index(body, OP_CALL_INDIRECT, type);
    writer_u32(&body->out, body->lowering->table_count);
}

void emit_return(struct lower_body *body)
{
    if (body->reader->code == 0 && body_is_live(body))
        put_byte(body, OP_RETURN);
}

void emit_count(struct lower_body *body, const uint8_t *from, uint8_t opcode)
{
    if (!body->lowering->counts || !body_is_live(body))
        return;
    body->uncounted += count_cost(opcode);
    if (!count_ends_block(opcode))
        return;
    emit_pending(body, from);
    count_write(&body->out, body->lowering->global_count, body->uncounted);
    body->uncounted = 0;
}

void emit_indices(struct lower_body *body, const uint8_t *from, enum wasm_opcode opcode,
                  uint32_t count, const uint32_t *indices)
{
    if (!begin_replacement(body, from))
        return;
    writer_opcode(&body->out, opcode);
    for (uint32_t i = 0; i < count; i++)
        writer_u32(&body->out, indices[i]);
}
