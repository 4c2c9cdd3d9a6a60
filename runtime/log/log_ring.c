/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log/log_ring.h"

#include <sys/mman.h>

#define SIZE CHIMERA_LOG_RING_BYTES

_Static_assert((SIZE & (SIZE - 1)) == 0, "positions are masked");

static uint32_t begin_of(uint64_t ends)
{
    return (uint32_t)ends;
}

static uint32_t end_of(uint64_t ends)
{
    return (uint32_t)(ends >> 32);
}

static uint64_t make_ends(uint32_t begin, uint32_t end)
{
    return (uint64_t)end << 32 | begin;
}

/* In memory of a process that was taken over it may be anything: never more than there is. */
static uint32_t used_of(uint64_t ends)
{
    uint32_t used = end_of(ends) - begin_of(ends);
    return used < SIZE ? used : SIZE;
}

uint32_t chimera_log_ring_used(const struct chimera_log_ring *ring)
{
    return used_of(atomic_load(&ring->ends));
}

/* The bytes from position `at` to the end of the text, but `size` at most. */
static size_t first_part(uint32_t at, size_t size)
{
    size_t left = SIZE - (at & (SIZE - 1));
    return size < left ? size : left;
}

bool chimera_log_ring_put(struct chimera_log_ring *ring, struct chimera_slice line, uint32_t kept)
{
    uint64_t ends = atomic_load(&ring->ends), next;
    uint32_t size = (uint32_t)line.size;
    if (line.size == 0 || line.size > SIZE)
        return line.size == 0;
    do {
        if ((uint64_t)used_of(ends) + size + kept > SIZE)
            return false;
        next = make_ends(begin_of(ends), end_of(ends) + size);
    } while (!atomic_compare_exchange_weak(&ring->ends, &ends, next));
    uint32_t at = end_of(ends);
    size_t first = first_part(at + 1, line.size - 1);
    memcpy(ring->text + ((at + 1) & (SIZE - 1)), line.data + 1, first);
    memcpy(ring->text, line.data + 1 + first, line.size - 1 - first);
    /* Now it is whole; partner: chimera_log_ring_read(). */
    __atomic_store_n(&ring->text[at & (SIZE - 1)], line.data[0], __ATOMIC_RELEASE);
    return true;
}

/* --- Reading --- */

/* With its line feed; `left` when there is none, which only spoilt memory has. */
static size_t line_size(const struct chimera_log_ring *ring, uint32_t at, size_t left)
{
    size_t first = first_part(at, left);
    const char *from = ring->text + (at & (SIZE - 1)), *feed = memchr(from, '\n', first);
    if (feed)
        return (size_t)(feed - from) + 1;
    feed = memchr(ring->text, '\n', left - first);
    return feed ? first + (size_t)(feed - ring->text) + 1 : left;
}

size_t chimera_log_ring_read(const struct chimera_log_ring *ring, char *to, size_t room,
                             size_t size)
{
    uint64_t ends = atomic_load(&ring->ends);
    uint32_t begin = begin_of(ends), used = used_of(ends);
    size_t done = 0;
    while (done < used && __atomic_load_n(&ring->text[(begin + (uint32_t)done) & (SIZE - 1)],
                                          __ATOMIC_ACQUIRE) != 0) {
        size_t line = line_size(ring, begin + (uint32_t)done, used - done);
        if (done > 0 && done + line > size)
            break;
        line = line < room - done ? line : room - done;
        size_t first = first_part(begin + (uint32_t)done, line);
        memcpy(to + done, ring->text + ((begin + (uint32_t)done) & (SIZE - 1)), first);
        memcpy(to + done + first, ring->text, line - first);
        done += line;
        if (done >= size)
            break;
    }
    return done;
}

/* What was cleared before is seen by whoever puts the next line there. */
static void move_begin(struct chimera_log_ring *ring, size_t size)
{
    uint64_t ends = atomic_load(&ring->ends), next;
    do {
        uint32_t begin = begin_of(ends) + (uint32_t)size;
        next = begin == end_of(ends) ? 0 : make_ends(begin, end_of(ends));
    } while (!atomic_compare_exchange_weak(&ring->ends, &ends, next));
}

void chimera_log_ring_release(struct chimera_log_ring *ring, size_t size)
{
    uint32_t used = chimera_log_ring_used(ring);
    size = size < used ? size : used;
    uint32_t at = begin_of(atomic_load(&ring->ends));
    size_t first = first_part(at, size);
    memset(ring->text + (at & (SIZE - 1)), 0, first);
    memset(ring->text, 0, size - first);
    move_begin(ring, size);
}

static void give_back(struct chimera_log_ring *ring, uint32_t at)
{
    if (madvise(ring->text + at, SIZE / 2, MADV_REMOVE) < 0)
        memset(ring->text + at, 0, SIZE / 2);
}

/* Half by half: takes one as if it were a line, so that lines that come meanwhile go into the other
 * one. */
void chimera_log_ring_trim(struct chimera_log_ring *ring)
{
    uint64_t ends = 0;
    if (!atomic_compare_exchange_strong(&ring->ends, &ends, make_ends(0, SIZE / 2)))
        return; /* it is not empty */
    give_back(ring, 0);
    ends = make_ends(0, SIZE / 2);
    if (atomic_compare_exchange_strong(&ring->ends, &ends, make_ends(SIZE / 2, SIZE)))
        give_back(ring, SIZE / 2);
    move_begin(ring, SIZE / 2);
}
