/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h - how much of each thing a module may have; the reader and the lowering hold to the
 * same.
 *
 * Without a reason beside it a limit is one that engines share (WebAssembly JavaScript interface,
 * "implementation limits").
 */
#ifndef CHIMERA_COMPILER_WASM_LIMITS_H
#define CHIMERA_COMPILER_WASM_LIMITS_H

#include <stdint.h>

#define WASM_TYPES_MAX 1000000u
#define WASM_PARAMS_MAX 1000u /* and results */
#define WASM_IMPORTS_MAX 100000u
#define WASM_FUNCTIONS_MAX 1000000u
#define WASM_TABLES_MAX 100u
#define WASM_PAGES_MAX 65536u /* what 32 bits address */
#define WASM_GLOBALS_MAX 1000000u
#define WASM_EXPORTS_MAX 100000u
#define WASM_SEGMENTS_MAX 100000u
#define WASM_ENTRIES_MAX 10000000u
#define WASM_LOCALS_MAX 50000u
#define WASM_BODY_MAX ((uint64_t)8 << 20) /* bytes of one function: engines allow 7,654,321 */

/* wasm2c recurses over nested blocks; its own limit is 16,384. */
#define WASM_NESTING_MAX 16000

#endif
