/* SPDX-License-Identifier: Apache-2.0 */
/* sprintf's numbers. */
#include <inttypes.h>

#include "runtime/rego/builtins/text/format.h"
#include "runtime/rego/float.h"
#include "runtime/rego/quote.h"

/* The C library makes all digits of a floating-point number at once. */
#define LONG_PRECISION 1000
#define PRECISION_NS 50
#define PRECISION_BYTES 10 /* of its own, while it does so */

/* --- Integers --- */

static struct chimera_slice digits_of(uint64_t value, unsigned base, bool upper, char room[64])
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t at = 64;
    do {
        room[--at] = digits[value % base];
        value /= base;
    } while (value);
    return (struct chimera_slice){room + at, 64 - at};
}

/* How many digits at least: from a precision, or from a width to be filled with zeros. */
static size_t least_digits(const struct chimera_format_flags *flags, bool has_sign)
{
    if (flags->has_precision)
        return (size_t)flags->precision;
    if (!flags->zero || flags->minus || !flags->has_width || flags->width == 0)
        return 0;
    return (size_t)flags->width - (has_sign ? 1 : 0);
}

/* As many as are missing. */
static void put_zeros(struct chimera_buffer *out, size_t have, size_t want)
{
    char *at = have < want ? chimera_buffer_reserve(out, want - have) : NULL;
    if (!at)
        return;
    memset(at, '0', want - have);
    out->size += want - have;
}

static void print_digits(struct chimera_format *printer, int64_t value, char verb, unsigned base)
{
    const struct chimera_format_flags *flags = &printer->flags;
    char room[64];
    bool is_negative = value < 0;
    uint64_t magnitude = is_negative ? 0 - (uint64_t)value : (uint64_t)value;
    if (flags->has_precision && flags->precision == 0 && value == 0) {
        chimera_format_fill(printer, flags->has_width ? (size_t)flags->width : 0, false);
        return;
    }
    bool has_sign = is_negative || flags->plus || flags->space;
    struct chimera_slice digits = digits_of(magnitude, base, verb == 'X', room);
    size_t least = least_digits(flags, has_sign);
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, is_negative ? '-' : flags->plus ? '+' : ' ');
    char first = least > digits.size ? '0' : digits.data[0];
    struct chimera_buffer *out = &printer->scratch;
    if (printer->flags.sharp && base == 2)
        chimera_buffer_text(out, "0b");
    if (printer->flags.sharp && base == 16)
        chimera_buffer_text(out, verb == 'X' ? "0X" : "0x");
    if (verb == 'O')
        chimera_buffer_text(out, "0o");
    if (printer->flags.sharp && base == 8 && first != '0')
        chimera_buffer_text(out, "0");
    put_zeros(&printer->scratch, digits.size, least);
    chimera_buffer_append(&printer->scratch, digits);
    chimera_format_pad_scratch(printer, false);
}

static void print_unicode(struct chimera_format *printer, int64_t value)
{
    struct chimera_format_flags *flags = &printer->flags;
    char room[64];
    struct chimera_slice digits = digits_of((uint64_t)value, 16, true, room);
    size_t least = flags->has_precision && flags->precision > 4 ? (size_t)flags->precision : 4;
    chimera_buffer_text(&printer->scratch, "U+");
    put_zeros(&printer->scratch, digits.size, least);
    chimera_buffer_append(&printer->scratch, digits);
    if (flags->sharp && value >= 0 && value <= 0x10FFFF &&
        chimera_rego_is_printable((uint32_t)value)) {
        chimera_buffer_text(&printer->scratch, " '");
        chimera_rego_put_rune((uint32_t)value, &printer->scratch);
        chimera_buffer_byte(&printer->scratch, '\'');
    }
    chimera_format_pad_scratch(printer, false);
}

bool chimera_format_integer(struct chimera_format *printer, int64_t value, uint32_t verb)
{
    uint32_t rune = value < 0 || value > 0x10FFFF ? 0xFFFD : (uint32_t)value;
    switch (verb) {
    case 'v':
    case 'd':
        print_digits(printer, value, 'd', 10);
        return true;
    case 'b':
        print_digits(printer, value, 'b', 2);
        return true;
    case 'o':
    case 'O':
        print_digits(printer, value, (char)verb, 8);
        return true;
    case 'x':
    case 'X':
        print_digits(printer, value, (char)verb, 16);
        return true;
    case 'c':
        chimera_rego_put_rune(rune, &printer->scratch);
        chimera_format_pad_scratch(printer, printer->flags.zero && !printer->flags.minus);
        return true;
    case 'q':
        chimera_buffer_byte(&printer->scratch, '\'');
        chimera_rego_quote_rune(rune, '\'', printer->flags.plus, &printer->scratch);
        chimera_buffer_byte(&printer->scratch, '\'');
        chimera_format_pad_scratch(printer, printer->flags.zero && !printer->flags.minus);
        return true;
    case 'U':
        print_unicode(printer, value);
        return true;
    default:
        return false;
    }
}

/* --- Floating-point numbers --- */

/* Is there time and memory for what the C library makes of it? */
static bool may_print(const struct chimera_format *printer, int precision)
{
    struct chimera_account *account = printer->call->account;
    uint64_t digits = precision > LONG_PRECISION ? (uint64_t)precision : 0;
    if (digits == 0)
        return true;
    if (chimera_account_has_time(account, digits * PRECISION_NS) < 0 ||
        chimera_account_take(account, digits * PRECISION_BYTES) < 0)
        return false;
    chimera_account_give_back(account, digits * PRECISION_BYTES);
    return true;
}

/* The bits of a double that is not negative: `mantissa` times two to the power of `exponent`. */
static uint64_t take_apart(double value, int *ret_exponent)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7FF);
    if (exponent)
        mantissa |= (uint64_t)1 << 52;
    *ret_exponent = (exponent ? exponent : 1) - 1023 - 52;
    return mantissa;
}

#define HEX_POINT 60 /* of the bits behind the point; at most 15 digits */

/* "0x1.8p+01": the digit before the point is a one, unless the number is zero. */
static void put_hex_float(double value, bool is_upper, int precision, struct chimera_buffer *out)
{
    int exponent;
    uint64_t mantissa = take_apart(value, &exponent);
    exponent = mantissa ? exponent + HEX_POINT : 0;
    while (mantissa && !(mantissa >> HEX_POINT)) {
        mantissa <<= 1;
        exponent--;
    }
    if (precision >= 0 && precision < HEX_POINT / 4) { /* to the nearest, to the even one of two */
        unsigned cut = HEX_POINT - 4 * (unsigned)precision;
        uint64_t half = (uint64_t)1 << (cut - 1), rest = mantissa & (2 * half - 1);
        mantissa -= rest;
        if (rest > half || (rest == half && mantissa >> cut & 1))
            mantissa += 2 * half;
    }
    if (mantissa >> (HEX_POINT + 1)) {
        mantissa >>= 1;
        exponent++;
    }
    const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    chimera_buffer_print(out, "0%c%d", is_upper ? 'X' : 'x', (int)(mantissa >> HEX_POINT));
    mantissa <<= 4;
    if (precision > 0 || (precision < 0 && mantissa))
        chimera_buffer_byte(out, '.');
    for (int i = 0; (precision < 0 ? mantissa != 0 : i < precision) && !out->failed; i++) {
        chimera_buffer_byte(out, (uint8_t)digits[mantissa >> HEX_POINT & 15]);
        mantissa <<= 4;
    }
    chimera_buffer_print(out, "%c%c%02d", is_upper ? 'P' : 'p', exponent < 0 ? '-' : '+',
                         exponent < 0 ? -exponent : exponent);
}

/* What "#" adds: a point, and the zeros that %g leaves out. */
static void put_sharp(struct chimera_format *printer, struct chimera_slice number, char form,
                      int precision)
{
    const char *exponents = form == 'x' || form == 'X' ? "pP" : "eEpP";
    size_t size = 0;
    bool has_point = false, is_behind_zeros = false;
    int missing = !strchr("gGx", form) ? 0 : precision < 0 ? 6 : precision;
    for (; size < number.size && !strchr(exponents, number.data[size]); size++) {
        char c = number.data[size];
        has_point = has_point || c == '.';
        is_behind_zeros = is_behind_zeros || (c != '.' && c != '0');
        missing -= c != '.' && is_behind_zeros;
    }
    chimera_buffer_append(&printer->scratch, (struct chimera_slice){number.data, size});
    if (!has_point) {
        missing -= size == 1 && number.data[0] == '0'; /* which counts when it is alone */
        chimera_buffer_byte(&printer->scratch, '.');
    }
    put_zeros(&printer->scratch, 0, missing > 0 ? (size_t)missing : 0);
    chimera_buffer_append(&printer->scratch, chimera_slice_behind(number, size));
}

static void put_magnitude(struct chimera_format *printer, double value, char form, int precision,
                          struct chimera_buffer *out)
{
    int exponent;
    if (!may_print(printer, precision)) {
        out->failed = chimera_node_failure(printer->call->account);
    } else if (form == 'x' || form == 'X') {
        put_hex_float(value, form == 'X', precision, out);
    } else if (form == 'b') {
        uint64_t mantissa = take_apart(value, &exponent);
        chimera_buffer_print(out, "%" PRIu64 "p%+d", mantissa, exponent);
    } else {
        chimera_rego_format_float(value, form, precision, out);
    }
}

bool chimera_format_float(struct chimera_format *printer, double value, uint32_t verb)
{
    const struct chimera_format_flags *flags = &printer->flags;
    if (!verb || verb > 127 || !strchr("vgGfFeExXb", (int)verb))
        return false;
    char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
    int precision = flags->has_precision ? flags->precision : strchr("feE", form) ? 6 : -1;
    bool is_negative = value < 0 || (value == 0 && 1 / value < 0);
    bool has_sign = is_negative || flags->plus || flags->space;
    struct chimera_buffer digits;
    chimera_rego_buffer(printer->call, &digits);
    put_magnitude(printer, is_negative ? -value : value, form, precision, &digits);
    if (flags->sharp && form != 'b' && !digits.failed) {
        put_sharp(printer, chimera_buffer_slice(&digits), form, precision);
        chimera_buffer_reset(&digits);
        chimera_buffer_append(&digits, chimera_buffer_slice(&printer->scratch));
        chimera_buffer_reset(&printer->scratch);
    }
    if (digits.failed)
        printer->scratch.failed = digits.failed;
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, is_negative ? '-' : flags->plus ? '+' : ' ');
    if (flags->zero && !flags->minus && flags->has_width)
        put_zeros(&printer->scratch, digits.size + has_sign, (size_t)flags->width);
    chimera_buffer_append(&printer->scratch, chimera_buffer_slice(&digits));
    chimera_buffer_free(&digits);
    chimera_format_pad_scratch(printer, false);
    return true;
}
