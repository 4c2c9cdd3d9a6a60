/* SPDX-License-Identifier: Apache-2.0 */
/* instruction.h - the instructions: what follows each in the code, whose it is, and its type.
 *
 * The lists have a row an instruction. Reading, refusing and the lowering's checks of operands go
 * by these rows; only what depends on more than them is code.
 */
#ifndef CHIMERA_COMPILER_WASM_INSTRUCTION_H
#define CHIMERA_COMPILER_WASM_INSTRUCTION_H

#include <stdint.h>

#include "compiler/wasm/instruction_list.h"
#include "compiler/wasm/proposal.h"
#include "compiler/wasm/vector_list.h"

/* Behind a prefix a second number follows. OP_ has both then, the prefix in the high byte. */
enum wasm_opcode {
#define ENUMERATOR(number, name, immediates, proposal, ...) OP_##name = (number),
    WASM_INSTRUCTIONS(ENUMERATOR)
#undef ENUMERATOR
#define ENUMERATOR(number, name, immediates, proposal, ...) \
    OP_##name = OP_PREFIX_LONG << 8 | (number),
        WASM_LONG_INSTRUCTIONS(ENUMERATOR)
#undef ENUMERATOR
#define ENUMERATOR(number, name, immediates, proposal, ...) \
    OP_##name = OP_PREFIX_VECTORS << 8 | (number),
            WASM_VECTOR_INSTRUCTIONS(ENUMERATOR)
#undef ENUMERATOR
};

enum wasm_immediates {
    IMMEDIATE_NONE,
    IMMEDIATE_INDEX, /* of whatever kind, or a label's depth */
    IMMEDIATE_TWO_INDICES,
    IMMEDIATE_INDEX_MEMORY,
    IMMEDIATE_MEMORY, /* its index, one byte */
    IMMEDIATE_TWO_MEMORIES,
    IMMEDIATE_MEMORY_ARGUMENT, /* alignment and offset */
    IMMEDIATE_MEMORY_ARGUMENT_LANE,
    IMMEDIATE_LANE,
    IMMEDIATE_LANES, /* of two vectors, one a byte */
    IMMEDIATE_BLOCK_TYPE,
    IMMEDIATE_BRANCH_TABLE,
    IMMEDIATE_TYPES,
    IMMEDIATE_HEAP_TYPE,
    IMMEDIATE_I32,
    IMMEDIATE_I64,
    IMMEDIATE_F32,
    IMMEDIATE_F64,
    IMMEDIATE_V128,
    IMMEDIATE_MORE, /* the second number, and what follows that */
};

struct wasm_instruction {
    uint16_t opcode; /* enum wasm_opcode */
    uint8_t immediates;
    uint8_t proposal; /* PROPOSAL_UNKNOWN: it is no instruction */
    /* Letters of types; NULL: not the same everywhere. */
    const char *params;
    char result; /* 0: none */
};

extern const struct wasm_instruction wasm_instructions[UINT8_MAX + 1]; /* by the first byte */

/* By the number behind the prefix; never NULL. */
const struct wasm_instruction *wasm_long_instruction(uint32_t number);
const struct wasm_instruction *wasm_vector_instruction(uint32_t number);

#endif
