/* SPDX-License-Identifier: Apache-2.0 */
/* test_confine_within.c - compilers are confined by a process that is filtered itself, as those of
 * a container or of a unit of systemd are. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "compiler/tool/confine.h"
#include "runtime/confine/seccomp.h"

static void test_a_filter_of_others_is_no_lack_of_filters(void **state)
{
    struct sock_filter allow_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {1, allow_all};
    (void)state;
    if (!chimera_seccomp_is_known() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
        skip();
    assert_int_equal(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), SECCOMP_MODE_FILTER);
    assert_true(chimera_confinement().has_seccomp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_filter_of_others_is_no_lack_of_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
