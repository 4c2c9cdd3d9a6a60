/* SPDX-License-Identifier: Apache-2.0 */
/* A builtin of io.jwt or crypto that reads tokens, keys or certificates, chosen by the first byte,
 * and its arguments behind it: texts, or with a brace at the front Rego values, divided by NUL.
 * With an account it gives the same or nothing. */
#include "runtime/rego/builtin.h"
#include "tests/fuzz/account.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "io.jwt.decode",          "io.jwt.decode_verify", "io.jwt.encode_sign",
    "io.jwt.encode_sign_raw", "io.jwt.verify_rs256",  "io.jwt.verify_es256",
    "io.jwt.verify_eddsa",    "io.jwt.verify_hs256",  "io.jwt.verify_ps384",
};

static struct json_object *read_argument(struct chimera_slice text)
{
    struct json_object *value = NULL;
    if (!chimera_slice_starts(text, "{") || chimera_rego_parse(text, &value, NULL) < 0)
        value = json_object_new_string_len(text.size ? text.data : "", (int)text.size);
    return value;
}

/* As text, which is NULL when there is none. */
static int call(const struct chimera_rego_builtin *builtin, struct json_object *const args[],
                struct chimera_account *account, struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct json_object *result = NULL;
    const struct chimera_rego_call asked = {.args = args, .account = account, .err = &err};
    int code = builtin->function(&asked, &result);
    if (code < 0 && (result || !err.text[0]))
        abort();
    if (code == CHIMERA_OK)
        chimera_rego_write(result, out);
    json_object_put(result);
    return code;
}

/* Some signatures are made with random numbers. */
static bool is_random(const struct chimera_rego_builtin *builtin)
{
    return strncmp(builtin->name, "io.jwt.encode_sign", strlen("io.jwt.encode_sign")) == 0;
}

static void check(const struct chimera_rego_builtin *builtin, struct json_object *const args[],
                  struct chimera_account *account)
{
    struct chimera_buffer result, again;
    chimera_buffer_init(&result, TEXT_MAX);
    chimera_buffer_init(&again, TEXT_MAX);
    int code = call(builtin, args, NULL, &result), bounded = call(builtin, args, account, &again);
    fuzz_account_check(account, bounded);
    if (code == CHIMERA_OK && bounded == CHIMERA_OK
            ? !is_random(builtin) &&
                  !chimera_slice_equal(chimera_buffer_slice(&result), chimera_buffer_slice(&again))
            : bounded != code && !account->failed)
        abort();
    chimera_buffer_free(&result);
    chimera_buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_object *args[CHIMERA_REGO_ARGS_MAX] = {NULL};
    struct chimera_account account;
    if (size == 0)
        return 0;
    fuzz_account(data, size, &account);
    const struct chimera_rego_builtin *builtin =
        chimera_rego_builtin_find(names[data[0] % (sizeof(names) / sizeof(*names))]);
    struct chimera_slice rest = {(const char *)data + 1, size - 1};
    for (unsigned i = 0; i < builtin->arity; i++) {
        const char *end = rest.size ? memchr(rest.data, '\0', rest.size) : NULL;
        struct chimera_slice text = {rest.data, end ? (size_t)(end - rest.data) : rest.size};
        rest = chimera_slice_behind(rest, text.size + (end != NULL));
        args[i] = read_argument(text);
    }
    check(builtin, args, &account);
    for (unsigned i = 0; i < builtin->arity; i++)
        json_object_put(args[i]);
    return 0;
}
