/* SPDX-License-Identifier: Apache-2.0 */
/* Timestamps of an authority of our own, which OpenSSL's side for servers makes: whose, over what
 * and how. test_identity has those of a real one. */
#include "compiler/fetch/signature/trust/timestamp.h"

#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "tests/unit/compiler/fetch/signature/samples.h"

#define POLICY "1.2.3.4"
#define DAY 86400

static EVP_PKEY *key; /* everybody's */
static X509 *root_certificate, *stamper, *other;
static struct chimera_trust_authority authority;
static struct chimera_trust_root root = {.timestamp_authorities = &authority,
                                         .timestamp_authority_count = 1};
static const struct chimera_slice SIGNATURE = {"a signature", sizeof("a signature") - 1};

static void add(X509 *certificate, int nid, const char *text)
{
    X509_EXTENSION *made = X509V3_EXT_conf_nid(NULL, NULL, nid, text);
    assert_non_null(made);
    X509_add_ext(certificate, made, -1);
    X509_EXTENSION_free(made);
}

/* Valid since yesterday and until tomorrow. */
static X509 *make(const char *name, X509 *issuer, long serial)
{
    X509 *made = X509_new();
    X509_NAME *subject = X509_NAME_new();
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
    X509_gmtime_adj(X509_getm_notBefore(made), -DAY);
    X509_gmtime_adj(X509_getm_notAfter(made), DAY);
    X509_set_pubkey(made, key);
    X509_set_subject_name(made, subject);
    X509_set_issuer_name(made, issuer ? X509_get_subject_name(issuer) : subject);
    if (issuer) {
        add(made, NID_key_usage, "critical,digitalSignature");
        add(made, NID_ext_key_usage, "critical,timeStamping");
    } else {
        add(made, NID_basic_constraints, "critical,CA:TRUE");
        add(made, NID_key_usage, "critical,keyCertSign");
    }
    X509_sign(made, key, EVP_sha256());
    X509_NAME_free(subject);
    return made;
}

static int set_up(void **state)
{
    (void)state;
    key = EVP_EC_gen("P-256");
    root_certificate = make("root", NULL, 1);
    stamper = make("stamper", root_certificate, 2);
    other = make("other", root_certificate, 3);
    authority.chain = sk_X509_new_null();
    sk_X509_push(authority.chain, stamper);
    sk_X509_push(authority.chain, root_certificate);
    authority.period = (struct chimera_trust_period){1, 0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sk_X509_pop_free(authority.chain, X509_free);
    X509_free(other);
    EVP_PKEY_free(key);
    return 0;
}

static ASN1_INTEGER *serial_of(TS_RESP_CTX *context, void *data)
{
    (void)context;
    (void)data;
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_INTEGER_set(serial, 7);
    return serial;
}

/* What a client asks for, its certificates, too. */
static BIO *ask(const EVP_MD *hash)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    EVP_Digest(SIGNATURE.data, SIGNATURE.size, digest, &size, hash, NULL);
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(hash)), V_ASN1_NULL, NULL);
    TS_MSG_IMPRINT_set_algo(imprint, algorithm);
    TS_MSG_IMPRINT_set_msg(imprint, digest, (int)size);
    TS_REQ_set_version(request, 1);
    TS_REQ_set_msg_imprint(request, imprint);
    TS_REQ_set_cert_req(request, 1);
    BIO *out = BIO_new(BIO_s_mem());
    i2d_TS_REQ_bio(out, request);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(request);
    return out;
}

static void stamp(X509 *by, const EVP_MD *hash, struct chimera_buffer *ret_response)
{
    TS_RESP_CTX *context = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj(POLICY, 1);
    BIO *request = ask(hash);
    unsigned char *der = NULL;
    TS_RESP_CTX_set_serial_cb(context, serial_of, NULL);
    TS_RESP_CTX_set_signer_cert(context, by);
    TS_RESP_CTX_set_signer_key(context, key);
    TS_RESP_CTX_set_signer_digest(context, EVP_sha256());
    TS_RESP_CTX_set_def_policy(context, policy);
    TS_RESP_CTX_add_md(context, hash);
    TS_RESP *response = TS_RESP_create_response(context, request);
    assert_non_null(response);
    int size = i2d_TS_RESP(response, &der);
    chimera_buffer_init(ret_response, 1 << 16);
    chimera_buffer_append(ret_response, (struct chimera_slice){(const char *)der, (size_t)size});
    OPENSSL_free(der);
    TS_RESP_free(response);
    ASN1_OBJECT_free(policy);
    BIO_free(request);
    TS_RESP_CTX_free(context);
}

static int check(const struct chimera_buffer *response, int64_t *ret_seconds,
                 struct chimera_error *err)
{
    return chimera_timestamp_check(chimera_buffer_slice(response), SIGNATURE, &root, ret_seconds,
                                   err);
}

static void the_time_is_told(void **state)
{
    (void)state;
    static const EVP_MD *(*const hashes[])(void) = {EVP_sha256, EVP_sha384, EVP_sha512};
    for (size_t i = 0; i < 3; i++) {
        struct chimera_buffer response;
        struct chimera_error err = {0};
        int64_t before = (int64_t)time(NULL), seconds = 0;
        stamp(stamper, hashes[i](), &response);
        if (check(&response, &seconds, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(seconds >= before && seconds <= (int64_t)time(NULL));
        chimera_buffer_free(&response);
    }
}

static void a_weak_hash_is_refused(void **state)
{
    (void)state;
    struct chimera_buffer response;
    int64_t seconds;
    stamp(stamper, EVP_sha1(), &response);
    assert_int_equal(check(&response, &seconds, NULL), CHIMERA_EREFUSED);
    chimera_buffer_free(&response);
}

/* Also one that the same root has certified, and that its token brings along. */
static void only_the_stamper_of_the_trust_root_counts(void **state)
{
    (void)state;
    struct chimera_buffer response;
    int64_t seconds;
    stamp(other, EVP_sha256(), &response);
    assert_int_equal(check(&response, &seconds, NULL), CHIMERA_EREFUSED);
    sk_X509_shift(authority.chain); /* a trust root that has just the root */
    assert_int_equal(check(&response, &seconds, NULL), CHIMERA_OK);
    sk_X509_unshift(authority.chain, stamper);
    chimera_buffer_free(&response);
}

static void what_was_not_granted_is_none(void **state)
{
    (void)state;
    struct chimera_buffer response;
    int64_t seconds;
    stamp(stamper, EVP_sha256(), &response);
    /* PKIStatusInfo, with status 0: granted. */
    char *status = memmem(response.data, 16, "\x02\x01\x00", 3);
    assert_non_null(status);
    status[2] = 1; /* with changes */
    assert_int_equal(check(&response, &seconds, NULL), CHIMERA_OK);
    for (char refusal = 2; refusal < 6; refusal++) {
        status[2] = refusal;
        assert_int_equal(check(&response, &seconds, NULL), CHIMERA_EREFUSED);
    }
    status[2] = (char)0x80;
    assert_int_equal(check(&response, &seconds, NULL), CHIMERA_EREFUSED);
    chimera_buffer_free(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_is_told),
        cmocka_unit_test(a_weak_hash_is_refused),
        cmocka_unit_test(only_the_stamper_of_the_trust_root_counts),
        cmocka_unit_test(what_was_not_granted_is_none),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
