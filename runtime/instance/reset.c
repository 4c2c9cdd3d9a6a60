/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/reset.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/instance/pagemap.h"
#include "runtime/instance/stack.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"

/* Without page tracking: up to here all of memory is copied, above it is dropped. */
#define COPY_ALL_MAX ((uint64_t)512 * 1024)

/* When the set of written pages is dropped: it has outgrown what requests need, and the last time
 * is so long ago that meeting the pages again does not matter. */
#define DROP_FACTOR 2
#define DROP_SPARE_PAGES 128
#define DROP_AFTER 64
#define LEARN_REQUESTS 16
/* Of what a request had the guest grow by, so much stays for the next. Who lists the cluster's
 * objects grows by megabytes, in each of the slots that are used in turns. */
#define GROWTH_KEPT ((uint64_t)1 << 20)

/* Takes away what was grown; the pages stay, all zero by now. */
static int shrink(struct chimera_memory *memory, uint64_t size)
{
    if (memory->size != size && mprotect(memory->data + size, memory->size - size, PROT_NONE) < 0)
        return CHIMERA_ENOMEM;
    memory->size = size;
    return CHIMERA_OK;
}

/* Makes `written` complete again if it may not be. Asked for all that was ever accessible: pages
 * above the present size are zero, but become accessible again without a fault. */
static int look_for_writes(struct chimera_guest *guest, struct chimera_reset *reset)
{
    const struct chimera_run *run = chimera_run_of_thread();
    uint64_t faults, base = (uint64_t)(uintptr_t)guest->instance->memory.data;
    if (!run)
        return CHIMERA_ENOMEM;
    bool counts = chimera_fault_count(&faults);
    if (counts && reset->is_known && faults == reset->faults && run->id == reset->thread)
        return CHIMERA_OK;
    int code = chimera_pagemap_list(base, base + reset->high, &reset->written);
    if (code < 0)
        return code;
    reset->faults = faults; /* from before the walk: a fault since then only costs another walk */
    reset->thread = run->id;
    reset->is_known = true;
    guest->counters.scans++;
    chimera_stack_look(guest); /* whose pages came by faults, too */
    return CHIMERA_OK;
}

/* Of memory that will be `size` large; what is given back needs no zeroing. */
static void give_back_growth(struct chimera_guest *guest, uint64_t size)
{
    struct chimera_reset *reset = &guest->internal->reset;
    struct chimera_page_list *written = &reset->written;
    uint8_t *from = guest->instance->memory.data + size + GROWTH_KEPT;
    if (reset->high <= size + GROWTH_KEPT ||
        madvise(from, reset->high - size - GROWTH_KEPT, MADV_DONTNEED) < 0)
        return;
    reset->high = size + GROWTH_KEPT;
    uint64_t end = (uint64_t)(uintptr_t)from;
    while (written->count > 0 && written->runs[written->count - 1].end > end) {
        struct chimera_page_run *last = &written->runs[written->count - 1];
        uint64_t kept = last->start < end ? end : last->start;
        written->pages -= (last->end - kept) / CHIMERA_PROCESSOR_PAGE;
        last->end = kept;
        if (last->start < end)
            break;
        written->count--;
    }
}

static bool is_outgrown(struct chimera_reset *reset)
{
    reset->since_drop++;
    if (reset->since_drop <= LEARN_REQUESTS && reset->written.pages > reset->typical_pages)
        reset->typical_pages = reset->written.pages;
    return reset->since_drop > DROP_AFTER &&
           reset->written.pages > DROP_FACTOR * reset->typical_pages + DROP_SPARE_PAGES;
}

static int reset_written(struct chimera_guest *guest, const struct chimera_image *image,
                         uint64_t size)
{
    struct chimera_reset *reset = &guest->internal->reset;
    int code = look_for_writes(guest, reset);
    if (code < 0)
        return code;
    give_back_growth(guest, size);
    const struct chimera_memory *memory = &guest->instance->memory;
    const struct chimera_page_list *written = &guest->internal->reset.written;
    uint64_t base = (uint64_t)(uintptr_t)memory->data;
    for (size_t i = 0; i < written->count; i++) {
        uint64_t from = written->runs[i].start - base, to = written->runs[i].end - base;
        if (from < memory->size)
            chimera_image_copy(image, memory->data, from, to < memory->size ? to : memory->size);
    }
    guest->counters.pages += reset->written.pages;
    code = shrink(&guest->instance->memory, size);
    if (code == CHIMERA_OK && is_outgrown(reset))
        chimera_reset_drop(guest);
    return code;
}

static int reset_all(struct chimera_guest *guest, const struct chimera_image *image, uint64_t size)
{
    struct chimera_memory *memory = &guest->instance->memory;
    /* Has the thread met a page fault since the last time? Without page tracking. */
    struct chimera_reset *reset = &guest->internal->reset;
    const struct chimera_run *run = chimera_run_of_thread();
    uint64_t faults, thread = run ? run->id : 0;
    bool counts = chimera_fault_count(&faults);
    bool is_same = counts && reset->is_known && faults == reset->faults && thread == reset->thread;
    reset->faults = faults;
    reset->thread = thread;
    reset->is_known = true;
    if (!is_same)
        chimera_stack_look(guest);
    if (memory->size > COPY_ALL_MAX) {
        int code = shrink(memory, size);
        chimera_reset_drop(guest);
        return code;
    }
    chimera_image_copy(image, memory->data, 0, memory->size);
    guest->counters.pages += memory->size / CHIMERA_PROCESSOR_PAGE;
    return shrink(memory, size);
}

int chimera_reset_memory(struct chimera_guest *guest, const struct chimera_image *image,
                         uint64_t size)
{
    struct chimera_reset *reset = &guest->internal->reset;
    if (guest->instance->memory.size > reset->high)
        reset->high = guest->instance->memory.size;
    return chimera_tracking() == CHIMERA_TRACKING_NONE ? reset_all(guest, image, size)
                                                       : reset_written(guest, image, size);
}

void chimera_reset_drop(struct chimera_guest *guest)
{
    struct chimera_reset *reset = &guest->internal->reset;
    if (reset->high > 0)
        madvise(guest->instance->memory.data, reset->high, MADV_DONTNEED);
    chimera_reset_forget(reset);
    guest->counters.drops++;
}

void chimera_reset_forget(struct chimera_reset *reset)
{
    reset->high = 0;
    reset->is_known = false;
    reset->written.count = 0;
    reset->written.pages = 0;
    reset->typical_pages = 0;
    reset->since_drop = 0;
}

void chimera_reset_done(struct chimera_reset *reset)
{
    chimera_page_list_done(&reset->written);
}
