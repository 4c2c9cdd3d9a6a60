/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog by what it does, not by the clock: when it means to look again, who wakes it, and
 * how often it looks. Each test begins where the one before left the process, the first with a
 * watchdog that was never asked for a limit as short as its own sleep. */
#include "runtime/base/clock.h"
#include "tests/unit/c_guest.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "runtime/instance/watchdog.h"

#define MS ((uint64_t)1000000)
#define SHORTEST_MS 20 /* the shortest limit here: no sleep is longer afterwards */

GUEST_CODE static void loop(struct chimera_instance *instance, union chimera_value *values)
{
    (void)instance, (void)values;
    for (volatile int i = 0;; i++)
        ;
}

static struct chimera_watchdog_counters counters(void)
{
    struct chimera_watchdog_counters now;
    chimera_watchdog_counters(&now);
    return now;
}

static void pause_ms(unsigned ms)
{
    const struct timespec pause = {.tv_nsec = (long)(ms * MS)};
    nanosleep(&pause, NULL);
}

static void wait_for_first_round(void)
{
    while (counters().rounds == 0)
        pause_ms(1);
}

/* True when the watchdog has planned to wake at the deadline before that has passed. */
static bool plans_for(const struct chimera_run *run)
{
    while (chimera_clock_ns() < run->deadline_ns) {
        if (counters().next_ns == run->deadline_ns)
            return true;
        pause_ms(1);
    }
    return false;
}

static void a_first_limit_wakes_it(void **state)
{
    struct chimera_run *run = chimera_run_of_thread();
    (void)state;
    assert_non_null(run);
    wait_for_first_round();
    struct chimera_watchdog_counters before = counters();
    assert_true(before.next_ns > chimera_clock_ns()); /* it sleeps for a second */
    chimera_run_arm(run, 900);
    assert_true(plans_for(run));
    assert_true(counters().woken > before.woken);
    chimera_run_disarm(run);
}

/* It looks again soon enough without, and a server arms a deadline for each request. */
static void a_limit_as_long_wakes_nobody(void **state)
{
    struct chimera_run *run = chimera_run_of_thread();
    struct chimera_watchdog_counters before = counters();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        chimera_run_arm(run, 900);
        chimera_run_disarm(run);
    }
    while (counters().rounds == before.rounds) /* if it was woken, it has noticed by then */
        pause_ms(1);
    assert_int_equal(counters().woken, before.woken);
}

static void a_shorter_limit_wakes_it_again(void **state)
{
    struct chimera_run *run = chimera_run_of_thread();
    struct chimera_watchdog_counters before = counters();
    (void)state;
    chimera_run_arm(run, 800);
    assert_true(plans_for(run));
    assert_true(counters().woken > before.woken);
    chimera_run_disarm(run);
}

static void a_run_that_is_due_is_told_until_it_ends(void **state)
{
    struct c_guest module;
    struct chimera_guest *guest;
    union chimera_value none = {0};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_NONE);
    c_guest_export(&module, "loop", ":", loop);
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    for (int i = 0; i < 3; i++) {
        chimera_guest_begin(guest, SHORTEST_MS);
        uint64_t deadline = guest->run->deadline_ns;
        assert_int_equal(chimera_guest_run(guest, module.exports, &none), CHIMERA_EDEADLINE);
        assert_true(chimera_clock_ns() >= deadline); /* never early */
        chimera_guest_end(guest);
    }
    /* Not disarmed: it is told again every millisecond. */
    struct chimera_run *run = chimera_run_of_thread();
    chimera_run_arm(run, SHORTEST_MS);
    while (chimera_clock_ns() < run->deadline_ns)
        pause_ms(1);
    uint64_t rounds = counters().rounds;
    while (counters().rounds < rounds + 3)
        pause_ms(1);
    assert_int_equal(counters().sleep_ns, MS);
    chimera_run_disarm(run);
    chimera_guest_free(guest);
}

/* However long the pause came to be: a round for each of its sleeps, and one or two that were
 * begun. */
static void an_idle_process_sleeps(void **state)
{
    const uint64_t sleep = SHORTEST_MS * MS;
    (void)state;
    uint64_t rounds = counters().rounds;
    while (counters().rounds < rounds + 2) /* what was due is over */
        pause_ms(1);
    struct chimera_watchdog_counters before = counters();
    uint64_t start = chimera_clock_ns();
    pause_ms(100);
    struct chimera_watchdog_counters after = counters();
    uint64_t most = (chimera_clock_ns() - start) / sleep + 2;
    assert_true(after.rounds - before.rounds <= most);
    assert_int_equal(after.sleep_ns, sleep);
    assert_int_equal(after.woken, before.woken);
}

/* The watchdog takes none of the signals that are sent to the process: who waits for one gets it.
 */
static void signals_are_for_others(void **state)
{
    sigset_t usual, before;
    int number = 0;
    (void)state;
    sigemptyset(&usual);
    sigaddset(&usual, SIGUSR1);
    sigaddset(&usual, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &usual, &before);
    kill(getpid(), SIGUSR1); /* would end the process */
    pause_ms(20);
    assert_int_equal(sigwait(&usual, &number), 0);
    assert_int_equal(number, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_limit_wakes_it),
        cmocka_unit_test(a_limit_as_long_wakes_nobody),
        cmocka_unit_test(a_shorter_limit_wakes_it_again),
        cmocka_unit_test(a_run_that_is_due_is_told_until_it_ends),
        cmocka_unit_test(an_idle_process_sleeps),
        cmocka_unit_test(signals_are_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
