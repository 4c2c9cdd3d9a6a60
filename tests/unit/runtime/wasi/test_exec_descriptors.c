/* SPDX-License-Identifier: Apache-2.0 */
/* A command's descriptors: streams, rights, folders' entries, waiting, limits. Layouts and error
 * numbers are WASI preview 1's (guest-abis.md §3.5). */
#include "tests/unit/exec_guest.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/confine/seccomp.h"

#define READ WASI_RIGHT_FD_READ
#define WRITE WASI_RIGHT_FD_WRITE

static U get32(const struct chimera_guest *guest, U at)
{
    U value;
    memcpy(&value, guest->instance->memory.data + at, sizeof(value));
    return value;
}

static L get64(const struct chimera_guest *guest, U at)
{
    L value;
    memcpy(&value, guest->instance->memory.data + at, sizeof(value));
    return value;
}

static void put64(struct chimera_guest *guest, U at, L value)
{
    memcpy(guest->instance->memory.data + at, &value, sizeof(value));
}

/* With a pipe as standard input while the command runs: the test has its other end. */
static void run_with_pipe(const struct surroundings *around, const char *text, void (*what)(H),
                          struct chimera_exec_end *ret_end)
{
    int pipes[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(dup2(pipes[0], STDIN_FILENO), STDIN_FILENO);
    if (text)
        assert_int_equal(write(pipes[1], text, strlen(text)), strlen(text));
    run_command(around, what, ret_end);
    int flags = fcntl(STDIN_FILENO, F_GETFL);
    assert_false(flags & O_NONBLOCK); /* which others would have, too */
    dup2(kept, STDIN_FILENO);
    close(pipes[0]);
    close(pipes[1]);
    close(kept);
}

/* --- Streams --- */

static void ask_streams(struct chimera_guest *guest)
{
    U *to = got;
    *to++ = chimera_wasi_fd_read(guest, 0, vector(guest, 3), 1, ANSWER_AT);
    *to++ = answer(guest);
    *to++ = get32(guest, DATA_AT) & 0xffffff;
    *to++ = chimera_wasi_fd_read(guest, 1, vector(guest, 3), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_write(guest, 0, vector(guest, 3), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_seek(guest, 0, 0, 0, ANSWER_AT);
    *to++ = chimera_wasi_fd_fdstat_set_flags(guest, 0, WASI_FDFLAGS_NONBLOCK);
    *to++ = chimera_wasi_fd_read(guest, 0, vector(guest, 3), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_read(guest, 0, vector(guest, 3), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_fdstat_get(guest, 0, 64);
    *to++ = guest->instance->memory.data[64 + 2];
    *to++ = chimera_wasi_fd_fdstat_set_flags(guest, 0, WASI_FDFLAGS_SYNC);
    *to++ = chimera_wasi_fd_fdstat_set_flags(guest, 0, 32);
    *to++ = chimera_wasi_sock_shutdown(guest, 0, 1);
    *to++ = chimera_wasi_sock_shutdown(guest, 9, 1);
    *to++ = chimera_wasi_fd_prestat_get(guest, 0, ANSWER_AT);
    *to++ = chimera_wasi_fd_close(guest, 0);
    *to++ = chimera_wasi_fd_read(guest, 0, vector(guest, 3), 1, ANSWER_AT);
}

static void streams_are_ours_and_stay_as_they_are(void **state)
{
    const struct surroundings around = {0};
    struct chimera_exec_end end;
    (void)state;
    run_with_pipe(&around, "abcdef", ask_streams, &end);
    CHECK_GOT(0, 3, 'a' | 'b' << 8 | 'c' << 16, WASI_BADF, WASI_BADF, WASI_SPIPE, 0, 0, WASI_AGAIN,
              0, WASI_FDFLAGS_NONBLOCK, WASI_NOTSUP, WASI_INVAL, WASI_NOTSOCK, WASI_BADF, WASI_BADF,
              0, WASI_BADF);
}

/* --- Rights --- */

static void ask_rights(struct chimera_guest *guest)
{
    U *to = got;
    U size = put_text(guest, OTHER_AT, "f");
    *to++ = open_in(guest, FOLDER, "f", 0, READ | WASI_RIGHT_FD_TELL);
    U fd = answer(guest);
    *to++ = chimera_wasi_fd_read(guest, fd, vector(guest, 2), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_write(guest, fd, vector(guest, 2), 1, ANSWER_AT);
    *to++ = chimera_wasi_fd_seek(guest, fd, 0, 0, ANSWER_AT);
    *to++ = chimera_wasi_fd_filestat_get(guest, fd, 64);
    *to++ = chimera_wasi_fd_fdstat_get(guest, fd, 64);
    *to++ = get64(guest, 64 + 8) == (READ | WASI_RIGHT_FD_TELL);
    *to++ = chimera_wasi_fd_fdstat_set_rights(guest, fd, READ | WRITE, 0);
    *to++ = chimera_wasi_fd_fdstat_set_rights(guest, fd, 0, 0);
    *to++ = chimera_wasi_fd_read(guest, fd, vector(guest, 2), 1, ANSWER_AT);
    /* A folder hands on no more than it has. */
    *to++ = chimera_wasi_fd_fdstat_set_rights(
        guest, FOLDER, WASI_RIGHT_PATH_OPEN | WASI_RIGHT_PATH_UNLINK_FILE, READ);
    *to++ = open_in(guest, FOLDER, "f", 0, READ | WRITE);
    *to++ = open_in(guest, FOLDER, "f", 0, READ | WASI_RIGHT_FD_TELL);
    *to++ = chimera_wasi_fd_fdstat_get(guest, answer(guest), 64);
    *to++ = get64(guest, 64 + 8) == READ;
    *to++ = chimera_wasi_path_filestat_get(guest, FOLDER, 0, OTHER_AT, size, 64);
    *to++ = chimera_wasi_path_unlink_file(guest, FOLDER, OTHER_AT, size);
    *to++ = open_in(guest, FOLDER, "f", WASI_OFLAGS_CREAT, READ);
}

static void rights_only_shrink(void **state)
{
    struct scratch scratch;
    (void)state;
    make_scratch(&scratch);
    write_file(scratch.in, "f", "text");
    run_in(&scratch, ask_rights);
    CHECK_GOT(0, 0, WASI_BADF, WASI_NOTCAPABLE, WASI_NOTCAPABLE, 0, 1, WASI_NOTCAPABLE, 0,
              WASI_BADF, 0, WASI_NOTCAPABLE, 0, 0, 1, WASI_NOTCAPABLE, 0, WASI_NOTCAPABLE);
    remove_scratch(&scratch);
}

/* --- What is told of a file --- */

static void ask_stat(struct chimera_guest *guest)
{
    const L rights = READ | WRITE | WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_FILESTAT_GET;
    U *to = got;
    *to++ = open_in(guest, FOLDER, "f", 0, rights);
    U fd = answer(guest);
    *to++ = chimera_wasi_fd_filestat_get(guest, fd, 64);
    *to++ = guest->instance->memory.data[64 + 16];
    *to++ = get32(guest, 64 + 24);
    *to++ = get32(guest, 64 + 32);
    memset(guest->instance->memory.data + 64, 0xee, 64);
    *to++ = chimera_wasi0_fd_filestat_get(guest, fd, 64);
    *to++ = guest->instance->memory.data[64 + 16];
    *to++ = get32(guest, 64 + 20);
    *to++ = get32(guest, 64 + 24);
    *to++ = get64(guest, 64 + 40) == 7000000001; /* when it was modified */
    *to++ = guest->instance->memory.data[64 + 56];
    /* From the end, which has another number in each version. */
    *to++ = chimera_wasi_fd_seek(guest, fd, (L)-1, 2, ANSWER_AT);
    *to++ = answer(guest);
    *to++ = chimera_wasi0_fd_seek(guest, fd, (L)-2, 1, ANSWER_AT);
    *to++ = answer(guest);
    *to++ = chimera_wasi0_fd_seek(guest, fd, 1, 2, ANSWER_AT);
    *to++ = answer(guest);
    *to++ = chimera_wasi0_fd_seek(guest, fd, 1, 0, ANSWER_AT);
    *to++ = answer(guest);
    *to++ = chimera_wasi0_fd_seek(guest, fd, 0, 3, ANSWER_AT);
    *to++ = chimera_wasi_fd_seek(guest, fd, (L)-1, 0, ANSWER_AT);
    *to++ = chimera_wasi_fd_prestat_get(guest, FOLDER, ANSWER_AT);
    *to++ = get32(guest, ANSWER_AT + 4);
    *to++ = chimera_wasi_fd_prestat_dir_name(guest, FOLDER, 64, 0);
    *to++ = chimera_wasi_fd_prestat_get(guest, fd, ANSWER_AT);
}

static void both_versions_tell_of_a_file(void **state)
{
    struct scratch scratch;
    char path[256];
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 7, .tv_nsec = 1}};
    (void)state;
    make_scratch(&scratch);
    write_file(scratch.in, "f", "12345");
    snprintf(path, sizeof(path), "%s/f", scratch.in);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    run_in(&scratch, ask_stat);
    CHECK_GOT(0, 0, WASI_FILETYPE_REGULAR_FILE, 1, 5, 0, WASI_FILETYPE_REGULAR_FILE, 1, 5, 1, 0xee,
              0, 4, 0, 3, 0, 1, 0, 2, WASI_INVAL, WASI_INVAL, 0, 1, WASI_NAMETOOLONG, WASI_BADF);
    remove_scratch(&scratch);
}

/* --- Entries of a folder --- */

#define ENTRIES 300
#define ROOM 100 /* some entries at once, the last of them cut */

static uint8_t times_seen[ENTRIES];
static U others;

static void note_entry(const char *name, U size)
{
    char text[16] = "";
    memcpy(text, name, size < sizeof(text) ? size : sizeof(text) - 1);
    long number = strncmp(text, "file-", 5) == 0 ? strtol(text + 5, NULL, 10) : -1;
    if (number >= 0 && number < ENTRIES)
        times_seen[number]++;
    else
        others++;
}

static void list_folder(struct chimera_guest *guest)
{
    const char *data = (const char *)guest->instance->memory.data + DATA_AT;
    L cookie = 0;
    U used = ROOM;
    for (U calls = 0; used == ROOM && calls < 10 * ENTRIES; calls++) {
        got[0] = chimera_wasi_fd_readdir(guest, FOLDER, DATA_AT, ROOM, cookie, ANSWER_AT);
        used = answer(guest);
        for (U at = 0; at + WASI_DIRENT_BYTES <= used;) {
            U size = get32(guest, DATA_AT + at + 16);
            if (at + WASI_DIRENT_BYTES + size > used)
                break;
            note_entry(data + at + WASI_DIRENT_BYTES, size);
            cookie = get64(guest, DATA_AT + at);
            at += WASI_DIRENT_BYTES + size;
        }
    }
    got[1] = chimera_wasi_fd_readdir(guest, FOLDER, DATA_AT, ROOM, cookie, ANSWER_AT);
    got[2] = answer(guest);
    got[3] = chimera_wasi_fd_readdir(guest, FOLDER, DATA_AT, ROOM, (L)1 << 63, ANSWER_AT);
    got[4] = chimera_wasi_fd_readdir(guest, FOLDER, DATA_AT, 0, 0, ANSWER_AT);
    got[5] = chimera_wasi_fd_readdir(guest, 0, DATA_AT, ROOM, 0, ANSWER_AT);
}

static void a_folder_is_read_in_pieces(void **state)
{
    struct scratch scratch;
    char name[32];
    (void)state;
    make_scratch(&scratch);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof(name), "file-%d", i);
        write_file(scratch.in, name, "");
    }
    memset(times_seen, 0, sizeof(times_seen));
    others = 0;
    run_in(&scratch, list_folder);
    for (int i = 0; i < ENTRIES; i++)
        assert_int_equal(times_seen[i], 1);
    assert_int_equal(others, 2); /* . and .. */
    CHECK_GOT(0, 0, 0, WASI_INVAL, 0, WASI_NOTCAPABLE);
    remove_scratch(&scratch);
}

/* --- Waiting --- */

enum { IN_AT = 8192, OUT_AT = 12288, SUBSCRIPTION = 48 };

static void subscribe(struct chimera_guest *guest, U index, U tag, U what, L timeout)
{
    U at = IN_AT + index * SUBSCRIPTION;
    memset(guest->instance->memory.data + at, 0, SUBSCRIPTION);
    put64(guest, at, 100 + index);
    guest->instance->memory.data[at + 8] = (uint8_t)tag;
    put64(guest, at + 16, what);
    put64(guest, at + 24, timeout);
}

/* Number, error and type of each event. */
static void poll_all(struct chimera_guest *guest, U count, U **to)
{
    *(*to)++ = chimera_wasi_poll_oneoff(guest, IN_AT, OUT_AT, count, ANSWER_AT);
    *(*to)++ = answer(guest);
    for (U i = 0; i < answer(guest) && i < count; i++) {
        *(*to)++ = get32(guest, OUT_AT + i * 32) - 100;
        *(*to)++ = get32(guest, OUT_AT + i * 32 + 8); /* the error, and the type above it */
    }
}

#define TYPE(type) ((U)(type) << 16)

static void wait_for_things(struct chimera_guest *guest)
{
    U *to = got;
    subscribe(guest, 0, WASI_POLL_CLOCK, WASI_CLOCK_MONOTONIC, 1000000);
    poll_all(guest, 1, &to);
    subscribe(guest, 0, WASI_POLL_CLOCK, WASI_CLOCK_MONOTONIC, (L)3600 * 1000000000);
    subscribe(guest, 1, WASI_POLL_FD_READ, 0, 0);
    poll_all(guest, 2, &to); /* what is in the pipe */
    *to++ = get32(guest, OUT_AT + 16);
    subscribe(guest, 1, WASI_POLL_FD_READ, 9, 0);
    poll_all(guest, 2, &to); /* what is not open */
    subscribe(guest, 1, WASI_POLL_CLOCK, WASI_CLOCK_PROCESS, 0);
    poll_all(guest, 2, &to);
    subscribe(guest, 1, WASI_POLL_CLOCK, 4, 0);
    poll_all(guest, 2, &to);
    subscribe(guest, 1, 3, 0, 0);
    poll_all(guest, 2, &to);
    subscribe(guest, 1, WASI_POLL_CLOCK, WASI_CLOCK_REALTIME, 1000);
    guest->instance->memory.data[IN_AT + SUBSCRIPTION + 40] = WASI_POLL_ABSOLUTE;
    poll_all(guest, 2, &to); /* in 1970 */
    *to++ = chimera_wasi_poll_oneoff(guest, IN_AT, OUT_AT, 0, ANSWER_AT);
}

static void the_guest_waits_for_clocks_and_descriptors(void **state)
{
    const struct surroundings around = {0};
    struct chimera_exec_end end;
    (void)state;
    run_with_pipe(&around, "abc", wait_for_things, &end);
    assert_int_equal(end.stop, CHIMERA_STOP_NONE);
    CHECK_GOT(0, 1, 0, TYPE(0), 0, 1, 1, TYPE(1), 3, 0, 1, 1, WASI_BADF | TYPE(1), 0, 1, 1,
              WASI_NOTSUP | TYPE(0), 0, 1, 1, WASI_INVAL | TYPE(0), 0, 1, 1, WASI_INVAL | TYPE(3),
              0, 1, 1, TYPE(0), WASI_INVAL);
}

static void ask_clocks(struct chimera_guest *guest)
{
    U *to = got;
    for (U clock = 0; clock < 5; clock++) {
        *to++ = chimera_wasi_clock_time_get(guest, clock, 0, 64 + 8 * clock);
        *to++ = chimera_wasi_clock_res_get(guest, clock, 128);
        *to++ = clock == 4 || (get64(guest, 128) > 0 && get64(guest, 64 + 8 * clock) > 0);
    }
    *to++ = get64(guest, 64) > (L)1700000000 * 1000000000; /* 2023 */
}

static void all_clocks_are_there(void **state)
{
    const struct surroundings around = {0};
    struct chimera_exec_end end;
    (void)state;
    run_command(&around, ask_clocks, &end);
    CHECK_GOT(0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, WASI_INVAL, WASI_INVAL, 1, 1);
}

/* --- The time limit, in calls that wait --- */

static void read_what_never_comes(struct chimera_guest *guest)
{
    chimera_wasi_fd_read(guest, 0, vector(guest, 3), 1, ANSWER_AT);
}

static void wait_for_what_never_comes(struct chimera_guest *guest)
{
    subscribe(guest, 0, WASI_POLL_FD_READ, 0, 0);
    chimera_wasi_poll_oneoff(guest, IN_AT, OUT_AT, 1, ANSWER_AT);
}

static void waiting_ends_with_the_time_limit(void **state)
{
    static void (*const waits[])(H) = {read_what_never_comes, wait_for_what_never_comes};
    const struct surroundings around = {.limit_ms = 50};
    struct chimera_exec_end end;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        run_with_pipe(&around, NULL, waits[i], &end);
        assert_int_equal(end.stop, CHIMERA_STOP_DEADLINE);
    }
}

/* --- Confinement: for good, so in a process of its own --- */

static bool is_open(const char *folder, const char *name, int flags)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* 0, or where it went wrong. */
static int confined(const struct scratch *scratch)
{
    const struct chimera_wasi_folder folders[] = {{scratch->in, "/", false},
                                                  {scratch->out, "/out", true}};
    bool is_confined = false;
    if (chimera_exec_confine(folders, 2, &is_confined, NULL) < 0)
        return 1;
    if (!is_confined)
        return 77;
    if (is_open("/etc", "passwd", O_RDONLY) || is_open("/proc/self", "maps", O_RDONLY))
        return 2;
    if (!is_open(scratch->in, "f", O_RDWR) || !is_open(scratch->in, "new", O_RDWR | O_CREAT))
        return 3;
    if (!is_open(scratch->out, "g", O_RDONLY) || is_open(scratch->out, "g", O_RDWR) ||
        is_open(scratch->out, "new", O_WRONLY | O_CREAT))
        return 4;
    if (socket(AF_INET, SOCK_DGRAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0)
        return 5;
    if (fork() >= 0 || execl("/bin/true", "true", NULL) == 0 || errno != EPERM)
        return 6;
    return 0;
}

static void the_kernel_keeps_the_process_to_its_folders(void **state)
{
    struct scratch scratch;
    int status;
    (void)state;
    make_scratch(&scratch);
    write_file(scratch.in, "f", "");
    write_file(scratch.out, "g", "");
    pid_t child = fork();
    if (child == 0)
        _exit(confined(&scratch));
    assert_int_equal(waitpid(child, &status, 0), child);
    remove_scratch(&scratch);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

/* On a kernel that does not know openat2(): 0, or where it went wrong. */
static int on_an_old_kernel(const struct scratch *scratch)
{
    const struct chimera_wasi_folder folder = {scratch->in, "/", false};
    struct chimera_wasi_files *files;
    struct chimera_error err = {0};
    struct chimera_seccomp_filter filter;
    chimera_seccomp_begin(&filter);
    chimera_seccomp_put_call(&filter, 437, CHIMERA_SECCOMP_FAIL(ENOSYS));
    chimera_seccomp_end(&filter, CHIMERA_SECCOMP_ALLOW);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !chimera_seccomp_enter(&filter))
        return 77;
    if (chimera_wasi_files_open(8, &folder, 1, &files, &err) != CHIMERA_EREFUSED)
        return 1;
    if (!strstr(err.text, "cannot keep a program inside of the folder") ||
        !strstr(err.text, "openat2: Function not implemented"))
        return 2;
    return chimera_wasi_files_open(8, NULL, 0, &files, &err) == CHIMERA_OK ? 0 : 3;
}

static void an_old_kernel_gives_no_folders(void **state)
{
    struct scratch scratch;
    int status;
    (void)state;
    if (!chimera_seccomp_is_known())
        skip();
    make_scratch(&scratch);
    pid_t child = fork();
    if (child == 0)
        _exit(on_an_old_kernel(&scratch));
    assert_int_equal(waitpid(child, &status, 0), child);
    remove_scratch(&scratch);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(status, 0);
}

static void errors_have_the_guests_numbers(void **state)
{
    static const struct {
        int number;
        U code;
    } cases[] = {{ENOENT, 44}, {EACCES, 2},  {EEXIST, 20}, {ENOTEMPTY, 55},  {EXDEV, 75},
                 {EROFS, 69},  {ELOOP, 32},  {EISDIR, 31}, {ENOSPC, 51},     {EDQUOT, 19},
                 {EPIPE, 64},  {EMFILE, 33}, {EFBIG, 22},  {EOPNOTSUPP, 58}, {EHOSTDOWN, 29},
                 {0, 29},      {-1, 29},     {4096, 29}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(chimera_wasi_error(cases[i].number), cases[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_are_ours_and_stay_as_they_are),
        cmocka_unit_test(rights_only_shrink),
        cmocka_unit_test(both_versions_tell_of_a_file),
        cmocka_unit_test(a_folder_is_read_in_pieces),
        cmocka_unit_test(the_guest_waits_for_clocks_and_descriptors),
        cmocka_unit_test(all_clocks_are_there),
        cmocka_unit_test(waiting_ends_with_the_time_limit),
        cmocka_unit_test(the_kernel_keeps_the_process_to_its_folders),
        cmocka_unit_test(an_old_kernel_gives_no_folders),
        cmocka_unit_test(errors_have_the_guests_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
