/* SPDX-License-Identifier: Apache-2.0 */
/* Who clients are, and what each may have (server/client/peer.h, server/client/progress.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/client/peer.c"
#include "server/client/progress.h"

#include "tests/unit/failing_allocation.h"

#include <arpa/inet.h>

#define BYTES ((size_t)64 << 20)
#define REQUEST ((size_t)2 << 20)
#define CONNECTIONS 1000

static const struct peers_room room = {
    .bytes = BYTES, .bytes_least = REQUEST, .connections = CONNECTIONS};
static struct peer_register all;
static struct peers peers;
static int64_t now_ms = 5000;

static int set_up(void **state)
{
    (void)state;
    peer_register_open(&all);
    return peers_open(&peers, &all, &room);
}

static int tear_down(void **state)
{
    (void)state;
    peers_close(&peers);
    peer_register_close(&all);
    return 0;
}

static struct peer_name name_of(uint32_t number, bool is_certificate)
{
    struct peer_name name = {.is_certificate = is_certificate};
    memcpy(name.bytes, &number, sizeof(number));
    return name;
}

static struct peer *take_peer(uint32_t number)
{
    struct peer_name name = name_of(number, false);
    struct peer *peer = peers_take(&peers, &name);
    assert_non_null(peer);
    return peer;
}

static struct peer_name name_of_text(int family, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(7), .sin_zero = {1}};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_scope_id = 3};
    struct peer_name name;
    bool is_v4 = family == AF_INET;
    assert_int_equal(inet_pton(family, text, is_v4 ? (void *)&v4.sin_addr : &v6.sin6_addr), 1);
    peer_name_of_address(is_v4 ? (void *)&v4 : (void *)&v6, &name);
    return name;
}

static void a_network_of_64_bits_is_one_peer_and_so_is_an_address_of_v4(void **state)
{
    (void)state;
    struct peer_name a = name_of_text(AF_INET6, "2001:db8:1:2::1"),
                     same = name_of_text(AF_INET6, "2001:db8:1:2:ffff::9"),
                     other = name_of_text(AF_INET6, "2001:db8:1:3::1");
    assert_true(are_same(&a, &same));
    assert_false(are_same(&a, &other));
    a = name_of_text(AF_INET, "192.0.2.7");
    same = name_of_text(AF_INET6, "::ffff:192.0.2.7");
    other = name_of_text(AF_INET, "192.0.2.8");
    assert_true(are_same(&a, &same));
    assert_false(are_same(&a, &other));
}

static void a_peer_lives_as_long_as_its_connections_unless_it_is_known(void **state)
{
    (void)state;
    struct peer *peer = take_peer(1);
    assert_ptr_equal(take_peer(1), peer);
    assert_int_equal(peer->connections, 2);
    peers_leave(&peers, peer);
    peers_leave(&peers, peer);
    assert_int_equal(peers.count, 0);
    peer = take_peer(1);
    peers_hold(&peers, peer, 0, BYTES);
    assert_false(chimera_list_is_empty(&peers.large));
    peers_hold(&peers, peer, BYTES, 0);
    peers_leave(&peers, peer);
    assert_true(chimera_list_is_empty(&peers.large));
    peer = take_peer(1);
    peers_note_completed(&peers, peer, now_ms);
    peers_leave(&peers, peer);
    assert_int_equal(peers.count, 1);
    assert_int_equal(peers.present, 0);
    assert_ptr_equal(take_peer(1), peer);
    assert_true(peer->is_known && peer_may_be_preferred(peer));
}

static void thousands_are_found_again(void **state)
{
    static struct peer *many[20000];
    (void)state;
    for (uint32_t i = 0; i < 20000; i++)
        many[i] = take_peer(i);
    assert_true(peers.bucket_count >= 20000);
    for (uint32_t i = 0; i < 20000; i++)
        assert_ptr_equal(take_peer(i), many[i]);
    for (uint32_t i = 0; i < 40000; i++)
        peers_leave(&peers, many[i % 20000]);
    assert_int_equal(peers.count, 0);
    assert_int_equal(peers.present, 0);
}

static void alone_a_peer_may_have_all(void **state)
{
    (void)state;
    struct peer *peer = take_peer(1);
    peers_hold(&peers, peer, 0, BYTES);
    assert_null(peers_next_greedy(&peers));
    struct peer *other = take_peer(2);
    peers_hold(&peers, other, 0, 1000);
    assert_ptr_equal(peers_next_greedy(&peers), peer); /* although it takes no more */
    peers_hold(&peers, peer, BYTES, BYTES / 3 + 1);
    assert_ptr_equal(peers_next_greedy(&peers), peer);
    peers_hold(&peers, peer, BYTES / 3 + 1, BYTES / 3);
    assert_null(peers_next_greedy(&peers));
}

static void one_request_is_never_too_much(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        take_peer(i);
    struct peer *peer = take_peer(5);
    peers_hold(&peers, peer, 0, REQUEST);
    assert_null(peers_next_greedy(&peers));
    peers_hold(&peers, peer, REQUEST, REQUEST + 1);
    assert_ptr_equal(peers_next_greedy(&peers), peer);
}

static void many_connections_are_too_much_and_greedy_ones_take_turns(void **state)
{
    (void)state;
    struct peer *a = take_peer(1), *b = take_peer(2);
    take_peer(3);
    for (unsigned i = 0; i < CONNECTIONS / 4; i++) {
        take_peer(1);
        take_peer(2);
    }
    take_peer(1); /* who takes still more keeps its turn */
    peers_leave(&peers, a);
    assert_ptr_equal(peers_next_greedy(&peers), a);
    assert_ptr_equal(peers_next_greedy(&peers), b);
    assert_ptr_equal(peers_next_greedy(&peers), a);
    for (unsigned i = 0; i < CONNECTIONS / 4; i++)
        peers_leave(&peers, a);
    assert_ptr_equal(peers_next_greedy(&peers), b);
    assert_ptr_equal(peers_next_greedy(&peers), b);
}

/* Of so many peers, each may have a 64th. */
static void no_share_is_less_than_a_64th(void **state)
{
    struct peer *peer = NULL;
    (void)state;
    peers.room.connections = 101 * SHARES_MAX;
    for (uint32_t i = 0; i < SHARES_MAX; i++)
        peer = take_peer(i);
    for (unsigned i = 1; i < 101; i++)
        take_peer(SHARES_MAX - 1);
    assert_null(peers_next_greedy(&peers));
    take_peer(SHARES_MAX - 1);
    assert_ptr_equal(peers_next_greedy(&peers), peer);
    peers_leave(&peers, peer);
    for (uint32_t i = SHARES_MAX; i < 2 * SHARES_MAX; i++)
        take_peer(i);
    assert_null(peers_next_greedy(&peers));
}

static void a_known_one_keeps_its_part_of_half_the_connections(void **state)
{
    (void)state;
    struct peer *peer = take_peer(1);
    peers_note_completed(&peers, peer, now_ms);
    for (unsigned i = 1; i < CONNECTIONS / 2; i++)
        take_peer(1);
    for (uint32_t i = 10; i < 200; i++)
        take_peer(i);
    assert_null(peers_next_greedy(&peers));
    assert_null(peers_above_floor(&peers));
    for (unsigned i = 0; i < CONNECTIONS / 100; i++)
        take_peer(1);
    assert_ptr_equal(peers_next_greedy(&peers), peer);
    assert_ptr_equal(peers_above_floor(&peers), peer);
    for (unsigned i = 0; i < CONNECTIONS / 100; i++)
        peers_leave(&peers, peer);
    peers_hold(&peers, peer, 0, BYTES / 2 + BYTES / 1024); /* by the least that counts */
    assert_ptr_equal(peers_above_floor(&peers), peer);
}

/* Descriptors may have been too few for a single one. */
static void without_room_for_connections_there_is_a_share(void **state)
{
    struct peers few;
    struct peer_name name = name_of(1, false);
    (void)state;
    assert_int_equal(peers_open(&few, &all, &(struct peers_room){.bytes = BYTES}), 0);
    struct peer *peer = peers_take(&few, &name);
    peers_note_completed(&few, peer, now_ms);
    for (unsigned i = 1; i < SHARE_CONNECTIONS_LEAST / 2; i++)
        peers_take(&few, &name);
    assert_null(peers_above_floor(&few));
    peers_take(&few, &name);
    assert_ptr_equal(peers_above_floor(&few), peer);
    peers_close(&few);
}

static void who_is_known_keeps_its_part_of_a_half(void **state)
{
    (void)state;
    struct peer *a = take_peer(1), *b = take_peer(2);
    for (uint32_t i = 10; i < 200; i++)
        take_peer(i);
    peers_note_completed(&peers, a, now_ms);
    peers_hold(&peers, a, 0, BYTES / 2);
    assert_null(peers_next_greedy(&peers));
    assert_null(peers_above_floor(&peers));
    peers_note_completed(&peers, b, now_ms); /* they share it now */
    assert_ptr_equal(peers_above_floor(&peers), a);
    peers_hold(&peers, a, BYTES / 2, BYTES / 4);
    assert_null(peers_above_floor(&peers));
    peers_hold(&peers, b, 0, BYTES / 4 + BYTES / 16);
    assert_ptr_equal(peers_above_floor(&peers), b);
}

static bool is_known(uint32_t number, bool is_certificate)
{
    struct peer_name name = name_of(number, is_certificate);
    struct peer *peer = find_peer(&peers, &name);
    return peer && peer->is_known;
}

/* Some time after the one before. */
static void complete_one(uint32_t number, bool is_certificate)
{
    struct peer_name name = name_of(number, is_certificate);
    struct peer *peer = peers_take(&peers, &name);
    now_ms += STAYS_MS;
    peers_note_completed(&peers, peer, now_ms);
    peers_leave(&peers, peer);
}

static void the_one_that_completed_nothing_for_longest_is_forgotten(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PEERS_KNOWN_MAX; i++)
        complete_one(i, false);
    complete_one(0, false);
    complete_one(100, false);
    assert_true(is_known(0, false) && is_known(2, false) && is_known(100, false));
    assert_false(is_known(1, false));
    assert_int_equal(peers.count, PEERS_KNOWN_MAX);
    assert_int_equal(peers.known_count, PEERS_KNOWN_MAX);
}

/* Else each request of more clients than there are places would change something. */
static void who_is_known_stays_while_it_asks(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PEERS_KNOWN_MAX; i++)
        complete_one(i, false);
    now_ms -= STAYS_MS * (PEERS_KNOWN_MAX - 1) + 1; /* the first has asked just now */
    struct peer *other = take_peer(1000);
    peers_note_completed(&peers, other, now_ms);
    assert_false(other->is_known);
    assert_true(is_known(0, false));
    peers_note_completed(&peers, other, now_ms + STAYS_MS + 1);
    assert_true(other->is_known);
    assert_false(is_known(0, false));
    now_ms += STAYS_MS * PEERS_KNOWN_MAX;
}

/* Addresses cost nothing; what an authority certified does. */
static void certificates_are_not_forgotten_for_addresses(void **state)
{
    (void)state;
    complete_one(1000, true);
    for (uint32_t i = 0; i < 5 * PEERS_KNOWN_MAX; i++)
        complete_one(i, false);
    assert_true(is_known(1000, true));
    for (uint32_t i = 0; i < PEERS_KNOWN_MAX - 1; i++)
        complete_one(1001 + i, true);
    complete_one(7, false);
    assert_false(is_known(7, false));
    assert_true(is_known(1000, true));
    struct peer_name first = name_of(1000, true), name = name_of(1999, true);
    struct peer *other = peers_take(&peers, &name); /* of its kind, and as soon as it asked */
    peers_note_completed(&peers, other, find_peer(&peers, &first)->completed_ms + STAYS_MS - 1);
    assert_false(other->is_known);
    complete_one(2000, true);
    assert_false(is_known(1000, true));
}

static void who_is_known_in_one_loop_is_known_in_another(void **state)
{
    struct peers other;
    struct peer_name name = name_of(1, false), stranger = name_of(2, false);
    (void)state;
    assert_int_equal(peers_open(&other, &all, &room), 0);
    complete_one(1, false);
    assert_true(peers_take(&other, &name)->is_known);
    assert_false(peers_take(&other, &stranger)->is_known);
    peers_close(&other);
    /* Where all places are certificates', an address has none. */
    for (uint32_t i = 0; i < PEERS_KNOWN_MAX; i++)
        complete_one(1000 + i, true);
    complete_one(3, false);
    assert_int_equal(peers_open(&other, &all, &room), 0);
    name = name_of(1005, true);
    assert_true(peers_take(&other, &name)->is_known);
    name = name_of(3, false);
    assert_false(peers_take(&other, &name)->is_known);
    peers_close(&other);
}

/* When others were told that it has completed a request; 0: they were not. */
static int64_t told_of(uint32_t number, bool is_certificate)
{
    struct peer_name name = name_of(number, is_certificate);
    return ask_register(&peers, &name);
}

static void others_are_told_once_a_second(void **state)
{
    (void)state;
    struct peer *peer = take_peer(1);
    peers_note_completed(&peers, peer, 1000);
    assert_int_equal(told_of(1, false), 1000);
    peers_note_completed(&peers, peer, 1999);
    assert_int_equal(told_of(1, false), 1000);
    peers_note_completed(&peers, peer, 2000);
    assert_int_equal(told_of(1, false), 2000);
    peers_note_completed(&peers, peer, 2999);
    assert_int_equal(told_of(1, false), 2000);
}

/* Places are given away like a loop's own: certificates stay before addresses, and who has asked
 * just now stays. */
static void places_among_all_loops_are_given_away_by_the_same_rules(void **state)
{
    (void)state;
    all.known[0].name =
        name_of(1000, true); /* the oldest, and in a place that is looked at first */
    all.known[0].completed_ms = 1;
    all.known[PEERS_KNOWN_MAX - 1].name = name_of(1001, true);
    all.known[PEERS_KNOWN_MAX - 1].completed_ms = 2;
    for (uint32_t i = 1; i < PEERS_KNOWN_MAX - 1; i++) {
        all.known[i].name = name_of(i, false);
        all.known[i].completed_ms = 1000 + i;
    }
    struct peer *young = take_peer(500);
    peers_note_completed(&peers, young, 1001 + STAYS_MS - 1);
    assert_int_equal(told_of(500, false), 0);
    peers_note_completed(&peers, young, 1001 + STAYS_MS + REGISTER_MS);
    assert_int_equal(told_of(500, false), 1001 + STAYS_MS + REGISTER_MS);
    assert_int_equal(told_of(1, false), 0);
    assert_int_equal(told_of(2, false), 1002);
    struct peer_name name = name_of(1002, true);
    peers_note_completed(&peers, peers_take(&peers, &name), 2000); /* takes an address's at once */
    assert_int_equal(told_of(1002, true), 2000);
    assert_int_equal(told_of(2, false), 0);
    assert_int_equal(told_of(1000, true), 1);
    assert_int_equal(told_of(1001, true), 2);
}

static void a_free_place_is_taken_at_any_time(void **state)
{
    (void)state;
    peers_note_completed(&peers, take_peer(1), REGISTER_MS);
    assert_int_equal(told_of(1, false), REGISTER_MS);
    peers_note_completed(&peers, take_peer(2), REGISTER_MS);
    assert_int_equal(told_of(1, false), REGISTER_MS);
    assert_int_equal(told_of(2, false), REGISTER_MS);
}

/* It would be known in other loops for what it is not known for here. */
static void others_are_not_told_of_who_did_not_become_known(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PEERS_KNOWN_MAX; i++)
        peers_note_completed(&peers, take_peer(i), now_ms);
    peer_register_open(&all);
    struct peer *other = take_peer(1000);
    peers_note_completed(&peers, other, now_ms);
    assert_false(other->is_known);
    assert_int_equal(told_of(1000, false), 0);
}

static void a_few_connections_of_a_known_one_may_be_preferred(void **state)
{
    (void)state;
    struct peer *peer = take_peer(1);
    assert_false(peer_may_be_preferred(peer));
    peers_note_completed(&peers, peer, now_ms);
    peer->preferred = PREFERRED_MAX - 1;
    assert_true(peer_may_be_preferred(peer));
    peer->preferred = PREFERRED_MAX;
    assert_false(peer_may_be_preferred(peer));
}

static void without_memory_there_is_no_peer_and_no_larger_table(void **state)
{
    struct peers none;
    struct peer_name name = name_of(1000, false);
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        return;
    fail_allocation(1);
    assert_true(peers_open(&none, &all, &room) < 0);
    assert_null(none.buckets);
    peers_close(&none); /* as after a failure */
    fail_allocation(1);
    assert_null(peers_take(&peers, &name));
    for (uint32_t i = 0; i < BUCKETS_FIRST; i++)
        take_peer(i);
    fail_allocation(2); /* behind the peer itself: a larger table */
    struct peer *peer = peers_take(&peers, &name);
    assert_true(has_failed);
    fail_allocation(0);
    assert_ptr_equal(peers_take(&peers, &name), peer);
    assert_int_equal(peers.bucket_count, BUCKETS_FIRST);
}

/* --- Progress --- */

static struct progress *wait_in(struct peer *peer, struct progress *progress, enum stage stage,
                                int64_t since_ms)
{
    progress_init(progress);
    peers_wait(&peers, peer, progress, stage, since_ms);
    return progress;
}

static void the_worst_has_used_up_most_of_what_its_stage_deserves(void **state)
{
    struct progress idle, old_head, young_head, body;
    (void)state;
    struct peer *peer = take_peer(1), *other = take_peer(2);
    assert_null(stage_lists_worst_in_loop(&peers.waiting[false], 0));
    wait_in(peer, &idle, STAGE_IDLE, 0);
    wait_in(peer, &body, STAGE_BODY, 1000);
    wait_in(other, &old_head, STAGE_HEAD, 5000);
    wait_in(peer, &young_head, STAGE_HEAD, 6000);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 10000), &old_head);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 10000), &young_head);
    progress_leave(&old_head);
    progress_leave(&young_head);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 10000), &body);
    peers_wait(&peers, peer, &body, STAGE_BODY, 9999); /* it gets on */
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 10000), &idle);
}

static void a_peers_idle_connection_goes_behind_its_others(void **state)
{
    struct progress idle, hello;
    (void)state;
    struct peer *peer = take_peer(1);
    wait_in(peer, &idle, STAGE_IDLE, 0);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 1), &idle); /* there is no other */
    wait_in(peer, &hello, STAGE_HELLO, 29999);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 29999), &hello);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 30000), &idle);
    peers_wait(&peers, peer, &hello, STAGE_LINGER, 29999);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 29999), &hello);
    peers_wait(&peers, peer, &hello, STAGE_HELLO, 129999);
    peers_wait(&peers, peer, &idle, STAGE_IDLE, 100000);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 129999), &hello);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 130000), &idle);
}

/* Only idle ones are spared. */
static void a_peers_other_connections_are_compared_by_their_stages(void **state)
{
    struct progress hello, head;
    (void)state;
    struct peer *peer = take_peer(1);
    assert_int_equal(wait_in(peer, &hello, STAGE_HELLO, 9999)->stage, STAGE_HELLO);
    wait_in(peer, &head, STAGE_HEAD, 0);
    assert_ptr_equal(stage_lists_worst_in_peer(&peer->stages, 10000), &head);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 10000), &head);
    progress_leave(&head);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 10000), &hello);
    progress_init(&hello);
    assert_int_equal(hello.stage, STAGE_NONE);
}

static void who_gets_on_goes_behind_the_others(void **state)
{
    struct progress a, b;
    (void)state;
    struct peer *peer = take_peer(1);
    wait_in(peer, &a, STAGE_BODY, 0);
    wait_in(peer, &b, STAGE_BODY, 10);
    peers_wait(&peers, peer, &a, STAGE_BODY, 20);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 100), &b);
    progress_leave(&b);
    assert_int_equal(b.stage, STAGE_NONE);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 100), &a);
    progress_leave(&a);
    assert_null(stage_lists_worst_in_loop(&peers.waiting[false], 100));
}

static void connections_of_a_forgotten_peer_wait_among_strangers(void **state)
{
    struct progress known, stranger, again, hello;
    (void)state;
    struct peer *peer = take_peer(1000);
    wait_in(take_peer(1001), &stranger, STAGE_IDLE, 50);
    wait_in(peer, &again, STAGE_IDLE, 1); /* from before it was known */
    peers_note_completed(&peers, peer, now_ms);
    wait_in(peer, &hello, STAGE_HELLO, 100);
    wait_in(peer, &known, STAGE_IDLE, 10);
    for (uint32_t i = 0; i < PEERS_KNOWN_MAX - 1; i++)
        complete_one(i, false);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[true], 100), &known);
    complete_one(100, false);
    assert_false(peer->is_known);
    assert_null(stage_lists_worst_in_loop(&peers.waiting[true], 100));
    assert_ptr_equal(chimera_list_first(&peers.waiting[false].of[STAGE_HELLO]), &hello.in_loop);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 100), &again);
    progress_leave(&again);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 100), &known);
    progress_leave(&known);
    assert_ptr_equal(stage_lists_worst_in_loop(&peers.waiting[false], 100), &stranger);
}

static void time_shrinks_with_pressure_but_for_idle_connections(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
        int64_t before = stage_limit_ms(stage, 0), least = stage_limit_ms(stage, PRESSURE_FULL);
        for (unsigned pressure = 16; pressure <= PRESSURE_FULL; pressure += 16) {
            int64_t now = stage_limit_ms(stage, pressure);
            assert_true(now <= before && now >= least);
            before = now;
        }
        if (stage != STAGE_IDLE && stage != STAGE_LATE)
            assert_true(least * 10 <= stage_limit_ms(stage, 0));
    }
    assert_int_equal(stage_limit_ms(STAGE_IDLE, PRESSURE_FULL), stage_limit_ms(STAGE_IDLE, 0));
    /* The API server keeps idle connections for 90 s (webhook-contract.md §4.5). */
    assert_true(stage_limit_ms(STAGE_IDLE, 0) > 90000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_network_of_64_bits_is_one_peer_and_so_is_an_address_of_v4),
        TEST(a_peer_lives_as_long_as_its_connections_unless_it_is_known),
        TEST(thousands_are_found_again),
        TEST(alone_a_peer_may_have_all),
        TEST(one_request_is_never_too_much),
        TEST(many_connections_are_too_much_and_greedy_ones_take_turns),
        TEST(no_share_is_less_than_a_64th),
        TEST(a_known_one_keeps_its_part_of_half_the_connections),
        TEST(without_room_for_connections_there_is_a_share),
        TEST(who_is_known_keeps_its_part_of_a_half),
        TEST(the_one_that_completed_nothing_for_longest_is_forgotten),
        TEST(who_is_known_stays_while_it_asks),
        TEST(certificates_are_not_forgotten_for_addresses),
        TEST(who_is_known_in_one_loop_is_known_in_another),
        TEST(others_are_told_once_a_second),
        TEST(places_among_all_loops_are_given_away_by_the_same_rules),
        TEST(a_free_place_is_taken_at_any_time),
        TEST(others_are_not_told_of_who_did_not_become_known),
        TEST(a_few_connections_of_a_known_one_may_be_preferred),
        TEST(without_memory_there_is_no_peer_and_no_larger_table),
        TEST(the_worst_has_used_up_most_of_what_its_stage_deserves),
        TEST(a_peers_idle_connection_goes_behind_its_others),
        TEST(a_peers_other_connections_are_compared_by_their_stages),
        TEST(who_gets_on_goes_behind_the_others),
        TEST(connections_of_a_forgotten_peer_wait_among_strangers),
        TEST(time_shrinks_with_pressure_but_for_idle_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
