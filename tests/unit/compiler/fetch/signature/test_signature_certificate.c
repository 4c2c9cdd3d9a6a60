/* SPDX-License-Identifier: Apache-2.0 */
/* What a signer's certificate must be, and whom it names: certificates made here by OpenSSL, each
 * with one thing wrong, and the chains of two that Fulcio made. */
#include "compiler/fetch/signature/trust/certificate.h"

#include <openssl/x509v3.h>

#include "compiler/fetch/signature/trust/certificate_names.h"
#include "compiler/fetch/signature/trust/sct.h"
#include "tests/unit/compiler/fetch/signature/evidence_samples.h"

#define FULCIO "1.3.6.1.4.1.57264.1."
#define EXTENSIONS_MAX 12
#define DAY 86400

struct extension { /* NID and text as in OpenSSL's configuration, or an OID and bytes */
    int nid;
    const char *text;
    const char *oid;
    struct chimera_slice bytes;
};

#define EXT(nid, text) {nid, text, NULL, {NULL, 0}}
#define RAW(number, literal) {0, NULL, FULCIO number, {literal, sizeof(literal) - 1}}
#define FOR_SIGNATURES EXT(NID_key_usage, "critical,digitalSignature")
#define FOR_CODE EXT(NID_ext_key_usage, "codeSigning")
#define MAIL EXT(NID_subject_alt_name, "critical,email:a@example.test")
#define ISSUER RAW("1", "https://issuer.example")
#define ISSUER_DER RAW("8", "\x0c\x16https://issuer.example")

static void add(X509 *certificate, const struct extension *from)
{
    X509_EXTENSION *made;
    if (from->oid) {
        ASN1_OBJECT *object = OBJ_txt2obj(from->oid, 1);
        ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
        ASN1_OCTET_STRING_set(data, (const unsigned char *)from->bytes.data, (int)from->bytes.size);
        made = X509_EXTENSION_create_by_OBJ(NULL, object, 0, data);
        ASN1_OBJECT_free(object);
        ASN1_OCTET_STRING_free(data);
    } else {
        X509V3_CTX context;
        X509V3_set_ctx(&context, NULL, certificate, NULL, NULL, 0);
        made = X509V3_EXT_conf_nid(NULL, &context, from->nid, from->text);
    }
    assert_non_null(made);
    assert_int_equal(X509_add_ext(certificate, made, -1), 1);
    X509_EXTENSION_free(made);
}

/* Signed by `issuer` (NULL: by itself) with the key, which all of them have. */
static X509 *make(const struct extension *extensions, const char *name, X509 *issuer, EVP_PKEY *key)
{
    X509 *made = X509_new();
    X509_NAME *subject = X509_NAME_new();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    ASN1_TIME_set(X509_getm_notBefore(made), DAY);
    ASN1_TIME_set(X509_getm_notAfter(made), 2 * DAY);
    X509_set_pubkey(made, key);
    if (name)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
                                   0);
    X509_set_subject_name(made, subject);
    X509_set_issuer_name(made, issuer ? X509_get_subject_name(issuer) : subject);
    for (size_t i = 0; extensions[i].nid || extensions[i].oid; i++)
        add(made, &extensions[i]);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    return made;
}

static EVP_PKEY *key;

static int set_up(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    return key ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return 0;
}

static void a_leaf_is_for_signing_code_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        struct extension extensions[EXTENSIONS_MAX];
        const char *name, *why;
    } cases[] = {
        {{FOR_SIGNATURES, FOR_CODE, MAIL}, NULL, NULL},
        {{FOR_SIGNATURES, FOR_CODE, EXT(NID_subject_alt_name, "email:a@example.test")}, "A", NULL},
        {{FOR_SIGNATURES, FOR_CODE, EXT(NID_subject_alt_name, "email:a@example.test")},
         NULL,
         "critical alternative name"},
        {{FOR_SIGNATURES, FOR_CODE}, "A", "alternative name"},
        {{FOR_CODE, MAIL}, NULL, "not for signatures"},
        {{EXT(NID_key_usage, "critical,keyEncipherment"), FOR_CODE, MAIL},
         NULL,
         "not for signatures"},
        {{FOR_SIGNATURES, MAIL}, NULL, "not for signing code"},
        {{FOR_SIGNATURES, EXT(NID_ext_key_usage, "serverAuth"), MAIL},
         NULL,
         "not for signing code"},
        {{FOR_SIGNATURES, EXT(NID_ext_key_usage, "anyExtendedKeyUsage"), MAIL},
         NULL,
         "not for signing code"},
        {{FOR_SIGNATURES, FOR_CODE, MAIL, EXT(NID_basic_constraints, "critical,CA:TRUE")},
         NULL,
         "that of an authority"},
        {{FOR_SIGNATURES, FOR_CODE, MAIL, EXT(NID_basic_constraints, "critical,CA:FALSE")},
         NULL,
         NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_error err = {0};
        X509 *leaf = make(cases[i].extensions, cases[i].name, NULL, key);
        int code = chimera_certificate_check(leaf, &err);
        if (cases[i].why ? code != CHIMERA_EREFUSED || !strstr(err.text, cases[i].why) : code < 0)
            fail_msg("%zu: %d %s", i, code, err.text);
        X509_free(leaf);
    }
}

/* What is named, or why it is refused. */
static void names(const struct extension *extensions, const char *subject, const char *issuer,
                  const char *repository, const char *why)
{
    struct chimera_identity identity = {0};
    struct chimera_error err = {0};
    X509 *leaf = make(extensions, NULL, NULL, key);
    int code = chimera_certificate_names(leaf, &identity, &err);
    if (why) {
        if (code != CHIMERA_EREFUSED || !strstr(err.text, why))
            fail_msg("%s: %d %s", why, code, err.text);
    } else {
        assert_int_equal(code, CHIMERA_OK);
        assert_string_equal(identity.subject, subject);
        assert_string_equal(identity.issuer, issuer);
        assert_int_equal(!repository, !identity.github_repository);
        if (repository)
            assert_string_equal(identity.github_repository, repository);
    }
    chimera_identity_done(&identity);
    X509_free(leaf);
}

static void the_subject_is_the_first_mail_or_uri(void **state)
{
    (void)state;
    static const struct extension END = {0};
#define SAN(text)                                    \
    (const struct extension[])                       \
    {                                                \
        EXT(NID_subject_alt_name, text), ISSUER, END \
    }
    const char *issuer = "https://issuer.example";
    names(SAN("email:a@example.test"), "a@example.test", issuer, NULL, NULL);
    names(SAN("URI:https://a.example/b"), "https://a.example/b", issuer, NULL, NULL);
    names(SAN("DNS:c.example,URI:https://a.example/b,email:a@example.test"), "https://a.example/b",
          issuer, NULL, NULL);
    names(SAN("DNS:c.example"), NULL, NULL, NULL, "no e-mail address or URI");
    names((const struct extension[]){ISSUER, END}, NULL, NULL, NULL, "no e-mail address or URI");
    /* [1] "a@b\0c": what compares C texts would see another address. */
    names((const struct extension[]){{0,
                                      NULL,
                                      "2.5.29.17",
                                      {"\x30\x07\x81\x05"
                                       "a@b\0c",
                                       9}},
                                     ISSUER,
                                     END},
          NULL, NULL, NULL, "no e-mail address or URI");
}

static void both_forms_of_the_issuer_agree(void **state)
{
    (void)state;
    static const struct extension END = {0};
#define WITH(...)              \
    (const struct extension[]) \
    {                          \
        MAIL, __VA_ARGS__, END \
    }
    const char *issuer = "https://issuer.example", *mail = "a@example.test";
    names(WITH(ISSUER), mail, issuer, NULL, NULL);
    names(WITH(ISSUER_DER), mail, issuer, NULL, NULL);
    names(WITH(ISSUER, ISSUER_DER), mail, issuer, NULL, NULL);
    names(WITH(END), NULL, NULL, NULL, "no issuer");
    names(WITH(RAW("1", "https://issuer.other"), ISSUER_DER), NULL, NULL, NULL, "two issuers");
    names(WITH(ISSUER, ISSUER), NULL, NULL, NULL, FULCIO "1 of the certificate is malformed");
    names(WITH(RAW("1", "")), NULL, NULL, NULL, "malformed");
    names(WITH(RAW("1", "a\0b")), NULL, NULL, NULL, "malformed");
    names(WITH(RAW("1", "a\nb")), NULL, NULL, NULL, "malformed");
    names(WITH(RAW("8", "https://issuer.example")), NULL, NULL, NULL, "malformed");
    names(WITH(RAW("8", "\x0c\x15https://issuer.example")), NULL, NULL, NULL, "malformed");
    names(WITH(RAW("8", "\x16\x16https://issuer.example")), NULL, NULL, NULL, "malformed");
    names(WITH(ISSUER_DER, ISSUER_DER), NULL, NULL, NULL, "malformed");
}

static void both_forms_of_the_repository_agree(void **state)
{
    (void)state;
    static const struct extension END = {0};
    const char *issuer = "https://issuer.example", *mail = "a@example.test";
    names(WITH(ISSUER, RAW("5", "acme/b")), mail, issuer, "acme/b", NULL);
    names(WITH(ISSUER, RAW("12", "\x0c\x19https://github.com/acme/b")), mail, issuer, "acme/b",
          NULL);
    names(WITH(ISSUER, RAW("5", "acme/b"), RAW("12", "\x0c\x19https://github.com/acme/b")), mail,
          issuer, "acme/b", NULL);
    names(WITH(ISSUER, RAW("12", "\x0c\x18https://gitlab.com/a/b/c")), mail, issuer, NULL, NULL);
    names(WITH(ISSUER, RAW("5", "me/b"), RAW("12", "\x0c\x19https://github.com/acme/b")), NULL,
          NULL, NULL, "two repositories");
    names(WITH(ISSUER, RAW("5", "acme/c"), RAW("12", "\x0c\x19https://github.com/acme/b")), NULL,
          NULL, NULL, "two repositories");
    names(WITH(ISSUER, RAW("12", "https://github.com/acme/b")), NULL, NULL, NULL, "malformed");
}

/* --- The chain --- */

/* A trust root of one authority. */
static struct chimera_trust_authority authority_of(X509 *first, X509 *second)
{
    struct chimera_trust_authority authority = {sk_X509_new_null(), {1, 0}};
    sk_X509_push(authority.chain, first);
    if (second)
        sk_X509_push(authority.chain, second);
    return authority;
}

static bool has_chain(X509 *leaf, struct chimera_trust_authority *authority, int64_t seconds)
{
    struct chimera_trust_root root = {.authorities = authority, .authority_count = 1};
    X509 *issuer = NULL;
    bool is_right =
        chimera_certificate_check_chain(leaf, &root, seconds, &issuer, NULL) == CHIMERA_OK;
    assert_int_equal(is_right, issuer != NULL);
    X509_free(issuer);
    return is_right;
}

#define CA EXT(NID_basic_constraints, "critical,CA:TRUE")
#define SIGNS_CERTIFICATES EXT(NID_key_usage, "critical,keyCertSign")

static const struct extension LEAF[] = {FOR_SIGNATURES, FOR_CODE, MAIL, {0}};
static const struct extension ROOT[] = {CA, SIGNS_CERTIFICATES, {0}};

static void the_chain_is_judged_as_of_then(void **state)
{
    (void)state;
    X509 *root = make(ROOT, "root", NULL, key), *leaf = make(LEAF, NULL, root, key);
    struct chimera_trust_authority authority = authority_of(root, NULL);
    assert_true(has_chain(leaf, &authority, DAY));
    assert_true(has_chain(leaf, &authority, 2 * DAY - 1));
    assert_false(has_chain(leaf, &authority, DAY - 1));
    /* OpenSSL does not count the last second. */
    assert_false(has_chain(leaf, &authority, 2 * DAY));
    authority.period = (struct chimera_trust_period){DAY + 1, DAY + 10};
    assert_false(has_chain(leaf, &authority, DAY));
    assert_true(has_chain(leaf, &authority, DAY + 1));
    assert_true(has_chain(leaf, &authority, DAY + 10));
    assert_false(has_chain(leaf, &authority, DAY + 11));
    sk_X509_pop_free(authority.chain, X509_free);
    X509_free(leaf);
}

/* The intermediate with these extensions; the root lists it. */
static bool has_chain_by(const struct extension *intermediate)
{
    X509 *root = make(ROOT, "root", NULL, key), *middle = make(intermediate, "middle", root, key);
    X509 *leaf = make(LEAF, NULL, middle, key);
    struct chimera_trust_authority authority = authority_of(middle, root);
    bool is_right = has_chain(leaf, &authority, DAY);
    sk_X509_pop_free(authority.chain, X509_free);
    X509_free(leaf);
    return is_right;
}

static void intermediates_are_authorities_for_code(void **state)
{
    (void)state;
    assert_true(has_chain_by((const struct extension[]){CA, SIGNS_CERTIFICATES, {0}}));
    assert_true(has_chain_by((const struct extension[]){CA, SIGNS_CERTIFICATES, FOR_CODE, {0}}));
    assert_false(has_chain_by((const struct extension[]){
        CA, SIGNS_CERTIFICATES, EXT(NID_ext_key_usage, "serverAuth"), {0}}));
    assert_false(has_chain_by((const struct extension[]){SIGNS_CERTIFICATES, {0}}));
    assert_false(has_chain_by((const struct extension[]){CA, FOR_SIGNATURES, {0}}));
}

static void who_is_not_in_the_trust_root_signs_nothing(void **state)
{
    (void)state;
    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    X509 *root = make(ROOT, "root", NULL, key), *other = make(ROOT, "root", NULL, other_key);
    X509 *leaf = make(LEAF, NULL, other, other_key), *self = make(LEAF, "self", NULL, key);
    struct chimera_trust_authority authority = authority_of(root, NULL);
    struct chimera_trust_root none = {0};
    X509 *issuer = NULL;
    assert_false(has_chain(leaf, &authority, DAY));
    assert_false(has_chain(self, &authority, DAY));
    assert_int_equal(chimera_certificate_check_chain(leaf, &none, DAY, &issuer, NULL),
                     CHIMERA_EREFUSED);
    sk_X509_pop_free(authority.chain, X509_free);
    /* A leaf is no anchor, not even in the list of authorities. */
    authority = authority_of(self, NULL);
    assert_false(has_chain(self, &authority, DAY));
    sk_X509_pop_free(authority.chain, X509_free);
    X509_free(other);
    X509_free(leaf);
    EVP_PKEY_free(other_key);
}

/* --- Of Fulcio --- */

struct trial {
    struct evidence_sample sample;
    struct chimera_slice der;
    struct chimera_trust_root root;
    int64_t seconds;
    bool is_of_timestamp; /* only the SCT is asked for */
};

static bool is_accepted(void *context)
{
    struct trial *trial = context;
    X509 *leaf = NULL, *issuer = NULL;
    if (chimera_certificate_read(trial->der, &leaf, NULL) < 0)
        return false;
    bool is_right;
    if (trial->is_of_timestamp)
        is_right = chimera_sct_check(leaf, sk_X509_value(trial->root.authorities[0].chain, 0),
                                     &trial->root, NULL) == CHIMERA_OK;
    else
        is_right = chimera_certificate_check_chain(leaf, &trial->root, trial->seconds, &issuer,
                                                   NULL) == CHIMERA_OK;
    X509_free(issuer);
    X509_free(leaf);
    return is_right;
}

static void open_trial(const char *name, struct trial *trial)
{
    *trial = (struct trial){0};
    assert_int_equal(chimera_trust_root_read(SAMPLES "trusted_root.json", &trial->root, NULL),
                     CHIMERA_OK);
    open_bundle(name, NULL, &trial->sample);
    trial->der = trial->sample.evidence.chain[0];
    trial->seconds = 1795894411; /* 2026-11-28T19:33:31Z */
}

static void close_trial(struct trial *trial)
{
    close_sample(&trial->sample);
    chimera_trust_root_done(&trial->root);
}

static void each_bit_of_a_real_certificate_counts(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("bundle-keyless/ci.json", &trial);
    each_byte_counts(&trial.der, "the certificate", is_accepted, &trial);
    close_trial(&trial);
}

/* All that the log of certificates signed, and its own extension; but not the authority's signature
 * and its algorithm behind it, which the log has not seen. */
static void each_bit_of_the_timestamp_counts(void **state)
{
    (void)state;
    static const char *const names_of[] = {"bundle-keyless/ci.json", "bundle-keyless/mail.json"};
    for (size_t i = 0; i < 2; i++) {
        struct trial trial;
        open_trial(names_of[i], &trial);
        trial.is_of_timestamp = true;
        assert_true(is_accepted(&trial));
        char *copy = malloc(trial.der.size);
        memcpy(copy, trial.der.data, trial.der.size);
        X509 *leaf = NULL;
        assert_int_equal(chimera_certificate_read(trial.der, &leaf, NULL), CHIMERA_OK);
        unsigned char *tbs = NULL;
        int size = i2d_re_X509_tbs(leaf, &tbs);
        const char *start = memmem(copy, trial.der.size, tbs, (size_t)size);
        assert_non_null(start);
        size_t from = (size_t)(start - copy);
        trial.der.data = copy;
        for (size_t at = from; at < from + (size_t)size; at++) {
            copy[at] = (char)(copy[at] ^ 1 << at % 8);
            if (is_accepted(&trial))
                fail_msg("byte %zu of %d", at - from, size);
            copy[at] = (char)(copy[at] ^ 1 << at % 8);
        }
        OPENSSL_free(tbs);
        X509_free(leaf);
        free(copy);
        close_trial(&trial);
    }
}

static void the_log_must_have_counted_then(void **state)
{
    (void)state;
    struct trial trial;
    open_trial("bundle-keyless/ci.json", &trial);
    trial.is_of_timestamp = true;
    struct chimera_trust_log *log = &trial.root.certificate_logs[0];
    int64_t start = log->period.start;
    log->period.start = INT64_MAX;
    assert_false(is_accepted(&trial));
    log->period = (struct chimera_trust_period){start, start + 1};
    assert_false(is_accepted(&trial));
    log->period = (struct chimera_trust_period){start, 0};
    EVP_PKEY *right = log->key;
    log->key = NULL; /* of a kind that is not known */
    assert_false(is_accepted(&trial));
    log->key = key;
    assert_false(is_accepted(&trial));
    log->key = right;
    assert_true(is_accepted(&trial));
    size_t count = trial.root.certificate_log_count;
    trial.root.certificate_log_count = 0; /* an installation without such a log */
    assert_true(is_accepted(&trial));
    trial.root.certificate_log_count = count;
    close_trial(&trial);
}

static void a_certificate_without_timestamp_is_refused(void **state)
{
    (void)state;
    struct trial trial;
    struct chimera_error err = {0};
    X509 *leaf = make(LEAF, NULL, NULL, key);
    open_trial("bundle-keyless/ci.json", &trial);
    assert_int_equal(chimera_sct_check(leaf, leaf, &trial.root, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "has no timestamp"));
    X509_free(leaf);
    close_trial(&trial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_is_for_signing_code_and_nothing_else),
        cmocka_unit_test(the_subject_is_the_first_mail_or_uri),
        cmocka_unit_test(both_forms_of_the_issuer_agree),
        cmocka_unit_test(both_forms_of_the_repository_agree),
        cmocka_unit_test(the_chain_is_judged_as_of_then),
        cmocka_unit_test(intermediates_are_authorities_for_code),
        cmocka_unit_test(who_is_not_in_the_trust_root_signs_nothing),
        cmocka_unit_test(each_bit_of_a_real_certificate_counts),
        cmocka_unit_test(each_bit_of_the_timestamp_counts),
        cmocka_unit_test(the_log_must_have_counted_then),
        cmocka_unit_test(a_certificate_without_timestamp_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
