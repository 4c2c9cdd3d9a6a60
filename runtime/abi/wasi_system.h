/* SPDX-License-Identifier: Apache-2.0 */
/* wasi_system.h - the functions of WASI that reach outside, for programs that may.
 *
 * A policy has none: what it calls is answered by wasi_file.c and wasi_process.c, where there are
 * no files. Whoever runs a program as a command (runtime/wasi/) sets wasi->system before the guest
 * runs, and has these called instead. Parameters are as the guest gave them; each returns an enum
 * chimera_wasi_errno. They are import functions in all but name: guest_access.h has the rules, and
 * entering and leaving is done for them.
 */
#ifndef CHIMERA_ABI_WASI_SYSTEM_H
#define CHIMERA_ABI_WASI_SYSTEM_H

#include "runtime/abi/wasi_types.h"

#define CALL(name, ...) uint32_t (*name)(struct chimera_guest * guest, __VA_ARGS__)

struct chimera_wasi_waiting {
    CALL(clock_res_get, uint32_t clock, uint32_t ret_time);
    CALL(clock_time_get, uint32_t clock, uint32_t ret_time);
    CALL(poll_oneoff, const struct chimera_wasi_poll_layout *layout, uint32_t in, uint32_t out,
         uint32_t count, uint32_t ret_count);
};

struct chimera_wasi_descriptors { /* what a descriptor is */
    CALL(fd_close, uint32_t fd);
    CALL(fd_fdstat_get, uint32_t fd, uint32_t ret_stat);
    CALL(fd_fdstat_set_flags, uint32_t fd, uint32_t flags);
    CALL(fd_fdstat_set_rights, uint32_t fd, uint64_t base, uint64_t inheriting);
    CALL(fd_filestat_get, uint32_t fd, uint32_t ret_stat, uint32_t size);
    CALL(fd_filestat_set_times, uint32_t fd, uint64_t accessed, uint64_t modified, uint32_t flags);
    CALL(fd_prestat_get, uint32_t fd, uint32_t ret_stat);
    CALL(fd_prestat_dir_name, uint32_t fd, uint32_t at, uint32_t size);
    CALL(fd_renumber, uint32_t from, uint32_t to);
    /* There are no sockets; the error says whether the descriptor is one at all. */
    CALL(sock, uint32_t fd);
};

struct chimera_wasi_data { /* what is in a file or a folder */
    CALL(fd_advise, uint32_t fd, uint64_t offset, uint64_t size, uint32_t advice);
    CALL(fd_allocate, uint32_t fd, uint64_t offset, uint64_t size);
    CALL(fd_datasync, uint32_t fd);
    CALL(fd_filestat_set_size, uint32_t fd, uint64_t size);
    CALL(fd_pread, uint32_t fd, uint32_t at, uint32_t count, uint64_t offset, uint32_t ret_size);
    CALL(fd_pwrite, uint32_t fd, uint32_t at, uint32_t count, uint64_t offset, uint32_t ret_size);
    CALL(fd_read, uint32_t fd, uint32_t at, uint32_t count, uint32_t ret_size);
    CALL(fd_readdir, uint32_t fd, uint32_t at, uint32_t size, uint64_t cookie, uint32_t ret_size);
    CALL(fd_seek, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t ret_at);
    CALL(fd_sync, uint32_t fd);
    CALL(fd_tell, uint32_t fd, uint32_t ret_at);
    CALL(fd_write, uint32_t fd, uint32_t at, uint32_t count, uint32_t ret_size);
};

struct chimera_wasi_at { /* a path in the guest's memory, from a descriptor on */
    uint32_t fd, text, size;
};

struct chimera_wasi_opening { /* what the guest asks for, and wants to do with it */
    uint32_t lookup, oflags, fdflags;
    uint64_t base, inheriting;
};

struct chimera_wasi_paths {
    CALL(path_create_directory, struct chimera_wasi_at path);
    CALL(path_filestat_get, struct chimera_wasi_at path, uint32_t lookup, uint32_t ret_stat,
         uint32_t stat_size);
    CALL(path_filestat_set_times, struct chimera_wasi_at path, uint32_t lookup, uint64_t accessed,
         uint64_t modified, uint32_t flags);
    CALL(path_link, struct chimera_wasi_at from, uint32_t lookup, struct chimera_wasi_at to);
    CALL(path_open, struct chimera_wasi_at path, const struct chimera_wasi_opening *opening,
         uint32_t ret_fd);
    CALL(path_readlink, struct chimera_wasi_at path, uint32_t at, uint32_t space,
         uint32_t ret_size);
    CALL(path_remove_directory, struct chimera_wasi_at path);
    CALL(path_rename, struct chimera_wasi_at from, struct chimera_wasi_at to);
    CALL(path_symlink, uint32_t target, uint32_t size, struct chimera_wasi_at path);
    CALL(path_unlink_file, struct chimera_wasi_at path);
};

struct chimera_wasi_system {
    const struct chimera_wasi_waiting *waiting;
    const struct chimera_wasi_descriptors *descriptors;
    const struct chimera_wasi_data *data;
    const struct chimera_wasi_paths *paths;
};

#undef CALL

#endif
