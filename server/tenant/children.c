/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/children.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "server/base/channel.h"
#include "server/base/descriptors.h"
#include "server/base/process_page.h"
#include "server/config/capacity.h"
#include "server/config/generation.h"

#define TARGET "server::jails"
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define CALM_MS 60000
#define LOG_MS 200

struct jail_process {
    pid_t pid;          /* 0: none */
    int *inner;         /* owned; the jail's ends of its channels, kept for its next life */
    jail_life *life;    /* owned, shared */
    int life_fd;        /* owned; the same for others: forks do not inherit the mapping */
    struct shared page; /* owned; of this life, see process_page.h */
    int64_t started_ms, restart_at_ms; /* the last: 0 while it runs */
    unsigned backoff_ms;
};

struct jails {
    const struct config *config;
    const struct policies *policies;
    const struct isolation *isolation;
    const struct built_plugin *plugins;
    struct jail_process *jail; /* owned, like the next */
    struct jail_link *links;
};

static unsigned lanes_of(const struct jails *jails)
{
    return capacity_of(jails->config->workers).tenant_lanes;
}

static int fail_memory(struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
}

static void *map_life(int fd, int protection)
{
    return mmap(NULL, sizeof(jail_life), protection, MAP_SHARED, fd, 0);
}

static int make_channels(struct jails *jails, size_t index, struct chimera_error *err)
{
    unsigned lanes = lanes_of(jails);
    struct jail_process *jail = &jails->jail[index];
    struct jail_link *link = &jails->links[index];
    jail->inner = calloc(lanes, sizeof(int));
    link->fds = calloc(lanes, sizeof(int));
    jail->life_fd = memfd_create("jail-life", MFD_CLOEXEC);
    void *life = MAP_FAILED;
    if (jail->life_fd >= 0 && ftruncate(jail->life_fd, sizeof(jail_life)) == 0)
        life = map_life(jail->life_fd, PROT_READ | PROT_WRITE);
    if (life == MAP_FAILED)
        return fail_memory(err);
    jail->life = life;
    madvise(life, sizeof(jail_life), MADV_DONTFORK);
    if (!jail->inner || !link->fds)
        return fail_memory(err);
    for (unsigned i = 0; i < lanes; i++)
        jail->inner[i] = link->fds[i] = -1;
    for (unsigned i = 0; i < lanes; i++) {
        int ends[2];
        int code = channel_open(ends, err);
        if (code < 0)
            return code;
        link->fds[i] = ends[0];
        jail->inner[i] = ends[1];
    }
    return CHIMERA_OK;
}

/* In the child: never returns. */
static _Noreturn void become_jail(struct jails *jails, size_t index, pid_t parent)
{
    void *life = map_life(jails->jail[index].life_fd, PROT_READ | PROT_WRITE);
    const struct jail_start start = {.config = jails->config,
                                     .policies = jails->policies,
                                     .plugins = jails->plugins,
                                     .isolation = jails->isolation,
                                     .jail = index,
                                     .lanes = lanes_of(jails),
                                     .fds = jails->jail[index].inner,
                                     .life = life};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || life == MAP_FAILED ||
        process_page_enter(&jails->jail[index].page, NULL, NULL) < 0)
        _exit(1); /* the one, because it has died before we could ask to be told */
    descriptors_keep(start.fds, start.lanes);
    policy_file_forget_others(start.policies);
    int code = jail_run(&start);
    chimera_log_finish(LOG_MS);
    _exit(code);
}

static int start_jail(struct jails *jails, size_t index, struct chimera_error *err)
{
    struct jail_process *jail = &jails->jail[index];
    int code = process_page_make(&jail->page, err);
    if (code < 0)
        return code;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become_jail(jails, index, parent);
    if (pid < 0)
        process_page_end(&jail->page);
    if (pid < 0)
        return chimera_fail(err, CHIMERA_EIO, "fork: %s", strerror(errno));
    jail->pid = pid;
    jail->started_ms = chimera_clock_ms();
    jail->restart_at_ms = 0;
    return CHIMERA_OK;
}

static int fill(struct jails *jails, struct chimera_error *err)
{
    size_t count = jails->isolation->jail_count;
    jails->jail = calloc(count, sizeof(*jails->jail));
    jails->links = calloc(count, sizeof(*jails->links));
    for (size_t i = 0; jails->jail && i < count; i++)
        jails->jail[i].page = SHARED_NONE;
    int code = jails->jail && jails->links ? CHIMERA_OK : fail_memory(err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = make_channels(jails, i, err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = start_jail(jails, i, err);
    return code;
}

int jails_start(const struct config *config, const struct policies *policies,
                const struct built_plugin *plugins, const struct isolation *isolation,
                struct jails **ret_jails, struct chimera_error *err)
{
    *ret_jails = NULL;
    if (isolation->jail_count == 0)
        return CHIMERA_OK;
    struct jails *jails = calloc(1, sizeof(*jails));
    if (!jails)
        return fail_memory(err);
    *jails = (struct jails){
        .config = config, .policies = policies, .plugins = plugins, .isolation = isolation};
    int code = fill(jails, err);
    if (code < 0)
        jails_stop(jails);
    else
        *ret_jails = jails;
    return code;
}

bool jails_open_links(struct jails *jails, struct jail_link **ret_links)
{
    *ret_links = jails ? jails->links : NULL;
    for (size_t i = 0; jails && i < jails->isolation->jail_count; i++) {
        void *life = map_life(jails->jail[i].life_fd, PROT_READ);
        if (life == MAP_FAILED)
            return false;
        jails->links[i].life = life;
    }
    return true;
}

size_t jails_list_links(const struct jails *jails, int *ret_fds, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; jails && i < jails->isolation->jail_count; i++)
        for (unsigned lane = 0; lane < lanes_of(jails) && count < room; lane++)
            ret_fds[count++] = jails->links[i].fds[lane];
    return count;
}

static void close_all(int *fds, unsigned count)
{
    for (unsigned i = 0; fds && i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

void jails_close_links(struct jails *jails)
{
    for (size_t i = 0; jails && i < jails->isolation->jail_count; i++)
        close_all(jails->links[i].fds, lanes_of(jails));
}

static void log_end(const struct jails *jails, size_t index, int status)
{
    size_t policy = 0;
    while (jails->isolation->jail_of[policy] != index)
        policy++;
    bool is_killed = WIFSIGNALED(status);
    chimera_log_with(
        CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("an isolated process is gone; starting another"),
        CHIMERA_TEXT("policy_id", chimera_slice_of(jails->policies->policy[policy].id)),
        CHIMERA_NUMBER("signal", is_killed ? WTERMSIG(status) : 0),
        CHIMERA_NUMBER("exit_code", is_killed ? 0 : WEXITSTATUS(status)));
}

static void plan_restart(struct jail_process *jail)
{
    int64_t now_ms = chimera_clock_ms();
    if (now_ms - jail->started_ms > CALM_MS)
        jail->backoff_ms = 0;
    jail->restart_at_ms = now_ms + jail->backoff_ms;
    jail->backoff_ms = jail->backoff_ms ? jail->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (jail->backoff_ms > BACKOFF_MAX_MS)
        jail->backoff_ms = BACKOFF_MAX_MS;
}

size_t jails_count(const struct jails *jails)
{
    return jails ? jails->isolation->jail_count : 0;
}

pid_t jails_pid(const struct jails *jails, size_t jail)
{
    return jails->jail[jail].pid;
}

bool jails_reaped(struct jails *jails, pid_t pid, int status)
{
    for (size_t i = 0; jails && i < jails->isolation->jail_count; i++) {
        struct jail_process *jail = &jails->jail[i];
        if (jail->pid != pid)
            continue;
        jail->pid = 0;
        process_page_end(&jail->page);
        atomic_store(jail->life, (atomic_load(jail->life) | 1) + 1);
        if (status != 0) { /* else its worker has ended */
            log_end(jails, i, status);
            plan_restart(jail);
        }
        return true;
    }
    return false;
}

int64_t jails_pass_time(struct jails *jails, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; jails && i < jails->isolation->jail_count; i++) {
        struct jail_process *jail = &jails->jail[i];
        struct chimera_error err = {0};
        if (jail->restart_at_ms && now_ms >= jail->restart_at_ms && start_jail(jails, i, &err) < 0)
            plan_restart(jail);
        if (jail->restart_at_ms && jail->restart_at_ms < next_ms)
            next_ms = jail->restart_at_ms;
    }
    return next_ms;
}

static void end_jail(struct jail_process *jail)
{
    if (!jail->pid)
        return;
    kill(jail->pid, SIGKILL);
    while (waitpid(jail->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    jail->pid = 0;
    process_page_end(&jail->page);
}

void jails_stop(struct jails *jails)
{
    if (!jails)
        return;
    jails_close_links(jails);
    for (size_t i = 0; jails->jail && jails->links && i < jails->isolation->jail_count; i++) {
        struct jail_process *jail = &jails->jail[i];
        end_jail(jail);
        close_all(jail->inner, lanes_of(jails));
        free(jail->inner);
        free(jails->links[i].fds);
        if (jail->life)
            munmap(jail->life, sizeof(jail_life));
        if (jail->life_fd > 0)
            close(jail->life_fd);
    }
    free(jails->jail);
    free(jails->links);
    free(jails);
}
