/* SPDX-License-Identifier: Apache-2.0 */
/* Which buffers a loop keeps warm, and who is charged with them (server/client/input_memory.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/client/connection_memory.h"
#include "server/client/input_memory.c"

#define BODY_MAX ((size_t)1000000)

static struct memory_share share;
static struct input_memory memory;

void memory_share_change(struct memory_share *of, size_t from, size_t to)
{
    of->held += to - from;
}

static int set_up(void **state)
{
    (void)state;
    share = (struct memory_share){0};
    input_memory_open(&memory, BODY_MAX, &share);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    input_memory_close(&memory);
    assert_int_equal(memory.spare_count, 0);
    return 0;
}

static struct chimera_buffer take_of(size_t capacity)
{
    struct chimera_buffer buffer;
    input_memory_take(&memory, &buffer);
    if (buffer.capacity == 0) {
        buffer.data = malloc(capacity);
        buffer.capacity = capacity;
    }
    buffer.size = 5;
    return buffer;
}

static void give(size_t capacity, bool is_pressed)
{
    struct chimera_buffer buffer;
    chimera_buffer_init(&buffer, BODY_MAX);
    buffer.data = malloc(capacity);
    buffer.capacity = capacity;
    buffer.size = 5;
    input_memory_give(&memory, &buffer, is_pressed);
    assert_null(buffer.data);
    assert_int_equal(buffer.capacity, 0);
}

static void a_new_one_has_room_for_a_request_and_a_read_behind_it(void **state)
{
    struct chimera_buffer buffer;
    (void)state;
    input_memory_take(&memory, &buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.limit, 16 * 1024 + BODY_MAX + 128 * 1024);
    assert_true(chimera_list_is_empty(&memory.loose));
}

static void what_is_kept_counts_as_the_loop_s_until_it_is_taken(void **state)
{
    (void)state;
    give(20000, false);
    give(30000, false);
    assert_int_equal(share.held, 50000);
    struct chimera_buffer last = take_of(1);
    assert_int_equal(last.capacity, 30000); /* the warmest */
    assert_int_equal(share.held, 20000);
    chimera_buffer_free(&last);
    struct chimera_buffer buffer;
    input_memory_take(&memory, &buffer);
    assert_int_equal(buffer.size, 0);
    assert_int_equal(share.held, 0);
    chimera_buffer_free(&buffer);
}

static void long_ones_are_not_kept_and_under_pressure_few_are(void **state)
{
    (void)state;
    give(INPUT_SPARE_BYTES + 1, false);
    assert_int_equal(memory.spare_count, 0);
    give(INPUT_SPARE_BYTES, false);
    assert_int_equal(memory.spare_count, 1);
    give(PRESSED_SPARE_BYTES + 1, true);
    assert_int_equal(memory.spare_count, 1);
    give(PRESSED_SPARE_BYTES, true);
    assert_int_equal(memory.spare_count, 2);
    assert_int_equal(share.held, INPUT_SPARE_BYTES + PRESSED_SPARE_BYTES);
}

static void there_are_so_many_at_most(void **state)
{
    (void)state;
    for (unsigned i = 0; i < INPUT_SPARES + 1; i++)
        give(1000, false);
    assert_int_equal(memory.spare_count, INPUT_SPARES);
    assert_int_equal(share.held, 1000 * INPUT_SPARES);
}

static void who_rests_keeps_none_and_pays_for_none(void **state)
{
    (void)state;
    input_memory_rest(&memory);
    give(20000, false);
    give(30000, false);
    struct chimera_buffer taken = take_of(1);
    input_memory_rest(&memory);
    assert_int_equal(memory.spare_count, 0);
    assert_int_equal(share.held, 0);
    input_memory_give(&memory, &taken, false); /* and begins to keep some again */
    assert_int_equal(memory.spare_count, 1);
    assert_int_equal(share.held, 30000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_one_has_room_for_a_request_and_a_read_behind_it),
        TEST(what_is_kept_counts_as_the_loop_s_until_it_is_taken),
        TEST(long_ones_are_not_kept_and_under_pressure_few_are),
        TEST(there_are_so_many_at_most),
        TEST(who_rests_keeps_none_and_pays_for_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
