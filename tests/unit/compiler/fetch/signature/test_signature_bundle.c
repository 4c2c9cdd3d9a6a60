/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles that cosign made are taken apart, and each rule of the format refuses when it is broken.
 */
#include "compiler/fetch/signature/bundle.h"

#include <json-c/json.h>

#include "compiler/fetch/signature/statement.h"
#include "tests/unit/compiler/fetch/signature/samples.h"

#define DIGEST "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03"
#define OTHER "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc04"

struct read { /* one bundle, and what became of it */
    struct chimera_arena arena;
    struct chimera_evidence evidence;
    struct chimera_error err;
    int code;
};

static void read_text(const char *text, size_t size, const char *digest, struct read *read)
{
    *read = (struct read){0};
    chimera_arena_init(&read->arena, CHIMERA_BUNDLE_ARENA_MAX);
    read->code = chimera_evidence_from_bundle((struct chimera_slice){text, size}, digest,
                                              &read->arena, &read->evidence, &read->err);
}

static void read_file(const char *name, const char *digest, struct read *read)
{
    struct chimera_buffer text;
    read_sample(name, &text);
    read_text(text.data, text.size, digest, read);
    chimera_buffer_free(&text); /* nothing of the evidence may be in it */
}

static void end(struct read *read)
{
    chimera_evidence_done(&read->evidence);
    chimera_arena_free(&read->arena);
}

static void all_samples_are_signatures_of_the_manifest(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t chain, entries, timestamps;
    } samples[] = {
        {"bundle-key/ed25519.json", 0, 0, 0},
        {"bundle-key/in-fallback-index.json", 0, 0, 0},
        {"bundle-key/p256.json", 0, 0, 0},
        {"bundle-key/p256-annotated.json", 0, 0, 0},
        {"bundle-key/p384.json", 0, 0, 0},
        {"bundle-key/rsa2048.json", 0, 0, 0},
        {"bundle-log/p256-first-entry.json", 0, 1, 0},
        {"bundle-log/p256-timestamped.json", 0, 1, 1},
        {"bundle-log/p384-timestamped.json", 0, 1, 1},
        {"bundle-keyless/mail.json", 1, 1, 1},
        {"bundle-keyless/ci.json", 1, 1, 1},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct read read;
        read_file(samples[i].name, DIGEST, &read);
        if (read.code < 0)
            fail_msg("%s: %s", samples[i].name, read.err.text);
        assert_int_equal(read.evidence.form, CHIMERA_DSSE);
        assert_int_equal(read.evidence.chain_count, samples[i].chain);
        assert_int_equal(read.evidence.entry_count, samples[i].entries);
        assert_int_equal(read.evidence.timestamp_count, samples[i].timestamps);
        assert_non_null(read.evidence.annotations);
        end(&read);
        read_file(samples[i].name, OTHER, &read);
        assert_int_equal(read.code, CHIMERA_EREFUSED);
        end(&read);
    }
}

static void what_the_signer_added_is_there(void **state)
{
    (void)state;
    struct read read;
    read_file("bundle-key/p256-annotated.json", DIGEST, &read);
    assert_int_equal(read.code, CHIMERA_OK);
    assert_int_not_equal(json_object_object_length(read.evidence.annotations), 0);
    end(&read);
    read_file("bundle-key/p256.json", DIGEST, &read);
    assert_int_equal(json_object_object_length(read.evidence.annotations), 0);
    end(&read);
}

static void what_is_zero_may_be_absent(void **state)
{
    (void)state;
    struct read read;
    read_file("bundle-log/p256-first-entry.json", DIGEST, &read);
    assert_int_equal(read.code, CHIMERA_OK);
    const struct chimera_log_entry *entry = &read.evidence.entries[0];
    assert_true(entry->has_proof);
    assert_int_equal(entry->proof_index, 0);
    assert_int_equal(entry->tree_size, 1);
    assert_int_equal(entry->hash_count, 0);
    assert_int_equal(entry->promise.size, 0);
    assert_int_equal(entry->integrated_time, 0);
    assert_true(chimera_slice_is(entry->kind, "hashedrekord"));
    assert_true(chimera_slice_is(entry->version, "0.0.2"));
    end(&read);
}

static void what_is_signed_is_the_encoding(void **state)
{
    (void)state;
    struct read read;
    char head[128];
    read_file("bundle-key/p256.json", DIGEST, &read);
    int size = snprintf(head, sizeof(head), "DSSEv1 28 application/vnd.in-toto+json %zu ",
                        read.evidence.payload.size);
    assert_int_equal(read.evidence.message.size, (size_t)size + read.evidence.payload.size);
    assert_memory_equal(read.evidence.message.data, head, (size_t)size);
    assert_memory_equal(read.evidence.message.data + size, read.evidence.payload.data,
                        read.evidence.payload.size);
    end(&read);
}

static void what_is_no_signature_of_an_image_is_told_apart(void **state)
{
    (void)state;
    struct read read;
    read_file("bundle-key/p256-attestation-not-a-signature.json", DIGEST, &read);
    assert_int_equal(read.code, CHIMERA_EFEATURE);
    end(&read);
    read_file("bundle-key/p256-blob-message-signature.json", DIGEST, &read);
    assert_int_equal(read.code, CHIMERA_EINVAL);
    assert_non_null(strstr(read.err.text, "does not contain a DSSE envelope"));
    end(&read);
}

/* --- One thing changed --- */

/* The value at a path of names and numbers, "a/0/b", whose last part is left for the caller. */
static struct json_object *find(struct json_object *at, const char *path, char ret_last[64])
{
    char part[64];
    for (;;) {
        size_t size = strcspn(path, "/");
        memcpy(part, path, size);
        part[size] = '\0';
        if (!path[size])
            break;
        path += size + 1;
        at = json_object_is_type(at, json_type_array)
                 ? json_object_array_get_idx(at, (size_t)(part[0] - '0'))
                 : json_object_object_get(at, part);
        assert_non_null(at);
    }
    snprintf(ret_last, 64, "%s", part);
    return at;
}

/* Sets it to a JSON text, or removes it (NULL). */
static void set(struct json_object *tree, const char *path, const char *value)
{
    char last[64];
    struct json_object *in = find(tree, path, last), *to = NULL;
    if (value)
        assert_int_equal(chimera_json_parse(chimera_slice_of(value), &to, NULL), CHIMERA_OK);
    if (json_object_is_type(in, json_type_array))
        json_object_array_add(in, to);
    else if (value)
        json_object_object_add(in, last, to);
    else
        json_object_object_del(in, last);
}

#define MATERIAL "verificationMaterial/"
#define ENTRY MATERIAL "tlogEntries/0/"

static void each_rule_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *path, *value, *why;
    } changes[] = {
        {"mediaType", NULL, "version that is not known"},
        {"mediaType", "\"application/vnd.dev.sigstore.bundle.v0.4+json\"", "not known"},
        {"mediaType", "3", "wrong kind"},
        {"verificationMaterial", NULL, "one key or certificate"},
        {MATERIAL "publicKey", "{}", "one key or certificate"},
        {MATERIAL "certificate", NULL, "one key or certificate"},
        {MATERIAL "certificate/rawBytes", "\"\"", "empty certificate"},
        {MATERIAL "certificate/rawBytes", "\"A\"", "not base64"},
        {MATERIAL "tlogEntries", "{}", "wrong kind"},
        {ENTRY "canonicalizedBody", NULL, "without a body"},
        {ENTRY "inclusionProof", NULL, "without proof"},
        {ENTRY "inclusionProof/checkpoint", NULL, "without proof"},
        {ENTRY "inclusionProof/hashes", "3", "inclusion proof"},
        {ENTRY "inclusionProof/hashes", "[3]", "wrong kind"},
        {ENTRY "inclusionProof/hashes", "[\"!\"]", "not base64"},
        {ENTRY "logIndex", "\"-1\"", "not a number"},
        {MATERIAL "timestampVerificationData", "[]", "wrong kind"},
        {"dsseEnvelope", NULL, "either an envelope or"},
        {"messageSignature", "{\"signature\":\"AAAA\"}", "either an envelope or"},
        {"dsseEnvelope/payloadType", "\"text/plain\"", "something else"},
        {"dsseEnvelope/payloadType", NULL, "something else"},
        {"dsseEnvelope/payload", "\"\"", "signs nothing"},
        {"dsseEnvelope/payload", "\"e30=\"", "not an in-toto statement"},
        {"dsseEnvelope/payload", "\"W10=\"", "not an in-toto statement"},
        {"dsseEnvelope/payload", "\"ew==\"", "EOF"},
        {"dsseEnvelope/signatures", "[]", "one signature"},
        {"dsseEnvelope/signatures/-", "{\"sig\":\"AAAA\"}", "one signature"},
        {"dsseEnvelope/signatures", NULL, "one signature"},
        {"dsseEnvelope/signatures/0/sig", "\"\"", "empty signature"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        CHIMERA_JSON struct json_object *tree = NULL;
        struct read read;
        read_sample_json("bundle-keyless/ci.json", &tree);
        set(tree, changes[i].path, changes[i].value);
        const char *text = json_object_to_json_string(tree);
        read_text(text, strlen(text), DIGEST, &read);
        if (read.code == CHIMERA_OK || !strstr(read.err.text, changes[i].why))
            fail_msg("%s %s: %d %s", changes[i].path, changes[i].value, read.code, read.err.text);
        end(&read);
    }
}

static void what_is_unknown_is_stepped_over(void **state)
{
    (void)state;
    CHIMERA_JSON struct json_object *tree = NULL;
    struct read read;
    read_sample_json("bundle-keyless/ci.json", &tree);
    set(tree, "new", "{\"a\":[1]}");
    set(tree, MATERIAL "new", "3");
    set(tree, MATERIAL "publicKey", "null");
    const char *text = json_object_to_json_string(tree);
    read_text(text, strlen(text), DIGEST, &read);
    assert_int_equal(read.code, CHIMERA_OK);
    end(&read);
}

/* Of version 0.1, and of 0.2 with a chain; with the same material otherwise. */
static void each_version_has_its_own_rules(void **state)
{
    (void)state;
    static const struct {
        const char *version, *path, *value, *why;
    } changes[] = {
        {"0.1", NULL, NULL, NULL},
        {"0.2", NULL, NULL, NULL},
        {"0.3", NULL, NULL, "which its version does not"},
        {"0.1", ENTRY "inclusionProof", NULL, NULL},
        {"0.1", ENTRY "inclusionPromise", NULL, "promise"},
        {"0.2", ENTRY "inclusionPromise", NULL, NULL},
        {"0.2", ENTRY "inclusionProof", NULL, "without proof"},
        {"0.1", MATERIAL "x509CertificateChain/certificates", "[]", "empty chain"},
        {"0.1", MATERIAL "x509CertificateChain/certificates/-", "{\"rawBytes\":\"\"}", "empty"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        CHIMERA_JSON struct json_object *tree = NULL;
        char type[96];
        struct chimera_arena arena;
        struct chimera_evidence evidence;
        struct chimera_slice digest;
        struct chimera_error err = {0};
        read_sample_json("conformance/rekor-v1-hashedrekord.json", &tree);
        snprintf(type, sizeof(type), "\"application/vnd.dev.sigstore.bundle+json;version=%s\"",
                 changes[i].version);
        set(tree, "mediaType", type);
        if (changes[i].path)
            set(tree, changes[i].path, changes[i].value);
        const char *text = json_object_to_json_string(tree);
        chimera_arena_init(&arena, CHIMERA_BUNDLE_ARENA_MAX);
        int code =
            chimera_sigstore_bundle_read(chimera_slice_of(text), &arena, &evidence, &digest, &err);
        if (changes[i].why ? code == CHIMERA_OK || !strstr(err.text, changes[i].why) : code < 0)
            fail_msg("%s %s: %d %s", changes[i].version, changes[i].path, code, err.text);
        chimera_arena_free(&arena);
    }
}

static void a_root_in_the_chain_is_refused(void **state)
{
    (void)state;
    CHIMERA_JSON struct json_object *tree = NULL, *root = NULL;
    char value[4096], last[64];
    struct read read;
    read_sample_json("trusted_root.json", &root);
    struct json_object *certificate =
        find(root, "certificateAuthorities/0/certChain/certificates/1/-", last);
    read_sample_json("bundle-keyless/ci.json", &tree);
    snprintf(value, sizeof(value), "%s", json_object_to_json_string(certificate));
    set(tree, MATERIAL "certificate", value);
    const char *text = json_object_to_json_string(tree);
    read_text(text, strlen(text), DIGEST, &read);
    assert_int_equal(read.code, CHIMERA_EINVAL);
    assert_non_null(strstr(read.err.text, "a root certificate of its own"));
    end(&read);
}

static void statements_have_a_type_and_a_subject(void **state)
{
    (void)state;
#define STATEMENT(type, digest)                                                      \
    "{\"_type\":\"" type "\",\"predicateType\":\"" CHIMERA_PREDICATE_SIGNATURE "\"," \
    "\"subject\":[{\"digest\":{\"sha1\":\"00\"}},{\"digest\":{" digest "}}]}"
#define V1 "https://in-toto.io/Statement/v1"
    static const struct {
        const char *text, *digest;
        int code;
    } cases[] = {
        {STATEMENT(V1, "\"sha256\":\"ab\""), "sha256:ab", CHIMERA_OK},
        {STATEMENT(V1, "\"sha512\":\"ab\""), "sha512:ab", CHIMERA_OK},
        {STATEMENT(V1, "\"sha512\":\"ab\""), "sha256:ab", CHIMERA_EREFUSED},
        {STATEMENT(V1, "\"sha256\":\"abc\""), "sha256:ab", CHIMERA_EREFUSED},
        {STATEMENT(V1, "\"sha256\":\"\""), "sha256:", CHIMERA_EREFUSED},
        {STATEMENT(V1, "\"sha256\":3"), "sha256:ab", CHIMERA_EINVAL},
        {STATEMENT(V1, ""), "ab", CHIMERA_EREFUSED},
        {STATEMENT("https://in-toto.io/Statement/v2", "\"sha256\":\"ab\""), "sha256:ab",
         CHIMERA_EINVAL},
        {STATEMENT(V1, "\"sha256\":\"00\",\"sha256\":\"ab\""), "sha256:ab", CHIMERA_EINVAL},
        {"{\"_type\":\"" V1 "\",\"subject\":[]}", "sha256:ab", CHIMERA_EFEATURE},
        {"{\"_type\":\"" V1 "\",\"subject\":[3]}", "sha256:ab", CHIMERA_EINVAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_object *annotations = NULL;
        int code =
            chimera_statement_check(chimera_slice_of(cases[i].text), CHIMERA_PREDICATE_SIGNATURE,
                                    cases[i].digest, &annotations, NULL);
        if (code != cases[i].code)
            fail_msg("%s: %d", cases[i].text, code);
        json_object_put(annotations);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_samples_are_signatures_of_the_manifest),
        cmocka_unit_test(what_the_signer_added_is_there),
        cmocka_unit_test(what_is_zero_may_be_absent),
        cmocka_unit_test(what_is_signed_is_the_encoding),
        cmocka_unit_test(what_is_no_signature_of_an_image_is_told_apart),
        cmocka_unit_test(each_rule_refuses),
        cmocka_unit_test(what_is_unknown_is_stepped_over),
        cmocka_unit_test(each_version_has_its_own_rules),
        cmocka_unit_test(a_root_in_the_chain_is_refused),
        cmocka_unit_test(statements_have_a_type_and_a_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
