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
#include "server/config/bundle_policies.h"
#include "server/counters/counters.h"
#include "server/supervisor/certificates.h"
#include "server/supervisor/file_watch.h"
#include "server/supervisor/scoreboard_writer.h"
#include "server/supervisor/stand_in.h"

#define STOPPED 1
#define LOG_MS 1000    /* that the end waits for the log */
#define PATIENCE_MS 20 /* for each line, so that logs of all processes are in order */
#define WAIT_MAX_MS 3600000

struct supervisor {
    const struct config *config;
    struct shared board, counters;
    struct telemetry telemetry;
    int signal_fd;
    struct crew crew;     /* the workers */
    struct update update; /* what they shall serve next */
    struct admin_process admin;
    struct status status; /* of all that, on the board */
    struct certificates certificates;
    struct stand_in stand_in; /* for a worker that is not there */
    struct watch watch;       /* of files */
    char *manifest;           /* of the bundle; owned */
};

/* As the first process of a container we are the parent of every orphan, too. */
static int reap_all(struct supervisor *supervisor, struct chimera_error *err)
{
    int status, code = CHIMERA_OK;
    pid_t pid;
    while (code == CHIMERA_OK && (pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0)
        if (WIFSTOPPED(status) || WIFCONTINUED(status))
            crew_stopped(&supervisor->crew, pid, WIFSTOPPED(status));
        else if (!admin_process_reaped(&supervisor->admin, pid) &&
                 !telemetry_reaped(&supervisor->telemetry, pid, status))
            code = update_reaped(&supervisor->update, pid, status, err);
    return code;
}

static int read_signals(struct supervisor *supervisor, struct chimera_error *err)
{
    struct signalfd_siginfo info;
    bool is_reload = false;
    while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            return STOPPED;
        is_reload = is_reload || info.ssi_signo == SIGHUP;
    }
    int code = reap_all(supervisor, err);
    if (code == CHIMERA_OK && is_reload) {
        certificates_look(&supervisor->certificates, true);
        update_reload(&supervisor->update);
    }
    return code;
}

/* Files may have changed. */
static void look(struct supervisor *supervisor)
{
    certificates_look(&supervisor->certificates, false);
    if (!supervisor->config->options.is_watch_off)
        update_look(&supervisor->update);
}

static int read_certificates(struct supervisor *supervisor, struct chimera_error *err)
{
    struct order order = {.verb = ORDER_NONE};
    int code = certificates_read(&supervisor->certificates, &order, err);
    if (code == CHIMERA_OK && order.verb)
        crew_order(&supervisor->crew, &order);
    return code;
}

/* What is due, and how long there is nothing else: -1 for ever. */
static int pass_time(struct supervisor *supervisor, int *ret_timeout_ms, struct chimera_error *err)
{
    int64_t now_ms = chimera_clock_ms();
    int64_t at_ms = INT64_MAX;
    int code = update_pass_time(&supervisor->update, now_ms, &at_ms, err);
    if (code < 0)
        return code;
    if (watch_pass_time(&supervisor->watch, now_ms, &at_ms))
        look(supervisor);
    at_ms = chimera_clock_earlier(at_ms, stand_in_pass_time(&supervisor->stand_in, now_ms));
    at_ms = chimera_clock_earlier(at_ms, crew_pass_time(&supervisor->crew, now_ms));
    at_ms = chimera_clock_earlier(at_ms, telemetry_pass_time(&supervisor->telemetry, now_ms));
    if (supervisor->config->has_admin) { /* else nobody looks */
        status_tell(&supervisor->status, &supervisor->crew, &supervisor->update);
        at_ms = chimera_clock_earlier(
            at_ms, status_pass_time(&supervisor->status, &supervisor->crew, now_ms));
        at_ms = chimera_clock_earlier(at_ms, admin_process_pass_time(&supervisor->admin, now_ms));
    }
    int64_t left_ms = at_ms > now_ms ? at_ms - now_ms : 0;
    *ret_timeout_ms = at_ms == INT64_MAX ? -1 : left_ms < WAIT_MAX_MS ? (int)left_ms : WAIT_MAX_MS;
    return CHIMERA_OK;
}

/* The readiness port, while nobody else answers there; before the first worker it does not listen.
 */
static int unanswered_fd(const struct supervisor *supervisor)
{
    bool is_unanswered = supervisor->update.has_served && !crew_answers(&supervisor->crew);
    return is_unanswered && stand_in_has_room(&supervisor->stand_in) ? supervisor->crew.probe_fd
                                                                     : -1;
}

static int await_events(struct supervisor *supervisor, int timeout_ms, struct chimera_error *err)
{
    struct update *update = &supervisor->update;
    int code = CHIMERA_OK;
    int report_fd = supervisor->crew.current.report_fd;
    if (supervisor->certificates.is_starting)
        report_fd = -1; /* it serves when they are good */
    struct pollfd polled[] = {{.fd = supervisor->signal_fd, .events = POLLIN},
                              {.fd = update->job.fd, .events = POLLIN},
                              {.fd = report_fd, .events = POLLIN},
                              {.fd = supervisor->crew.next.report_fd, .events = POLLIN},
                              {.fd = watch_fd(&supervisor->watch), .events = POLLIN},
                              {.fd = supervisor->certificates.check_fd, .events = POLLIN},
                              {.fd = unanswered_fd(supervisor), .events = POLLIN}};
    if (poll(polled, sizeof(polled) / sizeof(polled[0]), timeout_ms) < 0)
        return CHIMERA_OK;
    /* Each may end what another is about, so one at a time. */
    if (polled[1].revents)
        code = update_read_job(update, err);
    else if (polled[2].revents)
        code = update_read_current(update, err);
    else if (polled[3].revents)
        update_read_next(update);
    if (polled[4].revents)
        watch_read(&supervisor->watch);
    if (code == CHIMERA_OK && polled[5].revents)
        code = read_certificates(supervisor, err);
    if (polled[6].revents)
        stand_in_accept(&supervisor->stand_in, polled[6].fd, chimera_clock_ms());
    if (code == CHIMERA_OK && polled[0].revents)
        code = read_signals(supervisor, err);
    return code;
}

static int serve(struct supervisor *supervisor, struct chimera_error *err)
{
    int timeout_ms = -1;
    int code = CHIMERA_OK;
    while (code == CHIMERA_OK) {
        code = pass_time(supervisor, &timeout_ms, err);
        if (code == CHIMERA_OK)
            code = await_events(supervisor, timeout_ms, err);
    }
    return code;
}

/* All are taken from the descriptor; the workers inherit that they are blocked. */
static int open_signals(struct supervisor *supervisor, struct chimera_error *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    supervisor->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->signal_fd < 0 || sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
        return chimera_fail(err, CHIMERA_EIO, "signalfd: %s", strerror(errno));
    return CHIMERA_OK;
}

static int open_watch(struct supervisor *supervisor, struct chimera_error *err)
{
    const struct options *options = &supervisor->config->options;
    const struct certificates *certificates = &supervisor->certificates;
    CHIMERA_FREE const char **paths = calloc(certificates->file_count + 3, sizeof(*paths));
    size_t count = 0;
    if (!paths)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    for (size_t i = 0; i < certificates->file_count; i++)
        paths[count++] = certificates->file[i].path;
    supervisor->manifest = bundle_manifest(options);
    if (supervisor->manifest && !options->is_watch_off)
        paths[count++] = supervisor->manifest;
    if ((!options->bundle || options->are_policies_given) && !options->is_watch_off)
        paths[count++] = options->policies;
    if (options->policy_options && !options->is_watch_off)
        paths[count++] = options->policy_options;
    watch_open(&supervisor->watch, paths, count);
    return CHIMERA_OK;
}

/* From here on nobody waits for the log: not who restarts workers, either. TSan knows no threads in
 * forks of a process that has some. */
static int start_log(struct supervisor *supervisor, struct chimera_error *err)
{
#ifdef CHIMERA_TSAN
    (void)supervisor, (void)err;
    return CHIMERA_OK;
#else
    struct counters *counters = supervisor->counters.data;
    int code = chimera_log_buffer(NULL, &counters->log_lines_dropped, err);
    chimera_log_be_patient(PATIENCE_MS);
    return code < 0 ? code : chimera_log_start_writer(NULL, NULL, err);
#endif
}

int supervisor_run(const struct config *config, struct policy_file *file, struct chimera_error *err)
{
    struct supervisor supervisor = {.config = config,
                                    .board = SHARED_NONE,
                                    .counters = SHARED_NONE,
                                    .telemetry = TELEMETRY_NONE,
                                    .signal_fd = -1,
                                    .admin = ADMIN_PROCESS_NONE,
                                    .certificates = CERTIFICATES_NONE,
                                    .watch = WATCH_NONE};
    crew_init(&supervisor.crew, config, &supervisor.board, &supervisor.counters,
              &supervisor.telemetry, &supervisor.certificates.served);
    update_init(&supervisor.update, config, &supervisor.crew);
    int code = open_signals(&supervisor, err);
    if (code == CHIMERA_OK)
        code = board_make(&supervisor.board, err);
    if (code == CHIMERA_OK)
        code = counters_make(&supervisor.counters, err);
    if (code == CHIMERA_OK)
        code = start_log(&supervisor, err);
    if (code == CHIMERA_OK) {
        status_init(&supervisor.status, supervisor.board.data);
        code = admin_process_open(&supervisor.admin, config, &supervisor.board,
                                  &supervisor.counters, err);
    }
    if (code == CHIMERA_OK)
        code = telemetry_open(&supervisor.telemetry, config, &supervisor.board,
                              &supervisor.counters, err);
    if (code == CHIMERA_OK)
        code = crew_open(&supervisor.crew, err);
    if (code == CHIMERA_OK)
        code = certificates_open(&supervisor.certificates, config, err);
    if (code == CHIMERA_OK)
        code = open_watch(&supervisor, err);
    if (code == CHIMERA_OK)
        code = update_begin(&supervisor.update, file, err);
    policy_file_drop(file); /* whoever needs it uses it */
    if (code == CHIMERA_OK)
        code = serve(&supervisor, err);
    if (supervisor.status.board)
        status_stopping(&supervisor.status);
    stand_in_close(&supervisor.stand_in);
    update_end(&supervisor.update);
    crew_stop(&supervisor.crew);
    telemetry_stop(&supervisor.telemetry); /* behind the workers, whose last spans it exports */
    admin_process_close(&supervisor.admin);
    status_done(&supervisor.status);
    if (supervisor.signal_fd >= 0)
        close(supervisor.signal_fd);
    watch_close(&supervisor.watch);
    certificates_close(&supervisor.certificates);
    free(supervisor.manifest);
    chimera_log_finish(LOG_MS); /* it counts nothing from now on */
    shared_done(&supervisor.counters);
    shared_done(&supervisor.board);
    return code == STOPPED ? CHIMERA_OK : code;
}
