/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/protobuf.h"

#include "runtime/text/utf8.h"

/* https://protobuf.dev/programming-guides/encoding/ */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };
#define VARINT_MAX 10

static size_t encode_varint(uint64_t value, char ret_bytes[VARINT_MAX])
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        ret_bytes[size++] = (char)(value | 0x80);
    ret_bytes[size++] = (char)value;
    return size;
}

static void add_varint(struct chimera_buffer *out, uint64_t value)
{
    char bytes[VARINT_MAX];
    size_t size = encode_varint(value, bytes);
    chimera_buffer_append(out, (struct chimera_slice){bytes, size});
}

static void add_tag(struct chimera_buffer *out, unsigned field, unsigned wire)
{
    add_varint(out, (uint64_t)field << 3 | wire);
}

void protobuf_add_fixed64(struct chimera_buffer *out, uint64_t value)
{
    char bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(value >> (8 * i));
    chimera_buffer_append(out, (struct chimera_slice){bytes, sizeof(bytes)});
}

void protobuf_add_double(struct chimera_buffer *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    protobuf_add_fixed64(out, bits);
}

void protobuf_put_varint(struct chimera_buffer *out, unsigned field, uint64_t value)
{
    add_tag(out, field, WIRE_VARINT);
    add_varint(out, value);
}

void protobuf_put_fixed64(struct chimera_buffer *out, unsigned field, uint64_t value)
{
    add_tag(out, field, WIRE_FIXED64);
    protobuf_add_fixed64(out, value);
}

void protobuf_put_double(struct chimera_buffer *out, unsigned field, double value)
{
    add_tag(out, field, WIRE_FIXED64);
    protobuf_add_double(out, value);
}

void protobuf_put_bytes(struct chimera_buffer *out, unsigned field, struct chimera_slice bytes)
{
    add_tag(out, field, WIRE_BYTES);
    add_varint(out, bytes.size);
    chimera_buffer_append(out, bytes);
}

void protobuf_put_text(struct chimera_buffer *out, unsigned field, struct chimera_slice text)
{
    size_t good = chimera_utf8_prefix(text);
    if (good == text.size) {
        protobuf_put_bytes(out, field, text);
        return;
    }
    size_t begin = protobuf_begin(out, field);
    while (text.size > 0) {
        chimera_buffer_append(out, (struct chimera_slice){text.data, good});
        text.data += good;
        text.size -= good;
        if (text.size > 0) {
            chimera_buffer_text(out, "\xef\xbf\xbd");
            text.data++;
            text.size--;
        }
        good = chimera_utf8_prefix(text);
    }
    protobuf_end(out, begin);
}

/* One byte is kept for the length, which is enough for most; the content moves when it is not. */
size_t protobuf_begin(struct chimera_buffer *out, unsigned field)
{
    add_tag(out, field, WIRE_BYTES);
    chimera_buffer_byte(out, 0);
    return out->size;
}

void protobuf_end(struct chimera_buffer *out, size_t begin)
{
    char bytes[VARINT_MAX];
    if (out->failed)
        return;
    size_t content = out->size - begin, size = encode_varint(content, bytes), more = size - 1;
    if (more > 0) {
        if (!chimera_buffer_reserve(out, more))
            return;
        memmove(out->data + begin + more, out->data + begin, content);
        out->size += more;
    }
    memcpy(out->data + begin - 1, bytes, size);
}

static bool take_varint(struct chimera_slice *bytes, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX && i < bytes->size; i++) {
        uint8_t byte = (uint8_t)bytes->data[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bytes->data += i + 1;
            bytes->size -= i + 1;
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take_fixed(struct chimera_slice *bytes, size_t size, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (bytes->size < size)
        return false;
    for (size_t i = size; i-- > 0;)
        value = value << 8 | (uint8_t)bytes->data[i];
    bytes->data += size;
    bytes->size -= size;
    *ret_value = value;
    return true;
}

bool protobuf_next(struct chimera_slice *bytes, struct protobuf_field *ret_field)
{
    uint64_t tag, size;
    if (!take_varint(bytes, &tag) || tag >> 3 == 0 || tag >> 3 > (1u << 29) - 1)
        return false;
    *ret_field = (struct protobuf_field){.number = (unsigned)(tag >> 3)};
    switch (tag & 7) {
    case WIRE_VARINT:
        return take_varint(bytes, &ret_field->value);
    case WIRE_FIXED64:
        return take_fixed(bytes, 8, &ret_field->value);
    case WIRE_FIXED32:
        return take_fixed(bytes, 4, &ret_field->value);
    case WIRE_BYTES:
        if (!take_varint(bytes, &size) || size > bytes->size)
            return false;
        ret_field->bytes = (struct chimera_slice){bytes->data, (size_t)size};
        bytes->data += size;
        bytes->size -= (size_t)size;
        return true;
    default:
        return false;
    }
}
