/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed: the samples with a certificate, each with one bit changed in each place of the
 * bundle and of the trust root; timestamps; and logs beside signatures by a key. */
#include "compiler/fetch/signature/identity.h"

#include "compiler/fetch/signature/trust/timestamp.h"
#include "tests/unit/compiler/fetch/signature/evidence_samples.h"
#include "tests/unit/compiler/fetch/signature/sample_roots.h"

struct trial {
    struct evidence_sample sample;
    const struct chimera_trust_root *root;
    struct chimera_identity identity;
    struct chimera_error err;
};

static bool is_accepted(void *context)
{
    struct trial *trial = context;
    chimera_identity_done(&trial->identity);
    return chimera_identity_prove(&trial->sample.evidence, trial->root, &trial->identity,
                                  &trial->err) == CHIMERA_OK;
}

static void refused(struct trial *trial, const char *why)
{
    if (is_accepted(trial) || !strstr(trial->err.text, why))
        fail_msg("%s: %s", why, trial->err.text);
}

static void open_trial(const char *bundle, const char *file, const struct chimera_trust_root *root,
                       struct trial *trial)
{
    *trial = (struct trial){.root = root};
    open_bundle(bundle, file, &trial->sample);
    if (!is_accepted(trial))
        fail_msg("%s: %s", bundle, trial->err.text);
}

static void close_trial(struct trial *trial)
{
    close_sample(&trial->sample);
    chimera_identity_done(&trial->identity);
}

#define ACTIONS "https://token.actions.githubusercontent.com"
#define BEACON                                                                        \
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/" \
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"

/* What `cosign verify` was told, and what those bundles' README says. */
static void each_sample_names_who_signed(void **state)
{
    (void)state;
    static const struct {
        const char *bundle, *file;
        struct chimera_trust_root *root;
        const char *subject, *issuer, *repository;
        bool is_uri;
        int64_t signed_at;
    } samples[] = {
        {"bundle-keyless/mail.json", NULL, &of_samples, "dev@example.test",
         "http://localhost:36727/mail", NULL, false, 0},
        {"bundle-keyless/ci.json", NULL, &of_samples,
         "https://localhost/acme/shared-workflows/.ci/release.yml@refs/heads/main",
         "http://localhost:36727/ci", "acme/policies", true, 1795894411},
        {"conformance/rekor-v1-dsse.json", NULL, &public_good, BEACON, ACTIONS,
         "sigstore-conformance/extremely-dangerous-public-oidc-beacon", true, 1734374576},
        {"conformance/rekor-v1-hashedrekord.json", "conformance/a.txt", &public_good, BEACON,
         ACTIONS, "sigstore-conformance/extremely-dangerous-public-oidc-beacon", true, 1689177396},
        {"conformance/rekor-v1-intoto.json", NULL, &of_intoto, NULL, NULL, NULL, true, 1675209600},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct trial trial;
        open_trial(samples[i].bundle, samples[i].file, samples[i].root, &trial);
        const struct chimera_identity *identity = &trial.identity;
        if (samples[i].subject)
            assert_string_equal(identity->subject, samples[i].subject);
        if (samples[i].issuer)
            assert_string_equal(identity->issuer, samples[i].issuer);
        assert_int_equal(!identity->github_repository, !samples[i].repository);
        if (samples[i].repository)
            assert_string_equal(identity->github_repository, samples[i].repository);
        assert_int_equal(identity->is_uri, samples[i].is_uri);
        if (samples[i].signed_at)
            assert_int_equal(identity->signed_at, samples[i].signed_at);
        close_trial(&trial);
    }
}

static void each_bit_counts(void **state)
{
    (void)state;
    static const char *const bundles[] = {"bundle-keyless/mail.json", "bundle-keyless/ci.json"};
    for (size_t i = 0; i < 2; i++) {
        struct trial trial;
        open_trial(bundles[i], NULL, &of_samples, &trial);
        struct chimera_evidence *evidence = &trial.sample.evidence;
        struct chimera_log_entry *entry = &evidence->entries[0];
        each_byte_counts(&evidence->signature, "the signature", is_accepted, &trial);
        each_byte_counts(&evidence->message, "the message", is_accepted, &trial);
        each_byte_counts(&evidence->chain[0], "the certificate", is_accepted, &trial);
        each_byte_counts(&entry->body, "the body", is_accepted, &trial);
        each_byte_counts(&entry->checkpoint, "the checkpoint", is_accepted, &trial);
        for (size_t j = 0; j < entry->hash_count; j++)
            each_byte_counts(&entry->hashes[j], "a proof's hash", is_accepted, &trial);
        close_trial(&trial);
    }
}

/* --- What must be there --- */

static void a_log_and_a_time_must_be_there(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &trial);
    struct chimera_evidence *evidence = &trial.sample.evidence;
    evidence->timestamp_count = 0;
    refused(&trial, "nobody vouches for when");
    evidence->entries[0].integrated_time = trial.identity.signed_at; /* nobody's word */
    refused(&trial, "nobody vouches for when");
    evidence->timestamp_count = 1;
    evidence->entry_count = 0;
    refused(&trial, "in no log");
    evidence->entry_count = 1;
    evidence->chain_count = 0;
    refused(&trial, "not signed with a certificate");
    evidence->chain_count = 1;
    trial.root = NULL;
    refused(&trial, "no trust root");
    trial.root = &public_good;
    refused(&trial, "of a log that is not trusted");
    close_trial(&trial);
}

/* Signed, entered and stamped by its owner, and then put beside somebody else's payload. */
static void parts_of_two_signatures_are_none(void **state)
{
    (void)state;
    struct trial mail, ci;
    open_trial("bundle-keyless/mail.json", NULL, &of_samples, &mail);
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &ci);
    struct chimera_evidence *evidence = &ci.sample.evidence, whole = *evidence;
    const struct chimera_evidence *other = &mail.sample.evidence;
    evidence->chain[0] = other->chain[0];
    refused(&ci, "not by this key");
    *evidence = whole;
    evidence->signature = other->signature;
    refused(&ci, "not by this key");
    *evidence = whole;
    evidence->entries[0] = other->entries[0];
    refused(&ci, "the log entry is of another");
    *evidence = whole;
    evidence->timestamps[0] = other->timestamps[0];
    refused(&ci, "the timestamp is of another signature");
    *evidence = whole;
    evidence->timestamps[evidence->timestamp_count++] = other->timestamps[0];
    refused(&ci, "the timestamp is of another signature"); /* beside the right one, too */
    *evidence = whole;
    evidence->entries[evidence->entry_count++] = other->entries[0];
    refused(&ci, "the log entry is of another");
    *evidence = whole;
    assert_true(is_accepted(&ci));
    close_trial(&mail);
    close_trial(&ci);
}

static void everything_must_have_counted_then(void **state)
{
    (void)state;
    static const char *const why[] = {
        "the log's key was not trusted at the time",
        "not of an authority that was trusted when it was signed with",
        "timestamp is not of an authority that was trusted then",
    };
    struct trial trial;
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &trial);
    struct chimera_trust_period *periods[] = {&of_samples.logs[0].period,
                                              &of_samples.authorities[0].period,
                                              &of_samples.timestamp_authorities[0].period};
    int64_t then = trial.identity.signed_at;
    for (size_t i = 0; i < 3; i++) {
        struct chimera_trust_period whole = *periods[i];
        *periods[i] = (struct chimera_trust_period){then, then};
        assert_true(is_accepted(&trial));
        *periods[i] = (struct chimera_trust_period){then + 1, 0};
        refused(&trial, why[i]);
        *periods[i] = (struct chimera_trust_period){then - 10, then - 1};
        refused(&trial, why[i]);
        *periods[i] = whole;
    }
    close_trial(&trial);
}

/* Rekor v1: the log's own time counts, and a timestamp beside it as well. */
static void all_times_count(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("conformance/rekor-v1-intoto.json", NULL, &of_intoto, &trial);
    assert_int_equal(trial.sample.evidence.timestamp_count, 1);
    int64_t then = trial.identity.signed_at;
    struct chimera_trust_period whole = of_intoto.logs[0].period;
    of_intoto.logs[0].period = (struct chimera_trust_period){then - 10, then - 1};
    refused(&trial, "the log's key was not trusted");
    of_intoto.logs[0].period = whole;
    trial.sample.evidence.timestamp_count = 0;
    assert_true(is_accepted(&trial));
    close_trial(&trial);
}

/* --- The trust root --- */

/* The `at`th text of "rawBytes" in the tree with a bit of its key changed. */
static void spoil(struct json_object *tree, size_t at)
{
    static const char *const paths[][2] = {
        {"tlogs", NULL},
        {"ctlogs", NULL},
        {"certificateAuthorities", "0"},
        {"certificateAuthorities", "1"},
        {"timestampAuthorities", "0"},
        {"timestampAuthorities", "1"},
        {"timestampAuthorities", "2"},
    };
    struct json_object *in =
        json_object_array_get_idx(json_object_object_get(tree, paths[at][0]), 0);
    if (paths[at][1])
        in = json_object_array_get_idx(
            json_object_object_get(json_object_object_get(in, "certChain"), "certificates"),
            (size_t)(paths[at][1][0] - '0'));
    else
        in = json_object_object_get(in, "publicKey");
    struct chimera_slice text =
        chimera_slice_of(json_object_get_string(json_object_object_get(in, "rawBytes")));
    char der[4096];
    size_t size;
    struct chimera_buffer out;
    assert_true(chimera_base64_decode(text, 0, der, &size));
    /* A key's own bytes: the last of a SPKI, and those behind the curve's name in a certificate. */
    const char *curve = paths[at][1] ? memmem(der, size, "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01", 9)
                                     : der + size - 20;
    assert_non_null(curve);
    char *byte = &der[curve - der + (paths[at][1] ? 40 : 0)];
    *byte = (char)(*byte ^ 4);
    chimera_buffer_init(&out, 8192);
    chimera_base64_encode((struct chimera_slice){der, size}, 0, &out);
    json_object_object_add(in, "rawBytes", json_object_new_string_len(out.data, (int)out.size));
    chimera_buffer_free(&out);
}

static void each_key_of_the_trust_root_counts(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &trial);
    for (size_t i = 0; i < 7; i++) {
        CHIMERA_JSON struct json_object *tree = NULL;
        struct chimera_trust_root spoilt = {0};
        read_sample_json("trusted_root.json", &tree);
        spoil(tree, i);
        const char *text = json_object_to_json_string(tree);
        if (chimera_trust_root_parse(chimera_slice_of(text), "it", &spoilt, NULL) < 0)
            continue;
        trial.root = &spoilt;
        if (is_accepted(&trial))
            fail_msg("key %zu does not count", i);
        chimera_trust_root_done(&spoilt);
    }
    trial.root = &of_samples;
    assert_true(is_accepted(&trial));
    close_trial(&trial);
}

/* --- Timestamps --- */

/* Where the sample's token has what is stamped, its digest and the signature (openssl asn1parse).
 */
static bool is_in_signed_part(size_t at)
{
    return (at >= 69 && at < 239) || (at >= 415 && at < 449) || at >= 597;
}

/* Not signed are the status, versions, the case of a name and the like; none changes the time. */
static void no_bit_changes_the_time(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &trial);
    struct chimera_slice whole = trial.sample.evidence.timestamps[0];
    char *copy = malloc(whole.size);
    memcpy(copy, whole.data, whole.size);
    size_t accepted = 0;
    for (size_t at = 0; at < whole.size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            int64_t seconds;
            copy[at] = (char)(copy[at] ^ 1 << bit);
            if (chimera_timestamp_check((struct chimera_slice){copy, whole.size},
                                        trial.sample.evidence.signature, &of_samples, &seconds,
                                        NULL) == CHIMERA_OK) {
                accepted++;
                if (seconds != trial.identity.signed_at || is_in_signed_part(at))
                    fail_msg("byte %zu", at);
            }
            copy[at] = (char)(copy[at] ^ 1 << bit);
        }
    }
    assert_true(accepted < whole.size / 4);
    free(copy);
    close_trial(&trial);
}

static void a_timestamp_has_an_authority_and_a_status(void **state)
{
    (void)state;
    struct trial trial;
    struct chimera_error err = {0};
    int64_t seconds;
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &trial);
    struct chimera_slice stamp = trial.sample.evidence.timestamps[0];
    struct chimera_slice signature = trial.sample.evidence.signature;
    assert_int_equal(chimera_timestamp_check(stamp, signature, &public_good, &seconds, &err),
                     CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "not of an authority"));
    assert_int_equal(
        chimera_timestamp_check((struct chimera_slice){0}, signature, &of_samples, &seconds, &err),
        CHIMERA_EREFUSED);
    /* PKIStatusInfo {rejection}, and no token */
    assert_int_equal(chimera_timestamp_check(CHIMERA_SLICE("\x30\x05\x30\x03\x02\x01\x02"),
                                             signature, &of_samples, &seconds, &err),
                     CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "is none"));
    close_trial(&trial);
}

/* The stamper's certificate is in the trust root: another one of the same authority is not it. */
static void the_stamper_is_that_of_the_trust_root(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("bundle-keyless/ci.json", NULL, &of_samples, &trial);
    STACK_OF(X509) *chain = of_samples.timestamp_authorities[0].chain;
    X509 *stamper = sk_X509_shift(chain);
    refused(&trial, "not of an authority"); /* the token does not bring it along */
    sk_X509_unshift(chain, stamper);
    assert_true(is_accepted(&trial));
    close_trial(&trial);
}

/* --- By a key --- */

static int check_log(const char *bundle, const char *key_name,
                     const struct chimera_trust_root *root)
{
    struct evidence_sample sample;
    struct chimera_buffer key;
    open_bundle(bundle, NULL, &sample);
    read_spki(key_name, &key);
    int code = chimera_evidence_check_log(&sample.evidence, chimera_buffer_slice(&key), root, NULL);
    chimera_buffer_free(&key);
    close_sample(&sample);
    return code;
}

static void logs_beside_a_key_must_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *bundle, *key;
        struct chimera_trust_root *root;
        int code;
    } cases[] = {
        {"bundle-key/p256.json", "keys/p256.pub", &of_samples, CHIMERA_OK},
        {"bundle-key/ed25519.json", "keys/ed25519.pub", &of_samples, CHIMERA_OK},
        {"bundle-log/p256-first-entry.json", "keys/p256.pub", &of_samples, CHIMERA_OK},
        {"bundle-log/p256-timestamped.json", "keys/p256.pub", &of_samples, CHIMERA_OK},
        {"bundle-log/p384-timestamped.json", "keys/p384.pub", &of_samples, CHIMERA_OK},
        {"bundle-log/p256-timestamped.json", "keys/p256-other.pub", &of_samples, CHIMERA_EREFUSED},
        {"bundle-log/p384-timestamped.json", "keys/p256.pub", &of_samples, CHIMERA_EREFUSED},
        {"bundle-log/p256-timestamped.json", "keys/p256.pub", &public_good, CHIMERA_EREFUSED},
        {"bundle-log/p256-timestamped.json", "keys/p256-other.pub", NULL, CHIMERA_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int code = check_log(cases[i].bundle, cases[i].key, cases[i].root);
        if (code != cases[i].code)
            fail_msg("%zu: %d", i, code);
    }
}

struct key_trial {
    struct evidence_sample sample;
    struct chimera_buffer key;
    const struct chimera_trust_root *root;
};

static bool is_key_accepted(void *context)
{
    struct key_trial *trial = context;
    return chimera_evidence_check_log(&trial->sample.evidence, chimera_buffer_slice(&trial->key),
                                      trial->root, NULL) == CHIMERA_OK;
}

static void each_bit_beside_a_key_counts(void **state)
{
    (void)state;
    struct key_trial trial = {.root = &of_samples};
    open_bundle("bundle-log/p384-timestamped.json", NULL, &trial.sample);
    read_spki("keys/p384.pub", &trial.key);
    struct chimera_evidence *evidence = &trial.sample.evidence;
    each_byte_counts(&evidence->signature, "the signature", is_key_accepted, &trial);
    each_byte_counts(&evidence->message, "the message", is_key_accepted, &trial);
    each_byte_counts(&evidence->entries[0].body, "the body", is_key_accepted, &trial);
    each_byte_counts(&evidence->entries[0].checkpoint, "the checkpoint", is_key_accepted, &trial);
    close_sample(&trial.sample);
    open_appendix_a(&trial.sample);
    chimera_buffer_free(&trial.key);
    read_spki("appendix-a/key.pub", &trial.key);
    trial.root = &public_good;
    each_byte_counts(&trial.sample.evidence.message, "appendix A's payload", is_key_accepted,
                     &trial);
    each_byte_counts(&trial.sample.evidence.entries[0].promise, "appendix A's promise",
                     is_key_accepted, &trial);
    chimera_buffer_free(&trial.key);
    close_sample(&trial.sample);
}

/* An entry of a key's signature without any time goes on being right when its log has ended. */
static void an_entry_without_a_time_has_no_period(void **state)
{
    (void)state;
    struct chimera_trust_period whole = of_samples.logs[0].period;
    of_samples.logs[0].period = (struct chimera_trust_period){1, 2};
    assert_int_equal(check_log("bundle-log/p256-first-entry.json", "keys/p256.pub", &of_samples),
                     CHIMERA_OK);
    assert_int_equal(check_log("bundle-log/p256-timestamped.json", "keys/p256.pub", &of_samples),
                     CHIMERA_EREFUSED);
    of_samples.logs[0].period = whole;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sample_names_who_signed),
        cmocka_unit_test(each_bit_counts),
        cmocka_unit_test(a_log_and_a_time_must_be_there),
        cmocka_unit_test(parts_of_two_signatures_are_none),
        cmocka_unit_test(everything_must_have_counted_then),
        cmocka_unit_test(all_times_count),
        cmocka_unit_test(each_key_of_the_trust_root_counts),
        cmocka_unit_test(no_bit_changes_the_time),
        cmocka_unit_test(a_timestamp_has_an_authority_and_a_status),
        cmocka_unit_test(the_stamper_is_that_of_the_trust_root),
        cmocka_unit_test(logs_beside_a_key_must_be_right),
        cmocka_unit_test(each_bit_beside_a_key_counts),
        cmocka_unit_test(an_entry_without_a_time_has_no_period),
    };
    return cmocka_run_group_tests(tests, set_up_roots, tear_down_roots);
}
