/* SPDX-License-Identifier: Apache-2.0 */
/* A log that nobody waits for (log_writer.h). Each test is a process of its own, for there is one
 * log in each; what it writes comes through a pipe that has room for one page. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/log/log.h"
#include "runtime/log/log_writer.h"

#define MANY 20000 /* far more than the pipe and the memory hold */
#define THREADS 4
#define LINES_EACH 1500 /* of all threads together, the memory holds them */
#define FOREVER_MS 600000
#define TELL(text) chimera_log(CHIMERA_LOG_INFO, "t", CHIMERA_SLICE(text))

static int ends[2];
static char *got; /* what was read; grows */
static size_t got_size;

/* --- The other end --- */

static void read_some(void)
{
    char bytes[65536];
    ssize_t size = read(ends[0], bytes, sizeof(bytes));
    assert_true(size > 0);
    got = realloc(got, got_size + (size_t)size + 1);
    memcpy(got + got_size, bytes, (size_t)size);
    got_size += (size_t)size;
    got[got_size] = '\0';
}

static void read_until(const char *text)
{
    while (!got || !strstr(got, text))
        read_some();
}

static unsigned count_of(const char *text)
{
    unsigned found = 0;
    for (const char *at = got; (at = strstr(at, text)); at++)
        found++;
    return found;
}

static unsigned long number_behind(const char *text)
{
    const char *at = strstr(got, text);
    assert_non_null(at);
    return strtoul(at + strlen(text), NULL, 10);
}

/* Each has a number, and they come in order; some may be missing. Returns how many there are. */
static unsigned check_numbers(void)
{
    unsigned long last = 0;
    unsigned count = 0;
    for (const char *at = got; (at = strstr(at, "number=")); count++) {
        unsigned long number = strtoul(at += strlen("number="), NULL, 10);
        assert_true(number > last);
        last = number;
    }
    return count;
}

static void tell_numbers(unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++)
        chimera_log_with(CHIMERA_LOG_INFO, "t", CHIMERA_SLICE("a line as long as an ordinary one"),
                         CHIMERA_NUMBER("number", i));
}

/* --- In a process of its own --- */

static void in_child(void (*test)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        test();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void open_log(enum chimera_log_level from)
{
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
    chimera_log_open(ends[1], CHIMERA_LOG_TEXT, from);
}

static _Atomic uint64_t dropped;

static void start(void)
{
    open_log(CHIMERA_LOG_INFO);
    assert_int_equal(chimera_log_buffer(NULL, &dropped, NULL), CHIMERA_OK);
    assert_int_equal(chimera_log_start_writer(NULL, NULL, NULL), CHIMERA_OK);
}

static struct chimera_log_ring *make_ring(void)
{
    void *ring = mmap(NULL, sizeof(struct chimera_log_ring), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(ring != MAP_FAILED);
    return ring;
}

/* --- Tests --- */

static void read_in_time(void)
{
    start();
    TELL("first");
    read_until("first\n"); /* without any more that would push it */
    tell_numbers(1, 100);
    read_until("number=100\n");
    assert_int_equal(check_numbers(), 100);
    assert_int_equal(atomic_load(&dropped), 0);
}

/* Nobody reads: who logs goes on all the same, or this test never ends. */
static void unread(void)
{
    start();
    tell_numbers(1, MANY);
    uint64_t lost = atomic_load(&dropped);
    assert_in_range(lost, 1, MANY - 1);
    read_until("lines=");
    read_until("number=1\n"); /* it was there before */
    assert_int_equal(
        count_of(" WARN chimera::log: log lines are dropped from here on: the log is not read"), 1);
    assert_int_equal(
        number_behind("log lines were dropped, as the log was not read in time lines="), lost);
    tell_numbers(MANY + 1, MANY + 1);
    read_until("number=20001\n");
    assert_int_equal(check_numbers(), MANY + 1 - lost);
    assert_int_equal(count_of("log lines were dropped"), 1);
}

/* The level hides warnings, but not that there is less in the log than there should be. */
static void told_at_any_level(void)
{
    open_log(CHIMERA_LOG_ERROR);
    assert_int_equal(chimera_log_buffer(NULL, &dropped, NULL), CHIMERA_OK);
    assert_int_equal(chimera_log_start_writer(NULL, NULL, NULL), CHIMERA_OK);
    for (unsigned i = 0; i < MANY; i++)
        chimera_log(CHIMERA_LOG_ERROR, "t", CHIMERA_SLICE("broken in a way that takes some words"));
    read_until("ERROR chimera::log: log lines were dropped");
    assert_int_equal(count_of("ERROR chimera::log: log lines are dropped from here on"), 1);
}

/* Another process has set the pipe not to block, which holds for us, too. */
static void a_pipe_that_does_not_block(void)
{
    start();
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    tell_numbers(1, 1000);
    read_until("number=1000\n");
    assert_int_equal(check_numbers(), 1000);
    assert_int_equal(atomic_load(&dropped), 0);
}

/* A full disk, for as long as that is. Nothing is lost that the memory holds. */
static void a_full_disk(void)
{
    start();
    int full = open("/dev/full", O_WRONLY), pipe_end = dup(ends[1]);
    assert_true(full >= 0 && pipe_end >= 0);
    assert_true(dup2(full, ends[1]) >= 0);
    tell_numbers(1, 1000);
    assert_true(dup2(pipe_end, ends[1]) >= 0); /* there is room again */
    read_until("number=1000\n");
    assert_int_equal(check_numbers(), 1000);
}

static void a_reader_that_is_gone(void)
{
    start();
    close(ends[0]);
    tell_numbers(1, MANY);
    assert_true(atomic_load(&dropped) > 0);
    chimera_log_finish(50); /* and SIGPIPE has not ended us */
}

static void an_end_writes_what_is_left(void)
{
    start();
    pid_t pid = fork();
    if (pid == 0) {
        chimera_log_buffer(NULL, NULL, NULL);
        chimera_log_start_writer(NULL, NULL, NULL);
        tell_numbers(1, 5000);
        chimera_log_finish(FOREVER_MS);
        _exit(0);
    }
    close(ends[1]);
    read_until("number=5000\n");
    assert_int_equal(check_numbers(), 5000);
}

/* A fork has neither the lines nor the thread of its parent. */
static void a_fork_begins_anew(void)
{
    start();
    tell_numbers(1, 200); /* more than the pipe holds, so some wait */
    pid_t pid = fork();
    if (pid == 0) {
        TELL("of the fork");
        _exit(0);
    }
    read_until("of the fork\n");
    read_until("number=200\n");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(check_numbers(), 200);
    assert_int_equal(count_of("of the fork"), 1);
}

/* A child is killed before it has written anything; the parent writes it. */
static void what_a_process_leaves(void)
{
    struct chimera_log_ring *ring = make_ring();
    start();
    pid_t pid = fork();
    if (pid == 0) {
        chimera_log_buffer(ring, NULL, NULL);
        tell_numbers(1, MANY);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    chimera_log_take_over(ring);
    uint64_t lost = atomic_load(&ring->dropped) + atomic_load(&dropped);
    read_until("log lines were dropped, as the log was not read in time lines=");
    read_until("number=1\n");
    TELL("behind it");
    read_until("behind it\n");
    /* The child's own notice may be among the lines that found no room here. */
    assert_in_range(check_numbers() + lost, MANY, MANY + 1);
    assert_true(number_behind("log lines were dropped, as the log was not read in time lines=") >
                0);
}

/* What was left fills the memory; who has taken it over still has a word. */
static void a_word_behind_what_is_left(void)
{
    struct chimera_log_ring *ring = make_ring();
    start();
    pid_t pid = fork();
    if (pid == 0) {
        chimera_log_buffer(ring, NULL, NULL);
        tell_numbers(1, MANY);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    chimera_log_take_over(ring);
    uint64_t lost = atomic_load(&dropped);
    assert_true(lost > 0); /* nobody has read yet */
    TELL("it is gone");
    assert_int_equal(atomic_load(&dropped), lost);
    read_until("it is gone\n");
}

/* Lines that never end, and zeros, in what a process leaves that was taken over. */
static void what_a_spoilt_process_leaves(void)
{
    struct chimera_log_ring *ring = make_ring();
    start();
    memset(ring->text, 'x', CHIMERA_LOG_RING_BYTES);
    ring->text[70000] = '\n';
    ring->text[70001] = '\0';
    atomic_store(&ring->ends, UINT64_MAX << 32);
    chimera_log_take_over(ring);
    TELL("still here");
    read_until("still here\n");
}

static void *tell_of_thread(void *context)
{
    unsigned thread = (unsigned)(uintptr_t)context;
    for (unsigned i = 0; i < LINES_EACH; i++)
        chimera_log_with(CHIMERA_LOG_INFO, "t", CHIMERA_SLICE("whole"),
                         CHIMERA_NUMBER("thread", thread), CHIMERA_NUMBER("n", i));
    return NULL;
}

static void lines_of_threads(void)
{
    pthread_t threads[THREADS];
    unsigned next[THREADS] = {0}, lines = 0;
    start();
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, tell_of_thread, (void *)i), 0);
    while (lines < THREADS * LINES_EACH) {
        read_some();
        lines = count_of("\n");
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (const char *line = got; *line; line = strchr(line, '\n') + 1) {
        unsigned thread = 0, number = 0;
        const char *field = strstr(line, "thread=");
        assert_true(field && field < strchr(line, '\n'));
        assert_int_equal(sscanf(field, "thread=%u n=%u\n", &thread, &number), 2);
        assert_int_equal(number, next[thread]++);
    }
}

static int refuse(void *context, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EIO, "not %s", (const char *)context);
}

static void a_start_that_fails(void)
{
    struct chimera_error err = {0};
    open_log(CHIMERA_LOG_INFO);
    assert_int_equal(chimera_log_buffer(NULL, NULL, NULL), CHIMERA_OK);
    assert_int_equal(chimera_log_start_writer(refuse, (void *)(uintptr_t)"today", &err),
                     CHIMERA_EIO);
    assert_string_equal(err.text, "not today");
}

static void a_word_to_another_descriptor(void)
{
    open_log(CHIMERA_LOG_INFO);
    chimera_log_say(ends[1], "Error: so it is\n");
    read_until("Error: so it is\n");
}

#define TEST(name)                        \
    static void test_##name(void **state) \
    {                                     \
        (void)state;                      \
        in_child(name);                   \
    }
TEST(read_in_time)
TEST(unread)
TEST(told_at_any_level)
TEST(a_pipe_that_does_not_block)
TEST(a_full_disk)
TEST(a_reader_that_is_gone)
TEST(an_end_writes_what_is_left)
TEST(a_fork_begins_anew)
TEST(what_a_process_leaves)
TEST(a_word_behind_what_is_left)
TEST(what_a_spoilt_process_leaves)
TEST(lines_of_threads)
TEST(a_start_that_fails)
TEST(a_word_to_another_descriptor)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_in_time),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_told_at_any_level),
        cmocka_unit_test(test_a_pipe_that_does_not_block),
        cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_reader_that_is_gone),
        cmocka_unit_test(test_an_end_writes_what_is_left),
        cmocka_unit_test(test_a_fork_begins_anew),
        cmocka_unit_test(test_what_a_process_leaves),
        cmocka_unit_test(test_a_word_behind_what_is_left),
        cmocka_unit_test(test_what_a_spoilt_process_leaves),
        cmocka_unit_test(test_lines_of_threads),
        cmocka_unit_test(test_a_start_that_fails),
        cmocka_unit_test(test_a_word_to_another_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
