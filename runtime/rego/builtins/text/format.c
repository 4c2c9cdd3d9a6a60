/* SPDX-License-Identifier: Apache-2.0 */
/* sprintf as Go's fmt does it; OPA hands four types to it: int64, *big.Int, float64 and string (all
 * else as OPA prints it). Wrong formats show in the result, as in Go: %!d(string=x). */
#include <math.h>

#include "runtime/rego/builtins/text/format.h"

#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

#define WIDTH_MAX 1000000 /* Go's own */

#define DIRECTIVE_UNITS 32

/* --- Padding --- */

void chimera_format_fill(struct chimera_format *printer, size_t count, bool zeros)
{
    char *at = count ? chimera_buffer_reserve(&printer->out, count) : NULL;
    if (!at)
        return;
    memset(at, zeros ? '0' : ' ', count);
    printer->out.size += count;
}

/* The characters of a text, as far as they matter for a width. */
static size_t count_up_to(struct chimera_format *printer, struct chimera_slice text, size_t most)
{
    size_t count = 0;
    for (; text.size > 0 && count < most; count++)
        chimera_rego_take_rune(&text);
    chimera_account_spend(printer->call->account, count);
    return count;
}

static void pad(struct chimera_format *printer, struct chimera_slice text, bool zeros)
{
    const struct chimera_format_flags *flags = &printer->flags;
    size_t runes = flags->has_width ? count_up_to(printer, text, (size_t)flags->width) : 0;
    size_t room =
        flags->has_width && (size_t)flags->width > runes ? (size_t)flags->width - runes : 0;
    if (!flags->minus)
        chimera_format_fill(printer, room, zeros);
    chimera_buffer_append(&printer->out, text);
    if (flags->minus)
        chimera_format_fill(printer, room, false);
}

/* Hands the scratch buffer's text over to the output. */
void chimera_format_pad_scratch(struct chimera_format *printer, bool zeros)
{
    if (printer->scratch.failed)
        printer->out.failed = printer->scratch.failed;
    pad(printer, chimera_buffer_slice(&printer->scratch), zeros);
    chimera_buffer_reset(&printer->scratch);
}

/* --- Strings --- */

static struct chimera_slice cut(const struct chimera_format_flags *flags, struct chimera_slice text)
{
    struct chimera_slice rest = text;
    if (!flags->has_precision)
        return text;
    for (int i = 0; i < flags->precision && rest.size > 0; i++)
        chimera_rego_take_rune(&rest); /* at most WIDTH_MAX */
    return (struct chimera_slice){text.data, text.size - rest.size};
}

static void print_hex(struct chimera_format *printer, struct chimera_slice text, bool upper)
{
    struct chimera_format_flags *flags = &printer->flags;
    size_t size = flags->has_precision && (size_t)flags->precision < text.size
                      ? (size_t)flags->precision
                      : text.size;
    for (size_t i = 0; i < size && !printer->scratch.failed; i++) {
        if (flags->space && i > 0)
            chimera_buffer_byte(&printer->scratch, ' ');
        if (flags->sharp && (flags->space || i == 0))
            chimera_buffer_text(&printer->scratch, upper ? "0X" : "0x");
        chimera_buffer_print(&printer->scratch, upper ? "%02X" : "%02x",
                             (unsigned char)text.data[i]);
    }
    chimera_format_pad_scratch(printer, flags->zero && !flags->minus);
}

static bool can_backquote(struct chimera_format *printer, struct chimera_slice text)
{
    while (text.size > 0 && chimera_account_spend(printer->call->account, 2) == CHIMERA_OK) {
        bool is_valid = chimera_utf8_character(text) > 0;
        uint32_t rune = chimera_rego_take_rune(&text);
        if (!is_valid || rune == 0xFEFF || rune == '`' || rune == 0x7F ||
            (rune < ' ' && rune != '\t'))
            return false;
    }
    return true;
}

static void print_quoted(struct chimera_format *printer, struct chimera_slice text)
{
    if (printer->flags.sharp && can_backquote(printer, text)) {
        chimera_buffer_byte(&printer->scratch, '`');
        chimera_buffer_append(&printer->scratch, text);
        chimera_buffer_byte(&printer->scratch, '`');
    } else {
        chimera_rego_quote(text, printer->flags.plus, &printer->scratch);
    }
    chimera_format_pad_scratch(printer, printer->flags.zero && !printer->flags.minus);
}

static bool print_string(struct chimera_format *printer, struct chimera_slice text, uint32_t verb)
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

static struct chimera_format_argument argument_at(const struct chimera_format *printer,
                                                  size_t index, struct chimera_buffer *made)
{
    struct json_object *value =
        json_object_array_get_idx((const struct json_object *)printer->args, index);
    char room[CHIMERA_REGO_NUMBER_TEXT];
    bool is_minus_zero = json_object_is_type(value, json_type_double) &&
                         json_object_get_double(value) == 0 &&
                         chimera_slice_is(chimera_rego_number_text(value, room), "-0");
    chimera_rego_buffer(printer->call, made);
    if (json_object_is_type(value, json_type_int) || is_minus_zero)
        return (struct chimera_format_argument){
            .kind = CHIMERA_FORMAT_INT,
            .type = "int64",
            .integer = is_minus_zero ? 0 : json_object_get_int64(value)};
    if (json_object_is_type(value, json_type_string))
        return (struct chimera_format_argument){
            .kind = CHIMERA_FORMAT_STRING, .type = "string", .text = chimera_rego_string(value)};
    if (!json_object_is_type(value, json_type_double)) {
        chimera_rego_print(value, made);
        return (struct chimera_format_argument){
            .kind = CHIMERA_FORMAT_STRING, .type = "string", .text = chimera_buffer_slice(made)};
    }
    chimera_buffer_append(made, chimera_rego_number_text(value, room));
    /* The buffer's failure ends it all; until then it is any number. */
    struct chimera_slice text = made->failed ? CHIMERA_SLICE("0") : chimera_buffer_slice(made);
    double number = json_object_get_double(value);
    enum chimera_format_kind kind = !is_float(text)    ? CHIMERA_FORMAT_BIG
                                    : isfinite(number) ? CHIMERA_FORMAT_FLOAT
                                                       : CHIMERA_FORMAT_STRING;
    return (struct chimera_format_argument){.kind = kind,
                                            .type = kind == CHIMERA_FORMAT_BIG     ? "*big.Int"
                                                    : kind == CHIMERA_FORMAT_FLOAT ? "float64"
                                                                                   : "string",
                                            .number = number,
                                            .text = text};
}

static bool print_by_kind(struct chimera_format *printer,
                          const struct chimera_format_argument *argument, uint32_t verb)
{
    switch (argument->kind) {
    case CHIMERA_FORMAT_INT:
        return chimera_format_integer(printer, argument->integer, verb);
    case CHIMERA_FORMAT_BIG:
        return chimera_format_big(printer, argument->text, verb);
    case CHIMERA_FORMAT_FLOAT:
        return chimera_format_float(printer, argument->number, verb);
    case CHIMERA_FORMAT_BOOL:
    case CHIMERA_FORMAT_NIL:
        if (verb != 'v' && (verb != 't' || argument->kind == CHIMERA_FORMAT_NIL))
            return false;
        pad(printer,
            chimera_slice_of(argument->kind == CHIMERA_FORMAT_NIL ? "<nil>"
                             : argument->integer                  ? "true"
                                                                  : "false"),
            printer->flags.zero && !printer->flags.minus);
        return true;
    case CHIMERA_FORMAT_OTHER:
        printer->print_other(printer, argument, verb);
        return true;
    case CHIMERA_FORMAT_STRING:
        break;
    }
    return print_string(printer, argument->text, verb);
}

void chimera_format_print(struct chimera_format *printer,
                          const struct chimera_format_argument *argument, uint32_t verb)
{
    if (verb == 'T') {
        pad(printer, cut(&printer->flags, chimera_slice_of(argument->type)),
            printer->flags.zero && !printer->flags.minus);
    } else if ((verb == 'w' && argument->kind == CHIMERA_FORMAT_OTHER) ||
               !print_by_kind(printer, argument, verb)) {
        bool is_big = argument->kind == CHIMERA_FORMAT_BIG;
        bool is_nil = argument->kind == CHIMERA_FORMAT_NIL;
        chimera_buffer_text(&printer->out, "%!");
        chimera_rego_put_rune(verb, &printer->out);
        chimera_buffer_print(&printer->out, "(%s%s", argument->type + is_big, is_nil ? "" : "=");
        if (is_big) /* which does not look at the flags */
            printer->flags = (struct chimera_format_flags){0};
        if (!is_nil)
            print_by_kind(printer, argument, 'v');
        chimera_buffer_byte(&printer->out, ')');
    }
}

static void print_argument(struct chimera_format *printer, size_t index, uint32_t verb)
{
    struct chimera_buffer made;
    struct chimera_format_argument argument = printer->argument_at(printer, index, &made);
    chimera_format_print(printer, &argument, verb);
    if (made.failed)
        printer->out.failed = made.failed;
    chimera_buffer_free(&made);
}

/* --- The format --- */

static int peek(const struct chimera_format *printer)
{
    return printer->format.size ? (unsigned char)printer->format.data[0] : -1;
}

static void skip(struct chimera_format *printer, size_t size)
{
    printer->format =
        (struct chimera_slice){printer->format.data + size, printer->format.size - size};
}

/* Digits at the front; an absurd number ends the format, as in Go. */
static bool take_number(struct chimera_format *printer, int *ret_number)
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
static void take_index(struct chimera_format *printer)
{
    printer->is_after_index = false;
    if (peek(printer) != '[')
        return;
    printer->is_reordered = true;
    const char *end = printer->format.size < 3 || printer->has_no_bracket
                          ? NULL
                          : memchr(printer->format.data, ']', printer->format.size);
    if (!end) {
        printer->has_no_bracket = true;
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
static bool take_star(struct chimera_format *printer, int *ret_number)
{
    skip(printer, 1);
    printer->is_after_index = false;
    *ret_number = 0;
    if (printer->arg >= printer->arg_count)
        return false;
    struct chimera_buffer made;
    struct chimera_format_argument argument = printer->argument_at(printer, printer->arg++, &made);
    chimera_buffer_free(&made);
    if (argument.kind != CHIMERA_FORMAT_INT || argument.integer > WIDTH_MAX ||
        argument.integer < -WIDTH_MAX)
        return false;
    *ret_number = (int)argument.integer;
    return true;
}

static void take_flags(struct chimera_format *printer)
{
    struct chimera_format_flags *flags = &printer->flags;
    *flags = (struct chimera_format_flags){0};
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

static void take_width(struct chimera_format *printer)
{
    struct chimera_format_flags *flags = &printer->flags;
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

static void take_precision(struct chimera_format *printer)
{
    struct chimera_format_flags *flags = &printer->flags;
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

static void take_verb(struct chimera_format *printer)
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

static void print_extra(struct chimera_format *printer)
{
    struct chimera_buffer made;
    if (printer->is_reordered || printer->arg >= printer->arg_count)
        return;
    printer->flags = (struct chimera_format_flags){0};
    chimera_buffer_text(&printer->out, "%!(EXTRA ");
    for (size_t i = printer->arg; i < printer->arg_count && !printer->out.failed; i++) {
        struct chimera_format_argument argument = printer->argument_at(printer, i, &made);
        bool is_nil = argument.kind == CHIMERA_FORMAT_NIL;
        chimera_buffer_print(&printer->out, "%s%s%s", i > printer->arg ? ", " : "",
                             is_nil ? "" : argument.type, is_nil ? "" : "=");
        print_by_kind(printer, &argument, 'v');
        if (made.failed && !printer->out.failed)
            printer->out.failed = made.failed;
        chimera_buffer_free(&made);
    }
    chimera_buffer_byte(&printer->out, ')');
}

void chimera_format_run(struct chimera_format *printer)
{
    while (printer->format.size > 0 && !printer->out.failed) {
        printer->out.failed = chimera_account_spend(printer->call->account, DIRECTIVE_UNITS);
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
    struct chimera_format printer = {
        .call = call, .args = call->args[1], .argument_at = argument_at};
    int code = chimera_rego_want_string(call, 0, &printer.format);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 1, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    printer.arg_count = json_object_array_length(call->args[1]);
    chimera_rego_buffer(call, &printer.out);
    chimera_rego_buffer(call, &printer.scratch);
    chimera_format_run(&printer);
    chimera_buffer_free(&printer.scratch);
    return chimera_rego_give_text(call, &printer.out, ret_result);
}
