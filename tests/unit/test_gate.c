/* How many slow evaluations there may be, and who waits (docs/internals/loops.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/gate.c"
#include "server/waiting.c"

#define LOOPS 2 /* hence 16 slow ones, 8 of a policy, 4 of audits, and a reserve of 4 */

static struct gate open_gate(void)
{
    struct gate gate;
    assert_int_equal(gate_open(&gate, 40, LOOPS, NULL), CHIMERA_OK);
    return gate;
}

static void begin(struct gate *gate, unsigned account, unsigned count, bool is_audit)
{
    while (count-- > 0) {
        assert_int_equal(gate_look(gate, account, is_audit), GATE_OPEN);
        gate_slow_begins(gate, account, is_audit);
    }
}

static void a_policy_has_its_share_and_no_more(void **state)
{
    struct gate gate = open_gate();
    (void)state;
    begin(&gate, 3, 8, false);
    assert_int_equal(gate_look(&gate, 3, false), GATE_POLICY_BUSY);
    assert_int_equal(gate_look(&gate, 4, false), GATE_OPEN);
    gate_slow_ends(&gate, 3, false);
    assert_int_equal(gate_look(&gate, 3, false), GATE_OPEN);
    gate_close(&gate);
}

static void others_slowness_leaves_room_for_who_is_not_slow(void **state)
{
    struct gate gate = open_gate();
    (void)state;
    begin(&gate, 0, 8, false);
    begin(&gate, 1, 8, false);
    begin(&gate, 2, 1, false); /* each of these takes one of the reserve */
    assert_int_equal(gate_look(&gate, 2, false), GATE_SERVER_BUSY);
    assert_int_equal(gate_look(&gate, 3, true), GATE_SERVER_BUSY);
    for (unsigned account = 3; account < 6; account++)
        begin(&gate, account, 1, false);
    assert_int_equal(gate_look(&gate, 6, false), GATE_SERVER_BUSY);
    gate_slow_ends(&gate, 0, false);
    assert_int_equal(gate_look(&gate, 6, false), GATE_OPEN);
    assert_int_equal(gate_look(&gate, 2, false),
                     GATE_SERVER_BUSY); /* still over the server's share */
    gate_close(&gate);
}

static void audits_have_a_quarter(void **state)
{
    struct gate gate = open_gate();
    (void)state;
    begin(&gate, 0, 4, true);
    assert_int_equal(gate_look(&gate, 1, true), GATE_SERVER_BUSY);
    begin(&gate, 0, 4, false);
    assert_int_equal(gate_look(&gate, 0, false), GATE_POLICY_BUSY);
    gate_slow_ends(&gate, 0, true);
    assert_int_equal(gate_look(&gate, 1, true), GATE_OPEN);
    gate_close(&gate);
}

/* The end of an evaluation may be counted before its beginning. */
static void counts_may_come_in_either_order(void **state)
{
    struct gate gate = open_gate();
    (void)state;
    gate_slow_ends(&gate, 0, true);
    assert_int_equal(gate_look(&gate, 0, true), GATE_OPEN);
    assert_false(gate_has_none(&gate));
    gate_slow_begins(&gate, 0, true);
    assert_true(gate_has_none(&gate));
    gate_close(&gate);
}

static void queues_are_bounded(void **state)
{
    struct gate gate = open_gate();
    (void)state;
    for (unsigned account = 0; account < 4; account++)
        for (unsigned i = 0; i < 256; i++)
            assert_int_equal(gate_enter_queue(&gate, account, false), GATE_OPEN);
    assert_int_equal(gate_enter_queue(&gate, 0, false), GATE_POLICY_BUSY);
    assert_int_equal(gate_enter_queue(&gate, 5, false), GATE_SERVER_BUSY);
    gate_leave_queue(&gate, 0, false);
    assert_int_equal(gate_enter_queue(&gate, 5, false), GATE_OPEN);
    for (unsigned i = 0; i < 4096; i++)
        assert_int_equal(gate_enter_queue(&gate, 0, true), GATE_OPEN);
    assert_int_equal(gate_enter_queue(&gate, 1, true), GATE_SERVER_BUSY);
    gate_leave_queue(&gate, 7, true);
    assert_int_equal(gate_enter_queue(&gate, 1, true), GATE_OPEN);
    gate_close(&gate);
}

/* One policy's share of slow ones, and one more that each loop may have let in meanwhile. */
static void jails_have_enough_lanes(void **state)
{
    (void)state;
    assert_int_equal(gate_jail_lanes(1), 8 + 1);
    assert_int_equal(gate_jail_lanes(2), 8 + 2);
    assert_int_equal(gate_jail_lanes(256), 64 + 256);
    assert_int_equal(gate_standby(2), 16 + 4 + 2);
}

static void who_waits_is_served_in_order_and_may_leave(void **state)
{
    struct connection connections[4] = {
        {.account = 1}, {.account = 2}, {.account = 3}, {.account = 4}};
    struct waiting waiting = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        waiting_add(&waiting, &connections[i]);
    waiting_remove(&connections[2]);
    assert_false(waiting_has(&waiting, 3));
    waiting_remove(&connections[0]);
    assert_ptr_equal(waiting.first, &connections[1]);
    assert_ptr_equal(waiting.first->wait_next, &connections[3]);
    assert_true(waiting_has(&waiting, 4));
    waiting_remove(&connections[3]);
    assert_ptr_equal(waiting.last, &connections[1]);
    waiting_remove(&connections[1]);
    assert_null(waiting.first);
    assert_null(waiting.last);
    assert_null(connections[1].waits_in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_has_its_share_and_no_more),
        cmocka_unit_test(others_slowness_leaves_room_for_who_is_not_slow),
        cmocka_unit_test(audits_have_a_quarter),
        cmocka_unit_test(counts_may_come_in_either_order),
        cmocka_unit_test(queues_are_bounded),
        cmocka_unit_test(jails_have_enough_lanes),
        cmocka_unit_test(who_waits_is_served_in_order_and_may_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
