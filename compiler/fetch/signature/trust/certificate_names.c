/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/certificate_names.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

#define OID_ISSUER_RAW "1.3.6.1.4.1.57264.1.1"
#define OID_REPOSITORY "1.3.6.1.4.1.57264.1.5"
#define OID_ISSUER "1.3.6.1.4.1.57264.1.8"
#define OID_SOURCE_URI "1.3.6.1.4.1.57264.1.12"
#define GITHUB "https://github.com/"
#define NAME_MAX_BYTES 4096

void chimera_identity_done(struct chimera_identity *identity)
{
    free(identity->issuer);
    free(identity->subject);
    free(identity->github_repository);
    *identity = (struct chimera_identity){0};
}

/* What is printed and compared as C text must be one: no NUL, no control characters. */
static char *copy_text(struct chimera_slice text)
{
    if (text.size == 0 || text.size > NAME_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < ' ' || byte == 0x7F)
            return NULL;
    }
    return strndup(text.data, text.size);
}

static struct chimera_slice slice_of(const ASN1_STRING *string)
{
    return (struct chimera_slice){(const char *)ASN1_STRING_get0_data(string),
                                  (size_t)ASN1_STRING_length(string)};
}

/* The bytes of the extension; false when it is not there. Twice is an error, so that nobody reads
 * the other one: `*ret_is_twice`. */
static bool find_extension(X509 *certificate, const char *oid, struct chimera_slice *ret_bytes,
                           bool *ret_is_twice)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = object ? X509_get_ext_by_OBJ(certificate, object, -1) : -1;
    *ret_is_twice = at >= 0 && X509_get_ext_by_OBJ(certificate, object, at) >= 0;
    ASN1_OBJECT_free(object);
    if (at < 0)
        return false;
    *ret_bytes = slice_of(X509_EXTENSION_get_data(X509_get_ext(certificate, at)));
    return true;
}

/* The text of an extension, owned by the caller, in *ret_text; NULL when it is not there. */
static int read_raw(X509 *certificate, const char *oid, char **ret_text, struct chimera_error *err)
{
    struct chimera_slice bytes;
    bool is_twice;
    *ret_text = NULL;
    if (!find_extension(certificate, oid, &bytes, &is_twice))
        return CHIMERA_OK;
    *ret_text = is_twice ? NULL : copy_text(bytes);
    return *ret_text ? CHIMERA_OK
                     : chimera_fail(err, CHIMERA_EREFUSED,
                                    "the extension %s of the certificate is malformed", oid);
}

/* The same of one that holds a UTF8String. */
static int read_der(X509 *certificate, const char *oid, char **ret_text, struct chimera_error *err)
{
    struct chimera_slice bytes;
    bool is_twice;
    *ret_text = NULL;
    if (!find_extension(certificate, oid, &bytes, &is_twice))
        return CHIMERA_OK;
    const unsigned char *at = (const unsigned char *)bytes.data;
    ASN1_UTF8STRING *string = is_twice ? NULL : d2i_ASN1_UTF8STRING(NULL, &at, (long)bytes.size);
    if (string && at == (const unsigned char *)bytes.data + bytes.size)
        *ret_text = copy_text(slice_of(string));
    ASN1_UTF8STRING_free(string);
    return *ret_text ? CHIMERA_OK
                     : chimera_fail(err, CHIMERA_EREFUSED,
                                    "the extension %s of the certificate is malformed", oid);
}

/* The old extension has "owner/repo", the new one the repository's address. */
static int read_repository(X509 *certificate, struct chimera_identity *identity,
                           struct chimera_error *err)
{
    char *uri = NULL;
    int code = read_raw(certificate, OID_REPOSITORY, &identity->github_repository, err);
    if (code == CHIMERA_OK)
        code = read_der(certificate, OID_SOURCE_URI, &uri, err);
    const char *path = identity->github_repository;
    size_t uri_size = uri ? strlen(uri) : 0, path_size = path ? strlen(path) : 0;
    if (code == CHIMERA_OK && uri && path &&
        (uri_size <= path_size || strcmp(uri + uri_size - path_size, path) != 0 ||
         uri[uri_size - path_size - 1] != '/'))
        code = chimera_fail(err, CHIMERA_EREFUSED, "the certificate names two repositories");
    if (code == CHIMERA_OK && uri && !identity->github_repository &&
        chimera_slice_starts(chimera_slice_of(uri), GITHUB)) {
        identity->github_repository = strdup(uri + sizeof(GITHUB) - 1);
        if (!identity->github_repository)
            code = chimera_fail_memory(err);
    }
    free(uri);
    return code;
}

static int read_subject(X509 *certificate, struct chimera_identity *identity,
                        struct chimera_error *err)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        int type;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
        if (type != GEN_EMAIL && type != GEN_URI)
            continue;
        identity->is_uri = type == GEN_URI;
        identity->subject = copy_text(slice_of(value));
        break;
    }
    GENERAL_NAMES_free(names);
    return identity->subject ? CHIMERA_OK
                             : chimera_fail(err, CHIMERA_EREFUSED,
                                            "the certificate names no e-mail address or URI");
}

/* Both forms of an issuer must agree, or whoever reads the one would believe another than who reads
 * the other. */
int chimera_certificate_names(X509 *certificate, struct chimera_identity *identity,
                              struct chimera_error *err)
{
    int code = read_subject(certificate, identity, err);
    if (code == CHIMERA_OK) {
        char *raw, *der = NULL;
        code = read_raw(certificate, OID_ISSUER_RAW, &raw, err);
        if (code == CHIMERA_OK)
            code = read_der(certificate, OID_ISSUER, &der, err);
        if (code == CHIMERA_OK && !raw && !der)
            code = chimera_fail(err, CHIMERA_EREFUSED, "the certificate names no issuer");
        if (code == CHIMERA_OK && raw && der && strcmp(raw, der) != 0)
            code = chimera_fail(err, CHIMERA_EREFUSED, "the certificate names two issuers");
        identity->issuer = der ? der : raw;
        if (der)
            free(raw);
    }
    if (code == CHIMERA_OK)
        code = read_repository(certificate, identity, err);
    return code;
}
