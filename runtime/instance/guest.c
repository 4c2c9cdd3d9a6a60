/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/guest.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/instance/fault.h"
#include "runtime/instance/memory.h"
#include "runtime/instance/profile.h"
#include "runtime/instance/reset.h"
#include "runtime/instance/stack.h"
#include "runtime/instance/switch/switch.h"
#include "runtime/instance/table.h"
#include "runtime/instance/types_internal.h"
#include "runtime/instance/watchdog.h"

/* For instantiation and the start function, which have no limit of their own. */
#define CHIMERA_START_LIMIT_MS 10000

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;

void chimera_engine_start(void)
{
    pthread_once(&engine_once, chimera_fault_install);
}

static int make_memory(struct chimera_guest *guest, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    struct chimera_memory *memory = &guest->instance->memory;
    uint64_t size = (uint64_t)plugin->memory_min_pages * CHIMERA_PAGE_BYTES;
    if (!plugin->has_memory)
        size = 0;
    if (size > guest->memory_limit)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "the policy starts with %llu MiB of memory, over its memory limit of "
                            "%llu MiB: " CHIMERA_LIMIT_ADVICE,
                            (unsigned long long)(size >> 20),
                            (unsigned long long)(guest->memory_limit >> 20));
    int code = chimera_memory_reserve(guest, err);
    if (code < 0)
        return code;
    code = chimera_image_of_file(guest->loaded->image_fd, plugin->image_size,
                                 &guest->internal->image, err);
    if (code < 0)
        return code;
    if (chimera_memory_map(guest, guest->internal->image, size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory: %s",
                            strerror(errno));
    memory->pages = plugin->has_memory ? plugin->memory_min_pages : 0;
    memory->max_pages = plugin->has_memory ? plugin->memory_max_pages : 0;
    memory->size = size;
    return CHIMERA_OK;
}

/* Globals, element segments, the start function: guest code, so on the guest's stack. */
static int run_function(struct chimera_guest *guest, void (*function)(struct chimera_instance *),
                        const char *what, struct chimera_error *err);

static int build(struct chimera_guest *guest, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    guest->instance = calloc(1, plugin->instance_size);
    guest->internal = calloc(1, sizeof(*guest->internal));
    if (!guest->instance || !guest->internal)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for an instance");
    guest->instance->guest = guest;
    int code = chimera_stack_make(guest, err);
    if (code == 0)
        code = make_memory(guest, err);
    if (code == 0)
        code = chimera_tables_make(guest, err);
    if (code == 0)
        code = run_function(guest, plugin->initialize, "cannot be instantiated", err);
    guest->internal->has_run = false; /* initialize() writes no memory */
    if (code == 0 && plugin->start)
        code = run_function(guest, plugin->start, "fails in its start function", err);
    return code;
}

int chimera_guest_new(const struct chimera_loaded *loaded, uint64_t memory_limit,
                      struct chimera_guest **ret_host, struct chimera_error *err)
{
    chimera_engine_start();
    struct chimera_guest *guest = calloc(1, sizeof(*guest));
    if (!guest)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for an instance");
    guest->loaded = loaded;
    guest->memory_limit = memory_limit;
    int code = build(guest, err);
    if (code < 0) {
        chimera_guest_free(guest);
        return code;
    }
    *ret_host = guest;
    return CHIMERA_OK;
}

void chimera_guest_free(struct chimera_guest *guest)
{
    if (!guest)
        return;
    chimera_tables_free(guest);
    chimera_memory_free(guest);
    chimera_stack_free(guest);
    chimera_guest_spoil(guest);
    if (guest->internal) {
        chimera_image_release(guest->internal->image);
        chimera_reset_done(&guest->internal->reset);
        chimera_page_list_done(&guest->internal->stack_list);
        free(guest->internal->table_room);
    }
    free(guest->internal);
    free(guest->instance);
    free(guest);
}

void chimera_guest_begin(struct chimera_guest *guest, uint32_t limit_ms)
{
    uint64_t deadline_ns = CHIMERA_ACCOUNT_FOREVER;
    guest->run = chimera_run_of_thread();
    if (guest->run) {
        chimera_run_arm(guest->run, limit_ms);
        deadline_ns = atomic_load_explicit(&guest->run->deadline_ns, memory_order_relaxed);
    }
    chimera_account_open(&guest->account, deadline_ns, guest->memory_limit);
    chimera_guest_recount(guest);
    guest->has_met_limit = false;
    guest->is_pure = true;
    chimera_profile_begin(guest);
}

void chimera_guest_recount(struct chimera_guest *guest)
{
    const struct chimera_account_mark instance = {.bytes = guest->instance->memory.size +
                                                           guest->internal->table_bytes};
    chimera_account_restore(&guest->account, instance);
}

void chimera_guest_end(struct chimera_guest *guest)
{
    chimera_profile_end(guest);
    if (guest->run)
        chimera_run_disarm(guest->run);
    guest->run = NULL;
    chimera_account_open(&guest->account, 0, 0); /* nothing is to be had between runs */
}

/* First frame on the guest's stack. */
static void enter_guest(void *argument)
{
    struct chimera_guest *guest = argument;
    struct chimera_guest_internal *internal = guest->internal;
    chimera_fibre_entered(&internal->fibre);
    if (internal->function)
        internal->function(guest->instance);
    else
        internal->export->call(guest->instance, internal->values);
    chimera_fibre_leaving(&internal->fibre);
}

static int begin_guest(struct chimera_guest *guest)
{
    guest->stop = CHIMERA_STOP_NONE;
    guest->trap = CHIMERA_TRAP_NONE;
    guest->stop_text[0] = '\0';
    guest->depth = 0;
    guest->internal->has_run = true;
    guest->stop_at = 0;
    if (!guest->run)
        return CHIMERA_ENOMEM;
    if (chimera_run_is_due(guest->run) || chimera_guest_time_left(guest) == 0) {
        guest->stop = CHIMERA_STOP_DEADLINE;
        return CHIMERA_EDEADLINE;
    }
    guest->run->guest = guest;
    return CHIMERA_OK;
}

static int end_guest(struct chimera_guest *guest)
{
    guest->host_stack = NULL;
    guest->run->guest = NULL;
    if (guest->stop == CHIMERA_STOP_NONE || guest->stop == CHIMERA_STOP_SUSPENDED)
        return CHIMERA_OK;
    return guest->stop == CHIMERA_STOP_DEADLINE ? CHIMERA_EDEADLINE : CHIMERA_ETRAP;
}

static uint8_t *stack_bottom(const struct chimera_guest *guest)
{
    return guest->stack + CHIMERA_STACK_GUARD_BYTES;
}

static size_t stack_room(const struct chimera_guest *guest)
{
    return guest->stack_size - CHIMERA_STACK_GUARD_BYTES;
}

/* Frames that were left behind are unknown to ASan; those of a suspended guest are not behind. */
static bool was_abandoned(const struct chimera_guest *guest)
{
    return guest->stop != CHIMERA_STOP_NONE && guest->stop != CHIMERA_STOP_SUSPENDED;
}

int chimera_guest_run(struct chimera_guest *guest, const struct chimera_export *export,
                      union chimera_value *values)
{
    struct chimera_fibre *fibre = &guest->internal->fibre;
    int code = begin_guest(guest);
    if (code < 0)
        return code;
    guest->internal->export = export;
    guest->internal->values = values;
    guest->internal->suspended = NULL;
    chimera_fibre_before(fibre, stack_bottom(guest), stack_room(guest));
    chimera_switch_call(&guest->host_stack, guest->stack + guest->stack_size, enter_guest, guest);
    chimera_fibre_after(fibre, stack_bottom(guest), stack_room(guest), was_abandoned(guest));
    return end_guest(guest);
}

int chimera_guest_resume(struct chimera_guest *guest)
{
    struct chimera_guest_internal *internal = guest->internal;
    void *suspended = internal->suspended;
    int code = begin_guest(guest);
    if (code < 0)
        return code;
    internal->suspended = NULL;
    chimera_snapshot_restore_stack(guest);
    chimera_fibre_before(&internal->fibre, stack_bottom(guest), stack_room(guest));
    chimera_switch_continue(&guest->host_stack, suspended);
    chimera_fibre_after(&internal->fibre, stack_bottom(guest), stack_room(guest),
                        was_abandoned(guest));
    return end_guest(guest);
}

static int run_function(struct chimera_guest *guest, void (*function)(struct chimera_instance *),
                        const char *what, struct chimera_error *err)
{
    guest->internal->function = function;
    chimera_guest_begin(guest, CHIMERA_START_LIMIT_MS);
    int code = chimera_guest_run(guest, NULL, NULL);
    chimera_guest_end(guest);
    guest->internal->function = NULL;
    if (code < 0)
        return chimera_fail(err, code, "the policy %s: %s", what,
                            code == CHIMERA_ENOMEM ? "no memory for its thread"
                                                   : chimera_guest_stop_text(guest));
    return CHIMERA_OK;
}
