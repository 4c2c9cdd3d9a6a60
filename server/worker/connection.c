/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/worker/connection_answer.h"
#include "server/worker/connection_room.h"
#include "server/worker/input.h"

#define BODY_MS 30000
#define ANSWERED_BYTES 1024 /* have come: then it is worth while to say why it is closed */
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static struct connection *connection_of(struct watcher *watcher)
{
    return (struct connection *)(void *)watcher;
}

static void close_watched(struct watcher *watcher)
{
    connection_free(connection_of(watcher));
}

static const struct watcher_calls calls = {.on_ready = connection_on_ready,
                                           .on_turn = connection_on_turn,
                                           .on_room = connection_on_room,
                                           .on_time = connection_on_time,
                                           .on_pressure = connection_on_pressure,
                                           .on_drain = connection_on_drain,
                                           .on_close = close_watched};

static bool open_all(struct connection *connection, int fd, const struct peer_name *name)
{
    if (!connection_room_open(connection, name))
        return false;
    connection->transport.fd = fd;
    connection->transport.sets = &connection->loop->sets;
    connection->transport.watcher = &connection->watcher;
    if (transport_open(&connection->transport, connection->loop->tls))
        return true;
    connection_room_close(connection);
    return false;
}

struct connection *connection_new(struct loop *loop, int fd, const struct peer_name *name)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection) {
        connection->watcher.calls = &calls;
        connection->evaluation.watcher = &connection->watcher;
        connection->loop = loop;
        connection->arrived_ms = loop->now_ms;
    }
    if (!connection || !open_all(connection, fd, name)) {
        close(fd);
        free(connection);
        return NULL;
    }
    loop_link(loop, &connection->watcher);
    /* Who says nothing at the end is not waited for. */
    bool is_late = atomic_load_explicit(&loop->is_stopping, memory_order_relaxed);
    connection_room_enter(connection, is_late ? STAGE_LATE : loop->tls ? STAGE_HELLO : STAGE_FRESH);
    connection_room_charge(connection);
    return connection;
}

static enum stage find_stage(const struct connection *connection)
{
    enum stage now = connection->progress.stage;
    bool is_later = connection->has_completed;
    if (connection->state == CONNECTION_BODY)
        return is_later ? STAGE_LATER_BODY : STAGE_BODY;
    if (connection->in.size > 0)
        return is_later ? STAGE_LATER_HEAD : STAGE_HEAD;
    if (connection->transport.is_in_handshake && now != STAGE_LATE)
        return transport_is_greeted(&connection->transport) ? STAGE_HANDSHAKE : STAGE_HELLO;
    if (now != STAGE_NONE)
        return now; /* nothing that was there is worth a new start */
    return is_later ? STAGE_IDLE : STAGE_FRESH;
}

static void await_client(struct connection *connection)
{
    enum stage next = find_stage(connection);
    if (next != connection->progress.stage)
        connection_room_enter(connection, next);
    input_loosen(connection);
}

/* The answer to bytes that are no request of ours: there is no head to speak of. */
static enum step refuse_bytes(struct connection *connection, unsigned status)
{
    connection->request.head =
        (struct http_head){.method = CHIMERA_SLICE("-"), .path = CHIMERA_SLICE("-")};
    struct answer answer = {.status = status};
    return connection_send_last(connection, &answer);
}

/* The head may not be there yet, and what is to come does not matter. */
static enum step refuse_for_room(struct connection *connection)
{
    struct answer answer = {0};
    if (connection->state == CONNECTION_HEAD)
        connection->request.head =
            (struct http_head){.method = CHIMERA_SLICE("-"), .path = CHIMERA_SLICE("-")};
    service_refuse_busy(connection->loop->turn.lane, false, &answer);
    return connection_send_last(connection, &answer);
}

static enum step refuse_length(struct connection *connection)
{
    struct answer answer = {0};
    service_refuse_length(connection->loop->turn.lane, &connection->request.route, &answer);
    return connection_send_last(connection, &answer);
}

/* What the head says is kept, for the input moves. False when there is no room for it. */
static bool keep_request(struct connection *connection)
{
    struct loop *loop = connection->loop;
    struct http_request *request = &connection->request;
    chimera_arena_reset(&loop->turn.lane->arena); /* of one that was decoded before */
    size_t size = http_request_route(request, &loop->service->rules, &loop->turn.lane->arena);
    if (size > HTTP_TEXTS_BYTES && !memory_share_fits(&loop->memory, size))
        return false;
    if (!http_request_keep(request, size))
        return false;
    if (request->longer)
        connection_room_charge(connection);
    return true;
}

static enum step end_body(struct connection *connection, size_t size)
{
    connection->body_size = size;
    return STEP_WHOLE;
}

static enum step take_sized_body(struct connection *connection)
{
    size_t there = connection->in.size - connection->request.head.size;
    if (!connection->request.route.status) {
        if (there < connection->body_left)
            return STEP_MORE;
        return end_body(connection, (size_t)connection->body_left);
    }
    size_t dropped = there < connection->body_left ? there : (size_t)connection->body_left;
    /* Drops `size` bytes of input behind the head. */
    struct chimera_buffer *in = &connection->in;
    size_t from = connection->request.head.size + dropped;
    memmove(in->data + connection->request.head.size, in->data + from, in->size - from);
    in->size -= dropped;
    connection->body_left -= dropped;
    return connection->body_left ? STEP_MORE : end_body(connection, 0);
}

/* What is too long is found before what is wrong behind it, however much of it comes at once. */
static enum step take_chunked_body(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in;
    size_t decoded = connection->request.head.size + connection->body_size, used = 0, kept = 0;
    int code = http_chunks_decode(&connection->chunks, in->data + decoded, in->size - decoded,
                                  &used, &kept);
    size_t rest = in->size - decoded - used;
    memmove(in->data + decoded + kept, in->data + decoded + used, rest);
    in->size = decoded + kept + rest;
    connection->body_size += kept;
    if (connection->body_size > connection->loop->service->rules.max_body_bytes)
        return refuse_length(connection);
    if (code > HTTP_DONE)
        return refuse_bytes(connection, (unsigned)code);
    return code == HTTP_DONE ? STEP_WHOLE : STEP_MORE;
}

/* A head is whole. What it rules out is answered at once when the body is not worth waiting for:
 * too long, or not sent before we agree. Else the body is read and dropped, and the connection
 * lives on. */
static enum step start_body(struct connection *connection)
{
    const struct http_head *head = &connection->request.head;
    const struct route_rules *rules = &connection->loop->service->rules;
    bool has_body = head->is_chunked || head->content_length > 0;
    connection->body_size = 0;
    connection->body_left = head->content_length;
    connection->chunks = (struct http_chunks){0};
    if (!keep_request(connection))
        return refuse_for_room(connection);
    if (connection->request.route.status && has_body &&
        (head->expects_continue || head->content_length > rules->max_body_bytes)) {
        struct answer answer = {0};
        service_refuse(connection->loop->turn.lane, &connection->request.route, &answer);
        return connection_send_last(connection, &answer);
    }
    if (head->content_length > rules->max_body_bytes)
        return refuse_length(connection);
    if (head->expects_continue && has_body && connection->in.size == head->size &&
        transport_send(&connection->transport, CONTINUE, strlen(CONTINUE)) !=
            (ssize_t)strlen(CONTINUE)) {
        connection_free(connection);
        return STEP_STOP;
    }
    connection->state = CONNECTION_BODY;
    connection->deadline_ms =
        connection->loop->now_ms + BODY_MS + (int64_t)(head->content_length >> 16) * 1000;
    return STEP_BODY;
}

static enum step take_head(struct connection *connection)
{
    /* Some clients end a body with an empty line too many; RFC 9112 §2.2 lets it pass. */
    if (connection->scanned == 0 && connection->in.size >= 2 &&
        memcmp(connection->in.data, "\r\n", 2) == 0)
        connection_consume(connection, 2);
    if (connection->in.size == 0) {
        input_release(connection);
        return STEP_MORE;
    }
    int code = http_head_parse(chimera_buffer_slice(&connection->in), &connection->scanned,
                               &connection->request.head);
    if (code == HTTP_MORE)
        return STEP_MORE;
    if (code != HTTP_DONE)
        return refuse_bytes(connection, (unsigned)code);
    return start_body(connection);
}

/* --- Its turn --- */

static enum step answer_request(struct connection *connection, struct answer *answer)
{
    return connection_send_answer(connection, answer,
                                  connection->request.head.size + connection->body_size);
}

/* What came of a request. */
static enum step follow(struct connection *connection, enum dispatched outcome,
                        struct answer *answer)
{
    struct loop *loop = connection->loop;
    if (outcome == DISPATCH_TAKEN) {
        loop_deliver(loop, &connection->watcher);
        return STEP_STOP;
    }
    if (outcome == DISPATCH_ANSWERED) {
        if (connection->request.route.kind == ROUTE_READINESS && answer->status == 200 &&
            atomic_load_explicit(&loop->is_stopping, memory_order_relaxed))
            answer->status = 503;
        return answer_request(connection, answer);
    }
    connection->state = CONNECTION_WAIT;
    input_loosen(connection);
    return STEP_STOP;
}

/* A request is whole, or its turn has come. */
static enum step ask_for_answer(struct connection *connection)
{
    struct answer answer = {0};
    const struct service_request request = (struct service_request){
        .head = &connection->request.head,
        .route = &connection->request.route,
        .body = {connection->in.data + connection->request.head.size, connection->body_size},
        .arrived_ms = connection->arrived_ms};
    /* While it is evaluated, its input must not move, and who takes the loop over leaves it alone.
     */
    connection->state = CONNECTION_EVALUATE;
    connection_room_leave(connection);
    input_fix(connection);
    enum dispatched outcome = dispatch_request(&connection->loop->dispatch, &connection->evaluation,
                                               &request, connection->held, &answer);
    return follow(connection, outcome, &answer);
}

/* The connection is closed so that nothing is evaluated now, amid all connections. */
static void give_up(struct connection *connection, bool is_for_room)
{
    struct answer answer = {.closes = true};
    dispatch_give_up(&connection->loop->dispatch, &connection->evaluation, is_for_room, &answer);
    answer_request(connection, &answer);
}

/* Nothing is read meanwhile. That the client has left shows when the answer is written, unless it
 * is sure before. */
static void leave_in_socket(struct connection *connection, uint32_t events)
{
    if (connection->state == CONNECTION_WAIT && events & (EPOLLHUP | EPOLLERR)) {
        connection_free(connection);
        return;
    }
    transport_watch(&connection->transport, 0);
    connection_room_look_later(connection);
}

/* True while the connection wants more input. A client that has sent several requests at once gets
 * its turn with the others between them. */
static bool advance(struct connection *connection)
{
    enum step step;
    do {
        step = connection->state == CONNECTION_HEAD ? take_head(connection) : STEP_BODY;
        if (step == STEP_BODY)
            step = connection->request.head.is_chunked ? take_chunked_body(connection)
                                                       : take_sized_body(connection);
        if (step == STEP_WHOLE)
            step = ask_for_answer(connection);
    } while (step == STEP_AGAIN && connection->in.size == 0);
    if (step == STEP_AGAIN) {
        await_client(connection); /* it has to, too: with other requests we are not so patient */
        chimera_list_append(&connection->loop->ready, &connection->watcher.turn);
    }
    return step == STEP_MORE;
}

/* The client has to wait: what it sends stays in the socket. Those that we know come first, and of
 * these, the connections that have completed requests. */
static void park(struct connection *connection)
{
    bool is_known = connection->peer->is_known;
    unsigned merit = is_known ? 1u + connection->has_completed : 0;
    if (connection->parked_ms == 0)
        connection->parked_ms = connection->loop->now_ms;
    connection_room_leave(connection);
    transport_watch(&connection->transport, 0);
    chimera_list_append(&connection->loop->parked[merit], &connection->watcher.turn);
}

static void await_input(struct connection *connection, ssize_t why)
{
    if (connection->in.size == 0)
        input_release(connection);
    await_client(connection);
    transport_watch(&connection->transport, why == TLS_WANTS_READ ? EPOLLIN : EPOLLOUT);
}

static void end_handshake(struct connection *connection)
{
    bool is_late = connection->progress.stage == STAGE_LATE;
    connection_room_note_handshake(connection);
    connection_room_enter(connection, is_late ? STAGE_LATE : STAGE_FRESH);
}

/* One read is enough for a plain socket: epoll tells when there is more. What OpenSSL has read
 * ahead it does not tell. */
static void pump(struct connection *connection)
{
    bool was_in_handshake = connection->transport.is_in_handshake;
    for (;;) {
        bool was_empty = connection->in.size == 0;
        ssize_t size = input_read(connection);
        if (size == INPUT_NO_ROOM) {
            park(connection);
            return;
        }
        connection->parked_ms = 0;
        if (was_in_handshake && !connection->transport.is_in_handshake) {
            end_handshake(connection);
            was_in_handshake = false;
        }
        if (size == TLS_WANTS_READ || size == TLS_WANTS_WRITE) {
            await_input(connection, size);
            return;
        }
        if (size <= 0) {
            connection_free(connection);
            return;
        }
        if (was_empty && connection->state == CONNECTION_HEAD)
            connection->arrived_ms = connection->loop->now_ms;
        connection_room_progress(connection, (size_t)size);
        if (!advance(connection))
            return;
        await_client(connection);
        if (!connection->transport.tls || !SSL_has_pending(connection->transport.tls))
            return;
    }
}

/* Takes up what was left. */
static void go_on(struct connection *connection)
{
    transport_watch(&connection->transport, EPOLLIN);
    if (connection->in.size > 0 && !advance(connection))
        return;
    await_client(connection);
    if (connection->transport.tls)
        pump(connection);
}

void connection_on_turn(struct watcher *watcher)
{
    struct connection *connection = connection_of(watcher);
    enum step step = STEP_AGAIN;
    if (connection->state == CONNECTION_WAIT) {
        step = ask_for_answer(connection);
    } else if (connection->state == CONNECTION_EVALUATE) {
        struct late_answer late = connection->evaluation.late;
        connection->evaluation.late = (struct late_answer){0};
        step = answer_request(connection, &late.answer);
        chimera_buffer_free(&late.body);
    }
    if (step == STEP_AGAIN)
        go_on(connection);
}

void connection_on_room(struct watcher *watcher, bool is_there)
{
    struct connection *connection = connection_of(watcher);
    if (is_there) {
        transport_watch(&connection->transport, EPOLLIN);
        pump(connection);
    } else if (connection->transport.is_in_handshake) {
        connection_free(connection); /* it could not be told */
    } else {
        refuse_for_room(connection);
    }
}

void connection_on_ready(struct watcher *watcher, uint32_t events)
{
    struct connection *connection = connection_of(watcher);
    switch (connection->state) {
    case CONNECTION_HEAD:
    case CONNECTION_BODY:
        if (chimera_list_is_empty(&connection->watcher.turn))
            pump(connection); /* whatever it is, the next call on the socket says it better */
        else
            transport_watch(&connection->transport, 0); /* until what is there has had its turn */
        break;
    case CONNECTION_WAIT:
    case CONNECTION_EVALUATE:
        leave_in_socket(connection, events);
        break;
    case CONNECTION_WRITE:
        if (connection_write_rest(connection) == STEP_AGAIN)
            go_on(connection);
        break;
    case CONNECTION_LINGER:
        connection_linger(connection);
        break;
    }
}

void connection_on_time(struct watcher *watcher)
{
    struct connection *connection = connection_of(watcher);
    if (connection->state == CONNECTION_EVALUATE)
        return;
    if (connection->state == CONNECTION_WAIT) {
        give_up(connection, false);
        return;
    }
    bool is_amid = connection->state == CONNECTION_BODY ||
                   (connection->state == CONNECTION_HEAD && connection->in.size > 0);
    if (is_amid)
        refuse_bytes(connection, 408);
    else
        connection_free(connection);
}

/* A client that has sent nothing yet has as long as one that comes now. So has one whose next
 * request lies in the socket: it would be lost. */
void connection_on_drain(struct watcher *watcher)
{
    struct connection *connection = connection_of(watcher);
    if (connection->state != CONNECTION_HEAD || connection->in.size > 0)
        return; /* its answer will say that the connection ends */
    if (connection->answered > 0 && transport_unread(&connection->transport) == 0) {
        connection->lingers = false;
        connection_close_down(connection);
    } else {
        int64_t since_ms = connection->progress.since_ms;
        connection_room_enter(connection, STAGE_LATE);
        connection->progress.since_ms = since_ms;
    }
}

/* Whoever made no progress gets no answer, which it would not wait for. */
void connection_on_pressure(struct watcher *watcher)
{
    struct connection *connection = connection_of(watcher);
    enum stage stage = connection->progress.stage;
    if (connection->state == CONNECTION_WAIT) {
        give_up(connection, true);
        return;
    }
    if (connection_room_is_getting_on(connection, ANSWERED_BYTES)) {
        refuse_for_room(connection);
        return;
    }
    if (stage == STAGE_IDLE || stage == STAGE_FRESH)
        transport_finish(&connection->transport);
    connection_free(connection);
}
