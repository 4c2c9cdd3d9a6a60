/* SPDX-License-Identifier: Apache-2.0 */
/* file_stamp.h - by what a file is told from the one that had its name before, without reading it.
 */
#ifndef CHIMERA_SERVER_BASE_FILE_STAMP_H
#define CHIMERA_SERVER_BASE_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct stamp { /* all zero: there is none */
    uint64_t device, inode;
    int64_t size;
    struct timespec modified, changed;
};

static inline struct stamp stamp_from(const struct stat *status)
{
    return (struct stamp){.device = status->st_dev,
                          .inode = status->st_ino,
                          .size = status->st_size,
                          .modified = status->st_mtim,
                          .changed = status->st_ctim};
}

static inline struct stamp stamp_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? stamp_from(&status) : (struct stamp){0};
}

static inline bool stamp_equal(struct stamp a, struct stamp b)
{
    return a.device == b.device && a.inode == b.inode && a.size == b.size &&
           a.modified.tv_sec == b.modified.tv_sec && a.modified.tv_nsec == b.modified.tv_nsec &&
           a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
}

#endif
