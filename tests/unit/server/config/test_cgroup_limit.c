/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that cgroups leave the process, in trees as Linux shows them (cgroups(7), and
 * admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst of the kernel's documentation). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "server/config/memory_limit.h"

static char root[] = "/tmp/test_memory_limit.XXXXXX";

static int delete_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, delete_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s%s", root, name);
    for (char *slash = strchr(path + sizeof(root), '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void expect(size_t expected)
{
    size_t bytes = 0;
    assert_true(memory_limit_of_cgroup(root, &bytes));
    assert_int_equal(bytes, expected);
}

static void expect_none(void)
{
    size_t bytes = 7;
    assert_false(memory_limit_of_cgroup(root, &bytes));
    assert_int_equal(bytes, 7);
}

static void a_container_sees_its_own_limit_at_the_mount(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "0::/\n");
    write_file("/sys/fs/cgroup/memory.max", "268435456\n");
    expect(268435456);
}

static void the_least_limit_above_counts(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "0::/kubepods/pod1/container\n");
    write_file("/sys/fs/cgroup/kubepods/memory.max", "4000000000\n");
    write_file("/sys/fs/cgroup/kubepods/pod1/memory.max", "100000000\n");
    write_file("/sys/fs/cgroup/kubepods/pod1/container/memory.max", "max\n");
    expect(100000000);
}

static void version_1_has_a_tree_for_memory(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "5:memoryless:/other\n4:cpu,memory:/docker/a\n0::/\n");
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write_file("/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes", "536870912\n");
    write_file("/sys/fs/cgroup/memory/other/memory.limit_in_bytes", "1\n");
    expect(536870912);
}

static void a_path_outside_of_the_container_does_not_hide_the_limit(void **state)
{
    (void)state;
    write_file("/proc/self/cgroup", "4:memory:/docker/0123\n");
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n");
    expect(67108864);
}

static void no_limit_is_none(void **state)
{
    (void)state;
    expect_none();
    write_file("/proc/self/cgroup", "nonsense\n4:memory:/\n0::/\n");
    expect_none();
    write_file("/sys/fs/cgroup/memory.max", "max\n");
    write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    expect_none();
    write_file("/sys/fs/cgroup/memory.max", "99999999999999999999999\n");
    expect_none();
    write_file("/sys/fs/cgroup/memory.max", "");
    expect_none();
}

static void the_machine_has_some(void **state)
{
    (void)state;
    assert_true(memory_limit_of_machine() > (size_t)64 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_container_sees_its_own_limit_at_the_mount, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_least_limit_above_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(version_1_has_a_tree_for_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_outside_of_the_container_does_not_hide_the_limit,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_limit_is_none, set_up, tear_down),
        cmocka_unit_test(the_machine_has_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
