/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/rollout.h"

#include <sys/stat.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "server/base/manager.h"
#include "server/supervisor/announce.h"
#include "server/supervisor/daemon.h"

#define TARGET "server::supervisor"
/* As of setpriority(). A reload must come to its end, but not at the cost of who is served. */
#define PRIORITY_START 0
#define PRIORITY_RELOAD 5
#define PRIORITY_TIER 19

static void log_detail(void *context, const char *line)
{
    (void)context;
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("a mistake"),
                     CHIMERA_TEXT("error", chimera_slice_of(line)));
}

/* Where there is more than one reason, each of them before. */
static void log_error(const char *text, const struct chimera_error *why)
{
    if (why->details && why->details->size)
        chimera_error_each(why, log_detail, NULL);
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET, chimera_slice_of(text),
                     CHIMERA_TEXT("error", chimera_slice_of(why->text)));
}

void rollout_init(struct rollout *rollout, const struct config *config, struct workers *workers)
{
    *rollout = (struct rollout){
        .config = config, .workers = workers, .admin_fd = -1, .build = BUILD_CHILD_NONE};
    chimera_buffer_init(&rollout->details, CHIMERA_DETAILS_MAX);
}

/* An error that has its details in memory that is kept for that. */
static struct chimera_error new_error(struct rollout *rollout)
{
    chimera_buffer_reset(&rollout->details);
    return (struct chimera_error){.details = &rollout->details};
}

static int start_build(struct rollout *rollout, enum rollout_kind kind, struct policies_file *file,
                       struct chimera_error *err)
{
    static const int priorities[] = {[ROLLOUT_START] = PRIORITY_START,
                                     [ROLLOUT_TIER] = PRIORITY_TIER,
                                     [ROLLOUT_RELOAD] = PRIORITY_RELOAD};
    const struct options *options = &rollout->config->options;
    const struct builder_input input = {
        .config = rollout->config,
        .policies = &file->policies,
        .is_full = kind == ROLLOUT_TIER || options->is_waiting_for_full,
        .served = kind == ROLLOUT_TIER ? rollout->workers->generation->plugins : NULL};
    int code = build_child_start(&rollout->build, &input, priorities[kind], err);
    if (code < 0)
        return code;
    rollout->kind = kind;
    rollout->file = policies_file_use(file);
    if (kind != ROLLOUT_TIER)
        policies_file_announce(rollout->config, file);
    return CHIMERA_OK;
}

int rollout_begin(struct rollout *rollout, struct policies_file *file, struct chimera_error *err)
{
    rollout->last = policies_file_use(file);
    rollout->last_stamp = file->stamp;
    return start_build(rollout, ROLLOUT_START, file, err);
}

/* There is nothing under way then. */
static void forget(struct rollout *rollout)
{
    policies_file_drop(rollout->file);
    rollout->file = NULL;
}

void rollout_end(struct rollout *rollout)
{
    build_child_stop(&rollout->build);
    forget(rollout);
    policies_file_drop(rollout->last);
    rollout->last = NULL;
    chimera_buffer_free(&rollout->details);
}

/* --- The full tier --- */

static void begin_full_tier(struct rollout *rollout)
{
    struct generation *served = rollout->workers->generation;
    struct chimera_error err = {0};
    if (rollout->file != NULL || served->is_settled || !generation_has_quick(served))
        return;
    chimera_log(CHIMERA_LOG_INFO, TARGET,
                CHIMERA_SLICE("serving from the quick tier; building the full tier"));
    if (start_build(rollout, ROLLOUT_TIER, served->file, &err) == CHIMERA_OK)
        return;
    served->is_settled = true;
    log_error("the full tier cannot be built; the quick tier goes on serving", &err);
}

/* --- One comes to its end --- */

static void refuse_reload(struct rollout *rollout, const struct chimera_error *why)
{
    log_error("reload refused; the policies before go on serving", why);
    rollout->reloads.refused++;
    rollout->reloads.refused_at_s = time(NULL);
    chimera_fail(&rollout->reloads.why, why->code, "%s", why->text);
}

static void refuse_rollout(struct rollout *rollout, const struct chimera_error *why)
{
    if (rollout->kind == ROLLOUT_RELOAD)
        refuse_reload(rollout, why);
    else
        log_error("the full tier cannot be served; the quick tier goes on serving", why);
    if (rollout->kind == ROLLOUT_TIER)
        rollout->workers->generation->is_settled = true;
    workers_drop_next(rollout->workers);
    forget(rollout);
    begin_full_tier(rollout);
}

static int take_plugins(struct rollout *rollout, struct generation **ret_made,
                        struct chimera_error *err)
{
    struct built_plugin *plugins = NULL;
    size_t count = rollout->file->policies.policy_count;
    int changed = build_child_finish(&rollout->build, count, &plugins, err);
    if (changed < 0)
        return changed;
    changed = 1;
    if (rollout->kind == ROLLOUT_TIER)
        changed = generation_merge(rollout->workers->generation, plugins, err);
    if (changed <= 0) {
        built_plugins_free(plugins, count);
        return changed;
    }
    *ret_made = generation_new(rollout->file, plugins);
    if (!*ret_made)
        return chimera_fail_memory(err);
    (*ret_made)->is_settled = rollout->kind == ROLLOUT_TIER;
    return changed;
}

static void start_next(struct rollout *rollout)
{
    struct generation *made = NULL;
    struct chimera_error err = {0};
    int changed = take_plugins(rollout, &made, &err);
    if (changed == 0) { /* what could be built is what serves */
        rollout->workers->generation->is_settled = true;
        forget(rollout);
        return;
    }
    if (changed < 0 || workers_start_next(rollout->workers, made, &err) < 0)
        refuse_rollout(rollout, &err);
    generation_drop(made);
}

int rollout_read_build(struct rollout *rollout, struct chimera_error *err)
{
    if (!build_child_read(&rollout->build))
        return CHIMERA_OK;
    if (rollout->kind == ROLLOUT_START) {
        struct generation *made = NULL;
        int code = take_plugins(rollout, &made, err);
        if (code > 0)
            code = workers_start(rollout->workers, made, err);
        generation_drop(made);
        forget(rollout);
        return code;
    }
    start_next(rollout);
    return CHIMERA_OK;
}

/* --- Reload --- */

/* A pipe would make the supervisor wait. An empty file is a set without policies at the start, as
 * it is for the reference; later it is more likely one that somebody is still writing. */
static int check_kind(const struct options *options, struct chimera_error *err)
{
    struct stat status;
    if (options->bundle && !options->are_policies_given)
        return CHIMERA_OK;
    if (stat(options->policies, &status) < 0)
        return CHIMERA_OK; /* who reads it tells */
    if (!S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no regular file", options->policies);
    if (status.st_size == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is empty: write {} if there are to be no policies",
                            options->policies);
    return CHIMERA_OK;
}

static int read_again(struct rollout *rollout, struct policies_file **ret_file,
                      struct chimera_error *err)
{
    int code = check_kind(&rollout->config->options, err);
    rollout->last_stamp = policy_stamp_now(rollout->config);
    return code < 0 ? code : policies_file_read(rollout->config, ret_file, err);
}

/* In place of what is under way. Takes over the file. */
static void take_file(struct rollout *rollout, struct policies_file *file)
{
    struct chimera_error err = {0};
    chimera_log(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("reloading the policies"));
    build_child_stop(&rollout->build);
    workers_drop_next(rollout->workers);
    forget(rollout);
    policies_file_drop(rollout->last);
    rollout->last = file;
    rollout->last_error = (struct chimera_error){0};
    if (start_build(rollout, ROLLOUT_RELOAD, file, &err) < 0) {
        rollout->kind = ROLLOUT_RELOAD;
        refuse_rollout(rollout, &err);
    }
}

static void refuse_file(struct rollout *rollout, const struct chimera_error *why)
{
    chimera_fail(&rollout->last_error, why->code, "%s", why->text);
    refuse_reload(rollout, why);
}

void rollout_reload(struct rollout *rollout)
{
    struct policies_file *file = NULL;
    struct chimera_error err = new_error(rollout);
    rollout->is_reload_due = !rollout->has_served;
    if (rollout->is_reload_due)
        return;
    if (read_again(rollout, &file, &err) < 0)
        refuse_file(rollout, &err);
    else
        take_file(rollout, file);
}

void rollout_look(struct rollout *rollout)
{
    struct policies_file *file = NULL;
    struct chimera_error err = new_error(rollout);
    struct policy_stamp stamp = policy_stamp_now(rollout->config);
    if (!rollout->has_served || policy_stamp_equal(&stamp, &rollout->last_stamp))
        return;
    bool is_good = read_again(rollout, &file, &err) == CHIMERA_OK;
    if (is_good && !policies_equal(&file->policies, &rollout->last->policies)) {
        take_file(rollout, file);
        return;
    }
    policies_file_drop(file);
    if (is_good)
        rollout->last_error = (struct chimera_error){0};
    else if (strcmp(err.text, rollout->last_error.text) != 0)
        refuse_file(rollout, &err);
}

/* --- Workers --- */

/* A start that fails ends the server only if there never was another. */
static int current_failed(struct rollout *rollout, const struct chimera_error *why,
                          struct chimera_error *err)
{
    if (!rollout->has_served)
        return chimera_error_pass(why, err);
    log_error("the worker did not start again", why);
    workers_plan_restart(rollout->workers, chimera_clock_ms());
    return CHIMERA_OK;
}

int rollout_read_current(struct rollout *rollout, struct chimera_error *err)
{
    struct chimera_error why = new_error(rollout);
    switch (worker_child_read_report(&rollout->workers->current, &why)) {
    case WORKER_HAS_FAILED:
        return current_failed(rollout, &why, err);
    case WORKER_IS_READY:
        workers_accept_current(rollout->workers);
        if (!rollout->has_served)
            announce_start(rollout->config, rollout->workers->main_fd, rollout->workers->probe_fd,
                           rollout->admin_fd, rollout->workers->generation);
        rollout->has_served = true;
        daemon_ready();
        manager_ready();
        if (rollout->is_reload_due)
            rollout_reload(rollout);
        else if (!rollout->config->options.is_watch_off)
            rollout_look(rollout); /* nobody looked before */
        begin_full_tier(rollout);
        break;
    case WORKER_IS_STARTING:
        break;
    }
    return CHIMERA_OK;
}

static void take_next(struct rollout *rollout)
{
    struct workers *workers = rollout->workers;
    struct generation *before = generation_use(workers->generation);
    workers_accept_next(workers);
    if (rollout->kind == ROLLOUT_RELOAD) {
        rollout->reloads.accepted++;
        rollout->reloads.accepted_at_s = time(NULL);
        rollout->reloads.why = (struct chimera_error){0};
        announce_reload(workers->current.pid, before, workers->generation);
    } else {
        announce_full_tier(workers->current.pid, before, workers->generation);
    }
    generation_drop(before);
}

void rollout_read_next(struct rollout *rollout)
{
    struct chimera_error why = new_error(rollout);
    switch (worker_child_read_report(&rollout->workers->next, &why)) {
    case WORKER_HAS_FAILED:
        refuse_rollout(rollout, &why);
        break;
    case WORKER_IS_READY:
        take_next(rollout);
        forget(rollout);
        begin_full_tier(rollout);
        break;
    case WORKER_IS_STARTING:
        break;
    }
}

/* A build may take long, so only one that stands still is given up. */
static int pass_time_of_build(struct rollout *rollout, int64_t now_ms, int64_t *at_ms,
                              struct chimera_error *err)
{
    struct chimera_error why = {0};
    unsigned limit_s = rollout->config->start_timeout_s;
    if (!build_child_pass_time(&rollout->build, now_ms, limit_s, at_ms))
        return CHIMERA_OK;
    int code =
        chimera_fail(&why, CHIMERA_ETOOL,
                     "a signal has stopped the build, and it did not go on for %u s", limit_s);
    if (rollout->kind == ROLLOUT_START)
        return chimera_fail(err, code, "%s", why.text);
    refuse_rollout(rollout, &why);
    return CHIMERA_OK;
}

int rollout_pass_time(struct rollout *rollout, int64_t now_ms, int64_t *at_ms,
                      struct chimera_error *err)
{
    struct workers *workers = rollout->workers;
    struct chimera_error why = new_error(rollout);
    int code = pass_time_of_build(rollout, now_ms, at_ms, err);
    if (code < 0)
        return code;
    if (worker_child_pass_time(&workers->next, now_ms, &why) == WORKER_HAS_FAILED)
        refuse_rollout(rollout, &why);
    if (worker_child_pass_time(&workers->current, now_ms, &why) == WORKER_HAS_FAILED)
        code = current_failed(rollout, &why, err);
    if (workers->next.report_fd >= 0)
        *at_ms = chimera_clock_earlier(*at_ms, workers->next.until_ms);
    if (workers->current.report_fd >= 0)
        *at_ms = chimera_clock_earlier(*at_ms, workers->current.until_ms);
    return code;
}

static int current_is_gone(struct rollout *rollout, int status, struct chimera_error *err)
{
    struct chimera_error why = new_error(rollout);
    struct worker_child *current = &rollout->workers->current;
    int64_t started_ms = current->started_ms;
    bool was_starting = current->report_fd >= 0;
    worker_child_reaped(current, status, &why);
    if (was_starting)
        return current_failed(rollout, &why, err);
    log_error("the worker is gone; starting another", &why);
    workers_plan_restart(rollout->workers, started_ms); /* unless the next one takes its place */
    return CHIMERA_OK;
}

int rollout_reaped(struct rollout *rollout, pid_t pid, int status, bool *ret_is_known,
                   struct chimera_error *err)
{
    struct workers *workers = rollout->workers;
    struct chimera_error why = new_error(rollout);
    *ret_is_known = true;
    if (build_child_reaped(&rollout->build, pid, status)) /* what it has said is read to its end */
        return CHIMERA_OK;
    if (pid == workers->current.pid)
        return current_is_gone(rollout, status, err);
    if (pid == workers->next.pid) {
        worker_child_reaped(&workers->next, status, &why);
        refuse_rollout(rollout, &why);
        return CHIMERA_OK;
    }
    *ret_is_known = false;
    return CHIMERA_OK;
}
