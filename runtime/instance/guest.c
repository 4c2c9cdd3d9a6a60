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

static int make_memory(struct chimera_host *host, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = host->loaded->plugin;
    struct chimera_memory *memory = &host->instance->memory;
    uint64_t size = (uint64_t)plugin->memory_min_pages * CHIMERA_PAGE_BYTES;
    if (!plugin->has_memory)
        size = 0;
    if (size > host->memory_limit)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "the policy starts with %llu MiB of memory, over its memory limit of "
                            "%llu MiB: " CHIMERA_LIMIT_ADVICE,
                            (unsigned long long)(size >> 20),
                            (unsigned long long)(host->memory_limit >> 20));
    int code = chimera_memory_reserve(host, err);
    if (code < 0)
        return code;
    code = chimera_image_of_file(host->loaded->image_fd, plugin->image_size, &host->internal->image,
                                 err);
    if (code < 0)
        return code;
    if (chimera_memory_map(host, host->internal->image, size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory: %s",
                            strerror(errno));
    memory->pages = plugin->has_memory ? plugin->memory_min_pages : 0;
    memory->max_pages = plugin->has_memory ? plugin->memory_max_pages : 0;
    memory->size = size;
    return CHIMERA_OK;
}

/* Globals, element segments, the start function: guest code, so on the guest's stack. */
static int run_function(struct chimera_host *host, void (*function)(struct chimera_instance *),
                        const char *what, struct chimera_error *err);

static int build(struct chimera_host *host, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = host->loaded->plugin;
    host->instance = calloc(1, plugin->instance_size);
    host->internal = calloc(1, sizeof(*host->internal));
    if (!host->instance || !host->internal)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for an instance");
    host->instance->host = host;
    int code = chimera_stack_make(host, err);
    if (code == 0)
        code = make_memory(host, err);
    if (code == 0)
        code = chimera_tables_make(host, err);
    if (code == 0)
        code = run_function(host, plugin->initialize, "cannot be instantiated", err);
    host->internal->has_run = false; /* initialize() writes no memory */
    if (code == 0 && plugin->start)
        code = run_function(host, plugin->start, "fails in its start function", err);
    return code;
}

int chimera_host_new(const struct chimera_loaded *loaded, uint64_t memory_limit,
                     struct chimera_host **ret_host, struct chimera_error *err)
{
    chimera_engine_start();
    struct chimera_host *host = calloc(1, sizeof(*host));
    if (!host)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for an instance");
    host->loaded = loaded;
    host->memory_limit = memory_limit;
    int code = build(host, err);
    if (code < 0) {
        chimera_host_free(host);
        return code;
    }
    *ret_host = host;
    return CHIMERA_OK;
}

void chimera_host_free(struct chimera_host *host)
{
    if (!host)
        return;
    chimera_tables_free(host);
    chimera_memory_free(host);
    chimera_stack_free(host);
    chimera_snapshot_free(host);
    if (host->internal) {
        chimera_image_release(host->internal->image);
        chimera_reset_done(&host->internal->reset);
        chimera_page_list_done(&host->internal->stack_list);
        free(host->internal->table_room);
    }
    free(host->internal);
    free(host->instance);
    free(host);
}

void chimera_host_begin(struct chimera_host *host, uint32_t limit_ms)
{
    uint64_t deadline_ns = CHIMERA_ACCOUNT_FOREVER;
    host->run = chimera_run_of_thread();
    if (host->run) {
        chimera_run_arm(host->run, limit_ms);
        deadline_ns = atomic_load_explicit(&host->run->deadline_ns, memory_order_relaxed);
    }
    chimera_account_open(&host->account, deadline_ns, host->memory_limit);
    chimera_host_recount(host);
    host->has_met_limit = false;
}

void chimera_host_recount(struct chimera_host *host)
{
    const struct chimera_account_mark instance = {.bytes = host->instance->memory.size +
                                                           host->internal->table_bytes};
    chimera_account_restore(&host->account, instance);
}

void chimera_host_end(struct chimera_host *host)
{
    if (host->run)
        chimera_run_disarm(host->run);
    host->run = NULL;
    chimera_account_open(&host->account, 0, 0); /* nothing is to be had between runs */
}

/* First frame on the guest's stack. */
static void enter_guest(void *argument)
{
    struct chimera_host *host = argument;
    struct chimera_host_internal *internal = host->internal;
    chimera_fibre_entered(&internal->fibre);
    if (internal->function)
        internal->function(host->instance);
    else
        internal->export->call(host->instance, internal->values);
    chimera_fibre_leaving(&internal->fibre);
}

static int begin_guest(struct chimera_host *host)
{
    host->stop = CHIMERA_STOP_NONE;
    host->trap = CHIMERA_TRAP_NONE;
    host->stop_text[0] = '\0';
    host->depth = 0;
    host->internal->has_run = true;
    host->stop_at = 0;
    if (!host->run)
        return CHIMERA_ENOMEM;
    if (chimera_run_is_due(host->run)) {
        host->stop = CHIMERA_STOP_DEADLINE;
        return CHIMERA_EDEADLINE;
    }
    host->run->host = host;
    return CHIMERA_OK;
}

static int end_guest(struct chimera_host *host)
{
    host->host_stack = NULL;
    host->run->host = NULL;
    if (host->stop == CHIMERA_STOP_NONE || host->stop == CHIMERA_STOP_SUSPENDED)
        return CHIMERA_OK;
    return host->stop == CHIMERA_STOP_DEADLINE ? CHIMERA_EDEADLINE : CHIMERA_ETRAP;
}

static uint8_t *stack_bottom(const struct chimera_host *host)
{
    return host->stack + CHIMERA_STACK_GUARD_BYTES;
}

static size_t stack_room(const struct chimera_host *host)
{
    return host->stack_size - CHIMERA_STACK_GUARD_BYTES;
}

/* Frames that were left behind are unknown to ASan; those of a suspended guest are not behind. */
static bool was_abandoned(const struct chimera_host *host)
{
    return host->stop != CHIMERA_STOP_NONE && host->stop != CHIMERA_STOP_SUSPENDED;
}

/* Every call of guest code goes through here. */
static int run_guest(struct chimera_host *host)
{
    struct chimera_fibre *fibre = &host->internal->fibre;
    int code = begin_guest(host);
    if (code < 0)
        return code;
    host->internal->suspended = NULL;
    chimera_fibre_before(fibre, stack_bottom(host), stack_room(host));
    chimera_switch_call(&host->host_stack, host->stack + host->stack_size, enter_guest, host);
    chimera_fibre_after(fibre, stack_bottom(host), stack_room(host), was_abandoned(host));
    return end_guest(host);
}

int chimera_guest_resume(struct chimera_host *host)
{
    struct chimera_host_internal *internal = host->internal;
    void *suspended = internal->suspended;
    int code = begin_guest(host);
    if (code < 0)
        return code;
    internal->suspended = NULL;
    chimera_snapshot_restore_stack(host);
    chimera_fibre_before(&internal->fibre, stack_bottom(host), stack_room(host));
    chimera_switch_continue(&host->host_stack, suspended);
    chimera_fibre_after(&internal->fibre, stack_bottom(host), stack_room(host),
                        was_abandoned(host));
    return end_guest(host);
}

static int run_function(struct chimera_host *host, void (*function)(struct chimera_instance *),
                        const char *what, struct chimera_error *err)
{
    host->internal->function = function;
    chimera_host_begin(host, CHIMERA_START_LIMIT_MS);
    int code = run_guest(host);
    chimera_host_end(host);
    host->internal->function = NULL;
    if (code < 0)
        return chimera_fail(err, code, "the policy %s: %s", what,
                            code == CHIMERA_ENOMEM ? "no memory for its thread"
                                                   : chimera_host_stop_text(host));
    return CHIMERA_OK;
}

int chimera_guest_run(struct chimera_host *host, const struct chimera_export *export,
                      union chimera_value *values)
{
    host->internal->export = export;
    host->internal->values = values;
    return run_guest(host);
}
