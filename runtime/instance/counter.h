/* SPDX-License-Identifier: Apache-2.0 */
/* counter.h - how many WebAssembly instructions an instance has run (plugin/counter.h).
 *
 * The counter is one of the guest's globals: chimera_guest_snapshot() keeps it, and a reset brings
 * it back. So right behind a reset it is what the start has taken, and what it has more at the end
 * of an evaluation is what that has taken.
 */
#ifndef CHIMERA_INSTANCE_COUNTER_H
#define CHIMERA_INSTANCE_COUNTER_H

#include <string.h>

#include "runtime/instance/types.h"

static inline bool chimera_guest_counts(const struct chimera_guest *guest)
{
    return guest->loaded->counter_offset != 0;
}

/* Since the instance was made; 0 where its plugin does not count. On its thread. */
static inline uint64_t chimera_guest_counted(const struct chimera_guest *guest)
{
    uint64_t count = 0;
    if (chimera_guest_counts(guest))
        memcpy(&count, (const char *)guest->instance + guest->loaded->counter_offset,
               sizeof(count));
    return count;
}

#endif
