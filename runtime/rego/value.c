/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "runtime/json/node.h"
#include "runtime/json/number.h"
#include "runtime/rego/float.h"
#include "runtime/rego/quote.h"

static char set_mark; /* its address is the userdata of sets */

static bool is_set(struct json_object *value)
{
    return json_object_is_type(value, json_type_array) &&
           json_object_get_userdata(value) == &set_mark;
}

void chimera_rego_mark_set(struct json_object *array)
{
    json_object_set_userdata(array, &set_mark, NULL);
}

enum chimera_rego_type chimera_rego_type_of(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return CHIMERA_REGO_NULL;
    case json_type_boolean:
        return CHIMERA_REGO_BOOLEAN;
    case json_type_double:
    case json_type_int:
        return CHIMERA_REGO_NUMBER;
    case json_type_string:
        return CHIMERA_REGO_STRING;
    case json_type_array:
        return is_set(value) ? CHIMERA_REGO_SET : CHIMERA_REGO_ARRAY;
    case json_type_object:
        break;
    }
    return CHIMERA_REGO_OBJECT;
}

const char *chimera_rego_type_name(enum chimera_rego_type type)
{
    static const char *const names[] = {"null",  "boolean", "number", "string",
                                        "array", "object",  "set"};
    return names[type];
}

/* --- Numbers --- */

/* With the text kept as userdata, which is how json-c itself keeps a double's text. */
struct json_object *chimera_rego_new_number(struct chimera_slice text,
                                            struct chimera_account *account)
{
    struct chimera_number number = chimera_number_read(text);
    bool is_float = memchr(text.data, '.', text.size) || memchr(text.data, 'e', text.size) ||
                    memchr(text.data, 'E', text.size);
    if (!is_float && number.kind == CHIMERA_NUMBER_I64)
        return chimera_node_int64(account, number.i64);
    if (!is_float && number.kind == CHIMERA_NUMBER_U64 && number.u64 <= INT64_MAX)
        return chimera_node_int64(account, (int64_t)number.u64);
    double value = number.kind == CHIMERA_NUMBER_F64 ? number.f64 : (double)number.u64;
    return chimera_node_double_text(account, value, text);
}

struct chimera_slice chimera_rego_number_text(struct json_object *number,
                                              char scratch[CHIMERA_REGO_NUMBER_TEXT])
{
    if (json_object_is_type(number, json_type_int)) {
        int size =
            snprintf(scratch, CHIMERA_REGO_NUMBER_TEXT, "%" PRId64, json_object_get_int64(number));
        return (struct chimera_slice){scratch, (size_t)size};
    }
    const char *text = json_object_get_userdata(number);
    if (text)
        return chimera_slice_of(text);
    double value = json_object_get_double(number); /* made here, by a builtin */
    return (struct chimera_slice){
        scratch, chimera_rego_format_json(value, scratch, CHIMERA_REGO_NUMBER_TEXT)};
}

bool chimera_rego_int64(struct json_object *number, int64_t *ret_value)
{
    if (json_object_is_type(number, json_type_int)) {
        *ret_value = json_object_get_int64(number);
        return true;
    }
    double value = json_object_get_double(number);
    if (!json_object_is_type(number, json_type_double) || value != floor(value) ||
        fabs(value) >= 9007199254740992.0)
        return false;
    *ret_value = (int64_t)value;
    return true;
}

/* --- Text --- */

static void write_value(struct json_object *value, unsigned depth, bool is_shown,
                        struct chimera_buffer *out);

static void write_string(struct chimera_slice text, bool is_shown, struct chimera_buffer *out)
{
    if (is_shown)
        chimera_rego_quote(text, false, out);
    else
        chimera_rego_quote_json(text, out);
}

static void write_array(struct json_object *array, unsigned depth, bool is_shown,
                        struct chimera_buffer *out)
{
    bool is_braced = is_set(array);
    size_t size = json_object_array_length(array);
    if (is_braced && size == 0) {
        chimera_buffer_text(out, "set()");
        return;
    }
    chimera_buffer_byte(out, is_braced ? '{' : '[');
    for (size_t i = 0; i < size && !out->failed; i++) {
        if (i)
            chimera_buffer_text(out, is_shown ? ", " : ",");
        write_value(json_object_array_get_idx(array, i), depth + 1, is_shown, out);
    }
    chimera_buffer_byte(out, is_braced ? '}' : ']');
}

static void write_object(struct json_object *object, unsigned depth, bool is_shown,
                         struct chimera_buffer *out)
{
    int code = chimera_rego_order_members(object, out->account);
    if (code < 0)
        out->failed = code;
    const struct lh_entry *first = json_object_get_object(object)->head, *entry = first;
    chimera_buffer_byte(out, '{');
    for (; entry && !out->failed; entry = entry->next) {
        if (entry != first)
            chimera_buffer_text(out, is_shown ? ", " : ",");
        write_string(chimera_slice_of((const char *)lh_entry_k(entry)), is_shown, out);
        chimera_buffer_text(out, is_shown ? ": " : ":");
        write_value((struct json_object *)lh_entry_v(entry), depth + 1, is_shown, out);
    }
    chimera_buffer_byte(out, '}');
}

static void write_value(struct json_object *value, unsigned depth, bool is_shown,
                        struct chimera_buffer *out)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    if (depth > CHIMERA_REGO_DEPTH_MAX) {
        out->failed = CHIMERA_ELIMIT;
        return;
    }
    switch (chimera_rego_type_of(value)) {
    case CHIMERA_REGO_NULL:
        chimera_buffer_text(out, "null");
        break;
    case CHIMERA_REGO_BOOLEAN:
        chimera_buffer_text(out, json_object_get_boolean(value) ? "true" : "false");
        break;
    case CHIMERA_REGO_NUMBER:
        chimera_buffer_append(out, chimera_rego_number_text(value, scratch));
        break;
    case CHIMERA_REGO_STRING:
        write_string(chimera_rego_string(value), is_shown, out);
        break;
    case CHIMERA_REGO_OBJECT:
        write_object(value, depth, is_shown, out);
        break;
    default:
        write_array(value, depth, is_shown, out);
    }
}

void chimera_rego_write(struct json_object *value, struct chimera_buffer *out)
{
    write_value(value, 0, false, out);
}

void chimera_rego_print(struct json_object *value, struct chimera_buffer *out)
{
    write_value(value, 0, true, out);
}
