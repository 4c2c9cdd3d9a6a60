/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of the new module. */
#include "compiler/lower/lowering.h"

void lower_put_u32(struct chimera_buffer *out, uint32_t value)
{
    while (value >= 0x80) {
        chimera_buffer_byte(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    chimera_buffer_byte(out, (uint8_t)value);
}

/* A prefix, if there is one, is in the high byte. */
void lower_put_opcode(struct chimera_buffer *out, enum wasm_opcode opcode)
{
    if (opcode <= UINT8_MAX) {
        chimera_buffer_byte(out, (uint8_t)opcode);
        return;
    }
    chimera_buffer_byte(out, (uint8_t)(opcode >> 8));
    lower_put_u32(out, opcode & UINT8_MAX);
}

void lower_put_signed(struct chimera_buffer *out, int64_t value)
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

void lower_put_bytes(struct chimera_buffer *out, const uint8_t *from, const uint8_t *to)
{
    chimera_buffer_append(out, (struct chimera_slice){(const char *)from, (size_t)(to - from)});
}
