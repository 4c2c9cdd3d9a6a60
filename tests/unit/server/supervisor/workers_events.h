/* SPDX-License-Identifier: Apache-2.0 */
/* workers_events.h - what may happen to the supervisor's workers, by its name, and the state that
 * there is then, in words.
 */
#ifndef CHIMERA_TESTS_WORKERS_EVENTS_H
#define CHIMERA_TESTS_WORKERS_EVENTS_H

#include "tests/unit/server/supervisor/workers_fakes.h"

/* --- Events --- */

static struct config config;
static struct shared scoreboard, counters;
static struct tls_texts tls;
static struct chimera_error err;
static int log_fd; /* of what is logged, from warnings up */

static void open_test_log(void)
{
    log_fd = memfd_create("log", 0);
    assert_int_equal(fcntl(log_fd, F_SETFL, O_APPEND), 0);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_WARN);
}

static int read_current(enum worker_report report)
{
    next_report = report;
    return rollout_read_current(&rollout, &err);
}

static int read_next(enum worker_report report)
{
    next_report = report;
    rollout_read_next(&rollout);
    return CHIMERA_OK;
}

static int pass_time(int64_t ms)
{
    int64_t at_ms = INT64_MAX;
    time_ms += ms;
    int code = rollout_pass_time(&rollout, time_ms, &at_ms, &err);
    workers_pass_time(&workers, time_ms);
    return code;
}

static int ev_begin(void)
{
    struct policies_file *file = NULL;
    policies_file_read(&config, &file, NULL);
    int code = rollout_begin(&rollout, file, &err);
    policies_file_drop(file);
    return code;
}
static int ev_built(void)
{
    does_build_fail = false;
    return rollout_read_build(&rollout, &err);
}
static int ev_unbuilt(void)
{
    does_build_fail = true;
    return rollout_read_build(&rollout, &err);
}
static int ev_ready(void)
{
    return read_current(WORKER_IS_READY);
}
static int ev_part(void)
{
    return read_current(WORKER_IS_STARTING);
}
static int ev_fails(void)
{
    return read_current(WORKER_HAS_FAILED);
}
static int ev_late(void)
{
    is_current_late = true;
    return pass_time(0);
}
/* As the supervisor asks: who does not know the process leaves it to the next. */
static int end_process(pid_t pid, int status)
{
    bool is_known = false;
    int code = rollout_reaped(&rollout, pid, status, &is_known, &err);
    if (!is_known)
        workers_reaped(&workers, pid, status);
    return code;
}
static int ev_dies(void)
{
    return end_process(workers.current.pid, SIGSEGV);
}
static int ev_next_ready(void)
{
    return read_next(WORKER_IS_READY);
}
static int ev_next_part(void)
{
    return read_next(WORKER_IS_STARTING);
}
static int ev_next_fails(void)
{
    return read_next(WORKER_HAS_FAILED);
}
static int ev_next_late(void)
{
    is_next_late = true;
    return pass_time(0);
}
static int ev_next_dies(void)
{
    return end_process(workers.next.pid, SIGSEGV);
}
static int ev_reload(void)
{
    rollout_reload(&rollout);
    return CHIMERA_OK;
}
static int ev_tick(void) /* what is due now */
{
    return pass_time(0);
}
static int ev_second(void)
{
    return pass_time(1000);
}
static int ev_minutes(void) /* two and a half: a retired worker has had its time */
{
    return pass_time(150000);
}
static int ev_half_minute(void) /* a drain has had its time */
{
    return pass_time(28000);
}
static int ev_cannot_start(void)
{
    does_start_fail = true;
    return CHIMERA_OK;
}
static int ev_retired_ends(void)
{
    return end_process(workers.retired[0].pid, 0);
}
static int ev_stranger_ends(void)
{
    return end_process(4711, 0);
}
static int ev_stops(void)
{
    workers_stopped(&workers, workers.current.pid, true);
    return CHIMERA_OK;
}
static int ev_goes_on(void)
{
    workers_stopped(&workers, workers.current.pid, false);
    return CHIMERA_OK;
}
static int ev_cannot_build(void)
{
    cannot_build = true;
    return CHIMERA_OK;
}
static int set_file(bool other_stamp, bool other, bool broken)
{
    has_other_stamp = other_stamp;
    says_other = other;
    is_broken = broken;
    return CHIMERA_OK;
}
static int ev_file_changes(void)
{
    return set_file(true, true, false);
}
static int ev_file_is_touched(void)
{
    return set_file(true, false, false);
}
static int ev_file_breaks(void)
{
    return set_file(true, true, true);
}
static int ev_look(void)
{
    rollout_look(&rollout);
    return CHIMERA_OK;
}
static int ev_next_stops(void)
{
    workers_stopped(&workers, workers.next.pid, true);
    return CHIMERA_OK;
}
static int ev_retired_stops(void)
{
    workers_stopped(&workers, workers.retired[0].pid, true);
    return CHIMERA_OK;
}
static int ev_stranger_stops(void)
{
    workers_stopped(&workers, 4711, true);
    return CHIMERA_OK;
}
static int ev_retired_dies(void)
{
    return end_process(workers.retired[0].pid, SIGSEGV);
}

/* clang-format off */
#define EVENTS(X)                                                                              \
    X(begin) X(built) X(unbuilt) X(ready) X(part) X(fails) X(late) X(dies)                     \
    X(next_ready) X(next_part) X(next_fails) X(next_late) X(next_dies) X(next_stops)           \
    X(retired_ends) X(retired_dies) X(retired_stops) X(stranger_ends) X(stranger_stops)        \
    X(stops) X(goes_on) X(cannot_start) X(cannot_build) X(tick) X(second) X(minutes)           \
    X(half_minute) X(reload) X(look) X(file_changes) X(file_is_touched) X(file_breaks)
/* clang-format on */

static int run_event(const char *name, size_t size)
{
#define X(event)                                                   \
    if (size == strlen(#event) && memcmp(name, #event, size) == 0) \
        return ev_##event();
    EVENTS(X)
#undef X
    fail_msg("no event: %.*s", (int)size, name);
    return 0;
}

/* "1 serves, 2 starts, 3 retires, restart, building" of what there is. */
static void describe(char *out, size_t room)
{
    size_t size = 0;
#define PUT(...) size += (size_t)snprintf(out + size, room - size, __VA_ARGS__)
    out[0] = '\0';
    if (workers.current.pid)
        PUT("%d %s, ", workers.current.pid,
            workers.current.report_fd >= 0 ? "starts"
            : workers.current.is_stopped   ? "is stopped"
                                           : "serves");
    if (workers.next.pid)
        PUT("%d is next%s, ", workers.next.pid, workers.next.is_stopped ? " and is stopped" : "");
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        if (workers.retired[i].pid)
            PUT("%d %s%s, ", workers.retired[i].pid,
                workers.retired[i].is_draining ? "drains" : "retires",
                workers.retired[i].is_stopped ? " and is stopped" : "");
    if (workers.restart_at_ms)
        PUT("restart in %d, ", (int)(workers.restart_at_ms - time_ms));
    if (rollout.build.fd >= 0)
        PUT("%s, ", rollout.kind == ROLLOUT_RELOAD ? "building a reload"
                    : rollout.kind == ROLLOUT_TIER ? "building the full tier"
                                                   : "building");
    if (size > 2)
        out[size - 2] = '\0';
#undef PUT
}

static void begin_anew(void)
{
    next_pid = generations = files = 0;
    set_file(false, false, false);
    cannot_build = false;
    changed_plugins = 1;
    time_ms = 1000000;
    does_start_fail = does_build_fail = is_quick = is_current_late = is_next_late = false;
    err = (struct chimera_error){0};
    did[0] = '\0';
    config = (struct config){.options = {.bundle = "/x", .is_watch_off = true}, .has_admin = true};
    workers_init(&workers, &(struct workers_inputs){.config = &config,
                                                    .scoreboard = &scoreboard,
                                                    .counters = &counters,
                                                    .tls = &tls});
    rollout_init(&rollout, &config, &workers);
}

static void end_all(void)
{
    rollout_end(&rollout);
    ends_at_ms = 0;
    workers_stop(&workers);
    assert_int_equal(generations, 0); /* whoever used one has dropped it */
    assert_int_equal(files, 0);
}

/* All but the last are only the way there. Returns what the last one did. */
static int run_events(const char *events)
{
    int code = CHIMERA_OK;
    while (*events) {
        size_t size = strcspn(events, " ");
        did[0] = '\0';
        assert_int_equal(ftruncate(log_fd, 0), 0);
        code = run_event(events, size);
        events += size + strspn(events + size, " ");
        if (code < 0 && *events)
            fail_msg("the server ended before: %s", events);
    }
    return code;
}

/* What was logged since the last call, from warnings up. */
static const char *read_log(void)
{
    static char text[16384];
    ssize_t size = pread(log_fd, text, sizeof(text) - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    assert_int_equal(ftruncate(log_fd, 0), 0);
    return text;
}

/* On the way to a state. */
#define READY "begin built ready"
#define NEXT READY " reload built"
#define SWAPPED NEXT " next_ready"
#define NOBODY READY " dies"

#endif
