/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/instance/sanitizer.h"
#include "runtime/log/log_writer.h"
#include "server/admin/child.h"
#include "server/base/bell.h"
#include "server/base/descriptors.h"
#include "server/capability/broker.h"
#include "server/config/bundle_policies.h"
#include "server/counters/counters.h"
#include "server/decisions/child.h"
#include "server/supervisor/certificates.h"
#include "server/supervisor/file_watch.h"
#include "server/supervisor/scoreboard_writer.h"
#include "server/supervisor/stand_in.h"

#define STOPPED 1
#define LOG_MS 1000    /* that the end waits for the log */
#define PATIENCE_MS 20 /* for each line, so that logs of all processes are in order */
#define WAIT_MAX_MS 3600000
#define NEVER_MS INT64_MAX

struct supervisor {
    const struct config *config;
    struct policies_file *file; /* that it starts with; borrowed */
    int code;                   /* CHIMERA_OK while it goes on */
    struct chimera_error *err;  /* borrowed */
    struct shared scoreboard, counters;
    struct telemetry telemetry;
    struct decision_child decisions;
    struct broker broker; /* of host calls */
    int signal_fd;
    struct workers workers; /* the workers */
    struct rollout rollout; /* what they shall serve next */
    struct admin_child admin;
    struct scoreboard_writer writer; /* of all that, on the scoreboard */
    struct certificates certificates;
    struct stand_in stand_in; /* for a worker that is not there */
    struct watch watch;       /* of files */
    struct policies_files files;
};

/* One thing that the supervisor looks after: start() and on_readable() set `code` when the server
 * has to end. What a part does not need is NULL. */
struct part {
    void (*start)(struct supervisor *);
    int (*fd)(const struct supervisor *); /* to be read; -1: nothing just now */
    void (*on_readable)(struct supervisor *);
    bool (*on_exit)(struct supervisor *, pid_t, int status); /* true: it was its process */
    int64_t (*on_time)(struct supervisor *, int64_t now_ms); /* when to be called again */
    void (*stop)(struct supervisor *);                       /* also when its start has failed */
};

/* --- Signals --- */

/* All are taken from the descriptor; the workers inherit that they are blocked. */
static void open_signals(struct supervisor *supervisor)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    /* They mean nothing to us; some log rotation sends them to whatever is there. */
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    supervisor->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->signal_fd < 0 || sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        supervisor->code =
            chimera_fail(supervisor->err, CHIMERA_EIO, "signalfd: %s", strerror(errno));
}

static int signal_fd(const struct supervisor *supervisor)
{
    return supervisor->signal_fd;
}

static void tell_of_exit(struct supervisor *supervisor, pid_t pid, int status);

static void tell_of_stop(struct supervisor *supervisor, pid_t pid, bool is_stopped)
{
    if (!build_child_stopped(&supervisor->rollout.build, pid, is_stopped))
        workers_stopped(&supervisor->workers, pid, is_stopped);
}

static void reload(struct supervisor *supervisor)
{
    decision_child_reopen(&supervisor->decisions);
    certificates_look(&supervisor->certificates, true);
    rollout_reload(&supervisor->rollout);
}

static void read_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    bool is_reload = false;
    while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            supervisor->code = STOPPED;
            return;
        }
        is_reload = is_reload || info.ssi_signo == SIGHUP;
    }
    int status;
    pid_t pid;
    while (supervisor->code == CHIMERA_OK &&
           (pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
        if (WIFSTOPPED(status) || WIFCONTINUED(status))
            tell_of_stop(supervisor, pid, WIFSTOPPED(status));
        else
            tell_of_exit(supervisor, pid, status);
    if (supervisor->code == CHIMERA_OK && is_reload)
        reload(supervisor);
}

/* Of those that reached a child. */
static int passed_fd(const struct supervisor *supervisor)
{
    (void)supervisor;
    return bell_fd();
}

static void read_passed(struct supervisor *supervisor)
{
    bool is_reload = false;
    int number;
    while ((number = bell_take()) != 0) {
        if (number != SIGHUP)
            supervisor->code = STOPPED;
        is_reload = true;
    }
    if (supervisor->code == CHIMERA_OK && is_reload)
        reload(supervisor);
}

static void open_bell(struct supervisor *supervisor)
{
    supervisor->code = bell_open(supervisor->err);
}

static void close_bell(struct supervisor *supervisor)
{
    (void)supervisor;
    bell_close();
}

static void close_signals(struct supervisor *supervisor)
{
    if (supervisor->signal_fd >= 0)
        close(supervisor->signal_fd);
}

/* --- What is counted, logged and shown --- */

/* From here on nobody waits for the log: not who restarts workers, either. TSan knows no threads in
 * forks of a process that has some. */
static int start_log(struct counters *counters, struct chimera_error *err)
{
#ifdef CHIMERA_TSAN
    (void)counters, (void)err;
    return CHIMERA_OK;
#else
    int code = chimera_log_buffer(NULL, &counters->log_lines_dropped, err);
    chimera_log_be_patient(PATIENCE_MS);
    return code < 0 ? code : chimera_log_start_writer(NULL, NULL, err);
#endif
}

static void start_status(struct supervisor *supervisor)
{
    supervisor->scoreboard = supervisor->counters = SHARED_NONE;
    int code = scoreboard_make(&supervisor->scoreboard, supervisor->err);
    if (code == CHIMERA_OK)
        code = counters_make(&supervisor->counters, supervisor->err);
    if (code == CHIMERA_OK)
        code = start_log(supervisor->counters.data, supervisor->err);
    if (code == CHIMERA_OK)
        scoreboard_writer_init(&supervisor->writer, supervisor->scoreboard.data);
    supervisor->code = code;
}

/* Without an admin port nobody looks. */
static int64_t tell_status(struct supervisor *supervisor, int64_t now_ms)
{
    if (!supervisor->config->has_admin)
        return NEVER_MS;
    scoreboard_writer_tell(&supervisor->writer, &supervisor->workers, &supervisor->rollout);
    return scoreboard_writer_pass_time(&supervisor->writer, &supervisor->workers, now_ms);
}

static void tell_stopping(struct supervisor *supervisor)
{
    scoreboard_writer_stopping(&supervisor->writer);
}

static void end_status(struct supervisor *supervisor)
{
    scoreboard_writer_done(&supervisor->writer);
    chimera_log_finish(LOG_MS); /* it counts nothing from now on */
    shared_done(&supervisor->counters);
    shared_done(&supervisor->scoreboard);
}

/* --- The process of the admin port --- */

static void start_admin(struct supervisor *supervisor)
{
    supervisor->code =
        admin_child_open(&supervisor->admin, supervisor->config, &supervisor->scoreboard,
                         &supervisor->counters, &supervisor->broker.tally, supervisor->err);
}

static bool admin_ended(struct supervisor *supervisor, pid_t pid, int status)
{
    (void)status;
    return admin_child_reaped(&supervisor->admin, pid);
}

static int64_t restart_admin(struct supervisor *supervisor, int64_t now_ms)
{
    return admin_child_pass_time(&supervisor->admin, now_ms);
}

static void stop_admin(struct supervisor *supervisor)
{
    admin_child_close(&supervisor->admin);
}

/* --- The exporter --- */

static void start_exporter(struct supervisor *supervisor)
{
    supervisor->code =
        telemetry_open(&supervisor->telemetry, supervisor->config, &supervisor->scoreboard,
                       &supervisor->counters, supervisor->err);
}

static bool exporter_ended(struct supervisor *supervisor, pid_t pid, int status)
{
    return telemetry_reaped(&supervisor->telemetry, pid, status);
}

static int64_t restart_exporter(struct supervisor *supervisor, int64_t now_ms)
{
    return telemetry_pass_time(&supervisor->telemetry, now_ms);
}

static void stop_exporter(struct supervisor *supervisor)
{
    telemetry_stop(&supervisor->telemetry);
}

/* --- The decision log --- */

static void start_decisions(struct supervisor *supervisor)
{
    supervisor->code = decision_child_open(&supervisor->decisions, supervisor->config,
                                           &supervisor->counters, supervisor->err);
}

static bool decisions_ended(struct supervisor *supervisor, pid_t pid, int status)
{
    (void)status;
    return decision_child_reaped(&supervisor->decisions, pid);
}

static int64_t restart_decisions(struct supervisor *supervisor, int64_t now_ms)
{
    return decision_child_pass_time(&supervisor->decisions, now_ms);
}

static void stop_decisions(struct supervisor *supervisor)
{
    decision_child_stop(&supervisor->decisions);
}

/* --- The broker --- */

static void prepare_broker(struct supervisor *supervisor)
{
    supervisor->code = broker_init(&supervisor->broker, supervisor->config, supervisor->err);
}

static int calls_fd(const struct supervisor *supervisor)
{
    return broker_fd(&supervisor->broker);
}

static void read_calls(struct supervisor *supervisor)
{
    broker_read(&supervisor->broker);
}

static bool broker_ended(struct supervisor *supervisor, pid_t pid, int status)
{
    return broker_reaped(&supervisor->broker, pid, status);
}

static int64_t restart_broker(struct supervisor *supervisor, int64_t now_ms)
{
    return broker_pass_time(&supervisor->broker, now_ms);
}

static void stop_broker(struct supervisor *supervisor)
{
    broker_stop(&supervisor->broker);
}

/* --- Certificates --- */

static void start_certificates(struct supervisor *supervisor)
{
    supervisor->certificates = CERTIFICATES_NONE;
    supervisor->code =
        certificates_open(&supervisor->certificates, supervisor->config, supervisor->err);
}

static int check_fd(const struct supervisor *supervisor)
{
    return supervisor->certificates.check_fd;
}

static void read_certificates(struct supervisor *supervisor)
{
    struct order order = {.verb = ORDER_NONE};
    supervisor->code = certificates_read(&supervisor->certificates, &order, supervisor->err);
    if (supervisor->code == CHIMERA_OK && order.verb)
        workers_order(&supervisor->workers, &order);
}

static void end_certificates(struct supervisor *supervisor)
{
    certificates_close(&supervisor->certificates);
}

/* --- Files that change --- */

static void start_watch(struct supervisor *supervisor)
{
    const struct options *options = &supervisor->config->options;
    const struct certificates *certificates = &supervisor->certificates;
    size_t count = 0;
    supervisor->watch = WATCH_NONE;
    if (!options->is_watch_off)
        policies_files_find(options, &supervisor->files);
    CHIMERA_FREE const char **paths = (const char **)calloc(
        certificates->file_count + supervisor->files.count + 1, sizeof(*paths));
    if (!paths) {
        supervisor->code = chimera_fail_memory(supervisor->err);
        return;
    }
    for (size_t i = 0; i < certificates->file_count; i++)
        paths[count++] = certificates->file[i].path;
    for (size_t i = 0; i < supervisor->files.count; i++)
        paths[count++] = supervisor->files.path[i];
    watch_open(&supervisor->watch, paths, count);
}

static int changes_fd(const struct supervisor *supervisor)
{
    return watch_fd(&supervisor->watch);
}

static void read_changes(struct supervisor *supervisor)
{
    watch_read(&supervisor->watch);
}

static int64_t look_at_files(struct supervisor *supervisor, int64_t now_ms)
{
    int64_t at_ms = NEVER_MS;
    if (!watch_pass_time(&supervisor->watch, now_ms, &at_ms))
        return at_ms;
    certificates_look(&supervisor->certificates, false);
    if (!supervisor->config->options.is_watch_off)
        rollout_look(&supervisor->rollout);
    return now_ms; /* the others, who were asked before, may have something under way now */
}

static void end_watch(struct supervisor *supervisor)
{
    watch_close(&supervisor->watch);
    policies_files_done(&supervisor->files);
}

/* --- Workers --- */

static void open_workers(struct supervisor *supervisor)
{
    workers_init(&supervisor->workers,
                 &(struct workers_inputs){.config = supervisor->config,
                                          .scoreboard = &supervisor->scoreboard,
                                          .counters = &supervisor->counters,
                                          .telemetry = &supervisor->telemetry,
                                          .decisions = &supervisor->decisions,
                                          .broker = &supervisor->broker,
                                          .tls = &supervisor->certificates.served});
    supervisor->code = workers_open(&supervisor->workers, supervisor->err);
}

/* The first one serves when the certificates are good. */
static int current_fd(const struct supervisor *supervisor)
{
    return supervisor->certificates.is_starting ? -1 : supervisor->workers.current.report_fd;
}

static void read_current(struct supervisor *supervisor)
{
    supervisor->code = rollout_read_current(&supervisor->rollout, supervisor->err);
}

static int next_fd(const struct supervisor *supervisor)
{
    return supervisor->workers.next.report_fd;
}

static void read_next(struct supervisor *supervisor)
{
    rollout_read_next(&supervisor->rollout);
}

static bool worker_ended(struct supervisor *supervisor, pid_t pid, int status)
{
    return workers_reaped(&supervisor->workers, pid, status);
}

static int64_t restart_workers(struct supervisor *supervisor, int64_t now_ms)
{
    return workers_pass_time(&supervisor->workers, now_ms);
}

static void stop_workers(struct supervisor *supervisor)
{
    workers_stop(&supervisor->workers);
}

/* --- What they serve --- */

static void begin_rollout(struct supervisor *supervisor)
{
    rollout_init(&supervisor->rollout, supervisor->config, &supervisor->workers);
    supervisor->rollout.admin_fd = supervisor->admin.fd;
    supervisor->code = rollout_begin(&supervisor->rollout, supervisor->file, supervisor->err);
}

static int build_fd(const struct supervisor *supervisor)
{
    return supervisor->rollout.build.fd;
}

static void read_build(struct supervisor *supervisor)
{
    supervisor->code = rollout_read_build(&supervisor->rollout, supervisor->err);
}

static bool rollout_child_ended(struct supervisor *supervisor, pid_t pid, int status)
{
    bool is_known = false;
    supervisor->code =
        rollout_reaped(&supervisor->rollout, pid, status, &is_known, supervisor->err);
    return is_known;
}

static int64_t pass_time_rollout(struct supervisor *supervisor, int64_t now_ms)
{
    int64_t at_ms = NEVER_MS;
    supervisor->code = rollout_pass_time(&supervisor->rollout, now_ms, &at_ms, supervisor->err);
    return at_ms;
}

static void end_rollout(struct supervisor *supervisor)
{
    rollout_end(&supervisor->rollout);
}

/* --- The readiness port --- */

/* While nobody else answers there; before the first worker it does not listen. */
static int unanswered_fd(const struct supervisor *supervisor)
{
    bool is_unanswered = supervisor->rollout.has_served && !workers_answer(&supervisor->workers);
    return is_unanswered && stand_in_has_room(&supervisor->stand_in) ? supervisor->workers.probe_fd
                                                                     : -1;
}

static void accept_unanswered(struct supervisor *supervisor)
{
    stand_in_accept(&supervisor->stand_in, supervisor->workers.probe_fd, chimera_clock_ms());
}

static int64_t answer_unanswered(struct supervisor *supervisor, int64_t now_ms)
{
    return stand_in_pass_time(&supervisor->stand_in, now_ms);
}

static void end_stand_in(struct supervisor *supervisor)
{
    stand_in_close(&supervisor->stand_in);
}

/* --- All of them --- */

/* Started in this order; all else goes the other way round. So the end of a build is read before
 * what workers report, reports before the signal that says who has ended, and what is shown is what
 * the others have come to. */
static const struct part parts[] = {
    {open_signals, signal_fd, read_signals, NULL, NULL, close_signals},
    {open_bell, passed_fd, read_passed, NULL, NULL, close_bell},
    {start_status, NULL, NULL, NULL, tell_status, end_status},
    {prepare_broker, calls_fd, read_calls, broker_ended, restart_broker, stop_broker},
    {start_admin, NULL, NULL, admin_ended, restart_admin, stop_admin},
    {start_exporter, NULL, NULL, exporter_ended, restart_exporter, stop_exporter},
    {start_decisions, NULL, NULL, decisions_ended, restart_decisions, stop_decisions},
    {open_workers, NULL, NULL, worker_ended, restart_workers, stop_workers},
    {start_certificates, check_fd, read_certificates, NULL, NULL, end_certificates},
    {start_watch, changes_fd, read_changes, NULL, look_at_files, end_watch},
    {NULL, next_fd, read_next, NULL, NULL, NULL},
    {NULL, current_fd, read_current, NULL, NULL, NULL},
    {begin_rollout, build_fd, read_build, rollout_child_ended, pass_time_rollout, end_rollout},
    {NULL, unanswered_fd, accept_unanswered, NULL, answer_unanswered, end_stand_in},
    {NULL, NULL, NULL, NULL, NULL, tell_stopping},
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

/* As the first process of a container we are the parent of every orphan, too: nobody knows it. */
static void tell_of_exit(struct supervisor *supervisor, pid_t pid, int status)
{
    for (size_t i = PART_COUNT; i > 0; i--)
        if (parts[i - 1].on_exit && parts[i - 1].on_exit(supervisor, pid, status))
            return;
}

static int fd_of(const struct supervisor *supervisor, size_t part)
{
    return parts[part].fd ? parts[part].fd(supervisor) : -1;
}

/* Does what is due, and says how long there is nothing else to do: -1 for ever. */
static int pass_time(struct supervisor *supervisor)
{
    int64_t now_ms = chimera_clock_ms(), at_ms = NEVER_MS;
    for (size_t i = PART_COUNT; supervisor->code == CHIMERA_OK && i > 0; i--)
        if (parts[i - 1].on_time)
            at_ms = chimera_clock_earlier(at_ms, parts[i - 1].on_time(supervisor, now_ms));
    if (at_ms == NEVER_MS)
        return -1;
    int64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    return left_ms < WAIT_MAX_MS ? (int)left_ms : WAIT_MAX_MS;
}

/* Each may end what another is about: that has another descriptor then, or none. */
static void read_ready(struct supervisor *supervisor, int timeout_ms)
{
    struct pollfd polled[PART_COUNT];
    for (size_t i = 0; i < PART_COUNT; i++)
        polled[i] = (struct pollfd){.fd = fd_of(supervisor, i), .events = POLLIN};
    if (poll(polled, PART_COUNT, timeout_ms) < 0)
        return;
    for (size_t i = PART_COUNT; supervisor->code == CHIMERA_OK && i > 0; i--)
        if (polled[i - 1].revents && polled[i - 1].fd == fd_of(supervisor, i - 1))
            parts[i - 1].on_readable(supervisor);
}

int supervisor_run(const struct config *config, struct policies_file *file,
                   struct chimera_error *err)
{
    struct supervisor supervisor = {.config = config, .file = file, .err = err};
    descriptors_raise_limit(); /* each tenant takes a dozen */
    size_t started = 0;
    for (; supervisor.code == CHIMERA_OK && started < PART_COUNT; started++)
        if (parts[started].start)
            parts[started].start(&supervisor);
    policies_file_drop(file); /* whoever needs it uses it */
    while (supervisor.code == CHIMERA_OK) {
        int timeout_ms = pass_time(&supervisor);
        if (supervisor.code == CHIMERA_OK)
            read_ready(&supervisor, timeout_ms);
    }
    while (started > 0)
        if (parts[--started].stop)
            parts[started].stop(&supervisor);
    return supervisor.code == STOPPED ? CHIMERA_OK : supervisor.code;
}
