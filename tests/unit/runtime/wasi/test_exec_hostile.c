/* SPDX-License-Identifier: Apache-2.0 */
/* Every function that reaches outside, handed the worst: addresses and sizes that are not in memory
 * end in a trap before anything is done, misaligned ones too, and whatever else comes is an answer.
 * The sanitizers look at the rest. */
#include "tests/unit/exec_guest.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

U chimera_wasi_fd_advise(H, U fd, L offset, L size, U advice);
U chimera_wasi_fd_allocate(H, U fd, L offset, L size);
U chimera_wasi_fd_datasync(H, U fd);
U chimera_wasi_fd_filestat_set_times(H, U fd, L atim, L mtim, U flags);
U chimera_wasi_fd_pread(H, U fd, U at, U count, L offset, U size);
U chimera_wasi_fd_pwrite(H, U fd, U at, U count, L offset, U size);
U chimera_wasi_fd_sync(H, U fd);
U chimera_wasi_fd_tell(H, U fd, U at);
U chimera_wasi0_path_filestat_get(H, U fd, U flags, U path, U size, U at);
U chimera_wasi0_poll_oneoff(H, U in, U out, U count, U at);

static U value, file; /* what everything is; a descriptor that is open for reading and writing */

/* A call with `value` for each address, size and count. */
#define FUNCTION(name, call)                        \
    static U name(struct chimera_guest *guest, U v) \
    {                                               \
        return call;                                \
    }
#define PATH FOLDER, v, v

FUNCTION(clock_res, chimera_wasi_clock_res_get(guest, 0, v))
FUNCTION(clock_time, chimera_wasi_clock_time_get(guest, 0, 0, v))
FUNCTION(fdstat, chimera_wasi_fd_fdstat_get(guest, file, v))
FUNCTION(filestat, chimera_wasi_fd_filestat_get(guest, file, v))
FUNCTION(filestat0, chimera_wasi0_fd_filestat_get(guest, file, v))
FUNCTION(prestat, chimera_wasi_fd_prestat_get(guest, FOLDER, v))
FUNCTION(prestat_name, chimera_wasi_fd_prestat_dir_name(guest, FOLDER, v, v))
FUNCTION(fd_read, chimera_wasi_fd_read(guest, file, v, v, v))
FUNCTION(fd_write, chimera_wasi_fd_write(guest, file, v, v, v))
FUNCTION(fd_pread, chimera_wasi_fd_pread(guest, file, v, v, v, v))
FUNCTION(fd_pwrite, chimera_wasi_fd_pwrite(guest, file, v, v, v, v))
FUNCTION(readdir_of, chimera_wasi_fd_readdir(guest, FOLDER, v, v, 0, v))
FUNCTION(seek, chimera_wasi_fd_seek(guest, file, 0, 1, v))
FUNCTION(tell, chimera_wasi_fd_tell(guest, file, v))
FUNCTION(make_folder, chimera_wasi_path_create_directory(guest, PATH))
FUNCTION(path_stat, chimera_wasi_path_filestat_get(guest, FOLDER, 0, v, v, v))
FUNCTION(path_stat0, chimera_wasi0_path_filestat_get(guest, FOLDER, 0, v, v, v))
FUNCTION(path_times, chimera_wasi_path_filestat_set_times(guest, FOLDER, 0, v, v, 0, 0, 0))
FUNCTION(path_link, chimera_wasi_path_link(guest, FOLDER, 0, v, v, PATH))
FUNCTION(path_open, chimera_wasi_path_open(guest, FOLDER, 0, v, v, 0, 0, 0, 0, v))
FUNCTION(path_readlink, chimera_wasi_path_readlink(guest, PATH, v, v, v))
FUNCTION(remove_folder, chimera_wasi_path_remove_directory(guest, PATH))
FUNCTION(path_rename, chimera_wasi_path_rename(guest, PATH, PATH))
FUNCTION(path_symlink, chimera_wasi_path_symlink(guest, v, v, PATH))
FUNCTION(path_unlink, chimera_wasi_path_unlink_file(guest, PATH))
FUNCTION(wait_for, chimera_wasi_poll_oneoff(guest, v, v, v, v))
FUNCTION(wait_for0, chimera_wasi0_poll_oneoff(guest, v, v, v, v))
/* Without an address: they have only an answer. */
FUNCTION(advise, chimera_wasi_fd_advise(guest, file, v, v, v % 7))
FUNCTION(allocate, chimera_wasi_fd_allocate(guest, file, (L)v << 32, (L)v << 32))
FUNCTION(set_size, chimera_wasi_fd_filestat_set_size(guest, file, ~(L)v))
FUNCTION(set_times, chimera_wasi_fd_filestat_set_times(guest, file, ~(L)v, ~(L)v, v % 16))
FUNCTION(set_flags, chimera_wasi_fd_fdstat_set_flags(guest, v, v))
FUNCTION(set_rights, chimera_wasi_fd_fdstat_set_rights(guest, v, ~(L)0, ~(L)0))
FUNCTION(sync_file, chimera_wasi_fd_sync(guest, v))
FUNCTION(datasync, chimera_wasi_fd_datasync(guest, v))
FUNCTION(renumber, chimera_wasi_fd_renumber(guest, v, v - 1))
FUNCTION(close_it, chimera_wasi_fd_close(guest, v))
FUNCTION(shutdown_it, chimera_wasi_sock_shutdown(guest, v, v))

static U (*const functions[])(H, U) = {
    clock_res,     clock_time,  fdstat,       filestat,    filestat0,  prestat,   prestat_name,
    fd_read,       fd_write,    fd_pread,     fd_pwrite,   readdir_of, seek,      tell,
    make_folder,   path_stat,   path_stat0,   path_times,  path_link,  path_open, path_readlink,
    remove_folder, path_rename, path_symlink, path_unlink, wait_for,   wait_for0, advise,
    allocate,      set_size,    set_times,    set_flags,   set_rights, sync_file, datasync,
    renumber,      close_it,    shutdown_it};
#define WITH_ADDRESS 27 /* of them, the first */

static size_t chosen;

static void call_chosen(struct chimera_guest *guest)
{
    open_in(guest, FOLDER, "file", WASI_OFLAGS_CREAT, ~(L)0);
    file = answer(guest);
    got[0] = 1;
    got[1] = functions[chosen](guest, value);
    got[0] = 2;
}

static const char *end_of(const struct scratch *scratch, size_t function, U with)
{
    static struct chimera_exec_end end;
    const struct surroundings around = {
        .folder = {{scratch->in, "/", false}}, .folder_count = 1, .limit_ms = 10000};
    chosen = function;
    value = with;
    run_command(&around, call_chosen, &end);
    if (end.stop == CHIMERA_STOP_NONE && got[0] == 2 && got[1] <= WASI_NOTCAPABLE)
        return "";
    if (end.stop != CHIMERA_STOP_TRAP || got[0] != 1)
        fail_msg("function %zu with %#x: stop %d, %u, %u", function, with, (int)end.stop, got[0],
                 got[1]);
    return end.why;
}

static void addresses_outside_of_memory_trap(void **state)
{
    struct scratch scratch;
    (void)state;
    make_scratch(&scratch);
    for (size_t i = 0; i < WITH_ADDRESS; i++)
        if (strcmp(end_of(&scratch, i, 0xfffffff8), "out of bounds memory access") != 0)
            fail_msg("function %zu does not trap", i);
    for (size_t i = WITH_ADDRESS; i < COUNT(functions); i++)
        assert_string_equal(end_of(&scratch, i, 0xfffffff8), "");
    remove_scratch(&scratch);
}

static void whatever_is_handed_over_there_is_an_end(void **state)
{
    static const U values[] = {0,       1,       2,       3,       8,          65535,
                               0x3fff8, 0x3ffff, 0x40000, 0x40001, 0x7ffffff8, 0x80000000};
    struct scratch scratch;
    (void)state;
    make_scratch(&scratch);
    for (size_t i = 0; i < COUNT(functions); i++)
        for (size_t j = 0; j < COUNT(values); j++)
            end_of(&scratch, i, values[j]);
    remove_scratch(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_outside_of_memory_trap),
        cmocka_unit_test(whatever_is_handed_over_there_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
