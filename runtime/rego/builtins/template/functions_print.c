/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that write: as Go's fmt does, or escaped for somebody. */
#include "runtime/rego/builtins/template/functions.h"
#include "runtime/rego/builtins/text/format.h"
#include "runtime/rego/quote.h"

static const struct chimera_value no_value = {.kind = CHIMERA_VALUE_STRING,
                                              .text = {"<no value>", sizeof("<no value>") - 1}};

static bool is_nothing(const struct chimera_value *value)
{
    return value->kind == CHIMERA_VALUE_NONE || value->kind == CHIMERA_VALUE_NULL;
}

/* --- By a format --- */

static struct chimera_format_argument describe(const struct chimera_value *value)
{
    struct chimera_format_argument argument = {
        .type = is_nothing(value) ? "<nil>" : chimera_value_type(value), .other = value};
    switch (value->kind) {
    case CHIMERA_VALUE_NONE:
    case CHIMERA_VALUE_NULL:
        argument.kind = CHIMERA_FORMAT_NIL;
        break;
    case CHIMERA_VALUE_BOOL:
        argument.kind = CHIMERA_FORMAT_BOOL;
        argument.integer = value->boolean;
        break;
    case CHIMERA_VALUE_INT:
    case CHIMERA_VALUE_BYTE:
        argument.kind = CHIMERA_FORMAT_INT;
        argument.integer = value->integer;
        break;
    case CHIMERA_VALUE_FLOAT:
        argument.kind = CHIMERA_FORMAT_FLOAT;
        argument.number = value->number;
        break;
    case CHIMERA_VALUE_STRING:
    case CHIMERA_VALUE_NUMBER:
        argument.kind = CHIMERA_FORMAT_STRING;
        argument.text = value->text;
        break;
    case CHIMERA_VALUE_LIST:
    case CHIMERA_VALUE_MAP:
        argument.kind = CHIMERA_FORMAT_OTHER;
        break;
    }
    return argument;
}

struct printing { /* what `args` of the printer is here */
    const struct chimera_function_call *call;
    size_t first; /* argument that is printed */
};

static struct chimera_format_argument argument_at(const struct chimera_format *printer,
                                                  size_t index, struct chimera_buffer *made)
{
    const struct printing *printing = printer->args;
    chimera_buffer_init(made, 0);
    return describe(&printing->call->args[printing->first + index]);
}

static void print_value(struct chimera_format *printer, struct chimera_value value, uint32_t verb)
{
    const struct chimera_format_argument argument = describe(&value);
    if (argument.kind == CHIMERA_FORMAT_NIL) /* whatever the verb and its flags */
        chimera_buffer_text(&printer->out,
                            printer->flags.is_go_syntax ? "interface {}(nil)" : "<nil>");
    else
        chimera_format_print(printer, &argument, verb);
}

/* Lists and objects, each element by the verb. As deep as values can be, so the recursion is
 * bounded. */
static void print_other(struct chimera_format *printer,
                        const struct chimera_format_argument *argument, uint32_t verb)
{
    const struct printing *printing = printer->args;
    struct chimera_region *region = printing->call->region;
    const struct chimera_value *value = argument->other;
    bool is_list = value->kind == CHIMERA_VALUE_LIST, is_go = printer->flags.is_go_syntax;
    chimera_buffer_print(&printer->out, "%s%s",
                         is_go     ? argument->type
                         : is_list ? ""
                                   : "map",
                         is_go ? "{" : "[");
    for (size_t i = 0; is_list && i < value->count && !printer->out.failed; i++) {
        chimera_buffer_text(&printer->out, !i ? "" : is_go ? ", " : " ");
        print_value(printer, chimera_value_element(value, i, region), verb);
    }
    if (!is_list && chimera_rego_order_members(value->node, region->account) < 0)
        printer->out.failed = chimera_node_failure(region->account);
    const struct lh_entry *first = is_list ? NULL : json_object_get_object(value->node)->head;
    for (const struct lh_entry *entry = first; entry && !printer->out.failed; entry = entry->next) {
        const struct chimera_value key = {.kind = CHIMERA_VALUE_STRING,
                                          .text =
                                              chimera_slice_of((const char *)lh_entry_k(entry))};
        chimera_buffer_text(&printer->out, entry == first ? "" : is_go ? ", " : " ");
        print_value(printer, key, verb);
        chimera_buffer_byte(&printer->out, ':');
        print_value(printer, chimera_value_of((struct json_object *)lh_entry_v(entry), region),
                    verb);
    }
    if (region->failed && !printer->out.failed)
        printer->out.failed = region->failed;
    chimera_buffer_byte(&printer->out, is_go ? '}' : ']');
}

static void open_printer(const struct printing *printing, struct chimera_format *ret_printer)
{
    const struct chimera_rego_call *call = printing->call->call;
    *ret_printer = (struct chimera_format){
        .call = call, .args = printing, .argument_at = argument_at, .print_other = print_other};
    chimera_rego_buffer(call, &ret_printer->out);
    chimera_rego_buffer(call, &ret_printer->scratch);
}

/* --- One after the other --- */

/* As fmt.Print does: a space where neither of two is a text, with `is_line` everywhere and a line's
 * end behind. */
static void print_all(const struct chimera_function_call *call, bool is_line, bool names_nothing,
                      struct chimera_buffer *out)
{
    const struct printing printing = {.call = call};
    struct chimera_format printer;
    bool was_text = true;
    open_printer(&printing, &printer);
    for (size_t i = 0; i < call->count && !printer.out.failed; i++) {
        const struct chimera_value *value = &call->args[i];
        if (names_nothing && is_nothing(value))
            value = &no_value;
        const struct chimera_format_argument argument = describe(value);
        bool is_text = chimera_value_is_text(value);
        if (i && (is_line || (!is_text && !was_text)))
            chimera_buffer_byte(&printer.out, ' ');
        chimera_format_print(&printer, &argument, 'v');
        was_text = is_text;
    }
    if (is_line)
        chimera_buffer_byte(&printer.out, '\n');
    chimera_buffer_append(out, chimera_buffer_slice(&printer.out));
    if (printer.out.failed && !out->failed)
        out->failed = printer.out.failed;
    chimera_buffer_free(&printer.scratch);
    chimera_buffer_free(&printer.out);
}

int chimera_function_write(const struct chimera_function_call *call, struct chimera_buffer *out)
{
    print_all(call, false, true, out);
    return out->failed;
}

/* Ends a function that wrote to `out`. */
static int give(const struct chimera_function_call *call, struct chimera_buffer *out,
                struct chimera_value *ret_value)
{
    *ret_value = (struct chimera_value){
        .kind = CHIMERA_VALUE_STRING,
        .text = chimera_region_copy(call->region, chimera_buffer_slice(out))};
    bool is_made = !out->failed && ret_value->text.data;
    bool is_large =
        out->failed == CHIMERA_ELIMIT && !(call->call->account && call->call->account->failed);
    chimera_buffer_free(out);
    if (is_large)
        return chimera_fail(call->call->err, CHIMERA_ELIMIT, "the result is too large");
    return is_made ? CHIMERA_OK : chimera_rego_no_memory(call->call);
}

int chimera_function_print(const struct chimera_function_call *call,
                           struct chimera_value *ret_value)
{
    struct chimera_buffer out;
    chimera_rego_buffer(call->call, &out);
    print_all(call, false, false, &out);
    return give(call, &out, ret_value);
}

int chimera_function_println(const struct chimera_function_call *call,
                             struct chimera_value *ret_value)
{
    struct chimera_buffer out;
    chimera_rego_buffer(call->call, &out);
    print_all(call, true, false, &out);
    return give(call, &out, ret_value);
}

int chimera_function_printf(const struct chimera_function_call *call,
                            struct chimera_value *ret_value)
{
    const struct printing printing = {.call = call, .first = 1};
    struct chimera_format printer;
    if (call->args[0].kind != CHIMERA_VALUE_STRING)
        return chimera_fail(call->call->err, CHIMERA_EINVAL,
                            "template: wrong type for value; expected string; got %s",
                            chimera_value_type(&call->args[0]));
    open_printer(&printing, &printer);
    printer.format = call->args[0].text;
    printer.arg_count = call->count - 1;
    chimera_format_run(&printer);
    chimera_buffer_free(&printer.scratch);
    return give(call, &printer.out, ret_value);
}

/* --- Escaped --- */

static void put_html(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        switch (text.data[i]) {
        case '\0':
            chimera_buffer_text(out, "\xEF\xBF\xBD");
            break;
        case '"':
            chimera_buffer_text(out, "&#34;");
            break;
        case '\'':
            chimera_buffer_text(out, "&#39;");
            break;
        case '&':
            chimera_buffer_text(out, "&amp;");
            break;
        case '<':
            chimera_buffer_text(out, "&lt;");
            break;
        case '>':
            chimera_buffer_text(out, "&gt;");
            break;
        default:
            chimera_buffer_byte(out, (uint8_t)text.data[i]);
        }
    }
}

static void put_js(struct chimera_slice text, struct chimera_buffer *out)
{
    while (text.size > 0 && !out->failed) {
        struct chimera_slice rest = text;
        uint32_t rune = chimera_rego_take_rune(&rest);
        if (rune == '\\' || rune == '\'' || rune == '"')
            chimera_buffer_print(out, "\\%c", (char)rune);
        else if (rune < ' ' || rune == '<' || rune == '>' || rune == '&' || rune == '=' ||
                 (rune >= 0x80 && !chimera_rego_is_printable(rune)))
            chimera_buffer_print(out, "\\u%04X", (unsigned)rune);
        else
            chimera_buffer_append(out, (struct chimera_slice){text.data, text.size - rest.size});
        text = rest;
    }
}

static void put_query(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        unsigned char c = (unsigned char)text.data[i], lower = c | 0x20;
        if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-_.~", c)))
            chimera_buffer_byte(out, c);
        else if (c == ' ')
            chimera_buffer_byte(out, '+');
        else
            chimera_buffer_print(out, "%%%02X", c);
    }
}

static int escape(const struct chimera_function_call *call, struct chimera_value *ret_value,
                  void (*put)(struct chimera_slice text, struct chimera_buffer *out))
{
    struct chimera_buffer plain, out;
    chimera_rego_buffer(call->call, &plain);
    chimera_rego_buffer(call->call, &out);
    print_all(call, false, true, &plain);
    put(chimera_buffer_slice(&plain), &out);
    if (plain.failed && !out.failed)
        out.failed = plain.failed;
    chimera_buffer_free(&plain);
    return give(call, &out, ret_value);
}

int chimera_function_html(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    return escape(call, ret_value, put_html);
}

int chimera_function_js(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    return escape(call, ret_value, put_js);
}

int chimera_function_urlquery(const struct chimera_function_call *call,
                              struct chimera_value *ret_value)
{
    return escape(call, ret_value, put_query);
}
