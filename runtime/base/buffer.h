/* buffer.h - a growing byte buffer, born with a maximum.
 *
 * Writers may ignore the result of each append: the first failure sticks in `failed`, and later
 * appends do nothing, so one test at the end is enough. Owns its bytes. One thread.
 */
#ifndef CHIMERA_BASE_BUFFER_H
#define CHIMERA_BASE_BUFFER_H

#include <stdint.h>

#include "runtime/base/slice.h"

struct chimera_buffer {
    char *data; /* owned; NULL while empty */
    size_t size, capacity, limit;
    int failed; /* 0, CHIMERA_ELIMIT or CHIMERA_ENOMEM */
};

void chimera_buffer_init(struct chimera_buffer *buffer, size_t limit);

int chimera_buffer_append(struct chimera_buffer *buffer, struct chimera_slice bytes);
int chimera_buffer_text(struct chimera_buffer *buffer, const char *text);
int chimera_buffer_byte(struct chimera_buffer *buffer, uint8_t byte);
int chimera_buffer_print(struct chimera_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `size` more bytes and returns where they go, or NULL; the caller adds to `size`. */
char *chimera_buffer_reserve(struct chimera_buffer *buffer, size_t size);

static inline struct chimera_slice chimera_buffer_slice(const struct chimera_buffer *buffer)
{
    return (struct chimera_slice){buffer->data, buffer->size};
}

/* Empty again, memory and limit kept. */
void chimera_buffer_reset(struct chimera_buffer *buffer);
void chimera_buffer_free(struct chimera_buffer *buffer);

#endif
