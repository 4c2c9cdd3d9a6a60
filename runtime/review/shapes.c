/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/shapes.h"

#define NAME(text) {(text), sizeof(text) - 1}
#define COUNT(fields) (unsigned)(sizeof(fields) / sizeof((fields)[0]))
#define REQUIRED .is_optional = false
#define OPTIONAL .is_optional = true

static const struct chimera_shape_field kind_fields[] = {
    {NAME("group"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("version"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("kind"), CHIMERA_SHAPE_STRING, REQUIRED},
};
static const struct chimera_shape kind_shape = {"struct GroupVersionKind", kind_fields,
                                                COUNT(kind_fields), false, .is_handed_on = true};

static const struct chimera_shape_field resource_fields[] = {
    {NAME("group"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("version"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("resource"), CHIMERA_SHAPE_STRING, REQUIRED},
};
static const struct chimera_shape resource_shape = {"struct GroupVersionResource", resource_fields,
                                                    COUNT(resource_fields), false,
                                                    .is_handed_on = true};

/* Comes from another library in the reference, hence its name without "struct". */
static const struct chimera_shape_field user_fields[] = {
    {NAME("extra"), CHIMERA_SHAPE_STRINGS_MAP, OPTIONAL},
    {NAME("groups"), CHIMERA_SHAPE_STRINGS, OPTIONAL},
    {NAME("uid"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("username"), CHIMERA_SHAPE_STRING, OPTIONAL},
};
static const struct chimera_shape user_shape = {"UserInfo", user_fields, COUNT(user_fields), true,
                                                .is_handed_on = true};

static const struct chimera_shape_field request_fields[] = {
    {NAME("uid"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("kind"), CHIMERA_SHAPE_STRUCT, REQUIRED, &kind_shape},
    {NAME("resource"), CHIMERA_SHAPE_STRUCT, REQUIRED, &resource_shape},
    {NAME("subResource"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("requestKind"), CHIMERA_SHAPE_STRUCT, OPTIONAL, &kind_shape,
     .at = CHIMERA_REQUEST_KIND_GROUP},
    {NAME("requestResource"), CHIMERA_SHAPE_STRUCT, OPTIONAL, &resource_shape},
    {NAME("requestSubResource"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("name"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("namespace"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("operation"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("userInfo"), CHIMERA_SHAPE_STRUCT, REQUIRED, &user_shape},
    {NAME("object"), CHIMERA_SHAPE_ANY, OPTIONAL},
    {NAME("oldObject"), CHIMERA_SHAPE_ANY, OPTIONAL},
    {NAME("dryRun"), CHIMERA_SHAPE_BOOL, OPTIONAL},
    {NAME("options"), CHIMERA_SHAPE_ANY, OPTIONAL},
};
_Static_assert(COUNT(request_fields) == CHIMERA_REQUEST_FIELDS, "shapes.h names them");
const struct chimera_shape chimera_shape_request = {"struct AdmissionRequest", request_fields,
                                                    COUNT(request_fields), .is_lenient = false};

static const struct chimera_shape_field review_fields[] = {
    {NAME("kind"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("apiVersion"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("request"), CHIMERA_SHAPE_STRUCT, REQUIRED, &chimera_shape_request,
     .at = CHIMERA_REVIEW_REQUEST_AT},
};
const struct chimera_shape chimera_shape_review = {"struct AdmissionReviewRequest", review_fields,
                                                   COUNT(review_fields), .is_lenient = false};

static const struct chimera_shape_field answer_fields[] = {
    {NAME("accepted"), CHIMERA_SHAPE_BOOL, REQUIRED},
    {NAME("message"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("code"), CHIMERA_SHAPE_U16, OPTIONAL},
    {NAME("mutated_object"), CHIMERA_SHAPE_ANY, OPTIONAL},
    {NAME("audit_annotations"), CHIMERA_SHAPE_STRING_MAP, OPTIONAL},
    {NAME("warnings"), CHIMERA_SHAPE_STRINGS, OPTIONAL},
};
_Static_assert(COUNT(answer_fields) == CHIMERA_ANSWER_FIELDS, "shapes.h names them");
const struct chimera_shape chimera_shape_answer = {"struct ValidationResponse", answer_fields,
                                                   COUNT(answer_fields), .is_lenient = false};

static const struct chimera_shape_field settings_fields[] = {
    {NAME("valid"), CHIMERA_SHAPE_BOOL, REQUIRED},
    {NAME("message"), CHIMERA_SHAPE_STRING, OPTIONAL},
};
const struct chimera_shape chimera_shape_settings_answer = {"struct SettingsValidationResponse",
                                                            settings_fields, COUNT(settings_fields),
                                                            .is_lenient = false};

static const struct chimera_shape_field cause_fields[] = {
    {NAME("reason"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("message"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("field"), CHIMERA_SHAPE_STRING, OPTIONAL},
};
const struct chimera_shape chimera_shape_cause = {"struct StatusCause", cause_fields,
                                                  COUNT(cause_fields), .is_lenient = false};

static const struct chimera_shape_field details_fields[] = {
    {NAME("name"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("group"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("kind"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("uid"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("causes"), CHIMERA_SHAPE_STRUCTS, OPTIONAL, &chimera_shape_cause},
    {NAME("retry_after_seconds"), CHIMERA_SHAPE_U32, OPTIONAL},
};
static const struct chimera_shape details_shape = {"struct StatusDetails", details_fields,
                                                   COUNT(details_fields), .is_lenient = false};

static const char *const outcomes[] = {"Success", "Failure", NULL};
static const char *const reasons[] = {"",
                                      "Unauthorized",
                                      "Forbidden",
                                      "NotFound",
                                      "AlreadyExists",
                                      "Conflict",
                                      "Gone",
                                      "Invalid",
                                      "ServerTimeout",
                                      "Timeout",
                                      "TooManyRequests",
                                      "BadRequest",
                                      "MethodNotAllowed",
                                      "NotAcceptable",
                                      "RequestEntityTooLarge",
                                      "UnsupportedMediaType",
                                      "InternalError",
                                      "Expired",
                                      "ServiceUnavailable",
                                      NULL};

static const struct chimera_shape_field status_fields[] = {
    {NAME("status"), CHIMERA_SHAPE_VARIANT, OPTIONAL, .variants = outcomes},
    {NAME("message"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("reason"), CHIMERA_SHAPE_VARIANT, OPTIONAL, .variants = reasons},
    {NAME("details"), CHIMERA_SHAPE_STRUCT, OPTIONAL, &details_shape,
     .at = CHIMERA_STATUS_DETAILS_AT},
    {NAME("code"), CHIMERA_SHAPE_U16, OPTIONAL},
};
_Static_assert(COUNT(status_fields) == CHIMERA_STATUS_FIELDS, "shapes.h names them");
static const struct chimera_shape status_shape = {"struct AdmissionResponseStatus", status_fields,
                                                  COUNT(status_fields), .is_lenient = false};

static const struct chimera_shape_field verdict_fields[] = {
    {NAME("uid"), CHIMERA_SHAPE_STRING, REQUIRED},
    {NAME("allowed"), CHIMERA_SHAPE_BOOL, REQUIRED},
    {NAME("patchType"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("patch"), CHIMERA_SHAPE_STRING, OPTIONAL},
    {NAME("status"), CHIMERA_SHAPE_STRUCT, OPTIONAL, &status_shape,
     .at = CHIMERA_VERDICT_STATUS_AT},
    {NAME("auditAnnotations"), CHIMERA_SHAPE_STRING_MAP, OPTIONAL},
    {NAME("warnings"), CHIMERA_SHAPE_STRINGS, OPTIONAL},
};
_Static_assert(COUNT(verdict_fields) == CHIMERA_VERDICT_FIELDS, "shapes.h names them");
const struct chimera_shape chimera_shape_verdict = {"struct AdmissionResponse", verdict_fields,
                                                    COUNT(verdict_fields), .is_lenient = false};
