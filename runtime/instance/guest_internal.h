/* SPDX-License-Identifier: Apache-2.0 */
/* guest_internal.h - what only the files of this folder know of a host. */
#ifndef CHIMERA_INSTANCE_GUEST_INTERNAL_H
#define CHIMERA_INSTANCE_GUEST_INTERNAL_H

#include <stdbool.h>

#include "runtime/instance/guest.h"
#include "runtime/instance/image.h"
#include "runtime/instance/reset.h"
#include "runtime/instance/sanitizer.h"

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

/* For instantiation and the start function, which have no limit of their own. */
#define CHIMERA_START_LIMIT_MS 10000

/* In messages: how to raise a policy's memory limit. */
#define CHIMERA_LIMIT_ADVICE \
    "see `memoryLimit` of --policy-options and --memory-limit of `chimera run`"

#define CHIMERA_TABLE_MAX 10000000u /* entries; wasm tables of policies have some thousands */

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

struct chimera_host_internal {
    struct chimera_fibre fibre;
    struct chimera_image *image; /* one reference: what linear memory maps */
    struct chimera_reset reset;
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

/* stack.c */
int chimera_stack_make(struct chimera_host *host, struct chimera_error *err);
void chimera_stack_free(struct chimera_host *host);
/* Counts the pages that it has, and gives back those that an unusual depth took. Between runs, when
 * pages may have come to it. */
void chimera_stack_look(struct chimera_host *host);
/* Gives back all of it: what a waiting guest has there is in the snapshot. */
void chimera_stack_drop(struct chimera_host *host);

/* memory.c: takes what the guest wants to grow by, up to its share of the limit: the rest is for
 * what its host must keep for it, an answer at least. False when there is not so much, which
 * host->has_met_limit remembers. */
bool chimera_memory_take(struct chimera_host *host, uint64_t bytes);

int chimera_memory_reserve(struct chimera_host *host, struct chimera_error *err);
/* Maps linear memory afresh: the image, and zeros up to `size`. */
int chimera_memory_map(struct chimera_host *host, const struct chimera_image *image, uint64_t size);
void chimera_memory_free(struct chimera_host *host);

/* snapshot.c */
void chimera_snapshot_free(struct chimera_host *host);
void chimera_snapshot_restore_stack(struct chimera_host *host);

/* table.c */
int chimera_tables_make(struct chimera_host *host, struct chimera_error *err);
int chimera_tables_save(const struct chimera_host *host, struct chimera_snapshot *snapshot);
/* Together with the instance, which holds the tables' structs. */
void chimera_tables_restore(struct chimera_host *host);
void chimera_tables_free(struct chimera_host *host);
struct chimera_table *chimera_table_at(const struct chimera_host *host, uint32_t index);

#endif
