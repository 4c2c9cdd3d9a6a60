/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/loop.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/clock.h"

#define SECOND 1000000000
/* A thread that sleeps is woken so much too late, at times: the rest it waits awake. */
#define AWAKE_NS 200000
#define OVERHEAD_TURNS 100000

volatile sig_atomic_t bench_interrupted;

static void on_signal(int number)
{
    bench_interrupted = number;
}

void bench_loop_listen(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct sigaction before;
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

struct shared {
    const struct bench_loop *loop;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum { WAITING, RUNNING, GIVEN_UP } state; /* under the mutex, like the next until they run */
    uint64_t began;
    atomic_uint_fast64_t next; /* open: the number of the evaluation to be taken */
    atomic_bool has_failed;
};

struct thread { /* apart from others' lines of the cache: each is allocated */
    struct shared *shared;
    pthread_t thread;
    unsigned lane;
    int code;
    struct chimera_error err;
    uint64_t ended;
    struct bench_samples samples;
    size_t sample;       /* the one that is on */
    uint64_t sample_end; /* when, or after how many, the next begins */
    uint64_t late;
    struct bench_histogram histogram;
};

/* --- One thread --- */

static uint64_t own_count(const struct bench_loop *loop, unsigned lane)
{
    return loop->count / loop->threads + (lane < loop->count % loop->threads);
}

/* Where a sample ends, on the scale of `whole`. */
static uint64_t end_of(size_t sample, size_t count, uint64_t whole)
{
    return count > 0 ? (uint64_t)((double)whole / (double)count * (double)(sample + 1)) : 0;
}

/* `at` is how far the measurement is, of `whole`. */
static void note(struct thread *thread, uint64_t nanoseconds, uint64_t at, uint64_t whole)
{
    const struct bench_loop *loop = thread->shared->loop;
    bench_histogram_add(&thread->histogram, nanoseconds);
    if (thread->samples.count == 0)
        return;
    while (at > thread->sample_end && thread->sample + 1 < loop->samples)
        thread->sample_end = end_of(++thread->sample, loop->samples, whole);
    thread->samples.nanoseconds[thread->sample] += nanoseconds;
    thread->samples.iterations[thread->sample]++;
}

static bool is_over(const struct shared *shared)
{
    return bench_interrupted || atomic_load_explicit(&shared->has_failed, memory_order_relaxed);
}

static int run_closed(struct thread *thread)
{
    const struct bench_loop *loop = thread->shared->loop;
    uint64_t began = thread->shared->began, before = chimera_clock_ns();
    uint64_t count = own_count(loop, thread->lane), done = 0;
    uint64_t whole = loop->count ? count : loop->nanoseconds;
    thread->sample_end = end_of(0, loop->samples, whole);
    while (!loop->count || done < count) {
        int code = loop->turn(loop->context, thread->lane, &thread->err);
        uint64_t after = chimera_clock_ns();
        if (code < 0)
            return code;
        done++;
        note(thread, after - before, loop->count ? done : after - began, whole);
        before = after;
        if ((!loop->count && after - began >= loop->nanoseconds) || is_over(thread->shared))
            break;
    }
    thread->ended = before;
    return CHIMERA_OK;
}

static void wait_until(uint64_t due)
{
    uint64_t now = chimera_clock_ns();
    if (due > now + AWAKE_NS) {
        uint64_t wake = due - AWAKE_NS;
        const struct timespec until = {.tv_sec = (time_t)(wake / SECOND),
                                       .tv_nsec = (long)(wake % SECOND)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    }
    while (chimera_clock_ns() < due && !bench_interrupted)
        ;
}

static int run_open(struct thread *thread)
{
    struct shared *shared = thread->shared;
    const struct bench_loop *loop = shared->loop;
    uint64_t whole = loop->count ? loop->count : loop->nanoseconds;
    double interval = SECOND / loop->rate;
    thread->sample_end = end_of(0, loop->samples, whole);
    for (;;) {
        uint64_t number = atomic_fetch_add_explicit(&shared->next, 1, memory_order_relaxed);
        uint64_t due = (uint64_t)((double)number * interval);
        uint64_t now = chimera_clock_ns() - shared->began;
        if (loop->count ? number >= loop->count
                        : number > 0 && (due >= loop->nanoseconds || now >= loop->nanoseconds))
            break;
        if (now > due)
            thread->late++;
        else
            wait_until(shared->began + due);
        if (is_over(shared))
            break;
        int code = loop->turn(loop->context, thread->lane, &thread->err);
        uint64_t after = chimera_clock_ns() - shared->began;
        if (code < 0)
            return code;
        note(thread, after - due, loop->count ? number + 1 : after, whole);
        thread->ended = shared->began + after;
    }
    return CHIMERA_OK;
}

static void run(struct thread *thread)
{
    const struct bench_loop *loop = thread->shared->loop;
    thread->code = loop->rate > 0 ? run_open(thread) : run_closed(thread);
    if (thread->code < 0)
        atomic_store(&thread->shared->has_failed, true);
}

/* All begin together. */
static void *run_thread(void *argument)
{
    struct thread *thread = argument;
    struct shared *shared = thread->shared;
    pthread_mutex_lock(&shared->mutex);
    while (shared->state == WAITING)
        pthread_cond_wait(&shared->changed, &shared->mutex);
    bool runs = shared->state == RUNNING;
    pthread_mutex_unlock(&shared->mutex);
    if (runs)
        run(thread);
    return NULL;
}

/* --- All of them --- */

static struct thread *new_thread(struct shared *shared, unsigned lane)
{
    struct thread *thread = calloc(1, sizeof(*thread));
    if (!thread)
        return NULL;
    thread->shared = shared;
    thread->lane = lane;
    if (shared->loop->samples && bench_samples_new(shared->loop->samples, &thread->samples) < 0) {
        free(thread);
        return NULL;
    }
    return thread;
}

static void free_threads(struct thread **threads, unsigned count)
{
    for (unsigned i = 0; threads && i < count; i++) {
        if (threads[i])
            bench_samples_free(&threads[i]->samples);
        free(threads[i]);
    }
    free(threads);
}

static struct thread **new_threads(struct shared *shared)
{
    unsigned count = shared->loop->threads;
    struct thread **threads = calloc(count, sizeof(struct thread *));
    for (unsigned i = 0; threads && i < count; i++) {
        threads[i] = new_thread(shared, i);
        if (!threads[i]) {
            free_threads(threads, count);
            return NULL;
        }
    }
    return threads;
}

static void let_go(struct shared *shared, bool may_run)
{
    pthread_mutex_lock(&shared->mutex);
    shared->began = chimera_clock_ns();
    shared->state = may_run ? RUNNING : GIVEN_UP;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->mutex);
}

/* The caller is the first of them. */
static int run_threads(struct shared *shared, struct thread **threads, struct chimera_error *err)
{
    unsigned count = shared->loop->threads, started = 1;
    while (started < count &&
           pthread_create(&threads[started]->thread, NULL, run_thread, threads[started]) == 0)
        started++;
    let_go(shared, started == count);
    if (started == count)
        run(threads[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(threads[i]->thread, NULL);
    if (started < count)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot start %u threads", count);
    for (unsigned i = 0; i < count; i++)
        if (threads[i]->code < 0)
            return chimera_fail(err, threads[i]->code, "%s", threads[i]->err.text);
    return CHIMERA_OK;
}

/* Those in which none ended are none. */
static void join_samples(struct thread **threads, const struct bench_loop *loop,
                         struct bench_samples *samples)
{
    size_t count = 0;
    for (size_t i = 0; i < loop->samples; i++) {
        samples->nanoseconds[count] = samples->iterations[count] = 0;
        for (unsigned thread = 0; thread < loop->threads; thread++) {
            samples->nanoseconds[count] += threads[thread]->samples.nanoseconds[i];
            samples->iterations[count] += threads[thread]->samples.iterations[i];
        }
        count += samples->iterations[count] > 0;
    }
    samples->count = count;
}

static int join(const struct shared *shared, struct thread **threads, struct bench_timed *timed,
                struct chimera_error *err)
{
    const struct bench_loop *loop = shared->loop;
    uint64_t ended = shared->began;
    for (unsigned i = 0; i < loop->threads; i++) {
        bench_histogram_merge(&timed->histogram, &threads[i]->histogram);
        timed->late += threads[i]->late;
        ended = threads[i]->ended > ended ? threads[i]->ended : ended;
    }
    timed->elapsed = ended - shared->began;
    timed->is_interrupted = bench_interrupted;
    double due = loop->rate > 0 && !loop->count && !bench_interrupted
                     ? ceil((double)loop->nanoseconds * loop->rate / SECOND)
                     : 0;
    if (due > (double)timed->histogram.count)
        timed->missed = (uint64_t)due - timed->histogram.count;
    if (loop->samples == 0)
        return CHIMERA_OK;
    if (bench_samples_new(loop->samples, &timed->samples) < 0)
        return chimera_fail_memory(err);
    join_samples(threads, loop, &timed->samples);
    return CHIMERA_OK;
}

int bench_loop_run(const struct bench_loop *loop, struct bench_timed *ret_timed,
                   struct chimera_error *err)
{
    struct shared shared = {
        .loop = loop, .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct thread **threads = new_threads(&shared);
    *ret_timed = (struct bench_timed){0};
    if (!threads)
        return chimera_fail_memory(err);
    int code = run_threads(&shared, threads, err);
    if (code == CHIMERA_OK)
        code = join(&shared, threads, ret_timed, err);
    free_threads(threads, loop->threads);
    pthread_cond_destroy(&shared.changed);
    pthread_mutex_destroy(&shared.mutex);
    return code;
}

void bench_timed_done(struct bench_timed *timed)
{
    bench_samples_free(&timed->samples);
}

/* --- What it costs --- */

static int do_nothing(void *context, unsigned lane, struct chimera_error *err)
{
    (void)context;
    (void)lane;
    (void)err;
    return CHIMERA_OK;
}

double bench_loop_overhead(struct bench_timed *scratch)
{
    const struct bench_loop loop = {
        .turn = do_nothing, .threads = 1, .count = OVERHEAD_TURNS, .samples = 100};
    int code = bench_loop_run(&loop, scratch, NULL);
    double middle = code == CHIMERA_OK ? bench_histogram_quantile(&scratch->histogram, 0.5) : 0;
    bench_timed_done(scratch);
    return middle;
}
