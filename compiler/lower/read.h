/* SPDX-License-Identifier: Apache-2.0 */
/* read.h - a file's bytes to a module that every tier can compile: decoded, and lowered first where
 * it is newer than wasm2c. */
#ifndef CHIMERA_COMPILER_LOWER_READ_H
#define CHIMERA_COMPILER_LOWER_READ_H

#include "compiler/wasm/module.h"

/* Reads and checks `bytes`, the contents of `file`. On failure err names file, section and offset,
 * and says what to do when the module is fine but of a kind that we do not take. */
int chimera_module_read(const char *file, struct chimera_slice bytes,
                        struct chimera_module **ret_module, struct chimera_error *err);

/* The same, with code that counts the instructions of `bytes` (count/count.h). */
int chimera_module_read_counting(const char *file, struct chimera_slice bytes,
                                 struct chimera_module **ret_module, struct chimera_error *err);

#endif
