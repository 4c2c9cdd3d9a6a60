/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/wasi/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL_OPENAT2 437 /* on every architecture; old headers do not have it */
#define RESOLVE_NO_MAGIC 2u
#define RESOLVE_BELOW 8u
#define ATTEMPTS 32 /* while others rename folders around, the kernel gives up a walk with `..` */

struct how {
    uint64_t flags, mode, resolve;
};

int chimera_wasi_open_beneath(int folder, const char *path, int flags, unsigned mode)
{
    const struct how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
                            .mode = mode,
                            .resolve = RESOLVE_BELOW | RESOLVE_NO_MAGIC};
    long fd;
    int attempts = 0;
    do
        fd = syscall(CALL_OPENAT2, folder, path, &how, sizeof(how));
    while (fd < 0 && (errno == EAGAIN || errno == EINTR) && ++attempts < ATTEMPTS);
    return (int)fd;
}
