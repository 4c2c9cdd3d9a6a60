/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/strings.h"

#include <stdlib.h>

#include "runtime/json/scan.h"
#include "runtime/json/tree.h"

/* Room for `size` bytes of the arena as a buffer that never grows. Reprinted JSON is never longer
 * than what it was; a few bytes more are for the NUL of a print. */
static bool take_buffer(struct chimera_arena *arena, size_t size, struct chimera_buffer *ret_buffer)
{
    size_t room = size + 8;
    char *data = chimera_arena_take(arena, room);
    *ret_buffer = (struct chimera_buffer){.data = data, .capacity = room, .limit = room};
    return data != NULL;
}

/* False when the arena is full. */
static bool append(struct chimera_buffer *out, struct chimera_scan_text text,
                   struct chimera_arena *arena)
{
    struct chimera_slice decoded = chimera_scan_text(text, arena);
    chimera_json_write_string(decoded, out);
    return decoded.data != NULL;
}

bool chimera_strings_list(struct chimera_slice value, struct chimera_arena *arena,
                          struct chimera_slice *ret_json)
{
    struct chimera_buffer out;
    struct chimera_scan scan;
    struct chimera_scan_text text;
    *ret_json = value;
    if (!value.data)
        return true;
    if (!take_buffer(arena, value.size, &out))
        return false;
    chimera_scan_init(&scan, value);
    chimera_scan_open(&scan);
    chimera_buffer_byte(&out, '[');
    for (bool is_first = true; chimera_scan_next_element(&scan, is_first) == 1; is_first = false) {
        if (!is_first)
            chimera_buffer_byte(&out, ',');
        if (!chimera_scan_string(&scan, &text) || !append(&out, text, arena))
            return false;
    }
    chimera_buffer_byte(&out, ']');
    *ret_json = chimera_buffer_slice(&out);
    return true;
}

struct entry {
    struct chimera_slice key; /* decoded */
    struct chimera_scan_text value;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    size_t size = x->key.size < y->key.size ? x->key.size : y->key.size;
    int order = size > 0 ? memcmp(x->key.data, y->key.data, size) : 0;
    if (order == 0 && x->key.size != y->key.size)
        order = x->key.size < y->key.size ? -1 : 1;
    if (order == 0) /* equal keys stay in the order of the text, which is that of the addresses */
        order = x->value.raw.data < y->value.raw.data ? -1 : 1;
    return order;
}

/* Reads up to `max` entries to `entries`, which may be NULL to only count them. Returns how many
 * there are; (size_t)-1 when the arena is full. */
static size_t read_entries(struct chimera_slice value, struct chimera_arena *arena,
                           struct entry *entries, size_t max)
{
    struct chimera_scan scan;
    struct chimera_scan_text key, text;
    size_t count = 0;
    chimera_scan_init(&scan, value);
    chimera_scan_open(&scan);
    for (bool is_first = true; chimera_scan_next_key(&scan, is_first, &key) == 1;
         is_first = false) {
        chimera_scan_colon(&scan);
        chimera_scan_peek(&scan);
        chimera_scan_string(&scan, &text);
        if (entries && count < max) {
            entries[count] = (struct entry){chimera_scan_text(key, arena), text};
            if (!entries[count].key.data)
                return (size_t)-1;
        }
        count++;
    }
    return count;
}

bool chimera_strings_map(struct chimera_slice value, struct chimera_arena *arena,
                         struct chimera_slice *ret_json)
{
    struct chimera_buffer out;
    *ret_json = value;
    if (!value.data)
        return true;
    size_t count = read_entries(value, arena, NULL, 0);
    struct entry *entries = chimera_arena_take(arena, count * sizeof(*entries));
    if (!entries || !take_buffer(arena, value.size, &out) ||
        read_entries(value, arena, entries, count) != count)
        return false;
    qsort(entries, count, sizeof(*entries), compare_entries);
    chimera_buffer_byte(&out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && chimera_slice_equal(entries[i].key, entries[i + 1].key))
            continue;
        if (out.size > 1)
            chimera_buffer_byte(&out, ',');
        chimera_json_write_string(entries[i].key, &out);
        chimera_buffer_byte(&out, ':');
        if (!append(&out, entries[i].value, arena))
            return false;
    }
    chimera_buffer_byte(&out, '}');
    *ret_json = chimera_buffer_slice(&out);
    return true;
}
