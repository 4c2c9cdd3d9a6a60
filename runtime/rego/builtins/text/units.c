/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins units.*: quantities with a unit as Kubernetes writes them ("10Gi", "100m"). */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rego/arguments.h"

#define AMOUNT_MAX 64         /* characters of a number */
#define RAW_MAX 4096          /* with quotes, which are left out */
#define EXPONENT_DIGITS_MAX 6 /* OPA's own limit */
#define DECIMALS 10           /* that OPA shows of what is no whole number */

__extension__ typedef unsigned __int128 wide;

static bool is_digit(const char *text)
{
    return *text >= '0' && *text <= '9';
}

/* Where the unit begins: "1e3Ki" is 1e3 and Ki, "1Ei" is 1 and Ei. -1: an exponent of absurd size.
 */
static ptrdiff_t find_unit(const char *text)
{
    size_t i = 0;
    for (; text[i]; i++) {
        if (is_digit(text + i) || strchr(".+-", text[i]))
            continue;
        bool is_exponent = (text[i] == 'e' || text[i] == 'E') && text[i + 1] &&
                           (is_digit(text + i + 1) || strchr("+-", text[i + 1]));
        if (!is_exponent)
            break;
        if (strchr("+-", text[i + 1]))
            i++;
        size_t digits = 0;
        while (is_digit(text + i + 1 + digits))
            digits++;
        if (digits > EXPONENT_DIGITS_MAX)
            return -1;
    }
    return (ptrdiff_t)i;
}

/* The argument without quotes, split into amount and unit, both as C strings. */
struct quantity {
    char text[AMOUNT_MAX + 1], amount[AMOUNT_MAX + 1];
    const char *unit; /* in `text` */
};

/* In OPA's words, which name the builtin. */
static int fail_quantity(const struct chimera_rego_call *call, bool is_bytes, const char *what)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "units.parse%s: %s", is_bytes ? "_bytes" : "",
                        what);
}

static int read_quantity(const struct chimera_rego_call *call, bool is_bytes,
                         struct quantity *ret_quantity)
{
    struct chimera_slice raw;
    size_t size = 0;
    int code = chimera_rego_want_string(call, 0, &raw);
    if (code < 0)
        return code;
    for (size_t i = 0; i < raw.size; i++) {
        if (i == RAW_MAX)
            return chimera_fail(call->err, CHIMERA_EINVAL, "the quantity is too long");
        if (raw.data[i] == ' ' || raw.data[i] == '\0')
            return fail_quantity(call, is_bytes, "spaces not allowed in resource strings");
        if (size == AMOUNT_MAX)
            return chimera_fail(call->err, CHIMERA_EINVAL, "the quantity is too long");
        if (raw.data[i] != '"')
            ret_quantity->text[size++] = raw.data[i];
    }
    ret_quantity->text[size] = '\0';
    ptrdiff_t at = find_unit(ret_quantity->text);
    if (at < 0)
        return fail_quantity(call, is_bytes, "exponent too large");
    if (at == 0)
        return fail_quantity(call, is_bytes,
                             is_bytes ? "no byte amount provided" : "no amount provided");
    memcpy(ret_quantity->amount, ret_quantity->text, (size_t)at);
    ret_quantity->amount[at] = '\0';
    ret_quantity->unit = ret_quantity->text + at;
    return CHIMERA_OK;
}

static int fail_amount(const struct chimera_rego_call *call, bool is_bytes)
{
    return fail_quantity(call, is_bytes,
                         is_bytes ? "could not parse byte amount to a number"
                                  : "could not parse amount to a number");
}

static int fail_unit(const struct chimera_rego_call *call, bool is_bytes, const char *unit)
{
    char what[AMOUNT_MAX + 40];
    snprintf(what, sizeof(what), "%sunit %s not recognized", is_bytes ? "byte " : "", unit);
    return fail_quantity(call, is_bytes, what);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/* 1000^n for "k", "m", …, 1024^n for "ki", "mi", …; 0 when `unit` (in lower case) is none. */
static uint64_t factor_of(const char *unit)
{
    static const char letters[] = "kmgtpe";
    const char *at = *unit ? strchr(letters, *unit) : NULL;
    bool is_binary = at && strcmp(unit + 1, "i") == 0;
    if (*unit == '\0')
        return 1;
    if (!at || (!is_binary && unit[1] != '\0'))
        return 0;
    uint64_t factor = 1;
    for (ptrdiff_t i = 0; i <= at - letters; i++)
        factor *= is_binary ? 1024 : 1000;
    return factor;
}

/* --- Amounts --- */

/* A number: digits, perhaps a point among them, perhaps an exponent, which is returned. */
static bool is_amount(const char *text, long *ret_exponent)
{
    bool has_digits = false, has_point = false;
    text += *text == '-' || *text == '+';
    for (; is_digit(text) || (*text == '.' && !has_point); text++) {
        has_point = has_point || *text == '.';
        has_digits = has_digits || *text != '.';
    }
    *ret_exponent = 0;
    if (has_digits && (*text == 'e' || *text == 'E')) {
        char *end;
        if (!is_digit(text + 1) && !((text[1] == '+' || text[1] == '-') && is_digit(text + 2)))
            return false;
        *ret_exponent = strtol(text + 1, &end, 10);
        text = end;
    }
    return has_digits && *text == '\0';
}

/* --- units.parse: exact --- */

#define LIMB 1000000000u
#define LIMB_DIGITS 9
#define LIMBS_MAX 24      /* more than all that are multiplied here have together */
#define EXPONENT_MAX 4000 /* zeros, or decimals, that somebody may ask for */

/* What OPA multiplies thousandths with is the double that is next to 0.001: this, divided by 2 to
 * the power of 60; which is times 5 to that power, and 60 decimals. */
#define MILLI UINT64_C(1152921504606847)
#define MILLI_DECIMALS 60
#define FIVE_TO_12 UINT64_C(244140625)

struct natural {
    uint32_t limb[LIMBS_MAX]; /* the lowest first, without zeros above */
    size_t count;
};

static void multiply_add(struct natural *number, uint64_t factor, uint64_t more)
{
    wide carry = more;
    for (size_t i = 0; i < number->count || carry; i++) {
        carry += i < number->count ? (wide)number->limb[i] * factor : 0;
        number->limb[i] = (uint32_t)(carry % LIMB);
        carry /= LIMB;
        number->count = i < number->count ? number->count : i + 1;
    }
}

/* `digits` with `places` decimals (below zero: so many zeros more), rounded to ten; whole numbers
 * without. */
static void print_decimal(struct chimera_slice digits, int64_t places, struct chimera_buffer *out)
{
    while (places > 0 && digits.size > 0 && digits.data[digits.size - 1] == '0') {
        digits.size--;
        places--;
    }
    for (int64_t i = (int64_t)digits.size; i <= places; i++)
        chimera_buffer_byte(out, '0');
    chimera_buffer_append(out, digits);
    for (; places < 0; places++)
        chimera_buffer_byte(out, '0');
    if (places == 0 || out->failed)
        return;
    size_t start = out->size - (size_t)places;
    bool rounds_up = places > DECIMALS && out->data[start + DECIMALS] >= '5';
    out->size = places > DECIMALS ? start + DECIMALS : out->size;
    for (; places < DECIMALS; places++)
        chimera_buffer_byte(out, '0');
    size_t first = out->data[0] == '-', at = out->size;
    while (rounds_up && at > first) {
        rounds_up = out->data[--at] == '9';
        out->data[at] = rounds_up ? '0' : (char)(out->data[at] + 1);
    }
    chimera_buffer_text(out, ".1"); /* room for a point, and for a digit more */
    out->size -= !rounds_up;
    if (out->failed)
        return;
    if (rounds_up) {
        memmove(out->data + first + 1, out->data + first, out->size - first - 2);
        out->data[first] = '1';
        start++;
    }
    memmove(out->data + start + 1, out->data + start, DECIMALS);
    out->data[start] = '.';
}

static void read_digits(const char *text, struct natural *ret_number, int64_t *ret_places)
{
    bool has_point = false;
    *ret_number = (struct natural){0};
    *ret_places = 0;
    for (text += *text == '-' || *text == '+'; is_digit(text) || *text == '.'; text++) {
        has_point = has_point || *text == '.';
        if (*text != '.')
            multiply_add(ret_number, 10, (uint64_t)(*text - '0'));
        *ret_places += has_point && *text != '.';
    }
}

static void print_natural(const struct natural *number, struct chimera_buffer *out)
{
    for (size_t i = number->count; i-- > 0;)
        chimera_buffer_print(out, i + 1 == number->count ? "%" PRIu32 : "%09" PRIu32,
                             number->limb[i]);
}

/* Only the first letter's case tells: m and M differ. */
int chimera_rego_units_parse(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct quantity quantity;
    struct natural number;
    struct chimera_buffer digits, out;
    int64_t places;
    long exponent;
    int code = read_quantity(call, false, &quantity);
    if (code < 0)
        return code;
    char unit[AMOUNT_MAX + 1];
    for (size_t i = 0; i <= strlen(quantity.unit); i++)
        unit[i] = lower(quantity.unit[i]);
    bool is_milli = strcmp(quantity.unit, "m") == 0;
    uint64_t factor = is_milli ? MILLI : factor_of(unit);
    unit[0] = quantity.unit[0]; /* only the letters behind are shown in lower case */
    if (factor == 0)
        return fail_unit(call, false, unit);
    if (!is_amount(quantity.amount, &exponent) || labs(exponent) > EXPONENT_MAX)
        return fail_amount(call, false);
    read_digits(quantity.amount, &number, &places);
    multiply_add(&number, factor, 0);
    for (int i = 0; is_milli && i < MILLI_DECIMALS / 12; i++)
        multiply_add(&number, FIVE_TO_12, 0);
    places += (is_milli ? MILLI_DECIMALS : 0) - exponent;
    chimera_rego_buffer(call, &digits);
    chimera_rego_buffer(call, &out);
    print_natural(&number, &digits);
    if (digits.size == 0) {
        chimera_buffer_byte(&out, '0');
    } else {
        if (quantity.amount[0] == '-')
            chimera_buffer_byte(&out, '-');
        print_decimal(chimera_buffer_slice(&digits), places, &out);
    }
    code = digits.failed || out.failed
               ? chimera_rego_no_memory(call)
               : chimera_rego_give_number(call, chimera_buffer_slice(&out), ret_result);
    chimera_buffer_free(&digits);
    chimera_buffer_free(&out);
    return code;
}

/* --- units.parse_bytes: with the 64 bits of precision that OPA's big.Float has --- */

int chimera_rego_units_parse_bytes(const struct chimera_rego_call *call,
                                   struct json_object **ret_result)
{
    struct quantity quantity;
    long exponent;
    int code = read_quantity(call, true, &quantity);
    if (code < 0)
        return code;
    char unit[AMOUNT_MAX + 1], written[AMOUNT_MAX + 1];
    size_t size = strlen(quantity.unit);
    for (size_t i = 0; i <= size; i++)
        unit[i] = written[i] = lower(quantity.unit[i]);
    if (size > 1 && unit[size - 1] == 'b')
        unit[size - 1] = '\0';
    uint64_t factor = factor_of(unit);
    if (factor == 0)
        return fail_unit(call, true, written);
    if (!is_amount(quantity.amount, &exponent))
        return fail_amount(call, true);
    long double bytes = truncl(strtold(quantity.amount, NULL) * (long double)factor);
    if (!isfinite(bytes))
        return fail_amount(call, true);
    char text[LDBL_MAX_10_EXP + 8];
    int length = snprintf(text, sizeof(text), "%.0Lf", bytes == 0 ? 0.0L : bytes);
    return chimera_rego_give_number(call, (struct chimera_slice){text, (size_t)length}, ret_result);
}
