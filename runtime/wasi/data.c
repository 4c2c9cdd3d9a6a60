/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a command's files and folders. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/wasi/calls.h"
#include "runtime/wasi/files.h"

#define UNITS_PER_VECTOR 16 /* of an account (account.h) */
#define VECTORS_AT_ONCE 64
#define BYTES_AT_ONCE ((size_t)64 << 20) /* of a call: what is left is the guest's to ask for */
#define BYTES_UNBLOCKED ((size_t)4096)   /* that a pipe takes whole when it takes any: PIPE_BUF */

/* --- Reading and writing --- */

struct transfer { /* of one call */
    struct chimera_wasi_entry *entry;
    struct iovec part[VECTORS_AT_ONCE];
    int count;
};

/* The guest's vectors that take anything, as far as one call goes. */
static void gather(struct chimera_guest *guest, uint32_t at, uint32_t count, size_t most,
                   struct transfer *transfer)
{
    const uint8_t *vectors =
        chimera_guest_aligned(guest, at, (uint64_t)count * WASI_IOVEC_BYTES, 4);
    size_t left = most;
    for (uint32_t i = 0; i < count && left > 0 && transfer->count < VECTORS_AT_ONCE; i++) {
        const uint8_t *vector = vectors + (size_t)i * WASI_IOVEC_BYTES;
        uint32_t size = chimera_wasi_get32(vector + 4);
        uint8_t *bytes = chimera_guest_bytes(guest, chimera_wasi_get32(vector), size);
        size_t step = size < left ? size : left;
        chimera_guest_spend(guest, UNITS_PER_VECTOR + step / 8);
        if (step > 0)
            transfer->part[transfer->count++] = (struct iovec){bytes, step};
        left -= step;
    }
}

static bool may_wait(const struct chimera_wasi_entry *entry)
{
    return entry->type != WASI_FILETYPE_REGULAR_FILE && entry->type != WASI_FILETYPE_DIRECTORY;
}

/* Everything before the call itself: the guest's memory is checked, and its time. */
static uint32_t begin(struct chimera_guest *guest, uint32_t fd, uint64_t right, uint32_t at,
                      uint32_t count, struct transfer *ret_transfer)
{
    bool is_write = right == WASI_RIGHT_FD_WRITE;
    ret_transfer->count = 0;
    uint32_t code = chimera_wasi_entry_get(guest, fd, right, &ret_transfer->entry);
    if (code != WASI_SUCCESS)
        return code;
    const struct chimera_wasi_entry *entry = ret_transfer->entry;
    bool is_unblocked = may_wait(entry) && entry->flags & WASI_FDFLAGS_NONBLOCK;
    struct pollfd poller = {.fd = entry->fd, .events = is_write ? POLLOUT : POLLIN};
    if (is_unblocked && poll(&poller, 1, 0) == 0)
        return WASI_AGAIN;
    gather(guest, at, count, is_unblocked && is_write ? BYTES_UNBLOCKED : BYTES_AT_ONCE,
           ret_transfer);
    if (may_wait(entry) && !is_unblocked)
        chimera_exec_wait_for(guest, entry->fd, poller.events);
    return WASI_SUCCESS;
}

/* `done` is what the call returned. */
static uint32_t end(struct chimera_guest *guest, ssize_t done, uint32_t ret_size)
{
    if (done < 0)
        return chimera_wasi_error(errno);
    chimera_wasi_put32(guest, ret_size, (uint32_t)done);
    return WASI_SUCCESS;
}

/* Is a call to be made again? A signal that ends nobody (the watchdog's) is no reason to return,
 * but the time that it tells of is one to leave. */
static bool was_interrupted(struct chimera_guest *guest, ssize_t done)
{
    if (done >= 0 || errno != EINTR)
        return false;
    if (chimera_guest_time_left(guest) == 0)
        chimera_guest_late(guest);
    return true;
}

static uint32_t fd_read(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                        uint32_t ret_size)
{
    struct transfer transfer;
    ssize_t done;
    uint32_t code = begin(guest, fd, WASI_RIGHT_FD_READ, at, count, &transfer);
    if (code != WASI_SUCCESS)
        return code;
    do
        done = readv(transfer.entry->fd, transfer.part, transfer.count);
    while (was_interrupted(guest, done));
    return end(guest, done, ret_size);
}

static uint32_t fd_write(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                         uint32_t ret_size)
{
    struct transfer transfer;
    ssize_t done;
    uint32_t code = begin(guest, fd, WASI_RIGHT_FD_WRITE, at, count, &transfer);
    if (code != WASI_SUCCESS)
        return code;
    do
        done = writev(transfer.entry->fd, transfer.part, transfer.count);
    while (was_interrupted(guest, done));
    return end(guest, done, ret_size);
}

static uint32_t fd_pread(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                         uint64_t offset, uint32_t ret_size)
{
    struct transfer transfer;
    ssize_t done;
    uint32_t code = begin(guest, fd, WASI_RIGHT_FD_READ, at, count, &transfer);
    if (code != WASI_SUCCESS)
        return code;
    do
        done = preadv(transfer.entry->fd, transfer.part, transfer.count, (off_t)offset);
    while (was_interrupted(guest, done));
    return end(guest, done, ret_size);
}

static uint32_t fd_pwrite(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                          uint64_t offset, uint32_t ret_size)
{
    struct transfer transfer;
    ssize_t done;
    uint32_t code = begin(guest, fd, WASI_RIGHT_FD_WRITE, at, count, &transfer);
    if (code != WASI_SUCCESS)
        return code;
    do
        done = pwritev(transfer.entry->fd, transfer.part, transfer.count, (off_t)offset);
    while (was_interrupted(guest, done));
    return end(guest, done, ret_size);
}

/* --- Where in a file, and how large it is --- */

static uint32_t seek(struct chimera_guest *guest, uint32_t fd, uint64_t right, off_t offset,
                     int whence, uint32_t ret_at)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, 0, &entry);
    if (code == WASI_SUCCESS && may_wait(entry))
        return WASI_SPIPE;
    if (code == WASI_SUCCESS)
        code = chimera_wasi_entry_get(guest, fd, right, &entry);
    if (code != WASI_SUCCESS)
        return code;
    off_t at = lseek(entry->fd, offset, whence);
    if (at < 0)
        return chimera_wasi_error(errno);
    chimera_wasi_put64(guest, ret_at, (uint64_t)at);
    return WASI_SUCCESS;
}

static uint32_t fd_seek(struct chimera_guest *guest, uint32_t fd, uint64_t offset, uint32_t whence,
                        uint32_t ret_at)
{
    static const int ours[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    if (whence >= sizeof(ours) / sizeof(ours[0]))
        return WASI_INVAL;
    return seek(guest, fd, WASI_RIGHT_FD_SEEK, (off_t)offset, ours[whence], ret_at);
}

static uint32_t fd_tell(struct chimera_guest *guest, uint32_t fd, uint32_t ret_at)
{
    return seek(guest, fd, WASI_RIGHT_FD_TELL, 0, SEEK_CUR, ret_at);
}

static uint32_t fd_filestat_set_size(struct chimera_guest *guest, uint32_t fd, uint64_t size)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_FILESTAT_SET_SIZE, &entry);
    return code != WASI_SUCCESS ? code : chimera_wasi_code(ftruncate(entry->fd, (off_t)size));
}

static uint32_t fd_allocate(struct chimera_guest *guest, uint32_t fd, uint64_t offset,
                            uint64_t size)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_ALLOCATE, &entry);
    if (code != WASI_SUCCESS)
        return code;
    return chimera_wasi_code(fallocate(entry->fd, 0, (off_t)offset, (off_t)size));
}

static uint32_t fd_advise(struct chimera_guest *guest, uint32_t fd, uint64_t offset, uint64_t size,
                          uint32_t advice)
{
    static const int ours[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                               POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_ADVISE, &entry);
    if (code != WASI_SUCCESS)
        return code;
    if (advice >= sizeof(ours) / sizeof(ours[0]))
        return WASI_INVAL;
    int number = posix_fadvise(entry->fd, (off_t)offset, (off_t)size, ours[advice]);
    return number == 0 ? WASI_SUCCESS : chimera_wasi_error(number);
}

static uint32_t fd_sync(struct chimera_guest *guest, uint32_t fd)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_SYNC, &entry);
    return code != WASI_SUCCESS ? code : chimera_wasi_code(fsync(entry->fd));
}

static uint32_t fd_datasync(struct chimera_guest *guest, uint32_t fd)
{
    struct chimera_wasi_entry *entry;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_DATASYNC, &entry);
    return code != WASI_SUCCESS ? code : chimera_wasi_code(fdatasync(entry->fd));
}

/* --- Folders --- */

struct listing { /* what a call has put into the guest's memory */
    uint8_t *at;
    size_t size, done;
};

/* As much as there is room for. */
static void put(struct listing *listing, const void *bytes, size_t size)
{
    size_t left = listing->size - listing->done, step = size < left ? size : left;
    memcpy(listing->at + listing->done, bytes, step);
    listing->done += step;
}

/* Where the kernel says the next entry is, that is the cookie; 0 is the beginning to both. */
static void put_entry(struct listing *listing, const struct dirent64 *entry)
{
    uint64_t head[] = {(uint64_t)entry->d_off, entry->d_ino, strlen(entry->d_name)};
    _Static_assert(sizeof(head) == WASI_DIRENT_BYTES, "the count of bytes and the type share 8");
    head[2] |= (uint64_t)chimera_wasi_type_of_mode((uint32_t)DTTOIF(entry->d_type)) << 32;
    put(listing, head, sizeof(head));
    put(listing, entry->d_name, strlen(entry->d_name));
}

/* A buffer that is full to its end says that there may be more, even with half an entry. */
static uint32_t fd_readdir(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t size,
                           uint64_t cookie, uint32_t ret_size)
{
    struct chimera_wasi_files *files = chimera_wasi_files_of(guest);
    struct listing listing = {chimera_guest_bytes(guest, at, size), size, 0};
    struct chimera_wasi_entry *folder;
    uint32_t code = chimera_wasi_entry_get(guest, fd, WASI_RIGHT_FD_READDIR, &folder);
    if (code != WASI_SUCCESS)
        return code;
    if (lseek(folder->fd, (off_t)cookie, SEEK_SET) < 0)
        return chimera_wasi_error(errno);
    while (listing.done < listing.size) {
        chimera_guest_spend(guest, CHIMERA_WASI_UNITS_PER_CALL);
        long got = syscall(SYS_getdents64, folder->fd, files->room, sizeof(files->room));
        if (got < 0)
            return chimera_wasi_error(errno);
        if (got == 0)
            break;
        for (long i = 0; i < got && listing.done < listing.size;) {
            const struct dirent64 *entry = (const void *)(files->room + i);
            put_entry(&listing, entry);
            i += entry->d_reclen;
        }
    }
    chimera_wasi_put32(guest, ret_size, (uint32_t)listing.done);
    return WASI_SUCCESS;
}

const struct chimera_wasi_data chimera_exec_data = {
    .fd_advise = fd_advise,
    .fd_allocate = fd_allocate,
    .fd_datasync = fd_datasync,
    .fd_filestat_set_size = fd_filestat_set_size,
    .fd_pread = fd_pread,
    .fd_pwrite = fd_pwrite,
    .fd_read = fd_read,
    .fd_readdir = fd_readdir,
    .fd_seek = fd_seek,
    .fd_sync = fd_sync,
    .fd_tell = fd_tell,
    .fd_write = fd_write,
};
