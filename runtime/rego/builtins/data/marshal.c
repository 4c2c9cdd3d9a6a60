/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin json.marshal_with_options. */
#include "runtime/json/tree.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/go_json.h"
#include "runtime/rego/key.h"

struct style {
    bool is_pretty;
    struct chimera_slice prefix, indent;
};

void chimera_rego_marshal(struct json_object *value, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *json = NULL;
    int code = chimera_rego_go_json_value(value, out->account, &json);
    if (code < 0)
        out->failed = code;
    else
        chimera_rego_write_go_json(json, out);
}

static int read_option(const struct chimera_rego_call *call, const char *key,
                       struct json_object *value, struct style *style, bool *ret_is_explicit)
{
    if (!chimera_rego_key_is_text(key))
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand 2 must have keys that are strings");
    bool is_pretty = strcmp(key, "pretty") == 0, is_prefix = strcmp(key, "prefix") == 0;
    if (!is_pretty && !is_prefix && strcmp(key, "indent") != 0)
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand 2 object contained unknown key \"%.40s\"", key);
    if (!json_object_is_type(value, is_pretty ? json_type_boolean : json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand 2 key \"%s\" failed cast to %s",
                            key, is_pretty ? "bool" : "string");
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
        code = read_option(call, chimera_rego_entry_key(entry), chimera_rego_entry_value(entry),
                           &style, &is_explicit);
    if (code < 0)
        return code;
    if (!is_explicit)
        style.is_pretty = json_object_object_length(call->args[1]) > 0;
    struct json_object *json = NULL;
    if (chimera_rego_go_json_value(call->args[0], call->account, &json) < 0)
        return chimera_rego_no_memory(call);
    chimera_rego_buffer(call, &out);
    if (style.is_pretty) {
        chimera_buffer_append(&out, style.prefix);
        chimera_rego_write_go_json_indented(json, style.prefix, style.indent, &out);
    } else {
        chimera_rego_write_go_json(json, &out);
    }
    json_object_put(json);
    return chimera_rego_give_text(call, &out, ret_result);
}
