/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins that print: trace, print, string interpolation; and what OPA tells of itself. */
#include "runtime/log/log.h"
#include "runtime/rego/arguments.h"

#define LOG_TARGET "rego"

/* What a policy says goes to the log, where few look unless they have asked for it. */
static void tell(const struct chimera_rego_call *call, struct chimera_slice text)
{
    bool is_asked = call->grants && call->grants->prints;
    chimera_log_in("rego_print", is_asked ? CHIMERA_LOG_INFO : CHIMERA_LOG_DEBUG, LOG_TARGET, text,
                   CHIMERA_TEXT("policy_id", call->grants ? chimera_grants_policy_id(call->grants)
                                                          : CHIMERA_SLICE("")));
}

int chimera_rego_trace(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice note;
    int code = chimera_rego_want_string(call, 0, &note);
    if (code < 0)
        return code;
    tell(call, note);
    return chimera_rego_give_bool(call, true, ret_result);
}

/* Strings as they are, all else as OPA shows it. */
static void put_bare(struct json_object *value, struct chimera_buffer *out)
{
    if (json_object_is_type(value, json_type_string))
        chimera_buffer_append(out, chimera_rego_string(value));
    else
        chimera_rego_print(value, out);
}

/* The compiler wraps each part that may be undefined in a set: of no element when it is. */
static int put_part(const struct chimera_rego_call *call, struct json_object *part,
                    struct chimera_buffer *out)
{
    enum chimera_rego_type type = chimera_rego_type_of(part);
    int code = chimera_rego_spend(call, 4); /* a part may be empty */
    if (code < 0)
        return code;
    if (type < CHIMERA_REGO_ARRAY) {
        put_bare(part, out);
        return CHIMERA_OK;
    }
    if (type != CHIMERA_REGO_SET)
        return chimera_fail(call->err, CHIMERA_EINVAL, "illegal argument type: %s",
                            chimera_rego_type_name(type));
    size_t size = json_object_array_length(part);
    if (size > 1)
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "template-strings must not produce multiple outputs");
    if (size == 0)
        chimera_buffer_text(out, "<undefined>");
    else
        put_bare(json_object_array_get_idx(part, 0), out);
    return CHIMERA_OK;
}

int chimera_rego_template_string(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_buffer text;
    chimera_rego_buffer(call, &text);
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    size_t size = code < 0 ? 0 : json_object_array_length(call->args[0]);
    for (size_t i = 0; i < size && code == CHIMERA_OK && !text.failed; i++) {
        if (i)
            chimera_buffer_text(&text, "");
        code = put_part(call, json_object_array_get_idx(call->args[0], i), &text);
    }
    if (code < 0) {
        chimera_buffer_free(&text);
        return code;
    }
    return chimera_rego_give_text(call, &text, ret_result);
}

/* A set of several values would print a line for each combination; we show the set. */
int chimera_rego_internal_print(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    struct chimera_buffer text;
    chimera_rego_buffer(call, &text);
    struct json_object *parts = call->args[0];
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    for (size_t i = 0; code == CHIMERA_OK && !text.failed && i < json_object_array_length(parts);
         i++) {
        struct json_object *part = json_object_array_get_idx(parts, i);
        if (i)
            chimera_buffer_byte(&text, ' ');
        bool is_set = chimera_rego_type_of(part) == CHIMERA_REGO_SET;
        if (!is_set || json_object_array_length(part) > 1)
            put_bare(part, &text);
        else
            code = put_part(call, part, &text);
    }
    if (code == CHIMERA_OK && call->account && call->account->failed)
        code = chimera_rego_no_memory(call);
    if (code == CHIMERA_OK)
        tell(call, chimera_buffer_slice(&text));
    chimera_buffer_free(&text);
    return code < 0 ? code : chimera_rego_give_bool(call, true, ret_result);
}

/* What OPA answers where nobody gave it a configuration, as in its own host for WebAssembly: so a
 * policy learns nothing of where it runs. */
int chimera_rego_opa_runtime(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_node_object(call->account), ret_result);
}
