/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins crypto.x509.parse_certificates and parse_and_verify_certificates. */
#include "runtime/rego/builtins/crypto/base/armor.h"
#include "runtime/rego/builtins/crypto/base/oid.h"
#include "runtime/rego/builtins/crypto/x509/chain.h"
#include "runtime/rego/builtins/crypto/x509/show.h"

#define BEGIN "-----BEGIN"

struct certificates {
    struct chimera_buffer der,
        list; /* the latter of struct chimera_x509, with slices of the first */
};

static const struct chimera_x509 *certificate_at(const struct certificates *certificates,
                                                 size_t index)
{
    return (const struct chimera_x509 *)(const void *)certificates->list.data + index;
}

static size_t count_of(const struct certificates *certificates)
{
    return certificates->list.size / sizeof(struct chimera_x509);
}

/* The bytes of all blocks, one behind the other, up to where there is no block any more. */
static int read_blocks(const struct chimera_rego_call *call, struct chimera_slice text,
                       struct chimera_buffer *der)
{
    struct chimera_rego_pem pem;
    while (text.size > 0 && chimera_rego_pem_next(text, &pem, der)) {
        if (!chimera_slice_is(pem.type, "CERTIFICATE"))
            return chimera_rego_refuse(call, "a PEM block's type is not CERTIFICATE");
        text = pem.rest;
    }
    return der->failed || (call->account && call->account->failed) ? chimera_rego_no_memory(call)
                                                                   : CHIMERA_OK;
}

/* PEM, or base64 of PEM or of DER. */
static int read_der(const struct chimera_rego_call *call, struct chimera_slice text,
                    struct chimera_buffer *der)
{
    struct chimera_buffer decoded;
    int code = CHIMERA_OK;
    if (chimera_slice_starts(text, BEGIN))
        return read_blocks(call, text, der);
    chimera_rego_buffer(call, &decoded);
    if (!chimera_rego_base64_decode(text, CHIMERA_BASE64_STANDARD, &decoded))
        code = chimera_rego_refuse(call, "illegal base64 data");
    else if (chimera_slice_starts(chimera_buffer_slice(&decoded), BEGIN))
        code = read_blocks(call, chimera_buffer_slice(&decoded), der);
    else
        chimera_buffer_append(der, chimera_buffer_slice(&decoded));
    if (code == CHIMERA_OK && (decoded.failed || der->failed))
        code = chimera_rego_no_memory(call);
    chimera_buffer_free(&decoded);
    return code;
}

/* The caller closes them, whatever this returns. */
static int open_certificates(const struct chimera_rego_call *call,
                             struct certificates *ret_certificates)
{
    struct chimera_slice text, rest;
    chimera_rego_buffer(call, &ret_certificates->der);
    chimera_rego_buffer(call, &ret_certificates->list);
    int code = chimera_rego_want_string(call, 0, &text);
    if (code == CHIMERA_OK)
        code = read_der(call, text, &ret_certificates->der);
    rest = chimera_buffer_slice(&ret_certificates->der);
    while (code == CHIMERA_OK && rest.size > 0) {
        struct chimera_x509 certificate;
        if (!chimera_x509_next(call, rest, &certificate))
            return chimera_rego_refuse(call, "x509: malformed certificate");
        rest = chimera_slice_behind(rest, certificate.raw.size);
        chimera_buffer_append(
            &ret_certificates->list,
            (struct chimera_slice){(const char *)&certificate, sizeof(certificate)});
        if (ret_certificates->list.failed)
            code = chimera_rego_no_memory(call);
    }
    return code;
}

static void close_certificates(struct certificates *certificates)
{
    chimera_buffer_free(&certificates->der);
    chimera_buffer_free(&certificates->list);
}

int chimera_rego_x509_parse(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct certificates certificates;
    struct chimera_maker maker = {.call = call};
    struct json_object *array = NULL;
    maker.code = open_certificates(call, &certificates);
    array = chimera_make_array(&maker);
    for (size_t i = 0; i < count_of(&certificates) && maker.code == CHIMERA_OK; i++)
        chimera_make_element(&maker, array,
                             chimera_x509_show(&maker, certificate_at(&certificates, i), true));
    close_certificates(&certificates);
    return chimera_make_finish(&maker, array, ret_result);
}

/* --- Verification --- */

static const char *const USES[OID_USES] = {
    "KeyUsageAny",
    "KeyUsageServerAuth",
    "KeyUsageClientAuth",
    "KeyUsageCodeSigning",
    "KeyUsageEmailProtection",
    "KeyUsageIPSECEndSystem",
    "KeyUsageIPSECTunnel",
    "KeyUsageIPSECUser",
    "KeyUsageTimeStamping",
    "KeyUsageOCSPSigning",
    "KeyUsageMicrosoftServerGatedCrypto",
    "KeyUsageNetscapeServerGatedCrypto",
    "KeyUsageMicrosoftCommercialCodeSigning",
    "KeyUsageMicrosoftKernelCodeSigning",
};

static struct chimera_slice trim_quotes(struct chimera_slice text)
{
    while (text.size > 0 && *text.data == '"')
        text = chimera_slice_behind(text, 1);
    while (text.size > 0 && text.data[text.size - 1] == '"')
        text.size--;
    return text;
}

/* What is no string is passed over. */
static int read_uses(const struct chimera_rego_call *call, struct json_object *list,
                     unsigned *ret_uses)
{
    int code = CHIMERA_OK;
    if (!json_object_is_type(list, json_type_array))
        return chimera_fail(call->err, CHIMERA_EINVAL, "'KeyUsages' should be an Array or Set");
    for (size_t i = 0; i < json_object_array_length(list) && code == CHIMERA_OK; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        unsigned use = 0;
        code = chimera_rego_spend(call, OID_USES);
        if (code < 0 || !json_object_is_type(item, json_type_string))
            continue;
        struct chimera_slice name = trim_quotes(chimera_rego_string(item));
        while (use < OID_USES && !chimera_slice_is(name, USES[use]))
            use++;
        if (use == OID_USES)
            return chimera_fail(call->err, CHIMERA_EINVAL,
                                "invalid entries for 'KeyUsages' found: %.*s",
                                (int)(name.size < 40 ? name.size : 40), name.data);
        *ret_uses |= 1u << use;
    }
    return code;
}

static int read_option(const struct chimera_rego_call *call, const char *name,
                       struct json_object *value, struct chimera_x509_wanted *wanted)
{
    bool is_time = strcmp(name, "CurrentTime") == 0;
    if (!chimera_rego_is_text_key(name))
        return CHIMERA_OK; /* passed over by OPA */
    if (strcmp(name, "KeyUsages") == 0)
        return read_uses(call, value, &wanted->uses);
    if (strcmp(name, "DNSName") == 0) {
        if (!json_object_is_type(value, json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL, "'DNSName' should be a string");
        wanted->host = trim_quotes(chimera_rego_string(value));
        return CHIMERA_OK;
    }
    if (!is_time && strcmp(name, "MaxConstraintComparisons") != 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "invalid key option");
    if (!json_object_is_type(value, json_type_int))
        return chimera_fail(call->err, CHIMERA_EINVAL, "'%s' should be a valid int64 number", name);
    if (is_time)
        wanted->now_ns = json_object_get_int64(value);
    return CHIMERA_OK;
}

/* [true, the chain] or [false, []]. What is no certificate is not verified; but what there was no
 * time for is no answer. */
static int verify(const struct chimera_rego_call *call, struct json_object *options,
                  struct json_object **ret_result)
{
    struct certificates certificates;
    struct chimera_x509_chain chain = {.size = 0};
    struct chimera_maker maker = {.call = call};
    struct chimera_x509_wanted wanted = {.now_ns = call->now_ns};
    bool is_found = false;
    int code = open_certificates(call, &certificates);
    size_t count = count_of(&certificates);
    bool is_read = code == CHIMERA_OK;
    maker.code = code == CHIMERA_EINVAL ? CHIMERA_OK : code;
    const struct lh_entry *entry =
        is_read && options ? json_object_get_object(options)->head : NULL;
    for (; entry && maker.code == CHIMERA_OK; entry = entry->next)
        maker.code = read_option(call, (const char *)lh_entry_k(entry),
                                 (struct json_object *)lh_entry_v(entry), &wanted);
    if (wanted.uses == 0)
        wanted.uses = 1u << OID_USE_SERVER_AUTH;
    if (is_read && maker.code == CHIMERA_OK && count >= 2)
        maker.code = chimera_x509_find_chain(call, certificate_at(&certificates, 0), count, &wanted,
                                             &chain, &is_found);
    struct json_object *result = chimera_make_array(&maker), *shown = chimera_make_array(&maker);
    chimera_make_element(&maker, result, chimera_make_bool(&maker, is_found));
    for (size_t i = 0; i < chain.size && is_found && maker.code == CHIMERA_OK; i++)
        chimera_make_element(&maker, shown, chimera_x509_show(&maker, chain.link[i], !options));
    chimera_make_element(&maker, result, shown);
    close_certificates(&certificates);
    return chimera_make_finish(&maker, result, ret_result);
}

int chimera_rego_x509_verify(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_STRING);
    return code < 0 ? code : verify(call, NULL, ret_result);
}

int chimera_rego_x509_verify_with_options(const struct chimera_rego_call *call,
                                          struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_STRING);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 1, CHIMERA_REGO_OBJECT);
    return code < 0 ? code : verify(call, call->args[1], ret_result);
}
