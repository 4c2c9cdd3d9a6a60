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

/* What an evaluation may still have does not tell how much another has used. */
static void a_kept_buffer_counts_from_nothing_in_each_evaluation(void **state)
{
    static const size_t sizes[] = {100, 30000, 100, 300, 30000, 70000, 1};
    (void)state;
    struct chimera_account account, other;
    struct chimera_buffer kept;
    chimera_buffer_init_within(&kept, SIZE_MAX, &account);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct chimera_buffer fresh;
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 1 << 20);
        chimera_account_open(&other, CHIMERA_ACCOUNT_FOREVER, 1 << 20);
        chimera_buffer_init_within(&fresh, SIZE_MAX, &other);
        for (size_t at = 0; at < sizes[i]; at++) {
            chimera_buffer_byte(&kept, 'x');
            chimera_buffer_byte(&fresh, 'x');
        }
        assert_int_equal(account.bytes, other.bytes);
        assert_int_equal(account.bytes_peak, other.bytes_peak);
        assert_true(account.bytes >= sizes[i]);
        chimera_buffer_free(&fresh);
        chimera_buffer_recycle(&kept, SIZE_MAX);
    }
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 100);
    for (size_t at = 0; at < 1000; at++)
        chimera_buffer_byte(&kept, 'x');
    assert_int_equal(kept.failed, CHIMERA_ELIMIT); /* although there is room */
    assert_int_equal(account.bytes, 0);
    chimera_buffer_free(&kept);
}

/* One huge answer does not keep its memory for ever. */
static void a_recycled_buffer_keeps_memory_up_to_a_size(void **state)
{
    (void)state;
    struct chimera_buffer buffer;
    chimera_buffer_init(&buffer, 4096);
    chimera_buffer_append(&buffer, (struct chimera_slice){"abc", 3});
    const char *data = buffer.data;
    chimera_buffer_recycle(&buffer, buffer.capacity);
    assert_ptr_equal(buffer.data, data);
    assert_int_equal(buffer.size, 0);
    chimera_buffer_text(&buffer, "again");
    assert_ptr_equal(buffer.data, data); /* what it kept is used */
    while (chimera_buffer_byte(&buffer, 'x') == CHIMERA_OK)
        ;
    assert_int_equal(buffer.failed, CHIMERA_ELIMIT);
    chimera_buffer_recycle(&buffer, buffer.capacity - 1);
    assert_null(buffer.data);
    assert_int_equal(buffer.capacity, 0);
    assert_int_equal(buffer.failed, CHIMERA_OK);
    assert_int_equal(chimera_buffer_text(&buffer, "and again"), CHIMERA_OK);
    assert_int_equal(buffer.limit, 4096);
    chimera_buffer_free(&buffer);
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
        cmocka_unit_test(a_kept_buffer_counts_from_nothing_in_each_evaluation),
        cmocka_unit_test(a_recycled_buffer_keeps_memory_up_to_a_size),
        cmocka_unit_test(no_more_than_the_maximum_is_allocated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
