/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/decimal.h"

#include "runtime/base/error.h"

/* Behind it nobody can tell numbers apart: OPA refuses them, and no text is so long. */
#define POWER_MAX ((int64_t)1 << 60)

static int64_t read_power(const char *at, const char *end)
{
    int64_t power = 0;
    bool is_negative = at < end && *at == '-';
    for (at += at < end && (*at == '-' || *at == '+'); at < end; at++)
        power = power < POWER_MAX / 16 ? power * 10 + (*at - '0') : power;
    return is_negative ? -power : power;
}

struct chimera_decimal chimera_decimal_read(struct chimera_slice text)
{
    struct chimera_decimal decimal = {.is_negative = text.size && text.data[0] == '-'};
    const char *at = text.data + decimal.is_negative, *end = text.data + text.size;
    const char *first = NULL, *last = NULL;
    bool is_behind_point = false;
    uint64_t zeros = 0; /* since the last other digit */
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            is_behind_point = true;
            continue;
        }
        if (*at == '0' && !first) {
            decimal.power -= is_behind_point;
            continue;
        }
        first = first ? first : at;
        decimal.power += !is_behind_point;
        zeros++;
        if (*at != '0') {
            decimal.digits += zeros;
            zeros = 0;
            last = at;
        }
    }
    if (!first)
        return (struct chimera_decimal){0};
    decimal.text = (struct chimera_slice){first, (size_t)(last - first) + 1};
    if (at < end)
        decimal.power += read_power(at + 1, end);
    return decimal;
}

unsigned chimera_decimal_digit(struct chimera_slice *text)
{
    while (text->size > 0) {
        char c = text->data[0];
        *text = chimera_slice_behind(*text, 1);
        if (c != '.')
            return (unsigned)(c - '0');
    }
    return 0;
}

/* Neither is zero. */
static int compare_magnitudes(const struct chimera_decimal *a, const struct chimera_decimal *b)
{
    struct chimera_slice of_a = a->text, of_b = b->text;
    if (a->power != b->power)
        return a->power < b->power ? -1 : 1;
    while (of_a.size > 0 || of_b.size > 0) {
        unsigned x = chimera_decimal_digit(&of_a), y = chimera_decimal_digit(&of_b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int chimera_decimal_order(const struct chimera_decimal *a, const struct chimera_decimal *b)
{
    int sign = !a->digits ? 0 : a->is_negative ? -1 : 1;
    int other = !b->digits ? 0 : b->is_negative ? -1 : 1;
    if (sign != other || sign == 0)
        return (sign > other) - (sign < other);
    return sign * compare_magnitudes(a, b);
}

int chimera_decimal_compare(struct chimera_slice a, struct chimera_slice b)
{
    const struct chimera_decimal x = chimera_decimal_read(a), y = chimera_decimal_read(b);
    return chimera_decimal_order(&x, &y);
}

/* --- Whole numbers --- */

int chimera_decimal_whole(struct chimera_slice text, chimera_wide *ret_value)
{
    struct chimera_decimal decimal = chimera_decimal_read(text);
    chimera_wide value = 0;
    *ret_value = 0;
    if (decimal.digits && decimal.power > CHIMERA_DECIMAL_WIDE)
        return CHIMERA_ELIMIT;
    if (decimal.digits && decimal.power < (int64_t)decimal.digits)
        return CHIMERA_EINVAL;
    for (int64_t i = 0; i < decimal.power; i++)
        value = value * 10 + chimera_decimal_digit(&decimal.text);
    *ret_value = decimal.is_negative ? -value : value;
    return CHIMERA_OK;
}

bool chimera_decimal_int64(struct chimera_slice text, int64_t *ret_value)
{
    chimera_wide value;
    if (chimera_decimal_whole(text, &value) < 0 || value > INT64_MAX || value < INT64_MIN)
        return false;
    *ret_value = (int64_t)value;
    return true;
}

size_t chimera_decimal_print(chimera_wide value, char ret_text[CHIMERA_DECIMAL_TEXT])
{
    char digits[CHIMERA_DECIMAL_TEXT];
    size_t at = sizeof(digits), size = 0;
    bool is_negative = value < 0;
    do {
        int digit = (int)(value % 10);
        digits[--at] = (char)('0' + (digit < 0 ? -digit : digit));
        value /= 10;
    } while (value != 0);
    if (is_negative)
        ret_text[size++] = '-';
    memcpy(ret_text + size, digits + at, sizeof(digits) - at);
    size += sizeof(digits) - at;
    ret_text[size] = '\0';
    return size;
}
