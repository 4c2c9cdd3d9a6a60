/* SPDX-License-Identifier: Apache-2.0 */
/* What a command's descriptor is: kind, rights, flags, times, and which number it has. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/wasi/calls.h"
#include "runtime/wasi/files.h"

#define NANOSECONDS 1000000000u
#define SYNCHRONOUS (WASI_FDFLAGS_DSYNC | WASI_FDFLAGS_RSYNC | WASI_FDFLAGS_SYNC)

static uint64_t nanoseconds(struct timespec time)
{
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

void chimera_exec_put_stat(struct chimera_guest *guest, uint32_t at, uint32_t size,
                           const struct stat *status)
{
    bool is_old = size == WASI_UNSTABLE_FILESTAT_BYTES;
    uint64_t links = status->st_nlink;
    const uint64_t head[] = {status->st_dev, status->st_ino};
    const uint64_t tail[] = {(uint64_t)status->st_size, nanoseconds(status->st_atim),
                             nanoseconds(status->st_mtim), nanoseconds(status->st_ctim)};
    uint8_t *stat = chimera_guest_aligned(guest, at, size, 8);
    memset(stat, 0, size);
    memcpy(stat, head, sizeof(head));
    stat[sizeof(head)] = (uint8_t)chimera_wasi_type_of_mode(status->st_mode);
    memcpy(stat + (is_old ? 20 : 24), &links, is_old ? 4 : 8);
    memcpy(stat + size - sizeof(tail), tail, sizeof(tail));
}

uint32_t chimera_exec_times(uint64_t accessed, uint64_t modified, uint32_t flags,
                            struct timespec ret_times[2])
{
    const uint64_t given[] = {accessed, modified};
    if (flags > WASI_FSTFLAGS_MAX)
        return WASI_INVAL;
    for (unsigned i = 0; i < 2; i++, flags >>= 2) {
        if ((flags & 3) == 3)
            return WASI_INVAL;
        ret_times[i] = (struct timespec){.tv_nsec = flags & 2 ? UTIME_NOW : UTIME_OMIT};
        if (flags & 1)
            ret_times[i] = (struct timespec){.tv_sec = (time_t)(given[i] / NANOSECONDS),
                                             .tv_nsec = (long)(given[i] % NANOSECONDS)};
    }
    return WASI_SUCCESS;
}

static uint32_t fd_close(struct chimera_guest *guest, uint32_t fd)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, 0, &entry);
    if (code != WASI_SUCCESS)
        return code;
    close(entry->fd);
    *entry = (struct chimera_wasi_entry){.fd = -1};
    return WASI_SUCCESS;
}

static uint32_t fd_renumber(struct chimera_guest *guest, uint32_t from, uint32_t to)
{
    struct chimera_wasi_entry *source, *target;
    uint32_t code = chimera_wasi_entry_get(guest, from, 0, &source);
    if (code == WASI_SUCCESS)
        code = chimera_wasi_entry_get(guest, to, 0, &target);
    if (code != WASI_SUCCESS || from == to)
        return code;
    close(target->fd);
    *target = *source;
    *source = (struct chimera_wasi_entry){.fd = -1};
    return WASI_SUCCESS;
}

static uint32_t fd_fdstat_get(struct chimera_guest *guest, uint32_t fd, uint32_t ret_stat)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, 0, &entry);
    if (code != WASI_SUCCESS)
        return code;
    uint8_t *stat = chimera_guest_aligned(guest, ret_stat, WASI_FDSTAT_BYTES, 8);
    memset(stat, 0, WASI_FDSTAT_BYTES);
    stat[0] = (uint8_t)entry->type;
    memcpy(stat + 2, &entry->flags, sizeof(entry->flags));
    memcpy(stat + 8, &entry->base, sizeof(entry->base));
    memcpy(stat + 16, &entry->inheriting, sizeof(entry->inheriting));
    return WASI_SUCCESS;
}

/* Those of a stream are only remembered: the kernel would change them for everyone who has it. */
static uint32_t fd_fdstat_set_flags(struct chimera_guest *guest, uint32_t fd, uint32_t flags)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_FDSTAT_SET_FLAGS, &entry);
    if (code != WASI_SUCCESS)
        return code;
    if (flags > WASI_FDFLAGS_MAX)
        return WASI_INVAL;
    if ((flags ^ entry->flags) & SYNCHRONOUS)
        return WASI_NOTSUP; /* the kernel changes them on opening alone */
    if ((flags ^ entry->flags) & WASI_FDFLAGS_APPEND && !entry->is_stream) {
        int now = fcntl(entry->fd, F_GETFL);
        int then = flags & WASI_FDFLAGS_APPEND ? now | O_APPEND : now & ~O_APPEND;
        if (now < 0 || fcntl(entry->fd, F_SETFL, then) < 0)
            return chimera_wasi_error(errno);
    }
    entry->flags = (uint16_t)flags;
    return WASI_SUCCESS;
}

static uint32_t fd_fdstat_set_rights(struct chimera_guest *guest, uint32_t fd, uint64_t base,
                                     uint64_t inheriting)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, 0, &entry);
    if (code != WASI_SUCCESS)
        return code;
    if (base & ~entry->base || inheriting & ~entry->inheriting)
        return WASI_NOTCAPABLE;
    entry->base = base;
    entry->inheriting = inheriting;
    return WASI_SUCCESS;
}

static uint32_t fd_filestat_get(struct chimera_guest *guest, uint32_t fd, uint32_t ret_stat,
                                uint32_t size)
{
    struct stat status;
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_FILESTAT_GET, &entry);
    if (code == WASI_SUCCESS)
        code = chimera_wasi_code(fstat(entry->fd, &status));
    if (code == WASI_SUCCESS)
        chimera_exec_put_stat(guest, ret_stat, size, &status);
    return code;
}

static uint32_t fd_filestat_set_times(struct chimera_guest *guest, uint32_t fd, uint64_t accessed,
                                      uint64_t modified, uint32_t flags)
{
    struct timespec times[2];
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_FILESTAT_SET_TIMES, &entry);
    if (code == WASI_SUCCESS)
        code = chimera_exec_times(accessed, modified, flags, times);
    if (code == WASI_SUCCESS)
        code = chimera_wasi_code(futimens(entry->fd, times));
    return code;
}

/* Guests ask one number after the other, up to WASI_BADF. */
static uint32_t given_folder(struct chimera_guest *guest, uint32_t fd,
                             struct chimera_wasi_entry **ret_entry)
{
    uint32_t code = chimera_wasi_entry_get(guest, fd, 0, ret_entry);
    return code == WASI_SUCCESS && !(*ret_entry)->name ? WASI_BADF : code;
}

static uint32_t fd_prestat_get(struct chimera_guest *guest, uint32_t fd, uint32_t ret_stat)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = given_folder(guest, fd, &entry);
    if (code != WASI_SUCCESS)
        return code;
    const uint32_t stat[] = {0, (uint32_t)strlen(entry->name)}; /* 0: a folder */
    memcpy(chimera_guest_aligned(guest, ret_stat, sizeof(stat), 4), stat, sizeof(stat));
    return WASI_SUCCESS;
}

static uint32_t fd_prestat_dir_name(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                                    uint32_t size)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = given_folder(guest, fd, &entry);
    if (code != WASI_SUCCESS)
        return code;
    size_t length = strlen(entry->name);
    if (size < length)
        return WASI_NAMETOOLONG;
    memcpy(chimera_guest_bytes(guest, at, length), entry->name, length);
    return WASI_SUCCESS;
}

static uint32_t sock(struct chimera_guest *guest, uint32_t fd)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, 0, &entry);
    if (code != WASI_SUCCESS)
        return code;
    return entry->type == WASI_FILETYPE_SOCKET_STREAM ? WASI_NOTSUP : WASI_NOTSOCK;
}

const struct chimera_wasi_descriptors chimera_exec_descriptors = {
    .fd_close = fd_close,
    .fd_fdstat_get = fd_fdstat_get,
    .fd_fdstat_set_flags = fd_fdstat_set_flags,
    .fd_fdstat_set_rights = fd_fdstat_set_rights,
    .fd_filestat_get = fd_filestat_get,
    .fd_filestat_set_times = fd_filestat_set_times,
    .fd_prestat_get = fd_prestat_get,
    .fd_prestat_dir_name = fd_prestat_dir_name,
    .fd_renumber = fd_renumber,
    .sock = sock,
};
