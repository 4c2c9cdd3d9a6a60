/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define READ_STEP ((size_t)64 * 1024)

int chimera_fd_read(int fd, const char *name, struct chimera_buffer *buffer,
                    struct chimera_error *err)
{
    for (;;) {
        size_t room = buffer->limit - buffer->size;
        size_t step = room < READ_STEP ? room + 1 : READ_STEP;
        if (room == 0)
            step = 1; /* only to learn whether the file ends here */
        char probe;
        char *at = room == 0 ? &probe : chimera_buffer_reserve(buffer, step > room ? room : step);
        if (!at)
            return chimera_fail(err, buffer->failed, "cannot read %s: %s", name,
                                chimera_code_text(buffer->failed));
        ssize_t got = read(fd, at, step > room && room > 0 ? room : step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", name, strerror(errno));
        if (got == 0)
            return CHIMERA_OK;
        if (room == 0)
            return chimera_fail(err, CHIMERA_ELIMIT, "%s is larger than %zu bytes", name,
                                buffer->limit);
        buffer->size += (size_t)got;
    }
}

int chimera_file_read(const char *path, struct chimera_buffer *buffer, struct chimera_error *err)
{
    if (strcmp(path, "-") == 0)
        return chimera_fd_read(STDIN_FILENO, "standard input", buffer, err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    return chimera_fd_read(fd, path, buffer, err);
}

static int write_all(int fd, struct chimera_slice bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.data, bytes.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -errno;
        bytes.data += put;
        bytes.size -= (size_t)put;
    }
    return 0;
}

/* Opens PATH.XXXXXX beside `path`; the name goes to *ret_name, owned by the caller. */
static int open_temporary(const char *path, mode_t mode, char **ret_name)
{
    char *name = NULL;
    if (asprintf(&name, "%s.XXXXXX", path) < 0)
        return -ENOMEM;
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0 || fchmod(fd, mode) < 0) {
        int code = -errno;
        if (fd >= 0)
            close(fd);
        free(name);
        return code;
    }
    *ret_name = name;
    return fd;
}

void chimera_file_sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    CHIMERA_FREE char *folder =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    CHIMERA_CLOSE int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0)
        fsync(fd);
}

int chimera_file_sync(const char *path, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fsync(fd) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s to the disk: %s", path,
                            strerror(errno));
    return CHIMERA_OK;
}

static int rename_temporary(int fd, const char *name, const char *path, int code,
                            struct chimera_error *err)
{
    if (close(fd) < 0 && code == 0)
        code = -errno;
    if (code == 0 && rename(name, path) < 0)
        code = -errno;
    if (code < 0) {
        unlink(name);
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(-code));
    }
    return CHIMERA_OK;
}

static int finish_temporary(int fd, const char *name, const char *path, int code,
                            struct chimera_error *err)
{
    if (code == 0 && fsync(fd) < 0)
        code = -errno;
    code = rename_temporary(fd, name, path, code, err);
    if (code == CHIMERA_OK)
        chimera_file_sync_folder_of(path);
    return code;
}

static int replace(const char *path, struct chimera_slice bytes, mode_t mode, bool is_synced,
                   struct chimera_error *err)
{
    CHIMERA_FREE char *name = NULL;
    int fd = open_temporary(path, mode, &name);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(-fd));
    int code = write_all(fd, bytes);
    return is_synced ? finish_temporary(fd, name, path, code, err)
                     : rename_temporary(fd, name, path, code, err);
}

int chimera_file_write(const char *path, struct chimera_slice bytes, mode_t mode,
                       struct chimera_error *err)
{
    return replace(path, bytes, mode, true, err);
}

int chimera_file_write_unsynced(const char *path, struct chimera_slice bytes, mode_t mode,
                                struct chimera_error *err)
{
    return replace(path, bytes, mode, false, err);
}

int chimera_file_write_scratch(const char *path, struct chimera_slice bytes,
                               struct chimera_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    int code = fd < 0 ? -errno : write_all(fd, bytes);
    if (fd >= 0 && close(fd) < 0 && code == 0)
        code = -errno;
    if (code < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(-code));
    return CHIMERA_OK;
}

static int copy_data(int from, int to)
{
    char block[32 * 1024];
    off_t end = lseek(from, 0, SEEK_END);
    if (end < 0 || ftruncate(to, end) < 0)
        return -errno;
    for (off_t at = 0; at < end;) {
        off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0)
            return errno == ENXIO ? 0 : -errno;
        ssize_t got = pread(from, block, sizeof(block), data);
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        errno = EIO;
        if (pwrite(to, block, (size_t)got, data) != got)
            return -errno;
        at = data + got;
    }
    return 0;
}

int chimera_file_copy(const char *from, const char *path, mode_t mode, struct chimera_error *err)
{
    CHIMERA_CLOSE int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", from, strerror(errno));
    CHIMERA_FREE char *name = NULL;
    int fd = open_temporary(path, mode, &name);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(-fd));
    return finish_temporary(fd, name, path, copy_data(source, fd), err);
}

/* Its name is synced like a file's. EEXIST counts as made. */
static bool make_one(const char *path, mode_t mode)
{
    if (mkdir(path, mode) < 0)
        return errno == EEXIST;
    chimera_file_sync_folder_of(path);
    return true;
}

int chimera_folder_make(const char *path, mode_t mode, struct chimera_error *err)
{
    CHIMERA_FREE char *part = strdup(path);
    if (!part)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot make %s: out of memory", path);
    for (char *slash = part + 1; *slash; slash++) {
        if (*slash != '/')
            continue;
        *slash = '\0';
        if (!make_one(part, mode))
            return chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", part, strerror(errno));
        *slash = '/';
    }
    struct stat status;
    if (!make_one(path, mode) || stat(path, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", path, strerror(EEXIST));
    return CHIMERA_OK;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

int chimera_folder_remove(const char *path, struct chimera_error *err)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        return chimera_fail(err, CHIMERA_EIO, "cannot remove %s: %s", path, strerror(errno));
    return CHIMERA_OK;
}

char *chimera_path_join(const char *folder, const char *name)
{
    char *path = NULL;
    size_t size = strlen(folder);
    bool has_slash = size > 0 && folder[size - 1] == '/';
    if (asprintf(&path, "%s%s%s", folder, has_slash ? "" : "/", name) < 0)
        return NULL;
    return path;
}
