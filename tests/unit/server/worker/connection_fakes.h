/* SPDX-License-Identifier: Apache-2.0 */
/* connection_fakes.h - one loop with the real machine of connections on socket pairs, and in place
 * of TLS, policies and threads what a test says. Time is what it says, too: loop.now_ms.
 *
 * For one file of a program, which includes it first.
 */
#ifndef TESTS_CONNECTION_FAKES_H
#define TESTS_CONNECTION_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <fcntl.h>
#include <sys/ioctl.h>

#include "server/client/tls_memory.h"
#include "server/worker/connection.h"

/* --- TLS: plain text on the socket, behind a script --- */

static struct {
    bool has_shaken, refuses;
    OSSL_HANDSHAKE_STATE state;
    int pending; /* reads that would find something that was read ahead */
    unsigned freed, shut;
    size_t taken;  /* bytes of memory */
    ssize_t says;  /* what the next read or write says; 0: what the socket does */
    size_t takes;  /* how much more memory the next call takes */
    size_t leaves; /* so many bytes the next write does not take */
    bool shakes;   /* the next read ends the handshake */
    bool has_name;
    struct peer_name name;
} tls;

#define SSL_free(of) ((void)((of) && ++tls.freed))
#define SSL_is_init_finished(of) ((void)(of), tls.has_shaken)
#define SSL_has_pending(of) ((void)(of), tls.pending-- > 0)
#define SSL_get_state(of) ((void)(of), tls.state)
#define SSL_shutdown(of) ((void)(of), ++tls.shut, tls.taken += tls.takes)

SSL *tls_accept(SSL_CTX *context, int fd)
{
    (void)fd;
    tls.taken += tls.takes;
    return tls.refuses ? NULL : (SSL *)(void *)context;
}

bool tls_peer_name(SSL *of, struct peer_name *ret_name)
{
    (void)of;
    *ret_name = tls.name;
    return tls.has_name;
}

size_t tls_memory_taken(void)
{
    return tls.taken;
}

static bool is_scripted(ssize_t *ret_count)
{
    tls.has_shaken = tls.has_shaken || tls.shakes;
    *ret_count = tls.says;
    tls.says = 0;
    tls.taken += tls.takes;
    return *ret_count != 0;
}

ssize_t tls_read(SSL *of, void *to, size_t size)
{
    ssize_t count;
    (void)of;
    if (is_scripted(&count))
        return count;
    count = recv(*(int *)(void *)of, to, size, 0);
    return count < 0 ? TLS_WANTS_READ : count;
}

ssize_t tls_write(SSL *of, const void *from, size_t size)
{
    ssize_t count;
    if (is_scripted(&count))
        return count;
    size_t taken = size > tls.leaves ? size - tls.leaves : size;
    tls.leaves = 0;
    count = send(*(int *)(void *)of, from, taken, MSG_NOSIGNAL);
    return count < 0 ? TLS_WANTS_WRITE : count;
}

/* --- The machine --- */

#include "server/client/peer.c"
#include "server/client/transport.c"
#include "server/worker/connection.c"
#include "server/worker/connection_answer.c"
#include "server/worker/connection_room.c"
#include "server/worker/dispatch.c"

#define BODY_MAX ((size_t)1 << 20)
#define ADDRESS 1 /* of each client, unless it says another */

static const struct service service = {
    .rules = {.port = PORT_MAIN, .has_pprof = true, .max_body_bytes = BODY_MAX}};
static struct connection_memory memory;
static struct slow_quota slow_quota;
static struct loop loop;
static struct lane lane;
static int client, tls_fd;              /* the last that was opened, and the server's end */
static unsigned answer_status, refused; /* the last of service_log_refusal() */
static char refused_method[16];
static unsigned counted, counted_status; /* answers; the last */
static size_t answer_size;
static enum slow_quota_answer slow_quota_says, queue_says;
static unsigned account_says; /* whose share the next one takes */
static int64_t until_says;    /* when its client gives up */
static bool is_handed_over;   /* while the next is evaluated */
static unsigned slow_ended, told;
static struct watcher *delivered;

/* It keeps none warm. */
void input_memory_take(struct input_memory *of, struct chimera_buffer *ret_buffer)
{
    (void)of;
    chimera_buffer_init(ret_buffer, HTTP_HEAD_MAX + BODY_MAX + 128 * 1024);
}

void input_memory_give(struct input_memory *of, struct chimera_buffer *buffer, bool is_pressed)
{
    (void)of, (void)is_pressed;
    chimera_buffer_free(buffer);
    *buffer = (struct chimera_buffer){0};
}

void loop_deliver(struct loop *of, struct watcher *watcher)
{
    (void)of;
    delivered = watcher;
}

/* The one that was opened last; NULL: there is none. */
static inline struct connection *first_connection(void)
{
    return loop.watchers ? connection_of(loop.watchers) : NULL;
}

enum slow_quota_answer slow_quota_look(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)of, (void)account, (void)is_audit;
    return slow_quota_says;
}

enum slow_quota_answer slow_quota_enter_queue(struct slow_quota *of, unsigned account,
                                              bool is_audit)
{
    (void)account, (void)is_audit;
    atomic_fetch_add(&of->waiting, queue_says == SLOW_QUOTA_OPEN);
    return queue_says;
}

void slow_quota_leave_queue(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)account, (void)is_audit;
    atomic_fetch_sub(&of->waiting, 1);
}

void slow_quota_slow_ends(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)account, (void)is_audit;
    assert_ptr_equal(of, &slow_quota);
    slow_ended++;
}

/* Those that wait are told when the count is lower, and before the answer is on its way. */
static void tell_of_slow_end(struct turn_keeper *keeper)
{
    (void)keeper;
    assert_int_equal(slow_ended, 1);
    assert_null(delivered);
    told++;
}

static void look_in(struct turn *turn, uint64_t ns)
{
    (void)turn, (void)ns;
}

static struct turn_keeper keeper = {.look_in = look_in, .slow_ended = tell_of_slow_end};

void lane_reset(struct lane *of)
{
    chimera_arena_reset(&of->arena);
    chimera_buffer_reset(&of->body);
    chimera_buffer_reset(&of->out);
}

void lane_renew_body(struct lane *of)
{
    chimera_buffer_init(&of->body, 4 << 20);
}

bool service_evaluates(const struct service *of, const struct route *route, unsigned *ret_account)
{
    (void)of;
    *ret_account = account_says;
    return !route->status;
}

int64_t service_until(const struct service *of, const struct service_request *request)
{
    (void)of, (void)request;
    return until_says;
}

void service_refuse_busy(struct lane *of, bool is_policy, struct answer *ret_answer)
{
    (void)of;
    ret_answer->status = is_policy ? 429 : 503;
}

/* The body of the request, and as much more as the test wants. */
void service_answer(const struct service *of, struct lane *with,
                    const struct service_request *request, struct answer *ret_answer)
{
    (void)of;
    uint64_t number = turn_number(&loop.turn);
    unsigned refusal = request->route->status;
    if (is_handed_over)
        assert_true(turn_is_evaluating(number) && turn_take(&loop.turn, number));
    ret_answer->status = refusal ? refusal : answer_status;
    ret_answer->is_logged = true;
    ret_answer->type = ANSWER_JSON;
    chimera_buffer_append(&with->body, request->body);
    for (size_t i = 0; i < answer_size; i++)
        chimera_buffer_byte(&with->body, 'x');
    ret_answer->body = chimera_buffer_slice(&with->body);
}

void service_refuse(struct lane *of, const struct route *route, struct answer *ret_answer)
{
    (void)of;
    ret_answer->status = route->status;
}

void service_refuse_length(struct lane *of, const struct route *route, struct answer *ret_answer)
{
    (void)of, (void)route;
    ret_answer->status = 413;
}

void counters_count_answer(struct counters *counters, unsigned status)
{
    (void)counters;
    counted++;
    counted_status = status;
}

void service_log_refusal(const struct service *of, const struct http_head *head, int64_t arrived_ms,
                         unsigned status)
{
    (void)of, (void)arrived_ms;
    assert_true(head->method.size > 0);
    refused = status;
    snprintf(refused_method, sizeof(refused_method), "%.*s", (int)head->method.size,
             head->method.data);
}

/* --- A loop, and its clients --- */

static inline void open_loop(size_t bytes)
{
    memset(&tls, 0, sizeof(tls));
    loop = (struct loop){.service = &service,
                         .turn = {.lane = &lane, .keeper = &keeper},
                         .dispatch = {.service = &service,
                                      .turn = &loop.turn,
                                      .memory = &memory,
                                      .slow_quota = &slow_quota},
                         .memory = {.of = &memory},
                         .now_ms = 100000};
    connection_memory_open(&memory, bytes, 1, 64);
    chimera_list_init(&loop.input.loose);
    chimera_list_init(&loop.ready);
    for (unsigned i = 0; i < LOOP_PARKED; i++)
        chimera_list_init(&loop.parked[i]);
    chimera_list_init(&loop.looked);
    const struct peers_room room = {.bytes = bytes, .bytes_least = BODY_MAX, .connections = 64};
    assert_int_equal(peers_open(&loop.peers, &memory.known, &room), 0);
    loop.sets.first_fd = epoll_create1(0);
    loop.sets.others_fd = epoll_create1(0);
    lane = (struct lane){.index = 0};
    chimera_arena_init(&lane.arena, 1 << 20);
    lane_renew_body(&lane);
    chimera_buffer_init(&lane.out, 4 << 20);
    answer_status = 200;
    refused = counted = counted_status = 0;
    answer_size = 0;
    slow_quota_says = queue_says = SLOW_QUOTA_OPEN;
    account_says = 0;
    until_says = 0;
    is_handed_over = false;
    slow_ended = told = 0;
    delivered = NULL;
}

/* Nothing of any connection is left. */
static inline void close_loop(void)
{
    while (first_connection())
        connection_free(first_connection());
    assert_int_equal(atomic_load(&loop.connection_count), 0);
    assert_int_equal(atomic_load(&memory.connections), 0);
    assert_int_equal(loop.memory.held, 0);
    assert_int_equal(loop.peers.present, 0);
    assert_int_equal(loop.input.loose_count, 0);
    assert_int_equal(atomic_load(&slow_quota.waiting), 0);
    assert_int_equal(atomic_load(&memory.waiting), 0);
    assert_true(chimera_list_is_empty(&loop.ready) && chimera_list_is_empty(&loop.looked));
    assert_null(loop_first_parked(&loop));
    for (unsigned i = 0; i < 2; i++)
        for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
            assert_true(chimera_list_is_empty(&loop.peers.waiting[i].of[stage]));
    peers_close(&loop.peers);
    connection_memory_close(&memory);
    close(loop.sets.first_fd);
    close(loop.sets.others_fd);
    chimera_arena_free(&lane.arena);
    chimera_buffer_free(&lane.body);
    chimera_buffer_free(&lane.out);
}

static inline struct connection *open_from(uint8_t address)
{
    int fds[2];
    const struct peer_name name = {.bytes = {address}};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    client = fds[1];
    tls_fd = fds[0];
    loop_count(&loop, true);
    return connection_new(&loop, fds[0], &name);
}

static inline struct connection *open_one(void)
{
    struct connection *made = open_from(ADDRESS);
    assert_non_null(made);
    return made;
}

static inline void say(const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One round of the loop. False when there was nothing to do. */
static inline bool serve_once(void)
{
    struct epoll_event event;
    struct chimera_list *first = chimera_list_first(&loop.ready);
    if (epoll_wait(loop.sets.first_fd, &event, 1, 0) == 1 ||
        epoll_wait(loop.sets.others_fd, &event, 1, 0) == 1) {
        connection_on_ready(event.data.ptr, event.events);
        return true;
    }
    if (!first)
        return false;
    chimera_list_remove(first);
    connection_on_turn(CHIMERA_LIST_MEMBER(first, struct watcher, turn));
    return true;
}

static inline void serve_all(void)
{
    for (unsigned i = 0; serve_once(); i++)
        assert_true(i < 10000);
}

static char heard[256 * 1024];
static size_t heard_size;
static bool is_ended; /* the server's side */

/* What has come since the last time. */
static inline const char *hear(void)
{
    size_t size = 0;
    ssize_t count;
    while ((count = recv(client, heard + size, sizeof(heard) - 1 - size, 0)) > 0)
        size += (size_t)count;
    is_ended = count == 0;
    heard_size = size;
    heard[size] = '\0';
    return heard;
}

static inline unsigned status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (unsigned)atoi(answer + 9) : 0;
}

#define HEAD_OF(path, length, more)                                                     \
    "POST " path                                                                        \
    " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " length \
    "\r\n" more "\r\n"
#define REQUEST HEAD_OF("/validate/p", "2", "") "{}"
#define NOT_FOUND HEAD_OF("/nothing", "2", "") "{}"

/* Says it, and hears the answer to it. */
static inline unsigned ask(const char *text)
{
    say(text);
    serve_all();
    return status_of(hear());
}

#define MAX ((size_t)64 << 20)

static inline int set_up(void **state)
{
    (void)state;
    open_loop(MAX);
    return 0;
}

static inline int take_down(void **state)
{
    (void)state;
    close_loop();
    return 0;
}

static inline void use_tls(void)
{
    loop.tls = (SSL_CTX *)(void *)&tls_fd;
    tls.state = TLS_ST_BEFORE;
}

static inline void fill(size_t bytes) /* the room of all */
{
    memory_share_change(&loop.memory, 0, bytes);
}

static inline void assert_waits(const struct connection *connection, enum stage stage,
                                int64_t since_ms)
{
    assert_int_equal(connection->progress.stage, stage);
    assert_int_equal(connection->progress.since_ms, since_ms);
}

static inline void say_many(size_t count)
{
    static char spaces[64 * 1024];
    memset(spaces, ' ', sizeof(spaces));
    while (count > 0) {
        size_t size = count < sizeof(spaces) ? count : sizeof(spaces);
        ssize_t sent = send(client, spaces, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        count -= (size_t)sent;
        serve_all();
    }
}

static inline size_t count_answer_bytes(void)
{
    size_t all = 0, size;
    do {
        hear();
        size = heard_size;
        all += size;
        serve_all();
    } while (size > 0 && !is_ended);
    return all;
}

#endif
