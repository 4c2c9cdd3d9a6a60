/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h - the bytes of a module that we make, to a buffer; one that is full says so itself. */
#ifndef CHIMERA_COMPILER_WASM_WRITER_H
#define CHIMERA_COMPILER_WASM_WRITER_H

#include "compiler/wasm/instruction.h"
#include "compiler/wasm/module.h"
#include "runtime/base/buffer.h"

void writer_u32(struct chimera_buffer *out, uint32_t value); /* LEB128 */
void writer_signed(struct chimera_buffer *out, int64_t value);
void writer_bytes(struct chimera_buffer *out, const uint8_t *from, const uint8_t *to);
void writer_name(struct chimera_buffer *out, struct chimera_slice name);
void writer_limits(struct chimera_buffer *out, const struct wasm_limits *limits);
void writer_opcode(struct chimera_buffer *out, enum wasm_opcode opcode);

void writer_section(struct chimera_buffer *out, enum wasm_section id, struct chimera_slice payload);

/* As `module` has it; nothing when it has none. */
void writer_copy_section(struct chimera_buffer *out, const struct chimera_module *module,
                         enum wasm_section id);

/* Of what was written to `payload`, which is empty afterwards. */
void writer_end_section(struct chimera_buffer *out, enum wasm_section id,
                        struct chimera_buffer *payload);

#endif
