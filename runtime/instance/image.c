/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define PAGE CHIMERA_PROCESSOR_PAGE

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

static bool has_bit(const uint64_t *bits, uint64_t at)
{
    uint64_t page = at / PAGE;
    return bits[page / 64] >> (page % 64) & 1;
}

static bool is_blank(const struct chimera_image_memory *memory, uint64_t at)
{
    return (memory->candidates && !has_bit(memory->candidates, at)) || is_zero(memory->data + at);
}

static bool is_data(const struct chimera_image *image, uint64_t at)
{
    return at < image->size && has_bit(image->data_pages, at);
}

static struct chimera_image *make(uint64_t size)
{
    struct chimera_image *image = calloc(1, sizeof(*image));
    if (!image)
        return NULL;
    atomic_init(&image->references, 1);
    image->fd = -1;
    image->size = size;
    image->data_pages = calloc(size / PAGE / 64 + 1, sizeof(*image->data_pages));
    if (image->data_pages)
        return image;
    free(image);
    return NULL;
}

static int map_view(struct chimera_image *image)
{
    if (image->size == 0)
        return CHIMERA_OK;
    void *view = mmap(NULL, image->size, PROT_READ, MAP_SHARED | MAP_NORESERVE, image->fd, 0);
    if (view == MAP_FAILED)
        return CHIMERA_ENOMEM;
    image->view = view;
    return CHIMERA_OK;
}

static int fail(struct chimera_image *image, struct chimera_error *err)
{
    int number = errno;
    chimera_image_release(image);
    return chimera_fail(err, CHIMERA_ENOMEM, "cannot keep a policy's memory: %s", strerror(number));
}

static int fill(struct chimera_image *image, const struct chimera_image_memory *memory)
{
    image->fd = memfd_create("chimera-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    image->is_fd_owned = image->fd >= 0;
    if (image->fd < 0 || ftruncate(image->fd, (off_t)image->size) < 0)
        return CHIMERA_ENOMEM;
    for (uint64_t at = 0; at < image->size; at += PAGE) {
        if (is_blank(memory, at))
            continue;
        if (pwrite(image->fd, memory->data + at, PAGE, (off_t)at) != (ssize_t)PAGE)
            return CHIMERA_ENOMEM;
        chimera_image_mark(image->data_pages, at);
    }
    if (fcntl(image->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return CHIMERA_ENOMEM;
    return map_view(image);
}

int chimera_image_of_memory(const struct chimera_image_memory *memory,
                            struct chimera_image **ret_image, struct chimera_error *err)
{
    uint64_t size = memory->size;
    while (size > 0 && is_blank(memory, size - PAGE))
        size -= PAGE;
    struct chimera_image *image = make(size);
    errno = ENOMEM;
    if (!image || (size > 0 && fill(image, memory) < 0))
        return fail(image, err);
    *ret_image = image;
    return CHIMERA_OK;
}

/* What is no hole in the file. A file system that knows no holes says that all is data. */
static void find_data(struct chimera_image *image)
{
    off_t end = (off_t)image->size;
    for (off_t at = 0; at < end;) {
        off_t data = lseek(image->fd, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return;
        if (data < 0)
            data = at;
        off_t hole = lseek(image->fd, data, SEEK_HOLE);
        if (hole <= data || hole > end)
            hole = end;
        for (uint64_t page = (uint64_t)data & ~(PAGE - 1); page < (uint64_t)hole; page += PAGE)
            chimera_image_mark(image->data_pages, page);
        at = hole;
    }
}

int chimera_image_of_file(int fd, uint64_t size, struct chimera_image **ret_image,
                          struct chimera_error *err)
{
    struct chimera_image *image = make(fd < 0 ? 0 : (size + PAGE - 1) & ~(PAGE - 1));
    errno = ENOMEM;
    if (!image)
        return fail(image, err);
    if (image->size > 0) {
        image->fd = fd;
        if (map_view(image) < 0)
            return fail(image, err);
        find_data(image);
    }
    *ret_image = image;
    return CHIMERA_OK;
}

struct chimera_image *chimera_image_hold(struct chimera_image *image)
{
    atomic_fetch_add_explicit(&image->references, 1, memory_order_relaxed);
    return image;
}

void chimera_image_release(struct chimera_image *image)
{
    if (!image || atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) != 1)
        return;
    if (image->view)
        munmap((void *)(uintptr_t)image->view, image->size);
    if (image->is_fd_owned)
        close(image->fd);
    free(image->data_pages);
    free(image);
}

bool chimera_image_equals(const struct chimera_image *image,
                          const struct chimera_image_memory *memory)
{
    if (memory->size < image->size)
        return false;
    for (uint64_t at = 0; at < memory->size; at += PAGE) {
        bool is_same = is_data(image, at) ? memcmp(memory->data + at, image->view + at, PAGE) == 0
                                          : is_blank(memory, at);
        if (!is_same)
            return false;
    }
    return true;
}

void chimera_image_mark_data(const struct chimera_image *image, uint64_t size, uint64_t *bits)
{
    for (uint64_t at = 0; at < size && at < image->size; at += PAGE)
        if (is_data(image, at))
            chimera_image_mark(bits, at);
}

void chimera_image_copy(const struct chimera_image *image, uint8_t *memory, uint64_t from,
                        uint64_t to)
{
    for (uint64_t at = from; at < to; at += PAGE) {
        if (is_data(image, at))
            memcpy(memory + at, image->view + at, PAGE);
        else
            memset(memory + at, 0, PAGE);
    }
}
