/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers with an account: what they hold is taken from it, and what they write is spent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/base/buffer.h"

#define MANY 100000

static void what_a_buffer_holds_is_taken_and_given_back(void **state)
{
    (void)state;
    struct chimera_account account;
    struct chimera_buffer buffer;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 1 << 20);
    chimera_buffer_init_within(&buffer, SIZE_MAX, &account);
    assert_int_equal(account.bytes, 0);
    for (int i = 0; i < MANY; i++)
        chimera_buffer_byte(&buffer, 'x');
    assert_int_equal(buffer.failed, CHIMERA_OK);
    assert_true(account.bytes >= MANY);
    assert_true(account.bytes <= 3 * MANY);
    assert_true(account.bytes_peak >= account.bytes + buffer.capacity / 2); /* realloc() has both */
    chimera_buffer_free(&buffer);
    assert_int_equal(account.bytes, 0);
    chimera_buffer_text(&buffer, "still usable");
    assert_true(account.bytes > 0);
    chimera_buffer_free(&buffer);
}

static void a_buffer_ends_at_the_limit_of_its_account(void **state)
{
    (void)state;
    struct chimera_account account;
    struct chimera_buffer buffer;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 5000);
    chimera_buffer_init_within(&buffer, SIZE_MAX, &account);
    for (int i = 0; i < MANY; i++)
        chimera_buffer_byte(&buffer, 'x');
    assert_int_equal(buffer.failed, CHIMERA_ELIMIT);
    assert_int_equal(account.failed, CHIMERA_ELIMIT);
    assert_true(account.bytes_peak <= 5000);
    chimera_buffer_free(&buffer);
    assert_int_equal(account.bytes, 0);
}

static void a_buffer_ends_when_the_time_is_up(void **state)
{
    (void)state;
    struct chimera_account account;
    struct chimera_buffer buffer;
    chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER); /* long past */
    chimera_buffer_init_within(&buffer, SIZE_MAX, &account);
    size_t steps = 0;
    while (!buffer.failed && steps++ <= CHIMERA_ACCOUNT_LOOK)
        chimera_buffer_byte(&buffer, 'x');
    assert_int_equal(buffer.failed, CHIMERA_EDEADLINE);
    chimera_buffer_free(&buffer);
}

static void a_kept_buffer_moves_from_account_to_account(void **state)
{
    (void)state;
    struct chimera_account first, second;
    struct chimera_buffer buffer;
    chimera_account_open(&first, CHIMERA_ACCOUNT_FOREVER, 1 << 20);
    chimera_account_open(&second, CHIMERA_ACCOUNT_FOREVER, 100);
    chimera_buffer_init(&buffer, 1 << 20);
    chimera_buffer_text(&buffer, "before there is one");
    assert_int_equal(chimera_buffer_attach(&buffer, &first), CHIMERA_OK);
    assert_true(first.bytes >= buffer.capacity);
    chimera_buffer_detach(&buffer);
    chimera_buffer_detach(&buffer);
    assert_int_equal(first.bytes, 0);
    assert_int_equal(chimera_buffer_attach(&buffer, &second), CHIMERA_ELIMIT);
    assert_int_equal(buffer.failed, CHIMERA_ELIMIT);
    chimera_buffer_free(&buffer);
    assert_int_equal(second.bytes, 0);
}

/* A maximum that is no power of two is all that is ever allocated. */
static void no_more_than_the_maximum_is_allocated(void **state)
{
    (void)state;
    struct chimera_buffer buffer;
    chimera_buffer_init(&buffer, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(chimera_buffer_byte(&buffer, 'x'), CHIMERA_OK);
    assert_int_equal(buffer.capacity, 1000);
    assert_int_equal(chimera_buffer_byte(&buffer, 'x'), CHIMERA_ELIMIT);
    chimera_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_buffer_holds_is_taken_and_given_back),
        cmocka_unit_test(a_buffer_ends_at_the_limit_of_its_account),
        cmocka_unit_test(a_buffer_ends_when_the_time_is_up),
        cmocka_unit_test(a_kept_buffer_moves_from_account_to_account),
        cmocka_unit_test(no_more_than_the_maximum_is_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
