/* SPDX-License-Identifier: Apache-2.0 */
/* flatten.h - deeply nested ifs of wasm2c's C become jumps.
 *
 * WebAssembly nests its blocks as deep as CHIMERA_NESTING_MAX; of them wasm2c writes blocks and
 * loops as labels, and an `if` as an `if` of C. C compilers recurse over those: clang refuses more
 * than 256 brackets in one another, and its stack ends some thousands later. The same function
 * with `goto` has the same flow of control, so it is compiled to the same code.
 */
#ifndef CHIMERA_COMPILER_FLATTEN_H
#define CHIMERA_COMPILER_FLATTEN_H

#include "runtime/base/buffer.h"

/* Functions that nest braces deeper are flattened. Clang's limit counts the parentheses of the
 * innermost expression, too. */
#define CHIMERA_BRACES_MAX 200u

/* Follows the lines of one body. */
struct flatten_depth {
    uint32_t now, most;
};
void chimera_flatten_count(struct flatten_depth *depth, struct chimera_slice line);

/* Appends the body (from "{" to "}") to `out`, without its indentation. CHIMERA_ETOOL when a line
 * has a form that wasm2c is not known to write. */
int chimera_flatten(struct chimera_slice body, struct chimera_buffer *out);

#endif
