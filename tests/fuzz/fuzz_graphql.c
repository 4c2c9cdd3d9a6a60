/* SPDX-License-Identifier: Apache-2.0 */
/* A query and, behind a NUL, a schema. The verdicts must agree with what is parsed; the AST of a
 * schema is worth as much as its text; with an account there comes the same or nothing. */
#include "runtime/rego/builtin.h"
#include "runtime/text/utf8.h"
#include "tests/fuzz/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The result is the caller's. */
static int call(const char *name, struct json_object *const args[2],
                struct chimera_account *account, struct json_object **ret_result)
{
    struct chimera_error err = {0};
    const struct chimera_rego_call asked = {.args = args, .account = account, .err = &err};
    *ret_result = NULL;
    int code = chimera_rego_builtin_find(name)->function(&asked, ret_result);
    if (code < 0 && (*ret_result || !err.text[0]))
        abort();
    return code;
}

/* 1, 0, or an error's code. */
static int verdict(const char *name, struct json_object *const args[2],
                   struct chimera_account *account)
{
    struct json_object *result;
    int code = call(name, args, account, &result);
    if (code == CHIMERA_OK)
        code = json_object_is_type(result, json_type_array)
                   ? json_object_get_boolean(json_object_array_get_idx(result, 0))
                   : json_object_get_boolean(result);
    json_object_put(result);
    return code;
}

/* Those that are not nested too deep to be shown. */
static void check_schema_ast(struct json_object *schema)
{
    struct json_object *text[2] = {schema, NULL}, *ast[2] = {NULL, NULL};
    int is_valid = verdict("graphql.schema_is_valid", text, NULL);
    int code = call("graphql.parse_schema", text, NULL, &ast[0]);
    if ((code == CHIMERA_EINVAL && is_valid != 0) ||
        (code == CHIMERA_OK && is_valid >= 0 &&
         verdict("graphql.schema_is_valid", ast, NULL) != is_valid))
        abort();
    json_object_put(ast[0]);
}

static void check(struct json_object *const pair[2], struct chimera_account *account)
{
    struct json_object *result;
    int is_valid = verdict("graphql.is_valid", pair, NULL);
    int verified = verdict("graphql.parse_and_verify", pair, NULL);
    int code = call("graphql.parse", pair, NULL, &result);
    json_object_put(result);
    /* An AST may be too deep to be shown. */
    if (is_valid >= 0 && verified != CHIMERA_ELIMIT && code != CHIMERA_ELIMIT &&
        (verified != is_valid || (code == CHIMERA_OK) != is_valid))
        abort();
    int bounded = verdict("graphql.is_valid", pair, account);
    fuzz_account_check(account, bounded < 0 ? bounded : 0);
    if (bounded >= 0 && is_valid >= 0 && bounded != is_valid)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice query = {(const char *)data, size}, schema = {NULL, 0};
    struct chimera_account account;
    const char *end = size ? memchr(data, '\0', size) : NULL;
    if (size > 1 << 16 || !chimera_utf8_is_valid(query))
        return 0;
    if (end) {
        query.size = (size_t)(end - query.data);
        schema = (struct chimera_slice){end + 1, size - query.size - 1};
    }
    fuzz_account(data, size, &account);
    struct json_object *pair[2] = {
        json_object_new_string_len(query.size ? query.data : "", (int)query.size),
        json_object_new_string_len(schema.size ? schema.data : "", (int)schema.size),
    };
    check(pair, &account);
    check_schema_ast(pair[1]);
    json_object_put(pair[0]);
    json_object_put(pair[1]);
    return 0;
}
