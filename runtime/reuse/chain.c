/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/reuse/chain.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

/* --- The pool --- */

int chimera_blocks_open(struct chimera_blocks *blocks, size_t count, struct chimera_error *err)
{
    void *memory = mmap(NULL, count * sizeof(struct chimera_block), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return chimera_fail_memory(err);
    *blocks = (struct chimera_blocks){.memory = memory, .count = count};
    return CHIMERA_OK;
}

void chimera_blocks_close(struct chimera_blocks *blocks)
{
    if (blocks->memory)
        munmap(blocks->memory, blocks->count * sizeof(struct chimera_block));
    *blocks = (struct chimera_blocks){0};
}

struct chimera_block *chimera_blocks_take(struct chimera_blocks *blocks)
{
    struct chimera_block *block = blocks->free;
    if (block)
        blocks->free = block->next;
    else if (blocks->touched < blocks->count)
        block = &blocks->memory[blocks->touched++];
    else
        return NULL;
    blocks->used++;
    block->next = NULL;
    return block;
}

void chimera_blocks_give(struct chimera_blocks *blocks, struct chimera_block *block)
{
    block->next = blocks->free;
    blocks->free = block;
    blocks->used--;
}

/* --- Chains --- */

static size_t blocks_of(size_t size)
{
    return (size + CHIMERA_BLOCK_BYTES - 1) / CHIMERA_BLOCK_BYTES;
}

size_t chimera_chain_blocks(size_t size, size_t more)
{
    return blocks_of(size + more) - blocks_of(size);
}

static void add_block(struct chimera_chain *chain, struct chimera_blocks *blocks)
{
    struct chimera_block *block = chimera_blocks_take(blocks);
    assert(block);
    if (chain->last)
        chain->last->next = block;
    else
        chain->first = block;
    chain->last = block;
}

void chimera_chain_append(struct chimera_chain *chain, struct chimera_blocks *blocks,
                          struct chimera_slice bytes)
{
    while (bytes.size > 0) {
        size_t at = chain->size % CHIMERA_BLOCK_BYTES, step = CHIMERA_BLOCK_BYTES - at;
        if (at == 0)
            add_block(chain, blocks);
        if (step > bytes.size)
            step = bytes.size;
        memcpy(chain->last->bytes + at, bytes.data, step);
        chain->size += step;
        bytes.data += step;
        bytes.size -= step;
    }
}

void chimera_chain_empty(struct chimera_chain *chain, struct chimera_blocks *blocks)
{
    while (chain->first) {
        struct chimera_block *block = chain->first;
        chain->first = block->next;
        chimera_blocks_give(blocks, block);
    }
    *chain = (struct chimera_chain){0};
}

/* --- Places --- */

struct chimera_chain_place chimera_chain_begin(const struct chimera_chain *chain)
{
    return (struct chimera_chain_place){.block = chain->first};
}

/* The bytes that lie together from here on, `most` of them at most; steps over them. */
static char *next_piece(struct chimera_chain_place *place, size_t most, size_t *ret_size)
{
    if (place->at == CHIMERA_BLOCK_BYTES)
        *place = (struct chimera_chain_place){.block = place->block->next};
    size_t left = CHIMERA_BLOCK_BYTES - place->at;
    char *bytes = place->block->bytes + place->at;
    *ret_size = left < most ? left : most;
    place->at += *ret_size;
    return bytes;
}

void chimera_chain_skip(struct chimera_chain_place *place, size_t size)
{
    for (size_t step; size > 0; size -= step)
        next_piece(place, size, &step);
}

void chimera_chain_read(struct chimera_chain_place *place, void *to, size_t size)
{
    char *at = to;
    for (size_t step; size > 0; size -= step, at += step) {
        const char *piece = next_piece(place, size, &step);
        memcpy(at, piece, step);
    }
}

void chimera_chain_overwrite(struct chimera_chain_place *place, struct chimera_slice bytes)
{
    for (size_t step; bytes.size > 0; bytes.data += step, bytes.size -= step) {
        char *piece = next_piece(place, bytes.size, &step);
        memcpy(piece, bytes.data, step);
    }
}

bool chimera_chain_match(struct chimera_chain_place *place, struct chimera_slice bytes)
{
    struct chimera_chain_place at = *place;
    for (size_t step; bytes.size > 0; bytes.data += step, bytes.size -= step) {
        const char *piece = next_piece(&at, bytes.size, &step);
        if (memcmp(piece, bytes.data, step) != 0)
            return false;
    }
    *place = at;
    return true;
}
