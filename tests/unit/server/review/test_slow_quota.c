/* SPDX-License-Identifier: Apache-2.0 */
/* How many slow evaluations there may be, and who waits (docs/internals/loops.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/config/capacity.h"
#include "server/review/slow_quota.c"
#include "server/worker/connection.h"
#include "server/worker/queue.h"
#include "tests/unit/failing_allocation.h"

#define LOOPS 2 /* hence 16 slow ones, 8 of a policy, 4 of audits, and a reserve of 4 */

static struct slow_quota open_gate(void)
{
    struct slow_quota slow_quota;
    assert_int_equal(slow_quota_open(&slow_quota, 40, LOOPS, NULL), CHIMERA_OK);
    return slow_quota;
}

static void begin(struct slow_quota *slow_quota, unsigned account, unsigned count, bool is_audit)
{
    while (count-- > 0) {
        assert_int_equal(slow_quota_look(slow_quota, account, is_audit), SLOW_QUOTA_OPEN);
        slow_quota_slow_begins(slow_quota, account, is_audit);
    }
}

static void a_policy_has_its_share_and_no_more(void **state)
{
    struct slow_quota slow_quota = open_gate();
    (void)state;
    begin(&slow_quota, 3, 8, false);
    assert_int_equal(slow_quota_look(&slow_quota, 3, false), SLOW_QUOTA_POLICY_BUSY);
    assert_int_equal(slow_quota_look(&slow_quota, 4, false), SLOW_QUOTA_OPEN);
    assert_int_equal(slow_quota_look(&slow_quota, 40, false),
                     SLOW_QUOTA_OPEN); /* of what belongs to none */
    slow_quota_slow_ends(&slow_quota, 3, false);
    assert_int_equal(slow_quota_look(&slow_quota, 3, false), SLOW_QUOTA_OPEN);
    slow_quota_close(&slow_quota);
}

static void others_slowness_leaves_room_for_who_is_not_slow(void **state)
{
    struct slow_quota slow_quota = open_gate();
    (void)state;
    begin(&slow_quota, 0, 8, false);
    begin(&slow_quota, 1, 8, false);
    assert_int_equal(slow_quota_look(&slow_quota, 2, true),
                     SLOW_QUOTA_SERVER_BUSY); /* all are taken */
    begin(&slow_quota, 2, 1, false);          /* each of these takes one of the reserve */
    assert_int_equal(slow_quota_look(&slow_quota, 2, false), SLOW_QUOTA_SERVER_BUSY);
    assert_int_equal(slow_quota_look(&slow_quota, 3, true), SLOW_QUOTA_SERVER_BUSY);
    for (unsigned account = 3; account < 6; account++)
        begin(&slow_quota, account, 1, false);
    assert_int_equal(slow_quota_look(&slow_quota, 6, false), SLOW_QUOTA_SERVER_BUSY);
    slow_quota_slow_ends(&slow_quota, 0, false);
    assert_int_equal(slow_quota_look(&slow_quota, 6, false), SLOW_QUOTA_OPEN);
    assert_int_equal(slow_quota_look(&slow_quota, 2, false),
                     SLOW_QUOTA_SERVER_BUSY); /* still over the server's share */
    slow_quota_close(&slow_quota);
}

static void audits_have_a_quarter(void **state)
{
    struct slow_quota slow_quota = open_gate();
    (void)state;
    begin(&slow_quota, 0, 4, true);
    assert_int_equal(slow_quota_look(&slow_quota, 1, true), SLOW_QUOTA_SERVER_BUSY);
    begin(&slow_quota, 0, 4, false);
    assert_int_equal(slow_quota_look(&slow_quota, 0, false), SLOW_QUOTA_POLICY_BUSY);
    slow_quota_slow_ends(&slow_quota, 0, true);
    assert_int_equal(slow_quota_look(&slow_quota, 1, true), SLOW_QUOTA_OPEN);
    slow_quota_close(&slow_quota);
}

/* The end of an evaluation may be counted before its beginning. */
static void counts_may_come_in_either_order(void **state)
{
    struct slow_quota slow_quota = open_gate();
    (void)state;
    slow_quota_slow_ends(&slow_quota, 0, true);
    assert_int_equal(slow_quota_look(&slow_quota, 0, true), SLOW_QUOTA_OPEN);
    assert_false(slow_quota_has_none(&slow_quota));
    slow_quota_slow_begins(&slow_quota, 0, true);
    assert_true(slow_quota_has_none(&slow_quota));
    slow_quota_close(&slow_quota);
}

static void queues_are_bounded(void **state)
{
    struct slow_quota slow_quota = open_gate();
    (void)state;
    for (unsigned account = 0; account < 4; account++)
        for (unsigned i = 0; i < 256; i++)
            assert_int_equal(slow_quota_enter_queue(&slow_quota, account, false), SLOW_QUOTA_OPEN);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 0, false), SLOW_QUOTA_POLICY_BUSY);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 5, false), SLOW_QUOTA_SERVER_BUSY);
    slow_quota_leave_queue(&slow_quota, 0, false);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 5, false), SLOW_QUOTA_OPEN);
    for (unsigned i = 0; i < 4096; i++)
        assert_int_equal(slow_quota_enter_queue(&slow_quota, 0, true), SLOW_QUOTA_OPEN);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 1, true), SLOW_QUOTA_SERVER_BUSY);
    slow_quota_leave_queue(&slow_quota, 7, true);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 1, true), SLOW_QUOTA_OPEN);
    slow_quota_close(&slow_quota);
}

static void it_needs_memory(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        return;
    struct slow_quota slow_quota;
    struct chimera_error err = {0};
    fail_allocation(1);
    assert_int_equal(slow_quota_open(&slow_quota, 40, LOOPS, &err), CHIMERA_ENOMEM);
    fail_allocation(0);
    assert_string_not_equal(err.text, "");
}

static void who_waits_is_served_in_order_and_may_leave(void **state)
{
    struct waiter waiters[4] = {{.account = 1}, {.account = 2}, {.account = 3}, {.account = 4}};
    struct waiting waiting = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        waiting_add(&waiting, &waiters[i]);
    waiting_remove(&waiters[2]);
    assert_false(waiting_has(&waiting, 3));
    waiting_remove(&waiters[0]);
    assert_ptr_equal(waiting.first, &waiters[1]);
    assert_ptr_equal(waiting.first->next, &waiters[3]);
    assert_true(waiting_has(&waiting, 4));
    waiting_remove(&waiters[3]);
    assert_ptr_equal(waiting.last, &waiters[1]);
    waiting_remove(&waiters[1]);
    assert_null(waiting.first);
    assert_null(waiting.last);
    assert_null(waiters[1].in);
}

struct model { /* what the quota must count */
    int slow[4], slow_audits, waiting[4], waiting_audits;
};

static int sum(const int *counts)
{
    return counts[0] + counts[1] + counts[2] + counts[3];
}

static void compare(const struct slow_quota *slow_quota, const struct model *model)
{
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(slow_quota->accounts[i].slow, model->slow[i]);
        assert_int_equal(slow_quota->accounts[i].waiting, model->waiting[i]);
    }
    assert_int_equal(slow_quota->slow, sum(model->slow));
    assert_int_equal(slow_quota->slow_audits, model->slow_audits);
    assert_int_equal(slow_quota->waiting, sum(model->waiting));
    assert_int_equal(slow_quota->waiting_audits, model->waiting_audits);
}

/* A refusal by the one queue must give back what the other one counted. */
static void a_refused_one_is_counted_nowhere(void **state)
{
    struct slow_quota slow_quota = open_gate();
    struct model model = {.waiting = {POLICY_WAITING_MAX, POLICY_WAITING_MAX, POLICY_WAITING_MAX,
                                      WAITING_MAX - 3 * POLICY_WAITING_MAX}};
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        for (int k = 0; k < model.waiting[i]; k++)
            assert_int_equal(slow_quota_enter_queue(&slow_quota, i, false), SLOW_QUOTA_OPEN);
    compare(&slow_quota, &model);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(slow_quota_enter_queue(&slow_quota, i, false), SLOW_QUOTA_POLICY_BUSY);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 4, false), SLOW_QUOTA_SERVER_BUSY);
    assert_int_equal(slow_quota.accounts[4].waiting, 0);
    compare(&slow_quota, &model);
    for (; model.waiting_audits < AUDITS_WAITING_MAX; model.waiting_audits++)
        assert_int_equal(slow_quota_enter_queue(&slow_quota, 0, true), SLOW_QUOTA_OPEN);
    assert_int_equal(slow_quota_enter_queue(&slow_quota, 0, true), SLOW_QUOTA_SERVER_BUSY);
    compare(&slow_quota, &model);
    for (unsigned i = 0; i < 4; i++)
        while (model.waiting[i]-- > 0)
            slow_quota_leave_queue(&slow_quota, i, false);
    while (model.waiting_audits-- > 0)
        slow_quota_leave_queue(&slow_quota, 0, true);
    compare(&slow_quota, &(struct model){.waiting_audits = 0});
    slow_quota_close(&slow_quota);
}

/* Whatever comes and goes in whatever order, at the end there is nothing. */
static void counts_go_back_to_nothing(void **state)
{
    struct slow_quota slow_quota = open_gate();
    struct model model = {.slow_audits = 0};
    uint32_t random = 1;
    (void)state;
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        unsigned account = random >> 30;
        bool is_audit = random >> 29 & 1;
        int audits_of[4] = {0, model.slow_audits, 0, 0};
        switch (random >> 26 & 3) {
        case 0:
            if (is_audit)
                account = 1; /* so that the model need not tell whose audits they are */
            if (slow_quota_look(&slow_quota, account, is_audit) == SLOW_QUOTA_OPEN) {
                slow_quota_slow_begins(&slow_quota, account, is_audit);
                model.slow[account]++;
                model.slow_audits += is_audit;
            }
            break;
        case 1:
            if (model.slow[account] > audits_of[account]) {
                slow_quota_slow_ends(&slow_quota, account, false);
                model.slow[account]--;
            } else if (audits_of[account] > 0) {
                slow_quota_slow_ends(&slow_quota, account, true);
                model.slow[account]--;
                model.slow_audits--;
            }
            break;
        case 2:
            if (slow_quota_enter_queue(&slow_quota, account, is_audit) == SLOW_QUOTA_OPEN)
                ++*(is_audit ? &model.waiting_audits : &model.waiting[account]);
            break;
        default:
            if (*(is_audit ? &model.waiting_audits : &model.waiting[account]) > 0) {
                slow_quota_leave_queue(&slow_quota, account, is_audit);
                --*(is_audit ? &model.waiting_audits : &model.waiting[account]);
            }
        }
        compare(&slow_quota, &model);
        assert_int_equal(slow_quota_has_none(&slow_quota), sum(model.slow) == 0);
    }
    slow_quota_close(&slow_quota);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_has_its_share_and_no_more),
        cmocka_unit_test(others_slowness_leaves_room_for_who_is_not_slow),
        cmocka_unit_test(audits_have_a_quarter),
        cmocka_unit_test(counts_may_come_in_either_order),
        cmocka_unit_test(queues_are_bounded),
        cmocka_unit_test(it_needs_memory),
        cmocka_unit_test(who_waits_is_served_in_order_and_may_leave),
        cmocka_unit_test(a_refused_one_is_counted_nowhere),
        cmocka_unit_test(counts_go_back_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
