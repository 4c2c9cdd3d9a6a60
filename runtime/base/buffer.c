/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/error.h"

void chimera_buffer_init(struct chimera_buffer *buffer, size_t limit)
{
    *buffer = (struct chimera_buffer){.limit = limit};
}

void chimera_buffer_init_within(struct chimera_buffer *buffer, size_t limit,
                                struct chimera_account *account)
{
    *buffer = (struct chimera_buffer){.limit = limit, .account = account};
}

/* What comes after `capacity`, so that there is room for `wanted`. */
static size_t next_capacity(const struct chimera_buffer *buffer, size_t capacity, size_t wanted)
{
    capacity = capacity ? capacity * 2 : 256;
    while (capacity < wanted)
        capacity *= 2;
    return capacity < buffer->limit ? capacity : buffer->limit;
}

static uint64_t taken(const struct chimera_buffer *buffer)
{
    return buffer->account && buffer->room ? chimera_account_heap(buffer->room) : 0;
}

/* Takes from the account as if the buffer had begun empty: the memory that it kept is not seen. */
static int take_room(struct chimera_buffer *buffer, size_t wanted)
{
    size_t room = next_capacity(buffer, buffer->room, wanted);
    uint64_t before = taken(buffer); /* both are there while realloc() copies */
    if (chimera_account_take(buffer->account, chimera_account_heap(room)) < 0)
        return buffer->account->failed;
    chimera_account_give_back(buffer->account, before);
    buffer->room = room;
    return CHIMERA_OK;
}

static int grow(struct chimera_buffer *buffer, size_t wanted)
{
    size_t capacity = next_capacity(buffer, buffer->capacity, wanted);
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return CHIMERA_ENOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return CHIMERA_OK;
}

static int make_room(struct chimera_buffer *buffer, size_t size)
{
    int code = CHIMERA_OK;
    size_t wanted = buffer->size + size, room = buffer->room;
    if (size > buffer->limit - buffer->size)
        return CHIMERA_ELIMIT;
    if (buffer->account)
        code = take_room(buffer, wanted);
    if (code == CHIMERA_OK && wanted > buffer->capacity)
        code = grow(buffer, wanted);
    if (code == CHIMERA_ENOMEM) {
        /* There is no more than before, after all. */
        chimera_account_give_back(buffer->account, taken(buffer));
        buffer->room = room;
        chimera_account_try(buffer->account, taken(buffer));
    } else if (code == CHIMERA_OK && !buffer->account) {
        buffer->room = buffer->capacity;
    }
    return code;
}

/* All but the common case, kept apart so that that one is quick. */
static __attribute__((noinline)) char *reserve(struct chimera_buffer *buffer, size_t size)
{
    if (!buffer->failed && size > buffer->room - buffer->size)
        buffer->failed = make_room(buffer, size);
    if (!buffer->failed)
        buffer->failed = chimera_account_spend(buffer->account, 1 + size / 8);
    return buffer->failed ? NULL : buffer->data + buffer->size;
}

static inline char *reserve_quickly(struct chimera_buffer *buffer, size_t size)
{
    if (buffer->failed || size > buffer->room - buffer->size ||
        !chimera_account_spends_at_once(buffer->account, 1 + size / 8))
        return reserve(buffer, size);
    return buffer->data + buffer->size;
}

char *chimera_buffer_reserve(struct chimera_buffer *buffer, size_t size)
{
    return reserve_quickly(buffer, size);
}

int chimera_buffer_append(struct chimera_buffer *buffer, struct chimera_slice bytes)
{
    if (bytes.size == 0)
        return buffer->failed;
    char *at = reserve_quickly(buffer, bytes.size);
    if (!at)
        return buffer->failed;
    memcpy(at, bytes.data, bytes.size);
    buffer->size += bytes.size;
    return CHIMERA_OK;
}

int chimera_buffer_text(struct chimera_buffer *buffer, const char *text)
{
    return chimera_buffer_append(buffer, chimera_slice_of(text));
}

int chimera_buffer_byte(struct chimera_buffer *buffer, uint8_t byte)
{
    char *at = reserve_quickly(buffer, 1);
    if (!at)
        return buffer->failed;
    *at = (char)byte;
    buffer->size++;
    return CHIMERA_OK;
}

int chimera_buffer_print(struct chimera_buffer *buffer, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *at = size < 0 ? NULL : chimera_buffer_reserve(buffer, (size_t)size + 1);
    if (at) {
        vsnprintf(at, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
    return buffer->failed;
}

void chimera_buffer_reset(struct chimera_buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = 0;
}

void chimera_buffer_free(struct chimera_buffer *buffer)
{
    chimera_account_give_back(buffer->account, taken(buffer));
    free(buffer->data);
    chimera_buffer_init_within(buffer, buffer->limit, buffer->account);
}
