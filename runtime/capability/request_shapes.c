/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/request_internal.h"

#define NAME(text) {text, sizeof(text) - 1}
#define TEXT(field) {.name = NAME(field), .kind = CHIMERA_SHAPE_STRING}
#define FLAG(field) {.name = NAME(field), .kind = CHIMERA_SHAPE_BOOL}
#define OPTIONAL(field, its_kind) {.name = NAME(field), .kind = its_kind, .is_optional = true}
#define SHAPE(variable, its_name, fields)          \
    static const struct chimera_shape variable = { \
        .name = its_name, .field = fields, .count = sizeof(fields) / sizeof(*(fields))}

#define MASKS OPTIONAL("field_masks", CHIMERA_SHAPE_STRINGS)
#define ANNOTATIONS OPTIONAL("annotations", CHIMERA_SHAPE_STRING_MAP)

static const struct chimera_shape_field text_fields[] = {TEXT("text")};
SHAPE(text_shape, "a string", text_fields);

/* --- Kubernetes --- */

static const struct chimera_shape_field list_namespace_fields[] = {
    TEXT("api_version"),
    TEXT("kind"),
    TEXT("namespace"),
    OPTIONAL("label_selector", CHIMERA_SHAPE_STRING),
    OPTIONAL("field_selector", CHIMERA_SHAPE_STRING),
    MASKS};
SHAPE(list_namespace, "struct ListResourcesByNamespaceRequest", list_namespace_fields);

static const struct chimera_shape_field list_all_fields[] = {
    TEXT("api_version"), TEXT("kind"), OPTIONAL("label_selector", CHIMERA_SHAPE_STRING),
    OPTIONAL("field_selector", CHIMERA_SHAPE_STRING), MASKS};
SHAPE(list_all, "struct ListAllResourcesRequest", list_all_fields);

static const struct chimera_shape_field get_fields[] = {
    TEXT("api_version"),   TEXT("kind"), TEXT("name"), OPTIONAL("namespace", CHIMERA_SHAPE_STRING),
    FLAG("disable_cache"), MASKS};
SHAPE(get, "struct GetResourceRequest", get_fields);

static const struct chimera_shape_field attribute_fields[] = {
    OPTIONAL("group", CHIMERA_SHAPE_STRING),       OPTIONAL("name", CHIMERA_SHAPE_STRING),
    OPTIONAL("namespace", CHIMERA_SHAPE_STRING),   TEXT("resource"),
    OPTIONAL("subresource", CHIMERA_SHAPE_STRING), TEXT("verb"),
    OPTIONAL("version", CHIMERA_SHAPE_STRING)};
SHAPE(attributes, "struct ResourceAttributes", attribute_fields);

/* A Go SDK writes these names in camel case. */
static const struct chimera_shape_field review_fields[] = {
    OPTIONAL("groups", CHIMERA_SHAPE_STRINGS),
    {.name = NAME("resource_attributes"),
     .kind = CHIMERA_SHAPE_STRUCT,
     .shape = &attributes,
     .alias = NAME("resourceAttributes")},
    TEXT("user")};
SHAPE(review, "struct SubjectAccessReview", review_fields);

static const struct chimera_shape_field can_i_fields[] = {
    {.name = NAME("subject_access_review"),
     .kind = CHIMERA_SHAPE_STRUCT,
     .shape = &review,
     .alias = NAME("subjectAccessReview")},
    {.name = NAME("disable_cache"), .kind = CHIMERA_SHAPE_BOOL, .alias = NAME("disableCache")}};
SHAPE(can_i, "struct CanIRequest", can_i_fields);

/* --- Certificates --- */

static const char *const encodings[] = {"Der", "Pem", NULL};
static const struct chimera_shape_field certificate_fields[] = {
    {.name = NAME("encoding"), .kind = CHIMERA_SHAPE_VARIANT, .variants = encodings},
    {.name = NAME("data"), .kind = CHIMERA_SHAPE_BYTES}};
SHAPE(certificate, "struct Certificate", certificate_fields);

/* The reference insists on `not_after`, which a JavaScript SDK leaves out. */
static const struct chimera_shape_field certificate_request_fields[] = {
    {.name = NAME("cert"), .kind = CHIMERA_SHAPE_STRUCT, .shape = &certificate},
    {.name = NAME("cert_chain"),
     .kind = CHIMERA_SHAPE_STRUCTS,
     .is_optional = true,
     .shape = &certificate},
    OPTIONAL("not_after", CHIMERA_SHAPE_STRING)};
SHAPE(certificate_request, "struct CertificateVerificationRequest", certificate_request_fields);

/* --- Signatures --- */

static const struct chimera_shape_field keys_fields[] = {
    TEXT("image"), {.name = NAME("pub_keys"), .kind = CHIMERA_SHAPE_STRINGS}, ANNOTATIONS};
SHAPE(keys, "struct variant SigstoreVerificationInput::SigstorePubKeyVerify", keys_fields);

static const struct chimera_shape_field subject_fields[] = {TEXT("issuer"), TEXT("subject")};
SHAPE(subject, "struct KeylessInfo", subject_fields);
static const struct chimera_shape_field keyless_fields[] = {
    TEXT("image"),
    {.name = NAME("keyless"), .kind = CHIMERA_SHAPE_STRUCTS, .shape = &subject},
    ANNOTATIONS};
SHAPE(keyless, "struct variant SigstoreVerificationInput::SigstoreKeylessVerify", keyless_fields);

static const struct chimera_shape_field prefix_fields[] = {TEXT("issuer"), TEXT("url_prefix")};
SHAPE(prefix, "struct KeylessPrefixInfo", prefix_fields);
static const struct chimera_shape_field keyless_prefix_fields[] = {
    TEXT("image"),
    {.name = NAME("keyless_prefix"), .kind = CHIMERA_SHAPE_STRUCTS, .shape = &prefix},
    ANNOTATIONS};
SHAPE(keyless_prefix, "struct variant SigstoreVerificationInput::SigstoreKeylessPrefixVerify",
      keyless_prefix_fields);

static const struct chimera_shape_field github_fields[] = {
    TEXT("image"), TEXT("owner"), OPTIONAL("repo", CHIMERA_SHAPE_STRING), ANNOTATIONS};
SHAPE(github, "struct variant SigstoreVerificationInput::SigstoreGithubActionsVerify",
      github_fields);

static const struct chimera_shape_field by_certificate_fields[] = {
    TEXT("image"),
    {.name = NAME("certificate"), .kind = CHIMERA_SHAPE_BYTES},
    OPTIONAL("certificate_chain", CHIMERA_SHAPE_BYTES_LIST),
    FLAG("require_rekor_bundle"),
    ANNOTATIONS};
SHAPE(by_certificate, "struct variant SigstoreVerificationInput::SigstoreCertificateVerify",
      by_certificate_fields);

static const struct chimera_shape_field type_fields[] = {TEXT("type")};
const struct chimera_shape chimera_request_type = {
    .name = "internally tagged enum SigstoreVerificationInputV2", .field = type_fields, .count = 1};

#define TAGGED CHIMERA_REQUEST_TAGGED
const struct chimera_request_form chimera_request_variants[] = {
    {NULL, CHIMERA_ASK_VERIFY_KEYS, TAGGED, true, &keys},
    {NULL, CHIMERA_ASK_VERIFY_KEYLESS, TAGGED, true, &keyless},
    {NULL, CHIMERA_ASK_VERIFY_PREFIX, TAGGED, false, &keyless_prefix},
    {NULL, CHIMERA_ASK_VERIFY_GITHUB, TAGGED, false, &github},
    {NULL, CHIMERA_ASK_VERIFY_CERTIFICATE, TAGGED, false, &by_certificate},
    {0},
};

static const struct chimera_request_form forms[] = {
    {"crypto/v1/is_certificate_trusted", CHIMERA_ASK_CERTIFICATE, CHIMERA_REQUEST_WHOLE, false,
     &certificate_request},
    {"kubernetes/can_i", CHIMERA_ASK_CAN_I, CHIMERA_REQUEST_FIELDS, false, &can_i},
    {"kubernetes/get_resource", CHIMERA_ASK_GET, CHIMERA_REQUEST_FIELDS, false, &get},
    {"kubernetes/list_resources_all", CHIMERA_ASK_LIST_ALL, CHIMERA_REQUEST_FIELDS, false,
     &list_all},
    {"kubernetes/list_resources_by_namespace", CHIMERA_ASK_LIST_NAMESPACE, CHIMERA_REQUEST_FIELDS,
     false, &list_namespace},
    {"net/v1/dns_lookup_host", CHIMERA_ASK_ADDRESSES, CHIMERA_REQUEST_TEXT, false, &text_shape},
    {"oci/v1/manifest_digest", CHIMERA_ASK_MANIFEST_DIGEST, CHIMERA_REQUEST_TEXT, false,
     &text_shape},
    {"oci/v1/oci_manifest", CHIMERA_ASK_MANIFEST, CHIMERA_REQUEST_TEXT, false, &text_shape},
    {"oci/v1/oci_manifest_config", CHIMERA_ASK_MANIFEST_CONFIG, CHIMERA_REQUEST_TEXT, false,
     &text_shape},
    {"oci/v1/verify", CHIMERA_ASK_VERIFY_KEYS, CHIMERA_REQUEST_NAMED, true, NULL},
    {"oci/v2/verify", CHIMERA_ASK_VERIFY_KEYS, CHIMERA_REQUEST_TAGGED, false, NULL},
};

const struct chimera_request_form *chimera_request_form_find(const char *path)
{
    size_t i = 0;
    while (strcmp(forms[i].path, path) != 0)
        i++;
    return &forms[i];
}
