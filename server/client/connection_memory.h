/* SPDX-License-Identifier: Apache-2.0 */
/* connection_memory.h - how many bytes connections take together, and how many there may be.
 *
 * One account for all loops of a worker: sockets, the state of TLS, what has come of requests, what
 * has not gone of answers. A loop takes from it in steps, so that an ordinary request touches
 * nothing that is shared. Where it gets scarce, clients have less time (progress.h) and loops close
 * connections (relief.h); beyond the maximum nothing more is read.
 */
#ifndef CHIMERA_SERVER_CLIENT_CONNECTION_MEMORY_H
#define CHIMERA_SERVER_CLIENT_CONNECTION_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "server/client/peer.h"

struct connection_memory { /* all loops' */
    size_t max;            /* bytes; does not change, like the next three */
    size_t step;
    unsigned loop_count;
    unsigned descriptors; /* that the process may have for connections */
    atomic_size_t taken;  /* bytes, by loops */
    /* Bytes of `taken` that requests hold which wait for their turn, for audits and for others. */
    atomic_size_t waiting, waiting_audits;
    atomic_uint connections;
    atomic_uint connections_max; /* lower than `descriptors` after they have run out */
    atomic_size_t peak;          /* of `taken`, since the heap was last trimmed */
    struct peer_register known;  /* whom loops know */
};

struct memory_share {             /* a loop's; its thread's alone */
    struct connection_memory *of; /* borrowed */
    size_t held;                  /* what its connections take, and its spare buffers */
    size_t taken;                 /* at least that */
};

void connection_memory_open(struct connection_memory *memory, size_t max, unsigned loop_count,
                            unsigned descriptors);
void connection_memory_close(struct connection_memory *memory);

/* What was `from` bytes is `to` bytes now. Never fails: ask memory_share_fits() before. */
void memory_share_change(struct memory_share *share, size_t from, size_t to);
bool memory_share_fits(const struct memory_share *share, size_t more);

/* Less than half is in use: then nobody has to be careful. */
bool connection_memory_is_at_ease(struct connection_memory *memory);
/* Connections should be closed, until there is room again. */
bool connection_memory_is_scarce(struct connection_memory *memory);
bool connection_memory_has_room(struct connection_memory *memory);
/* It is not, or not only, bytes that are scarce. */
bool connection_memory_lacks_descriptors(struct connection_memory *memory);
/* No connection may come before some have gone. */
bool connection_memory_is_full(struct connection_memory *memory);
/* From 0 to PRESSURE_FULL. */
unsigned connection_memory_pressure(struct connection_memory *memory);
/* Whether it is more than 0, which each round of a loop asks. */
static inline bool connection_memory_is_pressed(struct connection_memory *memory)
{
    unsigned max = atomic_load_explicit(&memory->connections_max, memory_order_relaxed);
    return atomic_load_explicit(&memory->taken, memory_order_relaxed) > memory->max / 2 ||
           atomic_load_explicit(&memory->connections, memory_order_relaxed) > max / 2;
}

/* Now and then: the heap gives back to the system what many connections have left in it. */
void connection_memory_trim(struct connection_memory *memory);

/* Requests that wait for their turn may hold so much: half of all, audits another quarter. */
bool connection_memory_may_wait(struct connection_memory *memory, size_t bytes);
bool connection_memory_may_audit_wait(struct connection_memory *memory, size_t bytes);
void connection_memory_wait(struct connection_memory *memory, bool is_audit, size_t bytes);
void connection_memory_end_wait(struct connection_memory *memory, bool is_audit, size_t bytes);

/* For the listener: descriptors ran out with as many connections as there are now. */
void connection_memory_lower(struct connection_memory *memory);
/* It may have been somebody else's doing: once most of those are gone, it is tried again. */
void connection_memory_restore(struct connection_memory *memory);

#endif
