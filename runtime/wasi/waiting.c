/* SPDX-License-Identifier: Apache-2.0 */
/* A command's clocks, which are the kernel's, and its waiting for them and for descriptors. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/wasi/calls.h"
#include "runtime/wasi/files.h"

#define NANOSECONDS 1000000000u
#define UNITS_PER_SUBSCRIPTION 16 /* of an account (account.h), in each of two passes */

static const clockid_t clocks[] = {
    [WASI_CLOCK_REALTIME] = CLOCK_REALTIME,
    [WASI_CLOCK_MONOTONIC] = CLOCK_MONOTONIC,
    [WASI_CLOCK_PROCESS] = CLOCK_PROCESS_CPUTIME_ID,
    [WASI_CLOCK_THREAD] = CLOCK_THREAD_CPUTIME_ID,
};

#define CLOCKS (sizeof(clocks) / sizeof(clocks[0]))

static uint32_t put_time(struct chimera_guest *guest, uint32_t at, uint32_t clock,
                         int (*ask)(clockid_t, struct timespec *))
{
    struct timespec time = {0};
    if (clock >= CLOCKS)
        return WASI_INVAL;
    if (ask(clocks[clock], &time) < 0)
        return chimera_wasi_error(errno);
    chimera_wasi_put64(guest, at, (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec);
    return WASI_SUCCESS;
}

static uint32_t clock_res_get(struct chimera_guest *guest, uint32_t clock, uint32_t ret_time)
{
    return put_time(guest, ret_time, clock, clock_getres);
}

static uint32_t clock_time_get(struct chimera_guest *guest, uint32_t clock, uint32_t ret_time)
{
    return put_time(guest, ret_time, clock, clock_gettime);
}

static uint64_t now_of(clockid_t clock)
{
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
}

/* Until one is ready or `wait` is over, which may be UINT64_MAX. False when it was interrupted. */
static bool wait_on(struct pollfd *polls, nfds_t count, uint64_t wait)
{
    struct timespec time = {.tv_sec = (time_t)(wait / NANOSECONDS),
                            .tv_nsec = (long)(wait % NANOSECONDS)};
    return ppoll(polls, count, wait == UINT64_MAX ? NULL : &time, NULL) >= 0 || errno != EINTR;
}

void chimera_exec_wait_for(struct chimera_guest *guest, int fd, short events)
{
    struct pollfd poller = {.fd = fd, .events = events};
    while (poller.revents == 0) {
        uint64_t left = chimera_guest_time_left(guest);
        if (left == UINT64_MAX)
            return;
        if (left == 0)
            chimera_guest_late(guest);
        wait_on(&poller, 1, left);
    }
}

/* --- poll_oneoff --- */

struct waiting { /* one call */
    const struct chimera_wasi_poll_layout *layout;
    const uint8_t *subscriptions;
    uint32_t count;
    struct chimera_wasi_files *files;
    nfds_t polls;        /* how many of files->poll are in use */
    uint64_t begun;      /* on the monotonic clock */
    uint64_t begun_wall; /* and on the other */
    uint64_t wait;       /* from then to the earliest end; UINT64_MAX: none */
};

static const uint8_t *subscription_of(const struct waiting *waiting, uint32_t index)
{
    return waiting->subscriptions + (size_t)index * waiting->layout->size;
}

/* How long after the beginning a clock's subscription ends. */
static uint64_t wait_of(const struct waiting *waiting, const uint8_t *subscription)
{
    uint64_t timeout = chimera_wasi_get64(subscription + waiting->layout->timeout);
    if (!(subscription[waiting->layout->flags] & WASI_POLL_ABSOLUTE))
        return timeout;
    uint64_t now = chimera_wasi_get32(subscription + waiting->layout->clock) == WASI_CLOCK_REALTIME
                       ? waiting->begun_wall
                       : waiting->begun;
    return timeout > now ? timeout - now : 0;
}

/* What is wrong with a subscription; an event says so, and nobody waits. */
static uint32_t check_subscription(const struct waiting *waiting, const uint8_t *subscription)
{
    if (subscription[WASI_POLL_TAG_AT] == WASI_POLL_CLOCK) {
        uint32_t clock = chimera_wasi_get32(subscription + waiting->layout->clock);
        return clock <= WASI_CLOCK_MONOTONIC ? WASI_SUCCESS
               : clock < CLOCKS              ? WASI_NOTSUP
                                             : WASI_INVAL;
    }
    uint32_t fd = chimera_wasi_get32(subscription + WASI_POLL_FD_AT);
    if (subscription[WASI_POLL_TAG_AT] > WASI_POLL_FD_WRITE)
        return WASI_INVAL;
    return fd < waiting->files->count && waiting->files->entry[fd].fd >= 0 ? WASI_SUCCESS
                                                                           : WASI_BADF;
}

static short events_of(const uint8_t *subscription)
{
    return subscription[WASI_POLL_TAG_AT] == WASI_POLL_FD_READ ? POLLIN : POLLOUT;
}

/* First pass: what is waited for. */
static void subscribe(struct chimera_guest *guest, struct waiting *waiting)
{
    struct chimera_wasi_files *files = waiting->files;
    for (uint32_t i = 0; i < files->count; i++)
        files->poll[i] = (struct pollfd){.fd = -1};
    for (uint32_t i = 0; i < waiting->count; i++) {
        chimera_guest_spend(guest, UNITS_PER_SUBSCRIPTION);
        const uint8_t *subscription = subscription_of(waiting, i);
        uint64_t wait = 0;
        if (check_subscription(waiting, subscription) != WASI_SUCCESS) {
            waiting->wait = 0;
        } else if (subscription[WASI_POLL_TAG_AT] == WASI_POLL_CLOCK) {
            wait = wait_of(waiting, subscription);
            waiting->wait = wait < waiting->wait ? wait : waiting->wait;
        } else {
            uint32_t fd = chimera_wasi_get32(subscription + WASI_POLL_FD_AT);
            files->poll[fd].fd = files->entry[fd].fd;
            files->poll[fd].events |= events_of(subscription);
            waiting->polls = fd + 1 > waiting->polls ? fd + 1 : waiting->polls;
        }
    }
}

/* Bytes that can be read now; of what cannot be known, 1. */
static uint64_t readable(const struct chimera_wasi_entry *entry)
{
    struct stat status;
    int count = 0;
    if (entry->type == WASI_FILETYPE_REGULAR_FILE && fstat(entry->fd, &status) == 0) {
        off_t at = lseek(entry->fd, 0, SEEK_CUR);
        return at < status.st_size ? (uint64_t)(status.st_size - at) : 0;
    }
    return ioctl(entry->fd, FIONREAD, &count) == 0 ? (uint64_t)count : 1;
}

/* Fills an event unless what it is about has not happened. */
static bool has_happened(const struct waiting *waiting, const uint8_t *subscription,
                         uint64_t passed, uint8_t event[WASI_EVENT_BYTES])
{
    uint8_t type = subscription[WASI_POLL_TAG_AT];
    uint16_t code = (uint16_t)check_subscription(waiting, subscription);
    memset(event, 0, WASI_EVENT_BYTES);
    memcpy(event, subscription, sizeof(uint64_t)); /* the guest's own number */
    memcpy(event + WASI_EVENT_ERROR_AT, &code, sizeof(code));
    event[WASI_EVENT_TYPE_AT] = type;
    if (code != WASI_SUCCESS)
        return true;
    if (type == WASI_POLL_CLOCK)
        return wait_of(waiting, subscription) <= passed;
    uint32_t fd = chimera_wasi_get32(subscription + WASI_POLL_FD_AT);
    short happened = waiting->files->poll[fd].revents;
    if (!(happened & (events_of(subscription) | POLLHUP | POLLERR | POLLNVAL)))
        return false;
    uint64_t bytes = type == WASI_POLL_FD_READ ? readable(&waiting->files->entry[fd]) : 1;
    memcpy(event + WASI_EVENT_COUNT_AT, &bytes, sizeof(bytes));
    event[WASI_EVENT_FLAGS_AT] = happened & POLLHUP ? WASI_EVENT_HANGUP : 0;
    return true;
}

/* Second pass. Events may be written over subscriptions that were read before: they are smaller. */
static uint32_t report(struct chimera_guest *guest, const struct waiting *waiting, uint8_t *events)
{
    uint64_t passed = now_of(CLOCK_MONOTONIC) - waiting->begun;
    uint32_t count = 0;
    for (uint32_t i = 0; i < waiting->count; i++) {
        uint8_t event[WASI_EVENT_BYTES];
        chimera_guest_spend(guest, UNITS_PER_SUBSCRIPTION);
        if (has_happened(waiting, subscription_of(waiting, i), passed, event))
            memcpy(events + (size_t)count++ * WASI_EVENT_BYTES, event, WASI_EVENT_BYTES);
    }
    return count;
}

/* One wait, no longer than the guest may run. */
static void wait_once(struct chimera_guest *guest, struct waiting *waiting)
{
    uint64_t passed = now_of(CLOCK_MONOTONIC) - waiting->begun;
    uint64_t left = chimera_guest_time_left(guest);
    uint64_t wait = waiting->wait == UINT64_MAX ? UINT64_MAX
                    : waiting->wait > passed    ? waiting->wait - passed
                                                : 0;
    if (left == 0)
        chimera_guest_late(guest);
    if (!wait_on(waiting->files->poll, waiting->polls, wait < left ? wait : left))
        for (nfds_t i = 0; i < waiting->polls; i++)
            waiting->files->poll[i].revents = 0;
}

static uint32_t poll_oneoff(struct chimera_guest *guest,
                            const struct chimera_wasi_poll_layout *layout, uint32_t in,
                            uint32_t out, uint32_t count, uint32_t ret_count)
{
    struct waiting waiting = {.layout = layout, .count = count, .wait = UINT64_MAX};
    if (count == 0)
        return WASI_INVAL;
    waiting.files = chimera_wasi_files_of(guest);
    waiting.subscriptions = chimera_guest_aligned(guest, in, (uint64_t)count * layout->size, 8);
    uint8_t *events = chimera_guest_aligned(guest, out, (uint64_t)count * WASI_EVENT_BYTES, 8);
    waiting.begun = now_of(CLOCK_MONOTONIC);
    waiting.begun_wall = now_of(CLOCK_REALTIME);
    subscribe(guest, &waiting);
    uint32_t happened;
    do {
        wait_once(guest, &waiting);
        happened = report(guest, &waiting, events);
    } while (happened == 0);
    chimera_wasi_put32(guest, ret_count, happened);
    return WASI_SUCCESS;
}

const struct chimera_wasi_waiting chimera_exec_waiting = {
    .clock_res_get = clock_res_get,
    .clock_time_get = clock_time_get,
    .poll_oneoff = poll_oneoff,
};
