/* SPDX-License-Identifier: Apache-2.0 */
/* span.h - the spans of a request, with the reference's names and fields (policy-server.md §6.3).
 *
 * They lie on the stack of the thread that answers, which begins and ends them in order: `request`,
 * within it `validation` (or `audit`, `validation_raw`), within that a `validate` for each policy
 * that is asked. The log and the traces read them; while neither asks, a span is a few stores. What
 * it is begun with must outlive it.
 */
#ifndef CHIMERA_SERVER_TELEMETRY_SPAN_H
#define CHIMERA_SERVER_TELEMETRY_SPAN_H

#include "runtime/log/log.h"
#include "runtime/review/response.h"
#include "server/http/http1.h"
#include "server/http/route.h"

#define SPAN_REVIEW_FIELDS 17

struct span_request {
    struct chimera_span span;
    struct chimera_log_field field[3];
};

struct span_review {
    struct chimera_span span;
    const struct chimera_request *request;
    struct chimera_arena *arena;
    struct chimera_slice policy_id;
    struct chimera_log_field field[SPAN_REVIEW_FIELDS];
};

struct span_policy {
    struct chimera_span span;
    struct chimera_log_field field[2];
};

void span_begin_request(struct span_request *span, const struct http_head *head);
void span_begin_review(struct span_review *span, enum route_kind kind,
                       struct chimera_slice policy_id, const struct chimera_request *request,
                       struct chimera_arena *arena);
/* `request_uid` .data NULL: an outer span has it. */
void span_begin_policy(struct span_policy *span, struct chimera_slice policy_id,
                       struct chimera_slice request_uid);

/* `validate_settings`, at the start: within nothing. */
void span_begin_settings(struct span_policy *span, struct chimera_slice policy_id);

/* What the client will be told. */
void span_record_response(struct span_review *span, const struct chimera_response *response);

/* The innermost one. */
void span_end(struct chimera_span *span);

#endif
