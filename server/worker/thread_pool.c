/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/thread_pool.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/log/log.h"
#include "runtime/policy/slots.h"

#define TICK_NS 1000000
#define SLOW_NS 2000000   /* an evaluation is slow from here on */
#define LOWER_NS 10000000 /* after this long without a loop, a thread's priority is lowered */
#define LOW_PRIORITY 10   /* as good as SCHED_IDLE for the others, and it starves nobody */
#define QUIET_TICKS 100   /* without any evaluation, and the hand-over thread sleeps */
#define SWEEP_MS 500

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
    push(is_fit ? &pool->standby : &pool->tired, member);
    if (!is_fit)
        pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    return is_fit;
}

/* Instances that nobody asks for give their pages back meanwhile. */
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

/* True when the loop has evaluated anything since the last look. */
static bool look_at(struct pool *pool, struct pool_loop *loop)
{
    uint64_t number = turn_number(loop->turn);
    bool is_new = number != loop->last;
    loop->last = number;
    if (!turn_is_evaluating(number))
        return is_new;
    /* If it is another evaluation's, the number is another by now, too. */
    if (chimera_clock_ns() - atomic_load_explicit(&loop->turn->began_ns, memory_order_relaxed) >=
        SLOW_NS) {
        /* The evaluation of this turn is slow: somebody else goes on with its loop. */
        struct turn *turn = loop->turn;
        struct member *member = pool->standby;
        if (member && turn_take(turn, number)) {
            pool->standby = member->next;
            member_of(turn->lane)->slow_ns = chimera_clock_ns();
            pool->slow_count++;
            slow_quota_slow_begins(pool->slow_quota, turn->account, turn->is_audit);
            member->turn = turn;
            sem_post(&member->go);
        }
    }
    return true;
}

static bool look_at_all(struct pool *pool)
{
    bool is_busy = false;
    for (unsigned i = 0; i < pool->loop_count; i++)
        is_busy = look_at(pool, &pool->loops[i]) || is_busy;
    return is_busy;
}

/* So that one who waits for the answer of a quick policy does not wait for a slice of the
 * scheduler. True while there is one to be lowered later. */
static bool lower_the_slow(struct pool *pool)
{
    uint64_t now_ns = pool->slow_count ? chimera_clock_ns() : 0;
    bool is_one_left = false;
    for (unsigned i = 0; i < pool->member_count && pool->slow_count; i++) {
        struct member *member = &pool->members[i];
        if (!member->slow_ns || member->is_lowered)
            continue;
        if (now_ns - member->slow_ns < LOWER_NS)
            is_one_left = true;
        else
            member->is_lowered =
                setpriority(PRIO_PROCESS, (id_t)member->thread_id, LOW_PRIORITY) == 0;
    }
    return is_one_left;
}

/* True when one has to do without a thread for now. */
static bool refresh_the_tired(struct pool *pool)
{
    struct chimera_error err = {0};
    while (pool->tired) {
        struct member *member = pool->tired;
        if (member->has_thread)
            pthread_join(member->thread, NULL); /* it has left this lock, and ends */
        member->is_lowered = false;
        member->has_thread = start_thread(&member->thread, serve, member, &err) == CHIMERA_OK;
        if (!member->has_thread)
            return true;
        pool->tired = member->next;
        push(&pool->standby, member);
    }
    return false;
}

static void *mind(void *context)
{
    struct pool *pool = context;
    unsigned quiet = 0;
    pthread_mutex_lock(&pool->lock);
    while (!pool->is_ending) {
        bool is_busy = look_at_all(pool);
        is_busy = lower_the_slow(pool) || is_busy;
        is_busy = refresh_the_tired(pool) || is_busy;
        quiet = is_busy ? 0 : quiet + 1;
        if (quiet < QUIET_TICKS) {
            struct timespec until;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_nsec += TICK_NS;
            if (until.tv_nsec >= 1000000000) {
                until.tv_nsec -= 1000000000;
                until.tv_sec++;
            }
            pthread_cond_timedwait(&pool->wake, &pool->lock, &until);
            continue;
        }
        atomic_store(&pool->keeper.is_asleep, true);
        if (!look_at_all(pool))
            pthread_cond_wait(&pool->wake, &pool->lock);
        atomic_store(&pool->keeper.is_asleep, false);
        quiet = 0;
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static struct pool *pool_of(struct turn_keeper *keeper)
{
    return (struct pool *)(void *)((char *)keeper - offsetof(struct pool, keeper));
}

static void wake_minder(struct turn_keeper *keeper)
{
    struct pool *pool = pool_of(keeper);
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void tell_all(struct turn_keeper *keeper)
{
    struct pool *pool = pool_of(keeper);
    for (unsigned i = 0; i < pool->loop_count; i++)
        pool->work->tell(pool->loops[i].turn);
}

/* --- Life --- */

int pool_open(struct pool *pool, const struct pool_input *input, struct chimera_error *err)
{
    *pool = (struct pool){.keeper = {.wake = wake_minder, .slow_ended = tell_all},
                          .work = input->work,
                          .policies = input->service->policies,
                          .slow_quota = input->slow_quota,
                          .loop_count = input->loop_count,
                          .member_count = input->loop_count + input->standby};
    pool->members = calloc(pool->member_count, sizeof(*pool->members));
    pool->loops = calloc(pool->loop_count, sizeof(*pool->loops));
    if (!pool->members || !pool->loops) {
        free(pool->members);
        free(pool->loops);
        return chimera_fail_memory(err);
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
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
}

int pool_start(struct pool *pool, struct chimera_error *err)
{
    int code = start_thread(&pool->hand_over_thread, mind, pool, err);
    for (unsigned i = 0; i < pool->member_count && code == CHIMERA_OK; i++) {
        struct member *member = &pool->members[i];
        if (i < pool->loop_count) {
            member->turn = pool->loops[i].turn;
            sem_post(&member->go);
        } else {
            pthread_mutex_lock(&pool->lock);
            push(&pool->standby, member);
            pthread_mutex_unlock(&pool->lock);
        }
        member->has_thread = true;
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
    pthread_cond_signal(&pool->wake);
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
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->members);
    free(pool->loops);
    *pool = (struct pool){0};
}
