/* SPDX-License-Identifier: Apache-2.0 */
/* slot.h - a guest in C that calls whatever it is told to, in each execution mode, and what its
 * host looked like when it was prepared.
 */
#ifndef CHIMERA_HOSTILE_SLOT_H
#define CHIMERA_HOSTILE_SLOT_H

#include "tests/describe.h"
#include "tests/hostile/builtins.h"
#include "tests/hostile/imports.h"
#include "tests/unit/rego_guest.h"

#define SLOT_LIMIT ((uint64_t)64 << 20) /* of memory, tables and the host's side */
#define SLOT_TABLE_MAX 10000000u

/* Rego's guest has a larger memory: the arguments of builtins, then what opa_malloc() gives. */
#define REGO_PAGES 512u
#define REGO_LIST ((uint32_t)16384) /* what builtins() describes */
#define REGO_ARGUMENTS ((uint32_t)1 << 20)
#define REGO_RESULTS ((uint32_t)20 << 20)

struct slot {
    struct c_guest guest;
    struct chimera_host *host;
    const struct chimera_abi *abi;
    struct chimera_buffer prepared; /* describe_host() of it */
};

struct slot_instance { /* with a table */
    struct chimera_instance head;
    struct chimera_table table;
};

/* What the guest does when it runs; on the guest's stack. */
typedef void slot_work(struct chimera_host *host);
static slot_work *work;

GUEST_CODE static void slot_call(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    work(instance->host);
}

/* --- Rego: every builtin is there, numbered as in the table --- */

static char rego_list[16384];

static void write_list(void)
{
    size_t count, used = 0;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(rego_list + used, sizeof(rego_list) - used, "%s\"%s\":%zu",
                                 i ? "," : "{", builtins[i].name, i);
    snprintf(rego_list + used, sizeof(rego_list) - used, "}");
}

REGO_FUNCTION(all_builtins)
{
    values[0].i32 = rego_put(instance->host, REGO_LIST, rego_list);
}

GUEST_CODE static uint32_t give_results(struct chimera_host *host, uint32_t size, uint32_t second)
{
    (void)host, (void)size, (void)second;
    return REGO_RESULTS;
}

static void make_rego(struct c_guest *guest)
{
    write_list();
    rego_make(guest);
    on_malloc = give_results;
    guest->plugin.memory_min_pages = guest->plugin.memory_max_pages = REGO_PAGES;
    for (uint32_t i = 0; i < guest->plugin.export_count; i++) {
        if (!strcmp(guest->exports[i].name, "builtins"))
            guest->exports[i].call = rego_all_builtins;
    }
}

/* --- Slots --- */

static struct chimera_plugin_table slot_table = {.offset = offsetof(struct slot_instance, table),
                                                 .min = 4,
                                                 .max = SLOT_TABLE_MAX,
                                                 .entry_size = 24};

static void slot_open(struct slot *slot, enum chimera_mode mode)
{
    struct chimera_error err = {0};
    slot->abi = chimera_abi_of(mode);
    c_guest_init(&slot->guest, mode);
    slot->guest.plugin.memory_min_pages = HOSTILE_MEMORY / CHIMERA_PAGE_BYTES;
    if (mode == CHIMERA_MODE_OPA)
        make_rego(&slot->guest);
    slot->guest.plugin.memory_max_pages = 65536;
    slot->guest.plugin.instance_size = sizeof(struct slot_instance);
    slot->guest.plugin.tables = &slot_table;
    slot->guest.plugin.table_count = 1;
    slot->guest.plugin.changes_tables = 1;
    c_guest_export(&slot->guest, "call", ":", slot_call);
    assert_int_equal(chimera_host_new(&slot->guest.loaded, SLOT_LIMIT, &slot->host, NULL), 0);
    assert_int_equal(slot->abi->attach(slot->host, NULL), 0);
    chimera_host_begin(slot->host, 0);
    int code = mode == CHIMERA_MODE_OPA ? slot->abi->prepare(slot->host, CHIMERA_SLICE("{}"), &err)
                                        : chimera_host_snapshot(slot->host, &err);
    chimera_host_end(slot->host);
    if (code < 0)
        fail_msg("%s", err.text);
    assert_int_equal(chimera_host_reset(slot->host), 0);
    chimera_buffer_init(&slot->prepared, 1 << 20);
    describe_host(slot->host, &slot->prepared);
}

static void slot_close(struct slot *slot)
{
    chimera_buffer_free(&slot->prepared);
    slot->abi->detach(slot->host);
    chimera_host_free(slot->host);
}

/* Is the host's side what it was? */
static bool slot_is_as_prepared(const struct slot *slot)
{
    struct chimera_buffer now;
    chimera_buffer_init(&now, 1 << 20);
    describe_host(slot->host, &now);
    bool is_same =
        now.size == slot->prepared.size && memcmp(now.data, slot->prepared.data, now.size) == 0;
    chimera_buffer_free(&now);
    return is_same;
}

#endif
