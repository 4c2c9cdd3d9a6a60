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
    struct c_guest module;
    struct chimera_guest *guest;
    const struct chimera_abi *abi;
    struct chimera_buffer prepared; /* describe_host() of it */
};

struct slot_instance { /* with a table */
    struct chimera_instance head;
    struct chimera_table table;
};

/* What the guest does when it runs; on the guest's stack. */
typedef void slot_work(struct chimera_guest *guest);
static slot_work *work;

GUEST_CODE static void slot_call(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    work(instance->guest);
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
    values[0].i32 = rego_put(instance->guest, REGO_LIST, rego_list);
}

GUEST_CODE static uint32_t give_results(struct chimera_guest *guest, uint32_t size, uint32_t second)
{
    (void)guest, (void)size, (void)second;
    return REGO_RESULTS;
}

static void make_rego(struct c_guest *module)
{
    write_list();
    rego_make(module);
    on_malloc = give_results;
    module->plugin.memory_min_pages = module->plugin.memory_max_pages = REGO_PAGES;
    for (uint32_t i = 0; i < module->plugin.export_count; i++) {
        if (!strcmp(module->exports[i].name, "builtins"))
            module->exports[i].call = rego_all_builtins;
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
    c_guest_init(&slot->module, mode);
    slot->module.plugin.memory_min_pages = HOSTILE_MEMORY / CHIMERA_PAGE_BYTES;
    if (mode == CHIMERA_MODE_OPA)
        make_rego(&slot->module);
    slot->module.plugin.memory_max_pages = 65536;
    slot->module.plugin.instance_size = sizeof(struct slot_instance);
    slot->module.plugin.tables = &slot_table;
    slot->module.plugin.table_count = 1;
    slot->module.plugin.changes_tables = 1;
    c_guest_export(&slot->module, "call", ":", slot_call);
    assert_int_equal(chimera_guest_new(&slot->module.loaded, SLOT_LIMIT, &slot->guest, NULL), 0);
    assert_int_equal(slot->abi->attach(slot->guest, NULL), 0);
    chimera_guest_begin(slot->guest, 0);
    int code = mode == CHIMERA_MODE_OPA ? slot->abi->prepare(slot->guest, CHIMERA_SLICE("{}"), &err)
                                        : chimera_guest_snapshot(slot->guest, &err);
    chimera_guest_end(slot->guest);
    if (code < 0)
        fail_msg("%s", err.text);
    assert_int_equal(chimera_guest_reset(slot->guest), 0);
    chimera_buffer_init(&slot->prepared, 1 << 20);
    describe_host(slot->guest, &slot->prepared);
}

static void slot_close(struct slot *slot)
{
    chimera_buffer_free(&slot->prepared);
    slot->abi->detach(slot->guest);
    chimera_guest_free(slot->guest);
}

/* Is the host's side what it was? */
static bool slot_is_as_prepared(const struct slot *slot)
{
    struct chimera_buffer now;
    chimera_buffer_init(&now, 1 << 20);
    describe_host(slot->guest, &now);
    bool is_same =
        now.size == slot->prepared.size && memcmp(now.data, slot->prepared.data, now.size) == 0;
    chimera_buffer_free(&now);
    return is_same;
}

#endif
