/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/registry/by_certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "compiler/fetch/signature/identity.h"
#include "compiler/fetch/signature/verify.h"
#include "plugins/crypto/path.h"
#include "runtime/base/clock.h"
#include "runtime/json/tree.h"

#define PEM_MAX ((size_t)1 << 20)
#define CHAIN_MAX 64

/* A certificate out of a list of the bytes of a PEM text. */
static int read_certificate(struct json_object *list, bool is_anchor, X509 **ret_certificate,
                            struct chimera_error *err)
{
    struct chimera_buffer pem, der;
    size_t size = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    chimera_buffer_init(&pem, PEM_MAX);
    chimera_buffer_init(&der, PEM_MAX);
    for (size_t i = 0; i < size && !pem.failed; i++)
        chimera_buffer_byte(&pem, (uint8_t)json_object_get_int(json_object_array_get_idx(list, i)));
    int code = pem.failed ? chimera_fail(err, CHIMERA_ELIMIT,
                                         "the certificate is larger than %zu bytes", PEM_MAX)
                          : certificate_from_pem(chimera_buffer_slice(&pem), &der, err);
    if (code == CHIMERA_OK) {
        enum fault fault = certificate_read(chimera_buffer_slice(&der), is_anchor, ret_certificate);
        if (fault != FAULT_NONE)
            code = chimera_fail(err, CHIMERA_EINVAL, "x509 error: %s", fault_text(fault));
    }
    chimera_buffer_free(&pem);
    chimera_buffer_free(&der);
    return code;
}

/* What a certificate must be that signs images. That it is over is no matter: when it was signed
 * with is what counts. */
static int check_use(X509 *certificate, struct chimera_error *err)
{
    uint32_t flags = X509_get_extension_flags(certificate);
    time_t now = time(NULL);
    bool is_for_code = false;
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; usages && i < sk_ASN1_OBJECT_num(usages); i++)
        is_for_code |= OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == NID_code_sign;
    EXTENDED_KEY_USAGE_free(usages);
    /* The reference looks whether there is a usage at all, and not which. */
    bool has_usage = flags & EXFLAG_KUSAGE;
    if (has_usage && !is_for_code)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "Bundled certificate does not have code signing extended key usage");
    if (!has_usage || !(X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "Bundled certificate does not have digital signature key usage");
    if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "Certificate without Subject Alternative Name");
    if (X509_cmp_time(X509_get0_notBefore(certificate), &now) >= 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "Certificate validity check failed: cannot be used before its time");
    return CHIMERA_OK;
}

/* Each of the chain is believed, and one of them must have signed the certificate. */
static int check_chain(X509 *certificate, struct json_object *chain, uint64_t deadline_ns,
                       struct chimera_error *err)
{
    struct chimera_account account;
    STACK_OF(X509) *anchors = sk_X509_new_null();
    int code = anchors ? CHIMERA_OK : chimera_fail_memory(err);
    size_t count = json_object_array_length(chain);
    chimera_account_open(&account, deadline_ns, UINT64_MAX);
    if (count > CHAIN_MAX)
        code = chimera_fail(err, CHIMERA_ELIMIT, "a chain of more than %d certificates", CHAIN_MAX);
    for (size_t i = 0; code == CHIMERA_OK && i < count; i++) {
        X509 *anchor = NULL;
        code = read_certificate(json_object_array_get_idx(chain, i), true, &anchor, err);
        if (code == CHIMERA_OK && sk_X509_push(anchors, anchor) <= 0) {
            X509_free(anchor);
            code = chimera_fail_memory(err);
        }
    }
    if (code == CHIMERA_OK) {
        const struct path_question question = {
            .anchors = anchors, .time = (int64_t)time(NULL), .account = &account};
        enum fault fault = path_find(&question, certificate);
        if (fault != FAULT_NONE)
            code = chimera_fail(err, CHIMERA_EREFUSED, "%s", fault_text(fault));
    }
    sk_X509_pop_free(anchors, X509_free);
    return code;
}

int by_certificate_judge(const struct chimera_evidence *evidence, size_t count, void *context,
                         struct chimera_error *err)
{
    const struct by_certificate *by = context;
    struct json_object *chain = chimera_json_member(by->fields, "certificate_chain");
    struct json_object *annotations = chimera_json_member(by->fields, "annotations");
    bool needs_entry =
        json_object_get_boolean(chimera_json_member(by->fields, "require_rekor_bundle"));
    X509 *certificate = NULL;
    int code =
        read_certificate(chimera_json_member(by->fields, "certificate"), false, &certificate, err);
    if (code == CHIMERA_OK)
        code = check_use(certificate, err);
    if (code == CHIMERA_OK && json_object_is_type(chain, json_type_array))
        code = check_chain(certificate, chain, by->deadline_ns, err);
    bool is_signed = false;
    for (size_t i = 0; code == CHIMERA_OK && i < count && !is_signed; i++)
        is_signed =
            chimera_evidence_check_certificate(&evidence[i], certificate, needs_entry, by->root,
                                               NULL) == CHIMERA_OK &&
            chimera_evidence_check_annotations(&evidence[i], annotations, NULL) == CHIMERA_OK;
    if (code == CHIMERA_OK && !is_signed)
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "verification failed: Several Signature Layers failed verification");
    X509_free(certificate);
    ERR_clear_error();
    return code;
}
