/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles over a file: cosign's (samples/file) are taken, ours have their very bytes but for the
 * signature, and no bit of the file, the digest or the signature may be another. */
#include "samples.h"

#include <openssl/evp.h>

#include "compiler/fetch/signature/bundle.h"
#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/private_key.h"
#include "compiler/fetch/signature/sign.h"

#define FILE_NAME "artifact/policy-manifest.json"

static const char *const kinds[] = {"p256", "p384", "p521", "ed25519", "rsa3072"};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void read_of(const char *format, const char *kind, struct chimera_buffer *ret_text)
{
    char name[100];
    snprintf(name, sizeof(name), "%s/%s.%s", format, kind,
             strcmp(format, "file") == 0   ? "json"
             : strcmp(format, "more") == 0 ? "pub"
                                           : "pem");
    read_sample(name, ret_text);
}

static EVP_PKEY *read_public(const char *kind)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    read_of("more", kind, &text);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&text), &key, NULL), CHIMERA_OK);
    chimera_buffer_free(&text);
    return key;
}

static int judge(struct chimera_slice bundle, struct chimera_slice file, EVP_PKEY *key)
{
    struct chimera_arena arena;
    struct chimera_evidence evidence = {0};
    chimera_arena_init(&arena, CHIMERA_BUNDLE_ARENA_MAX);
    int code = chimera_evidence_from_file(bundle, file, &arena, &evidence, NULL);
    if (code == CHIMERA_OK) {
        code = chimera_key_verify(key, evidence.message, evidence.signature, NULL);
        chimera_evidence_done(&evidence);
    }
    chimera_arena_free(&arena);
    return code;
}

static void sign(const char *kind, struct chimera_slice file, struct chimera_buffer *ret_bundle)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    EVP_PKEY *key = NULL;
    read_of("private", kind, &text);
    assert_int_equal(chimera_private_key_read(chimera_buffer_slice(&text), NULL, &key, NULL),
                     CHIMERA_OK);
    chimera_buffer_init(ret_bundle, (size_t)1 << 20);
    if (chimera_sign_file(key, file, ret_bundle, &err) < 0)
        fail_msg("%s", err.text);
    EVP_PKEY_free(key);
    chimera_buffer_free(&text);
}

static void cosigns_are_taken_and_ours_are_read_back(void **state)
{
    struct chimera_buffer file, theirs, ours;
    (void)state;
    read_sample(FILE_NAME, &file);
    for (size_t i = 0; i < KINDS; i++) {
        EVP_PKEY *key = read_public(kinds[i]), *other = read_public(kinds[(i + 1) % KINDS]);
        read_of("file", kinds[i], &theirs);
        sign(kinds[i], chimera_buffer_slice(&file), &ours);
        assert_int_equal(judge(chimera_buffer_slice(&theirs), chimera_buffer_slice(&file), key), 0);
        assert_int_equal(judge(chimera_buffer_slice(&ours), chimera_buffer_slice(&file), key), 0);
        assert_int_not_equal(
            judge(chimera_buffer_slice(&theirs), chimera_buffer_slice(&file), other), 0);
        assert_int_not_equal(judge(chimera_buffer_slice(&ours), chimera_buffer_slice(&file), other),
                             0);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
        chimera_buffer_free(&theirs);
        chimera_buffer_free(&ours);
    }
    chimera_buffer_free(&file);
}

/* cosign leaves an Ed25519 key's digest out, and then does not take its own bundle. */
static void ours_have_cosigns_form(void **state)
{
    static const char mark[] = "\"signature\":\"";
    struct chimera_buffer file, theirs, ours;
    (void)state;
    read_sample(FILE_NAME, &file);
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i], "ed25519") == 0)
            continue;
        read_of("file", kinds[i], &theirs);
        sign(kinds[i], chimera_buffer_slice(&file), &ours);
        char *end = memmem(theirs.data, theirs.size, mark, strlen(mark));
        assert_non_null(end);
        size_t size = (size_t)(end - theirs.data) + strlen(mark);
        assert_true(ours.size > size);
        assert_memory_equal(ours.data, theirs.data, size);
        assert_memory_equal(ours.data + ours.size - 3, "\"}}", 3);
        chimera_buffer_free(&theirs);
        chimera_buffer_free(&ours);
    }
    chimera_buffer_free(&file);
}

static void no_bit_of_the_file_may_be_another(void **state)
{
    struct chimera_buffer file, bundle;
    EVP_PKEY *key = read_public("p256");
    (void)state;
    read_sample(FILE_NAME, &file);
    read_of("file", "p256", &bundle);
    for (size_t i = 0; i < 8 * file.size; i++) {
        file.data[i / 8] ^= (char)(1 << i % 8);
        assert_int_not_equal(judge(chimera_buffer_slice(&bundle), chimera_buffer_slice(&file), key),
                             0);
        file.data[i / 8] ^= (char)(1 << i % 8);
    }
    file.size--;
    assert_int_not_equal(judge(chimera_buffer_slice(&bundle), chimera_buffer_slice(&file), key), 0);
    chimera_buffer_free(&file);
    chimera_buffer_free(&bundle);
    EVP_PKEY_free(key);
}

/* Behind the hint, which is a hint: names, digest, signature. */
static void no_bit_of_the_bundle_may_be_another(void **state)
{
    static const char mark[] = "\"messageSignature\"";
    struct chimera_buffer file, bundle;
    EVP_PKEY *key = read_public("p384");
    size_t taken = 0;
    (void)state;
    read_sample(FILE_NAME, &file);
    read_of("file", "p384", &bundle);
    char *start = memmem(bundle.data, bundle.size, mark, strlen(mark));
    assert_non_null(start);
    for (size_t i = 8 * (size_t)(start - bundle.data); i < 8 * bundle.size; i++) {
        bundle.data[i / 8] ^= (char)(1 << i % 8);
        taken += judge(chimera_buffer_slice(&bundle), chimera_buffer_slice(&file), key) == 0;
        bundle.data[i / 8] ^= (char)(1 << i % 8);
    }
    /* The names "algorithm", "digest" and "messageDigest", whose digest is not needed then, and the
     * name of the hash, which nobody looks at: the signature is over the file all the same. */
    assert_in_range(taken, 1, 8 * strlen("messageDigestalgorithmSHA2_384digest"));
    chimera_buffer_free(&file);
    chimera_buffer_free(&bundle);
    EVP_PKEY_free(key);
}

static void statements_are_no_signature_of_a_file(void **state)
{
    struct chimera_buffer file, bundle;
    EVP_PKEY *key = read_public("p256");
    (void)state;
    read_sample(FILE_NAME, &file);
    read_sample("bundle-key/p256.json", &bundle);
    assert_int_equal(judge(chimera_buffer_slice(&bundle), chimera_buffer_slice(&file), key),
                     CHIMERA_EINVAL);
    chimera_buffer_free(&file);
    chimera_buffer_free(&bundle);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cosigns_are_taken_and_ours_are_read_back),
        cmocka_unit_test(ours_have_cosigns_form),
        cmocka_unit_test(no_bit_of_the_file_may_be_another),
        cmocka_unit_test(no_bit_of_the_bundle_may_be_another),
        cmocka_unit_test(statements_are_no_signature_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
