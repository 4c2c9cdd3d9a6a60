/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/certificate.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

#define AUTH_LEVEL 2 /* OpenSSL's: 112 bits, no SHA-1 */

int chimera_certificate_read(struct chimera_slice der, X509 **ret_certificate,
                             struct chimera_error *err)
{
    const unsigned char *at = (const unsigned char *)der.data;
    X509 *certificate = der.size > 0 ? d2i_X509(NULL, &at, (long)der.size) : NULL;
    if (certificate && at == (const unsigned char *)der.data + der.size) {
        *ret_certificate = certificate;
        return CHIMERA_OK;
    }
    X509_free(certificate);
    return chimera_fail(err, CHIMERA_EINVAL, "the certificate cannot be read");
}

bool chimera_certificate_time(const ASN1_TIME *time, int64_t *ret_seconds)
{
    struct tm read;
    if (!time || ASN1_TIME_to_tm(time, &read) != 1)
        return false;
    *ret_seconds = (int64_t)timegm(&read);
    return true;
}

/* Among the extended usages; `if_none` when there is no such extension. */
static bool is_for_code(X509 *certificate, bool if_none)
{
    int status;
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, &status, NULL);
    bool is_code = !usages && status == -1 && if_none;
    for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages); i++)
        is_code |= OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == NID_code_sign;
    EXTENDED_KEY_USAGE_free(usages);
    return is_code;
}

int chimera_certificate_check(X509 *certificate, struct chimera_error *err)
{
    uint32_t flags = X509_get_extension_flags(certificate);
    if (flags & EXFLAG_INVALID)
        return chimera_fail(err, CHIMERA_EREFUSED, "the certificate is malformed");
    if ((flags & EXFLAG_CA) || X509_check_ca(certificate) != 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "the certificate is that of an authority");
    if (!(flags & EXFLAG_KUSAGE) || !(X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE))
        return chimera_fail(err, CHIMERA_EREFUSED, "the certificate is not for signatures");
    if (!is_for_code(certificate, false))
        return chimera_fail(err, CHIMERA_EREFUSED, "the certificate is not for signing code");
    /* RFC 5280 §4.2.1.6: where the subject is empty, the alternative name is all that there is. */
    int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
    if (at < 0 || (X509_NAME_entry_count(X509_get_subject_name(certificate)) <= 0 &&
                   X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) != 1))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the certificate has no critical alternative name");
    return CHIMERA_OK;
}

/* --- The chain --- */

X509_STORE *chimera_certificate_store(const struct chimera_trust_authority *authority,
                                      int64_t seconds)
{
    int count = sk_X509_num(authority->chain);
    X509_STORE *store = X509_STORE_new();
    if (!store || count < 1 ||
        X509_STORE_add_cert(store, sk_X509_value(authority->chain, count - 1)) != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_time(param, (time_t)seconds);
    X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
    /* The last one is the anchor, whoever signed it. */
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

/* OpenSSL 3.0 has no purpose "code signing", so that authorities for something else are found here.
 * The issuer of the leaf, or NULL. */
static X509 *judge_chain(STACK_OF(X509) * chain)
{
    if (!chain || sk_X509_num(chain) < 2)
        return NULL;
    for (int i = 1; i < sk_X509_num(chain); i++) {
        if (!is_for_code(sk_X509_value(chain, i), true))
            return NULL;
    }
    return sk_X509_value(chain, 1);
}

/* By that authority; a reference to the issuer, or NULL. */
static X509 *verify(X509 *certificate, const struct chimera_trust_authority *authority,
                    int64_t seconds)
{
    X509_STORE *store = chimera_certificate_store(authority, seconds);
    X509_STORE_CTX *context = store ? X509_STORE_CTX_new() : NULL;
    X509 *issuer = NULL;
    /* Intermediates that the signature brings are left: the trust root lists those that count. */
    if (context && X509_STORE_CTX_init(context, store, certificate, authority->chain) == 1 &&
        X509_verify_cert(context) == 1)
        issuer = judge_chain(X509_STORE_CTX_get0_chain(context));
    if (issuer && X509_up_ref(issuer) != 1)
        issuer = NULL;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return issuer;
}

int chimera_certificate_check_chain(X509 *certificate, const struct chimera_trust_root *root,
                                    int64_t seconds, X509 **ret_issuer, struct chimera_error *err)
{
    int64_t start, end;
    if (!chimera_certificate_time(X509_get0_notBefore(certificate), &start) ||
        !chimera_certificate_time(X509_get0_notAfter(certificate), &end) || seconds < start ||
        seconds > end)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the certificate was not valid when it was signed with");
    for (size_t i = 0; i < root->authority_count; i++) {
        if (!chimera_trust_period_has(root->authorities[i].period, seconds))
            continue;
        X509 *issuer = verify(certificate, &root->authorities[i], seconds);
        if (issuer) {
            *ret_issuer = issuer;
            return CHIMERA_OK;
        }
    }
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "the certificate is not of an authority that was trusted when it was "
                        "signed with");
}
