/* SPDX-License-Identifier: Apache-2.0 */
/* A worker as the supervisor sees it (server/worker/child.h): real processes that do what a
 * worker should not, in place of worker_run(). The supervisor waits for none of them. */
#include "tests/unit/server/worker/worker_fakes.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* --- Reports --- */

static void one_that_is_ready_stays(void **state)
{
    (void)state;
    start(be_ready);
    assert_int_equal(await_report(), WORKER_IS_READY);
    assert_int_equal(worker.report_fd, -1);
    assert_true(worker.pid > 0);
    /* And is not given up, however late it is. */
    assert_int_equal(worker_child_pass_time(&worker, INT64_MAX, &err), WORKER_IS_READY);
    assert_int_equal(kill(worker.pid, 0), 0);
}

static int fail_and_end(const struct worker_start *start)
{
    SAY(start, "the settings are wrong");
    return 1;
}

static void one_that_fails_says_why(void **state)
{
    (void)state;
    start(fail_and_end);
    assert_fails("the settings are wrong");
}

static int fail_and_stay(const struct worker_start *start)
{
    signal(SIGTERM, SIG_IGN); /* it would go on */
    SAY(start, "no memory");
    close(start->report_fd);
    return pause();
}

static void one_that_fails_and_stays_is_ended(void **state)
{
    (void)state;
    start(fail_and_stay);
    assert_fails("no memory");
}

static int fail_without_an_end(const struct worker_start *start)
{
    SAY(start, "I could ");
    SAY(start, "go on");
    return pause();
}

static void a_report_without_an_end_is_not_waited_for(void **state)
{
    (void)state;
    start(fail_without_an_end);
    struct pollfd polled = {.fd = worker.report_fd, .events = POLLIN};
    while (worker.said.size < strlen("I could go on")) {
        assert_int_equal(poll(&polled, 1, -1), 1);
        assert_int_equal(worker_child_read_report(&worker, &err), WORKER_IS_STARTING);
    }
    assert_true(worker.until_ms <= chimera_clock_ms() + 1000); /* and not until its start is late */
    assert_fails("I could go on");
}

static int fail_with_a_letter(const struct worker_start *start)
{
    SAY(start, "x");
    return pause();
}

static void the_shortest_report_has_no_longer_time(void **state)
{
    (void)state;
    start(fail_with_a_letter);
    struct pollfd polled = {.fd = worker.report_fd, .events = POLLIN};
    int64_t until_ms = worker.until_ms;
    assert_int_equal(poll(&polled, 1, -1), 1);
    assert_int_equal(worker_child_read_report(&worker, &err), WORKER_IS_STARTING);
    assert_true(worker.until_ms < until_ms && worker.until_ms <= chimera_clock_ms() + 1000);
    assert_fails("x");
}

static int obey(const struct worker_start *start)
{
    struct order order;
    do
        order = orders_receive(start->orders_fd);
    while (order.verb == ORDER_NONE);
    if (order.verb == ORDER_ACCEPT)
        SAY(start, "\0");
    return pause();
}

/* A look at nothing is no report that has begun. */
static void who_says_nothing_keeps_its_time(void **state)
{
    (void)state;
    start(obey);
    int64_t until_ms = worker.until_ms;
    assert_int_equal(worker_child_read_report(&worker, &err), WORKER_IS_STARTING);
    assert_int_equal(worker.until_ms, until_ms);
}

static int flood(const struct worker_start *start)
{
    while (write(start->report_fd, "0123456789", 10) > 0)
        ;
    return 1;
}

static void a_report_that_is_too_long_is_cut(void **state)
{
    (void)state;
    start(flood);
    assert_int_equal(await_report(), WORKER_HAS_FAILED);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_none();
}

static int end_silently(const struct worker_start *start)
{
    (void)start;
    return 3;
}

static void one_that_ends_without_a_word_is_described(void **state)
{
    (void)state;
    start(end_silently);
    assert_fails("the worker ended with exit code 3");
}

static int crash(const struct worker_start *start)
{
    (void)start;
    signal(SIGSEGV, SIG_DFL); /* not the sanitizer's */
    return raise(SIGSEGV);
}

static void one_that_crashes_is_described(void **state)
{
    (void)state;
    start(crash);
    assert_int_equal(await_report(), WORKER_HAS_FAILED);
    assert_non_null(strstr(err.text, "the worker was ended by signal 11"));
    assert_int_equal(err.code, CHIMERA_EIO);
    assert_none();
}

static int ask_for_too_much(const struct worker_start *start)
{
    (void)start;
    signal(SIGSYS, SIG_DFL);
    return raise(SIGSYS);
}

static void one_that_its_lockdown_has_ended_may_have_been_attacked(void **state)
{
    (void)state;
    start(ask_for_too_much);
    assert_fails("the worker was ended for a system call that its lock-down denies: it may have "
                 "been attacked");
}

static int end_well(const struct worker_start *start)
{
    (void)start;
    return 0;
}

static void one_that_ends_well_before_it_is_ready_has_failed(void **state)
{
    (void)state;
    start(end_well);
    assert_fails("the worker ended with exit code 0");
}

static int close_and_stay(const struct worker_start *start)
{
    close(start->report_fd);
    return pause();
}

static void one_that_says_nothing_at_all_is_ended(void **state)
{
    (void)state;
    start(close_and_stay);
    assert_int_equal(await_report(), WORKER_HAS_FAILED);
    assert_none();
}

/* It was reaped before its report was read. */
static void a_report_outlives_its_worker(void **state)
{
    int status = 0;
    (void)state;
    start(fail_and_end);
    assert_int_equal(waitpid(worker.pid, &status, 0), worker.pid);
    worker_child_reaped(&worker, status, &err);
    assert_string_equal(err.text, "the settings are wrong");
    assert_none();
}

static int fail_with_details(const struct worker_start *start)
{
    SAY(start, "two are wrong\0first: a, second: b");
    return 1;
}

static int fail_with_a_detail(const struct worker_start *start)
{
    SAY(start, "one is wrong\0a");
    return 1;
}

/* For who wants them: the log has a line for each, a terminal the reason only. */
static void details_follow_the_reason(void **state)
{
    struct chimera_buffer details;
    int status = 0;
    (void)state;
    chimera_buffer_init(&details, 1000);
    err.details = &details;
    start(fail_with_details);
    assert_fails("two are wrong");
    assert_true(chimera_slice_is(chimera_buffer_slice(&details), "first: a, second: b"));
    chimera_buffer_free(&details);
    chimera_buffer_init(&details, 1000);
    tenants_stopped = links_closed = 0;
    start(fail_and_end);
    assert_fails("the settings are wrong");
    assert_int_equal(details.size, 0);
    assert_false(details.failed);
    tenants_stopped = links_closed = 0;
    start(fail_with_a_detail);
    assert_fails("one is wrong");
    assert_true(chimera_slice_is(chimera_buffer_slice(&details), "a"));
    chimera_buffer_free(&details);
    err.details = NULL;
    tenants_stopped = links_closed = 0;
    start(fail_with_details);
    assert_fails("two are wrong");
    tenants_stopped = links_closed = 0;
    start(fail_with_details);
    assert_int_equal(waitpid(worker.pid, &status, 0), worker.pid);
    worker_child_reaped(&worker, status, NULL); /* nobody asks */
    assert_none();
}

static int be_ready_and_end(const struct worker_start *start)
{
    SAY(start, "\0");
    return 3;
}

/* That it was ready is no reason. */
static void one_that_ends_as_soon_as_it_is_ready_is_described(void **state)
{
    int status = 0;
    (void)state;
    start(be_ready_and_end);
    assert_int_equal(waitpid(worker.pid, &status, 0), worker.pid);
    worker_child_reaped(&worker, status, &err);
    assert_string_equal(err.text, "the worker ended with exit code 3");
    assert_none();
}

/* --- What it is given, and what it leaves --- */

static int outsider; /* a descriptor that no worker has been given */

static bool are_open(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fcntl(fds[i], F_GETFD) < 0)
            return false;
    return true;
}

static void close_each(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        close(fds[i]);
        fds[i] = -1;
    }
}

static int check_what_is_given(const struct worker_start *start)
{
    int death_signal = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (start->policies != &file.policies || start->plugins != generation.plugins ||
        start->plan != &file.plan || start->config != &config)
        SAY(start, "not what it shall serve");
    else if (fcntl(outsider, F_GETFD) >= 0)
        SAY(start, "a descriptor too many");
    else if (!are_open(given, 5) || !are_open(links, link_count) ||
             !are_open(&telemetry.span_write, 1))
        SAY(start, "a descriptor too few");
    else if (death_signal != SIGTERM)
        SAY(start, "it would outlive the supervisor");
    else
        SAY(start, "\0");
    return 0;
}

/* A tenant, and traces. */
static void make_all_there_is(void)
{
    file.plan.tenant_count = 1;
    assert_int_equal(shared_make(&life, "life", 4096, false, NULL), CHIMERA_OK);
    assert_int_equal(shared_make(&telemetry.page, "traces", 4096, false, NULL), CHIMERA_OK);
    telemetry.span_write = dup(0);
    open_before += 3;
}

static void end_all_there_is(void)
{
    file.plan.tenant_count = 0;
    shared_done(&life);
    shared_done(&telemetry.page);
    close_each(&telemetry.span_write, 1);
}

static void it_has_what_it_serves_and_nothing_else(void **state)
{
    struct built_plugin plugins[POLICIES] = {{0}};
    (void)state;
    generation.plugins = plugins;
    make_all_there_is();
    for (size_t i = 0; i < 5; i++)
        given[i] = dup(0);
    outsider = dup(0);
    for (link_count = 0; link_count < 2; link_count++)
        links[link_count] = dup(0);
    start(check_what_is_given);
    enum worker_report report = await_report();
    close(outsider);
    close_each(given, 5);
    close_each(links, 2);
    end_all_there_is();
    generation.plugins = NULL;
    if (report != WORKER_IS_READY)
        fail_msg("%s", err.text);
}

static void an_order_reaches_it(void **state)
{
    (void)state;
    start(obey);
    worker_child_order(&worker, &(struct order){.verb = ORDER_ACCEPT});
    assert_int_equal(await_report(), WORKER_IS_READY);
    worker_child_kill(&worker);
    assert_none();
    worker_child_order(&worker, &(struct order){.verb = ORDER_ACCEPT}); /* there is none */
    worker_child_kill(&worker);
    assert_int_equal(tenants_stopped, 1);
}

static int log_and_crash(const struct worker_start *start)
{
    (void)start;
    chimera_log(CHIMERA_LOG_ERROR, "t", CHIMERA_SLICE("the last words"));
    return raise(SIGKILL);
}

static void its_last_words_are_logged(void **state)
{
    char text[256] = "";
    int log_fd = memfd_create("log", 0);
    (void)state;
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    open_before++;
    start(log_and_crash);
    assert_int_equal(await_report(), WORKER_HAS_FAILED);
    assert_none();
    assert_true(pread(log_fd, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, "t: the last words\n"));
    chimera_log_open(-1, CHIMERA_LOG_TEXT, CHIMERA_LOG_SILENT);
    close(log_fd);
}

/* Each of them is the worker's to begin with, and it cannot do without. */
static void a_worker_without_its_pages_or_links_ends(void **state)
{
    static const char why[] = "the worker ended with exit code 1";
    struct shared *shared[] = {&scoreboard, &counters, &life, &telemetry.page};
    (void)state;
    make_all_there_is();
    for (size_t i = 0; i < 4; i++) {
        struct shared kept = *shared[i];
        shared[i]->fd = -1;
        start(be_ready);
        *shared[i] = kept;
        assert_fails(why);
        tenants_stopped = links_closed = 0;
    }
    end_all_there_is();
}

static void a_fork_that_fails_leaves_nothing(void **state)
{
    (void)state;
    fork_fails = true;
    assert_int_equal(try_to_start(be_ready), CHIMERA_EIO);
    assert_string_equal(err.text, "fork: Resource temporarily unavailable");
    assert_int_equal(err.code, CHIMERA_EIO);
    assert_none();
}

/* The number of descriptors that leaves so many to be opened. */
static rlim_t limit_with(unsigned room)
{
    unsigned unused = 0;
    int fd = 0;
    for (; unused < room || fcntl(fd, F_GETFD) >= 0; fd++)
        unused += fcntl(fd, F_GETFD) < 0;
    return (rlim_t)fd;
}

/* No descriptor is left, at each step of a start. */
static void a_start_that_fails_leaves_nothing(void **state)
{
    struct rlimit limit, less;
    unsigned failures = 0;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    for (unsigned room = 0; room < 5; room++) { /* a page, two pipes' ends, two of orders */
        less = (struct rlimit){.rlim_cur = limit_with(room), .rlim_max = limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &less);
        int code = try_to_start(be_ready);
        setrlimit(RLIMIT_NOFILE, &limit);
        failures += code == CHIMERA_EIO;
        assert_none();
        tenants_stopped = 0;
    }
    assert_int_equal(failures, 5);
    assert_int_equal(try_to_start(be_ready), CHIMERA_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_ready_stays),
        TEST(one_that_fails_says_why),
        TEST(one_that_fails_and_stays_is_ended),
        TEST(a_report_without_an_end_is_not_waited_for),
        TEST(the_shortest_report_has_no_longer_time),
        TEST(who_says_nothing_keeps_its_time),
        TEST(a_report_that_is_too_long_is_cut),
        TEST(one_that_ends_without_a_word_is_described),
        TEST(one_that_crashes_is_described),
        TEST(one_that_its_lockdown_has_ended_may_have_been_attacked),
        TEST(one_that_ends_well_before_it_is_ready_has_failed),
        TEST(one_that_says_nothing_at_all_is_ended),
        TEST(details_follow_the_reason),
        TEST(one_that_ends_as_soon_as_it_is_ready_is_described),
        TEST(a_report_outlives_its_worker),
        TEST(it_has_what_it_serves_and_nothing_else),
        TEST(an_order_reaches_it),
        TEST(its_last_words_are_logged),
        TEST(a_worker_without_its_pages_or_links_ends),
        TEST(a_fork_that_fails_leaves_nothing),
        TEST(a_start_that_fails_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
