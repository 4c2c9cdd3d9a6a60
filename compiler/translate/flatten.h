/* SPDX-License-Identifier: Apache-2.0 */
/* flatten.h - deeply nested ifs of wasm2c's C become jumps.
 *
 * WebAssembly nests its blocks as deep as WASM_NESTING_MAX; of them wasm2c writes blocks and
 * loops as labels, and an `if` as an `if` of C. C compilers recurse over those: clang refuses more
 * than 256 brackets in one another, and its stack ends some thousands later. The same function
 * with `goto` has the same flow of control, so it is compiled to the same code.
 */
#ifndef CHIMERA_COMPILER_TRANSLATE_FLATTEN_H
#define CHIMERA_COMPILER_TRANSLATE_FLATTEN_H

#include "runtime/base/buffer.h"

/* Follows the lines of one body. */
struct flatten_depth {
    uint32_t now, most; /* braces */
    size_t blanks;      /* bytes of indentation: wasm2c indents loops, too */
};
void chimera_flatten_count(struct flatten_depth *depth, struct chimera_slice line);

/* Whether a body of `size` bytes is to be flattened. */
bool chimera_flatten_pays(const struct flatten_depth *depth, size_t size);

/* Appends the body (from "{" to "}") to `out`, without its indentation. CHIMERA_ETOOL when a line
 * has a form that wasm2c is not known to write. */
int chimera_flatten(struct chimera_slice body, struct chimera_buffer *out);

#endif
