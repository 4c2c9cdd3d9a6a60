/* SPDX-License-Identifier: Apache-2.0 */
/* Loops that are handed over, by real threads (server/worker/thread_pool.h, server/worker/turn.h).
 * A loop is a turn and what a test has its threads do. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/base/clock.h"
#include "runtime/policy/slots.h"
#include "server/worker/thread_pool.h"

#define LOOPS 2

static struct turn turns[LOOPS];
static struct pool pool;
static struct slow_quota slow_quota;
static struct policy_set policies;
static const struct service service = {.policies = &policies, .rules = {.max_body_bytes = 1000}};
static sem_t may_answer, has_run[LOOPS], is_detached;
static atomic_uint slow_begun, slow_ended, told, runs[LOOPS];
static _Atomic(struct lane *) lanes[LOOPS]; /* that ran each last */
static atomic_bool has_loop;                /* of the evaluator, when it had its answer */
static unsigned quick_first;                /* evaluations before the slow one */

/* --- What the pool calls --- */

void lane_init(struct lane *lane, unsigned index, size_t max_body_bytes)
{
    assert_int_equal(max_body_bytes, 1000);
    *lane = (struct lane){.index = index};
}

void lane_reset(struct lane *lane)
{
    (void)lane;
}

bool lane_rest(struct lane *lane)
{
    (void)lane;
    return false;
}

void lane_done(struct lane *lane)
{
    (void)lane;
}

bool chimera_slots_trim(struct chimera_slots *slots, unsigned lane, uint64_t now_ns)
{
    (void)slots, (void)lane, (void)now_ns;
    return false;
}

void slow_quota_slow_begins(struct slow_quota *of, unsigned account, bool is_audit)
{
    (void)of;
    assert_int_equal(account, 7);
    assert_true(is_audit);
    atomic_fetch_add(&slow_begun, 1);
}

bool slow_quota_has_none(struct slow_quota *of)
{
    (void)of;
    return atomic_load(&slow_begun) == atomic_load(&slow_ended);
}

static void tell(struct turn *turn)
{
    assert_true(turn == &turns[0] || turn == &turns[1]);
    atomic_fetch_add(&told, 1);
}

/* The first thread of loop 0 evaluates until it may answer; who takes it over ends at once. */
static void run(struct turn *turn, struct lane *lane)
{
    unsigned index = (unsigned)(turn - turns);
    bool is_first = atomic_fetch_add(&runs[index], 1) == 0;
    turn->lane = lane;
    atomic_store(&lanes[index], lane);
    if (index == 0 && is_first) {
        bool is_own = true; /* a busy machine may make any of them slow */
        for (unsigned i = 0; i < quick_first && is_own; i++)
            is_own = turn_end(turn, turn_begin(turn, 7, true));
        uint64_t number = is_own ? turn_begin(turn, 7, true) : 0;
        while (sem_wait(&may_answer) < 0)
            ;
        atomic_store(&has_loop, is_own && turn_end(turn, number));
        atomic_fetch_add(&slow_ended, !atomic_load(&has_loop));
        turn->keeper->slow_ended(turn->keeper);
        sem_post(&is_detached);
    }
    sem_post(&has_run[index]);
}

static const struct pool_work work = {.run = run, .tell = tell};

static void await(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0)
        ;
}

static void start(unsigned standby)
{
    const struct pool_input input = {.work = &work,
                                     .loop_count = LOOPS,
                                     .standby = standby,
                                     .service = &service,
                                     .slow_quota = &slow_quota};
    struct chimera_error err = {0};
    memset(turns, 0, sizeof(turns));
    sem_init(&may_answer, 0, 0);
    sem_init(&is_detached, 0, 0);
    for (unsigned i = 0; i < LOOPS; i++) {
        sem_init(&has_run[i], 0, 0);
        atomic_store(&runs[i], 0);
    }
    atomic_store(&slow_begun, 0);
    atomic_store(&slow_ended, 0);
    atomic_store(&told, 0);
    assert_int_equal(pool_open(&pool, &input, &err), CHIMERA_OK);
    for (unsigned i = 0; i < LOOPS; i++) {
        pool_set_loop(&pool, i, &turns[i]);
        assert_ptr_equal(turns[i].keeper, &pool.keeper);
    }
    assert_int_equal(pool_start(&pool, &err), CHIMERA_OK);
}

static void stop(void)
{
    assert_true(pool_stop(&pool));
    pool_close(&pool);
}

static void a_slow_evaluation_loses_its_loop(void **state)
{
    (void)state;
    start(1);
    await(&has_run[0]); /* by who took it over: the first is still evaluating */
    struct lane *second = atomic_load(&lanes[0]);
    assert_int_equal(atomic_load(&slow_begun), 1);
    assert_int_not_equal(second->index, 0); /* one that stood by */
    assert_false(turn_is_evaluating(turn_number(&turns[0])));
    assert_true(quick_first > 0 || turn_number(&turns[0]) == 2);
    sem_post(&may_answer);
    await(&is_detached);
    assert_false(atomic_load(&has_loop));
    assert_int_equal(atomic_load(&told), LOOPS);
    await(&has_run[0]);
    await(&has_run[1]);
    assert_int_equal(atomic_load(&lanes[1])->index, 1); /* its own, at first */
    stop();
}

/* Then its process ends without it. */
static void what_still_evaluates_cannot_be_stopped(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        start(1);
        await(&has_run[0]);
        kill(getpid(), pool_stop(&pool) ? SIGTERM : SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void without_anybody_who_stands_by_it_waits_for_one(void **state)
{
    (void)state;
    start(0);
    await(&has_run[1]);
    while (!atomic_load(&runs[0]))
        sched_yield();
    /* The other's thread stands by now, and takes it. */
    await(&has_run[0]);
    assert_int_equal(atomic_load(&lanes[0])->index, 1);
    sem_post(&may_answer);
    await(&is_detached);
    assert_false(atomic_load(&has_loop));
    stop();
}

/* Nobody sets a timer for these, so that one of them may be slow without anybody noticing, if the
 * hand-over thread did not go on looking. */
static void one_among_many_loses_its_loop(void **state)
{
    quick_first = 20000;
    a_slow_evaluation_loses_its_loop(state);
    quick_first = 0;
}

static void who_has_nothing_to_watch_gives_it_up(void **state)
{
    struct pool_input input = {
        .work = &work, .loop_count = LOOPS, .service = &service, .slow_quota = &slow_quota};
    struct turn *turn = &turns[1];
    struct chimera_error err = {0};
    (void)state;
    memset(turns, 0, sizeof(turns));
    atomic_store(&slow_begun, 0);
    atomic_store(&slow_ended, 0);
    for (unsigned i = 0; i < LOOPS; i++) { /* both have run before: their threads end at once */
        sem_init(&has_run[i], 0, 0);
        atomic_store(&runs[i], 1);
    }
    assert_int_equal(pool_open(&pool, &input, &err), CHIMERA_OK);
    for (unsigned i = 0; i < LOOPS; i++)
        pool_set_loop(&pool, i, &turns[i]);
    assert_int_equal(pool_start(&pool, &err), CHIMERA_OK);
    for (unsigned i = 0; i < LOOPS; i++)
        await(&has_run[i]);
    for (int i = 0; i < 3; i++) {
        do /* a busy machine may make one slow */
            atomic_fetch_add(&slow_ended, !turn_end(turn, turn_begin(turn, 7, true)));
        while (turn->is_rare);
        assert_true(atomic_load(&turn->is_watched));
        while (atomic_load(&turn->is_watched))
            sched_yield();
    }
    stop();
}

static unsigned count_threads(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 2; /* . and .. */
}

/* Two stand by, and the others have no thread until one of these is needed. */
static void who_stands_by_gets_its_thread_when_it_may_be_needed(void **state)
{
    unsigned others = count_threads();
    (void)state;
    start(9);
    await(&has_run[0]); /* by who took it over */
    /* The hand-over thread, both loops', which stand by now or evaluate, who took it, and one who
     * does not. A busy machine may make more of them, never all. */
    unsigned now = count_threads() - others;
    assert_in_range(now, 1 + LOOPS + 2, 1 + LOOPS + 8);
    sem_post(&may_answer);
    await(&is_detached);
    stop();
    assert_int_equal(count_threads(), others);
}

static rlim_t next_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    close(fd);
    return (rlim_t)fd;
}

/* With each number of descriptors that is too small, and none of them is kept. */
static void without_descriptors_there_is_no_pool(void **state)
{
    const struct pool_input input = {
        .work = &work, .loop_count = LOOPS, .service = &service, .slow_quota = &slow_quota};
    rlim_t first = next_descriptor();
    struct rlimit limit, before;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t room = 0; room < LOOPS + 2; room++) {
        struct chimera_error err = {0};
        limit = (struct rlimit){.rlim_cur = first + room, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        int code = pool_open(&pool, &input, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(code, CHIMERA_EIO);
        assert_non_null(strstr(err.text, "cannot make the loops' timers: "));
        assert_int_equal(next_descriptor(), first);
    }
}

static unsigned looks, stops;

static void count_looks(struct turn *turn, uint64_t ns)
{
    assert_true(atomic_load(&turn->is_watched)); /* before it is set, and until it is stopped */
    looks += ns == TURN_SLOW_NS;
    stops += ns == 0;
}

static struct turn_keeper counting = {.look_in = count_looks};

static void a_number_that_has_changed_cannot_be_taken(void **state)
{
    struct turn turn = {.keeper = &counting};
    (void)state;
    uint64_t first = turn_begin(&turn, 3, false);
    assert_true(turn_is_evaluating(first));
    assert_int_equal(turn.account, 3);
    assert_true(turn_end(&turn, first));
    assert_false(turn_take(&turn, first));
    uint64_t second = turn_begin(&turn, 4, true);
    assert_true(second != first && turn_is_evaluating(second) && turn.is_audit);
    assert_false(turn_take(&turn, first));
    assert_true(turn_take(&turn, second));
    assert_false(turn_end(&turn, second));
    assert_false(turn_is_evaluating(turn_number(&turn)));
}

/* One that is rare sets its timer and stops it. One that is not finds it set, or leaves it to the
 * keeper, whoever set it. */
static void only_a_turn_that_nobody_watches_needs_a_timer(void **state)
{
    struct turn turn = {.keeper = &counting};
    (void)state;
    looks = stops = 0;
    for (unsigned i = 1; i < 4; i++) {
        atomic_store(&turn.began_ns, 0);
        turn_end(&turn, turn_begin(&turn, 0, false));
        assert_true(looks == i && stops == i && !atomic_load(&turn.is_watched));
    }
    for (unsigned i = 0; i < 4; i++) {
        atomic_store(&turn.began_ns, UINT64_MAX / 2); /* nothing is long after that */
        turn_end(&turn, turn_begin(&turn, 0, false));
        assert_true(looks == 4 && stops == 3 && atomic_load(&turn.is_watched));
    }
    atomic_store(&turn.began_ns, 0);
    turn_end(&turn, turn_begin(&turn, 0, false));
    assert_true(looks == 4 && stops == 4 && !atomic_load(&turn.is_watched));
}

/* What is handed over is watched by whoever did so. */
static void who_has_lost_the_loop_stops_no_timer(void **state)
{
    struct turn turn = {.keeper = &counting};
    (void)state;
    looks = stops = 0;
    uint64_t number = turn_begin(&turn, 0, false);
    assert_true(turn.is_rare);
    assert_true(turn_take(&turn, number));
    assert_false(turn_end(&turn, number));
    assert_true(looks == 1 && stops == 0 && atomic_load(&turn.is_watched));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_that_has_changed_cannot_be_taken),
        cmocka_unit_test(only_a_turn_that_nobody_watches_needs_a_timer),
        cmocka_unit_test(who_has_lost_the_loop_stops_no_timer),
        cmocka_unit_test(without_descriptors_there_is_no_pool),
        cmocka_unit_test(what_still_evaluates_cannot_be_stopped),
        cmocka_unit_test(a_slow_evaluation_loses_its_loop),
        cmocka_unit_test(one_among_many_loses_its_loop),
        cmocka_unit_test(who_stands_by_gets_its_thread_when_it_may_be_needed),
        cmocka_unit_test(who_has_nothing_to_watch_gives_it_up),
        cmocka_unit_test(without_anybody_who_stands_by_it_waits_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
