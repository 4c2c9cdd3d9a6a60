/* SPDX-License-Identifier: Apache-2.0 */
/* workers_fakes.h - supervisor/workers.c and supervisor/rollout.c, whole, and in place of all that
 * they use: processes, builds, files and a clock that are a test's own, and a text that says what
 * was done with them. So a state can be reached that would need luck otherwise. */
#ifndef CHIMERA_TESTS_WORKERS_FAKES_H
#define CHIMERA_TESTS_WORKERS_FAKES_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"

static int64_t time_ms;
static int fake_kill(pid_t pid, int number);
static pid_t fake_waitpid(pid_t pid, int *ret_status, int options);
static int fake_sigtimedwait(const sigset_t *signals, siginfo_t *ret_info,
                             const struct timespec *timeout);

#define chimera_clock_ms() time_ms
#define kill fake_kill
#define waitpid fake_waitpid
#define sigtimedwait fake_sigtimedwait
#include "server/supervisor/announce.h"
#include "server/supervisor/rollout.c"
#include "server/supervisor/workers.c"
#undef kill
#undef waitpid
#undef sigtimedwait

/* --- What was done, as words --- */

static char did[1024];

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
    size_t size = strlen(did);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(did + size, sizeof(did) - size, format, arguments);
    va_end(arguments);
}

/* --- Processes --- */

static int next_pid;
static bool does_start_fail, is_current_late, is_next_late;
static enum worker_report next_report;
static struct workers workers;
static struct rollout rollout;

int worker_child_start(struct worker_child *child, const struct worker_start *start,
                       struct generation *generation, struct chimera_error *err)
{
    if (does_start_fail) {
        does_start_fail = false;
        note(" cannot-start");
        return chimera_fail(err, CHIMERA_EIO, "fork: no");
    }
    *child = WORKER_CHILD_NONE;
    child->pid = ++next_pid;
    child->report_fd = 100 + next_pid;
    child->orders_fd = 200 + next_pid;
    child->score = start->score;
    child->started_ms = time_ms;
    child->until_ms = time_ms + 500; /* of the start, and of nothing behind it */
    child->generation = generation_use(generation);
    note(" start-%d", next_pid);
    return CHIMERA_OK;
}

void worker_child_order(const struct worker_child *child, const struct order *order)
{
    if (child->pid)
        note(" %s-%d",
             order->verb == ORDER_ACCEPT   ? "accept"
             : order->verb == ORDER_RETIRE ? "retire"
                                           : "certificate",
             child->pid);
}

void worker_child_forget(struct worker_child *child)
{
    generation_drop(child->generation);
    *child = WORKER_CHILD_NONE;
}

void worker_child_kill(struct worker_child *child)
{
    if (!child->pid)
        return;
    note(" kill-%d", child->pid);
    worker_child_forget(child);
}

static enum worker_report fail_it(struct worker_child *child, const char *why,
                                  struct chimera_error *err)
{
    chimera_fail(err, CHIMERA_EIO, "%s", why);
    worker_child_forget(child);
    return WORKER_HAS_FAILED;
}

enum worker_report worker_child_read_report(struct worker_child *child, struct chimera_error *err)
{
    if (next_report == WORKER_HAS_FAILED)
        return fail_it(child, "its settings are wrong", err);
    if (next_report == WORKER_IS_READY)
        child->report_fd = -1;
    return next_report;
}

enum worker_report worker_child_pass_time(struct worker_child *child, int64_t at_ms,
                                          struct chimera_error *err)
{
    bool *is_late = child == &workers.current ? &is_current_late : &is_next_late;
    (void)at_ms;
    if (!child->pid || child->report_fd < 0)
        return WORKER_IS_READY;
    if (!*is_late)
        return WORKER_IS_STARTING;
    *is_late = false;
    return fail_it(child, "not ready in time", err);
}

void worker_child_reaped(struct worker_child *child, int status, struct chimera_error *ret_why)
{
    (void)status;
    fail_it(child, "a crash", ret_why);
}

static int fake_kill(pid_t pid, int number)
{
    note(" %s-%d", number == SIGTERM ? "term" : number == SIGKILL ? "kill" : "signal", pid);
    return 0;
}

static int ends_at_ms; /* when workers that were told to end do so */

static pid_t fake_waitpid(pid_t pid, int *ret_status, int options)
{
    (void)ret_status, (void)options;
    return time_ms >= ends_at_ms ? pid : 0;
}

static int next_signal; /* that comes while the end is waited for; 0: none */

static int fake_sigtimedwait(const sigset_t *signals, siginfo_t *ret_info,
                             const struct timespec *timeout)
{
    int number = next_signal;
    (void)ret_info;
    assert_true(sigismember(signals, SIGCHLD) && sigismember(signals, SIGTERM) &&
                sigismember(signals, SIGINT) && !sigismember(signals, SIGHUP));
    next_signal = 0;
    time_ms += timeout->tv_nsec / 1000000;
    return number ? number : -1;
}

static struct tenants *fake_tenants = (struct tenants *)&next_signal; /* opaque */
#define TENANT_PID 7000

bool tenants_reaped(struct tenants *tenants, pid_t pid, int status)
{
    (void)status;
    return tenants == fake_tenants && pid == TENANT_PID;
}

int64_t tenants_pass_time(struct tenants *tenants, int64_t at_ms)
{
    (void)tenants, (void)at_ms;
    return INT64_MAX;
}

int socket_bind(const struct address *address, const char *flag, int *ret_fd,
                struct chimera_error *err)
{
    (void)address, (void)flag, (void)err;
    *ret_fd = dup(0);
    return CHIMERA_OK;
}

static uint32_t emptied_score; /* the last one */
static unsigned entered;       /* how often policies were given numbers */

void counters_empty_worker_score(const struct shared *shared, uint32_t score)
{
    (void)shared;
    emptied_score = score;
}

void scoreboard_enter(struct scoreboard *scoreboard, const struct policies *policies)
{
    (void)scoreboard, (void)policies;
    entered++;
}

void daemon_ready(void)
{
    note(" served");
}

/* --- Builds and files --- */

static bool does_build_fail, cannot_build, is_quick;
static int changed_plugins;                         /* by a full tier */
static bool has_other_stamp, says_other, is_broken; /* policies.yml */
static int files;                                   /* that are used */

int build_child_start(struct build_child *build, const struct builder_input *input, int priority,
                      struct chimera_error *err)
{
    (void)priority;
    if (cannot_build) {
        cannot_build = false;
        return chimera_fail(err, CHIMERA_EIO, "no room for a build");
    }
    *build = (struct build_child){.fd = 5, .pid = 900};
    note(" build%s", input->is_full ? "-full" : "");
    return CHIMERA_OK;
}

bool build_child_read(struct build_child *build)
{
    (void)build;
    return true;
}

static bool stands_still; /* the build, for too long */

bool build_child_pass_time(struct build_child *build, int64_t now_ms, unsigned limit_s,
                           int64_t *at_ms)
{
    bool is_given_up = stands_still && build->fd >= 0;
    (void)now_ms, (void)limit_s, (void)at_ms;
    if (is_given_up)
        *build = BUILD_CHILD_NONE;
    stands_still = stands_still && !is_given_up;
    return is_given_up;
}

bool build_child_reaped(struct build_child *build, pid_t pid, int status)
{
    (void)build, (void)pid, (void)status;
    return false;
}

int build_child_finish(struct build_child *build, size_t count, struct built_plugin **ret_plugins,
                       struct chimera_error *err)
{
    (void)count;
    *build = BUILD_CHILD_NONE;
    if (does_build_fail)
        return chimera_fail(err, CHIMERA_ETOOL, "it does not compile");
    *ret_plugins = NULL;
    return CHIMERA_OK;
}

void build_child_stop(struct build_child *build)
{
    if (build->fd >= 0)
        note(" stop-build");
    *build = BUILD_CHILD_NONE;
}

void built_plugins_free(struct built_plugin *plugins, size_t count)
{
    (void)plugins, (void)count;
}

int policies_file_read(const struct config *config, struct policies_file **ret_file,
                       struct chimera_error *err)
{
    (void)config;
    if (is_broken)
        return chimera_fail(err, CHIMERA_EINVAL, "line 3 is wrong");
    *ret_file = calloc(1, sizeof(**ret_file));
    (*ret_file)->users = 1;
    files++;
    return CHIMERA_OK;
}

void policies_file_announce(const struct config *config, const struct policies_file *file)
{
    (void)config, (void)file;
}

struct policies_file *policies_file_use(struct policies_file *file)
{
    file->users++;
    return file;
}

void policies_file_drop(struct policies_file *file)
{
    if (!file || --file->users > 0)
        return;
    free(file);
    files--;
}

struct policy_stamp policy_stamp_now(const struct config *config)
{
    (void)config;
    return (struct policy_stamp){0};
}

bool policy_stamp_equal(const struct policy_stamp *a, const struct policy_stamp *b)
{
    (void)a, (void)b;
    return !has_other_stamp;
}

bool policies_equal(const struct policies *a, const struct policies *b)
{
    (void)a, (void)b;
    return !says_other;
}

static int generations; /* that are used */

struct generation *generation_new(struct policies_file *file, struct built_plugin *plugins)
{
    struct generation *made = calloc(1, sizeof(*made));
    (void)plugins;
    *made = (struct generation){.users = 1, .file = policies_file_use(file)};
    generations++;
    return made;
}

struct generation *generation_use(struct generation *generation)
{
    generation->users++;
    return generation;
}

void generation_drop(struct generation *generation)
{
    if (!generation || --generation->users > 0)
        return;
    policies_file_drop(generation->file);
    free(generation);
    generations--;
}

bool generation_has_quick(const struct generation *generation)
{
    (void)generation;
    return is_quick;
}

int generation_merge(const struct generation *served, struct built_plugin *made,
                     struct chimera_error *err)
{
    (void)served, (void)made, (void)err;
    return changed_plugins;
}

/* --- What is announced --- */

void announce_start(const struct config *config, int main_fd, int probe_fd, int admin_fd,
                    const struct generation *served)
{
    (void)config, (void)main_fd, (void)probe_fd, (void)admin_fd;
    assert_non_null(served);
}

void announce_reload(pid_t worker, const struct generation *before, const struct generation *now)
{
    assert_true(worker > 0 && before->users > 0 && now->users > 0 && before != now);
}

void announce_full_tier(pid_t worker, const struct generation *before, const struct generation *now)
{
    announce_reload(worker, before, now);
}

#endif
