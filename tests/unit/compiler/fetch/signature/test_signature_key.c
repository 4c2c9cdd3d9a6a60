/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signatures that the openssl command and cosign made (samples/make-more), appendix A of
 * the specification and RFC 8032 §7.3; each with a bit changed; and what is too weak. */
#include "samples.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "compiler/fetch/signature/key.h"

static EVP_PKEY *read_key(const char *name)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    EVP_PKEY *key = NULL;
    read_sample(name, &text);
    if (chimera_key_read(chimera_buffer_slice(&text), &key, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    chimera_buffer_free(&text);
    return key;
}

static void each_changed_bit_is_refused(EVP_PKEY *key, struct chimera_slice message,
                                        struct chimera_slice signature)
{
    char changed[2048];
    struct chimera_slice parts[] = {message, signature};
    for (size_t part = 0; part < 2; part++)
        for (size_t i = 0; i < parts[part].size; i++) {
            assert_true(parts[part].size <= sizeof(changed));
            memcpy(changed, parts[part].data, parts[part].size);
            changed[i] = (char)(changed[i] ^ (1 << i % 8));
            struct chimera_slice wrong = {changed, parts[part].size};
            int code = part == 0 ? chimera_key_verify(key, wrong, signature, NULL)
                                 : chimera_key_verify(key, message, wrong, NULL);
            if (code != CHIMERA_EREFUSED)
                fail_msg("byte %zu of part %zu: %d", i, part, code);
        }
}

static void other_sizes_are_refused(EVP_PKEY *key, struct chimera_slice message,
                                    struct chimera_slice signature)
{
    char longer[2048] = {0};
    assert_true(signature.size + 1 < sizeof(longer));
    memcpy(longer, signature.data, signature.size);
    for (size_t size = 0; size <= signature.size + 1; size++) {
        struct chimera_slice other = {longer, size};
        int expected = size == signature.size ? CHIMERA_OK : CHIMERA_EREFUSED;
        assert_int_equal(chimera_key_verify(key, message, other, NULL), expected);
    }
}

static void check(const char *key_name, const char *message_name, const char *signature_name)
{
    struct chimera_buffer message, signature;
    struct chimera_error err = {0};
    EVP_PKEY *key = read_key(key_name);
    read_sample(message_name, &message);
    read_sample_bytes(signature_name, &signature);
    struct chimera_slice text = chimera_buffer_slice(&message),
                         bytes = chimera_buffer_slice(&signature);
    if (chimera_key_verify(key, text, bytes, &err) < 0)
        fail_msg("%s: %s", signature_name, err.text);
    each_changed_bit_is_refused(key, text, bytes);
    other_sizes_are_refused(key, text, bytes);
    chimera_buffer_free(&message);
    chimera_buffer_free(&signature);
    EVP_PKEY_free(key);
}

#define PAYLOAD "old-scheme/p256.payload.json"

static void signatures_of_the_openssl_command_are_taken(void **state)
{
    (void)state;
    check("more/p256.pub", PAYLOAD, "more/p256.sig");
    check("more/p384.pub", PAYLOAD, "more/p384.sig");
    check("more/p521.pub", PAYLOAD, "more/p521.sig");
    check("more/rsa3072.pub", PAYLOAD, "more/rsa3072.sig");
    check("more/ed25519.pub", PAYLOAD, "more/ed25519.sig");
}

static int verify(const char *key_name, const char *signature_name)
{
    struct chimera_buffer message, signature;
    EVP_PKEY *key = read_key(key_name);
    read_sample(PAYLOAD, &message);
    read_sample_bytes(signature_name, &signature);
    int code = chimera_key_verify(key, chimera_buffer_slice(&message),
                                  chimera_buffer_slice(&signature), NULL);
    chimera_buffer_free(&message);
    chimera_buffer_free(&signature);
    EVP_PKEY_free(key);
    return code;
}

static void another_hash_than_the_keys_is_refused(void **state)
{
    static const char *const KEYS[] = {"p256", "p384", "p521", "rsa3072"};
    char key[64], signature[64];
    (void)state;
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        snprintf(key, sizeof(key), "more/%s.pub", KEYS[i]);
        snprintf(signature, sizeof(signature), "more/%s.sha1", KEYS[i]);
        assert_int_equal(verify(key, signature), CHIMERA_EREFUSED);
        snprintf(signature, sizeof(signature), "more/%s.other", KEYS[i]);
        assert_int_equal(verify(key, signature), CHIMERA_EREFUSED);
    }
    assert_int_equal(verify("more/rsa3072.pub", "more/rsa3072.pss"), CHIMERA_EREFUSED);
    assert_int_equal(verify("more/p256.pub", "more/p384.sig"), CHIMERA_EREFUSED);
}

static void weak_and_unknown_keys_are_not_read(void **state)
{
    static const struct {
        const char *name;
        int code;
    } CASES[] = {
        {"more/k256.pub", CHIMERA_EFEATURE},
        {"more/p224.pub", CHIMERA_EFEATURE},
        {"more/rsa1024.pub", CHIMERA_EFEATURE},
        {"more/rsapss.pub", CHIMERA_EFEATURE},
        {"more/ed448.pub", CHIMERA_EFEATURE},
        {"more/x25519.pub", CHIMERA_EFEATURE},
        {"more/rsa-exponent-1.pub", CHIMERA_EFEATURE},
        {"more/rsa-exponent-even.pub", CHIMERA_EFEATURE},
        {"more/rsa-exponent-long.pub", CHIMERA_EFEATURE},
        {"more/rsa-long.pub", CHIMERA_EFEATURE},
        {"more/p256-compressed.pub", CHIMERA_EINVAL},
        {"more/p256-hybrid.pub", CHIMERA_EINVAL},
        {"more/rsa3072-pkcs1.pub", CHIMERA_EINVAL},
        {"private/p256.pem", CHIMERA_EINVAL},
        {"DIGEST", CHIMERA_EINVAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct chimera_buffer text;
        EVP_PKEY *key = (void *)state;
        struct chimera_error err = {0};
        read_sample(CASES[i].name, &text);
        int code = chimera_key_read(chimera_buffer_slice(&text), &key, &err);
        if (code != CASES[i].code || !err.text[0])
            fail_msg("%s: %d %s", CASES[i].name, code, err.text);
        assert_ptr_equal(key, state);
        chimera_buffer_free(&text);
    }
}

/* As keys of certificates come: not by chimera_key_read(). */
static void weak_keys_do_not_verify(void **state)
{
    static const char *const NAMES[] = {"k256", "p224", "rsa1024"};
    (void)state;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct chimera_buffer pem, payload, signature;
        struct chimera_error err = {0};
        char name[80];
        snprintf(name, sizeof(name), "more/%s.pub", NAMES[i]);
        read_sample(name, &pem);
        snprintf(name, sizeof(name), "more/%s.sig", NAMES[i]);
        read_sample_bytes(name, &signature);
        read_sample(PAYLOAD, &payload);
        BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
        EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        assert_non_null(key);
        assert_int_equal(chimera_key_verify(key, chimera_buffer_slice(&payload),
                                            chimera_buffer_slice(&signature), &err),
                         CHIMERA_EFEATURE);
        EVP_PKEY_free(key);
        BIO_free(bio);
        chimera_buffer_free(&pem);
        chimera_buffer_free(&payload);
        chimera_buffer_free(&signature);
    }
}

static void each_key_has_one_hash(void **state)
{
    static const struct {
        const char *name, *hash;
    } CASES[] = {
        {"keys/p256.pub", "SHA256"},
        {"keys/p384.pub", "SHA384"},
        {"more/p521.pub", "SHA512"},
        {"keys/rsa2048.pub", "SHA256"},
        {"keys/ed25519.pub", "SHA512"},
        {"more/rsa3072.pub", "SHA256"},
        {"more/rsa-exponent-64.pub", "SHA256"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const EVP_MD *hash = NULL;
        EVP_PKEY *key = read_key(CASES[i].name);
        assert_int_equal(chimera_key_hash(key, &hash, NULL), CHIMERA_OK);
        assert_true(EVP_MD_is_a(hash, CASES[i].hash));
        EVP_PKEY_free(key);
    }
}

/* What is around the key in its PEM. */
static void texts_that_are_no_public_key_are_not_read(void **state)
{
#define BODY                                                             \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELKhD7F5OKy77Z582Y6h0u1J3GNA+\n" \
    "kvUsh4eKpd1lwkDAzfFDs7yXEExsEkPPuiQJBelDT68n7PDIWB/QEY7mrA==\n"
#define PEM(label, before) "-----BEGIN " label "-----\n" before BODY "-----END " label "-----\n"
    static const char *const BAD[] = {
        "",
        "-----BEGIN PUBLIC KEY-----\n",
        PEM("RSA PUBLIC KEY", ""),
        PEM("CERTIFICATE", ""),
        PEM("X", ""),
        PEM("PUBLIC KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"),
        PEM("PUBLIC KEY", "A: b\n\n"),
        BODY,
    };
    EVP_PKEY *key = NULL;
    char *longer = calloc(1, 16385);
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct chimera_error err = {0};
        if (chimera_key_read(chimera_slice_of(BAD[i]), &key, &err) != CHIMERA_EINVAL ||
            !err.text[0])
            fail_msg("%s", BAD[i]);
    }
    assert_int_equal(chimera_key_read((struct chimera_slice){NULL, 0}, &key, NULL), CHIMERA_EINVAL);
    /* Blanks before it are no matter, but there is an end. */
    memset(longer, '\n', 16384);
    memcpy(longer + 16384 - strlen(PEM("PUBLIC KEY", "")), PEM("PUBLIC KEY", ""),
           strlen(PEM("PUBLIC KEY", "")));
    assert_int_equal(chimera_key_read((struct chimera_slice){longer, 16384}, &key, NULL),
                     CHIMERA_OK);
    EVP_PKEY_free(key);
    key = NULL;
    assert_int_equal(chimera_key_read((struct chimera_slice){longer, 16385}, &key, NULL),
                     CHIMERA_EINVAL);
    assert_null(key);
    free(longer);
}

/* The same key, and the same size: NULL as parameters of an RSA key is another value. */
static void parameters_of_rsa_are_null(void **state)
{
    struct chimera_buffer der;
    EVP_PKEY *key = read_key("keys/rsa2048.pub");
    (void)state;
    chimera_buffer_init(&der, 1000);
    assert_int_equal(chimera_key_write(key, &der, NULL), CHIMERA_OK);
    EVP_PKEY_free(key);
    char *null = memmem(der.data, der.size, "\x05\x00\x03\x82", 4);
    assert_non_null(null);
    for (int tag = 0; tag < 256; tag++) {
        *null = (char)tag;
        key = NULL;
        int code = chimera_key_read(chimera_buffer_slice(&der), &key, NULL);
        assert_int_equal(code, tag == 5 ? CHIMERA_OK : CHIMERA_EINVAL);
        EVP_PKEY_free(key);
    }
    chimera_buffer_free(&der);
}

/* OpenSSL may or may not know the curve again by its parameters; we do not want it that way. */
static void a_curve_by_its_parameters_is_not_read(void **state)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    (void)state;
    read_sample("more/p256-explicit.pub", &text);
    assert_true(chimera_key_read(chimera_buffer_slice(&text), &key, NULL) < 0);
    assert_null(key);
    chimera_buffer_free(&text);
}

static const char SPKI[] = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86"
                           "\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";

static void der_is_read_in_its_one_form(void **state)
{
    struct chimera_buffer der, again;
    EVP_PKEY *key = read_key("keys/p256.pub"), *same = NULL;
    (void)state;
    chimera_buffer_init(&der, 1000);
    chimera_buffer_init(&again, 1000);
    assert_int_equal(chimera_key_write(key, &der, NULL), CHIMERA_OK);
    assert_int_equal(der.size, 91);
    assert_memory_equal(der.data, SPKI, sizeof(SPKI) - 1);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&der), &same, NULL), CHIMERA_OK);
    assert_int_equal(chimera_key_write(same, &again, NULL), CHIMERA_OK);
    assert_memory_equal(again.data, der.data, 91);
    EVP_PKEY_free(same);
    /* Something behind it; the length in two bytes. */
    chimera_buffer_byte(&der, 0);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&der), &same, NULL), CHIMERA_EINVAL);
    chimera_buffer_reset(&again);
    chimera_buffer_append(&again, CHIMERA_SLICE("\x30\x81"));
    chimera_buffer_append(&again, (struct chimera_slice){der.data + 1, 90});
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&again), &same, NULL), CHIMERA_EINVAL);
    for (size_t size = 0; size < 91; size++)
        assert_int_equal(chimera_key_read((struct chimera_slice){der.data, size}, &same, NULL),
                         CHIMERA_EINVAL);
    chimera_buffer_free(&again);
    chimera_buffer_init(&again, 90);
    assert_int_equal(chimera_key_write(key, &again, NULL), CHIMERA_ELIMIT);
    chimera_buffer_free(&der);
    chimera_buffer_free(&again);
    EVP_PKEY_free(key);
}

/* The hints are those of cosign's bundles (shared samples' bundle-key). */
static void the_hint_is_cosigns(void **state)
{
    char hint[CHIMERA_KEY_HINT_SIZE];
    EVP_PKEY *key = read_key("keys/p256.pub");
    (void)state;
    assert_int_equal(chimera_key_hint(key, hint, NULL), CHIMERA_OK);
    assert_string_equal(hint, "qX8uMMJr/mfjPhQjBoiz5ecjHHOdBWwj8m4/yi8+Tdo=");
    EVP_PKEY_free(key);
    key = read_key("keys/ed25519.pub");
    assert_int_equal(chimera_key_hint(key, hint, NULL), CHIMERA_OK);
    assert_string_equal(hint, "pHIaxdjSE8k05EGehRHjCeoFIT/9PLiYg8iXwQoBwC8=");
    EVP_PKEY_free(key);
}

/* cli-and-distribution.md §5.3: cosign's, of the log's first days. */
static void the_vector_of_the_specification_is_taken(void **state)
{
    (void)state;
    check("appendix-a/key.pub", "appendix-a/payload.json", "appendix-a/signature");
}

/* RFC 8032 §7.3: "abc". */
static void the_standards_ed25519ph_is_taken(void **state)
{
    static const char DER[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
                              "\xec\x17\x2b\x93\xad\x5e\x56\x3b\xf4\x93\x2c\x70\xe1\x24\x50\x34\xc3"
                              "\x54\x67\xef\x2e\xfd\x4d"
                              "\x64\xeb\xf8\x19\x68\x34\x67\xe2\xbf";
    static const char SIGNATURE[] =
        "\x98\xa7\x02\x22\xf0\xb8\x12\x1a\xa9\xd3\x0f\x81\x3d\x68\x3f\x80\x9e\x46\x2b\x46\x9c\x7f"
        "\xf8\x76\x39\x49\x9b\xb9\x4e\x6d\xae\x41\x31\xf8\x50\x42\x46\x3c\x2a\x35\x5a\x20\x03\xd0"
        "\x62\xad\xf5\xaa\xa1\x0b\x8c\x61\xe6\x36\x06\x2a\xaa\xd1\x1c\x2a\x26\x08\x34\x06";
    EVP_PKEY *key = NULL;
    (void)state;
    assert_int_equal(chimera_key_read(CHIMERA_SLICE(DER), &key, NULL), CHIMERA_OK);
    assert_int_equal(chimera_key_verify(key, CHIMERA_SLICE("abc"), CHIMERA_SLICE(SIGNATURE), NULL),
                     CHIMERA_OK);
    each_changed_bit_is_refused(key, CHIMERA_SLICE("abc"), CHIMERA_SLICE(SIGNATURE));
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_the_openssl_command_are_taken),
        cmocka_unit_test(another_hash_than_the_keys_is_refused),
        cmocka_unit_test(weak_and_unknown_keys_are_not_read),
        cmocka_unit_test(weak_keys_do_not_verify),
        cmocka_unit_test(each_key_has_one_hash),
        cmocka_unit_test(texts_that_are_no_public_key_are_not_read),
        cmocka_unit_test(parameters_of_rsa_are_null),
        cmocka_unit_test(a_curve_by_its_parameters_is_not_read),
        cmocka_unit_test(der_is_read_in_its_one_form),
        cmocka_unit_test(the_hint_is_cosigns),
        cmocka_unit_test(the_vector_of_the_specification_is_taken),
        cmocka_unit_test(the_standards_ed25519ph_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
