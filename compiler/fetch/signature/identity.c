/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/identity.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/rekor.h"
#include "compiler/fetch/signature/trust/certificate.h"
#include "compiler/fetch/signature/trust/sct.h"
#include "compiler/fetch/signature/trust/timestamp.h"

#define TIMES_MAX (CHIMERA_LOG_ENTRIES_MAX + CHIMERA_TIMESTAMPS_MAX)

/* What logs and authorities vouch for: when there was such a signature. */
struct proof {
    const struct chimera_trust_log *logs[CHIMERA_LOG_ENTRIES_MAX]; /* of each entry */
    int64_t log_times[CHIMERA_LOG_ENTRIES_MAX];                    /* 0: the log tells none */
    int64_t times[TIMES_MAX];
    size_t time_count;
};

/* --- Logs and timestamps --- */

static int check_timestamps(const struct chimera_evidence *evidence,
                            const struct chimera_trust_root *root, struct proof *proof,
                            struct chimera_error *err)
{
    for (size_t i = 0; i < evidence->timestamp_count; i++) {
        int code = chimera_timestamp_check(evidence->timestamps[i], evidence->signature, root,
                                           &proof->times[proof->time_count], err);
        if (code < 0)
            return code;
        proof->time_count++;
    }
    return CHIMERA_OK;
}

static int check_entries(const struct chimera_evidence *evidence, struct chimera_signer signer,
                         const struct chimera_trust_root *root, struct proof *proof,
                         struct chimera_error *err)
{
    for (size_t i = 0; i < evidence->entry_count; i++) {
        const struct chimera_log_entry *entry = &evidence->entries[i];
        int code = chimera_rekor_check(entry, evidence, signer, root, &proof->logs[i], err);
        if (code < 0)
            return code;
        proof->log_times[i] = chimera_rekor_time(entry);
        if (proof->log_times[i] > 0)
            proof->times[proof->time_count++] = proof->log_times[i];
    }
    return CHIMERA_OK;
}

/* Whatever is there must be right. A log that tells no time is judged at those of the others. Where
 * there is none at all, as beside a signature by a key, its key is believed at any time: the entry
 * is not what counts there. */
static int check_proof(const struct chimera_evidence *evidence, struct chimera_signer signer,
                       const struct chimera_trust_root *root, struct proof *proof,
                       struct chimera_error *err)
{
    *proof = (struct proof){0};
    int code = check_entries(evidence, signer, root, proof, err);
    if (code == CHIMERA_OK)
        code = check_timestamps(evidence, root, proof, err);
    if (code != CHIMERA_OK)
        return code;
    for (size_t i = 0; i < evidence->entry_count; i++) {
        struct chimera_trust_period period = proof->logs[i]->period;
        bool is_within =
            proof->log_times[i] == 0 || chimera_trust_period_has(period, proof->log_times[i]);
        for (size_t j = 0; proof->log_times[i] == 0 && j < proof->time_count; j++)
            is_within = is_within && chimera_trust_period_has(period, proof->times[j]);
        if (!is_within)
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "the log's key was not trusted at the time of its entry");
    }
    return CHIMERA_OK;
}

int chimera_evidence_check_log(const struct chimera_evidence *evidence, struct chimera_slice key,
                               const struct chimera_trust_root *root, struct chimera_error *err)
{
    struct proof proof;
    if (!root)
        return CHIMERA_OK;
    int code = check_proof(evidence, (struct chimera_signer){key, false}, root, &proof, err);
    ERR_clear_error();
    return code;
}

/* An entry names the certificate, or its key alone. */
static int check_signer(const struct chimera_evidence *evidence, X509 *certificate,
                        const struct chimera_trust_root *root, struct proof *proof,
                        struct chimera_error *err)
{
    unsigned char *der = NULL, *key = NULL;
    int der_size = i2d_X509(certificate, &der);
    int key_size = i2d_PUBKEY(X509_get0_pubkey(certificate), &key);
    struct chimera_signer whole = {{(char *)der, (size_t)der_size}, true};
    struct chimera_signer alone = {{(char *)key, (size_t)key_size}, false};
    int code = der_size > 0 && key_size > 0 ? CHIMERA_OK : chimera_fail_memory(err);
    if (code == CHIMERA_OK && check_proof(evidence, whole, root, proof, NULL) < 0)
        code = check_proof(evidence, alone, root, proof, err);
    OPENSSL_free(der);
    OPENSSL_free(key);
    return code;
}

int chimera_evidence_check_certificate(const struct chimera_evidence *evidence, X509 *certificate,
                                       bool needs_entry, const struct chimera_trust_root *root,
                                       struct chimera_error *err)
{
    struct proof proof = {0};
    int64_t from, until;
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int code = key ? chimera_key_verify(key, evidence->message, evidence->signature, err)
                   : chimera_fail(err, CHIMERA_EREFUSED, "the certificate has no key");
    if (code == CHIMERA_OK && root)
        code = check_signer(evidence, certificate, root, &proof, err);
    ERR_clear_error();
    if (code < 0)
        return code;
    if (needs_entry && (evidence->entry_count == 0 || proof.time_count == 0))
        return chimera_fail(err, CHIMERA_EREFUSED, "no log says when it was signed");
    if (!chimera_certificate_time(X509_get0_notBefore(certificate), &from) ||
        !chimera_certificate_time(X509_get0_notAfter(certificate), &until))
        return chimera_fail(err, CHIMERA_EREFUSED, "the certificate has no times");
    for (size_t i = 0; i < proof.time_count; i++)
        if (proof.times[i] < from || proof.times[i] > until)
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "the certificate was not valid when it was signed with");
    return CHIMERA_OK;
}

/* --- Keyless --- */

/* Cheap things first; what the certificate says is read last, when it is believed. */
static int prove(const struct chimera_evidence *evidence, X509 *leaf,
                 const struct chimera_trust_root *root, struct chimera_identity *identity,
                 struct chimera_error *err)
{
    struct chimera_signer signer = {evidence->chain[0], true};
    struct proof proof;
    int code = chimera_certificate_check(leaf, err);
    if (code == CHIMERA_OK) {
        EVP_PKEY *key = X509_get0_pubkey(leaf);
        code = !key ? chimera_fail(err, CHIMERA_EREFUSED, "the certificate's key cannot be read")
                    : chimera_key_verify(key, evidence->message, evidence->signature, err);
    }
    if (code == CHIMERA_OK)
        code = check_proof(evidence, signer, root, &proof, err);
    if (code == CHIMERA_OK && evidence->entry_count == 0)
        code = chimera_fail(err, CHIMERA_EREFUSED, "the signature is in no log");
    if (code == CHIMERA_OK && proof.time_count == 0)
        code = chimera_fail(err, CHIMERA_EREFUSED, "nobody vouches for when it was signed");
    if (code == CHIMERA_OK) {
        /* At each time that somebody vouches for. The log of certificates signed for one issuer. */
        for (size_t i = 0; i < proof.time_count && code == CHIMERA_OK; i++) {
            X509 *issuer = NULL;
            code = chimera_certificate_check_chain(leaf, root, proof.times[i], &issuer, err);
            if (code == CHIMERA_OK)
                code = chimera_sct_check(leaf, issuer, root, err);
            X509_free(issuer);
        }
    }
    if (code == CHIMERA_OK)
        code = chimera_certificate_names(leaf, identity, err);
    if (code == CHIMERA_OK) {
        int64_t first = proof.times[0];
        for (size_t i = 1; i < proof.time_count; i++)
            first = proof.times[i] < first ? proof.times[i] : first;
        identity->signed_at = first;
    }
    return code;
}

int chimera_identity_prove(const struct chimera_evidence *evidence,
                           const struct chimera_trust_root *root,
                           struct chimera_identity *ret_identity, struct chimera_error *err)
{
    struct chimera_identity identity = {0};
    X509 *leaf = NULL;
    if (!root)
        return chimera_fail(err, CHIMERA_EREFUSED, "there is no trust root to judge it by");
    if (evidence->chain_count == 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "it is not signed with a certificate");
    int code = chimera_certificate_read(evidence->chain[0], &leaf, err);
    if (code == CHIMERA_OK)
        code = prove(evidence, leaf, root, &identity, err);
    X509_free(leaf);
    ERR_clear_error();
    if (code == CHIMERA_OK)
        *ret_identity = identity;
    else
        chimera_identity_done(&identity);
    return code;
}
