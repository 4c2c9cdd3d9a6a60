#include "runtime/rego/builtin.h"

#include "runtime/rego/family.h"

static const struct chimera_rego_builtin builtins[] = {
#define X(name, arity, function) {name, arity, function},
    CHIMERA_REGO_BUILTIN_MAP(X)
#undef X
};

const struct chimera_rego_builtin *chimera_rego_builtins(size_t *ret_count)
{
    *ret_count = sizeof(builtins) / sizeof(builtins[0]);
    return builtins;
}

const struct chimera_rego_builtin *chimera_rego_builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (!strcmp(builtins[i].name, name))
            return &builtins[i];
    }
    return NULL;
}

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

int chimera_rego_want_strings(const struct chimera_rego_call *call, unsigned index)
{
    struct json_object *list = call->args[index];
    if (!json_object_is_type(list, json_type_array))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand %u must be one of {set, array} but got %s", index + 1,
                            chimera_rego_type_name(chimera_rego_type_of(list)));
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL, "operand %u must hold strings only",
                                index + 1);
    }
    return CHIMERA_OK;
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

int chimera_rego_spend(const struct chimera_rego_call *call, uint64_t units)
{
    int code = chimera_account_spend(call->account, units);
    if (code == CHIMERA_EDEADLINE)
        return chimera_fail(call->err, code, "the time is up");
    if (code < 0)
        return chimera_fail(call->err, code, "the policy's memory limit is reached");
    return CHIMERA_OK;
}

int chimera_rego_no_memory(const struct chimera_rego_call *call)
{
    return chimera_fail(call->err, CHIMERA_ENOMEM, "out of memory");
}

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
    return chimera_rego_give(call, json_object_new_boolean(value), ret_result);
}

int chimera_rego_give_slice(const struct chimera_rego_call *call, struct chimera_slice text,
                            struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_rego_new_string(text), ret_result);
}

int chimera_rego_give_number(const struct chimera_rego_call *call, struct chimera_slice text,
                             struct json_object **ret_result)
{
    return chimera_rego_give(call, chimera_rego_new_number(text), ret_result);
}

int chimera_rego_give_text(const struct chimera_rego_call *call, struct chimera_buffer *text,
                           struct json_object **ret_result)
{
    int code = text->failed;
    if (code == CHIMERA_OK)
        code = chimera_rego_give_slice(call, chimera_buffer_slice(text), ret_result);
    else
        chimera_fail(call->err, code, "the result is too large");
    chimera_buffer_free(text);
    return code;
}

bool chimera_rego_append(struct json_object *array, struct json_object *value)
{
    if (json_object_array_add(array, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

bool chimera_rego_append_string(struct json_object *array, struct chimera_slice text)
{
    struct json_object *value = chimera_rego_new_string(text);
    return value && chimera_rego_append(array, value);
}
