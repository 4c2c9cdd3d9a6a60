/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/x509/x509.h"

#include "runtime/rego/builtins/crypto/base/oid.h"

#define NULL_ELEMENT CHIMERA_SLICE("\x05\x00")
#define VERSION_MAX 3
#define READ_NS CHIMERA_REGO_KEY_NS /* most of it for a point */

/* --- Algorithms --- */

struct identifier {
    struct chimera_slice oid, parameters; /* the latter with its header; empty: none */
};

static bool read_identifier(struct chimera_slice inside, struct identifier *ret_identifier)
{
    ret_identifier->parameters = CHIMERA_SLICE("");
    return chimera_der_oid(&inside, &ret_identifier->oid) &&
           (inside.size == 0 || chimera_der_any(&inside, NULL, NULL, &ret_identifier->parameters));
}

/* An identifier of a hash, which has NULL for a parameter or none. */
static bool read_hash(struct chimera_slice *der, struct chimera_slice *ret_oid)
{
    struct chimera_slice inside;
    struct identifier hash;
    if (!chimera_der_take(der, CHIMERA_DER_SEQUENCE, &inside) || !read_identifier(inside, &hash) ||
        (hash.parameters.size > 0 && !chimera_slice_equal(hash.parameters, NULL_ELEMENT)))
        return false;
    *ret_oid = hash.oid;
    return true;
}

/* RSASSA-PSS-params (RFC 4055 §3.1), of which only those are known that are for one hash alone, and
 * with a salt of its length. */
static enum chimera_x509_signature_algorithm read_pss(struct chimera_slice parameters)
{
    static const struct {
        enum chimera_oid hash;
        int64_t salt_size;
    } known[] = {{OID_SHA256, 32}, {OID_SHA384, 48}, {OID_SHA512, 64}};
    struct chimera_slice der, part, mask, hash, mask_hash;
    struct chimera_slice mask_oid;
    int64_t salt_size, trailer = 1;
    bool has_trailer;
    if (!chimera_der_take(&parameters, CHIMERA_DER_SEQUENCE, &der) ||
        !chimera_der_take(&der, CHIMERA_DER_CONTEXT(0) | CHIMERA_DER_CONSTRUCTED, &part) ||
        !read_hash(&part, &hash) ||
        !chimera_der_take(&der, CHIMERA_DER_CONTEXT(1) | CHIMERA_DER_CONSTRUCTED, &part) ||
        !chimera_der_take(&part, CHIMERA_DER_SEQUENCE, &mask) ||
        !chimera_der_oid(&mask, &mask_oid) || !chimera_oid_is(mask_oid, OID_MGF1) ||
        !read_hash(&mask, &mask_hash) || !chimera_slice_equal(hash, mask_hash) ||
        !chimera_der_take(&der, CHIMERA_DER_CONTEXT(2) | CHIMERA_DER_CONSTRUCTED, &part) ||
        !chimera_der_int64(&part, CHIMERA_DER_INTEGER, &salt_size) ||
        !chimera_der_optional(&der, CHIMERA_DER_CONTEXT(3) | CHIMERA_DER_CONSTRUCTED, &has_trailer,
                              &part) ||
        (has_trailer && !chimera_der_int64(&part, CHIMERA_DER_INTEGER, &trailer)) || trailer != 1)
        return CHIMERA_X509_UNKNOWN_SIGNATURE;
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (chimera_oid_is(hash, known[i].hash) && salt_size == known[i].salt_size)
            return (enum chimera_x509_signature_algorithm)(CHIMERA_X509_SHA256_PSS + i);
    return CHIMERA_X509_UNKNOWN_SIGNATURE;
}

bool chimera_x509_signature(struct chimera_slice identifier,
                            enum chimera_x509_signature_algorithm *ret_algorithm)
{
    static const struct {
        enum chimera_oid oid;
        enum chimera_x509_signature_algorithm algorithm;
    } known[] = {
        {OID_MD5_RSA, CHIMERA_X509_MD5_RSA},
        {OID_SHA1_RSA, CHIMERA_X509_SHA1_RSA},
        {OID_SHA1_RSA_ISO, CHIMERA_X509_SHA1_RSA},
        {OID_SHA256_RSA, CHIMERA_X509_SHA256_RSA},
        {OID_SHA384_RSA, CHIMERA_X509_SHA384_RSA},
        {OID_SHA512_RSA, CHIMERA_X509_SHA512_RSA},
        {OID_DSA_SHA1, CHIMERA_X509_DSA_SHA1},
        {OID_DSA_SHA256, CHIMERA_X509_DSA_SHA256},
        {OID_ECDSA_SHA1, CHIMERA_X509_ECDSA_SHA1},
        {OID_ECDSA_SHA256, CHIMERA_X509_ECDSA_SHA256},
        {OID_ECDSA_SHA384, CHIMERA_X509_ECDSA_SHA384},
        {OID_ECDSA_SHA512, CHIMERA_X509_ECDSA_SHA512},
        {OID_ED25519, CHIMERA_X509_ED25519_SIGNATURE},
    };
    struct identifier read;
    if (!read_identifier(identifier, &read))
        return false;
    *ret_algorithm = CHIMERA_X509_UNKNOWN_SIGNATURE;
    if (chimera_oid_is(read.oid, OID_PSS))
        *ret_algorithm = read_pss(read.parameters);
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (chimera_oid_is(read.oid, known[i].oid))
            *ret_algorithm = known[i].algorithm;
    if (*ret_algorithm == CHIMERA_X509_ED25519_SIGNATURE && read.parameters.size > 0)
        *ret_algorithm = CHIMERA_X509_UNKNOWN_SIGNATURE;
    return true;
}

/* --- Public keys --- */

/* More than zero. */
static bool take_positive(struct chimera_slice *der, struct chimera_slice *ret_number)
{
    return chimera_der_unsigned(der, ret_number) && ret_number->size > 0;
}

static bool read_rsa(struct chimera_slice parameters, struct chimera_slice der,
                     struct chimera_x509_public_key *key)
{
    struct chimera_slice inside;
    return chimera_slice_equal(parameters, NULL_ELEMENT) &&
           chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) &&
           take_positive(&inside, &key->n) && take_positive(&inside, &key->e) &&
           (key->e.size < 8 || (key->e.size == 8 && (uint8_t)key->e.data[0] < 0x80));
}

static bool read_dsa(struct chimera_slice parameters, struct chimera_slice der,
                     struct chimera_x509_public_key *key)
{
    struct chimera_slice inside;
    return take_positive(&der, &key->y) &&
           chimera_der_take(&parameters, CHIMERA_DER_SEQUENCE, &inside) &&
           take_positive(&inside, &key->p) && take_positive(&inside, &key->q) &&
           take_positive(&inside, &key->g);
}

static bool read_ec(struct chimera_slice parameters, struct chimera_x509_public_key *key)
{
    static const enum chimera_oid curves[] = {OID_P224, OID_P256, OID_P384, OID_P521};
    struct chimera_slice oid;
    struct chimera_rego_key made;
    if (!chimera_der_oid(&parameters, &oid))
        return false;
    key->curve = CHIMERA_REGO_P224;
    while (key->curve < CHIMERA_REGO_CURVES && !chimera_oid_is(oid, curves[key->curve]))
        key->curve++;
    bool is_point = key->curve < CHIMERA_REGO_CURVES &&
                    chimera_rego_key_ec(key->curve, key->point, CHIMERA_SLICE(""), &made);
    if (is_point)
        chimera_rego_key_free(&made);
    return is_point;
}

bool chimera_x509_read_key(struct chimera_slice der, bool allow_unknown,
                           struct chimera_x509_public_key *ret_key)
{
    struct chimera_slice inside, algorithm;
    struct identifier read;
    struct chimera_der_bits bits;
    *ret_key = (struct chimera_x509_public_key){0};
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) ||
        !chimera_der_take(&inside, CHIMERA_DER_SEQUENCE, &algorithm) ||
        !read_identifier(algorithm, &read) || !chimera_der_bit_string(&inside, &bits))
        return false;
    ret_key->point = bits.bytes;
    bool is_plain = read.parameters.size == 0 && bits.bytes.size == 32;
    if (chimera_oid_is(read.oid, OID_RSA)) {
        ret_key->algorithm = CHIMERA_X509_RSA;
        return bits.unused == 0 && read_rsa(read.parameters, bits.bytes, ret_key);
    }
    if (chimera_oid_is(read.oid, OID_DSA)) {
        ret_key->algorithm = CHIMERA_X509_DSA;
        return bits.unused == 0 && read_dsa(read.parameters, bits.bytes, ret_key);
    }
    if (chimera_oid_is(read.oid, OID_EC)) {
        ret_key->algorithm = CHIMERA_X509_ECDSA;
        return bits.unused == 0 && read_ec(read.parameters, ret_key);
    }
    if (chimera_oid_is(read.oid, OID_ED25519)) {
        ret_key->algorithm = CHIMERA_X509_ED25519;
        return bits.unused == 0 && is_plain;
    }
    if (!allow_unknown && chimera_oid_is(read.oid, OID_X25519)) {
        ret_key->algorithm = CHIMERA_X509_X25519;
        return bits.unused == 0 && is_plain;
    }
    return allow_unknown;
}

void chimera_x509_key(const struct chimera_x509_public_key *public_key,
                      struct chimera_rego_key *ret_key)
{
    const struct chimera_rego_rsa rsa = {.n = public_key->n, .e = public_key->e};
    *ret_key = (struct chimera_rego_key){.kind = CHIMERA_REGO_KEY_OTHER};
    if (public_key->algorithm == CHIMERA_X509_RSA)
        chimera_rego_key_rsa(&rsa, ret_key);
    else if (public_key->algorithm == CHIMERA_X509_ECDSA)
        chimera_rego_key_ec(public_key->curve, public_key->point, CHIMERA_SLICE(""), ret_key);
    else if (public_key->algorithm == CHIMERA_X509_ED25519)
        chimera_rego_key_ed25519(public_key->point, CHIMERA_SLICE(""), ret_key);
}

bool chimera_x509_public_key(struct chimera_slice der, struct chimera_rego_key *ret_key)
{
    struct chimera_x509_public_key public_key;
    struct chimera_slice rest = der, whole;
    if (!chimera_der_whole(&rest, CHIMERA_DER_SEQUENCE, &whole) || rest.size > 0 ||
        !chimera_x509_read_key(whole, false, &public_key))
        return false;
    chimera_x509_key(&public_key, ret_key);
    return true;
}

/* --- Certificates --- */

static bool read_version(struct chimera_slice *tbs, int64_t *ret_version)
{
    struct chimera_slice inside;
    bool is_there;
    *ret_version = 0;
    if (!chimera_der_optional(tbs, CHIMERA_DER_CONTEXT(0) | CHIMERA_DER_CONSTRUCTED, &is_there,
                              &inside) ||
        (is_there &&
         (!chimera_der_int64(&inside, CHIMERA_DER_INTEGER, ret_version) || inside.size > 0)) ||
        *ret_version < 0)
        return false;
    return ++*ret_version <= VERSION_MAX;
}

static bool read_tail(struct chimera_slice *tbs, struct chimera_x509 *certificate)
{
    struct chimera_slice inside;
    bool is_there;
    certificate->extensions = CHIMERA_SLICE("");
    if (certificate->version == 1)
        return true;
    if (!chimera_der_optional(tbs, CHIMERA_DER_CONTEXT(1), &is_there, &inside) ||
        !chimera_der_optional(tbs, CHIMERA_DER_CONTEXT(2), &is_there, &inside))
        return false;
    if (certificate->version < VERSION_MAX)
        return true;
    if (!chimera_der_optional(tbs, CHIMERA_DER_CONTEXT(3) | CHIMERA_DER_CONSTRUCTED, &is_there,
                              &inside))
        return false;
    return !is_there ||
           (chimera_der_take(&inside, CHIMERA_DER_SEQUENCE, &certificate->extensions) &&
            chimera_x509_read_extensions(certificate));
}

static bool read_tbs(struct chimera_slice tbs, struct chimera_slice signature_identifier,
                     struct chimera_x509 *certificate)
{
    struct chimera_slice identifier, validity;
    return read_version(&tbs, &certificate->version) &&
           chimera_der_integer(&tbs, &certificate->serial) &&
           !((uint8_t)certificate->serial.data[0] & 0x80) &&
           chimera_der_take(&tbs, CHIMERA_DER_SEQUENCE, &identifier) &&
           chimera_slice_equal(identifier, signature_identifier) &&
           chimera_x509_signature(identifier, &certificate->signature_algorithm) &&
           chimera_der_whole(&tbs, CHIMERA_DER_SEQUENCE, &certificate->issuer) &&
           chimera_x509_check_name(certificate->issuer) &&
           chimera_der_take(&tbs, CHIMERA_DER_SEQUENCE, &validity) &&
           chimera_der_time(&validity, &certificate->not_before) &&
           chimera_der_time(&validity, &certificate->not_after) &&
           chimera_der_whole(&tbs, CHIMERA_DER_SEQUENCE, &certificate->subject) &&
           chimera_x509_check_name(certificate->subject) &&
           chimera_der_whole(&tbs, CHIMERA_DER_SEQUENCE, &certificate->spki) &&
           chimera_x509_read_key(certificate->spki, true, &certificate->public_key) &&
           read_tail(&tbs, certificate);
}

bool chimera_x509_next(const struct chimera_rego_call *call, struct chimera_slice der,
                       struct chimera_x509 *ret_certificate)
{
    struct chimera_slice inside, tbs, identifier;
    struct chimera_der_bits signature;
    *ret_certificate = (struct chimera_x509){.call = call,
                                             .max_path_length = -1,
                                             .require_policy = CHIMERA_X509_NO_NUMBER,
                                             .inhibit_mapping = CHIMERA_X509_NO_NUMBER,
                                             .inhibit_any = CHIMERA_X509_NO_NUMBER};
    if (chimera_account_has_time(call->account, READ_NS + der.size) < 0)
        return false;
    if (!chimera_der_whole(&der, CHIMERA_DER_SEQUENCE, &ret_certificate->raw))
        return false;
    der = ret_certificate->raw;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) ||
        !chimera_der_whole(&inside, CHIMERA_DER_SEQUENCE, &ret_certificate->tbs))
        return false;
    der = ret_certificate->tbs;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &tbs) ||
        !chimera_der_take(&inside, CHIMERA_DER_SEQUENCE, &identifier) ||
        !read_tbs(tbs, identifier, ret_certificate) ||
        !chimera_der_bit_string(&inside, &signature) || signature.unused != 0)
        return false;
    ret_certificate->signature = signature.bytes;
    return true;
}

bool chimera_x509_read(const struct chimera_rego_call *call, struct chimera_slice der,
                       struct chimera_x509 *ret_certificate)
{
    return chimera_x509_next(call, der, ret_certificate) && ret_certificate->raw.size == der.size;
}
