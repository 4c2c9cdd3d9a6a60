/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that work on numbers, vectors and memory alone: their types are in their rows
 * (wasm/instruction_list.h, wasm/vector_list.h). They are copied. */
#include "compiler/lower/body.h"
#include "compiler/wasm/body.h"

static lower_type type_of_letter(char letter)
{
    switch (letter) {
    case 'I':
        return WASM_I64;
    case 'f':
        return WASM_F32;
    case 'F':
        return WASM_F64;
    case 'v':
        return WASM_V128;
    default:
        return WASM_I32;
    }
}

static void apply_type(struct lower_body *body, const struct wasm_instruction *instruction)
{
    for (size_t i = strlen(instruction->params); i > 0; i--)
        body_pop(body, type_of_letter(instruction->params[i - 1]));
    if (instruction->result)
        body_push(body, type_of_letter(instruction->result));
}

/* Alignments and memories are judged by the reader of the new module. */
static void read_immediates(struct reader *reader, enum wasm_immediates immediates)
{
    switch (immediates) {
    case IMMEDIATE_INDEX_MEMORY:
        reader_u32(reader);
        reader_byte(reader);
        break;
    case IMMEDIATE_INDEX:
        reader_u32(reader);
        break;
    case IMMEDIATE_TWO_MEMORIES:
        reader_bytes(reader, 2);
        break;
    case IMMEDIATE_MEMORY:
        reader_byte(reader);
        break;
    case IMMEDIATE_MEMORY_ARGUMENT:
        if ((reader_u32(reader) & 0x40) && reader->code == 0)
            proposal_refuse(reader, PROPOSAL_MULTI_MEMORY);
        reader_u32(reader);
        break;
    default: /* no other row that has a type has any but numbers */
        opcode_skip_constant(reader, immediates);
    }
}

bool body_numeric(struct lower_body *body, const struct wasm_instruction *instruction)
{
    if (!instruction->params)
        return false;
    read_immediates(body->reader, instruction->immediates);
    apply_type(body, instruction);
    return true;
}

void body_vector(struct lower_body *body)
{
    uint32_t number = opcode_vector(body->reader);
    const struct wasm_instruction *instruction = wasm_vector_instruction(number);
    if (!instruction->params)
        reader_fail(body->reader, CHIMERA_EMODULE, "0xfd 0x%02x is not an instruction", number);
    else
        apply_type(body, instruction);
}
