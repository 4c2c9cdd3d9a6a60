/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/float.h"

#include <stdio.h>
#include <stdlib.h>

#define EXACT_DIGITS 17 /* always enough to read back the same double */

/* d.ddde+XX with as few digits as possible; returns how many digits. */
static int shortest(double value, char *text, size_t size)
{
    for (int digits = 1; digits < EXACT_DIGITS; digits++) {
        snprintf(text, size, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            return digits;
    }
    snprintf(text, size, "%.*e", EXACT_DIGITS - 1, value);
    return EXACT_DIGITS;
}

static int exponent_of(const char *text)
{
    const char *at = strchr(text, 'e');
    return at ? (int)strtol(at + 1, NULL, 10) : 0;
}

/* Like C's %g; without a precision, the exponent form begins where C's begins with 6. */
static void format_general(double value, char form, int precision, struct chimera_buffer *out)
{
    char text[64];
    if (precision >= 0) {
        chimera_buffer_print(out, form == 'g' ? "%.*g" : "%.*G", precision, value);
        return;
    }
    int digits = shortest(value, text, sizeof(text)), exponent = exponent_of(text);
    if (exponent < -4 || exponent >= 6) {
        chimera_buffer_print(out, form == 'g' ? "%.*e" : "%.*E", digits - 1, value);
        return;
    }
    int decimals = digits - 1 - exponent;
    chimera_buffer_print(out, "%.*f", decimals > 0 ? decimals : 0, value);
}

/* The digits of d.ddde+XX, and zeros in place of what a double does not hold. */
static void put_with_zeros(const char *text, int zeros, struct chimera_buffer *out)
{
    for (; *text != 'e'; text++) {
        if (*text != '.')
            chimera_buffer_byte(out, (uint8_t)*text);
    }
    while (zeros-- > 0 && !out->failed)
        chimera_buffer_byte(out, '0');
}

void chimera_rego_format_float(double value, char form, int precision, struct chimera_buffer *out)
{
    char text[64];
    if (form == 'g' || form == 'G') {
        format_general(value, form, precision, out);
        return;
    }
    if (precision < 0) {
        int digits = shortest(value, text, sizeof(text));
        int decimals = digits - 1 - exponent_of(text);
        if (form == 'f' && decimals < 0) {
            put_with_zeros(text, -decimals, out);
            return;
        }
        precision = form == 'f' ? decimals : digits - 1;
    }
    if (form == 'f')
        chimera_buffer_print(out, "%.*f", precision, value);
    else if (form == 'e')
        chimera_buffer_print(out, "%.*e", precision, value);
    else
        chimera_buffer_print(out, "%.*E", precision, value);
}

size_t chimera_rego_format_json(double value, char *text, size_t size)
{
    char digits_text[64];
    double magnitude = value < 0 ? -value : value;
    int digits = shortest(magnitude, digits_text, sizeof(digits_text));
    int exponent = exponent_of(digits_text), written;
    int decimals = digits - 1 - exponent > 0 ? digits - 1 - exponent : 0;
    if (magnitude != 0 && magnitude < 1e-6) /* one digit of exponent where one is enough */
        written = snprintf(text, size, "%s%.*se%d", value < 0 ? "-" : "",
                           (int)strcspn(digits_text, "e"), digits_text, exponent);
    else if (magnitude >= 1e21)
        written = snprintf(text, size, "%.*e", digits - 1, value);
    else if (digits - 1 < exponent) /* zeros in place of what a double does not hold */
        written = snprintf(text, size, "%s%c%.*s%0*d", value < 0 ? "-" : "", digits_text[0],
                           digits - 1, digits_text + 2, exponent + 1 - digits, 0);
    else
        written = snprintf(text, size, "%.*f", decimals, value);
    return written < 0 ? 0 : (size_t)written < size ? (size_t)written : size - 1;
}
