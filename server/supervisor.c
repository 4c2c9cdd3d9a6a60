#include "server/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "server/clock.h"
#include "server/job.h"
#include "server/listener.h"
#include "server/worker_process.h"

#define TARGET "server::supervisor"
#define STOPPED 1
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define CALM_MS 60000 /* a worker that lived so long has not crashed at its start */
/* A little more than the worker takes, a little less than Kubernetes waits. */
#define DRAIN_MS 28000
/* Longer than a client may keep an idle connection, which is what a retired worker waits for. */
#define RETIRE_MS 150000
#define RETIRED_MAX 4

struct supervisor {
    const struct config *config;
    const struct policies *policies;
    const struct isolation *isolation;
    struct shared board, counters;
    int signal_fd, main_fd, probe_fd;

    /* What `current` serves, and what `next` shall serve; owned, NULL: nothing yet. Each worker has
     * a copy in its memory, so a set can go when another takes its place. */
    struct built_plugin *plugins, *next_plugins;
    struct job job;                             /* builds the first set, then the full tier */
    struct worker_process current;              /* serves, or starts when there is nothing else */
    struct worker_process next;                 /* starts beside it, to take its place */
    struct worker_process retired[RETIRED_MAX]; /* answer what is left to them */

    bool has_served;
    bool is_tier_settled;  /* the full tier is there, or was tried */
    int64_t restart_at_ms; /* 0: no worker is to be started */
    unsigned backoff_ms;
};

static void log_error(const char *text, const struct chimera_error *why)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, chimera_slice_of(text),
                     CHIMERA_TEXT("error", chimera_slice_of(why->text)));
}

/* --- Workers --- */

static int start_worker(struct supervisor *supervisor, const struct built_plugin *plugins,
                        struct worker_process *process, struct chimera_error *err)
{
    const struct worker_start start = {.config = supervisor->config,
                                       .policies = supervisor->policies,
                                       .plugins = plugins,
                                       .isolation = supervisor->isolation,
                                       .board = &supervisor->board,
                                       .counters = &supervisor->counters,
                                       .main_fd = supervisor->main_fd,
                                       .probe_fd = supervisor->probe_fd,
                                       .report_fd = -1};
    return worker_process_start(process, &start, err);
}

/* The sockets stay open here, so connections wait in the backlog for the next worker. */
static void plan_restart(struct supervisor *supervisor, int64_t started_ms)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms - started_ms > CALM_MS)
        supervisor->backoff_ms = 0;
    supervisor->restart_at_ms = now_ms + supervisor->backoff_ms;
    supervisor->backoff_ms = supervisor->backoff_ms ? supervisor->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (supervisor->backoff_ms > BACKOFF_MAX_MS)
        supervisor->backoff_ms = BACKOFF_MAX_MS;
}

static void restart(struct supervisor *supervisor)
{
    struct chimera_error err = {0};
    supervisor->restart_at_ms = 0;
    if (start_worker(supervisor, supervisor->plugins, &supervisor->current, &err) < 0) {
        log_error("the worker did not start again", &err);
        plan_restart(supervisor, clock_now_ms());
    }
}

/* Has the worker send its connections away, one by one, while another accepts. */
static void retire(struct supervisor *supervisor)
{
    struct worker_process *place = &supervisor->retired[0];
    for (size_t i = 0; i < RETIRED_MAX; i++) {
        if (!supervisor->retired[i].pid) {
            place = &supervisor->retired[i];
            break;
        }
        if (supervisor->retired[i].until_ms < place->until_ms)
            place = &supervisor->retired[i];
    }
    worker_process_kill(place); /* none, unless more retire than there is room for */
    *place = supervisor->current;
    supervisor->current = WORKER_PROCESS_NONE;
    if (!place->pid)
        return;
    place->until_ms = clock_now_ms() + RETIRE_MS;
    kill(place->pid, WORKER_RETIRE_SIGNAL);
}

/* --- The full tier --- */

static bool has_quick(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->policies->policy_count; i++)
        if (supervisor->plugins[i].is_quick)
            return true;
    return false;
}

static void begin_full_tier(struct supervisor *supervisor)
{
    const struct builder_wish wish = {.config = supervisor->config,
                                      .policies = supervisor->policies,
                                      .is_full = true,
                                      .is_lenient = true};
    struct chimera_error err = {0};
    if (supervisor->is_tier_settled || !has_quick(supervisor))
        return;
    supervisor->is_tier_settled = true;
    chimera_log(CHIMERA_LOG_INFO, TARGET,
                CHIMERA_SLICE("serving from the quick tier; building the full tier"));
    if (job_start(&supervisor->job, &wish, true, &err) < 0)
        log_error("the full tier cannot be built; the quick tier goes on serving", &err);
}

static void log_kept(const struct policy_spec *policy, const char *why)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("the full tier of a policy cannot be built; its quick tier goes "
                                   "on serving"),
                     CHIMERA_TEXT("policy_id", chimera_slice_of(policy->id)),
                     CHIMERA_TEXT("error", chimera_slice_of(why)));
}

/* In place of what could not be built, what serves now. */
static int keep_plugin(const struct built_plugin *kept, struct built_plugin *made,
                       struct chimera_error *err)
{
    free(made->failure);
    *made = (struct built_plugin){.path = kept->path ? strdup(kept->path) : NULL,
                                  .failure = kept->failure ? strdup(kept->failure) : NULL,
                                  .is_quick = kept->is_quick};
    if (made->path || made->failure)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
}

/* Completes the new set by the old one. The number of policies that change, or a negative code. */
static int merge(const struct supervisor *supervisor, struct built_plugin *made,
                 struct chimera_error *err)
{
    int changed = 0;
    for (size_t i = 0; i < supervisor->policies->policy_count; i++) {
        const struct built_plugin *kept = &supervisor->plugins[i];
        if (made[i].path) {
            changed += !kept->path || strcmp(kept->path, made[i].path) != 0;
            continue;
        }
        if (kept->is_quick)
            log_kept(&supervisor->policies->policy[i], made[i].failure);
        int code = keep_plugin(kept, &made[i], err);
        if (code < 0)
            return code;
    }
    return changed;
}

static void drop_next(struct supervisor *supervisor)
{
    builder_free(supervisor->next_plugins,
                 supervisor->next_plugins ? supervisor->policies->policy_count : 0);
    supervisor->next_plugins = NULL;
}

static void give_up_next(struct supervisor *supervisor, const struct chimera_error *why)
{
    log_error("the worker with the full tier did not start; the quick tier goes on serving", why);
    drop_next(supervisor);
    if (!supervisor->current.pid && !supervisor->restart_at_ms)
        plan_restart(supervisor, clock_now_ms());
}

static void start_next(struct supervisor *supervisor)
{
    struct chimera_error err = {0};
    if (start_worker(supervisor, supervisor->next_plugins, &supervisor->next, &err) < 0)
        give_up_next(supervisor, &err);
}

static void take_full_tier(struct supervisor *supervisor)
{
    struct chimera_error err = {0};
    int changed = job_finish(&supervisor->job, supervisor->policies->policy_count,
                             &supervisor->next_plugins, &err);
    if (changed == CHIMERA_OK)
        changed = merge(supervisor, supervisor->next_plugins, &err);
    if (changed < 0)
        log_error("the full tier cannot be built; the quick tier goes on serving", &err);
    if (changed > 0)
        start_next(supervisor);
    else
        drop_next(supervisor);
}

/* --- Events --- */

static void next_is_ready(struct supervisor *supervisor)
{
    retire(supervisor);
    supervisor->current = supervisor->next;
    supervisor->next = WORKER_PROCESS_NONE;
    supervisor->restart_at_ms = 0;
    builder_free(supervisor->plugins, supervisor->policies->policy_count);
    supervisor->plugins = supervisor->next_plugins;
    supervisor->next_plugins = NULL;
    chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("swapped to the full tier"),
                     CHIMERA_NUMBER("worker", supervisor->current.pid));
}

static void current_is_ready(struct supervisor *supervisor)
{
    supervisor->has_served = true;
    begin_full_tier(supervisor);
}

/* A start that fails ends the server only if there never was another. */
static int current_failed(struct supervisor *supervisor, const struct chimera_error *why,
                          struct chimera_error *err)
{
    if (!supervisor->has_served)
        return chimera_fail(err, CHIMERA_EIO, "%s", why->text);
    log_error("the worker did not start again", why);
    plan_restart(supervisor, clock_now_ms());
    return CHIMERA_OK;
}

static int current_is_gone(struct supervisor *supervisor, int status, struct chimera_error *err)
{
    struct chimera_error why = {0};
    int64_t started_ms = supervisor->current.started_ms;
    bool was_starting = supervisor->current.report_fd >= 0;
    worker_process_reaped(&supervisor->current, status, &why);
    if (was_starting)
        return current_failed(supervisor, &why, err);
    log_error("the worker is gone; starting another", &why);
    if (!supervisor->next.pid) /* else that one takes its place */
        plan_restart(supervisor, started_ms);
    return CHIMERA_OK;
}

static void retired_is_gone(struct worker_process *process, int status)
{
    struct chimera_error why = {0};
    worker_process_reaped(process, status, &why);
    if (status != 0)
        log_error("a worker crashed while it answered what was left to it", &why);
    else
        chimera_log(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("the worker before has ended"));
}

static int child_is_gone(struct supervisor *supervisor, pid_t pid, int status,
                         struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (job_reaped(&supervisor->job, pid, status))
        return CHIMERA_OK; /* what it has said is read to its end */
    if (jails_reaped(supervisor->current.jails, pid, status) ||
        jails_reaped(supervisor->next.jails, pid, status))
        return CHIMERA_OK;
    if (pid == supervisor->current.pid)
        return current_is_gone(supervisor, status, err);
    if (pid == supervisor->next.pid) {
        worker_process_reaped(&supervisor->next, status, &why);
        give_up_next(supervisor, &why);
    }
    for (size_t i = 0; i < RETIRED_MAX; i++) {
        if (pid == supervisor->retired[i].pid)
            retired_is_gone(&supervisor->retired[i], status);
        else
            jails_reaped(supervisor->retired[i].jails, pid, status);
    }
    return CHIMERA_OK;
}

/* As the first process of a container we are the parent of every orphan, too. */
static int reap_all(struct supervisor *supervisor, struct chimera_error *err)
{
    int status, code = CHIMERA_OK;
    pid_t pid;
    while (code == CHIMERA_OK && (pid = waitpid(-1, &status, WNOHANG)) > 0)
        code = child_is_gone(supervisor, pid, status, err);
    return code;
}

static int read_signals(struct supervisor *supervisor, struct chimera_error *err)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        if (info.ssi_signo != SIGCHLD)
            return STOPPED;
    return reap_all(supervisor, err);
}

static int read_job(struct supervisor *supervisor, struct chimera_error *err)
{
    if (!job_read(&supervisor->job))
        return CHIMERA_OK;
    if (supervisor->plugins) {
        take_full_tier(supervisor);
        return CHIMERA_OK;
    }
    int code =
        job_finish(&supervisor->job, supervisor->policies->policy_count, &supervisor->plugins, err);
    return code < 0 ? code
                    : start_worker(supervisor, supervisor->plugins, &supervisor->current, err);
}

static int read_current(struct supervisor *supervisor, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (worker_process_read_report(&supervisor->current, &why) < 0)
        return current_failed(supervisor, &why, err);
    current_is_ready(supervisor);
    return CHIMERA_OK;
}

static void read_next(struct supervisor *supervisor)
{
    struct chimera_error why = {0};
    if (worker_process_read_report(&supervisor->next, &why) < 0)
        give_up_next(supervisor, &why);
    else
        next_is_ready(supervisor);
}

/* --- Time --- */

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* What is due, and how long there is nothing else: -1 for ever. */
static int pass_time(struct supervisor *supervisor)
{
    int64_t now_ms = clock_now_ms();
    int64_t at_ms = earlier(jails_pass_time(supervisor->current.jails, now_ms),
                            jails_pass_time(supervisor->next.jails, now_ms));
    if (supervisor->restart_at_ms && now_ms >= supervisor->restart_at_ms)
        restart(supervisor);
    if (supervisor->restart_at_ms)
        at_ms = earlier(at_ms, supervisor->restart_at_ms);
    for (size_t i = 0; i < RETIRED_MAX; i++) {
        struct worker_process *process = &supervisor->retired[i];
        if (process->pid && now_ms >= process->until_ms) {
            kill(process->pid, SIGTERM); /* it drains; that has an end of its own */
            process->until_ms = now_ms + RETIRE_MS;
        }
        if (process->pid)
            at_ms = earlier(at_ms, process->until_ms);
        at_ms = earlier(at_ms, jails_pass_time(process->jails, now_ms));
    }
    if (at_ms == INT64_MAX)
        return -1;
    return at_ms > now_ms ? (int)(at_ms - now_ms) : 0;
}

static int serve(struct supervisor *supervisor, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    while (code == CHIMERA_OK) {
        int timeout_ms = pass_time(supervisor);
        struct pollfd polled[] = {{.fd = supervisor->signal_fd, .events = POLLIN},
                                  {.fd = supervisor->job.fd, .events = POLLIN},
                                  {.fd = supervisor->current.report_fd, .events = POLLIN},
                                  {.fd = supervisor->next.report_fd, .events = POLLIN}};
        if (poll(polled, 4, timeout_ms) < 0)
            continue;
        /* Each may end what another is about, so one at a time. */
        if (polled[1].revents)
            code = read_job(supervisor, err);
        else if (polled[2].revents)
            code = read_current(supervisor, err);
        else if (polled[3].revents)
            read_next(supervisor);
        if (code == CHIMERA_OK && polled[0].revents)
            code = read_signals(supervisor, err);
    }
    return code;
}

/* --- Start and stop --- */

/* Lets the workers answer what they have, and kills them when that takes too long. */
static void stop_workers(struct supervisor *supervisor)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    int64_t until_ms = clock_now_ms() + DRAIN_MS;
    struct worker_process *all[RETIRED_MAX + 1] = {&supervisor->current};
    bool is_one_left = true;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (size_t i = 0; i < RETIRED_MAX; i++)
        all[i + 1] = &supervisor->retired[i];
    for (size_t i = 0; i <= RETIRED_MAX; i++)
        if (all[i]->pid)
            kill(all[i]->pid, SIGTERM);
    while (is_one_left) {
        is_one_left = false;
        for (size_t i = 0; i <= RETIRED_MAX; i++) {
            if (all[i]->pid && waitpid(all[i]->pid, NULL, WNOHANG) != 0)
                all[i]->pid = 0; /* its jails have answered what it had */
            is_one_left = is_one_left || all[i]->pid;
            if (all[i]->pid && clock_now_ms() > until_ms)
                kill(all[i]->pid, SIGKILL);
        }
        if (is_one_left)
            sigtimedwait(&child, NULL, &pause);
    }
    for (size_t i = 0; i <= RETIRED_MAX; i++)
        jails_stop(all[i]->jails);
}

static void stop(struct supervisor *supervisor)
{
    close(supervisor->main_fd);
    close(supervisor->probe_fd);
    supervisor->main_fd = supervisor->probe_fd = -1;
    job_stop(&supervisor->job);
    worker_process_kill(&supervisor->next);
    if (!supervisor->has_served || supervisor->current.report_fd >= 0)
        worker_process_kill(&supervisor->current); /* it has nothing to answer */
    stop_workers(supervisor);
}

/* All are taken from the descriptor; the workers inherit that they are blocked, and wait for them.
 */
static int open_signals(struct supervisor *supervisor, struct chimera_error *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    supervisor->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    sigaddset(&signals, WORKER_RETIRE_SIGNAL);
    if (supervisor->signal_fd < 0 || sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return chimera_fail(err, CHIMERA_EIO, "signalfd: %s", strerror(errno));
    return CHIMERA_OK;
}

static int begin(struct supervisor *supervisor, struct chimera_error *err)
{
    const struct config *config = supervisor->config;
    const struct builder_wish wish = {.config = config,
                                      .policies = supervisor->policies,
                                      .is_full = config->options.is_waiting_for_full,
                                      .is_lenient = config->options.is_continue_on_errors};
    int code = open_signals(supervisor, err);
    if (code == CHIMERA_OK)
        code = board_make(&supervisor->board, err);
    if (code == CHIMERA_OK)
        code = counters_make(&supervisor->counters, err);
    if (code == CHIMERA_OK) {
        board_enter(supervisor->board.data, supervisor->policies);
        code = listener_bind(&config->main_address, &supervisor->main_fd, err);
    }
    if (code == CHIMERA_OK)
        code = listener_bind(&config->probe_address, &supervisor->probe_fd, err);
    return code < 0 ? code : job_start(&supervisor->job, &wish, false, err);
}

int supervisor_run(const struct config *config, const struct policies *policies,
                   const struct isolation *isolation, struct chimera_error *err)
{
    struct supervisor supervisor = {.config = config,
                                    .policies = policies,
                                    .isolation = isolation,
                                    .board = SHARED_NONE,
                                    .counters = SHARED_NONE,
                                    .signal_fd = -1,
                                    .main_fd = -1,
                                    .probe_fd = -1,
                                    .job = JOB_NONE,
                                    .current = WORKER_PROCESS_NONE,
                                    .next = WORKER_PROCESS_NONE};
    for (size_t i = 0; i < RETIRED_MAX; i++)
        supervisor.retired[i] = WORKER_PROCESS_NONE;
    int code = begin(&supervisor, err);
    if (code == CHIMERA_OK)
        code = serve(&supervisor, err);
    stop(&supervisor);
    drop_next(&supervisor);
    if (supervisor.plugins)
        builder_free(supervisor.plugins, policies->policy_count);
    if (supervisor.signal_fd >= 0)
        close(supervisor.signal_fd);
    shared_done(&supervisor.counters);
    shared_done(&supervisor.board);
    return code == STOPPED ? CHIMERA_OK : code;
}
