/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Digits behind the 40th cannot move the nearest double, but for exact ties longer than that. */
#define DIGITS_MAX 40
#define EXPONENT_MAX 100000000L

struct decimal { /* digits × 10^exponent */
    char digit[DIGITS_MAX];
    int count;
    long exponent;
};

/* Reads digits from *at on. Each one that is kept behind the point, or dropped before it, moves the
 * exponent. */
static const char *read_digits(struct decimal *decimal, const char *at, const char *end,
                               bool is_fraction)
{
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        bool is_leading_zero = decimal->count == 0 && *at == '0';
        bool is_kept = !is_leading_zero && decimal->count < DIGITS_MAX;
        if (is_kept)
            decimal->digit[decimal->count++] = *at;
        if (is_fraction && (is_kept || is_leading_zero))
            decimal->exponent--;
        else if (!is_fraction && !is_kept && !is_leading_zero)
            decimal->exponent++;
    }
    return at;
}

static long read_exponent(const char *at, const char *end)
{
    bool is_negative = *at == '-';
    long exponent = 0;
    if (*at == '-' || *at == '+')
        at++;
    for (; at < end; at++)
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*at - '0');
    return is_negative ? -exponent : exponent;
}

static double read_double(struct chimera_slice text)
{
    const char *at = text.data, *end = text.data + text.size;
    struct decimal decimal = {.count = 0};
    bool is_negative = *at == '-';
    at = read_digits(&decimal, at + is_negative, end, false);
    if (at < end && *at == '.')
        at = read_digits(&decimal, at + 1, end, true);
    if (at < end)
        decimal.exponent += read_exponent(at + 1, end);
    if (decimal.count == 0)
        return is_negative ? -0.0 : 0.0;
    char canonical[DIGITS_MAX + 32];
    snprintf(canonical, sizeof(canonical), "%s%.*se%ld", is_negative ? "-" : "", decimal.count,
             decimal.digit, decimal.exponent);
    return strtod(canonical,
                  NULL); /* allowed: the locale is always "C", for nothing calls setlocale() */
}

/* False when there is more than digits, or when they do not fit. */
static bool read_integer(const char *at, const char *end, uint64_t *ret_integer)
{
    uint64_t integer = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        if (__builtin_mul_overflow(integer, 10U, &integer) ||
            __builtin_add_overflow(integer, (unsigned)(*at - '0'), &integer))
            return false;
    }
    *ret_integer = integer;
    return true;
}

struct chimera_number chimera_number_read(struct chimera_slice text)
{
    bool is_negative = text.data[0] == '-';
    uint64_t integer;
    if (read_integer(text.data + is_negative, text.data + text.size, &integer)) {
        if (!is_negative)
            return (struct chimera_number){CHIMERA_NUMBER_U64, {.u64 = integer}};
        if (integer > 0 && integer <= (uint64_t)INT64_MAX + 1)
            return (struct chimera_number){CHIMERA_NUMBER_I64, {.i64 = (int64_t)(0 - integer)}};
    }
    return (struct chimera_number){CHIMERA_NUMBER_F64, {.f64 = read_double(text)}};
}

/* Adds one to the last digit; false when that would carry out of the first. */
static bool increment(struct decimal *decimal)
{
    for (int i = decimal->count - 1; i >= 0; i--) {
        if (decimal->digit[i] < '9') {
            decimal->digit[i]++;
            return true;
        }
        decimal->digit[i] = '0';
    }
    return false;
}

static bool reads_back(const struct decimal *decimal, double number)
{
    char text[DIGITS_MAX + 32];
    snprintf(text, sizeof(text), "%.*se%ld", decimal->count, decimal->digit, decimal->exponent);
    return strtod(text, NULL) == number;
}

/* The nearest decimal with so many digits. */
static struct decimal nearest(double number, int count)
{
    char text[DIGITS_MAX + 32];
    snprintf(text, sizeof(text), "%.*e", count - 1, number);
    struct decimal decimal = {.count = count, .exponent = 1 - count};
    decimal.digit[0] = text[0];
    if (count > 1)
        memcpy(decimal.digit + 1, text + 2, (size_t)count - 1);
    decimal.exponent += strtol(strchr(text, 'e') + 1, NULL, 10);
    return decimal;
}

/* Below a power of two doubles lie twice as close as above it, so there the nearest decimal may
 * read back wrong although the next one up is right. */
static struct decimal shortest(double number)
{
    for (int count = 1; count < 17; count++) {
        struct decimal decimal = nearest(number, count);
        if (reads_back(&decimal, number) || (increment(&decimal) && reads_back(&decimal, number)))
            return decimal;
    }
    return nearest(number, 17);
}

/* serde_json writes a plain number while 1e-5 <= number < 1e16, else one with an exponent. */
static size_t format_positive(double number, char *text, size_t size)
{
    struct decimal decimal = shortest(number);
    int point =
        decimal.count + (int)decimal.exponent; /* where it is, counted from the first digit */
    int written;
    if (decimal.exponent >= 0 && point <= 16)
        written = snprintf(text, size, "%.*s%.*s.0", decimal.count, decimal.digit,
                           (int)decimal.exponent, "0000000000000000");
    else if (point > 0 && point <= 16)
        written = snprintf(text, size, "%.*s.%.*s", point, decimal.digit, decimal.count - point,
                           decimal.digit + point);
    else if (point > -5 && point <= 0)
        written = snprintf(text, size, "0.%.*s%.*s", -point, "0000", decimal.count, decimal.digit);
    else
        written =
            snprintf(text, size, "%c%s%.*se%d", decimal.digit[0], decimal.count > 1 ? "." : "",
                     decimal.count - 1, decimal.digit + 1, point - 1);
    return (size_t)written;
}

size_t chimera_number_format(double number, char ret_text[CHIMERA_NUMBER_TEXT])
{
    size_t sign = 0;
    if (signbit(number))
        ret_text[sign++] = '-';
    if (number == 0) {
        memcpy(ret_text + sign, "0.0", 4);
        return sign + 3;
    }
    return sign + format_positive(fabs(number), ret_text + sign, CHIMERA_NUMBER_TEXT - sign);
}

size_t chimera_number_describe(struct chimera_number number, char *text, size_t size)
{
    char digits[CHIMERA_NUMBER_TEXT];
    int written;
    if (number.kind == CHIMERA_NUMBER_U64) {
        written = snprintf(text, size, "integer `%" PRIu64 "`", number.u64);
    } else if (number.kind == CHIMERA_NUMBER_I64) {
        written = snprintf(text, size, "integer `%" PRId64 "`", number.i64);
    } else {
        size_t count = chimera_number_format(number.f64, digits);
        written = snprintf(text, size, "floating point `%.*s`", (int)count, digits);
    }
    return (size_t)written;
}
