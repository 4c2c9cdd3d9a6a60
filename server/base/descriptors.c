/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/descriptors.h"

#include <limits.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void descriptors_keep(const int *kept, size_t count, int also)
{
    for (int from = STDERR_FILENO + 1;;) {
        /* The smallest one of the list that is not below `from`; INT_MAX: none. */
        int next = also >= from ? also : INT_MAX;
        for (size_t i = 0; i < count; i++)
            if (kept[i] >= from && kept[i] < next)
                next = kept[i];
        /* close_range() came with Linux 5.9; before, those that can be ours are tried. */
        int last = next == INT_MAX ? INT_MAX : next - 1;
        if (from <= last && syscall(SYS_close_range, (unsigned)from, (unsigned)last, 0u) != 0) {
            for (int fd = from; fd <= last && fd < 65536; fd++)
                close(fd);
        }
        if (next == INT_MAX)
            return;
        from = next + 1;
    }
}

void descriptors_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
