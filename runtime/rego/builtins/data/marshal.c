/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins that write whole values as text: yaml.marshal, json.marshal_with_options. */
#include "runtime/rego/arguments.h"
#include "runtime/rego/quote.h"
#include "runtime/yaml/yaml.h"

/* --- yaml.marshal --- */

/* Every object's members in order, in which they are then written. As deep as values can be, so the
 * recursion is bounded. */
static int order_all(struct json_object *value, struct chimera_account *account)
{
    int code = chimera_account_spend(account, 4);
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value) && code == CHIMERA_OK; i++)
            code = order_all(json_object_array_get_idx(value, i), account);
    } else if (json_object_is_type(value, json_type_object)) {
        if (code == CHIMERA_OK)
            code = chimera_rego_order_members(value, account);
        for (const struct lh_entry *entry = json_object_get_object(value)->head;
             entry && code == CHIMERA_OK; entry = entry->next)
            code = order_all((struct json_object *)lh_entry_v(entry), account);
    }
    return code;
}

int chimera_rego_yaml_marshal(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_buffer out;
    if (order_all(call->args[0], call->account) < 0)
        return chimera_rego_no_memory(call);
    chimera_rego_buffer(call, &out);
    chimera_yaml_write(call->args[0], &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

/* --- json.marshal_with_options --- */

struct style {
    bool is_pretty;
    struct chimera_slice prefix, indent;
};

static void break_line(const struct style *style, unsigned depth, struct chimera_buffer *out)
{
    if (!style->is_pretty)
        return;
    chimera_buffer_byte(out, '\n');
    chimera_buffer_append(out, style->prefix);
    for (unsigned i = 0; i < depth; i++)
        chimera_buffer_append(out, style->indent);
}

static void put_value(const struct style *style, struct json_object *value, unsigned depth,
                      struct chimera_buffer *out);

static void put_object(const struct style *style, struct json_object *object, unsigned depth,
                       struct chimera_buffer *out)
{
    int code = chimera_rego_order_members(object, out->account);
    if (code < 0)
        out->failed = code;
    const struct lh_entry *first = json_object_get_object(object)->head, *entry = first;
    chimera_buffer_byte(out, '{');
    for (; entry && !out->failed; entry = entry->next) {
        if (entry != first)
            chimera_buffer_byte(out, ',');
        break_line(style, depth + 1, out);
        chimera_rego_quote_go_json(chimera_slice_of((const char *)lh_entry_k(entry)), out);
        chimera_buffer_text(out, style->is_pretty ? ": " : ":");
        put_value(style, (struct json_object *)lh_entry_v(entry), depth + 1, out);
    }
    if (first)
        break_line(style, depth, out);
    chimera_buffer_byte(out, '}');
}

/* Values are never nested deeper than our reader lets them be, which bounds the recursion. */
static void put_value(const struct style *style, struct json_object *value, unsigned depth,
                      struct chimera_buffer *out)
{
    if (json_object_is_type(value, json_type_object)) {
        put_object(style, value, depth, out);
    } else if (json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        chimera_buffer_byte(out, '[');
        for (size_t i = 0; i < count && !out->failed; i++) {
            if (i)
                chimera_buffer_byte(out, ',');
            break_line(style, depth + 1, out);
            put_value(style, json_object_array_get_idx(value, i), depth + 1, out);
        }
        if (count)
            break_line(style, depth, out);
        chimera_buffer_byte(out, ']');
    } else if (json_object_is_type(value, json_type_string)) {
        chimera_rego_quote_go_json(chimera_rego_string(value), out);
    } else
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
    chimera_rego_buffer(call, &out);
    if (style.is_pretty)
        chimera_buffer_append(&out, style.prefix);
    put_value(&style, call->args[0], 0, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}
