/* SPDX-License-Identifier: Apache-2.0 */
/* join.h - the quick tier's objects to a plugin's .so.
 *
 * tcc writes plain objects: code, data, and few kinds of relocations. So putting them together
 * needs no linker for everything, which takes longer to start than all else that a small module
 * needs. The objects come from a compiler that the module may have taken over: each number in them
 * is checked before it is used, and what tcc does not write is refused. What comes out goes through
 * the same audit as a linker's. Equal objects give equal bytes.
 */
#ifndef CHIMERA_COMPILER_NATIVE_JOIN_H
#define CHIMERA_COMPILER_NATIVE_JOIN_H

#include <stddef.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Counts its changes: what it makes of given objects is part of the quick tier's recipe. */
#define CHIMERA_JOIN_VERSION "join 1"

/* Appends the file and its map (names_write.h reads it), in the objects' order, to two empty
 * buffers. CHIMERA_EREFUSED, CHIMERA_ELIMIT past a buffer's limit, CHIMERA_ENOMEM. */
int chimera_join(const struct chimera_slice *objects, size_t count, struct chimera_buffer *so,
                 struct chimera_buffer *map, struct chimera_error *err);

#endif
