/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/evaluator.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/clock.h"
#include "server/base/channel.h"
#include "server/tenant/message.h"

#define MESSAGE_MAX ((size_t)64 << 20) /* more than the arena of a request takes */
#define KEPT_BYTES ((size_t)1 << 20)
#define GRACE_MS 500 /* for a tenant that ends its guest in time */
#define LOOK_MS 20   /* how often to see whether the tenant still lives */

struct evaluator_lane {
    int fd;
    uint32_t sequence; /* of the message that is waited for */
    struct chimera_buffer in, out;
    struct evaluator_lane *next; /* while it is free */
};

struct evaluator_lanes { /* of one tenant */
    pthread_mutex_t lock;
    struct evaluator_lane *free; /* the one used last first: its instances are warm */
    struct evaluator_lane lane[];
};

struct wait { /* for one answer */
    const struct tenant_evaluator *evaluator;
    struct evaluator_lane *lane;
    uint32_t life;
    int64_t until_ms; /* 0: for ever */
};

static void release_lane(const struct tenant_evaluator *evaluator, struct evaluator_lane *lane)
{
    struct evaluator_lanes *lanes = evaluator->link->lanes;
    pthread_mutex_lock(&lanes->lock);
    lane->next = lanes->free;
    lanes->free = lane;
    pthread_mutex_unlock(&lanes->lock);
}

/* NULL when all are in use. */
static struct evaluator_lane *acquire_lane(const struct tenant_evaluator *evaluator)
{
    struct evaluator_lanes *lanes = evaluator->link->lanes;
    pthread_mutex_lock(&lanes->lock);
    struct evaluator_lane *lane = lanes->free;
    if (lane)
        lanes->free = lane->next;
    pthread_mutex_unlock(&lanes->lock);
    return lane;
}

static struct evaluator_lanes *make_lanes(const int *fds, unsigned count)
{
    struct evaluator_lanes *lanes =
        calloc(1, sizeof(*lanes) + count * sizeof(struct evaluator_lane));
    if (!lanes)
        return NULL;
    pthread_mutex_init(&lanes->lock, NULL);
    for (unsigned i = count; i-- > 0;) {
        struct evaluator_lane *lane = &lanes->lane[i];
        *lane = (struct evaluator_lane){.fd = fds[i], .next = lanes->free};
        chimera_buffer_init(&lane->in, MESSAGE_MAX);
        chimera_buffer_init(&lane->out, MESSAGE_MAX);
        lanes->free = lane;
    }
    return lanes;
}

static uint32_t life_of(const struct tenant_evaluator *evaluator)
{
    return atomic_load(evaluator->link->life);
}

static bool is_alive(uint32_t life)
{
    return life & 1;
}

/* One step of waiting for the socket: 0, or why it is no use. */
static int wait_for_socket(const struct wait *wait, short events)
{
    struct pollfd polled = {.fd = wait->lane->fd, .events = events};
    if (poll(&polled, 1, LOOK_MS) > 0 && polled.revents & events)
        return CHIMERA_OK;
    if (life_of(wait->evaluator) != wait->life)
        return CHIMERA_EIO;
    return wait->until_ms && chimera_clock_ms() >= wait->until_ms ? CHIMERA_EDEADLINE : CHIMERA_OK;
}

static int send_all(const struct wait *wait)
{
    size_t offset = 0;
    for (;;) {
        int code = channel_send(wait->lane->fd, wait->lane->sequence,
                                chimera_buffer_slice(&wait->lane->out), &offset);
        if (code == CHIMERA_EDEADLINE)
            code = wait_for_socket(wait, POLLOUT);
        else
            return code;
        if (code < 0)
            return code;
    }
}

/* Answers to what was given up before are passed over. */
static int receive_answer(const struct wait *wait)
{
    uint32_t sequence = 0;
    chimera_buffer_reset(&wait->lane->in);
    for (;;) {
        int code = channel_receive(wait->lane->fd, &wait->lane->in, &sequence);
        if (code == 1 && sequence == wait->lane->sequence)
            return CHIMERA_OK;
        if (code == 1)
            chimera_buffer_reset(&wait->lane->in);
        if (code == 0)
            code = wait_for_socket(wait, POLLIN);
        if (code < 0)
            return code;
    }
}

/* Sends what is in `out` and has the answer in `in`. */
static int exchange(const struct tenant_evaluator *evaluator, struct evaluator_lane *lane,
                    int64_t until_ms)
{
    struct wait wait = {
        .evaluator = evaluator, .lane = lane, .life = life_of(evaluator), .until_ms = until_ms};
    if (!is_alive(wait.life))
        return CHIMERA_EIO;
    if (lane->out.failed)
        return lane->out.failed;
    lane->sequence++;
    int code = send_all(&wait);
    return code < 0 ? code : receive_answer(&wait);
}

/* Waits until the tenant has loaded the policy. Its own error when it could not. */
static int await_policy(const struct evaluator *asked, struct chimera_error *err)
{
    static const struct timespec step = {.tv_nsec = 2 * 1000 * 1000};
    const struct tenant_evaluator *evaluator = (const struct tenant_evaluator *)asked;
    struct evaluator_lane *lane = acquire_lane(evaluator);
    const struct message_call call = {.verb = MESSAGE_CHECK, .policy = evaluator->policy};
    struct chimera_slice text = {NULL, 0};
    uint32_t life = life_of(evaluator);
    int code = CHIMERA_OK, answer = CHIMERA_OK;
    while (!is_alive(life) && life == life_of(evaluator))
        nanosleep(&step, NULL);
    message_put_call(&lane->out, &call, NULL);
    code = exchange(evaluator, lane, 0);
    if (code == CHIMERA_OK && !message_get_check(chimera_buffer_slice(&lane->in), &answer, &text))
        code = CHIMERA_EGUEST;
    if (code < 0)
        code = chimera_fail(err, code, "the policy's process ended while it started");
    else if (answer < 0)
        code = chimera_fail(err, answer, "%.*s", (int)text.size, text.data ? text.data : "");
    chimera_buffer_recycle(&lane->out, KEPT_BYTES);
    release_lane(evaluator, lane);
    return code;
}

static int evaluate_by_tenant(const struct evaluator *asked, const struct evaluator_input *input,
                              struct chimera_response *ret_response,
                              struct chimera_run_report *ret_cost)
{
    const struct tenant_evaluator *evaluator = (const struct tenant_evaluator *)asked;
    struct evaluator_lane *lane = acquire_lane(evaluator);
    const struct message_call call = {
        .verb = MESSAGE_EVALUATE, .policy = evaluator->policy, .limit_ms = input->limit_ms};
    uint32_t limit = chimera_policy_smaller_limit(input->limit_ms, evaluator->limit_ms);
    int answer = CHIMERA_OK;
    if (!lane)
        return CHIMERA_ELIMIT;
    message_put_call(&lane->out, &call, input->request);
    int code = exchange(evaluator, lane, limit ? chimera_clock_ms() + limit + GRACE_MS : 0);
    struct chimera_slice bytes = {NULL, 0};
    if (code == CHIMERA_OK) { /* copied, because the lane's buffer is the next answer's */
        bytes = chimera_arena_copy(input->arena, chimera_buffer_slice(&lane->in));
        code = bytes.data ? CHIMERA_OK : CHIMERA_ELIMIT;
    }
    chimera_buffer_recycle(&lane->out, KEPT_BYTES);
    chimera_buffer_recycle(&lane->in, KEPT_BYTES);
    release_lane(evaluator, lane);
    ret_response->uid = input->request->uid;
    if (code == CHIMERA_OK && (!message_take_cost(&bytes, ret_cost) ||
                               !message_get_response(bytes, input->arena, &answer, ret_response)))
        code = CHIMERA_EGUEST;
    return code < 0 ? code : answer;
}

/* --- All of a worker --- */

int tenant_evaluators_open(const struct tenant_evaluators_input *input,
                           struct tenant_evaluators *ret_evaluators, struct chimera_error *err)
{
    size_t count = input->policies->policy_count;
    struct tenant_evaluators evaluators = {.evaluator =
                                               calloc(count + 1, sizeof(*evaluators.evaluator)),
                                           .handed = calloc(count + 1, sizeof(*evaluators.handed))};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < input->plan->tenant_count; i++) {
        input->links[i].lanes = make_lanes(input->links[i].fds, input->lanes);
        if (!input->links[i].lanes) {
            code = chimera_fail_memory(err);
            break;
        }
    }
    if (code == CHIMERA_OK && (!evaluators.evaluator || !evaluators.handed))
        code = chimera_fail_memory(err);
    if (code < 0) {
        tenant_evaluators_close(&evaluators);
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        struct tenant_evaluator *evaluator = &evaluators.evaluator[i];
        size_t tenant = input->plan->tenant_of[i];
        if (tenant != NO_TENANT) {
            *evaluator = (struct tenant_evaluator){.evaluator = {.evaluate = evaluate_by_tenant},
                                                   .link = &input->links[tenant],
                                                   .policy = (uint32_t)i};
            policy_limit(input->config, &input->policies->policy[i], &evaluator->limit_ms);
            evaluators.handed[i] = (struct handed_policy){
                .evaluator = &evaluator->evaluator, .await = await_policy, .process = tenant};
        }
    }
    *ret_evaluators = evaluators;
    return CHIMERA_OK;
}

void tenant_evaluators_close(struct tenant_evaluators *evaluators)
{
    free(evaluators->evaluator);
    free(evaluators->handed);
    *evaluators = (struct tenant_evaluators){0};
}
