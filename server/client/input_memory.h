/* SPDX-License-Identifier: Apache-2.0 */
/* input_memory.h - buffers for what clients send, which a loop keeps warm between requests. Its
 * thread. */
#ifndef CHIMERA_SERVER_CLIENT_INPUT_MEMORY_H
#define CHIMERA_SERVER_CLIENT_INPUT_MEMORY_H

#include "runtime/base/buffer.h"
#include "server/client/connection_memory.h"

#define INPUT_SPARES 16
#define INPUT_SPARE_BYTES ((size_t)256 * 1024) /* longer ones are not kept */

struct input_memory {
    struct memory_share *share;                /* borrowed: where those that are kept count */
    size_t max;                                /* bytes of one buffer */
    struct chimera_buffer spare[INPUT_SPARES]; /* of idle connections */
    unsigned spare_count;
    struct chimera_list loose; /* connections whose input has room to spare (input.h) */
    unsigned loose_count;
};

void input_memory_open(struct input_memory *memory, size_t max_body_bytes,
                       struct memory_share *share);
void input_memory_close(struct input_memory *memory);

/* Buffers that wait for requests are freed, since none come. */
void input_memory_rest(struct input_memory *memory);

void input_memory_take(struct input_memory *memory, struct chimera_buffer *ret_buffer);
/* `is_pressed`: room is scarce, so that only short ones are kept. */
void input_memory_give(struct input_memory *memory, struct chimera_buffer *buffer, bool is_pressed);

/* What the longest request may need: a head, a body, and what a read takes behind it. */
size_t input_memory_most(size_t max_body_bytes);

#endif
