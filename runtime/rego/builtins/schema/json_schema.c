/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins json.match_schema and json.verify_schema. */
#include "runtime/rego/builtins/schema/schema.h"
#include "runtime/rego/go_json.h"
#include "runtime/rego/unmarshal.h"

/* Argument `index` as JSON: a text of it, or an object or array. */
static int read_argument(const struct chimera_rego_call *call, unsigned index,
                         struct json_object **ret_value)
{
    struct json_object *value = call->args[index];
    enum chimera_rego_type type = chimera_rego_type_of(value);
    if (type == CHIMERA_REGO_STRING) {
        int code =
            chimera_rego_unmarshal(chimera_rego_string(value), call->account, ret_value, NULL);
        if (code == CHIMERA_EINVAL)
            return chimera_fail(call->err, code, "invalid JSON string");
        return code < 0 ? chimera_rego_no_memory(call) : code;
    }
    if (type != CHIMERA_REGO_OBJECT && type != CHIMERA_REGO_ARRAY)
        return chimera_fail(call->err, CHIMERA_EINVAL, "wrong type, expected string or object");
    return chimera_rego_go_json_value(value, call->account, ret_value) < 0
               ? chimera_rego_no_memory(call)
               : CHIMERA_OK;
}

static int open_argument(const struct chimera_rego_call *call, unsigned index,
                         struct chimera_schema *ret_schema)
{
    struct json_object *document, *copy;
    *ret_schema = (struct chimera_schema){.call = call};
    int code = read_argument(call, index, &document);
    if (code < 0)
        return code;
    bool is_copied = chimera_node_copy(call->account, document, &copy); /* it will be changed */
    json_object_put(document);
    return is_copied ? chimera_schema_open(call, copy, ret_schema) : chimera_rego_no_memory(call);
}

/* [whether it is good, and what is wrong], which it takes. */
static int give_pair(const struct chimera_rego_call *call, bool is_good, struct json_object *what,
                     struct json_object **ret_result)
{
    struct json_object *pair = chimera_node_array(call->account);
    struct json_object *verdict = chimera_node_boolean(call->account, is_good);
    if (!pair || !verdict) {
        json_object_put(what);
        json_object_put(verdict);
        json_object_put(pair);
        return chimera_rego_no_memory(call);
    }
    int code = chimera_rego_push(call, pair, verdict);
    if (code == CHIMERA_OK)
        code = chimera_rego_push(call, pair, what);
    else
        json_object_put(what);
    return chimera_rego_finish(call, code, pair, ret_result);
}

int chimera_rego_verify_schema(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct chimera_schema schema;
    struct chimera_buffer text;
    struct json_object *what = NULL;
    int code = open_argument(call, 0, &schema);
    chimera_schema_close(&schema);
    bool is_good = code == CHIMERA_OK;
    if (code == CHIMERA_EINVAL) {
        chimera_rego_buffer(call, &text);
        chimera_buffer_print(&text, "jsonschema: %s", call->err->text);
        *call->err = (struct chimera_error){0};
        code = chimera_rego_give_bytes(call, &text, &what); /* it may have been cut */
    }
    return code < 0 ? code : give_pair(call, is_good, what, ret_result);
}

int chimera_rego_match_schema(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_schema schema = {.call = call};
    struct chimera_flaws flaws = {0};
    struct json_object *document = NULL, *list = NULL;
    int code = read_argument(call, 0, &document);
    if (code == CHIMERA_OK)
        code = open_argument(call, 1, &schema);
    if (code == CHIMERA_OK)
        code = chimera_schema_validate(&schema, document, &flaws);
    if (code == CHIMERA_OK)
        code = chimera_schema_report(&schema, &flaws, &list);
    bool is_good = !flaws.first;
    chimera_schema_close(&schema);
    json_object_put(document);
    return code < 0 ? code : give_pair(call, is_good, list, ret_result);
}
