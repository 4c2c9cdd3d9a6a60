/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, sent to the real connection machine over a socket pair: twice, once at once to a loop
 * that answers at once, once in pieces to one that is handed over now and then and whose socket
 * takes little. Both must say the same, and must not get stuck. A third time with timeouts and a
 * drain in between, which must only end.
 *
 * What evaluates is replaced: it gives back what it was asked. TLS and the loop are left out.
 */
#include "server/worker/connection.h"

/* Of TLS there is only what must link. */
#define SSL_free(tls) ((void)(tls))
#define SSL_is_init_finished(tls) ((void)(tls), 1)
#define SSL_has_pending(tls) ((void)(tls), 0)
#define SSL_get_state(tls) ((void)(tls), TLS_ST_OK)
#define SSL_shutdown(tls) ((void)(tls))
#define time(to) ((void)(to), (time_t)0) /* of the Date field */

#define part http_part
#define hex_value http_hex_value
#include "server/http/http1.c"
#undef part
#undef hex_value
#define refuse route_refuse
#include "server/http/route.c"
#undef refuse
/* The rest wants what those two have. */
#include "server/client/connection_memory.c"
#include "server/client/peer.c"
#include "server/client/progress.c"
#include "server/client/transport.c"
#include "server/http/answer.c"
#include "server/http/request.c"
#include "server/worker/connection.c"
#include "server/worker/connection_answer.c"
#include "server/worker/connection_room.c"
#include "server/worker/dispatch.c"
#include "server/worker/input.c"
#include "server/worker/queue.c"
#include "server/worker/relief.c"

#define BODY_MAX 1000
#define CONTINUE_SIZE (sizeof(CONTINUE) - 1)
#define SEND_BUFFER 4096 /* the kernel makes it a little more */

struct play { /* one connection from its start to its end */
    const uint8_t *data;
    size_t size, sent;
    size_t piece;       /* how much is sent at a time */
    uint32_t pattern;   /* which evaluations are handed over, and which must wait */
    bool has_accidents; /* timeouts, a drain */
    bool is_shut;       /* all is sent, and the client has said so */
    int client;
    struct loop loop;
    struct lane lane;
    struct watcher *late; /* its answer waits */
    char *out;
    size_t out_size, out_room;
};

static struct play *play;
static struct connection_memory memory;
static struct slow_quota slow_quota;

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

/* --- What the machine calls --- */

SSL *tls_accept(SSL_CTX *context, int fd)
{
    (void)context;
    (void)fd;
    return NULL;
}

bool tls_peer_name(SSL *tls, struct peer_name *ret_name)
{
    (void)tls;
    (void)ret_name;
    return false;
}

size_t tls_memory_taken(void)
{
    return 0;
}

ssize_t tls_read(SSL *tls, void *to, size_t size)
{
    (void)tls;
    (void)to;
    (void)size;
    return TLS_FAILED;
}

ssize_t tls_write(SSL *tls, const void *from, size_t size)
{
    (void)tls;
    (void)from;
    (void)size;
    return TLS_FAILED;
}

/* It keeps none warm. */
void input_memory_take(struct input_memory *of, struct chimera_buffer *ret_buffer)
{
    (void)of;
    chimera_buffer_init(ret_buffer, HTTP_HEAD_MAX + BODY_MAX + 128 * 1024);
}

void input_memory_give(struct input_memory *of, struct chimera_buffer *buffer, bool is_pressed)
{
    (void)of;
    (void)is_pressed;
    chimera_buffer_free(buffer);
    *buffer = (struct chimera_buffer){0};
}

static bool next_of_pattern(void)
{
    bool is_set = play->pattern & 1;
    play->pattern >>= 1;
    return is_set;
}

enum slow_quota_answer slow_quota_look(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)of;
    (void)account;
    (void)is_audit;
    return next_of_pattern() ? SLOW_QUOTA_POLICY_BUSY : SLOW_QUOTA_OPEN;
}

enum slow_quota_answer slow_quota_enter_queue(struct slow_quota *of, unsigned account,
                                              bool is_audit)
{
    (void)account;
    (void)is_audit;
    if (play->has_accidents && next_of_pattern())
        return SLOW_QUOTA_SERVER_BUSY;
    atomic_fetch_add(&of->waiting, 1);
    return SLOW_QUOTA_OPEN;
}

void slow_quota_leave_queue(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)account;
    (void)is_audit;
    check(atomic_fetch_sub(&of->waiting, 1) > 0);
}

void loop_deliver(struct loop *loop, struct watcher *watcher)
{
    (void)loop;
    check(!play->late);
    play->late = watcher;
}

void slow_quota_slow_ends(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)of;
    (void)account;
    (void)is_audit;
}

static void look_in(struct turn *turn, uint64_t ns)
{
    (void)turn, (void)ns;
}

static void do_nothing(struct turn_keeper *keeper)
{
    (void)keeper;
}

static struct turn_keeper keeper = {.look_in = look_in, .slow_ended = do_nothing};

void lane_reset(struct lane *lane)
{
    chimera_arena_reset(&lane->arena);
    chimera_buffer_reset(&lane->body);
    chimera_buffer_reset(&lane->out);
}

void lane_renew_body(struct lane *lane)
{
    chimera_buffer_init(&lane->body, 1 << 20);
}

bool service_evaluates(const struct service *service, const struct route *route,
                       unsigned *ret_account)
{
    (void)service;
    *ret_account = 0;
    return !route->status;
}

int64_t service_until(const struct service *service, const struct service_request *request)
{
    (void)service;
    (void)request;
    return 0;
}

void service_refuse_busy(struct lane *lane, bool is_policy, struct answer *ret_answer)
{
    (void)lane;
    ret_answer->status = is_policy ? 429 : 503;
}

void service_answer(const struct service *service, struct lane *lane,
                    const struct service_request *request, struct answer *ret_answer)
{
    (void)service;
    uint64_t number = turn_number(&play->loop.turn);
    check(request->body.size <= BODY_MAX);
    if (turn_is_evaluating(number) && next_of_pattern()) /* another thread takes the loop over */
        check(turn_take(&play->loop.turn, number));
    ret_answer->status = request->route->status ? request->route->status : 200;
    ret_answer->allow = request->route->allow;
    ret_answer->type = ANSWER_JSON;
    chimera_buffer_append(&lane->body, request->head->method);
    chimera_buffer_append(&lane->body, request->head->path);
    chimera_buffer_append(&lane->body, request->head->query);
    if (request->route->policy_id.data)
        chimera_buffer_append(&lane->body, request->route->policy_id);
    chimera_buffer_append(&lane->body, request->body);
    ret_answer->body = chimera_buffer_slice(&lane->body);
}

void service_refuse(struct lane *lane, const struct route *route, struct answer *ret_answer)
{
    (void)lane;
    ret_answer->status = route->status;
}

void service_refuse_length(struct lane *lane, const struct route *route, struct answer *ret_answer)
{
    (void)lane;
    (void)route;
    ret_answer->status = 413;
}

void counters_count_answer(struct counters *counters, unsigned status)
{
    (void)counters;
    (void)status;
}

void service_log_refusal(const struct service *service, const struct http_head *head,
                         int64_t arrived_ms, unsigned status)
{
    (void)service;
    (void)arrived_ms;
    (void)status;
    check(head->method.size > 0);
}

/* --- The client, and the loop's part --- */

/* False when there was nothing to do. */
static bool send_some(void)
{
    size_t left = play->size - play->sent, size = left < play->piece ? left : play->piece;
    if (size == 0) {
        if (play->is_shut)
            return false;
        play->is_shut = true;
        shutdown(play->client, SHUT_WR);
        return true;
    }
    ssize_t count = send(play->client, play->data + play->sent, size, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) /* it wants no more */
        play->sent = play->size;
    else if (count > 0)
        play->sent += (size_t)count;
    return count > 0;
}

static bool receive_some(void)
{
    if (play->out_room - play->out_size < 64 * 1024) {
        play->out_room += 256 * 1024;
        play->out = realloc(play->out, play->out_room);
        check(play->out != NULL);
    }
    /* Little at a time, or the other side's socket would never be full. */
    ssize_t count = recv(play->client, play->out + play->out_size,
                         play->piece < 16 * 1024 ? 2048 : 64 * 1024, 0);
    if (count > 0)
        play->out_size += (size_t)count;
    return count > 0;
}

/* Another thread with a lane of its own goes on. */
static void change_thread(void)
{
    play->lane.is_detached = false;
    lane_reset(&play->lane);
}

static struct connection *the_connection(void)
{
    return play->loop.watchers ? connection_of(play->loop.watchers) : NULL;
}

/* What is charged is what is there, wherever the connection is. */
static void check_account(void)
{
    const struct connection *connection = the_connection();
    size_t held = connection ? connection->held : 0;
    check(play->loop.memory.held == held && play->loop.memory.taken >= held);
    check(!connection || (connection->peer->held == held && held == size_of(connection)));
    bool waits_for_us = connection && connection->progress.stage == STAGE_NONE;
    bool is_ours =
        connection && (connection->state == CONNECTION_WAIT ||
                       connection->state == CONNECTION_EVALUATE || loop_first_parked(&play->loop));
    check(waits_for_us == is_ours);
    check(play->loop.input.loose_count ==
          (connection && !chimera_list_is_empty(&connection->loose) ? 1u : 0u));
}

/* As loop_run() does it. */
static bool serve_some(void)
{
    struct epoll_event event;
    struct loop *loop = &play->loop;
    struct watcher *late = play->late;
    bool is_moving = late || loop->dispatch.waiting.first || loop->dispatch.audits.first ||
                     !chimera_list_is_empty(&loop->ready) || loop_first_parked(loop);
    play->late = NULL;
    if (late) {
        change_thread();
        connection_on_turn(late);
    } else if (epoll_wait(loop->sets.first_fd, &event, 1, 0) == 1) {
        is_moving = true;
        connection_on_ready(event.data.ptr, event.events);
    } else if (!chimera_list_is_empty(&loop->ready)) {
        struct chimera_list *first = chimera_list_first(&loop->ready);
        chimera_list_remove(first);
        connection_on_turn(CHIMERA_LIST_MEMBER(first, struct watcher, turn));
    }
    loop->dispatch.may_serve_waiting = loop->dispatch.may_serve_audits = true;
    dispatch_serve_waiting(&loop->dispatch, &play->lane);
    dispatch_serve_an_audit(&loop->dispatch, &play->lane);
    if (!play->lane.is_detached)
        relief_run(loop, &play->lane);
    check_account();
    return is_moving;
}

/* Time passes, or the server is told to stop. */
static void have_an_accident(unsigned round)
{
    if (round % 7 == 3)
        atomic_store(&play->loop.is_draining, true);
    if (round % 7 == 4 && play->loop.watchers)
        connection_on_drain(play->loop.watchers);
    if (round % 11 == 9 && play->loop.watchers)
        connection_on_time(play->loop.watchers);
    if (round % 5 == 4) {
        play->loop.now_ms += 2000;
        dispatch_pass_time(&play->loop.dispatch, play->loop.now_ms);
        relief_end_the_late(&play->loop);
        connection_room_look_at_some(&play->loop);
    }
    if (round % 3 == 2)
        input_pack_all(&play->loop);
    if (round % 17 == 16 && play->loop.watchers && the_connection()->progress.stage != STAGE_NONE)
        connection_on_pressure(play->loop.watchers);
    if (round % 13 == 12)
        dispatch_shed_an_audit(&play->loop.dispatch);
}

static void run(void)
{
    for (unsigned round = 0; play->loop.watchers; round++) {
        bool is_moving = send_some();
        is_moving |= serve_some();
        is_moving |= receive_some();
        if (play->has_accidents)
            have_an_accident(round);
        else
            check(is_moving); /* else nobody would ever wake it */
    }
    while (receive_some())
        ;
}

static void open_play(const struct service *service)
{
    int fds[2], little = SEND_BUFFER;
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    if (play->piece < play->size)
        setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    play->client = fds[1];
    play->loop.service = service;
    play->loop.turn = (struct turn){.lane = &play->lane, .keeper = &keeper};
    play->loop.dispatch = (struct dispatch){
        .service = service, .turn = &play->loop.turn, .memory = &memory, .slow_quota = &slow_quota};
    bool is_poor = play->has_accidents && play->size % 4 == 0; /* it cannot read anything */
    connection_memory_open(&memory, (size_t)(is_poor ? 8 << 10 : 8 << 20), 1, 64);
    play->loop.memory.of = &memory;
    chimera_list_init(&play->loop.input.loose);
    chimera_list_init(&play->loop.ready);
    for (unsigned i = 0; i < LOOP_PARKED; i++)
        chimera_list_init(&play->loop.parked[i]);
    chimera_list_init(&play->loop.looked);
    const struct peers_room room = {.bytes = memory.max, .bytes_least = 1 << 20, .connections = 64};
    check(peers_open(&play->loop.peers, &memory.known, &room) == 0);
    play->loop.sets.first_fd = play->loop.sets.others_fd = epoll_create1(0);
    loop_count(&play->loop, true);
    chimera_arena_init(&play->lane.arena, 1 << 20);
    lane_renew_body(&play->lane);
    chimera_buffer_init(&play->lane.out, 2 << 20);
    const struct peer_name name = {.bytes = {1}};
    check(connection_new(&play->loop, fds[0], &name) != NULL);
}

static void close_play(void)
{
    check(atomic_load(&play->loop.connection_count) == 0 && play->loop.memory.held == 0 &&
          play->loop.peers.present == 0 && atomic_load(&slow_quota.waiting) == 0 &&
          atomic_load(&memory.waiting) == 0 && atomic_load(&memory.waiting_audits) == 0 &&
          atomic_load(&memory.connections) == 0);
    peers_close(&play->loop.peers);
    connection_memory_close(&memory);
    close(play->client);
    close(play->loop.sets.first_fd);
    chimera_arena_free(&play->lane.arena);
    chimera_buffer_free(&play->lane.body);
    chimera_buffer_free(&play->lane.out);
}

/* Whether a client hears this depends on how much of the body it sent without waiting. */
static void forget_continues(struct play *done)
{
    char *at, *from = done->out;
    while (
        (at = memmem(from, done->out_size - (size_t)(from - done->out), CONTINUE, CONTINUE_SIZE))) {
        size_t behind = done->out_size - (size_t)(at - done->out) - CONTINUE_SIZE;
        memmove(at, at + CONTINUE_SIZE, behind);
        done->out_size -= CONTINUE_SIZE;
        from = at;
    }
}

static void do_play(struct play *next, const struct service *service)
{
    play = next;
    open_play(service);
    run();
    close_play();
    forget_continues(next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct service service = {
        .rules = {.port = PORT_MAIN, .has_pprof = true, .max_body_bytes = BODY_MAX}};
    if (size < 3)
        return 0;
    size_t piece = 1 + data[0] + (size_t)(data[1] & 3) * 1000;
    uint32_t pattern = (data[1] >> 2) * 0x41041041U; /* six bits, again and again */
    struct play whole = {.data = data + 2, .size = size - 2, .piece = size};
    struct play pieces = {.data = data + 2, .size = size - 2, .piece = piece, .pattern = pattern};
    struct play accidents = pieces;
    accidents.has_accidents = true;
    do_play(&whole, &service);
    do_play(&pieces, &service);
    do_play(&accidents, &service);
    check(whole.out_size == pieces.out_size &&
          (whole.out_size == 0 || memcmp(whole.out, pieces.out, whole.out_size) == 0));
    free(whole.out);
    free(pieces.out);
    free(accidents.out);
    return 0;
}
