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

static uint64_t held(const struct chimera_buffer *buffer)
{
    return buffer->data ? chimera_account_heap(buffer->capacity) : 0;
}

int chimera_buffer_attach(struct chimera_buffer *buffer, struct chimera_account *account)
{
    buffer->account = account;
    int code = chimera_account_take(account, held(buffer));
    if (code < 0) {
        buffer->account = NULL; /* has taken nothing */
        buffer->failed = code;
    }
    return code;
}

void chimera_buffer_detach(struct chimera_buffer *buffer)
{
    chimera_account_give_back(buffer->account, held(buffer));
    buffer->account = NULL;
}

static int grow(struct chimera_buffer *buffer, size_t wanted)
{
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > buffer->limit)
        capacity = buffer->limit;
    uint64_t before = held(buffer); /* both are there while realloc() copies */
    if (chimera_account_take(buffer->account, chimera_account_heap(capacity)) < 0)
        return buffer->failed = buffer->account->failed;
    char *data = realloc(buffer->data, capacity);
    if (!data) {
        chimera_account_give_back(buffer->account, chimera_account_heap(capacity));
        return buffer->failed = CHIMERA_ENOMEM;
    }
    chimera_account_give_back(buffer->account, before);
    buffer->data = data;
    buffer->capacity = capacity;
    return CHIMERA_OK;
}

/* All but the common case, kept apart so that that one is quick. */
static __attribute__((noinline)) char *reserve(struct chimera_buffer *buffer, size_t size)
{
    if (buffer->failed)
        return NULL;
    if (size > buffer->limit - buffer->size) {
        buffer->failed = CHIMERA_ELIMIT;
        return NULL;
    }
    buffer->failed = chimera_account_spend(buffer->account, 1 + size / 8);
    if (buffer->failed)
        return NULL;
    if (buffer->size + size > buffer->capacity && grow(buffer, buffer->size + size) < 0)
        return NULL;
    return buffer->data + buffer->size;
}

char *chimera_buffer_reserve(struct chimera_buffer *buffer, size_t size)
{
    if (buffer->account || buffer->failed || size > buffer->limit - buffer->size ||
        size > buffer->capacity - buffer->size)
        return reserve(buffer, size);
    return buffer->data + buffer->size;
}

int chimera_buffer_append(struct chimera_buffer *buffer, struct chimera_slice bytes)
{
    if (bytes.size == 0)
        return buffer->failed;
    char *at = chimera_buffer_reserve(buffer, bytes.size);
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
    char c = (char)byte;
    return chimera_buffer_append(buffer, (struct chimera_slice){&c, 1});
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
    chimera_account_give_back(buffer->account, held(buffer));
    free(buffer->data);
    chimera_buffer_init_within(buffer, buffer->limit, buffer->account);
}
