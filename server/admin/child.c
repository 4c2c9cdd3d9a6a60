/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/admin/server.h"
#include "server/base/role.h"
#include "server/base/socket.h"
#include "server/lockdown/lockdown.h"

#define TARGET "server::admin"
#define PAUSE_MS 1000

/* In the child: never returns. */
static _Noreturn void serve(const struct admin_child *child)
{
    struct chimera_error err = {0};
    int statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    struct lockdown lockdown;
    int code = lockdown_begin(&lockdown, !child->config->options.is_without_lockdown, &err);
    if (code == CHIMERA_OK)
        code = lockdown_close_files(&lockdown, &err);
    if (code == CHIMERA_OK)
        code = lockdown_finish(&lockdown, &err);
    if (code == CHIMERA_OK) {
        const struct admin admin = {.scoreboard = child->scoreboard->data,
                                    .counters = child->counters->data,
                                    .tally = child->tally->data,
                                    .hosts = child->config->options.admin_hosts,
                                    .statm_fd = statm_fd};
        admin_serve(child->fd, &admin);
    }
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("the admin port cannot be served"),
                     CHIMERA_TEXT("error", chimera_slice_of(err.text)));
    _exit(1);
}

static int start_process(struct admin_child *child, struct chimera_error *err)
{
    const struct role_mapping mappings[] = {
        {child->scoreboard, false}, {child->counters, false}, {child->tally, false}};
    const struct role_start start = {.role = ROLE_ADMIN,
                                     .mappings = mappings,
                                     .mapping_count = sizeof(mappings) / sizeof(mappings[0]),
                                     .kept = &child->fd,
                                     .kept_count = 1};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        serve(child);
    if (pid < 0)
        return pid;
    child->pid = pid;
    return CHIMERA_OK;
}

int admin_child_open(struct admin_child *child, const struct config *config,
                     struct shared *scoreboard, struct shared *counters, struct shared *tally,
                     struct chimera_error *err)
{
    *child = (struct admin_child){
        .config = config, .scoreboard = scoreboard, .counters = counters, .tally = tally, .fd = -1};
    if (!config->has_admin)
        return CHIMERA_OK;
    int code = socket_bind(&config->admin_address, "--admin-port", &child->fd, err);
    if (code == CHIMERA_OK)
        code = socket_listen(child->fd, "--admin-port", err);
    return code < 0 ? code : start_process(child, err);
}

void admin_child_close(struct admin_child *child)
{
    if (child->pid) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (child->fd >= 0)
        close(child->fd);
    *child = ADMIN_CHILD_NONE;
}

bool admin_child_reaped(struct admin_child *child, pid_t pid)
{
    if (!child->pid || pid != child->pid)
        return false;
    chimera_log(CHIMERA_LOG_ERROR, TARGET,
                CHIMERA_SLICE("the process of the admin port is gone; starting another"));
    child->pid = 0;
    child->restart_at_ms = chimera_clock_ms() + PAUSE_MS;
    return true;
}

int64_t admin_child_pass_time(struct admin_child *child, int64_t now_ms)
{
    struct chimera_error err = {0};
    if (!child->restart_at_ms)
        return INT64_MAX;
    if (now_ms < child->restart_at_ms)
        return child->restart_at_ms;
    child->restart_at_ms = start_process(child, &err) < 0 ? now_ms + PAUSE_MS : 0;
    return child->restart_at_ms ? child->restart_at_ms : INT64_MAX;
}
