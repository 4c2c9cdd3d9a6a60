/* SPDX-License-Identifier: Apache-2.0 */
/* DER as certificates, a chain of them, a request, a key pair and private keys, which the first
 * byte chooses. With an account it gives the same or nothing. */
#include "runtime/base/base64.h"
#include "runtime/rego/builtin.h"
#include "tests/fuzz/account.h"

#define TEXT_MAX ((size_t)64 << 20)
#define OF_KEYS 3 /* so many at the front take base64 as it is; the others want a block of PEM */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "crypto.x509.parse_certificates",        "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_certificate_request", "crypto.parse_private_keys",
    "crypto.x509.parse_rsa_private_key",     "crypto.x509.parse_keypair",
};
static const char *const types[] = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"};

static struct json_object *make_argument(uint8_t choice, struct chimera_slice der)
{
    const char *type = types[choice / 16 % 3];
    bool is_pem = choice % (sizeof(names) / sizeof(*names)) >= OF_KEYS && choice < 128;
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    if (is_pem)
        chimera_buffer_print(&text, "-----BEGIN %s-----\n", type);
    chimera_base64_encode(der, CHIMERA_BASE64_STANDARD, &text);
    if (is_pem)
        chimera_buffer_print(&text, "\n-----END %s-----\n", type);
    struct json_object *argument =
        json_object_new_string_len(text.size ? text.data : "", (int)text.size);
    chimera_buffer_free(&text);
    return argument;
}

static int call(const struct chimera_rego_builtin *builtin, struct json_object *const args[],
                struct chimera_account *account, struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct json_object *result = NULL;
    const struct chimera_rego_call asked = {
        .args = args, .now_ns = 1800000000000000000, .account = account, .err = &err};
    int code = builtin->function(&asked, &result);
    if (code < 0 && (result || !err.text[0]))
        abort();
    if (code == CHIMERA_OK)
        chimera_rego_write(result, out);
    json_object_put(result);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_buffer result, again;
    struct chimera_account account;
    if (size == 0)
        return 0;
    fuzz_account(data, size, &account);
    const struct chimera_rego_builtin *builtin =
        chimera_rego_builtin_find(names[data[0] % (sizeof(names) / sizeof(*names))]);
    struct chimera_slice der = {(const char *)data + 1, size - 1};
    const char *half = der.size ? memchr(der.data, '\0', der.size) : NULL;
    struct chimera_slice second = der;
    if (builtin->arity == 2 && half) /* the key behind the first NUL, or the same once more */
        second = chimera_slice_behind(der, (size_t)(half - der.data) + 1);
    struct json_object *args[CHIMERA_REGO_ARGS_MAX] = {make_argument(0, der),
                                                       make_argument(data[0], second)};
    if (builtin->arity == 1) {
        json_object_put(args[0]);
        args[0] = make_argument(data[0], der);
    }
    chimera_buffer_init(&result, TEXT_MAX);
    chimera_buffer_init(&again, TEXT_MAX);
    int code = call(builtin, args, NULL, &result), bounded = call(builtin, args, &account, &again);
    fuzz_account_check(&account, bounded);
    if (code == CHIMERA_OK && bounded == CHIMERA_OK
            ? !chimera_slice_equal(chimera_buffer_slice(&result), chimera_buffer_slice(&again))
            : bounded != code && !account.failed)
        abort();
    chimera_buffer_free(&result);
    chimera_buffer_free(&again);
    json_object_put(args[0]);
    json_object_put(args[1]);
    return 0;
}
