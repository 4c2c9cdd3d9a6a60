/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/clock.h"
#include "runtime/instance/memory.h"
#include "runtime/instance/reset.h"
#include "runtime/instance/stack.h"
#include "runtime/instance/table.h"
#include "runtime/instance/types_internal.h"

/* A suspended guest has some hundred bytes of live stack; more than this is not worth a copy for
 * each request. */
#define LIVE_STACK_MAX ((size_t)64 * 1024)

static uint8_t *stack_top(const struct chimera_host *host)
{
    return host->stack + host->stack_size;
}

static void free_snapshot(const struct chimera_host *host, struct chimera_snapshot *snapshot)
{
    if (!snapshot)
        return;
    chimera_image_release(snapshot->image);
    for (uint32_t i = 0; snapshot->tables && i < host->loaded->plugin->table_count; i++)
        free(snapshot->tables[i]);
    free(snapshot->tables);
    free(snapshot->table_data);
    free(snapshot->table_room);
    free(snapshot->instance);
    free(snapshot->stack);
    free(snapshot);
}

void chimera_snapshot_free(struct chimera_host *host)
{
    free_snapshot(host, host->snapshot);
    host->snapshot = NULL;
}

static int save_instance(const struct chimera_host *host, struct chimera_snapshot *snapshot)
{
    size_t size = host->loaded->plugin->instance_size;
    snapshot->memory_size = host->instance->memory.size;
    snapshot->instance = malloc(size);
    if (!snapshot->instance)
        return CHIMERA_ENOMEM;
    memcpy(snapshot->instance, host->instance, size);
    return CHIMERA_OK;
}

static int save_stack(const struct chimera_host *host, struct chimera_snapshot *snapshot)
{
    const uint8_t *live = host->internal->suspended;
    if (!live)
        return CHIMERA_OK;
    size_t size = (size_t)(stack_top(host) - live);
    snapshot->stack = size <= LIVE_STACK_MAX ? malloc(size) : NULL;
    if (!snapshot->stack)
        return CHIMERA_ELIMIT;
    chimera_fibre_touch(live, size);
    memcpy(snapshot->stack, live, size);
    snapshot->stack_size = size;
    snapshot->suspended = host->internal->suspended;
    return CHIMERA_OK;
}

/* Memory that no guest code has touched still is the plugin's image. */
static int keep_memory(struct chimera_host *host, struct chimera_snapshot *snapshot,
                       struct chimera_error *err)
{
    struct chimera_host_internal *internal = host->internal;
    const struct chimera_memory *memory = &host->instance->memory;
    if (!internal->has_run) {
        snapshot->image = chimera_image_hold(internal->image);
        return CHIMERA_OK;
    }
    int code = chimera_start_image(host->start, memory->data, memory->size, &snapshot->image, err);
    if (code < 0)
        return code;
    if (chimera_memory_map(host, snapshot->image, memory->size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory");
    chimera_image_release(internal->image);
    internal->image = chimera_image_hold(snapshot->image);
    internal->has_run = false;
    chimera_reset_forget(&internal->reset);
    return CHIMERA_OK;
}

/* Blocks that only the snapshot before this one could have gone back to. */
static void free_outgrown_tables(const struct chimera_host *host,
                                 const struct chimera_snapshot *snapshot)
{
    for (uint32_t i = 0; host->snapshot && i < host->loaded->plugin->table_count; i++)
        if (host->snapshot->table_data[i] != snapshot->table_data[i])
            free(host->snapshot->table_data[i]);
}

/* What the last run left in the host itself. */
static void forget_run(struct chimera_host *host)
{
    host->depth = 0;
    host->stop = CHIMERA_STOP_NONE;
    host->trap = CHIMERA_TRAP_NONE;
    host->exit_code = 0;
    host->stop_at = 0;
    host->stop_text[0] = '\0';
}

int chimera_host_snapshot(struct chimera_host *host, struct chimera_error *err)
{
    struct chimera_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    int code = snapshot ? save_instance(host, snapshot) : CHIMERA_ENOMEM;
    if (code == CHIMERA_OK)
        code = save_stack(host, snapshot);
    if (code == CHIMERA_OK)
        code = chimera_tables_save(host, snapshot);
    if (code < 0)
        chimera_fail(err, code, "no memory for a snapshot");
    else
        code = keep_memory(host, snapshot, err);
    if (code < 0) {
        free_snapshot(host, snapshot);
        return code;
    }
    free_outgrown_tables(host, snapshot);
    chimera_snapshot_free(host);
    host->snapshot = snapshot;
    if (host->side)
        host->side->keep(host);
    forget_run(host);
    return CHIMERA_OK;
}

int chimera_host_reset(struct chimera_host *host)
{
    const struct chimera_snapshot *snapshot = host->snapshot;
    if (!snapshot)
        return CHIMERA_EINVAL;
    uint64_t start = chimera_clock_ns();
    if (host->side)
        host->side->reset(host);
    forget_run(host);
    int code = chimera_reset_memory(host, snapshot->image, snapshot->memory_size);
    if (code < 0)
        return code;
    chimera_tables_restore(host);
    if (host->internal->suspended && !snapshot->suspended) /* it waits for what will not come */
        chimera_fibre_touch(host->stack, host->stack_size);
    host->internal->suspended = snapshot->suspended;
    host->internal->has_run = false;
    host->counters.resets++;
    host->counters.nanoseconds += chimera_clock_ns() - start;
    return CHIMERA_OK;
}

void chimera_host_teach(const struct chimera_host *host)
{
    if (host->start)
        chimera_start_keep_warm(host->start, &host->internal->reset.written,
                                (uint64_t)(uintptr_t)host->instance->memory.data);
}

void chimera_host_drop_pages(struct chimera_host *host)
{
    if (!host->snapshot)
        return;
    chimera_reset_drop(host);
    chimera_stack_drop(host);
}

/* Where the kernel does not tell which pages they are: as many as there can be. */
uint64_t chimera_host_kept_bytes(const struct chimera_host *host)
{
    const struct chimera_reset *reset = &host->internal->reset;
    uint64_t stack = host->internal->stack_pages * CHIMERA_PROCESSOR_PAGE;
    if (chimera_tracking() == CHIMERA_TRACKING_NONE)
        return reset->high + stack;
    return reset->written.pages * CHIMERA_PROCESSOR_PAGE + stack;
}

bool chimera_host_is_suspended(const struct chimera_host *host)
{
    return host->internal->suspended != NULL;
}

/* The live stack as it was, at the addresses where it was: nothing in it needs to be moved. */
void chimera_snapshot_restore_stack(struct chimera_host *host)
{
    const struct chimera_snapshot *snapshot = host->snapshot;
    if (!snapshot || !snapshot->suspended)
        return;
    chimera_fibre_touch(snapshot->suspended, snapshot->stack_size);
    memcpy(snapshot->suspended, snapshot->stack, snapshot->stack_size);
}
