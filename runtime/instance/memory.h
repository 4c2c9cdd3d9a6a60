/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - linear memory: its reservation, its mapping, its growth. */
#ifndef CHIMERA_INSTANCE_MEMORY_H
#define CHIMERA_INSTANCE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"

struct chimera_guest;
struct chimera_image;

/* Takes what the guest wants to grow by, up to its share of the limit: the rest is for
 * what its host must keep for it, an answer at least. False when there is not so much, which
 * guest->has_met_limit remembers. */
bool chimera_memory_take(struct chimera_guest *guest, uint64_t bytes);

int chimera_memory_reserve(struct chimera_guest *guest, struct chimera_error *err);
/* Maps linear memory afresh: the image, and zeros up to `size`. */
int chimera_memory_map(struct chimera_guest *guest, const struct chimera_image *image,
                       uint64_t size);
/* What is mapped from `from` up to `to`, and what it holds, is gone: out of reach as at first. */
int chimera_memory_unmap(struct chimera_guest *guest, uint64_t from, uint64_t to);
void chimera_memory_free(struct chimera_guest *guest);

#endif
