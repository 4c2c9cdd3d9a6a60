/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/response.h"

#include "runtime/json/tree.h"

#define LAST_STATUS 599 /* of HTTP: RFC 9110 §15 */

struct chimera_response chimera_response_reject(struct chimera_slice uid,
                                                struct chimera_slice message)
{
    return (struct chimera_response){
        .uid = uid, .has_status = true, .status = {.message = message}};
}

struct chimera_response chimera_response_reject_code(struct chimera_slice uid,
                                                     struct chimera_slice message, uint16_t code)
{
    struct chimera_response response = chimera_response_reject(uid, message);
    response.is_failure = true;
    response.status.has_code = true;
    response.status.code = code;
    return response;
}

static void drop_patch(struct chimera_response *response)
{
    response->patch = (struct chimera_slice){NULL, 0};
    response->patch_type = (struct chimera_slice){NULL, 0};
}

static void drop_status(struct chimera_response *response)
{
    response->has_status = false;
    response->status = (struct chimera_status){.has_code = false};
}

/* What the policy said moves to the end of the causes. When the arena is full it is lost; the
 * rejection is not. */
static void replace_message(struct chimera_response *response, struct chimera_slice message,
                            struct chimera_arena *arena)
{
    struct chimera_cause **last = &response->status.causes;
    while (*last)
        last = &(*last)->next;
    struct chimera_cause *cause = chimera_arena_take(arena, sizeof(*cause));
    if (cause) {
        *cause = (struct chimera_cause){.message = response->status.message};
        if (!cause->message.data)
            cause->message = CHIMERA_SLICE("");
        *last = cause;
    }
    response->has_status = true;
    response->status.has_details = true;
    response->status.message = message;
}

void chimera_response_handle(struct chimera_response *response,
                             const struct chimera_handling *handling, struct chimera_arena *arena)
{
    if (handling->mode == CHIMERA_MONITOR) {
        response->allowed = true;
        drop_status(response);
        drop_patch(response);
        return;
    }
    if (response->patch.data && !handling->allowed_to_mutate) {
        drop_patch(response);
        drop_status(response);
        response->allowed = false;
        response->has_status = true;
        response->status.message = chimera_arena_print(
            arena,
            "Request rejected by policy %s. The policy attempted to mutate the request, but it is "
            "currently configured to not allow mutations.",
            handling->policy_id);
    }
    if (!response->allowed && handling->message.data)
        replace_message(response, handling->message, arena);
}

void chimera_response_limit_code(struct chimera_response *response)
{
    struct chimera_status *status = &response->status;
    if (response->has_status && status->has_code && status->code > LAST_STATUS)
        status->code = 500;
}

/* `"name":` with a comma before it unless the object has just begun. */
static void write_name(const char *name, struct chimera_buffer *out)
{
    if (out->size > 0 && out->data[out->size - 1] != '{')
        chimera_buffer_byte(out, ',');
    chimera_buffer_byte(out, '"');
    chimera_buffer_text(out, name);
    chimera_buffer_text(out, "\":");
}

/* Nothing when there is no text. */
static void write_optional(const char *name, struct chimera_slice text, struct chimera_buffer *out)
{
    if (!text.data)
        return;
    write_name(name, out);
    chimera_json_write_string(text, out);
}

static void write_nullable(const char *name, struct chimera_slice text, struct chimera_buffer *out)
{
    write_name(name, out);
    if (text.data)
        chimera_json_write_string(text, out);
    else
        chimera_buffer_text(out, "null");
}

static void write_json(const char *name, struct chimera_slice json, struct chimera_buffer *out)
{
    write_name(name, out);
    chimera_buffer_append(out, json.data ? json : CHIMERA_SLICE("null"));
}

static void write_details(const struct chimera_status *status, struct chimera_buffer *out)
{
    write_name("details", out);
    chimera_buffer_byte(out, '{');
    write_optional("name", status->details_name, out);
    write_optional("group", status->details_group, out);
    write_optional("kind", status->details_kind, out);
    write_optional("uid", status->details_uid, out);
    if (status->causes) {
        const struct chimera_cause *cause = status->causes;
        write_name("causes", out);
        for (const char *before = "[{"; cause; cause = cause->next, before = ",{") {
            chimera_buffer_text(out, before);
            write_nullable("reason", cause->reason, out);
            write_nullable("message", cause->message, out);
            write_nullable("field", cause->field, out);
            chimera_buffer_byte(out, '}');
        }
        chimera_buffer_byte(out, ']');
    }
    if (status->has_retry_after) {
        write_name("retry_after_seconds", out);
        chimera_buffer_print(out, "%u", (unsigned)status->retry_after_seconds);
    }
    chimera_buffer_byte(out, '}');
}

void chimera_response_write(const struct chimera_response *response, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, '{');
    write_name("uid", out);
    chimera_json_write_string(response->uid, out);
    write_json("allowed", response->allowed ? CHIMERA_SLICE("true") : CHIMERA_SLICE("false"), out);
    write_optional("patchType", response->patch_type, out);
    write_optional("patch", response->patch, out);
    if (response->has_status) {
        const struct chimera_status *status = &response->status;
        write_name("status", out);
        chimera_buffer_byte(out, '{');
        write_optional("status", status->status, out);
        write_optional("message", status->message, out);
        write_optional("reason", status->reason, out);
        if (status->has_details)
            write_details(status, out);
        if (status->has_code) {
            write_name("code", out);
            chimera_buffer_print(out, "%u", (unsigned)status->code);
        }
        chimera_buffer_byte(out, '}');
    }
    write_json("auditAnnotations", response->audit_annotations, out);
    write_json("warnings", response->warnings, out);
    chimera_buffer_byte(out, '}');
}

void chimera_response_write_review(const struct chimera_response *response, bool is_raw,
                                   struct chimera_buffer *out)
{
    chimera_buffer_text(out, is_raw ? "{\"response\":"
                                    : "{\"kind\":\"AdmissionReview\",\"apiVersion\":"
                                      "\"admission.k8s.io/v1\",\"response\":");
    chimera_response_write(response, out);
    chimera_buffer_byte(out, '}');
}
