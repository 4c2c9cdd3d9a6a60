/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/wasi/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/abi/wasi.h"
#include "runtime/base/cleanup.h"
#include "runtime/wasi/beneath.h"

#define STREAMS 3

/* --- Rights: of what a kind of file has a use for --- */

#define RIGHTS_OF_ALL                                              \
    (WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_FILESTAT_GET | \
     WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_FD_SYNC | WASI_RIGHT_FD_DATASYNC)
#define RIGHTS_OF_STREAMS \
    (RIGHTS_OF_ALL | WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE | WASI_RIGHT_POLL_FD_READWRITE)
#define RIGHTS_OF_FILES                                                                   \
    (RIGHTS_OF_STREAMS | WASI_RIGHT_FD_SEEK | WASI_RIGHT_FD_TELL | WASI_RIGHT_FD_ADVISE | \
     WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE)
#define RIGHTS_IN_FOLDERS                                                               \
    (WASI_RIGHT_PATH_CREATE_DIRECTORY | WASI_RIGHT_PATH_CREATE_FILE |                   \
     WASI_RIGHT_PATH_LINK_SOURCE | WASI_RIGHT_PATH_LINK_TARGET | WASI_RIGHT_PATH_OPEN | \
     WASI_RIGHT_FD_READDIR | WASI_RIGHT_PATH_READLINK | WASI_RIGHT_PATH_RENAME_SOURCE | \
     WASI_RIGHT_PATH_RENAME_TARGET | WASI_RIGHT_PATH_FILESTAT_GET |                     \
     WASI_RIGHT_PATH_FILESTAT_SET_SIZE | WASI_RIGHT_PATH_FILESTAT_SET_TIMES |           \
     WASI_RIGHT_PATH_SYMLINK | WASI_RIGHT_PATH_REMOVE_DIRECTORY | WASI_RIGHT_PATH_UNLINK_FILE)
/* None of them where a folder is only read. */
#define RIGHTS_TO_CHANGE                                                                       \
    (WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_ALLOCATE | WASI_RIGHT_FD_FILESTAT_SET_SIZE |          \
     WASI_RIGHT_FD_FILESTAT_SET_TIMES | WASI_RIGHT_PATH_CREATE_DIRECTORY |                     \
     WASI_RIGHT_PATH_CREATE_FILE | WASI_RIGHT_PATH_LINK_SOURCE | WASI_RIGHT_PATH_LINK_TARGET | \
     WASI_RIGHT_PATH_RENAME_SOURCE | WASI_RIGHT_PATH_RENAME_TARGET |                           \
     WASI_RIGHT_PATH_FILESTAT_SET_SIZE | WASI_RIGHT_PATH_FILESTAT_SET_TIMES |                  \
     WASI_RIGHT_PATH_SYMLINK | WASI_RIGHT_PATH_REMOVE_DIRECTORY | WASI_RIGHT_PATH_UNLINK_FILE)

enum chimera_wasi_filetype chimera_wasi_type_of_mode(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return WASI_FILETYPE_REGULAR_FILE;
    case S_IFDIR:
        return WASI_FILETYPE_DIRECTORY;
    case S_IFLNK:
        return WASI_FILETYPE_SYMBOLIC_LINK;
    case S_IFCHR:
        return WASI_FILETYPE_CHARACTER_DEVICE;
    case S_IFBLK:
        return WASI_FILETYPE_BLOCK_DEVICE;
    case S_IFSOCK:
        return WASI_FILETYPE_SOCKET_STREAM;
    default:
        return WASI_FILETYPE_UNKNOWN; /* a pipe has no number of its own */
    }
}

struct chimera_wasi_entry chimera_wasi_entry_of(int fd)
{
    struct stat status = {0};
    struct chimera_wasi_entry entry = {.fd = fd};
    int flags = fcntl(fd, F_GETFL);
    if (fstat(fd, &status) < 0 || flags < 0)
        return entry;
    entry.type = chimera_wasi_type_of_mode(status.st_mode);
    entry.base =
        entry.type == WASI_FILETYPE_DIRECTORY ? RIGHTS_OF_ALL | RIGHTS_IN_FOLDERS
        : entry.type == WASI_FILETYPE_REGULAR_FILE || entry.type == WASI_FILETYPE_BLOCK_DEVICE
            ? RIGHTS_OF_FILES
            : RIGHTS_OF_STREAMS;
    if (entry.type == WASI_FILETYPE_DIRECTORY)
        entry.inheriting = RIGHTS_IN_FOLDERS | RIGHTS_OF_FILES;
    else if ((flags & O_ACCMODE) != O_RDWR)
        entry.base &= ~((flags & O_ACCMODE) == O_RDONLY ? WASI_RIGHT_FD_WRITE : WASI_RIGHT_FD_READ);
    entry.flags = (flags & O_APPEND ? WASI_FDFLAGS_APPEND : 0);
    if ((flags & O_SYNC) == O_SYNC)
        entry.flags |= WASI_FDFLAGS_SYNC | WASI_FDFLAGS_RSYNC;
    else if (flags & O_DSYNC)
        entry.flags |= WASI_FDFLAGS_DSYNC;
    return entry;
}

/* --- The table --- */

/* Copies: the guest may close them, and ours stay. One that is not open is not the guest's either.
 */
static void open_streams(struct chimera_wasi_files *files)
{
    for (int fd = 0; fd < STREAMS; fd++) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, STREAMS);
        if (copy < 0)
            continue;
        files->entry[fd] = chimera_wasi_entry_of(copy);
        files->entry[fd].is_stream = true;
        files->entry[fd].base &= ~WASI_RIGHT_FD_FILESTAT_SET_TIMES;
        if (fd == STDIN_FILENO)
            files->entry[fd].base &= ~WASI_RIGHT_FD_WRITE;
        else
            files->entry[fd].base &= ~WASI_RIGHT_FD_READ;
    }
}

static int open_folder(const struct chimera_wasi_folder *folder, struct chimera_wasi_entry *entry,
                       struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(folder->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the folder %.500s: %s", folder->host,
                            strerror(errno));
    CHIMERA_CLOSE int probe = chimera_wasi_open_beneath(fd, ".", O_PATH, 0);
    if (probe < 0)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "cannot keep a program inside of the folder %.500s: openat2: %s (Linux "
                            "has it since 5.6)",
                            folder->host, strerror(errno));
    *entry = chimera_wasi_entry_of(fd);
    entry->name = folder->guest;
    entry->is_read_only = folder->is_read_only;
    if (folder->is_read_only) {
        entry->base &= ~RIGHTS_TO_CHANGE;
        entry->inheriting &= ~RIGHTS_TO_CHANGE;
    }
    fd = -1; /* now the entry's */
    return CHIMERA_OK;
}

int chimera_wasi_files_open(uint32_t count, const struct chimera_wasi_folder *folders,
                            size_t folder_count, struct chimera_wasi_files **ret_files,
                            struct chimera_error *err)
{
    struct chimera_wasi_files *files = calloc(1, sizeof(*files));
    if (!files)
        return chimera_fail_memory(err);
    files->entry = calloc(count, sizeof(*files->entry));
    files->poll = calloc(count, sizeof(*files->poll));
    int code = files->entry && files->poll ? CHIMERA_OK : chimera_fail_memory(err);
    if (code == CHIMERA_OK) {
        files->count = count;
        for (uint32_t i = 0; i < count; i++)
            files->entry[i].fd = -1;
        open_streams(files);
    }
    if (code == CHIMERA_OK && (count < STREAMS || folder_count > count - STREAMS))
        code = chimera_fail(err, CHIMERA_ELIMIT, "more folders than files may be open: %u", count);
    for (size_t i = 0; i < folder_count && code == CHIMERA_OK; i++)
        code = open_folder(&folders[i], &files->entry[STREAMS + i], err);
    if (code < 0)
        chimera_wasi_files_close(files);
    else
        *ret_files = files;
    return code;
}

void chimera_wasi_files_close(struct chimera_wasi_files *files)
{
    if (!files)
        return;
    for (uint32_t i = 0; i < files->count; i++)
        if (files->entry[i].fd >= 0)
            close(files->entry[i].fd);
    free(files->entry);
    free(files->poll);
    free(files);
}

struct chimera_wasi_files *chimera_wasi_files_of(struct chimera_guest *guest)
{
    chimera_guest_spend(guest, CHIMERA_WASI_UNITS_PER_CALL);
    return chimera_wasi_of(guest)->files;
}

uint32_t chimera_wasi_entry_get(struct chimera_guest *guest, uint32_t fd, uint64_t rights,
                                struct chimera_wasi_entry **ret_entry)
{
    const uint64_t read_or_write = WASI_RIGHT_FD_READ | WASI_RIGHT_FD_WRITE;
    struct chimera_wasi_files *files = chimera_wasi_files_of(guest);
    if (fd >= files->count || files->entry[fd].fd < 0)
        return WASI_BADF;
    struct chimera_wasi_entry *entry = &files->entry[fd];
    uint64_t lacking = rights & ~entry->base;
    if (lacking & RIGHTS_TO_CHANGE && entry->is_read_only)
        return WASI_ROFS;
    if (lacking)
        return lacking & read_or_write ? WASI_BADF : WASI_NOTCAPABLE;
    *ret_entry = entry;
    return WASI_SUCCESS;
}

uint32_t chimera_wasi_entry_free(const struct chimera_wasi_files *files)
{
    uint32_t fd = 0;
    while (fd < files->count && files->entry[fd].fd >= 0)
        fd++;
    return fd;
}

uint32_t chimera_wasi_error(int number)
{
    static const uint8_t codes[] = {
        [E2BIG] = WASI_2BIG,         [EACCES] = WASI_ACCES, [EAGAIN] = WASI_AGAIN,
        [EBADF] = WASI_BADF,         [EBUSY] = WASI_BUSY,   [EDQUOT] = WASI_DQUOT,
        [EEXIST] = WASI_EXIST,       [EFBIG] = WASI_FBIG,   [EILSEQ] = WASI_ILSEQ,
        [EINTR] = WASI_INTR,         [EINVAL] = WASI_INVAL, [EIO] = WASI_IO,
        [EISDIR] = WASI_ISDIR,       [ELOOP] = WASI_LOOP,   [EMFILE] = WASI_MFILE,
        [EMLINK] = WASI_MLINK,       [ENFILE] = WASI_NFILE, [ENAMETOOLONG] = WASI_NAMETOOLONG,
        [ENODEV] = WASI_NODEV,       [ENOENT] = WASI_NOENT, [ENOMEM] = WASI_NOMEM,
        [ENOSPC] = WASI_NOSPC,       [ENOSYS] = WASI_NOSYS, [ENOTDIR] = WASI_NOTDIR,
        [ENOTEMPTY] = WASI_NOTEMPTY, [ENXIO] = WASI_NXIO,   [EOPNOTSUPP] = WASI_NOTSUP,
        [EOVERFLOW] = WASI_OVERFLOW, [EPERM] = WASI_PERM,   [EPIPE] = WASI_PIPE,
        [EROFS] = WASI_ROFS,         [ESPIPE] = WASI_SPIPE, [ETXTBSY] = WASI_TXTBSY,
        [EXDEV] = WASI_XDEV,
    };
    bool is_known = number > 0 && (size_t)number < sizeof(codes) && codes[number] != WASI_SUCCESS;
    return is_known ? codes[number] : WASI_IO;
}

uint32_t chimera_wasi_code(int result)
{
    return result < 0 ? chimera_wasi_error(errno) : WASI_SUCCESS;
}
