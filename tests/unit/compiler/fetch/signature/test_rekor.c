/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of logs of both versions and all kinds, made by real logs, with one bit changed in each
 * place; and bodies that say something else than what was signed. */
#include "compiler/fetch/signature/rekor.h"

#include <inttypes.h>
#include <openssl/evp.h>

#include "runtime/base/digest.h"
#include "tests/unit/compiler/fetch/signature/evidence_samples.h"
#include "tests/unit/compiler/fetch/signature/sample_roots.h"

struct trial {
    struct evidence_sample sample;
    struct chimera_buffer key; /* when it was signed by one */
    struct chimera_signer signer;
    const struct chimera_trust_root *root;
    struct chimera_error err;
};

static bool is_accepted(void *context)
{
    struct trial *trial = context;
    const struct chimera_evidence *evidence = &trial->sample.evidence;
    const struct chimera_trust_log *log = NULL;
    return chimera_rekor_check(&evidence->entries[0], evidence, trial->signer, trial->root, &log,
                               &trial->err) == CHIMERA_OK &&
           log;
}

static void refused(struct trial *trial, const char *why)
{
    if (is_accepted(trial) || !strstr(trial->err.text, why))
        fail_msg("%s: %s", why, trial->err.text);
}

static const struct kind {
    const char *bundle, *file, *key;
    struct chimera_trust_root *root;
    bool is_v1;
} KINDS[] = {
    {"bundle-log/p256-first-entry.json", NULL, "keys/p256.pub", &of_samples, false},
    {"bundle-log/p256-timestamped.json", NULL, "keys/p256.pub", &of_samples, false},
    {"bundle-log/p384-timestamped.json", NULL, "keys/p384.pub", &of_samples, false},
    {"bundle-keyless/mail.json", NULL, NULL, &of_samples, false},
    {"conformance/rekor-v1-dsse.json", NULL, NULL, &public_good, true},
    {"conformance/rekor-v1-hashedrekord.json", "conformance/a.txt", NULL, &public_good, true},
    {"conformance/rekor-v1-intoto.json", NULL, NULL, &of_intoto, true},
};
#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

static void open_trial(const struct kind *kind, struct trial *trial)
{
    *trial = (struct trial){.root = kind->root};
    open_bundle(kind->bundle, kind->file, &trial->sample);
    if (kind->key)
        read_spki(kind->key, &trial->key);
    trial->signer = kind->key ? (struct chimera_signer){chimera_buffer_slice(&trial->key), false}
                              : (struct chimera_signer){trial->sample.evidence.chain[0], true};
}

static void close_trial(struct trial *trial)
{
    close_sample(&trial->sample);
    chimera_buffer_free(&trial->key);
}

static void each_bit_of_each_kind_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct trial trial;
        open_trial(&KINDS[i], &trial);
        struct chimera_evidence *evidence = &trial.sample.evidence;
        struct chimera_log_entry *entry = &evidence->entries[0];
        if (!is_accepted(&trial))
            fail_msg("%s: %s", KINDS[i].bundle, trial.err.text);
        each_byte_counts(&entry->body, "the body", is_accepted, &trial);
        each_byte_counts(&entry->log_id, "the log's id", is_accepted, &trial);
        each_byte_counts(&entry->kind, "the kind", is_accepted, &trial);
        each_byte_counts(&entry->version, "the version", is_accepted, &trial);
        each_byte_counts(&entry->root_hash, "the root hash", is_accepted, &trial);
        each_byte_counts(&entry->checkpoint, "the checkpoint", is_accepted, &trial);
        for (size_t j = 0; j < entry->hash_count; j++)
            each_byte_counts(&entry->hashes[j], "a proof's hash", is_accepted, &trial);
        if (KINDS[i].is_v1)
            each_byte_counts(&entry->promise, "the promise", is_accepted, &trial);
        each_byte_counts(&evidence->signature, "the signature", is_accepted, &trial);
        each_byte_counts(&trial.signer.der, "the signer", is_accepted, &trial);
        if (evidence->form == CHIMERA_DSSE && KINDS[i].is_v1)
            each_byte_counts(&evidence->payload, "the payload", is_accepted, &trial);
        else
            each_byte_counts(&evidence->message, "the message", is_accepted, &trial);
        close_trial(&trial);
    }
}

static void each_number_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        struct trial trial;
        open_trial(&KINDS[i], &trial);
        struct chimera_log_entry *entry = &trial.sample.evidence.entries[0];
        entry->tree_size++;
        assert_false(is_accepted(&trial));
        entry->tree_size--;
        entry->proof_index++;
        assert_false(is_accepted(&trial));
        entry->proof_index--;
        if (KINDS[i].is_v1) {
            entry->log_index++;
            refused(&trial, "did not sign the entry's timestamp");
            entry->log_index--;
            entry->integrated_time--;
            refused(&trial, "did not sign the entry's timestamp");
        }
        close_trial(&trial);
    }
}

static void something_must_show_that_it_is_in_the_log(void **state)
{
    (void)state;
    struct trial trial;
    open_trial(&KINDS[4], &trial);
    struct chimera_log_entry *entry = &trial.sample.evidence.entries[0];
    struct chimera_slice promise = entry->promise, checkpoint = entry->checkpoint;
    entry->promise.size = 0;
    assert_true(is_accepted(&trial)); /* the proof alone */
    assert_int_equal(chimera_rekor_time(entry), 0);
    entry->checkpoint.size = 0;
    refused(&trial, "nothing shows"); /* a proof whose root nobody signed */
    entry->promise = promise;
    assert_true(is_accepted(&trial)); /* the promise, and a proof that holds */
    assert_int_not_equal(chimera_rekor_time(entry), 0);
    entry->has_proof = false;
    assert_true(is_accepted(&trial)); /* the promise alone */
    entry->checkpoint = checkpoint;
    entry->promise.size = 0;
    refused(&trial, "nothing shows"); /* a checkpoint alone */
    close_trial(&trial);
}

static void a_log_must_be_known(void **state)
{
    (void)state;
    struct trial trial;
    open_trial(&KINDS[0], &trial);
    trial.root = &public_good;
    refused(&trial, "of a log that is not trusted");
    close_trial(&trial);
}

static void the_vector_of_appendix_a_holds(void **state)
{
    (void)state;
    struct trial trial = {.root = &public_good};
    open_appendix_a(&trial.sample);
    read_spki("appendix-a/key.pub", &trial.key);
    trial.signer = (struct chimera_signer){chimera_buffer_slice(&trial.key), false};
    struct chimera_evidence *evidence = &trial.sample.evidence;
    if (!is_accepted(&trial))
        fail_msg("%s", trial.err.text);
    assert_int_equal(chimera_rekor_time(&evidence->entries[0]), 1634714179);
    each_byte_counts(&evidence->entries[0].body, "the body", is_accepted, &trial);
    each_byte_counts(&evidence->entries[0].promise, "the promise", is_accepted, &trial);
    each_byte_counts(&evidence->signature, "the signature", is_accepted, &trial);
    each_byte_counts(&evidence->message, "the payload", is_accepted, &trial);
    each_byte_counts(&trial.signer.der, "the key", is_accepted, &trial);
    trial.signer.is_certificate = true;
    refused(&trial, "of another signer");
    close_trial(&trial);
}

/* --- Bodies --- */

static void says(const char *body, enum chimera_evidence_form form, const char *why)
{
    struct chimera_evidence evidence = {.form = form,
                                        .payload = CHIMERA_SLICE("foo"),
                                        .message = CHIMERA_SLICE("foo"),
                                        .signature = CHIMERA_SLICE("sig")};
    struct chimera_log_entry entry = {.body = chimera_slice_of(body)};
    struct chimera_signer signer = {CHIMERA_SLICE("key"), false};
    struct chimera_error err = {0};
    int code = chimera_entry_body_check(&entry, &evidence, signer, &err);
    if (why ? code == CHIMERA_OK || !strstr(err.text, why) : code < 0)
        fail_msg("%s: %d %s", body, code, err.text);
}

#define FOO256 "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define FOO1 "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"
/* "-----BEGIN PUBLIC KEY-----", base64 of "key" or "kex", "-----END PUBLIC KEY-----" */
#define PEM "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KYTJWNQotLS0tLUVORCBQVUJMSUMgS0VZLS0tLS0K"
#define PEM_OF_OTHER "LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KYTJWNAotLS0tLUVORCBQVUJMSUMgS0VZLS0tLS0K"
#define RECORD(kind, version, algorithm, value, signature, key)                            \
    "{\"kind\":\"" kind "\",\"apiVersion\":\"" version "\",\"spec\":{\"data\":{\"hash\":{" \
    "\"algorithm\":\"" algorithm "\",\"value\":\"" value                                   \
    "\"}},\"signature\":{\"content\":\"" signature "\",\"publicKey\":{\"content\":\"" key "\"}}}}"
#define RECORD2(algorithm, digest, verifier)                                               \
    "{\"kind\":\"hashedrekord\",\"apiVersion\":\"0.0.2\",\"spec\":{\"hashedRekordV002\":{" \
    "\"data\":{\"algorithm\":\"" algorithm "\",\"digest\":\"" digest "\"},\"signature\":{" \
    "\"content\":\"c2ln\",\"verifier\":{" verifier "}}}}}"
#define FOO256_64 "LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564="

static void bodies_must_be_of_the_evidence(void **state)
{
    (void)state;
    const enum chimera_evidence_form simple = CHIMERA_SIMPLE_SIGNING;
    says(RECORD("rekord", "0.0.1", "sha256", FOO256, "c2ln", PEM), simple, NULL);
    says(RECORD("hashedrekord", "0.0.1", "sha256", FOO256, "c2ln", PEM), simple, NULL);
    says(RECORD("hashedrekord", "0.0.1", "sha1", FOO1, "c2ln", PEM), simple, "something else");
    says(RECORD("hashedrekord", "0.0.1", "", "", "c2ln", PEM), simple, "something else");
    says(RECORD("hashedrekord", "0.0.1", "sha512", FOO256, "c2ln", PEM), simple, "something else");
    says(RECORD("hashedrekord", "0.0.1", "sha256", "", "c2ln", PEM), simple, "something else");
    says(RECORD("hashedrekord", "0.0.1", "sha256", "2", "c2ln", PEM), simple, "hexadecimal");
    says(RECORD("hashedrekord", "0.0.1", "sha256", FOO256, "", PEM), simple, "another signature");
    says(RECORD("hashedrekord", "0.0.1", "sha256", FOO256, "c2l", PEM), simple, "not base64");
    says(RECORD("hashedrekord", "0.0.1", "sha256", FOO256, "c2ln", ""), simple, "another signer");
    says(RECORD("hashedrekord", "0.0.1", "sha256", FOO256, "c2ln", "a2V5"), simple,
         "another signer");
    says(RECORD("hashedrekord", "0.0.1", "sha256", FOO256, "c2ln", PEM_OF_OTHER), simple,
         "another signer");
    says(RECORD("hashedrekord", "0.0.3", "sha256", FOO256, "c2ln", PEM), simple, "kind");
    says(RECORD("rpm", "0.0.1", "sha256", FOO256, "c2ln", PEM), simple, "kind");
    says("{\"kind\":\"hashedrekord\",\"apiVersion\":\"0.0.1\"}", simple, "something else");
    says("{\"kind\":\"hashedrekord\",\"apiVersion\":\"0.0.1\",\"spec\":3}", simple, "wrong kind");
    says("{\"kind\":\"dsse\",\"apiVersion\":\"0.0.1\"}", simple, "kind");
    says("{\"kind\":\"dsse\",\"apiVersion\":\"0.0.1\"}", CHIMERA_DSSE, "something else");
    says("[]", simple, "not a JSON object");
    says("", simple, "not a JSON object");
}

static void bodies_of_rekor_2_must_be_of_the_evidence(void **state)
{
    (void)state;
    const enum chimera_evidence_form simple = CHIMERA_SIMPLE_SIGNING;
    says(RECORD2("SHA2_256", FOO256_64, "\"publicKey\":{\"rawBytes\":\"a2V5\"}"), simple, NULL);
    says(RECORD2("SHA2_256", FOO256_64, "\"x509Certificate\":{\"rawBytes\":\"a2V5\"}"), simple,
         "another signer");
    says(RECORD2("SHA2_256", FOO256_64, "\"publicKey\":{\"rawBytes\":\"a2V4\"}"), simple,
         "another signer");
    says(RECORD2("SHA2_256", FOO256_64, ""), simple, "another signer");
    says(RECORD2("SHA2_384", FOO256_64, "\"publicKey\":{\"rawBytes\":\"a2V5\"}"), simple,
         "something else");
    says(RECORD2("SHA1", FOO256_64, "\"publicKey\":{\"rawBytes\":\"a2V5\"}"), simple,
         "something else");
    says(RECORD2("SHA2_256", FOO256, "\"publicKey\":{\"rawBytes\":\"a2V5\"}"), simple,
         "something else");
}

#define DSSE(signatures)                                                                    \
    "{\"kind\":\"dsse\",\"apiVersion\":\"0.0.1\",\"spec\":{\"payloadHash\":{\"algorithm\":" \
    "\"sha256\",\"value\":\"" FOO256 "\"},\"signatures\":[" signatures "]}}"
#define SIGNED "{\"signature\":\"c2ln\",\"verifier\":\"" PEM "\"}"

static void an_envelope_has_one_signature(void **state)
{
    (void)state;
    says(DSSE(SIGNED), CHIMERA_DSSE, NULL);
    says(DSSE(SIGNED "," SIGNED), CHIMERA_DSSE, "another signature");
    says(DSSE(""), CHIMERA_DSSE, "another signature");
    says(DSSE("3"), CHIMERA_DSSE, "wrong kind");
}

static void two_keys_in_one_text_are_nobodys(void **state)
{
    (void)state;
    struct chimera_buffer twice, text, body;
    chimera_buffer_init(&twice, 4096);
    chimera_buffer_init(&text, 4096);
    chimera_buffer_init(&body, 4096);
    for (int i = 0; i < 2; i++)
        chimera_buffer_text(&twice, "-----BEGIN PUBLIC KEY-----\na2V5\n-----END PUBLIC KEY-----\n");
    chimera_base64_encode(chimera_buffer_slice(&twice), 0, &text);
    chimera_buffer_byte(&text, 0);
    chimera_buffer_print(&body, RECORD("rekord", "0.0.1", "sha256", FOO256, "c2ln", "%s"),
                         text.data);
    chimera_buffer_byte(&body, 0);
    says(body.data, CHIMERA_SIMPLE_SIGNING, "another signer");
    chimera_buffer_free(&twice);
    chimera_buffer_free(&text);
    chimera_buffer_free(&body);
}

/* --- A log of our own --- */

#define ORIGIN "log.example"

/* With two hashes, a proof of the first entry looks alike in trees of three and of four. */
struct own_log {
    struct chimera_trust_log log;
    struct chimera_trust_root root;
    struct chimera_evidence evidence;
    struct chimera_digest root_hash;
    struct chimera_buffer note;
};

static void hash_pair(struct chimera_slice left, struct chimera_slice right, uint8_t prefix,
                      struct chimera_digest *ret_digest)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, 4096);
    chimera_buffer_byte(&text, prefix);
    chimera_buffer_append(&text, left);
    chimera_buffer_append(&text, right);
    assert_int_equal(chimera_digest_of(chimera_buffer_slice(&text), ret_digest), CHIMERA_OK);
    chimera_buffer_free(&text);
}

/* The id of a note's key: its log's name, a newline, 1 and the key. */
static void make_key(struct own_log *own)
{
    uint8_t raw[32];
    size_t size = sizeof(raw);
    struct chimera_digest id;
    own->log.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_int_equal(EVP_PKEY_get_raw_public_key(own->log.key, raw, &size), 1);
    struct chimera_buffer text;
    chimera_buffer_init(&text, 4096);
    chimera_buffer_text(&text, ORIGIN "\n\x01");
    chimera_buffer_append(&text, (struct chimera_slice){(const char *)raw, size});
    assert_int_equal(chimera_digest_of(chimera_buffer_slice(&text), &id), CHIMERA_OK);
    chimera_buffer_free(&text);
    memcpy(own->log.id, id.bytes, sizeof(own->log.id));
    memcpy(own->log.note_id, id.bytes, sizeof(own->log.note_id));
    own->root = (struct chimera_trust_root){.logs = &own->log, .log_count = 1};
}

/* A checkpoint of that size, with the root hash of the evidence's entry. */
static void sign_note(struct own_log *own, uint64_t tree_size)
{
    unsigned char line[4 + 64];
    size_t size = sizeof(line) - 4;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    chimera_buffer_free(&own->note);
    chimera_buffer_init(&own->note, 4096);
    chimera_buffer_print(&own->note, ORIGIN "\n%" PRIu64 "\n", tree_size);
    chimera_base64_encode(own->evidence.entries[0].root_hash, 0, &own->note);
    chimera_buffer_text(&own->note, "\n");
    memcpy(line, own->log.note_id, 4);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, own->log.key), 1);
    assert_int_equal(EVP_DigestSign(context, line + 4, &size, (const unsigned char *)own->note.data,
                                    own->note.size),
                     1);
    EVP_MD_CTX_free(context);
    chimera_buffer_text(&own->note, "\n\xE2\x80\x94 " ORIGIN " ");
    chimera_base64_encode((struct chimera_slice){(const char *)line, sizeof(line)}, 0, &own->note);
    chimera_buffer_text(&own->note, "\n");
    own->evidence.entries[0].checkpoint = chimera_buffer_slice(&own->note);
}

static void make_own_log(struct own_log *own)
{
    static const char other[CHIMERA_HASH_BYTES] = "another entry";
    static const char *const body =
        RECORD2("SHA2_256", FOO256_64, "\"publicKey\":{\"rawBytes\":\"a2V5\"}");
    *own = (struct own_log){.evidence = {.payload = CHIMERA_SLICE("foo"),
                                         .message = CHIMERA_SLICE("foo"),
                                         .signature = CHIMERA_SLICE("sig"),
                                         .entry_count = 1}};
    make_key(own);
    struct chimera_log_entry *entry = &own->evidence.entries[0];
    struct chimera_slice hash = {(const char *)own->root_hash.bytes, CHIMERA_HASH_BYTES};
    entry->body = chimera_slice_of(body);
    entry->log_id = (struct chimera_slice){(const char *)own->log.id, sizeof(own->log.id)};
    entry->has_proof = true;
    entry->tree_size = 4;
    entry->hash_count = 2;
    entry->hashes[0] = entry->hashes[1] = (struct chimera_slice){other, sizeof(other)};
    hash_pair(entry->body, (struct chimera_slice){0}, 0, &own->root_hash);
    hash_pair(hash, entry->hashes[0], 1, &own->root_hash);
    hash_pair(hash, entry->hashes[1], 1, &own->root_hash);
    entry->root_hash = hash;
    sign_note(own, 4);
}

static int check_own(const struct own_log *own, struct chimera_error *err)
{
    const struct chimera_trust_log *log;
    return chimera_rekor_check(&own->evidence.entries[0], &own->evidence,
                               (struct chimera_signer){CHIMERA_SLICE("key"), false}, &own->root,
                               &log, err);
}

static void the_checkpoint_is_of_the_tree_of_the_proof(void **state)
{
    (void)state;
    struct own_log own;
    struct chimera_error err = {0};
    make_own_log(&own);
    assert_int_equal(check_own(&own, &err), CHIMERA_OK);
    sign_note(&own, 3);
    assert_int_equal(check_own(&own, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "of another tree"));
    own.evidence.entries[0].tree_size = 3;
    assert_int_equal(check_own(&own, &err), CHIMERA_OK);
    EVP_PKEY_free(own.log.key);
    chimera_buffer_free(&own.note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bit_of_each_kind_counts),
        cmocka_unit_test(each_number_counts),
        cmocka_unit_test(something_must_show_that_it_is_in_the_log),
        cmocka_unit_test(a_log_must_be_known),
        cmocka_unit_test(the_vector_of_appendix_a_holds),
        cmocka_unit_test(bodies_must_be_of_the_evidence),
        cmocka_unit_test(bodies_of_rekor_2_must_be_of_the_evidence),
        cmocka_unit_test(an_envelope_has_one_signature),
        cmocka_unit_test(two_keys_in_one_text_are_nobodys),
        cmocka_unit_test(the_checkpoint_is_of_the_tree_of_the_proof),
    };
    return cmocka_run_group_tests(tests, set_up_roots, tear_down_roots);
}
