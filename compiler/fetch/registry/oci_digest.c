/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/registry/oci_digest.h"

#include <openssl/evp.h>

struct algorithm {
    const char *prefix;
    const EVP_MD *(*make)(void);
    size_t digits;
};

static const struct algorithm algorithms[] = {
    {"sha256:", EVP_sha256, 64},
    {"sha384:", EVP_sha384, 96},
    {"sha512:", EVP_sha512, 128},
};

static const struct algorithm *algorithm_of(struct chimera_slice digest)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++)
        if (chimera_slice_starts(digest, algorithms[i].prefix))
            return &algorithms[i];
    return NULL;
}

bool chimera_oci_digest_is_good(struct chimera_slice digest)
{
    const struct algorithm *algorithm = algorithm_of(digest);
    if (!algorithm || digest.size != strlen(algorithm->prefix) + algorithm->digits)
        return false;
    for (size_t i = strlen(algorithm->prefix); i < digest.size; i++) {
        char c = digest.data[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

bool chimera_oci_digest_is_like(const char *digest, const char *other)
{
    const struct algorithm *algorithm = algorithm_of(chimera_slice_of(digest));
    return algorithm && algorithm == algorithm_of(chimera_slice_of(other));
}

int chimera_oci_hash_begin(struct chimera_oci_hash *hash, const char *like)
{
    const struct algorithm *algorithm = like ? algorithm_of(chimera_slice_of(like)) : algorithms;
    if (!algorithm)
        return CHIMERA_EINVAL;
    if (!hash->context)
        hash->context = EVP_MD_CTX_new();
    hash->prefix = algorithm->prefix;
    return hash->context && EVP_DigestInit_ex(hash->context, algorithm->make(), NULL)
               ? CHIMERA_OK
               : CHIMERA_ENOMEM;
}

int chimera_oci_hash_add(struct chimera_oci_hash *hash, struct chimera_slice bytes)
{
    return EVP_DigestUpdate(hash->context, bytes.data, bytes.size) ? CHIMERA_OK : CHIMERA_ENOMEM;
}

int chimera_oci_hash_finish(struct chimera_oci_hash *hash, char ret_digest[CHIMERA_OCI_DIGEST_MAX])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    int is_good = EVP_DigestFinal_ex(hash->context, bytes, &size);
    chimera_oci_hash_drop(hash);
    if (!is_good)
        return CHIMERA_ENOMEM;
    size_t at = strlen(hash->prefix);
    memcpy(ret_digest, hash->prefix, at);
    for (unsigned i = 0; i < size; i++) {
        ret_digest[at++] = digits[bytes[i] >> 4];
        ret_digest[at++] = digits[bytes[i] & 15];
    }
    ret_digest[at] = '\0';
    return CHIMERA_OK;
}

void chimera_oci_hash_drop(struct chimera_oci_hash *hash)
{
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

int chimera_oci_digest_of(struct chimera_slice bytes, const char *like,
                          char ret_digest[CHIMERA_OCI_DIGEST_MAX])
{
    struct chimera_oci_hash hash = {0};
    int code = chimera_oci_hash_begin(&hash, like);
    if (code == CHIMERA_OK)
        code = chimera_oci_hash_add(&hash, bytes);
    if (code == CHIMERA_OK)
        return chimera_oci_hash_finish(&hash, ret_digest);
    chimera_oci_hash_drop(&hash);
    return code;
}
