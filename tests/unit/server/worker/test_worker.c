/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a worker starts, serves, retires and ends (server/worker/worker.h), and what
 * it says when a step fails. */
#include "tests/unit/server/worker/worker_steps.h"

#include <sys/wait.h>

#define PREPARED                                                                           \
    "lock writer close-files lanes policies zones memory watch loop loop probe gate pool " \
    "close-files "
#define STARTED PREPARED "threads listener finish listen listen-probe "
#define ENDED                                                                              \
    "join0 join1 join2 pool-stop pool-close gate-close close0 close1 close2 memory-close " \
    "watch-close policies-done lanes-close "

/* --- Its start --- */

static void it_starts_in_order_and_retires_when_told(void **state)
{
    struct rlimit limit;
    (void)state;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 500;
    setrlimit(RLIMIT_NOFILE, &limit);
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    polls_until_end = 3;
    assert_int_equal(run(), 0);
    getrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
    assert_string_equal(trace, STARTED "go stop retire0 retire1 retire2 " ENDED);
    assert_int_equal(said_size, 1);
    assert_int_equal(said[0], WORKER_READY);
    assert_int_equal(has_no_end, 0);
    assert_int_equal(clock_ms, 1000 + 2 * RETIRED_POLL_MS); /* it waits for the last connection */
    assert_false(is_open(main_fd) || is_open(probe_fd));
    assert_int_equal(fcntl(report_fds[1], F_GETFD), -1);
    assert_int_equal(room_loops, LOOPS + 1);
}

static void without_the_lockdown_zones_are_read_when_they_are_wanted(void **state)
{
    (void)state;
    config.options.is_without_lockdown = true;
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    polls_until_end = 1;
    assert_int_equal(run(), 0);
    assert_non_null(strstr(trace, "policies memory"));
}

/* Nothing comes behind the step that fails, and the supervisor hears why. */
static void each_step_that_fails_is_the_last(void **state)
{
    static const char steps[] =
        "tls lock writer lanes policies zones watch context loop-tls probe gate pool close-files "
        "threads listener finish listen listen-probe";
    char name[32];
    (void)state;
    for (const char *at = steps; *at; at += strlen(name) + (at[strlen(name)] == ' ')) {
        char wanted[64];
        assert_int_equal(sscanf(at, "%31s", name), 1);
        trace[0] = '\0';
        failing = name;
        open_loops_count = 0;
        has_tls = true;
        close(report_fds[0]);
        assert_int_equal(pipe(report_fds), 0);
        contexts = contexts_freed = 0;
        assert_int_equal(run(), 1);
        size_t end = strlen(trace), size = strlen(name);
        assert_true(end > size && strncmp(trace + end - size - 1, name, size) == 0);
        snprintf(wanted, sizeof(wanted), "%s fails", name);
        assert_string_equal(said, wanted);
        if (strcmp(name, "policies") == 0) { /* and of each, why */
            assert_int_equal(said_size, strlen(wanted) + 1 + strlen("one: why"));
            assert_string_equal(said + strlen(wanted) + 1, "one: why");
        } else {
            assert_int_equal(said_size, strlen(wanted) + 1);
        }
        assert_true(strcmp(name, "close-files") != 0 || !strstr(trace, "lanes"));
        assert_int_equal(contexts_freed,
                         strcmp(name, "loop-tls") == 0 || strcmp(name, "context") == 0);
    }
    close(main_fd);
    close(probe_fd);
}

/* Certificates of a new order are for new connections of all loops but the probe's. */
static void certificates_are_renewed_in_each_loop(void **state)
{
    int fds[] = {file_of(11), file_of(12)}, authorities = file_of(13);
    unsigned before = 0, after = 0;
    (void)state;
    has_tls = true;
    for (int fd = 0; fd < 256; fd++)
        before += is_open(fd);
    order(ORDER_ACCEPT);
    orders_send(orders[0],
                &(struct order){.verb = ORDER_CERTIFICATE, .fds = {fds[0], fds[1]}, .fd_count = 2});
    orders_send(orders[0],
                &(struct order){.verb = ORDER_AUTHORITIES, .fds = {authorities}, .fd_count = 1});
    order(ORDER_RETIRE);
    polls_until_end = 1;
    assert_int_equal(run(), 0);
    assert_string_equal(
        trace,
        "c10 tls announce lock writer close-files lanes policies zones memory watch context "
        "loop-tls context loop-tls probe gate pool close-files threads listener finish "
        "listen listen-probe go c11 k12 tls tls-done context renew0 context renew1 c11 k12 a13 tls "
        "tls-done context renew0 context renew1 stop retire0 retire1 retire2 " ENDED "tls-done ");
    assert_int_equal(contexts_freed, 0);
    for (int fd = 0; fd < 256; fd++)
        after += is_open(fd);
    /* The worker's: its signals, the certificate, the key, the authorities; the sockets and the
     * report are closed. */
    assert_int_equal(after, before + 4 - 3);
    close(fds[0]);
    close(fds[1]);
    close(authorities);
}

static void fail_from_now_on(void)
{
    if (strstr(trace, "go"))
        failing = "tls";
}

/* Then there is nothing to be served with but what there was. */
static void certificates_that_cannot_be_read_are_not_taken(void **state)
{
    (void)state;
    has_tls = true;
    order(ORDER_ACCEPT);
    order(ORDER_AUTHORITIES);
    order(ORDER_RETIRE);
    polls_until_end = 1;
    on_wait = fail_from_now_on;
    assert_int_equal(run(), 0);
    assert_non_null(strstr(trace, "go c10 tls stop retire0"));
    assert_null(strstr(trace, "renew"));
}

/* One that does not know what it is given keeps what it has. */
static void certificates_that_are_incomplete_are_not_taken(void **state)
{
    int fds[] = {file_of(11), file_of(12)};
    (void)state;
    has_tls = true;
    order(ORDER_ACCEPT);
    orders_send(orders[0],
                &(struct order){.verb = ORDER_CERTIFICATE, .fds = {fds[0]}, .fd_count = 1});
    orders_send(orders[0],
                &(struct order){.verb = ORDER_AUTHORITIES, .fds = {fds[0], fds[1]}, .fd_count = 2});
    order(ORDER_RETIRE);
    polls_until_end = 1;
    assert_int_equal(run(), 0);
    assert_non_null(strstr(trace, "go c10 tls tls-done context renew0 context renew1 c10 tls "));
    close(fds[0]);
    close(fds[1]);
}

static void fail_to_renew(void)
{
    if (strstr(trace, "go"))
        failing = "context";
}

static void what_cannot_be_renewed_is_said(void **state)
{
    int log_fd = memfd_create("log", MFD_CLOEXEC);
    char text[4096] = "";
    (void)state;
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_ERROR);
    has_tls = true;
    order(ORDER_ACCEPT);
    order(ORDER_AUTHORITIES);
    order(ORDER_RETIRE);
    polls_until_end = 1;
    assert_int_equal(run(), 0);
    assert_int_equal(pread(log_fd, text, sizeof(text) - 1, 0), 0); /* it could be */
    void (*const ways[])(void) = {fail_from_now_on, fail_to_renew};
    for (size_t i = 0; i < 2; i++) {
        take_down(NULL);
        set_up(NULL);
        has_tls = true;
        order(ORDER_ACCEPT);
        order(ORDER_AUTHORITIES);
        order(ORDER_RETIRE);
        polls_until_end = 1;
        on_wait = ways[i];
        assert_int_equal(run(), 0);
        assert_non_null(strstr(trace, i == 0 ? "go c10 tls stop" : "tls-done context stop"));
        assert_true(pread(log_fd, text, sizeof(text) - 1, 0) > 0);
        assert_non_null(strstr(text, "the worker keeps its TLS certificates error="));
        assert_int_equal(ftruncate(log_fd, 0), 0);
        lseek(log_fd, 0, SEEK_SET);
    }
    chimera_log_open(-1, CHIMERA_LOG_TEXT, CHIMERA_LOG_SILENT);
    close(log_fd);
}

/* In a child, which cannot raise its limit again. */
static void without_a_descriptor_for_signals_it_says_so(void **state)
{
    int status = 0, next = dup(0);
    (void)state;
    close(next);
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = (rlim_t)next};
        setrlimit(RLIMIT_NOFILE, &none);
        int code = run();
        _exit(code == 1 && strcmp(said, "signalfd: Too many open files") == 0 ? 51 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 51);
    close(report_fds[1]);
    close(main_fd);
    close(probe_fd);
}

static void without_memory_for_its_loops_it_says_so(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    on_step = "zones";
    assert_int_equal(run(), 1);
    assert_string_equal(said, chimera_code_text(CHIMERA_ENOMEM));
    on_step = NULL;
    close(main_fd);
    close(probe_fd);
}

/* Its supervisor is about to die, too. */
static void a_report_that_nobody_reads_does_not_hold_it_up(void **state)
{
    (void)state;
    failing = "lock";
    close(report_fds[0]);
    report_fds[0] = -1;
    assert_int_equal(run(), 1);
    report_fds[0] = dup(0);
    close(main_fd);
    close(probe_fd);
}

static void descriptors_are_counted_less_those_in_use(void **state)
{
    struct rlimit before, low = {.rlim_cur = 1000};
    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    low.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_NOFILE, &low);
    descriptors_raise_limit();
    struct rlimit raised;
    getrlimit(RLIMIT_NOFILE, &raised);
    assert_int_equal(raised.rlim_cur, before.rlim_max);
    struct worker worker = {.signal_fd = orders[0]};
    int next = dup(0);
    close(next);
    setrlimit(RLIMIT_NOFILE, &low);
    unsigned used = 3 * LOOP_DESCRIPTORS + OTHER_DESCRIPTORS + (unsigned)next;
    assert_int_equal(count_descriptors(&worker, 3), 1000 - used);
    assert_int_equal(fcntl(next, F_GETFD), -1);
    low.rlim_cur = used - 1; /* not even these */
    setrlimit(RLIMIT_NOFILE, &low);
    assert_int_equal(count_descriptors(&worker, 3), 0);
    setrlimit(RLIMIT_NOFILE, &before);
    worker.signal_fd = -1;
    assert_int_equal(count_descriptors(&worker, 3), 0);
    close(main_fd);
    close(probe_fd);
    close(report_fds[1]);
}

static void lines_of_a_policy_that_are_dropped_are_counted(void **state)
{
    (void)state;
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    polls_until_end = 1;
    assert_int_equal(run(), 0);
    assert_non_null(chimera_log_limit_count);
    chimera_log_limit_count(CHIMERA_SLICE("known"));
    chimera_log_limit_count(CHIMERA_SLICE("unknown"));
    assert_int_equal(atomic_load(&counted_policy.log_lines_dropped), 1);
    chimera_log_limit_count = NULL;
}

/* --- Its end --- */

static void one_that_is_not_wanted_ends(void **state)
{
    (void)state;
    raise(SIGTERM);
    assert_int_equal(run(), 1);
    assert_string_equal(trace, STARTED);
    assert_int_equal(said_size, 1);
    close(main_fd);
    close(probe_fd);
}

static void one_whose_supervisor_is_no_more_ends(void **state)
{
    (void)state;
    shutdown(orders[0], SHUT_RDWR);
    assert_int_equal(run(), 1);
    assert_string_equal(trace, STARTED);
    close(main_fd);
    close(probe_fd);
}

#define STOPPED STARTED "go prepare0 prepare1 prepare2 stop "
#define DRAINED STOPPED "drain0 drain1 drain2 " ENDED

static void end_it(int signal_number)
{
    order(ORDER_ACCEPT);
    raise(signal_number);
    assert_int_equal(run(), 0);
    assert_string_equal(trace, DRAINED);
    assert_int_equal(has_no_end, 0);
}

static void one_that_nobody_uses_ends_soon(void **state)
{
    (void)state;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1000 + UNUSED_MS);
}

static void the_other_signal_ends_it_too(void **state)
{
    (void)state;
    end_it(SIGINT);
}

static void have_had_a_client(void)
{
    if (listener && strstr(trace, "go"))
        atomic_store(&listener->accepted, 1);
}

static void one_that_was_used_waits_until_all_have_heard(void **state)
{
    (void)state;
    on_wait = have_had_a_client;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1000 + LAST_POLL_MS + QUIET_MS);
}

/* One comes after 200 ms, and then none for 300. */
static void get_one_more_client(void)
{
    if (clock_ms == 1200)
        atomic_store(&listener->accepted, 1);
}

static void each_client_that_comes_is_waited_for(void **state)
{
    (void)state;
    on_wait = get_one_more_client;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1200 + LAST_POLL_MS + UNUSED_MS);
}

static void keep_a_client(void)
{
    if (strstr(trace, "prepare"))
        atomic_store(&all_loops[LOOPS - 1].connection_count, clock_ms < 1600);
}

static void connections_are_waited_for(void **state)
{
    (void)state;
    on_wait = keep_a_client;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1600 + LAST_POLL_MS);
}

static void keep_a_client_for_ever(void)
{
    if (strstr(trace, "prepare")) {
        atomic_store(&all_loops[0].connection_count, 1);
        atomic_store(&all_loops[LOOPS].connection_count, 1); /* the probe does not count */
    }
}

static void but_not_for_ever(void **state)
{
    (void)state;
    on_wait = keep_a_client_for_ever;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1000 + LAST_MS);
}

static void signal_once_more(void)
{
    if (clock_ms == 1000 + 5 * LAST_POLL_MS)
        raise(SIGTERM);
}

static void keep_a_probe(void)
{
    if (strstr(trace, "prepare"))
        atomic_store(&all_loops[LOOPS].connection_count, 1);
}

static void a_probe_is_not_waited_for(void **state)
{
    (void)state;
    on_wait = keep_a_probe;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1000 + UNUSED_MS);
}

static void the_first_loop_is_waited_for_too(void **state)
{
    (void)state;
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    ending_loop = 0;
    polls_until_end = 4;
    assert_int_equal(run(), 0);
    assert_int_equal(clock_ms, 1000 + 3 * RETIRED_POLL_MS);
}

static void another_signal_ends_the_wait(void **state)
{
    (void)state;
    on_wait = signal_once_more;
    end_it(SIGTERM);
    assert_int_equal(clock_ms, 1000 + 5 * LAST_POLL_MS);
}

static void signal_as_it_retires(void)
{
    if (clock_ms == 1000 + 3 * RETIRED_POLL_MS)
        raise(SIGTERM);
}

/* It has stopped to accept already. */
static void a_signal_ends_its_retirement(void **state)
{
    (void)state;
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    on_wait = signal_as_it_retires;
    polls_until_end = 1000;
    assert_int_equal(run(), 0);
    assert_string_equal(trace,
                        STARTED "go stop retire0 retire1 retire2 drain0 drain1 drain2 " ENDED);
    assert_int_equal(clock_ms, 1000 + 3 * RETIRED_POLL_MS);
}

/* What it uses cannot be taken from under it. */
static void an_evaluation_without_end_does_not_hold_it_up(void **state)
{
    (void)state;
    is_evaluating = true;
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    polls_until_end = 1;
    assert_int_equal(run(), -1);
    assert_int_equal(exit_code, 0);
    assert_string_equal(trace,
                        STARTED "go stop retire0 retire1 retire2 join0 join1 join2 pool-stop ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(it_starts_in_order_and_retires_when_told),
        TEST(without_the_lockdown_zones_are_read_when_they_are_wanted),
        TEST(each_step_that_fails_is_the_last),
        TEST(certificates_are_renewed_in_each_loop),
        TEST(certificates_that_cannot_be_read_are_not_taken),
        TEST(certificates_that_are_incomplete_are_not_taken),
        TEST(what_cannot_be_renewed_is_said),
        TEST(without_a_descriptor_for_signals_it_says_so),
        TEST(without_memory_for_its_loops_it_says_so),
        TEST(a_report_that_nobody_reads_does_not_hold_it_up),
        TEST(descriptors_are_counted_less_those_in_use),
        TEST(lines_of_a_policy_that_are_dropped_are_counted),
        TEST(one_that_is_not_wanted_ends),
        TEST(one_whose_supervisor_is_no_more_ends),
        TEST(one_that_nobody_uses_ends_soon),
        TEST(the_other_signal_ends_it_too),
        TEST(one_that_was_used_waits_until_all_have_heard),
        TEST(each_client_that_comes_is_waited_for),
        TEST(connections_are_waited_for),
        TEST(but_not_for_ever),
        TEST(a_probe_is_not_waited_for),
        TEST(the_first_loop_is_waited_for_too),
        TEST(another_signal_ends_the_wait),
        TEST(a_signal_ends_its_retirement),
        TEST(an_evaluation_without_end_does_not_hold_it_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
