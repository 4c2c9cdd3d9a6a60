/* SPDX-License-Identifier: Apache-2.0 */
/* A command's paths lead to what is below its folders, and nowhere else. The error numbers are WASI
 * preview 1's; that a path which leads out is PERM or NOTCAPABLE is wasi-testsuite's rule
 * (interesting_paths.rs). */
#include "tests/unit/exec_guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define READ WASI_RIGHT_FD_READ
#define WRITE WASI_RIGHT_FD_WRITE

static const char *path_tried;

/* in/f, in/d/f, and links that lead out of in; out/secret. */
static void fill(struct scratch *scratch)
{
    static const struct {
        const char *target, *name;
    } links[] = {{"../out/secret", "file"},
                 {"/etc/passwd", "absolute"},
                 {"../out", "folder"},
                 {"d/../../out", "crooked"},
                 {"folder/secret", "chained"},
                 {"/proc/self/root", "magic"},
                 {"/proc/self/cwd", "magic-cwd"},
                 {"..", "up"},
                 {"../out/new", "dangling"}};
    char path[256];
    make_scratch(scratch);
    write_file(scratch->out, "secret", "secret");
    write_file(scratch->in, "f", "inside");
    snprintf(path, sizeof(path), "%s/d", scratch->in);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(path, "f", "inside");
    for (size_t i = 0; i < COUNT(links); i++) {
        snprintf(path, sizeof(path), "%s/%s", scratch->in, links[i].name);
        assert_int_equal(symlink(links[i].target, path), 0);
    }
}

/* Nothing outside is changed, and nothing is new there. */
static void check_outside(const struct scratch *scratch)
{
    char path[256], text[16] = "";
    struct stat status;
    snprintf(path, sizeof(path), "%s/secret", scratch->out);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof(text), file), 6);
    assert_int_equal(fstat(fileno(file), &status), 0);
    fclose(file);
    assert_string_equal(text, "secret");
    assert_int_equal(status.st_nlink, 1);
    assert_true(status.st_mtim.tv_sec > 1000); /* nobody set it to 1 */
    assert_int_equal(stat(scratch->out, &status), 0);
    assert_int_equal(status.st_nlink, 2); /* no folder in it */
    snprintf(path, sizeof(path), "%s/new", scratch->out);
    assert_int_equal(access(path, F_OK), -1);
}

/* --- Out of the folder --- */

static void try_to_leave(struct chimera_guest *guest)
{
    U size = put_text(guest, TEXT_AT, path_tried), other = put_text(guest, OTHER_AT, "mine");
    U *to = got;
    *to++ = open_in(guest, FOLDER, path_tried, 0, READ);
    *to++ = open_in(guest, FOLDER, path_tried, 0, READ | WRITE);
    *to++ = open_in(guest, FOLDER, path_tried, WASI_OFLAGS_CREAT, WRITE);
    *to++ = open_in(guest, FOLDER, path_tried, WASI_OFLAGS_TRUNC, WRITE);
    *to++ = open_in(guest, FOLDER, path_tried, WASI_OFLAGS_DIRECTORY, 0);
    *to++ = chimera_wasi_path_filestat_get(guest, FOLDER, 1, TEXT_AT, size, DATA_AT);
    *to++ = chimera_wasi_path_filestat_set_times(guest, FOLDER, 1, TEXT_AT, size, 1, 1, 5);
    /* What does not follow a link at the end is tried with something behind it. */
    guest->instance->memory.data[TEXT_AT + size] = '/';
    U below = size + 1 + put_text(guest, TEXT_AT + size + 1, "secret");
    *to++ = chimera_wasi_path_create_directory(guest, FOLDER, TEXT_AT, below);
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, TEXT_AT, below);
    *to++ = chimera_wasi_path_remove_directory(guest, FOLDER, TEXT_AT, below);
    *to++ = chimera_wasi_path_readlink(guest, FOLDER, TEXT_AT, below, DATA_AT, 64, ANSWER_AT);
    *to++ = chimera_wasi_path_filestat_get(guest, FOLDER, 0, TEXT_AT, below, DATA_AT);
    *to++ = chimera_wasi_path_filestat_set_times(guest, FOLDER, 0, TEXT_AT, below, 1, 1, 5);
    *to++ = chimera_wasi_path_rename(guest, FOLDER, TEXT_AT, below, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_link(guest, FOLDER, 0, TEXT_AT, below, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_symlink(guest, OTHER_AT, other, FOLDER, TEXT_AT, below);
    other = put_text(guest, OTHER_AT, "f");
    *to++ = chimera_wasi_path_rename(guest, FOLDER, OTHER_AT, other, FOLDER, TEXT_AT, below);
    *to++ = chimera_wasi_path_link(guest, FOLDER, 0, OTHER_AT, other, FOLDER, TEXT_AT, below);
}

static void no_path_leads_out(void **state)
{
    static const char *const paths[] = {"..",      "../out",      "d/../../out",  "./../out",
                                        "folder",  "folder/.",    "folder/../in", "d/../folder",
                                        "crooked", "up/out",      "magic",        "magic-cwd",
                                        "/",       "/etc",        "absolute",     "file",
                                        "chained", "../in/folder"};
    struct scratch scratch;
    (void)state;
    fill(&scratch);
    for (size_t i = 0; i < COUNT(paths); i++) {
        path_tried = paths[i];
        run_in(&scratch, try_to_leave);
        for (size_t j = 0; j < 18; j++)
            if (got[j] != WASI_PERM)
                fail_msg("%s: call %zu got %u", paths[i], j, got[j]);
        check_outside(&scratch);
    }
    remove_scratch(&scratch);
}

/* A slash behind a link makes the kernel follow it, in calls that follow none. */
static void try_slashes(struct chimera_guest *guest)
{
    U size = put_text(guest, TEXT_AT, "folder/"), other = put_text(guest, OTHER_AT, "mine");
    U *to = got;
    *to++ = chimera_wasi_path_filestat_get(guest, FOLDER, 0, TEXT_AT, size, DATA_AT);
    *to++ = chimera_wasi_path_readlink(guest, FOLDER, TEXT_AT, size, DATA_AT, 64, ANSWER_AT);
    *to++ = chimera_wasi_path_filestat_set_times(guest, FOLDER, 0, TEXT_AT, size, 1, 1, 5);
    *to++ = chimera_wasi_path_link(guest, FOLDER, 0, TEXT_AT, size, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_remove_directory(guest, FOLDER, TEXT_AT, size);
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, TEXT_AT, size);
    *to++ = chimera_wasi_path_rename(guest, FOLDER, TEXT_AT, size, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_create_directory(guest, FOLDER, TEXT_AT, size);
    size = put_text(guest, TEXT_AT, "dangling/");
    *to++ = chimera_wasi_path_create_directory(guest, FOLDER, TEXT_AT, size);
    *to++ = chimera_wasi_path_symlink(guest, OTHER_AT, other, FOLDER, TEXT_AT, size);
    *to++ = open_in(guest, FOLDER, "dangling", WASI_OFLAGS_CREAT, WRITE);
}

static void a_slash_behind_a_link_is_not_followed_out(void **state)
{
    struct scratch scratch;
    (void)state;
    fill(&scratch);
    run_in(&scratch, try_slashes);
    CHECK_GOT(WASI_PERM, WASI_PERM, WASI_PERM, WASI_NOTDIR, WASI_NOTDIR, WASI_NOTDIR, WASI_NOTDIR,
              WASI_EXIST, WASI_EXIST, WASI_EXIST, WASI_PERM);
    check_outside(&scratch);
    remove_scratch(&scratch);
}

static void try_wrong_texts(struct chimera_guest *guest)
{
    U size = put_text(guest, TEXT_AT, "/etc/passwd"), other = put_text(guest, OTHER_AT, "new-link");
    U *to = got;
    *to++ = chimera_wasi_path_symlink(guest, TEXT_AT, size, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_symlink(guest, TEXT_AT, 0, FOLDER, OTHER_AT, other);
    *to++ = open_in(guest, FOLDER, "", 0, READ);
    *to++ = open_in(guest, FOLDER, "f\xff", 0, READ);
    *to++ = open_in(guest, 0, "f", 0, READ);
    *to++ = open_in(guest, 9, "f", 0, READ);
    put_text(guest, TEXT_AT, "f");
    guest->instance->memory.data[TEXT_AT + 1] = '\0';
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, TEXT_AT, 2);
    memset(guest->instance->memory.data + TEXT_AT, 'a', 4096);
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, TEXT_AT, 4096);
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, TEXT_AT, 256);
    *to++ = chimera_wasi_path_open(guest, FOLDER, 2, TEXT_AT, 1, 0, 0, 0, 0, ANSWER_AT);
    *to++ = chimera_wasi_path_open(guest, FOLDER, 0, TEXT_AT, 1, 16, 0, 0, 0, ANSWER_AT);
    *to++ = chimera_wasi_path_open(guest, FOLDER, 0, TEXT_AT, 1, 0, 0, 0, 32, ANSWER_AT);
    *to++ = chimera_wasi_path_filestat_get(guest, FOLDER, 2, TEXT_AT, 1, DATA_AT);
    *to++ = chimera_wasi_path_filestat_set_times(guest, FOLDER, 0, TEXT_AT, 1, 1, 1, 3);
    *to++ = chimera_wasi_path_readlink(guest, FOLDER, TEXT_AT, put_text(guest, TEXT_AT, "d"),
                                       DATA_AT, 64, ANSWER_AT);
    put_text(guest, TEXT_AT, "..");
    *to++ = chimera_wasi_path_remove_directory(guest, FOLDER, TEXT_AT, 1);
    *to++ = chimera_wasi_path_create_directory(guest, FOLDER, TEXT_AT, 1);
    *to++ = chimera_wasi_path_remove_directory(guest, FOLDER, TEXT_AT,
                                               put_text(guest, TEXT_AT, "d/.."));
}

static void wrong_paths_are_refused(void **state)
{
    struct scratch scratch;
    (void)state;
    fill(&scratch);
    run_in(&scratch, try_wrong_texts);
    CHECK_GOT(WASI_PERM, WASI_NOENT, WASI_NOENT, WASI_ILSEQ, WASI_NOTDIR, WASI_BADF, WASI_ILSEQ,
              WASI_NAMETOOLONG, WASI_NAMETOOLONG, WASI_INVAL, WASI_INVAL, WASI_INVAL, WASI_INVAL,
              WASI_INVAL, WASI_INVAL, WASI_INVAL, WASI_EXIST, WASI_INVAL);
    check_outside(&scratch);
    remove_scratch(&scratch);
}

/* --- While somebody swaps what is walked --- */

#define SWAPS 20000

static atomic_bool is_swapping;
static U leaked, opened;

static void *swap(void *argument)
{
    const struct scratch *scratch = argument;
    int folder = open(scratch->in, O_RDONLY | O_DIRECTORY);
    while (atomic_load(&is_swapping))
        syscall(SYS_renameat2, folder, "swapped", folder, "other", 2u); /* RENAME_EXCHANGE */
    close(folder);
    return NULL;
}

/* "swapped" is a folder of ours or a link to the one outside; both have a file "secret". */
static void open_while_swapped(struct chimera_guest *guest)
{
    static const char *const paths[] = {"swapped/secret", "d/../swapped/secret"};
    for (U i = 0; i < SWAPS; i++) {
        if (open_in(guest, FOLDER, paths[i % 2], 0, READ) != WASI_SUCCESS)
            continue;
        U fd = answer(guest);
        opened++;
        chimera_wasi_fd_read(guest, fd, vector(guest, 6), 1, ANSWER_AT);
        leaked += memcmp(guest->instance->memory.data + DATA_AT, "inside", 6) != 0;
        chimera_wasi_fd_close(guest, fd);
    }
}

static void a_link_that_is_put_in_between_is_not_followed(void **state)
{
    struct scratch scratch;
    char path[256], other[256];
    pthread_t thread;
    (void)state;
    fill(&scratch);
    snprintf(path, sizeof(path), "%s/swapped", scratch.in);
    snprintf(other, sizeof(other), "%s/other", scratch.in);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(path, "secret", "inside");
    assert_int_equal(symlink("../out", other), 0);
    atomic_store(&is_swapping, true);
    leaked = opened = 0;
    assert_int_equal(pthread_create(&thread, NULL, swap, &scratch), 0);
    run_in(&scratch, open_while_swapped);
    atomic_store(&is_swapping, false);
    pthread_join(thread, NULL);
    assert_int_equal(leaked, 0);
    assert_true(opened > 0);
    remove_scratch(&scratch);
}

/* --- Folders that are only read --- */

static void try_to_change(struct chimera_guest *guest)
{
    U size = put_text(guest, TEXT_AT, "f"), other = put_text(guest, OTHER_AT, "new");
    U *to = got;
    *to++ = open_in(guest, FOLDER, "f", 0, READ);
    U file = answer(guest);
    *to++ = chimera_wasi_fd_read(guest, file, vector(guest, 6), 1, ANSWER_AT);
    *to++ = open_in(guest, FOLDER, "f", 0, READ | WRITE);
    *to++ = open_in(guest, FOLDER, "f", WASI_OFLAGS_TRUNC, READ);
    *to++ = open_in(guest, FOLDER, "new", WASI_OFLAGS_CREAT, READ);
    *to++ = open_in(guest, FOLDER, "d", WASI_OFLAGS_DIRECTORY, ~(L)0 & ~WRITE);
    U folder = answer(guest);
    *to++ = open_in(guest, folder, "f", 0, READ | WRITE);
    *to++ = open_in(guest, folder, "new", WASI_OFLAGS_CREAT, READ);
    *to++ = chimera_wasi_fd_write(guest, file, vector(guest, 6), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_filestat_set_size(guest, file, 0);
    put_text(guest, TEXT_AT, "f");
    *to++ = chimera_wasi_path_create_directory(guest, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, TEXT_AT, size);
    *to++ = chimera_wasi_path_remove_directory(guest, FOLDER, TEXT_AT, size);
    *to++ = chimera_wasi_path_filestat_set_times(guest, FOLDER, 0, TEXT_AT, size, 1, 1, 5);
    *to++ = chimera_wasi_path_symlink(guest, TEXT_AT, size, FOLDER, OTHER_AT, other);
    /* Linked into the other folder, it could be written there. */
    *to++ = chimera_wasi_path_link(guest, FOLDER, 0, TEXT_AT, size, SECOND, OTHER_AT, other);
    *to++ = chimera_wasi_path_rename(guest, FOLDER, TEXT_AT, size, SECOND, OTHER_AT, other);
    *to++ = open_in(guest, SECOND, "g", WASI_OFLAGS_CREAT, READ | WRITE);
    put_text(guest, TEXT_AT, "g");
    *to++ = chimera_wasi_path_rename(guest, SECOND, TEXT_AT, 1, FOLDER, OTHER_AT, other);
    *to++ = chimera_wasi_path_link(guest, SECOND, 0, TEXT_AT, 1, FOLDER, OTHER_AT, other);
}

static void a_folder_that_is_only_read_is_not_changed(void **state)
{
    struct scratch scratch;
    struct chimera_exec_end end;
    (void)state;
    fill(&scratch);
    const struct surroundings around = {
        .folder = {{scratch.in, "/in", true}, {scratch.out, "/out", false}}, .folder_count = 2};
    run_command(&around, try_to_change, &end);
    assert_int_equal(end.stop, CHIMERA_STOP_NONE);
    CHECK_GOT(0, 0, WASI_ROFS, WASI_ROFS, WASI_ROFS, 0, WASI_ROFS, WASI_ROFS, WASI_ROFS, WASI_ROFS,
              WASI_ROFS, WASI_ROFS, WASI_ROFS, WASI_ROFS, WASI_ROFS, WASI_ROFS, WASI_ROFS, 0,
              WASI_ROFS, WASI_ROFS);
    remove_scratch(&scratch);
}

/* --- What opening does besides --- */

static void open_pipe(struct chimera_guest *guest)
{
    U *to = got;
    *to++ = open_in(guest, FOLDER, "pipe", 0, READ); /* nobody has the other end */
    *to++ = open_in(guest, FOLDER, "pipe", 0, WRITE);
    *to++ = chimera_wasi_fd_write(guest, answer(guest), vector(guest, 6), 1, ANSWER_AT);
}

static void a_pipe_is_opened_at_once(void **state)
{
    struct scratch scratch;
    char path[256];
    (void)state;
    fill(&scratch);
    snprintf(path, sizeof(path), "%s/pipe", scratch.in);
    assert_int_equal(mkfifo(path, 0600), 0);
    run_in(&scratch, open_pipe);
    CHECK_GOT(0, 0, 0);
    remove_scratch(&scratch);
}

static void open_too_many(struct chimera_guest *guest)
{
    U *to = got;
    for (U i = 0; i < 4; i++)
        *to++ = open_in(guest, FOLDER, "f", 0, READ);
    *to++ = chimera_wasi_fd_close(guest, 4);
    *to++ = open_in(guest, FOLDER, "f", 0, READ);
    *to++ = answer(guest);
}

static void no_more_files_are_open_than_there_may_be(void **state)
{
    struct scratch scratch;
    struct chimera_exec_end end;
    (void)state;
    fill(&scratch);
    const struct surroundings around = {
        .folder = {{scratch.in, "/", false}}, .folder_count = 1, .files = 7};
    run_command(&around, open_too_many, &end);
    CHECK_GOT(0, 0, 0, WASI_MFILE, 0, 0, 4);
    remove_scratch(&scratch);
}

/* A file that was opened and cannot be told of is not left open: the number's place is looked at
 * before. */
static void open_to_nowhere(struct chimera_guest *guest)
{
    U size = put_text(guest, TEXT_AT, "new");
    chimera_wasi_path_open(guest, FOLDER, 0, TEXT_AT, size, WASI_OFLAGS_CREAT, READ, 0, 0,
                           0xfffffffc);
}

static void a_number_that_goes_nowhere_opens_nothing(void **state)
{
    struct scratch scratch;
    struct chimera_exec_end end;
    char path[256];
    (void)state;
    fill(&scratch);
    const struct surroundings around = {.folder = {{scratch.in, "/", false}}, .folder_count = 1};
    run_command(&around, open_to_nowhere, &end);
    assert_int_equal(end.stop, CHIMERA_STOP_TRAP);
    assert_string_equal(end.why, "out of bounds memory access");
    snprintf(path, sizeof(path), "%s/new", scratch.in);
    assert_int_equal(access(path, F_OK), -1);
    remove_scratch(&scratch);
}

static void folders_that_cannot_be_given_are_refused(void **state)
{
    const struct chimera_wasi_folder missing = {"/nowhere/at/all", "/", false};
    const struct chimera_wasi_folder file = {"/proc/version", "/", false};
    const struct chimera_wasi_folder two[] = {{"/", "/", true}, {"/", "/x", true}};
    struct chimera_wasi_files *files = NULL;
    struct chimera_error err = {0};
    (void)state;
    assert_int_equal(chimera_wasi_files_open(8, &missing, 1, &files, &err), CHIMERA_EIO);
    assert_string_equal(err.text,
                        "cannot open the folder /nowhere/at/all: No such file or directory");
    assert_int_equal(chimera_wasi_files_open(8, &file, 1, &files, &err), CHIMERA_EIO);
    assert_int_equal(chimera_wasi_files_open(4, two, 2, &files, &err), CHIMERA_ELIMIT);
    assert_string_equal(err.text, "more folders than files may be open: 4");
    assert_null(files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_path_leads_out),
        cmocka_unit_test(a_slash_behind_a_link_is_not_followed_out),
        cmocka_unit_test(wrong_paths_are_refused),
        cmocka_unit_test(a_link_that_is_put_in_between_is_not_followed),
        cmocka_unit_test(a_folder_that_is_only_read_is_not_changed),
        cmocka_unit_test(a_pipe_is_opened_at_once),
        cmocka_unit_test(no_more_files_are_open_than_there_may_be),
        cmocka_unit_test(a_number_that_goes_nowhere_opens_nothing),
        cmocka_unit_test(folders_that_cannot_be_given_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
