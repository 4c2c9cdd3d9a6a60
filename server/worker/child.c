/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/log/log_writer.h"
#include "server/base/process_page.h"
#include "server/base/role.h"
#include "server/capability/broker.h"
#include "server/config/capacity.h"
#include "server/counters/counters.h"

#define KILL_MS 2000   /* for the kernel to end a process, and to take its memory back */
#define REPORT_MS 1000 /* for the rest of a report that has begun */
#define LIMIT_MAX_S 86400
#define WORKER_DESCRIPTORS 10 /* that it keeps, besides those of channels to tenants */

/* --- How long its start may take --- */

/* The number of the policy that it starts, from 0 on; SIZE_MAX: none. */
static size_t policy_at(const struct worker_child *child)
{
    const struct policies *policies = &child->generation->file->policies;
    return child->step > 0 && child->step <= policies->policy_count ? child->step - 1 : SIZE_MAX;
}

/* Its start and its settings may take its time limit each, and so may the instances of the loops.
 */
static int64_t limit_of(const struct config *config, const struct policy_spec *policy)
{
    uint64_t seconds = policy->has_limit ? policy->limit_seconds : config->limit_seconds;
    if (!config->is_limited)
        seconds = 0;
    seconds = seconds < LIMIT_MAX_S ? seconds : LIMIT_MAX_S;
    return (int64_t)((config->start_timeout_s + seconds * (2 + config->workers)) * 1000);
}

/* How long it may stay at this step. A tenant starts all of its policies before it says anything.
 */
static int64_t patience_ms(const struct worker_child *child)
{
    const struct policies_file *file = child->generation->file;
    size_t policy = policy_at(child);
    int64_t sum_ms = 0;
    if (policy == SIZE_MAX)
        return (int64_t)child->config->start_timeout_s * 1000;
    if (file->plan.tenant_of[policy] == NO_TENANT)
        return limit_of(child->config, &file->policies.policy[policy]);
    for (size_t i = 0; i < file->policies.policy_count; i++)
        if (file->plan.tenant_of[i] == file->plan.tenant_of[policy])
            sum_ms += limit_of(child->config, &file->policies.policy[i]);
    return sum_ms;
}

/* --- The fork --- */

/* In the child: never returns. */
static _Noreturn void become_worker(const struct worker_start *start)
{
    struct counters *counters = start->counters->data;
    telemetry_enter_worker(start->telemetry);
    if (process_page_enter(start->page, &counters->log_lines_dropped, NULL) < 0)
        _exit(1);
    int code = worker_run(start);
    chimera_log_finish(WORKER_LOG_MS);
    if (code)
        _exit(code); /* threads may be running, so nothing is taken down */
    exit(0);
}

/* A worker keeps the supervisor's sockets, its own pipe, the certificates and its ends of channels;
 * no other worker's. */
static pid_t fork_with(const struct worker_start *start, const struct policies_file *file,
                       struct tenants *tenants, struct chimera_error *err)
{
    size_t tenant_count = start->plan->tenant_count;
    size_t room = tenant_count * capacity_of(start->config->workers).tenant_lanes;
    CHIMERA_FREE int *kept = calloc(room + WORKER_DESCRIPTORS, sizeof(int));
    CHIMERA_FREE struct role_mapping *mappings = calloc(tenant_count + 4, sizeof(*mappings));
    if (!kept || !mappings)
        return chimera_fail_memory(err);
    size_t count = tenants_list_lives(tenants, mappings, tenant_count);
    mappings[count++] = (struct role_mapping){start->scoreboard, false};
    mappings[count++] = (struct role_mapping){start->counters, true};
    mappings[count++] = (struct role_mapping){start->page, true};
    if (start->telemetry->span_write >= 0)
        mappings[count++] = (struct role_mapping){&start->telemetry->page, true};
    kept[0] = start->main_fd;
    kept[1] = start->probe_fd;
    kept[2] = start->report_fd;
    kept[3] = start->orders_fd;
    kept[4] = start->telemetry->span_write; /* or -1, as the next */
    kept[5] = start->tls.certificate_fd;
    kept[6] = start->tls.key_fd;
    kept[7] = start->tls.authorities_fd;
    kept[8] = start->supply_fd;
    kept[9] = start->decisions->write_fd;
    const struct kept_settings settings = {.file = file, .tenant = NO_TENANT};
    const struct role_start role = {
        .role = ROLE_WORKER,
        .mappings = mappings,
        .mapping_count = count,
        .kept = kept,
        .kept_count =
            WORKER_DESCRIPTORS + tenants_list_links(tenants, kept + WORKER_DESCRIPTORS, room),
        .settings = &settings};
    return role_fork(&role, err);
}

static void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static int open_ends(int ret_report[2], int ret_orders[2], struct chimera_error *err)
{
    if (pipe2(ret_report, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    fcntl(ret_report[0], F_SETFL, O_NONBLOCK); /* the end that the supervisor reads */
    int code = orders_open(ret_orders, err);
    if (code < 0)
        close_both(ret_report);
    return code;
}

static int fork_worker(struct worker_child *child, const struct worker_start *start,
                       const struct policies_file *file, struct tenants *tenants,
                       struct chimera_error *err)
{
    struct worker_start told = *start;
    int report[2], orders[2];
    told.supply_fd = -1;
    int code = open_ends(report, orders, err);
    if (code == CHIMERA_OK && start->broker &&
        (code = broker_supply(start->broker, &told.supply_fd, err)) < 0) {
        close_both(report);
        close_both(orders);
    }
    if (code < 0)
        return code;
    told.report_fd = report[1];
    told.orders_fd = orders[1];
    told.page = &child->page;
    pid_t pid = fork_with(&told, file, tenants, err);
    if (pid != 0 && told.supply_fd >= 0)
        close(told.supply_fd);
    if (pid == 0) {
        told.links = tenants_open_links(tenants);
        become_worker(&told);
    }
    if (pid < 0) {
        close_both(report);
        close_both(orders);
        return pid;
    }
    close(report[1]);
    close(orders[1]);
    child->pid = pid;
    child->report_fd = report[0];
    child->orders_fd = orders[0];
    child->score = start->score;
    child->started_ms = chimera_clock_ms();
    child->tenants = tenants;
    return CHIMERA_OK;
}

int worker_child_start(struct worker_child *child, const struct worker_start *start,
                       struct generation *generation, struct chimera_error *err)
{
    struct worker_start told = *start;
    struct tenants *tenants = NULL;
    told.policies = &generation->file->policies;
    told.plan = &generation->file->plan;
    told.plugins = generation->plugins;
    *child = WORKER_CHILD_NONE;
    chimera_buffer_init(&child->said, WORKER_REPORT_MAX);
    int code = tenants_start(told.config, generation, told.broker, &tenants, err);
    if (code == CHIMERA_OK)
        code = process_page_make(&child->page, err);
    if (code == CHIMERA_OK)
        code = fork_worker(child, &told, generation->file, tenants, err);
    if (code < 0) {
        tenants_stop(tenants);
        process_page_end(&child->page);
        return code;
    }
    tenants_close_links(tenants);
    child->generation = generation_use(generation);
    child->config = start->config;
    child->until_ms = child->started_ms + patience_ms(child);
    return CHIMERA_OK;
}

void worker_child_order(const struct worker_child *child, const struct order *order)
{
    if (child->pid)
        orders_send(child->orders_fd, order);
}

void worker_child_forget(struct worker_child *child)
{
    tenants_stop(child->tenants);
    process_page_end(&child->page);
    generation_drop(child->generation);
    chimera_buffer_free(&child->said);
    if (child->report_fd >= 0)
        close(child->report_fd);
    if (child->orders_fd >= 0)
        close(child->orders_fd);
    *child = WORKER_CHILD_NONE;
}

/* --- Its start --- */

/* Reads what there is. True at the end of the report: of the stream, or when there is no room. */
static bool take_report(struct worker_child *child)
{
    struct chimera_buffer *said = &child->said;
    size_t room = WORKER_REPORT_MAX - said->size;
    char *to = room > 0 ? chimera_buffer_reserve(said, room) : NULL;
    while (to && room > 0) {
        ssize_t count = read(child->report_fd, to, room);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count == 0;
        said->size += (size_t)count;
        to += count;
        room -= (size_t)count;
    }
    return true;
}

static bool is_ready(const struct worker_child *child)
{
    return child->said.size > 0 && child->said.data[0] == WORKER_READY;
}

/* By its own words, if it had any. It has ended, and is none then. */
static void describe_failure(struct worker_child *child, int status, struct chimera_error *ret_why)
{
    if (child->said.size > 0 && !is_ready(child)) {
        /* A reason and, behind its NUL, the details of several. */
        struct chimera_slice said = chimera_buffer_slice(&child->said);
        size_t size = strnlen(said.data, said.size);
        chimera_fail(ret_why, CHIMERA_EIO, "%.*s", (int)size, said.data);
        if (ret_why && ret_why->details && size + 1 < said.size)
            chimera_buffer_append(ret_why->details, (struct chimera_slice){said.data + size + 1,
                                                                           said.size - size - 1});
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        chimera_fail(ret_why, CHIMERA_EIO,
                     "the worker was ended for a system call that its lock-down denies: it may "
                     "have been attacked");
    } else if (WIFSIGNALED(status)) {
        chimera_fail(ret_why, CHIMERA_EIO, "the worker was ended by signal %d (%s)",
                     WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        chimera_fail(ret_why, CHIMERA_EIO, "the worker ended with exit code %d",
                     WEXITSTATUS(status));
    }
    worker_child_forget(child);
}

void worker_child_reaped(struct worker_child *child, int status, struct chimera_error *ret_why)
{
    if (child->report_fd >= 0)
        take_report(child);
    describe_failure(child, status, ret_why);
}

/* Nothing of a worker outlasts this signal. But who waits in the kernel for a disk that is gone may
 * not hear it for long: then the supervisor goes on, and reaps it as it does orphans. */
static int end_process(const struct worker_child *child)
{
    const struct timespec step = {.tv_nsec = 1000000};
    int status = 0;
    kill(child->pid, SIGKILL);
    for (int ms = 0; ms < KILL_MS && waitpid(child->pid, &status, WNOHANG) == 0; ms++)
        nanosleep(&step, NULL);
    return status;
}

enum worker_report worker_child_read_report(struct worker_child *child, struct chimera_error *err)
{
    bool is_over = take_report(child);
    if (is_ready(child)) {
        close(child->report_fd);
        child->report_fd = -1;
        return WORKER_IS_READY;
    }
    if (is_over) {
        describe_failure(child, end_process(child), err);
        return WORKER_HAS_FAILED;
    }
    if (child->said.size > 0) /* the rest of the reason comes at once, or never */
        child->until_ms = chimera_clock_earlier(child->until_ms, chimera_clock_ms() + REPORT_MS);
    return WORKER_IS_STARTING;
}

/* The worker can lie about it, but only as often as it has policies. */
static bool has_got_on(struct worker_child *child)
{
    const struct process_page *page = child->page.data;
    uint32_t step = atomic_load(&page->step);
    if (step <= child->step || step > child->generation->file->policies.policy_count + 1)
        return false;
    child->step = step;
    return true;
}

static void describe_delay(const struct worker_child *child, int64_t now_ms,
                           struct chimera_error *ret_why)
{
    size_t policy = policy_at(child);
    bool is_named = policy != SIZE_MAX;
    chimera_fail(ret_why, CHIMERA_EDEADLINE,
                 "the worker was not ready after %lld s and was ended%s: it did not get on with %s"
                 "%s%s; see --worker-start-timeout",
                 (long long)((now_ms - child->started_ms) / 1000),
                 child->is_stopped ? " (a signal had stopped it)" : "",
                 is_named ? "the start of policy \"" : "its start",
                 is_named ? child->generation->file->policies.policy[policy].id : "",
                 is_named ? "\"" : "");
}

enum worker_report worker_child_pass_time(struct worker_child *child, int64_t now_ms,
                                          struct chimera_error *err)
{
    if (!child->pid || child->report_fd < 0)
        return WORKER_IS_READY;
    if (now_ms < child->until_ms)
        return WORKER_IS_STARTING;
    /* A report was in time, if we are late ourselves, or wait for something else before we read it.
     */
    struct pollfd polled = {.fd = child->report_fd, .events = POLLIN};
    if (poll(&polled, 1, 0) > 0) {
        child->until_ms = now_ms + REPORT_MS;
        return WORKER_IS_STARTING;
    }
    if (child->said.size == 0 && has_got_on(child)) {
        child->until_ms = now_ms + patience_ms(child);
        return WORKER_IS_STARTING;
    }
    int status = end_process(child);
    if (child->said.size > 0) {
        describe_failure(child, status, err);
        return WORKER_HAS_FAILED;
    }
    describe_delay(child, now_ms, err);
    worker_child_forget(child);
    return WORKER_HAS_FAILED;
}

void worker_child_kill(struct worker_child *child)
{
    if (!child->pid)
        return;
    end_process(child);
    worker_child_forget(child);
}
