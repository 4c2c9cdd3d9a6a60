/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/children.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "server/base/channel.h"
#include "server/base/process_page.h"
#include "server/base/restart.h"
#include "server/capability/broker.h"
#include "server/config/capacity.h"

#define TARGET "server::jails"
#define LOG_MS 200

struct tenant_process {
    pid_t pid;          /* 0: none */
    int *inner;         /* owned; the tenant's ends of its channels, kept for its next life */
    struct shared life; /* owned; a tenant_life */
    struct shared page; /* owned; of this life, see process_page.h */
    int64_t started_ms, restart_at_ms; /* the last: 0 while it runs */
    unsigned backoff_ms;
};

struct tenants {
    const struct config *config;
    struct broker *broker; /* NULL: no policy makes host calls */
    const struct policies_file *file;
    const struct policies *policies; /* the file's, as the next */
    const struct tenant_plan *plan;
    const struct built_plugin *plugins;
    struct tenant_process *tenant; /* owned, like the next */
    struct tenant_link *links;
};

static unsigned lanes_of(const struct tenants *tenants)
{
    return capacity_of(tenants->config->workers).tenant_lanes;
}

/* Of descriptors, none of them open: whatever fails next, all that are open are closed. */
static int *new_list(unsigned count)
{
    int *fds = calloc(count, sizeof(*fds));
    for (unsigned i = 0; fds && i < count; i++)
        fds[i] = -1;
    return fds;
}

static int make_channels(struct tenants *tenants, size_t index, struct chimera_error *err)
{
    unsigned lanes = lanes_of(tenants);
    struct tenant_process *tenant = &tenants->tenant[index];
    struct tenant_link *link = &tenants->links[index];
    tenant->inner = new_list(lanes);
    link->fds = new_list(lanes);
    if (!tenant->inner || !link->fds)
        return chimera_fail_memory(err);
    int code = shared_make(&tenant->life, "tenant-life", sizeof(tenant_life), false, err);
    if (code < 0)
        return code;
    for (unsigned i = 0; i < lanes; i++) {
        int ends[2];
        code = channel_open(ends, err);
        if (code < 0)
            return code;
        link->fds[i] = ends[0];
        tenant->inner[i] = ends[1];
    }
    return CHIMERA_OK;
}

/* In the child: never returns. */
static _Noreturn void become_tenant(struct tenants *tenants, size_t index, int supply_fd)
{
    const struct tenant_start start = {.config = tenants->config,
                                       .policies = tenants->policies,
                                       .plugins = tenants->plugins,
                                       .plan = tenants->plan,
                                       .tenant = index,
                                       .lanes = lanes_of(tenants),
                                       .fds = tenants->tenant[index].inner,
                                       .life = tenants->tenant[index].life.data,
                                       .supply_fd = supply_fd};
    if (process_page_enter(&tenants->tenant[index].page, NULL, NULL) < 0)
        _exit(1);
    int code = tenant_run(&start);
    chimera_log_finish(LOG_MS);
    _exit(code);
}

/* The channels of its lanes, and the supply of lines. */
static pid_t fork_tenant(struct tenants *tenants, size_t index, int supply_fd,
                         struct chimera_error *err)
{
    struct tenant_process *tenant = &tenants->tenant[index];
    unsigned lanes = lanes_of(tenants);
    CHIMERA_FREE int *kept = calloc(lanes + 1, sizeof(int));
    if (!kept)
        return chimera_fail_memory(err);
    memcpy(kept, tenant->inner, lanes * sizeof(int));
    kept[lanes] = supply_fd;
    const struct role_mapping mappings[] = {{&tenant->page, true}, {&tenant->life, true}};
    const struct kept_settings settings = {.file = tenants->file, .tenant = index};
    const struct role_start start = {.role = ROLE_TENANT,
                                     .mappings = mappings,
                                     .mapping_count = sizeof(mappings) / sizeof(mappings[0]),
                                     .kept = kept,
                                     .kept_count = lanes + 1,
                                     .settings = &settings};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        become_tenant(tenants, index, supply_fd);
    return pid;
}

static int start_tenant(struct tenants *tenants, size_t index, struct chimera_error *err)
{
    struct tenant_process *tenant = &tenants->tenant[index];
    int supply_fd = -1;
    int code = process_page_make(&tenant->page, err);
    if (code < 0)
        return code;
    pid_t pid = tenants->broker ? broker_supply(tenants->broker, &supply_fd, err) : 0;
    if (pid == 0)
        pid = fork_tenant(tenants, index, supply_fd, err);
    if (supply_fd >= 0)
        close(supply_fd);
    if (pid < 0) {
        process_page_end(&tenant->page);
        return pid;
    }
    tenant->pid = pid;
    tenant->started_ms = chimera_clock_ms();
    tenant->restart_at_ms = 0;
    return CHIMERA_OK;
}

static int make_tenants(struct tenants *tenants, struct chimera_error *err)
{
    size_t count = tenants->plan->tenant_count;
    tenants->tenant = calloc(count, sizeof(*tenants->tenant));
    tenants->links = calloc(count, sizeof(*tenants->links));
    for (size_t i = 0; tenants->tenant && i < count; i++)
        tenants->tenant[i].page = tenants->tenant[i].life = SHARED_NONE;
    int code = tenants->tenant && tenants->links ? CHIMERA_OK : chimera_fail_memory(err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = make_channels(tenants, i, err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = start_tenant(tenants, i, err);
    return code;
}

int tenants_start(const struct config *config, const struct generation *generation,
                  struct broker *broker, struct tenants **ret_tenants, struct chimera_error *err)
{
    const struct policies_file *file = generation->file;
    *ret_tenants = NULL;
    if (file->plan.tenant_count == 0)
        return CHIMERA_OK;
    struct tenants *tenants = calloc(1, sizeof(*tenants));
    if (!tenants)
        return chimera_fail_memory(err);
    *tenants = (struct tenants){.config = config,
                                .broker = broker,
                                .file = file,
                                .policies = &file->policies,
                                .plan = &file->plan,
                                .plugins = generation->plugins};
    int code = make_tenants(tenants, err);
    if (code < 0)
        tenants_stop(tenants);
    else
        *ret_tenants = tenants;
    return code;
}

size_t tenants_list_lives(struct tenants *tenants, struct role_mapping *ret_mappings, size_t room)
{
    size_t count = 0;
    for (; tenants && count < tenants->plan->tenant_count && count < room; count++)
        ret_mappings[count] = (struct role_mapping){&tenants->tenant[count].life, false};
    return count;
}

struct tenant_link *tenants_open_links(struct tenants *tenants)
{
    for (size_t i = 0; tenants && i < tenants->plan->tenant_count; i++)
        tenants->links[i].life = tenants->tenant[i].life.data;
    return tenants ? tenants->links : NULL;
}

size_t tenants_list_links(const struct tenants *tenants, int *ret_fds, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; tenants && i < tenants->plan->tenant_count; i++)
        for (unsigned lane = 0; lane < lanes_of(tenants) && count < room; lane++)
            ret_fds[count++] = tenants->links[i].fds[lane];
    return count;
}

static void close_all(int *fds, unsigned count)
{
    for (unsigned i = 0; fds && i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

void tenants_close_links(struct tenants *tenants)
{
    for (size_t i = 0; tenants && i < tenants->plan->tenant_count; i++)
        close_all(tenants->links[i].fds, lanes_of(tenants));
}

static void plan_restart(struct tenant_process *tenant)
{
    tenant->restart_at_ms =
        restart_time(chimera_clock_ms(), tenant->started_ms, &tenant->backoff_ms);
}

size_t tenants_count(const struct tenants *tenants)
{
    return tenants ? tenants->plan->tenant_count : 0;
}

pid_t tenants_pid(const struct tenants *tenants, size_t tenant)
{
    return tenants->tenant[tenant].pid;
}

bool tenants_reaped(struct tenants *tenants, pid_t pid, int status)
{
    size_t count = tenants_count(tenants), i = 0;
    while (i < count && tenants->tenant[i].pid != pid)
        i++;
    if (i == count)
        return false;
    struct tenant_process *tenant = &tenants->tenant[i];
    tenant->pid = 0;
    process_page_end(&tenant->page);
    tenant_life *life = tenant->life.data;
    atomic_store(life, (atomic_load(life) | 1) + 1);
    if (status == 0) /* its worker has ended */
        return true;
    size_t policy = 0;
    while (tenants->plan->tenant_of[policy] != i)
        policy++;
    bool is_killed = WIFSIGNALED(status);
    chimera_log_with(
        CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("an isolated process is gone; starting another"),
        CHIMERA_TEXT("policy_id", chimera_slice_of(tenants->policies->policy[policy].id)),
        CHIMERA_NUMBER("signal", is_killed ? WTERMSIG(status) : 0),
        CHIMERA_NUMBER("exit_code", is_killed ? 0 : WEXITSTATUS(status)));
    plan_restart(tenant);
    return true;
}

int64_t tenants_pass_time(struct tenants *tenants, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; tenants && i < tenants->plan->tenant_count; i++) {
        struct tenant_process *tenant = &tenants->tenant[i];
        struct chimera_error err = {0};
        if (tenant->restart_at_ms && now_ms >= tenant->restart_at_ms &&
            start_tenant(tenants, i, &err) < 0)
            plan_restart(tenant);
        if (tenant->restart_at_ms && tenant->restart_at_ms < next_ms)
            next_ms = tenant->restart_at_ms;
    }
    return next_ms;
}

void tenants_stop(struct tenants *tenants)
{
    if (!tenants)
        return;
    tenants_close_links(tenants);
    for (size_t i = 0; tenants->tenant && tenants->links && i < tenants->plan->tenant_count; i++) {
        struct tenant_process *tenant = &tenants->tenant[i];
        if (tenant->pid) {
            kill(tenant->pid, SIGKILL);
            while (waitpid(tenant->pid, NULL, 0) < 0 && errno == EINTR)
                ;
            tenant->pid = 0;
            process_page_end(&tenant->page);
        }
        close_all(tenant->inner, lanes_of(tenants));
        free(tenant->inner);
        free(tenants->links[i].fds);
        shared_done(&tenant->life);
    }
    free(tenants->tenant);
    free(tenants->links);
    free(tenants);
}
