/* A builtin, chosen by the first byte, and its arguments as a Rego array behind it. */
#include "runtime/rego/builtin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    struct json_object *list = NULL, *args[CHIMERA_REGO_ARGS_MAX] = {NULL}, *result = NULL;
    struct chimera_error err = {0};
    if (size == 0)
        return 0;
    struct chimera_slice text = {(const char *)data + 1, size - 1};
    if (chimera_rego_parse(text, &list, NULL) == 0 && json_object_is_type(list, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(list) && i < CHIMERA_REGO_ARGS_MAX; i++)
            args[i] = json_object_array_get_idx(list, i);
        const struct chimera_rego_call call = {.args = args, .err = &err};
        builtins[data[0] % count].function(&call, &result);
        json_object_put(result);
    }
    json_object_put(list);
    return 0;
}
