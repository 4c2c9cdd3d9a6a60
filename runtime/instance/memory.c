/* Linear memory: a reservation of addresses, and what is mapped at its start. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/instance/host_internal.h"

#define COPY_STEP 4096u /* one page of the processor */

int chimera_memory_reserve(struct chimera_host *host, struct chimera_error *err)
{
    void *reservation = mmap(NULL, CHIMERA_RESERVATION_BYTES, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation == MAP_FAILED)
        return chimera_fail(err, CHIMERA_ENOMEM,
                            "cannot reserve 8 GiB of addresses for a policy: %s (see `ulimit -v`)",
                            strerror(errno));
    madvise(reservation, CHIMERA_RESERVATION_BYTES, MADV_NOHUGEPAGE);
    madvise(reservation, CHIMERA_RESERVATION_BYTES, MADV_DONTFORK);
    host->reservation = reservation;
    host->instance->memory.data = host->reservation + CHIMERA_GUARD_BYTES;
    return CHIMERA_OK;
}

static int map_at(uint8_t *at, uint64_t size, int protection, int fd)
{
    if (size == 0)
        return CHIMERA_OK;
    int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
    return mmap(at, size, protection, flags, fd, 0) == MAP_FAILED ? CHIMERA_ENOMEM : CHIMERA_OK;
}

static uint64_t round_up(uint64_t size)
{
    return (size + COPY_STEP - 1) & ~(uint64_t)(COPY_STEP - 1);
}

int chimera_memory_map(struct chimera_host *host, int image_fd, uint64_t image_size, uint64_t size)
{
    uint8_t *base = host->instance->memory.data;
    uint64_t from_image = image_fd < 0 ? 0 : round_up(image_size);
    if (from_image > size)
        from_image = size;
    int code = map_at(base, from_image, PROT_READ | PROT_WRITE, image_fd);
    if (code == 0)
        code = map_at(base + from_image, size - from_image, PROT_READ | PROT_WRITE, -1);
    return code;
}

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, COPY_STEP - 1) == 0;
}

int chimera_memory_to_memfd(const struct chimera_host *host, int *ret_fd, struct chimera_error *err)
{
    const struct chimera_memory *memory = &host->instance->memory;
    CHIMERA_CLOSE int fd = memfd_create("chimera-memory", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)memory->size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot keep a policy's memory: %s", strerror(errno));
    for (uint64_t at = 0; at < memory->size; at += COPY_STEP) {
        if (is_zero(memory->data + at))
            continue;
        if (pwrite(fd, memory->data + at, COPY_STEP, (off_t)at) != COPY_STEP)
            return chimera_fail(err, CHIMERA_ENOMEM, "cannot keep a policy's memory: %s",
                                strerror(errno));
    }
    *ret_fd = fd;
    fd = -1; /* now the caller's */
    return CHIMERA_OK;
}

void chimera_memory_reset(struct chimera_host *host, uint64_t size)
{
    struct chimera_memory *memory = &host->instance->memory;
    if (memory->size > size)
        map_at(memory->data + size, memory->size - size, PROT_NONE, -1);
    /* Private pages go; the next access sees the image again, or zeros. */
    if (size > 0)
        madvise(memory->data, size, MADV_DONTNEED);
}

void chimera_memory_free(struct chimera_host *host)
{
    if (host->reservation)
        munmap(host->reservation, CHIMERA_RESERVATION_BYTES);
    host->reservation = NULL;
}

/* memory.grow: the old size in pages, or -1 as the guest sees it. Runs on the guest's stack. */
uint32_t chimera_memory_grow(struct chimera_host *host, uint32_t delta);

uint32_t chimera_memory_grow(struct chimera_host *host, uint32_t delta)
{
    struct chimera_memory *memory = &host->instance->memory;
    uint64_t pages = (uint64_t)memory->pages + delta;
    uint64_t size = pages * CHIMERA_PAGE_BYTES;
    uint32_t before = memory->pages;
    if (pages > memory->max_pages || size > host->memory_limit)
        return UINT32_MAX;
    if (delta > 0 && mprotect(memory->data + memory->size, size - memory->size, PROT_READ | PROT_WRITE) < 0)
        return UINT32_MAX;
    memory->pages = (uint32_t)pages;
    memory->size = size;
    return before;
}
