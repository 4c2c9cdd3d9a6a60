/* buffer.h - a growing byte buffer, born with a maximum.
 *
 * Writers may ignore the result of each append: the first failure sticks in `failed`, and later
 * appends do nothing, so one test at the end is enough; loops whose length a guest or caller chose
 * test it each time. Owns its bytes. One thread.
 *
 * With an account, what it holds is taken there and given back when it is freed, and each append
 * spends units, so that who only appends need not spend. The account must be as it was when the
 * buffer is freed: one that outlives evaluations is attached in each and detached before the next
 * account.
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
};

void chimera_buffer_init(struct chimera_buffer *buffer, size_t limit);
void chimera_buffer_init_within(struct chimera_buffer *buffer, size_t limit,
                                struct chimera_account *account);

/* For buffers that keep their memory from one evaluation to the next: takes what there is.
 * Detaching gives it back, and does nothing to one without an account. */
int chimera_buffer_attach(struct chimera_buffer *buffer, struct chimera_account *account);
void chimera_buffer_detach(struct chimera_buffer *buffer);

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

/* Empty again; memory, limit and account kept. */
void chimera_buffer_reset(struct chimera_buffer *buffer);
void chimera_buffer_free(struct chimera_buffer *buffer);

#endif
