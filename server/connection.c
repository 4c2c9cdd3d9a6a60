#include "server/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/connection_internal.h"
#include "server/evaluation.h"
#include "server/transport.h"

#define READ_MIN ((size_t)16 * 1024)
#define LITTLE_BYTES ((size_t)64 * 1024)
#define HANDSHAKE_MS 10000
#define IDLE_MS 120000 /* more than the API server's 90 s: it, not we, ends an idle connection */
#define IDLE_LEAST_MS 1000 /* before a connection may be closed for others' sake */
#define HEAD_MS 10000
#define BODY_MS 30000
#define WRITE_MS 30000
#define LINGER_MS 10000
#define DRAIN_GRACE_MS 1000 /* for the first request of a connection that was just accepted */
#define LINGER_BYTES_MAX ((uint64_t)256 << 20)
#define NO_ROOM (-100) /* beside what transport_receive() says */
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

static bool is_draining(struct loop *loop)
{
    return atomic_load_explicit(&loop->is_draining, memory_order_relaxed);
}

/* How long to wait for the first byte of a new connection's request or handshake. */
static int64_t first_request_ms(struct loop *loop)
{
    if (atomic_load_explicit(&loop->is_stopping, memory_order_relaxed))
        return DRAIN_GRACE_MS;
    return loop->tls ? HANDSHAKE_MS : IDLE_MS;
}

struct connection *connection_new(struct loop *loop, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    SSL *tls = connection && loop->tls ? tls_accept(loop->tls, fd) : NULL;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (!connection || (loop->tls && !tls) ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        SSL_free(tls);
        free(connection);
        close(fd);
        return NULL;
    }
    connection->loop = loop;
    connection->fd = fd;
    connection->tls = tls;
    connection->interest = EPOLLIN;
    connection->arrived_ms = loop->now_ms;
    connection->deadline_ms = loop->now_ms + first_request_ms(loop);
    connection->next = loop->connections;
    if (loop->connections)
        loop->connections->previous = connection;
    loop->connections = connection;
    return connection;
}

/* What connections keep in memory together is bounded; a part of that is for those that keep
 * little. False when it would be too much. */
static bool hold(struct connection *connection, size_t bytes)
{
    struct loop *loop = connection->loop;
    size_t others = loop->held - connection->held;
    size_t most = bytes > LITTLE_BYTES ? loop->hold_max / 4 * 3 : loop->hold_max;
    if (bytes > connection->held && others + bytes > most)
        return false;
    loop->held = others + bytes;
    connection->held = bytes;
    return true;
}

static bool hold_buffers(struct connection *connection)
{
    return hold(connection, connection->in.capacity + connection->out.capacity);
}

static void release_input(struct connection *connection)
{
    if (connection->in.limit)
        loop_give_buffer(connection->loop, &connection->in);
    hold_buffers(connection);
}

void connection_free(struct connection *connection)
{
    struct loop *loop = connection->loop;
    evaluation_forget(connection);
    if (connection->next)
        connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        loop->connections = connection->next;
    chimera_buffer_free(&connection->out);
    release_input(connection);
    SSL_free(connection->tls);
    close(connection->fd); /* epoll forgets it by itself */
    free(connection);
    loop_count(loop, false);
}

/* A socket closed with input unread resets the connection, and the answer may be lost with it: so
 * first let the client read, and drop what it still sends. */
static enum step close_down(struct connection *connection)
{
    transport_finish(connection);
    if (!connection->lingers) {
        connection_free(connection);
        return STEP_STOP;
    }
    release_input(connection);
    connection->state = CONNECTION_LINGER;
    connection->body_left = LINGER_BYTES_MAX;
    connection->deadline_ms = connection->loop->now_ms + LINGER_MS;
    transport_watch(connection, EPOLLIN);
    return STEP_STOP;
}

static void linger(struct connection *connection)
{
    char dropped[64 * 1024];
    ssize_t size = recv(connection->fd, dropped, sizeof(dropped), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0 || (uint64_t)size >= connection->body_left)
        connection_free(connection);
    else
        connection->body_left -= (uint64_t)size;
}

static void await_request(struct connection *connection)
{
    connection->state = CONNECTION_HEAD;
    connection->scanned = 0;
    connection->deadline_ms = connection->loop->now_ms + (connection->in.size ? HEAD_MS : IDLE_MS);
    connection->arrived_ms = connection->loop->now_ms;
    if (connection->in.size == 0)
        release_input(connection);
}

static enum step after_answer(struct connection *connection)
{
    if (connection->closes)
        return close_down(connection);
    await_request(connection);
    return STEP_AGAIN;
}

/* Keeps what the socket would not take. */
static enum step keep_rest(struct connection *connection, struct chimera_slice rest, ssize_t why)
{
    if (why == TLS_FAILED) {
        connection_free(connection);
        return STEP_STOP;
    }
    if (connection->out_at == 0 && connection->out.size == 0) {
        chimera_buffer_init(&connection->out, rest.size);
        if (chimera_buffer_append(&connection->out, rest) < 0 || !hold_buffers(connection)) {
            connection_free(connection);
            return STEP_STOP;
        }
    }
    connection->state = CONNECTION_WRITE;
    connection->deadline_ms = connection->loop->now_ms + WRITE_MS;
    transport_watch(connection, why == TLS_WANTS_READ ? EPOLLIN : EPOLLOUT);
    return STEP_STOP;
}

static enum step write_answer(struct connection *connection, struct chimera_slice bytes)
{
    while (bytes.size > 0) {
        ssize_t count = transport_send(connection, bytes.data, bytes.size);
        if (count < 0)
            return keep_rest(connection, bytes, count);
        bytes.data += count;
        bytes.size -= (size_t)count;
    }
    return after_answer(connection);
}

static enum step write_rest(struct connection *connection)
{
    while (connection->out_at < connection->out.size) {
        ssize_t count = transport_send(connection, connection->out.data + connection->out_at,
                                       connection->out.size - connection->out_at);
        if (count < 0)
            return keep_rest(connection, (struct chimera_slice){NULL, 0}, count);
        connection->out_at += (size_t)count;
        connection->deadline_ms = connection->loop->now_ms + WRITE_MS;
    }
    chimera_buffer_free(&connection->out);
    connection->out_at = 0;
    hold_buffers(connection);
    return after_answer(connection);
}

static void consume(struct connection *connection, size_t size)
{
    struct chimera_buffer *in = &connection->in;
    in->size -= size;
    if (in->size > 0)
        memmove(in->data, in->data + size, in->size);
}

/* Writes the answer to a request of which `used` bytes of input are. */
enum step connection_send_answer(struct connection *connection, struct answer *answer, size_t used)
{
    struct lane *lane = connection->loop->lane;
    answer->is_http10 = connection->head.is_http10;
    answer->is_head = chimera_slice_is(connection->head.method, "HEAD");
    answer->closes =
        answer->closes || !connection->head.keeps_alive || is_draining(connection->loop);
    connection->closes = answer->closes;
    if (!answer->is_logged)
        service_log_refusal(connection->loop->service, &connection->head, connection->arrived_ms,
                            answer->status);
    counters_count_answer(connection->loop->service->counters, answer->status);
    answer_write(answer, &lane->date, &lane->out);
    if (lane->out.failed) {
        lane_reset(lane);
        connection_free(connection);
        return STEP_STOP;
    }
    consume(connection, used);
    connection->answered++;
    connection->lingers = connection->lingers || connection->in.size > 0;
    enum step step = write_answer(connection, chimera_buffer_slice(&lane->out));
    lane_reset(lane);
    return step;
}

/* An answer after which nothing of the input is looked at any more. */
static enum step send_last(struct connection *connection, struct answer *answer)
{
    answer->closes = true;
    connection->lingers = true;
    return connection_send_answer(connection, answer, connection->in.size);
}

/* The answer to bytes that are no request of ours: there is no head to speak of. */
static enum step refuse_bytes(struct connection *connection, unsigned status)
{
    connection->head = (struct http_head){.method = CHIMERA_SLICE("-"), .path = CHIMERA_SLICE("-")};
    struct answer answer = {.status = status};
    return send_last(connection, &answer);
}

/* The head may not be there yet, and what is to come does not matter. */
static void refuse_for_room(struct connection *connection)
{
    struct answer answer = {0};
    if (connection->state == CONNECTION_HEAD)
        connection->head =
            (struct http_head){.method = CHIMERA_SLICE("-"), .path = CHIMERA_SLICE("-")};
    service_refuse_busy(connection->loop->lane, false, &answer);
    send_last(connection, &answer);
}

static enum step refuse_length(struct connection *connection)
{
    struct answer answer = {0};
    service_refuse_length(connection->loop->lane, &connection->route, &answer);
    return send_last(connection, &answer);
}

static enum step send_refusal(struct connection *connection)
{
    struct answer answer = {0};
    service_refuse(connection->loop->lane, &connection->route, &answer);
    return send_last(connection, &answer);
}

/* Once when the head is there, and again when the body is: other requests had the lane's arena
 * meanwhile. */
void connection_find_route(struct connection *connection)
{
    struct loop *loop = connection->loop;
    chimera_arena_reset(&loop->lane->arena);
    route_find(&connection->head, &loop->service->rules, &loop->lane->arena, &connection->route);
}

/* Drops `size` bytes of input behind the head. */
static void drop_body(struct connection *connection, size_t size)
{
    struct chimera_buffer *in = &connection->in;
    size_t from = connection->head.size + size;
    memmove(in->data + connection->head.size, in->data + from, in->size - from);
    in->size -= size;
}

static enum step take_sized_body(struct connection *connection)
{
    size_t there = connection->in.size - connection->head.size;
    if (!connection->route.status) {
        if (there < connection->body_left)
            return STEP_MORE;
        return evaluation_begin(connection, (size_t)connection->body_left);
    }
    size_t dropped = there < connection->body_left ? there : (size_t)connection->body_left;
    drop_body(connection, dropped);
    connection->body_left -= dropped;
    return connection->body_left ? STEP_MORE : evaluation_begin(connection, 0);
}

static enum step take_chunked_body(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in;
    size_t decoded = connection->head.size + connection->body_size, used = 0, kept = 0;
    int code = http_chunks_decode(&connection->chunks, in->data + decoded, in->size - decoded,
                                  &used, &kept);
    if (code > HTTP_DONE)
        return refuse_bytes(connection, (unsigned)code);
    size_t rest = in->size - decoded - used;
    memmove(in->data + decoded + kept, in->data + decoded + used, rest);
    in->size = decoded + kept + rest;
    connection->body_size += kept;
    if (connection->body_size > connection->loop->service->rules.max_body_bytes)
        return refuse_length(connection);
    return code == HTTP_DONE ? evaluation_begin(connection, connection->body_size) : STEP_MORE;
}

static enum step take_body(struct connection *connection)
{
    return connection->head.is_chunked ? take_chunked_body(connection)
                                       : take_sized_body(connection);
}

/* A head is whole. What it rules out is answered at once when the body is not worth waiting for:
 * too long, or not sent before we agree. Else the body is read and dropped, and the connection
 * lives on. */
static enum step start_body(struct connection *connection)
{
    const struct http_head *head = &connection->head;
    const struct route_rules *rules = &connection->loop->service->rules;
    bool has_body = head->is_chunked || head->content_length > 0;
    connection->head_base = connection->in.data;
    connection->body_size = 0;
    connection->body_left = head->content_length;
    connection->chunks = (struct http_chunks){0};
    connection_find_route(connection);
    if (connection->route.status && has_body &&
        (head->expects_continue || head->content_length > rules->max_body_bytes))
        return send_refusal(connection);
    if (head->content_length > rules->max_body_bytes)
        return refuse_length(connection);
    if (head->expects_continue && has_body && connection->in.size == head->size &&
        transport_send(connection, CONTINUE, strlen(CONTINUE)) != (ssize_t)strlen(CONTINUE)) {
        connection_free(connection);
        return STEP_STOP;
    }
    connection->state = CONNECTION_BODY;
    connection->deadline_ms =
        connection->loop->now_ms + BODY_MS + (int64_t)(head->content_length >> 16) * 1000;
    return take_body(connection);
}

/* Some clients end a body with an empty line too many; RFC 9112 §2.2 lets it pass. */
static void skip_empty_line(struct connection *connection)
{
    if (connection->scanned == 0 && connection->in.size >= 2 &&
        memcmp(connection->in.data, "\r\n", 2) == 0)
        consume(connection, 2);
}

static enum step take_head(struct connection *connection)
{
    skip_empty_line(connection);
    if (connection->in.size == 0) {
        release_input(connection);
        return STEP_MORE;
    }
    int code = http_head_parse(chimera_buffer_slice(&connection->in), &connection->scanned,
                               &connection->head);
    if (code == HTTP_MORE)
        return STEP_MORE;
    if (code != HTTP_DONE)
        return refuse_bytes(connection, (unsigned)code);
    return start_body(connection);
}

/* True while the connection wants more input. */
static bool advance(struct connection *connection)
{
    enum step step;
    do
        step = connection->state == CONNECTION_HEAD ? take_head(connection) : take_body(connection);
    while (step == STEP_AGAIN);
    return step == STEP_MORE;
}

/* How much to read at least: a body whose length is known is given its place at once. */
static size_t wanted(const struct connection *connection)
{
    if (connection->state != CONNECTION_BODY || connection->head.is_chunked ||
        connection->route.status)
        return READ_MIN;
    size_t whole = connection->head.size + (size_t)connection->body_left;
    return whole > connection->in.size + READ_MIN ? whole - connection->in.size : READ_MIN;
}

/* The slices of the head point into the input, which moves when it grows. */
static void follow_input(struct connection *connection)
{
    if (connection->state != CONNECTION_BODY || connection->head_base == connection->in.data)
        return;
    size_t scanned = 0;
    http_head_parse((struct chimera_slice){connection->in.data, connection->head.size}, &scanned,
                    &connection->head);
    connection->head_base = connection->in.data;
}

/* As transport_receive(), or NO_ROOM. */
static ssize_t fill(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in;
    bool was_empty = in->size == 0;
    if (!in->limit)
        loop_take_buffer(connection->loop, in);
    char *to = chimera_buffer_reserve(in, wanted(connection));
    follow_input(connection);
    if (!to)
        return TLS_FAILED;
    if (!hold_buffers(connection))
        return NO_ROOM;
    size_t room = in->capacity < in->limit ? in->capacity : in->limit;
    ssize_t size = transport_receive(connection, to, room - in->size);
    if (size > 0) {
        in->size += (size_t)size;
        if (was_empty && connection->state == CONNECTION_HEAD) {
            connection->arrived_ms = connection->loop->now_ms;
            connection->deadline_ms = connection->loop->now_ms + HEAD_MS;
        }
    }
    return size;
}

/* One read is enough for a plain socket: epoll tells when there is more. What OpenSSL has read
 * ahead it does not tell. */
static void pump(struct connection *connection)
{
    bool was_in_handshake = connection->tls && !SSL_is_init_finished(connection->tls);
    for (;;) {
        ssize_t size = fill(connection);
        if (size == TLS_WANTS_READ || size == TLS_WANTS_WRITE) {
            if (connection->in.size == 0)
                release_input(connection);
            if (was_in_handshake && SSL_is_init_finished(connection->tls))
                connection->deadline_ms = connection->loop->now_ms + IDLE_MS;
            transport_watch(connection, size == TLS_WANTS_READ ? EPOLLIN : EPOLLOUT);
            return;
        }
        if (size == NO_ROOM) {
            refuse_for_room(connection);
            return;
        }
        if (size <= 0) {
            connection_free(connection);
            return;
        }
        if (!advance(connection) || !connection->tls || !SSL_has_pending(connection->tls))
            return;
    }
}

void connection_go_on(struct connection *connection)
{
    transport_watch(connection, EPOLLIN);
    if (connection->in.size > 0 && !advance(connection))
        return;
    if (connection->tls)
        pump(connection);
}

void connection_on_ready(struct connection *connection, uint32_t events)
{
    switch (connection->state) {
    case CONNECTION_HEAD:
    case CONNECTION_BODY:
        pump(connection); /* whatever it is, the next call on the socket says it better */
        break;
    case CONNECTION_WAIT:
    case CONNECTION_EVALUATE:
        evaluation_on_ready(connection, events);
        break;
    case CONNECTION_WRITE:
        if (write_rest(connection) == STEP_AGAIN)
            connection_go_on(connection);
        break;
    case CONNECTION_LINGER:
        linger(connection);
        break;
    }
}

void connection_on_timeout(struct connection *connection)
{
    if (connection->state == CONNECTION_WAIT || connection->state == CONNECTION_EVALUATE)
        return;
    bool is_amid = connection->state == CONNECTION_BODY ||
                   (connection->state == CONNECTION_HEAD && connection->in.size > 0);
    if (is_amid)
        refuse_bytes(connection, 408);
    else
        connection_free(connection);
}

void connection_on_drain(struct connection *connection)
{
    if (connection->state != CONNECTION_HEAD || connection->in.size > 0)
        return; /* its answer will say that the connection ends */
    if (connection->answered > 0) {
        connection->lingers = false;
        close_down(connection);
    } else {
        int64_t until_ms = connection->arrived_ms + DRAIN_GRACE_MS;
        if (connection->deadline_ms > until_ms)
            connection->deadline_ms = until_ms;
    }
}

bool connection_on_pressure(struct connection *connection)
{
    if (connection->state != CONNECTION_HEAD || connection->in.size > 0 ||
        connection->loop->now_ms - connection->arrived_ms < IDLE_LEAST_MS)
        return false;
    connection->lingers = false;
    close_down(connection);
    return true;
}
