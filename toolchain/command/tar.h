/* SPDX-License-Identifier: Apache-2.0 */
/* tar.h - writing tars: headers as POSIX.1-1988 has them (ustar), and a record of pax where a name
 * or a link is too long for them. What is given is all that decides the bytes: owner and group are
 * root, by number. No files, no state. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_TAR_H
#define CHIMERA_TOOLCHAIN_COMMAND_TAR_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/error.h"

struct tar_sink { /* where the bytes go; a failure of `put` ends the call that it was in */
    int (*put)(void *context, const void *bytes, size_t size, struct chimera_error *err);
    void *context;
};

struct tar_entry {
    const char *name; /* without a slash at its end, which a folder gets */
    const char *link; /* of a symbolic link: where to; else NULL */
    mode_t mode;      /* with its type: S_IFREG, S_IFDIR or S_IFLNK */
    uint64_t size;    /* of a file, in bytes, of which there are at most 8 GiB */
    int64_t mtime;    /* in seconds, from 1970 to 2242 */
};

/* What stands before an entry's bytes. CHIMERA_ELIMIT: size or time do not fit. */
int tar_put_header(const struct tar_sink *sink, const struct tar_entry *entry,
                   struct chimera_error *err);
/* What stands behind so many bytes of a file. */
int tar_put_padding(const struct tar_sink *sink, uint64_t size, struct chimera_error *err);
/* What stands behind the last entry. */
int tar_put_end(const struct tar_sink *sink, struct chimera_error *err);

#endif
