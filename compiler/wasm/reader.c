/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/wasm/reader.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int reader_fail(struct reader *reader, int code, const char *format, ...)
{
    if (reader->code < 0)
        return reader->code;
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    reader->code = chimera_fail(reader->err, code, "%s: %s at offset 0x%zx: %s", reader->file,
                                reader->section, reader_offset(reader), text);
    return reader->code;
}

int reader_refuse(struct reader *reader, const char *feature)
{
    return reader_fail(reader, CHIMERA_EFEATURE,
                       "the module uses %s, which Chimera does not compile: build it without",
                       feature);
}

int reader_want_lowering(struct reader *reader, const char *feature)
{
    reader->wants_lowering |= reader->code == 0;
    return reader_refuse(reader, feature);
}

static bool has_bytes(struct reader *reader, uint64_t size)
{
    if (reader->code < 0)
        return false;
    if ((uint64_t)(reader->end - reader->at) >= size)
        return true;
    reader_fail(reader, CHIMERA_EMODULE, "unexpected end%s",
                strcmp(reader->section, "file") == 0 ? ": the file is truncated" : "");
    return false;
}

uint8_t reader_byte(struct reader *reader)
{
    return has_bytes(reader, 1) ? *reader->at++ : 0;
}

struct chimera_slice reader_bytes(struct reader *reader, uint64_t size)
{
    if (!has_bytes(reader, size))
        return (struct chimera_slice){NULL, 0};
    struct chimera_slice bytes = {(const char *)reader->at, (size_t)size};
    reader->at += size;
    return bytes;
}

uint32_t reader_long_u32(struct reader *reader)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = reader_byte(reader);
        if (shift == 28 && (byte & 0x70))
            break;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    reader_fail(reader, CHIMERA_EMODULE, "a number is longer than 32 bits");
    return 0;
}

/* In the last byte of a signed number, the bits beyond its width must repeat the sign. */
static bool is_last_byte_valid(uint8_t byte, unsigned used_bits)
{
    uint8_t mask = (uint8_t)(0x7f << (used_bits - 1) & 0x7f);
    return !(byte & 0x80) && ((byte & mask) == 0 || (byte & mask) == mask);
}

uint64_t reader_signed(struct reader *reader, unsigned bits)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        uint8_t byte = reader_byte(reader);
        if (bits - shift < 7 && !is_last_byte_valid(byte, bits - shift))
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if ((byte & 0x40) && shift + 7 < 64)
            value |= ~(uint64_t)0 << (shift + 7);
        return value;
    }
    reader_fail(reader, CHIMERA_EMODULE, "a number is longer than %u bits", bits);
    return 0;
}

/* Length of the UTF-8 sequence that `lead` begins, with the allowed range of its second byte
 * (Unicode 15, table 3-7); 0 when nothing begins so. */
static unsigned sequence_of(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *ret_high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

static bool is_utf8(struct chimera_slice text)
{
    const uint8_t *at = (const uint8_t *)text.data, *end = at + text.size;
    while (at < end) {
        uint8_t low, high;
        unsigned size = sequence_of(*at, &low, &high);
        if (size == 0 || (size_t)(end - at) < size)
            return false;
        for (unsigned i = 1; i < size; i++) {
            if (at[i] < low || at[i] > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
        at += size;
    }
    return true;
}

struct chimera_slice reader_name(struct reader *reader)
{
    struct chimera_slice name = reader_bytes(reader, reader_u32(reader));
    if (reader->code == 0 && !is_utf8(name))
        reader_fail(reader, CHIMERA_EMODULE, "a name is not UTF-8");
    return name;
}

uint32_t reader_count(struct reader *reader, uint32_t limit, const char *what)
{
    uint32_t count = reader_u32(reader);
    if (reader->code == 0 && count > (uint64_t)(reader->end - reader->at))
        reader_fail(reader, CHIMERA_EMODULE, "the section says %u %s but is shorter than that",
                    count, what);
    else if (reader->code == 0 && count > limit)
        reader_fail(reader, CHIMERA_ELIMIT, "%u %s are over the limit of %u", count, what, limit);
    return reader->code < 0 ? 0 : count;
}

void *reader_reserve(struct reader *reader, uint64_t count, size_t size)
{
    void *array = reader->code == 0 ? calloc((size_t)count + 1, size) : NULL;
    if (!array)
        reader_fail(reader, CHIMERA_ENOMEM, "out of memory");
    return array;
}
