/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker has by the number of its loops (server/config/capacity.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/config/capacity.c"

/* One policy's share of slow ones, and one more that each loop may have let in meanwhile. */
static void tenants_have_enough_lanes(void **state)
{
    (void)state;
    assert_int_equal(capacity_of(1).tenant_lanes, 8 + 1);
    assert_int_equal(capacity_of(2).tenant_lanes, 8 + 2);
    assert_int_equal(capacity_of(256).tenant_lanes, 64 + 256);
}

static void every_loop_can_be_taken_over(void **state)
{
    (void)state;
    assert_int_equal(capacity_of(2).standby, 16 + 4 + 2);
    assert_int_equal(capacity_of(8).standby, 32 + 8 + 8);
    assert_int_equal(capacity_of(100).standby, 128 + 16 + 100);
}

static void shares_are_parts_of_all(void **state)
{
    (void)state;
    const struct capacity eight = capacity_of(8);
    assert_int_equal(eight.slow, 32);
    assert_int_equal(eight.reserve, 8);
    assert_int_equal(eight.policy_slow, 16);
    assert_int_equal(eight.audit_slow, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tenants_have_enough_lanes),
                                       cmocka_unit_test(every_loop_can_be_taken_over),
                                       cmocka_unit_test(shares_are_parts_of_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
