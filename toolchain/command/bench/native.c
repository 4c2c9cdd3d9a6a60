/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/native.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int bench_native_open(char ret_why[200])
{
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attributes),
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };
    int counter = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (counter < 0)
        snprintf(ret_why, 200, "%s",
                 errno == EACCES || errno == EPERM
                     ? "this user may not count them: /proc/sys/kernel/perf_event_paranoid must "
                       "be 2 or less, or a filter of system calls forbids it"
                 : errno == ENOENT || errno == EOPNOTSUPP || errno == ENODEV
                     ? "this machine does not count them, as most virtual ones do not"
                     : strerror(errno));
    return counter;
}

void bench_native_begin(int counter)
{
    ioctl(counter, PERF_EVENT_IOC_RESET, 0);
    ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
}

bool bench_native_end(int counter, uint64_t *ret_instructions)
{
    uint64_t count = 0;
    ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
    if (read(counter, &count, sizeof(count)) != sizeof(count) || count == 0)
        return false;
    *ret_instructions = count;
    return true;
}
