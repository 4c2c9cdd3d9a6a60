#include "server/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/log_writer.h"
#include "server/clock.h"
#include "server/counters.h"
#include "server/descriptors.h"
#include "server/gate.h"
#include "server/process_page.h"

#define NOTHING '\x7f' /* in place of a report */
#define REPORT_ROOM (WORKER_REPORT_MAX + 2)

/* The sockets, the pipe, the certificates, and the ends of channels; no other worker's. */
static void close_others(const struct worker_start *start, const struct jails *jails)
{
    size_t room = start->isolation->jail_count * gate_jail_lanes(start->config->workers);
    int *kept = calloc(room + 8, sizeof(int));
    if (!kept)
        _exit(1);
    kept[0] = start->main_fd;
    kept[1] = start->probe_fd;
    kept[2] = start->report_fd;
    kept[3] = start->orders_fd;
    kept[4] = start->telemetry->span_write; /* or -1, as the next */
    kept[5] = start->tls.certificate_fd;
    kept[6] = start->tls.key_fd;
    kept[7] = start->tls.authorities_fd;
    descriptors_keep(kept, 8 + jails_list_links(jails, kept + 8, room));
    free(kept);
}

/* In the child: never returns. */
static _Noreturn void become_worker(const struct worker_start *start, const struct jails *jails,
                                    pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(1); /* it has died before we could ask to be told */
    if (shared_map(start->board, false, NULL) < 0 || shared_map(start->counters, true, NULL) < 0 ||
        telemetry_enter_worker(start->telemetry, NULL) < 0)
        _exit(1);
    struct counters *counters = start->counters->data;
    if (process_page_enter(start->page, &counters->log_lines_dropped, NULL) < 0)
        _exit(1);
    close_others(start, jails);
    mallopt(M_PERTURB, 0); /* see main.c */
    int code = worker_run(start);
    chimera_log_finish(WORKER_LOG_MS);
    if (code)
        _exit(code); /* threads may be running, so nothing is taken down */
    exit(0);
}

static void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static int open_ends(int ret_report[2], int ret_orders[2], struct chimera_error *err)
{
    if (pipe2(ret_report, O_CLOEXEC) < 0)
        return chimera_fail(err, CHIMERA_EIO, "pipe: %s", strerror(errno));
    int code = orders_open(ret_orders, err);
    if (code < 0)
        close_both(ret_report);
    return code;
}

static int fork_worker(struct worker_process *process, const struct worker_start *start,
                       struct jails *jails, struct chimera_error *err)
{
    struct worker_start told = *start;
    int report[2], orders[2];
    int code = open_ends(report, orders, err);
    if (code < 0)
        return code;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        told.report_fd = report[1];
        told.orders_fd = orders[1];
        told.page = &process->page;
        if (!jails_open_links(jails, &told.links))
            _exit(1);
        become_worker(&told, jails, parent);
    }
    if (pid < 0) {
        chimera_fail(err, CHIMERA_EIO, "fork: %s", strerror(errno));
        close_both(report);
        close_both(orders);
        return CHIMERA_EIO;
    }
    close(report[1]);
    close(orders[1]);
    process->pid = pid;
    process->report_fd = report[0];
    process->orders_fd = orders[0];
    process->seat = start->seat;
    process->started_ms = clock_now_ms();
    process->jails = jails;
    return CHIMERA_OK;
}

int worker_process_start(struct worker_process *process, const struct worker_start *start,
                         struct generation *generation, struct chimera_error *err)
{
    struct worker_start told = *start;
    struct jails *jails = NULL;
    told.policies = &generation->file->policies;
    told.isolation = &generation->file->isolation;
    told.plugins = generation->plugins;
    *process = WORKER_PROCESS_NONE;
    int code = jails_start(told.config, told.policies, told.plugins, told.isolation, &jails, err);
    if (code == CHIMERA_OK)
        code = process_page_make(&process->page, err);
    if (code == CHIMERA_OK)
        code = fork_worker(process, &told, jails, err);
    if (code < 0) {
        jails_stop(jails);
        process_page_end(&process->page);
        return code;
    }
    jails_close_links(jails);
    process->generation = generation_use(generation);
    return CHIMERA_OK;
}

void worker_process_order(const struct worker_process *process, const struct order *order)
{
    if (process->pid)
        orders_send(process->orders_fd, order);
}

void worker_process_forget(struct worker_process *process)
{
    jails_stop(process->jails);
    process_page_end(&process->page);
    generation_drop(process->generation);
    if (process->report_fd >= 0)
        close(process->report_fd);
    if (process->orders_fd >= 0)
        close(process->orders_fd);
    *process = WORKER_PROCESS_NONE;
}

/* WORKER_READY, a reason and, behind its NUL, the details, or nothing at all. It ends with two
 * NULs. */
static void take_report(struct worker_process *process, char ret_text[REPORT_ROOM])
{
    size_t size = 0;
    ssize_t count;
    do {
        count = read(process->report_fd, ret_text + size, WORKER_REPORT_MAX - size);
        size += count > 0 ? (size_t)count : 0;
    } while ((count > 0 && ret_text[0] != WORKER_READY) || (count < 0 && errno == EINTR));
    ret_text[size] = ret_text[size + 1] = '\0';
    if (size == 0)
        ret_text[0] = NOTHING;
    close(process->report_fd);
    process->report_fd = -1;
}

static int fail_as_reported(const char *text, struct chimera_error *err)
{
    if (err && err->details)
        chimera_buffer_text(err->details, text + strlen(text) + 1);
    return chimera_fail(err, CHIMERA_EIO, "%s", text);
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
    char text[REPORT_ROOM] = {NOTHING};
    if (process->report_fd >= 0)
        take_report(process, text);
    worker_process_forget(process);
    if (text[0] == NOTHING || text[0] == WORKER_READY)
        describe_end(status, ret_why);
    else
        fail_as_reported(text, ret_why);
}

int worker_process_read_report(struct worker_process *process, struct chimera_error *err)
{
    char text[REPORT_ROOM];
    int status = 0;
    take_report(process, text);
    if (text[0] == WORKER_READY)
        return CHIMERA_OK;
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        ;
    worker_process_forget(process);
    if (text[0] == NOTHING)
        describe_end(status, err);
    else
        fail_as_reported(text, err);
    return CHIMERA_EIO;
}

void worker_process_kill(struct worker_process *process)
{
    if (!process->pid)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    worker_process_forget(process);
}
