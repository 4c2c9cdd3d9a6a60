/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin crypto.x509.parse_certificate_request (RFC 2986), as Go reads requests. */
#include "runtime/rego/builtins/crypto/base/armor.h"
#include "runtime/rego/builtins/crypto/base/oid.h"
#include "runtime/rego/builtins/crypto/x509/show.h"

#define EXTENSIONS_MAX 256

struct request {
    struct chimera_slice raw, info, subject, spki, attributes, signature;
    int64_t version;
    enum chimera_x509_signature_algorithm algorithm;
    struct chimera_x509_public_key public_key;
    struct chimera_slice seen[EXTENSIONS_MAX]; /* identifiers of extensions */
    size_t seen_count;
    struct chimera_slice names; /* the extension's value; .data NULL: none */
};

/* --- Attributes --- */

/* What Go makes of a value of no known type. False when it is malformed; null is a NULL. */
static bool show_any(struct chimera_maker *maker, struct chimera_slice whole,
                     struct json_object **ret_value)
{
    struct chimera_slice der = whole, inside;
    struct chimera_buffer text;
    struct chimera_der_bits bits;
    struct chimera_der_time time;
    bool is_true;
    int64_t number;
    unsigned tag;
    *ret_value = NULL;
    chimera_der_any(&der, &tag, &inside, NULL);
    switch (tag) {
    case CHIMERA_DER_BOOLEAN:
        if (!chimera_der_boolean(&whole, &is_true))
            return false;
        *ret_value = chimera_make_bool(maker, is_true);
        return true;
    case CHIMERA_DER_INTEGER:
        if (!chimera_der_int64(&whole, tag, &number))
            return false;
        *ret_value = chimera_make_int(maker, number);
        return true;
    case CHIMERA_DER_BIT_STRING:
        if (!chimera_der_bit_string(&whole, &bits))
            return false;
        *ret_value = chimera_make_object(maker);
        chimera_make_member(maker, *ret_value, "Bytes", chimera_make_bytes(maker, bits.bytes));
        chimera_make_member(maker, *ret_value, "BitLength",
                            chimera_make_int(maker, (int64_t)(bits.bytes.size * 8 - bits.unused)));
        return true;
    case CHIMERA_DER_OID:
        if (!chimera_der_oid(&whole, &inside))
            return false;
        *ret_value = chimera_make_oid(maker, inside);
        return true;
    case CHIMERA_DER_OCTET_STRING:
        *ret_value = chimera_make_bytes(maker, inside);
        return true;
    case CHIMERA_DER_UTC_TIME:
    case CHIMERA_DER_GENERALIZED_TIME:
        if (!chimera_der_time(&whole, &time))
            return false;
        *ret_value = chimera_x509_show_time(maker, &time);
        return true;
    case CHIMERA_DER_PRINTABLE:
    case CHIMERA_DER_NUMERIC:
    case CHIMERA_DER_IA5:
    case CHIMERA_DER_T61:
    case CHIMERA_DER_UTF8:
    case CHIMERA_DER_BMP: {
        chimera_rego_buffer(maker->call, &text);
        bool is_text = chimera_x509_text(tag, inside, &text);
        if (is_text)
            *ret_value = chimera_make_text(maker, chimera_buffer_slice(&text));
        chimera_buffer_free(&text);
        return is_text;
    }
    default:
        return true;
    }
}

/* A sequence of pairs of a type and a value; false when it is none. */
static bool show_pairs(struct chimera_maker *maker, struct chimera_slice pairs,
                       struct json_object *array)
{
    struct chimera_slice pair, oid, value;
    struct json_object *shown;
    while (pairs.size > 0 && maker->code == CHIMERA_OK) {
        if (!chimera_der_take(&pairs, CHIMERA_DER_SEQUENCE, &pair) ||
            !chimera_der_oid(&pair, &oid) || !chimera_der_any(&pair, NULL, NULL, &value) ||
            !show_any(maker, value, &shown))
            return false;
        struct json_object *object = chimera_make_object(maker);
        chimera_make_member(maker, object, "Type", chimera_make_oid(maker, oid));
        chimera_make_member(maker, object, "Value", shown);
        chimera_make_element(maker, array, object);
    }
    return true;
}

/* An attribute whose values are sequences of pairs; NULL when it is not so, as for passwords. */
static struct json_object *show_attribute(struct chimera_maker *maker, struct chimera_slice der)
{
    struct chimera_slice inside, oid, set, pairs;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) || !chimera_der_oid(&inside, &oid) ||
        !chimera_der_take(&inside, CHIMERA_DER_SET, &set))
        return NULL;
    struct json_object *values = chimera_make_array(maker);
    bool is_good = true;
    while (set.size > 0 && is_good && maker->code == CHIMERA_OK) {
        is_good = chimera_der_take(&set, CHIMERA_DER_SEQUENCE, &pairs);
        struct json_object *array = chimera_make_array(maker);
        is_good = is_good && show_pairs(maker, pairs, array);
        chimera_make_element(maker, values, array);
    }
    if (!is_good) {
        json_object_put(values);
        return NULL;
    }
    struct json_object *object = chimera_make_object(maker);
    chimera_make_member(maker, object, "Type", chimera_make_oid(maker, oid));
    chimera_make_member(maker, object, "Value", values);
    return object;
}

static struct json_object *show_attributes(struct chimera_maker *maker, struct chimera_slice rest)
{
    struct json_object *array = NULL;
    struct chimera_slice whole;
    while (rest.size > 0 && maker->code == CHIMERA_OK &&
           chimera_der_any(&rest, NULL, NULL, &whole)) {
        struct json_object *attribute = show_attribute(maker, whole);
        if (attribute && !array)
            array = chimera_make_array(maker);
        if (attribute)
            chimera_make_element(maker, array, attribute);
    }
    return array;
}

/* --- Extensions --- */

static bool is_list(struct chimera_slice elements)
{
    while (elements.size > 0)
        if (!chimera_der_any(&elements, NULL, NULL, NULL))
            return false;
    return true;
}

/* The next list of extensions that is asked for; false when there is none any more. What is
 * malformed is passed over. */
static bool next_request(struct chimera_slice *attributes, struct chimera_slice *ret_value)
{
    struct chimera_slice whole, inside, oid, set;
    while (attributes->size > 0 && chimera_der_any(attributes, NULL, NULL, &whole)) {
        if (chimera_der_take(&whole, CHIMERA_DER_SEQUENCE, &inside) &&
            chimera_der_oid(&inside, &oid) && chimera_oid_is(oid, OID_EXTENSION_REQUEST) &&
            chimera_der_take(&inside, CHIMERA_DER_SET, &set) && set.size > 0 && is_list(set)) {
            *ret_value = set;
            return true;
        }
    }
    return false;
}

static bool check_extensions(const struct chimera_rego_call *call, struct request *request,
                             struct chimera_slice list)
{
    struct chimera_x509_extension extension;
    bool is_any;
    while (list.size > 0) {
        if (request->seen_count == EXTENSIONS_MAX ||
            !chimera_x509_extension_next(&list, &extension))
            return false;
        for (size_t i = 0; i < request->seen_count; i++)
            if (chimera_slice_equal(request->seen[i], extension.oid))
                return false;
        request->seen[request->seen_count++] = extension.oid;
        if (extension.kind != CHIMERA_X509_SAN)
            continue;
        request->names = extension.value;
        if (!chimera_x509_check_names(call, extension.value, &is_any))
            return false;
    }
    return true;
}

/* --- Requests --- */

static bool read_info(struct chimera_slice info, struct request *request)
{
    const unsigned attributes = CHIMERA_DER_CONTEXT(0) | CHIMERA_DER_CONSTRUCTED;
    struct chimera_slice inside;
    return chimera_der_take(&info, CHIMERA_DER_SEQUENCE, &inside) &&
           chimera_der_int64(&inside, CHIMERA_DER_INTEGER, &request->version) &&
           chimera_der_whole(&inside, CHIMERA_DER_SEQUENCE, &request->subject) &&
           chimera_x509_check_name(request->subject) &&
           chimera_der_whole(&inside, CHIMERA_DER_SEQUENCE, &request->spki) &&
           chimera_x509_read_key(request->spki, true, &request->public_key) &&
           chimera_der_take(&inside, attributes, &request->attributes);
}

static bool read_request(const struct chimera_rego_call *call, struct chimera_slice der,
                         struct request *request)
{
    struct chimera_slice inside, identifier, rest, value, list;
    struct chimera_der_bits bits;
    request->raw = der;
    if (!chimera_der_take(&der, CHIMERA_DER_SEQUENCE, &inside) || der.size > 0 ||
        !chimera_der_whole(&inside, CHIMERA_DER_SEQUENCE, &request->info) ||
        !read_info(request->info, request) ||
        !chimera_der_take(&inside, CHIMERA_DER_SEQUENCE, &identifier) ||
        !chimera_x509_signature(identifier, &request->algorithm) ||
        !chimera_der_bit_string(&inside, &bits) || bits.unused != 0)
        return false;
    request->signature = bits.bytes;
    if (!is_list(request->attributes))
        return false;
    for (rest = request->attributes; next_request(&rest, &value);)
        if (!chimera_der_take(&value, CHIMERA_DER_SEQUENCE, &list) ||
            !check_extensions(call, request, list))
            return false;
    return true;
}

static struct json_object *show_request(struct chimera_maker *maker, const struct request *request)
{
    const struct {
        const char *member;
        struct chimera_slice bytes;
    } parts[] = {
        {"Raw", request->raw},
        {"RawTBSCertificateRequest", request->info},
        {"RawSubjectPublicKeyInfo", request->spki},
        {"RawSubject", request->subject},
        {"Signature", request->signature},
    };
    struct chimera_slice rest = request->attributes, value, list;
    struct json_object *object = chimera_make_object(maker), *extensions = NULL;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        chimera_make_member(maker, object, parts[i].member,
                            chimera_make_bytes(maker, parts[i].bytes));
    chimera_make_member(maker, object, "Version", chimera_make_int(maker, request->version));
    chimera_make_member(maker, object, "SignatureAlgorithm",
                        chimera_make_int(maker, request->algorithm));
    chimera_make_member(maker, object, "PublicKeyAlgorithm",
                        chimera_make_int(maker, request->public_key.algorithm));
    chimera_make_member(maker, object, "PublicKey",
                        chimera_x509_show_key(maker, &request->public_key));
    chimera_make_member(maker, object, "Subject", chimera_x509_show_name(maker, request->subject));
    chimera_make_member(maker, object, "Attributes", show_attributes(maker, request->attributes));
    while (next_request(&rest, &value))
        if (chimera_der_take(&value, CHIMERA_DER_SEQUENCE, &list))
            extensions = chimera_x509_show_extensions(maker, list, extensions);
    chimera_make_member(maker, object, "Extensions", extensions);
    chimera_make_member(maker, object, "ExtraExtensions", NULL);
    chimera_x509_show_names(maker, object, request->names);
    return object;
}

/* PEM, or base64 of PEM or DER. */
static int open_request(const struct chimera_rego_call *call, struct chimera_slice text,
                        struct chimera_buffer *decoded, struct chimera_buffer *der)
{
    struct chimera_rego_pem pem;
    bool is_good = true;
    if (!chimera_slice_starts(text, "-----BEGIN CERTIFICATE REQUEST-----")) {
        is_good = chimera_rego_base64_decode(text, CHIMERA_BASE64_STANDARD, decoded);
        text = chimera_buffer_slice(decoded);
    }
    if (is_good && chimera_rego_pem_next(text, &pem, der))
        is_good = chimera_slice_is(pem.type, "CERTIFICATE REQUEST");
    else if (is_good)
        chimera_buffer_append(der, text);
    if (decoded->failed || der->failed || (call->account && call->account->failed))
        return chimera_rego_no_memory(call);
    return is_good ? CHIMERA_OK
                   : chimera_fail(call->err, CHIMERA_EINVAL,
                                  "invalid PEM-encoded certificate signing request");
}

int chimera_rego_x509_parse_request(const struct chimera_rego_call *call,
                                    struct json_object **ret_result)
{
    struct request request = {0};
    struct chimera_maker maker = {.call = call};
    struct chimera_buffer decoded, der;
    struct json_object *object = NULL;
    struct chimera_slice text;
    maker.code = chimera_rego_want_string(call, 0, &text);
    if (maker.code < 0)
        return maker.code;
    chimera_rego_buffer(call, &decoded);
    chimera_rego_buffer(call, &der);
    maker.code = open_request(call, text, &decoded, &der);
    if (maker.code == CHIMERA_OK)
        maker.code = chimera_rego_has_time(call, CHIMERA_REGO_KEY_NS + der.size);
    if (maker.code == CHIMERA_OK && !read_request(call, chimera_buffer_slice(&der), &request))
        maker.code =
            call->account && call->account->failed
                ? chimera_rego_no_memory(call)
                : chimera_fail(call->err, CHIMERA_EINVAL, "x509: malformed certificate request");
    if (maker.code == CHIMERA_OK)
        object = show_request(&maker, &request);
    chimera_buffer_free(&decoded);
    chimera_buffer_free(&der);
    return chimera_make_finish(&maker, object, ret_result);
}
