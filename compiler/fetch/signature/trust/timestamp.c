/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/timestamp.h"

#include <openssl/ts.h>

#include "compiler/fetch/signature/trust/certificate.h"

#define VERSION_1 1

static const EVP_MD *imprint_hash(TS_MSG_IMPRINT *imprint)
{
    switch (OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(imprint)->algorithm)) {
    case NID_sha256:
        return EVP_sha256();
    case NID_sha384:
        return EVP_sha384();
    case NID_sha512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* OpenSSL checks the token's signature, the chain for its purpose, and that the token names the
 * certificate. */
static bool is_signed_by(PKCS7 *token, const struct chimera_trust_authority *authority,
                         int64_t seconds)
{
    X509_STORE *store = chimera_certificate_store(authority, seconds);
    X509 *signer = NULL, *first = sk_X509_value(authority->chain, 0);
    /* Where the trust root has the very certificate that stamps, no other one below the same root
     * will do. */
    bool is_signed = store &&
                     TS_RESP_verify_signature(token, authority->chain, store, &signer) == 1 &&
                     signer && (X509_check_ca(first) != 0 || X509_cmp(signer, first) == 0);
    X509_free(signer);
    X509_STORE_free(store);
    return is_signed;
}

static bool is_signed(PKCS7 *token, const struct chimera_trust_root *root, int64_t seconds)
{
    for (size_t i = 0; i < root->timestamp_authority_count; i++) {
        const struct chimera_trust_authority *authority = &root->timestamp_authorities[i];
        if (chimera_trust_period_has(authority->period, seconds) &&
            is_signed_by(token, authority, seconds))
            return true;
    }
    return false;
}

static int check(TS_RESP *response, struct chimera_slice signature,
                 const struct chimera_trust_root *root, int64_t *ret_seconds,
                 struct chimera_error *err)
{
    PKCS7 *token = TS_RESP_get_token(response);
    TS_TST_INFO *info = TS_RESP_get_tst_info(response);
    int64_t seconds;
    /* Whether it was granted has been asked: OpenSSL reads no token in a response that refuses. */
    if (!token || !info || TS_TST_INFO_get_version(info) != VERSION_1 ||
        !chimera_certificate_time(TS_TST_INFO_get_time(info), &seconds))
        return chimera_fail(err, CHIMERA_EREFUSED, "the timestamp is none");
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const EVP_MD *hash = imprint ? imprint_hash(imprint) : NULL;
    const ASN1_OCTET_STRING *said = hash ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    if (!said || EVP_Digest(signature.data, signature.size, digest, &size, hash, NULL) != 1 ||
        !chimera_slice_equal((struct chimera_slice){(const char *)digest, size},
                             (struct chimera_slice){(const char *)ASN1_STRING_get0_data(said),
                                                    (size_t)ASN1_STRING_length(said)}))
        return chimera_fail(err, CHIMERA_EREFUSED, "the timestamp is of another signature");
    if (!is_signed(token, root, seconds))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the timestamp is not of an authority that was trusted then");
    *ret_seconds = seconds;
    return CHIMERA_OK;
}

int chimera_timestamp_check(struct chimera_slice response, struct chimera_slice signature,
                            const struct chimera_trust_root *root, int64_t *ret_seconds,
                            struct chimera_error *err)
{
    const unsigned char *at = (const unsigned char *)response.data;
    TS_RESP *read = response.size > 0 ? d2i_TS_RESP(NULL, &at, (long)response.size) : NULL;
    int code;
    if (!read || at != (const unsigned char *)response.data + response.size)
        code = chimera_fail(err, CHIMERA_EREFUSED, "the timestamp cannot be read");
    else
        code = check(read, signature, root, ret_seconds, err);
    TS_RESP_free(read);
    return code;
}
