/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory of one request: allocate forward, reset once.
 *
 * Blocks are kept across resets, so that a warm arena does not call malloc. Born with a maximum:
 * past it an allocation returns NULL, which the caller reports as CHIMERA_ELIMIT. One thread.
 */
#ifndef CHIMERA_BASE_ARENA_H
#define CHIMERA_BASE_ARENA_H

#include "runtime/base/slice.h"

struct chimera_arena_block;

struct chimera_arena {
    struct chimera_arena_block *first; /* owned */
    struct chimera_arena_block *now;   /* the block being filled */
    size_t used;                       /* bytes handed out since the last reset */
    size_t limit;                      /* most bytes that may be handed out between two resets */
};

void chimera_arena_init(struct chimera_arena *arena, size_t limit);

/* Aligned to 16; not zeroed. NULL past the limit or when memory ran out. */
void *chimera_arena_take(struct chimera_arena *arena, size_t size);

/* A copy that lives until the reset; .data is NULL when there was no room. */
struct chimera_slice chimera_arena_copy(struct chimera_arena *arena, struct chimera_slice bytes);

/* printf into the arena, with a NUL behind the text; .data is NULL when there was no room. */
struct chimera_slice chimera_arena_print(struct chimera_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Everything taken is gone; the blocks stay, up to 1 MiB, for the next request. */
void chimera_arena_reset(struct chimera_arena *arena);
/* Everything taken is gone, and no block stays. */
void chimera_arena_give_back(struct chimera_arena *arena);

void chimera_arena_free(struct chimera_arena *arena);

#endif
