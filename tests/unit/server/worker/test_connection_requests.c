/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that finds no room, its requests at their limits, and its handshake
 * (server/worker/connection.h). */
#include "tests/unit/failing_allocation.h"
#include "tests/unit/server/worker/connection_fakes.h"

/* --- Room --- */

static void who_finds_no_room_waits_by_its_merit(void **state)
{
    (void)state;
    struct connection *later = open_from(9);
    assert_int_equal(ask(REQUEST), 200);
    int later_client = client;
    struct connection *known = open_from(9), *stranger = open_from(8);
    (void)known;
    fill(MAX);
    say(REQUEST);
    serve_all();
    assert_ptr_equal(chimera_list_first(&loop.parked[0]), &stranger->watcher.turn);
    assert_int_equal(stranger->progress.stage, STAGE_NONE);
    assert_int_equal(stranger->transport.interest, 0);
    assert_int_equal(stranger->parked_ms, 100000);
    client = later_client;
    say(REQUEST);
    serve_all();
    assert_ptr_equal(chimera_list_first(&loop.parked[2]), &later->watcher.turn);
    loop.now_ms = 100700; /* still none: since when it waits does not change */
    chimera_list_remove(&stranger->watcher.turn);
    connection_on_room(&stranger->watcher, true);
    assert_ptr_equal(chimera_list_first(&loop.parked[0]), &stranger->watcher.turn);
    assert_int_equal(stranger->parked_ms, 100000);
    fill((size_t)0 - MAX);
    chimera_list_remove(&later->watcher.turn);
    connection_on_room(&later->watcher, true);
    assert_int_equal(status_of(hear()), 200);
    assert_int_equal(later->parked_ms, 0);
    assert_int_equal(later->transport.interest, EPOLLIN);
}

static void a_known_one_that_has_completed_nothing_here_waits_between(void **state)
{
    (void)state;
    open_from(9);
    assert_int_equal(ask(REQUEST), 200);
    struct connection *known = open_from(9);
    fill(MAX);
    say(REQUEST);
    serve_all();
    assert_ptr_equal(chimera_list_first(&loop.parked[1]), &known->watcher.turn);
    fill((size_t)0 - MAX);
}

static void who_gets_no_room_is_told_unless_it_cannot_be(void **state)
{
    (void)state;
    struct connection *connection = open_one();
    fill(MAX);
    say(REQUEST);
    serve_all();
    chimera_list_remove(&connection->watcher.turn);
    connection_on_room(&connection->watcher, false);
    assert_int_equal(status_of(hear()), 503);
    assert_int_equal(refused, 503);
    assert_string_equal(refused_method, "-"); /* of its head, nothing has been read */
    assert_int_equal(connection->state, CONNECTION_LINGER);
    connection_free(connection);
    use_tls();
    connection = open_one();
    connection_on_room(&connection->watcher, false);
    assert_null(first_connection());
    assert_string_equal(hear(), "");
    fill((size_t)0 - MAX);
}

static void without_room_for_a_refused_body_its_head_is_named(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(HEAD_OF("/validate/p", "100000", ""));
    serve_all();
    connection_on_room(&connection->watcher, false);
    assert_int_equal(status_of(hear()), 503);
    assert_string_equal(refused_method, "POST");
}

/* --- Requests --- */

static char long_head[HTTP_HEAD_MAX];

/* Longer than a request has room for itself. */
static const char *print_long_head(size_t query)
{
    snprintf(long_head, sizeof(long_head),
             "POST /validate/p?%0*d HTTP/1.1\r\nHost: x\r\nContent-Type: "
             "application/json\r\nContent-Length: 2\r\n\r\n",
             (int)query, 0);
    return long_head;
}

static void what_a_head_said_does_not_move_with_the_input(void **state)
{
    struct connection *connection = open_one();
    const struct http_request *request = &connection->request;
    (void)state;
    say(print_long_head(20));
    serve_all();
    memset(connection->in.data, 'x', connection->in.size);
    assert_true(chimera_slice_is(request->head.path, "/validate/p"));
    assert_true(chimera_slice_is(request->route.policy_id, "p"));
    assert_null(request->longer);
    size_t held = connection->held;
    assert_int_equal(ask("{}"), 200);
    say(print_long_head(2000));
    serve_all();
    assert_int_equal(request->head.query.size, 2000);
    assert_true(request->longer_size > 2000 && request->longer_size < 2100);
    assert_int_equal(connection->held, held + request->longer_size);
    assert_int_equal(ask("{}"), 200);
    assert_int_equal(request->longer_size, 0);
    assert_true(connection->held < held); /* nor the input's buffer */
}

/* Its head is there, but for its last byte, when room gets scarce. */
static unsigned end_head_without_room(size_t query)
{
    const char *head = print_long_head(query);
    size_t size = strlen(head);
    struct connection *connection = open_one();
    assert_int_equal(send(client, head, size - 1, MSG_NOSIGNAL), size - 1);
    serve_all();
    size_t bytes = MAX - loop.memory.held;
    fill(bytes);
    assert_int_equal(send(client, head + size - 1, 1, MSG_NOSIGNAL), 1);
    serve_all();
    unsigned status = status_of(hear());
    assert_int_equal(connection->state, status ? CONNECTION_LINGER : CONNECTION_BODY);
    fill((size_t)0 - bytes);
    return status;
}

static void a_long_head_without_room_is_told_to_come_again(void **state)
{
    (void)state;
    assert_int_equal(end_head_without_room(20), 0);
    assert_int_equal(end_head_without_room(2000), 503);
    assert_string_equal(refused_method, "-"); /* there is no room to remember who it was */
}

static void who_asks_is_told_to_go_on_once_and_only_if_it_waits(void **state)
{
    (void)state;
    open_one();
    say(HEAD_OF("/validate/p", "2", "Expect: 100-continue\r\n"));
    serve_all();
    assert_string_equal(hear(), CONTINUE);
    assert_int_equal(ask("{}"), 200);
    assert_int_equal(ask(HEAD_OF("/validate/p", "2", "Expect: 100-continue\r\n") "{}"), 200);
    assert_int_equal(ask(HEAD_OF("/validate/p", "0", "Expect: 100-continue\r\n")), 200);
    say(HEAD_OF("/validate/p", "1", "Expect: 100-continue\r\n"));
    serve_all();
    assert_string_equal(hear(), CONTINUE);
    assert_int_equal(ask("1"), 200);
    assert_int_equal(ask(HEAD_OF("/nothing", "0", "Expect: 100-continue\r\n")), 404);
    assert_false(is_ended);
    assert_int_equal(ask(HEAD_OF("/nothing", "2", "Expect: 100-continue\r\n")), 404);
    assert_true(is_ended);
}

static void who_cannot_be_told_to_go_on_is_closed(void **state)
{
    (void)state;
    open_one();
    say(HEAD_OF("/validate/p", "2", "Expect: 100-continue\r\n"));
    close(client);
    serve_all();
    assert_null(first_connection());
}

static void a_refused_body_is_dropped_and_the_connection_lives_on(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(HEAD_OF("/nothing", "100000", ""));
    serve_all();
    say_many(60000);
    assert_int_equal(connection->in.size, connection->request.head.size);
    assert_int_equal(connection->body_left, 40000);
    say_many(39999);
    assert_string_equal(hear(), "");
    assert_int_equal(ask("}" REQUEST), 404);
    assert_int_equal(connection->answered, 2);
    assert_int_equal(ask(NOT_FOUND), 404);
    assert_null(strstr(heard, "connection: close"));
}

static void bodies_have_a_limit_to_the_byte(void **state)
{
    (void)state;
    open_one();
    say(HEAD_OF("/validate/p", "1048576", ""));
    serve_all();
    say_many(BODY_MAX - 1);
    say(" ");
    serve_all();
    assert_true(count_answer_bytes() > BODY_MAX);
    assert_int_equal(ask(HEAD_OF("/validate/p", "1048577", "")), 413);
    assert_true(is_ended);
    connection_free(first_connection());
    open_one();
    assert_int_equal(ask(HEAD_OF("/nothing", "1048576", "")), 0); /* is waited for */
    connection_free(first_connection());
    open_one();
    assert_int_equal(ask(HEAD_OF("/nothing", "1048577", "")), 404);
    assert_true(is_ended); /* it is not worth the wait */
}

#define CHUNKED_HEAD                                                             \
    "POST /validate/p HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" \
    "Transfer-Encoding: chunked\r\n\r\n"

static void chunked_bodies_have_the_same_limit(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(CHUNKED_HEAD "100000\r\n");
    serve_all();
    say_many(BODY_MAX);
    assert_int_equal(connection->body_size, BODY_MAX);
    say("\r\n0\r\n\r\n");
    serve_all();
    assert_true(count_answer_bytes() > BODY_MAX);
    say(CHUNKED_HEAD "100000\r\n");
    serve_all();
    say_many(BODY_MAX);
    assert_int_equal(ask("\r\n1\r\n "), 413);
    assert_true(is_ended);
    connection_free(first_connection());
    open_one();
    assert_int_equal(ask(CHUNKED_HEAD "2\r\n{}\r\n0\r\n\r\n" NOT_FOUND), 200);
    assert_non_null(strstr(heard, "HTTP/1.1 404"));
    assert_int_equal(ask(CHUNKED_HEAD "2\r\n{}x"), 400);
    assert_true(is_ended);
}

static void an_answer_of_another_thread_goes_out_and_what_waits_goes_on(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    is_handed_over = true;
    say(REQUEST NOT_FOUND);
    serve_all();
    assert_ptr_equal(delivered, &connection->watcher);
    assert_int_equal(told, 1);
    assert_true(lane.is_detached);
    assert_int_equal(connection->state, CONNECTION_EVALUATE);
    assert_int_equal(connection->progress.stage, STAGE_NONE);
    is_handed_over = false;
    lane.is_detached = false;
    connection_on_turn(&connection->watcher);
    serve_all();
    assert_int_equal(status_of(hear()), 200);
    assert_int_equal(connection->answered, 2);
    assert_int_equal(connection->transport.interest, EPOLLIN);
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    say(REQUEST);
    serve_all();
    assert_int_equal(connection->state, CONNECTION_WAIT);
    close(client); /* while it waits that is the end of it */
    serve_all();
    assert_null(first_connection());
}

/* --- TLS --- */

static void a_handshake_has_two_stages_and_ends_in_a_fresh_connection(void **state)
{
    (void)state;
    use_tls();
    struct connection *connection = open_one();
    loop.now_ms = 100010;
    tls.says = TLS_WANTS_READ;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_waits(connection, STAGE_HELLO, 100000);
    tls.state = TLS_ST_SR_CLNT_HELLO;
    tls.says = TLS_WANTS_READ;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_waits(connection, STAGE_HELLO, 100000);
    tls.state = TLS_ST_SW_SRVR_DONE;
    tls.says = TLS_WANTS_WRITE;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_waits(connection, STAGE_HANDSHAKE, 100010);
    assert_int_equal(connection->transport.interest, EPOLLOUT);
    loop.now_ms = 100020;
    connection_on_ready(&connection->watcher, EPOLLOUT);
    assert_waits(connection, STAGE_HANDSHAKE, 100010);
    assert_int_equal(connection->transport.interest, EPOLLIN);
    close(client);
}

static void a_client_that_came_late_stays_late_through_its_handshake(void **state)
{
    (void)state;
    use_tls();
    atomic_store(&loop.is_stopping, true);
    struct connection *connection = open_one();
    tls.state = TLS_ST_SW_SRVR_DONE;
    tls.says = TLS_WANTS_READ;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_waits(connection, STAGE_LATE, 100000);
    loop.now_ms = 100100;
    end_handshake(connection);
    assert_waits(connection, STAGE_LATE, 100100);
    connection_room_enter(connection, STAGE_HANDSHAKE);
    end_handshake(connection);
    assert_waits(connection, STAGE_FRESH, 100100);
}

/* In whichever of its reads it ends. */
static void the_end_of_a_handshake_says_who_it_is(void **state)
{
    (void)state;
    use_tls();
    struct connection *connection = open_one();
    tls.state = TLS_ST_SW_SRVR_DONE;
    tls.says = TLS_WANTS_READ;
    connection_on_ready(&connection->watcher, EPOLLIN);
    loop.now_ms = 100100;
    tls.shakes = tls.has_name = true;
    tls.name = (struct peer_name){.bytes = {7}, .is_certificate = true};
    tls.says = TLS_WANTS_READ;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_waits(connection, STAGE_FRESH, 100100);
    assert_true(connection->peer->name.is_certificate);
}

static void a_stream_that_fails_or_ends_ends_the_connection(void **state)
{
    (void)state;
    use_tls();
    tls.says = TLS_FAILED;
    connection_on_ready(&open_one()->watcher, EPOLLIN);
    assert_null(first_connection());
    tls.has_shaken = true;
    struct connection *connection = open_one();
    shutdown(client, SHUT_WR);
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_null(first_connection());
    answer_size = 500000;
    connection = open_one();
    say(REQUEST);
    int little = 4096;
    setsockopt(tls_fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_int_equal(connection->state, CONNECTION_WRITE);
    assert_int_equal(connection->transport.interest, EPOLLOUT);
    tls.says = TLS_WANTS_READ; /* in the midst of writing */
    connection_on_ready(&connection->watcher, EPOLLOUT);
    assert_int_equal(connection->transport.interest, EPOLLIN);
    tls.says = TLS_FAILED;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_null(first_connection());
}

/* What OpenSSL has read ahead, epoll does not tell. */
static void what_was_read_ahead_is_read(void **state)
{
    (void)state;
    use_tls();
    tls.has_shaken = true;
    struct connection *connection = open_one();
    say("POST /validate/p HTTP/1.1\r\nHost: x\r\n");
    tls.pending = 1;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_true(tls.pending < 1); /* it has looked */
    assert_waits(connection, STAGE_HEAD, 100000);
    say("Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    connection_on_turn(&connection->watcher);
    assert_int_equal(connection->answered, 1);
    assert_int_equal(connection->progress.stage, STAGE_IDLE);
}

static void without_tls_or_memory_there_is_no_connection(void **state)
{
    (void)state;
    use_tls();
    tls.refuses = true;
    assert_null(open_from(3));
    loop_count(&loop, false);
    assert_int_equal(loop.peers.count, 0);
    assert_int_equal(fcntl(tls_fd, F_GETFD), -1);
    tls.refuses = false;
    int epoll_fd = loop.sets.others_fd;
    loop.sets.others_fd = -1;
    assert_null(open_from(3));
    loop_count(&loop, false);
    assert_int_equal(tls.freed, 1);
    assert_int_equal(fcntl(tls_fd, F_GETFD), -1);
    loop.sets.others_fd = epoll_fd;
    for (unsigned long n = 1; n <= 2 && CAN_FAIL_ALLOCATIONS; n++) { /* of it, of its peer */
        fail_allocation(n);
        assert_null(open_from(3));
        fail_allocation(0);
        loop_count(&loop, false);
        assert_int_equal(loop.peers.count, 0);
        assert_int_equal(fcntl(tls_fd, F_GETFD), -1);
    }
}

static void a_loop_has_a_list_of_its_connections(void **state)
{
    struct connection *a = open_one(), *b = open_one(), *c = open_one();
    (void)state;
    assert_ptr_equal(first_connection(), c);
    connection_free(b);
    assert_ptr_equal(c->watcher.next, &a->watcher);
    assert_ptr_equal(a->watcher.previous, &c->watcher);
    connection_free(c);
    assert_ptr_equal(first_connection(), a);
    assert_null(a->watcher.previous);
    b = open_one();
    connection_free(a);
    assert_ptr_equal(first_connection(), b);
    assert_null(b->watcher.next);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(who_finds_no_room_waits_by_its_merit),
        TEST(a_known_one_that_has_completed_nothing_here_waits_between),
        TEST(who_gets_no_room_is_told_unless_it_cannot_be),
        TEST(without_room_for_a_refused_body_its_head_is_named),
        TEST(what_a_head_said_does_not_move_with_the_input),
        TEST(a_long_head_without_room_is_told_to_come_again),
        TEST(who_asks_is_told_to_go_on_once_and_only_if_it_waits),
        TEST(who_cannot_be_told_to_go_on_is_closed),
        TEST(a_refused_body_is_dropped_and_the_connection_lives_on),
        TEST(bodies_have_a_limit_to_the_byte),
        TEST(chunked_bodies_have_the_same_limit),
        TEST(an_answer_of_another_thread_goes_out_and_what_waits_goes_on),
        TEST(a_handshake_has_two_stages_and_ends_in_a_fresh_connection),
        TEST(a_client_that_came_late_stays_late_through_its_handshake),
        TEST(the_end_of_a_handshake_says_who_it_is),
        TEST(a_stream_that_fails_or_ends_ends_the_connection),
        TEST(what_was_read_ahead_is_read),
        TEST(without_tls_or_memory_there_is_no_connection),
        TEST(a_loop_has_a_list_of_its_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
