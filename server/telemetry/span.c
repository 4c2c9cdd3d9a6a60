/* SPDX-License-Identifier: Apache-2.0 */
#include "server/telemetry/span.h"

#include <stdlib.h>

#include "server/telemetry/trace.h"

static void enter(struct chimera_span *span, const char *name, struct chimera_log_field *field,
                  size_t field_count)
{
    *span = (struct chimera_span){
        .parent = chimera_log_span, .name = name, .field = field, .field_count = field_count};
    chimera_log_span = span;
}

/* Within a span that is traced, or as the first of a trace. */
static void begin(struct chimera_span *span, const char *name, struct chimera_log_field *field,
                  size_t field_count, bool is_first)
{
    enter(span, name, field, field_count);
    if (trace_is_on && (span->parent ? span->parent->id != 0 : is_first))
        trace_begin(span, NULL);
}

void span_end(struct chimera_span *span)
{
    if (span->id)
        trace_end(span);
    chimera_log_span = span->parent;
}

void span_begin_request(struct span_request *span, const struct http_head *head)
{
    struct chimera_slice version =
        head->is_http10 ? CHIMERA_SLICE("HTTP/1.0") : CHIMERA_SLICE("HTTP/1.1");
    /* The target of the request line: where the query follows the path in the client's bytes, both.
     */
    struct chimera_slice uri = head->path;
    if (head->query.size > 0 && head->query.data == uri.data + uri.size + 1)
        uri.size += 1 + head->query.size;
    span->field[0] = CHIMERA_WORD("method", head->method);
    span->field[1] = CHIMERA_WORD("uri", uri);
    span->field[2] = CHIMERA_WORD("version", version);
    enter(&span->span, "request", span->field, 3);
    if (trace_is_on)
        trace_begin(&span->span, &head->caller);
}

static void add(struct span_review *span, struct chimera_log_field field)
{
    if (span->span.field_count < SPAN_REVIEW_FIELDS)
        span->field[span->span.field_count++] = field;
}

static void add_text(struct span_review *span, const char *name, struct chimera_slice text)
{
    add(span, CHIMERA_TEXT(name, text.data ? text : CHIMERA_SLICE("")));
}

static void complete(struct chimera_span *inner)
{
    struct span_review *span = (struct span_review *)(void *)inner; /* its first member */
    const struct chimera_request *request = span->request;
    const char *host = getenv("HOSTNAME");
    struct chimera_request_labels labels;
    inner->complete = NULL;
    add_text(span, "host", chimera_slice_of(host ? host : "unknown"));
    add_text(span, "policy_id", span->policy_id);
    if (request->is_raw)
        return;
    chimera_request_label(request, span->arena, &labels); /* in the reference's order */
    add_text(span, "kind", labels.kind);
    add_text(span, "kind_group", labels.kind_group);
    add_text(span, "kind_version", labels.kind_version);
    add_text(span, "name", labels.name);
    add_text(span, "namespace", request->name_space);
    add_text(span, "operation", request->operation);
    add_text(span, "request_uid", request->uid);
    add_text(span, "resource", labels.resource);
    add_text(span, "resource_group", labels.resource_group);
    add_text(span, "resource_version", labels.resource_version);
    add_text(span, "subresource", labels.subresource);
}

void span_begin_review(struct span_review *span, enum route_kind kind,
                       struct chimera_slice policy_id, const struct chimera_request *request,
                       struct chimera_arena *arena)
{
    span->request = request;
    span->arena = arena;
    span->policy_id = policy_id;
    begin(&span->span,
          kind == ROUTE_RAW     ? "validation_raw"
          : kind == ROUTE_AUDIT ? "audit"
                                : "validation",
          span->field, 0, false);
    span->span.complete = complete;
}

void span_begin_policy(struct span_policy *span, struct chimera_slice policy_id,
                       struct chimera_slice request_uid)
{
    span->field[0] = CHIMERA_TEXT("policy_id", policy_id);
    span->field[1] = CHIMERA_TEXT("request_uid", request_uid);
    begin(&span->span, "validate", span->field, request_uid.data ? 2 : 1, false);
    span->span.policy_id = policy_id;
}

void span_begin_settings(struct span_policy *span, struct chimera_slice policy_id)
{
    span->field[0] = CHIMERA_TEXT("policy_id", policy_id);
    begin(&span->span, "validate_settings", span->field, 1, true);
    span->span.policy_id = policy_id;
}

void span_record_response(struct span_review *span, const struct chimera_response *response)
{
    if (!span->span.id && !chimera_log_is_on(CHIMERA_LOG_DEBUG))
        return; /* nobody will read it */
    if (span->span.complete)
        span->span.complete(&span->span);
    add(span, CHIMERA_BOOL("allowed", response->allowed));
    add(span, CHIMERA_BOOL("mutated", response->patch.data != NULL));
    if (response->has_status && response->status.has_code)
        add(span, CHIMERA_NUMBER("response_code", response->status.code));
    if (response->has_status && response->status.message.data)
        add(span, CHIMERA_TEXT("response_message", response->status.message));
}
