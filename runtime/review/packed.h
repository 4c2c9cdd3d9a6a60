/* SPDX-License-Identifier: Apache-2.0 */
/* packed.h - responses as bytes: for another process, or for later, and always for the same
 * program.
 *
 * Numbers are as they are in memory. Reading copies nothing: slices point into the bytes. Whoever
 * wrote them is not believed: the first failure sticks.
 */
#ifndef CHIMERA_REVIEW_PACKED_H
#define CHIMERA_REVIEW_PACKED_H

#include "runtime/review/response.h"

void chimera_pack_number(struct chimera_buffer *out, uint32_t number);
void chimera_pack_long(struct chimera_buffer *out, uint64_t number);
/* With .data NULL it is read as such. */
void chimera_pack_slice(struct chimera_buffer *out, struct chimera_slice slice);

struct chimera_unpack {
    struct chimera_slice rest;
    bool failed;
};

uint32_t chimera_unpack_number(struct chimera_unpack *unpack);
uint64_t chimera_unpack_long(struct chimera_unpack *unpack);
bool chimera_unpack_bool(struct chimera_unpack *unpack);
struct chimera_slice chimera_unpack_slice(struct chimera_unpack *unpack);
/* All was read, and nothing failed. */
bool chimera_unpack_is_done(const struct chimera_unpack *unpack);

/* Two responses that are written alike have the same bytes; the uid is not in them. */
void chimera_pack_response(struct chimera_buffer *out, const struct chimera_response *response);
/* All of the bytes. What goes into an answer as it stands is checked to be what it says it is. The
 * uid stays as it is in *ret_response; causes are in the arena. */
bool chimera_unpack_response(struct chimera_slice bytes, struct chimera_arena *arena,
                             struct chimera_response *ret_response);

#endif
