/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - time that only goes forward, and, for people and other machines, the time of day. */
#ifndef CHIMERA_BASE_CLOCK_H
#define CHIMERA_BASE_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline int64_t chimera_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline uint64_t chimera_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A wait for `cond`, whose mutex is held; false when the time was up. UINT64_MAX: it never is. */
static inline bool chimera_clock_await(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                       uint64_t until_ns)
{
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                                   .tv_nsec = (long)(until_ns % 1000000000)};
    return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &until) == 0;
}

/* That this thread has used; a system call. */
static inline uint64_t chimera_clock_thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The time of day, since 1970. */
static inline uint64_t chimera_clock_wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t chimera_clock_wall_ms(void)
{
    return chimera_clock_wall_ns() / 1000000;
}

/* What is left until `until_ms`, at least 1; 0 when that is 0, which means no limit. */
static inline uint32_t chimera_clock_left_ms(int64_t until_ms)
{
    if (until_ms == 0)
        return 0;
    int64_t left = until_ms - chimera_clock_ms();
    return left < 1 ? 1 : left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
}

static inline int64_t chimera_clock_earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

#endif
