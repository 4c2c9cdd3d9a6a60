#include "server/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "server/builder.h"
#include "server/child.h"
#include "server/clock.h"
#include "server/listener.h"
#include "server/worker.h"

#define TARGET "server::supervisor"
#define STOPPED CHILD_STOPPED
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define CALM_MS 60000 /* a worker that lived so long has not crashed at its start */
#define DRAIN_MS \
    28000 /* a little more than the worker takes, a little less than Kubernetes waits */

struct supervisor {
    const struct config *config;
    const struct policies *policies;
    struct built_plugin *plugins; /* owned */
    int signal_fd, main_fd, probe_fd;
    pid_t worker;  /* 0: none */
    int report_fd; /* of a worker that has not reported yet; else -1 */
    int64_t started_ms;
    unsigned backoff_ms;
};

static int open_signals(struct supervisor *supervisor, struct chimera_error *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0 ||
        (supervisor->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
        return chimera_fail(err, CHIMERA_EIO, "signalfd: %s", strerror(errno));
    return CHIMERA_OK;
}

/* In the child: never returns. */
static void become_worker(struct supervisor *supervisor, int report_fd, pid_t parent)
{
    const struct worker_start start = {.config = supervisor->config,
                                       .policies = supervisor->policies,
                                       .plugins = supervisor->plugins,
                                       .main_fd = supervisor->main_fd,
                                       .probe_fd = supervisor->probe_fd,
                                       .report_fd = report_fd};
    close(supervisor->signal_fd);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1); /* it has died before we could ask to be told */
    int code = worker_run(&start);
    if (code)
        _exit(code); /* threads may be running, so nothing is taken down */
    builder_free(supervisor->plugins, supervisor->policies->policy_count);
    exit(0);
}

static int start_worker(struct supervisor *supervisor, struct chimera_error *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return chimera_fail(err, CHIMERA_EIO, "pipe: %s", strerror(errno));
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        close(report[0]);
        become_worker(supervisor, report[1], parent);
    }
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return chimera_fail(err, CHIMERA_EIO, "fork: %s", strerror(errno));
    }
    supervisor->worker = pid;
    supervisor->report_fd = report[0];
    supervisor->started_ms = clock_now_ms();
    return CHIMERA_OK;
}

static bool is_stop_wanted(const struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    return read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

static void describe_end(int status, struct chimera_error *err)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        chimera_fail(err, CHIMERA_EIO,
                     "the worker was ended for a system call that its lock-down denies: it may "
                     "have been attacked");
    else if (WIFSIGNALED(status))
        chimera_fail(err, CHIMERA_EIO, "the worker was ended by signal %d (%s)", WTERMSIG(status),
                     strsignal(WTERMSIG(status)));
    else
        chimera_fail(err, CHIMERA_EIO, "the worker ended with exit code %d", WEXITSTATUS(status));
}

static void reap_worker(struct supervisor *supervisor, struct chimera_error *err)
{
    int status = 0;
    while (waitpid(supervisor->worker, &status, 0) < 0 && errno == EINTR)
        ;
    supervisor->worker = 0;
    if (!err->text[0])
        describe_end(status, err);
}

/* Reads what the worker reports: 0 when it is ready, else a negative code with its text, and then
 * it is gone. */
static int read_report(struct supervisor *supervisor, struct chimera_error *err)
{
    struct chimera_error why = {0};
    size_t size = 0;
    ssize_t count;
    do {
        count = read(supervisor->report_fd, why.text + size, sizeof(why.text) - 1 - size);
        size += count > 0 ? (size_t)count : 0;
    } while ((count > 0 && why.text[0] != WORKER_READY) || (count < 0 && errno == EINTR));
    close(supervisor->report_fd);
    supervisor->report_fd = -1;
    if (size > 0 && why.text[0] == WORKER_READY)
        return CHIMERA_OK;
    reap_worker(supervisor, &why);
    return chimera_fail(err, CHIMERA_EIO, "%s", why.text);
}

static void kill_worker(struct supervisor *supervisor)
{
    struct chimera_error ignored = {0};
    kill(supervisor->worker, SIGKILL);
    reap_worker(supervisor, &ignored);
    close(supervisor->report_fd);
    supervisor->report_fd = -1;
}

/* Waits until the new worker is ready. STOPPED when we are told to stop meanwhile. */
static int await_report(struct supervisor *supervisor, struct chimera_error *err)
{
    struct pollfd polled[] = {{.fd = supervisor->signal_fd, .events = POLLIN},
                              {.fd = supervisor->report_fd, .events = POLLIN}};
    for (;;) {
        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[0].revents && is_stop_wanted(supervisor)) {
            kill_worker(supervisor);
            return STOPPED;
        }
        if (polled[1].revents)
            return read_report(supervisor, err);
    }
}

/* Sleeps, unless told to stop. */
static int back_off(struct supervisor *supervisor)
{
    struct pollfd polled = {.fd = supervisor->signal_fd, .events = POLLIN};
    if (clock_now_ms() - supervisor->started_ms > CALM_MS)
        supervisor->backoff_ms = 0;
    if (poll(&polled, 1, (int)supervisor->backoff_ms) > 0 && is_stop_wanted(supervisor))
        return STOPPED;
    supervisor->backoff_ms = supervisor->backoff_ms ? supervisor->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (supervisor->backoff_ms > BACKOFF_MAX_MS)
        supervisor->backoff_ms = BACKOFF_MAX_MS;
    return CHIMERA_OK;
}

/* The sockets stay open here, so connections wait in the backlog for the next worker. */
static int restart_worker(struct supervisor *supervisor)
{
    for (;;) {
        struct chimera_error err = {0};
        int code = back_off(supervisor);
        if (code == CHIMERA_OK)
            code = start_worker(supervisor, &err);
        if (code == CHIMERA_OK)
            code = await_report(supervisor, &err);
        if (code >= 0)
            return code;
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("the worker did not start again"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
    }
}

/* As the first process of a container we are the parent of every orphan, too. True when the worker
 * is among the dead. */
static bool reap_all(struct supervisor *supervisor, struct chimera_error *ret_why)
{
    int status;
    pid_t pid;
    bool is_worker = false;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == supervisor->worker) {
            describe_end(status, ret_why);
            supervisor->worker = 0;
            is_worker = true;
        }
    }
    return is_worker;
}

static int watch_worker(struct supervisor *supervisor)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigaddset(&child, SIGTERM);
    sigaddset(&child, SIGINT);
    int signal_number = sigwaitinfo(&child, NULL);
    if (signal_number < 0)
        return CHIMERA_OK;
    if (signal_number != SIGCHLD)
        return STOPPED;
    struct chimera_error why = {0};
    if (!reap_all(supervisor, &why))
        return CHIMERA_OK;
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("the worker is gone; starting another"),
                     CHIMERA_TEXT("reason", chimera_slice_of(why.text)));
    return restart_worker(supervisor);
}

/* Lets the worker answer what it has, and kills it when that takes too long. */
static void stop_worker(struct supervisor *supervisor)
{
    const int64_t until_ms = clock_now_ms() + DRAIN_MS;
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    struct chimera_error ignored = {0};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    close(supervisor->main_fd);
    close(supervisor->probe_fd);
    supervisor->main_fd = supervisor->probe_fd = -1;
    if (!supervisor->worker)
        return;
    kill(supervisor->worker, SIGTERM);
    while (!reap_all(supervisor, &ignored)) {
        sigtimedwait(&child, NULL, &pause);
        if (clock_now_ms() > until_ms)
            kill(supervisor->worker, SIGKILL);
    }
}

static int serve(struct supervisor *supervisor, struct chimera_error *err)
{
    int code = start_worker(supervisor, err);
    if (code == CHIMERA_OK)
        code = await_report(supervisor, err);
    while (code == CHIMERA_OK)
        code = watch_worker(supervisor);
    if (code == STOPPED)
        stop_worker(supervisor);
    return code;
}

/* SIGCHLD is blocked, so that sigwaitinfo() can take it. */
static void block_child_signal(void)
{
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
}

int supervisor_run(const struct config *config, const struct policies *policies,
                   struct chimera_error *err)
{
    struct supervisor supervisor = {.config = config,
                                    .policies = policies,
                                    .signal_fd = -1,
                                    .main_fd = -1,
                                    .probe_fd = -1,
                                    .report_fd = -1};
    block_child_signal();
    int code = open_signals(&supervisor, err);
    if (code == CHIMERA_OK)
        code = listener_bind(&config->main_address, &supervisor.main_fd, err);
    if (code == CHIMERA_OK)
        code = listener_bind(&config->probe_address, &supervisor.probe_fd, err);
    if (code == CHIMERA_OK)
        code = builder_run(config, policies, supervisor.signal_fd, &supervisor.plugins, err);
    if (code == CHIMERA_OK)
        code = serve(&supervisor, err);
    if (supervisor.plugins)
        builder_free(supervisor.plugins, policies->policy_count);
    if (supervisor.main_fd >= 0)
        close(supervisor.main_fd);
    if (supervisor.probe_fd >= 0)
        close(supervisor.probe_fd);
    if (supervisor.signal_fd >= 0)
        close(supervisor.signal_fd);
    return code == STOPPED ? CHIMERA_OK : code;
}
