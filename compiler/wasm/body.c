/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/body.h"

#include "compiler/wasm/instruction.h"
#include "compiler/wasm/limits.h"

uint8_t opcode_value_type(struct reader *reader)
{
    uint8_t type = reader_byte(reader);
    enum wasm_proposal proposal = wasm_type_proposal(type);
    if (proposal == PROPOSAL_UNKNOWN) {
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a value type", type);
    } else if (!proposal_check(reader, proposal)) {
        reader->has_vectors |= type == WASM_V128;
        return type;
    }
    return 0;
}

/* --- Immediates. --- */

/* What ref.null is of: a type's index, or the byte of an abstract one. */
static uint8_t read_heap_type(struct reader *reader)
{
    if (reader->at < reader->end &&
        (!wasm_is_type_byte(*reader->at) || *reader->at == WASM_EXACT)) {
        reader_want_lowering(reader, "typed function references");
        return 0;
    }
    return opcode_value_type(reader);
}

static void skip_memory_argument(struct reader *reader)
{
    uint32_t alignment = reader_u32(reader);
    if (alignment & 0x40)
        proposal_refuse(reader, PROPOSAL_MULTI_MEMORY);
    else if (alignment >= 0x20)
        reader_fail(reader, CHIMERA_EMODULE, "an alignment of 2^%u", alignment);
    reader_u32(reader);
}

static void skip_memory_index(struct reader *reader)
{
    if (reader_byte(reader) != 0)
        proposal_refuse(reader, PROPOSAL_MULTI_MEMORY);
}

static void skip_block_type(struct reader *reader)
{
    if (reader->at < reader->end) {
        if (*reader->at == WASM_EMPTY_BLOCK) {
            reader->at++;
            return;
        }
        if (wasm_is_type_byte(*reader->at)) {
            opcode_value_type(reader);
            return;
        }
    }
    reader_signed(reader, 33);
}

static void skip_branch_table(struct reader *reader)
{
    uint32_t count = reader_count(reader, UINT32_MAX, "branch targets");
    for (uint32_t i = 0; i <= count && reader->code == 0; i++)
        reader_u32(reader);
}

static void skip_select_types(struct reader *reader)
{
    uint32_t count = reader_count(reader, 1000, "types");
    for (uint32_t i = 0; i < count && reader->code == 0; i++)
        opcode_value_type(reader);
}

void opcode_skip_constant(struct reader *reader, enum wasm_immediates immediates)
{
    switch (immediates) {
    case IMMEDIATE_I32:
        reader_signed(reader, 32);
        break;
    case IMMEDIATE_I64:
        reader_signed(reader, 64);
        break;
    case IMMEDIATE_F32:
        reader_bytes(reader, 4);
        break;
    case IMMEDIATE_F64:
        reader_bytes(reader, 8);
        break;
    case IMMEDIATE_LANES:
    case IMMEDIATE_V128:
        reader_bytes(reader, 16);
        break;
    default: /* none; what follows a prefix is read with it */
        break;
    }
}

static void skip_immediates(struct reader *reader, enum wasm_immediates immediates)
{
    switch (immediates) {
    case IMMEDIATE_TWO_INDICES:
        reader_u32(reader);
        /* fall through */
    case IMMEDIATE_INDEX:
        reader_u32(reader);
        break;
    case IMMEDIATE_INDEX_MEMORY:
        reader_u32(reader);
        skip_memory_index(reader);
        break;
    case IMMEDIATE_TWO_MEMORIES:
        skip_memory_index(reader);
        /* fall through */
    case IMMEDIATE_MEMORY:
        skip_memory_index(reader);
        break;
    case IMMEDIATE_MEMORY_ARGUMENT:
        skip_memory_argument(reader);
        break;
    case IMMEDIATE_MEMORY_ARGUMENT_LANE:
        skip_memory_argument(reader);
        /* fall through */
    case IMMEDIATE_LANE:
        reader_byte(reader);
        break;
    case IMMEDIATE_BLOCK_TYPE:
        skip_block_type(reader);
        break;
    case IMMEDIATE_BRANCH_TABLE:
        skip_branch_table(reader);
        break;
    case IMMEDIATE_TYPES:
        skip_select_types(reader);
        break;
    case IMMEDIATE_HEAP_TYPE:
        read_heap_type(reader);
        break;
    default:
        opcode_skip_constant(reader, immediates);
    }
}

/* --- Instructions. --- */

/* What the build must know of the bodies. */
static void note_use(struct chimera_module *module, enum wasm_opcode opcode)
{
    switch (opcode) {
    case OP_MEMORY_INIT:
    case OP_DATA_DROP:
        module->uses_data_segments = true;
        break;
    case OP_TABLE_SET:
    case OP_TABLE_INIT:
    case OP_TABLE_COPY:
    case OP_TABLE_GROW:
    case OP_TABLE_FILL:
        module->changes_tables = true;
        break;
    case OP_REF_FUNC:
        module->uses_ref_func = true;
        break;
    default:
        break;
    }
}

/* Numbers that no list has were in drafts; wasm2c refuses them. */
uint32_t opcode_vector(struct reader *reader)
{
    uint32_t number = reader_u32(reader);
    const struct wasm_instruction *instruction = wasm_vector_instruction(number);
    reader->has_vectors = true;
    if (instruction->proposal == PROPOSAL_RELAXED_SIMD)
        proposal_refuse(reader, PROPOSAL_RELAXED_SIMD);
    else if (number > UINT8_MAX)
        reader_fail(
            reader, CHIMERA_EMODULE,
            "the module uses relaxed SIMD, which Chimera does not compile: build it without");
    skip_immediates(reader, instruction->immediates);
    return number;
}

static void walk_instruction(struct reader *reader, struct chimera_module *module, uint8_t byte)
{
    const struct wasm_instruction *instruction = &wasm_instructions[byte];
    if (byte == OP_PREFIX_VECTORS) {
        opcode_vector(reader);
        return;
    }
    if (byte == OP_PREFIX_LONG) {
        uint32_t number = reader_u32(reader);
        instruction = wasm_long_instruction(number);
        if (instruction->proposal != PROPOSAL_CORE)
            reader_fail(reader,
                        instruction->proposal == PROPOSAL_LATER ? CHIMERA_EFEATURE
                                                                : CHIMERA_EMODULE,
                        "0xfc 0x%02x is not an instruction that Chimera compiles", number);
    } else if (instruction->proposal == PROPOSAL_UNKNOWN) {
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not an instruction", byte);
    }
    if (proposal_check(reader, instruction->proposal) || instruction->immediates == IMMEDIATE_NONE)
        return;
    note_use(module, instruction->opcode);
    skip_immediates(reader, instruction->immediates);
}

static void skip_locals(struct reader *reader)
{
    uint64_t total = 0;
    uint32_t groups = reader_count(reader, UINT32_MAX, "groups of locals");
    for (uint32_t i = 0; i < groups && reader->code == 0; i++) {
        total += reader_u32(reader);
        opcode_value_type(reader);
        if (total > UINT32_MAX)
            reader_fail(reader, CHIMERA_EMODULE, "too many locals");
        else if (total > WASM_LOCALS_MAX)
            reader_fail(reader, CHIMERA_ELIMIT, "a function has more than %u locals",
                        WASM_LOCALS_MAX);
    }
}

int opcode_walk(struct reader *reader, struct chimera_module *module)
{
    uint32_t depth = 1;
    skip_locals(reader);
    while (reader->code == 0 && depth > 0) {
        uint8_t opcode = reader_byte(reader);
        if ((opcode == OP_BLOCK || opcode == OP_LOOP || opcode == OP_IF) &&
            ++depth > WASM_NESTING_MAX)
            reader_fail(reader, CHIMERA_ELIMIT, "blocks are nested deeper than %d",
                        WASM_NESTING_MAX);
        else if (opcode == OP_END)
            depth--;
        walk_instruction(reader, module, opcode);
    }
    if (reader->code == 0 && reader->at != reader->end)
        reader_fail(reader, CHIMERA_EMODULE, "code behind the end of a function");
    return reader->code;
}

static uint64_t read_fixed(struct reader *reader, unsigned size)
{
    struct chimera_slice bytes = reader_bytes(reader, size);
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes.size; i++)
        value |= (uint64_t)(uint8_t)bytes.data[i] << (8 * i);
    return value;
}

static struct wasm_expression read_vector_constant(struct reader *reader)
{
    struct wasm_expression expression = {.kind = WASM_CONST, .type = WASM_V128};
    if (wasm_vector_instruction(reader_u32(reader))->opcode != OP_V128_CONST)
        reader_fail(reader, CHIMERA_EMODULE, "a vector instruction in a constant expression");
    reader->has_vectors = true;
    expression.value = read_fixed(reader, 8);
    expression.value_high = read_fixed(reader, 8);
    return expression;
}

struct wasm_expression opcode_constant_operand(struct reader *reader, uint8_t opcode)
{
    struct wasm_expression expression = {.kind = WASM_CONST};
    switch (opcode) {
    case OP_I32_CONST:
        expression.type = WASM_I32;
        expression.value = (uint32_t)reader_signed(reader, 32);
        break;
    case OP_I64_CONST:
        expression.type = WASM_I64;
        expression.value = reader_signed(reader, 64);
        break;
    case OP_F32_CONST:
        expression.type = WASM_F32;
        expression.value = read_fixed(reader, 4);
        break;
    case OP_F64_CONST:
        expression.type = WASM_F64;
        expression.value = read_fixed(reader, 8);
        break;
    case OP_GLOBAL_GET:
        expression.kind = WASM_GLOBAL_GET;
        expression.value = reader_u32(reader);
        break;
    case OP_REF_NULL:
        expression.kind = WASM_REF_NULL;
        expression.type = read_heap_type(reader);
        break;
    case OP_REF_FUNC:
        expression.kind = WASM_REF_FUNC;
        expression.type = WASM_FUNCREF;
        expression.value = reader_u32(reader);
        break;
    case OP_PREFIX_VECTORS:
        expression = read_vector_constant(reader);
        break;
    default:
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x in a constant expression", opcode);
    }
    return expression;
}

struct wasm_expression opcode_constant(struct reader *reader)
{
    struct wasm_expression expression = opcode_constant_operand(reader, reader_byte(reader));
    if (reader->code == 0 && reader_byte(reader) != OP_END && reader->code == 0)
        reader_want_lowering(reader, "extended constant expressions");
    return expression;
}
