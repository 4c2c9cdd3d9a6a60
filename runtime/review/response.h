/* SPDX-License-Identifier: Apache-2.0 */
/* response.h - the verdict on one request and its JSON form (policy-server.md §2.4, §4.4, §4.5).
 *
 * All slices point into an arena or into static text.
 */
#ifndef CHIMERA_REVIEW_RESPONSE_H
#define CHIMERA_REVIEW_RESPONSE_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/base/arena.h"
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/review/request.h"

struct chimera_cause {
    struct chimera_slice message; /* .data NULL: null */
    struct chimera_slice field;   /* .data NULL: null */
    struct chimera_slice reason;  /* .data NULL: null */
    struct chimera_cause *next;
};

struct chimera_status { /* a slice whose .data is NULL is left out */
    struct chimera_slice status, message, reason;
    bool has_details;
    struct chimera_slice details_name, details_group, details_kind, details_uid;
    struct chimera_cause *causes;
    bool has_retry_after;
    uint32_t retry_after_seconds;
    bool has_code;
    uint16_t code;
};

struct chimera_response {
    struct chimera_slice uid;
    bool allowed;
    bool is_failure; /* nobody has judged: the host rejects, because there is no verdict */
    struct chimera_slice patch_type, patch; /* patch: base64; .data NULL: none */
    bool has_status;
    struct chimera_status status;
    struct chimera_slice audit_annotations, warnings; /* JSON text; .data NULL: null */
};

/* The message of a rejection because the policy's time was up. */
#define CHIMERA_DEADLINE_TEXT \
    "Policy execution interrupted because it exceeded the allowed execution time"

/* Rejections that the host makes up. `message` must outlive the response. With a code it is for
 * want of a verdict: the policy could not be asked, did not end, or answered nonsense. */
struct chimera_response chimera_response_reject(struct chimera_slice uid,
                                                struct chimera_slice message);
struct chimera_response chimera_response_reject_code(struct chimera_slice uid,
                                                     struct chimera_slice message, uint16_t code);

/* Reads a guest's ValidationResponse (snake_case, guest-abis.md §2.4, §2.5) and makes the response:
 * status, warnings, annotations, and the JSON patch against request->object.
 * When `answer` is no such thing: returns CHIMERA_EGUEST and *ret_why is serde_json's text. */
int chimera_response_from_validation(struct chimera_slice answer,
                                     const struct chimera_request *request,
                                     struct chimera_arena *arena,
                                     struct chimera_response *ret_response,
                                     struct chimera_slice *ret_why);

/* The same on the account of the evaluation, whose code it returns when that failed. */
int chimera_response_from_validation_within(struct chimera_slice answer,
                                            const struct chimera_request *request,
                                            struct chimera_account *account,
                                            struct chimera_arena *arena,
                                            struct chimera_response *ret_response,
                                            struct chimera_slice *ret_why);

/* Reads an AdmissionResponse (camelCase) as OPA policies give it (guest-abis.md §4.3); the uid is
 * replaced by the request's. Failure as above. */
int chimera_response_from_admission(struct chimera_slice answer,
                                    const struct chimera_request *request,
                                    struct chimera_arena *arena,
                                    struct chimera_response *ret_response,
                                    struct chimera_slice *ret_why);

/* Reads {"valid": bool, "message"?: string}. Failure as above. */
int chimera_settings_from_answer(struct chimera_slice answer, struct chimera_arena *arena,
                                 bool *ret_valid, struct chimera_slice *ret_message,
                                 struct chimera_slice *ret_why);

enum chimera_policy_mode { CHIMERA_PROTECT, CHIMERA_MONITOR };

/* What an operator configured to happen to a verdict (policy-server.md §4.5). */
struct chimera_handling {
    const char *policy_id;
    enum chimera_policy_mode mode;
    bool allowed_to_mutate;
    struct chimera_slice message; /* .data NULL: none */
};

/* Monitor mode, mutation rule, custom message, in this order. */
void chimera_response_handle(struct chimera_response *response,
                             const struct chimera_handling *handling, struct chimera_arena *arena);

/* Cuts the warnings as an API server would, where they have more than 4096 characters together:
 * those that are empty, said before or hold control characters go; if that leaves more than 4096,
 * each is cut to 256, and none comes any more once 4096 are reached. */
void chimera_response_limit_warnings(struct chimera_response *response,
                                     struct chimera_arena *arena);

/* Codes above 599 become 500: an API server hands them on as they are, and no client can read an
 * HTTP status of four digits, or knows what one of 600 and more means. */
void chimera_response_limit_code(struct chimera_response *response);

/* The bare AdmissionResponse: compact, keys in the reference's order, `auditAnnotations` and
 * `warnings` always there. */
void chimera_response_write(const struct chimera_response *response, struct chimera_buffer *out);
/* {"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":…} or {"response":…}. */
void chimera_response_write_review(const struct chimera_response *response, bool is_raw,
                                   struct chimera_buffer *out);

#endif
