/* SPDX-License-Identifier: Apache-2.0 */
/* pagemap.h - which pages of a private mapping have been written (runtime-performance.md §3).
 *
 * A page that was written has a copy of its own: it is neither the file's nor the kernel's page of
 * zeros. The kernel tells which those are, in the best of three ways that it has; the way is chosen
 * once a process. The file that is asked stays open, so that a process which may open nothing any
 * more still can.
 */
#ifndef CHIMERA_INSTANCE_PAGEMAP_H
#define CHIMERA_INSTANCE_PAGEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHIMERA_PROCESSOR_PAGE ((uint64_t)4096)

enum chimera_tracking {
    CHIMERA_TRACKING_SCAN, /* ioctl(PAGEMAP_SCAN), Linux 6.7 and newer */
    CHIMERA_TRACKING_READ, /* reading /proc/self/pagemap: a number for every page */
    CHIMERA_TRACKING_NONE, /* neither: everything is copied or dropped */
};

/* The way of this process. CHIMERA_PAGE_TRACKING=scan, read or none asks for one; what the kernel
 * lacks is not taken. Any thread; opens what it needs at its first call. */
enum chimera_tracking chimera_tracking(void);
const char *chimera_tracking_name(enum chimera_tracking tracking);

struct chimera_page_run { /* as the kernel writes it: struct page_region */
    uint64_t start, end;  /* addresses, multiples of a page */
    uint64_t categories;
};

struct chimera_page_list {
    struct chimera_page_run *runs; /* owned; sorted, apart from each other */
    size_t count, capacity;
    uint64_t pages; /* in all of them */
};

/* Lists the written pages of [start, end). Complete, or CHIMERA_ENOMEM or CHIMERA_EIO. Not for
 * CHIMERA_TRACKING_NONE. */
int chimera_pagemap_list(uint64_t start, uint64_t end, struct chimera_page_list *list);
void chimera_page_list_done(struct chimera_page_list *list);

/* How often this thread has met a page for the first time, ever: while the number stands still, no
 * page of a private mapping has become written that was not before. False when the kernel does not
 * count; it was tried out once. */
bool chimera_fault_count(uint64_t *ret_count);

#endif
