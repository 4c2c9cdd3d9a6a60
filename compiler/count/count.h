/* SPDX-License-Identifier: Apache-2.0 */
/* count.h - what a module's instructions cost, and the code that counts them.
 *
 * The rule is that of Wasmtime's fuel (docs/decisions/031): a function costs 1 when it is entered,
 * each instruction that is run costs 1, and those that only give code its form cost nothing. The
 * sum of a basic block is added to a global at the block's end, before the instruction that ends
 * it; a block that is left by a trap in its middle is not counted.
 */
#ifndef CHIMERA_COMPILER_COUNT_COUNT_H
#define CHIMERA_COMPILER_COUNT_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/buffer.h"

/* Changes of what is made: part of the name of a plugin that counts. */
#define COUNT_VERSION "1"

#define COUNT_OF_ENTRY 1u /* a function's */

/* Of the instruction that begins with this byte. */
uint32_t count_cost(uint8_t opcode);

/* Does the instruction end a basic block, so that what was run before it must be counted first? */
bool count_ends_block(uint8_t opcode);

/* global += amount; leaves the operands alone. 0 writes nothing. */
void count_write(struct chimera_buffer *out, uint32_t global, uint32_t amount);

/* Behind the other globals: an i64 that begins at 0. */
void count_write_global(struct chimera_buffer *out);

#endif
