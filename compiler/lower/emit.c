/* SPDX-License-Identifier: Apache-2.0 */
/* What is written in place of the instructions that wasm2c does not know, or whose types are
 * erased. */
#include "compiler/lower/body.h"

void emit_pending(struct lower_body *body, const uint8_t *from)
{
    lower_put_bytes(&body->out, body->copied, from);
    body->copied = from;
}

/* From here on the instruction's own bytes are not wanted; false in unreachable code. */
static bool replace(struct lower_body *body, const uint8_t *from)
{
    if (body->reader->code < 0 || !body_is_live(body))
        return false;
    emit_pending(body, from);
    body->copied = body->reader->at;
    return true;
}

static void put(struct lower_body *body, uint8_t byte)
{
    chimera_buffer_byte(&body->out, byte);
}

static void put_index(struct lower_body *body, uint8_t opcode, uint32_t index)
{
    put(body, opcode);
    lower_put_u32(&body->out, index);
}

/* A local that the pass adds, of the representation that `type` has. It is used within the
 * replacement of one instruction only. */
static uint32_t temporary(struct lower_body *body, lower_type type)
{
    uint8_t byte = lower_byte(body->lower, type);
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
    put(body, lower_byte(body->lower, type) == WASM_I32 ? OP_I32_EQZ : OP_REF_IS_NULL);
}

void emit_block(struct lower_body *body, const uint8_t *from, uint8_t opcode, lower_type single)
{
    if (!lower_is_reference(single) || !replace(body, from))
        return;
    put(body, opcode);
    put(body, lower_byte(body->lower, single));
}

void emit_select(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (!lower_is_reference(type) || !replace(body, from))
        return;
    put(body, OP_SELECT_TYPED);
    put(body, 1);
    put(body, lower_byte(body->lower, type));
}

void emit_null(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (!replace(body, from))
        return;
    uint8_t byte = lower_byte(body->lower, type);
    put(body, byte == WASM_I32 ? OP_I32_CONST : OP_REF_NULL);
    put(body, byte == WASM_I32 ? 0 : byte);
}

void emit_function(struct lower_body *body, const uint8_t *from, uint32_t function)
{
    body->lower->has_private_table = true;
    if (!replace(body, from))
        return;
    put(body, OP_I32_CONST);
    lower_put_signed(&body->out, lower_slot(body->lower, function));
    if (!body->lower->is_slotted)
        put_index(body, OP_TABLE_GET, body->lower->table_count);
}

void emit_is_null(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (replace(body, from))
        put_is_null(body, type);
}

void emit_as_non_null(struct lower_body *body, const uint8_t *from, lower_type type)
{
    if (!replace(body, from))
        return;
    uint32_t local = temporary(body, type);
    put_index(body, OP_LOCAL_TEE, local);
    put_is_null(body, type);
    put(body, OP_IF);
    put(body, WASM_EMPTY_BLOCK);
    put(body, OP_UNREACHABLE);
    put(body, OP_END);
    put_index(body, OP_LOCAL_GET, local);
}

void emit_branch_on_null(struct lower_body *body, const uint8_t *from, lower_type type,
                         uint32_t label)
{
    if (!replace(body, from))
        return;
    uint32_t local = temporary(body, type);
    put_index(body, OP_LOCAL_TEE, local);
    put_is_null(body, type);
    put_index(body, OP_BR_IF, label);
    put_index(body, OP_LOCAL_GET, local);
}

/* The reference goes along with the branch, and is dropped where there is none. */
void emit_branch_on_non_null(struct lower_body *body, const uint8_t *from, lower_type type,
                             uint32_t label)
{
    if (!replace(body, from))
        return;
    uint32_t local = temporary(body, type);
    put_index(body, OP_LOCAL_TEE, local);
    put_index(body, OP_LOCAL_GET, local);
    put_is_null(body, type);
    put(body, OP_I32_EQZ);
    put_index(body, OP_BR_IF, label);
    put(body, OP_DROP);
}

static void put_marker(struct lower_body *body, uint32_t type)
{
    struct lower *lower = body->lower;
    if (!lower->types.is_marked[type])
        return;
    lower->has_marker = true;
    put(body, OP_I32_CONST);
    lower_put_signed(&body->out, lower_type_id(lower, type));
    put_index(body, OP_GLOBAL_SET, lower->global_count);
}

void emit_marker(struct lower_body *body, const uint8_t *from, uint32_t type)
{
    if (body->reader->code < 0 || !body_is_live(body))
        return;
    emit_pending(body, from);
    put_marker(body, type);
}

static void put_call(struct lower_body *body, uint32_t type)
{
    put_marker(body, type);
    put_index(body, OP_CALL_INDIRECT, type);
    lower_put_u32(&body->out, body->lower->table_count);
}

void emit_call_reference(struct lower_body *body, const uint8_t *from, uint32_t type)
{
    body->lower->has_private_table = true;
    if (!replace(body, from))
        return;
    if (!body->lower->is_slotted) {
        uint32_t local = temporary(body, LOWER_FUNCREF);
        put_index(body, OP_LOCAL_SET, local);
        put_index(body, OP_I32_CONST, 0);
        put_index(body, OP_LOCAL_GET, local);
        put_index(body, OP_TABLE_SET, body->lower->table_count);
        put_index(body, OP_I32_CONST, 0);
    }
    put_call(body, type);
}

void emit_return(struct lower_body *body)
{
    if (body->reader->code == 0 && body_is_live(body))
        put(body, OP_RETURN);
}

void emit_indices(struct lower_body *body, const uint8_t *from, enum wasm_opcode opcode,
                  uint32_t count, const uint32_t *indices)
{
    if (!replace(body, from))
        return;
    lower_put_opcode(&body->out, opcode);
    for (uint32_t i = 0; i < count; i++)
        lower_put_u32(&body->out, indices[i]);
}
