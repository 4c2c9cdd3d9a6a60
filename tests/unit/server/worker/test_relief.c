/* SPDX-License-Identifier: Apache-2.0 */
/* Who has to go when room is scarce (server/worker/relief.h). */
#include "tests/unit/server/worker/relief_fakes.h"

static void with_room_nothing_is_closed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 14; i++)
        add_connection(1, MAX / 16 - 70000, STAGE_HEAD, 0);
    relieve_wholly();
    assert_int_equal(closed_count, 0);
    assert_int_equal(packed_count, 0);
    assert_true(loop.pressure > 0);
}

static void the_one_without_progress_for_longest_goes_first_and_no_more_than_must(void **state)
{
    struct connection *all[20];
    (void)state;
    for (int i = 0; i < 20; i++) /* each its own address, and none greedy */
        all[i] = add_connection(10 + (uint32_t)i, REQUEST, STAGE_BODY, 70000 + i * 100);
    for (int i = 0; i < 11; i++)
        add_connection(100 + (uint32_t)i, REQUEST, STAGE_NONE, 0); /* being evaluated */
    relieve_wholly();
    assert_int_equal(packed_count, 1);
    unsigned closed = 0;
    while (closed < 20 && !is_open(all[closed]))
        closed++;
    assert_true(closed >= 2 && closed <= 4);
    for (unsigned i = closed; i < 20; i++)
        assert_true(is_open(all[i]));
    assert_true(connection_memory_has_room(&memory));
    relieve_wholly();
    assert_true(is_open(all[closed]));
}

static void the_newcomer_who_gets_on_stays_among_thousands_who_do_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY - 1; i++)
        add_connection(i / 3, 24000, STAGE_HANDSHAKE, 99000);
    struct connection *newcomer = add_connection(77777, 200000, STAGE_BODY, loop.now_ms - 1);
    relieve_wholly();
    assert_true(closed_count > 100);
    assert_true(is_open(newcomer));
}

static void the_greedy_address_gives_and_others_do_not(void **state)
{
    struct connection *others[5];
    (void)state;
    for (unsigned i = 0; i < 5; i++) /* they have been slower than the greedy one */
        others[i] = add_connection(i, 100000, STAGE_HEAD, 0);
    for (unsigned i = 0; i < 40; i++)
        add_connection(99, REQUEST - 400000, STAGE_BODY, 99990);
    relieve_wholly();
    assert_true(closed_count > 0);
    for (unsigned i = 0; i < 5; i++)
        assert_true(is_open(others[i]));
}

static void a_known_address_keeps_its_floor(void **state)
{
    struct connection *idle[25];
    (void)state;
    for (unsigned i = 0; i < 25; i++) {
        idle[i] = add_connection(1, 20000, STAGE_NONE, 0);
        peers_note_completed(&loop.peers, idle[i]->peer, 1);
        peers_wait(&loop.peers, idle[i]->peer, &idle[i]->progress, STAGE_IDLE, 0);
    }
    for (unsigned i = 0; i < 40; i++)
        add_connection(100 + i, REQUEST - 400000, STAGE_HEAD, loop.now_ms - 1);
    relieve_wholly();
    assert_true(closed_count > 0);
    for (unsigned i = 0; i < 25; i++)
        assert_true(is_open(idle[i]));
}

/* Nobody is turned away while there is an idle connection. */
static void what_known_ones_have_above_their_floor_goes_last(void **state)
{
    (void)state;
    struct connection *stranger = add_connection(2, 20000, STAGE_IDLE, loop.now_ms - 1);
    for (unsigned i = 0; i < 35; i++) { /* of two addresses: none has more than its share */
        struct connection *known = add_connection(10 + i % 2, REQUEST - 200000, STAGE_NONE, 0);
        peers_note_completed(&loop.peers, known->peer, 1);
        peers_wait(&loop.peers, known->peer, &known->progress, STAGE_IDLE, loop.now_ms - 5000);
    }
    loop.peers.room.bytes *= 4; /* neither is greedy, but both are above their floors */
    loop.peers.known_count = 10;
    relieve_wholly();
    assert_true(connection_memory_has_room(&memory));
    assert_false(is_open(stranger));
    assert_true(closed_count > 1 && closed_count < 10);
}

static void let_audits_wait(unsigned count, size_t bytes)
{
    audit_bytes = bytes;
    for (audits = 0; audits < count; audits++) {
        connection_memory_wait(&memory, true, bytes);
        memory_share_change(&loop.memory, 0, bytes);
    }
}

static void audits_that_wait_give_way_before_anybody_else(void **state)
{
    (void)state;
    struct connection *head = add_connection(1, 20000, STAGE_HEAD, 0);
    let_audits_wait(650, 100000);
    relieve_wholly();
    assert_true(audits > 550 && audits < 650);
    assert_true(connection_memory_has_room(&memory));
    assert_true(is_open(head));
}

static void audits_have_a_quarter_that_slow_clients_do_not_get(void **state)
{
    (void)state;
    let_audits_wait(150, 100000);
    for (unsigned i = 0; i < MANY; i++)
        add_connection(i, 24000, STAGE_HEAD, 0);
    relieve_wholly();
    assert_true(closed_count > 0);
    assert_int_equal(audits, 150);
}

static void the_last_audits_give_way_to_who_waits_for_room(void **state)
{
    (void)state;
    let_audits_wait(150, 100000);
    for (unsigned i = 0; i < 25; i++)
        add_connection(10 + i, REQUEST, STAGE_NONE, 0);
    relieve_wholly();
    assert_int_equal(audits, 150);
    struct connection *parked = park(500000);
    progress_leave(&parked->progress);
    relieve_wholly();
    assert_true(audits < 150);
    assert_int_equal(parked->parked_ms, 0);
    assert_int_equal(refused, 0);
}

static void who_waits_for_room_gets_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 28; i++)
        add_connection(10 + i, REQUEST, STAGE_HEAD, 0);
    struct connection *parked = park((size_t)10 << 20);
    relieve_wholly();
    assert_int_equal(parked->parked_ms, 0);
    assert_int_equal(refused, 0);
    assert_true(closed_count >= 1);
    assert_true(!loop_first_parked(&loop));
}

static void who_waits_for_what_cannot_be_closed_is_refused_in_the_end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 31; i++)
        add_connection(10 + i, REQUEST, STAGE_NONE, 0);
    struct connection *parked = park((size_t)10 << 20);
    progress_leave(&parked->progress); /* it is not closed for its own sake here */
    relieve_wholly();
    assert_false(!loop_first_parked(&loop));
    assert_false(loop.has_relief);
    loop.now_ms += PARKED_MS;
    relieve_wholly();
    assert_int_equal(refused, 1);
    assert_true(!loop_first_parked(&loop));
}

/* First others wait a little, for it will be done soon. */
static void a_body_that_is_coming_is_cut_off_only_when_others_have_waited(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++)
        add_connection(10 + i, REQUEST, STAGE_NONE, 0);
    getting_on = add_connection(50, REQUEST - 500000, STAGE_BODY, loop.now_ms - 1);
    struct connection *parked = park(3000000);
    progress_leave(&parked->progress);
    relieve_wholly();
    assert_true(is_open(getting_on));
    loop.now_ms += CUT_OFF_MS;
    relieve_wholly();
    assert_false(is_open(getting_on));
    assert_int_equal(refused, 0);
    assert_true(!loop_first_parked(&loop));
}

static void a_body_that_is_coming_is_cut_off_for_want_of_descriptors(void **state)
{
    (void)state;
    getting_on = add_connection(50, 100000, STAGE_BODY, loop.now_ms - 1);
    atomic_store(&memory.connections, 95000);
    atomic_store(&loop.connection_count, 95000);
    relieve_wholly();
    assert_false(is_open(getting_on));
}

static void who_waits_for_us_has_made_progress(void **state)
{
    (void)state;
    excused = add_connection(9, 2 * REQUEST, STAGE_HELLO, 0);
    for (unsigned i = 0; i < 30; i++)
        add_connection(10 + i, REQUEST, STAGE_HEAD, 90000);
    relieve_wholly();
    assert_true(closed_count > 0);
    assert_true(is_open(excused));
    assert_int_equal(excused->progress.since_ms, loop.now_ms);
    loop.pressure = PRESSURE_FULL;
    loop.now_ms += 2000;
    relief_end_the_late(&loop);
    assert_true(is_open(excused));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(with_room_nothing_is_closed),
        TEST(the_one_without_progress_for_longest_goes_first_and_no_more_than_must),
        TEST(the_newcomer_who_gets_on_stays_among_thousands_who_do_not),
        TEST(the_greedy_address_gives_and_others_do_not),
        TEST(a_known_address_keeps_its_floor),
        TEST(what_known_ones_have_above_their_floor_goes_last),
        TEST(audits_that_wait_give_way_before_anybody_else),
        TEST(audits_have_a_quarter_that_slow_clients_do_not_get),
        TEST(the_last_audits_give_way_to_who_waits_for_room),
        TEST(who_waits_for_room_gets_it),
        TEST(who_waits_for_what_cannot_be_closed_is_refused_in_the_end),
        TEST(a_body_that_is_coming_is_cut_off_only_when_others_have_waited),
        TEST(a_body_that_is_coming_is_cut_off_for_want_of_descriptors),
        TEST(who_waits_for_us_has_made_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
