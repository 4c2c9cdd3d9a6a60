/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/private_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "compiler/fetch/signature/key.h"
#include "runtime/base/arena.h"
#include "runtime/base/base64.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define PEM_OF_COSIGN "ENCRYPTED COSIGN PRIVATE KEY"
#define PEM_OF_SIGSTORE "ENCRYPTED SIGSTORE PRIVATE KEY"
#define ARENA_MAX (4 * CHIMERA_PRIVATE_KEY_MAX)
#define SALT_MAX 1024

/* The strengths that cosign's files come in: others are somebody's attempt to have us spend memory
 * and time, or a key that is guessed too soon. */
static const uint64_t COSTS[] = {1 << 15, 1 << 16, 1 << 17};
#define BLOCK_SIZE 8
#define LANES 1
#define SCRYPT_MEMORY_MAX ((size_t)256 << 20)

static int read_pkcs8(const unsigned char *der, size_t size, EVP_PKEY **ret_key,
                      struct chimera_error *err)
{
    const unsigned char *at = der;
    const EVP_MD *hash = NULL;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)size);
    EVP_PKEY *key = info && at == der + size ? EVP_PKCS82PKEY(info) : NULL;
    int code = key ? chimera_key_hash(key, &hash, err)
                   : chimera_fail(err, CHIMERA_EINVAL, "not a private key in the form PKCS#8");
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
    if (code < 0)
        EVP_PKEY_free(key);
    else
        *ret_key = key;
    return code;
}

/* --- cosign's encrypted form: JSON of a key derivation, a cipher and what is encrypted --- */

struct sealed { /* of the arena */
    struct chimera_slice salt, nonce, box;
    uint64_t cost;
};

static bool is_text(struct json_object *value, const char *text)
{
    return json_object_is_type(value, json_type_string) &&
           strcmp(json_object_get_string(value), text) == 0;
}

static bool is_number(struct json_object *value, uint64_t number)
{
    return json_object_is_type(value, json_type_int) && json_object_get_uint64(value) == number;
}

static bool read_bytes(struct json_object *value, struct chimera_arena *arena,
                       struct chimera_slice *ret_bytes)
{
    if (!json_object_is_type(value, json_type_string))
        return false;
    struct chimera_slice text = {json_object_get_string(value),
                                 (size_t)json_object_get_string_len(value)};
    return chimera_base64_decode_in(arena, text, CHIMERA_BASE64_STANDARD, ret_bytes) == CHIMERA_OK;
}

static bool read_cost(struct json_object *kdf, uint64_t *ret_cost)
{
    struct json_object *params = chimera_json_member(kdf, "params");
    if (!is_text(chimera_json_member(kdf, "name"), "scrypt") ||
        !is_number(chimera_json_member(params, "r"), BLOCK_SIZE) ||
        !is_number(chimera_json_member(params, "p"), LANES))
        return false;
    for (size_t i = 0; i < sizeof(COSTS) / sizeof(COSTS[0]); i++) {
        *ret_cost = COSTS[i];
        if (is_number(chimera_json_member(params, "N"), COSTS[i]))
            return true;
    }
    return false;
}

static int read_sealed(struct chimera_slice text, struct chimera_arena *arena,
                       struct sealed *ret_sealed, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    if (chimera_json_parse(text, &tree, NULL) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the encrypted private key is not JSON");
    struct json_object *kdf = chimera_json_member(tree, "kdf"),
                       *cipher = chimera_json_member(tree, "cipher");
    if (!read_cost(kdf, &ret_sealed->cost))
        return chimera_fail(err, CHIMERA_EFEATURE,
                            "the encrypted private key: not scrypt with N 32768, 65536 or 131072, "
                            "r 8 and p 1");
    if (!is_text(chimera_json_member(cipher, "name"), "nacl/secretbox"))
        return chimera_fail(err, CHIMERA_EFEATURE,
                            "the encrypted private key: the cipher is not nacl/secretbox");
    if (!read_bytes(chimera_json_member(kdf, "salt"), arena, &ret_sealed->salt) ||
        ret_sealed->salt.size > SALT_MAX ||
        !read_bytes(chimera_json_member(cipher, "nonce"), arena, &ret_sealed->nonce) ||
        ret_sealed->nonce.size != crypto_secretbox_NONCEBYTES ||
        !read_bytes(chimera_json_member(tree, "ciphertext"), arena, &ret_sealed->box) ||
        ret_sealed->box.size <= crypto_secretbox_MACBYTES)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the encrypted private key: salt, nonce or ciphertext is wrong");
    return CHIMERA_OK;
}

static int open_sealed(const struct sealed *sealed, const char *password, EVP_PKEY **ret_key,
                       struct chimera_error *err)
{
    unsigned char key[crypto_secretbox_KEYBYTES];
    size_t size = sealed->box.size - crypto_secretbox_MACBYTES;
    unsigned char *der = malloc(size);
    if (!der)
        return chimera_fail_memory(err);
    _Static_assert((size_t)1 << 17 <= SCRYPT_MEMORY_MAX / (128 * BLOCK_SIZE), "what scrypt takes");
    int result = crypto_pwhash_scryptsalsa208sha256_ll(
        (const uint8_t *)password, strlen(password), (const uint8_t *)sealed->salt.data,
        sealed->salt.size, sealed->cost, BLOCK_SIZE, LANES, key, crypto_secretbox_KEYBYTES);
    int code = result == 0 ? CHIMERA_OK : chimera_fail_memory(err);
    if (code == CHIMERA_OK &&
        crypto_secretbox_open_easy(der, (const unsigned char *)sealed->box.data, sealed->box.size,
                                   (const unsigned char *)sealed->nonce.data, key) != 0)
        code =
            chimera_fail(err, CHIMERA_EREFUSED, "the private key does not open with this password");
    if (code == CHIMERA_OK)
        code = read_pkcs8(der, size, ret_key, err);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(der, size);
    free(der);
    return code;
}

/* --- PEM --- */

static int read_block(const char *name, struct chimera_slice data, const char *password,
                      EVP_PKEY **ret_key, struct chimera_error *err)
{
    if (strcmp(name, PEM_STRING_PKCS8INF) == 0)
        return read_pkcs8((const unsigned char *)data.data, data.size, ret_key, err);
    if (strcmp(name, PEM_OF_SIGSTORE) == 0 || strcmp(name, PEM_OF_COSIGN) == 0) {
        struct sealed sealed = {0};
        struct chimera_arena arena;
        if (!password)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "the private key is encrypted: it needs a password");
        if (sodium_init() < 0)
            return chimera_fail(err, CHIMERA_EIO, "libsodium does not start");
        chimera_arena_init(&arena, ARENA_MAX);
        int code = read_sealed(data, &arena, &sealed, err);
        if (code == CHIMERA_OK)
            code = open_sealed(&sealed, password, ret_key, err);
        chimera_arena_free(&arena);
        return code;
    }
    return chimera_fail(err, CHIMERA_EFEATURE,
                        "a private key must be PKCS#8 (-----BEGIN PRIVATE KEY-----; openssl pkcs8 "
                        "-topk8 -nocrypt makes it) or cosign's (cosign import-key-pair), not "
                        "-----BEGIN %s-----",
                        name);
}

int chimera_private_key_read(struct chimera_slice text, const char *password, EVP_PKEY **ret_key,
                             struct chimera_error *err)
{
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long size = 0;
    if (text.size == 0 || text.size > CHIMERA_PRIVATE_KEY_MAX)
        return chimera_fail(err, CHIMERA_EINVAL, "not a private key: %s",
                            text.size ? "it is too long" : "it is empty");
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    if (!bio)
        return chimera_fail_memory(err);
    int code = CHIMERA_OK;
    if (PEM_read_bio_ex(bio, &name, &header, &data, &size, PEM_FLAG_SECURE) != 1 || header[0])
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "not a private key in PEM form (-----BEGIN PRIVATE KEY-----)");
    else
        code = read_block(name, (struct chimera_slice){(char *)data, (size_t)size}, password,
                          ret_key, err);
    ERR_clear_error();
    OPENSSL_secure_free(name);
    OPENSSL_secure_free(header);
    OPENSSL_secure_clear_free(data, (size_t)size);
    BIO_free(bio);
    return code;
}

int chimera_private_key_open(const char *path, const char *password, EVP_PKEY **ret_key,
                             struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    chimera_buffer_init(&text, CHIMERA_PRIVATE_KEY_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK) {
        code = chimera_private_key_read(chimera_buffer_slice(&text), password, ret_key, &why);
        if (code < 0)
            chimera_fail(err, code, "%s: %s", path, why.text);
    }
    if (text.data)
        explicit_bzero(text.data, text.capacity);
    chimera_buffer_free(&text);
    return code;
}

/* --- Signing --- */

static bool sign_by_ed25519(EVP_PKEY *key, struct chimera_slice message, unsigned char *signature)
{
    unsigned char seed[crypto_sign_ed25519_SEEDBYTES], public[crypto_sign_ed25519_PUBLICKEYBYTES];
    unsigned char secret[crypto_sign_ed25519_SECRETKEYBYTES];
    size_t size = sizeof(seed);
    crypto_sign_ed25519ph_state state;
    bool is_good = EVP_PKEY_get_raw_private_key(key, seed, &size) == 1 && size == sizeof(seed) &&
                   crypto_sign_ed25519_seed_keypair(public, secret, seed) == 0;
    if (is_good) {
        crypto_sign_ed25519ph_init(&state);
        crypto_sign_ed25519ph_update(&state, (const unsigned char *)message.data, message.size);
        is_good = crypto_sign_ed25519ph_final_create(&state, signature, NULL, secret) == 0;
    }
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(secret, sizeof(secret));
    return is_good;
}

static bool sign_by_openssl(EVP_PKEY *key, const EVP_MD *hash, struct chimera_slice message,
                            unsigned char *signature, size_t *size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context && EVP_DigestSignInit(context, NULL, hash, NULL, key) == 1 &&
                   EVP_DigestSign(context, signature, size, (const unsigned char *)message.data,
                                  message.size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_good;
}

static int sign(EVP_PKEY *key, struct chimera_slice message, bool is_plain,
                struct chimera_buffer *out, struct chimera_error *err)
{
    const EVP_MD *hash = NULL;
    int code = chimera_key_hash(key, &hash, err);
    if (code < 0)
        return code;
    size_t size = (size_t)EVP_PKEY_get_size(key);
    unsigned char *signature = (unsigned char *)chimera_buffer_reserve(out, size);
    if (!signature)
        return chimera_fail(err, out->failed, "the signature does not fit");
    bool is_edwards = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    bool is_good = is_edwards && !is_plain
                       ? sign_by_ed25519(key, message, signature)
                       : sign_by_openssl(key, is_edwards ? NULL : hash, message, signature, &size);
    /* A file may hold two halves that do not fit, and a faulty RSA signature gives the key away. */
    struct chimera_slice made = {(char *)signature, size};
    if (!is_good || chimera_key_verify(key, message, made, NULL) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the private key cannot sign");
    out->size += size;
    return CHIMERA_OK;
}

int chimera_private_key_sign(EVP_PKEY *key, struct chimera_slice message,
                             struct chimera_buffer *out, struct chimera_error *err)
{
    return sign(key, message, false, out, err);
}

int chimera_private_key_sign_file(EVP_PKEY *key, struct chimera_slice message,
                                  struct chimera_buffer *out, struct chimera_error *err)
{
    return sign(key, message, true, out, err);
}
