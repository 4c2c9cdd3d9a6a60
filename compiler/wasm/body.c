/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/body.h"

#define LOCALS_MAX 50000u /* the limit that engines share */

static int refuse(struct reader *reader, const char *feature)
{
    return reader_fail(reader, CHIMERA_EFEATURE,
                       "the module uses %s, which Chimera does not compile: build it without",
                       feature);
}

uint8_t opcode_value_type(struct reader *reader)
{
    uint8_t type = reader_byte(reader);
    switch (type) {
    case WASM_I32:
    case WASM_I64:
    case WASM_F32:
    case WASM_F64:
    case WASM_FUNCREF:
    case WASM_EXTERNREF:
        return type;
    case WASM_V128:
        reader->has_vectors = true;
        return type;
    case 0x63:
    case 0x64:
    case 0x72: /* nullexternref */
    case 0x73: /* nullfuncref */
        reader_want_lowering(reader, "typed function references");
        return 0;
    case 0x69:
    case 0x74:
        refuse(reader, "exceptions");
        return 0;
    case 0x6a:
    case 0x6b:
    case 0x6c:
    case 0x6d:
    case 0x6e:
    case 0x71:
        refuse(reader, "garbage collection types");
        return 0;
    default:
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not a value type", type);
        return 0;
    }
}

/* What ref.null is of: a type's index, or the byte of an abstract one. */
static uint8_t read_heap_type(struct reader *reader)
{
    if (reader->at < reader->end &&
        (*reader->at < 0x40 || *reader->at >= 0x80 || *reader->at == 0x62)) {
        reader_want_lowering(reader, "typed function references");
        return 0;
    }
    return opcode_value_type(reader);
}

static void skip_memory_argument(struct reader *reader)
{
    uint32_t alignment = reader_u32(reader);
    if (alignment & 0x40)
        refuse(reader, "several memories");
    else if (alignment >= 0x20)
        reader_fail(reader, CHIMERA_EMODULE, "an alignment of 2^%u", alignment);
    reader_u32(reader);
}

static void skip_memory_index(struct reader *reader)
{
    if (reader_byte(reader) != 0)
        refuse(reader, "several memories");
}

static void skip_block_type(struct reader *reader)
{
    if (reader->at < reader->end) {
        uint8_t first = *reader->at;
        if (first == 0x40) {
            reader->at++;
            return;
        }
        if (first < 0x80 && (first & 0x40)) {
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

static void walk_bulk(struct reader *reader, struct chimera_module *module)
{
    uint32_t operation = reader_u32(reader);
    switch (operation) {
    case 8: /* memory.init */
        module->uses_data_segments = true;
        reader_u32(reader);
        skip_memory_index(reader);
        return;
    case 9: /* data.drop */
        module->uses_data_segments = true;
        reader_u32(reader);
        return;
    case 10: /* memory.copy */
        skip_memory_index(reader);
        skip_memory_index(reader);
        return;
    case 11: /* memory.fill */
        skip_memory_index(reader);
        return;
    case 12: /* table.init */
    case 14: /* table.copy */
        module->changes_tables = true;
        reader_u32(reader);
        reader_u32(reader);
        return;
    case 15: /* table.grow */
    case 17: /* table.fill */
        module->changes_tables = true;
        reader_u32(reader);
        return;
    case 13: /* elem.drop */
    case 16: /* table.size */
        reader_u32(reader);
        return;
    default:
        if (operation >= 18)
            reader_fail(reader, operation <= 22 ? CHIMERA_EFEATURE : CHIMERA_EMODULE,
                        "0xfc 0x%02x is not an instruction that Chimera compiles", operation);
    }
}

bool opcode_refuse(struct reader *reader, uint8_t opcode)
{
    if ((opcode >= 0x06 && opcode <= 0x0a) || opcode == 0x18 || opcode == 0x19 || opcode == 0x1f)
        return refuse(reader, "exceptions"), true;
    if (opcode == 0x12 || opcode == 0x13)
        return reader_want_lowering(reader, "tail calls"), true;
    if (opcode == 0x14 || opcode == 0x15 || (opcode >= 0xd4 && opcode <= 0xd6))
        return reader_want_lowering(reader, "typed function references"), true;
    if (opcode == 0xfb || opcode == 0xd3)
        return refuse(reader, "garbage collection"), true;
    if (opcode == 0xfe)
        return refuse(reader, "threads (atomic instructions)"), true;
    return false;
}

/* By the proposal's table: loads, stores and lanes have immediates, nothing else has. */
uint32_t opcode_vector(struct reader *reader)
{
    uint32_t operation = reader_u32(reader);
    reader->has_vectors = true;
    if (operation > 0xff)
        reader_fail(
            reader, operation < 0x130 ? CHIMERA_EFEATURE : CHIMERA_EMODULE,
            "the module uses relaxed SIMD, which Chimera does not compile: build it without");
    else if (operation <= 11 || (operation >= 84 && operation <= 93))
        skip_memory_argument(reader);
    else if (operation == 12 || operation == 13) /* v128.const, i8x16.shuffle */
        reader_bytes(reader, 16);
    if ((operation >= 21 && operation <= 34) || (operation >= 84 && operation <= 91))
        reader_byte(reader); /* a lane */
    return operation;
}

static void walk_immediates(struct reader *reader, struct chimera_module *module, uint8_t opcode)
{
    switch (opcode) {
    case 0x02: /* block */
    case 0x03: /* loop */
    case 0x04: /* if */
        skip_block_type(reader);
        return;
    case 0x0c: /* br */
    case 0x0d: /* br_if */
    case 0x10: /* call */
    case 0x20: /* local.get, set, tee, global.get, set, table.get */
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
    case 0x25:
        reader_u32(reader);
        return;
    case 0x26: /* table.set */
        module->changes_tables = true;
        reader_u32(reader);
        return;
    case 0x0e:
        skip_branch_table(reader);
        return;
    case 0x11: /* call_indirect */
        reader_u32(reader);
        reader_u32(reader);
        return;
    case 0x1c:
        skip_select_types(reader);
        return;
    case 0x3f: /* memory.size */
    case 0x40: /* memory.grow */
        skip_memory_index(reader);
        return;
    case 0x41:
        reader_signed(reader, 32);
        return;
    case 0x42:
        reader_signed(reader, 64);
        return;
    case 0x43:
        reader_bytes(reader, 4);
        return;
    case 0x44:
        reader_bytes(reader, 8);
        return;
    case 0xd0: /* ref.null */
        read_heap_type(reader);
        return;
    case 0xd2: /* ref.func */
        module->uses_ref_func = true;
        reader_u32(reader);
        return;
    case 0xfc:
        walk_bulk(reader, module);
        return;
    case 0xfd:
        opcode_vector(reader);
        return;
    default:
        if (opcode >= 0x28 && opcode <= 0x3e)
            skip_memory_argument(reader);
        else if (!opcode_refuse(reader, opcode) &&
                 (opcode == 0x07 ||
                  (opcode >= 0x16 && opcode <= 0x1e && opcode != 0x1a && opcode != 0x1b) ||
                  opcode == 0x27 || (opcode > 0xc4 && opcode != 0xd1)))
            reader_fail(reader, CHIMERA_EMODULE, "0x%02x is not an instruction", opcode);
    }
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
        else if (total > LOCALS_MAX)
            reader_fail(reader, CHIMERA_ELIMIT, "a function has more than %u locals", LOCALS_MAX);
    }
}

int opcode_walk(struct reader *reader, struct chimera_module *module)
{
    uint32_t depth = 1;
    skip_locals(reader);
    while (reader->code == 0 && depth > 0) {
        uint8_t opcode = reader_byte(reader);
        if (opcode >= 0x02 && opcode <= 0x04 && ++depth > CHIMERA_NESTING_MAX)
            reader_fail(reader, CHIMERA_ELIMIT, "blocks are nested deeper than %d",
                        CHIMERA_NESTING_MAX);
        else if (opcode == 0x0b)
            depth--;
        walk_immediates(reader, module, opcode);
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

struct wasm_expression opcode_constant_operand(struct reader *reader, uint8_t opcode)
{
    struct wasm_expression expression = {.kind = WASM_CONST};
    switch (opcode) {
    case 0x41:
        expression.type = WASM_I32;
        expression.value = (uint32_t)reader_signed(reader, 32);
        break;
    case 0x42:
        expression.type = WASM_I64;
        expression.value = reader_signed(reader, 64);
        break;
    case 0x43:
        expression.type = WASM_F32;
        expression.value = read_fixed(reader, 4);
        break;
    case 0x44:
        expression.type = WASM_F64;
        expression.value = read_fixed(reader, 8);
        break;
    case 0x23:
        expression.kind = WASM_GLOBAL_GET;
        expression.value = reader_u32(reader);
        break;
    case 0xd0:
        expression.kind = WASM_REF_NULL;
        expression.type = read_heap_type(reader);
        break;
    case 0xd2:
        expression.kind = WASM_REF_FUNC;
        expression.type = WASM_FUNCREF;
        expression.value = reader_u32(reader);
        break;
    case 0xfd:
        if (reader_u32(reader) != 12)
            reader_fail(reader, CHIMERA_EMODULE, "a vector instruction in a constant expression");
        reader->has_vectors = true;
        expression.type = WASM_V128;
        expression.value = read_fixed(reader, 8);
        expression.value_high = read_fixed(reader, 8);
        break;
    default:
        reader_fail(reader, CHIMERA_EMODULE, "0x%02x in a constant expression", opcode);
    }
    return expression;
}

struct wasm_expression opcode_constant(struct reader *reader)
{
    struct wasm_expression expression = opcode_constant_operand(reader, reader_byte(reader));
    if (reader->code == 0 && reader_byte(reader) != 0x0b && reader->code == 0)
        reader_want_lowering(reader, "extended constant expressions");
    return expression;
}
