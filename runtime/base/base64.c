/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/base64.h"

#include "runtime/base/error.h"

#define GROUP_BYTES 3
#define GROUP_DIGITS 4
#define DIGIT_BITS 6
#define DIGIT_MASK 63u

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

int chimera_base64_digit(char digit, unsigned form)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == (form & CHIMERA_BASE64_URL ? '-' : '+'))
        return 62;
    return digit == (form & CHIMERA_BASE64_URL ? '_' : '/') ? 63 : -1;
}

static char digit_of(uint32_t value, unsigned form)
{
    if (value < sizeof(DIGITS) - 1)
        return DIGITS[value];
    if (value == 62)
        return form & CHIMERA_BASE64_URL ? '-' : '+';
    return form & CHIMERA_BASE64_URL ? '_' : '/';
}

/* Digits without their padding; false when that is not as the form says. */
static bool strip_padding(struct chimera_slice *text, unsigned form)
{
    size_t padding = 0;
    if (form & CHIMERA_BASE64_UNPADDED)
        return text->size % GROUP_DIGITS != 1;
    if (text->size % GROUP_DIGITS != 0)
        return false;
    while (padding < 2 && padding < text->size && text->data[text->size - 1 - padding] == '=')
        padding++;
    text->size -= padding;
    return true;
}

/* Up to four digits; the number of bytes, or 0. */
static size_t decode_group(const char *digits, size_t count, unsigned form, char *to)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        int value = chimera_base64_digit(digits[i], form);
        if (value < 0)
            return 0;
        bits = bits << DIGIT_BITS | (uint32_t)value;
    }
    size_t left_over = count * DIGIT_BITS % 8;
    if (bits & ((1u << left_over) - 1))
        return 0;
    bits >>= left_over;
    size_t bytes = count * DIGIT_BITS / 8;
    for (size_t i = 0; i < bytes; i++)
        to[i] = (char)(uint8_t)(bits >> 8 * (bytes - 1 - i));
    return bytes;
}

bool chimera_base64_decode(struct chimera_slice text, unsigned form, char *to, size_t *ret_size)
{
    size_t size = 0;
    if (!strip_padding(&text, form))
        return false;
    for (size_t i = 0; i < text.size; i += GROUP_DIGITS) {
        size_t count = text.size - i < GROUP_DIGITS ? text.size - i : GROUP_DIGITS;
        size_t bytes = decode_group(text.data + i, count, form, to + size);
        if (bytes == 0)
            return false;
        size += bytes;
    }
    *ret_size = size;
    return true;
}

int chimera_base64_decode_in(struct chimera_arena *arena, struct chimera_slice text, unsigned form,
                             struct chimera_slice *ret_bytes)
{
    size_t size = 0;
    char *bytes = chimera_arena_take(arena, chimera_base64_decoded_max(text.size));
    if (!bytes)
        return CHIMERA_ELIMIT;
    if (!chimera_base64_decode(text, form, bytes, &size))
        return CHIMERA_EINVAL;
    *ret_bytes = (struct chimera_slice){bytes, size};
    return CHIMERA_OK;
}

void chimera_base64_encode(struct chimera_slice bytes, unsigned form, struct chimera_buffer *out)
{
    for (size_t i = 0; i < bytes.size && !out->failed; i += GROUP_BYTES) {
        size_t count = bytes.size - i < GROUP_BYTES ? bytes.size - i : GROUP_BYTES;
        char group[GROUP_DIGITS] = {'=', '=', '=', '='};
        uint32_t bits = 0;
        for (size_t k = 0; k < GROUP_BYTES; k++)
            bits = bits << 8 | (k < count ? (uint8_t)bytes.data[i + k] : 0u);
        for (size_t k = 0; k <= count; k++)
            group[k] = digit_of(bits >> (3 - k) * DIGIT_BITS & DIGIT_MASK, form);
        bool is_short = count < GROUP_BYTES && form & CHIMERA_BASE64_UNPADDED;
        chimera_buffer_append(out,
                              (struct chimera_slice){group, is_short ? count + 1 : GROUP_DIGITS});
    }
}
