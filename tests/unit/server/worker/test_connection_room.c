/* SPDX-License-Identifier: Apache-2.0 */
/* What a connection takes, whose it is, and what lies in its socket
 * (server/worker/connection_room.h, server/client/transport.h). */
#include "tests/unit/server/worker/connection_fakes.h"

/* As the one that waits in a stage; the place of a test's connection is the loop's only one. */
static struct connection *wait_in(enum stage stage)
{
    struct connection *connection = open_one();
    connection_room_enter(connection, stage);
    return connection;
}

/* --- What it takes --- */

static void loop_and_peer_are_charged_with_all_that_is_there(void **state)
{
    (void)state;
    use_tls();
    tls.takes = 5000;
    struct connection *connection = open_one();
    tls.takes = 0;
    assert_int_equal(connection->held, BASE_BYTES + 5000);
    connection->kernel_bytes = 100;
    chimera_buffer_init(&connection->out, 1000);
    assert_int_equal(chimera_buffer_append(&connection->out, CHIMERA_SLICE("x")), 0);
    connection->in = connection->out;
    connection_room_charge(connection);
    size_t held = BASE_BYTES + 5100 + 2 * connection->out.capacity;
    assert_int_equal(connection->held, held);
    assert_int_equal(connection->peer->held, held);
    assert_int_equal(loop.memory.held, held);
    connection->in = (struct chimera_buffer){0};
    struct connection *other = open_one();
    assert_int_equal(other->peer->held, held + BASE_BYTES);
    connection_free(other);
    assert_int_equal(loop.memory.held, held);
    assert_int_equal(loop.peers.present, 1);
    peers_note_completed(&loop.peers, connection->peer, loop.now_ms);
    struct peer *peer = connection->peer;
    connection_free(connection);
    assert_int_equal(peer->held, 0);
    assert_int_equal(peer->connections, 0);
}

static void what_a_connection_does_renews_its_progress(void **state)
{
    struct connection *connection = wait_in(STAGE_BODY);
    (void)state;
    connection->deadline_ms = 200000;
    connection_room_progress(connection, PROGRESS_BYTES - 1);
    assert_int_equal(connection->progressed, PROGRESS_BYTES - 1);
    loop.now_ms++;
    connection_room_progress(connection, 1);
    assert_waits(connection, STAGE_BODY, 100001);
    assert_int_equal(connection->progressed, 0);
    loop.now_ms = 199999;
    connection_room_progress(connection, PROGRESS_BYTES);
    assert_waits(connection, STAGE_BODY, 199999);
    loop.now_ms = 200000;
    connection_room_progress(connection, PROGRESS_BYTES);
    assert_waits(connection, STAGE_BODY, 199999);
    connection_room_enter(connection, STAGE_LATER_BODY);
    connection->deadline_ms = 300000;
    loop.now_ms++;
    connection_room_progress(connection, PROGRESS_BYTES);
    assert_waits(connection, STAGE_LATER_BODY, 200001);
    connection_room_enter(connection, STAGE_LINGER); /* nor does this in time */
    loop.now_ms++;
    connection_room_progress(connection, PROGRESS_BYTES);
    assert_waits(connection, STAGE_LINGER, 200001);
    connection->deadline_ms = 0;
    connection_room_enter(connection, STAGE_ANSWER); /* and this whenever it is */
    loop.now_ms++;
    connection_room_progress(connection, PROGRESS_BYTES);
    assert_waits(connection, STAGE_ANSWER, 200003);
}

static void only_a_body_of_late_is_getting_on(void **state)
{
    struct connection *connection = wait_in(STAGE_BODY);
    (void)state;
    connection->in.size = 1000;
    loop.now_ms += GETTING_ON_MS - 1;
    assert_true(connection_room_is_getting_on(connection, 1000));
    assert_false(connection_room_is_getting_on(connection, 1001));
    loop.now_ms++;
    assert_false(connection_room_is_getting_on(connection, 1000));
    connection_room_enter(connection, STAGE_LATER_BODY);
    assert_true(connection_room_is_getting_on(connection, 1000));
    connection_room_enter(connection, STAGE_HEAD);
    assert_false(connection_room_is_getting_on(connection, 1000));
    connection->in.size = 0;
}

static void who_has_sent_what_we_have_not_read_is_excused(void **state)
{
    struct connection *connection = wait_in(STAGE_HEAD);
    (void)state;
    loop.now_ms++;
    assert_false(connection_room_excuse(connection));
    assert_waits(connection, STAGE_HEAD, 100000);
    say("P");
    assert_true(connection_room_excuse(connection));
    assert_waits(connection, STAGE_HEAD, 100001);
    connection_room_enter(connection, STAGE_ANSWER); /* it is to read, first */
    assert_false(connection_room_excuse(connection));
    connection_room_enter(connection, STAGE_LINGER);
    assert_false(connection_room_excuse(connection));
    loop.now_ms++;
    chimera_list_append(&loop.ready, &connection->watcher.turn);
    assert_true(connection_room_excuse(connection));
    assert_waits(connection, STAGE_LINGER, 100002);
}

/* --- Whose it is --- */

static void who_completes_requests_is_preferred_and_who_is_forgotten_is_not(void **state)
{
    struct connection *connection = open_one();
    struct epoll_event event;
    (void)state;
    assert_false(connection->transport.is_preferred);
    assert_int_equal(ask(REQUEST), 200);
    assert_int_equal(ask(REQUEST), 200);
    assert_true(connection->transport.is_preferred);
    assert_int_equal(connection->peer->preferred, 1);
    say("P");
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 0);
    assert_int_equal(epoll_wait(loop.sets.first_fd, &event, 1, 0), 1);
    assert_ptr_equal(event.data.ptr, connection);
    connection_on_ready(&connection->watcher, EPOLLIN);
    forget_peer(&loop.peers, connection->peer);
    loop.now_ms += STAYS_MS;
    loop.peers.known_count = PEERS_KNOWN_MAX; /* of which none may be replaced */
    struct peer other = {.completed_ms = loop.now_ms};
    chimera_list_init(&other.known);
    chimera_list_append(&loop.peers.known, &other.known);
    assert_int_equal(ask("OST /validate/p HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                         "Content-Length: 0\r\n\r\n"),
                     200);
    assert_int_equal(ask(REQUEST), 200);
    assert_false(connection->transport.is_preferred);
    assert_int_equal(connection->peer->preferred, 0);
    say("P");
    assert_int_equal(epoll_wait(loop.sets.first_fd, &event, 1, 0), 0);
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 1);
    chimera_list_remove(&other.known);
    loop.peers.known_count = 0;
}

static void a_new_connection_of_a_known_one_is_preferred_while_there_are_few(void **state)
{
    (void)state;
    open_one();
    assert_int_equal(ask(REQUEST), 200);
    struct connection *second = open_one();
    assert_true(second->transport.is_preferred);
    assert_int_equal(second->peer->preferred, 2);
    second->peer->preferred = PREFERRED_MAX;
    struct connection *third = open_one();
    assert_false(third->transport.is_preferred);
    assert_int_equal(ask(REQUEST), 200);
    assert_false(third->transport.is_preferred); /* there are enough */
    assert_int_equal(third->peer->preferred, PREFERRED_MAX);
    connection_free(third);
    connection_free(second);
    assert_int_equal(first_connection()->peer->preferred, PREFERRED_MAX - 1);
    first_connection()->peer->preferred = 1;
}

/* It need not change its place for what is left of it. */
static void one_that_ends_behind_its_answer_stays_where_it_is(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    assert_int_equal(ask(HEAD_OF("/validate/p", "2", "Connection: close\r\n") "{}more"), 200);
    assert_true(connection->peer->is_known);
    assert_false(connection->transport.is_preferred);
}

static void a_certificate_takes_its_connections_from_its_address(void **state)
{
    (void)state;
    use_tls();
    struct connection *connection = wait_in(STAGE_HANDSHAKE), *other = open_one();
    struct peer *address = connection->peer;
    size_t held = connection->held;
    connection_room_note_handshake(other); /* without a certificate */
    assert_ptr_equal(other->peer, address);
    assert_false(address->is_known);
    tls.has_name = true;
    tls.name = (struct peer_name){.bytes = {7}, .is_certificate = true};
    loop.now_ms++;
    connection_room_note_handshake(connection);
    assert_ptr_not_equal(connection->peer, address);
    assert_true(are_same(&connection->peer->name, &tls.name));
    assert_int_equal(connection->progress.stage, STAGE_NONE);
    assert_true(address->is_known); /* its next handshake is made before strangers' */
    assert_int_equal(address->completed_ms, 100001);
    assert_int_equal(address->connections, 1);
    assert_int_equal(address->held, other->held);
    assert_int_equal(connection->peer->held, held);
    assert_int_equal(connection->peer->connections, 1);
    assert_false(connection->transport.is_preferred); /* it has not completed anything */
    peers_note_completed(&loop.peers, connection->peer, loop.now_ms);
    connection_room_note_handshake(other);
    assert_ptr_equal(other->peer, connection->peer);
    assert_true(other->transport.is_preferred);
    assert_int_equal(other->peer->preferred, 1);
    struct connection *third = open_one(); /* of the address, which is known now */
    assert_true(third->transport.is_preferred);
    assert_int_equal(address->preferred, 1);
    connection_room_note_handshake(third);
    assert_true(third->transport.is_preferred);
    assert_int_equal(address->preferred, 0);
    assert_int_equal(address->held, 0);
    assert_int_equal(third->peer->preferred, 2);
}

/* --- What lies in the socket --- */

static void answers_of_8_kilobytes_have_the_socket_looked_at(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    connection_room_note_answer(connection, LOOK_BYTES - 1, 404);
    assert_true(chimera_list_is_empty(&connection->looked));
    assert_false(connection->has_completed);
    connection_room_note_answer(connection, 1, 200);
    assert_false(chimera_list_is_empty(&connection->looked));
    assert_true(connection->has_completed);
    assert_int_equal(connection->answer_bytes, LOOK_BYTES);
    connection_room_look_at_some(&loop);
    assert_int_equal(connection->answer_bytes, 0);
    assert_true(chimera_list_is_empty(&connection->looked));
}

/* Bytes of a socket pair lie with the one that is to read them, so the unsent ones are made up. */
static void an_answer_that_is_not_taken_is_waited_for(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    connection->has_completed = true;
    connection_room_enter(connection, STAGE_IDLE);
    loop.now_ms++;
    connection->unsent = 1;
    correct_stage(connection, 0);
    assert_waits(connection, STAGE_ANSWER, 100001);
    loop.now_ms++;
    correct_stage(connection, PROGRESS_BYTES - 1);
    assert_waits(connection, STAGE_ANSWER, 100001);
    correct_stage(connection, 1);
    assert_waits(connection, STAGE_ANSWER, 100002);
    connection->unsent = 0;
    correct_stage(connection, 0);
    assert_waits(connection, STAGE_IDLE, 100002);
    loop.now_ms++;
    correct_stage(connection, PROGRESS_BYTES);
    assert_waits(connection, STAGE_IDLE, 100002); /* nothing was unsent */
    connection->has_completed = false;
    connection_room_enter(connection, STAGE_FRESH);
    connection->unsent = 1;
    correct_stage(connection, 0);
    assert_waits(connection, STAGE_ANSWER, 100003);
    connection->unsent = 0;
    correct_stage(connection, 0);
    assert_waits(connection, STAGE_FRESH, 100003);
    connection->unsent = 1;
    connection_room_enter(connection, STAGE_LINGER);
    correct_stage(connection, 0);
    assert_int_equal(connection->progress.stage, STAGE_LINGER);
}

static void with_a_request_under_way_the_stage_is_its_own(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    connection->unsent = 1;
    connection->state = CONNECTION_BODY;
    correct_stage(connection, 0);
    assert_int_equal(connection->progress.stage, STAGE_FRESH);
    connection->state = CONNECTION_HEAD;
    connection->in.size = 1;
    correct_stage(connection, 0);
    assert_int_equal(connection->progress.stage, STAGE_FRESH);
    connection->in.size = 0;
    correct_stage(connection, 0);
    assert_int_equal(connection->progress.stage, STAGE_ANSWER);
}

static void what_lies_in_the_socket_is_charged_and_looked_at_again(void **state)
{
    struct connection *connection = open_one();
    (void)state;
    say("Twelve bytes");
    connection_room_look_later(connection);
    connection_room_look_at_some(&loop);
    assert_int_equal(connection->kernel_bytes, 12);
    assert_int_equal(connection->held, BASE_BYTES + 12);
    assert_false(chimera_list_is_empty(&connection->looked));
    char bytes[12];
    assert_int_equal(recv(tls_fd, bytes, 12, 0), 12);
    connection_room_look_at_some(&loop);
    assert_int_equal(connection->held, BASE_BYTES);
    assert_true(chimera_list_is_empty(&connection->looked));
}

/* What a client takes of an answer is progress, as far as it is known. */
static void what_was_taken_is_the_difference(void **state)
{
    struct connection *connection = wait_in(STAGE_ANSWER);
    char bytes[100] = "";
    (void)state;
    assert_int_equal(transport_send(&connection->transport, bytes, sizeof(bytes)), sizeof(bytes));
    size_t unsent =
        transport_unsent(&connection->transport); /* more than the bytes, of a socket pair */
    assert_true(unsent >= sizeof(bytes));
    assert_int_equal(transport_unread(&connection->transport), 0);
    connection->unsent = unsent + 77;
    look_at(connection);
    assert_int_equal(connection->unsent, unsent);
    assert_int_equal(connection->progressed, 77);
    look_at(connection);
    assert_int_equal(connection->progressed, 77);
    connection->unsent = 0; /* more than before: nothing was taken */
    look_at(connection);
    assert_int_equal(connection->progressed, 77);
    assert_int_equal(connection->kernel_bytes, unsent);
    assert_int_equal(connection->progress.stage, STAGE_ANSWER);
}

static void each_is_looked_at_once_in_a_round(void **state)
{
    struct connection *made[LOOKS_MAX + 1];
    int clients[LOOKS_MAX + 1];
    (void)state;
    for (unsigned i = 0; i <= LOOKS_MAX; i++) {
        made[i] = open_one();
        clients[i] = client;
        made[i]->answer_bytes = 5;
        say("x"); /* so that each is to be looked at again */
        if (i < 3)
            connection_room_look_later(made[i]);
    }
    connection_room_look_at_some(&loop);
    assert_ptr_equal(chimera_list_first(&loop.looked), &made[0]->looked);
    for (unsigned i = 0; i <= LOOKS_MAX; i++) {
        assert_int_equal(made[i]->answer_bytes, i < 3 ? 0 : 5);
        made[i]->answer_bytes = 5;
        connection_room_look_later(made[i]); /* where it is, for three of them */
    }
    assert_ptr_equal(chimera_list_first(&loop.looked), &made[0]->looked);
    connection_room_look_at_some(&loop);
    for (unsigned i = 0; i <= LOOKS_MAX; i++) {
        assert_int_equal(made[i]->answer_bytes, i < LOOKS_MAX ? 0 : 5);
        close(clients[i]);
    }
    assert_ptr_equal(chimera_list_first(&loop.looked), &made[LOOKS_MAX]->looked);
}

/* --- Transport --- */

static void what_is_watched_is_what_epoll_says(void **state)
{
    struct connection *connection = open_one();
    struct epoll_event event;
    (void)state;
    say("P");
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 1);
    assert_int_equal(event.events, EPOLLIN);
    transport_watch(&connection->transport, 0);
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 0);
    transport_watch(&connection->transport, EPOLLOUT);
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 1);
    assert_int_equal(event.events, EPOLLOUT);
    transport_watch(&connection->transport, EPOLLIN);
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 1);
    assert_int_equal(event.events, EPOLLIN);
    transport_prefer(&connection->transport, true);
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 0);
    assert_int_equal(epoll_wait(loop.sets.first_fd, &event, 1, 0), 1);
    assert_ptr_equal(event.data.ptr, connection);
    assert_int_equal(connection->transport.interest, EPOLLIN);
    transport_watch(&connection->transport, 0);
    transport_prefer(&connection->transport, false); /* nobody watches it, and nobody does then */
    assert_int_equal(epoll_wait(loop.sets.others_fd, &event, 1, 0), 0);
    assert_int_equal(epoll_wait(loop.sets.first_fd, &event, 1, 0), 0);
}

static void what_a_socket_says_is_told_in_words_of_ours(void **state)
{
    struct connection *connection = open_one();
    static char bytes[4096];
    ssize_t count;
    (void)state;
    assert_int_equal(transport_receive(&connection->transport, bytes, sizeof(bytes)),
                     TLS_WANTS_READ);
    say("12");
    assert_int_equal(transport_receive(&connection->transport, bytes, sizeof(bytes)), 2);
    while ((count = transport_send(&connection->transport, bytes, sizeof(bytes))) > 0)
        ;
    assert_int_equal(count, TLS_WANTS_WRITE);
    shutdown(client, SHUT_WR);
    assert_int_equal(transport_receive(&connection->transport, bytes, sizeof(bytes)), 0);
    close(client);
    assert_int_equal(transport_send(&connection->transport, bytes, sizeof(bytes)), TLS_FAILED);
    int fd = connection->transport.fd;
    connection->transport.fd = loop.sets.first_fd; /* nothing that can be read */
    assert_int_equal(transport_receive(&connection->transport, bytes, sizeof(bytes)), TLS_FAILED);
    assert_int_equal(transport_unread(&connection->transport), 0);
    assert_int_equal(transport_unsent(&connection->transport), 0);
    connection->transport.fd = fd;
}

static void memory_of_tls_is_counted_by_each_call(void **state)
{
    (void)state;
    use_tls();
    tls.takes = 1000;
    struct connection *connection = open_one();
    char byte;
    assert_int_equal(connection->transport.tls_bytes, 1000);
    assert_int_equal(transport_receive(&connection->transport, &byte, 1), TLS_WANTS_READ);
    assert_int_equal(connection->transport.tls_bytes, 2000);
    assert_int_equal(transport_send(&connection->transport, "x", 1), 1);
    assert_int_equal(connection->transport.tls_bytes, 3000);
    transport_finish(&connection->transport); /* amid the handshake there is nothing to be said */
    assert_int_equal(tls.shut, 0);
    hear();
    assert_true(is_ended);
    tls.has_shaken = true;
    transport_finish(&connection->transport);
    assert_int_equal(tls.shut, 1);
    assert_int_equal(connection->transport.tls_bytes, 4000);
    tls.takes = 0;
    connection_room_charge(connection);
}

static void a_handshake_is_over_when_tls_says_so(void **state)
{
    char byte[1];
    struct connection *connection = open_one();
    (void)state;
    assert_false(connection->transport.is_in_handshake);
    use_tls();
    connection = open_one();
    assert_true(connection->transport.is_in_handshake);
    assert_false(transport_is_greeted(&connection->transport));
    tls.state = TLS_ST_SR_CLNT_HELLO;
    assert_false(transport_is_greeted(&connection->transport));
    tls.state = TLS_ST_SW_SRVR_HELLO;
    assert_true(transport_is_greeted(&connection->transport));
    transport_receive(&connection->transport, byte, sizeof(byte));
    assert_true(connection->transport.is_in_handshake);
    tls.has_shaken = true;
    transport_receive(&connection->transport, byte, sizeof(byte));
    assert_false(connection->transport.is_in_handshake);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(loop_and_peer_are_charged_with_all_that_is_there),
        TEST(what_a_connection_does_renews_its_progress),
        TEST(only_a_body_of_late_is_getting_on),
        TEST(who_has_sent_what_we_have_not_read_is_excused),
        TEST(who_completes_requests_is_preferred_and_who_is_forgotten_is_not),
        TEST(a_new_connection_of_a_known_one_is_preferred_while_there_are_few),
        TEST(one_that_ends_behind_its_answer_stays_where_it_is),
        TEST(a_certificate_takes_its_connections_from_its_address),
        TEST(answers_of_8_kilobytes_have_the_socket_looked_at),
        TEST(an_answer_that_is_not_taken_is_waited_for),
        TEST(with_a_request_under_way_the_stage_is_its_own),
        TEST(what_lies_in_the_socket_is_charged_and_looked_at_again),
        TEST(what_was_taken_is_the_difference),
        TEST(each_is_looked_at_once_in_a_round),
        TEST(what_is_watched_is_what_epoll_says),
        TEST(what_a_socket_says_is_told_in_words_of_ours),
        TEST(memory_of_tls_is_counted_by_each_call),
        TEST(a_handshake_is_over_when_tls_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
