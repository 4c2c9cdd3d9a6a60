/* SPDX-License-Identifier: Apache-2.0 */
/* normal.h - the typed parts of a request in the form that their types have (policy-server.md
 * §4.3).
 *
 * The reference reads `kind`, `resource`, their `request…` twins and `userInfo` into structs and
 * writes those out again for the guest: no nulls, no unknown members, no arrays in place of
 * objects, each key once. An API server sends nothing else, so they are looked at only when the
 * parser of the request met something odd.
 */
#ifndef CHIMERA_REVIEW_NORMAL_H
#define CHIMERA_REVIEW_NORMAL_H

#include "runtime/base/arena.h"

/* `values` of chimera_shape_request; those parts that are not as they should be are replaced by
 * text in the arena. False when it is full, or userInfo.extra has more keys than anybody's. */
bool chimera_request_normalize(struct chimera_slice *values, struct chimera_arena *arena);

#endif
