/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/x509/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rego/builtins/crypto/base/oid.h"
#include "runtime/rego/builtins/time/civil.h"

#define DAY_S 86400
#define NAME_PREFIX "\x55\x04" /* 2.5.4, of attributes */

/* --- Lists --- */

struct list {
    struct chimera_maker *maker;
    struct json_object *array; /* NULL: nothing yet */
    chimera_x509_make *make;
    unsigned type;
};

/* What is made as NULL without a failure is left out. */
static bool add_item(void *context, unsigned type, struct chimera_slice value)
{
    struct list *list = context;
    if (type != list->type)
        return true;
    struct json_object *item = list->make(list->maker, value);
    if (item && !list->array)
        list->array = chimera_make_array(list->maker);
    if (item)
        chimera_make_element(list->maker, list->array, item);
    return list->maker->code == CHIMERA_OK;
}

struct json_object *chimera_x509_show_list(struct chimera_maker *maker,
                                           enum chimera_x509_extension_kind kind,
                                           struct chimera_slice value, unsigned type,
                                           chimera_x509_make *make)
{
    struct list list = {.maker = maker, .make = make, .type = type};
    if (value.data)
        chimera_x509_each(kind, value, add_item, &list);
    return list.array;
}

/* --- Names --- */

/* The attributes that have members of their own: 2.5.4 and this number. */
static const struct {
    uint8_t number;
    bool is_list;
    const char *member;
} ATTRIBUTES[] = {
    {3, false, "CommonName"},   {5, false, "SerialNumber"},
    {6, true, "Country"},       {7, true, "Locality"},
    {8, true, "Province"},      {9, true, "StreetAddress"},
    {10, true, "Organization"}, {11, true, "OrganizationalUnit"},
    {17, true, "PostalCode"},
};

static void add_attribute(struct chimera_maker *maker, struct json_object *object,
                          struct chimera_slice oid, struct json_object *text)
{
    bool is_standard = oid.size == 3 && chimera_slice_starts(oid, NAME_PREFIX);
    for (size_t i = 0; i < sizeof(ATTRIBUTES) / sizeof(*ATTRIBUTES) && is_standard; i++) {
        if ((uint8_t)oid.data[2] != ATTRIBUTES[i].number)
            continue;
        struct json_object *list = json_object_object_get(object, ATTRIBUTES[i].member);
        if (ATTRIBUTES[i].is_list && !list) {
            list = chimera_make_array(maker);
            chimera_make_member(maker, object, ATTRIBUTES[i].member, list);
        }
        if (ATTRIBUTES[i].is_list)
            chimera_make_element(maker, list, json_object_get(text));
        else
            chimera_make_member(maker, object, ATTRIBUTES[i].member, json_object_get(text));
    }
}

struct json_object *chimera_x509_show_name(struct chimera_maker *maker, struct chimera_slice name)
{
    struct chimera_x509_name_state state = {0};
    struct chimera_buffer text;
    struct chimera_slice oid;
    struct json_object *object = chimera_make_object(maker), *names = NULL;
    for (size_t i = 0; i < sizeof(ATTRIBUTES) / sizeof(*ATTRIBUTES); i++)
        chimera_make_member(maker, object, ATTRIBUTES[i].member,
                            ATTRIBUTES[i].is_list ? NULL
                                                  : chimera_make_text(maker, CHIMERA_SLICE("")));
    chimera_make_member(maker, object, "ExtraNames", NULL);
    chimera_rego_buffer(maker->call, &text);
    while (maker->code == CHIMERA_OK && chimera_x509_name_next(name, &state, &oid, &text)) {
        struct json_object *value = chimera_make_text(maker, chimera_buffer_slice(&text));
        struct json_object *attribute = chimera_make_object(maker);
        if (!names)
            names = chimera_make_array(maker);
        if (maker->code == CHIMERA_OK)
            add_attribute(maker, object, oid, value);
        chimera_make_member(maker, attribute, "Type", chimera_make_oid(maker, oid));
        chimera_make_member(maker, attribute, "Value", value);
        chimera_make_element(maker, names, attribute);
        chimera_buffer_reset(&text);
    }
    if (text.failed && maker->code == CHIMERA_OK)
        maker->code = chimera_rego_no_memory(maker->call);
    chimera_buffer_free(&text);
    chimera_make_member(maker, object, "Names", names);
    return object;
}

/* --- Keys --- */

struct json_object *chimera_x509_show_key(struct chimera_maker *maker,
                                          const struct chimera_x509_public_key *key)
{
    struct json_object *object;
    int64_t exponent = 0;
    switch (key->algorithm) {
    case CHIMERA_X509_RSA:
        for (size_t i = 0; i < key->e.size; i++)
            exponent = exponent << 8 | (uint8_t)key->e.data[i];
        object = chimera_make_object(maker);
        chimera_make_member(maker, object, "N", chimera_make_number(maker, key->n));
        chimera_make_member(maker, object, "E", chimera_make_int(maker, exponent));
        return object;
    case CHIMERA_X509_DSA:
        object = chimera_make_object(maker);
        chimera_make_member(maker, object, "P", chimera_make_number(maker, key->p));
        chimera_make_member(maker, object, "Q", chimera_make_number(maker, key->q));
        chimera_make_member(maker, object, "G", chimera_make_number(maker, key->g));
        chimera_make_member(maker, object, "Y", chimera_make_number(maker, key->y));
        return object;
    case CHIMERA_X509_ECDSA: {
        struct chimera_slice x = chimera_slice_behind(key->point, 1), y = x;
        x.size /= 2;
        y = chimera_slice_behind(y, x.size);
        object = chimera_make_object(maker);
        chimera_make_member(maker, object, "Curve", chimera_make_object(maker));
        chimera_make_member(maker, object, "X", chimera_make_number(maker, x));
        chimera_make_member(maker, object, "Y", chimera_make_number(maker, y));
        return object;
    }
    case CHIMERA_X509_ED25519:
        return chimera_make_bytes(maker, key->point);
    case CHIMERA_X509_UNKNOWN_KEY:
    case CHIMERA_X509_X25519:
        break;
    }
    return NULL;
}

/* --- Extensions --- */

struct json_object *chimera_x509_show_extensions(struct chimera_maker *maker,
                                                 struct chimera_slice list,
                                                 struct json_object *array)
{
    struct chimera_x509_extension extension;
    if (!array && list.size > 0)
        array = chimera_make_array(maker);
    while (list.size > 0 && maker->code == CHIMERA_OK &&
           chimera_x509_extension_next(&list, &extension)) {
        struct json_object *object = chimera_make_object(maker);
        chimera_make_member(maker, object, "Id", chimera_make_oid(maker, extension.oid));
        chimera_make_member(maker, object, "Critical",
                            chimera_make_bool(maker, extension.is_critical));
        chimera_make_member(maker, object, "Value", chimera_make_bytes(maker, extension.value));
        chimera_make_element(maker, array, object);
    }
    return array;
}

static struct json_object *show_unhandled(struct chimera_maker *maker,
                                          const struct chimera_x509 *certificate)
{
    struct chimera_slice rest = certificate->extensions;
    struct chimera_x509_extension extension;
    struct json_object *array = NULL;
    while (rest.size > 0 && certificate->has_unknown_critical && maker->code == CHIMERA_OK &&
           chimera_x509_extension_next(&rest, &extension)) {
        struct chimera_x509 scratch = *certificate;
        bool is_handled = true;
        if (extension.is_critical)
            chimera_x509_read_extension(&extension, &scratch, &is_handled);
        if (is_handled)
            continue;
        if (!array)
            array = chimera_make_array(maker);
        chimera_make_element(maker, array, chimera_make_oid(maker, extension.oid));
    }
    return array;
}

static struct json_object *show_use(struct chimera_maker *maker, struct chimera_slice oid)
{
    for (int use = 0; use < OID_USES; use++)
        if (chimera_oid_is(oid, (enum chimera_oid)use))
            return chimera_make_int(maker, use);
    return NULL;
}

static struct json_object *show_unknown_use(struct chimera_maker *maker, struct chimera_slice oid)
{
    for (int use = 0; use < OID_USES; use++)
        if (chimera_oid_is(oid, (enum chimera_oid)use))
            return NULL;
    return chimera_make_oid(maker, oid);
}

/* Only one whose numbers are below 2^31. */
static struct json_object *show_small_oid(struct chimera_maker *maker, struct chimera_slice oid)
{
    struct chimera_slice rest = oid;
    uint32_t value;
    while (rest.size > 0)
        if (!chimera_der_oid_next(&rest, &value))
            return NULL;
    return chimera_make_oid(maker, oid);
}

struct mappings {
    struct chimera_maker *maker;
    struct json_object *array, *mapping; /* the latter the array's */
};

static bool add_mapping(void *context, unsigned type, struct chimera_slice oid)
{
    struct mappings *mappings = context;
    struct chimera_maker *maker = mappings->maker;
    if (!mappings->array)
        mappings->array = chimera_make_array(maker);
    if (type == 0) {
        mappings->mapping = chimera_make_object(maker);
        chimera_make_element(maker, mappings->array, mappings->mapping);
    }
    chimera_make_member(maker, mappings->mapping,
                        type == 0 ? "IssuerDomainPolicy" : "SubjectDomainPolicy",
                        chimera_make_oid_text(maker, oid));
    return maker->code == CHIMERA_OK;
}

static void show_policies(struct chimera_maker *maker, struct json_object *object,
                          const struct chimera_x509 *certificate)
{
    struct chimera_slice policies = certificate->value[CHIMERA_X509_POLICIES];
    struct chimera_slice pairs = certificate->value[CHIMERA_X509_POLICY_MAPPINGS];
    struct mappings mappings = {.maker = maker};
    struct json_object *small =
        chimera_x509_show_list(maker, CHIMERA_X509_POLICIES, policies, 0, show_small_oid);
    if (policies.data && !small)
        small = chimera_make_array(maker);
    chimera_make_member(maker, object, "PolicyIdentifiers", small);
    chimera_make_member(
        maker, object, "Policies",
        chimera_x509_show_list(maker, CHIMERA_X509_POLICIES, policies, 0, chimera_make_oid_text));
    if (pairs.data)
        chimera_x509_each(CHIMERA_X509_POLICY_MAPPINGS, pairs, add_mapping, &mappings);
    chimera_make_member(maker, object, "PolicyMappings", mappings.array);
}

static struct json_object *show_network(struct chimera_maker *maker, struct chimera_slice value)
{
    struct chimera_slice address = {value.data, value.size / 2};
    struct json_object *object = chimera_make_object(maker);
    chimera_make_member(maker, object, "IP", chimera_make_ip(maker, address));
    chimera_make_member(maker, object, "Mask",
                        chimera_make_bytes(maker, chimera_slice_behind(value, address.size)));
    return object;
}

static void show_constraints(struct chimera_maker *maker, struct json_object *object,
                             const struct chimera_x509 *certificate)
{
    static const struct {
        unsigned type;
        const char *member;
        chimera_x509_make *make;
    } lists[] = {
        {CHIMERA_X509_NAME_DNS, "PermittedDNSDomains", chimera_make_text},
        {CHIMERA_X509_NAME_DNS | CHIMERA_X509_EXCLUDED, "ExcludedDNSDomains", chimera_make_text},
        {CHIMERA_X509_NAME_IP, "PermittedIPRanges", show_network},
        {CHIMERA_X509_NAME_IP | CHIMERA_X509_EXCLUDED, "ExcludedIPRanges", show_network},
        {CHIMERA_X509_NAME_EMAIL, "PermittedEmailAddresses", chimera_make_text},
        {CHIMERA_X509_NAME_EMAIL | CHIMERA_X509_EXCLUDED, "ExcludedEmailAddresses",
         chimera_make_text},
        {CHIMERA_X509_NAME_URI, "PermittedURIDomains", chimera_make_text},
        {CHIMERA_X509_NAME_URI | CHIMERA_X509_EXCLUDED, "ExcludedURIDomains", chimera_make_text},
    };
    struct chimera_slice value = certificate->value[CHIMERA_X509_NAME_CONSTRAINTS];
    chimera_make_member(maker, object, "PermittedDNSDomainsCritical",
                        chimera_make_bool(maker, certificate->name_constraints_critical));
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        chimera_make_member(maker, object, lists[i].member,
                            chimera_x509_show_list(maker, CHIMERA_X509_NAME_CONSTRAINTS, value,
                                                   lists[i].type, lists[i].make));
}

/* --- Numbers of extensions --- */

/* A number that may be missing, which Go shows as 0, and a member that says whether it is one. */
static void show_optional(struct chimera_maker *maker, struct json_object *object,
                          const char *const members[2], int64_t number)
{
    chimera_make_member(maker, object, members[0],
                        chimera_make_int(maker, number == CHIMERA_X509_NO_NUMBER ? 0 : number));
    chimera_make_member(maker, object, members[1], chimera_make_bool(maker, number == 0));
}

static struct json_object *show_key_id(struct chimera_maker *maker, struct chimera_slice value,
                                       bool is_authority)
{
    struct chimera_slice inside, id;
    if (!value.data)
        return NULL;
    if (!is_authority)
        return chimera_der_take(&value, CHIMERA_DER_OCTET_STRING, &id)
                   ? chimera_make_bytes(maker, id)
                   : NULL;
    return chimera_der_take(&value, CHIMERA_DER_SEQUENCE, &inside) &&
                   chimera_der_take(&inside, CHIMERA_DER_CONTEXT(0), &id)
               ? chimera_make_bytes(maker, id)
               : NULL;
}

static void show_extension_values(struct chimera_maker *maker, struct json_object *object,
                                  const struct chimera_x509 *certificate)
{
    static const struct {
        enum chimera_x509_extension_kind kind;
        unsigned type;
        const char *member;
        chimera_x509_make *make;
    } lists[] = {
        {CHIMERA_X509_EXT_KEY_USAGE, 0, "ExtKeyUsage", show_use},
        {CHIMERA_X509_EXT_KEY_USAGE, 0, "UnknownExtKeyUsage", show_unknown_use},
        {CHIMERA_X509_CRL_POINTS, 0, "CRLDistributionPoints", chimera_make_text},
        {CHIMERA_X509_AUTHORITY_INFO, 0, "OCSPServer", chimera_make_text},
        {CHIMERA_X509_AUTHORITY_INFO, 1, "IssuingCertificateURL", chimera_make_text},
    };
    const struct chimera_slice *values = certificate->value;
    bool has_basic = values[CHIMERA_X509_BASIC_CONSTRAINTS].data;
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        chimera_make_member(maker, object, lists[i].member,
                            chimera_x509_show_list(maker, lists[i].kind, values[lists[i].kind],
                                                   lists[i].type, lists[i].make));
    chimera_make_member(maker, object, "BasicConstraintsValid",
                        chimera_make_bool(maker, has_basic));
    chimera_make_member(maker, object, "IsCA", chimera_make_bool(maker, certificate->is_ca));
    chimera_make_member(maker, object, "MaxPathLen",
                        chimera_make_int(maker, has_basic ? certificate->max_path_length : 0));
    chimera_make_member(maker, object, "MaxPathLenZero",
                        chimera_make_bool(maker, certificate->max_path_length == 0));
    chimera_make_member(maker, object, "KeyUsage", chimera_make_int(maker, certificate->key_usage));
    chimera_make_member(maker, object, "SubjectKeyId",
                        show_key_id(maker, values[CHIMERA_X509_SUBJECT_KEY_ID], false));
    chimera_make_member(maker, object, "AuthorityKeyId",
                        show_key_id(maker, values[CHIMERA_X509_AUTHORITY_KEY_ID], true));
    show_optional(maker, object, (const char *const[]){"InhibitAnyPolicy", "InhibitAnyPolicyZero"},
                  certificate->inhibit_any);
    show_optional(maker, object,
                  (const char *const[]){"InhibitPolicyMapping", "InhibitPolicyMappingZero"},
                  certificate->inhibit_mapping);
    show_optional(maker, object,
                  (const char *const[]){"RequireExplicitPolicy", "RequireExplicitPolicyZero"},
                  certificate->require_policy);
}

/* --- Certificates --- */

/* RFC 3339; Go shows no offset of a day. */
struct json_object *chimera_x509_show_time(struct chimera_maker *maker,
                                           const struct chimera_der_time *time)
{
    char text[64], zone[16] = "Z";
    int32_t minutes = abs(time->offset) / 60;
    struct chimera_civil civil = chimera_civil_from_seconds(time->seconds + time->offset);
    if (maker->code == CHIMERA_OK && abs(time->offset) >= DAY_S)
        maker->code =
            chimera_fail(maker->call->err, CHIMERA_EINVAL, "a time's zone is out of range");
    if (minutes > 0)
        snprintf(zone, sizeof(zone), "%c%02d:%02d", time->offset < 0 ? '-' : '+', minutes / 60,
                 minutes % 60);
    snprintf(text, sizeof(text), "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d%s", civil.year,
             civil.month, civil.day, civil.hour, civil.minute, civil.second, zone);
    return chimera_make_text(maker, chimera_slice_of(text));
}

static void show_parts(struct chimera_maker *maker, struct json_object *object,
                       const struct chimera_x509 *certificate)
{
    const struct {
        const char *member;
        struct chimera_slice bytes;
    } parts[] = {
        {"Raw", certificate->raw},
        {"RawTBSCertificate", certificate->tbs},
        {"RawSubjectPublicKeyInfo", certificate->spki},
        {"RawSubject", certificate->subject},
        {"RawIssuer", certificate->issuer},
        {"Signature", certificate->signature},
    };
    enum chimera_x509_key_algorithm algorithm = certificate->public_key.algorithm;
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        chimera_make_member(maker, object, parts[i].member,
                            chimera_make_bytes(maker, parts[i].bytes));
    chimera_make_member(maker, object, "SignatureAlgorithm",
                        chimera_make_int(maker, certificate->signature_algorithm));
    chimera_make_member(maker, object, "PublicKeyAlgorithm", chimera_make_int(maker, algorithm));
    chimera_make_member(maker, object, "PublicKey",
                        chimera_x509_show_key(maker, &certificate->public_key));
    chimera_make_member(maker, object, "Version", chimera_make_int(maker, certificate->version));
    chimera_make_member(maker, object, "SerialNumber",
                        chimera_make_number(maker, certificate->serial));
    chimera_make_member(maker, object, "Issuer",
                        chimera_x509_show_name(maker, certificate->issuer));
    chimera_make_member(maker, object, "Subject",
                        chimera_x509_show_name(maker, certificate->subject));
    chimera_make_member(maker, object, "NotBefore",
                        chimera_x509_show_time(maker, &certificate->not_before));
    chimera_make_member(maker, object, "NotAfter",
                        chimera_x509_show_time(maker, &certificate->not_after));
}

struct json_object *chimera_x509_show(struct chimera_maker *maker,
                                      const struct chimera_x509 *certificate, bool with_uris)
{
    struct json_object *object = chimera_make_object(maker);
    struct chimera_slice names = certificate->value[CHIMERA_X509_SAN];
    show_parts(maker, object, certificate);
    chimera_make_member(maker, object, "Extensions",
                        chimera_x509_show_extensions(maker, certificate->extensions, NULL));
    chimera_make_member(maker, object, "ExtraExtensions", NULL);
    chimera_make_member(maker, object, "UnhandledCriticalExtensions",
                        show_unhandled(maker, certificate));
    show_extension_values(maker, object, certificate);
    show_policies(maker, object, certificate);
    show_constraints(maker, object, certificate);
    chimera_x509_show_names(maker, object, names);
    if (with_uris)
        chimera_make_member(maker, object, "URIStrings",
                            chimera_x509_show_list(maker, CHIMERA_X509_SAN, names,
                                                   CHIMERA_X509_NAME_URI, chimera_x509_show_uri));
    return object;
}
