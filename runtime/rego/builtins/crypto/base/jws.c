/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/jws.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "runtime/rego/builtins/crypto/base/hash.h"

#define SIGNATURE_MAX (CHIMERA_REGO_RSA_BITS_MAX / 8)

/* Nanoseconds that one operation takes, at most, with keys of the sizes that there are: of RSA a
 * tenth of one for each two bits multiplied (public), and of three bits (private). */
#define CURVE_NS 2000000
#define EDDSA_NS_A_BYTE 4
#define RSA_PUBLIC_DIVISOR 10
#define RSA_PRIVATE_DIVISOR 10000

static const struct chimera_rego_jws ALGORITHMS[] = {
    {"RS256", CHIMERA_REGO_JWS_RSA, 256, false},
    {"RS384", CHIMERA_REGO_JWS_RSA, 384, false},
    {"RS512", CHIMERA_REGO_JWS_RSA, 512, false},
    {"PS256", CHIMERA_REGO_JWS_PSS, 256, false},
    {"PS384", CHIMERA_REGO_JWS_PSS, 384, false},
    {"PS512", CHIMERA_REGO_JWS_PSS, 512, false},
    {"ES256", CHIMERA_REGO_JWS_ECDSA, 256, false},
    {"ES384", CHIMERA_REGO_JWS_ECDSA, 384, false},
    {"ES512", CHIMERA_REGO_JWS_ECDSA, 512, false},
    {"HS256", CHIMERA_REGO_JWS_HMAC, 256, false},
    {"HS384", CHIMERA_REGO_JWS_HMAC, 384, false},
    {"HS512", CHIMERA_REGO_JWS_HMAC, 512, false},
    {"EdDSA", CHIMERA_REGO_JWS_EDDSA, 0, false},
    {"Ed25519", CHIMERA_REGO_JWS_EDDSA, 0, true},
    {"RSA_PKCS1v15_WITH_SHA256", CHIMERA_REGO_JWS_RSA, 256, true},
    {"RSA_PKCS1v15_WITH_SHA384", CHIMERA_REGO_JWS_RSA, 384, true},
    {"RSA_PKCS1v15_WITH_SHA512", CHIMERA_REGO_JWS_RSA, 512, true},
    {"RSA_PSS_WITH_SHA256", CHIMERA_REGO_JWS_PSS, 256, true},
    {"RSA_PSS_WITH_SHA384", CHIMERA_REGO_JWS_PSS, 384, true},
    {"RSA_PSS_WITH_SHA512", CHIMERA_REGO_JWS_PSS, 512, true},
    {"ECDSA_WITH_P256_AND_SHA256", CHIMERA_REGO_JWS_ECDSA, 256, true},
    {"ECDSA_WITH_P384_AND_SHA384", CHIMERA_REGO_JWS_ECDSA, 384, true},
    {"ECDSA_WITH_P521_AND_SHA512", CHIMERA_REGO_JWS_ECDSA, 512, true},
    {"HMAC_WITH_SHA256", CHIMERA_REGO_JWS_HMAC, 256, true},
    {"HMAC_WITH_SHA384", CHIMERA_REGO_JWS_HMAC, 384, true},
    {"HMAC_WITH_SHA512", CHIMERA_REGO_JWS_HMAC, 512, true},
};

const struct chimera_rego_jws *chimera_rego_jws_find(struct chimera_slice name)
{
    for (size_t i = 0; i < sizeof(ALGORITHMS) / sizeof(*ALGORITHMS); i++)
        if (chimera_slice_is(name, ALGORITHMS[i].name))
            return &ALGORITHMS[i];
    return NULL;
}

/* RFC 7518 §3.1, §4.1, §5.1; RFC 8812, RFC 9864. */
bool chimera_rego_jws_is_key_algorithm(struct chimera_slice name)
{
    static const char *const others[] = {
        "none",
        "ES256K",
        "Ed25519",
        "A128GCM",
        "A192GCM",
        "A256GCM",
        "A128CBC-HS256",
        "A192CBC-HS384",
        "A256CBC-HS512",
        "A128KW",
        "A192KW",
        "A256KW",
        "A128GCMKW",
        "A192GCMKW",
        "A256GCMKW",
        "dir",
        "ECDH-ES",
        "ECDH-ES+A128KW",
        "ECDH-ES+A192KW",
        "ECDH-ES+A256KW",
        "RSA1_5",
        "RSA-OAEP",
        "RSA-OAEP-256",
        "RSA-OAEP-384",
        "RSA-OAEP-512",
        "PBES2-HS256+A128KW",
        "PBES2-HS384+A192KW",
        "PBES2-HS512+A256KW",
    };
    const struct chimera_rego_jws *found = chimera_rego_jws_find(name);
    if (found && !found->is_alias)
        return true;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (chimera_slice_is(name, others[i]))
            return true;
    return false;
}

static const EVP_MD *hash_kind(const struct chimera_rego_jws *jws)
{
    return jws->hash_bits == 256   ? EVP_sha256()
           : jws->hash_bits == 384 ? EVP_sha384()
                                   : EVP_sha512();
}

static bool fits(const struct chimera_rego_jws *jws, const struct chimera_rego_key *key)
{
    static const enum chimera_rego_key_kind wanted[] = {
        [CHIMERA_REGO_JWS_HMAC] = CHIMERA_REGO_KEY_BYTES,
        [CHIMERA_REGO_JWS_RSA] = CHIMERA_REGO_KEY_RSA,
        [CHIMERA_REGO_JWS_PSS] = CHIMERA_REGO_KEY_RSA,
        [CHIMERA_REGO_JWS_ECDSA] = CHIMERA_REGO_KEY_EC,
        [CHIMERA_REGO_JWS_EDDSA] = CHIMERA_REGO_KEY_ED25519,
    };
    return key->kind == wanted[jws->family] && (key->pkey || key->bytes.size > 0);
}

static int has_time(const struct chimera_rego_call *call, const struct chimera_rego_key *key,
                    bool is_private, struct chimera_slice text)
{
    uint64_t bits = key->bits, square = bits * bits;
    if (key->kind == CHIMERA_REGO_KEY_ED25519)
        return chimera_rego_has_time(call, CURVE_NS + text.size * EDDSA_NS_A_BYTE);
    if (key->kind == CHIMERA_REGO_KEY_EC)
        return chimera_rego_has_time(call, CURVE_NS);
    return chimera_rego_has_time(call, is_private ? square * bits / RSA_PRIVATE_DIVISOR
                                                  : square / RSA_PUBLIC_DIVISOR);
}

/* A context for RSA's padding, or for ECDSA. NULL: there is none. */
static EVP_PKEY_CTX *open_context(const struct chimera_rego_jws *jws, int salt_size,
                                  const struct chimera_rego_key *key, bool is_signer)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    bool is_pss = jws->family == CHIMERA_REGO_JWS_PSS, is_rsa = key->kind == CHIMERA_REGO_KEY_RSA;
    if (context && (is_signer ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)) > 0 &&
        (!is_rsa || EVP_PKEY_CTX_set_rsa_padding(context, is_pss ? RSA_PKCS1_PSS_PADDING
                                                                 : RSA_PKCS1_PADDING) > 0) &&
        EVP_PKEY_CTX_set_signature_md(context, hash_kind(jws)) > 0 &&
        (!is_pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_size) > 0))
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

/* --- Verification --- */

/* The two numbers as OpenSSL wants them: in DER. 0: they cannot be a signature. */
static size_t halves_to_der(const struct chimera_rego_key *key, enum chimera_rego_jws_mode mode,
                            struct chimera_slice signature, unsigned char der[SIGNATURE_MAX])
{
    size_t wanted = chimera_rego_curve_bytes(key->curve), half = signature.size / 2;
    if (signature.size == 0 || (mode == CHIMERA_REGO_JWS_STRICT && signature.size != 2 * wanted))
        return 0;
    struct chimera_slice r =
        chimera_rego_without_zeroes((struct chimera_slice){signature.data, half});
    struct chimera_slice s = chimera_rego_without_zeroes(chimera_slice_behind(signature, half));
    if (r.size == 0 || s.size == 0 || r.size > wanted || s.size > wanted)
        return 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *of_r = BN_bin2bn((const unsigned char *)r.data, (int)r.size, NULL);
    BIGNUM *of_s = BN_bin2bn((const unsigned char *)s.data, (int)s.size, NULL);
    int size = 0;
    if (pair && of_r && of_s && ECDSA_SIG_set0(pair, of_r, of_s))
        of_r = of_s = NULL; /* now the pair's */
    else
        size = -1;
    if (size == 0)
        size = i2d_ECDSA_SIG(pair, &der);
    BN_free(of_r);
    BN_free(of_s);
    ECDSA_SIG_free(pair);
    return size > 0 ? (size_t)size : 0;
}

static bool verify_digest(const struct chimera_rego_jws *jws, enum chimera_rego_jws_mode mode,
                          const struct chimera_rego_key *key, const struct chimera_rego_hash *hash,
                          struct chimera_slice signature)
{
    unsigned char der[SIGNATURE_MAX];
    if (key->kind == CHIMERA_REGO_KEY_EC && mode != CHIMERA_REGO_JWS_DER) {
        size_t size = halves_to_der(key, mode, signature, der);
        signature = (struct chimera_slice){(const char *)der, size};
    }
    if (signature.size == 0)
        return false;
    int salt_size = mode == CHIMERA_REGO_JWS_LAX ? RSA_PSS_SALTLEN_AUTO : RSA_PSS_SALTLEN_DIGEST;
    EVP_PKEY_CTX *context = open_context(jws, salt_size, key, false);
    bool is_valid = context && EVP_PKEY_verify(context, (const unsigned char *)signature.data,
                                               signature.size, hash->bytes, hash->size) == 1;
    EVP_PKEY_CTX_free(context);
    return is_valid;
}

static bool verify_text(const struct chimera_rego_key *key, struct chimera_slice text,
                        struct chimera_slice signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_valid = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) > 0 &&
                    EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.size,
                                     (const unsigned char *)text.data, text.size) == 1;
    EVP_MD_CTX_free(context);
    return is_valid;
}

int chimera_rego_jws_verify(const struct chimera_rego_call *call,
                            const struct chimera_rego_jws *jws, enum chimera_rego_jws_mode mode,
                            const struct chimera_rego_key *key,
                            const struct chimera_rego_signed *what, bool *ret_is_valid)
{
    struct chimera_rego_hash hash;
    struct chimera_slice text = what->text, signature = what->signature;
    *ret_is_valid = false;
    if (!fits(jws, key) || (mode == CHIMERA_REGO_JWS_LAX && key->is_private))
        return CHIMERA_OK;
    int code = has_time(call, key, false, text);
    if (code == CHIMERA_OK && jws->family == CHIMERA_REGO_JWS_HMAC) {
        code = chimera_rego_hmac_of(call, hash_kind(jws), key->bytes, text, &hash);
        *ret_is_valid = code == CHIMERA_OK && signature.size == hash.size &&
                        CRYPTO_memcmp(signature.data, hash.bytes, hash.size) == 0;
    } else if (code == CHIMERA_OK && jws->family == CHIMERA_REGO_JWS_EDDSA) {
        *ret_is_valid = verify_text(key, text, signature);
    } else if (code == CHIMERA_OK) {
        code = chimera_rego_hash_of(call, hash_kind(jws), CHIMERA_SLICE(""), text, &hash);
        *ret_is_valid = code == CHIMERA_OK && verify_digest(jws, mode, key, &hash, signature);
    }
    return code;
}

/* --- Signing --- */

/* From DER to two numbers of the curve's size. */
static size_t der_to_halves(const struct chimera_rego_key *key, const unsigned char *der,
                            size_t size, unsigned char to[SIGNATURE_MAX])
{
    int bytes = (int)chimera_rego_curve_bytes(key->curve);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool is_good = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, bytes) == bytes &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + bytes, bytes) == bytes;
    ECDSA_SIG_free(pair);
    return is_good ? (size_t)bytes * 2 : 0;
}

static size_t sign_digest(const struct chimera_rego_jws *jws, const struct chimera_rego_key *key,
                          const struct chimera_rego_hash *hash, unsigned char to[SIGNATURE_MAX])
{
    unsigned char der[SIGNATURE_MAX];
    bool is_curve = key->kind == CHIMERA_REGO_KEY_EC;
    size_t size = SIGNATURE_MAX;
    EVP_PKEY_CTX *context = open_context(jws, RSA_PSS_SALTLEN_DIGEST, key, true);
    if (!context ||
        EVP_PKEY_sign(context, is_curve ? der : to, &size, hash->bytes, hash->size) <= 0)
        size = 0;
    EVP_PKEY_CTX_free(context);
    return is_curve && size > 0 ? der_to_halves(key, der, size, to) : size;
}

static size_t sign_text(const struct chimera_rego_key *key, struct chimera_slice text,
                        unsigned char to[SIGNATURE_MAX])
{
    size_t size = SIGNATURE_MAX;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) <= 0 ||
        EVP_DigestSign(context, to, &size, (const unsigned char *)text.data, text.size) <= 0)
        size = 0;
    EVP_MD_CTX_free(context);
    return size;
}

int chimera_rego_jws_sign(const struct chimera_rego_call *call, const struct chimera_rego_jws *jws,
                          const struct chimera_rego_key *key, struct chimera_slice text,
                          struct chimera_buffer *out)
{
    unsigned char signature[SIGNATURE_MAX];
    struct chimera_rego_hash hash;
    size_t size = 0;
    bool is_hmac = jws->family == CHIMERA_REGO_JWS_HMAC;
    if (!fits(jws, key) || (!is_hmac && !key->is_private))
        return chimera_fail(call->err, CHIMERA_EINVAL, "the key does not sign with %s", jws->name);
    int code = has_time(call, key, true, text);
    if (code == CHIMERA_OK && is_hmac) {
        code = chimera_rego_hmac_of(call, hash_kind(jws), key->bytes, text, &hash);
        if (code == CHIMERA_OK)
            chimera_buffer_append(out, chimera_rego_hash_slice(&hash));
        return code;
    }
    if (code == CHIMERA_OK && jws->family == CHIMERA_REGO_JWS_EDDSA)
        size = sign_text(key, text, signature);
    else if (code == CHIMERA_OK)
        code = chimera_rego_hash_of(call, hash_kind(jws), CHIMERA_SLICE(""), text, &hash);
    if (code == CHIMERA_OK && jws->family != CHIMERA_REGO_JWS_EDDSA)
        size = sign_digest(jws, key, &hash, signature);
    if (code == CHIMERA_OK && size == 0)
        code = chimera_fail(call->err, CHIMERA_EINVAL, "the key does not sign with %s", jws->name);
    if (code == CHIMERA_OK)
        chimera_buffer_append(out, (struct chimera_slice){(const char *)signature, size});
    return code;
}
