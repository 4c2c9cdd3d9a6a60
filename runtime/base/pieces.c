/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/pieces.h"

void chimera_pieces_add_all(struct chimera_pieces *pieces, const struct chimera_pieces *more)
{
    for (unsigned i = 0; i < more->count; i++)
        chimera_pieces_add(pieces, more->piece[i]);
}

size_t chimera_pieces_copy(const struct chimera_pieces *pieces, size_t offset, void *to,
                           size_t size)
{
    size_t done = 0;
    for (unsigned i = 0; i < pieces->count && done < size; i++) {
        struct chimera_slice piece = pieces->piece[i];
        if (offset >= piece.size) {
            offset -= piece.size;
            continue;
        }
        size_t step = piece.size - offset < size - done ? piece.size - offset : size - done;
        memcpy((char *)to + done, piece.data + offset, step);
        done += step;
        offset = 0;
    }
    return done;
}
