/* Builtins that write whole values as text: yaml.marshal, json.marshal_with_options. */
#include <stdlib.h>

#include "runtime/rego/family.h"
#include "runtime/rego/quote.h"
#include "runtime/yaml/yaml.h"

/* --- yaml.marshal --- */

/* A copy with every object's members in order. NULL for null, and when memory ran out (in *failed).
 * As deep as values can be, so the recursion is bounded. */
static struct json_object *sorted(const struct chimera_rego_call *call, struct json_object *value,
                                  bool *failed)
{
    struct json_object *copy = NULL, *keys = NULL;
    if (json_object_is_type(value, json_type_array)) {
        copy = json_object_new_array();
        for (size_t i = 0; copy && !*failed && i < json_object_array_length(value); i++)
            *failed = !chimera_rego_append(
                copy, sorted(call, json_object_array_get_idx(value, i), failed));
    } else if (json_object_is_type(value, json_type_object)) {
        const struct chimera_rego_call inner = {.args = &value, .err = call->err};
        copy = json_object_new_object();
        *failed |= chimera_rego_object_keys(&inner, &keys) < 0;
        for (size_t i = 0; copy && !*failed && i < json_object_array_length(keys); i++) {
            const char *key = json_object_get_string(json_object_array_get_idx(keys, i));
            *failed = json_object_object_add(
                copy, key, sorted(call, json_object_object_get(value, key), failed));
        }
        json_object_put(keys);
    } else {
        return json_object_get(value);
    }
    *failed |= !copy;
    return copy;
}

int chimera_rego_yaml_marshal(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_buffer out;
    bool failed = false;
    struct json_object *tree = sorted(call, call->args[0], &failed);
    if (failed) {
        json_object_put(tree);
        return chimera_rego_no_memory(call);
    }
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    chimera_yaml_write(tree, &out);
    json_object_put(tree);
    return chimera_rego_give_text(call, &out, ret_result);
}

/* --- json.marshal_with_options --- */

struct style {
    bool is_pretty;
    struct chimera_slice prefix, indent;
};

/* Go's encoding/json: HTML's special characters and the two odd line ends are escaped too. */
static void put_string(struct chimera_slice text, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, '"');
    while (text.size > 0) {
        static const char control[] = "\b\f\n\r\t", letter[] = "bfnrt";
        uint32_t rune = chimera_rego_take_rune(&text);
        const char *found = rune && rune < 0x20 ? strchr(control, (int)rune) : NULL;
        if (found)
            chimera_buffer_print(out, "\\%c", letter[found - control]);
        else if (rune == '"' || rune == '\\')
            chimera_buffer_print(out, "\\%c", (char)rune);
        else if (rune < 0x20 || rune == '<' || rune == '>' || rune == '&' || rune == 0x2028 ||
                 rune == 0x2029)
            chimera_buffer_print(out, "\\u%04x", (unsigned)rune);
        else
            chimera_rego_put_rune(rune, out);
    }
    chimera_buffer_byte(out, '"');
}

static void break_line(const struct style *style, unsigned depth, struct chimera_buffer *out)
{
    if (!style->is_pretty)
        return;
    chimera_buffer_byte(out, '\n');
    chimera_buffer_append(out, style->prefix);
    for (unsigned i = 0; i < depth; i++)
        chimera_buffer_append(out, style->indent);
}

static void put_value(const struct chimera_rego_call *call, const struct style *style,
                      struct json_object *value, unsigned depth, struct chimera_buffer *out);

static void put_object(const struct chimera_rego_call *call, const struct style *style,
                       struct json_object *object, unsigned depth, struct chimera_buffer *out)
{
    struct json_object *keys = NULL;
    const struct chimera_rego_call inner = {.args = &object, .err = call->err};
    if (chimera_rego_object_keys(&inner, &keys) < 0) {
        out->failed = CHIMERA_ENOMEM;
        return;
    }
    size_t count = json_object_array_length(keys);
    chimera_buffer_byte(out, '{');
    for (size_t i = 0; i < count && !out->failed; i++) {
        struct json_object *key = json_object_array_get_idx(keys, i);
        if (i)
            chimera_buffer_byte(out, ',');
        break_line(style, depth + 1, out);
        put_string(chimera_rego_string(key), out);
        chimera_buffer_text(out, style->is_pretty ? ": " : ":");
        put_value(call, style, json_object_object_get(object, json_object_get_string(key)),
                  depth + 1, out);
    }
    if (count)
        break_line(style, depth, out);
    chimera_buffer_byte(out, '}');
    json_object_put(keys);
}

static void put_array(const struct chimera_rego_call *call, const struct style *style,
                      struct json_object *array, unsigned depth, struct chimera_buffer *out)
{
    size_t count = json_object_array_length(array);
    chimera_buffer_byte(out, '[');
    for (size_t i = 0; i < count && !out->failed; i++) {
        if (i)
            chimera_buffer_byte(out, ',');
        break_line(style, depth + 1, out);
        put_value(call, style, json_object_array_get_idx(array, i), depth + 1, out);
    }
    if (count)
        break_line(style, depth, out);
    chimera_buffer_byte(out, ']');
}

/* Values are never nested deeper than our reader lets them be, which bounds the recursion. */
static void put_value(const struct chimera_rego_call *call, const struct style *style,
                      struct json_object *value, unsigned depth, struct chimera_buffer *out)
{
    if (json_object_is_type(value, json_type_object))
        put_object(call, style, value, depth, out);
    else if (json_object_is_type(value, json_type_array))
        put_array(call, style, value, depth, out);
    else if (json_object_is_type(value, json_type_string))
        put_string(chimera_rego_string(value), out);
    else
        chimera_rego_write(value, out);
}

static int read_option(const struct chimera_rego_call *call, const char *key,
                       struct json_object *value, struct style *style, bool *ret_is_explicit)
{
    bool is_pretty = strcmp(key, "pretty") == 0, is_prefix = strcmp(key, "prefix") == 0;
    if (!is_pretty && !is_prefix && strcmp(key, "indent") != 0)
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand 2 object contained unknown key %.40s", key);
    if (!json_object_is_type(value, is_pretty ? json_type_boolean : json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand 2 key %s failed cast to %s", key,
                            is_pretty ? "bool" : "string");
    if (is_pretty) {
        *ret_is_explicit = true;
        style->is_pretty = json_object_get_boolean(value);
    } else if (is_prefix) {
        style->prefix = chimera_rego_string(value);
    } else {
        style->indent = chimera_rego_string(value);
    }
    return CHIMERA_OK;
}

int chimera_rego_marshal_with_options(const struct chimera_rego_call *call,
                                      struct json_object **ret_result)
{
    struct style style = {.prefix = CHIMERA_SLICE(""), .indent = CHIMERA_SLICE("\t")};
    struct chimera_buffer out;
    bool is_explicit = false;
    int code = chimera_rego_want(call, 1, CHIMERA_REGO_OBJECT);
    if (code < 0)
        return code;
    for (const struct lh_entry *entry = json_object_get_object(call->args[1])->head;
         entry && code == CHIMERA_OK; entry = entry->next)
        code = read_option(call, (const char *)lh_entry_k(entry),
                           (struct json_object *)lh_entry_v(entry), &style, &is_explicit);
    if (code < 0)
        return code;
    if (!is_explicit)
        style.is_pretty = json_object_object_length(call->args[1]) > 0;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    if (style.is_pretty)
        chimera_buffer_append(&out, style.prefix);
    put_value(call, &style, call->args[0], 0, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}
