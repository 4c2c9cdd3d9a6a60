/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on their way to the thread that writes them (log_ring.h). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/log/log_ring.h"

#define PAGES (CHIMERA_LOG_RING_BYTES / 4096)
#define THREADS 8
#define LINES_EACH 40000

static struct chimera_log_ring *ring;
static char out[64 * 1024];

static int make_ring(void **state)
{
    (void)state;
    ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return ring == MAP_FAILED;
}

static int drop_ring(void **state)
{
    (void)state;
    return munmap(ring, sizeof(*ring));
}

static bool put(const char *line)
{
    return chimera_log_ring_put(ring, chimera_slice_of(line), 0);
}

/* Lines of 256 bytes until there is no room; returns how many. */
static unsigned fill(void)
{
    char line[257];
    unsigned count = 0;
    do
        snprintf(line, sizeof(line), "%0255u\n", count);
    while (put(line) && ++count);
    return count;
}

static const char *take(size_t size)
{
    size_t taken = chimera_log_ring_read(ring, out, sizeof(out) - 1, size);
    out[taken] = '\0';
    chimera_log_ring_release(ring, taken);
    return out;
}

static void whole_lines_come_out_in_their_order(void **state)
{
    (void)state;
    assert_true(put("one\n") && put("two\n") && put("three\n"));
    assert_int_equal(chimera_log_ring_used(ring), 14);
    assert_string_equal(take(9), "one\ntwo\n");
    assert_string_equal(take(2), "three\n"); /* one that is longer comes alone */
    assert_string_equal(take(9), "");
    assert_int_equal(chimera_log_ring_used(ring), 0);
}

static void reading_takes_nothing_away(void **state)
{
    (void)state;
    assert_true(put("one\n"));
    assert_int_equal(chimera_log_ring_read(ring, out, sizeof(out), 100), 4);
    assert_int_equal(chimera_log_ring_read(ring, out, sizeof(out), 100), 4);
    assert_string_equal(take(100), "one\n");
}

static void what_finds_no_room_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(fill(), CHIMERA_LOG_RING_BYTES / 256);
    assert_false(put("x\n"));
    for (unsigned i = 0; i < CHIMERA_LOG_RING_BYTES / 256; i++)
        assert_int_equal(strtoul(take(256), NULL, 10), i);
    assert_string_equal(take(256), "");
}

static void room_is_kept_for_who_asks_for_it(void **state)
{
    char line[4097];
    (void)state;
    memset(line, 'x', 4096);
    line[4095] = '\n';
    line[4096] = '\0';
    for (unsigned i = 0; i < PAGES - 1; i++)
        assert_true(chimera_log_ring_put(ring, chimera_slice_of(line), 4096));
    assert_false(chimera_log_ring_put(ring, chimera_slice_of("x\n"), 4096));
    assert_true(chimera_log_ring_put(ring, chimera_slice_of(line), 0));
}

static void lines_go_over_the_end_of_the_memory(void **state)
{
    char line[1024];
    (void)state;
    assert_true(put("first\n")); /* never empty, so that it never begins anew */
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(line, sizeof(line), "%01000u\n", i);
        assert_true(put(line));
        take(1);
        if (i > 0)
            assert_int_equal(strtoul(out, NULL, 10), i - 1);
        assert_int_equal(strlen(out), i > 0 ? 1001 : 6);
    }
}

static void a_line_that_is_not_whole_yet_holds_up_those_behind_it(void **state)
{
    (void)state;
    assert_true(put("one\n") && put("two\n"));
    ring->text[0] = 0; /* as long as who put it in copies */
    assert_string_equal(take(100), "");
    ring->text[0] = 'o';
    assert_string_equal(take(100), "one\ntwo\n");
}

static unsigned resident_pages(void)
{
    unsigned char pages[PAGES];
    unsigned count = 0;
    assert_int_equal(mincore(ring->text, CHIMERA_LOG_RING_BYTES, pages), 0);
    for (unsigned i = 0; i < PAGES; i++)
        count += pages[i] & 1;
    return count;
}

static void little_stays_on_the_first_page_and_much_is_given_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        assert_true(put("a line\n"));
        assert_string_equal(take(100), "a line\n");
    }
    assert_int_equal(resident_pages(), 1);
    fill();
    assert_int_equal(resident_pages(), PAGES);
    while (*take(4096))
        ;
    chimera_log_ring_trim(ring);
    assert_int_equal(resident_pages(), 0);
    assert_true(put("again\n"));
    assert_string_equal(take(100), "again\n");
}

static void a_ring_with_lines_is_not_trimmed(void **state)
{
    (void)state;
    assert_true(put("one\n"));
    chimera_log_ring_trim(ring);
    assert_string_equal(take(100), "one\n");
}

/* A process that was taken over may leave anything. */
static void spoilt_memory_ends_too(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 200; round++) {
        for (size_t i = 0; i < CHIMERA_LOG_RING_BYTES; i += round + 1)
            ring->text[i] = (char)(rand() % 3 ? rand() : '\n');
        atomic_store(&ring->ends, (uint64_t)rand() << 33 | (uint64_t)rand() << 2 |
                                      (uint64_t)(rand() & 3)); /* any begin, any end */
        unsigned steps = 0;
        while (*take(4096) || steps == 0)
            assert_true(steps++ <= CHIMERA_LOG_RING_BYTES);
    }
}

/* --- Threads --- */

static atomic_uint running;

static void *put_many(void *context)
{
    unsigned thread = (unsigned)(uintptr_t)context;
    char line[64];
    for (unsigned i = 0; i < LINES_EACH; i++) {
        snprintf(line, sizeof(line), "%u %u%.*s\n", thread, i, (int)(i % 40),
                 "........................................");
        while (!put(line))
            sched_yield();
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

/* "THREAD NUMBER....": the next one of its thread, with as many dots as it had. */
static void check_line(const char *line, unsigned *next)
{
    char *end = NULL;
    unsigned long thread = strtoul(line, &end, 10), number = strtoul(end, &end, 10);
    assert_true(thread < THREADS);
    assert_int_equal(number, next[thread]++);
    assert_int_equal(strspn(end, "."), number % 40);
    assert_int_equal(end[number % 40], '\n');
}

static void threads_do_not_mix_their_lines(void **state)
{
    pthread_t threads[THREADS];
    unsigned next[THREADS] = {0};
    (void)state;
    atomic_store(&running, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, put_many, (void *)i), 0);
    while (atomic_load(&running) > 0 || chimera_log_ring_used(ring) > 0) {
        for (const char *line = take(4096); *line; line = strchr(line, '\n') + 1)
            check_line(line, next);
        if (rand() % 64 == 0)
            chimera_log_ring_trim(ring);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(next[i], LINES_EACH);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_ring, drop_ring)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whole_lines_come_out_in_their_order),
        TEST(reading_takes_nothing_away),
        TEST(what_finds_no_room_changes_nothing),
        TEST(room_is_kept_for_who_asks_for_it),
        TEST(lines_go_over_the_end_of_the_memory),
        TEST(a_line_that_is_not_whole_yet_holds_up_those_behind_it),
        TEST(little_stays_on_the_first_page_and_much_is_given_back),
        TEST(a_ring_with_lines_is_not_trimmed),
        TEST(spoilt_memory_ends_too),
        TEST(threads_do_not_mix_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
