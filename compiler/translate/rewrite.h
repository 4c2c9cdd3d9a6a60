/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite.h - the module as wasm2c gets to see it: the same code, without everything else.
 *
 * No names, no custom sections, no data, no start; imports called h.i0, h.i1, …; an imported memory
 * made the module's own; memory, tables and globals exported under fixed names, so that wasm2c's
 * names for them are known; no function exported, so that every function is called by its index. So
 * no string of a policy reaches generated C, and all of instantiation is left to our glue.
 */
#ifndef CHIMERA_COMPILER_TRANSLATE_REWRITE_H
#define CHIMERA_COMPILER_TRANSLATE_REWRITE_H

#include "compiler/wasm/module.h"
#include "runtime/base/buffer.h"

int chimera_module_rewrite(const struct chimera_module *module, struct chimera_buffer *out,
                           struct chimera_error *err);

#endif
