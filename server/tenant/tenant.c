/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/tenant.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"
#include "runtime/policy/slots.h"
#include "runtime/rego/builtins/time/zone_store.h"
#include "server/base/channel.h"
#include "server/lockdown/lockdown.h"
#include "server/review/policy_set.h"
#include "server/telemetry/span.h"
#include "server/tenant/message.h"

#define MESSAGE_MAX ((size_t)64 << 20) /* more than the arena of a request takes */
#define ARENA_BASE ((size_t)16 << 20)
#define SWEEP_MS 500
#define KEPT_BYTES ((size_t)1 << 20)

struct inmate {                    /* by policy of the configuration; most are other processes' */
    struct chimera_policy *policy; /* owned */
    int code;                      /* why there is none */
    char *failure;                 /* owned */
};

struct jail {
    const struct jail_start *start;
    struct policy_set set; /* for its list of plugins */
    struct inmate *inmate; /* owned */
    sem_t go;
};

struct jail_lane {
    struct jail *jail;
    unsigned index;
    pthread_t thread;
    bool has_pages; /* instances may have pages to give back */
};

static void load(struct jail *jail, size_t index)
{
    const struct jail_start *start = jail->start;
    struct inmate *inmate = &jail->inmate[index];
    struct chimera_error why = {0};
    inmate->code = policy_set_open(&jail->set, start->config, &start->policies->policy[index],
                                   &start->plugins[index], start->lanes, start->config->workers,
                                   BOARD_OTHER, &inmate->policy, &why);
    if (inmate->code < 0)
        inmate->failure = strdup(why.text);
}

static struct inmate *find_inmate(struct jail *jail, uint32_t policy)
{
    const struct jail_start *start = jail->start;
    if (policy >= start->policies->policy_count || start->isolation->jail_of[policy] != start->jail)
        return NULL;
    return &jail->inmate[policy];
}

static void check(struct jail *jail, const struct wire_call *call, struct chimera_buffer *out)
{
    const struct inmate *inmate = find_inmate(jail, call->policy);
    if (!inmate)
        wire_put_check(out, CHIMERA_EINVAL, CHIMERA_SLICE("the policy is not in this process"));
    else
        wire_put_check(out, inmate->code, chimera_slice_of(inmate->failure ? inmate->failure : ""));
}

static void evaluate(struct jail_lane *lane, const struct wire_call *call,
                     const struct chimera_request *request, struct chimera_arena *arena,
                     struct chimera_buffer *out)
{
    const struct inmate *inmate = find_inmate(lane->jail, call->policy);
    struct chimera_response response = {0};
    struct wire_cost cost = {0};
    int code = CHIMERA_EINVAL;
    if (inmate && inmate->policy) {
        struct span_policy span; /* the outer ones are the worker's */
        span_begin_policy(&span, chimera_slice_of(chimera_policy_id(inmate->policy)), request->uid);
        uint64_t began_ns = chimera_clock_thread_ns();
        code = chimera_policy_evaluate(inmate->policy, lane->index, request, call->limit_ms, arena,
                                       &response);
        cost.cpu_ns = chimera_clock_thread_ns() - began_ns;
        chimera_policy_last_run(inmate->policy, lane->index, &cost.run);
        span_end(&span.span);
    }
    wire_put_cost(out, &cost);
    wire_put_response(out, code, &response);
}

static void put_failure(struct chimera_buffer *out, int code)
{
    wire_put_cost(out, &(struct wire_cost){0});
    wire_put_response(out, code, NULL);
}

static void answer(struct jail_lane *lane, struct chimera_slice message,
                   struct chimera_arena *arena, struct chimera_buffer *out)
{
    struct wire_call call = {0};
    struct chimera_request request;
    if (!wire_get_call(message, &call, &request))
        put_failure(out, CHIMERA_EINVAL);
    else if (call.verb == WIRE_CHECK)
        check(lane->jail, &call, out);
    else
        evaluate(lane, &call, &request, arena, out);
    if (out->failed) {
        chimera_buffer_free(out);
        chimera_buffer_init(out, MESSAGE_MAX);
        put_failure(out, CHIMERA_ELIMIT);
    }
}

/* Waits for the next request; instances that nobody asks for give their pages back meanwhile. */
static void idle(struct jail_lane *lane, int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    while (lane->has_pages && poll(&polled, 1, SWEEP_MS) == 0)
        lane->has_pages = chimera_slots_trim(lane->jail->set.slots, lane->index,
                                             (uint64_t)chimera_clock_ms() * 1000000);
}

/* Ends when nobody is at the other end any more. */
static void *run_lane(void *context)
{
    struct jail_lane *lane = context;
    const struct jail_start *start = lane->jail->start;
    struct chimera_buffer in, out;
    struct chimera_arena arena;
    uint32_t sequence = 0;
    int code = CHIMERA_OK, fd = start->fds[lane->index];
    chimera_buffer_init(&in, MESSAGE_MAX);
    chimera_buffer_init(&out, MESSAGE_MAX);
    chimera_arena_init(&arena, ARENA_BASE + 16 * start->config->max_body_bytes);
    while (sem_wait(&lane->jail->go) < 0)
        ;
    while (code >= 0) {
        idle(lane, fd);
        code = channel_receive(fd, &in, &sequence);
        if (code != 1)
            continue;
        size_t offset = 0;
        lane->has_pages = true;
        answer(lane, chimera_buffer_slice(&in), &arena, &out);
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

static int start_lanes(struct jail *jail, struct jail_lane *lanes, struct chimera_error *err)
{
    sem_init(&jail->go, 0, 0);
    for (unsigned i = 0; i < jail->start->lanes; i++) {
        lanes[i] = (struct jail_lane){.jail = jail, .index = i};
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

static int prepare(struct jail *jail, struct jail_lane *lanes, struct chimera_error *err)
{
    const struct jail_start *start = jail->start;
    struct lockdown lockdown;
    int code = lockdown_begin(&lockdown, !start->config->options.is_without_lockdown, err);
    if (code == CHIMERA_OK)
        code = chimera_log_start_writer(close_files, &lockdown, err);
    if (code < 0)
        return code;
    for (size_t i = 0; i < start->policies->policy_count; i++)
        if (start->isolation->jail_of[i] == start->jail)
            load(jail, i);
    if (lockdown.is_on)
        code = chimera_zones_keep(err);
    if (code == CHIMERA_OK)
        code = lockdown_close_files(&lockdown, err);
    if (code == CHIMERA_OK)
        code = start_lanes(jail, lanes, err);
    return code < 0 ? code : lockdown_finish(&lockdown, err);
}

int jail_run(const struct jail_start *start)
{
    size_t count = start->policies->policy_count;
    struct chimera_error err = {0};
    struct jail jail = {.start = start, .inmate = calloc(count + 1, sizeof(*jail.inmate))};
    struct jail_lane *lanes = calloc(start->lanes, sizeof(*lanes));
    signal(SIGPIPE, SIG_IGN);
    int code = policy_set_init(&jail.set, start->config, count, start->lanes, &err);
    if (code == CHIMERA_OK && (!jail.inmate || !lanes))
        code = chimera_fail(&err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    if (code == CHIMERA_OK)
        code = prepare(&jail, lanes, &err);
    if (code < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, "server::jail",
                         CHIMERA_SLICE("an isolated process did not start"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        return 1;
    }
    atomic_fetch_add(start->life, 1); /* odd now */
    for (unsigned i = 0; i < start->lanes; i++)
        sem_post(&jail.go);
    for (unsigned i = 0; i < start->lanes; i++)
        pthread_join(lanes[i].thread, NULL);
    return 0;
}
