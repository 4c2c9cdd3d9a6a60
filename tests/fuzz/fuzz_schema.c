/* SPDX-License-Identifier: Apache-2.0 */
/* A schema, a newline and a document, both as JSON: json.verify_schema and json.match_schema. With
 * an account they give the same or nothing, and a document matches no schema that is none. */
#include "runtime/rego/builtin.h"
#include "tests/fuzz/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text of what came of it is the caller's; empty when it failed. */
static int ask(const char *name, struct json_object *const *args, struct chimera_account *account,
               struct chimera_buffer *ret_text)
{
    struct json_object *result = NULL;
    struct chimera_error err = {0};
    const struct chimera_rego_call call = {.args = args, .account = account, .err = &err};
    int code = chimera_rego_builtin_find(name)->function(&call, &result);
    if (code < 0 && (result || !err.text[0]))
        abort();
    chimera_buffer_init(ret_text, (size_t)64 << 20);
    if (code == CHIMERA_OK)
        chimera_rego_write(result, ret_text);
    json_object_put(result);
    return code;
}

static void check(struct json_object *const args[2], struct chimera_account *account)
{
    struct chimera_buffer verdict, free_text, bounded_text;
    int valid = ask("json.verify_schema", args + 1, NULL, &verdict);
    int code = ask("json.match_schema", args, NULL, &free_text);
    int bounded = ask("json.match_schema", args, account, &bounded_text);
    fuzz_account_check(account, bounded);
    bool is_schema =
        valid == CHIMERA_OK && chimera_slice_starts(chimera_buffer_slice(&verdict), "[true");
    if ((code == CHIMERA_OK && !is_schema) || (bounded != code && !account->failed))
        abort();
    if (code == CHIMERA_OK && bounded == CHIMERA_OK &&
        !chimera_slice_equal(chimera_buffer_slice(&free_text), chimera_buffer_slice(&bounded_text)))
        abort();
    chimera_buffer_free(&verdict);
    chimera_buffer_free(&free_text);
    chimera_buffer_free(&bounded_text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *line = size ? memchr(data, '\n', size) : NULL;
    struct chimera_account account;
    if (!line)
        return 0;
    size_t first = (size_t)(line - (const char *)data);
    struct json_object *args[2] = {
        json_object_new_string_len(line + 1, (int)(size - first - 1)),
        json_object_new_string_len((const char *)data, (int)first),
    };
    fuzz_account(data, size, &account);
    check(args, &account);
    json_object_put(args[0]);
    json_object_put(args[1]);
    return 0;
}
