/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

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
}

static void no_account_bounds_nothing(void **state)
{
    (void)state;
    assert_int_equal(chimera_account_spend(NULL, UINT64_MAX), CHIMERA_OK);
    assert_int_equal(chimera_account_take(NULL, UINT64_MAX), CHIMERA_OK);
    chimera_account_give_back(NULL, UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_looked_at_once_in_a_while),
        cmocka_unit_test(no_deadline_never_passes),
        cmocka_unit_test(memory_ends_at_its_limit),
        cmocka_unit_test(no_account_bounds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
