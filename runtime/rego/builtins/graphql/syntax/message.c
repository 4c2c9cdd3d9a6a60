/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/message.h"

#include <inttypes.h>

void chimera_gql_message_open(struct chimera_buffer *message)
{
    chimera_buffer_init(message, CHIMERA_GQL_MESSAGE_MAX);
}

struct chimera_slice chimera_gql_message_keep(struct chimera_gql_work *work,
                                              struct chimera_buffer *message)
{
    if (message->failed == CHIMERA_ELIMIT)
        message->failed = CHIMERA_OK;
    return chimera_gql_keep(work, message);
}

void chimera_gql_fill(struct chimera_buffer *out, const char *message, va_list arguments)
{
    for (; *message; message++) {
        if (*message == '%')
            chimera_buffer_append(out, va_arg(arguments, struct chimera_slice));
        else
            chimera_buffer_byte(out, (uint8_t)*message);
    }
}

static struct chimera_slice filled(struct chimera_gql_work *work, const char *message,
                                   va_list arguments)
{
    struct chimera_buffer out;
    chimera_gql_message_open(&out);
    chimera_gql_fill(&out, message, arguments);
    return chimera_gql_message_keep(work, &out);
}

void chimera_gql_complain_of_text(struct chimera_gql_work *work, struct chimera_gql_place place,
                                  const char *message, ...)
{
    va_list arguments;
    if (work->code)
        return;
    va_start(arguments, message);
    struct chimera_slice text = filled(work, message, arguments);
    va_end(arguments);
    if (place.column < 0) /* what OPA does not take for a place */
        chimera_gql_fail(work, CHIMERA_EINVAL,
                         "GraphQL parse error: input:%" PRIu32 ":%" PRId32 ": %.*s", place.line,
                         place.column, (int)text.size, text.data);
    else
        chimera_gql_fail(work, CHIMERA_EINVAL,
                         "%.*s in GraphQL string at location %" PRIu32 ":%" PRId32, (int)text.size,
                         text.data, place.line, place.column);
}

void chimera_gql_complain_of_schema(struct chimera_gql_work *work, struct chimera_gql_place place,
                                    const char *message, ...)
{
    va_list arguments;
    if (work->code)
        return;
    va_start(arguments, message);
    struct chimera_slice text = filled(work, message, arguments);
    va_end(arguments);
    bool is_known = place.line != 0;
    chimera_gql_fail(
        work, CHIMERA_EINVAL,
        "Error in gqlparser SchemaDocument to Schema conversion: %s:%" PRId64 ":%" PRId32 ": %.*s",
        place.is_prelude ? "prelude.graphql" : "input", is_known ? (int64_t)place.line : -1,
        is_known ? place.column : -1, (int)text.size, text.data);
}

/* --- Types and values --- */

struct chimera_slice chimera_gql_type_text(struct chimera_gql_work *work,
                                           const struct chimera_gql_type *type)
{
    struct chimera_buffer out;
    char closing[2 * CHIMERA_GQL_DEPTH_MAX + 2];
    size_t left = sizeof(closing);
    chimera_gql_message_open(&out);
    for (; type; type = type->elem) {
        bool is_list = type->name.size == 0 && type->elem;
        if (left < 2)
            break;
        if (type->is_non_null)
            closing[--left] = '!';
        if (!is_list) {
            chimera_buffer_append(&out, type->name);
            break;
        }
        chimera_buffer_byte(&out, '[');
        closing[--left] = ']';
    }
    chimera_buffer_append(&out, (struct chimera_slice){closing + left, sizeof(closing) - left});
    return chimera_gql_message_keep(work, &out);
}

/* As graphql-js prints a string. */
static void quote(struct chimera_slice text, struct chimera_buffer *out)
{
    static const char bytes[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    chimera_buffer_byte(out, '"');
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        unsigned char next = i + 1 < text.size ? (unsigned char)text.data[i + 1] : 0;
        const char *found = byte ? strchr(bytes, byte) : NULL;
        if (found) {
            chimera_buffer_byte(out, '\\');
            chimera_buffer_byte(out, (uint8_t)names[found - bytes]);
        } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) { /* U+0080 to U+009F */
            chimera_buffer_print(out, "\\u00%02X", next);
            i++;
        } else if (byte < 0x20 || byte == 0x7F) {
            chimera_buffer_print(out, "\\u00%02X", byte);
        } else {
            chimera_buffer_byte(out, byte);
        }
    }
    chimera_buffer_byte(out, '"');
}

static void write_value(struct chimera_gql_work *work, const struct chimera_gql_value *value,
                        struct chimera_buffer *out)
{
    bool is_list = value->kind == CHIMERA_GQL_LIST;
    if (value->kind == CHIMERA_GQL_STRING || value->kind == CHIMERA_GQL_BLOCK) {
        quote(value->raw, out);
        return;
    }
    if (!is_list && value->kind != CHIMERA_GQL_OBJECT) {
        chimera_buffer_text(out, value->kind == CHIMERA_GQL_VARIABLE ? "$" : "");
        chimera_buffer_append(out, value->raw);
        return;
    }
    if (out->failed || !chimera_gql_enter(work))
        return;
    chimera_buffer_byte(out, is_list ? '[' : '{');
    for (uint32_t i = 0; i < value->children.count && !out->failed; i++) {
        const struct chimera_gql_argument *child = value->children.items[i];
        chimera_buffer_text(out, i ? "," : "");
        chimera_buffer_append(out, child->name);
        chimera_buffer_text(out, is_list ? "" : ":");
        write_value(work, child->value, out);
    }
    chimera_buffer_byte(out, is_list ? ']' : '}');
    work->depth--;
}

struct chimera_slice chimera_gql_value_text(struct chimera_gql_work *work,
                                            const struct chimera_gql_value *value)
{
    struct chimera_buffer out;
    chimera_gql_message_open(&out);
    write_value(work, value, &out);
    return chimera_gql_message_keep(work, &out);
}
