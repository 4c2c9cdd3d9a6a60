/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/instance/guest_access.h"
#include "runtime/instance/types_internal.h"

/* A guest that takes all that it is given must still be able to answer: so much of the limit is its
 * host's, for answers and what is made of them. */
#define HOST_PART 64

/* What guests grow by is made accessible and taken away again at the same places in each request.
 * The kernel would merge it with the memory below and split it off again, half of what mprotect()
 * costs, but not when neighbours have different advice. So the first pieces above the size at the
 * start get advice by turns that means next to nothing here: no fork has this memory, and a core
 * dump lacks some of it. Where the guest's reach ends does not depend on it. */
#define PIECES_MAX 4
static const int piece_advice[] = {MADV_WIPEONFORK, MADV_DONTDUMP};

int chimera_memory_reserve(struct chimera_guest *guest, struct chimera_error *err)
{
    void *reservation = mmap(NULL, CHIMERA_RESERVATION_BYTES, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reservation == MAP_FAILED)
        return chimera_fail(err, CHIMERA_ENOMEM,
                            "cannot reserve 8 GiB of addresses for a policy: %s (see `ulimit -v`)",
                            strerror(errno));
    madvise(reservation, CHIMERA_RESERVATION_BYTES, MADV_NOHUGEPAGE);
    madvise(reservation, CHIMERA_RESERVATION_BYTES, MADV_DONTFORK);
    guest->reservation = reservation;
    guest->instance->memory.data = guest->reservation + CHIMERA_GUARD_BYTES;
    return CHIMERA_OK;
}

/* Advice is lost with what it was given for, so it is given to each new mapping: a huge page would
 * count as 512 written ones, and a fork would make all of them fault again. */
static int map_at(uint8_t *at, uint64_t size, int fd)
{
    if (size == 0)
        return CHIMERA_OK;
    int flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | (fd < 0 ? MAP_ANONYMOUS : 0);
    if (mmap(at, size, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED)
        return CHIMERA_ENOMEM;
    madvise(at, size, MADV_NOHUGEPAGE);
    madvise(at, size, MADV_DONTFORK);
    return CHIMERA_OK;
}

int chimera_memory_map(struct chimera_guest *guest, const struct chimera_image *image,
                       uint64_t size)
{
    uint8_t *base = guest->instance->memory.data;
    uint64_t from_image = image->size < size ? image->size : size;
    guest->internal->piece_count = 0;
    guest->internal->pieces_end = 0;
    int code = map_at(base, from_image, image->fd);
    if (code == 0)
        code = map_at(base + from_image, size - from_image, -1);
    return code;
}

int chimera_memory_unmap(struct chimera_guest *guest, uint64_t from, uint64_t to)
{
    uint8_t *at = guest->instance->memory.data + from;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
    if (from >= to)
        return CHIMERA_OK;
    if (mmap(at, to - from, PROT_NONE, flags, -1, 0) == MAP_FAILED)
        return CHIMERA_ENOMEM;
    madvise(at, to - from, MADV_NOHUGEPAGE);
    madvise(at, to - from, MADV_DONTFORK);
    return CHIMERA_OK;
}

void chimera_memory_free(struct chimera_guest *guest)
{
    if (guest->reservation)
        munmap(guest->reservation, CHIMERA_RESERVATION_BYTES);
    guest->reservation = NULL;
}

bool chimera_memory_take(struct chimera_guest *guest, uint64_t bytes)
{
    struct chimera_account *account = &guest->account;
    uint64_t left = account->bytes_limit - account->bytes, own = account->bytes_limit / HOST_PART;
    if (bytes == 0)
        return true;
    if (bytes > left || left - bytes < own) {
        guest->has_met_limit = true;
        return false;
    }
    return chimera_account_try(account, bytes) == CHIMERA_OK;
}

/* memory.grow: the old size in pages, or -1 as the guest sees it. Runs on the guest's stack. */
uint32_t chimera_memory_grow(struct chimera_guest *guest, uint32_t delta);

/* Memory was grown from `from` to `to`: what of it is in no piece yet becomes one. */
static void set_apart(struct chimera_guest *guest, uint64_t from, uint64_t to)
{
    struct chimera_guest_internal *internal = guest->internal;
    if (from < internal->pieces_end)
        from = internal->pieces_end;
    if (from >= to || internal->piece_count == PIECES_MAX)
        return;
    madvise(guest->instance->memory.data + from, to - from,
            piece_advice[internal->piece_count % 2]);
    internal->piece_count++;
    internal->pieces_end = to;
}

static uint32_t grow(struct chimera_guest *guest, uint32_t delta)
{
    struct chimera_memory *memory = &guest->instance->memory;
    uint64_t pages = (uint64_t)memory->pages + delta;
    uint64_t size = pages * CHIMERA_PAGE_BYTES;
    uint32_t before = memory->pages;
    uint64_t more = size - memory->size;
    if (pages > memory->max_pages)
        return UINT32_MAX;
    if (!chimera_memory_take(guest, more))
        return UINT32_MAX;
    if (delta > 0 && mprotect(memory->data + memory->size, more, PROT_READ | PROT_WRITE) < 0) {
        chimera_account_give_back(&guest->account, more);
        guest->is_pure = false; /* another time there is memory */
        return UINT32_MAX;
    }
    set_apart(guest, memory->size, size);
    memory->pages = (uint32_t)pages;
    memory->size = size;
    return before;
}

uint32_t chimera_memory_grow(struct chimera_guest *guest, uint32_t delta)
{
    chimera_import_enter_nested(guest);
    uint32_t before = grow(guest, delta);
    chimera_import_leave(guest);
    return before;
}
