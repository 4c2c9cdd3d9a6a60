/* SPDX-License-Identifier: Apache-2.0 */
/* The tenants of a worker that cannot be started (server/tenant/children.h). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/tenant/children.h"

#define MANY 256 /* descriptors, more than are open at the start */

static struct tenants *none;

/* Whether it starts with so many descriptors at most; those of before are asked for behind it. */
static int start_within(rlim_t descriptors)
{
    size_t tenant_of[] = {0};
    const struct config config = {.workers = 1};
    struct policies_file file = {.plan = {.tenant_of = tenant_of, .tenant_count = 1}};
    const struct generation generation = {.file = &file};
    struct rlimit before, scarce;
    struct chimera_error err = {0};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    scarce = before;
    scarce.rlim_cur = descriptors;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &scarce), 0);
    int code = tenants_start(&config, &generation, NULL, &none, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    return code;
}

/* The first of them is the standard input, which a list of zeros would name. */
static void a_failed_start_closes_its_own_descriptors_and_no_other(void **state)
{
    bool is_open[MANY];
    int lowest = dup(STDERR_FILENO);
    (void)state;
    close(lowest);
    for (int fd = 0; fd < MANY; fd++)
        is_open[fd] = fcntl(fd, F_GETFD) >= 0;
    assert_true(is_open[STDIN_FILENO]);
    for (int more = 0; more < 6; more++) { /* the memory fails, or one of the first channels */
        assert_true(start_within((rlim_t)(lowest + more)) < 0);
        assert_null(none);
        for (int fd = 0; fd < MANY; fd++)
            assert_int_equal(fcntl(fd, F_GETFD) >= 0, is_open[fd]);
    }
}

/* Whoever starts the test may have closed it. */
static int open_input(void **state)
{
    (void)state;
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        assert_int_equal(open("/dev/null", O_RDONLY), STDIN_FILENO);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_failed_start_closes_its_own_descriptors_and_no_other, open_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
