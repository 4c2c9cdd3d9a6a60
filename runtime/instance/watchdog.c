/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"

#define NS_PER_MS 1000000u
#define NS_PER_S 1000000000u
#define REPEAT_NS NS_PER_MS       /* between two signals to a run that is due */
#define SIGNAL_STACK (128 * 1024) /* an AVX-512 and AMX frame takes more than 10 KiB */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_key_t key;
    bool has_started;
    struct chimera_run *first; /* all threads' runs */
    /* The watchdog never sleeps longer than this, so a run armed meanwhile cannot be missed unless
     * its limit is shorter still: then it wakes the watchdog. */
    _Atomic uint64_t shortest_ns;
    struct chimera_watchdog_counters counters; /* under the lock */
} watchdog = {.lock = PTHREAD_MUTEX_INITIALIZER, .shortest_ns = NS_PER_S};

static _Atomic uint64_t next_id = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct chimera_run *own_run __attribute__((tls_model("initial-exec")));

/* Signals `run` if it is due; returns when to look at it again. */
static uint64_t look_at(struct chimera_run *run, uint64_t now)
{
    uint64_t sequence = atomic_load(&run->sequence);
    uint64_t deadline = atomic_load(&run->deadline_ns);
    if (!(sequence & 1) || deadline == CHIMERA_NO_DEADLINE)
        return CHIMERA_NO_DEADLINE;
    if (now < deadline)
        return deadline;
    atomic_store(&run->kill, sequence);
    syscall(SYS_tgkill, getpid(), run->thread, CHIMERA_DEADLINE_SIGNAL);
    return now + REPEAT_NS;
}

void chimera_watchdog_counters(struct chimera_watchdog_counters *ret_counters)
{
    pthread_mutex_lock(&watchdog.lock);
    *ret_counters = watchdog.counters;
    pthread_mutex_unlock(&watchdog.lock);
}

static void *watch(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&watchdog.lock);
    for (;;) {
        uint64_t now = chimera_clock_ns();
        uint64_t next = now + atomic_load(&watchdog.shortest_ns);
        for (struct chimera_run *run = watchdog.first; run; run = run->next) {
            uint64_t again = look_at(run, now);
            if (again < next)
                next = again;
        }
        struct timespec until = {.tv_sec = (time_t)(next / NS_PER_S),
                                 .tv_nsec = (long)(next % NS_PER_S)};
        watchdog.counters.rounds++;
        watchdog.counters.next_ns = next;
        watchdog.counters.sleep_ns = next - now;
        if (pthread_cond_timedwait(&watchdog.wake, &watchdog.lock, &until) == 0)
            watchdog.counters.woken++;
    }
    return NULL;
}

static void end_run(void *data)
{
    struct chimera_run *run = data;
    pthread_mutex_lock(&watchdog.lock);
    for (struct chimera_run **at = &watchdog.first; *at; at = &(*at)->next) {
        if (*at == run) {
            *at = run->next;
            break;
        }
    }
    pthread_mutex_unlock(&watchdog.lock);
    own_run = NULL;
    stack_t none = {.ss_flags = SS_DISABLE}, old;
    if (sigaltstack(&none, &old) == 0 && !(old.ss_flags & SS_DISABLE))
        munmap(old.ss_sp, old.ss_size);
    free(run);
}

static void start_watchdog(void)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watchdog.wake, &monotonic);
    pthread_condattr_destroy(&monotonic);

    /* Signals of the process are for other threads. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    watchdog.has_started = pthread_key_create(&watchdog.key, end_run) == 0 &&
                           pthread_create(&thread, NULL, watch, NULL) == 0 &&
                           pthread_detach(thread) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static bool give_signal_stack(void)
{
    void *stack =
        mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        return false;
    stack_t alternate = {.ss_sp = stack, .ss_size = SIGNAL_STACK};
    if (sigaltstack(&alternate, NULL) == 0)
        return true;
    munmap(stack, SIGNAL_STACK);
    return false;
}

static struct chimera_run *make_run(void)
{
    pthread_once(&once, start_watchdog);
    struct chimera_run *run = watchdog.has_started ? calloc(1, sizeof(*run)) : NULL;
    if (!run || !give_signal_stack()) {
        free(run);
        return NULL;
    }
    atomic_init(&run->deadline_ns, CHIMERA_NO_DEADLINE);
    run->thread = (pid_t)syscall(SYS_gettid);
    run->id = atomic_fetch_add(&next_id, 1);
    pthread_setspecific(watchdog.key, run);
    pthread_mutex_lock(&watchdog.lock);
    run->next = watchdog.first;
    watchdog.first = run;
    pthread_mutex_unlock(&watchdog.lock);
    return run;
}

struct chimera_run *chimera_run_of_thread(void)
{
    if (!own_run)
        own_run = make_run();
    return own_run;
}

struct chimera_run *chimera_run_of_handler(void)
{
    return own_run;
}

void chimera_run_arm(struct chimera_run *run, uint32_t limit_ms)
{
    uint64_t limit_ns = (uint64_t)limit_ms * NS_PER_MS;
    atomic_store_explicit(&run->is_pending, false, memory_order_relaxed);
    atomic_store(&run->deadline_ns, limit_ms ? chimera_clock_ns() + limit_ns : CHIMERA_NO_DEADLINE);
    /* Odd even if the last run was never disarmed. */
    atomic_store(&run->sequence,
                 (atomic_load_explicit(&run->sequence, memory_order_relaxed) + 1) | 1);
    if (limit_ms && limit_ns < atomic_load_explicit(&watchdog.shortest_ns, memory_order_relaxed)) {
        /* The slow path of arming: this limit is shorter than any before. */
        pthread_mutex_lock(&watchdog.lock);
        if (limit_ns < atomic_load(&watchdog.shortest_ns))
            atomic_store(&watchdog.shortest_ns, limit_ns);
        pthread_cond_signal(&watchdog.wake);
        pthread_mutex_unlock(&watchdog.lock);
    }
}

void chimera_run_disarm(struct chimera_run *run)
{
    atomic_store(&run->sequence,
                 (atomic_load_explicit(&run->sequence, memory_order_relaxed) | 1) + 1);
}

bool chimera_run_is_due(const struct chimera_run *run)
{
    return atomic_load_explicit(&run->is_pending, memory_order_relaxed);
}
