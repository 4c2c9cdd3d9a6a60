/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its answer (server/review/service.h), with evaluators of the test's own in a
 * set of policies (server/review/policy_set.h): who is asked, what is counted, what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdio.h>

#include "runtime/base/clock.h"
#include "server/review/service.h"
#include "tests/unit/failing_allocation.h"

#define S(text) CHIMERA_SLICE(text)
#define BODY                                                                                     \
    "{\"request\":{\"uid\":\"u1\",\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}" \
    ",\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"namespace\":"     \
    "\"here\",\"operation\":\"CREATE\",\"userInfo\":{},\"object\":{}}}"

/* --- Evaluators --- */

enum { PLAIN, WATCHED, BROKEN, FIRST, SECOND, POLICIES }; /* policies, by their place */

struct fake {
    struct evaluator evaluator;
    const char *failure;               /* at the start; NULL: none */
    int code;                          /* of each evaluation */
    struct chimera_response response;  /* the uid is the request's */
    unsigned asked;                    /* how often */
    struct evaluator_input last_input; /* when it was last */
};

static struct fake fakes[POLICIES];

static int evaluate_fake(const struct evaluator *evaluator, const struct evaluator_input *input,
                         struct chimera_response *ret_response, struct chimera_run_report *ret_cost)
{
    struct fake *fake = &fakes[(const struct fake *)evaluator - fakes];
    fake->asked++;
    fake->last_input = *input;
    *ret_response = fake->response;
    ret_response->uid = input->request->uid;
    *ret_cost = (struct chimera_run_report){.resets = 1, .pages = 5};
    return fake->code;
}

static int await_fake(const struct evaluator *evaluator, struct chimera_error *err)
{
    const struct fake *fake = (const struct fake *)evaluator;
    return fake->failure ? chimera_fail(err, CHIMERA_EGUEST, "%s", fake->failure) : CHIMERA_OK;
}

/* --- The set --- */

static char *no_texts[1];
static struct policy_spec specs[POLICIES] = {
    [PLAIN] = {.id = (char *)(uintptr_t)"plain"},
    [WATCHED] = {.id = (char *)(uintptr_t)"watched", .mode = CHIMERA_MONITOR},
    [BROKEN] = {.id = (char *)(uintptr_t)"broken"},
    [FIRST] = {.id = (char *)(uintptr_t)"group/first"},
    [SECOND] = {.id = (char *)(uintptr_t)"group/second"},
};
static struct group_spec group = {.name = (char *)(uintptr_t)"group",
                                  .expression = (char *)(uintptr_t)"first() || second()",
                                  .message = (char *)(uintptr_t)"neither",
                                  .first = FIRST,
                                  .count = 2};
static const struct policies policies = {
    .policy = specs, .group = &group, .policy_count = POLICIES, .group_count = 1};
static struct config config;
static struct built_plugin plugins[POLICIES];
static struct handed_policy handed[POLICIES];
static struct shared scoreboard, counters;
static struct policy_set set;
static struct service service;
static struct lane lane;
static struct chimera_buffer details;
static struct chimera_error err;
static _Atomic uint32_t step;

static int load(void)
{
    const struct policy_set_input input = {.config = &config,
                                           .policies = &policies,
                                           .plugins = plugins,
                                           .handed = handed,
                                           .process_count = 2,
                                           .lanes = 3,
                                           .warm_lanes = 2,
                                           .scoreboard = scoreboard.data,
                                           .counters = counters.data,
                                           .step = &step};
    return policy_set_load(&input, &set, &err);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < POLICIES; i++) {
        specs[i].capabilities = specs[i].resources = no_texts;
        specs[i].settings = (char *)(uintptr_t)"{}";
        specs[i].group = i < FIRST ? NO_GROUP : 0;
        plugins[i].path = (char *)(uintptr_t)"p.so";
        fakes[i] = (struct fake){.evaluator = {evaluate_fake}, .response = {.allowed = true}};
        handed[i] = (struct handed_policy){
            .evaluator = &fakes[i].evaluator, .await = await_fake, .process = i < FIRST ? 0 : 1};
    }
    fakes[BROKEN].failure = "it is broken";
    config = (struct config){.is_limited = true, .limit_seconds = 2};
    config.options.is_continue_on_errors = true;
    step = 0;
    assert_int_equal(scoreboard_make(&scoreboard, NULL), CHIMERA_OK);
    assert_int_equal(counters_make(&counters, NULL), CHIMERA_OK);
    scoreboard_enter(scoreboard.data, &policies);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    err = (struct chimera_error){.details = &details};
    lane_init(&lane, 1, 1 << 20);
    service = (struct service){.policies = &set,
                               .counters = counters.data,
                               .shortcut_namespace = S("kubewarden"),
                               .rules = {.port = PORT_MAIN}};
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    policy_set_done(&set);
    shared_done(&scoreboard);
    shared_done(&counters);
    lane_done(&lane);
    chimera_buffer_free(&details);
    return 0;
}

static struct counters_view counts_of(const char *id)
{
    struct counters_view view;
    counters_read(counters.data, scoreboard_find(scoreboard.data, chimera_slice_of(id)), &view);
    return view;
}

/* Until the next one is asked for. */
static struct answer answer_to(enum route_kind kind, const char *id, const char *body)
{
    struct http_head head = {.query = S("timeout=10s")};
    const struct route route = {.kind = kind, .policy_id = chimera_slice_of(id)};
    const struct service_request request = {.head = &head,
                                            .route = &route,
                                            .body = chimera_slice_of(body),
                                            .arrived_ms = chimera_clock_ms()};
    struct answer answer = {0};
    lane_reset(&lane);
    service_answer(&service, &lane, &request, &answer);
    return answer;
}

static struct answer validate(const char *id)
{
    return answer_to(ROUTE_VALIDATE, id, BODY);
}

static bool has(const struct answer *answer, const char *text)
{
    return memmem(answer->body.data, answer->body.size, text, strlen(text));
}

static void refuse_by(struct fake *fake, const char *message)
{
    fake->response =
        chimera_response_reject((struct chimera_slice){NULL, 0}, chimera_slice_of(message));
}

/* --- A policy --- */

static void a_policy_is_asked_once_and_counted_once(void **state)
{
    const struct fake *fake = &fakes[PLAIN];
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    struct answer answer = validate("plain");
    assert_int_equal(answer.status, 200);
    assert_true(has(&answer, "\"uid\":\"u1\",\"allowed\":true"));
    assert_int_equal(fake->asked, 1);
    assert_int_equal(fake->last_input.lane, 1);
    assert_in_range(fake->last_input.limit_ms, 1, 9900); /* less what the answer needs */
    struct counters_view counts = counts_of("plain");
    assert_int_equal(counts.evaluations, 1);
    assert_int_equal(counts.accepted, 1);
    assert_int_equal(counts.dirty_pages, 5);
    assert_int_equal(series_count(&service.counters->series), 1);
}

static void who_cannot_be_asked_is_a_500(void **state)
{
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    fakes[PLAIN].code = CHIMERA_EIO;
    struct answer answer = validate("plain");
    assert_int_equal(answer.status, 500);
    assert_true(has(&answer, "Something went wrong"));
    assert_int_equal(counts_of("plain").failures, 1);
    assert_int_equal(counts_of("plain").evaluations, 0);
    assert_int_equal(series_count(&service.counters->series), 0);
}

static void monitor_mode_lets_through_but_for_an_audit(void **state)
{
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    refuse_by(&fakes[WATCHED], "not like this");
    struct answer answer = validate("watched");
    assert_true(has(&answer, "\"allowed\":true"));
    answer = answer_to(ROUTE_AUDIT, "watched", BODY);
    assert_true(has(&answer, "\"allowed\":false"));
    assert_true(has(&answer, "not like this"));
    assert_int_equal(counts_of("watched").rejected, 2); /* whatever became of it */
    assert_int_equal(counts_of("watched").monitored, 1);
}

static void one_that_failed_to_start_rejects_and_is_not_asked(void **state)
{
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    struct answer answer = validate("broken");
    assert_int_equal(answer.status, 200);
    assert_true(has(&answer, "bootstrap failure: broken: it is broken"));
    assert_int_equal(fakes[BROKEN].asked, 0);
    assert_int_equal(counts_of("broken").start_errors, 1);
    assert_int_equal(counts_of("broken").evaluations, 0);
}

static void nobody_is_asked_about_the_namespace_that_is_always_accepted(void **state)
{
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    refuse_by(&fakes[WATCHED], "no");
    service.shortcut_namespace = S("here");
    struct answer answer = validate("watched");
    assert_true(has(&answer, "\"allowed\":true"));
    answer = validate("broken");
    assert_true(has(&answer, "\"allowed\":true"));
    assert_int_equal(fakes[WATCHED].asked + fakes[BROKEN].asked, 0);
    assert_int_equal(counts_of("watched").evaluations, 0);
    assert_int_equal(series_count(&service.counters->series), 2);
    answer = answer_to(ROUTE_RAW, "watched", "{\"request\":{\"namespace\":\"here\"}}");
    assert_int_equal(answer.status, 200);
    assert_int_equal(fakes[WATCHED].asked, 1); /* a raw request has no namespace */
}

/* --- Refusals --- */

static void what_is_wrong_is_told_by_its_stage(void **state)
{
    static const struct {
        enum route_kind kind;
        const char *id, *body;
        unsigned status;
        enum answer_type type;
        const char *text;
    } cases[] = {
        {ROUTE_VALIDATE, "plain", "{", 400, ANSWER_JSON, "Failed to parse the request body as"},
        {ROUTE_AUDIT, "plain", "{", 400, ANSWER_TEXT, "Failed to parse the request body as"},
        {ROUTE_VALIDATE, "plain", "[]", 422, ANSWER_JSON, "Failed to deserialize the JSON body"},
        {ROUTE_RAW, "plain", "[]", 422, ANSWER_TEXT, "Failed to deserialize the JSON body"},
        {ROUTE_AUDIT, "nobody", BODY, 404, ANSWER_JSON, "unknown policy: nobody"},
        {ROUTE_AUDIT, "a/b/c", BODY, 500, ANSWER_JSON, "Something went wrong"},
    };
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer answer = answer_to(cases[i].kind, cases[i].id, cases[i].body);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(answer.type, cases[i].type);
        assert_true(has(&answer, cases[i].text));
    }
    assert_int_equal(fakes[PLAIN].asked, 0);
}

/* --- Groups --- */

static void a_group_asks_those_that_matter(void **state)
{
    (void)state;
    assert_int_equal(load(), CHIMERA_OK);
    struct answer answer = validate("group");
    assert_true(has(&answer, "\"allowed\":true"));
    assert_int_equal(fakes[FIRST].asked, 1);
    assert_int_equal(fakes[SECOND].asked, 0);
    refuse_by(&fakes[FIRST], "the first one's");
    refuse_by(&fakes[SECOND], "the second one's");
    answer = validate("group");
    assert_true(has(&answer, "\"allowed\":false"));
    assert_true(has(&answer, "neither"));
    assert_true(has(&answer, "the second one's"));
    assert_in_range(fakes[SECOND].last_input.limit_ms, 1, 9900);
    assert_int_equal(counts_of("group").evaluations, 2);
    assert_int_equal(counts_of("group/first").evaluations, 2);
    assert_int_equal(counts_of("group/second").rejected, 1);
}

/* --- The start --- */

static void policies_of_one_process_have_one_account(void **state)
{
    unsigned account[4] = {0};
    const char *const ids[] = {"plain", "watched", "group/first", "group"};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        account[i] = 77;
    assert_int_equal(load(), CHIMERA_OK);
    for (size_t i = 0; i < 4; i++) {
        const struct route route = {.kind = ROUTE_AUDIT, .policy_id = chimera_slice_of(ids[i])};
        assert_true(service_evaluates(&service, &route, &account[i]));
        assert_in_range(account[i], POLICIES + 1, set.account_count - 1);
    }
    assert_int_equal(account[0], account[1]);
    assert_int_equal(account[2], account[3]);
    assert_int_not_equal(account[0], account[2]);
    assert_int_equal(set.account_count, POLICIES + 1 + 2);
}

static void all_that_failed_is_told_where_none_may_fail(void **state)
{
    (void)state;
    config.options.is_continue_on_errors = false;
    fakes[FIRST].failure = fakes[SECOND].failure = "no such thing";
    assert_int_equal(load(), CHIMERA_EINVAL);
    struct chimera_slice all = chimera_buffer_slice(&details);
    assert_non_null(memmem(all.data, all.size, "policy \"broken\"", 15));
    assert_non_null(memmem(all.data, all.size, "policies \"group/first\", \"group/second\"", 38));
    assert_int_equal(step, POLICIES + 1);
}

static void it_fails_when_memory_runs_out(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        return;
    for (unsigned at = 1; at == 1 || has_failed; at++) {
        policy_set_done(&set);
        fail_allocation(at);
        int code = load();
        fail_allocation(0);
        assert_true(code == CHIMERA_OK || (code == CHIMERA_ENOMEM && has_failed));
    }
    struct answer answer = validate("group");
    assert_int_equal(answer.status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)

/* What it kept is gone, its limits are not, and the next answer is the same. */
static void a_lane_that_has_rested_answers_as_before(void **state)
{
    (void)state;
    size_t limit = lane.arena.limit, body = lane.body.limit, out = lane.out.limit;
    struct answer first = validate("plain");
    char *text = strndup(first.body.data, first.body.size);
    size_t size = first.body.size;
    lane_reset(&lane);
    assert_non_null(lane.arena.first);
    assert_true(lane_rest(&lane));
    assert_null(lane.arena.first);
    assert_int_equal(lane.arena.used, 0);
    assert_true(lane.body.capacity == 0 && lane.out.capacity == 0);
    assert_true(lane.arena.limit == limit && lane.body.limit == body && lane.out.limit == out);
    assert_false(lane_rest(&lane)); /* there is nothing that is worth it */
    struct answer second = validate("plain");
    assert_int_equal(second.status, first.status);
    assert_int_equal(second.body.size, size);
    assert_memory_equal(second.body.data, text, size);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_policy_is_asked_once_and_counted_once),
        TEST(a_lane_that_has_rested_answers_as_before),
        TEST(who_cannot_be_asked_is_a_500),
        TEST(monitor_mode_lets_through_but_for_an_audit),
        TEST(one_that_failed_to_start_rejects_and_is_not_asked),
        TEST(nobody_is_asked_about_the_namespace_that_is_always_accepted),
        TEST(what_is_wrong_is_told_by_its_stage),
        TEST(a_group_asks_those_that_matter),
        TEST(policies_of_one_process_have_one_account),
        TEST(all_that_failed_is_told_where_none_may_fail),
        TEST(it_fails_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
