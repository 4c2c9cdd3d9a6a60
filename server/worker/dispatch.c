/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/dispatch.h"

#include <sys/epoll.h>

#include "server/client/transport.h"
#include "server/worker/connection_room.h"
#include "server/worker/input.h"

#define WAIT_MS 10000       /* of a request that does not say how long: the default of a webhook */
#define AUDIT_WAIT_MS 60000 /* scans come in bursts, and nobody waits for their answers */
#define LEAST_MS 50         /* with less than this left, a turn is of no use */

/* --- Evaluating --- */

static struct service_request request_of(const struct connection *connection)
{
    return (struct service_request){
        .head = &connection->request.head,
        .route = &connection->request.route,
        .body = {connection->in.data + connection->request.head.size, connection->body_size},
        .arrived_ms = connection->arrived_ms};
}

static enum step send_answer(struct connection *connection, struct answer *answer)
{
    return connection_send_answer(connection, answer,
                                  connection->request.head.size + connection->body_size);
}

static enum step answer_at_once(struct connection *connection)
{
    struct answer answer = {0};
    const struct service_request request = request_of(connection);
    service_answer(connection->loop->service, connection->loop->turn.lane, &request, &answer);
    if (connection->request.route.kind == ROUTE_READINESS && answer.status == 200 &&
        atomic_load_explicit(&connection->loop->is_stopping, memory_order_relaxed))
        answer.status = 503;
    return send_answer(connection, &answer);
}

/* The body is the lane's, which has other work now. */
static void leave_late_answer(struct connection *connection, struct lane *lane,
                              const struct answer *answer)
{
    connection->late = (struct late_answer){.answer = *answer, .body = lane->body};
    lane->is_detached = true;
    lane_renew_body(lane);
}

/* Another thread may take the loop over meanwhile; from then on loop and connection are its own,
 * but for the input and what it says of the request, which it leaves alone. */
static enum step evaluate(struct connection *connection)
{
    struct loop *loop = connection->loop;
    struct lane *lane = loop->turn.lane;
    struct answer answer = {0};
    const struct service_request request = request_of(connection);
    struct turn_keeper *keeper = loop->turn.keeper;
    unsigned account = connection->account;
    bool is_audit = connection->is_audit;
    connection->state = CONNECTION_EVALUATE;
    connection_room_leave(connection);
    input_fix(connection);
    uint64_t number = turn_begin(&loop->turn, account, is_audit);
    service_answer(loop->service, lane, &request, &answer);
    if (turn_end(&loop->turn, number))
        return send_answer(connection, &answer);
    leave_late_answer(connection, lane, &answer);
    gate_slow_ends(loop->gate, account, is_audit);
    keeper->slow_ended(keeper);
    loop_deliver(loop, connection);
    return STEP_STOP;
}

void evaluation_on_answer(struct connection *connection)
{
    struct late_answer late = connection->late;
    connection->late = (struct late_answer){0};
    if (send_answer(connection, &late.answer) == STEP_AGAIN)
        connection_go_on(connection);
    chimera_buffer_free(&late.body);
}

/* --- Waiting --- */

static struct gate *gate_of(const struct connection *connection)
{
    return connection->loop->gate;
}

static enum step refuse(struct connection *connection, enum gate_answer why, bool closes)
{
    struct answer answer = {.closes = closes};
    service_refuse_busy(connection->loop->turn.lane, why == GATE_POLICY_BUSY, &answer);
    return send_answer(connection, &answer);
}

static int64_t give_up_at(const struct connection *connection)
{
    const struct service_request request = request_of(connection);
    int64_t until_ms = service_until(connection->loop->service, &request);
    int64_t limit_ms = connection->arrived_ms + (connection->is_audit ? AUDIT_WAIT_MS : WAIT_MS);
    return until_ms && until_ms - LEAST_MS < limit_ms ? until_ms - LEAST_MS : limit_ms;
}

/* No client can end the wait of these, so their memory has bounds of its own. */
static bool is_memory_left(const struct connection *connection)
{
    struct connection_memory *memory = connection->loop->memory.of;
    if (!connection->is_audit)
        return connection_memory_may_wait(memory, connection->held);
    return connection_memory_is_at_ease(memory) ||
           connection_memory_may_audit_wait(memory, connection->held);
}

static enum gate_answer enter_queue(struct connection *connection)
{
    if (!is_memory_left(connection))
        return GATE_SERVER_BUSY;
    return gate_enter_queue(gate_of(connection), connection->account, connection->is_audit);
}

static enum step wait_for_turn(struct connection *connection, struct waiting *waiting)
{
    enum gate_answer room = enter_queue(connection);
    if (room != GATE_OPEN)
        return refuse(connection, room, false);
    connection->state = CONNECTION_WAIT;
    connection->deadline_ms = give_up_at(connection);
    connection->waiting_bytes = connection->held;
    connection_memory_wait(connection->loop->memory.of, connection->is_audit,
                           connection->waiting_bytes);
    waiting_add(waiting, connection);
    connection_room_leave(connection);
    input_loosen(connection);
    return STEP_STOP;
}

void evaluation_forget(struct connection *connection)
{
    if (!connection->waits_in)
        return;
    waiting_remove(connection);
    connection_memory_end_wait(connection->loop->memory.of, connection->is_audit,
                               connection->waiting_bytes);
    gate_leave_queue(gate_of(connection), connection->account, connection->is_audit);
}

enum step evaluation_begin(struct connection *connection, size_t body_size)
{
    struct loop *loop = connection->loop;
    connection->body_size = body_size;
    if (!service_evaluates(loop->service, &connection->request.route, &connection->account))
        return answer_at_once(connection);
    connection->is_audit = connection->request.route.kind == ROUTE_AUDIT;
    if (connection->is_audit) {
        loop->may_serve_audits = true;
        return wait_for_turn(connection, &loop->audits);
    }
    if (gate_look(gate_of(connection), connection->account, false) == GATE_OPEN &&
        !waiting_has(&loop->waiting, connection->account))
        return evaluate(connection);
    loop->may_serve_waiting = true;
    return wait_for_turn(connection, &loop->waiting);
}

/* Nothing is read meanwhile. That the client has left shows when the answer is written, unless it
 * is sure before. */
void evaluation_on_ready(struct connection *connection, uint32_t events)
{
    if (connection->state == CONNECTION_WAIT && events & (EPOLLHUP | EPOLLERR)) {
        connection_free(connection);
        return;
    }
    transport_watch(&connection->transport, 0);
    connection_room_look_later(connection);
}

static void serve(struct connection *connection)
{
    evaluation_forget(connection);
    if (evaluate(connection) == STEP_AGAIN)
        connection_go_on(connection);
}

static struct connection *find_ready(const struct waiting *waiting)
{
    struct connection *at = waiting->first;
    while (at && gate_look(gate_of(at), at->account, at->is_audit) != GATE_OPEN)
        at = at->wait_next;
    return at;
}

/* NULL when nobody can be served; then the loop is told when that changes. The gate may open
 * between the look at it and the wish, hence the second look. */
static struct connection *next_of(struct loop *loop, const struct waiting *waiting)
{
    struct connection *ready = find_ready(waiting);
    if (ready || !waiting->first)
        return ready;
    atomic_store(&loop->wants_turns, true);
    return find_ready(waiting);
}

void evaluation_serve_waiting(struct loop *loop, const struct lane *lane)
{
    while (!lane->is_detached && loop->may_serve_waiting) {
        struct connection *ready = next_of(loop, &loop->waiting);
        if (ready)
            serve(ready);
        else
            loop->may_serve_waiting = false;
    }
}

void evaluation_serve_an_audit(struct loop *loop, const struct lane *lane)
{
    if (lane->is_detached || !loop->may_serve_audits)
        return;
    struct connection *ready = next_of(loop, &loop->audits);
    loop->may_serve_audits = ready && loop->audits.first != loop->audits.last;
    if (ready)
        serve(ready);
}

/* The connection is closed so that nothing is evaluated now, amid all connections. */
static void give_up(struct connection *connection, enum gate_answer why)
{
    evaluation_forget(connection);
    refuse(connection, why, true);
}

bool evaluation_shed_an_audit(struct loop *loop)
{
    struct connection *last = loop->audits.last;
    if (last)
        give_up(last, GATE_SERVER_BUSY);
    return last;
}

static void end_the_late(const struct waiting *waiting, int64_t now_ms)
{
    struct connection *next = NULL;
    for (struct connection *at = waiting->first; at; at = next) {
        next = at->wait_next;
        if (now_ms >= at->deadline_ms)
            give_up(at, gate_look(gate_of(at), at->account, at->is_audit));
    }
}

void evaluation_pass_time(struct loop *loop)
{
    end_the_late(&loop->waiting, loop->now_ms);
    end_the_late(&loop->audits, loop->now_ms);
}
