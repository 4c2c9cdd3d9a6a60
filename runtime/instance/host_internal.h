/* host_internal.h - what only the files of this folder know of a host. */
#ifndef CHIMERA_HOST_INTERNAL_H
#define CHIMERA_HOST_INTERNAL_H

#include <stdbool.h>

#include "runtime/instance/host.h"
#include "runtime/instance/sanitizer.h"

/* A 32-bit address plus a 32-bit offset plus the widest access stays inside; nothing is mapped below
 * the base either. */
#define CHIMERA_GUARD_BYTES ((uint64_t)64 * 1024)
#define CHIMERA_MEMORY_SPAN ((uint64_t)8 << 30)
#define CHIMERA_RESERVATION_BYTES (CHIMERA_GUARD_BYTES + CHIMERA_MEMORY_SPAN + CHIMERA_GUARD_BYTES)

#define CHIMERA_STACK_BYTES ((size_t)8 << 20)
/* Larger than the probes of -fstack-clash-protection are apart. */
#define CHIMERA_STACK_GUARD_BYTES ((size_t)1 << 20)
/* What an import function may use of the guest's stack. */
#define CHIMERA_STACK_FOR_HOST ((size_t)256 * 1024)

/* For instantiation and the start function, which have no limit of their own. */
#define CHIMERA_START_LIMIT_MS 10000

#define CHIMERA_TABLE_MAX 10000000u /* entries; wasm tables of policies have some thousands */

struct chimera_snapshot {
    uint64_t memory_size; /* bytes of linear memory then */
    void *instance;       /* a copy of the instance; owned */
    void **tables;        /* a copy of each table's entries; owned, both levels */
    void **table_data;    /* where each table's entries were: that block is never freed by growth */
};

struct chimera_host_internal {
    struct chimera_fibre fibre;
    bool has_run; /* guest code ran since the memory was mapped: it may differ from the image */
    const struct chimera_export *export; /* of the call being made */
    union chimera_value *values;
    void (*function)(struct chimera_instance *); /* or this, for initialize and start */
};

/* memory.c */
int chimera_memory_reserve(struct chimera_host *host, struct chimera_error *err);
/* Maps linear memory afresh from `image_fd` (-1: none), all else zero. */
int chimera_memory_map(struct chimera_host *host, int image_fd, uint64_t image_size, uint64_t size);
int chimera_memory_to_memfd(const struct chimera_host *host, int *ret_fd, struct chimera_error *err);
void chimera_memory_reset(struct chimera_host *host, uint64_t size);
void chimera_memory_free(struct chimera_host *host);

/* table.c */
int chimera_tables_make(struct chimera_host *host, struct chimera_error *err);
int chimera_tables_save(struct chimera_host *host, struct chimera_error *err);
void chimera_tables_restore(struct chimera_host *host);
void chimera_tables_free(struct chimera_host *host);
struct chimera_table *chimera_table_at(const struct chimera_host *host, uint32_t index);

#endif
