/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/input_memory.h"

#include "server/http/http1.h"

#define PRESSED_SPARE_BYTES ((size_t)64 * 1024)
/* Twice what a read takes at least, a head, and whatever of a body fits the limit. */
#define INPUT_EXTRA ((size_t)128 * 1024)

size_t input_memory_most(size_t max_body_bytes)
{
    return HTTP_HEAD_MAX + max_body_bytes + INPUT_EXTRA;
}

void input_memory_open(struct input_memory *memory, size_t max_body_bytes,
                       struct memory_share *share)
{
    *memory = (struct input_memory){.share = share, .max = input_memory_most(max_body_bytes)};
    chimera_list_init(&memory->loose);
}

void input_memory_close(struct input_memory *memory)
{
    while (memory->spare_count > 0)
        chimera_buffer_free(&memory->spare[--memory->spare_count]);
}

void input_memory_rest(struct input_memory *memory)
{
    while (memory->spare_count > 0) {
        struct chimera_buffer *spare = &memory->spare[--memory->spare_count];
        memory_share_change(memory->share, spare->capacity, 0);
        chimera_buffer_free(spare);
    }
}

/* Those that are kept count as the loop's. */
void input_memory_take(struct input_memory *memory, struct chimera_buffer *ret_buffer)
{
    if (memory->spare_count > 0) {
        *ret_buffer = memory->spare[--memory->spare_count];
        memory_share_change(memory->share, ret_buffer->capacity, 0);
    } else {
        chimera_buffer_init(ret_buffer, memory->max);
    }
}

void input_memory_give(struct input_memory *memory, struct chimera_buffer *buffer, bool is_pressed)
{
    size_t most = is_pressed ? PRESSED_SPARE_BYTES : INPUT_SPARE_BYTES;
    if (memory->spare_count < INPUT_SPARES && buffer->capacity <= most) {
        chimera_buffer_reset(buffer);
        memory_share_change(memory->share, 0, buffer->capacity);
        memory->spare[memory->spare_count++] = *buffer;
    } else {
        chimera_buffer_free(buffer);
    }
    *buffer = (struct chimera_buffer){0};
}
