/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/broker/client.h"
#include "runtime/log/log.h"
#include "runtime/log/log_limit.h"
#include "runtime/log/log_writer.h"
#include "runtime/policy/stop_report.h"
#include "runtime/rego/builtins/time/zone_store.h"
#include "runtime/text/problems.h"
#include "server/base/bell.h"
#include "server/base/descriptors.h"
#include "server/base/freed_memory.h"
#include "server/base/orders.h"
#include "server/base/process_page.h"
#include "server/base/socket.h"
#include "server/config/capacity.h"
#include "server/lockdown/lockdown.h"
#include "server/worker/connection.h"
#include "server/worker/connection_room.h"
#include "server/worker/listener.h"
#include "server/worker/loop_watch.h"
#include "server/worker/relief.h"
#include "server/worker/thread_pool.h"

#define TARGET "server::worker"
#define LAST_MS 2000    /* for clients that still come when the server is to end */
#define QUIET_MS 1500   /* without any, all have heard: endpoints lag behind by a second or so */
#define UNUSED_MS 300   /* the same, where none has come before */
#define READY_LOG_MS 20 /* for what it has logged, which is there then when it is ready */
#define LAST_POLL_MS 20
#define RETIRED_POLL_MS 50
#define OTHER_DESCRIPTORS 32 /* what policies may come to need, and the listener */

struct worker {
    const struct worker_start *start;
    struct tenant_evaluators tenants;
    struct chimera_broker_client broker; /* where there is a supply of lines */
    struct reuse reuse;
    struct policy_set policies;
    struct decision_log decisions;
    struct service service, probe_service;
    struct tls_texts tls_texts; /* owned */
    struct tls_files tls;       /* made of them; all NULL without TLS */
    struct loop *loops;         /* owned; the last is the probe's */
    unsigned loop_count;        /* open ones */
    struct connection_memory memory;
    struct slow_quota slow_quota;
    struct pool pool;
    struct listener listener;
    struct loop_watch watch;
    struct lockdown lockdown;
    int signal_fd;
    bool is_closed; /* accepts no more */
};

static void report(const struct worker_start *start, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = write(start->report_fd, bytes, size);
        if (count < 0 && errno != EINTR)
            break;
        if (count > 0) {
            bytes += count;
            size -= (size_t)count;
        }
    }
    close(start->report_fd);
}

/* The text with its NUL, then the details. */
static void report_failure(const struct worker_start *start, const struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, WORKER_REPORT_MAX);
    chimera_buffer_text(&text, err->text[0] ? err->text : "unknown error");
    chimera_buffer_byte(&text, '\0');
    chimera_buffer_append(&text, chimera_buffer_slice(err->details));
    report(start, text.data, text.size);
}

/* Those that are left for connections. Where there are gaps among the open ones, it is fewer, and
 * the listener finds out. */
static unsigned count_descriptors(const struct worker *worker, unsigned loops)
{
    struct rlimit limit;
    unsigned used = loops * LOOP_DESCRIPTORS + OTHER_DESCRIPTORS;
    int next = fcntl(worker->signal_fd, F_DUPFD_CLOEXEC, 0);
    if (next >= 0)
        close(next);
    if (next < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 0;
    used += (unsigned)next;
    return limit.rlim_cur < used      ? 0
           : limit.rlim_cur > INT_MAX ? INT_MAX
                                      : (unsigned)limit.rlim_cur - used;
}

static int open_signals(struct worker *worker, struct chimera_error *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    worker->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (worker->signal_fd < 0)
        return chimera_fail_errno(err, "signalfd");
    return CHIMERA_OK;
}

static int read_tls(struct worker *worker, struct chimera_error *err)
{
    worker->tls_texts = worker->start->tls;
    if (worker->tls_texts.certificate_fd < 0)
        return CHIMERA_OK;
    int code =
        tls_files_read(&worker->tls_texts, &worker->start->config->options, &worker->tls, err);
    if (code == CHIMERA_OK)
        tls_files_announce(&worker->tls);
    return code;
}

static int64_t find_stuck_loop(void *watch, int64_t now_ms)
{
    return loop_watch_look(watch, now_ms);
}

static void make_services(struct worker *worker)
{
    const struct config *config = worker->start->config;
    struct counters *counters = worker->start->counters->data;
    worker->decisions = (struct decision_log){.fd = worker->start->decisions->write_fd,
                                              .omitted = config->decisions.omitted,
                                              .counters = &counters->decisions};
    worker->service = (struct service){
        .policies = &worker->policies,
        .reuse = &worker->reuse,
        .counters = worker->start->counters->data,
        .score = counters_worker_score(worker->start->counters->data, worker->start->score),
        .decisions = worker->decisions.fd >= 0 ? &worker->decisions : NULL,
        .shortcut_namespace = config->shortcut_namespace,
        .rules = {.port = PORT_MAIN,
                  .has_pprof = config->options.is_pprof,
                  .max_body_bytes = config->max_body_bytes}};
    worker->probe_service =
        (struct service){.policies = &worker->policies,
                         .find_stuck = find_stuck_loop,
                         .loops = &worker->watch,
                         .rules = {.port = PORT_READINESS, .max_body_bytes = 1024}};
}

static bool open_connection(struct loop *loop, int fd, const struct peer_name *name)
{
    return connection_new(loop, fd, name) != NULL;
}

static int open_loop(struct worker *worker, const struct service *service,
                     struct chimera_error *err)
{
    static const struct loop_clients clients = {.open = open_connection,
                                                .relieve = relief_run,
                                                .end_the_late = relief_end_the_late,
                                                .look_at_some = connection_room_look_at_some};
    SSL_CTX *tls = NULL;
    int code = CHIMERA_OK;
    if (service->rules.port == PORT_MAIN && worker->tls.certificate)
        code = tls_context_new(&worker->tls, &tls, err);
    if (code == CHIMERA_OK)
        code = loop_open(&worker->loops[worker->loop_count], service, &clients, &worker->memory,
                         tls, err);
    if (code < 0)
        SSL_CTX_free(tls);
    else
        worker->loop_count++;
    return code;
}

static int open_loops(struct worker *worker, struct chimera_error *err)
{
    unsigned workers = worker->start->config->workers;
    int code = CHIMERA_OK;
    worker->loops = calloc(workers + 1, sizeof(*worker->loops));
    if (!worker->loops)
        return chimera_fail_memory(err);
    connection_memory_open(&worker->memory, worker->start->config->max_connection_bytes,
                           workers + 1, count_descriptors(worker, workers + 1));
    code = loop_watch_open(&worker->watch, worker->loops, workers, err);
    for (unsigned i = 0; i < workers && code == CHIMERA_OK; i++)
        code = open_loop(worker, &worker->service, err);
    if (code == CHIMERA_OK)
        code = open_loop(worker, &worker->probe_service, err);
    return code;
}

static int open_pool(struct worker *worker, struct chimera_error *err)
{
    static const struct pool_work work = {.run = loop_run, .tell = loop_tell_of_turns};
    unsigned workers = worker->start->config->workers;
    const struct pool_input input = {.work = &work,
                                     .loop_count = worker->loop_count,
                                     .standby = capacity_of(workers).standby,
                                     .service = &worker->service,
                                     .slow_quota = &worker->slow_quota};
    int code = slow_quota_open(&worker->slow_quota, worker->policies.account_count, workers, err);
    if (code == CHIMERA_OK)
        code = pool_open(&worker->pool, &input, err);
    for (unsigned i = 0; i < worker->loop_count && code == CHIMERA_OK; i++) {
        worker->loops[i].dispatch.slow_quota = &worker->slow_quota;
        pool_set_loop(&worker->pool, i, &worker->loops[i].turn);
    }
    return code;
}

/* The thread that writes the log is the oldest, and gives up at once what the others give up when
 * everything is loaded. */
static int close_files(void *context, struct chimera_error *err)
{
    return lockdown_close_files(context, err);
}

/* Of the one worker that this process is; for count_line(). */
static struct shared *counted_scoreboard, *counted;

/* A policy has written one line too many. */
static void count_line(struct chimera_slice policy_id)
{
    uint32_t number = scoreboard_find(counted_scoreboard->data, policy_id);
    struct counters_policy *policy = counters_policy(counted->data, number);
    if (policy)
        atomic_fetch_add_explicit(&policy->log_lines_dropped, 1, memory_order_relaxed);
}

/* A policy's guest was stopped. */
static void note_stop(struct chimera_slice policy_id, struct chimera_slice uid,
                      struct chimera_slice function)
{
    counters_note_stop(counted->data, scoreboard_find(counted_scoreboard->data, policy_id), uid,
                       function);
}

/* The policies that tenants hold, and then the set of all. */
static int load_policies(struct worker *worker, struct chimera_error *err)
{
    const struct worker_start *start = worker->start;
    unsigned workers = start->config->workers;
    const struct capacity capacity = capacity_of(workers);
    const struct tenant_evaluators_input tenants = {.config = start->config,
                                                    .policies = start->policies,
                                                    .plan = start->plan,
                                                    .links = start->links,
                                                    .lanes = capacity.tenant_lanes};
    int code = tenant_evaluators_open(&tenants, &worker->tenants, err);
    if (code == CHIMERA_OK && start->supply_fd >= 0)
        code = chimera_broker_client_open(&worker->broker, start->supply_fd,
                                          &((struct counters *)start->counters->data)->host_calls,
                                          err);
    if (code == CHIMERA_OK)
        code = reuse_open(&worker->reuse, start->config->reuse_bytes,
                          start->config->is_reuse_for_all, start->counters->data,
                          counters_worker_score(start->counters->data, start->score), err);
    if (code < 0)
        return code;
    const struct policy_set_input input = {
        .config = start->config,
        .policies = start->policies,
        .plugins = start->plugins,
        .handed = worker->tenants.handed,
        .process_count = start->plan->tenant_count,
        .lanes = workers + 1 + capacity.standby,
        .warm_lanes = workers,
        .scoreboard = start->scoreboard->data,
        .counters = start->counters->data,
        .source = start->supply_fd >= 0 ? &worker->broker.source : NULL,
        .reuse = &worker->reuse,
        .step = &((struct process_page *)start->page->data)->step,
        .score = counters_worker_score(start->counters->data, start->score)};
    return policy_set_load(&input, &worker->policies, err);
}

static int prepare(struct worker *worker, struct chimera_error *err)
{
    const struct worker_start *start = worker->start;
    bool is_locked = !start->config->options.is_without_lockdown;
    int code = read_tls(worker, err);
    if (code == CHIMERA_OK)
        code = lockdown_begin(&worker->lockdown, is_locked, err);
    if (code == CHIMERA_OK) {
        counted_scoreboard = worker->start->scoreboard;
        counted = worker->start->counters;
        chimera_log_limit_count = count_line;
        chimera_stop_tap = note_stop;
        code = chimera_log_start_writer(close_files, &worker->lockdown, err);
    }
    if (code == CHIMERA_OK)
        code = load_policies(worker, err);
    if (code == CHIMERA_OK && worker->lockdown.is_on)
        code = chimera_zones_keep(err);
    if (code == CHIMERA_OK) {
        make_services(worker);
        code = open_loops(worker, err);
    }
    if (code == CHIMERA_OK)
        code = open_pool(worker, err);
    if (code == CHIMERA_OK)
        code = lockdown_close_files(&worker->lockdown, err);
    return code;
}

/* Threads are not taken back on failure: the caller ends the process then. */
static int start_threads(struct worker *worker, struct chimera_error *err)
{
    unsigned workers = worker->start->config->workers;
    worker->listener = (struct listener){.main_fd = worker->start->main_fd,
                                         .probe_fd = worker->start->probe_fd,
                                         .loops = worker->loops,
                                         .loop_count = workers,
                                         .probe_loop = &worker->loops[workers],
                                         .memory = &worker->memory};
    int code = pool_start(&worker->pool, err);
    if (code == CHIMERA_OK)
        code = listener_start(&worker->listener, err);
    if (code == CHIMERA_OK)
        code = lockdown_finish(&worker->lockdown, err);
    if (code == CHIMERA_OK)
        code = socket_listen(worker->start->main_fd, "--port", err);
    if (code == CHIMERA_OK)
        code = socket_listen(worker->start->probe_fd, "--readiness-probe-port", err);
    return code;
}

/* The sockets go on listening where another process has them. */
static void stop_accepting(struct worker *worker)
{
    if (worker->is_closed)
        return;
    worker->is_closed = true;
    listener_stop(&worker->listener);
    close(worker->start->main_fd);
    close(worker->start->probe_fd);
}

static bool have_ended(const struct worker *worker)
{
    for (unsigned i = 0; i < worker->loop_count; i++)
        if (!loop_has_ended(&worker->loops[i]))
            return false;
    return true;
}

static void replace_text(int *fd, int by)
{
    close(*fd);
    *fd = by;
}

/* The supervisor has had them checked, so a failure is one of memory. */
static int renew_tls(struct worker *worker, struct chimera_error *err)
{
    struct tls_files files = {0};
    int code = tls_files_read(&worker->tls_texts, &worker->start->config->options, &files, err);
    if (code < 0)
        return code;
    tls_files_done(&worker->tls);
    worker->tls = files;
    for (unsigned i = 0; i < worker->start->config->workers && code == CHIMERA_OK; i++) {
        SSL_CTX *tls = NULL;
        code = tls_context_new(&worker->tls, &tls, err);
        if (code == CHIMERA_OK)
            loop_set_tls(&worker->loops[i], tls);
    }
    return code;
}

static void take_certificates(struct worker *worker, const struct order *order)
{
    struct chimera_error err = {0};
    if (order->verb == ORDER_CERTIFICATE && order->fd_count == 2) {
        replace_text(&worker->tls_texts.certificate_fd, order->fds[0]);
        replace_text(&worker->tls_texts.key_fd, order->fds[1]);
    } else if (order->verb == ORDER_AUTHORITIES && order->fd_count == 1) {
        replace_text(&worker->tls_texts.authorities_fd, order->fds[0]);
    }
    if (renew_tls(worker, &err) < 0)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("the worker keeps its TLS certificates"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
}

/* Who is told to stop by others than the supervisor tells that, which will come back to it. */
static bool read_signal(const struct worker *worker)
{
    struct signalfd_siginfo info; /* the next signal counts anew */
    if (read(worker->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    return !bell_pass_on((int)info.ssi_signo, (pid_t)info.ssi_pid) && info.ssi_signo != SIGHUP;
}

/* The next order that is not dealt with at once; ORDER_NONE when there was none in time, or when
 * told to stop. */
static enum order_verb await_order(struct worker *worker, int timeout_ms, bool *ret_is_stopped)
{
    struct pollfd polled[] = {{.fd = worker->signal_fd, .events = POLLIN},
                              {.fd = worker->start->orders_fd, .events = POLLIN}};
    struct order order = {.verb = ORDER_NONE};
    *ret_is_stopped = false;
    if (poll(polled, 2, timeout_ms) <= 0)
        return ORDER_NONE;
    if (polled[1].revents)
        order = orders_receive(worker->start->orders_fd);
    if (order.verb == ORDER_CERTIFICATE || order.verb == ORDER_AUTHORITIES) {
        take_certificates(worker, &order);
        return ORDER_NONE;
    }
    if (order.verb)
        return order.verb;
    /* By a signal, or because the supervisor is no more. */
    *ret_is_stopped = polled[0].revents ? read_signal(worker) : true;
    return ORDER_NONE;
}

/* False when told to stop before. */
static bool await_acceptance(struct worker *worker)
{
    bool is_stopped = false;
    while (!is_stopped)
        if (await_order(worker, -1, &is_stopped) == ORDER_ACCEPT)
            return true;
    return false;
}

/* Until the last connection is gone, or it is told to stop meanwhile: then false. */
static bool retire(struct worker *worker)
{
    bool is_stopped = false;
    chimera_log(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("retiring"));
    stop_accepting(worker);
    for (unsigned i = 0; i < worker->loop_count; i++)
        loop_retire(&worker->loops[i]);
    while (!is_stopped && !have_ended(worker))
        await_order(worker, RETIRED_POLL_MS, &is_stopped);
    return !is_stopped;
}

static void drain(struct worker *worker)
{
    chimera_log(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("draining"));
    stop_accepting(worker);
    for (unsigned i = 0; i < worker->loop_count; i++)
        loop_drain(&worker->loops[i]);
}

static bool has_connections(struct worker *worker)
{
    for (unsigned i = 0; i < worker->start->config->workers; i++)
        if (atomic_load_explicit(&worker->loops[i].connection_count, memory_order_relaxed))
            return true;
    return false;
}

/* Clients learn only after a while that they should go elsewhere (webhook-contract.md §4.6): they
 * are served until none comes any more. Idle connections stay open meanwhile, since the client may
 * be sending on one already: it would get no answer, and an API server does not ask again. Another
 * signal ends that. */
static void await_the_last(struct worker *worker)
{
    int64_t now_ms = chimera_clock_ms(), until_ms = now_ms + LAST_MS, quiet_since_ms = now_ms;
    unsigned accepted = 0, before = 0;
    int64_t quiet_ms = atomic_load_explicit(&worker->listener.accepted, memory_order_relaxed)
                           ? QUIET_MS
                           : UNUSED_MS;
    bool is_stopped = false;
    chimera_log(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("stopping"));
    for (unsigned i = 0; i < worker->loop_count; i++)
        loop_prepare_to_stop(&worker->loops[i]);
    while (!is_stopped && now_ms < until_ms &&
           (now_ms - quiet_since_ms < quiet_ms || has_connections(worker))) {
        await_order(worker, LAST_POLL_MS, &is_stopped);
        now_ms = chimera_clock_ms();
        accepted = atomic_load_explicit(&worker->listener.accepted, memory_order_relaxed);
        if (accepted != before)
            quiet_since_ms = now_ms;
        before = accepted;
    }
}

static void serve(struct worker *worker)
{
    bool is_stopped = false, is_retiring = false;
    listener_go(&worker->listener);
    while (!is_stopped && !is_retiring)
        is_retiring = await_order(worker, -1, &is_stopped) == ORDER_RETIRE;
    if (is_stopped)
        await_the_last(worker);
    if (is_stopped || !retire(worker))
        drain(worker);
    for (unsigned i = 0; i < worker->loop_count; i++)
        loop_join(&worker->loops[i]);
}

/* What an evaluation still uses cannot be taken from under it. */
static void close_all(struct worker *worker)
{
    if (!pool_stop(&worker->pool)) {
        chimera_log_finish(WORKER_LOG_MS);
        _exit(0);
    }
    pool_close(&worker->pool);
    slow_quota_close(&worker->slow_quota);
    for (unsigned i = 0; i < worker->loop_count; i++)
        loop_close(&worker->loops[i]);
    free(worker->loops);
    connection_memory_close(&worker->memory);
    loop_watch_close(&worker->watch);
    policy_set_done(&worker->policies);
    reuse_close(&worker->reuse);
    tenant_evaluators_close(&worker->tenants);
    tls_files_done(&worker->tls);
}

int worker_run(const struct worker_start *start)
{
    struct worker worker = {.start = start};
    struct chimera_buffer details; /* of a failure, which ends the process */
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    signal(SIGPIPE, SIG_IGN);  /* OpenSSL writes without MSG_NOSIGNAL */
    descriptors_raise_limit(); /* one for each connection */
    int code = open_signals(&worker, &err);
    if (code == CHIMERA_OK)
        code = prepare(&worker, &err);
    if (code == CHIMERA_OK)
        code = start_threads(&worker, &err);
    if (code < 0) {
        report_failure(start, &err);
        return 1;
    }
    freed_memory_give_back(); /* what policies and settings were made of */
    chimera_log_flush(READY_LOG_MS);
    report(start, &(char){WORKER_READY}, 1);
    if (!await_acceptance(&worker))
        return 1;
    chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("serving"),
                     CHIMERA_NUMBER("policies", (int64_t)worker.policies.count),
                     CHIMERA_NUMBER("loops", start->config->workers));
    serve(&worker);
    close_all(&worker);
    return 0;
}
