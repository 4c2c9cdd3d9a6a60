/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/rejections.h"

#include "runtime/text/utf8.h"

void rejection_copy(struct chimera_slice text, size_t room, char *ret_bytes,
                    struct rejection_text *ret_text)
{
    size_t size = text.size < room ? text.size : room;
    while (size > 0 && size < text.size && ((unsigned char)text.data[size] & 0xc0) == 0x80)
        size--; /* not between the bytes of a character */
    if (size)
        memcpy(ret_bytes, text.data, size);
    *ret_text = (struct rejection_text){.size = (uint16_t)size, .is_cut = size < text.size};
}

void rejections_add(struct rejections *rejections, const struct rejection *rejection)
{
    uint64_t number = atomic_fetch_add_explicit(&rejections->count, 1, memory_order_relaxed) + 1;
    struct rejection_place *place = &rejections->place[number % REJECTIONS_MAX];
    guarded_write(&place->sequence, number, place->word, rejection, sizeof(*rejection));
}

static bool is_good(const char *bytes, size_t room, const struct rejection_text *text)
{
    return text->size <= room && chimera_utf8_is_valid((struct chimera_slice){bytes, text->size});
}
#define IS_GOOD(from, field) is_good((from)->field, sizeof((from)->field), &(from)->field##_text)

static bool read_place(const struct rejection_place *place, uint64_t number,
                       struct rejection *ret_rejection)
{
    const struct rejection *read = ret_rejection;
    bool is_whole = guarded_read(&place->sequence, number, place->word, ret_rejection,
                                 sizeof(*ret_rejection)) &&
                    IS_GOOD(read, uid) && IS_GOOD(read, operation) && IS_GOOD(read, kind) &&
                    IS_GOOD(read, name_space) && IS_GOOD(read, name) && IS_GOOD(read, message) &&
                    IS_GOOD(read, function);
    for (size_t i = 0; is_whole && i < rejection_causes(read); i++)
        is_whole = IS_GOOD(&read->cause[i], field) && IS_GOOD(&read->cause[i], message);
    return is_whole;
}

size_t rejections_read(const struct rejections *rejections, struct rejection *ret_list, size_t room)
{
    uint64_t newest = atomic_load_explicit(&rejections->count, memory_order_acquire);
    size_t count = 0;
    for (uint64_t i = 0; i < REJECTIONS_MAX && i < newest && count < room; i++) {
        uint64_t number = newest - i;
        if (read_place(&rejections->place[number % REJECTIONS_MAX], number, &ret_list[count]))
            count++;
    }
    return count;
}
