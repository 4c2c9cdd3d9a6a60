/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/policy/slots.h"
#include "server/worker/connection.h"
#include "server/worker/connection_room.h"
#include "server/worker/dispatch.h"
#include "server/worker/relief.h"

#define EVENTS_MAX 64
#define OTHERS_MAX 4 /* a handshake takes as long as ten requests */
#define READY_MAX 16
#define SWEEP_MS 500
#define PRESSED_SWEEP_MS 50 /* while room for connections is scarce */
#define PARKED_SWEEP_MS 5
#define WAITING_SWEEP_MS 50 /* what waits is answered before its client gives up */
#define WAITING_TURN_MS 10  /* and not in each round, for they may be many */
#define PRESSED_SPARE_BYTES ((size_t)64 * 1024)
/* Twice what a read takes at least, a head, and whatever of a body fits the limit. */
#define INPUT_EXTRA ((size_t)128 * 1024)
#define DRAIN_MS 24000 /* Kubernetes kills after 30 seconds, and worker.c waits before */

static int fail_errno(struct chimera_error *err, const char *what)
{
    return chimera_fail(err, CHIMERA_EIO, "%s: %s", what, strerror(errno));
}

static void init_lists(struct loop *loop)
{
    chimera_list_init(&loop->loose);
    chimera_list_init(&loop->ready);
    for (unsigned i = 0; i < LOOP_PARKED; i++)
        chimera_list_init(&loop->parked[i]);
    chimera_list_init(&loop->looked);
}

static int open_descriptors(struct loop *loop, struct chimera_error *err)
{
    int pipe_fds[2] = {-1, -1};
    loop->sets.first_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->sets.others_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->sets.first_fd < 0 || loop->sets.others_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
        return fail_errno(err, "cannot make a loop");
    loop->inbox_read = pipe_fds[0];
    loop->inbox_write = pipe_fds[1];
    struct epoll_event inbox = {.events = EPOLLIN, .data.ptr = NULL};
    struct epoll_event others = {.events = EPOLLIN, .data.ptr = loop};
    if (fcntl(loop->inbox_read, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(loop->sets.first_fd, EPOLL_CTL_ADD, loop->inbox_read, &inbox) < 0 ||
        epoll_ctl(loop->sets.first_fd, EPOLL_CTL_ADD, loop->sets.others_fd, &others) < 0)
        return fail_errno(err, "cannot make a loop");
    return CHIMERA_OK;
}

static void close_descriptors(struct loop *loop)
{
    close(loop->inbox_read);
    close(loop->inbox_write);
    close(loop->sets.others_fd);
    close(loop->sets.first_fd);
}

int loop_open(struct loop *loop, const struct service *service, struct connection_memory *memory,
              SSL_CTX *tls, struct chimera_error *err)
{
    const struct peers_room room = {.bytes = memory->max / memory->loop_count,
                                    .bytes_least =
                                        HTTP_HEAD_MAX + service->rules.max_body_bytes + INPUT_EXTRA,
                                    .connections = memory->descriptors / memory->loop_count};
    *loop = (struct loop){.service = service,
                          .memory = {.of = memory},
                          .sets = {-1, -1},
                          .inbox_read = -1,
                          .inbox_write = -1};
    init_lists(loop);
    int code = open_descriptors(loop, err);
    if (code == CHIMERA_OK && peers_open(&loop->peers, &memory->known, &room) < 0)
        code = chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    if (code < 0) {
        close_descriptors(loop);
        return code;
    }
    sem_init(&loop->ended, 0, 0);
    loop->tls = tls;
    return CHIMERA_OK;
}

static void read_mail(struct loop *loop)
{
    ssize_t size = read(loop->inbox_read, loop->mail, sizeof(loop->mail));
    loop->mail_at = 0;
    loop->mail_count = size > 0 ? (unsigned)((size_t)size / sizeof(loop->mail[0])) : 0;
}

/* Of what nobody has taken, only this is owned. */
static void drop_mail(struct loop *loop)
{
    do {
        for (; loop->mail_at < loop->mail_count; loop->mail_at++)
            SSL_CTX_free(loop->mail[loop->mail_at].tls);
        read_mail(loop);
    } while (loop->mail_count > 0);
}

void loop_close(struct loop *loop)
{
    drop_mail(loop);
    while (loop->connections)
        connection_free(loop->connections);
    while (loop->spare_count > 0)
        chimera_buffer_free(&loop->spare[--loop->spare_count]);
    peers_close(&loop->peers);
    sem_destroy(&loop->ended);
    SSL_CTX_free(loop->tls);
    close_descriptors(loop);
}

/* Those that are kept count as the loop's. */
void loop_take_buffer(struct loop *loop, struct chimera_buffer *ret_buffer)
{
    if (loop->spare_count > 0) {
        *ret_buffer = loop->spare[--loop->spare_count];
        memory_share_change(&loop->memory, ret_buffer->capacity, 0);
    } else {
        chimera_buffer_init(ret_buffer,
                            HTTP_HEAD_MAX + loop->service->rules.max_body_bytes + INPUT_EXTRA);
    }
}

void loop_give_buffer(struct loop *loop, struct chimera_buffer *buffer)
{
    size_t most = loop->pressure ? PRESSED_SPARE_BYTES : LOOP_SPARE_BYTES;
    if (loop->spare_count < LOOP_SPARES && buffer->capacity <= most) {
        chimera_buffer_reset(buffer);
        memory_share_change(&loop->memory, 0, buffer->capacity);
        loop->spare[loop->spare_count++] = *buffer;
    } else {
        chimera_buffer_free(buffer);
    }
    *buffer = (struct chimera_buffer){0};
}

/* Messages are whole: a pipe takes and gives so few bytes at once or not at all. */
static void send_mail(struct loop *loop, struct mail mail)
{
    ssize_t size;
    do
        size = write(loop->inbox_write, &mail, sizeof(mail));
    while (size < 0 && errno == EINTR);
}

void loop_add(struct loop *loop, int fd, const struct peer_name *name)
{
    loop_count(loop, true);
    send_mail(loop, (struct mail){.kind = MAIL_CONNECTION, .fd = fd, .name = *name});
}

void loop_prepare_to_stop(struct loop *loop)
{
    atomic_store_explicit(&loop->is_stopping, true, memory_order_relaxed);
    atomic_store_explicit(&loop->is_draining, true, memory_order_relaxed);
}

void loop_set_tls(struct loop *loop, SSL_CTX *tls)
{
    send_mail(loop, (struct mail){.kind = MAIL_TLS, .tls = tls});
}

void loop_drain(struct loop *loop)
{
    atomic_store_explicit(&loop->is_stopping, true, memory_order_relaxed);
    atomic_store_explicit(&loop->is_draining, true, memory_order_relaxed);
    send_mail(loop, (struct mail){.kind = MAIL_DRAIN});
}

void loop_retire(struct loop *loop)
{
    atomic_store_explicit(&loop->is_draining, true, memory_order_relaxed);
    send_mail(loop, (struct mail){.kind = MAIL_RETIRE});
}

void loop_deliver(struct loop *loop, struct connection *connection)
{
    send_mail(loop, (struct mail){.kind = MAIL_ANSWER, .connection = connection});
}

/* What a loop does then it does in each of its rounds: it only has to have one. */
void loop_relieve(struct loop *loop)
{
    if (!atomic_exchange(&loop->is_told_to_relieve, true))
        send_mail(loop, (struct mail){.kind = MAIL_PRESSURE});
}

static struct loop *loop_of(struct turn *turn)
{
    return (struct loop *)(void *)((char *)turn - offsetof(struct loop, turn));
}

void loop_tell_of_turns(struct turn *turn)
{
    struct loop *loop = loop_of(turn);
    if (atomic_exchange(&loop->wants_turns, false))
        send_mail(loop, (struct mail){.kind = MAIL_TURNS});
}

bool loop_has_ended(struct loop *loop)
{
    return atomic_load(&loop->has_ended);
}

/* --- Running --- */

/* Connections end themselves in here, so the next one is looked up before. */
static void for_each(struct loop *loop, void (*visit)(struct connection *connection))
{
    struct connection *next = NULL;
    for (struct connection *connection = loop->connections; connection; connection = next) {
        next = connection->next;
        visit(connection);
    }
}

static void take_mail(struct loop *loop, const struct mail *mail)
{
    switch (mail->kind) {
    case MAIL_CONNECTION:
        if (!connection_new(loop, mail->fd, &mail->name))
            loop_count(loop, false);
        break;
    case MAIL_ANSWER:
        evaluation_on_answer(mail->connection);
        break;
    case MAIL_TURNS:
        loop->may_serve_waiting = loop->may_serve_audits = true;
        break;
    case MAIL_PRESSURE:
        atomic_store(&loop->is_told_to_relieve, false);
        break;
    case MAIL_TLS:
        SSL_CTX_free(loop->tls); /* connections that are made by it hold it */
        loop->tls = mail->tls;
        break;
    case MAIL_DRAIN: /* the last one: no connection comes behind it */
        loop->drain_until_ms = loop->now_ms + DRAIN_MS;
        for_each(loop, connection_on_drain);
        break;
    case MAIL_RETIRE: /* nor behind this one */
        loop->is_retiring = true;
        break;
    }
}

/* All of these end early when `lane` is detached: another thread goes on then, which finds what is
 * left of the events by waiting for them again, and the rest on the loop. */
static void take_events(struct loop *loop, const struct lane *lane,
                        const struct epoll_event *events, int count)
{
    for (int i = 0; i < count && !lane->is_detached; i++) {
        if (!events[i].data.ptr)
            loop->has_mail = true;
        else if (events[i].data.ptr == loop)
            loop->has_others = true;
        else
            connection_on_ready(events[i].data.ptr, events[i].events);
    }
}

/* A crowd of strangers, each with a handshake, takes a part of each round and no more. */
static void take_others(struct loop *loop, const struct lane *lane)
{
    struct epoll_event events[OTHERS_MAX];
    if (lane->is_detached || !loop->has_others)
        return;
    loop->has_others = false;
    int count = epoll_wait(loop->sets.others_fd, events, OTHERS_MAX, 0);
    take_events(loop, lane, events, count);
}

static void take_ready(struct loop *loop, const struct lane *lane)
{
    struct chimera_list *first = NULL;
    for (unsigned i = 0; i < READY_MAX && !lane->is_detached; i++) {
        first = chimera_list_first(&loop->ready);
        if (!first)
            return;
        chimera_list_remove(first);
        connection_go_on(CHIMERA_LIST_MEMBER(first, struct connection, turn));
    }
}

/* Behind the events, because an answer may end a connection that has one. */
static void take_all_mail(struct loop *loop, const struct lane *lane)
{
    if (lane->is_detached || !loop->has_mail)
        return;
    if (loop->mail_at == loop->mail_count)
        read_mail(loop);
    while (loop->mail_at < loop->mail_count) {
        take_mail(loop, &loop->mail[loop->mail_at++]);
        if (lane->is_detached)
            return;
    }
    loop->has_mail = false;
}

static void pass_time(struct loop *loop, const struct lane *lane)
{
    if (lane->is_detached)
        return;
    int64_t every_ms = loop->pressure ? PRESSED_SWEEP_MS : SWEEP_MS;
    bool is_due = loop->now_ms - loop->swept_ms >= every_ms;
    if (is_due || loop->has_late)
        relief_end_the_late(loop);
    if (is_due) {
        connection_room_look_at_some(loop);
        connection_memory_trim(loop->memory.of);
        loop->has_pages =
            chimera_slots_trim(loop->service->policies->slots, lane->index, chimera_clock_ns());
        loop->swept_ms = loop->now_ms;
    }
}

static void pass_waiting_time(struct loop *loop, const struct lane *lane)
{
    if (lane->is_detached || loop->now_ms - loop->waiting_swept_ms < WAITING_TURN_MS)
        return;
    evaluation_pass_time(loop);
    loop->waiting_swept_ms = loop->now_ms;
}

static bool is_done(const struct loop *loop)
{
    if (!loop->connections)
        return loop->drain_until_ms || loop->is_retiring;
    return loop->drain_until_ms && loop->now_ms >= loop->drain_until_ms;
}

static int longest_wait(struct loop *loop)
{
    if (loop->has_mail || loop->may_serve_waiting || loop->may_serve_audits || loop->has_late ||
        loop->has_relief || !chimera_list_is_empty(&loop->ready))
        return 0;
    if (loop_first_parked(loop))
        return PARKED_SWEEP_MS;
    if (loop->waiting.first || loop->audits.first || (loop->pressure && loop->connections))
        return WAITING_SWEEP_MS;
    return loop->connections || loop->has_pages ? SWEEP_MS : -1;
}

static int wait_for_events(struct loop *loop, struct epoll_event *events)
{
    int count = epoll_wait(loop->sets.first_fd, events, EVENTS_MAX, longest_wait(loop));
    loop->now_ms = chimera_clock_ms();
    if (count < 0 && errno != EINTR) {
        chimera_log_with(CHIMERA_LOG_ERROR, "server::loop", CHIMERA_SLICE("epoll_wait failed"),
                         CHIMERA_NUMBER("errno", errno));
        abort(); /* the supervisor starts another worker */
    }
    loop->has_pages |= count > 0;
    return count;
}

void loop_run(struct turn *turn, struct lane *lane)
{
    struct loop *loop = loop_of(turn);
    struct epoll_event events[EVENTS_MAX];
    lane->is_detached = false;
    turn->lane = lane;
    loop->now_ms = chimera_clock_ms();
    while (!is_done(loop)) {
        int count = wait_for_events(loop, events);
        uint64_t rounds = atomic_load_explicit(&loop->rounds, memory_order_relaxed);
        atomic_store_explicit(&loop->rounds, rounds + 1, memory_order_relaxed);
        take_events(loop, lane, events, count);
        take_others(loop, lane);
        take_ready(loop, lane);
        take_all_mail(loop, lane);
        pass_waiting_time(loop, lane);
        evaluation_serve_waiting(loop, lane);
        evaluation_serve_an_audit(loop, lane);
        if (!lane->is_detached)
            relief_run(loop, lane);
        pass_time(loop, lane);
        if (lane->is_detached)
            return;
    }
    atomic_store(&loop->has_ended, true);
    sem_post(&loop->ended);
}

void loop_join(struct loop *loop)
{
    while (sem_wait(&loop->ended) < 0)
        ;
}
