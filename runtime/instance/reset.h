/* SPDX-License-Identifier: Apache-2.0 */
/* reset.h - linear memory back to its image, by copying back the pages that a request wrote.
 *
 * runtime-performance.md §3: a page once written stays resident and is copied back after every
 * request, so the set of written pages only changes when the thread meets a page fault; then the
 * kernel is asked for it anew. What a guest grew is taken away again, but its pages are kept,
 * zeroed, for the next one that grows; those beyond 1 MiB are given back. A set that one odd
 * request made large is dropped after a while.
 *
 * The slot is one thread's at a time, and nobody else writes to its memory.
 */
#ifndef CHIMERA_INSTANCE_RESET_H
#define CHIMERA_INSTANCE_RESET_H

#include <stdint.h>

struct chimera_guest;
struct chimera_image;
struct chimera_reset; /* types_internal.h */

/* Memory holds the image and is `size` bytes large again. A failure means that this cannot be
 * proved: the slot must be thrown away. */
int chimera_reset_memory(struct chimera_guest *guest, const struct chimera_image *image,
                         uint64_t size);

/* Gives all written pages back to the system. The slot must be in its reset state. */
void chimera_reset_drop(struct chimera_guest *guest);
/* For memory that was mapped afresh. */
void chimera_reset_forget(struct chimera_reset *reset);
void chimera_reset_done(struct chimera_reset *reset);

#endif
