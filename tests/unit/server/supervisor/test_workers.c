/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's workers over time: restarts, swaps in a row, the end. The table of their states
 * is in test_workers_states.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "tests/unit/server/supervisor/workers_events.h"

static void the_full_tier_takes_over_and_is_tried_once(void **state)
{
    char text[256];
    (void)state;
    begin_anew();
    is_quick = true;
    run_events(READY);
    describe(text, sizeof(text));
    assert_string_equal(text, "1 serves, building the full tier");
    assert_non_null(strstr(did, " build-full"));
    run_events("built next_late");
    assert_non_null(strstr(read_log(), "the full tier cannot be served; the quick tier goes on "
                                       "serving error=\"not ready in time\""));
    describe(text, sizeof(text));
    assert_string_equal(text, "1 serves"); /* for this generation it was tried */
    assert_int_equal(rollout.reloads.refused, 0);
    run_events("reload built next_ready");
    describe(text, sizeof(text));
    assert_string_equal(text, "3 serves, 1 retires, building the full tier");
    run_events("built next_ready");
    describe(text, sizeof(text));
    assert_string_equal(text, "4 serves, 1 retires, 3 retires");
    end_all();
}

static void a_full_tier_that_cannot_begin_is_told(void **state)
{
    char text[256];
    (void)state;
    begin_anew();
    is_quick = true;
    run_events("begin built cannot_build ready");
    assert_non_null(strstr(read_log(), "the full tier cannot be built; the quick tier goes on "
                                       "serving error=\"no room for a build\""));
    run_events("dies tick ready");
    describe(text, sizeof(text));
    assert_string_equal(text, "2 serves");
    end_all();
}

/* A full tier that a reload has interrupted begins again, for whichever generation serves then. */
static void a_refused_reload_is_followed_by_the_full_tier(void **state)
{
    char text[256];
    (void)state;
    begin_anew();
    is_quick = true;
    run_events(READY " reload built next_fails");
    describe(text, sizeof(text));
    assert_string_equal(text, "1 serves, building the full tier");
    end_all();
}

/* For who looks at the admin port. */
static void reloads_are_remembered(void **state)
{
    (void)state;
    begin_anew();
    run_events(NEXT " next_fails");
    assert_string_equal(rollout.reloads.why.text, "its settings are wrong");
    assert_true(rollout.reloads.refused_at_s > 0);
    assert_int_equal(rollout.reloads.accepted_at_s, 0);
    run_events("reload built next_ready");
    assert_string_equal(rollout.reloads.why.text, "");
    assert_true(rollout.reloads.accepted_at_s > 0);
    end_all();
}

/* One that a signal has stopped is given up: nobody may come to let it go on. */
static void a_build_that_stands_still_is_given_up(void **state)
{
    static const char why[] = "a signal has stopped the build, and it did not go on for ";
    int64_t at_ms = INT64_MAX;
    (void)state;
    begin_anew();
    run_events(READY " reload");
    stands_still = true;
    assert_int_equal(rollout_pass_time(&rollout, time_ms, &at_ms, &err), CHIMERA_OK);
    assert_true(strncmp(rollout.reloads.why.text, why, sizeof(why) - 1) == 0);
    assert_null(rollout.file); /* and nothing is under way */
    run_events("reload built next_ready");
    assert_string_equal(rollout.reloads.why.text, "");
    end_all();
    begin_anew(); /* at the start there is nothing to go back to */
    run_events("begin");
    stands_still = true;
    assert_int_equal(rollout_pass_time(&rollout, time_ms, &at_ms, &err), CHIMERA_ETOOL);
    assert_true(strncmp(err.text, why, sizeof(why) - 1) == 0);
    end_all();
}

/* What could be built is what serves, or nothing could: it is not tried again. */
static void a_full_tier_that_changes_nothing_is_the_last(void **state)
{
    char text[256];
    (void)state;
    for (int changed = 0; changed < 2; changed++) {
        begin_anew();
        is_quick = true;
        changed_plugins = changed;
        run_events(READY);
        run_events(changed ? "unbuilt" : "built");
        describe(text, sizeof(text));
        assert_string_equal(text, "1 serves");
        run_events("dies tick ready");
        describe(text, sizeof(text));
        assert_string_equal(text, "2 serves");
        end_all();
    }
}

/* Nobody looked before there was one that serves. */
static void a_file_that_changed_during_the_start_is_seen(void **state)
{
    char text[256];
    (void)state;
    begin_anew();
    config.options.is_watch_off = false;
    run_events("begin built file_changes ready");
    describe(text, sizeof(text));
    assert_string_equal(text, "1 serves, building a reload");
    end_all();
}

/* 0 is a descriptor. */
static void at_first_there_is_nobody(void **state)
{
    (void)state;
    begin_anew();
    assert_int_equal(workers.current.report_fd, -1);
    assert_int_equal(workers.next.report_fd, -1);
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        assert_int_equal(workers.retired[i].report_fd, -1);
    assert_false(workers_answer(&workers));
    end_all();
}

/* Restarts are told apart from the first start: the count is shown. */
static void restarts_are_counted(void **state)
{
    (void)state;
    begin_anew();
    run_events(READY);
    assert_int_equal(workers.restarts, 0);
    run_events("dies tick dies second ready");
    assert_int_equal(workers.restarts, 2);
    end_all();
}

static void the_pause_before_a_start_grows_to_ten_seconds(void **state)
{
    static const int pauses_ms[] = {0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000};
    (void)state;
    begin_anew();
    run_events(READY);
    for (size_t i = 0; i < sizeof(pauses_ms) / sizeof(pauses_ms[0]); i++) {
        ev_dies();
        assert_int_equal(workers.restart_at_ms - time_ms, pauses_ms[i]);
        if (pauses_ms[i] > 0) {
            pass_time(pauses_ms[i] - 1);
            assert_int_equal(workers.current.pid, 0);
        }
        assert_int_equal(workers_pass_time(&workers, time_ms) - time_ms,
                         pauses_ms[i] ? 1 : INT64_MAX - time_ms);
        pass_time(1);
        assert_true(workers.current.pid > 0);
    }
    end_all();
}

/* Four may wait for idle connections; the one that has waited longest then drains. Of more than
 * eight that are busy, the one nearest to its end is ended. */
static void a_storm_of_reloads_is_bounded(void **state)
{
    (void)state;
    begin_anew();
    run_events(READY);
    for (int i = 0; i < 12; i++) {
        run_events("reload built next_ready");
        pass_time(10);
        unsigned patient = 0, all = 0;
        for (size_t place = 0; place < WORKERS_RETIRED_MAX; place++) {
            all += workers.retired[place].pid != 0;
            patient += workers.retired[place].pid && !workers.retired[place].is_draining;
        }
        assert_int_equal(all, i < 8 ? i + 1 : 8);
        assert_int_equal(patient, i < WORKERS_PATIENT_MAX ? i + 1 : WORKERS_PATIENT_MAX);
        assert_int_equal(workers.current.pid, i + 2);
    }
    end_all();
}

/* Nobody has to go for a worker that is not there any more. */
static void a_swap_from_nobody_ends_nobody(void **state)
{
    (void)state;
    begin_anew();
    run_events(READY);
    for (int i = 0; i < 8; i++)
        run_events("reload built next_ready");
    run_events("dies reload built next_ready");
    assert_string_equal(did, " accept-10");
    end_all();
}

/* True when that is all about it: nobody else is asked. */
static void who_has_ended_is_found(void **state)
{
    (void)state;
    begin_anew();
    run_events(SWAPPED " reload built");
    assert_true(workers_reaped(&workers, 1, 0));
    assert_false(workers_reaped(&workers, 1, 0));
    assert_false(workers_reaped(&workers, TENANT_PID, 0));
    workers.current.tenants = fake_tenants;
    assert_true(workers_reaped(&workers, TENANT_PID, 0));
    workers.current.tenants = NULL;
    workers.next.tenants = fake_tenants;
    assert_true(workers_reaped(&workers, TENANT_PID, 0));
    workers.next.tenants = NULL;
    workers.retired[WORKERS_RETIRED_MAX - 1].tenants = fake_tenants;
    assert_true(workers_reaped(&workers, TENANT_PID, 0));
    assert_false(workers_reaped(&workers, 4711, 0));
    end_all();
}

/* Nine are too many: the one goes that would be the first to go. An empty place costs nobody. */
static void the_nearest_to_its_end_makes_place(void **state)
{
    (void)state;
    begin_anew();
    run_events(READY);
    for (int i = 0; i < WORKERS_RETIRED_MAX; i++)
        run_events("reload built next_ready");
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++) {
        workers.retired[i].is_draining = true;
        workers.retired[i].until_ms = time_ms + 10000 + 1000 * (int64_t)i;
    }
    workers.retired[5].until_ms = time_ms + 9000;
    pid_t victim = workers.retired[5].pid;
    char want[64];
    snprintf(want, sizeof(want), " accept-10 kill-%d retire-9", victim);
    run_events("reload built next_ready");
    assert_string_equal(did, want);
    end_process(workers.retired[2].pid, 0);
    run_events("reload built next_ready");
    assert_string_equal(did, " accept-11 retire-10");
    assert_int_equal(workers.retired[2].pid, 10);
    end_all();
}

static void check_seats(void)
{
    const struct worker_child *all[WORKERS_RETIRED_MAX + 2] = {&workers.current, &workers.next};
    bool is_taken_by_one[WORKER_SCORES] = {false};
    for (size_t i = 0; i < WORKERS_RETIRED_MAX; i++)
        all[i + 2] = &workers.retired[i];
    for (size_t i = 0; i < WORKERS_RETIRED_MAX + 2; i++) {
        if (!all[i]->pid)
            continue;
        assert_in_range(all[i]->score, 0, WORKER_SCORES - 1);
        assert_false(is_taken_by_one[all[i]->score]);
        is_taken_by_one[all[i]->score] = true;
    }
}

/* Each has its own counters, which begin at nothing. */
static void no_two_workers_share_a_score(void **state)
{
    (void)state;
    begin_anew();
    run_events(READY);
    assert_int_equal(workers.current.score, 0);
    for (int i = 0; i < 12; i++) {
        run_events("reload built");
        assert_int_equal(emptied_score, workers.next.score);
        check_seats();
        run_events("next_ready");
    }
    run_events("reload dies built tick"); /* one starts again beside the next one */
    assert_true(workers.current.pid && workers.next.pid);
    check_seats();
    end_all();
}

/* Nobody would look at them, and they take memory. */
static void without_an_admin_port_there_are_no_seats(void **state)
{
    (void)state;
    begin_anew();
    config.has_admin = false;
    emptied_score = 4711;
    run_events(READY);
    assert_int_equal(workers.current.score, WORKER_SCORE_NONE);
    assert_int_equal(emptied_score, 4711);
    end_all();
}

static void each_start_gives_the_policies_their_numbers(void **state)
{
    (void)state;
    begin_anew();
    entered = 0;
    run_events(NEXT " dies next_dies tick");
    assert_int_equal(entered, 3);
    end_all();
}

static void an_order_reaches_all(void **state)
{
    (void)state;
    begin_anew();
    run_events(SWAPPED " reload built");
    did[0] = '\0';
    workers_order(&workers, &(struct order){.verb = ORDER_CERTIFICATE});
    assert_string_equal(did, " certificate-2 certificate-3 certificate-1");
    end_all();
}

static void only_a_worker_that_serves_answers(void **state)
{
    static const struct {
        const char *events;
        bool answers;
    } cases[] = {{"begin", false},        {"begin built", false},
                 {READY, true},           {NOBODY, false},
                 {NOBODY " tick", false}, {NEXT, true},
                 {NEXT " dies", false},   {SWAPPED, true},
                 {READY " stops", false}, {READY " stops goes_on", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin_anew();
        run_events(cases[i].events);
        assert_int_equal(workers_answer(&workers), cases[i].answers);
        end_all();
    }
}

/* --- The end --- */

static void the_end_lets_those_who_serve_answer(void **state)
{
    (void)state;
    begin_anew();
    run_events(SWAPPED " reload built");
    rollout_end(&rollout);
    did[0] = '\0';
    ends_at_ms = (int)time_ms + 3000;
    workers_stop(&workers);
    assert_string_equal(did, " kill-3 term-2 term-1"); /* the next one has nothing to answer */
    assert_in_range(time_ms, ends_at_ms, ends_at_ms + 200);
    assert_int_equal(generations, 0);
}

static void the_end_is_not_waited_for_longer_than_kubernetes_does(void **state)
{
    (void)state;
    begin_anew();
    run_events(READY);
    rollout_end(&rollout);
    did[0] = '\0';
    int64_t began_ms = time_ms;
    ends_at_ms = (int)time_ms + 28200;
    workers_stop(&workers);
    assert_true(strncmp(did, " term-1 kill-1", 14) == 0);
    assert_in_range(time_ms - began_ms, 28000, 28500);
    assert_int_equal(generations, 0);
}

/* Somebody is in a hurry, and says so by another signal. */
static void a_second_signal_is_handed_on(void **state)
{
    (void)state;
    for (int number = SIGINT; number <= SIGTERM; number += SIGTERM - SIGINT) {
        begin_anew();
        run_events(SWAPPED);
        rollout_end(&rollout);
        did[0] = '\0';
        ends_at_ms = (int)time_ms + 1000;
        next_signal = number;
        workers_stop(&workers);
        assert_string_equal(did, " term-2 term-1 term-2 term-1");
    }
    begin_anew();
    run_events(READY);
    rollout_end(&rollout);
    did[0] = '\0';
    ends_at_ms = (int)time_ms + 1000;
    next_signal = SIGCHLD;
    workers_stop(&workers);
    assert_string_equal(did, " term-1");
}

static void the_end_reaches_all_and_closes_the_ports(void **state)
{
    (void)state;
    begin_anew();
    assert_int_equal(workers_open(&workers, &err), CHIMERA_OK);
    int fds[] = {workers.main_fd, workers.probe_fd};
    run_events(READY);
    for (int i = 0; i < WORKERS_RETIRED_MAX; i++)
        run_events("reload built next_ready");
    rollout_end(&rollout);
    did[0] = '\0';
    workers_stop(&workers);
    for (int i = 1; i <= WORKERS_RETIRED_MAX + 1; i++) {
        char told[16];
        snprintf(told, sizeof(told), " term-%d", i);
        assert_non_null(strstr(did, told));
    }
    for (int i = 0; i < 2; i++) {
        assert_true(fds[i] > 2);
        assert_int_equal(fcntl(fds[i], F_GETFD), -1);
    }
    assert_int_equal(workers.main_fd, -1);
    assert_int_equal(workers.probe_fd, -1);
    assert_int_equal(generations, 0);
}

static void one_that_starts_is_not_waited_for_at_the_end(void **state)
{
    (void)state;
    begin_anew();
    run_events(NOBODY " tick");
    rollout_end(&rollout);
    did[0] = '\0';
    workers_stop(&workers);
    assert_string_equal(did, " kill-2");
    assert_int_equal(generations, 0);
}

int main(void)
{
    open_test_log();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_first_there_is_nobody),
        cmocka_unit_test(the_full_tier_takes_over_and_is_tried_once),
        cmocka_unit_test(a_full_tier_that_cannot_begin_is_told),
        cmocka_unit_test(a_refused_reload_is_followed_by_the_full_tier),
        cmocka_unit_test(reloads_are_remembered),
        cmocka_unit_test(a_build_that_stands_still_is_given_up),
        cmocka_unit_test(a_full_tier_that_changes_nothing_is_the_last),
        cmocka_unit_test(a_file_that_changed_during_the_start_is_seen),
        cmocka_unit_test(restarts_are_counted),
        cmocka_unit_test(the_pause_before_a_start_grows_to_ten_seconds),
        cmocka_unit_test(a_storm_of_reloads_is_bounded),
        cmocka_unit_test(a_swap_from_nobody_ends_nobody),
        cmocka_unit_test(who_has_ended_is_found),
        cmocka_unit_test(the_nearest_to_its_end_makes_place),
        cmocka_unit_test(no_two_workers_share_a_score),
        cmocka_unit_test(without_an_admin_port_there_are_no_seats),
        cmocka_unit_test(each_start_gives_the_policies_their_numbers),
        cmocka_unit_test(an_order_reaches_all),
        cmocka_unit_test(only_a_worker_that_serves_answers),
        cmocka_unit_test(the_end_lets_those_who_serve_answer),
        cmocka_unit_test(the_end_is_not_waited_for_longer_than_kubernetes_does),
        cmocka_unit_test(one_that_starts_is_not_waited_for_at_the_end),
        cmocka_unit_test(a_second_signal_is_handed_on),
        cmocka_unit_test(the_end_reaches_all_and_closes_the_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
