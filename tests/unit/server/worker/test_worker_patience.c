/* SPDX-License-Identifier: Apache-2.0 */
/* How long a worker may take to get ready (server/worker/child.h): with clocks that the test
 * turns, and real processes that never do. */
#include "tests/unit/server/worker/worker_fakes.h"

static int hang(const struct worker_start *start)
{
    (void)start;
    signal(SIGTERM, SIG_IGN);
    return pause();
}

static _Atomic uint32_t *step(void)
{
    return &((struct process_page *)worker.page.data)->step;
}

static enum worker_report look_at(int64_t at_ms)
{
    return worker_child_pass_time(&worker, worker.started_ms + at_ms, &err);
}

static void one_that_never_begins_is_given_up(void **state)
{
    (void)state;
    start(hang);
    assert_int_equal(look_at(9999), WORKER_IS_STARTING);
    assert_int_equal(look_at(10000), WORKER_HAS_FAILED);
    assert_string_equal(err.text, "the worker was not ready after 10 s and was ended: it did not "
                                  "get on with its start; see --worker-start-timeout");
    assert_int_equal(err.code, CHIMERA_EDEADLINE);
    assert_none();
}

/* A start, settings, and instances for two loops may take five seconds each. */
static void each_policy_has_its_time(void **state)
{
    (void)state;
    start(hang);
    atomic_store(step(), 1);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING); /* it has got on: 10 + 4 * 5 s more */
    assert_int_equal(look_at(39999), WORKER_IS_STARTING);
    atomic_store(step(), 2);
    assert_int_equal(look_at(40000), WORKER_IS_STARTING);
    assert_int_equal(look_at(69999), WORKER_IS_STARTING);
    assert_int_equal(look_at(70000), WORKER_HAS_FAILED);
    assert_string_equal(err.text,
                        "the worker was not ready after 70 s and was ended: it did not get on "
                        "with the start of policy \"second\"; see --worker-start-timeout");
    assert_none();
}

static void the_last_policy_is_named_too(void **state)
{
    (void)state;
    start(hang);
    atomic_store(step(), POLICIES);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_int_equal(look_at(40000), WORKER_HAS_FAILED);
    assert_non_null(strstr(err.text, "the start of policy \"third\";"));
}

/* As good as none, but no sum goes over its end. */
static void a_limit_without_end_is_a_day(void **state)
{
    (void)state;
    specs[1].has_limit = true;
    specs[1].limit_seconds = UINT64_MAX;
    start(hang);
    atomic_store(step(), 2);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_int_equal(worker.until_ms - worker.started_ms, 10000 + 10000 + 4 * 86400000);
}

static void a_limit_of_its_own_counts(void **state)
{
    (void)state;
    specs[1].has_limit = true;
    specs[1].limit_seconds = 1;
    start(hang);
    atomic_store(step(), 2);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_int_equal(look_at(23999), WORKER_IS_STARTING); /* 10 + 4 * 1 s */
    assert_int_equal(look_at(24000), WORKER_HAS_FAILED);
}

static void without_limits_there_is_a_bound_all_the_same(void **state)
{
    (void)state;
    config.is_limited = false;
    start(hang);
    atomic_store(step(), 1);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_int_equal(look_at(20000), WORKER_HAS_FAILED);
}

static void policies_of_one_tenant_are_started_together(void **state)
{
    (void)state;
    tenant_of[0] = tenant_of[2] = 7;
    start(hang);
    atomic_store(step(), 1);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_int_equal(look_at(69999), WORKER_IS_STARTING); /* twice 10 + 4 * 5 s */
    assert_int_equal(look_at(70000), WORKER_HAS_FAILED);
}

static void behind_the_policies_there_is_one_more_step(void **state)
{
    (void)state;
    start(hang);
    atomic_store(step(), POLICIES + 1);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_int_equal(look_at(20000), WORKER_HAS_FAILED);
    assert_non_null(strstr(err.text, "it did not get on with its start;"));
}

/* A worker that was taken over cannot have itself waited for, for ever. */
static void a_step_that_is_none_does_not_count(void **state)
{
    (void)state;
    start(hang);
    atomic_store(step(), POLICIES + 2);
    assert_int_equal(look_at(10000), WORKER_HAS_FAILED);
}

static void a_step_back_does_not_count(void **state)
{
    (void)state;
    start(hang);
    atomic_store(step(), 2);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    atomic_store(step(), 1);
    assert_int_equal(look_at(40000), WORKER_HAS_FAILED);
}

static void one_that_a_signal_has_stopped_is_ended(void **state)
{
    (void)state;
    start(hang);
    assert_int_equal(kill(worker.pid, SIGSTOP), 0);
    worker.is_stopped = true;
    assert_int_equal(look_at(10000), WORKER_HAS_FAILED);
    assert_non_null(strstr(err.text, "was ended (a signal had stopped it): "));
    assert_none();
}

/* It was the supervisor that did not get on. */
static void a_report_that_is_there_is_not_late(void **state)
{
    (void)state;
    start(be_ready);
    struct pollfd polled = {.fd = worker.report_fd, .events = POLLIN};
    assert_int_equal(poll(&polled, 1, -1), 1);
    assert_int_equal(look_at(10000), WORKER_IS_STARTING);
    assert_true(worker.until_ms > worker.started_ms + 10000); /* it is not asked again at once */
    assert_int_equal(worker_child_read_report(&worker, &err), WORKER_IS_READY);
}

static void none_is_never_late(void **state)
{
    (void)state;
    assert_int_equal(worker_child_pass_time(&worker, INT64_MAX, &err), WORKER_IS_READY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(one_that_never_begins_is_given_up),
        TEST(each_policy_has_its_time),
        TEST(the_last_policy_is_named_too),
        TEST(a_limit_without_end_is_a_day),
        TEST(a_limit_of_its_own_counts),
        TEST(without_limits_there_is_a_bound_all_the_same),
        TEST(policies_of_one_tenant_are_started_together),
        TEST(behind_the_policies_there_is_one_more_step),
        TEST(a_step_that_is_none_does_not_count),
        TEST(a_step_back_does_not_count),
        TEST(one_that_a_signal_has_stopped_is_ended),
        TEST(a_report_that_is_there_is_not_late),
        TEST(none_is_never_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
