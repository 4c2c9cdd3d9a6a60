/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as YAML by yaml.unmarshal; what it gives is written by yaml.marshal and read again as
 * the same value. On an account it gives the same or nothing. */
#include "runtime/rego/builtin.h"
#include "tests/fuzz/account.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The result is the caller's. */
static int call(const char *name, struct json_object *arg, struct chimera_account *account,
                struct json_object **ret_result)
{
    struct chimera_error err = {0};
    struct json_object *args[CHIMERA_REGO_ARGS_MAX] = {arg};
    const struct chimera_rego_call asked = {.args = args, .account = account, .err = &err};
    *ret_result = NULL;
    int code = chimera_rego_builtin_find(name)->function(&asked, ret_result);
    if (code < 0 && (*ret_result || !err.text[0]))
        abort();
    return code;
}

/* What has control characters, or a key of absurd length, is not written; U+0085 is folded. */
static void check_written(struct json_object *value)
{
    struct json_object *text, *again;
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, TEXT_MAX);
    chimera_rego_write(value, &shown);
    bool is_folded = shown.failed || memmem(shown.data, shown.size, "\xC2\x85", 2);
    chimera_buffer_free(&shown);
    if (is_folded || call("yaml.marshal", value, NULL, &text) < 0)
        return;
    if (call("yaml.unmarshal", text, NULL, &again) < 0 ||
        chimera_rego_compare(value, again, NULL) != 0)
        abort();
    json_object_put(text);
    json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_account account;
    struct json_object *value, *bounded;
    struct json_object *text =
        json_object_new_string_len(size ? (const char *)data : "", (int)size);
    fuzz_account(data, size, &account);
    int code = call("yaml.unmarshal", text, NULL, &value);
    int again = call("yaml.unmarshal", text, &account, &bounded);
    fuzz_account_check(&account, again);
    if (again == 0 && (code < 0 || chimera_rego_compare(value, bounded, NULL) != 0))
        abort();
    if (again < 0 && code == 0 && !account.failed)
        abort();
    if (code == 0)
        check_written(value);
    json_object_put(bounded);
    json_object_put(value);
    json_object_put(text);
    return 0;
}
