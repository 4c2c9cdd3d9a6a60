/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - where the decision log is written to: a file that is begun anew before it gets too
 * large, a FIFO, a device, or standard output. One thread.
 *
 * Others may take the file away or put another in its place (logrotate), so it is opened again when
 * its path names another one. A FIFO is opened without waiting for its reader: what nobody reads
 * stays in it until it is full.
 */
#ifndef CHIMERA_SERVER_DECISIONS_FILE_H
#define CHIMERA_SERVER_DECISIONS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/error.h"

struct decision_file {
    const char *path;   /* borrowed; "-": standard output */
    uint64_t max_bytes; /* 0: no limit */
    int fd;             /* owned, but for standard output; -1: not open */
    bool is_regular;
    uint64_t size; /* of a regular one */
    dev_t device;
    ino_t inode;
};

/* Opens it, again where it is open. On failure the one before stays. */
int decision_file_open(struct decision_file *file, struct chimera_error *err);
void decision_file_close(struct decision_file *file);

/* Whether its path names another file by now, or none. */
bool decision_file_is_gone(const struct decision_file *file);

/* Makes room for so many bytes of whole lines: begins another file where this one would get too
 * large. *ret_is_new: it did. */
int decision_file_prepare(struct decision_file *file, size_t size, bool *ret_is_new,
                          struct chimera_error *err);
/* How many bytes it took, which may be fewer, or none; or a negative code. */
ssize_t decision_file_write(struct decision_file *file, const char *bytes, size_t size,
                            struct chimera_error *err);

#endif
