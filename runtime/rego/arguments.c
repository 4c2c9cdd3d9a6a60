/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/arguments.h"

int chimera_rego_want(const struct chimera_rego_call *call, unsigned index,
                      enum chimera_rego_type type)
{
    enum chimera_rego_type got = chimera_rego_type_of(call->args[index]);
    if (got == type)
        return CHIMERA_OK;
    return chimera_fail(call->err, CHIMERA_EINVAL, "operand %u must be %s but got %s", index + 1,
                        chimera_rego_type_name(type), chimera_rego_type_name(got));
}

int chimera_rego_want_string(const struct chimera_rego_call *call, unsigned index,
                             struct chimera_slice *ret_text)
{
    int code = chimera_rego_want(call, index, CHIMERA_REGO_STRING);
    if (code == CHIMERA_OK)
        *ret_text = chimera_rego_string(call->args[index]);
    return code;
}

int chimera_rego_want_two_strings(const struct chimera_rego_call *call, struct chimera_slice *ret_a,
                                  struct chimera_slice *ret_b)
{
    int code = chimera_rego_want_string(call, 0, ret_a);
    return code < 0 ? code : chimera_rego_want_string(call, 1, ret_b);
}

static int fail_element(const struct chimera_rego_call *call, unsigned index,
                        struct json_object *list, size_t at)
{
    const char *type = chimera_rego_type_name(chimera_rego_type_of(list));
    struct json_object *element = json_object_array_get_idx(list, at);
    return chimera_fail(call->err, CHIMERA_EINVAL,
                        "operand %u must be %s of strings but got %s containing %s", index + 1,
                        type, type, chimera_rego_type_name(chimera_rego_type_of(element)));
}

int chimera_rego_want_strings(const struct chimera_rego_call *call, unsigned index)
{
    struct json_object *list = call->args[index];
    if (!json_object_is_type(list, json_type_array))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand %u must be one of {string, set, array} but got %s", index + 1,
                            chimera_rego_type_name(chimera_rego_type_of(list)));
    int code = CHIMERA_OK;
    for (size_t i = 0; i < json_object_array_length(list) && code == CHIMERA_OK; i++) {
        code = chimera_rego_spend(call, 2);
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
            return fail_element(call, index, list, i);
    }
    return code;
}

int chimera_rego_want_int64(const struct chimera_rego_call *call, unsigned index,
                            int64_t *ret_value)
{
    int code = chimera_rego_want(call, index, CHIMERA_REGO_NUMBER);
    if (code < 0)
        return code;
    if (!chimera_rego_int64(call->args[index], ret_value))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand %u must be integer number but got floating-point number",
                            index + 1);
    return CHIMERA_OK;
}

int chimera_rego_no_memory(const struct chimera_rego_call *call)
{
    return chimera_fail(call->err, chimera_node_failure(call->account), "%s",
                        chimera_account_text(call->account));
}

int chimera_rego_spend(const struct chimera_rego_call *call, uint64_t units)
{
    return chimera_account_spend(call->account, units) < 0 ? chimera_rego_no_memory(call)
                                                           : CHIMERA_OK;
}

int chimera_rego_has_time(const struct chimera_rego_call *call, uint64_t ns)
{
    return chimera_account_has_time(call->account, ns) < 0 ? chimera_rego_no_memory(call)
                                                           : CHIMERA_OK;
}

void chimera_rego_buffer(const struct chimera_rego_call *call, struct chimera_buffer *ret_buffer)
{
    chimera_buffer_init_within(ret_buffer, CHIMERA_REGO_RESULT_MAX, call->account);
}

int chimera_rego_text_builtin(const struct chimera_rego_call *call, unsigned index,
                              struct chimera_slice *ret_text, struct chimera_buffer *ret_out)
{
    int code = chimera_rego_want_string(call, index, ret_text);
    if (code == CHIMERA_OK)
        chimera_rego_buffer(call, ret_out);
    return code;
}

/* --- Results --- */

int chimera_rego_give(const struct chimera_rego_call *call, struct json_object *value,
                      struct json_object **ret_result)
{
    if (!value)
        return chimera_rego_no_memory(call);
    *ret_result = value;
    return CHIMERA_OK;
}

int chimera_rego_give_bool(const struct chimera_rego_call *call, bool value,
                           struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_node_boolean(call->account, value), ret_result);
}

int chimera_rego_give_slice(const struct chimera_rego_call *call, struct chimera_slice text,
                            struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_node_string(call->account, text), ret_result);
}

int chimera_rego_give_number(const struct chimera_rego_call *call, struct chimera_slice text,
                             struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_rego_new_number(text, call->account), ret_result);
}

static int fail_text(const struct chimera_rego_call *call, int code)
{
    if ((call->account && call->account->failed) || code != CHIMERA_ELIMIT)
        return chimera_rego_no_memory(call);
    return chimera_fail(call->err, code, "the result is too large");
}

int chimera_rego_give_text(const struct chimera_rego_call *call, struct chimera_buffer *text,
                           struct json_object **ret_result)
{
    int code = text->failed ? fail_text(call, text->failed)
                            : chimera_rego_give_slice(call, chimera_buffer_slice(text), ret_result);
    chimera_buffer_free(text);
    return code;
}

int chimera_rego_finish(const struct chimera_rego_call *call, int code, struct json_object *value,
                        struct json_object **ret_result)
{
    if (code == CHIMERA_OK)
        return chimera_rego_give(call, value, ret_result);
    json_object_put(value);
    return code;
}

int chimera_rego_finish_set(const struct chimera_rego_call *call, int code,
                            struct json_object *array, struct json_object **ret_result)
{
    if (code == CHIMERA_OK && array && chimera_rego_make_set(array, call->account) < 0)
        code = chimera_rego_no_memory(call);
    return chimera_rego_finish(call, code, array, ret_result);
}

int chimera_rego_push(const struct chimera_rego_call *call, struct json_object *array,
                      struct json_object *value)
{
    return chimera_node_append(call->account, array, value) < 0 ? chimera_rego_no_memory(call)
                                                                : CHIMERA_OK;
}

int chimera_rego_push_string(const struct chimera_rego_call *call, struct json_object *array,
                             struct chimera_slice text)
{
    struct json_object *value = chimera_node_string(call->account, text);
    return value ? chimera_rego_push(call, array, value) : chimera_rego_no_memory(call);
}
