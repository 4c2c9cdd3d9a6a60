/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins urlquery.*: as Go's net/url escapes the parts of a query. */
#include "runtime/base/percent.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/go_json.h"
#include "runtime/rego/key.h"

static void escape(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        char c = text.data[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            c == '-' || c == '_' || c == '.' || c == '~')
            chimera_buffer_byte(out, (uint8_t)text.data[i]);
        else if (text.data[i] == ' ')
            chimera_buffer_byte(out, '+');
        else
            chimera_buffer_print(out, "%%%02X", (uint8_t)text.data[i]);
    }
}

int chimera_rego_urlquery_encode(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &text, &out);
    if (code < 0)
        return code;
    escape(text, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

/* The unescaped text as a Rego string. */
static int decode(const struct chimera_rego_call *call, struct chimera_slice text,
                  struct json_object **ret_string)
{
    struct chimera_buffer out;
    chimera_rego_buffer(call, &out);
    int code = CHIMERA_OK;
    while (text.size > 0 && !out.failed) {
        bool is_space = text.data[0] == '+';
        int byte = chimera_percent_take(&text, CHIMERA_PERCENT_STRICT);
        if (byte < 0) {
            code = chimera_fail(call->err, CHIMERA_EINVAL, "invalid URL escape");
            break;
        }
        chimera_buffer_byte(&out, is_space ? ' ' : (uint8_t)byte);
    }
    if (code == CHIMERA_OK)
        return chimera_rego_give_bytes(call, &out, ret_string);
    chimera_buffer_free(&out);
    return code;
}

int chimera_rego_urlquery_decode(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    return code < 0 ? code : decode(call, text, ret_result);
}

/* --- Objects --- */

static int put_member(const struct chimera_rego_call *call, struct chimera_slice key,
                      struct json_object *value, struct chimera_buffer *out)
{
    bool is_list = json_object_is_type(value, json_type_array);
    size_t size = is_list ? json_object_array_length(value) : 1;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < size && code == CHIMERA_OK && !out->failed; i++) {
        struct json_object *one = is_list ? json_object_array_get_idx(value, i) : value;
        if (!json_object_is_type(one, json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 1 values must be string, array[string], or set[string]");
        if (out->size)
            chimera_buffer_byte(out, '&');
        escape(key, out);
        chimera_buffer_byte(out, '=');
        escape(chimera_rego_string(one), out);
        code = chimera_rego_spend(call, 4);
    }
    return code;
}

static int put_members(const struct chimera_rego_call *call, struct json_object *object,
                       struct chimera_buffer *out)
{
    int code =
        chimera_rego_order_members(object, call->account) < 0 ? chimera_rego_no_memory(call) : 0;
    const struct lh_entry *entry = code < 0 ? NULL : json_object_get_object(object)->head;
    for (; entry && code == CHIMERA_OK && !out->failed; entry = entry->next) {
        struct chimera_buffer key;
        chimera_rego_buffer(call, &key);
        chimera_rego_key_text(chimera_rego_entry_key(entry), &key);
        code = key.failed ? chimera_rego_no_memory(call)
                          : put_member(call, chimera_buffer_slice(&key),
                                       chimera_rego_entry_value(entry), out);
        chimera_buffer_free(&key);
        if (code == CHIMERA_OK)
            code = chimera_rego_spend(call, 4); /* a list may be empty */
    }
    return code;
}

int chimera_rego_urlquery_encode_object(const struct chimera_rego_call *call,
                                        struct json_object **ret_result)
{
    struct chimera_buffer out;
    struct json_object *object = NULL;
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_OBJECT);
    if (code < 0)
        return code;
    if (chimera_rego_go_json_value(call->args[0], call->account, &object) < 0)
        return chimera_rego_no_memory(call);
    chimera_rego_buffer(call, &out);
    code = put_members(call, object, &out);
    json_object_put(object);
    if (code == CHIMERA_OK)
        return chimera_rego_give_text(call, &out, ret_result);
    chimera_buffer_free(&out);
    return code;
}

/* Adds `value` to the array of the values of `key`; takes both. */
static int add_value(const struct chimera_rego_call *call, struct json_object *object,
                     struct json_object *key, struct json_object *value)
{
    struct json_object *values = NULL;
    struct lh_entry *entry;
    int code = chimera_rego_find_value(object, key, call->account, &entry);
    if (code == CHIMERA_OK && entry) {
        values = chimera_rego_entry_value(entry);
    } else if (code == CHIMERA_OK) {
        values = chimera_node_array(call->account);
        code = values ? chimera_rego_set_value(object, key, values, call->account)
                      : chimera_node_failure(call->account);
    }
    if (code < 0)
        code = chimera_rego_no_memory(call);
    json_object_put(key);
    if (code < 0) {
        json_object_put(value);
        return code;
    }
    return chimera_rego_push(call, values, value);
}

static int take_pair(const struct chimera_rego_call *call, struct chimera_slice pair,
                     struct json_object *object)
{
    struct json_object *key = NULL, *value = NULL;
    if (pair.size == 0)
        return CHIMERA_OK;
    if (memchr(pair.data, ';', pair.size))
        return chimera_fail(call->err, CHIMERA_EINVAL, "invalid semicolon separator in query");
    const char *at = memchr(pair.data, '=', pair.size);
    size_t size = at ? (size_t)(at - pair.data) : pair.size;
    size_t skipped = at ? size + 1 : size;
    int code = decode(call, (struct chimera_slice){pair.data, size}, &key);
    if (code < 0)
        return code;
    code = decode(call, (struct chimera_slice){pair.data + skipped, pair.size - skipped}, &value);
    if (code == CHIMERA_OK)
        return add_value(call, object, key, value);
    json_object_put(key);
    return code;
}

int chimera_rego_urlquery_decode_object(const struct chimera_rego_call *call,
                                        struct json_object **ret_result)
{
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    struct json_object *object = chimera_node_object(call->account);
    if (!object)
        return chimera_rego_no_memory(call);
    while (text.size > 0 && code == CHIMERA_OK) {
        const char *at = memchr(text.data, '&', text.size);
        size_t size = at ? (size_t)(at - text.data) : text.size;
        code = take_pair(call, (struct chimera_slice){text.data, size}, object);
        if (code == CHIMERA_OK)
            code = chimera_rego_spend(call, 8 + size / 16);
        size_t taken = at ? size + 1 : size;
        text = (struct chimera_slice){text.data + taken, text.size - taken};
    }
    if (code == CHIMERA_OK)
        return chimera_rego_give(call, object, ret_result);
    json_object_put(object);
    return code;
}
