/* SPDX-License-Identifier: Apache-2.0 */
/* function_name.h - what a function is called, as a person wants to read it.
 *
 * Rust's names lose the hash that ends them (rustc's "legacy" mangling, whether a linker has undone
 * it or not); a Rego rule loses the number before it, which says how it was called. Nothing moves a
 * terminal's cursor, and there is no ";", which parts the functions of a folded stack.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_FUNCTION_NAME_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_FUNCTION_NAME_H

#include "runtime/base/buffer.h"

/* Bytes of one; the rest is left out, and "…" says so. */
#define FUNCTION_NAME_MAX ((size_t)160)

/* `name` is as the module has it, any bytes; empty where it has none: then it is the number. */
void function_name_write(struct chimera_slice name, uint32_t function, struct chimera_buffer *out);

#endif
