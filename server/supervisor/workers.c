/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/workers.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/base/restart.h"
#include "server/base/socket.h"
#include "server/capability/broker.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"

#define TARGET "server::supervisor"
/* A little more than the worker takes, a little less than Kubernetes waits. */
#define DRAIN_MS 28000
/* Longer than a client may keep an idle connection, which is what a retired worker waits for. */
#define RETIRE_MS 150000

void workers_init(struct workers *workers, const struct workers_inputs *with)
{
    *workers = (struct workers){.with = *with,
                                .main_fd = -1,
                                .probe_fd = -1,
                                .current = WORKER_CHILD_NONE,
                                .next = WORKER_CHILD_NONE};
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        workers->retired[i] = WORKER_CHILD_NONE;
}

int workers_open(struct workers *workers, struct chimera_error *err)
{
    int code = socket_bind(&workers->with.config->main_address, "--port", &workers->main_fd, err);
    if (code == CHIMERA_OK)
        code = socket_bind(&workers->with.config->probe_address, "--readiness-probe-port",
                           &workers->probe_fd, err);
    return code;
}

void workers_order(const struct workers *workers, const struct order *order)
{
    worker_child_order(&workers->current, order);
    worker_child_order(&workers->next, order);
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        worker_child_order(&workers->retired[i], order);
}

static bool is_taken(const struct workers *workers, uint32_t score)
{
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        if (workers->retired[i].pid && workers->retired[i].score == score)
            return true;
    return (workers->current.pid && workers->current.score == score) ||
           (workers->next.pid && workers->next.score == score);
}

/* An empty one. Nobody looks at any without an admin port, and they take memory. */
static uint32_t take_score(const struct workers *workers)
{
    uint32_t score = 0;
    _Static_assert(WORKER_SCORES > WORKERS_RETIRED_MAX + 2, "one is free");
    if (!workers->with.config->has_admin)
        return WORKER_SCORE_NONE;
    while (is_taken(workers, score))
        score++;
    counters_empty_worker_score(workers->with.counters, score);
    return score;
}

static int start(struct workers *workers, struct generation *generation, struct worker_child *child,
                 struct chimera_error *err)
{
    const struct worker_start start = {
        .config = workers->with.config,
        .scoreboard = workers->with.scoreboard,
        .counters = workers->with.counters,
        .tls = *workers->with.tls,
        .score = take_score(workers),
        .telemetry = workers->with.telemetry,
        .decisions = workers->with.decisions,
        .broker = broker_is_needed(&generation->file->policies) ? workers->with.broker : NULL,
        .supply_fd = -1,
        .main_fd = workers->main_fd,
        .probe_fd = workers->probe_fd};
    scoreboard_enter(workers->with.scoreboard->data, &generation->file->policies);
    return worker_child_start(child, &start, generation, err);
}

int workers_start(struct workers *workers, struct generation *generation, struct chimera_error *err)
{
    int code = start(workers, generation, &workers->current, err);
    if (code == CHIMERA_OK)
        workers->generation = generation_use(generation);
    return code;
}

int workers_start_next(struct workers *workers, struct generation *generation,
                       struct chimera_error *err)
{
    return start(workers, generation, &workers->next, err);
}

void workers_drop_next(struct workers *workers)
{
    worker_child_kill(&workers->next);
    if (!workers->current.pid && !workers->restart_at_ms)
        workers_plan_restart(workers, chimera_clock_ms());
}

void workers_accept_current(struct workers *workers)
{
    worker_child_order(&workers->current, &(struct order){.verb = ORDER_ACCEPT});
}

/* Has the worker send its connections away, one by one, while another accepts. One that has not
 * begun to accept has none. */
static void retire(struct workers *workers)
{
    if (workers->current.report_fd >= 0)
        worker_child_kill(&workers->current);
    if (!workers->current.pid)
        return;
    /* A place for it: an empty one, else that of the worker nearest to its end. When it
     * gets narrow, the one that has waited longest is told not to wait for idle connections any
     * more. */
    struct worker_child *place = NULL, *oldest = NULL;
    unsigned patient = 0;
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++) {
        struct worker_child *child = &workers->retired[i];
        if (!place || (place->pid && (!child->pid || child->until_ms < place->until_ms)))
            place = child;
        if (!child->pid || child->is_draining)
            continue;
        patient++;
        if (!oldest || child->until_ms < oldest->until_ms)
            oldest = child;
    }
    if (patient >= WORKERS_PATIENT_MAX)
        oldest->until_ms = chimera_clock_ms();
    worker_child_kill(place); /* none, but in a storm of reloads */
    *place = workers->current;
    place->until_ms = chimera_clock_ms() + RETIRE_MS;
    worker_child_order(place, &(struct order){.verb = ORDER_RETIRE});
}

void workers_accept_next(struct workers *workers)
{
    worker_child_order(&workers->next, &(struct order){.verb = ORDER_ACCEPT});
    retire(workers);
    workers->current = workers->next;
    workers->next = WORKER_CHILD_NONE;
    workers->restart_at_ms = 0;
    generation_drop(workers->generation);
    workers->generation = generation_use(workers->current.generation);
}

/* The sockets stay open here, so connections wait in the backlog for the next worker. */
void workers_plan_restart(struct workers *workers, int64_t started_ms)
{
    if (workers->current.pid || workers->next.pid)
        return;
    workers->restart_at_ms = restart_time(chimera_clock_ms(), started_ms, &workers->backoff_ms);
}

bool workers_answer(const struct workers *workers)
{
    return workers->current.pid && workers->current.report_fd < 0 && !workers->current.is_stopped;
}

static struct worker_child *find_worker(struct workers *workers, pid_t pid)
{
    if (pid == workers->current.pid)
        return &workers->current;
    if (pid == workers->next.pid)
        return &workers->next;
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        if (pid == workers->retired[i].pid)
            return &workers->retired[i];
    return NULL;
}

void workers_stopped(struct workers *workers, pid_t pid, bool is_stopped)
{
    struct worker_child *child = find_worker(workers, pid);
    if (!child)
        return;
    child->is_stopped = is_stopped;
    chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                     is_stopped ? CHIMERA_SLICE("a signal has stopped a worker")
                                : CHIMERA_SLICE("a worker that was stopped goes on"),
                     CHIMERA_NUMBER("worker", pid));
}

bool workers_reaped(struct workers *workers, pid_t pid, int status)
{
    if (tenants_reaped(workers->current.tenants, pid, status) ||
        tenants_reaped(workers->next.tenants, pid, status))
        return true;
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++) {
        struct worker_child *child = &workers->retired[i];
        if (pid == child->pid) {
            struct chimera_error why = {0};
            worker_child_reaped(child, status, &why);
            if (status != 0)
                chimera_log_with(
                    CHIMERA_LOG_ERROR, TARGET,
                    CHIMERA_SLICE("a worker crashed while it answered what was left to it"),
                    CHIMERA_TEXT("error", chimera_slice_of(why.text)));
            else
                chimera_log(CHIMERA_LOG_DEBUG, TARGET,
                            CHIMERA_SLICE("the worker before has ended"));
            return true;
        }
        if (tenants_reaped(child->tenants, pid, status))
            return true;
    }
    return false;
}

static int64_t pass_time_retired(struct worker_child *child, int64_t now_ms)
{
    int64_t at_ms = tenants_pass_time(child->tenants, now_ms);
    if (!child->pid)
        return at_ms;
    if (now_ms >= child->until_ms) {
        if (child->is_draining)
            chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                             CHIMERA_SLICE("a worker did not end in time and is killed"),
                             CHIMERA_NUMBER("worker", child->pid));
        /* First it drains, which has an end of its own. */
        kill(child->pid, child->is_draining ? SIGKILL : SIGTERM);
        child->is_draining = true;
        child->until_ms = now_ms + DRAIN_MS;
    }
    return chimera_clock_earlier(at_ms, child->until_ms);
}

int64_t workers_pass_time(struct workers *workers, int64_t now_ms)
{
    int64_t at_ms = chimera_clock_earlier(tenants_pass_time(workers->current.tenants, now_ms),
                                          tenants_pass_time(workers->next.tenants, now_ms));
    if (workers->restart_at_ms && now_ms >= workers->restart_at_ms) {
        struct chimera_error err = {0};
        workers->restart_at_ms = 0;
        workers->restarts++;
        if (start(workers, workers->generation, &workers->current, &err) != CHIMERA_OK) {
            chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                             CHIMERA_SLICE("the worker did not start again"),
                             CHIMERA_TEXT("error", chimera_slice_of(err.text)));
            workers_plan_restart(workers, chimera_clock_ms());
        }
    }
    if (workers->restart_at_ms)
        at_ms = chimera_clock_earlier(at_ms, workers->restart_at_ms);
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        at_ms = chimera_clock_earlier(at_ms, pass_time_retired(&workers->retired[i], now_ms));
    return at_ms;
}

/* --- Stop --- */

/* True when one is left. */
static bool reap(struct worker_child *const *all, size_t count, bool is_late)
{
    bool is_one_left = false;
    for (size_t i = 0; i < count; i++) {
        if (all[i]->pid && waitpid(all[i]->pid, NULL, WNOHANG) != 0)
            all[i]->pid = 0; /* its tenants have answered what it had */
        is_one_left = is_one_left || all[i]->pid;
        if (all[i]->pid && is_late)
            kill(all[i]->pid, SIGKILL);
    }
    return is_one_left;
}

static void tell_to_stop(struct worker_child *const *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (all[i]->pid)
            kill(all[i]->pid, SIGTERM);
}

void workers_stop(struct workers *workers)
{
    const struct timespec pause = {.tv_nsec = 100L * 1000 * 1000};
    int64_t until_ms = chimera_clock_ms() + DRAIN_MS;
    struct worker_child *all[WORKERS_RETIRED_MAX + 1] = {&workers->current};
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    if (workers->main_fd >= 0)
        close(workers->main_fd);
    if (workers->probe_fd >= 0)
        close(workers->probe_fd);
    workers->main_fd = workers->probe_fd = -1;
    worker_child_kill(&workers->next);
    if (workers->current.report_fd >= 0)
        worker_child_kill(&workers->current); /* it has nothing to answer */
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        all[i + 1] = &workers->retired[i];
    tell_to_stop(all, WORKERS_RETIRED_MAX + 1);
    while (reap(all, WORKERS_RETIRED_MAX + 1, chimera_clock_ms() > until_ms)) {
        int number = sigtimedwait(&awaited, NULL, &pause);
        if (number == SIGTERM || number == SIGINT) /* somebody is in a hurry */
            tell_to_stop(all, WORKERS_RETIRED_MAX + 1);
    }
    for (size_t i = 0; i <= WORKERS_RETIRED_MAX; i++)
        worker_child_forget(all[i]);
    generation_drop(workers->generation);
}
