/* SPDX-License-Identifier: Apache-2.0 */
/* image.h - what linear memory looked like when a policy's slots were ready for requests.
 *
 * A sealed memfd (or the plugin's own image file), of which every slot of a policy maps a private
 * view; holes in it are pages of zeros and stay holes. Immutable and counted: the last slot that
 * lets go of it ends it. Any thread.
 */
#ifndef CHIMERA_INSTANCE_IMAGE_H
#define CHIMERA_INSTANCE_IMAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/instance/pagemap.h"

struct chimera_image {
    _Atomic unsigned references; /* partners: all slots of the policy */
    int fd;                      /* -1 when size is 0 */
    bool is_fd_owned;            /* else the plugin's, which nothing unloads */
    uint64_t size;               /* up to the end of the last page that is not all zero */
    const uint8_t *view;         /* owned mapping of `size` bytes, for reading what is no hole */
    uint64_t *data_pages;        /* owned; a bit for each page that is not a hole */
};

struct chimera_image_memory { /* linear memory as it is now; all borrowed */
    const uint8_t *data;
    uint64_t size;
    /* A bit for each page that may hold anything: the others are zero, and are not looked at, for
     * that would make them. NULL: any may. */
    const uint64_t *candidates;
};

/* On success the caller holds one reference. */
int chimera_image_of_memory(const struct chimera_image_memory *memory,
                            struct chimera_image **ret_image, struct chimera_error *err);
/* Of a file that never changes and stays open; -1: no bytes at all. It is borrowed, for slots are
 * made beside so many connections as there are descriptors. */
int chimera_image_of_file(int fd, uint64_t size, struct chimera_image **ret_image,
                          struct chimera_error *err);

struct chimera_image *chimera_image_hold(struct chimera_image *image); /* returns it */
void chimera_image_release(struct chimera_image *image);               /* NULL is allowed */

/* Does memory hold exactly this image, and zeros behind it? */
bool chimera_image_equals(const struct chimera_image *image,
                          const struct chimera_image_memory *memory);

/* The bit of the page that begins so many bytes behind the start of memory. */
static inline void chimera_image_mark(uint64_t *bits, uint64_t at)
{
    uint64_t page = at / CHIMERA_PROCESSOR_PAGE;
    bits[page / 64] |= (uint64_t)1 << (page % 64);
}

/* Sets the bits of its pages that are not holes, as far as `size` bytes go. */
void chimera_image_mark_data(const struct chimera_image *image, uint64_t size, uint64_t *bits);

/* Copies [from, to), whole pages, of the image to the same place in `memory`; zeros behind its end.
 */
void chimera_image_copy(const struct chimera_image *image, uint8_t *memory, uint64_t from,
                        uint64_t to);

#endif
