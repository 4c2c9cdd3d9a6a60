/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "runtime/regexp/regexp_internal.h"

/* Most expressions fit the first block; later ones double, so that there are few. */
#define FIRST_BLOCK ((size_t)4 << 10)
#define LAST_BLOCK ((size_t)1 << 20)
#define ALIGNMENT ((size_t)16)

struct chimera_regexp_block {
    struct chimera_regexp_block *next;
    size_t size; /* with this head */
};

_Static_assert(sizeof(struct chimera_regexp_block) % ALIGNMENT == 0, "what follows is aligned");

static size_t round_up(size_t size)
{
    return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static bool add_block(struct chimera_regexp_memory *memory, size_t needed)
{
    size_t size = memory->blocks ? 2 * memory->blocks->size : FIRST_BLOCK;
    if (size > LAST_BLOCK)
        size = LAST_BLOCK;
    if (size < needed + sizeof(struct chimera_regexp_block))
        size = needed + sizeof(struct chimera_regexp_block);
    int code = chimera_account_take(memory->account, size);
    struct chimera_regexp_block *block = code == CHIMERA_OK ? malloc(size) : NULL;
    if (!block) {
        if (code == CHIMERA_OK)
            chimera_account_give_back(memory->account, size);
        memory->failed = code < 0 ? code : CHIMERA_ENOMEM;
        return false;
    }
    *block = (struct chimera_regexp_block){.next = memory->blocks, .size = size};
    memory->blocks = block;
    memory->at = (char *)(block + 1);
    memory->left = size - sizeof(*block);
    return true;
}

void *chimera_regexp_take(struct chimera_regexp_memory *memory, size_t size)
{
    if (memory->failed)
        return NULL;
    if (size > SIZE_MAX / 4) {
        memory->failed = CHIMERA_ELIMIT;
        return NULL;
    }
    size = round_up(size);
    if (size > memory->left && !add_block(memory, size))
        return NULL;
    void *taken = memory->at;
    memory->at += size;
    memory->left -= size;
    return taken;
}

void *chimera_regexp_take_zeroed(struct chimera_regexp_memory *memory, size_t size)
{
    void *taken = chimera_regexp_take(memory, size);
    if (taken)
        memset(taken, 0, size);
    return taken;
}

void *chimera_regexp_extend(struct chimera_regexp_memory *memory, void *old, size_t old_size,
                            size_t size)
{
    size_t more = round_up(size) - round_up(old_size);
    if (old && !memory->failed && (char *)old + round_up(old_size) == memory->at &&
        more <= memory->left) {
        memory->at += more;
        memory->left -= more;
        return old;
    }
    void *taken = chimera_regexp_take(memory, size);
    if (taken && old)
        memcpy(taken, old, old_size);
    return taken;
}

void chimera_regexp_release(struct chimera_regexp_memory *memory)
{
    while (memory->blocks) {
        struct chimera_regexp_block *block = memory->blocks;
        memory->blocks = block->next;
        chimera_account_give_back(memory->account, block->size);
        free(block);
    }
    *memory = (struct chimera_regexp_memory){.account = memory->account};
}

int chimera_regexp_refuse(struct chimera_error *err, int code)
{
    if (code == CHIMERA_EDEADLINE)
        return chimera_fail(err, code, "the time is up");
    if (code == CHIMERA_ELIMIT)
        return chimera_fail(err, code, "the policy's memory limit is reached");
    return chimera_fail(err, code, "out of memory");
}
