/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/schema/schema_number.h"

#include <inttypes.h>

/* So many fit an integer of 128 bits, with one more digit behind. */
#define DIVISOR_DIGITS 37
/* Far more than a double's exponent has, which bounds every number that comes from outside. */
#define POWER_MAX 100000

__extension__ typedef unsigned __int128 wide;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

void chimera_schema_number_read(struct json_object *number,
                                struct chimera_schema_number *ret_decimal)
{
    struct chimera_schema_number *decimal = ret_decimal;
    *decimal = (struct chimera_schema_number){0};
    struct chimera_slice text = chimera_rego_number_text(number, decimal->scratch);
    const char *at = text.data, *end = at + text.size, *first = NULL, *last = NULL;
    bool is_behind = false; /* the decimal point */
    decimal->is_negative = at < end && *at == '-';
    uint64_t zeros = 0; /* since the last other digit */
    for (at += decimal->is_negative; at < end && (is_digit(*at) || *at == '.'); at++) {
        is_behind |= *at == '.';
        if (is_digit(*at) && (*at != '0' || first)) {
            first = first ? first : at;
            zeros++;
            decimal->point += !is_behind;
            if (*at != '0') {
                decimal->digits += zeros;
                zeros = 0;
                last = at;
            }
        } else if (is_digit(*at) && is_behind) {
            decimal->point--;
        }
    }
    if (at < end) { /* an exponent */
        bool is_below = at[1] == '-';
        int64_t exponent = 0;
        for (at += is_digit(at[1]) ? 1 : 2; at < end && exponent < INT32_MAX; at++)
            exponent = exponent * 10 + (*at - '0');
        decimal->point += is_below ? -exponent : exponent;
    }
    if (first)
        decimal->text = (struct chimera_slice){first, (size_t)(last - first) + 1};
    else
        decimal->is_negative = false;
}

/* The next digit, or 0 behind the last. */
static unsigned next_digit(struct chimera_slice *text)
{
    while (text->size > 0) {
        char c = text->data[0];
        *text = chimera_slice_behind(*text, 1);
        if (c != '.')
            return (unsigned)(c - '0');
    }
    return 0;
}

static int compare_size(const struct chimera_schema_number *a,
                        const struct chimera_schema_number *b)
{
    struct chimera_slice of_a = a->text, of_b = b->text;
    if (!a->digits || !b->digits)
        return a->digits ? 1 : b->digits ? -1 : 0;
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    while (of_a.size > 0 || of_b.size > 0) {
        unsigned x = next_digit(&of_a), y = next_digit(&of_b);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

int chimera_schema_number_compare(const struct chimera_schema_number *a,
                                  const struct chimera_schema_number *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    return a->is_negative ? compare_size(b, a) : compare_size(a, b);
}

bool chimera_schema_number_is_whole(const struct chimera_schema_number *decimal)
{
    return decimal->digits == 0 || decimal->point >= (int64_t)decimal->digits;
}

int chimera_schema_number_is_multiple(const struct chimera_schema_number *a,
                                      const struct chimera_schema_number *b,
                                      struct chimera_account *account, bool *ret_is_multiple)
{
    struct chimera_slice text = b->text;
    wide divisor = 0, rest = 0;
    *ret_is_multiple = a->digits == 0;
    if (a->digits == 0)
        return CHIMERA_OK;
    /* Both as whole numbers that do not end in 0, times a power of ten; it must not be below. */
    int64_t power = (a->point - (int64_t)a->digits) - (b->point - (int64_t)b->digits);
    if (power < 0)
        return CHIMERA_OK;
    if (b->digits > DIVISOR_DIGITS || power > POWER_MAX)
        return CHIMERA_ELIMIT;
    while (text.size > 0)
        divisor = divisor * 10 + next_digit(&text);
    text = a->text;
    while (text.size > 0)
        rest = (rest * 10 + next_digit(&text)) % divisor;
    for (int64_t i = 0; i < power && rest != 0; i++)
        rest = rest * 10 % divisor;
    *ret_is_multiple = rest == 0;
    return chimera_account_spend(account, (a->digits + (uint64_t)power) * 4);
}

void chimera_schema_number_print(const struct chimera_schema_number *decimal,
                                 struct chimera_buffer *out)
{
    struct chimera_slice text = decimal->text;
    int64_t exponent = decimal->point - 1, point = decimal->point;
    if (decimal->is_negative)
        chimera_buffer_byte(out, '-');
    if (decimal->digits == 0) {
        chimera_buffer_byte(out, '0');
        return;
    }
    bool is_short = exponent < -4 || exponent >= 6; /* one digit, then the point */
    if (is_short)
        point = 1;
    if (point <= 0)
        chimera_buffer_text(out, "0.");
    for (int64_t i = point; i < 0; i++)
        chimera_buffer_byte(out, '0');
    for (int64_t i = 0; (i < point || text.size > 0) && !out->failed; i++) {
        if (i == point && i > 0)
            chimera_buffer_byte(out, '.');
        chimera_buffer_byte(out, (uint8_t)('0' + next_digit(&text)));
    }
    if (is_short)
        chimera_buffer_print(out, "e%c%02" PRId64, exponent < 0 ? '-' : '+',
                             exponent < 0 ? -exponent : exponent);
}
