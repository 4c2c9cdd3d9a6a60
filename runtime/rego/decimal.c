/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/decimal.h"

#include "runtime/base/error.h"

/* A number's digits without zeros at either end, as a fraction 0.ddd times a power of ten. */
struct decimal {
    const char *first, *last; /* of the digits, which a point may stand between; NULL: zero */
    int64_t power;
    bool is_negative;
};

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

static struct decimal read_decimal(struct chimera_slice text)
{
    struct decimal decimal = {.is_negative = text.size && text.data[0] == '-'};
    const char *at = text.data + decimal.is_negative, *end = text.data + text.size;
    bool is_behind_point = false;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        is_behind_point = is_behind_point || *at == '.';
        if (*at >= '1' && *at <= '9') {
            decimal.first = decimal.first ? decimal.first : at;
            decimal.last = at;
        }
        if (*at != '.' && !is_behind_point && decimal.first)
            decimal.power++;
        else if (*at == '0' && is_behind_point && !decimal.first)
            decimal.power--;
    }
    if (at < end)
        decimal.power += read_power(at + 1, end);
    return decimal;
}

/* Neither is zero, and of one sign. */
static int compare_magnitudes(const struct decimal *a, const struct decimal *b)
{
    const char *x = a->first, *y = b->first;
    if (a->power != b->power)
        return a->power < b->power ? -1 : 1;
    for (; x <= a->last && y <= b->last; x++, y++) {
        x += *x == '.';
        y += *y == '.';
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return (x <= a->last) - (y <= b->last);
}

int chimera_decimal_compare(struct chimera_slice a, struct chimera_slice b)
{
    struct decimal x = read_decimal(a), y = read_decimal(b);
    int sign = !x.first ? 0 : x.is_negative ? -1 : 1;
    int other = !y.first ? 0 : y.is_negative ? -1 : 1;
    if (sign != other || sign == 0)
        return (sign > other) - (sign < other);
    return sign * compare_magnitudes(&x, &y);
}

/* --- Whole numbers --- */

int chimera_decimal_whole(struct chimera_slice text, chimera_wide *ret_value)
{
    struct decimal decimal = read_decimal(text);
    chimera_wide value = 0;
    int64_t places = decimal.power;
    *ret_value = 0;
    if (!decimal.first)
        return CHIMERA_OK;
    if (places > CHIMERA_DECIMAL_WIDE)
        return CHIMERA_ELIMIT;
    for (const char *at = decimal.first; at <= decimal.last; at++) {
        if (*at == '.')
            continue;
        if (places-- <= 0)
            return CHIMERA_EINVAL;
        value = value * 10 + (*at - '0');
    }
    while (places-- > 0)
        value *= 10;
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
