/* SPDX-License-Identifier: Apache-2.0 */
/* Constant expressions of a module that is lowered: folded to one value each.
 *
 * The core specification's "Constant Expressions" of release 3.0: constants, null and functions'
 * references, earlier immutable globals, and sums, differences and products of integers, which
 * wrap. An imported global has no value here; it stays by name, in a sum too, for a policy that
 * imports one is refused by the check of its imports (compiler/wasm/import_rules.c).
 */
#include <stdlib.h>

#include "compiler/lower/lowering.h"
#include "compiler/wasm/body.h"

#define OPERANDS_MAX (1u << 20)

struct lower_operand {
    struct wasm_expression value;
    lower_type type;
};

/* --- The stack. --- */

static void push_operand(struct reader *reader, struct lowering *lowering,
                         struct lower_operand operand)
{
    if (lowering->operand_count == lowering->operand_capacity) {
        uint32_t capacity = lowering->operand_capacity ? 2 * lowering->operand_capacity : 16;
        struct lower_operand *operands =
            capacity <= OPERANDS_MAX ? reallocarray(lowering->operands, capacity, sizeof(*operands))
                                     : NULL;
        if (!operands) {
            reader_fail(reader, CHIMERA_ELIMIT,
                        "a constant expression has more than %u operands at once", OPERANDS_MAX);
            return;
        }
        lowering->operands = operands;
        lowering->operand_capacity = capacity;
    }
    lowering->operands[lowering->operand_count++] = operand;
}

static struct lower_operand pop_operand(struct reader *reader, struct lowering *lowering,
                                        lower_type type)
{
    static const struct lower_operand none;
    if (reader->code == 0 && lowering->operand_count == 0)
        reader_fail(reader, CHIMERA_EMODULE,
                    "type mismatch: a constant expression lacks an operand");
    if (reader->code < 0)
        return none;
    struct lower_operand operand = lowering->operands[--lowering->operand_count];
    if (!lower_matches(operand.type, type))
        reader_fail(reader, CHIMERA_EMODULE, "type mismatch in a constant expression");
    return operand;
}

/* --- Instructions. --- */

static struct lower_operand value_of_global(struct reader *reader, struct lowering *lowering,
                                            uint32_t index)
{
    struct lower_operand operand = {.value = {.kind = WASM_GLOBAL_GET, .value = index}};
    if (reader->code == 0 && index >= lowering->global_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown global %u in a constant expression", index);
    if (reader->code < 0)
        return operand;
    const struct lower_global *global = &lowering->globals[index];
    if (global->is_mutable)
        reader_fail(reader, CHIMERA_EMODULE,
                    "constant expression required: a global of it is mutable");
    operand.type = global->type;
    if (index >= lowering->imported_globals) {
        lowering->features |= WASM_LOWERS_CONSTANTS;
        operand.value = global->initial;
    }
    return operand;
}

static struct lower_operand reference_to(struct reader *reader, struct lowering *lowering,
                                         uint32_t function)
{
    struct lower_operand operand = {
        .value = {.kind = WASM_REF_FUNC, .type = WASM_FUNCREF, .value = function}};
    if (reader->code == 0 && function >= lowering->function_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown function %u in a constant expression",
                    function);
    if (reader->code < 0)
        return operand;
    lowering->declared[function] |= 1;
    operand.type = lower_of_function(lowering, function);
    return operand;
}

static struct lower_operand null_reference(struct reader *reader, struct lowering *lowering)
{
    struct lower_operand operand = {.value = {.kind = WASM_REF_NULL}};
    operand.type = lower_read_heap(reader, lowering);
    operand.value.type = lower_is_function(operand.type) ? WASM_FUNCREF : WASM_EXTERNREF;
    return operand;
}

static struct lower_operand read_number(struct reader *reader, uint8_t opcode)
{
    struct lower_operand operand = {.value = opcode_constant_operand(reader, opcode)};
    operand.type = operand.value.type;
    return operand;
}

static uint64_t calculate_value(uint8_t opcode, uint64_t a, uint64_t b)
{
    switch (opcode) {
    case OP_I32_ADD:
    case OP_I64_ADD:
        return a + b;
    case OP_I32_SUB:
    case OP_I64_SUB:
        return a - b;
    default:
        return a * b;
    }
}

static void do_arithmetic(struct reader *reader, struct lowering *lowering, uint8_t opcode,
                          lower_type type)
{
    struct lower_operand right = pop_operand(reader, lowering, type),
                         left = pop_operand(reader, lowering, type);
    lowering->features |= WASM_LOWERS_CONSTANTS;
    if (reader->code < 0)
        return;
    if (right.value.kind == WASM_GLOBAL_GET)
        left = right;
    else if (left.value.kind == WASM_CONST)
        left.value.value = calculate_value(opcode, left.value.value, right.value.value);
    if (type == WASM_I32 && left.value.kind == WASM_CONST)
        left.value.value = (uint32_t)left.value.value;
    push_operand(reader, lowering, left);
}

static void do_instruction(struct reader *reader, struct lowering *lowering, uint8_t opcode)
{
    switch (opcode) {
    case OP_I32_ADD:
    case OP_I32_SUB:
    case OP_I32_MUL:
        do_arithmetic(reader, lowering, opcode, WASM_I32);
        break;
    case OP_I64_ADD:
    case OP_I64_SUB:
    case OP_I64_MUL:
        do_arithmetic(reader, lowering, opcode, WASM_I64);
        break;
    case OP_GLOBAL_GET:
        push_operand(reader, lowering, value_of_global(reader, lowering, reader_u32(reader)));
        break;
    case OP_REF_FUNC:
        push_operand(reader, lowering, reference_to(reader, lowering, reader_u32(reader)));
        break;
    case OP_REF_NULL:
        push_operand(reader, lowering, null_reference(reader, lowering));
        break;
    default:
        push_operand(reader, lowering, read_number(reader, opcode));
    }
}

struct wasm_expression lower_constant(struct reader *reader, struct lowering *lowering,
                                      lower_type type)
{
    lowering->operand_count = 0;
    for (uint8_t opcode; reader->code == 0 && (opcode = reader_byte(reader)) != OP_END;)
        do_instruction(reader, lowering, opcode);
    struct lower_operand result = pop_operand(reader, lowering, type);
    if (reader->code == 0 && lowering->operand_count > 0)
        reader_fail(reader, CHIMERA_EMODULE,
                    "type mismatch: a constant expression has several values");
    return result.value;
}

/* --- Writing. --- */

static void write_fixed(struct chimera_buffer *out, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        chimera_buffer_byte(out, (uint8_t)(value >> (8 * i)));
}

static void write_number(const struct wasm_expression *expression, struct chimera_buffer *out)
{
    if (expression->type == WASM_V128) {
        writer_opcode(out, OP_V128_CONST);
        write_fixed(out, expression->value, 8);
        write_fixed(out, expression->value_high, 8);
        return;
    }
    static const uint8_t opcodes[] = {OP_F64_CONST, OP_F32_CONST, OP_I64_CONST, OP_I32_CONST};
    chimera_buffer_byte(out, opcodes[expression->type - WASM_F64]);
    if (expression->type == WASM_I32)
        writer_signed(out, (int32_t)(uint32_t)expression->value);
    else if (expression->type == WASM_I64)
        writer_signed(out, (int64_t)expression->value);
    else
        write_fixed(out, expression->value, expression->type == WASM_F32 ? 4 : 8);
}

void lower_write_constant(struct lowering *lowering, const struct wasm_expression *expression,
                          struct chimera_buffer *out)
{
    (void)lowering;
    switch (expression->kind) {
    case WASM_CONST:
        write_number(expression, out);
        break;
    case WASM_REF_NULL:
        chimera_buffer_byte(out, OP_REF_NULL);
        chimera_buffer_byte(out, expression->type);
        break;
    case WASM_REF_FUNC:
        chimera_buffer_byte(out, OP_REF_FUNC);
        writer_u32(out, (uint32_t)expression->value);
        break;
    case WASM_GLOBAL_GET:
        chimera_buffer_byte(out, OP_GLOBAL_GET);
        writer_u32(out, (uint32_t)expression->value);
        break;
    }
    chimera_buffer_byte(out, OP_END);
}
