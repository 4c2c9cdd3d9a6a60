/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection waits for and since when, and how it ends in each state
 * (server/worker/connection.h). What goes over the wire is tests/e2e/server's. */
#include "tests/unit/server/worker/connection_fakes.h"

/* --- What it waits for --- */

static void each_part_of_a_request_is_a_stage(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    assert_waits(connection, STAGE_FRESH, 100000);
    loop.now_ms = 100010;
    say("POST /valid");
    serve_all();
    assert_waits(connection, STAGE_HEAD, 100010);
    assert_int_equal(connection->arrived_ms, 100010);
    assert_int_equal(loop.input.loose_count, 1); /* it may be packed while it waits */
    loop.now_ms = 100020;
    say("ate/p HTTP/1.1\r\nHost: x\r\n");
    serve_all();
    assert_waits(connection, STAGE_HEAD, 100010); /* a few bytes are no progress */
    loop.now_ms = 100030;
    say("Content-Type: application/json\r\nContent-Length: 3\r\n\r\n{");
    serve_all();
    assert_waits(connection, STAGE_BODY, 100030);
    assert_int_equal(connection->arrived_ms, 100010);
    loop.now_ms = 100040;
    assert_int_equal(ask("}\n"), 200);
    assert_waits(connection, STAGE_IDLE, 100040);
    assert_int_equal(connection->in.capacity, 0);
    loop.now_ms = 100050;
    say("P");
    serve_all();
    assert_waits(connection, STAGE_LATER_HEAD, 100050);
    assert_int_equal(connection->arrived_ms, 100050);
    loop.now_ms = 100060;
    say("OST /validate/p HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n");
    serve_all();
    assert_waits(connection, STAGE_LATER_BODY, 100060);
    assert_int_equal(ask("{}"), 200);
    assert_waits(connection, STAGE_IDLE, 100060);
    assert_int_equal(connection->answered, 2);
}

/* It is no client that we know: it has got nothing but refusals. */
static void who_got_only_refusals_is_as_fresh_as_before(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    assert_int_equal(ask(NOT_FOUND), 404);
    assert_waits(connection, STAGE_FRESH, 100000);
    loop.now_ms = 100500;
    assert_int_equal(ask(NOT_FOUND), 404);
    assert_waits(connection, STAGE_FRESH, 100500);
    assert_false(connection->peer->is_known);
    assert_int_equal(counted, 2);
    assert_int_equal(counted_status, 404);
    loop.now_ms = 100000;
    say("P");
    serve_all();
    assert_waits(connection, STAGE_HEAD, 100000);
}

static void the_first_stage_is_that_of_the_protocol(void **state)
{
    (void)state;
    use_tls();
    struct connection *connection = open_one();
    assert_waits(connection, STAGE_HELLO, 100000);
    assert_int_equal(connection->arrived_ms, 100000);
    atomic_store(&loop.is_stopping, true);
    assert_waits(open_one(), STAGE_LATE, 100000);
    loop.tls = NULL;
    assert_waits(open_one(), STAGE_LATE, 100000);
}

static void a_body_that_comes_renews_its_time_until_its_deadline(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(HEAD_OF("/validate/p", "1048576", ""));
    serve_all();
    assert_int_equal(connection->deadline_ms, 100000 + BODY_MS + 16 * 1000);
    loop.now_ms = 100500;
    say_many(PROGRESS_BYTES - 1);
    assert_waits(connection, STAGE_BODY, 100000);
    say_many(1);
    assert_waits(connection, STAGE_BODY, 100500);
    loop.now_ms = connection->deadline_ms - 1;
    say_many(PROGRESS_BYTES);
    assert_waits(connection, STAGE_BODY, connection->deadline_ms - 1);
    loop.now_ms++;
    say_many(2 * PROGRESS_BYTES);
    assert_waits(connection, STAGE_BODY, connection->deadline_ms - 1);
}

/* Bytes of a head never do: there are not so many of a request. */
static void a_head_that_comes_does_not_renew_its_time(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say("\r\n");
    serve_all();
    assert_waits(connection, STAGE_FRESH, 100000);
    assert_int_equal(connection->in.capacity, 0); /* one empty line too many is nothing */
    loop.now_ms = 100900;
    say("P");
    serve_all();
    connection_room_progress(connection, 2 * PROGRESS_BYTES);
    assert_waits(connection, STAGE_HEAD, 100900);
    loop.now_ms = 101000;
    connection_room_progress(connection, 2 * PROGRESS_BYTES);
    assert_waits(connection, STAGE_HEAD, 100900);
    assert_int_equal(connection->in.size, 1);
}

static struct connection *ask_for_much(void)
{
    struct connection *connection = open_one();
    int little = 4096;
    setsockopt(tls_fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    answer_size = 500000;
    say(REQUEST);
    serve_all();
    assert_int_equal(connection->state, CONNECTION_WRITE);
    return connection;
}

static void an_answer_that_is_read_renews_its_time(void **state)
{
    struct connection *connection = ask_for_much();
    (void)state;
    assert_waits(connection, STAGE_ANSWER, 100000);
    assert_true(connection->out.capacity > 400000);
    assert_int_equal(connection->held, size_of(connection));
    assert_false(chimera_list_is_empty(&connection->looked));
    loop.now_ms = 101000;
    say("P"); /* which is not read yet */
    serve_all();
    assert_int_equal(connection->in.size, 0);
    char some[100];
    assert_int_equal(recv(client, some, sizeof(some), 0), sizeof(some));
    serve_all();
    assert_waits(connection, STAGE_ANSWER, 100000);
    size_t all = sizeof(some) + count_answer_bytes();
    assert_in_range(all, 500002 + 50, 500002 + 200); /* with its head */
    assert_int_equal(connection->transport.interest, EPOLLIN);
    assert_waits(connection, STAGE_LATER_HEAD, 101000);
    assert_int_equal(connection->out.capacity, 0);
    assert_int_equal(connection->out_at, 0);
    assert_int_equal(connection->held, size_of(connection));
}

static void a_part_of_an_answer_is_progress(void **state)
{
    struct connection *connection = ask_for_much();
    (void)state;
    loop.now_ms = 101000;
    for (size_t at = connection->out_at; connection->out_at < at + PROGRESS_BYTES; serve_all())
        assert_true(recv(client, heard, 4096, 0) > 0);
    assert_waits(connection, STAGE_ANSWER, 101000);
    assert_true(count_answer_bytes() > 400000);
    assert_waits(connection, STAGE_IDLE, 101000);
    assert_int_equal(connection->held, size_of(connection));
}

/* However short it is. What has come with its request waits, and may be packed. */
static void an_answer_that_nothing_of_is_taken_is_kept_whole(void **state)
{
    struct connection *connection = open_one();
    static char junk[4096];
    (void)state;
    while (send(tls_fd, junk, sizeof(junk), 0) > 0)
        ;
    say(REQUEST "P");
    serve_all();
    assert_int_equal(connection->state, CONNECTION_WRITE);
    assert_false(chimera_list_is_empty(&connection->looked));
    assert_int_equal(loop.input.loose_count, 1);
    connection_on_ready(&connection->watcher, EPOLLOUT); /* for nothing */
    assert_true(connection->out.size > 50);
    while (recv(client, heard, sizeof(heard), 0) > 0)
        ;
    connection_on_ready(&connection->watcher, EPOLLOUT);
    assert_int_equal(status_of(hear()), 200);
    assert_string_equal(strstr(heard, "\r\n\r\n"), "\r\n\r\n{}");
    assert_int_equal(connection->transport.interest, EPOLLIN);
    assert_int_equal(connection->held, size_of(connection));
}

/* Each part goes on where the one before ended. */
static void an_answer_may_go_out_in_parts(void **state)
{
    (void)state;
    use_tls();
    tls.has_shaken = true;
    open_one();
    for (tls.leaves = 1; tls.leaves < 10;) {
        size_t leaves = tls.leaves;
        say(REQUEST);
        serve_all();
        assert_int_equal(status_of(hear()), 200);
        assert_string_equal(strstr(heard, "\r\n\r\n"), "\r\n\r\n{}");
        tls.leaves = leaves + 1;
    }
}

/* Other answers of the same thread are made where it was to be. */
static void an_answer_without_memory_ends_its_connection_only(void **state)
{
    (void)state;
    chimera_buffer_free(&lane.out);
    chimera_buffer_init(&lane.out, 400);
    open_one();
    answer_size = 1000;
    assert_int_equal(ask(REQUEST), 0);
    assert_true(is_ended);
    assert_null(first_connection());
    answer_size = 0;
    open_one();
    assert_int_equal(ask(REQUEST), 200);
}

static void an_answer_for_which_there_is_no_room_ends_the_connection(void **state)
{
    (void)state;
    open_one();
    int little = 4096;
    setsockopt(tls_fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    answer_size = 500000;
    fill(MAX - 400000);
    say(REQUEST);
    serve_all();
    assert_null(first_connection());
    fill((size_t)400000 - MAX);
}

/* The client has gone. */
static void an_answer_that_cannot_be_sent_ends_the_connection(void **state)
{
    (void)state;
    ask_for_much();
    close(client);
    serve_all();
    assert_null(first_connection());
    open_one();
    say(REQUEST);
    close(client);
    serve_all();
    assert_null(first_connection());
}

static void several_requests_at_once_take_turns_with_others(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(REQUEST REQUEST REQUEST);
    for (unsigned i = 1; i <= 3; i++) {
        loop.now_ms++;
        assert_true(serve_once());
        assert_int_equal(connection->answered, i);
        assert_int_equal(connection->arrived_ms, loop.now_ms);
        assert_int_equal(chimera_list_is_empty(&loop.ready), i == 3);
        assert_int_equal(connection->progress.stage, i == 3 ? STAGE_IDLE : STAGE_LATER_HEAD);
    }
    assert_int_equal(status_of(hear()), 200);
    say("P");
    serve_all();
    assert_int_equal(ask("OST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 404);
}

static void a_byte_of_the_next_request_is_kept(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    assert_int_equal(ask(REQUEST "H"), 200);
    connection_on_ready(&connection->watcher, EPOLLIN); /* for nothing */
    assert_int_equal(connection->in.size, 1);
    answer_size = 3;
    assert_int_equal(ask("EAD /nothing HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    assert_int_equal(strlen(strstr(heard, "\r\n\r\n")), 4); /* of such a one, no body */
    assert_int_equal(ask("POST /validate/p HTTP/1.0\r\nConnection: keep-alive\r\nContent-Type: "
                         "application/json\r\nContent-Length: 2\r\n\r\n{}"),
                     200);
    assert_non_null(strstr(heard, "connection: keep-alive"));
}

static void a_wake_for_nothing_takes_no_buffer(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_int_equal(connection->in.capacity, 0);
    assert_int_equal(connection->held, size_of(connection));
}

/* Its turn comes without that; until then epoll says nothing more. */
static void what_comes_before_its_turn_is_left_in_the_socket(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say(REQUEST REQUEST);
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_int_equal(connection->answered, 1);
    say(REQUEST);
    connection_on_ready(&connection->watcher, EPOLLIN);
    assert_int_equal(connection->answered, 1);
    assert_int_equal(connection->transport.interest, 0);
    serve_all();
    assert_int_equal(connection->answered, 3);
    assert_int_equal(connection->transport.interest, EPOLLIN);
}

/* --- How it ends --- */

static void what_is_still_sent_is_dropped_until_the_client_closes(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    loop.now_ms = 100100;
    assert_int_equal(ask("nonsense\r\n\r\nmore"), 400);
    assert_true(is_ended);
    assert_int_equal(connection->state, CONNECTION_LINGER);
    assert_waits(connection, STAGE_LINGER, 100100);
    assert_int_equal(connection->in.capacity, 0);
    assert_int_equal(refused, 400);
    say_many(100000);
    assert_int_equal(connection->body_left, LINGER_BYTES_MAX - 100000);
    connection_on_ready(&connection->watcher, EPOLLIN); /* of nothing */
    assert_ptr_equal(first_connection(), connection);
    say_many(1);
    assert_int_equal(connection->body_left, LINGER_BYTES_MAX - 100001);
    connection->body_left = 10;
    say_many(9);
    assert_int_equal(connection->body_left, 1);
    say_many(1); /* it has sent enough */
    assert_null(first_connection());
    open_one();
    assert_int_equal(ask("nonsense\r\n\r\n"), 400);
    shutdown(client, SHUT_WR);
    serve_all();
    assert_null(first_connection());
}

static void one_that_has_sent_no_more_is_closed_at_once(void **state)
{
    (void)state;
    open_one();
    assert_int_equal(ask(HEAD_OF("/validate/p", "2", "Connection: close\r\n") "{}"), 200);
    assert_true(is_ended);
    assert_null(first_connection());
    open_one();
    assert_int_equal(ask(HEAD_OF("/validate/p", "2", "Connection: close\r\n") "{}a"), 200);
    assert_true(is_ended);
    assert_int_equal(first_connection()->state, CONNECTION_LINGER);
    connection_free(first_connection());
    struct connection *connection = open_one(); /* one that has to wait for its client's reads */
    int little = 4096;
    setsockopt(tls_fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
    answer_size = 500000;
    say(HEAD_OF("/validate/p", "2", "Connection: close\r\n") "{}and");
    serve_all();
    assert_true(count_answer_bytes() > 499000);
    assert_int_equal(connection->state, CONNECTION_LINGER);
    assert_int_equal(connection->transport.interest, EPOLLIN);
}

static void who_is_too_slow_is_told_if_it_has_begun(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    connection_on_time(&connection->watcher);
    assert_null(first_connection());
    assert_string_equal(hear(), "");
    connection = open_one();
    say("P");
    serve_all();
    connection_on_time(&connection->watcher);
    assert_int_equal(status_of(hear()), 408);
    assert_true(is_ended);
    connection_on_time(&connection->watcher); /* and nor does it linger for ever */
    assert_null(first_connection());
    connection = open_one();
    say(HEAD_OF("/validate/p", "2", ""));
    serve_all();
    connection_on_time(&connection->watcher);
    assert_int_equal(status_of(hear()), 408);
    connection_free(connection);
    connection = open_one();
    slow_quota_says = SLOW_QUOTA_POLICY_BUSY;
    say(REQUEST);
    serve_all();
    assert_int_equal(connection->state, CONNECTION_WAIT);
    connection->state = CONNECTION_EVALUATE; /* that has a limit of its own */
    connection_on_time(&connection->watcher);
    assert_ptr_equal(first_connection(), connection);
    connection->state = CONNECTION_WAIT;
}

/* A request that does not come to its end, and is no more to be heard. */
static void a_drain_leaves_what_has_begun_and_waits_for_who_has_not(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    loop.now_ms = 100500;
    connection_on_drain(&connection->watcher);
    assert_waits(connection, STAGE_LATE, 100000); /* as long as one that comes now */
    say("P");
    serve_all();
    connection_on_drain(&connection->watcher);
    assert_waits(connection, STAGE_HEAD, 100500);
    connection_free(connection);
    connection = open_one();
    assert_int_equal(ask(REQUEST), 200);
    connection_on_drain(&connection->watcher);
    assert_null(first_connection());
    hear();
    assert_true(is_ended);
    connection = open_one();
    say(HEAD_OF("/validate/p", "2", ""));
    serve_all();
    connection_on_drain(&connection->watcher);
    assert_waits(connection, STAGE_BODY, 100500);
    atomic_store(&loop.is_draining, true);
    assert_int_equal(ask("{}"), 200);
    assert_non_null(strstr(heard, "connection: close"));
    assert_true(is_ended);
}

/* What was lingered for is over: it answers nothing any more. */
static void a_drain_does_not_linger_for_an_idle_one(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    assert_int_equal(ask(REQUEST "\r\n"), 200);
    connection->lingers = true;
    connection_on_drain(&connection->watcher);
    assert_null(first_connection());
}

static void a_drain_leaves_a_request_that_was_not_read_yet(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    assert_int_equal(ask(REQUEST), 200);
    loop.now_ms = 100500;
    say(REQUEST);
    connection_on_drain(&connection->watcher);
    assert_waits(connection, STAGE_LATE, 100000);
    atomic_store(&loop.is_draining, true);
    serve_all();
    assert_int_equal(status_of(hear()), 200);
    assert_non_null(strstr(heard, "connection: close"));
    assert_true(is_ended);
}

static void under_pressure_only_a_body_that_comes_is_answered(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    connection_on_pressure(&connection->watcher);
    assert_null(first_connection());
    assert_string_equal(hear(), "");
    assert_true(is_ended);
    connection = open_one();
    say(HEAD_OF("/validate/p", "2000", ""));
    serve_all();
    say_many(ANSWERED_BYTES - 1 - connection->in.size);
    connection_on_pressure(&connection->watcher);
    assert_null(first_connection());
    assert_string_equal(hear(), "");
    connection = open_one();
    say(HEAD_OF("/validate/p", "2000", ""));
    serve_all();
    say_many(ANSWERED_BYTES - connection->in.size);
    connection_on_pressure(&connection->watcher);
    assert_int_equal(status_of(hear()), 503);
    assert_int_equal(connection->state, CONNECTION_LINGER);
}

/* TLS says it is the end where a request may be on its way, so that the client can tell. */
static void an_idle_one_is_ended_properly_under_pressure(void **state)
{
    (void)state;
    use_tls();
    struct connection *connection = open_one();
    tls.has_shaken = true;
    connection_room_enter(connection, STAGE_FRESH);
    connection_on_pressure(&connection->watcher);
    assert_int_equal(tls.shut, 1);
    connection = open_one();
    connection_room_enter(connection, STAGE_IDLE);
    connection_on_pressure(&connection->watcher);
    assert_int_equal(tls.shut, 2);
    connection = open_one();
    connection_room_enter(connection, STAGE_HEAD);
    connection_on_pressure(&connection->watcher);
    assert_int_equal(tls.shut, 2);
    assert_int_equal(tls.freed, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(each_part_of_a_request_is_a_stage),
        TEST(who_got_only_refusals_is_as_fresh_as_before),
        TEST(the_first_stage_is_that_of_the_protocol),
        TEST(a_body_that_comes_renews_its_time_until_its_deadline),
        TEST(a_head_that_comes_does_not_renew_its_time),
        TEST(an_answer_that_is_read_renews_its_time),
        TEST(a_part_of_an_answer_is_progress),
        TEST(an_answer_that_nothing_of_is_taken_is_kept_whole),
        TEST(an_answer_may_go_out_in_parts),
        TEST(an_answer_without_memory_ends_its_connection_only),
        TEST(an_answer_for_which_there_is_no_room_ends_the_connection),
        TEST(an_answer_that_cannot_be_sent_ends_the_connection),
        TEST(several_requests_at_once_take_turns_with_others),
        TEST(a_byte_of_the_next_request_is_kept),
        TEST(a_wake_for_nothing_takes_no_buffer),
        TEST(what_comes_before_its_turn_is_left_in_the_socket),
        TEST(what_is_still_sent_is_dropped_until_the_client_closes),
        TEST(one_that_has_sent_no_more_is_closed_at_once),
        TEST(who_is_too_slow_is_told_if_it_has_begun),
        TEST(a_drain_leaves_what_has_begun_and_waits_for_who_has_not),
        TEST(a_drain_does_not_linger_for_an_idle_one),
        TEST(a_drain_leaves_a_request_that_was_not_read_yet),
        TEST(under_pressure_only_a_body_that_comes_is_answered),
        TEST(an_idle_one_is_ended_properly_under_pressure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
