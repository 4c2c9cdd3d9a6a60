/* SPDX-License-Identifier: Apache-2.0 */
#include "server/capability/broker.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/broker/host_settings.h"
#include "runtime/broker/parent_call.h"
#include "runtime/broker/serve.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "server/base/restart.h"
#include "server/base/role.h"

#define TARGET "server::broker"
#define LOG_MS 500

int broker_init(struct broker *broker, const struct config *config, struct chimera_error *err)
{
    *broker =
        (struct broker){.config = config, .ends = CHIMERA_BROKER_NO_ENDS, .tally = SHARED_NONE};
    return shared_make(&broker->tally, "host-calls", sizeof(struct chimera_tally), false, err);
}

bool broker_is_needed(const struct policies *policies)
{
    for (size_t i = 0; i < policies->policy_count; i++) {
        const struct policy_spec *spec = &policies->policy[i];
        if ((spec->capabilities && spec->capabilities[0]) ||
            (spec->resources && spec->resources[0]) ||
            (spec->extras.hosts && spec->extras.hosts[0]))
            return true;
    }
    return false;
}

/* --- Its process --- */

static struct chimera_host_sources sources_of(const struct broker *broker)
{
    const struct options *options = &broker->config->options;
    return (struct chimera_host_sources){.sources = options->sources,
                                         .sigstore_trust_config = options->sigstore_trust_config,
                                         .docker_config = options->docker_config,
                                         .library_folder = CHIMERA_LIBDIR,
                                         .installed_folder = CHIMERA_PLUGIN_DIR,
                                         .cluster_memory = broker->config->cluster_memory};
}

static _Noreturn void become_broker(const struct broker *broker)
{
    struct chimera_host_settings settings = {0};
    struct chimera_error err = {0};
    const struct options *options = &broker->config->options;
    const struct chimera_host_sources sources = sources_of(broker);
    int code = chimera_host_settings_read(&sources, &settings, &err);
    if (code < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("host calls cannot be answered"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        chimera_log_finish(LOG_MS);
        _exit(1);
    }
    const struct chimera_broker_input input = {.control = broker->ends.broker_control,
                                               .versions = broker->ends.versions,
                                               .settings = settings.settings,
                                               .plugin_folders = settings.plugin_folders,
                                               .readable = settings.readable,
                                               .tally = broker->tally.data,
                                               .must_confine = !options->is_without_lockdown};
    code = chimera_broker_serve(&input);
    chimera_log_finish(LOG_MS);
    _exit(code);
}

static int start_process(struct broker *broker, struct chimera_error *err)
{
    int code = chimera_broker_ends_make(&broker->ends, err);
    if (code < 0)
        return code;
    const int kept[] = {broker->ends.broker_control, broker->ends.versions};
    const struct role_mapping mapping = {&broker->tally, true};
    const struct role_start start = {.role = ROLE_BROKER,
                                     .mappings = &mapping,
                                     .mapping_count = 1,
                                     .kept = kept,
                                     .kept_count = sizeof(kept) / sizeof(kept[0])};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        become_broker(broker);
    if (pid < 0) {
        chimera_broker_ends_close(&broker->ends);
        return pid;
    }
    close(broker->ends.broker_control);
    broker->ends.broker_control = -1;
    broker->pid = pid;
    broker->started_ms = chimera_clock_ms();
    broker->restart_at_ms = 0;
    return CHIMERA_OK;
}

/* --- Supplies --- */

/* Whoever had the other end has ended. */
static bool is_dead(int supply)
{
    struct pollfd one = {.fd = supply};
    return poll(&one, 1, 0) > 0 && (one.revents & (POLLHUP | POLLERR));
}

static void drop_dead(struct broker *broker)
{
    size_t kept = 0;
    for (size_t i = 0; i < broker->supply_count; i++) {
        if (is_dead(broker->supplies[i]))
            close(broker->supplies[i]);
        else
            broker->supplies[kept++] = broker->supplies[i];
    }
    broker->supply_count = kept;
}

static int add_supply(struct broker *broker, int ret_ends[2], struct chimera_error *err)
{
    drop_dead(broker);
    int *more = realloc(broker->supplies, (broker->supply_count + 1) * sizeof(*more));
    if (!more)
        return chimera_fail_memory(err);
    broker->supplies = more;
    int code = chimera_broker_supply_make(ret_ends, err);
    if (code == CHIMERA_OK)
        broker->supplies[broker->supply_count++] = ret_ends[1];
    return code;
}

int broker_supply(struct broker *broker, int *ret_fd, struct chimera_error *err)
{
    int ends[2];
    int code = CHIMERA_OK;
    if (!broker->pid && !broker->restart_at_ms)
        code = start_process(broker, err);
    if (code == CHIMERA_OK)
        code = add_supply(broker, ends, err);
    if (code < 0)
        return code;
    if (broker->pid)
        code = chimera_broker_deal(&broker->ends, ends[1], err);
    if (code < 0)
        close(ends[0]); /* and ours is dead with it */
    else
        *ret_fd = ends[0];
    return code;
}

static void deal_to_all(struct broker *broker)
{
    struct chimera_error err = {0};
    drop_dead(broker);
    for (size_t i = 0; i < broker->supply_count; i++)
        if (chimera_broker_deal(&broker->ends, broker->supplies[i], &err) < 0)
            chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                             CHIMERA_SLICE("a worker gets no lines to the broker"),
                             CHIMERA_TEXT("error", chimera_slice_of(err.text)));
}

/* --- What it asks for --- */

int broker_fd(const struct broker *broker)
{
    return broker->pid ? broker->ends.control : -1;
}

/* A child of ours runs the program and answers, so that nobody waits for it here. */
void broker_read(struct broker *broker)
{
    static struct chimera_parent_call call; /* large */
    struct chimera_error err = {0};
    int code = chimera_parent_take(broker->ends.control, &call);
    if (code < 0) { /* it is about to be reaped, or it is broken */
        kill(broker->pid, SIGKILL);
        chimera_broker_ends_close(&broker->ends);
        return;
    }
    if (code == 0)
        return;
    const int kept[] = {broker->ends.control};
    const struct role_start start = {.role = ROLE_HELPER, .kept = kept, .kept_count = 1};
    pid_t pid = role_fork(&start, &err);
    if (pid == 0) {
        struct chimera_host_sources sources = sources_of(broker);
        chimera_parent_answer(broker->ends.control, &call, chimera_host_settings_run, &sources);
        chimera_log_finish(LOG_MS);
        _exit(0);
    }
    if (pid < 0)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("a helper program cannot be started"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
}

/* --- Its end --- */

static void plan_restart(struct broker *broker)
{
    broker->restart_at_ms =
        restart_time(chimera_clock_ms(), broker->started_ms, &broker->backoff_ms);
}

bool broker_reaped(struct broker *broker, pid_t pid, int status)
{
    if (pid != broker->pid)
        return false;
    broker->pid = 0;
    chimera_broker_ends_close(&broker->ends);
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("the broker is gone; starting another"),
                     CHIMERA_NUMBER("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
                     CHIMERA_NUMBER("exit_code", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
    plan_restart(broker);
    return true;
}

int64_t broker_pass_time(struct broker *broker, int64_t now_ms)
{
    struct chimera_error err = {0};
    if (broker->restart_at_ms && now_ms >= broker->restart_at_ms) {
        if (start_process(broker, &err) == CHIMERA_OK) {
            deal_to_all(broker);
        } else {
            chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                             CHIMERA_SLICE("the broker did not start again"),
                             CHIMERA_TEXT("error", chimera_slice_of(err.text)));
            plan_restart(broker);
        }
    }
    return broker->restart_at_ms ? broker->restart_at_ms : INT64_MAX;
}

void broker_stop(struct broker *broker)
{
    if (broker->pid) {
        kill(broker->pid, SIGKILL); /* it has nothing to lose */
        waitpid(broker->pid, NULL, 0);
    }
    chimera_broker_ends_close(&broker->ends);
    for (size_t i = 0; i < broker->supply_count; i++)
        close(broker->supplies[i]);
    free(broker->supplies);
    shared_done(&broker->tally);
    *broker = (struct broker){
        .config = broker->config, .ends = CHIMERA_BROKER_NO_ENDS, .tally = SHARED_NONE};
}
