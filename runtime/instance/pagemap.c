/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/error.h"

/* <linux/fs.h> of Linux 6.7; Debian 12's is older. */
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct scan)
#define IS_FILE ((uint64_t)4)
#define IS_PRESENT ((uint64_t)8)
#define IS_SWAPPED ((uint64_t)16)
#define IS_ZERO_PAGE ((uint64_t)32)

/* Bits of a number in /proc/PID/pagemap. */
#define ENTRY_PRESENT ((uint64_t)1 << 63)
#define ENTRY_SWAPPED ((uint64_t)1 << 62)
#define ENTRY_FILE ((uint64_t)1 << 61)

#define RUNS_FIRST 64
#define RUNS_MAX ((size_t)1 << 20) /* every other page of the largest memory */
#define READ_ENTRIES 512

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int pagemap_fd = -1;
static enum chimera_tracking chosen = CHIMERA_TRACKING_NONE;
static bool counts_faults;

const char *chimera_tracking_name(enum chimera_tracking tracking)
{
    static const char *const names[] = {"scan", "read", "none"};
    return names[tracking];
}

static bool grow(struct chimera_page_list *list)
{
    size_t capacity = list->capacity ? 2 * list->capacity : RUNS_FIRST;
    struct chimera_page_run *runs =
        capacity <= RUNS_MAX ? realloc(list->runs, capacity * sizeof(*runs)) : NULL;
    if (!runs)
        return false;
    list->runs = runs;
    list->capacity = capacity;
    return true;
}

/* A page that was swapped out is not present, but written all the same. */
static int list_by_scan(uint64_t start, uint64_t end, struct chimera_page_list *list)
{
    while (start < end) {
        if (list->count == list->capacity && !grow(list))
            return CHIMERA_ENOMEM;
        struct scan scan = {.size = sizeof(scan),
                            .start = start,
                            .end = end,
                            .vec = (uint64_t)(uintptr_t)(list->runs + list->count),
                            .vec_len = list->capacity - list->count,
                            .category_inverted = IS_FILE | IS_ZERO_PAGE,
                            .category_mask = IS_FILE | IS_ZERO_PAGE,
                            .category_anyof_mask = IS_PRESENT | IS_SWAPPED,
                            .return_mask = IS_PRESENT};
        int count = ioctl(pagemap_fd, PAGEMAP_SCAN, &scan);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 || scan.walk_end < start)
            return CHIMERA_EIO;
        list->count += (size_t)count;
        if (scan.walk_end == start && count == 0)
            return CHIMERA_EIO; /* no way forward */
        start = scan.walk_end;
    }
    return CHIMERA_OK;
}

static bool add_page(struct chimera_page_list *list, uint64_t page)
{
    if (list->count > 0 && list->runs[list->count - 1].end == page) {
        list->runs[list->count - 1].end += CHIMERA_PROCESSOR_PAGE;
        return true;
    }
    if (list->count == list->capacity && !grow(list))
        return false;
    list->runs[list->count++] =
        (struct chimera_page_run){.start = page, .end = page + CHIMERA_PROCESSOR_PAGE};
    return true;
}

/* The page of zeros cannot be told from others here, so it counts as written: that costs a little
 * and loses nothing. */
static int list_by_reading(uint64_t start, uint64_t end, struct chimera_page_list *list)
{
    uint64_t entries[READ_ENTRIES];
    while (start < end) {
        uint64_t wanted = (end - start) / CHIMERA_PROCESSOR_PAGE;
        if (wanted > READ_ENTRIES)
            wanted = READ_ENTRIES;
        ssize_t size = pread(pagemap_fd, entries, wanted * sizeof(*entries),
                             (off_t)(start / CHIMERA_PROCESSOR_PAGE * sizeof(*entries)));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < (ssize_t)sizeof(*entries))
            return CHIMERA_EIO;
        for (size_t i = 0; i < (size_t)size / sizeof(*entries); i++) {
            bool is_own =
                (entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)) && !(entries[i] & ENTRY_FILE);
            if (is_own && !add_page(list, start))
                return CHIMERA_ENOMEM;
            start += CHIMERA_PROCESSOR_PAGE;
        }
    }
    return CHIMERA_OK;
}

static int list_by(enum chimera_tracking tracking, uint64_t start, uint64_t end,
                   struct chimera_page_list *list)
{
    list->count = 0;
    list->pages = 0;
    int code = tracking == CHIMERA_TRACKING_SCAN ? list_by_scan(start, end, list)
                                                 : list_by_reading(start, end, list);
    for (size_t i = 0; i < list->count; i++)
        list->pages += (list->runs[i].end - list->runs[i].start) / CHIMERA_PROCESSOR_PAGE;
    return code;
}

/* --- Choosing --- */

static uint64_t fault_count(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
}

/* Does it find a written page between two others, and nothing else? */
static bool works(enum chimera_tracking tracking, uint8_t *pages)
{
    struct chimera_page_list list = {0};
    uint64_t start = (uint64_t)(uintptr_t)pages, page = CHIMERA_PROCESSOR_PAGE;
    bool is_good = list_by(tracking, start, start + 3 * page, &list) == CHIMERA_OK &&
                   list.count == 1 && list.runs[0].start == start + page &&
                   list.runs[0].end == start + 2 * page;
    chimera_page_list_done(&list);
    return is_good;
}

static enum chimera_tracking asked_for(void)
{
    const char *name = getenv("CHIMERA_PAGE_TRACKING");
    for (int i = CHIMERA_TRACKING_SCAN; name && i <= CHIMERA_TRACKING_NONE; i++)
        if (strcmp(name, chimera_tracking_name((enum chimera_tracking)i)) == 0)
            return (enum chimera_tracking)i;
    return CHIMERA_TRACKING_SCAN;
}

static void choose(void)
{
    uint8_t *pages = mmap(NULL, 3 * CHIMERA_PROCESSOR_PAGE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return;
    madvise(pages, 3 * CHIMERA_PROCESSOR_PAGE, MADV_NOHUGEPAGE);
    pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    uint64_t before = fault_count();
    *(volatile uint8_t *)(pages + CHIMERA_PROCESSOR_PAGE) = 1;
    counts_faults = fault_count() > before;
    enum chimera_tracking tracking = asked_for();
    while (tracking != CHIMERA_TRACKING_NONE && (pagemap_fd < 0 || !works(tracking, pages)))
        tracking = (enum chimera_tracking)(tracking + 1);
    chosen = tracking;
    munmap(pages, 3 * CHIMERA_PROCESSOR_PAGE);
}

enum chimera_tracking chimera_tracking(void)
{
    pthread_once(&once, choose);
    return chosen;
}

int chimera_pagemap_list(uint64_t start, uint64_t end, struct chimera_page_list *list)
{
    return list_by(chimera_tracking(), start, end, list);
}

void chimera_page_list_done(struct chimera_page_list *list)
{
    free(list->runs);
    *list = (struct chimera_page_list){0};
}

bool chimera_fault_count(uint64_t *ret_count)
{
    *ret_count = fault_count();
    return counts_faults;
}
