/* SPDX-License-Identifier: Apache-2.0 */
/* body.h - a walk over one function body: which features it uses, and is its nesting bounded. */
#ifndef CHIMERA_COMPILER_WASM_BODY_H
#define CHIMERA_COMPILER_WASM_BODY_H

#include "compiler/wasm/instruction.h"
#include "compiler/wasm/module.h"
#include "compiler/wasm/reader.h"

/* Reads the body that the reader holds (locals and code) to its end. Refuses what no tier can
 * compile, by the proposal's name; notes what the module's bodies use. */
int opcode_walk(struct reader *reader, struct chimera_module *module);

/* What follows 0xfd, with its immediates; returns the instruction's number. */
uint32_t opcode_vector(struct reader *reader);

/* One constant expression with its `end`. More than one instruction is left to the
 * lowering. */
struct wasm_expression opcode_constant(struct reader *reader);

/* What follows the opcode of one that stands for a value. */
struct wasm_expression opcode_constant_operand(struct reader *reader, uint8_t opcode);

/* Immediates that are a number or bytes; others are left where they are. */
void opcode_skip_constant(struct reader *reader, enum wasm_immediates immediates);

/* A value type; refuses what no tier can compile, by name. */
uint8_t opcode_value_type(struct reader *reader);

#endif
