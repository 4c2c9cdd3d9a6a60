/* SPDX-License-Identifier: Apache-2.0 */
/* Which files get another name, and which do not. */
#include "runtime/base/file_link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/file.h"

static char folder[] = "/tmp/chimera-file-link-XXXXXX";
static char former[64], source[64], target[64];

static void put(const char *path, const char *text, mode_t mode)
{
    unlink(path);
    assert_int_equal(chimera_file_write(path, chimera_slice_of(text), 0600, NULL), CHIMERA_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static bool links(void)
{
    struct stat one, other;
    unlink(target);
    bool is_linked = chimera_file_link_equal(former, source, target, 0644);
    if (!is_linked) {
        assert_int_not_equal(access(target, F_OK), 0);
        return false;
    }
    assert_int_equal(stat(former, &one), 0);
    assert_int_equal(stat(target, &other), 0);
    assert_int_equal(one.st_ino, other.st_ino);
    assert_int_equal(unlink(target), 0);
    return true;
}

static void the_same_bytes_are_linked(void **state)
{
    (void)state;
    put(former, "the same", 0644);
    put(source, "the same", 0600); /* its mode is nobody's business */
    assert_true(links());
    put(former, "", 0644);
    put(source, "", 0600);
    assert_true(links());
}

static void other_bytes_are_not(void **state)
{
    (void)state;
    put(former, "the same", 0644);
    put(source, "the sane", 0600);
    assert_false(links());
    put(source, "the same and more", 0600);
    assert_false(links());
    unlink(source);
    assert_false(links());
    put(source, "the same", 0600);
    unlink(former);
    assert_false(links());
}

static void neither_are_files_that_others_hold(void **state)
{
    (void)state;
    put(former, "the same", 0664);
    put(source, "the same", 0600);
    assert_false(links());
    put(former, "the same", 0600);
    assert_false(links());
    put(former, "the same", 04644);
    assert_false(links());
    put(former, "the same", 0644);
    assert_int_equal(link(former, target), 0); /* another name */
    assert_false(chimera_file_link_equal(former, source, target, 0644));
    unlink(target);
    if (geteuid() == 0) {
        assert_int_equal(chown(former, 54321, 54321), 0);
        assert_false(links());
    }
}

static void neither_are_links_and_what_is_there(void **state)
{
    (void)state;
    put(former, "the same", 0644);
    put(source, "the same", 0600);
    assert_int_equal(symlink(former, target), 0);
    assert_false(chimera_file_link_equal(target, source, former, 0644));
    unlink(target);
    put(target, "it is there", 0644);
    assert_false(chimera_file_link_equal(former, source, target, 0644));
    assert_true(links());
}

static int open_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(former, sizeof(former), "%s/former", folder);
    snprintf(source, sizeof(source), "%s/source", folder);
    snprintf(target, sizeof(target), "%s/target", folder);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bytes_are_linked),
        cmocka_unit_test(other_bytes_are_not),
        cmocka_unit_test(neither_are_files_that_others_hold),
        cmocka_unit_test(neither_are_links_and_what_is_there),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
