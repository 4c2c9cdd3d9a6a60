/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/tls_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#define CHUNK_BYTES sizeof(size_t) /* what the heap itself keeps of each */

static _Thread_local size_t taken;

static size_t size_of(void *at)
{
    return at ? malloc_usable_size(at) + CHUNK_BYTES : 0;
}

static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    void *at = size ? malloc(size) : NULL;
    taken += size_of(at);
    return at;
}

static void give(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    if (!at)
        return; /* as often as not */
    taken -= size_of(at);
    free(at);
}

static void *change(void *at, size_t size, const char *file, int line)
{
    if (!size) {
        give(at, file, line);
        return NULL;
    }
    size_t before = size_of(at);
    void *now = realloc(at, size);
    if (now)
        taken += size_of(now) - before;
    return now;
}

bool tls_memory_begin(void)
{
    return CRYPTO_set_mem_functions(take, change, give) == 1;
}

size_t tls_memory_taken(void)
{
    return taken;
}
