/* Builtins crypto.*: digests and their HMACs, as lower-case hexadecimal digits. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "runtime/rego/family.h"

static int give_hex(const struct chimera_rego_call *call, const unsigned char *bytes, size_t size,
                    struct json_object **ret_result)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    chimera_rego_put_hex((struct chimera_slice){(const char *)bytes, size}, &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

static int digest(const struct chimera_rego_call *call, const EVP_MD *kind,
                  struct json_object **ret_result)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    if (!EVP_Digest(text.data, text.size, bytes, &size, kind, NULL))
        return chimera_fail(call->err, CHIMERA_EINVAL, "the digest is not available");
    return give_hex(call, bytes, size, ret_result);
}

int chimera_rego_md5(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return digest(call, EVP_md5(), ret_result);
}

int chimera_rego_sha1(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return digest(call, EVP_sha1(), ret_result);
}

int chimera_rego_sha256(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return digest(call, EVP_sha256(), ret_result);
}

static int hmac(const struct chimera_rego_call *call, const EVP_MD *kind,
                struct json_object **ret_result)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct chimera_slice text, key;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_string(call, 1, &key);
    if (code < 0)
        return code;
    if (!HMAC(kind, key.data, (int)key.size, (const unsigned char *)text.data, text.size, bytes,
              &size))
        return chimera_fail(call->err, CHIMERA_EINVAL, "the digest is not available");
    return give_hex(call, bytes, size, ret_result);
}

int chimera_rego_hmac_md5(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return hmac(call, EVP_md5(), ret_result);
}

int chimera_rego_hmac_sha1(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return hmac(call, EVP_sha1(), ret_result);
}

int chimera_rego_hmac_sha256(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return hmac(call, EVP_sha256(), ret_result);
}

int chimera_rego_hmac_sha512(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return hmac(call, EVP_sha512(), ret_result);
}

int chimera_rego_hmac_equal(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice a, b;
    int code = chimera_rego_want_string(call, 0, &a);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_string(call, 1, &b);
    if (code < 0)
        return code;
    bool is_equal = a.size == b.size && CRYPTO_memcmp(a.data, b.data, a.size) == 0;
    return chimera_rego_give_bool(call, is_equal, ret_result);
}
