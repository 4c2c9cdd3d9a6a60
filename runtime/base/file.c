/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define READ_STEP ((size_t)64 * 1024)
#define TEMPORARY_TRIES 100

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

/* Not by mkostemp(), which asks nobody's umask. */
int chimera_file_temporary(const char *path, mode_t mode, char **ret_name)
{
    int fd = -EEXIST;
    for (unsigned i = 0; i < TEMPORARY_TRIES && fd == -EEXIST; i++) {
        uint32_t random;
        char *name = NULL;
        if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
            return -EIO;
        if (asprintf(&name, "%s.%08x", path, (unsigned)random) < 0)
            return -ENOMEM;
        fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        fd = fd < 0 ? -errno : fd;
        if (fd >= 0)
            *ret_name = name; /* handed over */
        else
            free(name);
    }
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

/* Begins to write; best effort. */
static int begin_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)walk;
    if (type != FTW_F || !S_ISREG(status->st_mode) || status->st_nlink > 1)
        return 0;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0)
        sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return 0;
}

static int sync_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)walk;
    bool is_there = status->st_nlink > 1; /* by another name */
    if (type == FTW_F ? !S_ISREG(status->st_mode) || is_there : type != FTW_D)
        return type == FTW_NS || type == FTW_DNR ? -1 : 0;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd < 0 ? -1 : fsync(fd);
}

int chimera_folder_sync(const char *path, struct chimera_error *err)
{
    nftw(path, begin_entry, 16, FTW_PHYS);
    if (nftw(path, sync_entry, 16, FTW_PHYS) == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EIO, "cannot write %s to the disk: %s", path, strerror(errno));
}

/* Closes the temporary file and gives it its name, or takes it away; negative errno, as `code`. */
static int rename_temporary(int fd, const char *name, const char *path, int code)
{
    if (close(fd) < 0 && code == 0)
        code = -errno;
    if (code == 0 && rename(name, path) < 0)
        code = -errno;
    if (code < 0)
        unlink(name);
    return code;
}

static int finish_temporary(int fd, const char *name, const char *path, int code)
{
    if (code == 0 && fsync(fd) < 0)
        code = -errno;
    code = rename_temporary(fd, name, path, code);
    if (code == 0)
        chimera_file_sync_folder_of(path);
    return code;
}

static int fail_to_write(const char *path, int code, struct chimera_error *err)
{
    return code == 0 ? CHIMERA_OK
                     : chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(-code));
}

/* `old` is what is there now; NULL: nothing. */
static int replace(const char *path, struct chimera_slice bytes, mode_t mode,
                   const struct stat *old, bool is_synced)
{
    CHIMERA_FREE char *name = NULL;
    int fd = chimera_file_temporary(path, mode, &name);
    if (fd < 0)
        return fd;
    /* Whoever may not give files away has one of his own. */
    int code = old && fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM ? -errno : 0;
    if (code == 0 && old && fchmod(fd, old->st_mode & 0777) < 0)
        code = -errno;
    if (code == 0)
        code = write_all(fd, bytes);
    return is_synced ? finish_temporary(fd, name, path, code)
                     : rename_temporary(fd, name, path, code);
}

static int write_in_place(const char *path, struct chimera_slice bytes, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, mode);
    if (fd < 0)
        return -errno;
    int code = write_all(fd, bytes);
    /* Pipes and devices cannot be synced. */
    if (code == 0 && fsync(fd) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        code = -errno;
    return close(fd) < 0 && code == 0 ? -errno : code;
}

/* No file can be made beside it, or put in its place: it is mounted, the folder is another's, or
 * its name leaves no room for a longer one. */
static bool must_be_in_place(int code)
{
    return code == -EACCES || code == -EPERM || code == -EROFS || code == -EBUSY ||
           code == -ENAMETOOLONG;
}

static bool is_same_file(const char *path, const struct stat *opened)
{
    struct stat status;
    return lstat(path, &status) == 0 && status.st_dev == opened->st_dev &&
           status.st_ino == opened->st_ino;
}

static int write_over(int fd, struct chimera_slice bytes)
{
    int code = ftruncate(fd, 0) < 0 ? -errno : write_all(fd, bytes);
    return code == 0 && fsync(fd) < 0 ? -errno : code;
}

static int write_file(const char *path, struct chimera_slice bytes, mode_t mode)
{
    struct stat status, link;
    bool is_there = stat(path, &status) == 0;
    bool is_link = lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    if (is_there ? !S_ISREG(status.st_mode) : is_link)
        return write_in_place(path, bytes, mode);
    /* The system may know why not: a file that may only be read, a link that is not to be
     * followed. */
    CHIMERA_CLOSE int probe = is_there ? open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (is_there && probe < 0)
        return -errno;
    CHIMERA_FREE char *real = is_there ? realpath(path, NULL) : strdup(path);
    if (!real || (is_there && fstat(probe, &status) < 0))
        return -errno;
    /* Where somebody has put another file or link there since, that is not what may be replaced. */
    if (is_there && !is_same_file(real, &status))
        return write_over(probe, bytes);
    int code = replace(real, bytes, mode, is_there ? &status : NULL, true);
    return must_be_in_place(code) ? write_in_place(real, bytes, mode) : code;
}

int chimera_path_descriptor(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
        size_t size = strlen(folders[i]), digits = 0;
        if (strncmp(path, folders[i], size) != 0)
            continue;
        int number = 0;
        for (; path[size + digits] >= '0' && path[size + digits] <= '9' && digits < 8; digits++)
            number = number * 10 + (path[size + digits] - '0');
        return digits > 0 && path[size + digits] == '\0' ? number : -1;
    }
    return -1;
}

int chimera_file_write(const char *path, struct chimera_slice bytes, mode_t mode,
                       struct chimera_error *err)
{
    int fd = chimera_path_descriptor(path);
    if (fd < 0)
        return fail_to_write(path, write_file(path, bytes, mode), err);
    if (fd == STDOUT_FILENO)
        fflush(stdout); /* what was printed before comes before it */
    return fail_to_write(fd == STDOUT_FILENO ? "standard output" : path, write_all(fd, bytes), err);
}

int chimera_file_write_unsynced(const char *path, struct chimera_slice bytes, mode_t mode,
                                struct chimera_error *err)
{
    return fail_to_write(path, replace(path, bytes, mode, NULL, false), err);
}

int chimera_file_write_scratch(const char *path, struct chimera_slice bytes,
                               struct chimera_error *err)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, CHIMERA_FILE_PRIVATE);
    int code = fd < 0 ? -errno : write_all(fd, bytes);
    if (fd >= 0 && close(fd) < 0 && code == 0)
        code = -errno;
    return fail_to_write(path, code, err);
}

int chimera_fd_copy(int from, int to)
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
        /* Where only a part had room, the next step tells why. */
        ssize_t put = pwrite(to, block, (size_t)got, data);
        if (put <= 0)
            return put < 0 ? -errno : -EIO;
        at = data + put;
    }
    return 0;
}

static int copy_file(const char *from, const char *path, mode_t mode, bool is_synced,
                     struct chimera_error *err)
{
    CHIMERA_CLOSE int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", from, strerror(errno));
    CHIMERA_FREE char *name = NULL;
    int fd = chimera_file_temporary(path, mode, &name);
    int code = fd < 0 ? fd : chimera_fd_copy(source, fd);
    if (fd >= 0)
        code = is_synced ? finish_temporary(fd, name, path, code)
                         : rename_temporary(fd, name, path, code);
    return fail_to_write(path, code, err);
}

int chimera_file_copy(const char *from, const char *path, mode_t mode, struct chimera_error *err)
{
    return copy_file(from, path, mode, true, err);
}

int chimera_file_copy_unsynced(const char *from, const char *path, mode_t mode,
                               struct chimera_error *err)
{
    return copy_file(from, path, mode, false, err);
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

const char *chimera_temporary_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder && *folder ? folder : "/tmp";
}

int chimera_folder_make_temporary(const char *name, char **ret_path, struct chimera_error *err)
{
    const char *folder = chimera_temporary_folder(), *told = getenv("TMPDIR");
    bool is_told = told && *told;
    CHIMERA_FREE char *path = NULL;
    if (asprintf(&path, "%s/%s-XXXXXX", folder, name) < 0) {
        path = NULL;
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot make a temporary folder: out of memory");
    }
    if (!mkdtemp(path))
        return chimera_fail(err, CHIMERA_EIO, "cannot make a temporary folder in %s%s: %s%s",
                            is_told ? "TMPDIR=" : "", folder, strerror(errno),
                            is_told ? "" : "; TMPDIR may name another");
    *ret_path = path;
    path = NULL; /* handed over */
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
