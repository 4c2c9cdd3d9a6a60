#include "server/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/clock.h"

#define NOTHING '\x7f' /* in place of a report */

/* In the child: never returns. */
static _Noreturn void become_worker(const struct worker_start *start, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1); /* it has died before we could ask to be told */
    int code = worker_run(start);
    if (code)
        _exit(code); /* threads may be running, so nothing is taken down */
    exit(0);
}

int worker_process_start(struct worker_process *process, const struct worker_start *start,
                         int unwanted_fd, struct chimera_error *err)
{
    struct worker_start told = *start;
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return chimera_fail(err, CHIMERA_EIO, "pipe: %s", strerror(errno));
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        close(report[0]);
        close(unwanted_fd);
        told.report_fd = report[1];
        become_worker(&told, parent);
    }
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return chimera_fail(err, CHIMERA_EIO, "fork: %s", strerror(errno));
    }
    *process =
        (struct worker_process){.pid = pid, .report_fd = report[0], .started_ms = clock_now_ms()};
    return CHIMERA_OK;
}

/* WORKER_READY, a reason, or nothing at all. */
static void take_report(struct worker_process *process, char *ret_text, size_t room)
{
    size_t size = 0;
    ssize_t count;
    do {
        count = read(process->report_fd, ret_text + size, room - 1 - size);
        size += count > 0 ? (size_t)count : 0;
    } while ((count > 0 && ret_text[0] != WORKER_READY) || (count < 0 && errno == EINTR));
    ret_text[size] = '\0';
    if (size == 0)
        ret_text[0] = NOTHING;
    close(process->report_fd);
    process->report_fd = -1;
}

static void describe_end(int status, struct chimera_error *ret_why)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        chimera_fail(ret_why, CHIMERA_EIO,
                     "the worker was ended for a system call that its lock-down denies: it may "
                     "have been attacked");
    else if (WIFSIGNALED(status))
        chimera_fail(ret_why, CHIMERA_EIO, "the worker was ended by signal %d (%s)",
                     WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        chimera_fail(ret_why, CHIMERA_EIO, "the worker ended with exit code %d",
                     WEXITSTATUS(status));
}

void worker_process_reaped(struct worker_process *process, int status,
                           struct chimera_error *ret_why)
{
    char text[sizeof(ret_why->text)] = {NOTHING};
    if (process->report_fd >= 0)
        take_report(process, text, sizeof(text));
    *process = WORKER_PROCESS_NONE;
    if (text[0] == NOTHING || text[0] == WORKER_READY)
        describe_end(status, ret_why);
    else
        chimera_fail(ret_why, CHIMERA_EIO, "%s", text);
}

int worker_process_read_report(struct worker_process *process, struct chimera_error *err)
{
    char text[sizeof(err->text)];
    int status = 0;
    take_report(process, text, sizeof(text));
    if (text[0] == WORKER_READY)
        return CHIMERA_OK;
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *process = WORKER_PROCESS_NONE;
    if (text[0] == NOTHING)
        describe_end(status, err);
    else
        chimera_fail(err, CHIMERA_EIO, "%s", text);
    return CHIMERA_EIO;
}

void worker_process_kill(struct worker_process *process)
{
    if (!process->pid)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (process->report_fd >= 0)
        close(process->report_fd);
    *process = WORKER_PROCESS_NONE;
}
