/* SPDX-License-Identifier: Apache-2.0 */
/* A worker as the supervisor sees it (server/worker_process.h): real processes that do what a
 * worker should not, in place of worker_run(). The supervisor waits for none of them. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "server/process_page.h"
#include "worker_fakes.h"

#define POLICIES 3
#define SAY(start, text) ((void)!write((start)->report_fd, (text), sizeof(text) - 1))

/* --- One worker --- */

static struct policy_spec specs[POLICIES] = {{.id = (char *)(uintptr_t)"first"},
                                             {.id = (char *)(uintptr_t)"second"},
                                             {.id = (char *)(uintptr_t)"third"}};
static size_t jail_of[POLICIES];
static struct policy_file file = {.policies = {.policy = specs, .policy_count = POLICIES},
                                  .isolation = {.jail_of = jail_of}};
static struct generation generation = {.file = &file};
static struct config config;
static struct shared board, counters;
static struct telemetry telemetry = {.span_write = -1};
static struct worker_process worker;
static struct chimera_error err;
static unsigned open_before;

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int set_up(void **state)
{
    (void)state;
    config = (struct config){
        .workers = 2, .start_timeout_s = 10, .limit_seconds = 5, .is_limited = true};
    for (size_t i = 0; i < POLICIES; i++)
        jail_of[i] = NO_JAIL;
    specs[1].has_limit = false;
    err = (struct chimera_error){0};
    users = 0;
    jails_stopped = links_closed = 0;
    worker = WORKER_PROCESS_NONE;
    if (shared_make(&board, "board", 4096, true, NULL) < 0 ||
        shared_make(&counters, "counters", 4096, false, NULL) < 0)
        return 1;
    open_before = count_descriptors();
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    worker_process_kill(&worker);
    shared_done(&board);
    shared_done(&counters);
    return 0;
}

static int try_to_start(int (*run)(const struct worker_start *start))
{
    const struct worker_start told = {.config = &config,
                                      .board = &board,
                                      .counters = &counters,
                                      .telemetry = &telemetry,
                                      .tls = {-1, -1, -1},
                                      .seat = 5,
                                      .main_fd = -1,
                                      .probe_fd = -1};
    behaviour = run;
    return worker_process_start(&worker, &told, &generation, &err);
}

static void start(int (*run)(const struct worker_start *start))
{
    assert_int_equal(try_to_start(run), CHIMERA_OK);
    assert_true(worker.pid > 0);
    assert_int_equal(worker.seat, 5);
    assert_int_equal(users, 1);
    assert_int_equal(links_closed, 1);
}

/* Until the supervisor would be told of something. */
static enum worker_report await_report(void)
{
    enum worker_report report = WORKER_IS_STARTING;
    while (report == WORKER_IS_STARTING) {
        struct pollfd polled = {.fd = worker.report_fd, .events = POLLIN};
        int64_t now_ms = chimera_clock_ms(), left_ms = worker.until_ms - now_ms;
        poll(&polled, 1, left_ms > 0 ? (int)left_ms : 0);
        report = polled.revents ? worker_process_read_report(&worker, &err)
                                : worker_process_pass_time(&worker, chimera_clock_ms(), &err);
    }
    return report;
}

static void assert_none(void)
{
    assert_int_equal(worker.pid, 0);
    assert_int_equal(worker.report_fd, -1);
    assert_int_equal(worker.orders_fd, -1);
    assert_null(worker.page.data);
    assert_int_equal(users, 0);
    assert_int_equal(jails_stopped, 1);
    assert_int_equal(count_descriptors(), open_before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void assert_fails(const char *why)
{
    assert_int_equal(await_report(), WORKER_HAS_FAILED);
    assert_string_equal(err.text, why);
    assert_none();
}

/* --- Reports --- */

static int be_ready(const struct worker_start *start)
{
    SAY(start, "\0");
    close(start->report_fd);
    return pause();
}

static void one_that_is_ready_stays(void **state)
{
    (void)state;
    start(be_ready);
    assert_int_equal(await_report(), WORKER_IS_READY);
    assert_int_equal(worker.report_fd, -1);
    assert_true(worker.pid > 0);
    /* And is not given up, however late it is. */
    assert_int_equal(worker_process_pass_time(&worker, INT64_MAX, &err), WORKER_IS_READY);
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
        assert_int_equal(worker_process_read_report(&worker, &err), WORKER_IS_STARTING);
    }
    assert_true(worker.until_ms <= chimera_clock_ms() + 1000); /* and not until its start is late */
    assert_fails("I could go on");
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
    assert_none();
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
    worker_process_reaped(&worker, status, &err);
    assert_string_equal(err.text, "the settings are wrong");
    assert_none();
}

/* --- What it is given, and what it leaves --- */

static int outsider; /* a descriptor that no worker has been given */

static int check_what_is_given(const struct worker_start *start)
{
    int death_signal = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    if (start->policies != &file.policies || start->plugins != generation.plugins ||
        start->isolation != &file.isolation || start->config != &config)
        SAY(start, "not what it shall serve");
    else if (fcntl(outsider, F_GETFD) >= 0)
        SAY(start, "a descriptor too many");
    else if (death_signal != SIGTERM)
        SAY(start, "it would outlive the supervisor");
    else
        SAY(start, "\0");
    return 0;
}

static void it_has_what_it_serves_and_nothing_else(void **state)
{
    struct built_plugin plugins[POLICIES] = {{0}};
    (void)state;
    generation.plugins = plugins;
    outsider = dup(0);
    start(check_what_is_given);
    enum worker_report report = await_report();
    close(outsider);
    generation.plugins = NULL;
    if (report != WORKER_IS_READY)
        fail_msg("%s", err.text);
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

static void an_order_reaches_it(void **state)
{
    (void)state;
    start(obey);
    worker_process_order(&worker, &(struct order){.verb = ORDER_ACCEPT});
    assert_int_equal(await_report(), WORKER_IS_READY);
    worker_process_kill(&worker);
    assert_none();
    worker_process_order(&worker, &(struct order){.verb = ORDER_ACCEPT}); /* there is none */
    worker_process_kill(&worker);
    assert_int_equal(jails_stopped, 1);
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
        jails_stopped = 0;
    }
    assert_int_equal(failures, 5);
    assert_int_equal(try_to_start(be_ready), CHIMERA_OK);
}

/* --- Time --- */

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
    return worker_process_pass_time(&worker, worker.started_ms + at_ms, &err);
}

static void one_that_never_begins_is_given_up(void **state)
{
    (void)state;
    start(hang);
    assert_int_equal(look_at(9999), WORKER_IS_STARTING);
    assert_int_equal(look_at(10000), WORKER_HAS_FAILED);
    assert_string_equal(err.text, "the worker was not ready after 10 s and was ended: it did not "
                                  "get on with its start; see --worker-start-timeout");
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

static void policies_of_one_jail_are_started_together(void **state)
{
    (void)state;
    jail_of[0] = jail_of[2] = 7;
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
    assert_int_equal(worker_process_read_report(&worker, &err), WORKER_IS_READY);
}

static void none_is_never_late(void **state)
{
    (void)state;
    assert_int_equal(worker_process_pass_time(&worker, INT64_MAX, &err), WORKER_IS_READY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(one_that_is_ready_stays),
        TEST(one_that_fails_says_why),
        TEST(one_that_fails_and_stays_is_ended),
        TEST(a_report_without_an_end_is_not_waited_for),
        TEST(a_report_that_is_too_long_is_cut),
        TEST(one_that_ends_without_a_word_is_described),
        TEST(one_that_crashes_is_described),
        TEST(one_that_says_nothing_at_all_is_ended),
        TEST(a_report_outlives_its_worker),
        TEST(it_has_what_it_serves_and_nothing_else),
        TEST(an_order_reaches_it),
        TEST(its_last_words_are_logged),
        TEST(a_start_that_fails_leaves_nothing),
        TEST(one_that_never_begins_is_given_up),
        TEST(each_policy_has_its_time),
        TEST(the_last_policy_is_named_too),
        TEST(a_limit_without_end_is_a_day),
        TEST(a_limit_of_its_own_counts),
        TEST(without_limits_there_is_a_bound_all_the_same),
        TEST(policies_of_one_jail_are_started_together),
        TEST(behind_the_policies_there_is_one_more_step),
        TEST(a_step_that_is_none_does_not_count),
        TEST(a_step_back_does_not_count),
        TEST(one_that_a_signal_has_stopped_is_ended),
        TEST(a_report_that_is_there_is_not_late),
        TEST(none_is_never_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
