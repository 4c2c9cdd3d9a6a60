/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed here has the very bytes of cosign's bundles (samples/bundle-key), but for hint and
 * signature, and is read back as such. */
#include "samples.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/private_key.h"
#include "compiler/fetch/signature/sign.h"

#define DIGEST "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03"

static EVP_PKEY *read_private(const char *name)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    read_sample(name, &text);
    assert_int_equal(chimera_private_key_read(chimera_buffer_slice(&text), NULL, &key, NULL),
                     CHIMERA_OK);
    chimera_buffer_free(&text);
    return key;
}

static void sign(const char *key_name, struct json_object *annotations,
                 struct chimera_buffer *ret_bundle)
{
    struct chimera_error err = {0};
    EVP_PKEY *key = read_private(key_name);
    chimera_buffer_init(ret_bundle, (size_t)1 << 20);
    if (chimera_sign(key, DIGEST, annotations, ret_bundle, &err) < 0)
        fail_msg("%s", err.text);
    EVP_PKEY_free(key);
}

/* Up to the next quote, what is behind `mark` is left out. */
static void cut(struct chimera_buffer *text, const char *mark)
{
    char *at = memmem(text->data, text->size, mark, strlen(mark));
    assert_non_null(at);
    at += strlen(mark);
    char *end = memchr(at, '"', text->size - (size_t)(at - text->data));
    assert_non_null(end);
    memmove(at, end, text->size - (size_t)(end - text->data));
    text->size -= (size_t)(end - at);
}

static void expect_form(const char *sample_name, struct json_object *annotations)
{
    struct chimera_buffer bundle, sample;
    sign("private/p256.pem", annotations, &bundle);
    read_sample(sample_name, &sample);
    cut(&bundle, "\"hint\":\"");
    cut(&sample, "\"hint\":\"");
    cut(&bundle, "\"sig\":\"");
    cut(&sample, "\"sig\":\"");
    assert_int_equal(bundle.size, sample.size);
    assert_memory_equal(bundle.data, sample.data, sample.size);
    chimera_buffer_free(&bundle);
    chimera_buffer_free(&sample);
}

static void bundles_have_cosigns_form(void **state)
{
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    (void)state;
    expect_form("bundle-key/p256.json", NULL);
    json_object_object_add(annotations, "env", json_object_new_string("prod"));
    expect_form("bundle-key/p256-annotated.json", annotations);
}

static void expect_read_back(const char *private, const char *public)
{
    struct chimera_buffer bundle, text;
    struct chimera_arena arena;
    struct chimera_evidence evidence;
    struct chimera_error err = {0};
    EVP_PKEY *key = NULL;
    chimera_arena_init(&arena, (size_t)8 << 20);
    sign(private, NULL, &bundle);
    if (chimera_evidence_from_bundle(chimera_buffer_slice(&bundle), DIGEST, &arena, &evidence,
                                     &err) < 0)
        fail_msg("%s: %s", private, err.text);
    assert_int_equal(evidence.form, CHIMERA_DSSE);
    assert_int_equal(evidence.chain_count + evidence.entry_count, 0);
    read_sample(public, &text);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&text), &key, NULL), CHIMERA_OK);
    assert_int_equal(chimera_key_verify(key, evidence.message, evidence.signature, NULL),
                     CHIMERA_OK);
    chimera_evidence_done(&evidence);
    EVP_PKEY_free(key);
    chimera_buffer_free(&text);
    chimera_buffer_free(&bundle);
    chimera_arena_free(&arena);
}

static void bundles_are_read_back(void **state)
{
    (void)state;
    expect_read_back("private/p256.pem", "more/p256.pub");
    expect_read_back("private/p384.pem", "more/p384.pub");
    expect_read_back("private/p521.pem", "more/p521.pub");
    expect_read_back("private/rsa3072.pem", "more/rsa3072.pub");
    expect_read_back("private/ed25519.pem", "more/ed25519.pub");
}

static void other_digests_are_not_signed(void **state)
{
    static const char *const BAD[] = {
        "",
        "sha256:",
        "b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03",
        "sha512:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03",
        "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc0\"",
        DIGEST "00",
    };
    EVP_PKEY *key = read_private("private/ed25519.pem");
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, 4096);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(chimera_sign(key, BAD[i], NULL, &out, NULL), CHIMERA_EFEATURE);
    assert_int_equal(out.size, 0);
    chimera_buffer_free(&out);
    chimera_buffer_init(&out, 100);
    assert_int_equal(chimera_sign(key, DIGEST, NULL, &out, NULL), CHIMERA_ELIMIT);
    chimera_buffer_free(&out);
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    char *longer = calloc(1, (256 << 10) + 1);
    memset(longer, 'x', 256 << 10);
    json_object_object_add(annotations, "a", json_object_new_string(longer));
    chimera_buffer_init(&out, (size_t)1 << 20);
    assert_int_equal(chimera_sign(key, DIGEST, annotations, &out, NULL), CHIMERA_ELIMIT);
    assert_int_equal(out.size, 0);
    free(longer);
    chimera_buffer_free(&out);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles_have_cosigns_form),
        cmocka_unit_test(bundles_are_read_back),
        cmocka_unit_test(other_digests_are_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
