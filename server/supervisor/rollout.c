/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/rollout.h"

#include <sys/stat.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
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

void update_init(struct update *update, const struct config *config, struct crew *crew)
{
    *update = (struct update){.config = config, .crew = crew, .job = JOB_NONE};
    chimera_buffer_init(&update->details, CHIMERA_DETAILS_MAX);
}

/* An error that has its details in memory that is kept for that. */
static struct chimera_error new_error(struct update *update)
{
    chimera_buffer_reset(&update->details);
    return (struct chimera_error){.details = &update->details};
}

static int start_job(struct update *update, enum update_kind kind, struct policy_file *file,
                     struct chimera_error *err)
{
    static const int priorities[] = {[UPDATE_START] = PRIORITY_START,
                                     [UPDATE_TIER] = PRIORITY_TIER,
                                     [UPDATE_RELOAD] = PRIORITY_RELOAD};
    const struct options *options = &update->config->options;
    const struct builder_wish wish = {.config = update->config,
                                      .policies = &file->policies,
                                      .is_full =
                                          kind == UPDATE_TIER || options->is_waiting_for_full};
    int code = job_start(&update->job, &wish, priorities[kind], err);
    if (code < 0)
        return code;
    update->kind = kind;
    update->file = policy_file_use(file);
    if (kind != UPDATE_TIER)
        policy_file_announce(update->config, file);
    return CHIMERA_OK;
}

int update_begin(struct update *update, struct policy_file *file, struct chimera_error *err)
{
    update->last = policy_file_use(file);
    update->last_stamp = file->stamp;
    return start_job(update, UPDATE_START, file, err);
}

static bool is_under_way(const struct update *update)
{
    return update->file != NULL;
}

/* There is nothing under way then. */
static void forget(struct update *update)
{
    policy_file_drop(update->file);
    update->file = NULL;
}

void update_end(struct update *update)
{
    job_stop(&update->job);
    forget(update);
    policy_file_drop(update->last);
    update->last = NULL;
    chimera_buffer_free(&update->details);
}

/* --- The full tier --- */

static void begin_full_tier(struct update *update)
{
    struct generation *served = update->crew->generation;
    struct chimera_error err = {0};
    if (is_under_way(update) || served->is_settled || !generation_has_quick(served))
        return;
    chimera_log(CHIMERA_LOG_INFO, TARGET,
                CHIMERA_SLICE("serving from the quick tier; building the full tier"));
    if (start_job(update, UPDATE_TIER, served->file, &err) == CHIMERA_OK)
        return;
    served->is_settled = true;
    log_error("the full tier cannot be built; the quick tier goes on serving", &err);
}

/* --- One comes to its end --- */

static void refuse_reload(struct update *update, const struct chimera_error *why)
{
    log_error("reload refused; the policies before go on serving", why);
    update->reloads.refused++;
    update->reloads.refused_at_s = time(NULL);
    chimera_fail(&update->reloads.why, why->code, "%s", why->text);
}

static void accept_reload(struct update *update)
{
    update->reloads.accepted++;
    update->reloads.accepted_at_s = time(NULL);
    update->reloads.why = (struct chimera_error){0};
}

static void refuse(struct update *update, const struct chimera_error *why)
{
    if (update->kind == UPDATE_RELOAD)
        refuse_reload(update, why);
    else
        log_error("the full tier cannot be served; the quick tier goes on serving", why);
    if (update->kind == UPDATE_TIER)
        update->crew->generation->is_settled = true;
    crew_drop_next(update->crew);
    forget(update);
    begin_full_tier(update);
}

static void next_is_ready(struct update *update)
{
    crew_accept_next(update->crew);
    if (update->kind == UPDATE_RELOAD)
        accept_reload(update);
    chimera_log_with(CHIMERA_LOG_INFO, TARGET,
                     update->kind == UPDATE_RELOAD ? CHIMERA_SLICE("policies reloaded")
                                                   : CHIMERA_SLICE("swapped to the full tier"),
                     CHIMERA_NUMBER("worker", update->crew->current.pid));
    forget(update);
    begin_full_tier(update);
}

static int take_plugins(struct update *update, struct generation **ret_made,
                        struct chimera_error *err)
{
    struct built_plugin *plugins = NULL;
    size_t count = update->file->policies.policy_count;
    int changed = job_finish(&update->job, count, &plugins, err);
    if (changed < 0)
        return changed;
    changed = 1;
    if (update->kind == UPDATE_TIER)
        changed = generation_merge(update->crew->generation, plugins, err);
    if (changed <= 0) {
        built_plugins_free(plugins, count);
        return changed;
    }
    *ret_made = generation_new(update->file, plugins);
    if (!*ret_made)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    (*ret_made)->is_settled = update->kind == UPDATE_TIER;
    return changed;
}

static void start_next(struct update *update)
{
    struct generation *made = NULL;
    struct chimera_error err = {0};
    int changed = take_plugins(update, &made, &err);
    if (changed == 0) { /* what could be built is what serves */
        update->crew->generation->is_settled = true;
        forget(update);
        return;
    }
    if (changed < 0 || crew_start_next(update->crew, made, &err) < 0)
        refuse(update, &err);
    generation_drop(made);
}

static int start_first(struct update *update, struct chimera_error *err)
{
    struct generation *made = NULL;
    int code = take_plugins(update, &made, err);
    if (code > 0)
        code = crew_start(update->crew, made, err);
    generation_drop(made);
    forget(update);
    return code;
}

int update_read_job(struct update *update, struct chimera_error *err)
{
    if (!job_read(&update->job))
        return CHIMERA_OK;
    if (update->kind == UPDATE_START)
        return start_first(update, err);
    start_next(update);
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

static int read_again(struct update *update, struct policy_file **ret_file,
                      struct chimera_error *err)
{
    int code = check_kind(&update->config->options, err);
    update->last_stamp = policy_stamp_now(update->config);
    return code < 0 ? code : policy_file_read(update->config, ret_file, err);
}

/* In place of what is under way. Takes over the file. */
static void take(struct update *update, struct policy_file *file)
{
    struct chimera_error err = {0};
    chimera_log(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("reloading the policies"));
    job_stop(&update->job);
    crew_drop_next(update->crew);
    forget(update);
    policy_file_drop(update->last);
    update->last = file;
    update->last_error = (struct chimera_error){0};
    if (start_job(update, UPDATE_RELOAD, file, &err) < 0) {
        update->kind = UPDATE_RELOAD;
        refuse(update, &err);
    }
}

static void refuse_file(struct update *update, const struct chimera_error *why)
{
    chimera_fail(&update->last_error, why->code, "%s", why->text);
    refuse_reload(update, why);
}

void update_reload(struct update *update)
{
    struct policy_file *file = NULL;
    struct chimera_error err = new_error(update);
    update->is_reload_due = !update->has_served;
    if (update->is_reload_due)
        return;
    if (read_again(update, &file, &err) < 0)
        refuse_file(update, &err);
    else
        take(update, file);
}

void update_look(struct update *update)
{
    struct policy_file *file = NULL;
    struct chimera_error err = new_error(update);
    struct policy_stamp stamp = policy_stamp_now(update->config);
    if (!update->has_served || policy_stamp_equal(&stamp, &update->last_stamp))
        return;
    bool is_good = read_again(update, &file, &err) == CHIMERA_OK;
    if (is_good && !policies_equal(&file->policies, &update->last->policies)) {
        take(update, file);
        return;
    }
    policy_file_drop(file);
    if (is_good)
        update->last_error = (struct chimera_error){0};
    else if (strcmp(err.text, update->last_error.text) != 0)
        refuse_file(update, &err);
}

/* --- Workers --- */

static void current_is_ready(struct update *update)
{
    crew_accept_current(update->crew);
    update->has_served = true;
    daemon_ready();
    if (update->is_reload_due)
        update_reload(update);
    else if (!update->config->options.is_watch_off)
        update_look(update); /* nobody looked before */
    begin_full_tier(update);
}

/* A start that fails ends the server only if there never was another. */
static int current_failed(struct update *update, const struct chimera_error *why,
                          struct chimera_error *err)
{
    if (!update->has_served)
        return chimera_error_pass(why, err);
    log_error("the worker did not start again", why);
    crew_plan_restart(update->crew, chimera_clock_ms());
    return CHIMERA_OK;
}

int update_read_current(struct update *update, struct chimera_error *err)
{
    struct chimera_error why = new_error(update);
    switch (worker_process_read_report(&update->crew->current, &why)) {
    case WORKER_HAS_FAILED:
        return current_failed(update, &why, err);
    case WORKER_IS_READY:
        current_is_ready(update);
        break;
    case WORKER_IS_STARTING:
        break;
    }
    return CHIMERA_OK;
}

void update_read_next(struct update *update)
{
    struct chimera_error why = new_error(update);
    switch (worker_process_read_report(&update->crew->next, &why)) {
    case WORKER_HAS_FAILED:
        refuse(update, &why);
        break;
    case WORKER_IS_READY:
        next_is_ready(update);
        break;
    case WORKER_IS_STARTING:
        break;
    }
}

int update_pass_time(struct update *update, int64_t now_ms, int64_t *at_ms,
                     struct chimera_error *err)
{
    struct crew *crew = update->crew;
    struct chimera_error why = new_error(update);
    int code = CHIMERA_OK;
    if (worker_process_pass_time(&crew->next, now_ms, &why) == WORKER_HAS_FAILED)
        refuse(update, &why);
    if (worker_process_pass_time(&crew->current, now_ms, &why) == WORKER_HAS_FAILED)
        code = current_failed(update, &why, err);
    if (crew->next.report_fd >= 0)
        *at_ms = chimera_clock_earlier(*at_ms, crew->next.until_ms);
    if (crew->current.report_fd >= 0)
        *at_ms = chimera_clock_earlier(*at_ms, crew->current.until_ms);
    return code;
}

static int current_is_gone(struct update *update, int status, struct chimera_error *err)
{
    struct chimera_error why = new_error(update);
    struct worker_process *current = &update->crew->current;
    int64_t started_ms = current->started_ms;
    bool was_starting = current->report_fd >= 0;
    worker_process_reaped(current, status, &why);
    if (was_starting)
        return current_failed(update, &why, err);
    log_error("the worker is gone; starting another", &why);
    crew_plan_restart(update->crew, started_ms); /* unless the next one takes its place */
    return CHIMERA_OK;
}

int update_reaped(struct update *update, pid_t pid, int status, bool *ret_is_known,
                  struct chimera_error *err)
{
    struct crew *crew = update->crew;
    struct chimera_error why = new_error(update);
    *ret_is_known = true;
    if (job_reaped(&update->job, pid, status)) /* what it has said is read to its end */
        return CHIMERA_OK;
    if (pid == crew->current.pid)
        return current_is_gone(update, status, err);
    if (pid == crew->next.pid) {
        worker_process_reaped(&crew->next, status, &why);
        refuse(update, &why);
        return CHIMERA_OK;
    }
    *ret_is_known = false;
    return CHIMERA_OK;
}
