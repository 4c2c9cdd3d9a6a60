/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "runtime/base/base64.h"
#include "runtime/base/digest.h"

#define KEY_MAX 16384 /* bytes of a key's text */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384
#define RSA_EXPONENT_BITS_MAX 64
#define NAME_MAX_SIZE 80
#define DER_SEQUENCE 0x30

#define POINT_WHOLE 0x04

/* Curves; the size of the one DER form of their keys, in which the curve has its name, and that of
 * the point at its end, which is whole. */
static const struct curve {
    const char *name;
    const EVP_MD *(*hash)(void);
    int der_size, point_size;
} CURVES[] = {
    {SN_X9_62_prime256v1, EVP_sha256, 91, 65},
    {SN_secp384r1, EVP_sha384, 120, 97},
    {SN_secp521r1, EVP_sha512, 158, 133},
};

/* NULL: none of those, or not told by its name. */
static const struct curve *curve_of(EVP_PKEY *key)
{
    char name[NAME_MAX_SIZE], form[NAME_MAX_SIZE];
    if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1 ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, form, sizeof(form),
                                       NULL) != 1 ||
        strcmp(form, OSSL_PKEY_EC_ENCODING_GROUP) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof(CURVES) / sizeof(CURVES[0]); i++)
        if (strcmp(CURVES[i].name, name) == 0)
            return &CURVES[i];
    return NULL;
}

static int hash_of_rsa(EVP_PKEY *key, const EVP_MD **ret_hash, struct chimera_error *err)
{
    int bits = EVP_PKEY_get_bits(key);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return chimera_fail(err, CHIMERA_EFEATURE, "an RSA key of %d bits: it must have %d to %d",
                            bits, RSA_BITS_MIN, RSA_BITS_MAX);
    /* With an exponent of one everybody could sign. */
    BIGNUM *exponent = NULL;
    bool is_good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
                   BN_is_odd(exponent) && !BN_is_one(exponent) &&
                   BN_num_bits(exponent) <= RSA_EXPONENT_BITS_MAX;
    BN_free(exponent);
    if (!is_good)
        return chimera_fail(err, CHIMERA_EFEATURE, "an RSA key with an exponent that is not safe");
    *ret_hash = EVP_sha256();
    return CHIMERA_OK;
}

int chimera_key_hash(EVP_PKEY *key, const EVP_MD **ret_hash, struct chimera_error *err)
{
    const struct curve *curve = NULL;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return hash_of_rsa(key, ret_hash, err);
    case EVP_PKEY_ED25519:
        *ret_hash = EVP_sha512();
        return CHIMERA_OK;
    case EVP_PKEY_EC:
        curve = curve_of(key);
        if (curve) {
            *ret_hash = curve->hash();
            return CHIMERA_OK;
        }
        break;
    default:
        break;
    }
    return chimera_fail(err, CHIMERA_EFEATURE,
                        "a kind of key that is not known: it must be P-256, P-384, P-521, RSA or "
                        "Ed25519");
}

/* --- Reading and writing --- */

/* OpenSSL takes more than one form; the others are refused, so that a key has one name. */
static bool is_in_its_form(EVP_PKEY *key, const unsigned char *der, long size)
{
    unsigned char *again = NULL;
    int again_size = i2d_PUBKEY(key, &again);
    bool is_same = again_size == size && memcmp(again, der, (size_t)size) == 0;
    OPENSSL_free(again);
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC)
        return is_same;
    const struct curve *curve = curve_of(key);
    return is_same &&
           (!curve || (curve->der_size == size && der[size - curve->point_size] == POINT_WHOLE));
}

static int read_der(const unsigned char *der, long size, EVP_PKEY **ret_key,
                    struct chimera_error *err)
{
    const unsigned char *at = der;
    const EVP_MD *hash = NULL;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, size);
    int code = CHIMERA_OK;
    if (!key || !is_in_its_form(key, der, size))
        code = chimera_fail(err, CHIMERA_EINVAL, "not a public key, or not in its DER form");
    else
        code = chimera_key_hash(key, &hash, err);
    ERR_clear_error();
    if (code < 0)
        EVP_PKEY_free(key);
    else
        *ret_key = key;
    return code;
}

static int read_pem(struct chimera_slice text, EVP_PKEY **ret_key, struct chimera_error *err)
{
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long size = 0;
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    int code = CHIMERA_OK;
    if (!bio)
        return chimera_fail_memory(err);
    if (PEM_read_bio(bio, &name, &header, &der, &size) != 1)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "not a public key in PEM form (-----BEGIN PUBLIC KEY-----)");
    else if (strcmp(name, PEM_STRING_PUBLIC) != 0 || header[0])
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "expected -----BEGIN PUBLIC KEY-----, found -----BEGIN %s-----", name);
    else
        code = read_der(der, size, ret_key, err);
    ERR_clear_error();
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return code;
}

int chimera_key_read(struct chimera_slice text, EVP_PKEY **ret_key, struct chimera_error *err)
{
    if (text.size == 0 || text.size > KEY_MAX)
        return chimera_fail(err, CHIMERA_EINVAL, "not a public key: %s",
                            text.size ? "it is too long" : "it is empty");
    if ((unsigned char)text.data[0] == DER_SEQUENCE)
        return read_der((const unsigned char *)text.data, (long)text.size, ret_key, err);
    return read_pem(text, ret_key, err);
}

int chimera_key_write(EVP_PKEY *key, struct chimera_buffer *out, struct chimera_error *err)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    if (size <= 0)
        return chimera_fail_memory(err);
    chimera_buffer_append(out, (struct chimera_slice){(char *)der, (size_t)size});
    OPENSSL_free(der);
    return out->failed ? chimera_fail(err, out->failed, "the key is too long") : CHIMERA_OK;
}

int chimera_key_hint(EVP_PKEY *key, char ret_hint[CHIMERA_KEY_HINT_SIZE], struct chimera_error *err)
{
    struct chimera_buffer der, text;
    struct chimera_digest digest;
    chimera_buffer_init(&der, KEY_MAX);
    chimera_buffer_init(&text, CHIMERA_KEY_HINT_SIZE - 1);
    int code = chimera_key_write(key, &der, err);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&der), &digest) < 0)
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK) {
        struct chimera_slice bytes = chimera_digest_slice(&digest);
        chimera_base64_encode(bytes, CHIMERA_BASE64_STANDARD, &text);
        code = text.failed ? chimera_fail_memory(err) : CHIMERA_OK;
    }
    if (code == CHIMERA_OK) {
        memcpy(ret_hint, text.data, text.size);
        ret_hint[text.size] = 0;
    }
    chimera_buffer_free(&text);
    chimera_buffer_free(&der);
    return code;
}

/* --- Verifying --- */

static bool is_by_ed25519(EVP_PKEY *key, struct chimera_slice message,
                          struct chimera_slice signature)
{
    unsigned char public[crypto_sign_ed25519_PUBLICKEYBYTES];
    const unsigned char *bytes = (const unsigned char *)message.data;
    size_t size = sizeof(public);
    crypto_sign_ed25519ph_state state;
    if (signature.size != crypto_sign_ed25519_BYTES ||
        EVP_PKEY_get_raw_public_key(key, public, &size) != 1 || size != sizeof(public))
        return false;
    const unsigned char *proof = (const unsigned char *)signature.data;
    crypto_sign_ed25519ph_init(&state);
    crypto_sign_ed25519ph_update(&state, bytes, message.size);
    return crypto_sign_ed25519ph_final_verify(&state, proof, public) == 0 ||
           crypto_sign_ed25519_verify_detached(proof, bytes, message.size, public) == 0;
}

/* ECDSA, whose DER OpenSSL takes in its one form only, and RSA with PKCS#1 v1.5. */
static bool is_by(EVP_PKEY *key, const EVP_MD *hash, struct chimera_slice message,
                  struct chimera_slice signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
                   EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.size,
                                    (const unsigned char *)message.data, message.size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}

int chimera_key_verify(EVP_PKEY *key, struct chimera_slice message, struct chimera_slice signature,
                       struct chimera_error *err)
{
    const EVP_MD *hash = NULL;
    int code = chimera_key_hash(key, &hash, err);
    if (code < 0)
        return code;
    bool is_good = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519
                       ? is_by_ed25519(key, message, signature)
                       : is_by(key, hash, message, signature);
    return is_good ? CHIMERA_OK
                   : chimera_fail(err, CHIMERA_EREFUSED, "the signature is not by this key");
}
