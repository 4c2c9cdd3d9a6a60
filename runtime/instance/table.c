/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of references. The entries are plain bytes here: a plugin knows their layout, and an entry
 * of zeros is null. */
#include "runtime/instance/table.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/instance/guest_access.h"
#include "runtime/instance/memory.h"
#include "runtime/instance/stop.h"
#include "runtime/instance/types_internal.h"

/* Between two looks at the account. */
#define COPY_BYTES ((size_t)256 * 1024)
#define FILL_ENTRIES 1024

struct chimera_table *chimera_table_at(const struct chimera_guest *guest, uint32_t index)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    return (struct chimera_table *)((char *)guest->instance + plugin->tables[index].offset);
}

/* Tables count from the start on, so that many of them are no way around the limit. */
static int count_tables(struct chimera_guest *guest, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    uint64_t *bytes = &guest->internal->table_bytes;
    for (uint32_t i = 0; i < plugin->table_count; i++)
        *bytes += (uint64_t)plugin->tables[i].min * plugin->tables[i].entry_size;
    uint64_t all = guest->instance->memory.size + *bytes;
    if (all <= guest->memory_limit)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_ELIMIT,
        "the policy starts with %llu MiB of memory and tables, over its memory limit "
        "of %llu MiB: " CHIMERA_LIMIT_ADVICE,
        (unsigned long long)((all + ((1 << 20) - 1)) >> 20),
        (unsigned long long)(guest->memory_limit >> 20));
}

int chimera_tables_make(struct chimera_guest *guest, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    guest->internal->table_room = calloc((size_t)plugin->table_count + 1, sizeof(uint32_t));
    if (!guest->internal->table_room)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a table");
    int code = count_tables(guest, err);
    if (code < 0)
        return code;
    for (uint32_t i = 0; i < plugin->table_count; i++) {
        const struct chimera_plugin_table *shape = &plugin->tables[i];
        struct chimera_table *table = chimera_table_at(guest, i);
        if (shape->min > CHIMERA_TABLE_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT,
                                "a table of %u entries is over the limit of %u", shape->min,
                                CHIMERA_TABLE_MAX);
        /* One spare entry: calloc(0) may be NULL. */
        table->data = calloc((size_t)shape->min + 1, shape->entry_size);
        if (!table->data)
            return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a table");
        table->size = shape->min;
        guest->internal->table_room[i] = shape->min;
        table->max_size = shape->max < CHIMERA_TABLE_MAX ? shape->max : CHIMERA_TABLE_MAX;
    }
    return CHIMERA_OK;
}

static size_t table_bytes(const struct chimera_guest *guest, uint32_t index)
{
    return (size_t)chimera_table_at(guest, index)->size *
           guest->loaded->plugin->tables[index].entry_size;
}

int chimera_tables_save(const struct chimera_guest *guest, struct chimera_snapshot *snapshot)
{
    uint32_t count = guest->loaded->plugin->table_count;
    snapshot->tables = calloc((size_t)count + 1, sizeof(void *));
    snapshot->table_data = calloc((size_t)count + 1, sizeof(void *));
    snapshot->table_room = calloc((size_t)count + 1, sizeof(uint32_t));
    if (!snapshot->tables || !snapshot->table_data || !snapshot->table_room)
        return CHIMERA_ENOMEM;
    memcpy(snapshot->table_room, guest->internal->table_room, count * sizeof(uint32_t));
    snapshot->table_bytes = guest->internal->table_bytes;
    for (uint32_t i = 0; i < count; i++) {
        snapshot->table_data[i] = chimera_table_at(guest, i)->data;
        if (!guest->loaded->plugin->changes_tables)
            continue;
        snapshot->tables[i] = malloc(table_bytes(guest, i) + 1);
        if (!snapshot->tables[i])
            return CHIMERA_ENOMEM;
        memcpy(snapshot->tables[i], snapshot->table_data[i], table_bytes(guest, i));
    }
    return CHIMERA_OK;
}

/* Comes in two steps around the copy of the instance, which holds the table structs: here, blocks
 * that growth made are freed; then the instance is copied back; then the entries. A Go policy has
 * 150 KB of them, so what cannot change is not copied. */
void chimera_tables_restore(struct chimera_guest *guest)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    struct chimera_snapshot *snapshot = guest->snapshot;
    for (uint32_t i = 0; plugin->changes_tables && i < plugin->table_count; i++) {
        struct chimera_table *table = chimera_table_at(guest, i);
        if (table->data != snapshot->table_data[i])
            free(table->data);
        guest->internal->table_room[i] = snapshot->table_room[i];
    }
    guest->internal->table_bytes = snapshot->table_bytes;
    memcpy(guest->instance, snapshot->instance, plugin->instance_size);
    for (uint32_t i = 0; plugin->changes_tables && i < plugin->table_count; i++)
        memcpy(snapshot->table_data[i], snapshot->tables[i], table_bytes(guest, i));
}

void chimera_tables_free(struct chimera_guest *guest)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    const struct chimera_snapshot *snapshot = guest->snapshot;
    const struct chimera_snapshot *base = guest->internal ? guest->internal->base : NULL;
    for (uint32_t i = 0; guest->instance && i < plugin->table_count; i++) {
        void *data = chimera_table_at(guest, i)->data;
        void *kept = snapshot && snapshot->table_data ? snapshot->table_data[i] : NULL;
        if (base && base->table_data[i] != data && base->table_data[i] != kept)
            free(base->table_data[i]);
        if (kept != data)
            free(kept);
        free(data);
    }
}

/* table.grow: the old size, or -1 as the guest sees it; `initial` is one entry. */
uint32_t chimera_table_grow(struct chimera_guest *guest, struct chimera_table *table,
                            uint32_t delta, const void *initial);

static uint32_t index_of(const struct chimera_guest *guest, const struct chimera_table *table)
{
    uint32_t i = 0;
    while (chimera_table_at(guest, i) != table)
        i++;
    return i;
}

static bool is_of_snapshot(const struct chimera_guest *guest, uint32_t index, const void *data)
{
    return guest->snapshot && guest->snapshot->table_data[index] == data;
}

/* Copies in pieces between which a deadline is seen; `to` is freed then. */
static void copy_entries(struct chimera_guest *guest, char *to, const char *from, size_t size)
{
    for (size_t done = 0, step; done < size; done += step) {
        step = size - done < COPY_BYTES ? size - done : COPY_BYTES;
        memcpy(to + done, from + done, step);
        if (chimera_account_spend(&guest->account, step / 8) < 0) {
            free(to);
            chimera_guest_overdrawn(guest);
        }
    }
}

/* Room for `wanted` entries and, so that many small steps cost no more than one large one, for as
 * many again as there are. The block that a reset goes back to stays. */
static void *make_room(struct chimera_guest *guest, uint32_t index, uint32_t wanted)
{
    const struct chimera_table *table = chimera_table_at(guest, index);
    size_t entry_size = guest->loaded->plugin->tables[index].entry_size;
    uint64_t room = (uint64_t)table->size * 2;
    if (room > table->max_size)
        room = table->max_size;
    if (room < wanted)
        room = wanted;
    bool stays = is_of_snapshot(guest, index, table->data);
    void *data = stays ? malloc((size_t)(room + 1) * entry_size)
                       : realloc(table->data, (size_t)(room + 1) * entry_size);
    if (!data)
        return NULL;
    if (stays)
        copy_entries(guest, data, table->data, (size_t)table->size * entry_size);
    guest->internal->table_room[index] = (uint32_t)room;
    return data;
}

/* Takes `delta` more entries from the account, and those that there are once more when they move
 * away from the block of the snapshot, which stays. */
static bool take_entries(struct chimera_guest *guest, uint32_t index, uint32_t delta, bool moves)
{
    const struct chimera_table *table = chimera_table_at(guest, index);
    uint64_t count = delta;
    if (moves && is_of_snapshot(guest, index, table->data))
        count += table->size;
    uint64_t bytes = count * guest->loaded->plugin->tables[index].entry_size;
    if (!chimera_memory_take(guest, bytes))
        return false;
    guest->internal->table_bytes += bytes;
    return true;
}

static uint32_t grow(struct chimera_guest *guest, struct chimera_table *table, uint32_t delta,
                     const void *initial)
{
    uint32_t index = index_of(guest, table), before = table->size;
    size_t entry_size = guest->loaded->plugin->tables[index].entry_size;
    if (delta > table->max_size - before)
        return UINT32_MAX;
    bool moves = before + delta > guest->internal->table_room[index];
    if (!take_entries(guest, index, delta, moves))
        return UINT32_MAX;
    if (moves) {
        void *data = make_room(guest, index, before + delta);
        if (!data) {
            guest->is_pure = false; /* another time there is memory */
            return UINT32_MAX;      /* what was taken stays so: there is none anyway */
        }
        table->data = data;
    }
    char *at = (char *)table->data + before * entry_size;
    for (uint32_t i = 0; i < delta; i++, at += entry_size) {
        memcpy(at, initial, entry_size);
        if (i % FILL_ENTRIES == 0)
            chimera_guest_spend(guest, FILL_ENTRIES * 4);
    }
    table->size = before + delta;
    return before;
}

uint32_t chimera_table_grow(struct chimera_guest *guest, struct chimera_table *table,
                            uint32_t delta, const void *initial)
{
    chimera_import_enter_nested(guest);
    uint32_t before = grow(guest, table, delta, initial);
    chimera_import_leave(guest);
    return before;
}
