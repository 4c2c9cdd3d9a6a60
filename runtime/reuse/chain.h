/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - bytes in blocks of one size, out of a pool that never grows.
 *
 * For what comes and goes in all sizes within a bound that has to hold: nothing is ever too
 * scattered to be used, and what a block holds is known. One thread, or one lock for a pool and all
 * its chains.
 */
#ifndef CHIMERA_REUSE_CHAIN_H
#define CHIMERA_REUSE_CHAIN_H

#include <stdbool.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_BLOCK_SIZE 256
#define CHIMERA_BLOCK_BYTES (CHIMERA_BLOCK_SIZE - sizeof(void *))

struct chimera_block {
    struct chimera_block *next;
    char bytes[CHIMERA_BLOCK_BYTES];
};

struct chimera_blocks {           /* the pool */
    struct chimera_block *memory; /* owned mapping, whose pages come as they are used */
    size_t count;
    size_t touched;             /* those before this one have been used */
    size_t used;                /* now */
    struct chimera_block *free; /* of those that were */
};

struct chimera_chain { /* zeroes: empty */
    struct chimera_block *first, *last;
    size_t size; /* bytes; all blocks but the last are full */
};

int chimera_blocks_open(struct chimera_blocks *blocks, size_t count, struct chimera_error *err);
void chimera_blocks_close(struct chimera_blocks *blocks);

/* NULL when all are used. Its bytes are as somebody left them. */
struct chimera_block *chimera_blocks_take(struct chimera_blocks *blocks);
void chimera_blocks_give(struct chimera_blocks *blocks, struct chimera_block *block);

/* How many blocks `more` bytes take behind what a chain of `size` bytes has. */
size_t chimera_chain_blocks(size_t size, size_t more);

/* The pool has blocks enough: see above. */
void chimera_chain_append(struct chimera_chain *chain, struct chimera_blocks *blocks,
                          struct chimera_slice bytes);
/* Gives all of it back. */
void chimera_chain_empty(struct chimera_chain *chain, struct chimera_blocks *blocks);

struct chimera_chain_place { /* where somebody is in a chain; valid while it does not change */
    struct chimera_block *block;
    size_t at;
};

struct chimera_chain_place chimera_chain_begin(const struct chimera_chain *chain);

/* Each steps over `size` bytes, which must be there. */
void chimera_chain_skip(struct chimera_chain_place *place, size_t size);
void chimera_chain_read(struct chimera_chain_place *place, void *to, size_t size);
void chimera_chain_overwrite(struct chimera_chain_place *place, struct chimera_slice bytes);
/* Are they these? Steps over them only if they are. */
bool chimera_chain_match(struct chimera_chain_place *place, struct chimera_slice bytes);

#endif
