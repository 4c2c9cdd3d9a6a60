/* SPDX-License-Identifier: Apache-2.0 */
/* The states of the supervisor's workers (supervisor/workers.c), and of what shall be served next
 * (supervisor/rollout.c): for each event in each state, what comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "tests/unit/server/supervisor/workers_events.h"

struct row {
    const char *events; /* separated by spaces; what follows is of the last one */
    const char *state;
    const char *did;
    const char *log;            /* a part of the one warning or error; NULL: there is none */
    const char *error;          /* the server ends with it; NULL: it goes on */
    unsigned accepted, refused; /* reloads */
};

static const struct row rows[] = {
    /* The first worker: whatever goes wrong with it ends the server. */
    {.events = "begin", .state = "building", .did = " build"},
    {.events = "begin unbuilt", .state = "", .error = "it does not compile"},
    {.events = "begin built", .state = "1 starts", .did = " start-1"},
    {.events = "begin cannot_start built",
     .state = "",
     .did = " cannot-start",
     .error = "fork: no"},
    {.events = "begin built part", .state = "1 starts"},
    {.events = "begin built fails", .state = "", .error = "its settings are wrong"},
    {.events = "begin built late", .state = "", .error = "not ready in time"},
    {.events = "begin built dies", .state = "", .error = "a crash"},
    {.events = "begin built tick", .state = "1 starts"},
    {.events = READY, .state = "1 serves", .did = " accept-1 served"},
    {.events = READY " second", .state = "1 serves"},
    {.events = READY " stranger_ends", .state = "1 serves"},

    /* A reload that comes too early is remembered, once. */
    {.events = "begin reload", .state = "building"},
    {.events = "begin built reload", .state = "1 starts"},
    {.events = "begin built reload ready",
     .state = "1 serves, building a reload",
     .did = " accept-1 served build"},
    {.events = "begin built reload ready built next_ready dies tick ready",
     .state = "3 serves, 1 retires",
     .did = " accept-3 served",
     .accepted = 1},

    /* No worker any more: another one, after a pause that grows. */
    {.events = NOBODY,
     .state = "restart in 0",
     .log = "the worker is gone; starting another error=\"a crash\""},
    {.events = NOBODY " tick", .state = "2 starts", .did = " start-2"},
    {.events = NOBODY " tick ready", .state = "2 serves", .did = " accept-2 served"},
    {.events = NOBODY " tick fails",
     .state = "restart in 100",
     .log = "the worker did not start again error=\"its settings are wrong\""},
    {.events = NOBODY " tick late",
     .state = "restart in 100",
     .log = "the worker did not start again error=\"not ready in time\""},
    {.events = NOBODY " tick dies",
     .state = "restart in 100",
     .log = "the worker did not start again error=\"a crash\""},
    {.events = NOBODY " tick dies tick", .state = "restart in 100"},
    {.events = NOBODY " tick dies second", .state = "3 starts", .did = " start-3"},
    {.events = NOBODY " tick dies second dies",
     .state = "restart in 200",
     .log = "the worker did not start again error=\"a crash\""},
    {.events = NOBODY " tick ready dies",
     .state = "restart in 100",
     .log = "the worker is gone; starting another error=\"a crash\""},
    {.events = NOBODY " tick ready minutes dies",
     .state = "restart in 0",
     .log = "the worker is gone; starting another error=\"a crash\""},
    {.events = NOBODY " cannot_start tick",
     .state = "restart in 100",
     .did = " cannot-start",
     .log = "the worker did not start again error=\"fork: no\""},
    {.events = NOBODY " cannot_start tick second", .state = "2 starts", .did = " start-2"},

    /* A reload beside the worker that serves. */
    {.events = READY " reload", .state = "1 serves, building a reload", .did = " build"},
    {.events = READY " reload unbuilt",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"it does not compile\"",
     .refused = 1},
    {.events = NEXT, .state = "1 serves, 2 is next", .did = " start-2"},
    {.events = READY " reload cannot_start built",
     .state = "1 serves",
     .did = " cannot-start",
     .log = "reload refused; the policies before go on serving error=\"fork: no\"",
     .refused = 1},
    {.events = NEXT " next_part", .state = "1 serves, 2 is next"},
    {.events = NEXT " next_fails",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"its settings are wrong\"",
     .refused = 1},
    {.events = NEXT " next_late",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"not ready in time\"",
     .refused = 1},
    {.events = NEXT " next_dies",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"a crash\"",
     .refused = 1},
    {.events = SWAPPED, .state = "2 serves, 1 retires", .did = " accept-2 retire-1", .accepted = 1},
    {.events = NEXT " next_fails reload built next_ready",
     .state = "3 serves, 1 retires",
     .did = " accept-3 retire-1",
     .accepted = 1,
     .refused = 1},

    /* Another reload takes the place of what is under way. */
    {.events = READY " reload reload",
     .state = "1 serves, building a reload",
     .did = " stop-build build"},
    {.events = NEXT " reload", .state = "1 serves, building a reload", .did = " kill-2 build"},

    /* Somebody has written to policies.yml. */
    {.events = READY " look", .state = "1 serves"},
    {.events = READY " file_changes look", .state = "1 serves, building a reload", .did = " build"},
    {.events = "begin built file_changes look", .state = "1 starts"},
    {.events = READY " file_is_touched look", .state = "1 serves"},
    {.events = READY " file_is_touched reload",
     .state = "1 serves, building a reload",
     .did = " build"},
    {.events = NEXT " file_is_touched look", .state = "1 serves, 2 is next"},
    {.events = NEXT " file_changes look",
     .state = "1 serves, building a reload",
     .did = " kill-2 build"},
    {.events = READY " file_breaks look",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"line 3 is wrong\"",
     .refused = 1},
    {.events = READY " file_breaks look look", .state = "1 serves", .refused = 1},
    {.events = READY " file_breaks look reload",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"line 3 is wrong\"",
     .refused = 2},
    {.events = READY " file_breaks look file_is_touched look file_breaks look",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"line 3 is wrong\"",
     .refused = 2},
    {.events = READY " file_breaks look file_changes look file_breaks look",
     .state = "1 serves, building a reload",
     .log = "reload refused; the policies before go on serving error=\"line 3 is wrong\"",
     .refused = 2},
    {.events = NEXT " file_breaks look",
     .state = "1 serves, 2 is next",
     .log = "reload refused; the policies before go on serving error=\"line 3 is wrong\"",
     .refused = 1},
    {.events = READY " cannot_build reload",
     .state = "1 serves",
     .log = "reload refused; the policies before go on serving error=\"no room for a build\"",
     .refused = 1},
    {.events = NEXT " cannot_build reload",
     .state = "1 serves",
     .did = " kill-2",
     .log = "reload refused; the policies before go on serving error=\"no room for a build\"",
     .refused = 1},
    {.events = NOBODY " cannot_build reload",
     .state = "restart in 0",
     .log = "reload refused; the policies before go on serving error=\"no room for a build\"",
     .refused = 1},

    /* Crashes that meet a reload. */
    {.events = READY " reload dies",
     .state = "restart in 0, building a reload",
     .log = "the worker is gone; starting another error=\"a crash\""},
    {.events = READY " reload dies tick",
     .state = "2 starts, building a reload",
     .did = " start-2"},
    {.events = READY " reload dies built", .state = "2 is next, restart in 0", .did = " start-2"},
    {.events = READY " reload dies built next_ready",
     .state = "2 serves",
     .did = " accept-2",
     .accepted = 1},
    {.events = READY " reload dies unbuilt",
     .state = "restart in 0",
     .log = "reload refused; the policies before go on serving error=\"it does not compile\"",
     .refused = 1},
    {.events = NEXT " dies",
     .state = "2 is next",
     .log = "the worker is gone; starting another error=\"a crash\""},
    {.events = NEXT " dies second", .state = "2 is next"},
    {.events = NEXT " dies next_ready", .state = "2 serves", .did = " accept-2", .accepted = 1},
    {.events = NEXT " dies next_fails",
     .state = "restart in 0",
     .log = "reload refused; the policies before go on serving error=\"its settings are wrong\"",
     .refused = 1},
    {.events = NEXT " dies next_late",
     .state = "3 starts",
     .did = " start-3",
     .log = "reload refused; the policies before go on serving error=\"not ready in time\"",
     .refused = 1},
    {.events = NEXT " dies next_dies",
     .state = "restart in 0",
     .log = "reload refused; the policies before go on serving error=\"a crash\"",
     .refused = 1},
    {.events = NEXT " dies next_dies tick ready",
     .state = "3 serves",
     .did = " accept-3 served",
     .refused = 1},
    {.events = NEXT " dies reload",
     .state = "restart in 0, building a reload",
     .did = " kill-2 build"},
    {.events = NOBODY " reload", .state = "restart in 0, building a reload", .did = " build"},
    {.events = NOBODY " tick reload built", .state = "2 starts, 3 is next", .did = " start-3"},
    {.events = NOBODY " tick reload built next_ready",
     .state = "3 serves",
     .did = " accept-3 kill-2",
     .accepted = 1},
    {.events = NOBODY " tick reload built ready",
     .state = "2 serves, 3 is next",
     .did = " accept-2 served"},
    {.events = NOBODY " tick reload built fails",
     .state = "3 is next",
     .log = "the worker did not start again error=\"its settings are wrong\""},
    {.events = NOBODY " tick reload built dies next_fails",
     .state = "restart in 100",
     .log = "reload refused; the policies before go on serving error=\"its settings are wrong\"",
     .refused = 1},

    /* Those that retire. */
    {.events = SWAPPED " retired_ends", .state = "2 serves", .accepted = 1},
    {.events = SWAPPED " retired_dies",
     .state = "2 serves",
     .log = "a worker crashed while it answered what was left to it error=\"a crash\"",
     .accepted = 1},
    {.events = SWAPPED " second", .state = "2 serves, 1 retires", .accepted = 1},
    {.events = SWAPPED " minutes", .state = "2 serves, 1 drains", .did = " term-1", .accepted = 1},
    {.events = SWAPPED " minutes second", .state = "2 serves, 1 drains", .accepted = 1},
    {.events = SWAPPED " minutes half_minute",
     .state = "2 serves, 1 drains",
     .did = " kill-1",
     .log = "a worker did not end in time and is killed worker=1",
     .accepted = 1},
    {.events = SWAPPED " minutes half_minute retired_ends", .state = "2 serves", .accepted = 1},
    {.events = SWAPPED " dies",
     .state = "1 retires, restart in 0",
     .log = "the worker is gone; starting another error=\"a crash\"",
     .accepted = 1},
    {.events = SWAPPED " dies tick",
     .state = "3 starts, 1 retires",
     .did = " start-3",
     .accepted = 1},

    /* Signals that stop. */
    {.events = READY " stops",
     .state = "1 is stopped",
     .log = "a signal has stopped a worker worker=1"},
    {.events = READY " stops goes_on",
     .state = "1 serves",
     .log = "a worker that was stopped goes on worker=1"},
    {.events = READY " stranger_stops", .state = "1 serves"},
    {.events = READY " stops dies tick", .state = "2 starts", .did = " start-2"},
    {.events = NEXT " next_stops",
     .state = "1 serves, 2 is next and is stopped",
     .log = "a signal has stopped a worker worker=2"},
    {.events = SWAPPED " retired_stops",
     .state = "2 serves, 1 retires and is stopped",
     .log = "a signal has stopped a worker worker=1",
     .accepted = 1},
    {.events = READY " stops reload built next_ready",
     .state = "2 serves, 1 retires and is stopped",
     .did = " accept-2 retire-1",
     .accepted = 1},
};

static void check_log(const struct row *row, const char *text)
{
    if (!row->log && *text)
        fail_msg("%s: logged %s", row->events, text);
    if (row->log && (!strstr(text, row->log) || strchr(text, '\n')[1]))
        fail_msg("%s: logged \"%s\", not %s", row->events, text, row->log);
}

static void check_row(const struct row *row)
{
    char state[256];
    begin_anew();
    int code = run_events(row->events);
    check_log(row, read_log());
    describe(state, sizeof(state));
    const char *want = row->did ? row->did : "";
    if (strcmp(state, row->state) != 0 || strcmp(did, want) != 0)
        fail_msg("%s: \"%s\", not \"%s\"; did \"%s\", not \"%s\"", row->events, state, row->state,
                 did, want);
    if ((code < 0) != (row->error != NULL) || (code < 0 && strcmp(err.text, row->error) != 0))
        fail_msg("%s: %d, \"%s\"", row->events, code, err.text);
    if (rollout.reloads.accepted != row->accepted || rollout.reloads.refused != row->refused)
        fail_msg("%s: %d reloads accepted, %d refused", row->events, (int)rollout.reloads.accepted,
                 (int)rollout.reloads.refused);
    end_all();
}

static void each_event_in_each_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_in_each_state),
    };
    open_test_log();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
