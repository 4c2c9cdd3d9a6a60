/* SPDX-License-Identifier: Apache-2.0 */
#include "server/decisions/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"

#define MODE 0600 /* names of users and objects are in it */

static bool is_standard_output(const struct decision_file *file)
{
    return strcmp(file->path, "-") == 0;
}

static int fail(struct chimera_error *err, const struct decision_file *file, const char *what)
{
    return chimera_fail(err, CHIMERA_EIO, "%s %s: %s", what, file->path, strerror(errno));
}

/* Reading, too, where it is a FIFO: so it has a reader, and nobody waits for one. */
static int flags_for(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISFIFO(status.st_mode))
        return O_RDWR | O_NONBLOCK;
    return O_WRONLY | O_APPEND | O_CREAT;
}

int decision_file_open(struct decision_file *file, struct chimera_error *err)
{
    struct stat status;
    int fd = STDOUT_FILENO;
    if (!is_standard_output(file))
        fd = open(file->path, flags_for(file->path) | O_CLOEXEC | O_NOCTTY, MODE);
    if (fd < 0)
        return fail(err, file, "cannot open");
    if (fstat(fd, &status) < 0) {
        int code = fail(err, file, "cannot open");
        if (fd != STDOUT_FILENO)
            close(fd);
        return code;
    }
    decision_file_close(file);
    file->fd = fd;
    file->is_regular = S_ISREG(status.st_mode) && chimera_path_descriptor(file->path) < 0;
    file->size = (uint64_t)status.st_size;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return CHIMERA_OK;
}

void decision_file_close(struct decision_file *file)
{
    if (file->fd >= 0 && !is_standard_output(file))
        close(file->fd);
    file->fd = -1;
}

bool decision_file_is_gone(const struct decision_file *file)
{
    struct stat status;
    if (is_standard_output(file))
        return false;
    return stat(file->path, &status) < 0 || status.st_dev != file->device ||
           status.st_ino != file->inode;
}

int decision_file_prepare(struct decision_file *file, size_t size, bool *ret_is_new,
                          struct chimera_error *err)
{
    char real[PATH_MAX], old[PATH_MAX + 4];
    struct stat status;
    *ret_is_new = false;
    if (!file->is_regular || !file->max_bytes || is_standard_output(file))
        return CHIMERA_OK;
    if (fstat(file->fd, &status) == 0)
        file->size = (uint64_t)status.st_size; /* others may have cut it */
    if (file->size == 0 || file->size + size <= file->max_bytes)
        return CHIMERA_OK;
    /* PATH becomes PATH.1, in the place of the one before; a link stays one. */
    int code = realpath(file->path, real) ? 0 : -1;
    if (code == 0) {
        snprintf(old, sizeof(old), "%s.1", real);
        code = rename(real, old);
    }
    if (code < 0 && errno != ENOENT)
        return fail(err, file, "cannot make room by renaming");
    *ret_is_new = true;
    return decision_file_open(file, err);
}

ssize_t decision_file_write(struct decision_file *file, const char *bytes, size_t size,
                            struct chimera_error *err)
{
    ssize_t count = write(file->fd, bytes, size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    return count >= 0 ? count : fail(err, file, "cannot write to");
}
