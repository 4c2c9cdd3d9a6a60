/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/descriptors.h"

#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The smallest one of the list that is not below `from`; INT_MAX: none. */
static int next_kept(const int *kept, size_t count, int from)
{
    int next = INT_MAX;
    for (size_t i = 0; i < count; i++)
        if (kept[i] >= from && kept[i] < next)
            next = kept[i];
    return next;
}

/* close_range() came with Linux 5.9; before, those that can be ours are tried. */
static void close_between(int first, int last)
{
    if (first > last || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0u) == 0)
        return;
    for (int fd = first; fd <= last && fd < 65536; fd++)
        close(fd);
}

void descriptors_keep(const int *kept, size_t count)
{
    for (int from = STDERR_FILENO + 1;;) {
        int next = next_kept(kept, count, from);
        close_between(from, next == INT_MAX ? INT_MAX : next - 1);
        if (next == INT_MAX)
            return;
        from = next + 1;
    }
}
