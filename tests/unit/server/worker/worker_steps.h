/* SPDX-License-Identifier: Apache-2.0 */
/* worker_steps.h - a worker whose parts are replaced: each step of it only says that it was asked
 * for. Time passes where it is waited for.
 *
 * For one file of a program, which includes it first.
 */
#ifndef TESTS_WORKER_STEPS_H
#define TESTS_WORKER_STEPS_H

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/clock.h"
#include "runtime/log/log_writer.h"
#include "server/base/orders.h"
#include "server/base/process_page.h"
#include "server/worker/worker.h"
#include "tests/unit/failing_allocation.h"

#define LOOPS 2 /* and the probe's */

static char trace[4096];
static const char *failing; /* the step that fails; NULL: none */
static int64_t clock_ms;
static jmp_buf out_of_worker;
static int exit_code;         /* by _exit() */
static void (*on_wait)(void); /* before it waits */
static unsigned contexts, contexts_freed, has_no_end;
static struct loop *all_loops; /* the worker's */
static unsigned open_loops_count, polls_until_end;
static struct listener *listener;

static inline void note(const char *what)
{
    strncat(trace, what, sizeof(trace) - strlen(trace) - 1);
    strcat(trace, " ");
}

static inline void note_number(const char *what, unsigned number)
{
    char text[64];
    snprintf(text, sizeof(text), "%s%u", what, number);
    note(text);
}

static const char *on_step; /* behind this one, the next allocation fails */

static inline int do_step(const char *name, struct chimera_error *err)
{
    note(name);
    if (on_step && strcmp(on_step, name) == 0)
        fail_allocation(1);
    if (failing && strcmp(failing, "policies") == 0 && strcmp(name, failing) == 0)
        chimera_buffer_text(err->details, "one: why");
    if (failing && strcmp(failing, name) == 0)
        return chimera_fail(err, CHIMERA_EIO, "%s fails", name);
    return CHIMERA_OK;
}

static inline int fake_poll(struct pollfd *polled, nfds_t count, int timeout_ms)
{
    if (on_wait)
        on_wait();
    int ready = poll(polled, count, 0);
    if (ready == 0 && timeout_ms < 0 && ++has_no_end) /* nobody would ever wake it */
        longjmp(out_of_worker, 1);
    clock_ms += ready ? 0 : timeout_ms;
    return ready;
}

static inline _Noreturn void fake_exit(int code)
{
    exit_code = code;
    longjmp(out_of_worker, 1);
}

static inline int start_writer(int (*enter)(void *context, struct chimera_error *err),
                               void *context, struct chimera_error *err)
{
    int code = do_step("writer", err);
    return code < 0 ? code : enter(context, err);
}

static inline int keep_zones(struct chimera_error *err)
{
    return do_step("zones", err);
}

#define poll fake_poll
#define _exit fake_exit
#define chimera_clock_ms() clock_ms
#define SSL_CTX_free(context) ((void)((context) && ++contexts_freed))
#define chimera_log_start_writer start_writer
#define chimera_zones_keep keep_zones
#include "server/worker/worker.c"
#undef poll
#undef _exit

/* --- What it starts --- */

static X509 *const certificate = (X509 *)(void *)&trace; /* opaque */

/* Which file a descriptor is, its size tells. */
static inline void note_file(const char *what, int fd)
{
    if (fd >= 0)
        note_number(what, (unsigned)lseek(fd, 0, SEEK_END));
}

int tls_files_read(const struct tls_texts *texts, const struct options *options,
                   struct tls_files *ret_files, struct chimera_error *err)
{
    (void)options;
    note_file("c", texts->certificate_fd);
    note_file("k", texts->key_fd);
    note_file("a", texts->authorities_fd);
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
    *files = (struct tls_files){.certificate = NULL};
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

int tenant_evaluators_open(const struct tenant_evaluators_input *input,
                           struct tenant_evaluators *ret_evaluators, struct chimera_error *err)
{
    (void)ret_evaluators;
    assert_int_equal(input->plan->tenant_count, 3);
    assert_int_equal(input->lanes, 77);
    return do_step("lanes", err);
}

void tenant_evaluators_close(struct tenant_evaluators *evaluators)
{
    (void)evaluators;
    note("lanes-close");
}

struct capacity capacity_of(unsigned count)
{
    assert_int_equal(count, LOOPS);
    return (struct capacity){.standby = 20, .tenant_lanes = 77};
}

int policy_set_load(const struct policy_set_input *input, struct policy_set *ret_set,
                    struct chimera_error *err)
{
    assert_int_equal(input->lanes, LOOPS + 1 + 20);
    assert_int_equal(input->warm_lanes, LOOPS);
    assert_int_equal(input->process_count, 3);
    ret_set->account_count = 5;
    return do_step("policies", err);
}

void policy_set_done(struct policy_set *set)
{
    (void)set;
    note("policies-done");
}

static struct worker_score score;

struct worker_score *counters_worker_score(struct counters *counters, uint32_t number)
{
    (void)counters;
    return number == 4 ? &score : NULL;
}

void counters_note_stop(struct counters *counters, uint32_t number, struct chimera_slice uid,
                        struct chimera_slice function)
{
    (void)counters, (void)number, (void)uid, (void)function;
}

static unsigned room_loops;

void connection_memory_open(struct connection_memory *memory, size_t max, unsigned loop_count,
                            unsigned descriptors)
{
    (void)memory;
    assert_int_equal(max, 123456);
    room_loops = loop_count;
    int next = dup(0); /* behind the ones in use */
    struct rlimit limit;
    close(next);
    getrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(descriptors, limit.rlim_cur - (LOOPS + 1) * LOOP_DESCRIPTORS -
                                      OTHER_DESCRIPTORS - (unsigned)next);
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
    all_loops = of;
    return do_step("watch", err);
}

void loop_watch_close(struct loop_watch *watch)
{
    (void)watch;
    note("watch-close");
}

int64_t loop_watch_look(struct loop_watch *watch, int64_t now_ms)
{
    (void)watch, (void)now_ms;
    return 0;
}

struct connection *connection_new(struct loop *loop, int fd, const struct peer_name *name)
{
    static struct connection connection;
    (void)loop;
    assert_int_equal(name->bytes[0], 9);
    return fd == 5 ? &connection : NULL;
}

void relief_run(struct loop *loop, const struct lane *lane)
{
    (void)loop, (void)lane;
}

void relief_end_the_late(struct loop *loop)
{
    (void)loop;
}

void connection_room_look_at_some(struct loop *loop)
{
    (void)loop;
}

/* Where the services are known: what it serves, and whether it has TLS. */
int loop_open(struct loop *loop, const struct service *service, const struct loop_clients *clients,
              struct connection_memory *memory, SSL_CTX *tls, struct chimera_error *err)
{
    (void)memory;
    bool is_main = service->rules.port == PORT_MAIN;
    const struct peer_name name = {.bytes = {9}};
    assert_true(clients->open(loop, 5, &name) && !clients->open(loop, -5, &name));
    assert_ptr_equal(clients->relieve, relief_run);
    assert_ptr_equal(clients->end_the_late, relief_end_the_late);
    assert_ptr_equal(clients->look_at_some, connection_room_look_at_some);
    assert_ptr_equal(loop, &all_loops[open_loops_count]);
    assert_int_equal(is_main, open_loops_count < LOOPS);
    if (is_main && (service->rules.max_body_bytes != 4444 || service->score != &score))
        fail();
    if (!is_main && (!service->find_stuck || service->rules.max_body_bytes != 1024))
        fail();
    *loop = (struct loop){.tls = tls};
    open_loops_count++;
    return do_step(tls ? "loop-tls" : is_main ? "loop" : "probe", err);
}

static inline void note_loop(const char *what, const struct loop *loop)
{
    note_number(what, (unsigned)(loop - all_loops));
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

static unsigned ending_loop; /* ends after it was asked so often; the others have already */

bool loop_has_ended(struct loop *loop)
{
    assert_in_range(loop - all_loops, 0, LOOPS);
    bool is_last = loop == &all_loops[ending_loop];
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
static unsigned pool_loop_count;

int pool_open(struct pool *pool, const struct pool_input *input, struct chimera_error *err)
{
    (void)pool;
    assert_int_equal(input->loop_count, LOOPS + 1);
    assert_int_equal(input->standby, 20);
    assert_ptr_equal(input->work->run, loop_run);
    assert_ptr_equal(input->work->tell, loop_tell_of_turns);
    pool_loop_count = 0;
    return do_step("pool", err);
}

void loop_run(struct turn *turn, struct lane *lane)
{
    (void)turn, (void)lane;
}

void loop_tell_of_turns(struct turn *turn)
{
    (void)turn;
}

void pool_set_loop(struct pool *pool, unsigned index, struct turn *turn)
{
    (void)pool;
    assert_int_equal(index, pool_loop_count++);
    assert_ptr_equal(turn, &all_loops[index].turn);
    assert_non_null(all_loops[index].dispatch.slow_quota);
}

int pool_start(struct pool *pool, struct chimera_error *err)
{
    (void)pool;
    assert_int_equal(pool_loop_count, LOOPS + 1);
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

int slow_quota_open(struct slow_quota *slow_quota, size_t accounts, unsigned count,
                    struct chimera_error *err)
{
    (void)slow_quota;
    assert_int_equal(accounts, 5);
    assert_int_equal(count, LOOPS);
    return do_step("gate", err);
}

void slow_quota_close(struct slow_quota *slow_quota)
{
    (void)slow_quota;
    note("gate-close");
}

int listener_start(struct listener *of, struct chimera_error *err)
{
    assert_ptr_equal(of->probe_loop, &all_loops[LOOPS]);
    assert_int_equal(of->loop_count, LOOPS);
    listener = of;
    return do_step("listener", err);
}

int socket_listen(int fd, const char *flag, struct chimera_error *err)
{
    assert_string_equal(flag, fd == listener->main_fd ? "--port" : "--readiness-probe-port");
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
static struct counters all_counters;

uint32_t scoreboard_find(const struct scoreboard *scoreboard, struct chimera_slice id)
{
    assert_ptr_equal(scoreboard, &trace[10]);
    return chimera_slice_is(id, "known") ? 6 : 7;
}

struct counters_policy *counters_policy(struct counters *of, uint32_t number)
{
    assert_ptr_equal(of, &all_counters);
    return number == 6 ? &counted_policy : NULL;
}

/* --- The supervisor's part --- */

static struct config config;
static const struct tenant_plan plan = {.tenant_count = 3};
static struct process_page page_data;
static struct shared page = {.data = &page_data}, scoreboard = {.data = &trace[10]},
                     counters = {.data = &all_counters};
static int orders[2], report_fds[2], main_fd, probe_fd;
static bool has_tls;
static char said[WORKER_REPORT_MAX + 1];
static size_t said_size;

static inline int set_up(void **state)
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
    ending_loop = LOOPS;
    is_evaluating = has_tls = false;
    main_fd = dup(0);
    probe_fd = dup(0);
    return orders_open(orders, NULL) < 0 || pipe(report_fds) < 0;
}

static inline int take_down(void **state)
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

static inline void order(enum order_verb verb)
{
    orders_send(orders[0], &(struct order){.verb = verb});
}

static inline int file_of(unsigned size)
{
    int fd = memfd_create("text", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, size), 0);
    return fd;
}

/* The exit code; -1 when it was left in another way. */
static inline int run(void)
{
    static const struct decision_child decisions = {.read_fd = -1, .write_fd = -1};
    const struct worker_start start = {.config = &config,
                                       .decisions = &decisions,
                                       .supply_fd = -1,
                                       .plan = &plan,
                                       .scoreboard = &scoreboard,
                                       .counters = &counters,
                                       .page = &page,
                                       .score = 4,
                                       .tls = {has_tls ? file_of(10) : -1, -1, -1},
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

static inline bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A start that fails, and an end without a wait, leave all to the end of the process. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

#endif
