/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/service.h"

#include <stdio.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/review/group.h"
#include "server/telemetry/span.h"
#include "server/telemetry/trace.h"

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
    "policies alike: perf record -g -p $(pidof chimera-worker) -- sleep 30; perf report\n"

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

bool lane_rest(struct lane *lane)
{
    bool has_blocks = lane->arena.first != NULL;
    chimera_arena_give_back(&lane->arena);
    chimera_buffer_free(&lane->body);
    chimera_buffer_free(&lane->out);
    return has_blocks;
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
static void refuse_with(struct lane *lane, bool is_json, unsigned status, struct chimera_slice text,
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
        refuse_with(lane, route->kind == ROUTE_VALIDATE, route->status,
                    chimera_slice_of(route->text), ret_answer);
}

/* The API server tries again, within the request's timeout, when it is told when. */
void service_refuse_busy(struct lane *lane, bool is_policy, struct answer *ret_answer)
{
    ret_answer->retry_after_s = 1;
    if (is_policy)
        refuse_with(lane, true, 429, CHIMERA_SLICE(TEXT_429), ret_answer);
    else
        refuse_with(lane, true, 503, CHIMERA_SLICE(TEXT_503), ret_answer);
}

void service_refuse_length(struct lane *lane, const struct route *route, struct answer *ret_answer)
{
    refuse_with(lane, route->kind == ROUTE_VALIDATE, 413, CHIMERA_SLICE(TEXT_413), ret_answer);
}

int64_t service_until(const struct service *service, const struct service_request *request)
{
    uint32_t timeout_ms =
        service->policies->is_limited ? route_timeout_ms(request->head->query) : 0;
    return timeout_ms ? request->arrived_ms + timeout_ms - MARGIN_MS : 0;
}

/* --- A review, in three stages --- */

struct review {
    const struct service *service; /* borrowed, like all that it is made with */
    struct lane *lane;
    const struct service_request *input;
    struct chimera_request parsed;
    struct chimera_question question; /* where `is_asked` */
    bool is_asked;                    /* whether a verdict may be given again */
    struct span_review *span;         /* around the second stage and the third */
    const struct target *target;      /* whom to ask */
    struct chimera_response response;
    struct chimera_slice refusal; /* the text, where a stage refuses */
};

static unsigned fail_review(struct review *review, const char *why)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("Evaluation error"),
                     CHIMERA_TEXT("policy_id", review->input->route->policy_id),
                     CHIMERA_TEXT("error", chimera_slice_of(why)));
    review->refusal = CHIMERA_SLICE(TEXT_500);
    return 500;
}

static unsigned parse_body(struct review *review)
{
    struct chimera_arena *arena = &review->lane->arena;
    struct chimera_slice body = review->input->body, why = {NULL, 0};
    enum route_kind kind = review->input->route->kind;
    const struct reuse *reuse = review->service->reuse;
    bool is_raw = kind == ROUTE_RAW;
    review->is_asked = reuse_ask(reuse, body, is_raw, kind == ROUTE_AUDIT, &review->question);
    if (review->is_asked && reuse_find_request(reuse, &review->question, body, &review->parsed))
        return 0;
    enum chimera_request_problem problem =
        is_raw ? chimera_request_parse_raw(body, arena, &review->parsed, &why)
               : chimera_request_parse_review(body, arena, &review->parsed, &why);
    const char *prefix = "Failed to parse the request body as JSON: ";
    if (problem == CHIMERA_REQUEST_OK)
        return 0;
    review->refusal = CHIMERA_SLICE(TEXT_413);
    if (problem == CHIMERA_REQUEST_TOO_BIG)
        return 413;
    if (problem == CHIMERA_REQUEST_SHAPE)
        prefix = "Failed to deserialize the JSON body into the target type: ";
    review->refusal =
        chimera_arena_print(arena, "%s%.*s", prefix, (int)why.size, why.data ? why.data : "");
    return problem == CHIMERA_REQUEST_SYNTAX ? 400 : 422;
}

/* Stage 1: the body. False when it is refused. */
static bool review_parse(struct review *review, struct answer *ret_answer)
{
    const struct service_request *input = review->input;
    unsigned status = parse_body(review);
    if (status) {
        refuse_with(review->lane, input->route->kind == ROUTE_VALIDATE, status, review->refusal,
                    ret_answer);
        return false;
    }
    span_begin_review(review->span, input->route->kind, input->route->policy_id, &review->parsed,
                      &review->lane->arena);
    chimera_log_with(
        CHIMERA_LOG_DEBUG, TARGET, ((struct chimera_slice){NULL, 0}),
        CHIMERA_WORD(review->parsed.is_raw ? "raw_review" : "admission_review", input->body));
    return true;
}

static unsigned find_target(struct review *review)
{
    struct chimera_slice id = review->input->route->policy_id;
    unsigned slashes = 0;
    for (size_t i = 0; i < id.size; i++)
        slashes += id.data[i] == '/';
    if (slashes > 1)
        return fail_review(review, "not a valid policy ID");
    review->target = policy_set_find(review->service->policies, id);
    if (review->target)
        return 0;
    review->refusal =
        chimera_arena_print(&review->lane->arena, "unknown policy: %.*s", (int)id.size, id.data);
    return 404;
}

static void log_response(enum chimera_log_level level, const char *message,
                         const struct review *review)
{
    struct chimera_buffer *room = &review->lane->body; /* nothing is in it yet */
    if (!chimera_log_is_on(level))
        return;
    chimera_response_write(&review->response, room);
    chimera_log_with(level, TARGET, chimera_slice_of(message),
                     CHIMERA_TEXT("policy_id", review->target->id),
                     CHIMERA_BOOL("allowed_to_mutate", review->target->handling.allowed_to_mutate),
                     CHIMERA_TEXT("response", chimera_buffer_slice(room)));
    chimera_buffer_reset(room);
}

/* What it says before the operator's rules. */
static void count_verdict(const struct review *review, uint64_t latency_ns)
{
    const struct target *target = review->target;
    const struct counters_request counted = {.request = &review->parsed,
                                             .response = &review->response,
                                             .policy = target->number,
                                             .is_monitor = target->handling.mode == CHIMERA_MONITOR,
                                             .is_audit = review->input->route->kind == ROUTE_AUDIT,
                                             .latency_ns = latency_ns};
    counters_count_request(review->service->counters, &counted, &review->lane->arena);
}

/* `is_enforced`: who asked is told so. */
static void log_decision(const struct review *review, bool is_enforced)
{
    static const char *const origins[] = {
        [ROUTE_VALIDATE] = "validate", [ROUTE_AUDIT] = "audit", [ROUTE_RAW] = "raw"};
    const struct target *target = review->target;
    const struct http_caller *caller = &review->input->head->caller;
    bool is_monitor = target->handling.mode == CHIMERA_MONITOR;
    struct decision decision = {.request = &review->parsed,
                                .response = &review->response,
                                .policy_id = target->id,
                                .mode = is_monitor ? "monitor" : "protect",
                                .origin = origins[review->input->route->kind],
                                .is_enforced = is_enforced,
                                .trace_id = trace_current(),
                                .arena = &review->lane->arena};
    if (!review->service->decisions)
        return;
    if (!decision.trace_id && caller->span) /* traces are off here, but not there */
        decision.trace_id = caller->trace_id;
    decision_log_write(review->service->decisions, &decision);
}

/* The operator's rules, and what an API server makes of warnings and codes. */
static void handle_response(struct review *review)
{
    const struct target *target = review->target;
    bool is_audit = review->input->route->kind == ROUTE_AUDIT;
    bool was_allowed = review->response.allowed;
    if (!was_allowed)
        log_decision(review, !is_audit && target->handling.mode != CHIMERA_MONITOR);
    if (is_audit)
        return;
    if (target->handling.mode == CHIMERA_MONITOR)
        log_response(CHIMERA_LOG_INFO, "policy evaluation (monitor mode)", review);
    chimera_response_handle(&review->response, &target->handling, &review->lane->arena);
    if (was_allowed && !review->response.allowed) /* for a change that it may not make */
        log_decision(review, true);
    if (review->input->route->kind == ROUTE_VALIDATE) {
        chimera_response_limit_warnings(&review->response, &review->lane->arena);
        chimera_response_limit_code(&review->response);
    }
}

/* The verdict on what nobody has to be asked about, or nobody can. False: there is none yet. */
static bool answer_unasked(struct review *review)
{
    const struct target *target = review->target;
    struct chimera_slice uid = review->parsed.uid;
    const struct chimera_request *parsed = &review->parsed;
    struct chimera_slice shortcut = review->service->shortcut_namespace;
    if (!parsed->is_raw && shortcut.data && parsed->name_space.data &&
        chimera_slice_equal(parsed->name_space, shortcut)) {
        review->response = (struct chimera_response){.uid = uid, .allowed = true};
        count_verdict(review, 0);
        return true;
    }
    if (!target->failure)
        return false;
    /* Even in monitor mode: what cannot be asked rejects. */
    review->response = chimera_response_reject_code(uid, chimera_slice_of(target->failure), 500);
    counters_count_start_error(review->service->counters, target->number);
    log_decision(review, review->input->route->kind != ROUTE_AUDIT);
    return true;
}

/* Stage 2: the verdict, by the policy or the group. 0, or the status of a refusal. */
static unsigned review_evaluate(struct review *review)
{
    struct evaluator_input input = {.lane = review->lane->index,
                                    .request = &review->parsed,
                                    .arena = &review->lane->arena,
                                    .question = review->is_asked ? &review->question : NULL};
    int64_t until_ms = service_until(review->service, review->input);
    struct span_policy span;
    int code = CHIMERA_OK;
    unsigned status = find_target(review);
    if (status || answer_unasked(review))
        return status;
    const struct target *target = review->target;
    uint64_t began_ns = chimera_clock_ns();
    span_begin_policy(&span, target->id, (struct chimera_slice){NULL, 0});
    input.limit_ms = chimera_clock_left_ms(until_ms);
    if (target->group)
        group_evaluate(target->group, &input, until_ms, &review->response);
    else
        code = evaluator_ask(&target->asked, &input, &review->response);
    span_end(&span.span);
    if (code < 0)
        return fail_review(review, chimera_code_text(code));
    uint64_t latency_ns = chimera_clock_ns() - began_ns;
    if (target->group)
        counters_count_group(target->asked.counted, latency_ns, &review->response);
    count_verdict(review, latency_ns);
    handle_response(review);
    return 0;
}

static unsigned write_response(struct review *review, struct answer *ret_answer)
{
    struct chimera_buffer *body = &review->lane->body;
    span_record_response(review->span, &review->response);
    log_response(CHIMERA_LOG_DEBUG, "policy evaluated", review);
    chimera_response_write_review(&review->response, review->parsed.is_raw, body);
    if (body->failed < 0) {
        const char *why = chimera_code_text(body->failed);
        chimera_buffer_reset(body);
        return fail_review(review, why);
    }
    ret_answer->status = 200;
    ret_answer->type = ANSWER_JSON;
    ret_answer->body = chimera_buffer_slice(body);
    return 0;
}

/* --- What is answered --- */

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
        refuse_with(lane, false, 503,
                    chimera_arena_print(&lane->arena,
                                        "a loop of the worker has been stuck for %lld s\n",
                                        (long long)(stuck_ms / 1000)),
                    ret_answer);
}

void service_answer(const struct service *service, struct lane *lane,
                    const struct service_request *request, struct answer *ret_answer)
{
    const struct route *route = request->route;
    bool is_told = service->rules.port == PORT_MAIN; /* nobody wants to read of each probe */
    struct span_request span;
    struct span_review span_of_review;
    ret_answer->is_logged = true;
    if (is_told) {
        span_begin_request(&span, request->head);
        chimera_log(CHIMERA_LOG_DEBUG, "server::http", CHIMERA_SLICE("started processing request"));
    }
    if (route->status) {
        service_refuse(lane, route, ret_answer);
    } else if (route->kind == ROUTE_READINESS) {
        answer_readiness(service, lane, ret_answer);
    } else if (route->kind == ROUTE_PPROF) {
        refuse_with(lane, false, 501, CHIMERA_SLICE(TEXT_PPROF), ret_answer);
    } else {
        struct review review = {
            .service = service, .lane = lane, .input = request, .span = &span_of_review};
        if (review_parse(&review, ret_answer)) {
            /* Stage 3: the answer, be it a refusal's. */
            unsigned status = review_evaluate(&review);
            if (status == 0)
                status = write_response(&review, ret_answer);
            if (status)
                refuse_with(review.lane, true, status, review.refusal, ret_answer);
            span_end(&review.span->span);
        }
    }
    if (!is_told)
        return;
    if (chimera_log_is_on(CHIMERA_LOG_ERROR))
        log_answer(request->arrived_ms, ret_answer->status);
    span_end(&span.span);
}
