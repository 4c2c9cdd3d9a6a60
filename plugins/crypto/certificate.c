/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/crypto/certificate.h"

#include <openssl/x509v3.h>
#include <stdint.h>
#include <time.h>

#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"

#define DER_MAX ((size_t)65536) /* webpki's */
#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

static const struct {
    int rank;
    const char *text;
} faults[] = {
#define X(name, rank, text) {rank, text},
    FAULT_MAP(X)
#undef X
};

const char *fault_text(enum fault fault)
{
    return faults[fault].text;
}

int fault_rank(enum fault fault)
{
    return faults[fault].rank;
}

/* --- PEM --- */

static struct chimera_slice take_line(struct chimera_slice *text)
{
    size_t size = 0;
    while (size < text->size && text->data[size] != '\n' && text->data[size] != '\r')
        size++;
    struct chimera_slice line = {text->data, size};
    *text = chimera_slice_behind(*text, size < text->size ? size + 1 : size);
    return line;
}

/* As Rust prints a list of bytes; `what` and them. */
static int fail_bytes(const char *what, struct chimera_slice bytes, struct chimera_error *err)
{
    struct chimera_buffer list;
    chimera_buffer_init(&list, sizeof(err->text));
    for (size_t i = 0; i < bytes.size && !list.failed; i++)
        chimera_buffer_print(&list, "%s%d", i > 0 ? ", " : "", (unsigned char)bytes.data[i]);
    int code = chimera_fail(err, CHIMERA_EINVAL, "%s: [%.*s]", what, (int)list.size,
                            list.data ? list.data : "");
    chimera_buffer_free(&list);
    return code;
}

/* Without blanks, and with all of its padding. */
static int decode(const struct chimera_buffer *text, struct chimera_buffer *out,
                  struct chimera_error *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    size_t size = 0;
    for (size_t i = 0; i < text->size; i++)
        if (!memchr(letters, text->data[i], sizeof(letters) - 1))
            return chimera_fail(err, CHIMERA_EINVAL, "base64 decode error: InvalidCharacter(%d)",
                                (unsigned char)text->data[i]);
    char *to = chimera_buffer_reserve(out, chimera_base64_decoded_max(text->size));
    if (!to)
        return chimera_fail_memory(err);
    if (!chimera_base64_decode(chimera_buffer_slice(text), CHIMERA_BASE64_STANDARD, to, &size) &&
        !chimera_base64_decode(chimera_buffer_slice(text), CHIMERA_BASE64_UNPADDED, to, &size)) {
        const char *padding = memchr(text->data, '=', text->size);
        bool is_early = padding && (size_t)(padding - text->data) < (text->size - 1) / 4 * 4;
        return chimera_fail(err, CHIMERA_EINVAL, "base64 decode error: %s",
                            is_early ? "PrematurePadding" : "InvalidTrailingPadding");
    }
    out->size += size;
    return CHIMERA_OK;
}

/* What "-----BEGIN LABEL-----" names. */
static int read_label(struct chimera_slice line, struct chimera_slice *ret_label,
                      struct chimera_error *err)
{
    size_t end = line.size, dashes = 0;
    while (end > 0 && (line.data[end - 1] == ' ' || line.data[end - 1] == '-'))
        dashes += line.data[--end] == '-';
    if (dashes != 5 || end < strlen("-----BEGIN "))
        return fail_bytes("illegal section start", line, err);
    *ret_label =
        chimera_slice_behind((struct chimera_slice){line.data, end}, strlen("-----BEGIN "));
    return CHIMERA_OK;
}

int certificate_from_pem(struct chimera_slice pem, struct chimera_buffer *out,
                         struct chimera_error *err)
{
    struct chimera_slice label = {0};
    struct chimera_buffer text;
    int code = CHIMERA_OK;
    bool is_found = false;
    chimera_buffer_init(&text, pem.size + 1);
    while (code == CHIMERA_OK && !is_found && pem.size > 0) {
        struct chimera_slice line = take_line(&pem), rest = line;
        if (chimera_slice_starts(line, "-----BEGIN ")) {
            code = read_label(line, &label, err);
            continue;
        }
        if (!label.data)
            continue;
        bool is_end = chimera_slice_starts(line, "-----END ");
        if (is_end)
            rest = chimera_slice_behind(line, strlen("-----END "));
        is_end = is_end && rest.size >= label.size + 5 &&
                 memcmp(rest.data, label.data, label.size) == 0 &&
                 memcmp(rest.data + label.size, "-----", 5) == 0;
        is_found = is_end && chimera_slice_is(label, "CERTIFICATE");
        if (is_found)
            code = decode(&text, out, err);
        for (size_t i = 0; !is_end && i < line.size && !text.failed; i++)
            if (line.data[i] != ' ' && line.data[i] != '\t')
                chimera_buffer_byte(&text, (uint8_t)line.data[i]);
        if (is_end) {
            label.data = NULL;
            chimera_buffer_reset(&text);
        }
    }
    chimera_buffer_free(&text);
    if (code < 0 || is_found)
        return code;
    if (label.data)
        return fail_bytes("missing section end marker", label, err);
    return chimera_fail(err, CHIMERA_EINVAL, "no items found");
}

/* --- Reading --- */

/* Is it one SEQUENCE, and nothing behind it? */
static bool is_sequence(const ASN1_OCTET_STRING *value)
{
    const unsigned char *at = ASN1_STRING_get0_data(value), *end = at + ASN1_STRING_length(value);
    long size = 0;
    int tag = 0, class = 0;
    int form = ASN1_get_object(&at, &size, &tag, &class, end - at);
    return form == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE && class == V_ASN1_UNIVERSAL &&
           at + size == end;
}

/* Those of 2.5.29 that webpki knows; each may stand there once, and all but the first are
 * sequences. */
static enum fault check_extensions(X509 *certificate, bool is_anchor)
{
    static const int known[] = {
        NID_key_usage,        NID_subject_alt_name,        NID_basic_constraints,
        NID_name_constraints, NID_crl_distribution_points, NID_ext_key_usage};
    unsigned seen = 0;
    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        size_t at = 0;
        while (at < sizeof(known) / sizeof(known[0]) && known[at] != nid)
            at++;
        if (at == sizeof(known) / sizeof(known[0])) {
            if (X509_EXTENSION_get_critical(extension) == 1 && !is_anchor)
                return FAULT_CRITICAL;
            continue;
        }
        if (seen & 1U << at)
            return FAULT_EXTENSION;
        seen |= 1U << at;
        if (at > 0 && !is_sequence(X509_EXTENSION_get_data(extension)))
            return FAULT_DER;
    }
    return FAULT_NONE;
}

enum fault certificate_read(struct chimera_slice der, bool is_anchor, X509 **ret_certificate)
{
    const unsigned char *at = (const unsigned char *)der.data, *end = at + der.size;
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    X509 *certificate =
        der.size > 0 && der.size <= DER_MAX ? d2i_X509(NULL, &at, (long)der.size) : NULL;
    enum fault fault = FAULT_DER;
    if (!certificate) {
        /* What is not even one sequence has a name of its own. */
        const unsigned char *inside = (const unsigned char *)der.data;
        long size = 0;
        int tag = 0, class = 0;
        int form = der.size > 0 && der.size <= DER_MAX
                       ? ASN1_get_object(&inside, &size, &tag, &class, (long)der.size)
                       : 0x80;
        if (form != V_ASN1_CONSTRUCTED || tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL)
            fault = FAULT_SIGNED_DATA;
    } else {
        X509_get0_signature(&signature, &algorithm, certificate);
        long version = X509_get_version(certificate);
        bool is_first = is_anchor && version == X509_VERSION_1;
        fault = at != end                                ? FAULT_TRAILING
                : version != X509_VERSION_3 && !is_first ? FAULT_VERSION
                : X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(certificate)) != 0
                    ? FAULT_TWO_ALGORITHMS
                    : check_extensions(certificate, is_anchor);
    }
    /* Its names are read now: without this, nobody's constraints would bind them. */
    if (fault == FAULT_NONE)
        X509_check_purpose(certificate, -1, 0);
    if (fault == FAULT_NONE)
        *ret_certificate = certificate;
    else
        X509_free(certificate);
    return fault;
}

/* --- Judging --- */

static bool read_time(const ASN1_TIME *time, int64_t *ret_seconds)
{
    struct tm read;
    if (!time || ASN1_TIME_to_tm(time, &read) != 1)
        return false;
    *ret_seconds = (int64_t)timegm(&read);
    return true;
}

/* What RFC 5280 §4.2.1.9 says who may sign certificates. */
static enum fault check_authority(X509 *certificate, bool is_authority, size_t below)
{
    int status = 0;
    BASIC_CONSTRAINTS *basic = X509_get_ext_d2i(certificate, NID_basic_constraints, &status, NULL);
    enum fault fault = FAULT_NONE;
    if (!basic && status != -1)
        fault = FAULT_DER;
    else if (!is_authority)
        fault = basic && basic->ca ? FAULT_AUTHORITY : FAULT_NONE;
    else if (!basic || !basic->ca)
        fault = FAULT_NO_AUTHORITY;
    else if (basic->pathlen && ASN1_INTEGER_get(basic->pathlen) < (long)below)
        fault = FAULT_PATH_LENGTH;
    BASIC_CONSTRAINTS_free(basic);
    return fault;
}

enum fault certificate_check(X509 *certificate, int64_t time, bool is_authority, size_t below)
{
    int64_t from, until;
    int status = 0;
    if (!read_time(X509_get0_notBefore(certificate), &from) ||
        !read_time(X509_get0_notAfter(certificate), &until))
        return FAULT_TIME;
    if (from > until)
        return FAULT_VALIDITY;
    if (time < from || time > until)
        return time < from ? FAULT_NOT_YET : FAULT_EXPIRED;
    enum fault fault = check_authority(certificate, is_authority, below);
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, &status, NULL);
    if (fault == FAULT_NONE && usages && sk_ASN1_OBJECT_num(usages) == 0)
        fault = FAULT_NO_USAGE;
    else if (fault == FAULT_NONE && !usages && status != -1)
        fault = FAULT_DER;
    EXTENDED_KEY_USAGE_free(usages);
    return fault;
}

/* As webpki has them, byte for byte: what is inside of the AlgorithmIdentifier, and the key that
 * goes with it. PSS has a salt as long as the hash, and the mask's hash is the same. */
#define RSA(last) "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last
#define HASH(last) "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last "\x05\x00"
#define PSS(hash, salt)                                                                    \
    RSA("\x0a")                                                                            \
    "\x30\x34\xa0\x0f" HASH(hash) "\xa1\x1c\x30\x1a" RSA("\x08") HASH(hash) "\xa2\x03\x02" \
                                                                            "\x01" salt
#define ECDSA(last) "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last

static const struct {
    struct chimera_slice der;
    int key;
} algorithms[] = {
    {{ECDSA("\x02"), 10}, EVP_PKEY_EC},        {{ECDSA("\x03"), 10}, EVP_PKEY_EC},
    {{ECDSA("\x04"), 10}, EVP_PKEY_EC},        {{"\x06\x03\x2b\x65\x70", 5}, EVP_PKEY_ED25519},
    {{RSA("\x0b\x05\x00"), 13}, EVP_PKEY_RSA}, {{RSA("\x0c\x05\x00"), 13}, EVP_PKEY_RSA},
    {{RSA("\x0d\x05\x00"), 13}, EVP_PKEY_RSA}, {{RSA("\x0b"), 11}, EVP_PKEY_RSA},
    {{RSA("\x0c"), 11}, EVP_PKEY_RSA},         {{RSA("\x0d"), 11}, EVP_PKEY_RSA},
    {{PSS("\x01", "\x20"), 65}, EVP_PKEY_RSA}, {{PSS("\x02", "\x30"), 65}, EVP_PKEY_RSA},
    {{PSS("\x03", "\x40"), 65}, EVP_PKEY_RSA},
};

/* The kind of key that goes with the signature's algorithm; 0: it is none of these. */
static int find_key_kind(X509 *certificate)
{
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    unsigned char *der = NULL;
    int kind = 0;
    X509_get0_signature(&signature, &algorithm, certificate);
    int size = i2d_X509_ALGOR(algorithm, &der);
    /* All are so short that tag and length are two bytes. */
    struct chimera_slice inside = {(char *)der + 2, size > 2 ? (size_t)size - 2 : 0};
    for (size_t i = 0; size > 2 && i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (chimera_slice_equal(inside, algorithms[i].der))
            kind = algorithms[i].key;
    OPENSSL_free(der);
    return kind;
}

enum fault certificate_check_signature(X509 *certificate, X509 *issuer)
{
    static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
    char curve[32] = "";
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    int kind = find_key_kind(certificate), bits = key ? EVP_PKEY_get_bits(key) : 0;
    if (kind == 0)
        return FAULT_ALGORITHM;
    if (!key)
        return FAULT_DER;
    bool is_curve = kind != EVP_PKEY_EC;
    if (kind == EVP_PKEY_EC)
        EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
        is_curve |= strcmp(curve, curves[i]) == 0;
    if (EVP_PKEY_get_base_id(key) != kind || !is_curve)
        return FAULT_ALGORITHM_OF_KEY;
    if (kind == EVP_PKEY_RSA && (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX))
        return FAULT_SIGNATURE;
    return X509_verify(certificate, key) == 1 ? FAULT_NONE : FAULT_SIGNATURE;
}

bool certificate_names_issuer(X509 *certificate, X509 *issuer)
{
    const unsigned char *named, *own;
    size_t named_size, own_size;
    return X509_NAME_get0_der(X509_get_issuer_name(certificate), &named, &named_size) == 1 &&
           X509_NAME_get0_der(X509_get_subject_name(issuer), &own, &own_size) == 1 &&
           chimera_slice_equal((struct chimera_slice){(const char *)named, named_size},
                               (struct chimera_slice){(const char *)own, own_size});
}
