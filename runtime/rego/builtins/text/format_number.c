/* SPDX-License-Identifier: Apache-2.0 */
/* sprintf's numbers. */
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

/* Its digits as they came; other forms than decimal would need arithmetic that nobody asks for. */
bool chimera_format_big(struct chimera_format *printer, struct chimera_slice digits, uint32_t verb)
{
    if (verb != 'v' && verb != 'd' && verb != 's')
        return false;
    const struct chimera_format_flags *flags = &printer->flags;
    bool is_negative = digits.data[0] == '-';
    if (is_negative)
        digits = (struct chimera_slice){digits.data + 1, digits.size - 1};
    bool has_plus = flags->plus || flags->plus_of_v;
    bool has_sign = is_negative || has_plus || flags->space;
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, is_negative ? '-' : has_plus ? '+' : ' ');
    put_zeros(&printer->scratch, digits.size, least_digits(flags, has_sign));
    chimera_buffer_append(&printer->scratch, digits);
    chimera_format_pad_scratch(printer, false);
    return true;
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

bool chimera_format_float(struct chimera_format *printer, double value, uint32_t verb)
{
    const struct chimera_format_flags *flags = &printer->flags;
    if (!verb || verb > 127 || !strchr("vgGfFeE", (int)verb))
        return false;
    char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
    int precision = flags->has_precision ? flags->precision : strchr("feE", form) ? 6 : -1;
    bool is_negative = value < 0 || (value == 0 && 1 / value < 0);
    bool has_sign = is_negative || flags->plus || flags->space;
    char sign = is_negative ? '-' : flags->plus ? '+' : ' ';
    struct chimera_buffer digits;
    chimera_rego_buffer(printer->call, &digits);
    if (!may_print(printer, precision))
        digits.failed = chimera_node_failure(printer->call->account);
    else
        chimera_rego_format_float(is_negative ? -value : value, form, precision, &digits);
    if (digits.failed)
        printer->scratch.failed = digits.failed;
    size_t size = digits.size + (has_sign ? 1 : 0);
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, (uint8_t)sign);
    if (flags->zero && !flags->minus && flags->has_width)
        put_zeros(&printer->scratch, size, (size_t)flags->width);
    chimera_buffer_append(&printer->scratch, chimera_buffer_slice(&digits));
    chimera_buffer_free(&digits);
    chimera_format_pad_scratch(printer, false);
    return true;
}
