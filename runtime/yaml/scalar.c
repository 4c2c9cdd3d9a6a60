/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Plain scalars longer than this are strings: no number worth its name is. */
#define NUMBER_MAX 400

__extension__ typedef unsigned __int128 wide;

static bool is_any(struct chimera_slice text, const char *const *words)
{
    for (; *words; words++) {
        if (chimera_slice_is(text, *words))
            return true;
    }
    return false;
}

static bool is_sign(struct chimera_slice text)
{
    return text.size > 0 && (text.data[0] == '+' || text.data[0] == '-');
}

bool chimera_scalar_null(struct chimera_slice text)
{
    static const char *const words[] = {"null", "Null", "NULL", "~", NULL};
    return is_any(text, words);
}

bool chimera_scalar_boolean(struct chimera_slice text, bool *ret_value)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    bool value = is_any(text, yes);
    if (!value && !is_any(text, no))
        return false;
    *ret_value = value;
    return true;
}

bool chimera_scalar_looks_octal(struct chimera_slice text)
{
    if (is_sign(text))
        text = chimera_slice_behind(text, 1);
    if (text.size < 2 || text.data[0] != '0')
        return false;
    for (size_t i = 1; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return true;
}

bool chimera_scalar_is_older(struct chimera_slice text)
{
    static const char *const words[] = {"y",  "Y",  "yes", "Yes", "YES", "n",   "N",   "no", "No",
                                        "NO", "on", "On",  "ON",  "off", "Off", "OFF", NULL};
    bool has_mark = false;
    if (is_any(text, words))
        return true;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\0' || !strchr("0123456789._:-+", text.data[i]))
            return false;
        has_mark = has_mark || (i > 0 && strchr("_:-", text.data[i]));
    }
    return has_mark;
}

/* Digits only; false when there are none, other bytes, or more than 128 bits. */
static bool magnitude(struct chimera_slice digits, unsigned radix, wide *ret_value)
{
    wide value = 0;
    const wide most = ~(wide)0;
    for (size_t i = 0; i < digits.size; i++) {
        char c = digits.data[i], lower = (char)(c | 0x20);
        unsigned digit = c >= '0' && c <= '9'           ? (unsigned)(c - '0')
                         : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10
                                                        : 99;
        if (digit >= radix || value > (most - digit) / radix)
            return false;
        value = value * radix + digit;
    }
    if (digits.size == 0)
        return false;
    *ret_value = value;
    return true;
}

static bool fit(bool negative, wide value, struct chimera_scalar *ret_scalar)
{
    const wide half = (wide)1 << 63;
    if (negative && value > (wide)1 << 127)
        return false; /* more than an i128: a floating-point number then */
    if (!negative && value <= UINT64_MAX)
        *ret_scalar = (struct chimera_scalar){CHIMERA_SCALAR_UNSIGNED, {.u64 = (uint64_t)value}};
    else if (negative && value <= half)
        *ret_scalar =
            (struct chimera_scalar){CHIMERA_SCALAR_SIGNED, {.i64 = (int64_t)(0 - (uint64_t)value)}};
    else
        *ret_scalar = (struct chimera_scalar){CHIMERA_SCALAR_HUGE, {.u64 = 0}};
    return true;
}

bool chimera_scalar_integer(struct chimera_slice text, struct chimera_scalar *ret_scalar)
{
    if (text.size == 0 || text.size > NUMBER_MAX)
        return false;
    bool negative = text.data[0] == '-';
    struct chimera_slice digits = is_sign(text) ? chimera_slice_behind(text, 1) : text;
    static const struct {
        const char *prefix;
        unsigned radix;
    } forms[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};
    unsigned radix = 10;
    for (size_t i = 0; radix == 10 && i < sizeof(forms) / sizeof(forms[0]); i++)
        if (chimera_slice_starts(digits, forms[i].prefix)) {
            digits = chimera_slice_behind(digits, 2);
            radix = forms[i].radix;
        }
    wide value;
    if (radix == 10 && chimera_scalar_looks_octal(text))
        return false;
    return magnitude(digits, radix, &value) && fit(negative, value, ret_scalar);
}

static size_t count_digits(struct chimera_slice text)
{
    size_t count = 0;
    while (count < text.size && text.data[count] >= '0' && text.data[count] <= '9')
        count++;
    return count;
}

/* Digits, a point and an exponent as Rust's f64 reads them: ".5", "5.", "1e5"; no hexadecimal. */
static bool is_decimal(struct chimera_slice text)
{
    if (is_sign(text))
        text = chimera_slice_behind(text, 1);
    size_t whole = count_digits(text), part = 0;
    text = chimera_slice_behind(text, whole);
    if (text.size > 0 && text.data[0] == '.') {
        text = chimera_slice_behind(text, 1);
        part = count_digits(text);
        text = chimera_slice_behind(text, part);
    }
    if (whole + part == 0)
        return false;
    if (text.size == 0)
        return true;
    if ((text.data[0] | 0x20) != 'e')
        return false;
    text = chimera_slice_behind(text, 1);
    if (is_sign(text))
        text = chimera_slice_behind(text, 1);
    return text.size > 0 && count_digits(text) == text.size;
}

bool chimera_scalar_double(struct chimera_slice text, double *ret_value)
{
    static const char *const plus[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const minus[] = {"-.inf", "-.Inf", "-.INF", NULL};
    static const char *const not_a_number[] = {".nan", ".NaN", ".NAN", NULL};
    if (is_any(text, plus) || is_any(text, minus)) {
        *ret_value = text.data[0] == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (is_any(text, not_a_number)) {
        *ret_value = NAN;
        return true;
    }
    if (text.size > NUMBER_MAX || !is_decimal(text))
        return false;
    char copy[NUMBER_MAX + 1];
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    double value = strtod(copy, NULL);
    if (!isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

struct chimera_scalar chimera_scalar_resolve(struct chimera_slice text)
{
    struct chimera_scalar scalar = {CHIMERA_SCALAR_STRING, {.u64 = 0}};
    if (text.size == 0 || chimera_scalar_null(text))
        scalar.kind = CHIMERA_SCALAR_NULL;
    else if (chimera_scalar_boolean(text, &scalar.as.boolean))
        scalar.kind = CHIMERA_SCALAR_BOOLEAN;
    else if (chimera_scalar_integer(text, &scalar))
        return scalar;
    else if (!chimera_scalar_looks_octal(text) && chimera_scalar_double(text, &scalar.as.f64))
        scalar.kind = CHIMERA_SCALAR_DOUBLE;
    return scalar;
}
