/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes; the suffixes and what they stand for are Kubernetes' (resource quantities). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/text/quantity.h"

static void sizes_are_read(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {
        {"0", 0},
        {"1", 1},
        {"268435456", 268435456},
        {"256Mi", 268435456},
        {"1Gi", 1073741824},
        {"1Ki", 1024},
        {"2Ti", UINT64_C(2199023255552)},
        {"1k", 1000},
        {"500M", 500000000},
        {"3G", UINT64_C(3000000000)},
        {"1T", UINT64_C(1000000000000)},
        {"007Mi", 7340032},
        {"18446744073709551615", UINT64_MAX},
        {"16777215Ti", UINT64_C(18446742974197923840)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t bytes = 77;
        if (!chimera_quantity_parse(chimera_slice_of(cases[i].text), &bytes) ||
            bytes != cases[i].bytes)
            fail_msg("%s: %llu", cases[i].text, (unsigned long long)bytes);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    static const char *const cases[] = {"",           " 1",
                                        "1 ",         "-1",
                                        "+1",         "Mi",
                                        "1mi",        "1KI",
                                        "1K",         "1.5Gi",
                                        "1e3",        "0x10",
                                        "1MiB",       "1Mi ",
                                        "1 Mi",       "1m",
                                        "1Pi",        "18446744073709551616",
                                        "16777216Ti", "99999999999999999999999Ki"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t bytes = 77;
        if (chimera_quantity_parse(chimera_slice_of(cases[i]), &bytes) || bytes != 77)
            fail_msg("'%s' was taken for %llu", cases[i], (unsigned long long)bytes);
    }
}

static void no_byte_behind_the_text_is_read(void **state)
{
    uint64_t bytes;
    char *exact = malloc(4); /* so that a sanitizer sees it */
    (void)state;
    memcpy(exact, "12Ki", 4);
    assert_true(chimera_quantity_parse((struct chimera_slice){exact, 4}, &bytes));
    assert_int_equal(bytes, 12 << 10);
    assert_false(chimera_quantity_parse((struct chimera_slice){exact, 3}, &bytes));
    assert_true(chimera_quantity_parse((struct chimera_slice){exact, 2}, &bytes));
    assert_int_equal(bytes, 12);
    free(exact);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(what_is_no_size_is_refused),
        cmocka_unit_test(no_byte_behind_the_text_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
