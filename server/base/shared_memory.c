/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

int shared_map(struct shared *shared, bool is_written, struct chimera_error *err)
{
    int protection = is_written ? PROT_READ | PROT_WRITE : PROT_READ;
    void *data = mmap(NULL, shared->size, protection, MAP_SHARED, shared->fd, 0);
    if (data == MAP_FAILED)
        return chimera_fail_errno(err, "cannot make shared memory");
    madvise(data, shared->size, MADV_DONTFORK);
    shared->data = data;
    return CHIMERA_OK;
}

int shared_make(struct shared *shared, const char *name, size_t size, bool is_ours_alone,
                struct chimera_error *err)
{
    *shared =
        (struct shared){.fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), .size = size};
    if (shared->fd < 0)
        return chimera_fail_errno(err, "cannot make shared memory");
    int code = CHIMERA_OK;
    if (ftruncate(shared->fd, (off_t)size) < 0 ||
        fcntl(shared->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0)
        code = chimera_fail_errno(err, "cannot make shared memory");
    if (code == CHIMERA_OK)
        code = shared_map(shared, true, err);
    if (code == CHIMERA_OK && is_ours_alone) {
        /* A kernel without that seal leaves it to the protection of the mapping. */
        if (fcntl(shared->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0 && errno != EINVAL)
            code = chimera_fail_errno(err, "cannot make shared memory");
    }
    if (code < 0)
        shared_done(shared);
    return code;
}

void shared_empty(const struct shared *shared, size_t offset, size_t size)
{
    if (fallocate(shared->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                  (off_t)size) < 0)
        memset((char *)shared->data + offset, 0, size);
}

void shared_done(struct shared *shared)
{
    if (shared->data)
        munmap(shared->data, shared->size);
    if (shared->fd >= 0)
        close(shared->fd);
    *shared = SHARED_NONE;
}
