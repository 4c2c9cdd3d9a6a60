/* SPDX-License-Identifier: Apache-2.0 */
/* Rulesets of older kernels on this one: a newer kernel takes what an older one knew, so each row
 * of the table of versions is tried. What the rules are for: test_lockdown.c, test_confine.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/confine/landlock.h"

#define NEWEST_KNOWN 6

static const struct chimera_landlock_rights all = {CHIMERA_LANDLOCK_ALL, CHIMERA_LANDLOCK_ALL,
                                                   CHIMERA_LANDLOCK_ALL};
static char folder[] = "/tmp/test_landlock.XXXXXX";
static char file[64];

static void need_version(int version)
{
    if (chimera_landlock_version() < version)
        skip();
}

/* What `attempt` comes to in a child that has entered a ruleset of that version, in which `file`
 * may be read: 0, or errno. */
static int outcome_of(int version, int (*attempt)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        int ruleset = chimera_landlock_create(version, &all);
        bool is_in = ruleset >= 0 &&
                     chimera_landlock_allow(ruleset, version, file, CHIMERA_LANDLOCK_READ) &&
                     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && chimera_landlock_enter(ruleset);
        _exit(!is_in ? 254 : attempt() < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int truncate_file(void)
{
    return truncate(file, 0);
}

static int read_file(void)
{
    return open(file, O_RDONLY | O_CLOEXEC);
}

static int write_file(void)
{
    return open(file, O_WRONLY | O_CLOEXEC);
}

static int make_folder(void)
{
    char path[80];
    snprintf(path, sizeof(path), "%s/made", folder);
    return mkdir(path, 0700);
}

static void a_kernel_takes_the_rulesets_of_older_ones(void **state)
{
    (void)state;
    need_version(1);
    for (int version = 1; version <= NEWEST_KNOWN && version <= chimera_landlock_version();
         version++) {
        CHIMERA_CLOSE int ruleset = chimera_landlock_create(version, &all);
        if (ruleset < 0)
            fail_msg("version %d: errno %d", version, errno);
    }
    /* One that is newer than the table is treated as the newest that is in it. */
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(chimera_landlock_version() + 100, &all);
    assert_true(ruleset >= 0 || chimera_landlock_version() < NEWEST_KNOWN);
}

static void rights_that_a_version_does_not_know_are_left_out(void **state)
{
    (void)state;
    need_version(3);
    assert_int_equal(outcome_of(1, make_folder), EACCES);
    assert_int_equal(outcome_of(2, truncate_file), 0);
    assert_int_equal(outcome_of(3, truncate_file), EACCES);
}

static void a_rule_allows_what_it_names_and_no_more(void **state)
{
    (void)state;
    need_version(1);
    for (int version = 1; version <= 3 && version <= chimera_landlock_version(); version++) {
        assert_int_equal(outcome_of(version, read_file), 0);
        assert_int_equal(outcome_of(version, write_file), EACCES);
    }
}

/* Nothing is found there either. */
static void a_path_that_is_not_there_needs_no_rule(void **state)
{
    (void)state;
    need_version(1);
    CHIMERA_CLOSE int ruleset = chimera_landlock_create(1, &all);
    assert_true(
        chimera_landlock_allow(ruleset, 1, "/tmp/test_landlock-none/x", CHIMERA_LANDLOCK_READ));
    assert_false(chimera_landlock_allow(-1, 1, folder, CHIMERA_LANDLOCK_READ));
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof(file), "%s/file", folder);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kernel_takes_the_rulesets_of_older_ones),
        cmocka_unit_test(rights_that_a_version_does_not_know_are_left_out),
        cmocka_unit_test(a_rule_allows_what_it_names_and_no_more),
        cmocka_unit_test(a_path_that_is_not_there_needs_no_rule),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
