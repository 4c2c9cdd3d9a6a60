/* sprintf as Go's fmt does it, for the four types that OPA hands to it: int64, *big.Int, float64
 * and string (all else as OPA prints it). Wrong formats show in the result, as in Go:
 * %!d(string=x). */
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/base/utf8.h"
#include "runtime/rego/family.h"
#include "runtime/rego/float.h"
#include "runtime/rego/quote.h"

#define WIDTH_MAX 1000000 /* Go's own */

enum kind { KIND_INT, KIND_BIG, KIND_FLOAT, KIND_STRING };

struct argument {
    enum kind kind;
    int64_t integer;
    double number;
    struct chimera_slice text; /* of strings and big integers */
};

struct flags {
    bool sharp, zero, plus, minus, space, has_width, has_precision, is_go_syntax;
    bool plus_of_v; /* which only big integers look at */
    int width, precision;
};

struct printer {
    const struct chimera_rego_call *call;
    struct chimera_slice format; /* what is left of it */
    struct json_object *args;
    size_t arg, arg_count;
    bool is_reordered, is_good, is_after_index;
    struct flags flags;
    struct chimera_buffer out, scratch;
};

static const char *const type_names[] = {"int64", "*big.Int", "float64", "string"};

/* --- Padding --- */

static void fill(struct printer *printer, size_t count, bool zeros)
{
    char *at = count ? chimera_buffer_reserve(&printer->out, count) : NULL;
    if (!at)
        return;
    memset(at, zeros ? '0' : ' ', count);
    printer->out.size += count;
}

static void pad(struct printer *printer, struct chimera_slice text, bool zeros)
{
    const struct flags *flags = &printer->flags;
    size_t runes = flags->has_width ? chimera_rego_count_runes(text) : 0;
    size_t room =
        flags->has_width && (size_t)flags->width > runes ? (size_t)flags->width - runes : 0;
    if (!flags->minus)
        fill(printer, room, zeros);
    chimera_buffer_append(&printer->out, text);
    if (flags->minus)
        fill(printer, room, false);
}

/* Hands the scratch buffer's text over to the output. */
static void pad_scratch(struct printer *printer, bool zeros)
{
    if (printer->scratch.failed)
        printer->out.failed = printer->scratch.failed;
    pad(printer, chimera_buffer_slice(&printer->scratch), zeros);
    chimera_buffer_reset(&printer->scratch);
}

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
static size_t least_digits(const struct flags *flags, bool has_sign)
{
    if (flags->has_precision)
        return (size_t)flags->precision;
    if (!flags->zero || flags->minus || !flags->has_width || flags->width == 0)
        return 0;
    return (size_t)flags->width - (has_sign ? 1 : 0);
}

static void put_prefix(struct printer *printer, char verb, unsigned base, char first)
{
    struct chimera_buffer *out = &printer->scratch;
    if (printer->flags.sharp && base == 2)
        chimera_buffer_text(out, "0b");
    if (printer->flags.sharp && base == 16)
        chimera_buffer_text(out, verb == 'X' ? "0X" : "0x");
    if (verb == 'O')
        chimera_buffer_text(out, "0o");
    if (printer->flags.sharp && base == 8 && first != '0')
        chimera_buffer_text(out, "0");
}

static void print_digits(struct printer *printer, int64_t value, char verb, unsigned base)
{
    const struct flags *flags = &printer->flags;
    char room[64];
    bool is_negative = value < 0;
    uint64_t magnitude = is_negative ? 0 - (uint64_t)value : (uint64_t)value;
    if (flags->has_precision && flags->precision == 0 && value == 0) {
        fill(printer, flags->has_width ? (size_t)flags->width : 0, false);
        return;
    }
    bool has_sign = is_negative || flags->plus || flags->space;
    struct chimera_slice digits = digits_of(magnitude, base, verb == 'X', room);
    size_t least = least_digits(flags, has_sign);
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, is_negative ? '-' : flags->plus ? '+' : ' ');
    put_prefix(printer, verb, base, least > digits.size ? '0' : digits.data[0]);
    for (size_t i = digits.size; i < least; i++)
        chimera_buffer_byte(&printer->scratch, '0');
    chimera_buffer_append(&printer->scratch, digits);
    pad_scratch(printer, false);
}

static void print_unicode(struct printer *printer, int64_t value)
{
    struct flags *flags = &printer->flags;
    char room[64];
    struct chimera_slice digits = digits_of((uint64_t)value, 16, true, room);
    size_t least = flags->has_precision && flags->precision > 4 ? (size_t)flags->precision : 4;
    chimera_buffer_text(&printer->scratch, "U+");
    for (size_t i = digits.size; i < least; i++)
        chimera_buffer_byte(&printer->scratch, '0');
    chimera_buffer_append(&printer->scratch, digits);
    if (flags->sharp && value >= 0 && value <= 0x10FFFF &&
        chimera_rego_is_printable((uint32_t)value)) {
        chimera_buffer_text(&printer->scratch, " '");
        chimera_rego_put_rune((uint32_t)value, &printer->scratch);
        chimera_buffer_byte(&printer->scratch, '\'');
    }
    pad_scratch(printer, false);
}

static bool print_integer(struct printer *printer, int64_t value, uint32_t verb)
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
        pad_scratch(printer, printer->flags.zero && !printer->flags.minus);
        return true;
    case 'q':
        chimera_buffer_byte(&printer->scratch, '\'');
        chimera_rego_quote_rune(rune, '\'', printer->flags.plus, &printer->scratch);
        chimera_buffer_byte(&printer->scratch, '\'');
        pad_scratch(printer, printer->flags.zero && !printer->flags.minus);
        return true;
    case 'U':
        print_unicode(printer, value);
        return true;
    default:
        return false;
    }
}

/* Its digits as they came; other forms than decimal would need arithmetic that nobody asks for. */
static bool print_big(struct printer *printer, struct chimera_slice digits, uint32_t verb)
{
    if (verb != 'v' && verb != 'd' && verb != 's')
        return false;
    const struct flags *flags = &printer->flags;
    bool is_negative = digits.data[0] == '-';
    if (is_negative)
        digits = (struct chimera_slice){digits.data + 1, digits.size - 1};
    bool has_plus = flags->plus || flags->plus_of_v;
    bool has_sign = is_negative || has_plus || flags->space;
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, is_negative ? '-' : has_plus ? '+' : ' ');
    for (size_t i = digits.size; i < least_digits(flags, has_sign); i++)
        chimera_buffer_byte(&printer->scratch, '0');
    chimera_buffer_append(&printer->scratch, digits);
    pad_scratch(printer, false);
    return true;
}

/* --- Floating-point numbers --- */

static bool print_float(struct printer *printer, double value, uint32_t verb)
{
    const struct flags *flags = &printer->flags;
    if (!verb || verb > 127 || !strchr("vgGfFeE", (int)verb))
        return false;
    char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
    int precision = flags->has_precision ? flags->precision : strchr("feE", form) ? 6 : -1;
    bool is_negative = value < 0 || (value == 0 && 1 / value < 0);
    bool has_sign = is_negative || flags->plus || flags->space;
    char sign = is_negative ? '-' : flags->plus ? '+' : ' ';
    struct chimera_buffer digits;
    chimera_buffer_init(&digits, CHIMERA_REGO_RESULT_MAX);
    chimera_rego_format_float(is_negative ? -value : value, form, precision, &digits);
    if (digits.failed)
        printer->scratch.failed = digits.failed;
    size_t size = digits.size + (has_sign ? 1 : 0);
    if (has_sign)
        chimera_buffer_byte(&printer->scratch, (uint8_t)sign);
    if (flags->zero && !flags->minus && flags->has_width) {
        for (size_t i = size; i < (size_t)flags->width; i++)
            chimera_buffer_byte(&printer->scratch, '0');
    }
    chimera_buffer_append(&printer->scratch, chimera_buffer_slice(&digits));
    chimera_buffer_free(&digits);
    pad_scratch(printer, false);
    return true;
}

/* --- Strings --- */

static struct chimera_slice cut(const struct flags *flags, struct chimera_slice text)
{
    struct chimera_slice rest = text;
    if (!flags->has_precision)
        return text;
    for (int i = 0; i < flags->precision && rest.size > 0; i++)
        chimera_rego_take_rune(&rest);
    return (struct chimera_slice){text.data, text.size - rest.size};
}

static void print_hex(struct printer *printer, struct chimera_slice text, bool upper)
{
    struct flags *flags = &printer->flags;
    size_t size = flags->has_precision && (size_t)flags->precision < text.size
                      ? (size_t)flags->precision
                      : text.size;
    for (size_t i = 0; i < size; i++) {
        if (flags->space && i > 0)
            chimera_buffer_byte(&printer->scratch, ' ');
        if (flags->sharp && (flags->space || i == 0))
            chimera_buffer_text(&printer->scratch, upper ? "0X" : "0x");
        chimera_buffer_print(&printer->scratch, upper ? "%02X" : "%02x",
                             (unsigned char)text.data[i]);
    }
    pad_scratch(printer, flags->zero && !flags->minus);
}

static bool can_backquote(struct chimera_slice text)
{
    while (text.size > 0) {
        bool is_valid = chimera_utf8_character(text) > 0;
        uint32_t rune = chimera_rego_take_rune(&text);
        if (!is_valid || rune == 0xFEFF || rune == '`' || rune == 0x7F ||
            (rune < ' ' && rune != '\t'))
            return false;
    }
    return true;
}

static void print_quoted(struct printer *printer, struct chimera_slice text)
{
    if (printer->flags.sharp && can_backquote(text)) {
        chimera_buffer_byte(&printer->scratch, '`');
        chimera_buffer_append(&printer->scratch, text);
        chimera_buffer_byte(&printer->scratch, '`');
    } else {
        chimera_rego_quote(text, printer->flags.plus, &printer->scratch);
    }
    pad_scratch(printer, printer->flags.zero && !printer->flags.minus);
}

static bool print_string(struct printer *printer, struct chimera_slice text, uint32_t verb)
{
    if (verb == 'v' || verb == 's') {
        if (printer->flags.is_go_syntax && verb == 'v')
            print_quoted(printer, cut(&printer->flags, text));
        else
            pad(printer, cut(&printer->flags, text), printer->flags.zero && !printer->flags.minus);
        return true;
    }
    if (verb == 'x' || verb == 'X')
        print_hex(printer, text, verb == 'X');
    else if (verb == 'q')
        print_quoted(printer, cut(&printer->flags, text));
    else
        return false;
    return true;
}

/* --- Arguments --- */

static bool is_float(struct chimera_slice text)
{
    return memchr(text.data, '.', text.size) || memchr(text.data, 'e', text.size) ||
           memchr(text.data, 'E', text.size);
}

/* `made` keeps the text of what is no number or string; the caller frees it. */
static struct argument argument_at(const struct printer *printer, size_t index,
                                   struct chimera_buffer *made)
{
    struct json_object *value = json_object_array_get_idx(printer->args, index);
    chimera_buffer_init(made, CHIMERA_REGO_RESULT_MAX);
    if (json_object_is_type(value, json_type_int))
        return (struct argument){.kind = KIND_INT, .integer = json_object_get_int64(value)};
    if (json_object_is_type(value, json_type_string))
        return (struct argument){.kind = KIND_STRING, .text = chimera_rego_string(value)};
    if (!json_object_is_type(value, json_type_double)) {
        chimera_rego_print(value, made);
        return (struct argument){.kind = KIND_STRING, .text = chimera_buffer_slice(made)};
    }
    char room[CHIMERA_REGO_NUMBER_TEXT];
    chimera_buffer_append(made, chimera_rego_number_text(value, room));
    struct chimera_slice text = chimera_buffer_slice(made);
    return (struct argument){.kind = is_float(text) ? KIND_FLOAT : KIND_BIG,
                             .number = json_object_get_double(value),
                             .text = text};
}

static bool print_by_kind(struct printer *printer, const struct argument *argument, uint32_t verb)
{
    switch (argument->kind) {
    case KIND_INT:
        return print_integer(printer, argument->integer, verb);
    case KIND_BIG:
        return print_big(printer, argument->text, verb);
    case KIND_FLOAT:
        return print_float(printer, argument->number, verb);
    case KIND_STRING:
        break;
    }
    return print_string(printer, argument->text, verb);
}

static void print_argument(struct printer *printer, size_t index, uint32_t verb)
{
    struct chimera_buffer made;
    struct argument argument = argument_at(printer, index, &made);
    const char *type = type_names[argument.kind];
    if (verb == 'T') {
        pad(printer, cut(&printer->flags, chimera_slice_of(type)),
            printer->flags.zero && !printer->flags.minus);
    } else if (!print_by_kind(printer, &argument, verb)) {
        chimera_buffer_text(&printer->out, "%!");
        chimera_rego_put_rune(verb, &printer->out);
        chimera_buffer_print(&printer->out, "(%s=", type + (argument.kind == KIND_BIG));
        if (argument.kind == KIND_BIG) /* which does not look at the flags */
            printer->flags = (struct flags){0};
        print_by_kind(printer, &argument, 'v');
        chimera_buffer_byte(&printer->out, ')');
    }
    if (made.failed)
        printer->out.failed = made.failed;
    chimera_buffer_free(&made);
}

/* --- The format --- */

static int peek(const struct printer *printer)
{
    return printer->format.size ? (unsigned char)printer->format.data[0] : -1;
}

static void skip(struct printer *printer, size_t size)
{
    printer->format =
        (struct chimera_slice){printer->format.data + size, printer->format.size - size};
}

/* Digits at the front; an absurd number ends the format, as in Go. */
static bool take_number(struct printer *printer, int *ret_number)
{
    int number = 0;
    bool has_digits = false;
    for (; peek(printer) >= '0' && peek(printer) <= '9'; skip(printer, 1)) {
        if (number > WIDTH_MAX) {
            skip(printer, printer->format.size);
            return false;
        }
        number = number * 10 + (peek(printer) - '0');
        has_digits = true;
    }
    *ret_number = number;
    return has_digits;
}

/* "[3]" chooses the argument that comes next. */
static void take_index(struct printer *printer)
{
    printer->is_after_index = false;
    if (peek(printer) != '[')
        return;
    printer->is_reordered = true;
    const char *end =
        printer->format.size < 3 ? NULL : memchr(printer->format.data, ']', printer->format.size);
    if (!end) {
        printer->is_good = false;
        skip(printer, 1);
        return;
    }
    size_t size = (size_t)(end - printer->format.data) + 1, index = 0, i;
    for (i = 1; i + 1 < size && printer->format.data[i] >= '0' && printer->format.data[i] <= '9' &&
                index <= WIDTH_MAX;
         i++)
        index = index * 10 + (size_t)(printer->format.data[i] - '0');
    bool is_number = size > 2 && i + 1 == size;
    skip(printer, size);
    printer->is_after_index = is_number;
    if (is_number && index >= 1 && index <= printer->arg_count)
        printer->arg = index - 1;
    else
        printer->is_good = false;
}

/* A "*": the next argument, if it is a whole number that is not too large. */
static bool take_star(struct printer *printer, int *ret_number)
{
    skip(printer, 1);
    printer->is_after_index = false;
    *ret_number = 0;
    if (printer->arg >= printer->arg_count)
        return false;
    struct json_object *value = json_object_array_get_idx(printer->args, printer->arg++);
    int64_t number = json_object_get_int64(value);
    if (!json_object_is_type(value, json_type_int) || number > WIDTH_MAX || number < -WIDTH_MAX)
        return false;
    *ret_number = (int)number;
    return true;
}

static void take_flags(struct printer *printer)
{
    struct flags *flags = &printer->flags;
    *flags = (struct flags){0};
    for (;; skip(printer, 1)) {
        switch (peek(printer)) {
        case '#':
            flags->sharp = true;
            break;
        case '0':
            flags->zero = true;
            break;
        case '+':
            flags->plus = true;
            break;
        case '-':
            flags->minus = true;
            break;
        case ' ':
            flags->space = true;
            break;
        default:
            return;
        }
    }
}

static void take_width(struct printer *printer)
{
    struct flags *flags = &printer->flags;
    if (peek(printer) != '*') {
        flags->has_width = take_number(printer, &flags->width);
        if (printer->is_after_index && flags->has_width)
            printer->is_good = false;
        return;
    }
    flags->has_width = take_star(printer, &flags->width);
    if (!flags->has_width)
        chimera_buffer_text(&printer->out, "%!(BADWIDTH)");
    if (flags->width < 0) {
        flags->width = -flags->width;
        flags->minus = true;
        flags->zero = false;
    }
}

static void take_precision(struct printer *printer)
{
    struct flags *flags = &printer->flags;
    if (peek(printer) != '.' || printer->format.size < 2)
        return;
    skip(printer, 1);
    if (printer->is_after_index)
        printer->is_good = false;
    take_index(printer);
    if (peek(printer) != '*') {
        if (!take_number(printer, &flags->precision))
            flags->precision = 0;
        flags->has_precision = true;
        return;
    }
    flags->has_precision = take_star(printer, &flags->precision);
    if (flags->precision < 0) {
        flags->precision = 0;
        flags->has_precision = false;
    }
    if (!flags->has_precision)
        chimera_buffer_text(&printer->out, "%!(BADPREC)");
}

static void take_verb(struct printer *printer)
{
    if (peek(printer) < 0) {
        chimera_buffer_text(&printer->out, "%!(NOVERB)");
        return;
    }
    uint32_t verb = chimera_rego_take_rune(&printer->format);
    if (verb == '%') {
        chimera_buffer_byte(&printer->out, '%');
        return;
    }
    if (!printer->is_good || printer->arg >= printer->arg_count) {
        chimera_buffer_text(&printer->out, "%!");
        chimera_rego_put_rune(verb, &printer->out);
        chimera_buffer_text(&printer->out, printer->is_good ? "(MISSING)" : "(BADINDEX)");
        return;
    }
    if (verb == 'v' || verb == 'w') {
        printer->flags.is_go_syntax = printer->flags.sharp;
        printer->flags.plus_of_v = printer->flags.plus;
        printer->flags.sharp = printer->flags.plus = false;
    }
    print_argument(printer, printer->arg++, verb);
}

static void print_extra(struct printer *printer)
{
    struct chimera_buffer made;
    if (printer->is_reordered || printer->arg >= printer->arg_count)
        return;
    printer->flags = (struct flags){0};
    chimera_buffer_text(&printer->out, "%!(EXTRA ");
    for (size_t i = printer->arg; i < printer->arg_count; i++) {
        struct argument argument = argument_at(printer, i, &made);
        chimera_buffer_print(&printer->out, "%s%s=", i > printer->arg ? ", " : "",
                             type_names[argument.kind]);
        print_by_kind(printer, &argument, 'v');
        chimera_buffer_free(&made);
    }
    chimera_buffer_byte(&printer->out, ')');
}

static void print_all(struct printer *printer)
{
    while (printer->format.size > 0 && !printer->out.failed) {
        const char *next = memchr(printer->format.data, '%', printer->format.size);
        size_t plain = next ? (size_t)(next - printer->format.data) : printer->format.size;
        chimera_buffer_append(&printer->out, (struct chimera_slice){printer->format.data, plain});
        skip(printer, plain);
        if (!next)
            break;
        skip(printer, 1);
        printer->is_good = true;
        take_flags(printer);
        take_index(printer);
        take_width(printer);
        take_precision(printer);
        if (!printer->is_after_index)
            take_index(printer);
        take_verb(printer);
    }
    print_extra(printer);
}

int chimera_rego_sprintf(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct printer printer = {.call = call, .args = call->args[1]};
    int code = chimera_rego_want_string(call, 0, &printer.format);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 1, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    printer.arg_count = json_object_array_length(printer.args);
    chimera_buffer_init(&printer.out, CHIMERA_REGO_RESULT_MAX);
    chimera_buffer_init(&printer.scratch, CHIMERA_REGO_RESULT_MAX);
    print_all(&printer);
    chimera_buffer_free(&printer.scratch);
    return chimera_rego_give_text(call, &printer.out, ret_result);
}
