/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/value.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/json/node.h"
#include "runtime/json/number.h"
#include "runtime/rego/float.h"

static char set_mark; /* its address is the userdata of sets */

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
        return json_object_get_userdata(value) == &set_mark ? CHIMERA_REGO_SET : CHIMERA_REGO_ARRAY;
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
    is_float = is_float || chimera_slice_is(text, "-0");
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
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    if (json_object_is_type(number, json_type_int)) {
        *ret_value = json_object_get_int64(number);
        return true;
    }
    return json_object_is_type(number, json_type_double) &&
           chimera_rego_read_int64(chimera_rego_number_text(number, scratch), ret_value);
}

#define INT64_TEXT 19 /* digits and point, as OPA bounds them */

/* Go wraps around where 19 digits are too much, and looks at the sign alone. */
bool chimera_rego_read_int64(struct chimera_slice text, int64_t *ret_value)
{
    bool is_negative = text.size && text.data[0] == '-', has_point = false;
    size_t at = text.size && (is_negative || text.data[0] == '+') ? 1 : 0;
    uint64_t value = 0;
    if (at == text.size || text.size - at > INT64_TEXT)
        return false;
    for (; at < text.size; at++) {
        char c = text.data[at];
        if (c == '.' && !has_point)
            has_point = true;
        else if (c < '0' || c > '9' || (has_point && c != '0'))
            return false;
        else if (!has_point)
            value = value * 10 + (uint64_t)(c - '0');
    }
    value = is_negative ? 0 - value : value;
    bool is_wrapped = is_negative ? (int64_t)value > 0 : (int64_t)value < 0;
    *ret_value = (int64_t)value;
    return !is_wrapped;
}
