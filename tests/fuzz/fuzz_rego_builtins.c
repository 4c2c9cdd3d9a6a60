/* SPDX-License-Identifier: Apache-2.0 */
/* A builtin, chosen by the first byte, and its arguments as a Rego array behind it. With an account
 * it gives the same or nothing. */
#include "runtime/rego/builtin.h"
#include "tests/fuzz/account.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The result is the caller's. */
static int call(const struct chimera_rego_builtin *builtin, struct json_object *list,
                struct chimera_account *account, struct json_object **ret_result)
{
    struct json_object *args[CHIMERA_REGO_ARGS_MAX] = {NULL};
    struct chimera_error err = {0};
    for (size_t i = 0; i < json_object_array_length(list) && i < CHIMERA_REGO_ARGS_MAX; i++)
        args[i] = json_object_array_get_idx(list, i);
    const struct chimera_rego_call asked = {.args = args, .account = account, .err = &err};
    *ret_result = NULL;
    int code = builtin->function(&asked, ret_result);
    if (code < 0 && (*ret_result || !err.text[0]))
        abort();
    return code;
}

static void compare(struct json_object *a, struct json_object *b)
{
    struct chimera_buffer of_a, of_b;
    chimera_buffer_init(&of_a, TEXT_MAX);
    chimera_buffer_init(&of_b, TEXT_MAX);
    chimera_rego_write(a, &of_a);
    chimera_rego_write(b, &of_b);
    if (of_a.failed != of_b.failed ||
        !chimera_slice_equal(chimera_buffer_slice(&of_a), chimera_buffer_slice(&of_b)))
        abort();
    chimera_buffer_free(&of_a);
    chimera_buffer_free(&of_b);
}

/* Some signatures are made with random numbers. */
static bool is_random(const struct chimera_rego_builtin *builtin)
{
    return strncmp(builtin->name, "io.jwt.encode_sign", strlen("io.jwt.encode_sign")) == 0;
}

static void check(const struct chimera_rego_builtin *builtin, struct json_object *list,
                  struct chimera_account *account)
{
    struct json_object *result, *again;
    int code = call(builtin, list, NULL, &result);
    int bounded = call(builtin, list, account, &again);
    fuzz_account_check(account, bounded);
    bool is_done = bounded == CHIMERA_OK && code == CHIMERA_OK;
    if (is_done && !is_random(builtin))
        compare(result, again);
    else if (!is_done && bounded != code && !account->failed)
        abort();
    json_object_put(result);
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    struct json_object *list = NULL;
    struct chimera_account account;
    if (size == 0)
        return 0;
    fuzz_account(data, size, &account);
    struct chimera_slice text = {(const char *)data + 1, size - 1};
    if (chimera_rego_parse(text, &list, NULL) == 0 && json_object_is_type(list, json_type_array))
        check(&builtins[data[0] % count], list, &account);
    json_object_put(list);
    return 0;
}
