/* SPDX-License-Identifier: Apache-2.0 */
/* pieces.h - one text as a short list of borrowed slices, so that it is copied once: into the
 * guest. */
#ifndef CHIMERA_BASE_PIECES_H
#define CHIMERA_BASE_PIECES_H

#include <assert.h>
#include <stdint.h>

#include "runtime/base/slice.h"

#define CHIMERA_PIECES_MAX 48

struct chimera_pieces {
    struct chimera_slice piece[CHIMERA_PIECES_MAX];
    unsigned count;
    size_t size; /* of all together */
};

/* Empty slices are left out. A list that is full is a programming error. */
static inline void chimera_pieces_add(struct chimera_pieces *pieces, struct chimera_slice slice)
{
    if (slice.size == 0)
        return;
    assert(pieces->count < CHIMERA_PIECES_MAX);
    pieces->piece[pieces->count++] = slice;
    pieces->size += slice.size;
}

void chimera_pieces_add_all(struct chimera_pieces *pieces, const struct chimera_pieces *more);

/* Copies at most `size` bytes of the text from `offset` on to `to`; returns how many. */
size_t chimera_pieces_copy(const struct chimera_pieces *pieces, size_t offset, void *to,
                           size_t size);

#endif
