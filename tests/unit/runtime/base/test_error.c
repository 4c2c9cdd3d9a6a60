/* SPDX-License-Identifier: Apache-2.0 */
/* Failures that many have in common say the same everywhere (runtime/base/error.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <errno.h>

#include "runtime/base/error.h"

static void memory_has_its_code_and_words(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    assert_int_equal(chimera_fail_memory(&err), CHIMERA_ENOMEM);
    assert_int_equal(err.code, CHIMERA_ENOMEM);
    assert_string_equal(err.text, "out of memory");
}

static void a_call_s_failure_is_what_it_was_for_and_errno(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    errno = ENOENT;
    assert_int_equal(chimera_fail_errno(&err, "100 %s"), CHIMERA_EIO);
    assert_int_equal(err.code, CHIMERA_EIO);
    assert_string_equal(err.text, "100 %s: No such file or directory");
}

static void an_error_of_the_system_is_told_as_the_reference_tells_it(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    assert_int_equal(chimera_fail_os(&err, ENOENT), CHIMERA_EIO);
    assert_string_equal(err.text, "No such file or directory (os error 2)");
}

static void nobody_has_to_ask(void **state)
{
    (void)state;
    assert_int_equal(chimera_fail_memory(NULL), CHIMERA_ENOMEM);
    assert_int_equal(chimera_fail_errno(NULL, "x"), CHIMERA_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_has_its_code_and_words),
        cmocka_unit_test(a_call_s_failure_is_what_it_was_for_and_errno),
        cmocka_unit_test(an_error_of_the_system_is_told_as_the_reference_tells_it),
        cmocka_unit_test(nobody_has_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
