/* SPDX-License-Identifier: Apache-2.0 */
/* heap.h - what the heap has given out, for tests of accounts. */
#ifndef CHIMERA_TEST_HEAP_H
#define CHIMERA_TEST_HEAP_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>

/* A sanitizer's heap is another one, of which nothing is known. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEAP_IS_OURS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEAP_IS_OURS 0
#endif
#endif
#ifndef HEAP_IS_OURS
#define HEAP_IS_OURS 1
#endif

static inline size_t heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Was `taken` no less than what the heap gave, and no more than twice as much? Small blocks that
 * were freed count as if in use, which is the allowance. */
static inline bool heap_agrees(size_t real, size_t taken)
{
    size_t allowance = real / 200 + 8192;
    return !HEAP_IS_OURS || (taken + allowance >= real && taken <= 2 * real + allowance);
}

#endif
