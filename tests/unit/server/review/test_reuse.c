/* SPDX-License-Identifier: Apache-2.0 */
/* Which verdicts are given again, and when an evaluation is made all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/instance/types.h"
#include "server/review/evaluator.h"

#define MI ((uint64_t)1 << 20)
#define UID_A "705ab4f5-6393-11e8-b7cc-42010a800002"
#define UID_B "11111111-2222-3333-4444-555555555555"
#define EVERY 100

/* A policy that says what it is told to, and counts how often. */
struct policy {
    struct evaluator evaluator;
    unsigned asked;
    struct chimera_response verdict;
    struct chimera_run_report cost;
    int code;
    bool says_length_of_object;
};

static int evaluate(const struct evaluator *evaluator, const struct evaluator_input *input,
                    struct chimera_response *ret_response, struct chimera_run_report *ret_cost)
{
    struct policy *policy = (struct policy *)(uintptr_t)evaluator;
    policy->asked++;
    *ret_response = policy->verdict;
    ret_response->uid = input->request->uid;
    if (policy->says_length_of_object)
        ret_response->status.message =
            chimera_arena_print(input->arena, "%zu bytes", input->request->object.size);
    *ret_cost = policy->cost;
    return policy->code;
}

struct fixture {
    struct policy policy;
    struct reuse reuse;
    struct reused_policy reused;
    struct asked_policy asked;
    struct counters *counters;
    struct counters_policy *counted;
    struct chimera_arena arena;
    const char *body;
};

#define BODY(uid, managed)                                                                     \
    "{\"request\":{\"uid\":\"" uid                                                             \
    "\",\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},\"resource\":"           \
    "{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"operation\":\"CREATE\","      \
    "\"userInfo\":{},\"object\":{\"metadata\":{\"managedFields\":[" managed "],\"name\":\"a\"" \
    "}}}}"

static void open_fixture(struct fixture *fixture, bool is_for_all)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->counters = aligned_alloc(_Alignof(struct counters), sizeof(struct counters));
    assert_non_null(fixture->counters);
    memset(fixture->counters, 0, sizeof(struct counters));
    fixture->counted = counters_policy(fixture->counters, 1);
    chimera_arena_init(&fixture->arena, 16 * MI);
    assert_int_equal(reuse_open(&fixture->reuse, MI, is_for_all, fixture->counters, NULL, NULL), 0);
    reuse_enter(&fixture->reused, &fixture->reuse, 0, CHIMERA_SLICE("p"), fixture->counted);
    fixture->policy =
        (struct policy){.evaluator = {evaluate},
                        .verdict = {.has_status = true, .status = {.message = CHIMERA_SLICE("no")}},
                        .cost = {.is_pure = 1}};
    fixture->asked = (struct asked_policy){.evaluator = &fixture->policy.evaluator,
                                           .counted = fixture->counted,
                                           .reused = &fixture->reused};
}

static void close_fixture(struct fixture *fixture)
{
    reuse_close(&fixture->reuse);
    chimera_arena_free(&fixture->arena);
    free(fixture->counters);
}

/* Asks; the verdict's message. */
static const char *ask(struct fixture *fixture, const char *body, bool is_audit)
{
    struct chimera_request request;
    struct chimera_response response;
    struct chimera_slice why;
    chimera_arena_reset(&fixture->arena);
    assert_int_equal(
        chimera_request_parse_review(chimera_slice_of(body), &fixture->arena, &request, &why), 0);
    struct chimera_question question;
    bool is_asked = reuse_ask(&fixture->reuse, chimera_slice_of(body), false, is_audit, &question);
    const struct evaluator_input input = {
        .request = &request, .arena = &fixture->arena, .question = is_asked ? &question : NULL};
    int code = evaluator_ask(&fixture->asked, &input, &response);
    assert_int_equal(code, fixture->policy.code);
    if (code < 0)
        return NULL;
    assert_true(chimera_slice_equal(response.uid, request.uid));
    return chimera_arena_print(&fixture->arena, "%.*s", (int)response.status.message.size,
                               response.status.message.data)
        .data;
}

/* How often the policy was evaluated of `count` times that it was asked, with two uids in turn. */
static unsigned evaluations(struct fixture *fixture, unsigned count, bool is_audit)
{
    unsigned before = fixture->policy.asked;
    for (unsigned i = 0; i < count; i++)
        ask(fixture, i & 1 ? BODY(UID_B, "") : BODY(UID_A, ""), is_audit);
    return fixture->policy.asked - before;
}

/* --- What is given again --- */

static void the_first_and_each_hundredth_is_evaluated(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, false);
    assert_int_equal(evaluations(&fixture, 1, true), 1); /* there is none */
    assert_int_equal(evaluations(&fixture, 1, true), 1); /* the first that could be given again */
    assert_int_equal(evaluations(&fixture, EVERY - 1, true), 0);
    assert_int_equal(evaluations(&fixture, 1, true), 1);
    assert_int_equal(evaluations(&fixture, 10 * EVERY, true), 10);
    assert_string_equal(ask(&fixture, BODY(UID_B, ""), true), "no");
    struct reuse_counters *counters = &fixture.counters->reuse;
    assert_int_equal(atomic_load(&counters->misses), 1);
    assert_int_equal(atomic_load(&counters->checks), 12);
    assert_int_equal(atomic_load(&counters->hits), 11 * EVERY + 1 - 11);
    assert_int_equal(atomic_load(&fixture.counted->reused), atomic_load(&counters->hits));
    assert_int_equal(atomic_load(&fixture.counted->evaluations), fixture.policy.asked);
    close_fixture(&fixture);
}

static void audits_alone_unless_all_are(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, false);
    assert_int_equal(evaluations(&fixture, 10, false), 10);
    assert_int_equal(evaluations(&fixture, 10, true), 2);
    assert_int_equal(evaluations(&fixture, 10, false), 10);
    close_fixture(&fixture);
    open_fixture(&fixture, true);
    assert_int_equal(evaluations(&fixture, 10, false), 2);
    assert_int_equal(evaluations(&fixture, 10, true), 0);
    close_fixture(&fixture);
}

static void off_is_off(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, true);
    fixture.asked.reused = NULL;
    assert_int_equal(evaluations(&fixture, 10, true), 10);
    fixture.asked.reused = &fixture.reused;
    reuse_close(&fixture.reuse);
    assert_int_equal(reuse_open(&fixture.reuse, 0, true, fixture.counters, NULL, NULL), 0);
    assert_int_equal(evaluations(&fixture, 10, true), 10);
    close_fixture(&fixture);
}

static void policies_do_not_get_each_others(void **state)
{
    struct fixture fixture;
    struct reused_policy other;
    (void)state;
    open_fixture(&fixture, false);
    assert_int_equal(evaluations(&fixture, 10, true), 2);
    reuse_enter(&other, &fixture.reuse, 1, CHIMERA_SLICE("q"), NULL);
    fixture.asked.reused = &other;
    assert_int_equal(evaluations(&fixture, 10, true), 2);
    close_fixture(&fixture);
}

/* --- What is never kept --- */

static void what_does_not_follow_from_the_request_is_not_kept(void **state)
{
    static const struct {
        struct chimera_run_report cost;
        bool is_failure;
        uint16_t code;
        int fails;
    } cases[] = {
        {.cost = {.is_pure = 0}},
        {.cost = {.is_pure = 1, .stop = CHIMERA_STOP_TRAP}},
        {.cost = {.is_pure = 1, .stop = CHIMERA_STOP_DEADLINE}},
        {.cost = {.is_pure = 1}, .is_failure = true},
        {.cost = {.is_pure = 1}, .code = 500},
        {.cost = {.is_pure = 1}, .code = 503},
        {.cost = {.is_pure = 1}, .fails = CHIMERA_EIO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture;
        open_fixture(&fixture, false);
        fixture.policy.cost = cases[i].cost;
        fixture.policy.code = cases[i].fails;
        fixture.policy.verdict.is_failure = cases[i].is_failure;
        fixture.policy.verdict.status.has_code = cases[i].code;
        fixture.policy.verdict.status.code = cases[i].code;
        assert_int_equal(evaluations(&fixture, 10, true), 10);
        assert_int_equal(atomic_load(&fixture.reuse.unseen.bytes), 0);
        close_fixture(&fixture);
    }
}

static void ends_by_exit_and_other_codes_are_kept(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, false);
    fixture.policy.cost.stop = CHIMERA_STOP_EXIT; /* WASI programs */
    fixture.policy.verdict.status.has_code = true;
    fixture.policy.verdict.status.code = 418;
    assert_int_equal(evaluations(&fixture, 10, true), 2);
    close_fixture(&fixture);
}

static void verdicts_with_the_uid_are_given_to_the_same(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, false);
    fixture.policy.verdict.status.message = CHIMERA_SLICE("no: " UID_A);
    ask(&fixture, BODY(UID_A, ""), true);
    ask(&fixture, BODY(UID_A, ""), true); /* compared */
    assert_int_equal(fixture.policy.asked, 2);
    assert_string_equal(ask(&fixture, BODY(UID_A, ""), true), "no: " UID_A);
    assert_int_equal(fixture.policy.asked, 2);
    fixture.policy.verdict.status.message = CHIMERA_SLICE("no: " UID_B);
    assert_string_equal(ask(&fixture, BODY(UID_B, ""), true), "no: " UID_B);
    assert_int_equal(fixture.policy.asked, 3);
    assert_false(atomic_load(&fixture.reused.is_ruled_out));
    close_fixture(&fixture);
}

/* --- Sampling --- */

static void another_verdict_rules_a_policy_out(void **state)
{
    struct fixture fixture;
    struct reused_policy later;
    (void)state;
    open_fixture(&fixture, false);
    assert_int_equal(evaluations(&fixture, 50, true), 2);
    fixture.policy.verdict.status.message = CHIMERA_SLICE("yes");
    assert_string_equal(ask(&fixture, BODY(UID_A, ""), true), "no"); /* until it is noticed */
    unsigned asked = evaluations(&fixture, EVERY, true);
    assert_true(asked > 40 && asked < 60); /* and then each */
    assert_string_equal(ask(&fixture, BODY(UID_A, ""), true), "yes");
    assert_int_equal(evaluations(&fixture, 10, true), 10);
    assert_int_equal(atomic_load(&fixture.counted->ruled_out), 1);
    /* In the next worker, too. */
    reuse_enter(&later, &fixture.reuse, 0, CHIMERA_SLICE("p"), fixture.counted);
    fixture.asked.reused = &later;
    assert_int_equal(evaluations(&fixture, 10, true), 10);
    close_fixture(&fixture);
}

static void an_evaluation_that_asks_outside_where_none_did_rules_out(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, false);
    ask(&fixture, BODY(UID_A, ""), true);
    fixture.policy.cost.is_pure = 0;
    assert_int_equal(evaluations(&fixture, 10, true), 10);
    assert_true(atomic_load(&fixture.reused.is_ruled_out));
    close_fixture(&fixture);
}

static void a_deadline_proves_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture, false);
    ask(&fixture, BODY(UID_A, ""), true);
    fixture.policy.cost.stop = CHIMERA_STOP_DEADLINE;
    fixture.policy.verdict.is_failure = true;
    assert_int_equal(evaluations(&fixture, 10, true), 1);
    assert_false(atomic_load(&fixture.reused.is_ruled_out));
    assert_string_equal(ask(&fixture, BODY(UID_A, ""), true), "no");
    close_fixture(&fixture);
}

/* --- With omitManagedFields --- */

static void policies_that_see_less_have_theirs(void **state)
{
    struct fixture fixture;
    struct reused_policy other;
    (void)state;
    open_fixture(&fixture, false);
    fixture.policy.says_length_of_object = true;
    fixture.asked.omits_managed_fields = true;
    for (unsigned i = 0; i < 3; i++)
        assert_string_equal(ask(&fixture, BODY(UID_A, "1"), true), "25 bytes");
    assert_int_equal(fixture.policy.asked, 2);
    reuse_enter(&other, &fixture.reuse, 1, CHIMERA_SLICE("q"), NULL);
    fixture.asked.reused = &other;
    fixture.asked.omits_managed_fields = false;
    assert_string_equal(ask(&fixture, BODY(UID_B, "1"), true), "45 bytes");
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_and_each_hundredth_is_evaluated),
        cmocka_unit_test(audits_alone_unless_all_are),
        cmocka_unit_test(off_is_off),
        cmocka_unit_test(policies_do_not_get_each_others),
        cmocka_unit_test(what_does_not_follow_from_the_request_is_not_kept),
        cmocka_unit_test(ends_by_exit_and_other_codes_are_kept),
        cmocka_unit_test(verdicts_with_the_uid_are_given_to_the_same),
        cmocka_unit_test(another_verdict_rules_a_policy_out),
        cmocka_unit_test(an_evaluation_that_asks_outside_where_none_did_rules_out),
        cmocka_unit_test(a_deadline_proves_nothing),
        cmocka_unit_test(policies_that_see_less_have_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
