/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's stack. A deep recursion touches pages that no other request needs; they would stay as
 * long as the instance does, 8 MiB each of full ones, so a reset gives back what lies below a usual
 * depth. */
#include "runtime/instance/stack.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/instance/pagemap.h"
#include "runtime/instance/types_internal.h"

/* What stays. The guest's own depth, and the page that full.h probes as far below it as the host
 * may go: were that given back, each import would meet it anew. The quick tier needs four times
 * as much. */
#define KEPT_BYTES (2 * CHIMERA_STACK_FOR_HOST)
#define KEPT_QUICK_BYTES (4 * CHIMERA_STACK_FOR_HOST)

#define MINCORE_PAGES 4096 /* asked for at once */

static bool is_quick(const struct chimera_guest *guest)
{
    return guest->loaded->plugin->tier == CHIMERA_TIER_QUICK;
}

int chimera_stack_make(struct chimera_guest *guest, struct chimera_error *err)
{
    size_t usable = is_quick(guest) ? CHIMERA_STACK_QUICK_BYTES : CHIMERA_STACK_BYTES;
    size_t size = CHIMERA_STACK_GUARD_BYTES + usable;
    uint8_t *stack =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack != MAP_FAILED) { /* to be freed, however this ends */
        guest->stack = stack;
        guest->stack_size = size;
    }
    if (!guest->stack ||
        mprotect(stack + CHIMERA_STACK_GUARD_BYTES, usable, PROT_READ | PROT_WRITE) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's stack: %s",
                            strerror(errno));
    madvise(stack, size, MADV_DONTFORK);
    madvise(stack, size, MADV_NOHUGEPAGE); /* one would keep 2 MiB of it */
    guest->instance->stack_limit = stack + CHIMERA_STACK_GUARD_BYTES + CHIMERA_STACK_MARGIN;
    return CHIMERA_OK;
}

void chimera_stack_free(struct chimera_guest *guest)
{
    if (guest->stack)
        munmap(guest->stack, guest->stack_size);
    guest->stack = NULL;
}

static uint64_t bottom_of(const struct chimera_guest *guest)
{
    return (uint64_t)(uintptr_t)guest->stack + CHIMERA_STACK_GUARD_BYTES;
}

static uint64_t top_of(const struct chimera_guest *guest)
{
    return (uint64_t)(uintptr_t)guest->stack + guest->stack_size;
}

static void give_back(uint64_t from, uint64_t to)
{
    madvise((void *)(uintptr_t)from, (size_t)(to - from), MADV_DONTNEED);
}

/* Pages of [from, to) that are the stack's own now. */
static uint64_t count_pages(struct chimera_guest *guest, uint64_t from, uint64_t to)
{
    struct chimera_page_list *list = &guest->internal->stack_list;
    if (chimera_tracking() == CHIMERA_TRACKING_NONE) {
        /* Without page tracking: pages that are swapped out are not seen, and may stay. */
        unsigned char is_there[MINCORE_PAGES];
        uint64_t count = 0;
        while (from < to) {
            uint64_t pages = (to - from) / CHIMERA_PROCESSOR_PAGE;
            if (pages > MINCORE_PAGES)
                pages = MINCORE_PAGES;
            if (mincore((void *)(uintptr_t)from, (size_t)(pages * CHIMERA_PROCESSOR_PAGE),
                        is_there) == 0)
                for (uint64_t i = 0; i < pages; i++)
                    count += is_there[i] & 1;
            from += pages * CHIMERA_PROCESSOR_PAGE;
        }
        return count;
    }
    if (chimera_pagemap_list(from, to, list) < 0)
        return (to - from) / CHIMERA_PROCESSOR_PAGE;
    return list->pages;
}

void chimera_stack_look(struct chimera_guest *guest)
{
    uint64_t bottom = bottom_of(guest), top = top_of(guest);
    uint64_t kept_from = top - (is_quick(guest) ? KEPT_QUICK_BYTES : KEPT_BYTES);
    if (count_pages(guest, bottom, kept_from) > 0)
        give_back(bottom, kept_from);
    guest->internal->stack_pages = count_pages(guest, kept_from, top);
}

void chimera_stack_drop(struct chimera_guest *guest)
{
    give_back(bottom_of(guest), top_of(guest));
    guest->internal->stack_pages = 0;
}
