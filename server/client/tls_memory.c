/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/tls_memory.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <stdlib.h>

#include "runtime/base/account.h"

/* In front of each block, so that nobody has to ask the heap for its size: a handshake takes and
 * gives back two thousand. As long as malloc() aligns. */
struct front {
    _Alignas(max_align_t) size_t bytes; /* that the heap takes for it all */
};

static _Thread_local size_t taken;

static void *begin_block(struct front *front, size_t size)
{
    if (!front)
        return NULL;
    front->bytes = (size_t)chimera_account_heap(size + sizeof(*front));
    taken += front->bytes;
    return front + 1;
}

static void *take_block(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    bool is_any = size > 0 && size <= SIZE_MAX / 2;
    return begin_block(is_any ? malloc(sizeof(struct front) + size) : NULL, size);
}

static void give(void *at, const char *file, int line)
{
    (void)file;
    (void)line;
    if (!at)
        return; /* as often as not */
    struct front *front = (struct front *)at - 1;
    taken -= front->bytes;
    free(front);
}

static void *change(void *at, size_t size, const char *file, int line)
{
    if (!at || !size) {
        give(at, file, line);
        return take_block(size, file, line);
    }
    struct front *front = (struct front *)at - 1;
    size_t before = front->bytes;
    void *now = size <= SIZE_MAX / 2 ? realloc(front, sizeof(*front) + size) : NULL;
    taken -= now ? before : 0;
    return begin_block(now, size);
}

bool tls_memory_begin(void)
{
    return CRYPTO_set_mem_functions(take_block, change, give) == 1;
}

size_t tls_memory_taken(void)
{
    return taken;
}
