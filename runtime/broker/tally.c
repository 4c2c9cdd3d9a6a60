/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/tally.h"

#include <string.h>

#define TRIES 8

void chimera_tally_write(struct chimera_tally *tally, struct chimera_slice text)
{
    while (text.size > CHIMERA_TALLY_TEXT) {
        const char *end = memrchr(text.data, '\n', text.size - 1);
        text.size = end ? (size_t)(end + 1 - text.data) : 0;
    }
    atomic_fetch_add_explicit(&tally->sequence, 1, memory_order_acq_rel);
    atomic_thread_fence(memory_order_release);
    memcpy(tally->text, text.data ? text.data : "", text.size);
    atomic_store_explicit(&tally->size, (uint32_t)text.size, memory_order_relaxed);
    atomic_fetch_add_explicit(&tally->sequence, 1, memory_order_release);
}

/* "# TYPE chimera_x counter", "chimera_x{…} 1" */
static bool may_be_shown(struct chimera_slice line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] < ' ' || line.data[i] > '~')
            return false;
    return chimera_slice_starts(line, "# TYPE chimera_") ||
           chimera_slice_starts(line, "# HELP chimera_") || chimera_slice_starts(line, "chimera_");
}

void chimera_tally_read(const struct chimera_tally *tally, struct chimera_buffer *out)
{
    static char copy[CHIMERA_TALLY_TEXT]; /* one thread reads */
    size_t size = 0;
    bool is_whole = false;
    for (unsigned i = 0; i < TRIES && !is_whole; i++) {
        uint32_t before = atomic_load_explicit(&tally->sequence, memory_order_acquire);
        size = atomic_load_explicit(&tally->size, memory_order_relaxed);
        size = size < sizeof(copy) ? size : sizeof(copy);
        memcpy(copy, tally->text, size);
        atomic_thread_fence(memory_order_acquire);
        is_whole = before % 2 == 0 &&
                   atomic_load_explicit(&tally->sequence, memory_order_relaxed) == before;
    }
    struct chimera_slice text = {copy, is_whole ? size : 0};
    while (text.size > 0) {
        const char *end = memchr(text.data, '\n', text.size);
        struct chimera_slice line = {text.data, end ? (size_t)(end - text.data) : text.size};
        if (may_be_shown(line)) {
            chimera_buffer_append(out, line);
            chimera_buffer_byte(out, '\n');
        }
        text = chimera_slice_behind(text, line.size + (end != NULL));
    }
}
