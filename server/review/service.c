/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/service.h"

#include <stdio.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/review/group.h"
#include "server/telemetry/span.h"

#define TARGET "server::api"
#define ARENA_BASE ((size_t)16 << 20) /* beside what grows with the body: trees and patches */
#define ANSWER_MAX ((size_t)256 << 20)
#define KEPT_BYTES ((size_t)1 << 20) /* of a lane's buffers, between requests */
/* Of what the client waits, kept for the way of the answer. */
#define MARGIN_MS 100

#define TEXT_500 "Something went wrong"
#define TEXT_413 "Failed to buffer the request body: length limit exceeded"
#define TEXT_429 "Too many requests of this policy are under way"
#define TEXT_503 "Too many requests are under way"
#define TEXT_PPROF                                                                    \
    "This server has no built-in profiler. Profile it from outside, native code and " \
    "policies alike: perf record -g -p PID -- sleep 30; perf report\n"

void lane_init(struct lane *lane, unsigned index, size_t max_body_bytes)
{
    *lane = (struct lane){.index = index};
    chimera_arena_init(&lane->arena, ARENA_BASE + 16 * max_body_bytes);
    chimera_buffer_init(&lane->body, ANSWER_MAX);
    chimera_buffer_init(&lane->out, ANSWER_MAX + HTTP_HEAD_MAX);
}

void lane_reset(struct lane *lane)
{
    chimera_arena_reset(&lane->arena);
    chimera_buffer_recycle(&lane->body, KEPT_BYTES);
    chimera_buffer_recycle(&lane->out, KEPT_BYTES);
}

void lane_done(struct lane *lane)
{
    chimera_arena_free(&lane->arena);
    chimera_buffer_free(&lane->body);
    chimera_buffer_free(&lane->out);
}

void lane_renew_body(struct lane *lane)
{
    chimera_buffer_init(&lane->body, ANSWER_MAX);
}

bool service_evaluates(const struct service *service, const struct route *route,
                       unsigned *ret_account)
{
    if (route->status ||
        (route->kind != ROUTE_VALIDATE && route->kind != ROUTE_AUDIT && route->kind != ROUTE_RAW))
        return false;
    const struct target *target = policy_set_find(service->policies, route->policy_id);
    if (target)
        *ret_account = target->account;
    return target;
}

/* JSON on /validate, plain text on the others, but for what is found behind the body's parser. */
static void refuse(struct lane *lane, bool is_json, unsigned status, struct chimera_slice text,
                   struct answer *ret_answer)
{
    ret_answer->status = status;
    ret_answer->type = is_json ? ANSWER_JSON : ANSWER_TEXT;
    if (is_json)
        answer_write_error_json(text, status, &lane->body);
    else
        chimera_buffer_append(&lane->body, text);
    ret_answer->body = chimera_buffer_slice(&lane->body);
}

void service_refuse(struct lane *lane, const struct route *route, struct answer *ret_answer)
{
    ret_answer->status = route->status;
    ret_answer->allow = route->status == 405 ? route->allow : NULL;
    if (route->text)
        refuse(lane, route->kind == ROUTE_VALIDATE, route->status, chimera_slice_of(route->text),
               ret_answer);
}

/* The API server tries again, within the request's timeout, when it is told when. */
void service_refuse_busy(struct lane *lane, bool is_policy, struct answer *ret_answer)
{
    ret_answer->retry_after_s = 1;
    if (is_policy)
        refuse(lane, true, 429, CHIMERA_SLICE(TEXT_429), ret_answer);
    else
        refuse(lane, true, 503, CHIMERA_SLICE(TEXT_503), ret_answer);
}

void service_refuse_length(struct lane *lane, const struct route *route, struct answer *ret_answer)
{
    refuse(lane, route->kind == ROUTE_VALIDATE, 413, CHIMERA_SLICE(TEXT_413), ret_answer);
}

static bool parse(struct lane *lane, const struct service_request *request,
                  struct chimera_request *ret_parsed, struct answer *ret_answer)
{
    struct chimera_slice why = {NULL, 0};
    bool is_raw = request->route->kind == ROUTE_RAW,
         is_json = request->route->kind == ROUTE_VALIDATE;
    enum chimera_request_problem problem =
        is_raw ? chimera_request_parse_raw(request->body, &lane->arena, ret_parsed, &why)
               : chimera_request_parse_review(request->body, &lane->arena, ret_parsed, &why);
    const char *prefix = "";
    unsigned status = 0;
    switch (problem) {
    case CHIMERA_REQUEST_OK:
        return true;
    case CHIMERA_REQUEST_SYNTAX:
        status = 400;
        prefix = "Failed to parse the request body as JSON: ";
        break;
    case CHIMERA_REQUEST_SHAPE:
        status = 422;
        prefix = "Failed to deserialize the JSON body into the target type: ";
        break;
    case CHIMERA_REQUEST_TOO_BIG:
        service_refuse_length(lane, request->route, ret_answer);
        return false;
    }
    struct chimera_slice text = chimera_arena_print(&lane->arena, "%s%.*s", prefix, (int)why.size,
                                                    why.data ? why.data : "");
    refuse(lane, is_json, status, text, ret_answer);
    return false;
}

static unsigned count_slashes(struct chimera_slice id)
{
    unsigned count = 0;
    for (size_t i = 0; i < id.size; i++)
        count += id.data[i] == '/';
    return count;
}

static void fail(struct lane *lane, struct chimera_slice id, const char *why,
                 struct answer *ret_answer)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("Evaluation error"),
                     CHIMERA_TEXT("policy_id", id), CHIMERA_TEXT("error", chimera_slice_of(why)));
    refuse(lane, true, 500, CHIMERA_SLICE(TEXT_500), ret_answer);
}

int64_t service_until(const struct service *service, const struct service_request *request)
{
    uint32_t timeout_ms =
        service->policies->is_limited ? route_timeout_ms(request->head->query) : 0;
    return timeout_ms ? request->arrived_ms + timeout_ms - MARGIN_MS : 0;
}

static bool is_always_accepted(const struct service *service, const struct chimera_request *parsed)
{
    struct chimera_slice shortcut = service->shortcut_namespace;
    return !parsed->is_raw && shortcut.data && parsed->name_space.data &&
           chimera_slice_equal(parsed->name_space, shortcut);
}

static void log_response(enum chimera_log_level level, const char *message,
                         const struct target *target, const struct chimera_response *response,
                         struct chimera_buffer *room)
{
    if (!chimera_log_is_on(level))
        return;
    chimera_response_write(response, room);
    chimera_log_with(level, TARGET, chimera_slice_of(message),
                     CHIMERA_TEXT("policy_id", target->id),
                     CHIMERA_BOOL("allowed_to_mutate", target->handling.allowed_to_mutate),
                     CHIMERA_TEXT("response", chimera_buffer_slice(room)));
    chimera_buffer_reset(room);
}

/* Has the guest's own verdict made. */
static int ask(const struct service *service, struct lane *lane,
               const struct service_request *request, const struct target *target,
               const struct chimera_request *parsed, struct chimera_response *ret_response)
{
    struct span_policy span;
    int code = CHIMERA_OK;
    int64_t until_ms = service_until(service, request);
    struct evaluator_input input = {.lane = lane->index, .request = parsed, .arena = &lane->arena};
    span_begin_policy(&span, target->id, (struct chimera_slice){NULL, 0});
    input.limit_ms = chimera_clock_left_ms(until_ms);
    if (target->group)
        group_evaluate(target->group, &input, until_ms, ret_response);
    else
        code = evaluator_ask(target->evaluator, target->counted, &input, ret_response);
    span_end(&span.span);
    return code;
}

/* The same, counted; or, without asking, yes. */
static int ask_and_count(const struct service *service, struct lane *lane,
                         const struct service_request *request, const struct target *target,
                         const struct chimera_request *parsed, bool is_asked,
                         struct chimera_response *ret_response)
{
    struct counters_request counted = {.request = parsed,
                                       .response = ret_response,
                                       .policy = target->number,
                                       .is_monitor = target->handling.mode == CHIMERA_MONITOR,
                                       .is_audit = request->route->kind == ROUTE_AUDIT};
    uint64_t began_ns = chimera_clock_ns();
    int code = CHIMERA_OK;
    if (is_asked)
        code = ask(service, lane, request, target, parsed, ret_response);
    else
        *ret_response = (struct chimera_response){.uid = parsed->uid, .allowed = true};
    if (code < 0)
        return code;
    counted.latency_ns = chimera_clock_ns() - began_ns;
    if (is_asked && target->group)
        counters_count_group(target->counted, counted.latency_ns, ret_response);
    counters_count_request(service->counters, &counted, &lane->arena);
    return CHIMERA_OK;
}

/* Returns a negative code when there is no verdict at all. */
static int evaluate(const struct service *service, struct lane *lane,
                    const struct service_request *request, const struct target *target,
                    const struct chimera_request *parsed, struct chimera_response *ret_response)
{
    bool is_asked = !is_always_accepted(service, parsed);
    if (target->failure && is_asked) {
        /* Even in monitor mode: what cannot be asked rejects. */
        *ret_response =
            chimera_response_reject_code(parsed->uid, chimera_slice_of(target->failure), 500);
        counters_count_start_error(service->counters, target->number);
        return CHIMERA_OK;
    }
    int code = ask_and_count(service, lane, request, target, parsed, is_asked, ret_response);
    if (code < 0 || !is_asked || request->route->kind == ROUTE_AUDIT)
        return code;
    if (target->handling.mode == CHIMERA_MONITOR)
        log_response(CHIMERA_LOG_INFO, "policy evaluation (monitor mode)", target, ret_response,
                     &lane->body);
    chimera_response_handle(ret_response, &target->handling, &lane->arena);
    if (request->route->kind == ROUTE_VALIDATE)
        chimera_response_limit_warnings(ret_response, &lane->arena);
    return CHIMERA_OK;
}

/* The answer to a review of a policy that there is. */
static void answer_target(const struct service *service, struct lane *lane,
                          const struct service_request *request, const struct target *target,
                          struct span_review *span, struct answer *ret_answer)
{
    struct chimera_response response = {0};
    int code = evaluate(service, lane, request, target, span->request, &response);
    if (code == CHIMERA_OK) {
        span_record_response(span, &response);
        log_response(CHIMERA_LOG_DEBUG, "policy evaluated", target, &response, &lane->body);
        chimera_response_write_review(&response, span->request->is_raw, &lane->body);
        code = lane->body.failed;
    }
    if (code < 0) {
        chimera_buffer_reset(&lane->body);
        fail(lane, target->id, chimera_code_text(code), ret_answer);
        return;
    }
    ret_answer->status = 200;
    ret_answer->type = ANSWER_JSON;
    ret_answer->body = chimera_buffer_slice(&lane->body);
}

static void answer_parsed(const struct service *service, struct lane *lane,
                          const struct service_request *request, struct span_review *span,
                          struct answer *ret_answer)
{
    struct chimera_slice id = request->route->policy_id;
    chimera_log_with(
        CHIMERA_LOG_DEBUG, TARGET, ((struct chimera_slice){NULL, 0}),
        CHIMERA_WORD(span->request->is_raw ? "raw_review" : "admission_review", request->body));
    if (count_slashes(id) > 1) {
        fail(lane, id, "not a valid policy ID", ret_answer);
        return;
    }
    const struct target *target = policy_set_find(service->policies, id);
    if (target)
        answer_target(service, lane, request, target, span, ret_answer);
    else
        refuse(lane, true, 404,
               chimera_arena_print(&lane->arena, "unknown policy: %.*s", (int)id.size, id.data),
               ret_answer);
}

static void answer_review(const struct service *service, struct lane *lane,
                          const struct service_request *request, struct answer *ret_answer)
{
    const struct route *route = request->route;
    struct chimera_request parsed = {0};
    struct span_review span;
    if (!parse(lane, request, &parsed, ret_answer))
        return;
    span_begin_review(&span, route->kind, route->policy_id, &parsed, &lane->arena);
    answer_parsed(service, lane, request, &span, ret_answer);
    span_end(&span.span);
}

static void log_answer(int64_t arrived_ms, unsigned status)
{
    char latency[32], class[40];
    snprintf(latency, sizeof(latency), "%lld ms", (long long)(chimera_clock_ms() - arrived_ms));
    snprintf(class, sizeof(class), "Status code: %u", status);
    chimera_log_with(CHIMERA_LOG_INFO, "server::http", CHIMERA_SLICE("finished processing request"),
                     CHIMERA_WORD("latency", chimera_slice_of(latency)),
                     CHIMERA_NUMBER("status", status));
    if (status >= 500)
        chimera_log_with(CHIMERA_LOG_ERROR, "server::http", CHIMERA_SLICE("response failed"),
                         CHIMERA_WORD("classification", chimera_slice_of(class)),
                         CHIMERA_WORD("latency", chimera_slice_of(latency)));
}

void service_log_refusal(const struct service *service, const struct http_head *head,
                         int64_t arrived_ms, unsigned status)
{
    struct span_request span;
    if (service->rules.port != PORT_MAIN || !chimera_log_is_on(CHIMERA_LOG_ERROR))
        return;
    span_begin_request(&span, head);
    log_answer(arrived_ms, status);
    span_end(&span.span);
}

static void answer_readiness(const struct service *service, struct lane *lane,
                             struct answer *ret_answer)
{
    int64_t stuck_ms = 0;
    if (service->find_stuck)
        stuck_ms = service->find_stuck(service->loops, chimera_clock_ms());
    ret_answer->status = 200;
    if (stuck_ms > 0)
        refuse(lane, false, 503,
               chimera_arena_print(&lane->arena, "a loop of the worker has been stuck for %lld s\n",
                                   (long long)(stuck_ms / 1000)),
               ret_answer);
}

static void dispatch(const struct service *service, struct lane *lane,
                     const struct service_request *request, struct answer *ret_answer)
{
    if (request->route->status)
        service_refuse(lane, request->route, ret_answer);
    else if (request->route->kind == ROUTE_READINESS)
        answer_readiness(service, lane, ret_answer);
    else if (request->route->kind == ROUTE_PPROF)
        refuse(lane, false, 501, CHIMERA_SLICE(TEXT_PPROF), ret_answer);
    else
        answer_review(service, lane, request, ret_answer);
}

void service_answer(const struct service *service, struct lane *lane,
                    const struct service_request *request, struct answer *ret_answer)
{
    struct span_request span;
    ret_answer->is_logged = true;
    if (service->rules.port != PORT_MAIN) { /* nobody wants to read of each probe */
        dispatch(service, lane, request, ret_answer);
        return;
    }
    span_begin_request(&span, request->head);
    chimera_log(CHIMERA_LOG_DEBUG, "server::http", CHIMERA_SLICE("started processing request"));
    dispatch(service, lane, request, ret_answer);
    if (chimera_log_is_on(CHIMERA_LOG_ERROR))
        log_answer(request->arrived_ms, ret_answer->status);
    span_end(&span.span);
}
