/* SPDX-License-Identifier: Apache-2.0 */
/* log_ring.h - lines of a log between those who write them and the one thread that puts them out.
 *
 * Any number of threads put lines in, without locks, without system calls and without waiting for
 * each other; one thread reads them and gives their room back. It is plain memory that begins as
 * zeros, so it can be shared: what a process had not put out when it died can be read by another
 * one, which believes nothing in it. A line is text without NUL that ends in a line feed. Its first
 * byte is written last: as long as that is 0, the line is not there yet.
 */
#ifndef CHIMERA_LOG_LOG_RING_H
#define CHIMERA_LOG_LOG_RING_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/base/slice.h"

#define CHIMERA_LOG_RING_BYTES ((uint32_t)512 * 1024) /* a power of two */

struct chimera_log_ring {
    /* Where the lines begin and, in the upper half, where they end, modulo 2^32. One word, so that
     * an empty ring can begin at its first page again. Partners: whoever puts a line in, and the
     * thread that gives room back. */
    _Atomic uint64_t ends;
    _Atomic uint64_t dropped; /* lines that found no room, ever */
    _Atomic uint64_t told;    /* how many of these the log has told of */
    _Atomic uint32_t is_dropping;
    _Atomic uint32_t bell; /* a futex; see log_writer.c */
    _Alignas(4096) char text[CHIMERA_LOG_RING_BYTES];
};

/* False when there is no room for it and for `kept` bytes more. */
bool chimera_log_ring_put(struct chimera_log_ring *ring, struct chimera_slice line, uint32_t kept);

/* Bytes of lines that are in it, or about to be. */
uint32_t chimera_log_ring_used(const struct chimera_log_ring *ring);

/* --- For the one thread that reads. --- */

/* Copies lines from the front: as many as fit `size`, or one that is longer; `room` bytes at most.
 * They stay until they are released. 0: there is none, or the first one is not whole yet. */
size_t chimera_log_ring_read(const struct chimera_log_ring *ring, char *to, size_t room,
                             size_t size);

/* Gives back the room of the first `size` bytes. */
void chimera_log_ring_release(struct chimera_log_ring *ring, size_t size);

/* Gives the memory of an empty ring back to the system; it may do less when lines are coming. */
void chimera_log_ring_trim(struct chimera_log_ring *ring);

#endif
