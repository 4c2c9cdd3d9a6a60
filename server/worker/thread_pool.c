/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/thread_pool.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/policy/slots.h"
#include "server/base/freed_memory.h"

#define RETRY_MS 1        /* where a thread is lacking */
#define STANDBY_LEAST 2   /* with a thread; the others get theirs when so many are not left */
#define LOWER_NS 10000000 /* after this long without a loop, a thread's priority is lowered */
#define LOW_PRIORITY 10   /* as good as SCHED_IDLE for the others, and it starves nobody */
#define SWEEP_MS 500
#define NS_PER_MS 1000000u
#define NS_PER_S 1000000000u
#define EVENTS_MAX 16

struct member {
    struct pool *pool;
    struct lane lane;
    pthread_t thread;
    sem_t go;
    struct turn *turn;   /* of the loop to run when told to go; NULL: end */
    struct member *next; /* of those that stand by, or are tired */
    bool has_pages;      /* its instances may have pages to give back */
    /* The rest is under the pool's lock. */
    pid_t thread_id;
    uint64_t slow_ns; /* when it lost its loop; 0: it has not */
    bool is_lowered, has_thread;
};

/* --- Standing by --- */

static void push(struct member **list, struct member *member)
{
    member->next = *list;
    *list = member;
}

static void push_standby(struct pool *pool, struct member *member)
{
    push(&pool->standby, member);
    pool->standby_count++;
}

static void wake_minder(const struct pool *pool)
{
    ssize_t size = write(pool->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)size;
}

/* False when the thread must end: a lowered priority cannot be raised again without rights that we
 * do not have, so the hand-over thread makes the member another thread. */
static bool stand_by(struct member *member)
{
    struct pool *pool = member->pool;
    pthread_mutex_lock(&pool->lock);
    bool is_fit = !member->is_lowered;
    if (member->slow_ns)
        pool->slow_count--;
    member->slow_ns = 0;
    if (pool->is_ending) {
        member->turn = NULL;
        sem_post(&member->go);
    }
    if (is_fit) {
        push_standby(pool, member);
    } else {
        push(&pool->tired, member);
        wake_minder(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return is_fit;
}

/* Instances that nobody asks for give their pages back meanwhile, and then the lane what it has. */
static void wait_for_a_loop(struct member *member)
{
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += SWEEP_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        int result = member->has_pages ? sem_timedwait(&member->go, &until) : sem_wait(&member->go);
        if (result == 0)
            return;
        if (errno == ETIMEDOUT)
            member->has_pages = chimera_slots_trim(member->pool->policies->slots,
                                                   member->lane.index, chimera_clock_ns());
        if (!member->has_pages && lane_rest(&member->lane))
            freed_memory_give_back();
    }
}

static void *serve(void *context)
{
    struct member *member = context;
    pthread_mutex_lock(&member->pool->lock);
    member->thread_id = gettid();
    pthread_mutex_unlock(&member->pool->lock);
    do {
        wait_for_a_loop(member);
        if (!member->turn)
            return NULL;
        member->pool->work->run(member->turn, &member->lane);
        lane_reset(&member->lane);
        member->has_pages = true;
    } while (stand_by(member));
    return NULL;
}

static int start_thread(pthread_t *thread, void *(*run)(void *), void *context,
                        struct chimera_error *err)
{
    int number = pthread_create(thread, NULL, run, context);
    if (number)
        return chimera_fail(err, CHIMERA_EIO, "cannot start a thread: %s", strerror(number));
    return CHIMERA_OK;
}

/* --- The hand-over thread --- */

static struct member *member_of(struct lane *lane)
{
    return (struct member *)(void *)((char *)lane - offsetof(struct member, lane));
}

static void look_in(struct turn *turn, uint64_t ns)
{
    const struct itimerspec time = {
        .it_value = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)}};
    timerfd_settime(turn->timer_fd, 0, &time, NULL);
}

/* Somebody else goes on with the loop of this turn, whose evaluation is slow. False when there is
 * nobody, for now. */
static bool hand_over(struct pool *pool, struct turn *turn, uint64_t number)
{
    struct member *member = pool->standby;
    if (!member)
        return false;
    if (!turn_take(turn, number))
        return true; /* it has just ended */
    pool->standby = member->next;
    pool->standby_count--;
    member_of(turn->lane)->slow_ns = chimera_clock_ns();
    pool->slow_count++;
    slow_quota_slow_begins(pool->slow_quota, turn->account, turn->is_audit);
    member->turn = turn;
    sem_post(&member->go);
    return true;
}

/* The timer of its turn has run out. */
static void look_at(struct pool *pool, struct pool_loop *loop)
{
    struct turn *turn = loop->turn;
    uint64_t number = turn_number(turn), next_ns = TURN_SLOW_NS;
    bool is_new = number != loop->last;
    loop->last = number;
    if (turn_is_evaluating(number)) {
        /* If it is another evaluation's, the number is another by now, too. */
        uint64_t age_ns =
            chimera_clock_ns() - atomic_load_explicit(&turn->began_ns, memory_order_relaxed);
        if (age_ns < TURN_SLOW_NS)
            next_ns -= age_ns;
        else if (!hand_over(pool, turn, number))
            next_ns = RETRY_MS * NS_PER_MS;
    } else if (!is_new) {
        atomic_store(&turn->is_watched, false);
        if (!turn_is_evaluating(turn_number(turn)))
            return;
    }
    turn_watch(turn, next_ns);
}

/* So that one who waits for the answer of a quick policy does not wait for a slice of the
 * scheduler. The milliseconds until the next one is to be lowered; -1: there is none. */
static int lower_the_slow(struct pool *pool)
{
    uint64_t now_ns = pool->slow_count ? chimera_clock_ns() : 0;
    int wait_ms = -1;
    for (unsigned i = 0; i < pool->member_count && pool->slow_count; i++) {
        struct member *member = &pool->members[i];
        if (!member->slow_ns || member->is_lowered)
            continue;
        uint64_t slow_ns = now_ns - member->slow_ns;
        int left_ms = slow_ns < LOWER_NS ? (int)((LOWER_NS - slow_ns) / NS_PER_MS) + 1 : 0;
        if (left_ms == 0 && setpriority(PRIO_PROCESS, (id_t)member->thread_id, LOW_PRIORITY) == 0)
            member->is_lowered = true;
        else if (wait_ms < 0 || left_ms < wait_ms)
            wait_ms = left_ms > 0 ? left_ms : RETRY_MS;
    }
    return wait_ms;
}

/* True when one has to do without a thread for now. */
static bool refresh_the_tired(struct pool *pool)
{
    struct chimera_error err = {0};
    for (struct member *member = pool->tired; member; member = member->next) {
        if (member->has_thread)
            pthread_join(member->thread, NULL); /* it has left this lock, and ends */
        member->has_thread = member->is_lowered = false;
    }
    while (pool->tired && pool->standby_count < STANDBY_LEAST) {
        struct member *member = pool->tired;
        member->has_thread = start_thread(&member->thread, serve, member, &err) == CHIMERA_OK;
        if (!member->has_thread)
            return true;
        pool->tired = member->next;
        push_standby(pool, member);
    }
    return false;
}

static void *mind(void *context)
{
    struct pool *pool = context;
    struct epoll_event events[EVENTS_MAX];
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_ending) {
        int wait_ms = lower_the_slow(pool);
        if (refresh_the_tired(pool))
            wait_ms = RETRY_MS;
        pthread_mutex_unlock(&pool->lock);
        int count = epoll_wait(pool->timers_fd, events, EVENTS_MAX, wait_ms);
        pthread_mutex_lock(&pool->lock);
        for (int i = 0; i < count; i++)
            if (events[i].data.ptr) /* else it was woken for the lists */
                look_at(pool, events[i].data.ptr);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static struct pool *pool_of(struct turn_keeper *keeper)
{
    return (struct pool *)(void *)((char *)keeper - offsetof(struct pool, keeper));
}

static void tell_all(struct turn_keeper *keeper)
{
    struct pool *pool = pool_of(keeper);
    for (unsigned i = 0; i < pool->loop_count; i++)
        pool->work->tell(pool->loops[i].turn);
}

/* --- Life --- */

static void close_descriptors(struct pool *pool)
{
    for (unsigned i = 0; i < pool->loop_count; i++)
        if (pool->loops[i].timer_fd >= 0)
            close(pool->loops[i].timer_fd);
    if (pool->wake_fd >= 0)
        close(pool->wake_fd);
    if (pool->timers_fd >= 0)
        close(pool->timers_fd);
}

/* Only edges are told, so nothing needs to be read. */
static bool listen_to(const struct pool *pool, int fd, struct pool_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = loop};
    return fd >= 0 && epoll_ctl(pool->timers_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int open_descriptors(struct pool *pool, struct chimera_error *err)
{
    pool->timers_fd = epoll_create1(EPOLL_CLOEXEC);
    pool->wake_fd = eventfd(0, EFD_CLOEXEC);
    bool is_good = listen_to(pool, pool->wake_fd, NULL);
    for (unsigned i = 0; i < pool->loop_count; i++) {
        struct pool_loop *loop = &pool->loops[i];
        loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        is_good = is_good && listen_to(pool, loop->timer_fd, loop);
    }
    return is_good ? CHIMERA_OK : chimera_fail_errno(err, "cannot make the loops' timers");
}

int pool_open(struct pool *pool, const struct pool_input *input, struct chimera_error *err)
{
    *pool = (struct pool){.keeper = {.look_in = look_in, .slow_ended = tell_all},
                          .work = input->work,
                          .policies = input->service->policies,
                          .slow_quota = input->slow_quota,
                          .loop_count = input->loop_count,
                          .member_count = input->loop_count + input->standby};
    pool->members = calloc(pool->member_count, sizeof(*pool->members));
    pool->loops = calloc(pool->loop_count, sizeof(*pool->loops));
    int code = CHIMERA_OK;
    if (!pool->members || !pool->loops) {
        code = chimera_fail_memory(err);
    } else {
        code = open_descriptors(pool, err);
        if (code < 0)
            close_descriptors(pool);
    }
    if (code < 0) {
        free(pool->members);
        free(pool->loops);
        return code;
    }
    pthread_mutex_init(&pool->lock, NULL);
    for (unsigned i = 0; i < pool->member_count; i++) {
        struct member *member = &pool->members[i];
        member->pool = pool;
        lane_init(&member->lane, i, input->service->rules.max_body_bytes);
        sem_init(&member->go, 0, 0);
    }
    return CHIMERA_OK;
}

void pool_set_loop(struct pool *pool, unsigned index, struct turn *turn)
{
    pool->loops[index].turn = turn;
    turn->keeper = &pool->keeper;
    turn->timer_fd = pool->loops[index].timer_fd;
}

int pool_start(struct pool *pool, struct chimera_error *err)
{
    int code = start_thread(&pool->hand_over_thread, mind, pool, err);
    for (unsigned i = 0; i < pool->member_count && code == CHIMERA_OK; i++) {
        struct member *member = &pool->members[i];
        member->has_thread = i < pool->loop_count + STANDBY_LEAST;
        pthread_mutex_lock(&pool->lock);
        if (i < pool->loop_count) {
            member->turn = pool->loops[i].turn;
            sem_post(&member->go);
        } else if (member->has_thread) {
            push_standby(pool, member);
        } else {
            push(&pool->tired, member);
        }
        pthread_mutex_unlock(&pool->lock);
        if (member->has_thread)
            code = start_thread(&member->thread, serve, member, err);
    }
    return code;
}

bool pool_stop(struct pool *pool)
{
    /* Members that are on their way to stand by see that it is the end. */
    pthread_mutex_lock(&pool->lock);
    pool->is_ending = true;
    bool is_over = slow_quota_has_none(pool->slow_quota);
    for (struct member *member = pool->standby; member; member = member->next) {
        member->turn = NULL;
        sem_post(&member->go);
    }
    wake_minder(pool);
    pthread_mutex_unlock(&pool->lock);
    if (!is_over)
        return false;
    pthread_join(pool->hand_over_thread, NULL);
    for (unsigned i = 0; i < pool->member_count; i++)
        if (pool->members[i].has_thread)
            pthread_join(pool->members[i].thread, NULL);
    return true;
}

void pool_close(struct pool *pool)
{
    for (unsigned i = 0; i < pool->member_count; i++) {
        lane_done(&pool->members[i].lane);
        sem_destroy(&pool->members[i].go);
    }
    pthread_mutex_destroy(&pool->lock);
    close_descriptors(pool);
    free(pool->members);
    free(pool->loops);
    *pool = (struct pool){0};
}
