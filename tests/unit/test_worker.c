/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a worker starts, serves, retires and ends (server/worker.h), and what it says
 * when a step fails. All that it starts is replaced: each step only says that it was asked for.
 * Time passes where it is waited for. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/log_writer.h"
#include "server/clock.h"
#include "server/orders.c"
#include "server/process_page.h"
#include "server/worker.h"

#define LOOPS 2 /* and the probe's */

static char trace[4096];
static const char *failing; /* the step that fails; NULL: none */
static int64_t clock_ms;
static jmp_buf out_of_worker;
static int exit_code;         /* by _exit() */
static void (*on_wait)(void); /* before it waits */
static unsigned contexts, contexts_freed, has_no_end;
static struct loop *loops; /* the worker's */
static unsigned open_loops_count, polls_until_end;
static struct listener *listener;

static void note(const char *what)
{
    strncat(trace, what, sizeof(trace) - strlen(trace) - 1);
    strcat(trace, " ");
}

static void note_number(const char *what, unsigned number)
{
    char text[64];
    snprintf(text, sizeof(text), "%s%u", what, number);
    note(text);
}

static int do_step(const char *name, struct chimera_error *err)
{
    note(name);
    if (failing && strcmp(failing, name) == 0)
        return chimera_fail(err, CHIMERA_EIO, "%s fails", name);
    return CHIMERA_OK;
}

static int fake_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
    if (on_wait)
        on_wait();
    int ready = poll(polled, count, 0);
    if (ready == 0 && timeout_ms < 0 && ++has_no_end) /* nobody would ever wake it */
        longjmp(out_of_worker, 1);
    clock_ms += ready ? 0 : timeout_ms;
    return ready;
}

static _Noreturn void fake_exit(int code)
{
    exit_code = code;
    longjmp(out_of_worker, 1);
}

static int start_writer(int (*enter)(void *context, struct chimera_error *err), void *context,
                        struct chimera_error *err)
{
    int code = do_step("writer", err);
    return code < 0 ? code : enter(context, err);
}

static int keep_zones(struct chimera_error *err)
{
    return do_step("zones", err);
}

#define poll fake_poll
#define _exit fake_exit
#define clock_now_ms() clock_ms
#define SSL_CTX_free(context) ((void)((context) && ++contexts_freed))
#define chimera_log_start_writer start_writer
#define chimera_zones_keep keep_zones
#include "server/worker.c"
#undef poll
#undef _exit

/* --- What it starts --- */

static X509 *const certificate = (X509 *)(void *)&trace; /* opaque */

int tls_files_read(const struct tls_texts *texts, const struct options *options,
                   struct tls_files *ret_files, struct chimera_error *err)
{
    (void)texts, (void)options;
    *ret_files = (struct tls_files){.certificate = certificate};
    return do_step("tls", err);
}

void tls_files_announce(const struct tls_files *files)
{
    assert_ptr_equal(files->certificate, certificate);
    note("announce");
}

void tls_files_done(struct tls_files *files)
{
    if (files->certificate)
        note("tls-done");
}

int tls_context_new(const struct tls_files *files, SSL_CTX **ret_context, struct chimera_error *err)
{
    assert_ptr_equal(files->certificate, certificate);
    *ret_context = (SSL_CTX *)(void *)&trace[++contexts];
    return do_step("context", err);
}

int lockdown_begin(struct lockdown *lockdown, bool is_on, struct chimera_error *err)
{
    lockdown->is_on = is_on;
    return do_step("lock", err);
}

int lockdown_close_files(struct lockdown *lockdown, struct chimera_error *err)
{
    (void)lockdown;
    return do_step("close-files", err);
}

int lockdown_finish(struct lockdown *lockdown, struct chimera_error *err)
{
    (void)lockdown;
    return do_step("finish", err);
}

int remote_open_lanes(struct jail_link *links, size_t count, unsigned lanes,
                      struct chimera_error *err)
{
    (void)links;
    assert_int_equal(count, 3);
    assert_int_equal(lanes, 77);
    return do_step("lanes", err);
}

unsigned gate_standby(unsigned count)
{
    assert_int_equal(count, LOOPS);
    return 20;
}

unsigned gate_jail_lanes(unsigned count)
{
    assert_int_equal(count, LOOPS);
    return 77;
}

int policy_set_load(const struct policy_set_wish *wish, struct policy_set *ret_set,
                    struct chimera_error *err)
{
    assert_int_equal(wish->lanes, LOOPS + 1 + 20);
    assert_int_equal(wish->warm_lanes, LOOPS);
    ret_set->account_count = 5;
    return do_step("policies", err);
}

void policy_set_done(struct policy_set *set)
{
    (void)set;
    note("policies-done");
}

static struct seat seat;

struct seat *counters_seat(struct counters *counters, uint32_t number)
{
    (void)counters;
    return number == 4 ? &seat : NULL;
}

static unsigned room_loops, room_connections;

void connection_memory_open(struct connection_memory *memory, size_t max, unsigned loop_count,
                            unsigned descriptors)
{
    (void)memory;
    assert_int_equal(max, 123456);
    room_loops = loop_count;
    room_connections = descriptors;
    note("memory");
}

void connection_memory_close(struct connection_memory *memory)
{
    (void)memory;
    note("memory-close");
}

int loop_watch_open(struct loop_watch *watch, struct loop *of, unsigned count,
                    struct chimera_error *err)
{
    (void)watch;
    assert_int_equal(count, LOOPS);
    loops = of;
    return do_step("watch", err);
}

void loop_watch_close(struct loop_watch *watch)
{
    (void)watch;
    note("watch-close");
}

/* Where the services are known: what it serves, and whether it has TLS. */
int loop_open(struct loop *loop, const struct service *service, struct connection_memory *memory,
              SSL_CTX *tls, struct chimera_error *err)
{
    (void)memory;
    bool is_main = service->rules.port == PORT_MAIN;
    assert_ptr_equal(loop, &loops[open_loops_count]);
    assert_int_equal(is_main, open_loops_count < LOOPS);
    if (is_main && (service->rules.max_body_bytes != 4444 || service->seat != &seat))
        fail();
    if (!is_main && (!service->watch || service->rules.max_body_bytes != 1024))
        fail();
    *loop = (struct loop){.tls = tls};
    open_loops_count++;
    return do_step(tls ? "loop-tls" : is_main ? "loop" : "probe", err);
}

static void note_loop(const char *what, const struct loop *loop)
{
    note_number(what, (unsigned)(loop - loops));
}

void loop_set_tls(struct loop *loop, SSL_CTX *tls)
{
    assert_non_null(tls);
    note_loop("renew", loop);
}

void loop_retire(struct loop *loop)
{
    note_loop("retire", loop);
}

void loop_drain(struct loop *loop)
{
    note_loop("drain", loop);
}

void loop_prepare_to_stop(struct loop *loop)
{
    note_loop("prepare", loop);
}

/* The last one does, after it was asked so often. */
bool loop_has_ended(struct loop *loop)
{
    bool is_last = loop == &loops[LOOPS];
    polls_until_end -= is_last && polls_until_end > 0;
    return !is_last || polls_until_end == 0;
}

void loop_join(struct loop *loop)
{
    note_loop("join", loop);
}

void loop_close(struct loop *loop)
{
    note_loop("close", loop);
}

static bool is_evaluating; /* to its end */

int pool_open(struct pool *pool, struct loop *of, unsigned loop_count, unsigned standby,
              const struct service *service, struct gate *gate, struct chimera_error *err)
{
    (void)pool, (void)service, (void)gate;
    assert_ptr_equal(of, loops);
    assert_int_equal(loop_count, LOOPS + 1);
    assert_int_equal(standby, 20);
    return do_step("pool", err);
}

int pool_start(struct pool *pool, struct chimera_error *err)
{
    (void)pool;
    return do_step("threads", err);
}

bool pool_stop(struct pool *pool)
{
    (void)pool;
    note("pool-stop");
    return !is_evaluating;
}

void pool_close(struct pool *pool)
{
    (void)pool;
    note("pool-close");
}

int gate_open(struct gate *gate, size_t accounts, unsigned count, struct chimera_error *err)
{
    (void)gate;
    assert_int_equal(accounts, 5);
    assert_int_equal(count, LOOPS);
    return do_step("gate", err);
}

void gate_close(struct gate *gate)
{
    (void)gate;
    note("gate-close");
}

int listener_start(struct listener *of, struct chimera_error *err)
{
    assert_ptr_equal(of->probe_loop, &loops[LOOPS]);
    assert_int_equal(of->loop_count, LOOPS);
    listener = of;
    return do_step("listener", err);
}

int listener_listen(int fd, struct chimera_error *err)
{
    return do_step(fd == listener->main_fd ? "listen" : "listen-probe", err);
}

void listener_go(struct listener *of)
{
    (void)of;
    note("go");
}

void listener_stop(struct listener *of)
{
    (void)of;
    note("stop");
}

/* A policy's lines are counted by its number. */
static struct counters_policy counted_policy;

uint32_t board_find(const struct board *board, struct chimera_slice id)
{
    assert_ptr_equal(board, &trace[10]);
    return chimera_slice_is(id, "known") ? 6 : 7;
}

struct counters_policy *counters_policy(struct counters *of, uint32_t number)
{
    assert_ptr_equal(of, &trace[20]);
    return number == 6 ? &counted_policy : NULL;
}

/* --- The supervisor's part --- */

static struct config config;
static const struct isolation isolation = {.jail_count = 3};
static struct process_page page_data;
static struct shared page = {.data = &page_data}, board = {.data = &trace[10]},
                     counters = {.data = &trace[20]};
static int orders[2], report_fds[2], main_fd, probe_fd;
static bool has_tls;
static char said[WORKER_REPORT_MAX + 1];
static size_t said_size;

static int set_up(void **state)
{
    sigset_t both;
    (void)state;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGINT);
    sigprocmask(SIG_BLOCK, &both, NULL);
    config =
        (struct config){.workers = LOOPS, .max_connection_bytes = 123456, .max_body_bytes = 4444};
    trace[0] = '\0';
    failing = NULL;
    clock_ms = 1000;
    exit_code = -1;
    on_wait = NULL;
    contexts = contexts_freed = has_no_end = open_loops_count = 0;
    polls_until_end = 0;
    is_evaluating = has_tls = false;
    main_fd = dup(0);
    probe_fd = dup(0);
    return orders_open(orders, NULL) < 0 || pipe(report_fds) < 0;
}

static int take_down(void **state)
{
    const struct timespec none = {0};
    sigset_t both;
    (void)state;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGINT);
    while (sigtimedwait(&both, NULL, &none) > 0)
        ;
    close(orders[0]);
    close(orders[1]);
    close(report_fds[0]);
    return 0;
}

static void order(enum order_verb verb)
{
    orders_send(orders[0], &(struct order){.verb = verb});
}

/* The exit code; -1 when it was left in another way. */
static int run(void)
{
    const struct worker_start start = {.config = &config,
                                       .isolation = &isolation,
                                       .board = &board,
                                       .counters = &counters,
                                       .page = &page,
                                       .seat = 4,
                                       .tls = {has_tls ? dup(0) : -1, -1, -1},
                                       .main_fd = main_fd,
                                       .probe_fd = probe_fd,
                                       .report_fd = report_fds[1],
                                       .orders_fd = orders[1]};
    int code = setjmp(out_of_worker) ? -1 : worker_run(&start);
    ssize_t size = read(report_fds[0], said, sizeof(said) - 1);
    said_size = size > 0 ? (size_t)size : 0;
    said[said_size] = '\0';
    return code;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

#define PREPARED                                                                           \
    "lock writer close-files lanes policies zones memory watch loop loop probe gate pool " \
    "close-files "
#define STARTED PREPARED "threads listener finish listen listen-probe "
#define ENDED                                                                              \
    "join0 join1 join2 pool-stop pool-close gate-close close0 close1 close2 memory-close " \
    "watch-close policies-done "

/* --- Its start --- */

static void it_starts_in_order_and_retires_when_told(void **state)
{
    (void)state;
    order(ORDER_ACCEPT);
    order(ORDER_RETIRE);
    polls_until_end = 3;
    assert_int_equal(run(), 0);
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
        assert_int_equal(said_size, strlen(wanted) + 1); /* and no details */
        assert_int_equal(contexts_freed,
                         strcmp(name, "loop-tls") == 0 || strcmp(name, "context") == 0);
    }
    close(main_fd);
    close(probe_fd);
}

/* Certificates of a new order are for new connections of all loops but the probe's. */
static void certificates_are_renewed_in_each_loop(void **state)
{
    int fds[] = {dup(0), dup(0)}, authorities = dup(0);
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
        trace, "tls announce lock writer close-files lanes policies zones memory watch context "
               "loop-tls context loop-tls probe gate pool close-files threads listener finish "
               "listen listen-probe go tls tls-done context renew0 context renew1 tls tls-done "
               "context renew0 context renew1 stop retire0 retire1 retire2 " ENDED "tls-done ");
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
    assert_non_null(strstr(trace, "go tls stop retire0"));
    assert_null(strstr(trace, "renew"));
}

static void descriptors_are_counted_less_those_in_use(void **state)
{
    struct rlimit before, low = {.rlim_cur = 1000};
    (void)state;
    getrlimit(RLIMIT_NOFILE, &before);
    low.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_NOFILE, &low);
    raise_descriptor_limit();
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
        atomic_store(&loops[LOOPS - 1].connection_count, clock_ms < 1600);
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
        atomic_store(&loops[0].connection_count, 1);
        atomic_store(&loops[LOOPS].connection_count, 1); /* the probe does not count */
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
        TEST(another_signal_ends_the_wait),
        TEST(a_signal_ends_its_retirement),
        TEST(an_evaluation_without_end_does_not_hold_it_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
