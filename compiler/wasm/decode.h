/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h - a file's bytes to a module, by the readers of the sections.
 *
 * Each caller gets as much as it asks for: whether the frame is whole, one custom section, all
 * sections unread, or a module that is read and checked. Most want chimera_module_read()
 * (compiler/lower/read.h), which lowers where that is needed.
 */
#ifndef CHIMERA_COMPILER_WASM_DECODE_H
#define CHIMERA_COMPILER_WASM_DECODE_H

#include "compiler/wasm/module.h"

/* Header, sections and metadata, and nothing of what the sections hold. */
int module_open(const char *file, struct chimera_slice bytes, struct chimera_module **ret_module,
                struct chimera_error *err);

/* Reads and checks all of it. On failure *ret_wants_lowering says whether what was met is of a
 * proposal that chimera_lower() rewrites. */
int module_decode(const char *file, struct chimera_slice bytes, struct chimera_module **ret_module,
                  bool *ret_wants_lowering, struct chimera_error *err);

/* The outermost form alone: is it a module, and are all sections there to their ends? For who asks
 * no more, it takes modules that chimera_module_read() refuses. */
int chimera_module_check_frame(const char *file, struct chimera_slice bytes,
                               struct chimera_error *err);

/* Only the first custom section of this name; false when there is none or the file is broken before
 * it. Reads nothing else, so it works on modules that chimera_module_read() refuses. */
bool chimera_module_custom_section(struct chimera_slice wasm, const char *name,
                                   struct chimera_slice *ret_payload);

#endif
