#include "runtime/instance/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/base/cleanup.h"
#include "runtime/instance/host_internal.h"
#include "runtime/instance/switch.h"
#include "runtime/instance/watchdog.h"

static int make_stack(struct chimera_host *host, struct chimera_error *err)
{
    size_t size = CHIMERA_STACK_GUARD_BYTES + CHIMERA_STACK_BYTES;
    uint8_t *stack = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack + CHIMERA_STACK_GUARD_BYTES, CHIMERA_STACK_BYTES,
                                        PROT_READ | PROT_WRITE) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's stack: %s", strerror(errno));
    madvise(stack, size, MADV_DONTFORK);
    host->stack = stack;
    host->stack_size = size;
    return CHIMERA_OK;
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
                            "the policy starts with %llu MiB of memory, over the limit of %llu MiB",
                            (unsigned long long)(size >> 20),
                            (unsigned long long)(host->memory_limit >> 20));
    int code = chimera_memory_reserve(host, err);
    if (code < 0)
        return code;
    if (chimera_memory_map(host, host->loaded->image_fd, plugin->image_size, size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory: %s", strerror(errno));
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
    int code = make_stack(host, err);
    if (code == 0)
        code = make_memory(host, err);
    if (code == 0)
        code = chimera_tables_make(host, err);
    if (code == 0)
        code = run_function(host, plugin->initialize, "cannot be instantiated", err);
    if (code == 0 && plugin->start) {
        code = run_function(host, plugin->start, "fails in its start function", err);
        host->internal->has_run = true;
    }
    return code;
}

int chimera_host_new(const struct chimera_loaded *loaded, uint64_t memory_limit,
                     struct chimera_host **ret_host, struct chimera_error *err)
{
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
    if (host->stack)
        munmap(host->stack, host->stack_size);
    if (host->snapshot) {
        free(host->snapshot->instance);
        free(host->snapshot->tables);
        free(host->snapshot->table_data);
    }
    free(host->snapshot);
    free(host->internal);
    free(host->instance);
    free(host);
}

/* Keeps linear memory as it is now in a memfd and maps that in its place, so that a reset has
 * something to go back to. Memory that no guest code has touched still is the plugin's image. */
static int keep_memory(struct chimera_host *host, struct chimera_error *err)
{
    uint64_t size = host->instance->memory.size;
    if (!host->internal->has_run || size == 0)
        return CHIMERA_OK;
    CHIMERA_CLOSE int fd = -1;
    int code = chimera_memory_to_memfd(host, &fd, err);
    if (code < 0)
        return code;
    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
    if (chimera_memory_map(host, fd, size, size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory: %s", strerror(errno));
    return CHIMERA_OK;
}

int chimera_host_snapshot(struct chimera_host *host, struct chimera_error *err)
{
    uint64_t instance_size = host->loaded->plugin->instance_size;
    host->snapshot = calloc(1, sizeof(*host->snapshot));
    if (!host->snapshot)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a snapshot");
    host->snapshot->memory_size = host->instance->memory.size;
    host->snapshot->instance = malloc(instance_size);
    if (!host->snapshot->instance)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a snapshot");
    memcpy(host->snapshot->instance, host->instance, instance_size);
    int code = chimera_tables_save(host, err);
    return code < 0 ? code : keep_memory(host, err);
}

int chimera_host_reset(struct chimera_host *host)
{
    if (!host->snapshot)
        return CHIMERA_EINVAL;
    chimera_memory_reset(host, host->snapshot->memory_size);
    chimera_tables_restore(host);
    return CHIMERA_OK;
}

void chimera_host_begin(struct chimera_host *host, uint32_t limit_ms)
{
    host->run = chimera_run_of_thread();
    if (host->run)
        chimera_run_arm(host->run, limit_ms);
}

void chimera_host_end(struct chimera_host *host)
{
    if (host->run)
        chimera_run_disarm(host->run);
    host->run = NULL;
}

const struct chimera_export *chimera_host_export(const struct chimera_host *host, const char *name,
                                                 enum chimera_export_kind kind)
{
    const struct chimera_plugin *plugin = host->loaded->plugin;
    size_t size = strlen(name);
    for (uint32_t i = 0; i < plugin->export_count; i++) {
        const struct chimera_export *export = &plugin->exports[i];
        if (export->kind == (uint32_t)kind && export->name_size == size &&
            memcmp(export->name, name, size) == 0)
            return export;
    }
    return NULL;
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

/* Every call of guest code goes through here. */
static int run_guest(struct chimera_host *host)
{
    struct chimera_host_internal *internal = host->internal;
    uint8_t *bottom = host->stack + CHIMERA_STACK_GUARD_BYTES;
    host->stop = CHIMERA_STOP_NONE;
    host->trap = CHIMERA_TRAP_NONE;
    host->stop_text[0] = '\0';
    if (!host->run)
        return CHIMERA_ENOMEM;
    if (chimera_run_is_due(host->run)) {
        host->stop = CHIMERA_STOP_DEADLINE;
        return CHIMERA_EDEADLINE;
    }
    host->run->host = host;
    chimera_fibre_before(&internal->fibre, bottom, CHIMERA_STACK_BYTES);
    chimera_switch_call(&host->host_stack, bottom + CHIMERA_STACK_BYTES, enter_guest, host);
    host->host_stack = NULL;
    chimera_fibre_after(&internal->fibre, bottom, CHIMERA_STACK_BYTES, host->stop != CHIMERA_STOP_NONE);
    host->run->host = NULL;
    if (host->stop == CHIMERA_STOP_NONE)
        return CHIMERA_OK;
    return host->stop == CHIMERA_STOP_DEADLINE ? CHIMERA_EDEADLINE : CHIMERA_ETRAP;
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
        return chimera_fail(err, code, "the policy %s: %s", what, chimera_host_stop_text(host));
    return CHIMERA_OK;
}

int chimera_host_call(struct chimera_host *host, const struct chimera_export *export,
                      union chimera_value *values)
{
    host->internal->export = export;
    host->internal->values = values;
    host->internal->has_run = true;
    return run_guest(host);
}

const char *chimera_host_stop_text(const struct chimera_host *host)
{
    if (host->stop == CHIMERA_STOP_DEADLINE)
        return "guest code interrupted, execution deadline exceeded";
    if (host->stop == CHIMERA_STOP_EXIT)
        return "the policy called proc_exit";
    if (host->stop == CHIMERA_STOP_TRAP && host->stop_text[0])
        return host->stop_text;
    switch (host->trap) {
#define X(name, number, text)                                                                      \
    case CHIMERA_TRAP_##name:                                                                      \
        return text;
        CHIMERA_TRAP_MAP(X)
#undef X
    }
    return "unknown trap";
}
