/* SPDX-License-Identifier: Apache-2.0 */
/* The clocks agree with each other, and what is left is never "no limit". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/base/clock.h"

static void milliseconds_are_those_of_the_nanoseconds(void **state)
{
    (void)state;
    uint64_t before = chimera_clock_ns() / 1000000, before_wall = chimera_clock_wall_ns() / 1000000;
    int64_t now = chimera_clock_ms();
    uint64_t wall = chimera_clock_wall_ms();
    assert_true((uint64_t)now >= before && (uint64_t)now <= chimera_clock_ns() / 1000000);
    assert_true(wall >= before_wall && wall <= chimera_clock_wall_ns() / 1000000);
}

static void a_thread_has_used_no_more_than_has_passed(void **state)
{
    (void)state;
    uint64_t began_ns = chimera_clock_ns(), began_used_ns = chimera_clock_thread_ns();
    uint64_t used_ns = chimera_clock_thread_ns() - began_used_ns;
    assert_true(used_ns <= chimera_clock_ns() - began_ns + 1000000); /* two clocks: roughly */
    assert_true(chimera_clock_thread_ns() > 0);
}

static void what_is_left_is_at_least_one(void **state)
{
    (void)state;
    int64_t now = chimera_clock_ms();
    assert_int_equal(chimera_clock_left_ms(0), 0); /* no limit */
    assert_int_equal(chimera_clock_left_ms(now), 1);
    assert_int_equal(chimera_clock_left_ms(now - 5), 1);
    uint32_t left = chimera_clock_left_ms(now + 1000000);
    assert_true(left <= 1000000 && left >= 1);
    assert_true(chimera_clock_left_ms(INT64_MAX) == UINT32_MAX);
}

static void the_earlier_one_comes_first(void **state)
{
    (void)state;
    assert_true(chimera_clock_earlier(3, INT64_MAX) == 3);
    assert_true(chimera_clock_earlier(4, -3) == -3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(milliseconds_are_those_of_the_nanoseconds),
        cmocka_unit_test(a_thread_has_used_no_more_than_has_passed),
        cmocka_unit_test(what_is_left_is_at_least_one),
        cmocka_unit_test(the_earlier_one_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
