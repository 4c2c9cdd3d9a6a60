/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/children.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "server/base/channel.h"
#include "server/base/process_page.h"
#include "server/worker/slow_quota.h"

#define TARGET "server::jails"
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000
#define CALM_MS 60000
#define LOG_MS 200

struct jail_process {
    pid_t pid;          /* 0: none */
    int *inner;         /* owned; the jail's ends of its channels, kept for its next life */
    struct shared life; /* owned; a jail_life */
    struct shared page; /* owned; of this life, see process_page.h */
    int64_t started_ms, restart_at_ms; /* the last: 0 while it runs */
    unsigned backoff_ms;
};

struct jails {
    const struct config *config;
    const struct policy_file *file;
    const struct policies *policies; /* the file's, as the next */
    const struct isolation *isolation;
    const struct built_plugin *plugins;
    struct jail_process *jail; /* owned, like the next */
    struct jail_link *links;
};

static unsigned lanes_of(const struct jails *jails)
{
    return gate_jail_lanes(jails->config->workers);
}

static int fail_memory(struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
}

static int make_channels(struct jails *jails, size_t index, struct chimera_error *err)
{
    unsigned lanes = lanes_of(jails);
    struct jail_process *jail = &jails->jail[index];
    struct jail_link *link = &jails->links[index];
    jail->inner = calloc(lanes, sizeof(int));
    link->fds = calloc(lanes, sizeof(int));
    if (!jail->inner || !link->fds)
        return fail_memory(err);
    int code = shared_make(&jail->life, "jail-life", sizeof(jail_life), false, err);
    if (code < 0)
        return code;
    for (unsigned i = 0; i < lanes; i++)
        jail->inner[i] = link->fds[i] = -1;
    for (unsigned i = 0; i < lanes; i++) {
        int ends[2];
        code = channel_open(ends, err);
        if (code < 0)
            return code;
        link->fds[i] = ends[0];
        jail->inner[i] = ends[1];
    }
    return CHIMERA_OK;
}

/* In the child: never returns. */
static _Noreturn void become_jail(struct jails *jails, size_t index)
{
    const struct jail_start start = {.config = jails->config,
                                     .policies = jails->policies,
                                     .plugins = jails->plugins,
                                     .isolation = jails->isolation,
                                     .jail = index,
                                     .lanes = lanes_of(jails),
                                     .fds = jails->jail[index].inner,
                                     .life = jails->jail[index].life.data};
    if (process_page_enter(&jails->jail[index].page, NULL, NULL) < 0)
        _exit(1);
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
    const struct role_mapping mappings[] = {{&jail->page, true}, {&jail->life, true}};
    const struct kept_settings settings = {.file = jails->file, .tenant = index};
    const struct role_start start = {.role = ROLE_TENANT,
                                     .mappings = mappings,
                                     .mapping_count = sizeof(mappings) / sizeof(mappings[0]),
                                     .kept = jail->inner,
                                     .kept_count = lanes_of(jails),
                                     .settings = &settings};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        become_jail(jails, index);
    if (pid < 0) {
        process_page_end(&jail->page);
        return pid;
    }
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
        jails->jail[i].page = jails->jail[i].life = SHARED_NONE;
    int code = jails->jail && jails->links ? CHIMERA_OK : fail_memory(err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = make_channels(jails, i, err);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = start_jail(jails, i, err);
    return code;
}

int jails_start(const struct config *config, const struct generation *generation,
                struct jails **ret_jails, struct chimera_error *err)
{
    const struct policy_file *file = generation->file;
    *ret_jails = NULL;
    if (file->isolation.jail_count == 0)
        return CHIMERA_OK;
    struct jails *jails = calloc(1, sizeof(*jails));
    if (!jails)
        return fail_memory(err);
    *jails = (struct jails){.config = config,
                            .file = file,
                            .policies = &file->policies,
                            .isolation = &file->isolation,
                            .plugins = generation->plugins};
    int code = fill(jails, err);
    if (code < 0)
        jails_stop(jails);
    else
        *ret_jails = jails;
    return code;
}

size_t jails_list_lives(struct jails *jails, struct role_mapping *ret_mappings, size_t room)
{
    size_t count = 0;
    for (; jails && count < jails->isolation->jail_count && count < room; count++)
        ret_mappings[count] = (struct role_mapping){&jails->jail[count].life, false};
    return count;
}

struct jail_link *jails_open_links(struct jails *jails)
{
    for (size_t i = 0; jails && i < jails->isolation->jail_count; i++)
        jails->links[i].life = jails->jail[i].life.data;
    return jails ? jails->links : NULL;
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
        jail_life *life = jail->life.data;
        atomic_store(life, (atomic_load(life) | 1) + 1);
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
        shared_done(&jail->life);
    }
    free(jails->jail);
    free(jails->links);
    free(jails);
}
