/* SPDX-License-Identifier: Apache-2.0 */
/* slice.h - borrowed bytes by value. For everything that came from outside instead of C strings. */
#ifndef CHIMERA_BASE_SLICE_H
#define CHIMERA_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct chimera_slice { /* not NUL-terminated; `data` may be NULL when `size` is 0 */
    const char *data;
    size_t size;
};

/* For string literals only. */
#define CHIMERA_SLICE(literal) ((struct chimera_slice){(literal), sizeof(literal) - 1})

static inline struct chimera_slice chimera_slice_of(const char *text)
{
    return (struct chimera_slice){text, strlen(text)};
}

static inline bool chimera_slice_equal(struct chimera_slice a, struct chimera_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool chimera_slice_is(struct chimera_slice slice, const char *text)
{
    return chimera_slice_equal(slice, chimera_slice_of(text));
}

static inline bool chimera_slice_starts(struct chimera_slice slice, const char *prefix)
{
    size_t size = strlen(prefix);
    return slice.size >= size && memcmp(slice.data, prefix, size) == 0;
}

/* What is behind the first `size` bytes, which must be there. */
static inline struct chimera_slice chimera_slice_behind(struct chimera_slice slice, size_t size)
{
    return (struct chimera_slice){slice.data + size, slice.size - size};
}

/* Without the spaces, tabs and line ends at both sides. */
struct chimera_slice chimera_slice_trim(struct chimera_slice slice);

#endif
