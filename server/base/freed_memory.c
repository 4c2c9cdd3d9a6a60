/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/freed_memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FILLING 0x5a
/* glibc keeps freed pieces up to this size in lists of their own (tcache), one for each step, of so
 * many pieces, and M_PERTURB misses what is put there. */
#define SMALL_MAX ((size_t)1040)
#define SMALL_STEP ((size_t)16)
#define SMALL_COUNT 7

void freed_memory_guard(void)
{
    mallopt(M_PERTURB, FILLING);
}

/* Filled by malloc() just now, so from no such list: what is from there has a zero here. */
static bool is_filled(const volatile unsigned char *piece)
{
    for (size_t i = 8; i < SMALL_STEP; i++)
        if (piece[i] != (FILLING ^ 0xff))
            return false;
    return true;
}

void freed_memory_give_back(void)
{
    malloc_trim(0);
}

void freed_memory_leave(void)
{
    /* Taken all at once, wiped and given back, the pieces of a list hold nothing. Where a list has
     * ended, more would only make it longer. */
    for (size_t size = SMALL_STEP; size <= SMALL_MAX; size += SMALL_STEP) {
        void *pieces[SMALL_COUNT];
        size_t count = 0;
        bool is_over = false;
        while (count < SMALL_COUNT && !is_over && (pieces[count] = malloc(size))) {
            is_over = is_filled(pieces[count]);
            explicit_bzero(pieces[count], malloc_usable_size(pieces[count]));
            count++;
        }
        while (count > 0)
            free(pieces[--count]);
    }
    mallopt(M_PERTURB, 0);
}
