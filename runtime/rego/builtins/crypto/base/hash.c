/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/hash.h"

#define PIECE ((size_t)32 << 10) /* that is hashed between two looks at the account */
#define BLOCK_MAX 128            /* of any digest here: SHA-512's */

int chimera_rego_hash_of(const struct chimera_rego_call *call, const EVP_MD *kind,
                         struct chimera_slice first, struct chimera_slice second,
                         struct chimera_rego_hash *ret_hash)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && EVP_DigestInit_ex(context, kind, NULL) &&
                   (first.size == 0 || EVP_DigestUpdate(context, first.data, first.size));
    int code = CHIMERA_OK;
    while (is_good && second.size > 0 && code == CHIMERA_OK) {
        size_t size = second.size < PIECE ? second.size : PIECE;
        is_good = EVP_DigestUpdate(context, second.data, size);
        second = (struct chimera_slice){second.data + size, second.size - size};
        code = chimera_rego_spend(call, size / 2);
    }
    is_good = is_good && EVP_DigestFinal_ex(context, ret_hash->bytes, &ret_hash->size);
    EVP_MD_CTX_free(context);
    if (code == CHIMERA_OK && !is_good)
        code = chimera_fail(call->err, CHIMERA_EINVAL, "the digest is not available");
    return code;
}

/* In pieces: OpenSSL's would hash megabytes at once. */
int chimera_rego_hmac_of(const struct chimera_rego_call *call, const EVP_MD *kind,
                         struct chimera_slice key, struct chimera_slice text,
                         struct chimera_rego_hash *ret_hash)
{
    char inner[BLOCK_MAX] = {0}, outer[BLOCK_MAX];
    size_t block = (size_t)EVP_MD_get_block_size(kind);
    struct chimera_rego_hash short_key;
    int code = CHIMERA_OK;
    if (key.size > block) {
        code = chimera_rego_hash_of(call, kind, CHIMERA_SLICE(""), key, &short_key);
        key = chimera_rego_hash_slice(&short_key);
    }
    if (code < 0)
        return code;
    if (key.size > 0)
        memcpy(inner, key.data, key.size);
    for (size_t i = 0; i < block; i++) {
        outer[i] = (char)(inner[i] ^ 0x5C);
        inner[i] ^= 0x36;
    }
    code = chimera_rego_hash_of(call, kind, (struct chimera_slice){inner, block}, text, ret_hash);
    if (code < 0)
        return code;
    return chimera_rego_hash_of(call, kind, (struct chimera_slice){outer, block},
                                chimera_rego_hash_slice(ret_hash), ret_hash);
}
