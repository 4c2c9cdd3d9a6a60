/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/sct.h"

#include <openssl/x509v3.h>

#include "runtime/base/buffer.h"
#include "runtime/base/digest.h"

#define VERSION_1 0
#define CERTIFICATE_TIMESTAMP 0
#define PRECERT_ENTRY 1
#define HASH_SHA256 4
#define SIGNATURE_RSA 1
#define SIGNATURE_ECDSA 3
#define SIGNED_MAX ((size_t)1 << 20)
#define TIMESTAMPS_MAX 16

struct timestamp { /* of the list; slices of the extension */
    struct chimera_slice log_id;
    uint64_t milliseconds;
    struct chimera_slice extensions; /* signed, too */
    uint64_t hash, algorithm;        /* of the signature, as TLS numbers them */
    struct chimera_slice signature;
};

/* The next `count` bytes as one number. */
static bool take_number(struct chimera_slice *from, size_t count, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (from->size < count)
        return false;
    for (size_t i = 0; i < count; i++)
        number = number << 8 | (unsigned char)from->data[i];
    *from = (struct chimera_slice){from->data + count, from->size - count};
    *ret_number = number;
    return true;
}

static bool take_bytes(struct chimera_slice *from, uint64_t count, struct chimera_slice *ret_bytes)
{
    if (from->size < count)
        return false;
    *ret_bytes = (struct chimera_slice){from->data, (size_t)count};
    *from = (struct chimera_slice){from->data + count, from->size - (size_t)count};
    return true;
}

/* Bytes with their count before them. */
static bool take_vector(struct chimera_slice *from, struct chimera_slice *ret_bytes)
{
    uint64_t size;
    return take_number(from, 2, &size) && take_bytes(from, size, ret_bytes);
}

/* --- What is signed --- */

static void put_number(struct chimera_buffer *out, uint64_t number, unsigned count)
{
    while (count-- > 0)
        chimera_buffer_byte(out, (uint8_t)(number >> (8 * count)));
}

/* The certificate as it was before it had the timestamps. */
static int put_precertificate(struct chimera_buffer *out, X509 *certificate)
{
    X509 *copy = X509_dup(certificate);
    int at = copy ? X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1) : -1;
    unsigned char *tbs = NULL;
    int size = 0;
    if (at >= 0) {
        X509_EXTENSION_free(X509_delete_ext(copy, at));
        size = i2d_re_X509_tbs(copy, &tbs);
    }
    if (size > 0) {
        put_number(out, (uint64_t)size, 3);
        chimera_buffer_append(out, (struct chimera_slice){(const char *)tbs, (size_t)size});
    }
    OPENSSL_free(tbs);
    X509_free(copy);
    return size > 0 ? out->failed : CHIMERA_EINVAL;
}

static bool is_signed(const struct timestamp *timestamp, const struct chimera_trust_log *log,
                      X509 *certificate, X509 *issuer)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, SIGNED_MAX);
    put_number(&text, VERSION_1, 1);
    put_number(&text, CERTIFICATE_TIMESTAMP, 1);
    put_number(&text, timestamp->milliseconds, 8);
    put_number(&text, PRECERT_ENTRY, 2);
    unsigned char *spki = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &spki);
    struct chimera_digest digest;
    int code =
        size > 0
            ? chimera_digest_of((struct chimera_slice){(const char *)spki, (size_t)size}, &digest)
            : CHIMERA_EINVAL;
    if (code == CHIMERA_OK)
        code = chimera_buffer_append(&text, chimera_digest_slice(&digest));
    OPENSSL_free(spki);
    bool is_right = code == CHIMERA_OK && put_precertificate(&text, certificate) == CHIMERA_OK;
    put_number(&text, timestamp->extensions.size, 2);
    chimera_buffer_append(&text, timestamp->extensions);
    is_right = is_right && !text.failed &&
               chimera_trust_log_signed(log, chimera_buffer_slice(&text), timestamp->signature);
    chimera_buffer_free(&text);
    return is_right;
}

/* By a log that is known and counted at its time. */
static bool is_right(const struct timestamp *timestamp, const struct chimera_trust_root *root,
                     X509 *certificate, X509 *issuer)
{
    const struct chimera_trust_log *log = chimera_trust_log_find(
        root->certificate_logs, root->certificate_log_count, timestamp->log_id);
    /* RFC 6962 §2.1.4: there is no other. */
    int kind = log && log->key ? EVP_PKEY_get_base_id(log->key) : EVP_PKEY_NONE;
    return log && timestamp->hash == HASH_SHA256 &&
           ((kind == EVP_PKEY_EC && timestamp->algorithm == SIGNATURE_ECDSA) ||
            (kind == EVP_PKEY_RSA && timestamp->algorithm == SIGNATURE_RSA)) &&
           chimera_trust_period_has(log->period, (int64_t)(timestamp->milliseconds / 1000)) &&
           is_signed(timestamp, log, certificate, issuer);
}

static bool has_right_one(struct chimera_slice extension, const struct chimera_trust_root *root,
                          X509 *certificate, X509 *issuer)
{
    struct chimera_slice list, item;
    struct timestamp timestamp;
    if (!take_vector(&extension, &list) || extension.size > 0)
        return false;
    for (unsigned i = 0; i < TIMESTAMPS_MAX && take_vector(&list, &item); i++) {
        uint64_t version;
        if (take_number(&item, 1, &version) && version == VERSION_1 &&
            take_bytes(&item, CHIMERA_LOG_ID_BYTES, &timestamp.log_id) &&
            take_number(&item, 8, &timestamp.milliseconds) &&
            take_vector(&item, &timestamp.extensions) && take_number(&item, 1, &timestamp.hash) &&
            take_number(&item, 1, &timestamp.algorithm) &&
            take_vector(&item, &timestamp.signature) && item.size == 0 &&
            is_right(&timestamp, root, certificate, issuer))
            return true;
    }
    return false;
}

int chimera_sct_check(X509 *certificate, X509 *issuer, const struct chimera_trust_root *root,
                      struct chimera_error *err)
{
    if (root->certificate_log_count == 0)
        return CHIMERA_OK;
    int at = X509_get_ext_by_NID(certificate, NID_ct_precert_scts, -1);
    if (at < 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the certificate has no timestamp of a log of certificates");
    const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(X509_get_ext(certificate, at));
    const unsigned char *from = ASN1_STRING_get0_data(data), *end = from + ASN1_STRING_length(data);
    ASN1_OCTET_STRING *list = d2i_ASN1_OCTET_STRING(NULL, &from, (long)(end - from));
    bool is_good = list && from == end &&
                   has_right_one((struct chimera_slice){(const char *)ASN1_STRING_get0_data(list),
                                                        (size_t)ASN1_STRING_length(list)},
                                 root, certificate, issuer);
    ASN1_OCTET_STRING_free(list);
    if (is_good)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "no log of certificates that is trusted has signed the certificate's "
                        "timestamp");
}
