/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/base/account.h"

static void time_is_looked_at_once_in_a_while(void **state)
{
    (void)state;
    struct chimera_account account;
    chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER); /* long past */
    assert_int_equal(chimera_account_spend(&account, CHIMERA_ACCOUNT_LOOK - 1), CHIMERA_OK);
    assert_int_equal(chimera_account_spend(&account, 1), CHIMERA_EDEADLINE);
    assert_int_equal(chimera_account_spend(&account, 1), CHIMERA_EDEADLINE); /* it sticks */
}

static void no_deadline_never_passes(void **state)
{
    (void)state;
    struct chimera_account account;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    for (int i = 0; i < 4; i++)
        assert_int_equal(chimera_account_spend(&account, CHIMERA_ACCOUNT_LOOK), CHIMERA_OK);
}

static void memory_ends_at_its_limit(void **state)
{
    (void)state;
    struct chimera_account account;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 100);
    assert_int_equal(chimera_account_take(&account, 60), CHIMERA_OK);
    assert_int_equal(chimera_account_try(&account, 41), CHIMERA_ELIMIT);
    assert_int_equal(account.failed, CHIMERA_OK);
    assert_int_equal(chimera_account_take(&account, 40), CHIMERA_OK);
    chimera_account_give_back(&account, 50);
    assert_int_equal(account.bytes, 50);
    assert_int_equal(account.bytes_peak, 100);
    assert_int_equal(chimera_account_take(&account, UINT64_MAX), CHIMERA_ELIMIT); /* no wrap */
    assert_int_equal(account.bytes, 50);
    assert_int_equal(chimera_account_take(&account, 1), CHIMERA_ELIMIT); /* it sticks */
    assert_int_equal(account.bytes, 50);
    chimera_account_give_back(&account, 51); /* no wrap */
    assert_int_equal(account.bytes, 0);
}

/* What must still be freed is time that is not there any more. */
static void the_deadline_is_nearer_by_what_is_owed(void **state)
{
    (void)state;
    struct chimera_account account;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t far = ((uint64_t)now.tv_sec + 1000) * 1000000000;
    chimera_account_open(&account, far, CHIMERA_ACCOUNT_FOREVER);
    assert_int_equal(chimera_account_spend(&account, CHIMERA_ACCOUNT_LOOK), CHIMERA_OK);
    struct chimera_account_mark mark = chimera_account_mark(&account);
    chimera_account_take(&account, 10);
    account.owed_ns = (uint64_t)1001 * 1000000000;
    chimera_account_restore(&account, mark);
    assert_int_equal(account.bytes, 0);
    assert_int_equal(chimera_account_spend(&account, CHIMERA_ACCOUNT_LOOK), CHIMERA_OK);
    assert_int_equal(chimera_account_has_time(&account, 1), CHIMERA_OK);
    assert_int_equal(account.owed_ns, 0);
    account.owed_ns = (uint64_t)1001 * 1000000000;
    assert_int_equal(chimera_account_spend(&account, CHIMERA_ACCOUNT_LOOK), CHIMERA_EDEADLINE);
    chimera_account_open(&account, far, CHIMERA_ACCOUNT_FOREVER);
    assert_int_equal(chimera_account_has_time(&account, (uint64_t)1001 * 1000000000),
                     CHIMERA_EDEADLINE);
}

static void no_account_bounds_nothing(void **state)
{
    (void)state;
    assert_int_equal(chimera_account_spend(NULL, UINT64_MAX), CHIMERA_OK);
    assert_int_equal(chimera_account_take(NULL, UINT64_MAX), CHIMERA_OK);
    assert_int_equal(chimera_account_has_time(NULL, UINT64_MAX), CHIMERA_OK);
    chimera_account_give_back(NULL, UINT64_MAX);
    chimera_account_restore(NULL, chimera_account_mark(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_looked_at_once_in_a_while),
        cmocka_unit_test(no_deadline_never_passes),
        cmocka_unit_test(memory_ends_at_its_limit),
        cmocka_unit_test(the_deadline_is_nearer_by_what_is_owed),
        cmocka_unit_test(no_account_bounds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
