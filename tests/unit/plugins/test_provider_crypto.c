/* SPDX-License-Identifier: Apache-2.0 */
/* The provider of trust in certificates. The cases with chains are those of the reference's own
 * tests (policy-evaluator, callback_handler/crypto.rs), with certificates made here; the others are
 * webpki's rules, and tests/e2e/capability asks the reference itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/unit/plugins/provider_driver.h"

#define DAY (24L * 3600)
#define YEAR (365 * DAY)
#define TEXTS 4096

#define AFTER "Certificate is being used after its expiration date"
#define BEFORE "Certificate is being used before its validity date"
#define UNTRUSTED "Certificate is not trusted by the provided cert chain"

static struct provider_driver *driver;

static int open_provider(void **state)
{
    (void)state;
    driver = calloc(1, sizeof(*driver));
    provider_driver_open(driver, "crypto", "{}");
    return 0;
}

static int close_provider(void **state)
{
    (void)state;
    provider_driver_close(driver);
    return 0;
}

/* --- Certificates --- */

struct made {
    X509 *certificate;
    EVP_PKEY *key;
};

struct plan {
    const char *name;
    long from, until;        /* seconds from now */
    const char *constraints; /* of basicConstraints; NULL: none */
    const char *usages;      /* extended; NULL: none */
    const char *names;       /* nameConstraints; NULL: none */
    const char *other_oid;   /* a critical extension that nobody knows; NULL: none */
    const EVP_MD *hash;      /* NULL: SHA-256 */
    int curve;               /* 0: P-256 */
};

static void extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = value ? X509V3_EXT_conf_nid(NULL, NULL, nid, value) : NULL;
    if (!extension)
        return;
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void add_unknown(X509 *certificate, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(value, (const unsigned char *)"\5\0", 2);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static struct made make(const struct plan *plan, const struct made *issuer)
{
    struct made made = {X509_new(), EVP_EC_gen(plan->curve ? OBJ_nid2sn(plan->curve) : "P-256")};
    X509_NAME *name = X509_NAME_new();
    static long serial;
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)plan->name, -1, -1,
                               0);
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
    X509_set_subject_name(made.certificate, name);
    X509_set_issuer_name(made.certificate,
                         issuer ? X509_get_subject_name(issuer->certificate) : name);
    X509_NAME_free(name);
    X509_gmtime_adj(X509_getm_notBefore(made.certificate), plan->from);
    X509_gmtime_adj(X509_getm_notAfter(made.certificate), plan->until);
    X509_set_pubkey(made.certificate, made.key);
    char dns[128];
    snprintf(dns, sizeof(dns), "DNS:%s", plan->name);
    extend(made.certificate, NID_subject_alt_name, dns);
    extend(made.certificate, NID_basic_constraints, plan->constraints);
    extend(made.certificate, NID_ext_key_usage, plan->usages);
    extend(made.certificate, NID_name_constraints, plan->names);
    if (plan->other_oid)
        add_unknown(made.certificate, plan->other_oid);
    assert_true(X509_sign(made.certificate, issuer ? issuer->key : made.key,
                          plan->hash ? plan->hash : EVP_sha256()) > 0);
    return made;
}

static void drop(struct made *made)
{
    X509_free(made->certificate);
    EVP_PKEY_free(made->key);
}

/* --- Requests --- */

static struct json_object *request_of_bytes(const char *encoding, const void *bytes, size_t size)
{
    struct json_object *value = json_object_new_object(), *data = json_object_new_array();
    for (size_t i = 0; i < size; i++)
        json_object_array_add(data, json_object_new_int(((const unsigned char *)bytes)[i]));
    json_object_object_add(value, "encoding", json_object_new_string(encoding));
    json_object_object_add(value, "data", data);
    return value;
}

static struct json_object *request_of(X509 *certificate, bool is_der)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (is_der)
        i2d_X509_bio(memory, certificate);
    else
        PEM_write_bio_X509(memory, certificate);
    long size = BIO_get_mem_data(memory, &text);
    struct json_object *value = request_of_bytes(is_der ? "Der" : "Pem", text, (size_t)size);
    BIO_free(memory);
    return value;
}

/* Takes both over. `chain` NULL: null. */
static bool ask(struct json_object *certificate, struct json_object *chain, const char *not_after)
{
    struct json_object *fields = json_object_new_object(), *request = json_object_new_object();
    json_object_object_add(request, "cert", certificate);
    json_object_object_add(request, "cert_chain", chain);
    json_object_object_add(request, "not_after",
                           not_after ? json_object_new_string(not_after) : NULL);
    json_object_object_add(fields, "request", request);
    bool is_good =
        provider_driver_ask(driver, CHIMERA_ASK_CERTIFICATE, json_object_to_json_string(fields),
                            provider_driver_later(PROVIDER_SECONDS));
    json_object_put(fields);
    return is_good;
}

static void expect(const char *reason)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"trusted\":%s,\"reason\":\"%s\"}", *reason ? "false" : "true",
             reason);
    assert_string_equal(driver->text, text);
    assert_int_equal(driver->answer.keep_ms, 0);
}

/* --- The reference's cases --- */

#define PLAN(name_, from_, until_) .name = name_, .from = (from_), .until = (until_)
#define ROOT(from_, until_) {PLAN("root.kubewarden.io", from_, until_), .constraints = "CA:TRUE"}
#define MIDDLE(from_, until_) \
    {PLAN("intermediate.kubewarden.io", from_, until_), .constraints = "CA:TRUE"}
#define LEAF(from_, until_) \
    {PLAN("endentity.kubewarden.io", from_, until_), .usages = "serverAuth,clientAuth"}

struct chain_case {
    struct plan root, middle, leaf; /* middle: without a name, there is none */
    bool has_chain;
    const char *reason;
};

static struct json_object *chain_of(X509 *middle, X509 *root)
{
    struct json_object *chain = json_object_new_array();
    if (middle)
        json_object_array_add(chain, request_of(middle, false));
    json_object_array_add(chain, request_of(root, true));
    return chain;
}

static void chains_are_judged_as_by_the_reference(void **state)
{
    static const struct chain_case cases[] = {
        {ROOT(-2 * YEAR, 2 * YEAR), MIDDLE(-YEAR, 2 * YEAR), LEAF(-10 * DAY, 10 * DAY), true, ""},
        {ROOT(-2 * YEAR, 2 * YEAR), {0}, LEAF(-10 * DAY, 10 * DAY), true, ""},
        /* Without a chain: the time is told before the missing trust. */
        {ROOT(-2 * YEAR, 2 * YEAR), {0}, LEAF(-YEAR, -10 * DAY), false, AFTER},
        {ROOT(-2 * YEAR, 2 * YEAR), {0}, LEAF(10 * DAY, YEAR), false, BEFORE},
        {ROOT(-2 * YEAR, 2 * YEAR), MIDDLE(-YEAR, 2 * YEAR), LEAF(-YEAR, -10 * DAY), false, AFTER},
        {ROOT(-2 * YEAR, 2 * YEAR), MIDDLE(-YEAR, 2 * YEAR), LEAF(10 * DAY, YEAR), false, BEFORE},
        {ROOT(-2 * YEAR, 2 * YEAR), MIDDLE(-YEAR, 2 * YEAR), LEAF(-10 * DAY, 10 * DAY), false,
         UNTRUSTED},
        /* A root that is over is a root. */
        {ROOT(-YEAR, -10 * DAY), MIDDLE(-YEAR, YEAR), LEAF(-YEAR, YEAR), true, ""},
        {ROOT(-YEAR, -10 * DAY), {0}, LEAF(-YEAR, YEAR), true, ""},
        {ROOT(-YEAR, 2 * YEAR), MIDDLE(-YEAR, -10 * DAY), LEAF(-YEAR, YEAR), true, AFTER},
        {ROOT(-2 * YEAR, 2 * YEAR), MIDDLE(-YEAR, YEAR), LEAF(-YEAR, -10 * DAY), true, AFTER},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct chain_case *at = &cases[i];
        struct made root = make(&at->root, NULL), middle = {0};
        if (at->middle.name)
            middle = make(&at->middle, &root);
        struct made leaf = make(&at->leaf, at->middle.name ? &middle : &root);
        assert_true(ask(request_of(leaf.certificate, i % 2),
                        at->has_chain ? chain_of(middle.certificate, root.certificate) : NULL,
                        NULL));
        expect(at->reason);
        drop(&root);
        drop(&middle);
        drop(&leaf);
    }
}

static void another_root_of_the_same_name_is_none(void **state)
{
    static const struct plan root = ROOT(-YEAR, YEAR), leaf = LEAF(-DAY, DAY);
    static const struct plan other = {PLAN("root2.kubewarden.io", -YEAR, YEAR),
                                      .constraints = "CA:TRUE"};
    struct made one = make(&root, NULL), two = make(&root, NULL), three = make(&other, NULL);
    struct made signed_by_one = make(&leaf, &one);
    (void)state;
    assert_true(
        ask(request_of(signed_by_one.certificate, false), chain_of(NULL, two.certificate), NULL));
    expect(UNTRUSTED);
    assert_true(
        ask(request_of(signed_by_one.certificate, false), chain_of(NULL, three.certificate), NULL));
    expect(UNTRUSTED);
    /* The chain goes on: a root of the right name that did not sign, and one that did. */
    struct json_object *chain = json_object_new_array();
    json_object_array_add(chain, request_of(two.certificate, false));
    json_object_array_add(chain, request_of(one.certificate, false));
    assert_true(ask(request_of(signed_by_one.certificate, false), chain, NULL));
    expect("");
    /* Nobody is trusted by an empty one. */
    assert_true(ask(request_of(signed_by_one.certificate, false), json_object_new_array(), NULL));
    expect(UNTRUSTED);
    drop(&one);
    drop(&two);
    drop(&three);
    drop(&signed_by_one);
}

/* --- Times --- */

static void times_are_rfc_3339(void **state)
{
    static const struct plan root = ROOT(-YEAR, YEAR), leaf = LEAF(-DAY, DAY);
    static const char *const bad[] = {"malformed",
                                      "2024-01-01",
                                      "2024-13-01T00:00:00Z",
                                      "2024-01-01T00:00:00",
                                      "2024-01-01T00:00:00,5Z",
                                      "2024-02-30T00:00:00Z"};
    struct made one = make(&root, NULL), two = make(&leaf, &one);
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(
            ask(request_of(two.certificate, false), chain_of(NULL, one.certificate), bad[i]));
        assert_string_equal(driver->text, "Timestamp not_after is not in RFC3339 format");
    }
    assert_true(ask(request_of(two.certificate, false), chain_of(NULL, one.certificate), ""));
    expect("");
    assert_true(ask(request_of(two.certificate, false), chain_of(NULL, one.certificate),
                    "2002-10-02T15:00:00.5+02:00"));
    expect(BEFORE);
    assert_true(ask(request_of(two.certificate, false), chain_of(NULL, one.certificate),
                    "2190-10-02t15:00:00z"));
    expect(AFTER);
    drop(&one);
    drop(&two);
}

/* --- What is no certificate --- */

static void expect_refused(const char *encoding, const char *bytes, const char *text)
{
    assert_false(ask(request_of_bytes(encoding, bytes, strlen(bytes)), NULL, NULL));
    assert_string_equal(driver->text, text);
}

static void what_is_no_certificate_is_a_failure(void **state)
{
    (void)state;
#define PEM "Certificate PEM data is not valid: "
    expect_refused("Pem", "", PEM "no items found");
    expect_refused("Pem", "-----BEGIN KEY-----\nYQ==\n-----END KEY-----\n", PEM "no items found");
    expect_refused("Pem", "-----BEGIN AB-----\nYQ==", PEM "missing section end marker: [65, 66]");
    expect_refused("Pem", "-----BEGIN A---\nYQ==",
                   PEM "illegal section start: [45, 45, 45, 45, 45, 66, 69, 71, 73, 78, 32, 65, "
                       "45, 45, 45]");
    expect_refused("Pem", "-----BEGIN CERTIFICATE-----\nY!==\n-----END CERTIFICATE-----",
                   PEM "base64 decode error: InvalidCharacter(33)");
    expect_refused("Pem", "-----BEGIN CERTIFICATE-----\nYQ===\n-----END CERTIFICATE-----",
                   PEM "base64 decode error: PrematurePadding");
    expect_refused("Pem", "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----",
                   "Certificate is not a valid end-entity certificate: TrailingData(SignedData)");
    expect_refused("Pem", "-----BEGIN CERTIFICATE-----\nYWJj=\n-----END CERTIFICATE-----",
                   PEM "base64 decode error: InvalidTrailingPadding");
    expect_refused("Der", "0\003\002\001a",
                   "Certificate is not a valid end-entity certificate: BadDer");
    expect_refused("Der", "0",
                   "Certificate is not a valid end-entity certificate: TrailingData(SignedData)");
    expect_refused("Txt", "0", "not a request about a certificate");
    assert_false(provider_driver_ask(driver, CHIMERA_ASK_ADDRESSES, "{\"host\": \"a\"}", 0));
    assert_string_equal(driver->text, "not a request about a certificate");
}

static void what_is_too_much_is_refused(void **state)
{
    static char huge[(1 << 20) + 2];
    struct json_object *chain = json_object_new_array();
    static const struct plan plan = ROOT(-YEAR, YEAR);
    struct made root = make(&plan, NULL);
    (void)state;
    memset(huge, 'a', sizeof(huge) - 1);
    expect_refused("Pem", huge, "the certificate is larger than 1048576 bytes");
    for (int i = 0; i < 1001; i++)
        json_object_array_add(chain, request_of_bytes("Der", "", 0));
    assert_false(ask(request_of(root.certificate, false), chain, NULL));
    assert_string_equal(driver->text, "a chain of more than 1000 certificates");
    drop(&root);
}

static void a_broken_end_of_the_chain_is_a_failure(void **state)
{
    static const struct plan plan = ROOT(-YEAR, YEAR), leaf = LEAF(-DAY, DAY);
    struct made root = make(&plan, NULL), signed_by = make(&leaf, &root);
    struct json_object *chain = json_object_new_array();
    (void)state;
    json_object_array_add(chain, request_of_bytes("Der", "x", 1));
    assert_false(ask(request_of(signed_by.certificate, false), chain, NULL));
    assert_string_equal(driver->text, "TrailingData(SignedData)");
    /* Before its end it is only passed over, and told when nothing leads to the root. */
    chain = json_object_new_array();
    json_object_array_add(chain, request_of_bytes("Der", "x", 1));
    json_object_array_add(chain, request_of(root.certificate, false));
    assert_true(ask(request_of(signed_by.certificate, false), chain, NULL));
    expect("");
    chain = json_object_new_array();
    json_object_array_add(chain, request_of_bytes("Der", "x", 1));
    json_object_array_add(chain, request_of(signed_by.certificate, false));
    assert_true(ask(request_of(signed_by.certificate, false), chain, NULL));
    expect("Certificate not trusted: TrailingData(SignedData)");
    drop(&root);
    drop(&signed_by);
}

/* --- webpki's rules --- */

struct rule {
    struct plan middle, leaf;
    const char *reason;
};

#define A_DAY {PLAN("a.test", -DAY, DAY)}
#define MIDDLE_OF_A_DAY PLAN("m", -DAY, DAY)

static void what_authorities_may_sign_is_kept_to(void **state)
{
    static const struct rule rules[] = {
        {{MIDDLE_OF_A_DAY}, A_DAY, "Certificate not trusted: EndEntityUsedAsCa"},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE"},
         {PLAN("a.test", -DAY, DAY), .constraints = "CA:TRUE"},
         "Certificate not trusted: CaUsedAsEndEntity"},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE,pathlen:0"}, A_DAY, ""},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE", .names = "permitted;DNS:b.test"},
         A_DAY,
         "Certificate not trusted: NameConstraintViolation"},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE", .names = "permitted;DNS:a.test"}, A_DAY, ""},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE", .other_oid = "1.2.3.4"},
         A_DAY,
         "Certificate not trusted: UnsupportedCriticalExtension"},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE", .curve = NID_secp256k1},
         A_DAY,
         "Certificate not trusted: UnsupportedSignatureAlgorithmForPublicKey"},
        {{MIDDLE_OF_A_DAY, .constraints = "CA:TRUE", .curve = NID_secp521r1}, A_DAY, ""},
    };
    static const struct plan root_plan = ROOT(-YEAR, YEAR);
    (void)state;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct made root = make(&root_plan, NULL), middle = make(&rules[i].middle, &root);
        struct made leaf = make(&rules[i].leaf, &middle);
        assert_true(ask(request_of(leaf.certificate, false),
                        chain_of(middle.certificate, root.certificate), NULL));
        expect(rules[i].reason);
        drop(&root);
        drop(&middle);
        drop(&leaf);
    }
}

static void old_hashes_are_none(void **state)
{
    static const struct plan root_plan = ROOT(-YEAR, YEAR);
    struct plan leaf_plan = LEAF(-DAY, DAY);
    leaf_plan.hash = EVP_sha1();
    struct made root = make(&root_plan, NULL), leaf = make(&leaf_plan, &root);
    (void)state;
    assert_true(ask(request_of(leaf.certificate, false), chain_of(NULL, root.certificate), NULL));
    expect("Certificate not trusted: UnsupportedSignatureAlgorithm");
    drop(&root);
    drop(&leaf);
}

static void an_unknown_critical_extension_makes_it_none(void **state)
{
    struct plan leaf_plan = LEAF(-DAY, DAY), root_plan = ROOT(-YEAR, YEAR);
    root_plan.other_oid = "1.2.3.4"; /* of what is trusted it is no matter */
    struct made root = make(&root_plan, NULL), leaf = make(&leaf_plan, &root);
    (void)state;
    assert_true(ask(request_of(leaf.certificate, false), chain_of(NULL, root.certificate), NULL));
    expect("");
    drop(&leaf);
    leaf_plan.other_oid = "1.2.3.4";
    leaf = make(&leaf_plan, &root);
    assert_false(ask(request_of(leaf.certificate, false), chain_of(NULL, root.certificate), NULL));
    assert_string_equal(driver->text, "Certificate is not a valid end-entity certificate: "
                                      "UnsupportedCriticalExtension");
    drop(&root);
    drop(&leaf);
}

/* All of one name and with the keys of each other: every order of them is a path. */
static void a_tangle_of_authorities_has_an_end(void **state)
{
    static const struct plan root_plan = ROOT(-YEAR, YEAR), other = ROOT(-YEAR, YEAR),
                             same = MIDDLE(-YEAR, YEAR), leaf_plan = LEAF(-DAY, DAY);
    struct made root = make(&root_plan, NULL), first = make(&same, NULL),
                another = make(&other, NULL);
    struct made leaf = make(&leaf_plan, &first);
    struct json_object *chain = json_object_new_array();
    (void)state;
    for (int i = 0; i < 40; i++) {
        struct made one = make(&same, &first);
        json_object_array_add(chain, request_of(one.certificate, true));
        drop(&one);
    }
    json_object_array_add(chain, request_of(root.certificate, true));
    assert_true(ask(request_of(leaf.certificate, false), chain, NULL));
    expect("Certificate not trusted: MaximumPathBuildCallsExceeded");

    /* The same with the root's name: each path is tried at the root. */
    chain = json_object_new_array();
    for (int i = 0; i < 40; i++) {
        struct made one = make(&root_plan, &another);
        X509_set_issuer_name(one.certificate, X509_get_subject_name(root.certificate));
        X509_sign(one.certificate, another.key, EVP_sha256());
        json_object_array_add(chain, request_of(one.certificate, true));
        drop(&one);
    }
    json_object_array_add(chain, request_of(root.certificate, true));
    drop(&leaf);
    leaf = make(&leaf_plan, &root);
    X509_sign(leaf.certificate, another.key, EVP_sha256());
    assert_true(ask(request_of(leaf.certificate, false), chain, NULL));
    expect("Certificate not trusted: MaximumSignatureChecksExceeded");
    drop(&root);
    drop(&first);
    drop(&another);
    drop(&leaf);
}

/* Whom the system trusts: here a file of ours. */
static void without_a_chain_the_system_s_roots_count(void **state)
{
    static const struct plan root_plan = ROOT(-YEAR, YEAR), leaf_plan = LEAF(-DAY, DAY);
    struct made root = make(&root_plan, NULL), other = make(&root_plan, NULL);
    struct made leaf = make(&leaf_plan, &root);
    char path[] = "/tmp/chimera-roots-XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    setenv("SSL_CERT_FILE", path, 1);
    assert_false(ask(request_of(leaf.certificate, false), NULL, NULL));
    assert_non_null(strstr(driver->text, ": no certificate in it"));
    FILE *file = fdopen(fd, "w");
    PEM_write_X509(file, other.certificate);
    PEM_write_X509(file, root.certificate);
    fclose(file);
    assert_true(ask(request_of(leaf.certificate, false), NULL, NULL));
    expect("");
    unlink(path);
    /* It is read once. */
    assert_true(ask(request_of(leaf.certificate, false), NULL, NULL));
    expect("");
    unsetenv("SSL_CERT_FILE");
    drop(&root);
    drop(&other);
    drop(&leaf);
}

static void a_deadline_that_is_over_is_told(void **state)
{
    static const struct plan plan = ROOT(-YEAR, YEAR);
    struct made root = make(&plan, NULL);
    struct json_object *fields = json_object_new_object(), *request = json_object_new_object();
    (void)state;
    json_object_object_add(request, "cert", request_of(root.certificate, false));
    json_object_object_add(request, "cert_chain", chain_of(NULL, root.certificate));
    json_object_object_add(fields, "request", request);
    bool is_good =
        provider_driver_ask(driver, CHIMERA_ASK_CERTIFICATE, json_object_to_json_string(fields), 1);
    /* So small a question may be answered before anybody looks at the clock. */
    assert_true(is_good || strcmp(driver->text, "no answer in time") == 0);
    json_object_put(fields);
    drop(&root);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_provider, close_provider)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(chains_are_judged_as_by_the_reference),
        TEST(another_root_of_the_same_name_is_none),
        TEST(times_are_rfc_3339),
        TEST(what_is_no_certificate_is_a_failure),
        TEST(what_is_too_much_is_refused),
        TEST(a_broken_end_of_the_chain_is_a_failure),
        TEST(what_authorities_may_sign_is_kept_to),
        TEST(old_hashes_are_none),
        TEST(an_unknown_critical_extension_makes_it_none),
        TEST(a_tangle_of_authorities_has_an_end),
        TEST(without_a_chain_the_system_s_roots_count),
        TEST(a_deadline_that_is_over_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
