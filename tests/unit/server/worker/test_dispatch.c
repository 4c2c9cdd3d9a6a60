/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for their turn, and how their connections learn of it
 * (server/worker/dispatch.h, server/worker/watcher.h). */
#include "tests/unit/server/worker/connection_fakes.h"

/* Whose fault it is shows in the status: its policy's, or that of all together. */
static void who_has_waited_for_its_turn_too_long_is_told_to_come_again(void **state)
{
    static const struct {
        enum gate_answer gate;
        bool is_for_room;
        unsigned want;
    } cases[] = {{GATE_POLICY_BUSY, false, 429},
                 {GATE_SERVER_BUSY, false, 503},
                 {GATE_POLICY_BUSY, true, 503}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct connection *connection = open_one();
        gate_says = cases[i].gate;
        say(REQUEST);
        serve_all();
        assert_int_equal(connection->state, CONNECTION_WAIT);
        assert_int_equal(atomic_load(&gate.waiting), 1);
        if (cases[i].is_for_room)
            connection_on_pressure(&connection->watcher);
        else
            connection_on_time(&connection->watcher);
        assert_int_equal(status_of(hear()), cases[i].want);
        assert_true(is_ended);
        assert_int_equal(atomic_load(&gate.waiting), 0);
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
    gate_says = GATE_POLICY_BUSY;
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
    gate_says = GATE_OPEN;
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(who_has_waited_for_its_turn_too_long_is_told_to_come_again),
        TEST(those_that_wait_are_told_by_their_watchers),
        TEST(audits_are_served_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
