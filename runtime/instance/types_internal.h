/* SPDX-License-Identifier: Apache-2.0 */
/* types_internal.h - what only the files of this folder know of an instance. */
#ifndef CHIMERA_INSTANCE_TYPES_INTERNAL_H
#define CHIMERA_INSTANCE_TYPES_INTERNAL_H

#include "runtime/instance/image.h"
#include "runtime/instance/pagemap.h"
#include "runtime/instance/sanitizer.h"
#include "runtime/instance/types.h"

/* A 32-bit address plus a 32-bit offset plus the widest access stays inside; nothing is mapped
 * below the base either. */
#define CHIMERA_GUARD_BYTES ((uint64_t)64 * 1024)
#define CHIMERA_MEMORY_SPAN ((uint64_t)8 << 30)
#define CHIMERA_RESERVATION_BYTES (CHIMERA_GUARD_BYTES + CHIMERA_MEMORY_SPAN + CHIMERA_GUARD_BYTES)

/* Settled question 5. tcc keeps nothing in registers, so the same recursion needs more. */
#define CHIMERA_STACK_BYTES ((size_t)8 << 20)
#define CHIMERA_STACK_QUICK_BYTES ((size_t)32 << 20)
/* Larger than the probes of -fstack-clash-protection are apart, and than the quick tier's largest
 * frame with what its caller and its arguments may have used below the limit. */
#define CHIMERA_STACK_GUARD_BYTES (4 * CHIMERA_FRAME_MAX)
/* Below this much a function of the quick tier does not run: its own frame, the arguments of a
 * call, and the host's function that it calls must fit. */
#define CHIMERA_STACK_MARGIN (CHIMERA_FRAME_MAX + 2 * CHIMERA_STACK_FOR_HOST)

struct chimera_reset {
    struct chimera_page_list written; /* of [0, high) as addresses */
    uint64_t high;                    /* bytes that have been accessible since all was dropped */
    uint64_t faults, thread;          /* the fault count of which thread when `written` was made */
    bool is_known;                    /* `written` was made since all was dropped */
    uint64_t typical_pages;           /* of the first requests since then */
    unsigned since_drop;              /* requests since then */
};

struct chimera_snapshot {
    struct chimera_image *image; /* one reference; linear memory maps it */
    uint64_t memory_size;        /* bytes of linear memory then */
    void *instance;              /* a copy of the instance; owned */
    void **tables;               /* a copy of each table's entries; owned, both levels */
    void **table_data;    /* where each table's entries were: that block is never freed by growth */
    uint32_t *table_room; /* of those blocks; owned */
    uint64_t table_bytes;
    void *stack;       /* of a suspended guest: its stack from `suspended` to the top; owned */
    void *suspended;   /* its stack pointer; NULL: not suspended */
    size_t stack_size; /* bytes of `stack` */
};

struct chimera_guest_internal {
    struct chimera_fibre fibre;
    /* Where chimera_guest_rewind() goes back to. Owned unless it is the guest's snapshot; NULL:
     * there is none. */
    struct chimera_snapshot *base;
    struct chimera_image *image; /* one reference: what linear memory maps */
    struct chimera_reset reset;
    unsigned piece_count; /* of what was grown since memory was mapped, see memory.c */
    uint64_t pieces_end;
    bool has_run;    /* guest code ran since the memory was mapped: it may differ from the image */
    void *suspended; /* the guest's stack pointer while it waits in chimera_guest_suspend() */
    const struct chimera_export *export; /* of the call being made */
    union chimera_value *values;
    void (*function)(struct chimera_instance *); /* or this, for initialize and start */
    uint32_t *table_room; /* for how many entries each table's block has room; owned */
    uint64_t table_bytes; /* what the account counts for all tables */
    uint64_t stack_pages; /* that the stack keeps between runs */
    struct chimera_page_list stack_list; /* room for stack.c; owned */
};

#endif
