/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of the old scheme: those that cosign made (samples/old-scheme), appendix A's with its log
 * entry, and what others might put in their place. */
#include "samples.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/key.h"

#define DIGEST "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03"
#define DIGEST_A "sha256:f3cfc9d0dbf931d3db4685ec659b7ac68e2a578219da4aae65427886e649b06b"
#define SIGNATURE "dev.cosignproject.cosign/signature"
#define BUNDLE "dev.sigstore.cosign/bundle"
#define CERTIFICATE "dev.sigstore.cosign/certificate"
#define CHAIN "dev.sigstore.cosign/chain"
#define TIMESTAMP "dev.sigstore.cosign/rfc3161timestamp"

static int setup(void **state)
{
    static struct chimera_arena arena;
    chimera_arena_init(&arena, (size_t)8 << 20);
    *state = &arena;
    return 0;
}

static int teardown(void **state)
{
    chimera_arena_free(*state);
    return 0;
}

static struct json_object *layer_annotations(struct json_object *manifest, size_t index)
{
    struct json_object *layers = json_object_object_get(manifest, "layers");
    return json_object_object_get(json_object_array_get_idx(layers, index), "annotations");
}

/* By the key: 1, or else 0. */
static int is_by(const struct chimera_evidence *evidence, const char *key_name)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    read_sample(key_name, &text);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&text), &key, NULL), CHIMERA_OK);
    int code = chimera_key_verify(key, evidence->message, evidence->signature, NULL);
    assert_true(code == CHIMERA_OK || code == CHIMERA_EREFUSED);
    chimera_buffer_free(&text);
    EVP_PKEY_free(key);
    return code == CHIMERA_OK;
}

static void check_layer(struct chimera_arena *arena, const char *manifest_name, size_t index,
                        const char *payload_name, const char *key_name)
{
    CHIMERA_JSON struct json_object *manifest = NULL;
    struct chimera_buffer payload;
    struct chimera_evidence evidence;
    struct chimera_error err = {0};
    read_sample_json(manifest_name, &manifest);
    read_sample(payload_name, &payload);
    if (chimera_evidence_from_layer(chimera_buffer_slice(&payload),
                                    layer_annotations(manifest, index), DIGEST, arena, &evidence,
                                    &err) < 0)
        fail_msg("%s: %s", manifest_name, err.text);
    assert_int_equal(evidence.form, CHIMERA_SIMPLE_SIGNING);
    assert_int_equal(evidence.chain_count + evidence.entry_count + evidence.timestamp_count, 0);
    assert_true(is_by(&evidence, key_name));
    /* One bit of each byte of the payload: another signature, or no layer at all. */
    for (size_t i = 0; i < payload.size; i++) {
        struct chimera_evidence changed;
        payload.data[i] = (char)(payload.data[i] ^ (1 << i % 8));
        if (chimera_evidence_from_layer(chimera_buffer_slice(&payload),
                                        layer_annotations(manifest, index), DIGEST, arena, &changed,
                                        NULL) == CHIMERA_OK) {
            assert_false(is_by(&changed, key_name));
            chimera_evidence_done(&changed);
        }
        payload.data[i] = (char)(payload.data[i] ^ (1 << i % 8));
        chimera_arena_reset(arena);
    }
    chimera_evidence_done(&evidence);
    chimera_buffer_free(&payload);
}

static void layers_of_cosign_are_by_their_keys(void **state)
{
    static const char *const KEYS[] = {"p256", "p384", "rsa2048", "ed25519"};
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        char manifest[80], payload[80], key[80];
        snprintf(manifest, sizeof(manifest), "old-scheme/%s.manifest.json", KEYS[i]);
        snprintf(payload, sizeof(payload), "old-scheme/%s.payload.json", KEYS[i]);
        snprintf(key, sizeof(key), "keys/%s.pub", KEYS[i]);
        check_layer(*state, manifest, 0, payload, key);
    }
}

static void layers_of_one_digest_have_signatures_of_their_own(void **state)
{
    const char *manifest = "old-scheme/two-signers.manifest.json";
    const char *same = "old-scheme/two-signers.829acc27.payload.json";
    check_layer(*state, manifest, 0, same, "keys/p256.pub");
    check_layer(*state, manifest, 1, same, "keys/p256-other.pub");
    check_layer(*state, manifest, 2, "old-scheme/two-signers.defaed12.payload.json",
                "keys/p256.pub");
}

/* --- Made by hand --- */

#define PAYLOAD(type, digest, optional)                                                         \
    "{\"critical\":{\"identity\":{\"docker-reference\":\"\"},\"image\":"                        \
    "{\"docker-manifest-digest\":\"" digest "\"},\"type\":\"" type "\"},\"optional\":" optional \
    "}"
#define TYPE "cosign container image signature"
#define GOOD PAYLOAD(TYPE, DIGEST, "null")

static int read_layer(struct chimera_arena *arena, const char *payload,
                      struct json_object *annotations, struct chimera_evidence *ret_evidence,
                      struct chimera_error *err)
{
    return chimera_evidence_from_layer(chimera_slice_of(payload), annotations, DIGEST, arena,
                                       ret_evidence, err);
}

static struct json_object *signed_by_nobody(const char *key, const char *value)
{
    struct json_object *annotations = json_object_new_object();
    json_object_object_add(annotations, SIGNATURE, json_object_new_string("AAAA"));
    if (key)
        json_object_object_add(annotations, key, json_object_new_string(value));
    return annotations;
}

static int read_with(struct chimera_arena *arena, const char *payload, const char *key,
                     const char *value)
{
    CHIMERA_JSON struct json_object *annotations = signed_by_nobody(key, value);
    struct chimera_evidence evidence = {.entry_count = 77};
    struct chimera_error err = {0};
    int code = read_layer(arena, payload, annotations, &evidence, &err);
    if (code == CHIMERA_OK) {
        chimera_evidence_done(&evidence);
    } else {
        assert_true(err.text[0] != 0);
        assert_int_equal(evidence.entry_count, 77);
    }
    chimera_arena_reset(arena);
    return code;
}

static void other_payloads_are_refused(void **state)
{
    static const struct {
        const char *payload;
        int code;
    } CASES[] = {
        {GOOD, CHIMERA_OK},
        {PAYLOAD(TYPE, DIGEST, "{}"), CHIMERA_OK},
        {PAYLOAD("atomic container signature", DIGEST, "null"), CHIMERA_EINVAL},
        {PAYLOAD("", DIGEST, "null"), CHIMERA_EINVAL},
        {PAYLOAD(TYPE, DIGEST_A, "null"), CHIMERA_EREFUSED},
        {PAYLOAD(TYPE, "", "null"), CHIMERA_EREFUSED},
        {PAYLOAD(TYPE, DIGEST "\\u0000", "null"), CHIMERA_EREFUSED},
        {PAYLOAD(TYPE "\\u0000", DIGEST, "null"), CHIMERA_EINVAL},
        {PAYLOAD(TYPE, DIGEST, "[]"), CHIMERA_EINVAL},
        {PAYLOAD(TYPE, DIGEST_A "\",\"docker-manifest-digest\":\"" DIGEST, "null"), CHIMERA_EINVAL},
        {PAYLOAD(TYPE, DIGEST, "{\"env\":\"a: \\\"\",\"env\":\"b\"}"), CHIMERA_EINVAL},
        {PAYLOAD(TYPE, DIGEST, "{\"env\":\"a: \\\"\"}"), CHIMERA_OK},
        {PAYLOAD(TYPE, DIGEST, "\"x\""), CHIMERA_EINVAL},
        {GOOD "x", CHIMERA_EINVAL},
        {"", CHIMERA_ELIMIT},
        {"null", CHIMERA_EINVAL},
        {"[]", CHIMERA_EINVAL},
        {"{}", CHIMERA_EINVAL},
        {"{\"critical\":null}", CHIMERA_EINVAL},
        {"{\"critical\":{\"type\":\"" TYPE "\"}}", CHIMERA_EREFUSED},
        {"{\"critical\":{\"type\":\"" TYPE "\",\"image\":[]}}", CHIMERA_EREFUSED},
        {"{\"critical\":{\"type\":\"" TYPE "\",\"image\":{\"docker-manifest-digest\":7}}}",
         CHIMERA_EREFUSED},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        int code = read_with(*state, CASES[i].payload, NULL, NULL);
        if (code != CASES[i].code)
            fail_msg("case %zu: %d", i, code);
    }
}

static void a_layer_without_a_signature_is_none(void **state)
{
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    struct chimera_evidence evidence;
    assert_int_equal(read_layer(*state, GOOD, NULL, &evidence, NULL), CHIMERA_EINVAL);
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_EINVAL);
    json_object_object_add(annotations, SIGNATURE, json_object_new_int(7));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_EINVAL);
    json_object_object_add(annotations, SIGNATURE, json_object_new_string("AAAA\n"));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_EINVAL);
    json_object_object_add(annotations, SIGNATURE, json_object_new_string("AAAA"));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_OK);
    assert_true(chimera_slice_equal(evidence.signature, (struct chimera_slice){"\0\0\0", 3}));
    assert_null(evidence.annotations);
    chimera_evidence_done(&evidence);
}

static void what_the_signer_added_is_kept(void **state)
{
    CHIMERA_JSON struct json_object *annotations = signed_by_nobody(NULL, NULL);
    struct chimera_evidence evidence;
    assert_int_equal(
        read_layer(
            *state,
            PAYLOAD(TYPE, DIGEST, "{\"creator\":\"x\",\"timestamp\":7,\"env\":\"prod\",\"n\":1}"),
            annotations, &evidence, NULL),
        CHIMERA_OK);
    assert_int_equal(json_object_object_length(evidence.annotations), 2);
    assert_string_equal(json_object_get_string(json_object_object_get(evidence.annotations, "env")),
                        "prod");
    chimera_evidence_done(&evidence);
    assert_null(evidence.annotations);
}

static void a_layer_with_a_log_entry_has_it(void **state)
{
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    struct chimera_buffer payload, signature, bundle;
    struct chimera_evidence evidence;
    struct chimera_error err = {0};
    read_sample("appendix-a/payload.json", &payload);
    read_sample("appendix-a/signature", &signature);
    read_sample("appendix-a/bundle.json", &bundle);
    json_object_object_add(annotations, SIGNATURE,
                           json_object_new_string_len(signature.data, (int)signature.size));
    json_object_object_add(annotations, BUNDLE,
                           json_object_new_string_len(bundle.data, (int)bundle.size));
    if (chimera_evidence_from_layer(chimera_buffer_slice(&payload), annotations, DIGEST_A, *state,
                                    &evidence, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(is_by(&evidence, "appendix-a/key.pub"));
    assert_int_equal(evidence.entry_count, 1);
    assert_int_equal(evidence.entries[0].integrated_time, 1634714179);
    assert_int_equal(evidence.entries[0].log_index, 783606);
    assert_int_equal(evidence.entries[0].log_id.size, 32);
    assert_memory_equal(evidence.entries[0].log_id.data, "\xc0\xd2\x3d\x6a\xd4\x06", 6);
    assert_true(chimera_slice_starts(evidence.entries[0].body, "{\"apiVersion\":\"0.0.1\""));
    assert_int_equal((uint8_t)evidence.entries[0].promise.data[0], 0x30);
    assert_false(evidence.entries[0].has_proof);
    chimera_evidence_done(&evidence);
    chimera_buffer_free(&payload);
    chimera_buffer_free(&signature);
    chimera_buffer_free(&bundle);
}

#define ID "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d"
#define ENTRY(set, body, time, index, id)                                                       \
    "{\"SignedEntryTimestamp\":" set ",\"Payload\":{\"body\":" body ",\"integratedTime\":" time \
    ",\"logIndex\":" index ",\"logID\":" id "}}"

static void log_entries_that_are_none_spoil_the_layer(void **state)
{
    static const char *const BAD[] = {
        ENTRY("\"\"", "\"AAAA\"", "1", "1", "\"" ID "\""),
        ENTRY("\"AA\"", "\"AAAA\"", "1", "1", "\"" ID "\""),
        ENTRY("7", "\"AAAA\"", "1", "1", "\"" ID "\""),
        ENTRY("\"AAAA\"", "\"\"", "1", "1", "\"" ID "\""),
        ENTRY("\"AAAA\"", "null", "1", "1", "\"" ID "\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "-1", "1", "\"" ID "\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "\"1\"", "1", "\"" ID "\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "1.5", "1", "\"" ID "\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "1", "18446744073709551615", "\"" ID "\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "1", "1", "\"" ID "00\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "1", "1", "\"x\""),
        ENTRY("\"AAAA\"", "\"AAAA\"", "1", "1", "null"),
        "{\"SignedEntryTimestamp\":\"AAAA\"}",
        "{\"SignedEntryTimestamp\":\"AAAA\",\"Payload\":[]}",
        "[]",
        "null",
        "",
        "{",
    };
    assert_int_equal(
        read_with(*state, GOOD, BUNDLE, ENTRY("\"AAAA\"", "\"AAAA\"", "1", "1", "\"" ID "\"")),
        CHIMERA_OK);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        if (read_with(*state, GOOD, BUNDLE, BAD[i]) != CHIMERA_EINVAL)
            fail_msg("%s", BAD[i]);
}

static void timestamps_are_read(void **state)
{
    assert_int_equal(read_with(*state, GOOD, TIMESTAMP, "{\"SignedRFC3161Timestamp\":\"AAAA\"}"),
                     CHIMERA_OK);
    assert_int_equal(read_with(*state, GOOD, TIMESTAMP, "{\"SignedRFC3161Timestamp\":\"A\"}"),
                     CHIMERA_EINVAL);
    assert_int_equal(read_with(*state, GOOD, TIMESTAMP, "{}"), CHIMERA_EINVAL);
    assert_int_equal(read_with(*state, GOOD, TIMESTAMP, "null"), CHIMERA_EINVAL);
}

#define PEM(name) "-----BEGIN " name "-----\nAAAA\n-----END " name "-----\n"
#define ONE PEM("CERTIFICATE")

static void certificates_are_a_leaf_and_its_chain(void **state)
{
    CHIMERA_JSON struct json_object *annotations = signed_by_nobody(CERTIFICATE, ONE);
    struct chimera_evidence evidence;
    json_object_object_add(annotations, CHAIN, json_object_new_string(ONE "\n" ONE));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_OK);
    assert_int_equal(evidence.chain_count, 3);
    assert_true(chimera_slice_equal(evidence.chain[2], (struct chimera_slice){"\0\0\0", 3}));
    chimera_evidence_done(&evidence);
    json_object_object_add(annotations, CHAIN,
                           json_object_new_string(ONE ONE ONE ONE ONE ONE ONE ONE));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_EINVAL);
    json_object_object_add(annotations, CHAIN,
                           json_object_new_string(ONE "-----BEGIN CERTIFICATE-----\nAAAA\n"));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_EINVAL);
    json_object_object_add(annotations, CHAIN, json_object_new_string(ONE PEM("PUBLIC KEY")));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_EINVAL);
    json_object_object_add(annotations, CHAIN, json_object_new_string("no PEM at all"));
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_OK);
    assert_int_equal(evidence.chain_count, 1);
    chimera_evidence_done(&evidence);
    json_object_object_del(annotations, CERTIFICATE);
    assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_OK);
    assert_int_equal(evidence.chain_count, 0);
    chimera_evidence_done(&evidence);
    assert_int_equal(read_with(*state, GOOD, CERTIFICATE, ""), CHIMERA_EINVAL);
    assert_int_equal(read_with(*state, GOOD, CERTIFICATE, ONE ONE), CHIMERA_EINVAL);
    assert_int_equal(read_with(*state, GOOD, CERTIFICATE, PEM("PUBLIC KEY")), CHIMERA_EINVAL);
    assert_int_equal(read_with(*state, GOOD, CERTIFICATE, "-----BEGIN CERTIFICATE-----\nAAAA\n"),
                     CHIMERA_EINVAL);
}

/* However little there is. */
static void an_arena_without_room_is_an_error(void **state)
{
    CHIMERA_JSON struct json_object *annotations = signed_by_nobody(CERTIFICATE, ONE);
    struct chimera_evidence evidence;
    int code = CHIMERA_ELIMIT;
    size_t tries = 0;
    (void)state;
    json_object_object_add(annotations, CHAIN, json_object_new_string(ONE));
    json_object_object_add(
        annotations, BUNDLE,
        json_object_new_string(ENTRY("\"AAAA\"", "\"AAAA\"", "1", "0", "\"" ID "\"")));
    json_object_object_add(annotations, TIMESTAMP,
                           json_object_new_string("{\"SignedRFC3161Timestamp\":\"AAAA\"}"));
    for (; code == CHIMERA_ELIMIT; tries++) {
        struct chimera_arena small;
        chimera_arena_init(&small, tries * 8);
        code = read_layer(&small, GOOD, annotations, &evidence, NULL);
        if (code == CHIMERA_OK) {
            assert_int_equal(evidence.chain_count, 2);
            assert_int_equal(evidence.entry_count, 1);
            assert_int_equal(evidence.entries[0].log_index, 0);
            assert_int_equal(evidence.timestamp_count, 1);
            chimera_evidence_done(&evidence);
        }
        chimera_arena_free(&small);
    }
    assert_int_equal(code, CHIMERA_OK);
    assert_true(tries > 6); /* one more for each that is kept */
}

static void annotations_that_are_too_long_are_refused(void **state)
{
    static const char *const KEYS[] = {SIGNATURE, CERTIFICATE, CHAIN, BUNDLE, TIMESTAMP};
    char *longer = malloc(CHIMERA_EVIDENCE_MAX + 2);
    memset(longer, 'A', CHIMERA_EVIDENCE_MAX + 1);
    longer[CHIMERA_EVIDENCE_MAX + 1] = 0;
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
        CHIMERA_JSON struct json_object *annotations = signed_by_nobody(CERTIFICATE, ONE);
        struct chimera_evidence evidence;
        json_object_object_add(annotations, KEYS[i], json_object_new_string(longer));
        assert_int_equal(read_layer(*state, GOOD, annotations, &evidence, NULL), CHIMERA_ELIMIT);
    }
    assert_int_equal(read_with(*state, longer, NULL, NULL), CHIMERA_ELIMIT);
    free(longer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_of_cosign_are_by_their_keys),
        TEST(layers_of_one_digest_have_signatures_of_their_own),
        TEST(other_payloads_are_refused),
        TEST(a_layer_without_a_signature_is_none),
        TEST(what_the_signer_added_is_kept),
        TEST(a_layer_with_a_log_entry_has_it),
        TEST(log_entries_that_are_none_spoil_the_layer),
        TEST(timestamps_are_read),
        TEST(certificates_are_a_leaf_and_its_chain),
        TEST(annotations_that_are_too_long_are_refused),
        TEST(an_arena_without_room_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
