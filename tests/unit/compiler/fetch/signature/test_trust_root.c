/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped trust root against the fingerprints and ids that are published for it, the sample's,
 * and each part that is missing or wrong. */
#include "compiler/fetch/signature/trust/trust_root.h"

#include "runtime/base/digest.h"
#include "tests/unit/compiler/fetch/signature/samples.h"

#define PLAIN "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
#define CONFIG "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
#define P256                                                                                   \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufB" \
    "nhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw=="
#define P256_ID "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0="
#define OTHER_ID "CGCS8ChS/2hF0dFrJ4ScRWcYrBY9wzjSbea8IgY2b3I="

static int parse(const char *text, struct chimera_trust_root *ret_root, struct chimera_error *err)
{
    return chimera_trust_root_parse(chimera_slice_of(text), "root.json", ret_root, err);
}

static void refused(const char *text, const char *why)
{
    struct chimera_trust_root root;
    struct chimera_error err = {0};
    assert_int_equal(parse(text, &root, &err), CHIMERA_EINVAL);
    if (!strstr(err.text, why))
        fail_msg("%s: %s", text, err.text);
}

static void has_fingerprint(X509 *certificate, const char *hex)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    struct chimera_digest wanted;
    assert_true(chimera_digest_parse(chimera_slice_of(hex), &wanted));
    assert_int_equal(X509_digest(certificate, EVP_sha256(), digest, &size), 1);
    assert_memory_equal(digest, wanted.bytes, sizeof(wanted.bytes));
}

static void has_id(const struct chimera_trust_log *log, const char *base64)
{
    char id[CHIMERA_LOG_ID_BYTES + 2];
    size_t size;
    assert_true(chimera_base64_decode(chimera_slice_of(base64), 0, id, &size));
    assert_int_equal(size, CHIMERA_LOG_ID_BYTES);
    assert_memory_equal(log->id, id, size);
    assert_memory_equal(log->note_id, id, size);
    assert_non_null(log->key);
}

static void the_shipped_one_has_the_published_parts(void **state)
{
    (void)state;
    struct chimera_trust_root root;
    assert_int_equal(chimera_trust_root_read(NULL, &root, NULL), CHIMERA_OK);
    assert_int_equal(root.log_count, 2);
    has_id(&root.logs[0], P256_ID);
    assert_int_equal(root.logs[0].period.start, 1610452407); /* 2021-01-12T11:53:27Z */
    assert_int_equal(root.logs[0].period.end, 0);
    has_id(&root.logs[1], "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=");
    assert_int_equal(root.logs[1].period.start, 1758585600); /* 2025-09-23 */
    assert_int_equal(root.certificate_log_count, 2);
    has_id(&root.certificate_logs[0], OTHER_ID);
    has_id(&root.certificate_logs[1], "3T0wasbHETJjGR4cmWc3AqJKXrjePK3/h4pygC8p7o4=");
    assert_int_equal(root.authority_count, 2);
    assert_int_equal(root.authorities[0].period.end, 1672531199); /* 2022-12-31T23:59:59.999Z */
    has_fingerprint(sk_X509_value(root.authorities[0].chain, 0),
                    "03A38FFB1F450100C2596D1D10B900AC4D504058006DDA58199576BBEB9C73D0");
    has_fingerprint(sk_X509_value(root.authorities[1].chain, 0),
                    "15D795348226B4649F750F5802592C393BEE7CC53C3B86982175B7AD087EFE47");
    has_fingerprint(sk_X509_value(root.authorities[1].chain, 1),
                    "3BA7B6CC4E95469D4D334B49CB257AD8537076FA84B0CA87FF4ECFE6A54680C1");
    assert_int_equal(root.timestamp_authority_count, 1);
    assert_int_equal(root.timestamp_authorities[0].period.start, 1751587200); /* 2025-07-04 */
    assert_int_equal(root.newest, 1758585600);
    chimera_trust_root_done(&root);
}

static void a_file_is_read_and_found_by_its_ids(void **state)
{
    (void)state;
    struct chimera_trust_root root;
    assert_int_equal(chimera_trust_root_read(SAMPLES "trusted_root.json", &root, NULL), CHIMERA_OK);
    assert_int_equal(sk_X509_num(root.authorities[0].chain), 2);
    assert_int_equal(sk_X509_num(root.timestamp_authorities[0].chain), 3);
    struct chimera_slice id = {(const char *)root.logs[0].id, sizeof(root.logs[0].id)};
    assert_ptr_equal(chimera_trust_log_find(root.logs, root.log_count, id), &root.logs[0]);
    assert_null(chimera_trust_log_find(root.certificate_logs, root.certificate_log_count, id));
    id.size--;
    assert_null(chimera_trust_log_find(root.logs, root.log_count, id));
    chimera_trust_root_done(&root);
    assert_int_equal(chimera_trust_root_read(SAMPLES "none.json", &root, NULL), CHIMERA_EIO);
}

static void a_configuration_of_clients_holds_one(void **state)
{
    (void)state;
    struct chimera_trust_root root;
    assert_int_equal(parse("{\"mediaType\":\"" CONFIG "\",\"signingConfig\":{},"
                           "\"trustedRoot\":{\"mediaType\":\"" PLAIN "\"}}",
                           &root, NULL),
                     CHIMERA_OK);
    assert_int_equal(root.log_count + root.authority_count, 0);
    chimera_trust_root_done(&root);
    refused("{\"mediaType\":\"" CONFIG "\"}",
            "Sigstore PKI file root.json missing trusted_root field");
    refused("{}", "missing trusted_root field");
    refused("[]", "missing trusted_root field");
    refused("{\"trustedRoot\":3}", "`trustedRoot`");
    refused("{\"trustedRoot\":{\"mediaType\":\"text/plain\"}}", "not known");
}

static void later_media_types_are_read(void **state)
{
    (void)state;
    static const char *const types[] = {
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct chimera_trust_root root;
        char text[128];
        snprintf(text, sizeof(text), "{\"mediaType\":\"%s\"}", types[i]);
        assert_int_equal(parse(text, &root, NULL), CHIMERA_OK);
        chimera_trust_root_done(&root);
    }
    refused("{\"mediaType\":\"application/vnd.dev.sigstore.trustedroot.v9+json\"}", "missing");
}

/* A log with that key, id, period and more. */
#define LOG(key, id, period)                                                            \
    "{\"mediaType\":\"" PLAIN "\",\"tlogs\":[{\"publicKey\":{\"rawBytes\":\"" key "\"," \
    "\"validFor\":{" period "}},\"logId\":{\"keyId\":\"" id "\"}}]}"
#define SINCE "\"start\":\"2021-01-12T11:53:27Z\""

static void each_part_of_a_log_must_be_there(void **state)
{
    (void)state;
    struct chimera_trust_root root;
    assert_int_equal(parse(LOG(P256, P256_ID, SINCE), &root, NULL), CHIMERA_OK);
    chimera_trust_root_done(&root);
    refused(LOG("", P256_ID, SINCE), "no key");
    refused(LOG("!", P256_ID, SINCE), "`rawBytes` is not base64");
    refused(LOG(P256, "", SINCE), "32 bytes");
    refused(LOG(P256, "AAAA", SINCE), "32 bytes");
    refused(LOG(P256, OTHER_ID, SINCE), "not that of its key");
    refused(LOG(P256, P256_ID, ""), "no time");
    refused(LOG(P256, P256_ID, "\"end\":\"2021-01-12T11:53:27Z\""), "no time");
    refused(LOG(P256, P256_ID, "\"start\":\"2021-02-30T00:00:00Z\""), "not a time");
    refused(LOG(P256, P256_ID, "\"start\":\"2021-01-12T11:53:27\""), "not a time");
    refused(LOG(P256, P256_ID, "\"start\":1610452407"), "wrong kind");
    refused("{\"mediaType\":\"" PLAIN "\",\"tlogs\":{}}", "wrong kind");
    refused("{\"mediaType\":\"" PLAIN "\",\"tlogs\":[3]}", "wrong kind");
    refused("{\"mediaType\":\"" PLAIN "\"", "root.json: EOF");
}

/* A P-384 key: it may be a log's, but how such logs hash is not settled. */
static void a_key_of_another_kind_signs_nothing(void **state)
{
    (void)state;
    struct chimera_trust_root root;
    assert_int_equal(
        parse(LOG("MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE8RVS/ysH+NOvuDZyPIZtilgUF9NlarYpAd9HP1vBBH1U5CV7"
                  "7LSS7s0ZiH4nE7Hv7ptS6LvvR/STk798LVgMzLlJ4HeIfF3tHSaexLcYpSASr1kS0N/RgBJz/9jWCiXn"
                  "o3sw",
                  OTHER_ID, SINCE),
              &root, NULL),
        CHIMERA_OK);
    assert_int_equal(root.log_count, 1);
    assert_null(root.logs[0].key);
    assert_false(chimera_trust_log_signed(&root.logs[0], CHIMERA_SLICE("a"), CHIMERA_SLICE("b")));
    chimera_trust_root_done(&root);
}

#define AUTHORITY(certificates)                                                \
    "{\"mediaType\":\"" PLAIN "\",\"certificateAuthorities\":[{\"certChain\":" \
    "{\"certificates\":[" certificates "]},\"validFor\":{" SINCE "}}]}"

static void each_part_of_an_authority_must_be_there(void **state)
{
    (void)state;
    refused(AUTHORITY(""), "no certificates");
    refused(AUTHORITY("{}"), "cannot be read");
    refused(AUTHORITY("{\"rawBytes\":\"" P256 "\"}"), "cannot be read");
    refused("{\"mediaType\":\"" PLAIN "\",\"timestampAuthorities\":[{}]}", "no ");
}

static void periods_have_both_ends(void **state)
{
    (void)state;
    struct chimera_trust_period closed = {10, 20}, open = {10, 0};
    assert_false(chimera_trust_period_has(closed, 9));
    assert_true(chimera_trust_period_has(closed, 10));
    assert_true(chimera_trust_period_has(closed, 20));
    assert_false(chimera_trust_period_has(closed, 21));
    assert_true(chimera_trust_period_has(open, INT64_MAX));
    assert_false(chimera_trust_period_has(open, 0));
}

static void warns(const struct chimera_trust_root *root, const char *path, int64_t now,
                  const char *text)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    chimera_trust_root_warn(root, path, now, &out);
    assert_int_equal(out.failed, 0);
    if (out.size != strlen(text) || (out.size && memcmp(out.data, text, out.size) != 0))
        fail_msg("%.*s", (int)out.size, out.data);
    chimera_buffer_free(&out);
}

#define RENEW \
    "renew it with `cosign trusted-root create` and name the file with --sigstore-trust-config"

static void old_ones_are_warned_of(void **state)
{
    (void)state;
    const int64_t day = 86400;
    struct chimera_trust_root root;
    assert_int_equal(chimera_trust_root_read(NULL, &root, NULL), CHIMERA_OK);
    warns(&root, NULL, root.newest - 500 * day, "");
    warns(&root, NULL, root.newest + 401 * day - 1, "");
    warns(&root, NULL, root.newest + 401 * day,
          "the trust root that is shipped may lack keys that came since, and have some that were "
          "withdrawn: its newest entry is of 2025-09-23, 401 days ago; " RENEW);
    warns(&root, "mine.json", root.newest + 401 * day, "");
    /* The certificate of the authority ends, be its period open: on 2031-10-05. */
    warns(&root, "mine.json", 1948924800, "");
    warns(&root, "mine.json", 1949011200,
          "mine.json has no certificate authority that is valid now: its newest entry is of "
          "2025-09-23, 2204 days ago; " RENEW);
    root.logs[0].period.end = root.logs[1].period.end = root.newest + day;
    warns(&root, "mine.json", root.newest + day, "");
    warns(&root, "mine.json", root.newest + 2 * day,
          "mine.json has no log that is valid now: its newest entry is of 2025-09-23, 2 days "
          "ago; " RENEW);
    chimera_trust_root_done(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_one_has_the_published_parts),
        cmocka_unit_test(a_file_is_read_and_found_by_its_ids),
        cmocka_unit_test(a_configuration_of_clients_holds_one),
        cmocka_unit_test(later_media_types_are_read),
        cmocka_unit_test(each_part_of_a_log_must_be_there),
        cmocka_unit_test(a_key_of_another_kind_signs_nothing),
        cmocka_unit_test(each_part_of_an_authority_must_be_there),
        cmocka_unit_test(periods_have_both_ends),
        cmocka_unit_test(old_ones_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
