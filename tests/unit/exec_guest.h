/* SPDX-License-Identifier: Apache-2.0 */
/* wasi_exec.h - a WASI command in C whose main() is any function, with folders of a scratch
 * folder: "in" is what it is given, "out" lies beside it and is none of its business. */
#ifndef CHIMERA_TESTS_EXEC_GUEST_H
#define CHIMERA_TESTS_EXEC_GUEST_H

#include "tests/unit/c_guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/wasi/exec.h"

#define H struct chimera_guest *guest
typedef uint32_t U;
typedef uint64_t L;

U chimera_wasi_clock_res_get(H, U clock, U at);
U chimera_wasi_clock_time_get(H, U clock, L precision, U at);
U chimera_wasi_fd_close(H, U fd);
U chimera_wasi_fd_fdstat_get(H, U fd, U at);
U chimera_wasi_fd_fdstat_set_flags(H, U fd, U flags);
U chimera_wasi_fd_fdstat_set_rights(H, U fd, L base, L inheriting);
U chimera_wasi_fd_filestat_get(H, U fd, U at);
U chimera_wasi0_fd_filestat_get(H, U fd, U at);
U chimera_wasi_fd_filestat_set_size(H, U fd, L size);
U chimera_wasi_fd_prestat_get(H, U fd, U at);
U chimera_wasi_fd_prestat_dir_name(H, U fd, U at, U size);
U chimera_wasi_fd_read(H, U fd, U at, U count, U size);
U chimera_wasi_fd_readdir(H, U fd, U at, U size, L cookie, U ret_size);
U chimera_wasi_fd_renumber(H, U from, U to);
U chimera_wasi_fd_seek(H, U fd, L offset, U whence, U at);
U chimera_wasi0_fd_seek(H, U fd, L offset, U whence, U at);
U chimera_wasi_fd_write(H, U fd, U at, U count, U size);
U chimera_wasi_path_create_directory(H, U fd, U path, U size);
U chimera_wasi_path_filestat_get(H, U fd, U flags, U path, U size, U at);
U chimera_wasi_path_filestat_set_times(H, U fd, U flags, U path, U size, L atim, L mtim, U times);
U chimera_wasi_path_link(H, U fd, U flags, U path, U size, U to, U to_path, U to_size);
U chimera_wasi_path_open(H, U fd, U flags, U path, U size, U oflags, L base, L inheriting,
                         U fdflags, U at);
U chimera_wasi_path_readlink(H, U fd, U path, U size, U at, U space, U ret_size);
U chimera_wasi_path_remove_directory(H, U fd, U path, U size);
U chimera_wasi_path_rename(H, U fd, U path, U size, U to, U to_path, U to_size);
U chimera_wasi_path_symlink(H, U path, U size, U fd, U to_path, U to_size);
U chimera_wasi_path_unlink_file(H, U fd, U path, U size);
U chimera_wasi_poll_oneoff(H, U in, U out, U count, U at);
U chimera_wasi_sock_shutdown(H, U fd, U how);

enum { FOLDER = 3, SECOND = 4 }; /* the guest's descriptors of what it was given */
enum { ANSWER_AT = 8, TEXT_AT = 1024, OTHER_AT = 6144, DATA_AT = 16384 };

static void (*body)(struct chimera_guest *guest);
static U got[64]; /* what the guest was answered; asserted on the test's own stack */

GUEST_CODE static void start(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    body(instance->guest);
}

static inline U put_text(struct chimera_guest *guest, U at, const char *text)
{
    memcpy(guest->instance->memory.data + at, text, strlen(text));
    return (U)strlen(text);
}

static inline U answer(const struct chimera_guest *guest)
{
    U value;
    memcpy(&value, guest->instance->memory.data + ANSWER_AT, sizeof(value));
    return value;
}

static inline U open_in(struct chimera_guest *guest, U folder, const char *path, U oflags, L rights)
{
    U size = put_text(guest, TEXT_AT, path);
    return chimera_wasi_path_open(guest, folder, WASI_LOOKUP_FOLLOW, TEXT_AT, size, oflags, rights,
                                  ~(L)0, 0, ANSWER_AT);
}

/* One buffer of `size` at DATA_AT. */
static inline U vector(struct chimera_guest *guest, U size)
{
    const U entry[] = {DATA_AT, size};
    memcpy(guest->instance->memory.data + 512, entry, sizeof(entry));
    return 512;
}

/* --- Folders --- */

struct scratch {
    char root[64], in[80], out[80];
};

static inline void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];
    int size = snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_true(size > 0 && (size_t)size < sizeof(path));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void make_scratch(struct scratch *scratch)
{
    snprintf(scratch->root, sizeof(scratch->root), "/tmp/chimera-exec-XXXXXX");
    assert_non_null(mkdtemp(scratch->root));
    snprintf(scratch->in, sizeof(scratch->in), "%s/in", scratch->root);
    snprintf(scratch->out, sizeof(scratch->out), "%s/out", scratch->root);
    assert_int_equal(mkdir(scratch->in, 0700), 0);
    assert_int_equal(mkdir(scratch->out, 0700), 0);
}

static inline void remove_scratch(const struct scratch *scratch)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", scratch->root);
    FILE *shell = popen(command, "r");
    assert_non_null(shell);
    assert_int_equal(pclose(shell), 0);
}

/* --- Runs --- */

struct surroundings {
    struct chimera_wasi_folder folder[2];
    size_t folder_count;
    U files;
    uint32_t limit_ms;
};

static inline void run_command(const struct surroundings *around, void (*what)(H),
                               struct chimera_exec_end *ret_end)
{
    struct c_guest module;
    struct chimera_wasi_files *files;
    struct chimera_error err = {0};
    c_guest_init(&module, CHIMERA_MODE_WASI);
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "_start", ":", start);
    body = what;
    memset(got, 0xee, sizeof(got));
    if (chimera_wasi_files_open(around->files ? around->files : 16, around->folder,
                                around->folder_count, &files, &err) < 0)
        fail_msg("%s", err.text);
    const struct chimera_exec command = {.name = "test",
                                         .files = files,
                                         .limit_ms = around->limit_ms,
                                         .memory_limit = CHIMERA_PAGE_BYTES * 64};
    assert_int_equal(chimera_exec_run(&module.loaded, &command, ret_end, NULL), 0);
    chimera_wasi_files_close(files);
}

/* To its end, without a trap. */
static inline void run_in(const struct scratch *scratch, void (*what)(H))
{
    const struct surroundings around = {.folder = {{scratch->in, "/", false}}, .folder_count = 1};
    struct chimera_exec_end end;
    run_command(&around, what, &end);
    if (end.stop != CHIMERA_STOP_NONE)
        fail_msg("%s", end.why);
}

static inline void check_got(const U *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (got[i] != want[i])
            fail_msg("answer %zu: %u, not %u", i, got[i], want[i]);
}

#define CHECK_GOT(...) check_got((const U[]){__VA_ARGS__}, sizeof((const U[]){__VA_ARGS__}) / 4)

#endif
