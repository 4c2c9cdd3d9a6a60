/* SPDX-License-Identifier: Apache-2.0 */
/* The sort against the C library's, and what an account does to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdlib.h>

#include "runtime/base/sort.h"

struct pair {
    uint32_t key, place; /* where it was before */
};

static size_t compared;

static int by_key(const void *a, const void *b, struct chimera_account *account)
{
    (void)account;
    const struct pair *x = a, *y = b;
    compared++;
    return (x->key > y->key) - (x->key < y->key);
}

/* What a stable sort makes of them. */
static int by_key_and_place(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key) - (x->key < y->key)
                            : (x->place > y->place) - (x->place < y->place);
}

static struct pair *random_pairs(size_t count, uint32_t keys)
{
    struct pair *pairs = calloc(count + 1, sizeof(*pairs));
    uint32_t seed = (uint32_t)count * 2654435761u + 1;
    assert_non_null(pairs);
    for (uint32_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        pairs[i] = (struct pair){(seed >> 8) % keys, i};
    }
    return pairs;
}

static void sorts_as_a_stable_sort_does(void **state)
{
    (void)state;
    static const uint32_t keys[] = {1, 2, 10, 1u << 24};
    for (size_t count = 0; count < 700; count = count < 70 ? count + 1 : count * 2 + 1) {
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
            struct pair *got = random_pairs(count, keys[i]), *want = random_pairs(count, keys[i]);
            qsort(want, count, sizeof(*want), by_key_and_place);
            assert_int_equal(chimera_sort(got, count, sizeof(*got), by_key, NULL), CHIMERA_OK);
            assert_memory_equal(got, want, count * sizeof(*want) + 1);
            free(got);
            free(want);
        }
    }
}

/* Wherever the time ends, nothing is lost and nothing is there twice. */
static void ends_early_without_a_loss(void **state)
{
    (void)state;
    const size_t count = 5000;
    compared = 0;
    struct pair *whole = random_pairs(count, 1u << 24);
    assert_int_equal(chimera_sort(whole, count, sizeof(*whole), by_key, NULL), CHIMERA_OK);
    free(whole);
    size_t all = compared;
    for (uint64_t head = 1; head < CHIMERA_ACCOUNT_LOOK; head += 997) {
        struct chimera_account account;
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER); /* long past */
        account.units = head;
        struct pair *got = random_pairs(count, 1u << 24), *want = random_pairs(count, 1u << 24);
        compared = 0;
        assert_int_equal(chimera_sort(got, count, sizeof(*got), by_key, &account),
                         CHIMERA_EDEADLINE);
        assert_true(compared < all);
        qsort(got, count, sizeof(*got), by_key_and_place);
        qsort(want, count, sizeof(*want), by_key_and_place);
        assert_memory_equal(got, want, count * sizeof(*want));
        free(got);
        free(want);
    }
}

static void takes_what_it_puts_aside(void **state)
{
    (void)state;
    const size_t count = 5000;
    struct chimera_account account;
    struct pair *pairs = random_pairs(count, 100);
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 1000);
    assert_int_equal(chimera_sort(pairs, count, sizeof(*pairs), by_key, &account), CHIMERA_ELIMIT);
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 1 << 20);
    assert_int_equal(chimera_sort(pairs, count, sizeof(*pairs), by_key, &account), CHIMERA_OK);
    assert_true(account.bytes_peak >= count / 2 * sizeof(*pairs));
    assert_int_equal(account.bytes, 0);
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 0); /* few need no memory */
    assert_int_equal(chimera_sort(pairs, 100, sizeof(*pairs), by_key, &account), CHIMERA_OK);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_as_a_stable_sort_does),
        cmocka_unit_test(ends_early_without_a_loss),
        cmocka_unit_test(takes_what_it_puts_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
