/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for their turn, and how their connections learn of it
 * (server/worker/dispatch.h, server/worker/watcher.h). */
#include "tests/unit/server/worker/connection_fakes.h"

/* Whose fault it is shows in the status: its policy's, or that of all together. */
static void who_has_waited_for_its_turn_too_long_is_told_to_come_again(void **state)
{
    static const struct {
        enum slow_quota_answer slow_quota;
        bool is_for_room;
        unsigned want;
    } cases[] = {{SLOW_QUOTA_POLICY_BUSY, false, 429},
                 {SLOW_QUOTA_SERVER_BUSY, false, 503},
                 {SLOW_QUOTA_POLICY_BUSY, true, 503}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct connection *connection = open_one();
        slow_quota_says = cases[i].slow_quota;
        say(REQUEST);
        serve_all();
        assert_int_equal(connection->state, CONNECTION_WAIT);
        assert_int_equal(atomic_load(&slow_quota.waiting), 1);
        if (cases[i].is_for_room)
            connection_on_pressure(&connection->watcher);
        else
            connection_on_time(&connection->watcher);
        assert_int_equal(status_of(hear()), cases[i].want);
        assert_true(is_ended);
        assert_int_equal(atomic_load(&slow_quota.waiting), 0);
        assert_null(loop.dispatch.waiting.first);
        assert_null(first_connection());
    }
}

/* Time, turns and room reach those that wait in the order in which they came. */
static void those_that_wait_are_told_by_their_watchers(void **state)
{
    struct connection *waits[3];
    int clients[3];
    (void)state;
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    for (int i = 0; i < 3; i++) {
        waits[i] = open_one();
        clients[i] = client;
        say(i < 2 ? REQUEST : HEAD_OF("/audit/p", "2", "") "{}");
        serve_all();
        assert_int_equal(waits[i]->state, CONNECTION_WAIT);
        loop.now_ms += 1000;
    }
    assert_true(loop.dispatch.may_serve_waiting && loop.dispatch.may_serve_audits);
    dispatch_serve_waiting(&loop.dispatch, &lane);
    assert_false(loop.dispatch.may_serve_waiting);
    assert_true(atomic_load(&loop.dispatch.wants_turns)); /* is told when that changes */
    dispatch_pass_time(&loop.dispatch, 100000 + 9999);
    client = clients[0];
    assert_string_equal(hear(), "");
    dispatch_pass_time(&loop.dispatch, 100000 + 10000);
    assert_int_equal(status_of(hear()), 429);
    slow_quota_says = SLOW_QUOTA_OPEN;
    loop.dispatch.may_serve_waiting = true;
    dispatch_serve_waiting(&loop.dispatch, &lane);
    client = clients[1];
    assert_int_equal(status_of(hear()), 200);
    assert_int_equal(waits[1]->state, CONNECTION_HEAD);
    client = clients[2];
    assert_string_equal(hear(), "");
    assert_true(dispatch_shed_an_audit(&loop.dispatch));
    assert_int_equal(status_of(hear()), 503);
    assert_false(dispatch_shed_an_audit(&loop.dispatch));
    assert_ptr_equal(first_connection(), waits[1]);
}

/* One in each round. */
static void audits_are_served_one_at_a_time(void **state)
{
    int clients[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        open_one();
        clients[i] = client;
        say(HEAD_OF("/audit/p", "2", "") "{}");
        serve_all();
    }
    for (int i = 0; i < 2; i++) {
        assert_true(loop.dispatch.may_serve_audits);
        dispatch_serve_an_audit(&loop.dispatch, &lane);
        client = clients[i];
        assert_int_equal(status_of(hear()), 200);
    }
    assert_false(loop.dispatch.may_serve_audits);
}

/* --- Who may wait --- */

#define AUDIT HEAD_OF("/audit/p", "2", "") "{}"

static void a_full_queue_says_whose_fault_it_is_and_keeps_the_connection(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    queue_says = SLOW_QUOTA_POLICY_BUSY;
    assert_int_equal(ask(REQUEST), 429);
    queue_says = SLOW_QUOTA_SERVER_BUSY;
    assert_int_equal(ask(REQUEST), 503);
    assert_false(is_ended);
    assert_int_equal(connection->state, CONNECTION_HEAD);
    assert_null(loop.dispatch.waiting.first);
}

static bool may_wait(const char *text)
{
    struct connection *connection = open_one();
    say(text);
    serve_all();
    bool waits = connection->state == CONNECTION_WAIT;
    if (!waits)
        assert_int_equal(status_of(hear()), 503);
    connection_free(connection);
    return waits;
}

/* Audits may have more while nobody else needs it. */
static void those_that_wait_have_bounds_of_memory(void **state)
{
    (void)state;
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    assert_true(may_wait(REQUEST) && may_wait(AUDIT));
    atomic_store(&memory.waiting, MAX / 2);
    assert_false(may_wait(REQUEST));
    assert_true(may_wait(AUDIT));
    atomic_store(&memory.waiting, 0);
    atomic_store(&memory.waiting_audits, MAX / 4);
    assert_true(may_wait(REQUEST));
    assert_true(may_wait(AUDIT));
    fill(MAX / 2);
    assert_false(may_wait(AUDIT));
    atomic_store(&memory.waiting_audits, 0);
    assert_true(may_wait(AUDIT));
    fill((size_t)0 - MAX / 2);
}

static int64_t wait_until(const char *text, int64_t client_ms)
{
    struct connection *connection = open_one();
    until_says = client_ms;
    say(text);
    serve_all();
    assert_int_equal(connection->state, CONNECTION_WAIT);
    int64_t until_ms = connection->evaluation.until_ms;
    connection_free(connection);
    return until_ms;
}

static void it_is_given_up_before_its_client_does(void **state)
{
    (void)state;
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    assert_int_equal(wait_until(REQUEST, 0), 100000 + WAIT_MS);
    assert_int_equal(wait_until(REQUEST, 105000), 105000 - LEAST_MS);
    assert_int_equal(wait_until(REQUEST, 100000 + WAIT_MS + LEAST_MS + 1), 100000 + WAIT_MS);
    assert_int_equal(wait_until(REQUEST, 100000 + WAIT_MS + LEAST_MS - 1), 100000 + WAIT_MS - 1);
    assert_int_equal(wait_until(AUDIT, 0), 100000 + AUDIT_WAIT_MS);
}

static void nobody_overtakes_one_of_the_same_account(void **state)
{
    struct connection *first = open_one();
    (void)state;
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    account_says = 5;
    say(REQUEST);
    serve_all();
    slow_quota_says = SLOW_QUOTA_OPEN;
    struct connection *second = open_one();
    say(REQUEST);
    serve_all();
    assert_int_equal(second->state, CONNECTION_WAIT);
    open_one();
    account_says = 6;
    assert_int_equal(ask(REQUEST), 200);
    assert_int_equal(first->evaluation.waiter.account, 5);
    dispatch_serve_waiting(&loop.dispatch, &lane);
    assert_int_equal(first->state, CONNECTION_HEAD);
    assert_int_equal(second->state, CONNECTION_HEAD);
    assert_false(atomic_load(&loop.dispatch.wants_turns)); /* there is nobody to be told */
}

static void audits_wait_for_a_turn_of_this_thread(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(AUDIT);
    serve_all();
    lane.is_detached = true;
    dispatch_serve_an_audit(&loop.dispatch, &lane);
    assert_int_equal(connection->state, CONNECTION_WAIT);
    lane.is_detached = false;
    loop.dispatch.may_serve_audits = false;
    dispatch_serve_an_audit(&loop.dispatch, &lane);
    assert_int_equal(connection->state, CONNECTION_WAIT);
    dispatch_pass_time(&loop.dispatch, 100000 + AUDIT_WAIT_MS - 1);
    assert_int_equal(connection->state, CONNECTION_WAIT);
    dispatch_pass_time(&loop.dispatch, 100000 + AUDIT_WAIT_MS);
    assert_int_equal(status_of(hear()), 503);
    assert_null(first_connection());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(who_has_waited_for_its_turn_too_long_is_told_to_come_again),
        TEST(those_that_wait_are_told_by_their_watchers),
        TEST(audits_are_served_one_at_a_time),
        TEST(a_full_queue_says_whose_fault_it_is_and_keeps_the_connection),
        TEST(those_that_wait_have_bounds_of_memory),
        TEST(it_is_given_up_before_its_client_does),
        TEST(nobody_overtakes_one_of_the_same_account),
        TEST(audits_wait_for_a_turn_of_this_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
