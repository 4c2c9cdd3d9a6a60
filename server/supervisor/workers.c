/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/workers.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"
#include "server/worker/listener.h"

#define TARGET "server::supervisor"
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define CALM_MS 60000 /* a worker that lived so long has not crashed at its start */
/* A little more than the worker takes, a little less than Kubernetes waits. */
#define DRAIN_MS 28000
/* Longer than a client may keep an idle connection, which is what a retired worker waits for. */
#define RETIRE_MS 150000

void crew_init(struct crew *crew, const struct config *config, struct shared *board,
               struct shared *counters, struct telemetry *telemetry, const struct tls_texts *tls)
{
    *crew = (struct crew){.config = config,
                          .board = board,
                          .counters = counters,
                          .telemetry = telemetry,
                          .tls = tls,
                          .main_fd = -1,
                          .probe_fd = -1,
                          .current = WORKER_PROCESS_NONE,
                          .next = WORKER_PROCESS_NONE};
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        crew->retired[i] = WORKER_PROCESS_NONE;
}

int crew_open(struct crew *crew, struct chimera_error *err)
{
    int code = socket_bind(&crew->config->main_address, &crew->main_fd, err);
    if (code == CHIMERA_OK)
        code = socket_bind(&crew->config->probe_address, &crew->probe_fd, err);
    return code;
}

void crew_order(const struct crew *crew, const struct order *order)
{
    worker_process_order(&crew->current, order);
    worker_process_order(&crew->next, order);
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        worker_process_order(&crew->retired[i], order);
}

static bool is_taken(const struct crew *crew, uint32_t seat)
{
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        if (crew->retired[i].pid && crew->retired[i].seat == seat)
            return true;
    return (crew->current.pid && crew->current.seat == seat) ||
           (crew->next.pid && crew->next.seat == seat);
}

/* An empty one. Nobody looks at any without an admin port, and they take memory. */
static uint32_t take_seat(const struct crew *crew)
{
    uint32_t seat = 0;
    _Static_assert(SEATS > CREW_RETIRED_MAX + 2, "one is free");
    if (!crew->config->has_admin)
        return SEAT_NONE;
    while (is_taken(crew, seat))
        seat++;
    counters_empty_seat(crew->counters, seat);
    return seat;
}

static int start(struct crew *crew, struct generation *generation, struct worker_process *process,
                 struct chimera_error *err)
{
    const struct worker_start start = {.config = crew->config,
                                       .board = crew->board,
                                       .counters = crew->counters,
                                       .tls = *crew->tls,
                                       .seat = take_seat(crew),
                                       .telemetry = crew->telemetry,
                                       .main_fd = crew->main_fd,
                                       .probe_fd = crew->probe_fd};
    board_enter(crew->board->data, &generation->file->policies);
    return worker_process_start(process, &start, generation, err);
}

int crew_start(struct crew *crew, struct generation *generation, struct chimera_error *err)
{
    int code = start(crew, generation, &crew->current, err);
    if (code == CHIMERA_OK)
        crew->generation = generation_use(generation);
    return code;
}

int crew_start_next(struct crew *crew, struct generation *generation, struct chimera_error *err)
{
    return start(crew, generation, &crew->next, err);
}

void crew_drop_next(struct crew *crew)
{
    worker_process_kill(&crew->next);
    if (!crew->current.pid && !crew->restart_at_ms)
        crew_plan_restart(crew, chimera_clock_ms());
}

void crew_accept_current(struct crew *crew)
{
    worker_process_order(&crew->current, &(struct order){.verb = ORDER_ACCEPT});
}

/* The place for one more: an empty one, else that of the worker nearest to its end. When it gets
 * narrow, the one that has waited longest is told not to wait for idle connections any more. */
static struct worker_process *make_place(struct crew *crew)
{
    struct worker_process *place = NULL, *oldest = NULL;
    unsigned patient = 0;
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++) {
        struct worker_process *process = &crew->retired[i];
        if (!place || (place->pid && (!process->pid || process->until_ms < place->until_ms)))
            place = process;
        if (!process->pid || process->is_draining)
            continue;
        patient++;
        if (!oldest || process->until_ms < oldest->until_ms)
            oldest = process;
    }
    if (patient >= CREW_PATIENT_MAX)
        oldest->until_ms = chimera_clock_ms();
    worker_process_kill(place); /* none, but in a storm of reloads */
    return place;
}

/* Has the worker send its connections away, one by one, while another accepts. One that has not
 * begun to accept has none. */
static void retire(struct crew *crew)
{
    if (crew->current.report_fd >= 0)
        worker_process_kill(&crew->current);
    if (!crew->current.pid)
        return;
    struct worker_process *place = make_place(crew);
    *place = crew->current;
    place->until_ms = chimera_clock_ms() + RETIRE_MS;
    worker_process_order(place, &(struct order){.verb = ORDER_RETIRE});
}

void crew_accept_next(struct crew *crew)
{
    worker_process_order(&crew->next, &(struct order){.verb = ORDER_ACCEPT});
    retire(crew);
    crew->current = crew->next;
    crew->next = WORKER_PROCESS_NONE;
    crew->restart_at_ms = 0;
    generation_drop(crew->generation);
    crew->generation = generation_use(crew->current.generation);
}

/* The sockets stay open here, so connections wait in the backlog for the next worker. */
void crew_plan_restart(struct crew *crew, int64_t started_ms)
{
    int64_t now_ms = chimera_clock_ms();
    if (crew->current.pid || crew->next.pid)
        return;
    if (now_ms - started_ms > CALM_MS)
        crew->backoff_ms = 0;
    crew->restart_at_ms = now_ms + crew->backoff_ms;
    crew->backoff_ms = crew->backoff_ms ? crew->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (crew->backoff_ms > BACKOFF_MAX_MS)
        crew->backoff_ms = BACKOFF_MAX_MS;
}

static void restart(struct crew *crew)
{
    struct chimera_error err = {0};
    crew->restart_at_ms = 0;
    crew->restarts++;
    if (start(crew, crew->generation, &crew->current, &err) == CHIMERA_OK)
        return;
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("the worker did not start again"),
                     CHIMERA_TEXT("error", chimera_slice_of(err.text)));
    crew_plan_restart(crew, chimera_clock_ms());
}

static void retired_is_gone(struct worker_process *process, int status)
{
    struct chimera_error why = {0};
    worker_process_reaped(process, status, &why);
    if (status != 0)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("a worker crashed while it answered what was left to it"),
                         CHIMERA_TEXT("error", chimera_slice_of(why.text)));
    else
        chimera_log(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("the worker before has ended"));
}

bool crew_answers(const struct crew *crew)
{
    return crew->current.pid && crew->current.report_fd < 0 && !crew->current.is_stopped;
}

static struct worker_process *find_worker(struct crew *crew, pid_t pid)
{
    if (pid == crew->current.pid)
        return &crew->current;
    if (pid == crew->next.pid)
        return &crew->next;
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        if (pid == crew->retired[i].pid)
            return &crew->retired[i];
    return NULL;
}

void crew_stopped(struct crew *crew, pid_t pid, bool is_stopped)
{
    struct worker_process *process = find_worker(crew, pid);
    if (!process)
        return;
    process->is_stopped = is_stopped;
    chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                     is_stopped ? CHIMERA_SLICE("a signal has stopped a worker")
                                : CHIMERA_SLICE("a worker that was stopped goes on"),
                     CHIMERA_NUMBER("worker", pid));
}

bool crew_reaped(struct crew *crew, pid_t pid, int status)
{
    if (tenants_reaped(crew->current.tenants, pid, status) ||
        tenants_reaped(crew->next.tenants, pid, status))
        return true;
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++) {
        struct worker_process *process = &crew->retired[i];
        if (pid == process->pid) {
            retired_is_gone(process, status);
            return true;
        }
        if (tenants_reaped(process->tenants, pid, status))
            return true;
    }
    return false;
}

static int64_t pass_time_retired(struct worker_process *process, int64_t now_ms)
{
    int64_t at_ms = tenants_pass_time(process->tenants, now_ms);
    if (!process->pid)
        return at_ms;
    if (now_ms >= process->until_ms) {
        if (process->is_draining)
            chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                             CHIMERA_SLICE("a worker did not end in time and is killed"),
                             CHIMERA_NUMBER("worker", process->pid));
        /* First it drains, which has an end of its own. */
        kill(process->pid, process->is_draining ? SIGKILL : SIGTERM);
        process->is_draining = true;
        process->until_ms = now_ms + DRAIN_MS;
    }
    return chimera_clock_earlier(at_ms, process->until_ms);
}

int64_t crew_pass_time(struct crew *crew, int64_t now_ms)
{
    int64_t at_ms = chimera_clock_earlier(tenants_pass_time(crew->current.tenants, now_ms),
                                          tenants_pass_time(crew->next.tenants, now_ms));
    if (crew->restart_at_ms && now_ms >= crew->restart_at_ms)
        restart(crew);
    if (crew->restart_at_ms)
        at_ms = chimera_clock_earlier(at_ms, crew->restart_at_ms);
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        at_ms = chimera_clock_earlier(at_ms, pass_time_retired(&crew->retired[i], now_ms));
    return at_ms;
}

/* --- Stop --- */

static void close_sockets(struct crew *crew)
{
    if (crew->main_fd >= 0)
        close(crew->main_fd);
    if (crew->probe_fd >= 0)
        close(crew->probe_fd);
    crew->main_fd = crew->probe_fd = -1;
}

/* True when one is left. */
static bool reap(struct worker_process *const *all, size_t count, bool is_late)
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

static void tell_to_stop(struct worker_process *const *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (all[i]->pid)
            kill(all[i]->pid, SIGTERM);
}

void crew_stop(struct crew *crew)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    int64_t until_ms = chimera_clock_ms() + DRAIN_MS;
    struct worker_process *all[CREW_RETIRED_MAX + 1] = {&crew->current};
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    close_sockets(crew);
    worker_process_kill(&crew->next);
    if (crew->current.report_fd >= 0)
        worker_process_kill(&crew->current); /* it has nothing to answer */
    for (size_t i = 0; i < CREW_RETIRED_MAX; i++)
        all[i + 1] = &crew->retired[i];
    tell_to_stop(all, CREW_RETIRED_MAX + 1);
    while (reap(all, CREW_RETIRED_MAX + 1, chimera_clock_ms() > until_ms)) {
        int number = sigtimedwait(&awaited, NULL, &pause);
        if (number == SIGTERM || number == SIGINT) /* somebody is in a hurry */
            tell_to_stop(all, CREW_RETIRED_MAX + 1);
    }
    for (size_t i = 0; i <= CREW_RETIRED_MAX; i++)
        worker_process_forget(all[i]);
    generation_drop(crew->generation);
}
