/* SPDX-License-Identifier: Apache-2.0 */
/* failing_allocation.h - has one allocation of a test's program fail.
 *
 * Stands in front of glibc's own functions, which a sanitizer already does: there it changes
 * nothing. For one file of a program; one thread.
 */
#ifndef TESTS_FAILING_ALLOCATION_H
#define TESTS_FAILING_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAN_FAIL_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CAN_FAIL_ALLOCATIONS 0
#endif
#endif
#ifndef CAN_FAIL_ALLOCATIONS
#define CAN_FAIL_ALLOCATIONS 1
#endif

static unsigned long allocations_until_failure; /* 0: none fails */
static bool has_failed;

/* From now on the `n`th allocation fails, the first being 1; 0: none any more. has_failed tells
 * afterwards whether there were so many. */
static inline void fail_allocation(unsigned long n)
{
    allocations_until_failure = n;
    has_failed = has_failed && n == 0;
}

#if CAN_FAIL_ALLOCATIONS
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool fails_now(void)
{
    if (allocations_until_failure == 0 || --allocations_until_failure > 0)
        return false;
    return has_failed = true;
}

void *malloc(size_t size)
{
    return fails_now() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails_now() ? NULL : __libc_realloc(old, size);
}
#endif

#endif
