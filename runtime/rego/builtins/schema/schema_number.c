/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/schema/schema_number.h"

#include <inttypes.h>

/* So many fit an integer of 128 bits, with one more digit behind. */
#define DIVISOR_DIGITS 37
/* Far more than a double's exponent has, which bounds every number that comes from outside. */
#define POWER_MAX 100000

__extension__ typedef unsigned __int128 wide;

void chimera_schema_number_read(struct json_object *number,
                                struct chimera_schema_number *ret_number)
{
    ret_number->decimal =
        chimera_decimal_read(chimera_rego_number_text(number, ret_number->scratch));
}

bool chimera_schema_number_is_whole(const struct chimera_schema_number *number)
{
    return number->decimal.power >= (int64_t)number->decimal.digits;
}

int chimera_schema_number_is_multiple(const struct chimera_schema_number *number,
                                      const struct chimera_schema_number *of,
                                      struct chimera_account *account, bool *ret_is_multiple)
{
    const struct chimera_decimal *a = &number->decimal, *b = &of->decimal;
    struct chimera_slice text = b->text;
    wide divisor = 0, rest = 0;
    *ret_is_multiple = a->digits == 0;
    if (a->digits == 0)
        return CHIMERA_OK;
    /* Both as whole numbers that do not end in 0, times a power of ten; it must not be below. */
    int64_t power = (a->power - (int64_t)a->digits) - (b->power - (int64_t)b->digits);
    if (power < 0)
        return CHIMERA_OK;
    if (b->digits > DIVISOR_DIGITS || power > POWER_MAX)
        return CHIMERA_ELIMIT;
    while (text.size > 0)
        divisor = divisor * 10 + chimera_decimal_digit(&text);
    if (divisor == 0)
        return CHIMERA_OK; /* of nothing that is not 0 */
    text = a->text;
    while (text.size > 0)
        rest = (rest * 10 + chimera_decimal_digit(&text)) % divisor;
    for (int64_t i = 0; i < power && rest != 0; i++)
        rest = rest * 10 % divisor;
    *ret_is_multiple = rest == 0;
    return chimera_account_spend(account, (a->digits + (uint64_t)power) * 4);
}

void chimera_schema_number_print(const struct chimera_schema_number *number,
                                 struct chimera_buffer *out)
{
    const struct chimera_decimal *decimal = &number->decimal;
    struct chimera_slice text = decimal->text;
    int64_t exponent = decimal->power - 1, point = decimal->power;
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
        chimera_buffer_byte(out, (uint8_t)('0' + chimera_decimal_digit(&text)));
    }
    if (is_short)
        chimera_buffer_print(out, "e%c%02" PRId64, exponent < 0 ? '-' : '+',
                             exponent < 0 ? -exponent : exponent);
}
