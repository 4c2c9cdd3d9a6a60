/* SPDX-License-Identifier: Apache-2.0 */
/* New files of the store: written under a name that nobody looks for, and renamed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define PARTIAL_FOLDER ".partial" /* in the root; no scheme, so no listing looks there */
#define PARTIAL_PREFIX ".chimera-"
#define PARTIAL_SUFFIX ".partial"
#define TRIES 16 /* against a `rm` that removes empty folders at the same time */

static int fail(struct chimera_error *err, const char *path, int number)
{
    return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(number));
}

/* Without its last part; "." for a name alone. Owned by the caller. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* --- What killed processes left --- */

/* Who writes a file has its lock, also from a child, and loses it when it ends, however it ends:
 * unlike a process's number this holds between containers that share a folder. */
static void clear_one(int folder, const char *name)
{
    struct stat held, named;
    CHIMERA_CLOSE int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return;
    /* It may have been renamed in between, and the name may be another's now. */
    if (fstat(fd, &held) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        held.st_dev == named.st_dev && held.st_ino == named.st_ino)
        unlinkat(folder, name, 0);
}

/* --- Writing --- */

static char *name_temporary(const char *folder)
{
    unsigned char random[16];
    char hex[2 * sizeof(random) + 1];
    char *name = NULL;
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return NULL;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(hex + 2 * i, 3, "%02x", random[i]);
    if (asprintf(&name, "%s/" PARTIAL_PREFIX "%s" PARTIAL_SUFFIX, folder, hex) < 0)
        return NULL;
    return name;
}

/* A file that is locked. One that somebody took for abandoned before it was is no file any more:
 * then *ret_fd is -1. File systems without locks are fine: there nobody clears. */
static int open_locked(const char *name, int *ret_fd)
{
    struct stat status;
    CHIMERA_CLOSE int fd =
        open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, CHIMERA_FILE_PLAIN);
    if (fd < 0)
        return -errno;
    bool is_taken = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (fstat(fd, &status) < 0)
        return -errno;
    *ret_fd = is_taken || status.st_nlink == 0 ? -1 : fd;
    if (*ret_fd >= 0)
        fd = -1; /* handed over */
    return 0;
}

static int open_temporary(const char *folder, struct chimera_store_file *file)
{
    int code = 0;
    file->fd = -1;
    for (unsigned i = 0; i < TRIES && file->fd < 0 && code == 0; i++) {
        free(file->temporary);
        file->temporary = name_temporary(folder);
        code = file->temporary ? open_locked(file->temporary, &file->fd) : -ENOMEM;
    }
    return file->fd < 0 && code == 0 ? -EBUSY : code;
}

static int open_partial(const char *root, const char *folder, struct chimera_store_file *file,
                        struct chimera_error *err)
{
    int code = root ? chimera_folder_make(folder, CHIMERA_FOLDER_PLAIN, err) : CHIMERA_OK;
    if (code < 0)
        return code;
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        size_t size = strlen(name), suffix = strlen(PARTIAL_SUFFIX);
        if (strncmp(name, PARTIAL_PREFIX, strlen(PARTIAL_PREFIX)) == 0 && size > suffix &&
            strcmp(name + size - suffix, PARTIAL_SUFFIX) == 0)
            clear_one(dirfd(stream), entry->d_name);
    }
    if (stream)
        closedir(stream);
    int number = open_temporary(folder, file);
    return number < 0 ? fail(err, file->path, -number) : CHIMERA_OK;
}

/* /dev/stdout, a pipe: nothing that a rename may take the place of. */
static bool is_stream(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static int open_stream(const char *path, int descriptor, int *ret_fd, struct chimera_error *err)
{
    *ret_fd = descriptor >= 0 ? fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
                              : open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return *ret_fd < 0 ? fail(err, path, errno) : CHIMERA_OK;
}

int chimera_store_create(const char *root, const char *path, struct chimera_store_file *ret_file,
                         struct chimera_error *err)
{
    /* A link of the user's stays one: what it leads to is written. */
    int descriptor = root ? -1 : chimera_path_descriptor(path);
    char *real = root || descriptor >= 0 ? NULL : realpath(path, NULL);
    struct chimera_store_file file = {.fd = -1, .path = real ? real : strdup(path)};
    CHIMERA_FREE char *folder = root        ? chimera_path_join(root, PARTIAL_FOLDER)
                                : file.path ? folder_of(file.path)
                                            : NULL;
    int code;
    if (!folder || !file.path)
        code = chimera_fail_memory(err);
    else if (descriptor >= 0 || (!root && is_stream(file.path)))
        code = open_stream(file.path, descriptor, &file.fd, err);
    else
        code = open_partial(root, folder, &file, err);
    if (code < 0) {
        free(file.path);
        free(file.temporary);
        return code;
    }
    *ret_file = file;
    return CHIMERA_OK;
}

/* A file beside its name has its folder; one of the store has none yet, or has lost it again. */
static int put_in_place(const struct chimera_store_file *file, struct chimera_error *err)
{
    CHIMERA_FREE char *folder = folder_of(file->path);
    if (!folder)
        return chimera_fail_memory(err);
    for (unsigned i = 0; rename(file->temporary, file->path) < 0; i++) {
        int number = errno;
        if (number != ENOENT || i >= TRIES)
            return fail(err, file->path, number);
        struct chimera_error why = {0};
        if (chimera_folder_make(folder, CHIMERA_FOLDER_PLAIN, &why) < 0 && i + 1 >= TRIES)
            return chimera_fail(err, CHIMERA_EIO, "%s", why.text);
    }
    chimera_file_sync_folder_of(file->path);
    return CHIMERA_OK;
}

int chimera_store_commit(struct chimera_store_file *file, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    if (file->temporary)
        code = fsync(file->fd) < 0 ? fail(err, file->path, errno) : put_in_place(file, err);
    if (code == CHIMERA_OK) {
        free(file->temporary);
        file->temporary = NULL;
    }
    chimera_store_drop(file); /* closed last: until its name is right it is locked */
    return code;
}

void chimera_store_drop(struct chimera_store_file *file)
{
    if (file->temporary)
        unlink(file->temporary);
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file->temporary);
    *file = (struct chimera_store_file){.fd = -1};
}
