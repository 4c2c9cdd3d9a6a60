/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/tenant.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/broker/client.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "runtime/policy/slots.h"
#include "runtime/rego/builtins/time/zone_store.h"
#include "server/base/channel.h"
#include "server/base/freed_memory.h"
#include "server/lockdown/lockdown.h"
#include "server/review/policy_loader.h"
#include "server/telemetry/span.h"
#include "server/tenant/message.h"

#define MESSAGE_MAX ((size_t)64 << 20) /* more than the arena of a request takes */
#define ARENA_BASE ((size_t)16 << 20)
#define SWEEP_MS 500
#define KEPT_BYTES ((size_t)1 << 20)

struct held_policy {               /* by policy of the configuration; most are other processes' */
    struct local_evaluator *local; /* owned */
    int code;                      /* why there is none */
    char *failure;                 /* owned */
};

struct tenant {
    const struct tenant_start *start;
    struct policy_loader loader;
    struct chimera_broker_client broker; /* where there is a supply of lines */
    struct held_policy *held;            /* owned */
    sem_t go;
};

struct tenant_lane {
    struct tenant *tenant;
    unsigned index;
    pthread_t thread;
    bool has_pages; /* instances may have pages to give back */
};

static void load_policy(struct tenant *tenant, size_t index)
{
    const struct tenant_start *start = tenant->start;
    struct held_policy *held = &tenant->held[index];
    const struct policy_to_load wanted = {.spec = &start->policies->policy[index],
                                          .plugin = &start->plugins[index],
                                          .number = SCOREBOARD_OTHER};
    struct chimera_error why = {0};
    held->code = policy_loader_open(&tenant->loader, &wanted, &held->local, &why);
    if (held->code < 0)
        held->failure = strdup(why.text);
}

static struct held_policy *find_held(struct tenant *tenant, uint32_t policy)
{
    const struct tenant_start *start = tenant->start;
    if (policy >= start->policies->policy_count || start->plan->tenant_of[policy] != start->tenant)
        return NULL;
    return &tenant->held[policy];
}

static void answer_evaluation(struct tenant_lane *lane, const struct message_call *call,
                              const struct chimera_request *request, struct chimera_arena *arena,
                              struct chimera_buffer *out)
{
    const struct held_policy *held = find_held(lane->tenant, call->policy);
    struct chimera_response response = {0};
    struct chimera_run_report cost = {0};
    int code = CHIMERA_EINVAL;
    if (held && held->local) {
        const struct evaluator_input input = {
            .lane = lane->index, .request = request, .limit_ms = call->limit_ms, .arena = arena};
        /* Asks the policy and measures what it costs. */
        const struct local_evaluator *local = held->local;
        struct span_policy span; /* the outer ones are the worker's */
        span_begin_policy(&span, chimera_slice_of(chimera_policy_id(local->policy)),
                          input.request->uid);
        uint64_t began_ns = chimera_clock_ns(), cpu_began_ns = chimera_clock_thread_ns();
        code = local->evaluator.evaluate(&local->evaluator, &input, &response, &cost);
        cost.cpu_ns = chimera_clock_thread_ns() - cpu_began_ns;
        cost.wall_ns = chimera_clock_ns() - began_ns;
        span_end(&span.span);
    }
    message_put_cost(out, &cost);
    message_put_response(out, code, &response);
}

static void put_failure(struct chimera_buffer *out, int code)
{
    message_put_cost(out, &(struct chimera_run_report){0});
    message_put_response(out, code, NULL);
}

static void answer_message(struct tenant_lane *lane, struct chimera_slice message,
                           struct chimera_arena *arena, struct chimera_buffer *out)
{
    struct message_call call = {0};
    struct chimera_request request;
    if (!message_get_call(message, &call, &request)) {
        put_failure(out, CHIMERA_EINVAL);
    } else if (call.verb == MESSAGE_CHECK) {
        const struct held_policy *held = find_held(lane->tenant, call.policy);
        if (!held)
            message_put_check(out, CHIMERA_EINVAL,
                              CHIMERA_SLICE("the policy is not in this process"));
        else
            message_put_check(out, held->code,
                              chimera_slice_of(held->failure ? held->failure : ""));
    } else {
        answer_evaluation(lane, &call, &request, arena, out);
    }
    if (out->failed) {
        chimera_buffer_free(out);
        chimera_buffer_init(out, MESSAGE_MAX);
        put_failure(out, CHIMERA_ELIMIT);
    }
}

static void give_back(struct chimera_buffer *in, struct chimera_buffer *out,
                      struct chimera_arena *arena)
{
    chimera_buffer_free(in);
    chimera_buffer_free(out);
    chimera_arena_give_back(arena);
    freed_memory_give_back();
}

/* Ends when nobody is at the other end any more. */
static void *run_lane(void *context)
{
    struct tenant_lane *lane = context;
    const struct tenant_start *start = lane->tenant->start;
    struct chimera_buffer in, out;
    struct chimera_arena arena;
    uint32_t sequence = 0;
    int code = CHIMERA_OK, fd = start->fds[lane->index];
    chimera_buffer_init(&in, MESSAGE_MAX);
    chimera_buffer_init(&out, MESSAGE_MAX);
    chimera_arena_init(&arena, ARENA_BASE + 16 * start->config->max_body_bytes);
    while (sem_wait(&lane->tenant->go) < 0)
        ;
    while (code >= 0) {
        /* Waits for the next request; instances that nobody asks for give their pages back
         * meanwhile, and then this what it keeps for messages. */
        struct pollfd polled = {.fd = fd, .events = POLLIN};
        while (lane->has_pages && poll(&polled, 1, SWEEP_MS) == 0) {
            lane->has_pages = chimera_slots_trim(lane->tenant->loader.slots, lane->index,
                                                 (uint64_t)chimera_clock_ms() * 1000000);
            if (!lane->has_pages)
                give_back(&in, &out, &arena);
        }
        code = channel_receive(fd, &in, &sequence);
        if (code != 1)
            continue;
        size_t offset = 0;
        lane->has_pages = true;
        answer_message(lane, chimera_buffer_slice(&in), &arena, &out);
        code = channel_send(fd, sequence, chimera_buffer_slice(&out), &offset);
        chimera_buffer_recycle(&in, KEPT_BYTES);
        chimera_buffer_recycle(&out, KEPT_BYTES);
        chimera_arena_reset(&arena);
    }
    chimera_buffer_free(&in);
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
    return NULL;
}

static int start_lanes(struct tenant *tenant, struct tenant_lane *lanes, struct chimera_error *err)
{
    sem_init(&tenant->go, 0, 0);
    for (unsigned i = 0; i < tenant->start->lanes; i++) {
        lanes[i] = (struct tenant_lane){.tenant = tenant, .index = i};
        int number = pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]);
        if (number)
            return chimera_fail(err, CHIMERA_EIO, "cannot start a thread: %s", strerror(number));
    }
    return CHIMERA_OK;
}

/* Of the thread that writes the log, which is older than the step that closes files. */
static int close_files(void *context, struct chimera_error *err)
{
    return lockdown_close_files(context, err);
}

static int prepare_tenant(struct tenant *tenant, struct tenant_lane *lanes,
                          struct chimera_error *err)
{
    const struct tenant_start *start = tenant->start;
    struct lockdown lockdown;
    int code = lockdown_begin(&lockdown, !start->config->options.is_without_lockdown, err);
    if (code == CHIMERA_OK)
        code = chimera_log_start_writer(close_files, &lockdown, err);
    if (code < 0)
        return code;
    for (size_t i = 0; i < start->policies->policy_count; i++)
        if (start->plan->tenant_of[i] == start->tenant)
            load_policy(tenant, i);
    if (lockdown.is_on)
        code = chimera_zones_keep(err);
    if (code == CHIMERA_OK)
        code = lockdown_close_files(&lockdown, err);
    if (code == CHIMERA_OK)
        code = start_lanes(tenant, lanes, err);
    return code < 0 ? code : lockdown_finish(&lockdown, err);
}

int tenant_run(const struct tenant_start *start)
{
    size_t count = start->policies->policy_count;
    struct chimera_error err = {0};
    struct tenant tenant = {.start = start, .held = calloc(count + 1, sizeof(*tenant.held))};
    struct tenant_lane *lanes = calloc(start->lanes, sizeof(*lanes));
    signal(SIGPIPE, SIG_IGN);
    const struct policy_loader_input loader = {
        .config = start->config,
        .policy_count = count,
        .lanes = start->lanes,
        .warm_lanes = start->config->workers,
        .source = start->supply_fd >= 0 ? &tenant.broker.source : NULL};
    int code = policy_loader_init(&tenant.loader, &loader, &err);
    if (code == CHIMERA_OK && start->supply_fd >= 0)
        code = chimera_broker_client_open(&tenant.broker, start->supply_fd, NULL, &err);
    if (code == CHIMERA_OK && (!tenant.held || !lanes))
        code = chimera_fail_memory(&err);
    if (code == CHIMERA_OK)
        code = prepare_tenant(&tenant, lanes, &err);
    if (code < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, "server::jail",
                         CHIMERA_SLICE("an isolated process did not start"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        return 1;
    }
    atomic_fetch_add(start->life, 1); /* odd now */
    for (unsigned i = 0; i < start->lanes; i++)
        sem_post(&tenant.go);
    for (unsigned i = 0; i < start->lanes; i++)
        pthread_join(lanes[i].thread, NULL);
    return 0;
}
