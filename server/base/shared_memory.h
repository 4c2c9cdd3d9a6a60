/* SPDX-License-Identifier: Apache-2.0 */
/* shared_memory.h - memory that processes of the server have in common.
 *
 * The supervisor makes it and keeps the descriptor. No child inherits the mapping: one that is to
 * have it maps it anew, before it gives up its descriptors, and the others (builds, tenants) never
 * see it.
 */
#ifndef CHIMERA_SERVER_BASE_SHARED_MEMORY_H
#define CHIMERA_SERVER_BASE_SHARED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

struct shared {
    int fd; /* owned */
    size_t size;
    void *data; /* owned; of this process. NULL: not mapped */
};

#define SHARED_NONE ((struct shared){.fd = -1})

/* Zeroed, and only as large as what is written to; mapped to be written. `is_ours_alone`: nobody
 * but the caller can ever write to it. */
int shared_make(struct shared *shared, const char *name, size_t size, bool is_ours_alone,
                struct chimera_error *err);

/* In a child. */
int shared_map(struct shared *shared, bool is_written, struct chimera_error *err);

/* Makes a part of it zeros and gives its pages back; whole pages only. */
void shared_empty(const struct shared *shared, size_t offset, size_t size);

void shared_done(struct shared *shared); /* does nothing when there is none */

#endif
