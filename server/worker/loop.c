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
#include "server/base/freed_memory.h"

#define EVENTS_MAX 64
#define OTHERS_MAX 4 /* a handshake takes as long as ten requests */
#define READY_MAX 16
#define SWEEP_MS 500
#define PRESSED_SWEEP_MS 50 /* while room for connections is scarce */
#define PARKED_SWEEP_MS 5
#define WAITING_SWEEP_MS 50 /* what waits is answered before its client gives up */
#define WAITING_TURN_MS 10  /* and not in each round, for they may be many */
#define REST_MS 5000        /* as slots.c has it of instances */
#define DRAIN_MS 24000      /* Kubernetes kills after 30 seconds, and worker.c waits before */

static int open_descriptors(struct loop *loop, struct chimera_error *err)
{
    int pipe_fds[2] = {-1, -1};
    loop->sets.first_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->sets.others_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->sets.first_fd < 0 || loop->sets.others_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "cannot make a loop");
    loop->inbox.read_fd = pipe_fds[0];
    loop->inbox.write_fd = pipe_fds[1];
    struct epoll_event inbox = {.events = EPOLLIN, .data.ptr = NULL};
    struct epoll_event others = {.events = EPOLLIN, .data.ptr = loop};
    if (fcntl(loop->inbox.read_fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(loop->sets.first_fd, EPOLL_CTL_ADD, loop->inbox.read_fd, &inbox) < 0 ||
        epoll_ctl(loop->sets.first_fd, EPOLL_CTL_ADD, loop->sets.others_fd, &others) < 0)
        return chimera_fail_errno(err, "cannot make a loop");
    return CHIMERA_OK;
}

static void close_descriptors(struct loop *loop)
{
    close(loop->inbox.read_fd);
    close(loop->inbox.write_fd);
    close(loop->sets.others_fd);
    close(loop->sets.first_fd);
}

int loop_open(struct loop *loop, const struct service *service, const struct loop_clients *clients,
              struct connection_memory *memory, SSL_CTX *tls, struct chimera_error *err)
{
    size_t max_body_bytes = service->rules.max_body_bytes;
    const struct peers_room room = {.bytes = memory->max / memory->loop_count,
                                    .bytes_least = input_memory_most(max_body_bytes),
                                    .connections = memory->descriptors / memory->loop_count};
    *loop = (struct loop){.service = service,
                          .clients = clients,
                          .dispatch = {.service = service, .turn = &loop->turn, .memory = memory},
                          .memory = {.of = memory},
                          .sets = {-1, -1},
                          .inbox = {.read_fd = -1, .write_fd = -1}};
    input_memory_open(&loop->input, max_body_bytes, &loop->memory);
    chimera_list_init(&loop->ready);
    for (unsigned i = 0; i < LOOP_PARKED; i++)
        chimera_list_init(&loop->parked[i]);
    chimera_list_init(&loop->looked);
    int code = open_descriptors(loop, err);
    if (code == CHIMERA_OK && peers_open(&loop->peers, &memory->known, &room) < 0)
        code = chimera_fail_memory(err);
    if (code < 0) {
        close_descriptors(loop);
        return code;
    }
    sem_init(&loop->ended, 0, 0);
    loop->tls = tls;
    return CHIMERA_OK;
}

static void read_mail(struct inbox *inbox)
{
    ssize_t size = read(inbox->read_fd, inbox->mail, sizeof(inbox->mail));
    inbox->at = 0;
    inbox->count = size > 0 ? (unsigned)((size_t)size / sizeof(inbox->mail[0])) : 0;
}

void loop_close(struct loop *loop)
{
    /* Of what nobody has taken, only this is owned. */
    struct inbox *inbox = &loop->inbox;
    do {
        for (; inbox->at < inbox->count; inbox->at++)
            SSL_CTX_free(inbox->mail[inbox->at].tls);
        read_mail(inbox);
    } while (inbox->count > 0);
    while (loop->watchers)
        loop->watchers->calls->on_close(loop->watchers);
    input_memory_close(&loop->input);
    peers_close(&loop->peers);
    sem_destroy(&loop->ended);
    SSL_CTX_free(loop->tls);
    close_descriptors(loop);
}

/* Messages are whole: a pipe takes and gives so few bytes at once or not at all. */
static void send_mail(struct loop *loop, struct mail mail)
{
    ssize_t size;
    do
        size = write(loop->inbox.write_fd, &mail, sizeof(mail));
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

void loop_deliver(struct loop *loop, struct watcher *watcher)
{
    send_mail(loop, (struct mail){.kind = MAIL_ANSWER, .watcher = watcher});
}

/* What a loop does then it does in each of its rounds: it only has to have one. */
void loop_relieve(struct loop *loop)
{
    if (!atomic_exchange(&loop->inbox.is_told_to_relieve, true))
        send_mail(loop, (struct mail){.kind = MAIL_PRESSURE});
}

static struct loop *loop_of(struct turn *turn)
{
    return (struct loop *)(void *)((char *)turn - offsetof(struct loop, turn));
}

void loop_tell_of_turns(struct turn *turn)
{
    struct loop *loop = loop_of(turn);
    if (atomic_exchange(&loop->dispatch.wants_turns, false))
        send_mail(loop, (struct mail){.kind = MAIL_TURNS});
}

bool loop_has_ended(struct loop *loop)
{
    return atomic_load(&loop->has_ended);
}

/* --- Running --- */

/* Clients end themselves in here, so the next one is looked up before. */
static void tell_all_of_drain(struct loop *loop)
{
    struct watcher *next = NULL;
    for (struct watcher *watcher = loop->watchers; watcher; watcher = next) {
        next = watcher->next;
        watcher->calls->on_drain(watcher);
    }
}

static void take_mail(struct loop *loop, const struct mail *mail)
{
    switch (mail->kind) {
    case MAIL_CONNECTION:
        if (!loop->clients->open(loop, mail->fd, &mail->name))
            loop_count(loop, false);
        break;
    case MAIL_ANSWER:
        mail->watcher->calls->on_turn(mail->watcher);
        break;
    case MAIL_TURNS:
        loop->dispatch.may_serve_waiting = loop->dispatch.may_serve_audits = true;
        break;
    case MAIL_PRESSURE:
        atomic_store(&loop->inbox.is_told_to_relieve, false);
        break;
    case MAIL_TLS:
        SSL_CTX_free(loop->tls); /* connections that are made by it hold it */
        loop->tls = mail->tls;
        break;
    case MAIL_DRAIN: /* the last one: no connection comes behind it */
        loop->drain_until_ms = loop->now_ms + DRAIN_MS;
        tell_all_of_drain(loop);
        break;
    case MAIL_RETIRE: /* nor behind this one */
        loop->is_retiring = true;
        break;
    }
}

/* A crowd of strangers, each with a handshake, takes a part of each round and no more, behind those
 * that are known. The count of their events. */
static int wait_for_others(const struct loop *loop, struct epoll_event *events)
{
    int count = epoll_wait(loop->sets.others_fd, events, OTHERS_MAX, 0);
    return count > 0 ? count : 0;
}

/* These end early when `lane` is detached: another thread goes on then, which finds what is left of
 * the events by waiting for them again, and the rest on the loop. */
static void take_ready(struct loop *loop, const struct lane *lane)
{
    struct chimera_list *first = NULL;
    for (unsigned i = 0; i < READY_MAX && !lane->is_detached; i++) {
        first = chimera_list_first(&loop->ready);
        if (!first)
            return;
        chimera_list_remove(first);
        struct watcher *watcher = CHIMERA_LIST_MEMBER(first, struct watcher, turn);
        watcher->calls->on_turn(watcher);
    }
}

/* Behind the events, because an answer may end a connection that has one. */
static void take_all_mail(struct loop *loop, const struct lane *lane)
{
    struct inbox *inbox = &loop->inbox;
    if (lane->is_detached || !inbox->has_mail)
        return;
    if (inbox->at == inbox->count)
        read_mail(inbox);
    while (inbox->at < inbox->count) {
        take_mail(loop, &inbox->mail[inbox->at++]);
        if (lane->is_detached)
            return;
    }
    inbox->has_mail = false;
}

/* What is kept warm for requests is given back when none has come for a while. */
static void rest(struct loop *loop, struct lane *lane)
{
    if (!loop->is_warm || loop->now_ms - loop->event_ms < REST_MS)
        return;
    loop->is_warm = false;
    input_memory_rest(&loop->input);
    if (lane_rest(lane))
        freed_memory_give_back();
}

static void pass_time(struct loop *loop, struct lane *lane)
{
    if (lane->is_detached)
        return;
    int64_t every_ms = loop->pressure ? PRESSED_SWEEP_MS : SWEEP_MS;
    bool is_due = loop->now_ms - loop->swept_ms >= every_ms;
    if (is_due || loop->has_late)
        loop->clients->end_the_late(loop);
    if (is_due) {
        loop->clients->look_at_some(loop);
        connection_memory_trim(loop->memory.of);
        loop->has_pages =
            chimera_slots_trim(loop->service->policies->slots, lane->index, chimera_clock_ns());
        rest(loop, lane);
        loop->swept_ms = loop->now_ms;
    }
}

static bool is_done(const struct loop *loop)
{
    if (!loop->watchers)
        return loop->drain_until_ms || loop->is_retiring;
    return loop->drain_until_ms && loop->now_ms >= loop->drain_until_ms;
}

static int longest_wait(struct loop *loop)
{
    const struct dispatch *dispatch = &loop->dispatch;
    if (loop->inbox.has_mail || dispatch->may_serve_waiting || dispatch->may_serve_audits ||
        loop->has_late || loop->has_relief || !chimera_list_is_empty(&loop->ready))
        return 0;
    if (loop_first_parked(loop))
        return PARKED_SWEEP_MS;
    if (dispatch->waiting.first || dispatch->audits.first || (loop->pressure && loop->watchers))
        return WAITING_SWEEP_MS;
    if (loop->watchers || loop->has_pages)
        return SWEEP_MS;
    return loop->is_warm ? REST_MS : -1;
}

/* A round begins with it. */
static int wait_for_events(struct loop *loop, struct epoll_event *events)
{
    int count = epoll_wait(loop->sets.first_fd, events, EVENTS_MAX, longest_wait(loop));
    if (count < 0 && errno != EINTR) {
        chimera_log_with(CHIMERA_LOG_ERROR, "server::loop", CHIMERA_SLICE("epoll_wait failed"),
                         CHIMERA_NUMBER("errno", errno));
        abort(); /* the supervisor starts another worker */
    }
    loop->now_ms = chimera_clock_ms();
    if (count > 0) {
        loop->has_pages = loop->is_warm = true;
        loop->event_ms = loop->now_ms;
    }
    uint64_t rounds = atomic_load_explicit(&loop->rounds, memory_order_relaxed);
    atomic_store_explicit(&loop->rounds, rounds + 1, memory_order_relaxed);
    return count;
}

/* Behind the events. */
static void end_round(struct loop *loop, struct lane *lane)
{
    take_ready(loop, lane);
    take_all_mail(loop, lane);
    if (!lane->is_detached && loop->now_ms - loop->waiting_swept_ms >= WAITING_TURN_MS) {
        dispatch_pass_time(&loop->dispatch, loop->now_ms);
        loop->waiting_swept_ms = loop->now_ms;
    }
    dispatch_serve_waiting(&loop->dispatch, lane);
    dispatch_serve_an_audit(&loop->dispatch, lane);
    if (!lane->is_detached)
        loop->clients->relieve(loop, lane);
    pass_time(loop, lane);
}

void loop_run(struct turn *turn, struct lane *lane)
{
    struct loop *loop = loop_of(turn);
    struct epoll_event events[EVENTS_MAX + OTHERS_MAX];
    lane->is_detached = false;
    turn->lane = lane;
    loop->now_ms = chimera_clock_ms();
    while (!is_done(loop)) {
        int count = wait_for_events(loop, events);
        for (int i = 0; i < count && !lane->is_detached; i++) {
            struct watcher *watcher = events[i].data.ptr;
            if (!watcher)
                loop->inbox.has_mail = true;
            else if (events[i].data.ptr == loop)
                count += wait_for_others(loop, &events[count]);
            else
                watcher->calls->on_ready(watcher, events[i].events);
        }
        end_round(loop, lane);
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
