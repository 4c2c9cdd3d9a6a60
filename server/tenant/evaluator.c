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
#define GRACE_MS 500 /* for a jail that ends its guest in time */
#define LOOK_MS 20   /* how often to see whether the jail still lives */

struct remote_lane {
    int fd;
    uint32_t sequence; /* of the message that is waited for */
    struct chimera_buffer in, out;
    struct remote_lane *next; /* while it is free */
};

struct remote_lanes { /* of one jail */
    pthread_mutex_t lock;
    struct remote_lane *free; /* the one used last first: its instances are warm */
    struct remote_lane lane[];
};

struct wait { /* for one answer */
    const struct remote *remote;
    struct remote_lane *lane;
    uint32_t life;
    int64_t until_ms; /* 0: for ever */
};

static void release(const struct remote *remote, struct remote_lane *lane)
{
    struct remote_lanes *lanes = remote->link->lanes;
    pthread_mutex_lock(&lanes->lock);
    lane->next = lanes->free;
    lanes->free = lane;
    pthread_mutex_unlock(&lanes->lock);
}

/* NULL when all are in use. */
static struct remote_lane *acquire(const struct remote *remote)
{
    struct remote_lanes *lanes = remote->link->lanes;
    pthread_mutex_lock(&lanes->lock);
    struct remote_lane *lane = lanes->free;
    if (lane)
        lanes->free = lane->next;
    pthread_mutex_unlock(&lanes->lock);
    return lane;
}

static struct remote_lanes *make_lanes(const int *fds, unsigned count)
{
    struct remote_lanes *lanes = calloc(1, sizeof(*lanes) + count * sizeof(struct remote_lane));
    if (!lanes)
        return NULL;
    pthread_mutex_init(&lanes->lock, NULL);
    for (unsigned i = count; i-- > 0;) {
        struct remote_lane *lane = &lanes->lane[i];
        *lane = (struct remote_lane){.fd = fds[i], .next = lanes->free};
        chimera_buffer_init(&lane->in, MESSAGE_MAX);
        chimera_buffer_init(&lane->out, MESSAGE_MAX);
        lanes->free = lane;
    }
    return lanes;
}

int remote_open_lanes(struct jail_link *links, size_t count, unsigned lanes,
                      struct chimera_error *err)
{
    for (size_t i = 0; i < count; i++) {
        links[i].lanes = make_lanes(links[i].fds, lanes);
        if (!links[i].lanes)
            return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    }
    return CHIMERA_OK;
}

static uint32_t life_of(const struct remote *remote)
{
    return atomic_load(remote->link->life);
}

static bool is_alive(uint32_t life)
{
    return life & 1;
}

/* One step of waiting for the socket: 0, or why it is no use. */
static int wait_for(const struct wait *wait, short events)
{
    struct pollfd polled = {.fd = wait->lane->fd, .events = events};
    if (poll(&polled, 1, LOOK_MS) > 0 && polled.revents & events)
        return CHIMERA_OK;
    if (life_of(wait->remote) != wait->life)
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
            code = wait_for(wait, POLLOUT);
        else
            return code;
        if (code < 0)
            return code;
    }
}

/* Answers to what was given up before are passed over. */
static int receive(const struct wait *wait)
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
            code = wait_for(wait, POLLIN);
        if (code < 0)
            return code;
    }
}

/* Sends what is in `out` and has the answer in `in`. */
static int ask(const struct remote *remote, struct remote_lane *lane, int64_t until_ms)
{
    struct wait wait = {
        .remote = remote, .lane = lane, .life = life_of(remote), .until_ms = until_ms};
    if (!is_alive(wait.life))
        return CHIMERA_EIO;
    if (lane->out.failed)
        return lane->out.failed;
    lane->sequence++;
    int code = send_all(&wait);
    return code < 0 ? code : receive(&wait);
}

int remote_check(const struct remote *remote, struct chimera_error *err)
{
    static const struct timespec step = {.tv_nsec = 2 * 1000 * 1000};
    struct remote_lane *lane = acquire(remote);
    const struct wire_call call = {.verb = WIRE_CHECK, .policy = remote->policy};
    struct chimera_slice text = {NULL, 0};
    uint32_t life = life_of(remote);
    int code = CHIMERA_OK, answer = CHIMERA_OK;
    while (!is_alive(life) && life == life_of(remote))
        nanosleep(&step, NULL);
    wire_put_call(&lane->out, &call, NULL);
    code = ask(remote, lane, 0);
    if (code == CHIMERA_OK && !wire_get_check(chimera_buffer_slice(&lane->in), &answer, &text))
        code = CHIMERA_EGUEST;
    if (code < 0)
        code = chimera_fail(err, code, "the policy's process ended while it started");
    else if (answer < 0)
        code = chimera_fail(err, answer, "%.*s", (int)text.size, text.data ? text.data : "");
    chimera_buffer_recycle(&lane->out, KEPT_BYTES);
    release(remote, lane);
    return code;
}

static uint32_t smaller_limit(uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return a ? a : b;
    return a < b ? a : b;
}

int remote_evaluate(const struct remote *remote, const struct chimera_request *request,
                    uint32_t limit_ms, struct chimera_arena *arena,
                    struct chimera_response *ret_response, struct wire_cost *ret_cost)
{
    struct remote_lane *lane = acquire(remote);
    const struct wire_call call = {
        .verb = WIRE_EVALUATE, .policy = remote->policy, .limit_ms = limit_ms};
    uint32_t limit = smaller_limit(limit_ms, remote->limit_ms);
    int answer = CHIMERA_OK;
    if (!lane)
        return CHIMERA_ELIMIT;
    wire_put_call(&lane->out, &call, request);
    int code = ask(remote, lane, limit ? chimera_clock_ms() + limit + GRACE_MS : 0);
    struct chimera_slice bytes = {NULL, 0};
    if (code == CHIMERA_OK) { /* copied, because the lane's buffer is the next answer's */
        bytes = chimera_arena_copy(arena, chimera_buffer_slice(&lane->in));
        code = bytes.data ? CHIMERA_OK : CHIMERA_ELIMIT;
    }
    chimera_buffer_recycle(&lane->out, KEPT_BYTES);
    chimera_buffer_recycle(&lane->in, KEPT_BYTES);
    release(remote, lane);
    ret_response->uid = request->uid;
    if (code == CHIMERA_OK && (!wire_take_cost(&bytes, ret_cost) ||
                               !wire_get_response(bytes, arena, &answer, ret_response)))
        code = CHIMERA_EGUEST;
    return code < 0 ? code : answer;
}
