/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/work.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/sort.h"

#define BLOCK_BYTES ((size_t)4 << 10)      /* of the first block; the next is twice as large, */
#define BLOCK_BYTES_MAX ((size_t)64 << 10) /* up to this */
#define ALIGNMENT 16
#define LIST_ROOM 4
#define TABLE_ROOM 16

struct chimera_gql_block {
    struct chimera_gql_block *next;
    size_t size;
    _Alignas(ALIGNMENT) char bytes[];
};

void chimera_gql_open(struct chimera_gql_work *work, struct chimera_account *account,
                      struct chimera_error *err)
{
    *work = (struct chimera_gql_work){.account = account, .err = err};
}

void chimera_gql_close(struct chimera_gql_work *work)
{
    while (work->blocks) {
        struct chimera_gql_block *next = work->blocks->next;
        free(work->blocks);
        work->blocks = next;
    }
    chimera_account_give_back(work->account, work->taken);
    work->taken = work->left = 0;
}

/* --- Failures --- */

int chimera_gql_fail(struct chimera_gql_work *work, int code, const char *format, ...)
{
    if (work->code)
        return work->code;
    char text[sizeof(work->err->text)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return work->code = chimera_fail(work->err, code, "%s", text);
}

int chimera_gql_fail_memory(struct chimera_gql_work *work)
{
    int code = work->account && work->account->failed ? work->account->failed : (int)CHIMERA_ENOMEM;
    return chimera_gql_fail(work, code, "%s", chimera_account_text(work->account));
}

bool chimera_gql_spend(struct chimera_gql_work *work, uint64_t units)
{
    if (chimera_account_spend(work->account, units) < 0)
        chimera_gql_fail_memory(work);
    return work->code == CHIMERA_OK;
}

bool chimera_gql_enter(struct chimera_gql_work *work)
{
    if (work->depth >= CHIMERA_GQL_DEPTH_MAX)
        chimera_gql_fail(work, CHIMERA_ELIMIT, "GraphQL that is nested more than %d levels deep",
                         CHIMERA_GQL_DEPTH_MAX);
    if (!chimera_gql_spend(work, 8))
        return false;
    work->depth++;
    return true;
}

/* --- Memory --- */

static bool add_block(struct chimera_gql_work *work, size_t size)
{
    size_t bytes = work->blocks ? 2 * work->blocks->size : BLOCK_BYTES;
    bytes = bytes > BLOCK_BYTES_MAX ? BLOCK_BYTES_MAX : bytes;
    bytes = bytes < size ? size : bytes;
    uint64_t cost = chimera_account_heap(sizeof(struct chimera_gql_block) + bytes);
    struct chimera_gql_block *block = NULL;
    if (chimera_account_take(work->account, cost) == CHIMERA_OK) {
        block = calloc(1, sizeof(*block) + bytes);
        work->taken += cost;
    }
    if (!block) {
        chimera_gql_fail_memory(work);
        return false;
    }
    *block = (struct chimera_gql_block){.next = work->blocks, .size = bytes};
    work->blocks = block;
    work->at = block->bytes;
    work->left = bytes;
    return true;
}

void *chimera_gql_take_bytes(struct chimera_gql_work *work, size_t size)
{
    size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!chimera_gql_spend(work, 4 + size / 16) || (work->left < whole && !add_block(work, whole)))
        return NULL;
    void *bytes = work->at;
    work->at += whole;
    work->left -= whole;
    return bytes;
}

void *chimera_gql_take(struct chimera_gql_work *work, size_t size)
{
    void *node = chimera_gql_take_bytes(work, size);
    return node ? node : memset(work->spare, 0, sizeof(work->spare));
}

struct chimera_slice chimera_gql_keep(struct chimera_gql_work *work, struct chimera_buffer *buffer)
{
    struct chimera_slice text = chimera_buffer_slice(buffer);
    char *copy = NULL;
    if (buffer->failed)
        chimera_gql_fail_memory(work);
    else if (text.size)
        copy = chimera_gql_take_bytes(work, text.size);
    if (copy)
        memcpy(copy, text.data, text.size);
    chimera_buffer_free(buffer);
    return (struct chimera_slice){copy, copy ? text.size : 0};
}

/* --- Lists --- */

void chimera_gql_push(struct chimera_gql_work *work, struct chimera_gql_list *list, void *item)
{
    if (work->code)
        return;
    if (list->count == list->room) {
        uint32_t room = list->room ? 2 * list->room : LIST_ROOM;
        void **items = chimera_gql_take_bytes(work, room * sizeof(*items));
        if (!items)
            return;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof(*items));
        *list = (struct chimera_gql_list){items, list->count, room};
    }
    list->items[list->count++] = item;
}

void chimera_gql_push_all(struct chimera_gql_work *work, struct chimera_gql_list *list,
                          const struct chimera_gql_list *more)
{
    for (uint32_t i = 0; i < more->count && chimera_gql_spend(work, 1); i++)
        chimera_gql_push(work, list, more->items[i]);
}

void *chimera_gql_find(struct chimera_gql_work *work, const struct chimera_gql_list *list,
                       struct chimera_slice name)
{
    for (uint32_t i = 0; i < list->count && chimera_gql_spend(work, 1 + name.size / 16); i++) {
        const struct chimera_slice *other = list->items[i];
        if (chimera_slice_equal(*other, name))
            return list->items[i];
    }
    return NULL;
}

/* --- Tables --- */

/* The entry of a name, or the one where it would be; the table has room. */
static struct chimera_gql_entry *look(struct chimera_gql_work *work,
                                      const struct chimera_gql_table *table,
                                      struct chimera_slice name)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (uint8_t)name.data[i]) * 1099511628211u;
    uint32_t at = (uint32_t)(hash ^ hash >> 32) & (table->room - 1);
    chimera_gql_spend(work, 2 + name.size / 4);
    while (table->entries[at].is_used && !chimera_slice_equal(table->entries[at].name, name)) {
        if (!chimera_gql_spend(work, 1 + name.size / 16))
            break;
        at = (at + 1) & (table->room - 1);
    }
    return &table->entries[at];
}

void *chimera_gql_get(struct chimera_gql_work *work, const struct chimera_gql_table *table,
                      struct chimera_slice name)
{
    if (table->room == 0)
        return NULL;
    const struct chimera_gql_entry *entry = look(work, table, name);
    return work->code == CHIMERA_OK && entry->is_used ? entry->value : NULL;
}

static bool grow(struct chimera_gql_work *work, struct chimera_gql_table *table)
{
    struct chimera_gql_table larger = {.room = table->room ? 2 * table->room : TABLE_ROOM};
    larger.entries = chimera_gql_take_bytes(work, larger.room * sizeof(*larger.entries));
    if (!larger.entries)
        return false;
    for (uint32_t i = 0; i < table->room; i++) {
        if (table->entries[i].is_used)
            *look(work, &larger, table->entries[i].name) = table->entries[i];
    }
    larger.count = table->count;
    *table = larger;
    return work->code == CHIMERA_OK;
}

void **chimera_gql_put(struct chimera_gql_work *work, struct chimera_gql_table *table,
                       struct chimera_slice name)
{
    if (table->count * 2 >= table->room && !grow(work, table))
        return chimera_gql_take(work, sizeof(void *));
    struct chimera_gql_entry *entry = look(work, table, name);
    if (work->code)
        return chimera_gql_take(work, sizeof(void *));
    if (!entry->is_used) {
        *entry = (struct chimera_gql_entry){.name = name, .is_used = true};
        table->count++;
    }
    return &entry->value;
}

uintptr_t chimera_gql_count(struct chimera_gql_work *work, struct chimera_gql_table *table,
                            struct chimera_slice name)
{
    void **value = chimera_gql_put(work, table, name);
    uintptr_t count = (uintptr_t)*value;
    *value = (void *)(count + 1);
    return count;
}

static int order(const void *a, const void *b, struct chimera_account *account)
{
    const struct chimera_gql_entry *one = a, *other = b;
    size_t size = one->name.size < other->name.size ? one->name.size : other->name.size;
    chimera_account_spend(account, size / 16);
    int way = size ? memcmp(one->name.data, other->name.data, size) : 0;
    return way ? way : (one->name.size > other->name.size) - (one->name.size < other->name.size);
}

struct chimera_gql_list chimera_gql_sorted(struct chimera_gql_work *work,
                                           const struct chimera_gql_table *table)
{
    struct chimera_gql_list list = {NULL, 0, 0};
    struct chimera_gql_entry *entries =
        chimera_gql_take_bytes(work, (table->count + 1) * sizeof(*entries));
    uint32_t count = 0;
    for (uint32_t i = 0; entries && i < table->room; i++) {
        if (table->entries[i].is_used)
            entries[count++] = table->entries[i];
    }
    if (entries && chimera_sort(entries, count, sizeof(*entries), order, work->account) < 0)
        chimera_gql_fail_memory(work);
    for (uint32_t i = 0; i < count && chimera_gql_spend(work, 1); i++)
        chimera_gql_push(work, &list, entries[i].value);
    return list;
}
