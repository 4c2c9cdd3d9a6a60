/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a user names: what is there decides how they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"

static char folder[] = "/tmp/chimera-file-XXXXXX";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return chdir("/") == 0 ? chimera_folder_remove(folder, NULL) : -1;
}

static int write_text(const char *path, const char *text, struct chimera_error *err)
{
    return chimera_file_write(path, chimera_slice_of(text), CHIMERA_FILE_PLAIN, err);
}

static void expect_text(const char *path, const char *text)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, 4096);
    assert_int_equal(chimera_file_read(path, &bytes, NULL), CHIMERA_OK);
    chimera_buffer_byte(&bytes, '\0');
    assert_string_equal(bytes.data, text);
    chimera_buffer_free(&bytes);
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode;
}

static void a_new_file_has_the_mode_that_the_umask_leaves(void **state)
{
    (void)state;
    const struct {
        mode_t mask, wanted, left;
    } cases[] = {{022, 0666, 0644}, {077, 0666, 0600}, {0, 0600, 0600}, {002, 0644, 0644}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        mode_t before = umask(cases[i].mask);
        int code = chimera_file_write("new", chimera_slice_of("x"), cases[i].wanted, NULL);
        umask(before);
        assert_int_equal(code, CHIMERA_OK);
        assert_int_equal(mode_of("new") & 07777, cases[i].left);
        assert_int_equal(unlink("new"), 0);
    }
}

static void a_file_that_is_there_keeps_its_mode(void **state)
{
    (void)state;
    assert_int_equal(write_text("kept", "old, and longer", NULL), CHIMERA_OK);
    assert_int_equal(chmod("kept", 0640), 0);
    assert_int_equal(write_text("kept", "new", NULL), CHIMERA_OK);
    expect_text("kept", "new");
    assert_int_equal(mode_of("kept") & 07777, 0640);
}

static void a_link_stays_and_is_followed(void **state)
{
    (void)state;
    assert_int_equal(mkdir("elsewhere", 0777), 0);
    assert_int_equal(write_text("elsewhere/target", "old", NULL), CHIMERA_OK);
    assert_int_equal(symlink("elsewhere/target", "link"), 0);
    assert_int_equal(symlink("elsewhere/absent", "dangling"), 0);
    assert_int_equal(write_text("link", "new", NULL), CHIMERA_OK);
    assert_int_equal(write_text("dangling", "made", NULL), CHIMERA_OK);
    assert_true(S_ISLNK(mode_of("link")));
    assert_true(S_ISLNK(mode_of("dangling")));
    expect_text("elsewhere/target", "new");
    expect_text("elsewhere/absent", "made");
}

static void a_pipe_is_written_to(void **state)
{
    (void)state;
    char got[16] = "";
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_int_equal(write_text("pipe", "through", NULL), CHIMERA_OK);
    assert_int_equal(read(reader, got, sizeof(got)), 7);
    assert_string_equal(got, "through");
    assert_true(S_ISFIFO(mode_of("pipe")));
    close(reader);
}

static void a_full_device_is_an_error_and_stays(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    if (access("/dev/full", W_OK) < 0)
        skip();
    assert_int_equal(write_text("/dev/full", "x", &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot write /dev/full: No space left on device");
    assert_true(S_ISCHR(mode_of("/dev/full")));
}

static void what_cannot_be_written_is_left_alone(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(write_text("folder", "x", &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot write folder: Is a directory");
    assert_int_equal(write_text("absent/file", "x", &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot write absent/file: No such file or directory");
    assert_int_equal(write_text("read-only", "old", NULL), CHIMERA_OK);
    assert_int_equal(chmod("read-only", 0444), 0);
    if (geteuid() == 0)
        return; /* may write anything */
    assert_int_equal(write_text("read-only", "x", &err), CHIMERA_EIO);
    expect_text("read-only", "old");
}

static void a_name_without_room_for_a_temporary_one_is_written_in_place(void **state)
{
    (void)state;
    char name[256] = "";
    memset(name, 'n', 255); /* NAME_MAX */
    assert_int_equal(write_text(name, "long", NULL), CHIMERA_OK);
    expect_text(name, "long");
}

static void some_names_are_descriptors(void **state)
{
    (void)state;
    const struct {
        const char *path;
        int fd;
    } cases[] = {{"-", 1},
                 {"/dev/stdout", 1},
                 {"/dev/stderr", 2},
                 {"/dev/fd/7", 7},
                 {"/proc/self/fd/12", 12},
                 {"/dev/fd/", -1},
                 {"/dev/fd/7x", -1},
                 {"/dev/fd/-1", -1},
                 {"./-", -1},
                 {"/dev/full", -1},
                 {"", -1},
                 {"/dev/fd/4294967297", -1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(chimera_path_descriptor(cases[i].path), cases[i].fd);
}

/* What was written there before, by whomever, stays. */
static void a_descriptor_is_written_where_it_is(void **state)
{
    (void)state;
    char path[32];
    int fd = open("both", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "one ", 4), 4);
    snprintf(path, sizeof(path), "/dev/fd/%d", fd);
    assert_int_equal(write_text(path, "two", NULL), CHIMERA_OK);
    close(fd);
    expect_text("both", "one two");
}

static void nothing_is_left_beside(void **state)
{
    (void)state;
    assert_int_equal(mkdir("alone", 0777), 0);
    assert_int_equal(write_text("alone/file", "x", NULL), CHIMERA_OK);
    assert_int_equal(unlink("alone/file"), 0);
    assert_int_equal(rmdir("alone"), 0);
}

static atomic_bool is_over;

/* Puts a file and a link to another one there by turns. */
static void *swap(void *context)
{
    int fds = 0;
    while (!atomic_load(&is_over)) {
        int fd = open("open-to-all", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        fds += fd >= 0 && fchmod(fd, 0666) == 0 && rename("open-to-all", "swapped") == 0;
        close(fd);
        fds += symlink("secret", "way") == 0 && rename("way", "swapped") == 0;
    }
    return fds > 0 ? context : NULL;
}

/* Who swaps them in a folder of all must not have the mode, and so the owner, of one given to the
 * other. */
static void what_is_put_there_meanwhile_gets_nothing_of_the_file_before(void **state)
{
    void *has_swapped = NULL;
    pthread_t swapper;
    assert_int_equal(write_text("secret", "old", NULL), CHIMERA_OK);
    assert_int_equal(chmod("secret", 0600), 0);
    assert_int_equal(write_text("swapped", "old", NULL), CHIMERA_OK);
    assert_int_equal(pthread_create(&swapper, NULL, swap, (void *)state), 0);
    mode_t seen = 0600;
    for (int i = 0; i < 300 && seen == 0600; i++) {
        (void)write_text("swapped", "new", NULL);
        seen = mode_of("secret") & 07777;
    }
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(swapper, &has_swapped), 0);
    assert_ptr_equal(has_swapped, (void *)state);
    assert_int_equal(seen, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_has_the_mode_that_the_umask_leaves),
        cmocka_unit_test(a_file_that_is_there_keeps_its_mode),
        cmocka_unit_test(a_link_stays_and_is_followed),
        cmocka_unit_test(a_pipe_is_written_to),
        cmocka_unit_test(a_full_device_is_an_error_and_stays),
        cmocka_unit_test(what_cannot_be_written_is_left_alone),
        cmocka_unit_test(a_name_without_room_for_a_temporary_one_is_written_in_place),
        cmocka_unit_test(some_names_are_descriptors),
        cmocka_unit_test(a_descriptor_is_written_where_it_is),
        cmocka_unit_test(nothing_is_left_beside),
        cmocka_unit_test(what_is_put_there_meanwhile_gets_nothing_of_the_file_before),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
