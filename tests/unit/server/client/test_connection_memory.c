/* SPDX-License-Identifier: Apache-2.0 */
/* One account of bytes for all loops (server/client/connection_memory.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/client/connection_memory.c"
#include "server/client/peer.h"
#include "server/client/progress.h"

#define MAX ((size_t)64 << 20)

static unsigned trim_count;

int malloc_trim(size_t kept)
{
    assert_int_equal(kept, 0);
    trim_count++;
    return 1;
}

static struct connection_memory memory;
static struct memory_share first, second;

static int set_up(void **state)
{
    (void)state;
    connection_memory_open(&memory, MAX, 2, 1000);
    first = second = (struct memory_share){.of = &memory};
    return 0;
}

static void what_loops_hold_is_taken_from_all_and_given_back(void **state)
{
    (void)state;
    memory_share_change(&first, 0, 20000);
    memory_share_change(&second, 0, 300000);
    assert_int_equal(first.held, 20000);
    assert_true(atomic_load(&memory.taken) >= 320000);
    assert_true(atomic_load(&memory.taken) < 320000 + 2 * 5 * STEP_MAX);
    memory_share_change(&first, 20000, 10 << 20);
    memory_share_change(&first, 10 << 20, 0);
    memory_share_change(&second, 300000, 0);
    assert_int_equal(first.held, 0);
    assert_true(atomic_load(&memory.taken) <= 2 * KEPT_STEPS * STEP_MAX);
}

/* Neither a step too many, which others miss, nor one too few. */
static void a_loop_takes_whole_steps_and_keeps_four(void **state)
{
    enum { STEP = 1001 };
    (void)state;
    connection_memory_open(&memory, (size_t)STEP * 2 * STEPS_OF_A_LOOP, 2, 1000);
    assert_int_equal(memory.step, STEP);
    memory_share_change(&first, 0, 2 * STEP);
    assert_int_equal(atomic_load(&memory.taken), 2 * STEP);
    memory_share_change(&first, 2 * STEP, 2 * STEP + 1);
    assert_int_equal(atomic_load(&memory.taken), 3 * STEP);
    memory_share_change(&first, 2 * STEP + 1, 9 * STEP);
    assert_int_equal(atomic_load(&memory.taken), 9 * STEP);
    memory_share_change(&first, 9 * STEP, 5 * STEP);
    assert_int_equal(atomic_load(&memory.taken), 9 * STEP);
    memory_share_change(&first, 5 * STEP, 5 * STEP - 1);
    assert_int_equal(atomic_load(&memory.taken), 5 * STEP);
    assert_int_equal(first.taken, 5 * STEP);
}

/* Else each request of a client that has no other under way would touch what loops share. */
static void going_up_and_down_a_little_touches_nothing_shared(void **state)
{
    (void)state;
    memory_share_change(&first, 0, 1 << 20);
    memory_share_change(&first, 0, 20000);
    size_t taken = atomic_load(&memory.taken);
    for (unsigned i = 0; i < 100; i++) {
        memory_share_change(&first, 20000, 0);
        memory_share_change(&first, 0, 20000);
        assert_int_equal(atomic_load(&memory.taken), taken);
    }
}

static void nothing_fits_beyond_the_maximum_but_what_is_there_may_grow(void **state)
{
    (void)state;
    assert_true(memory_share_fits(&first, MAX));
    assert_false(memory_share_fits(&first, MAX + 1));
    memory_share_change(&second, 0, MAX - 100000);
    assert_true(memory_share_fits(&first, 10000));
    assert_false(memory_share_fits(&first, 100001));
    memory_share_change(&first, 0, 200000); /* what OpenSSL took, it has */
    assert_false(memory_share_fits(&first, 0));
    assert_true(connection_memory_is_full(&memory));
    memory_share_change(&second, MAX - 100000, 0);
    assert_true(memory_share_fits(&first, MAX - 200000));
    assert_false(connection_memory_is_full(&memory));
    memory_share_change(&first, 200000, MAX);
    assert_true(memory_share_fits(&first, 0)); /* to the last byte */
    assert_false(memory_share_fits(&first, 1));
}

/* What each limit is to the byte, and to the connection. */
static void limits_are_where_they_are_said_to_be(void **state)
{
    size_t scarce = MAX / 16 * 15, room = MAX / 16 * 14;
    (void)state;
    atomic_store(&memory.taken, MAX / 2);
    assert_true(connection_memory_is_at_ease(&memory));
    atomic_store(&memory.taken, MAX / 2 + 1);
    assert_false(connection_memory_is_at_ease(&memory));
    atomic_store(&memory.taken, room);
    assert_true(connection_memory_has_room(&memory));
    atomic_store(&memory.taken, room + 1);
    assert_false(connection_memory_has_room(&memory));
    atomic_store(&memory.taken, scarce);
    assert_false(connection_memory_is_scarce(&memory));
    atomic_store(&memory.taken, scarce + 1);
    assert_true(connection_memory_is_scarce(&memory));
    atomic_store(&memory.taken, MAX);
    assert_false(connection_memory_is_full(&memory));
    atomic_store(&memory.taken, MAX + 1);
    assert_true(connection_memory_is_full(&memory));
    atomic_store(&memory.taken, 0);
    atomic_store(&memory.connections, 875);
    assert_true(connection_memory_has_room(&memory));
    atomic_store(&memory.connections, 876);
    assert_false(connection_memory_has_room(&memory));
    atomic_store(&memory.connections, 937);
    assert_false(connection_memory_lacks_descriptors(&memory));
    atomic_store(&memory.connections, 938);
    assert_true(connection_memory_lacks_descriptors(&memory));
    atomic_store(&memory.connections, 1000);
    assert_int_equal(connection_memory_pressure(&memory), PRESSURE_FULL - 1);
    atomic_store(&memory.connections, 1004);
    assert_int_equal(connection_memory_pressure(&memory), PRESSURE_FULL);
}

/* Then the peak begins anew. */
static void the_heap_is_trimmed_when_much_has_been_given_back(void **state)
{
    size_t peak = (size_t)100 << 20, least = (size_t)17 << 20;
    (void)state;
    connection_memory_open(&memory, 8 * least, 1, 1000);
    trim_count = 0;
    atomic_store(&memory.taken, peak);
    connection_memory_trim(&memory);
    assert_int_equal(atomic_load(&memory.peak), peak);
    atomic_store(&memory.taken, peak - least + 1);
    connection_memory_trim(&memory);
    assert_int_equal(atomic_load(&memory.peak), peak);
    assert_int_equal(trim_count, 0);
    atomic_store(&memory.taken, peak - least);
    connection_memory_trim(&memory);
    assert_int_equal(trim_count, 1);
    assert_int_equal(atomic_load(&memory.peak), peak - least);
}

static void pressure_rises_from_half_to_all(void **state)
{
    unsigned before = 0;
    (void)state;
    memory_share_change(&first, 0, MAX / 2 - 2 * STEP_MAX);
    assert_int_equal(connection_memory_pressure(&memory), 0);
    assert_true(connection_memory_is_at_ease(&memory));
    for (size_t held = MAX / 2 + MAX / 16; held <= MAX; held += MAX / 16) {
        memory_share_change(&first, first.held, held);
        unsigned now = connection_memory_pressure(&memory);
        assert_true(now > before && now <= PRESSURE_FULL);
        assert_false(connection_memory_is_at_ease(&memory));
        before = now;
    }
    assert_true(before >= PRESSURE_FULL - 1);
}

/* Between the two, nothing is closed that is not asked for. */
static void room_is_scarce_beyond_fifteen_sixteenths_until_one_more_is_free(void **state)
{
    (void)state;
    memory_share_change(&first, 0, MAX / 16 * 14 - STEP_MAX);
    assert_true(connection_memory_has_room(&memory));
    memory_share_change(&first, first.held, MAX / 16 * 14 + 2 * STEP_MAX);
    assert_false(connection_memory_has_room(&memory));
    assert_false(connection_memory_is_scarce(&memory));
    memory_share_change(&first, first.held, MAX / 16 * 15 + 2 * STEP_MAX);
    assert_true(connection_memory_is_scarce(&memory));
}

static void connections_count_like_bytes(void **state)
{
    (void)state;
    atomic_store(&memory.connections, 500);
    assert_int_equal(connection_memory_pressure(&memory), 0);
    atomic_store(&memory.connections, 750);
    assert_true(connection_memory_pressure(&memory) > PRESSURE_FULL / 2 - 3);
    assert_false(connection_memory_is_scarce(&memory));
    atomic_store(&memory.connections, 938);
    assert_true(connection_memory_is_scarce(&memory));
    assert_false(connection_memory_is_full(&memory));
    atomic_store(&memory.connections, 1000);
    assert_true(connection_memory_is_full(&memory));
}

static void who_runs_out_of_descriptors_makes_do_with_fewer_for_a_while(void **state)
{
    (void)state;
    atomic_store(&memory.connections, 300);
    connection_memory_lower(&memory);
    assert_true(connection_memory_is_scarce(&memory));
    connection_memory_restore(&memory);
    assert_true(connection_memory_is_scarce(&memory));
    atomic_store(&memory.connections, 150);
    connection_memory_restore(&memory);
    assert_int_equal(atomic_load(&memory.connections_max), 300);
    atomic_store(&memory.connections, 149);
    connection_memory_restore(&memory);
    atomic_store(&memory.connections, 900);
    assert_false(connection_memory_is_scarce(&memory));
    atomic_store(&memory.connections, 0);
    connection_memory_lower(&memory);
    assert_int_equal(atomic_load(&memory.connections_max), CONNECTIONS_LEAST);
}

static void audits_that_wait_have_a_quarter_and_the_others_half(void **state)
{
    (void)state;
    assert_true(connection_memory_may_audit_wait(&memory, MAX / 4));
    connection_memory_wait(&memory, true, MAX / 4);
    assert_false(connection_memory_may_audit_wait(&memory, 1));
    assert_true(connection_memory_may_wait(&memory, MAX / 2));
    connection_memory_wait(&memory, false, MAX / 2);
    assert_false(connection_memory_may_wait(&memory, 1));
    connection_memory_end_wait(&memory, false, MAX / 2);
    connection_memory_end_wait(&memory, true, MAX / 4);
    assert_true(connection_memory_may_wait(&memory, 1) &&
                connection_memory_may_audit_wait(&memory, 1));
}

/* However many loops, what they keep for themselves is little of all. */
static void many_loops_do_not_use_a_small_maximum_up(void **state)
{
    enum { LOOPS = 257 };
    static struct memory_share shares[LOOPS];
    (void)state;
    connection_memory_open(&memory, (size_t)9 << 20, LOOPS, 1000);
    for (unsigned i = 0; i < LOOPS; i++) {
        shares[i] = (struct memory_share){.of = &memory};
        memory_share_change(&shares[i], 0, 20000);
        memory_share_change(&shares[i], 20000, 0);
    }
    assert_true(atomic_load(&memory.taken) <= memory.max / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_loops_hold_is_taken_from_all_and_given_back, set_up),
        cmocka_unit_test_setup(a_loop_takes_whole_steps_and_keeps_four, set_up),
        cmocka_unit_test_setup(limits_are_where_they_are_said_to_be, set_up),
        cmocka_unit_test_setup(the_heap_is_trimmed_when_much_has_been_given_back, set_up),
        cmocka_unit_test_setup(going_up_and_down_a_little_touches_nothing_shared, set_up),
        cmocka_unit_test_setup(nothing_fits_beyond_the_maximum_but_what_is_there_may_grow, set_up),
        cmocka_unit_test_setup(pressure_rises_from_half_to_all, set_up),
        cmocka_unit_test_setup(room_is_scarce_beyond_fifteen_sixteenths_until_one_more_is_free,
                               set_up),
        cmocka_unit_test_setup(connections_count_like_bytes, set_up),
        cmocka_unit_test_setup(who_runs_out_of_descriptors_makes_do_with_fewer_for_a_while, set_up),
        cmocka_unit_test_setup(audits_that_wait_have_a_quarter_and_the_others_half, set_up),
        cmocka_unit_test_setup(many_loops_do_not_use_a_small_maximum_up, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
