/* SPDX-License-Identifier: Apache-2.0 */
/* When a loop counts as stuck (loop_watch.h), on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/worker/loop_watch.h"

struct look {
    int64_t at_ms;
    uint64_t rounds;
    bool has_work;
    int64_t want_ms;
};

static void check(const struct look *looks, size_t count)
{
    struct loop_seen seen = {0};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(loop_seen_look(&seen, looks[i].rounds, looks[i].has_work, looks[i].at_ms),
                         looks[i].want_ms);
}
#define CHECK(...)                                      \
    do {                                                \
        const struct look looks[] = {__VA_ARGS__};      \
        check(looks, sizeof(looks) / sizeof(looks[0])); \
    } while (0)

static void one_that_has_nothing_to_do_is_well(void **state)
{
    (void)state;
    CHECK({1000, 7, false, 0}, {900000, 7, false, 0});
}

static void one_that_goes_round_is_well_however_busy(void **state)
{
    (void)state;
    CHECK({1000, 7, true, 0}, {11000, 8, true, 0}, {21000, 9, true, 0});
}

static void one_that_does_not_go_round_is_stuck_after_a_while(void **state)
{
    (void)state;
    CHECK({1000, 7, true, 0}, {1000 + LOOP_STUCK_MS - 1, 7, true, 0},
          {1000 + LOOP_STUCK_MS, 7, true, LOOP_STUCK_MS}, {31000, 7, true, 30000});
}

/* It had nothing to do for long, and an event came just now. */
static void work_that_is_new_is_no_reason(void **state)
{
    (void)state;
    CHECK({1000, 7, false, 0}, {61000, 7, true, 0}, {62000, 7, true, 0}, {66000, 7, true, 5000});
}

static void it_recovers(void **state)
{
    (void)state;
    CHECK({1000, 7, true, 0}, {9000, 7, true, 8000}, {10000, 8, true, 0}, {14000, 8, true, 0},
          {15000, 8, true, 5000}, {16000, 8, false, 0}, {30000, 8, true, 0});
}

/* --- Real descriptors --- */

static struct loop loops[2];
static int pipe_ends[2];
static struct loop_watch watch;

static int open_loops(void **state)
{
    struct epoll_event event = {.events = EPOLLIN};
    (void)state;
    for (int i = 0; i < 2; i++)
        loops[i] = (struct loop){.sets.first_fd = epoll_create1(0)};
    return pipe(pipe_ends) < 0 ||
           epoll_ctl(loops[1].sets.first_fd, EPOLL_CTL_ADD, pipe_ends[0], &event) < 0 ||
           loop_watch_open(&watch, loops, 2, NULL) < 0;
}

static int close_loops(void **state)
{
    (void)state;
    loop_watch_close(&watch);
    for (int i = 0; i < 2; i++) {
        close(loops[i].sets.first_fd);
        close(pipe_ends[i]);
    }
    return 0;
}

static void an_event_that_waits_is_work(void **state)
{
    (void)state;
    assert_int_equal(loop_watch_look(&watch, 1000), 0);
    assert_int_equal(loop_watch_look(&watch, 9000), 0);
    assert_int_equal(write(pipe_ends[1], "x", 1), 1);
    assert_int_equal(loop_watch_look(&watch, 10000), 0);
    assert_int_equal(loop_watch_look(&watch, 17000), 7000);
    atomic_fetch_add(&loops[1].rounds, 1);
    assert_int_equal(loop_watch_look(&watch, 18000), 0);
}

static void an_evaluation_that_nobody_takes_over_is_work(void **state)
{
    (void)state;
    atomic_store(&loops[0].turn.number, 1);
    assert_int_equal(loop_watch_look(&watch, 1000), 0);
    assert_int_equal(loop_watch_look(&watch, 9000), 8000);
    atomic_store(&loops[0].turn.number, 2); /* another thread has been given the loop */
    assert_int_equal(loop_watch_look(&watch, 10000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_has_nothing_to_do_is_well),
        cmocka_unit_test(one_that_goes_round_is_well_however_busy),
        cmocka_unit_test(one_that_does_not_go_round_is_stuck_after_a_while),
        cmocka_unit_test(work_that_is_new_is_no_reason),
        cmocka_unit_test(it_recovers),
        cmocka_unit_test_setup_teardown(an_event_that_waits_is_work, open_loops, close_loops),
        cmocka_unit_test_setup_teardown(an_evaluation_that_nobody_takes_over_is_work, open_loops,
                                        close_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
