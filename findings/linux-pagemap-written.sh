#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Linux (6.18 here; PAGEMAP_SCAN came with 6.7): the scan calls pages written that nobody has touched.
#
# ioctl(PAGEMAP_SCAN) has the category PAGE_IS_WRITTEN. It means "not write-protected by userfaultfd", so in
# memory that no userfaultfd watches it is set for every page below a page table that exists: written ones, ones
# that were only read, and ones that have no memory at all. What tells a written page of private memory there is
# PAGE_IS_PRESENT without PAGE_IS_FILE and PAGE_IS_PFNZERO.
#
# Seen: untouched: written
#       read: written present zero
#       stored to: written present
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo "Linux $(uname -r)"

cat > scan.c <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* From <linux/fs.h> of 6.7; Debian 12's is older. */
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, inverted, mask, anyof, returned;
};
struct region {
    uint64_t start, end, categories;
};
#define PAGEMAP_SCAN _IOWR('f', 16, struct scan)
static const char *const names[] = {"", " written", " file", " present", " swapped", " zero", " huge", ""};

static int show(int pagemap, const char *what, char *page)
{
    struct region region = {0};
    struct scan scan = {.size = sizeof(scan), .start = (uintptr_t)page, .end = (uintptr_t)page + 4096,
                        .vec = (uintptr_t)&region, .vec_len = 1, .returned = 0x7f};
    if (ioctl(pagemap, PAGEMAP_SCAN, &scan) < 0) {
        fprintf(stderr, "this kernel has no PAGEMAP_SCAN: %s\n", strerror(errno));
        return 77;
    }
    printf("%s:", what);
    for (int i = 0; i < 8; i++)
        if (region.categories >> i & 1)
            printf("%s", names[i]);
    puts("");
    return 0;
}

int main(void)
{
    int pagemap = open("/proc/self/pagemap", O_RDONLY);
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(pages, 3 * 4096, MADV_NOHUGEPAGE);
    (void)*(volatile char *)(pages + 4096);
    *(volatile char *)(pages + 2 * 4096) = 1;
    int code = show(pagemap, "untouched", pages);
    return code ? code : show(pagemap, "read", pages + 4096) | show(pagemap, "stored to", pages + 2 * 4096);
}
C
cc -O1 scan.c -o scan
seen=$(./scan)
echo "$seen"
[ "$seen" = 'untouched: written
read: written present zero
stored to: written present' ] || { echo 'changed'; exit 1; }
echo 'as stated'
