/* SPDX-License-Identifier: Apache-2.0 */
#include "server/decisions/child.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/base/role.h"
#include "server/decisions/writer.h"

#define TARGET "server::decisions"
#define PIPE_BYTES (1 << 20) /* some 2,000 lines; an ordinary user may have so much */
#define PAUSE_MS 1000
#define LAST_MS 2000 /* for what is left to be written */

static int open_pipe(struct decision_child *child, struct chimera_error *err)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
        return chimera_fail_errno(err, "pipe");
    fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES); /* refused: then it has 64 KiB */
    child->read_fd = fds[0];
    child->write_fd = fds[1];
    return CHIMERA_OK;
}

/* The signal that has it open the file again must never end it. */
static int start_process(struct decision_child *child, const struct decision_file *file,
                         struct chimera_error *err)
{
    const int kept[] = {child->read_fd, file->fd};
    const struct role_mapping mappings[] = {{child->counters, true}};
    const struct role_start start = {.role = ROLE_DECISIONS,
                                     .mappings = mappings,
                                     .mapping_count = sizeof(mappings) / sizeof(mappings[0]),
                                     .kept = kept,
                                     .kept_count = sizeof(kept) / sizeof(kept[0])};
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    pid_t pid = role_fork(&start, err);
    if (pid == 0) {
        const struct decision_writer_input input = {.config = child->config,
                                                    .counters = child->counters->data,
                                                    .file = *file,
                                                    .pipe_fd = child->read_fd};
        _exit(decision_writer_run(&input));
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    child->restart_at_ms = 0;
    if (pid < 0)
        return pid;
    child->pid = pid;
    return CHIMERA_OK;
}

static struct decision_file closed_file(const struct config *config)
{
    return (struct decision_file){
        .path = config->decisions.path, .max_bytes = config->decisions.max_bytes, .fd = -1};
}

int decision_child_open(struct decision_child *child, const struct config *config,
                        struct shared *counters, struct chimera_error *err)
{
    struct chimera_error why = {0};
    *child = DECISION_CHILD_NONE;
    child->config = config;
    child->counters = counters;
    if (!config->decisions.path)
        return CHIMERA_OK;
    struct decision_file file = closed_file(config);
    int code = decision_file_open(&file, &why);
    if (code < 0)
        return chimera_fail(err, code, "--decision-log: %s", why.text);
    code = open_pipe(child, err);
    if (code == CHIMERA_OK)
        code = start_process(child, &file, err);
    decision_file_close(&file);
    return code;
}

void decision_child_reopen(const struct decision_child *child)
{
    if (child->pid)
        kill(child->pid, SIGUSR1);
}

void decision_child_stop(struct decision_child *child)
{
    if (child->pid)
        role_stop(child->pid, LAST_MS);
    if (child->read_fd >= 0) {
        close(child->read_fd);
        close(child->write_fd);
    }
    *child = DECISION_CHILD_NONE;
}

bool decision_child_reaped(struct decision_child *child, pid_t pid)
{
    if (!child->pid || pid != child->pid)
        return false;
    chimera_log(CHIMERA_LOG_ERROR, TARGET,
                CHIMERA_SLICE("the process of the decision log is gone; starting another"));
    child->pid = 0;
    child->restart_at_ms = chimera_clock_ms() + PAUSE_MS;
    return true;
}

int64_t decision_child_pass_time(struct decision_child *child, int64_t now_ms)
{
    const struct decision_file file = closed_file(child->config);
    if (child->restart_at_ms && now_ms >= child->restart_at_ms &&
        start_process(child, &file, NULL) < 0)
        child->restart_at_ms = now_ms + PAUSE_MS;
    return child->restart_at_ms ? child->restart_at_ms : INT64_MAX;
}
