/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log/log_writer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log_internal.h"
#include "runtime/log/log_limit.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
/* What the kernel writes to a pipe as a whole: lines of several processes stay apart. */
#define BATCH_BYTES ((size_t)PIPE_BUF)
/* A busy process writes a hundred times a second, not once a line; a line that comes after a pause
 * is written at once. */
#define NAP_MS 10
#define WAKE_BYTES (CHIMERA_LOG_RING_BYTES / 8)  /* so much does not wait for the end of the nap */
#define NOTICE_BYTES 512                         /* always left for chimera_log_take_notice() */
#define LEFT_BYTES (CHIMERA_LOG_RING_BYTES / 4)  /* by lines of a process that is gone */
#define LARGE_BYTES (CHIMERA_LOG_RING_BYTES / 4) /* an episode that used so much gives it back */
#define RETRY_MS 1000 /* after an error: a full disk, a reader that is gone */
#define STEP_MS 100
#define SAY_MS 1000
#define DROPPED "log lines were dropped, as the log was not read in time"
#define LIMITS_MS 1000 /* how often policies are looked at that write too much */

/* Of the bell. Whoever puts a line in wakes a thread that is asleep, and one that naps when there
 * is much. */
enum { AWAKE, NAPPING, ASLEEP };

static struct {
    struct chimera_log_ring *ring; /* NULL: lines are written by who logs */
    _Atomic uint64_t *counter;     /* borrowed; NULL: none */
    bool has_thread;
    atomic_bool is_ending; /* partner: chimera_log_finish() */
    unsigned patience_ms;
    /* A futex that changes whenever something was written, and how many wait for that. Partners:
     * the thread, and wait_until_written(). */
    _Atomic uint32_t written;
    atomic_uint waiting;
    uint32_t peak; /* most that was in the ring since it was last trimmed */
    /* Of the start alone. */
    int (*enter)(void *context, struct chimera_error *err);
    void *context;
    struct chimera_error *err;
    int code;
    sem_t entered;
} writer;

static _Thread_local bool is_writer; /* it logs, too: what was lost */

/* --- Whoever logs --- */

static void wake(struct chimera_log_ring *ring)
{
    atomic_store(&ring->bell, AWAKE);
    syscall(SYS_futex, &ring->bell, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* The line is in the ring before the bell is looked at, and the thread has set it before it looks
 * at the ring: one of the two sees the other. */
static void ring_bell(struct chimera_log_ring *ring)
{
    uint32_t bell = atomic_load(&ring->bell);
    if (bell == AWAKE || (bell == NAPPING && chimera_log_ring_used(ring) < WAKE_BYTES))
        return;
    if (atomic_compare_exchange_strong(&ring->bell, &bell, AWAKE))
        wake(ring);
}

static uint64_t count_lines(struct chimera_slice lines)
{
    uint64_t count = 0;
    const char *end = lines.data + lines.size;
    for (const char *at = lines.data; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
        count++;
    return count;
}

static void count_dropped(struct chimera_log_ring *ring, uint64_t count)
{
    atomic_fetch_add(&ring->dropped, count);
    if (writer.counter)
        atomic_fetch_add_explicit(writer.counter, count, memory_order_relaxed);
}

static void wait_until_written(struct chimera_log_ring *ring, uint64_t until_ns)
{
    atomic_fetch_add(&writer.waiting, 1);
    for (;;) {
        uint32_t written = atomic_load(&writer.written);
        uint64_t now_ns = chimera_clock_ns();
        if (chimera_log_ring_used(ring) == 0 || now_ns >= until_ns)
            break;
        wake(ring);
        const struct timespec left = {.tv_sec = (time_t)((until_ns - now_ns) / NS_PER_S),
                                      .tv_nsec = (long)((until_ns - now_ns) % NS_PER_S)};
        syscall(SYS_futex, &writer.written, FUTEX_WAIT_PRIVATE, written, &left, NULL, 0);
    }
    atomic_fetch_sub(&writer.waiting, 1);
}

void chimera_log_flush(unsigned wait_ms)
{
    if (writer.has_thread)
        wait_until_written(writer.ring, chimera_clock_ns() + wait_ms * NS_PER_MS);
}

static bool put_lines(struct chimera_log_ring *ring, struct chimera_slice lines)
{
    bool is_waited_for = writer.patience_ms && !is_writer && chimera_log_ring_used(ring) == 0;
    if (atomic_load_explicit(&ring->is_dropping, memory_order_relaxed) ||
        !chimera_log_ring_put(ring, lines, NOTICE_BYTES))
        return false;
    if (is_waited_for) /* else the log is stuck */
        chimera_log_flush(writer.patience_ms);
    else
        ring_bell(ring);
    return true;
}

enum chimera_log_taken chimera_log_take(struct chimera_slice lines)
{
    struct chimera_log_ring *ring = writer.ring;
    if (!ring)
        return CHIMERA_LOG_NOT_TAKEN;
    if (put_lines(ring, lines))
        return CHIMERA_LOG_TAKEN;
    count_dropped(ring, count_lines(lines));
    return atomic_exchange(&ring->is_dropping, 1) ? CHIMERA_LOG_TAKEN : CHIMERA_LOG_FULL;
}

void chimera_log_take_notice(struct chimera_slice line)
{
    chimera_log_ring_put(writer.ring, line, 0);
    ring_bell(writer.ring);
}

/* --- The thread --- */

static void pause_for(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = (long)(ms % 1000 * (int64_t)NS_PER_MS)};
    nanosleep(&time, NULL);
}

/* The descriptor may be set not to block by others who have it, too. */
static void wait_for_output(int number)
{
    struct pollfd polled = {.fd = chimera_log_output(), .events = POLLOUT};
    if (number == EAGAIN) {
        poll(&polled, 1, STEP_MS);
        return;
    }
    int ms = 0;
    do {
        pause_for(STEP_MS);
        ms += STEP_MS;
    } while (ms < RETRY_MS && !atomic_load(&writer.is_ending));
}

/* Until it is written, whatever is in the way: that is what the ring is for. */
static void write_all(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t step = write(chimera_log_output(), bytes, size);
        if (step > 0) {
            bytes += step;
            size -= (size_t)step;
        } else if (step == 0 || errno != EINTR) {
            wait_for_output(step == 0 ? EIO : errno);
        }
    }
}

/* Those in wait_until_written() look again. */
static void tell_waiting(void)
{
    atomic_fetch_add(&writer.written, 1);
    if (atomic_load(&writer.waiting) > 0)
        syscall(SYS_futex, &writer.written, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* True when all is written. A line that is just being copied in is waited for. */
static bool write_what_is_there(struct chimera_log_ring *ring)
{
    static char batch[CHIMERA_LOG_LINE_BYTES]; /* one thread */
    uint32_t used = chimera_log_ring_used(ring);
    if (used > writer.peak)
        writer.peak = used;
    size_t size = chimera_log_ring_read(ring, batch, sizeof(batch), BATCH_BYTES);
    write_all(batch, size);
    chimera_log_ring_release(ring, size);
    tell_waiting();
    /* Behind a time in which lines were dropped, and as soon as there is some room again. */
    uint64_t dropped = atomic_load(&ring->dropped), told = atomic_load(&ring->told);
    bool is_over = dropped != told || atomic_load(&ring->is_dropping);
    if (is_over && chimera_log_ring_used(ring) <= CHIMERA_LOG_RING_BYTES / 2) {
        atomic_store(&ring->told, dropped);
        atomic_store(&ring->is_dropping, 0);
        if (dropped != told)
            chimera_log_notice(DROPPED, dropped - told);
    }
    if (size == 0 && used > 0)
        pause_for(1);
    return chimera_log_ring_used(ring) == 0;
}

/* `ms` < 0: for as long as it takes. */
static void rest(struct chimera_log_ring *ring, uint32_t how, int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = (long)(ms % 1000 * (int64_t)NS_PER_MS)};
    atomic_store(&ring->bell, how);
    bool is_wanted =
        how == NAPPING ? atomic_load(&writer.waiting) > 0 : chimera_log_ring_used(ring) > 0;
    if (!is_wanted)
        syscall(SYS_futex, &ring->bell, FUTEX_WAIT_PRIVATE, how, ms < 0 ? NULL : &time, NULL, 0);
    atomic_store(&ring->bell, AWAKE);
}

static void *run_writer(void *unused)
{
    struct chimera_log_ring *ring = writer.ring;
    (void)unused;
    is_writer = true;
    writer.code = writer.enter ? writer.enter(writer.context, writer.err) : CHIMERA_OK;
    bool is_good = writer.code == CHIMERA_OK;
    sem_post(&writer.entered);
    if (!is_good)
        return NULL;
    for (;;) {
        bool has_limited = chimera_log_limit_settle(false, chimera_log_notice_of_policy);
        while (!write_what_is_there(ring))
            ;
        if (writer.peak > LARGE_BYTES) {
            chimera_log_ring_trim(ring);
            tell_waiting(); /* whoever looked meanwhile saw bytes that no line is */
        }
        writer.peak = 0;
        rest(ring, NAPPING, NAP_MS);
        if (chimera_log_ring_used(ring) == 0)
            rest(ring, ASLEEP, has_limited ? LIMITS_MS : -1);
    }
}

/* --- Life --- */

/* A fork has no thread, and the lines are its parent's. */
static void forget(void)
{
    writer.ring = NULL;
    writer.counter = NULL;
    writer.patience_ms = 0;
    writer.has_thread = false;
}

static int make_ring(struct chimera_log_ring **ret_ring, struct chimera_error *err)
{
    void *memory = mmap(NULL, sizeof(struct chimera_log_ring), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return chimera_fail(err, CHIMERA_ENOMEM, "mmap: %s", strerror(errno));
    madvise(memory, sizeof(struct chimera_log_ring), MADV_DONTFORK);
    *ret_ring = memory;
    return CHIMERA_OK;
}

int chimera_log_buffer(struct chimera_log_ring *ring, _Atomic uint64_t *counter,
                       struct chimera_error *err)
{
    static bool is_known_to_forks; /* and to theirs */
    int code = ring ? CHIMERA_OK : make_ring(&ring, err);
    if (code < 0)
        return code;
    if (!is_known_to_forks)
        pthread_atfork(NULL, NULL, forget);
    is_known_to_forks = true;
    writer.counter = counter;
    writer.ring = ring;
    return CHIMERA_OK;
}

void chimera_log_be_patient(unsigned wait_ms)
{
    writer.patience_ms = wait_ms;
}

int chimera_log_start_writer(int (*enter)(void *context, struct chimera_error *err), void *context,
                             struct chimera_error *err)
{
    pthread_t thread;
    sigset_t all, before;
    writer.enter = enter;
    writer.context = context;
    writer.err = err;
    atomic_store(&writer.is_ending, false);
    sem_init(&writer.entered, 0, 0);
    sigfillset(&all); /* SIGPIPE, too: a reader that is gone is an error of write() */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&thread, NULL, run_writer, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number)
        return chimera_fail(err, CHIMERA_EIO, "cannot start a thread: %s", strerror(number));
    while (sem_wait(&writer.entered) < 0)
        ;
    writer.has_thread = writer.code == CHIMERA_OK;
    if (writer.has_thread)
        pthread_detach(thread);
    else
        pthread_join(thread, NULL);
    return writer.code;
}

void chimera_log_finish(unsigned wait_ms)
{
    if (writer.has_thread)
        chimera_log_limit_settle(true, chimera_log_notice_of_policy);
    atomic_store(&writer.is_ending, true);
    chimera_log_flush(wait_ms);
    writer.counter = NULL;
}

void chimera_log_say(int fd, const char *text)
{
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    ssize_t size = 0;
    if (poll(&polled, 1, SAY_MS) > 0)
        size = write(fd, text, strlen(text)); /* whole, for it is no longer than PIPE_BUF */
    (void)size;
}

/* Our own lines have room behind them: they tell what has become of that process. */
static void take_lines(struct chimera_slice lines)
{
    if (!writer.ring)
        chimera_log_write_out(lines);
    else if (chimera_log_ring_put(writer.ring, lines, LEFT_BYTES))
        ring_bell(writer.ring);
    else
        count_dropped(writer.ring, count_lines(lines));
}

void chimera_log_take_over(struct chimera_log_ring *ring)
{
    char batch[CHIMERA_LOG_LINE_BYTES];
    size_t size = 0;
    /* Each step takes something, and there is no more than the ring holds. */
    while ((size = chimera_log_ring_read(ring, batch, sizeof(batch), BATCH_BYTES)) > 0) {
        batch[size - 1] = '\n'; /* it is, but in spoilt memory */
        take_lines((struct chimera_slice){batch, size});
        chimera_log_ring_release(ring, size);
    }
    /* That another process has counted, and not told of. */
    uint64_t lines = atomic_load(&ring->dropped) - atomic_load(&ring->told);
    if (lines == 0)
        return;
    if (!writer.ring) {
        chimera_log_notice(DROPPED, lines);
        return;
    }
    atomic_fetch_add(&writer.ring->dropped, lines);
    ring_bell(writer.ring);
}
