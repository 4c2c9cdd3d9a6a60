/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of fetched policies (cli-and-distribution.md §2). */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/file.h"

static char root[] = "/tmp/chimera-store-XXXXXX";

static int make_root(void **state)
{
    (void)state;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    return chimera_folder_remove(root, NULL);
}

static char *in_root(const char *name)
{
    static char path[4][600];
    static unsigned turn;
    char *to = path[turn++ % 4];
    snprintf(to, sizeof(path[0]), "%s/%s", root, name);
    return to;
}

static void write_text(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void put(const char *name, const char *text)
{
    struct chimera_store_file file;
    struct chimera_error err = {0};
    if (chimera_store_create(root, in_root(name), &file, &err) < 0)
        fail_msg("%s", err.text);
    write_text(file.fd, text);
    if (chimera_store_commit(&file, &err) < 0)
        fail_msg("%s", err.text);
}

/* Past the store, as a hand or another tool may. */
static void put_raw(const char *name, const char *text)
{
    char *path = strdup(in_root(name)), *slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(chimera_folder_make(path, 0700, NULL), 0);
    *slash = '/';
    assert_int_equal(chimera_file_write_scratch(path, chimera_slice_of(text), NULL), 0);
    free(path);
}

/* The URIs, each with a blank behind it. */
static void check_list(const char *wanted)
{
    struct chimera_stored *list = NULL;
    struct chimera_error err = {0};
    size_t count = 0;
    char uris[2000] = "";
    if (chimera_store_list(root, &list, &count, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++) {
        strcat(uris, list[i].uri);
        strcat(uris, " ");
    }
    chimera_store_list_done(list, count);
    assert_string_equal(uris, wanted);
}

static bool is_there(const char *name)
{
    struct stat status;
    return lstat(in_root(name), &status) == 0;
}

static void the_default_is_kwctls(void **state)
{
    (void)state;
    setenv("XDG_CACHE_HOME", "/c", 1);
    char *store = chimera_store_default();
    assert_string_equal(store, "/c/kubewarden/store");
    free(store);
}

static void what_is_there_is_listed_by_uri(void **state)
{
    (void)state;
    check_list("");
    put("registry/h.io:5000/b/c:v1", "abc");
    put("registry/h.io/a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "x");
    put("https/h/a%20b/p.wasm", "y");
    put("http/h/p.wasm", "z");
    check_list("http://h/p.wasm https://h/a%20b/p.wasm registry://h.io/"
               "a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef "
               "registry://h.io:5000/b/c:v1 ");
    struct chimera_stored *list = NULL;
    char hex[CHIMERA_DIGEST_HEX];
    size_t count = 0;
    assert_int_equal(chimera_store_list(root, &list, &count, NULL), 0);
    chimera_digest_hex(&list[3].digest, hex); /* printf abc | sha256sum */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(list[3].size, 3);
    assert_string_equal(list[3].path, in_root("registry/h.io:5000/b/c:v1"));
    chimera_store_list_done(list, count);
}

/* A name that its URI does not lead back to could have another's in its place. */
static void names_that_mislead_are_left_out(void **state)
{
    static const char *const names[] = {
        "ftp/h/a",
        "file/a",
        ".partial/x",
        "registry/h.io/a", /* no tag */
        "registry/h.io/A:1",
        "registry/top",
        "registry/h.io/a:1\n",
        "https/h/a b",
        "https/H/a",
        "https/h:443/a",
        "https/h/a\tb",
        "https/h/a\\b",
        "https/h/\x1B[2J",
        "https/.h/a",
        "registry/a/b:1", /* docker.io's */
        "registry/h.io/a:1/b:2",
        "https/h/%2e%2e/c",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_raw(names[i], "a");
    assert_int_equal(mkfifo(in_root("https/h/fifo"), 0600), 0);
    assert_int_equal(symlink("/", in_root("https/h/folder")), 0);
    assert_int_equal(symlink("/nowhere", in_root("https/h/dangling")), 0);
    check_list("");
    assert_int_equal(symlink("/etc/passwd", in_root("https/h/link")), 0);
    check_list("https://h/link ");
}

static void a_digest_s_beginning_finds_one(void **state)
{
    struct chimera_stored found = {0};
    struct chimera_error err = {0};
    (void)state;
    put("registry/h.io/a:1", "abc");
    put("registry/h.io/b:1", "a7"); /* ba49…: shares two digits */
    assert_int_equal(chimera_store_find_prefix(root, "ba78", &found, &err), 0);
    assert_string_equal(found.uri, "registry://h.io/a:1");
    chimera_stored_done(&found);
#define LONGER "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0"
    static const char *const none[] = {"", "ba79", "bb", "x", "ba78 ", "../ba", LONGER};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(chimera_store_find_prefix(root, none[i], &found, &err), 0);
        assert_null(found.uri);
    }
    put("registry/h.io/c:1", "abc");
    assert_int_equal(chimera_store_find_prefix(root, "ba78", &found, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "multiple policies found with the same prefix: ba78");
}

static void removing_leaves_no_empty_folder(void **state)
{
    (void)state;
    put("registry/h.io/a/b/c:1", "x");
    put("registry/h.io/d:1", "y");
    put("signatures/registry/h.io/a/b/c:1.json", "z");
    put("signatures/registry/h.io/other:1.json", "z");
    assert_int_equal(chimera_store_remove(root, in_root("registry/h.io/a/b/c:1"), NULL), 0);
    assert_false(is_there("registry/h.io/a"));
    assert_false(is_there("signatures/registry/h.io/a"));
    assert_true(is_there("signatures/registry/h.io/other:1.json"));
    assert_true(is_there("registry/h.io/d:1"));
    assert_int_equal(chimera_store_remove(root, in_root("registry/h.io/d:1"), NULL), 0);
    assert_false(is_there("registry"));
    assert_int_equal(chimera_store_remove(root, in_root("registry/h.io/d:1"), NULL), CHIMERA_EIO);
    assert_int_equal(chimera_store_remove(root, "/etc/passwd", NULL), CHIMERA_EREFUSED);
    assert_int_equal(access(root, F_OK), 0);
}

/* Pulls do not write there either. */
#define IMAGE "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
/* Of the text "one", by sha256sum. */
#define ONE "sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"

static void the_image_of_a_file_is_known_while_it_is_that_file(void **state)
{
    (void)state;
    char image[CHIMERA_STORE_IMAGE_MAX] = "untouched";
    const char *path = in_root("registry/h/p:v1");
    put("registry/h/p:v1", "one");
    assert_false(chimera_store_image_find(root, path, image));
    assert_int_equal(chimera_store_image_keep(root, path, IMAGE, ONE, NULL), CHIMERA_OK);
    assert_true(chimera_store_image_find(root, path, image));
    assert_string_equal(image, IMAGE);
    put("registry/h/p:v1", "two"); /* as another tool pulls it */
    strcpy(image, "untouched");
    assert_false(chimera_store_image_find(root, path, image));
    assert_false(chimera_store_image_find(root, "/elsewhere/p", image));
    put("registry/h/p:v1", "one");
    static const char *const wrongs[] = {
        "", "x", " ", IMAGE, IMAGE "\n", IMAGE " " ONE, IMAGE " " ONE "0\n"};
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        put("images/registry/h/p:v1", wrongs[i]);
        assert_false(chimera_store_image_find(root, path, image));
    }
    assert_string_equal(image, "untouched");
    assert_int_equal(chimera_store_image_keep(root, path, IMAGE, ONE, NULL), CHIMERA_OK);
    assert_int_equal(chimera_store_remove(root, path, NULL), CHIMERA_OK);
    assert_int_equal(access(in_root("images"), F_OK), -1);
}

static void removing_follows_no_link_out_of_the_store(void **state)
{
    char outside[] = "/tmp/chimera-store-outside-XXXXXX", path[sizeof(outside) + 8];
    struct chimera_error err = {0};
    (void)state;
    assert_non_null(mkdtemp(outside));
    snprintf(path, sizeof(path), "%s/p:1", outside);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    put("registry/h.io/p:1", "x");
    assert_int_equal(symlink(outside, in_root("registry/out.io")), 0);
    assert_int_equal(chimera_store_remove(root, in_root("registry/out.io/p:1"), &err),
                     CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "a link leads out of the store, to /tmp/chimera-store-out"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(symlink("h.io", in_root("registry/in.io")), 0);
    assert_int_equal(chimera_store_remove(root, in_root("registry/in.io/p:1"), NULL), 0);
    unlink(path);
    rmdir(outside);
}

static size_t count_partial(const char *folder)
{
    char command[700], line[32] = "";
    snprintf(command, sizeof(command), "ls -A '%s' | grep -c partial", in_root(folder));
    FILE *pipe = popen(command, "r");
    char *got = fgets(line, sizeof(line), pipe);
    pclose(pipe);
    return got ? strtoul(line, NULL, 10) : 0;
}

static void a_file_shows_when_it_is_whole(void **state)
{
    struct chimera_store_file file, dropped;
    (void)state;
    assert_int_equal(chimera_store_create(root, in_root("https/h/a"), &file, NULL), 0);
    assert_int_equal(chimera_store_create(root, in_root("https/h/b"), &dropped, NULL), 0);
    write_text(file.fd, "abc");
    check_list("");
    assert_int_equal(count_partial(".partial"), 2); /* neither cleared the other's */
    chimera_store_drop(&dropped);
    assert_int_equal(chimera_store_commit(&file, NULL), 0);
    check_list("https://h/a ");
    assert_int_equal(count_partial(".partial"), 0);
    put("https/h/a", "newer");
    check_list("https://h/a ");
    struct stat status;
    assert_int_equal(stat(in_root("https/h/a"), &status), 0);
    assert_int_equal(status.st_size, 5);
    assert_int_equal(status.st_mode & 07777, 0640); /* the umask is 027 */
}

/* What holds the name is in the way: nothing is left behind. */
static void a_failure_leaves_nothing(void **state)
{
    struct chimera_store_file file;
    struct chimera_error err = {0};
    (void)state;
    put("https/h/a", "abc");
    assert_int_equal(chimera_store_create(root, in_root("https/h/a/b"), &file, &err), 0);
    assert_int_equal(chimera_store_commit(&file, &err), CHIMERA_EIO);
    assert_non_null(strstr(err.text, "Not a directory"));
    assert_int_equal(file.fd, -1);
    assert_int_equal(count_partial(".partial"), 0);
    assert_int_equal(chimera_store_create(NULL, in_root("no/where"), &file, &err), CHIMERA_EIO);
    assert_non_null(strstr(err.text, "No such file or directory"));
}

/* A killed process's file goes with the next write, another's that lives does not. */
static void what_was_killed_is_cleared(void **state)
{
    (void)state;
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct chimera_store_file file;
        if (chimera_store_create(root, in_root("https/h/a"), &file, NULL) == 0)
            byte = (char)write(ready[1], "x", 1);
        for (;;)
            pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    put("https/h/b", "b");
    assert_int_equal(count_partial(".partial"), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    put("https/h/c", "c");
    assert_int_equal(count_partial(".partial"), 0);
    check_list("https://h/b https://h/c ");
    close(ready[0]);
    close(ready[1]);
}

static void a_users_file_is_written_beside_its_name(void **state)
{
    struct chimera_store_file file;
    (void)state;
    put_raw("out/real", "old");
    assert_int_equal(symlink("real", in_root("out/link")), 0);
    assert_int_equal(chimera_store_create(NULL, in_root("out/link"), &file, NULL), 0);
    write_text(file.fd, "newer");
    assert_int_equal(count_partial("out"), 1);
    assert_int_equal(chimera_store_commit(&file, NULL), 0);
    struct stat status;
    assert_int_equal(lstat(in_root("out/link"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(in_root("out/real"), &status), 0);
    assert_int_equal(status.st_size, 5);
    assert_int_equal(count_partial("out"), 0);
}

/* No rename may take the place of a device or a pipe. */
static void a_stream_is_written_as_it_is(void **state)
{
    struct chimera_store_file file;
    char byte[4] = "";
    (void)state;
    assert_int_equal(mkfifo(in_root("fifo"), 0600), 0);
    int reader = open(in_root("fifo"), O_RDONLY | O_NONBLOCK);
    assert_int_equal(chimera_store_create(NULL, in_root("fifo"), &file, NULL), 0);
    assert_null(file.temporary);
    write_text(file.fd, "abc");
    assert_int_equal(chimera_store_commit(&file, NULL), 0);
    assert_int_equal(read(reader, byte, 3), 3);
    close(reader);
    struct stat status;
    assert_int_equal(lstat(in_root("fifo"), &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
}

/* Several write and remove the same policies: each sees whole files, and none fails. */
static void many_processes_share_it(void **state)
{
    enum { PROCESSES = 4, ROUNDS = 60 };
    pid_t children[PROCESSES];
    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i])
            continue;
        int failures = 0;
        for (int round = 0; round < ROUNDS; round++) {
            struct chimera_store_file file;
            char *path = in_root(round % 2 ? "https/h/x/y/a" : "https/h/x/z/b");
            failures += chimera_store_create(root, path, &file, NULL) < 0 ||
                        write(file.fd, "abc", 3) != 3 || chimera_store_commit(&file, NULL) < 0;
            struct chimera_stored *list = NULL;
            size_t count = 0;
            failures += chimera_store_list(root, &list, &count, NULL) < 0;
            for (size_t at = 0; at < count; at++)
                failures += list[at].size != 3;
            chimera_store_list_done(list, count);
            if (round % 3 == 0)
                chimera_store_remove(root, path, NULL); /* another may have done it */
        }
        _exit(failures > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_partial(".partial"), 0);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_is_kwctls),
        STORE_TEST(what_is_there_is_listed_by_uri),
        STORE_TEST(names_that_mislead_are_left_out),
        STORE_TEST(a_digest_s_beginning_finds_one),
        STORE_TEST(removing_leaves_no_empty_folder),
        STORE_TEST(the_image_of_a_file_is_known_while_it_is_that_file),
        STORE_TEST(removing_follows_no_link_out_of_the_store),
        STORE_TEST(a_file_shows_when_it_is_whole),
        STORE_TEST(a_failure_leaves_nothing),
        STORE_TEST(what_was_killed_is_cleared),
        STORE_TEST(a_users_file_is_written_beside_its_name),
        STORE_TEST(a_stream_is_written_as_it_is),
        STORE_TEST(many_processes_share_it),
    };
    umask(027);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
