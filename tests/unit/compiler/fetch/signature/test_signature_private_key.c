/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as openssl and cosign write them: what they sign, their public keys verify; here and
 * by the openssl command. */
#include "samples.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/private_key.h"

#define OLD "ENCRYPTED COSIGN PRIVATE KEY"
#define NEW "ENCRYPTED SIGSTORE PRIVATE KEY"
#define MESSAGE CHIMERA_SLICE("a message")

static int read_private(const char *name, const char *password, EVP_PKEY **ret_key,
                        struct chimera_error *err)
{
    struct chimera_buffer text;
    read_sample(name, &text);
    int code = chimera_private_key_read(chimera_buffer_slice(&text), password, ret_key, err);
    chimera_buffer_free(&text);
    return code;
}

static void sign_and_verify(const char *name, const char *password, const char *public)
{
    struct chimera_buffer text, signature;
    struct chimera_error err = {0};
    EVP_PKEY *private = NULL, *key = NULL;
    if (read_private(name, password, &private, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    read_sample(public, &text);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&text), &key, NULL), CHIMERA_OK);
    chimera_buffer_init(&signature, 4096);
    assert_int_equal(chimera_private_key_sign(private, MESSAGE, &signature, &err), CHIMERA_OK);
    assert_int_equal(chimera_key_verify(key, MESSAGE, chimera_buffer_slice(&signature), &err),
                     CHIMERA_OK);
    assert_int_equal(
        chimera_key_verify(key, CHIMERA_SLICE("b message"), chimera_buffer_slice(&signature), NULL),
        CHIMERA_EREFUSED);
    chimera_buffer_free(&signature);
    chimera_buffer_free(&text);
    EVP_PKEY_free(private);
    EVP_PKEY_free(key);
}

static void keys_of_the_openssl_command_sign(void **state)
{
    (void)state;
    sign_and_verify("private/p256.pem", NULL, "more/p256.pub");
    sign_and_verify("private/p384.pem", NULL, "more/p384.pub");
    sign_and_verify("private/p521.pem", NULL, "more/p521.pub");
    sign_and_verify("private/rsa3072.pem", NULL, "more/rsa3072.pub");
    sign_and_verify("private/ed25519.pem", "not needed", "more/ed25519.pub");
}

static void keys_of_cosign_sign(void **state)
{
    (void)state;
    sign_and_verify("private/p256.key", "a password", "more/p256.pub");
    sign_and_verify("private/p384.key", "a password", "more/p384.pub");
    sign_and_verify("private/p521.key", "a password", "more/p521.pub");
    sign_and_verify("private/rsa3072.key", "a password", "more/rsa3072.pub");
    sign_and_verify("private/ed25519.key", "a password", "more/ed25519.pub");
    sign_and_verify("private/empty.key", "", "more/empty.pub");
}

/* As cosign does: a plain signature would be refused there. */
static void ed25519_signs_the_hash(void **state)
{
    struct chimera_buffer signature;
    EVP_PKEY *key = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    (void)state;
    assert_int_equal(read_private("private/ed25519.pem", NULL, &key, NULL), CHIMERA_OK);
    chimera_buffer_init(&signature, 64);
    assert_int_equal(chimera_private_key_sign(key, MESSAGE, &signature, NULL), CHIMERA_OK);
    assert_int_equal(signature.size, 64);
    assert_int_equal(EVP_DigestVerifyInit(context, NULL, NULL, NULL, key), 1);
    assert_int_not_equal(EVP_DigestVerify(context, (const unsigned char *)signature.data, 64,
                                          (const unsigned char *)MESSAGE.data, MESSAGE.size),
                         1);
    chimera_buffer_free(&signature);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

static void a_signature_that_does_not_fit_is_an_error(void **state)
{
    struct chimera_buffer signature;
    EVP_PKEY *key = NULL;
    (void)state;
    assert_int_equal(read_private("private/p256.pem", NULL, &key, NULL), CHIMERA_OK);
    chimera_buffer_init(&signature, 40);
    assert_int_equal(chimera_private_key_sign(key, MESSAGE, &signature, NULL), CHIMERA_ELIMIT);
    assert_int_equal(signature.size, 0);
    chimera_buffer_free(&signature);
    EVP_PKEY_free(key);
}

/* The halves of two keys: what is signed would be nobody's. */
static void halves_that_do_not_fit_do_not_sign(void **state)
{
    struct chimera_buffer text, other, der, pem, signature;
    struct chimera_error err = {0};
    EVP_PKEY *key = NULL;
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long size = 0;
    (void)state;
    read_sample("private/p256.pem", &text);
    read_sample("keys/p256.pub", &other);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&other), &key, NULL), CHIMERA_OK);
    chimera_buffer_init(&der, 1000);
    assert_int_equal(chimera_key_write(key, &der, NULL), CHIMERA_OK);
    EVP_PKEY_free(key);
    BIO *in = BIO_new_mem_buf(text.data, (int)text.size), *out = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_read_bio(in, &name, &header, &bytes, &size), 1);
    /* Both end with the public point. */
    memcpy(bytes + size - 65, der.data + der.size - 65, 65);
    assert_true(PEM_write_bio(out, name, header, bytes, size) > 0);
    chimera_buffer_init(&pem, 1000);
    char *made = NULL;
    size_t made_size = (size_t)BIO_get_mem_data(out, &made);
    chimera_buffer_append(&pem, (struct chimera_slice){made, made_size});
    key = NULL;
    assert_int_equal(chimera_private_key_read(chimera_buffer_slice(&pem), NULL, &key, NULL),
                     CHIMERA_OK);
    chimera_buffer_init(&signature, 1000);
    assert_int_equal(chimera_private_key_sign(key, MESSAGE, &signature, &err), CHIMERA_EINVAL);
    assert_int_equal(signature.size, 0);
    EVP_PKEY_free(key);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    BIO_free(in);
    BIO_free(out);
    struct chimera_buffer *const all[] = {&text, &other, &der, &pem, &signature};
    for (size_t i = 0; i < 5; i++)
        chimera_buffer_free(all[i]);
}

static void passwords_must_be_right_and_are_not_told(void **state)
{
    struct chimera_error err = {0};
    EVP_PKEY *key = (void *)state;
    assert_int_equal(read_private("private/p256.key", NULL, &key, &err), CHIMERA_EINVAL);
    assert_non_null(strstr(err.text, "needs a password"));
    assert_int_equal(read_private("private/p256.key", "A password", &key, &err), CHIMERA_EREFUSED);
    assert_null(strstr(err.text, "A password"));
    assert_int_equal(read_private("private/empty.key", "x", &key, &err), CHIMERA_EREFUSED);
    assert_ptr_equal(key, state);
}

static void other_forms_are_refused_with_a_way_out(void **state)
{
    struct chimera_error err = {0};
    EVP_PKEY *key = NULL;
    (void)state;
    assert_int_equal(read_private("private/p256-traditional.pem", NULL, &key, &err),
                     CHIMERA_EFEATURE);
    assert_non_null(strstr(err.text, "openssl pkcs8"));
    assert_int_equal(read_private("private/p256-pbes2.pem", "secret", &key, &err),
                     CHIMERA_EFEATURE);
    assert_int_equal(read_private("more/p256.pub", NULL, &key, &err), CHIMERA_EFEATURE);
    assert_int_equal(read_private("DIGEST", NULL, &key, &err), CHIMERA_EINVAL);
    assert_int_equal(chimera_private_key_read((struct chimera_slice){NULL, 0}, NULL, &key, &err),
                     CHIMERA_EINVAL);
    assert_null(key);
}

static int read_pem(const char *name, const char *header, const unsigned char *bytes, long size)
{
    BIO *out = BIO_new(BIO_s_mem());
    EVP_PKEY *key = NULL;
    char *made = NULL;
    assert_true(PEM_write_bio(out, name, header, bytes, size) > 0);
    size_t made_size = (size_t)BIO_get_mem_data(out, &made);
    int code = chimera_private_key_read((struct chimera_slice){made, made_size}, "x", &key, NULL);
    EVP_PKEY_free(key);
    BIO_free(out);
    return code;
}

static void pkcs8_is_read_whole_and_nothing_else(void **state)
{
    struct chimera_buffer text;
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL, longer[1000] = {0};
    long size = 0;
    (void)state;
    read_sample("private/p256.pem", &text);
    BIO *in = BIO_new_mem_buf(text.data, (int)text.size);
    assert_int_equal(PEM_read_bio(in, &name, &header, &bytes, &size), 1);
    memcpy(longer, bytes, (size_t)size);
    assert_int_equal(read_pem("PRIVATE KEY", "", longer, size), CHIMERA_OK);
    assert_int_equal(read_pem("PRIVATE KEY", "", longer, size + 1), CHIMERA_EINVAL);
    assert_int_equal(read_pem("PRIVATE KEY", "", longer, size - 1), CHIMERA_EINVAL);
    assert_int_equal(read_pem("PRIVATE KEY", "A: b\n", longer, size), CHIMERA_EINVAL);
    assert_int_equal(read_pem("EC PRIVATE KEY", "", longer, size), CHIMERA_EFEATURE);
    assert_int_equal(read_pem(NEW, "", longer, size), CHIMERA_EINVAL); /* no JSON */
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(bytes);
    BIO_free(in);
    chimera_buffer_free(&text);
}

static int read_made_key(EVP_PKEY *key)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *made = NULL;
    EVP_PKEY *again = NULL;
    assert_non_null(key);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
    size_t size = (size_t)BIO_get_mem_data(out, &made);
    int code = chimera_private_key_read((struct chimera_slice){made, size}, NULL, &again, NULL);
    EVP_PKEY_free(key);
    EVP_PKEY_free(again);
    BIO_free(out);
    return code;
}

static void weak_keys_are_not_read(void **state)
{
    (void)state;
    assert_int_equal(read_made_key(EVP_EC_gen("P-256")), CHIMERA_OK);
    assert_int_equal(read_made_key(EVP_EC_gen("P-224")), CHIMERA_EFEATURE);
    assert_int_equal(read_made_key(EVP_EC_gen("secp256k1")), CHIMERA_EFEATURE);
    assert_int_equal(read_made_key(EVP_RSA_gen(1024)), CHIMERA_EFEATURE);
    assert_int_equal(read_made_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED448")), CHIMERA_EFEATURE);
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1000);
    assert_int_equal(chimera_private_key_sign(weak, MESSAGE, &out, NULL), CHIMERA_EFEATURE);
    assert_int_equal(out.size, 0);
    chimera_buffer_free(&out);
    EVP_PKEY_free(weak);
}

static void a_file_that_is_too_long_is_not_read(void **state)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    char *longer = malloc(CHIMERA_PRIVATE_KEY_MAX + 1);
    (void)state;
    read_sample("private/p256.pem", &text);
    memset(longer, '\n', CHIMERA_PRIVATE_KEY_MAX + 1);
    memcpy(longer, text.data, text.size);
    assert_int_equal(chimera_private_key_read(
                         (struct chimera_slice){longer, CHIMERA_PRIVATE_KEY_MAX}, NULL, &key, NULL),
                     CHIMERA_OK);
    EVP_PKEY_free(key);
    key = NULL;
    assert_int_equal(
        chimera_private_key_read((struct chimera_slice){longer, CHIMERA_PRIVATE_KEY_MAX + 1}, NULL,
                                 &key, NULL),
        CHIMERA_EINVAL);
    assert_null(key);
    free(longer);
    chimera_buffer_free(&text);
}

/* --- cosign's form, taken apart --- */

#define SALT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define NONCE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *salt = SALT; /* of what is made */

static int read_made(const char *name, const char *kdf, const char *params, const char *cipher,
                     const char *nonce, const char *box)
{
    struct chimera_buffer json, text;
    EVP_PKEY *key = NULL;
    chimera_buffer_init(&json, 4096);
    chimera_buffer_init(&text, 8192);
    chimera_buffer_print(&json,
                         "{\"kdf\":{\"name\":\"%s\",\"params\":%s,\"salt\":\"%s"
                         "\"},\"cipher\":{\"name\":\"%s\",\"nonce\":\"%s\"},\"ciphertext\":%s}",
                         kdf, params, salt, cipher, nonce, box);
    struct chimera_slice rest = chimera_buffer_slice(&json);
    chimera_buffer_print(&text, "-----BEGIN %s-----\n", name);
    for (size_t size = 0; rest.size > 0; rest.data += size, rest.size -= size) {
        size = rest.size < 48 ? rest.size : 48;
        chimera_base64_encode((struct chimera_slice){rest.data, size}, 0, &text);
        chimera_buffer_byte(&text, '\n');
    }
    chimera_buffer_print(&text, "-----END %s-----\n", name);
    int code = chimera_private_key_read(chimera_buffer_slice(&text), "x", &key, NULL);
    assert_null(key);
    chimera_buffer_free(&json);
    chimera_buffer_free(&text);
    return code;
}

#define GOOD "{\"N\":32768,\"r\":8,\"p\":1}"
#define BOX "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAA\""

static void only_the_strengths_of_cosign_are_tried(void **state)
{
    static const char *const BAD[] = {
        "{\"N\":1073741824,\"r\":8,\"p\":1}",
        "{\"N\":16384,\"r\":8,\"p\":1}",
        "{\"N\":32768,\"r\":1024,\"p\":1}",
        "{\"N\":32768,\"r\":8,\"p\":1000000}",
        "{\"N\":32767,\"r\":8,\"p\":1}",
        "{\"N\":-32768,\"r\":8,\"p\":1}",
        "{\"N\":\"32768\",\"r\":8,\"p\":1}",
        "{\"N\":32768.0,\"r\":8,\"p\":1}",
        "{\"N\":0,\"r\":0,\"p\":0}",
        "{}",
        "null",
        "[32768,8,1]",
    };
    (void)state;
    assert_int_equal(read_made(NEW, "scrypt", GOOD, "nacl/secretbox", NONCE, BOX),
                     CHIMERA_EREFUSED);
    assert_int_equal(read_made(OLD, "scrypt", GOOD, "nacl/secretbox", NONCE, BOX),
                     CHIMERA_EREFUSED);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(read_made(NEW, "scrypt", BAD[i], "nacl/secretbox", NONCE, BOX),
                         CHIMERA_EFEATURE);
    assert_int_equal(read_made(NEW, "pbkdf2", GOOD, "nacl/secretbox", NONCE, BOX),
                     CHIMERA_EFEATURE);
    assert_int_equal(read_made(NEW, "scrypt", GOOD, "none", NONCE, BOX), CHIMERA_EFEATURE);
}

static void hostile_sizes_are_refused(void **state)
{
    static const char *const BOXES[] = {"\"\"", "\"AAAA\"", "\"AAAAAAAAAAAAAAAAAAAAAA==\"",
                                        "null", "7",        "\"!\""};
    (void)state;
    for (size_t i = 0; i < sizeof(BOXES) / sizeof(BOXES[0]); i++)
        assert_int_equal(read_made(NEW, "scrypt", GOOD, "nacl/secretbox", NONCE, BOXES[i]),
                         CHIMERA_EINVAL);
    assert_int_equal(read_made(NEW, "scrypt", GOOD, "nacl/secretbox", "AAAA", BOX), CHIMERA_EINVAL);
    assert_int_equal(read_made(NEW, "scrypt", GOOD, "nacl/secretbox", NONCE "AAAA", BOX),
                     CHIMERA_EINVAL);
    char longer[2048 + 1];
    memset(longer, 'A', sizeof(longer));
    longer[2048] = 0;
    salt = longer;
    assert_int_equal(read_made(NEW, "scrypt", GOOD, "nacl/secretbox", NONCE, BOX), CHIMERA_EINVAL);
    salt = "A";
    assert_int_equal(read_made(NEW, "scrypt", GOOD, "nacl/secretbox", NONCE, BOX), CHIMERA_EINVAL);
    salt = SALT;
}

/* Each byte of cosign's file: no change of what is encrypted goes unseen. */
static void a_changed_file_does_not_open(void **state)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    (void)state;
    read_sample("private/p256.key", &text);
    for (size_t i = 40; i + 40 < text.size; i += 37) {
        if (text.data[i] == '\n')
            continue;
        char kept = text.data[i];
        text.data[i] = kept == 'A' ? 'B' : 'A';
        if (chimera_private_key_read(chimera_buffer_slice(&text), "a password", &key, NULL) == 0)
            fail_msg("byte %zu", i);
        text.data[i] = kept;
    }
    chimera_buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_the_openssl_command_sign),
        cmocka_unit_test(keys_of_cosign_sign),
        cmocka_unit_test(ed25519_signs_the_hash),
        cmocka_unit_test(a_signature_that_does_not_fit_is_an_error),
        cmocka_unit_test(halves_that_do_not_fit_do_not_sign),
        cmocka_unit_test(passwords_must_be_right_and_are_not_told),
        cmocka_unit_test(other_forms_are_refused_with_a_way_out),
        cmocka_unit_test(pkcs8_is_read_whole_and_nothing_else),
        cmocka_unit_test(weak_keys_are_not_read),
        cmocka_unit_test(a_file_that_is_too_long_is_not_read),
        cmocka_unit_test(only_the_strengths_of_cosign_are_tried),
        cmocka_unit_test(hostile_sizes_are_refused),
        cmocka_unit_test(a_changed_file_does_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
