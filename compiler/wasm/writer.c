/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/writer.h"

void writer_u32(struct chimera_buffer *out, uint32_t value)
{
    while (value >= 0x80) {
        chimera_buffer_byte(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    chimera_buffer_byte(out, (uint8_t)value);
}

/* A prefix, if there is one, is in the high byte. */
void writer_opcode(struct chimera_buffer *out, enum wasm_opcode opcode)
{
    if (opcode <= UINT8_MAX) {
        chimera_buffer_byte(out, (uint8_t)opcode);
        return;
    }
    chimera_buffer_byte(out, (uint8_t)(opcode >> 8));
    writer_u32(out, opcode & UINT8_MAX);
}

void writer_signed(struct chimera_buffer *out, int64_t value)
{
    for (;;) {
        uint8_t low = value & 0x7f;
        value >>= 7;
        if (value == (low & 0x40 ? -1 : 0)) {
            chimera_buffer_byte(out, low);
            return;
        }
        chimera_buffer_byte(out, low | 0x80);
    }
}

void writer_bytes(struct chimera_buffer *out, const uint8_t *from, const uint8_t *to)
{
    chimera_buffer_append(out, (struct chimera_slice){(const char *)from, (size_t)(to - from)});
}

void writer_name(struct chimera_buffer *out, struct chimera_slice name)
{
    writer_u32(out, (uint32_t)name.size);
    chimera_buffer_append(out, name);
}

void writer_limits(struct chimera_buffer *out, const struct wasm_limits *limits)
{
    bool has_max = limits->max != UINT32_MAX;
    chimera_buffer_byte(out, has_max);
    writer_u32(out, limits->min);
    if (has_max)
        writer_u32(out, limits->max);
}

void writer_section(struct chimera_buffer *out, enum wasm_section id, struct chimera_slice payload)
{
    chimera_buffer_byte(out, (uint8_t)id);
    writer_u32(out, (uint32_t)payload.size);
    chimera_buffer_append(out, payload);
}

void writer_copy_section(struct chimera_buffer *out, const struct chimera_module *module,
                         enum wasm_section id)
{
    if (module->section[id].data)
        writer_section(out, id, module->section[id]);
}

void writer_end_section(struct chimera_buffer *out, enum wasm_section id,
                        struct chimera_buffer *payload)
{
    if (payload->failed)
        out->failed = payload->failed;
    writer_section(out, id, chimera_buffer_slice(payload));
    chimera_buffer_reset(payload);
}
