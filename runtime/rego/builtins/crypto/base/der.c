/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/der.h"

#include "runtime/rego/builtins/time/civil.h"

#define LONG_TAG 0x1Fu    /* the tag is in the bytes that follow */
#define LONG_LENGTH 0x80u /* so is the length */
#define LENGTH_BYTES_MAX 4

static uint8_t byte_at(struct chimera_slice der, size_t at)
{
    return (uint8_t)der.data[at];
}

/* --- Elements --- */

bool chimera_der_header(struct chimera_slice der, size_t *ret_header, size_t *ret_size)
{
    if (der.size < 2 || (byte_at(der, 0) & LONG_TAG) == LONG_TAG)
        return false;
    unsigned length = byte_at(der, 1), count = length & ~LONG_LENGTH;
    *ret_header = 2;
    *ret_size = length;
    if (!(length & LONG_LENGTH))
        return true;
    if (count == 0 || count > LENGTH_BYTES_MAX || der.size < 2 + count || byte_at(der, 2) == 0)
        return false;
    *ret_header = 2 + count;
    *ret_size = 0;
    for (unsigned i = 0; i < count; i++)
        *ret_size = *ret_size << 8 | byte_at(der, 2 + i);
    return *ret_size >= LONG_LENGTH;
}

bool chimera_der_any(struct chimera_slice *der, unsigned *ret_tag, struct chimera_slice *ret_inside,
                     struct chimera_slice *ret_whole)
{
    size_t header, size;
    if (!chimera_der_header(*der, &header, &size) || size > der->size - header)
        return false;
    struct chimera_slice whole = {der->data, header + size};
    *der = chimera_slice_behind(*der, whole.size);
    if (ret_tag)
        *ret_tag = byte_at(whole, 0);
    if (ret_whole)
        *ret_whole = whole;
    if (ret_inside)
        *ret_inside = chimera_slice_behind(whole, header);
    return true;
}

bool chimera_der_take(struct chimera_slice *der, unsigned tag, struct chimera_slice *ret_inside)
{
    return chimera_der_is_next(*der, tag) && chimera_der_any(der, NULL, ret_inside, NULL);
}

bool chimera_der_whole(struct chimera_slice *der, unsigned tag, struct chimera_slice *ret_whole)
{
    return chimera_der_is_next(*der, tag) && chimera_der_any(der, NULL, NULL, ret_whole);
}

bool chimera_der_optional(struct chimera_slice *der, unsigned tag, bool *ret_is_there,
                          struct chimera_slice *ret_inside)
{
    *ret_is_there = chimera_der_is_next(*der, tag);
    *ret_inside = CHIMERA_SLICE("");
    return !*ret_is_there || chimera_der_take(der, tag, ret_inside);
}

/* --- Booleans and numbers --- */

bool chimera_der_boolean(struct chimera_slice *der, bool *ret_value)
{
    struct chimera_slice inside;
    if (!chimera_der_take(der, CHIMERA_DER_BOOLEAN, &inside) || inside.size != 1)
        return false;
    *ret_value = byte_at(inside, 0) == 0xFF;
    return *ret_value || byte_at(inside, 0) == 0;
}

static bool take_integer(struct chimera_slice *der, unsigned tag, struct chimera_slice *ret_bytes)
{
    if (!chimera_der_take(der, tag, ret_bytes) || ret_bytes->size == 0)
        return false;
    if (ret_bytes->size == 1)
        return true;
    uint8_t first = byte_at(*ret_bytes, 0), sign = byte_at(*ret_bytes, 1) & 0x80;
    return !(first == 0 && !sign) && !(first == 0xFF && sign);
}

bool chimera_der_integer(struct chimera_slice *der, struct chimera_slice *ret_bytes)
{
    return take_integer(der, CHIMERA_DER_INTEGER, ret_bytes);
}

bool chimera_der_int64(struct chimera_slice *der, unsigned tag, int64_t *ret_value)
{
    struct chimera_slice bytes;
    if (!take_integer(der, tag, &bytes) || bytes.size > sizeof(*ret_value))
        return false;
    uint64_t value = byte_at(bytes, 0) & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | byte_at(bytes, i);
    *ret_value = (int64_t)value;
    return true;
}

bool chimera_der_unsigned(struct chimera_slice *der, struct chimera_slice *ret_bytes)
{
    if (!chimera_der_integer(der, ret_bytes) || byte_at(*ret_bytes, 0) & 0x80)
        return false;
    if (byte_at(*ret_bytes, 0) == 0)
        *ret_bytes = chimera_slice_behind(*ret_bytes, 1);
    return true;
}

bool chimera_der_bit_string(struct chimera_slice *der, struct chimera_der_bits *ret_bits)
{
    struct chimera_slice inside;
    if (!chimera_der_take(der, CHIMERA_DER_BIT_STRING, &inside) || inside.size == 0)
        return false;
    ret_bits->unused = byte_at(inside, 0);
    ret_bits->bytes = chimera_slice_behind(inside, 1);
    if (ret_bits->unused == 0)
        return true;
    return ret_bits->unused <= 7 && inside.size > 1 &&
           (byte_at(inside, inside.size - 1) & ((1u << ret_bits->unused) - 1)) == 0;
}

/* --- Object identifiers --- */

bool chimera_der_oid_next(struct chimera_slice *oid, uint32_t *ret_value)
{
    uint32_t value = 0;
    for (size_t i = 0; i < oid->size; i++) {
        uint8_t byte = byte_at(*oid, i);
        if (value >= 1u << (31 - 7) || (i == 0 && byte == 0x80))
            return false;
        value = value << 7 | (byte & 0x7F);
        if (!(byte & 0x80)) {
            *oid = chimera_slice_behind(*oid, i + 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

bool chimera_der_oid(struct chimera_slice *der, struct chimera_slice *ret_oid)
{
    uint32_t value;
    if (!chimera_der_take(der, CHIMERA_DER_OID, ret_oid) || ret_oid->size == 0)
        return false;
    struct chimera_slice rest = *ret_oid;
    while (rest.size > 0)
        if (!chimera_der_oid_next(&rest, &value))
            return false;
    return true;
}

/* --- Times --- */

/* So many digits off the front, a number from `low` to `high`. */
static bool take_digits(struct chimera_slice *text, unsigned count, int low, int high,
                        int *ret_value)
{
    int value = 0;
    if (text->size < count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        char digit = text->data[i];
        if (digit < '0' || digit > '9')
            return false;
        value = value * 10 + (digit - '0');
    }
    *text = chimera_slice_behind(*text, count);
    *ret_value = value;
    return value >= low && value <= high;
}

/* "Z", or an offset that is not zero, and nothing behind it. */
static bool take_offset(struct chimera_slice text, int32_t *ret_offset)
{
    int hours, minutes;
    *ret_offset = 0;
    if (chimera_slice_is(text, "Z"))
        return true;
    bool is_west = chimera_slice_starts(text, "-");
    if (!is_west && !chimera_slice_starts(text, "+"))
        return false;
    text = chimera_slice_behind(text, 1);
    if (!take_digits(&text, 2, 0, 24, &hours) || !take_digits(&text, 2, 0, 59, &minutes))
        return false;
    *ret_offset = (hours * 60 + minutes) * (is_west ? -60 : 60);
    return text.size == 0 && *ret_offset != 0;
}

/* The year has two digits or four; seconds may be missing behind two. */
bool chimera_der_time(struct chimera_slice *der, struct chimera_der_time *ret_time)
{
    struct chimera_slice text;
    int year, month, day, hour, minute, second = 0;
    bool is_short = chimera_der_is_next(*der, CHIMERA_DER_UTC_TIME);
    if (!chimera_der_take(der, is_short ? CHIMERA_DER_UTC_TIME : CHIMERA_DER_GENERALIZED_TIME,
                          &text) ||
        !take_digits(&text, is_short ? 2 : 4, 0, 9999, &year))
        return false;
    if (is_short)
        year += year >= 50 ? 1900 : 2000;
    if (!take_digits(&text, 2, 1, 12, &month) ||
        !take_digits(&text, 2, 1, chimera_civil_days_in_month(year, month), &day) ||
        !take_digits(&text, 2, 0, 23, &hour) || !take_digits(&text, 2, 0, 59, &minute))
        return false;
    bool has_seconds = text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9';
    if (has_seconds ? !take_digits(&text, 2, 0, 59, &second) : !is_short)
        return false;
    if (!take_offset(text, &ret_time->offset))
        return false;
    ret_time->seconds =
        chimera_civil_to_seconds(year, month, day, hour, minute, second) - ret_time->offset;
    return true;
}
