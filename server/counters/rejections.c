/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/rejections.h"

#include <string.h>

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
    uint64_t words[REJECTION_WORDS] = {0};
    memcpy(words, rejection, sizeof(*rejection));
    atomic_store_explicit(&place->sequence, 2 * number + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* no word before that; partner: read_place() */
    for (size_t i = 0; i < REJECTION_WORDS; i++)
        atomic_store_explicit(&place->word[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&place->sequence, 2 * number, memory_order_release);
}

static bool is_good(const char *bytes, size_t room, const struct rejection_text *text)
{
    return text->size <= room && chimera_utf8_is_valid((struct chimera_slice){bytes, text->size});
}

static bool read_place(const struct rejection_place *place, uint64_t number,
                       struct rejection *ret_rejection)
{
    uint64_t words[REJECTION_WORDS];
    if (atomic_load_explicit(&place->sequence, memory_order_acquire) != 2 * number)
        return false;
    for (size_t i = 0; i < REJECTION_WORDS; i++)
        words[i] = atomic_load_explicit(&place->word[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&place->sequence, memory_order_relaxed) != 2 * number)
        return false;
    memcpy(ret_rejection, words, sizeof(*ret_rejection));
    return is_good(ret_rejection->uid, sizeof(ret_rejection->uid), &ret_rejection->uid_text) &&
           is_good(ret_rejection->kind, sizeof(ret_rejection->kind), &ret_rejection->kind_text) &&
           is_good(ret_rejection->name_space, sizeof(ret_rejection->name_space),
                   &ret_rejection->name_space_text) &&
           is_good(ret_rejection->name, sizeof(ret_rejection->name), &ret_rejection->name_text) &&
           is_good(ret_rejection->message, sizeof(ret_rejection->message),
                   &ret_rejection->message_text);
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
