/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/file_link.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define BLOCK_BYTES ((size_t)32 * 1024)

/* -1: it cannot be opened, or is no file. */
static int open_file(const char *path, struct stat *ret_status)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, ret_status) == 0 && S_ISREG(ret_status->st_mode))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool are_equal(int one, int other, off_t size)
{
    char a[BLOCK_BYTES], b[BLOCK_BYTES];
    for (off_t at = 0; at < size;) {
        ssize_t got = pread(one, a, sizeof(a), at);
        if (got <= 0 || pread(other, b, (size_t)got, at) != got || memcmp(a, b, (size_t)got) != 0)
            return false;
        at += got;
    }
    return true;
}

bool chimera_file_link_equal(const char *former, const char *from, const char *path, mode_t mode)
{
    struct stat old, new;
    char name[64];
    CHIMERA_CLOSE int there = open_file(former, &old);
    CHIMERA_CLOSE int source = there < 0 ? -1 : open_file(from, &new);
    if (source < 0 || old.st_uid != geteuid() || (old.st_mode & 07777) != mode ||
        old.st_nlink != 1 || old.st_size != new.st_size || !are_equal(there, source, old.st_size))
        return false;
    /* By the descriptor: it is the file that was read, whatever has its name by now. */
    snprintf(name, sizeof(name), "/proc/self/fd/%d", there);
    return linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}
