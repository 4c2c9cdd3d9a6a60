/* SPDX-License-Identifier: Apache-2.0 */
/* guarded.h - bytes in shared memory behind a sequence: a reader that sees the same even one before
 * and behind has seen them whole.
 *
 * No locks: writers are told apart by the numbers that they are given, and a reader passes over
 * what is being written. Who has taken a writer over can write anything, so what is read is checked
 * all the same.
 */
#ifndef CHIMERA_SERVER_COUNTERS_GUARDED_H
#define CHIMERA_SERVER_COUNTERS_GUARDED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define GUARDED_WORDS(type) ((sizeof(type) + 7) / 8)

/* `number` from 1 on. `word` has GUARDED_WORDS() for `size` bytes. */
static inline void guarded_write(_Atomic uint64_t *sequence, uint64_t number,
                                 _Atomic uint64_t *word, const void *bytes, size_t size)
{
    atomic_store_explicit(sequence, 2 * number + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* no word before that; partner: guarded_read() */
    for (size_t at = 0; at < size; at += 8) {
        uint64_t one = 0;
        memcpy(&one, (const char *)bytes + at, size - at < 8 ? size - at : 8);
        atomic_store_explicit(&word[at / 8], one, memory_order_relaxed);
    }
    atomic_store_explicit(sequence, 2 * number, memory_order_release);
}

/* False when something else is there, or is being written. */
static inline bool guarded_read(const _Atomic uint64_t *sequence, uint64_t number,
                                const _Atomic uint64_t *word, void *ret_bytes, size_t size)
{
    if (atomic_load_explicit(sequence, memory_order_acquire) != 2 * number)
        return false;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t one = atomic_load_explicit(&word[at / 8], memory_order_relaxed);
        memcpy((char *)ret_bytes + at, &one, size - at < 8 ? size - at : 8);
    }
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(sequence, memory_order_relaxed) == 2 * number;
}

#endif
