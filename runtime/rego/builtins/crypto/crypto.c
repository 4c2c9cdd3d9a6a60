/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins crypto.*: digests and their HMACs, as lower-case hexadecimal digits. */
#include <openssl/crypto.h>

#include "runtime/rego/builtins/crypto/base/hash.h"

#define PIECE ((size_t)32 << 10) /* that is hashed between two looks at the account */

static int give_hex(const struct chimera_rego_call *call, const struct chimera_rego_hash *hash,
                    struct json_object **ret_result)
{
    struct chimera_buffer out;
    chimera_rego_buffer(call, &out);
    chimera_rego_put_hex(chimera_rego_hash_slice(hash), &out);
    return chimera_rego_give_text(call, &out, ret_result);
}

static int digest(const struct chimera_rego_call *call, const EVP_MD *kind,
                  struct json_object **ret_result)
{
    struct chimera_rego_hash hash;
    struct chimera_slice text;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code == CHIMERA_OK)
        code = chimera_rego_hash_of(call, kind, CHIMERA_SLICE(""), text, &hash);
    return code < 0 ? code : give_hex(call, &hash, ret_result);
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
    struct chimera_rego_hash hash;
    struct chimera_slice text, key;
    int code = chimera_rego_want_two_strings(call, &text, &key);
    if (code == CHIMERA_OK)
        code = chimera_rego_hmac_of(call, kind, key, text, &hash);
    return code < 0 ? code : give_hex(call, &hash, ret_result);
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
    int code = chimera_rego_want_two_strings(call, &a, &b);
    if (code < 0)
        return code;
    bool is_equal = a.size == b.size;
    for (size_t at = 0, size; is_equal && at < a.size && code == CHIMERA_OK; at += size) {
        size = a.size - at < PIECE ? a.size - at : PIECE;
        is_equal = CRYPTO_memcmp(a.data + at, b.data + at, size) == 0;
        code = chimera_rego_spend(call, size / 4);
    }
    return code < 0 ? code : chimera_rego_give_bool(call, is_equal, ret_result);
}
