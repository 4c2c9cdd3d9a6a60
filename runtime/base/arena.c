/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOCK_MIN ((size_t)64 * 1024)
#define KEPT_MAX ((size_t)1024 * 1024)
#define ALIGNMENT ((size_t)16)

struct chimera_arena_block {
    struct chimera_arena_block *next;
    size_t size, used;
    _Alignas(16) char bytes[];
};

void chimera_arena_init(struct chimera_arena *arena, size_t limit)
{
    *arena = (struct chimera_arena){.limit = limit};
}

/* Moves to a later block with room, or adds one behind the current. */
static struct chimera_arena_block *block_with_room(struct chimera_arena *arena, size_t size)
{
    while (arena->now && arena->now->size - arena->now->used < size && arena->now->next) {
        arena->now = arena->now->next;
        arena->now->used = 0;
    }
    if (arena->now && arena->now->size - arena->now->used >= size)
        return arena->now;
    size = size < BLOCK_MIN ? BLOCK_MIN : size;
    struct chimera_arena_block *block = malloc(sizeof(*block) + size);
    if (!block)
        return NULL;
    *block = (struct chimera_arena_block){.size = size};
    if (arena->now)
        arena->now->next = block;
    else
        arena->first = block;
    arena->now = block;
    return block;
}

void *chimera_arena_take(struct chimera_arena *arena, size_t size)
{
    if (size > arena->limit - arena->used || size > SIZE_MAX / 2)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    struct chimera_arena_block *block = block_with_room(arena, rounded);
    if (!block)
        return NULL;
    void *taken = block->bytes + block->used;
    block->used += rounded;
    arena->used += size;
    return taken;
}

struct chimera_slice chimera_arena_copy(struct chimera_arena *arena, struct chimera_slice bytes)
{
    char *copy = chimera_arena_take(arena, bytes.size);
    if (!copy)
        return (struct chimera_slice){NULL, 0};
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return (struct chimera_slice){copy, bytes.size};
}

struct chimera_slice chimera_arena_print(struct chimera_arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = size < 0 ? NULL : chimera_arena_take(arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return (struct chimera_slice){text, text ? (size_t)size : 0};
}

static void free_blocks(struct chimera_arena_block *block)
{
    while (block) {
        struct chimera_arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void chimera_arena_reset(struct chimera_arena *arena)
{
    size_t kept = 0;
    for (struct chimera_arena_block *block = arena->first; block; block = block->next) {
        kept += block->size;
        if (kept >= KEPT_MAX) {
            free_blocks(block->next);
            block->next = NULL;
        }
    }
    arena->now = arena->first;
    if (arena->now)
        arena->now->used = 0;
    arena->used = 0;
}

void chimera_arena_give_back(struct chimera_arena *arena)
{
    free_blocks(arena->first);
    chimera_arena_init(arena, arena->limit);
}

void chimera_arena_free(struct chimera_arena *arena)
{
    free_blocks(arena->first);
    *arena = (struct chimera_arena){0};
}
