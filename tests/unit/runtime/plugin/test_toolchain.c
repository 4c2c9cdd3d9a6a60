/* SPDX-License-Identifier: Apache-2.0 */
/* Two identities of a toolchain, and how they differ. */
#include "runtime/plugin/toolchain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OURS                                                                                \
    "chimera-0.1.0 abi-7 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1 x86-64 flags-0123456789ab " \
    "sources-0123456789ab"

static void expect(const char *one, const char *other, const char *words)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, CHIMERA_TOOLCHAIN_WORDS_MAX);
    bool differs = chimera_toolchain_explain(one, other, &out);
    assert_int_equal(out.failed, 0);
    chimera_buffer_byte(&out, 0);
    assert_string_equal(out.data, words);
    assert_int_equal(differs, *words != '\0');
    chimera_buffer_free(&out);
}

static void the_same_is_not_explained(void **state)
{
    (void)state;
    expect(OURS, OURS, "");
    expect("", "", "");
}

static void each_part_is_named(void **state)
{
    (void)state;
    expect("chimera-0.2.0 abi-8 wabt-1.0.37 clang-20.1.0 lld-20.1.0 O2 arm64 flags-0123456789ab "
           "sources-0123456789ab",
           OURS,
           "Chimera 0.2.0 instead of 0.1.0, plugin ABI 8 instead of 7, WABT 1.0.37 instead of "
           "1.0.32, clang 20.1.0 instead of 19.1.7, lld 20.1.0 instead of 19.1.7, with O2, with "
           "arm64, without O1, without x86-64");
    expect("chimera-0.1.0 abi-7 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1 x86-64 flags-ba9876543210 "
           "sources-ba9876543210",
           OURS, "other flags of the compiler and linker, other sources that go into every plugin");
}

static void tiers_differ_by_their_tools(void **state)
{
    (void)state;
    expect("chimera-0.1.0 abi-7 wabt-1.0.32 tcc-0.9.27 quick x86-64 flags-0123456789ab "
           "sources-0123456789ab",
           OURS,
           "no clang instead of 19.1.7, no lld instead of 19.1.7, tcc 0.9.27 instead of none, with "
           "quick, without O1");
}

/* What plugins had in the place of the two digests before. */
static void a_recipe_cannot_be_compared(void **state)
{
    (void)state;
    expect("O1 recipe-0123456789ab", "O1 recipe-ba9876543210",
           "with recipe-0123456789ab, without recipe-ba9876543210");
    expect("chimera-0.1.0 abi-7 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1 x86-64 recipe-0123456789ab",
           OURS, "flags and sources by a digest of another kind");
}

static void a_strangers_text_is_cut(void **state)
{
    (void)state;
    char identity[8192] = "clang-";
    struct chimera_buffer out;
    for (size_t at = strlen(identity); at + 1 < sizeof(identity); at++)
        identity[at] = at % 100 == 0 ? ' ' : 'x';
    chimera_buffer_init(&out, CHIMERA_TOOLCHAIN_WORDS_MAX);
    assert_true(chimera_toolchain_explain(identity, OURS, &out));
    assert_int_equal(out.failed, 0);
    chimera_buffer_free(&out);
    expect("chimera-0.1.0  abi-7 wabt-1.0.32 clang-19.1.7 lld-19.1.7 O1 x86-64 flags-0123456789ab "
           "sources-0123456789ab",
           OURS, "the same parts in another order");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_is_not_explained),
        cmocka_unit_test(each_part_is_named),
        cmocka_unit_test(tiers_differ_by_their_tools),
        cmocka_unit_test(a_recipe_cannot_be_compared),
        cmocka_unit_test(a_strangers_text_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
