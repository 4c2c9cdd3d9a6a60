/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins units.*: quantities with a unit as Kubernetes writes them ("10Gi", "100m"). */
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

static int read_quantity(const struct chimera_rego_call *call, struct quantity *ret_quantity)
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
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "spaces not allowed in resource strings");
        if (size == AMOUNT_MAX)
            return chimera_fail(call->err, CHIMERA_EINVAL, "the quantity is too long");
        if (raw.data[i] != '"')
            ret_quantity->text[size++] = raw.data[i];
    }
    ret_quantity->text[size] = '\0';
    ptrdiff_t at = find_unit(ret_quantity->text);
    if (at < 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "exponent too large");
    if (at == 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "no amount provided");
    memcpy(ret_quantity->amount, ret_quantity->text, (size_t)at);
    ret_quantity->amount[at] = '\0';
    ret_quantity->unit = ret_quantity->text + at;
    return CHIMERA_OK;
}

static int fail_amount(const struct chimera_rego_call *call)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "could not parse amount to a number");
}

static int fail_unit(const struct chimera_rego_call *call, const char *unit)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "unit %s not recognized", unit);
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

/* --- units.parse: exact --- */

struct decimal { /* digits * 10^exponent */
    wide digits;
    bool is_negative;
    int64_t exponent;
};

static bool read_decimal(const char *text, struct decimal *ret_decimal)
{
    struct decimal decimal = {.is_negative = *text == '-'};
    bool has_digits = false, has_point = false;
    if (*text == '-' || *text == '+')
        text++;
    for (; is_digit(text) || (*text == '.' && !has_point); text++) {
        if (*text == '.') {
            has_point = true;
            continue;
        }
        if (decimal.digits >= (wide)1 << 60)
            return false;
        decimal.digits = decimal.digits * 10 + (unsigned)(*text - '0');
        decimal.exponent -= has_point ? 1 : 0;
        has_digits = true;
    }
    if (has_digits && (*text == 'e' || *text == 'E')) {
        char *end;
        if (!is_digit(text + 1) && !((text[1] == '+' || text[1] == '-') && is_digit(text + 2)))
            return false;
        decimal.exponent += strtol(text + 1, &end, 10);
        text = end;
    }
    *ret_decimal = decimal;
    return has_digits && *text == '\0';
}

static void print_wide(wide value, struct chimera_buffer *out)
{
    char digits[40];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    chimera_buffer_append(out, (struct chimera_slice){digits + at, sizeof(digits) - at});
}

/* digits / 10^places with ten decimals, rounded; whole numbers without, unless asked to show them.
 */
static void print_decimal(wide digits, int64_t places, bool is_negative, bool shows_decimals,
                          struct chimera_buffer *out)
{
    for (; places > 0 && digits % 10 == 0; places--)
        digits /= 10;
    bool has_decimals = digits != 0 && (places > 0 || shows_decimals);
    for (; places > DECIMALS + 1; places--)
        digits /= 10;
    if (places > DECIMALS) {
        digits = (digits + 5) / 10;
        places--;
    }
    wide scale = 1, whole, part;
    for (int64_t i = 0; i < places; i++)
        scale *= 10;
    whole = digits / scale;
    part = digits % scale;
    if (is_negative && digits)
        chimera_buffer_byte(out, '-');
    print_wide(whole, out);
    if (!has_decimals)
        return;
    chimera_buffer_byte(out, '.');
    for (int64_t i = 0; i < DECIMALS; i++) {
        scale /= i < places ? 10 : 1;
        wide digit = i < places ? part / scale % 10 : 0;
        chimera_buffer_byte(out, (uint8_t)('0' + (int)digit));
    }
}

/* Only the first letter's case tells: m and M differ. */
int chimera_rego_units_parse(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct quantity quantity;
    struct decimal amount;
    struct chimera_buffer out;
    int code = read_quantity(call, &quantity);
    if (code < 0)
        return code;
    char unit[AMOUNT_MAX + 1];
    for (size_t i = 0; i <= strlen(quantity.unit); i++)
        unit[i] = lower(quantity.unit[i]);
    bool is_milli = strcmp(quantity.unit, "m") == 0;
    uint64_t factor = is_milli ? 1 : factor_of(unit);
    if (factor == 0)
        return fail_unit(call, quantity.unit);
    if (!read_decimal(quantity.amount, &amount))
        return fail_amount(call);
    amount.digits *= factor;
    amount.exponent -= is_milli ? 3 : 0;
    for (; amount.exponent > 0 && amount.digits; amount.exponent--) {
        if (amount.digits > ~(wide)0 / 10)
            return fail_amount(call);
        amount.digits *= 10;
    }
    chimera_buffer_init(&out, 256);
    print_decimal(amount.digits, amount.digits ? -amount.exponent : 0, amount.is_negative, is_milli,
                  &out);
    code = chimera_rego_give_number(call, chimera_buffer_slice(&out), ret_result);
    chimera_buffer_free(&out);
    return code;
}

/* --- units.parse_bytes: with the 64 bits of precision that OPA's big.Float has --- */

int chimera_rego_units_parse_bytes(const struct chimera_rego_call *call,
                                   struct json_object **ret_result)
{
    struct quantity quantity;
    struct decimal amount;
    int code = read_quantity(call, &quantity);
    if (code < 0)
        return code;
    char unit[AMOUNT_MAX + 1];
    size_t size = strlen(quantity.unit);
    for (size_t i = 0; i <= size; i++)
        unit[i] = lower(quantity.unit[i]);
    if (size > 1 && unit[size - 1] == 'b')
        unit[size - 1] = '\0';
    uint64_t factor = factor_of(unit);
    if (factor == 0)
        return fail_unit(call, quantity.unit);
    if (!read_decimal(quantity.amount, &amount))
        return fail_amount(call);
    long double bytes = truncl(strtold(quantity.amount, NULL) * (long double)factor);
    if (!isfinite(bytes) || fabsl(bytes) > 1e300L)
        return fail_amount(call);
    char text[400];
    int written = snprintf(text, sizeof(text), "%.0Lf", bytes == 0 ? 0.0L : bytes);
    return chimera_rego_give_number(call, (struct chimera_slice){text, (size_t)written},
                                    ret_result);
}
