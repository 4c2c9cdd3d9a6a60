/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/connection_answer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "server/worker/connection_room.h"
#include "server/worker/input.h"

#define LINGER_BYTES_MAX ((uint64_t)256 << 20)

void connection_free(struct connection *connection)
{
    struct loop *loop = connection->loop;
    dispatch_forget(&loop->dispatch, &connection->evaluation);
    loop_unlink(loop, &connection->watcher);
    input_release(connection);
    chimera_buffer_free(&connection->out);
    http_request_drop(&connection->request);
    connection_room_close(connection);
    transport_close(&connection->transport);
    free(connection);
    loop_count(loop, false);
}

enum step connection_close_down(struct connection *connection)
{
    transport_finish(&connection->transport);
    if (!connection->lingers) {
        connection_free(connection);
        return STEP_STOP;
    }
    input_release(connection);
    connection->state = CONNECTION_LINGER;
    connection->body_left = LINGER_BYTES_MAX;
    connection_room_enter(connection, STAGE_LINGER);
    transport_watch(&connection->transport, EPOLLIN);
    return STEP_STOP;
}

void connection_linger(struct connection *connection)
{
    char dropped[64 * 1024];
    ssize_t size = recv(connection->transport.fd, dropped, sizeof(dropped), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0 || (uint64_t)size >= connection->body_left)
        connection_free(connection);
    else
        connection->body_left -= (uint64_t)size;
}

static enum step after_answer(struct connection *connection)
{
    if (connection->closes)
        return connection_close_down(connection);
    connection->state = CONNECTION_HEAD;
    connection->scanned = 0;
    connection->arrived_ms = connection->loop->now_ms;
    if (connection->in.size == 0)
        input_release(connection);
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
        if (!memory_share_fits(&connection->loop->memory, rest.size) ||
            chimera_buffer_append(&connection->out, rest) < 0) {
            connection_free(connection);
            return STEP_STOP;
        }
        connection_room_enter(connection, STAGE_ANSWER);
    }
    connection->state = CONNECTION_WRITE;
    connection_room_charge(connection);
    connection_room_look_later(connection);
    input_loosen(connection);
    transport_watch(&connection->transport, why == TLS_WANTS_READ ? EPOLLIN : EPOLLOUT);
    return STEP_STOP;
}

static enum step write_answer(struct connection *connection, struct chimera_slice bytes)
{
    while (bytes.size > 0) {
        ssize_t count = transport_send(&connection->transport, bytes.data, bytes.size);
        if (count < 0)
            return keep_rest(connection, bytes, count);
        bytes.data += count;
        bytes.size -= (size_t)count;
    }
    return after_answer(connection);
}

enum step connection_write_rest(struct connection *connection)
{
    while (connection->out_at < connection->out.size) {
        ssize_t count =
            transport_send(&connection->transport, connection->out.data + connection->out_at,
                           connection->out.size - connection->out_at);
        if (count < 0)
            return keep_rest(connection, (struct chimera_slice){NULL, 0}, count);
        connection->out_at += (size_t)count;
        connection_room_progress(connection, (size_t)count);
    }
    chimera_buffer_free(&connection->out);
    connection->out_at = 0;
    connection_room_leave(connection);
    connection_room_charge(connection);
    return after_answer(connection);
}

void connection_consume(struct connection *connection, size_t size)
{
    struct chimera_buffer *in = &connection->in;
    in->size -= size;
    if (in->size > 0)
        memmove(in->data, in->data + size, in->size);
}

enum step connection_send_answer(struct connection *connection, struct answer *answer, size_t used)
{
    struct lane *lane = connection->loop->turn.lane;
    answer->is_http10 = connection->request.head.is_http10;
    answer->is_head = chimera_slice_is(connection->request.head.method, "HEAD");
    answer->closes = answer->closes || !connection->request.head.keeps_alive ||
                     atomic_load_explicit(&connection->loop->is_draining, memory_order_relaxed);
    connection->closes = answer->closes;
    if (!answer->is_logged)
        service_log_refusal(connection->loop->service, &connection->request.head,
                            connection->arrived_ms, answer->status);
    counters_count_answer(connection->loop->service->counters, answer->status);
    if (http_request_drop(&connection->request))
        connection_room_charge(connection);
    answer_write(answer, &lane->date, &lane->out);
    if (lane->out.failed) {
        lane_reset(lane);
        connection_free(connection);
        return STEP_STOP;
    }
    connection_consume(connection, used);
    connection->answered++;
    connection->lingers = connection->lingers || connection->in.size > 0;
    connection_room_leave(connection);
    connection_room_note_answer(connection, lane->out.size, answer->status);
    enum step step = write_answer(connection, chimera_buffer_slice(&lane->out));
    lane_reset(lane);
    return step;
}

enum step connection_send_last(struct connection *connection, struct answer *answer)
{
    answer->closes = true;
    connection->lingers = true;
    return connection_send_answer(connection, answer, connection->in.size);
}
