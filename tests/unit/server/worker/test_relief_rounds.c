/* SPDX-License-Identifier: Apache-2.0 */
/* What a round of relief does, whom it leaves for the next one, and whose time is over
 * (server/worker/relief.h). */
#include "tests/unit/server/worker/relief_fakes.h"

#include <sys/mman.h>
#include <unistd.h>

/* A round looks at so many sockets, and begins anew with the next. */
static void in_a_round_only_so_many_are_excused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        add_connection(i, 24000, STAGE_HEAD, 0);
    are_all_excused = true;
    relief_run(&loop, &lane);
    assert_int_equal(excuse_count, EXCUSES_MAX);
    assert_int_equal(closed_count, CLOSED_MAX);
    relief_run(&loop, &lane);
    assert_int_equal(excuse_count, 2 * EXCUSES_MAX);
    assert_int_equal(closed_count, 2 * CLOSED_MAX);
    assert_int_equal(loop.closed_count, CLOSED_MAX); /* the others have been told of */
}

/* Who waits is known: then nobody is excused. A stranger waits a little. */
static void nobody_is_excused_for_long_while_others_wait(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 31; i++)
        add_connection(10 + i, REQUEST, STAGE_HEAD, 0);
    struct connection *parked = park((size_t)3 << 20);
    progress_leave(&parked->progress);
    parked->peer->is_known = true;
    are_all_excused = true;
    relief_run(&loop, &lane);
    assert_int_equal(excuse_count, 0);
    assert_true(closed_count > 0);
    assert_int_equal(parked->parked_ms, 0);
    parked->peer->is_known = false;
}

static void a_stranger_waits_a_little_for_those_that_are_excused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 30; i++)
        add_connection(10 + i, REQUEST, STAGE_HEAD, 0);
    struct connection *parked = park((size_t)4 << 20);
    progress_leave(&parked->progress);
    are_all_excused = true;
    loop.now_ms += CUT_OFF_MS - 1;
    relief_run(&loop, &lane);
    assert_int_equal(closed_count, 0); /* each has just been excused */
    assert_int_equal(excuse_count, 30);
    loop.now_ms++;
    relief_run(&loop, &lane);
    assert_int_equal(excuse_count, 30);
    assert_true(closed_count > 0);
    assert_int_equal(parked->parked_ms, 0);
}

/* The greedy one that is first may have nothing that can be closed, and so may three more. */
static void greedy_ones_are_asked_until_one_has_something(void **state)
{
    struct connection *greedy[GREEDY_TRIES + 1];
    (void)state;
    loop.peers.room.bytes = (size_t)8 << 20;
    loop.peers.room.bytes_least = 0;
    struct connection *stranger = add_connection(1, 20000, STAGE_HEAD, 0);
    for (unsigned i = 0; i <= GREEDY_TRIES; i++)
        greedy[i] = add_connection(10 + i, 6 * REQUEST, STAGE_NONE, 0);
    peers_wait(&loop.peers, greedy[3]->peer, &greedy[3]->progress, STAGE_HEAD, 99000);
    assert_ptr_equal(find_greedy(&loop), &greedy[3]->progress);
    peers_wait(&loop.peers, greedy[2]->peer, &greedy[2]->progress, STAGE_HEAD, 99000);
    progress_leave(&greedy[3]->progress); /* the list begins with the fifth now */
    assert_ptr_equal(find_greedy(&loop), &greedy[2]->progress);
    progress_leave(&greedy[2]->progress);
    peers_wait(&loop.peers, greedy[2]->peer, &greedy[2]->progress, STAGE_HEAD, 99000);
    assert_null(find_greedy(&loop)); /* that would be its fifth */
    assert_ptr_equal(find_greedy(&loop), &greedy[2]->progress);
    assert_true(is_open(stranger));
}

static void some_of_those_that_wait_are_served_in_a_round(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        progress_leave(&park(1000)->progress);
    relief_run(&loop, &lane); /* there is no pressure at all */
    assert_int_equal(served, PARKED_TURNS);
    detached_after = PARKED_TURNS + 3; /* the thread has lost the loop to another */
    relief_run(&loop, &lane);
    assert_int_equal(served, PARKED_TURNS + 3);
    relief_run(&loop, &lane);
    assert_int_equal(served, PARKED_TURNS + 3);
    lane.is_detached = false;
    relief_run(&loop, &lane);
    relief_run(&loop, &lane);
    assert_int_equal(served, 20);
    assert_int_equal(refused, 0);
}

static void relief_is_over_when_there_is_no_pressure(void **state)
{
    (void)state;
    loop.has_relief = true;
    relief_run(&loop, &lane);
    assert_false(loop.has_relief);
}

static int log_fd;

/* What was logged since the last time. */
static const char *logged(void)
{
    static char text[4096];
    ssize_t size = pread(log_fd, text, sizeof(text) - 1, 0);
    assert_true(size >= 0);
    text[size] = '\0';
    assert_int_equal(ftruncate(log_fd, 0), 0);
    lseek(log_fd, 0, SEEK_SET);
    return text;
}

static void what_was_closed_is_said_now_and_then(void **state)
{
    (void)state;
    log_fd = memfd_create("log", 0);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    for (unsigned i = 0; i < MANY; i++)
        add_connection(i, 24000, STAGE_HEAD, 0);
    relief_run(&loop, &lane);
    assert_non_null(strstr(logged(), "closed=32 connections=2968 "));
    relief_run(&loop, &lane);
    loop.now_ms += TELL_MS - 1;
    relief_run(&loop, &lane);
    assert_string_equal(logged(), "");
    loop.now_ms++;
    relief_run(&loop, &lane);
    assert_non_null(strstr(logged(), "closed=96 connections=2872 "));
    loop.now_ms += TELL_MS;
    relieve_wholly();
    assert_non_null(strstr(logged(), "closed=32 "));
    loop.closed_count = 1; /* and there is nothing to do any more */
    for (unsigned i = 0; i < MANY; i++)
        if (is_open(&connections[i]))
            close_it(&connections[i]);
    loop.now_ms += TELL_MS;
    relief_run(&loop, &lane);
    assert_non_null(strstr(logged(), "closed=1 connections=0 "));
    loop.now_ms += TELL_MS;
    relief_run(&loop, &lane);
    assert_string_equal(logged(), "");
    chimera_log_open(-1, CHIMERA_LOG_TEXT, CHIMERA_LOG_SILENT);
    close(log_fd);
}

/* Three quarters of its part, to the byte and to the connection. */
static void a_loop_has_its_part_from_three_quarters_on(void **state)
{
    (void)state;
    memory.loop_count = 2;
    atomic_store(&memory.connections_max, 800);
    loop.memory.taken = MAX / 8 * 3 - 1;
    atomic_store(&loop.connection_count, 299);
    assert_false(has_its_part(&loop));
    atomic_store(&loop.connection_count, 300);
    assert_true(has_its_part(&loop));
    atomic_store(&loop.connection_count, 0);
    assert_false(has_its_part(&loop));
    loop.memory.taken++;
    assert_true(has_its_part(&loop));
    loop.memory.taken = 0;
    struct connection *parked = park(1000);
    assert_true(has_its_part(&loop));
    chimera_list_remove(&parked->watcher.turn);
    assert_false(has_its_part(&loop));
}

static void a_loop_with_little_leaves_it_to_the_others(void **state)
{
    struct memory_share other = {.of = &memory};
    (void)state;
    memory.loop_count = 2;
    memory_share_change(&other, 0, MAX);
    struct connection *here = add_connection(1, 20000, STAGE_HEAD, 0);
    relieve_wholly();
    assert_true(is_open(here));
    memory_share_change(&other, MAX, MAX / 2);
    struct connection *much = add_connection(2, MAX / 2, STAGE_HEAD, 0);
    relieve_wholly();
    assert_false(is_open(much));
}

static void a_round_closes_a_few_and_says_that_there_are_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        add_connection(i, 24000, STAGE_HEAD, 0);
    relief_run(&loop, &lane);
    assert_true(loop.has_relief);
    assert_int_equal(loop.peers.present, MANY - CLOSED_MAX);
}

static void time_ends_the_late_a_few_at_a_time(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        add_connection(i, 1000, STAGE_HEAD, loop.now_ms - 10000);
    struct connection *young = add_connection(1000, 1000, STAGE_HEAD, loop.now_ms - 9999);
    relief_end_the_late(&loop);
    assert_int_equal(timed_out, CLOSED_MAX);
    assert_true(loop.has_late);
    while (loop.has_late)
        relief_end_the_late(&loop);
    assert_int_equal(timed_out, 100);
    assert_true(is_open(young));
    loop.pressure = PRESSURE_FULL / 2;
    relief_end_the_late(&loop);
    assert_false(is_open(young));
    assert_int_equal(timed_out, 100); /* not by its own time: nobody is told */
    assert_int_equal(loop.closed_count, 1);
    struct connection *hello = add_connection(1001, 1000, STAGE_HELLO, loop.now_ms - 10000);
    relief_end_the_late(&loop);
    assert_false(is_open(hello));
    assert_int_equal(timed_out, 101);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(in_a_round_only_so_many_are_excused),
        TEST(nobody_is_excused_for_long_while_others_wait),
        TEST(a_stranger_waits_a_little_for_those_that_are_excused),
        TEST(greedy_ones_are_asked_until_one_has_something),
        TEST(some_of_those_that_wait_are_served_in_a_round),
        TEST(relief_is_over_when_there_is_no_pressure),
        TEST(what_was_closed_is_said_now_and_then),
        TEST(a_loop_has_its_part_from_three_quarters_on),
        TEST(a_loop_with_little_leaves_it_to_the_others),
        TEST(a_round_closes_a_few_and_says_that_there_are_more),
        TEST(time_ends_the_late_a_few_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
