/* SPDX-License-Identifier: Apache-2.0 */
/* buffer.h - a growing byte buffer, born with a maximum.
 *
 * Writers may ignore the result of each append: the first failure sticks in `failed`, and later
 * appends do nothing, so one test at the end is enough; loops whose length a guest or caller chose
 * test it each time. Owns its bytes. One thread.
 *
 * With an account, what it holds is taken there and given back when it is freed, and each append
 * spends units, so that who only appends need not spend. One that outlives evaluations keeps its
 * memory and its account, and is recycled between them: then it counts from nothing again, whatever
 * it kept, or an evaluation could tell from its share what another has used.
 */
#ifndef CHIMERA_BASE_BUFFER_H
#define CHIMERA_BASE_BUFFER_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/base/slice.h"

struct chimera_buffer {
    char *data; /* owned; NULL while empty */
    size_t size, capacity, limit;
    int failed; /* 0, CHIMERA_ELIMIT or CHIMERA_ENOMEM; with an account also CHIMERA_EDEADLINE */
    struct chimera_account *account; /* borrowed; NULL: none */
    size_t room; /* of the capacity, what may be used: with an account, what that has */
};

void chimera_buffer_init(struct chimera_buffer *buffer, size_t limit);
void chimera_buffer_init_within(struct chimera_buffer *buffer, size_t limit,
                                struct chimera_account *account);

int chimera_buffer_append(struct chimera_buffer *buffer, struct chimera_slice bytes);
int chimera_buffer_text(struct chimera_buffer *buffer, const char *text);
int chimera_buffer_byte(struct chimera_buffer *buffer, uint8_t byte);
int chimera_buffer_print(struct chimera_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for `size` more bytes and returns where they go, or NULL; the caller adds to `size`.
 */
char *chimera_buffer_reserve(struct chimera_buffer *buffer, size_t size);

static inline struct chimera_slice chimera_buffer_slice(const struct chimera_buffer *buffer)
{
    return (struct chimera_slice){buffer->data, buffer->size};
}

/* Limit and account stay: it can be used again. */
void chimera_buffer_free(struct chimera_buffer *buffer);

/* Empty again; memory, limit and account kept. */
void chimera_buffer_reset(struct chimera_buffer *buffer);
/* The same between evaluations or requests: the account will be opened anew, and one that was huge
 * does not keep its memory for ever, but gives it back when it is more than `kept` bytes. */
static inline void chimera_buffer_recycle(struct chimera_buffer *buffer, size_t kept)
{
    if (buffer->capacity > kept)
        chimera_buffer_free(buffer);
    buffer->size = 0;
    buffer->failed = 0;
    buffer->room = buffer->account ? 0 : buffer->capacity;
}

#endif
