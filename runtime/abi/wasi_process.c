/* SPDX-License-Identifier: Apache-2.0 */
/* WASI's arguments, environment, clocks, random numbers, waiting and ending. */
#include <sched.h>

#include "runtime/abi/wasi_internal.h"
#include "runtime/base/surroundings.h"

#define UNITS_PER_SUBSCRIPTION 16 /* of an account (account.h), in each of two passes */
#define RANDOM_BYTES \
    ((size_t)16 * 1024) /* at once: a kernel makes some hundred megabytes a second */

/* --- Arguments and environment --- */

static uint32_t strings_sizes(struct chimera_guest *guest,
                              const struct chimera_wasi_strings *strings, uint32_t ret_count,
                              uint32_t ret_size)
{
    chimera_wasi_put32(guest, ret_count, strings->count);
    chimera_wasi_put32(guest, ret_size, (uint32_t)strings->text.size);
    return WASI_SUCCESS;
}

/* The texts one behind the other at `text_at`, and the address of each at `pointers_at`. */
static uint32_t strings_get(struct chimera_guest *guest, const struct chimera_wasi_strings *strings,
                            uint32_t pointers_at, uint32_t text_at)
{
    if (strings->count == 0)
        return WASI_SUCCESS;
    uint8_t *text = chimera_guest_bytes(guest, text_at, strings->text.size);
    chimera_guest_spend(guest, strings->text.size / 4 + strings->count * (uint64_t)8);
    memcpy(text, strings->text.data, strings->text.size);
    size_t at = 0;
    for (uint32_t i = 0; i < strings->count; i++) {
        uint64_t pointer_at = pointers_at + (uint64_t)i * 4;
        if (pointer_at > UINT32_MAX)
            chimera_guest_trap(guest, CHIMERA_TRAP_OUT_OF_BOUNDS, NULL);
        chimera_wasi_put32(guest, (uint32_t)pointer_at, text_at + (uint32_t)at);
        at += strlen(strings->text.data + at) + 1;
    }
    return WASI_SUCCESS;
}

/* --- Clocks --- */

/* Guests are shown whole milliseconds: nothing that they do on purpose needs more, and what leaks
 * through caches and predictors has to be told apart by nanoseconds (docs/security-model.md). */
static uint64_t coarse(uint64_t exact)
{
    return exact - exact % CHIMERA_CLOCK_TICK_NS;
}

uint64_t chimera_wasi_now(const struct chimera_guest *guest)
{
    return coarse(chimera_surroundings_clock_ns()) - chimera_wasi_of(guest)->created_ns;
}

static uint32_t check_clock(uint32_t clock)
{
    if (clock > WASI_CLOCK_THREAD)
        return WASI_INVAL;
    return clock > WASI_CLOCK_MONOTONIC ? WASI_BADF : WASI_SUCCESS;
}

static uint32_t clock_resolution(struct chimera_guest *guest, uint32_t clock, uint32_t ret_time)
{
    uint32_t code = check_clock(clock);
    if (code != WASI_SUCCESS)
        return code;
    chimera_wasi_put64(guest, ret_time, CHIMERA_CLOCK_TICK_NS);
    return WASI_SUCCESS;
}

static uint32_t clock_time(struct chimera_guest *guest, uint32_t clock, uint32_t ret_time)
{
    uint64_t time;
    uint32_t code = check_clock(clock);
    if (code != WASI_SUCCESS)
        return code;
    if (!chimera_wasi_play(guest, CHIMERA_WASI_CLOCK, &time, sizeof(time))) {
        time = clock == WASI_CLOCK_REALTIME ? coarse(chimera_surroundings_wall_ns())
                                            : chimera_wasi_now(guest);
        chimera_wasi_note(guest, CHIMERA_WASI_CLOCK, &time, sizeof(time));
    }
    chimera_wasi_put64(guest, ret_time, time);
    return WASI_SUCCESS;
}

/* --- Waiting --- */

/* The predecessor of preview 1 has one more member in a clock's subscription. */
static const struct chimera_wasi_poll_layout preview1 = {
    .size = 48, .clock = 16, .timeout = 24, .flags = 40};
static const struct chimera_wasi_poll_layout unstable = {
    .size = 56, .clock = 24, .timeout = 32, .flags = 48};

struct poll { /* one call of poll_oneoff */
    const struct chimera_wasi_poll_layout *layout;
    const uint8_t *subscriptions;
    uint32_t count;
    uint64_t now;      /* when the call began, on the guest's monotonic clock */
    uint64_t wake;     /* the earliest clock's time; UINT64_MAX: none */
    bool is_any_ready; /* a descriptor is; then nobody waits */
};

/* When a clock subscription is over. */
static uint64_t clock_end(const struct poll *poll, const uint8_t *subscription)
{
    uint64_t timeout = chimera_wasi_get64(subscription + poll->layout->timeout);
    if (subscription[poll->layout->flags] & WASI_POLL_ABSOLUTE)
        return timeout;
    /* Counted from the next tick: it may be nearly that late, and nobody may wake too early. */
    uint64_t next = poll->now + CHIMERA_CLOCK_TICK_NS;
    return timeout == 0 ? poll->now : next > UINT64_MAX - timeout ? UINT64_MAX : next + timeout;
}

static uint32_t check_clock_subscription(const struct poll *poll, const uint8_t *subscription)
{
    uint32_t clock = chimera_wasi_get32(subscription + poll->layout->clock);
    bool is_absolute = subscription[poll->layout->flags] & WASI_POLL_ABSOLUTE;
    if (clock > WASI_CLOCK_THREAD)
        return WASI_INVAL;
    if (poll->count == 1 && !is_absolute)
        return WASI_SUCCESS;
    if (clock == WASI_CLOCK_REALTIME)
        return is_absolute ? WASI_NOTSUP : WASI_SUCCESS;
    return clock == WASI_CLOCK_MONOTONIC ? WASI_SUCCESS : WASI_INVAL;
}

/* A pipe cannot be waited for; a waPC guest's descriptors never block. */
static uint32_t check_file_subscription(const struct chimera_guest *guest,
                                        const uint8_t *subscription)
{
    uint32_t fd = chimera_wasi_get32(subscription + WASI_POLL_FD_AT);
    if (chimera_wasi_file_of(guest, fd) == CHIMERA_WASI_CLOSED)
        return WASI_BADF;
    return chimera_wasi_of(guest)->stdio == CHIMERA_WASI_PIPES ? WASI_INVAL : WASI_SUCCESS;
}

/* First pass: is all of it right, and until when to wait? */
static uint32_t poll_check(struct chimera_guest *guest, struct poll *poll)
{
    for (uint32_t i = 0; i < poll->count; i++) {
        chimera_guest_spend(guest, UNITS_PER_SUBSCRIPTION);
        const uint8_t *subscription = poll->subscriptions + (size_t)i * poll->layout->size;
        bool is_clock = subscription[WASI_POLL_TAG_AT] == WASI_POLL_CLOCK;
        if (subscription[WASI_POLL_TAG_AT] > WASI_POLL_FD_WRITE)
            return WASI_INVAL;
        uint32_t code = is_clock ? check_clock_subscription(poll, subscription)
                                 : check_file_subscription(guest, subscription);
        if (code != WASI_SUCCESS)
            return code;
        if (!is_clock)
            poll->is_any_ready = true;
        else if (clock_end(poll, subscription) < poll->wake)
            poll->wake = clock_end(poll, subscription);
    }
    return WASI_SUCCESS;
}

/* Sleeps until the guest's clock shows `wake`, or ends it when its time is up: the watchdog may be
 * a millisecond behind, in which a guest could answer as if it had slept enough. */
static void sleep_until(struct chimera_guest *guest, uint64_t wake)
{
    for (;;) {
        uint64_t now = chimera_wasi_now(guest), left = chimera_guest_time_left(guest);
        if (now >= wake)
            return;
        if (left == 0)
            chimera_guest_late(guest);
        chimera_surroundings_sleep(wake - now < left ? wake - now : left);
    }
}

/* Second pass: what has happened. Events may be written over subscriptions that were read before:
 * they are smaller. */
static uint32_t poll_report(struct chimera_guest *guest, const struct poll *poll, uint8_t *events)
{
    uint32_t count = 0;
    uint64_t reached = poll->is_any_ready ? poll->now : poll->wake;
    for (uint32_t i = 0; i < poll->count; i++) {
        chimera_guest_spend(guest, UNITS_PER_SUBSCRIPTION);
        const uint8_t *subscription = poll->subscriptions + (size_t)i * poll->layout->size;
        uint8_t type = subscription[WASI_POLL_TAG_AT];
        uint64_t user_data = chimera_wasi_get64(subscription);
        if (type == WASI_POLL_CLOCK && clock_end(poll, subscription) > reached)
            continue;
        uint8_t *event = events + (size_t)count++ * WASI_EVENT_BYTES;
        memset(event, 0, WASI_EVENT_BYTES);
        memcpy(event, &user_data, sizeof(user_data));
        event[WASI_EVENT_TYPE_AT] = type;
    }
    return count;
}

static uint32_t poll_oneoff(struct chimera_guest *guest,
                            const struct chimera_wasi_poll_layout *layout, uint32_t in,
                            uint32_t out, uint32_t count, uint32_t ret_count)
{
    if (count == 0)
        return WASI_INVAL;
    struct poll poll = {.layout = layout, .count = count, .wake = UINT64_MAX};
    poll.subscriptions = chimera_guest_aligned(guest, in, (uint64_t)count * layout->size, 8);
    uint8_t *events = chimera_guest_aligned(guest, out, (uint64_t)count * WASI_EVENT_BYTES, 8);
    poll.now = chimera_wasi_now(guest);
    uint32_t code = poll_check(guest, &poll);
    if (code != WASI_SUCCESS)
        return code;
    if (!poll.is_any_ready)
        sleep_until(guest, poll.wake);
    chimera_wasi_put32(guest, ret_count, poll_report(guest, &poll, events));
    return WASI_SUCCESS;
}

/* --- The rest --- */

static uint32_t random_get(struct chimera_guest *guest, uint32_t at, uint32_t size)
{
    uint8_t *bytes = chimera_guest_bytes(guest, at, size);
    if (chimera_wasi_play(guest, CHIMERA_WASI_RANDOM, bytes, size))
        return WASI_SUCCESS;
    for (size_t done = 0; done < size;) {
        size_t wanted = size - done < RANDOM_BYTES ? size - done : RANDOM_BYTES;
        chimera_guest_spend(guest, wanted * 2);
        if (!chimera_surroundings_random(bytes + done, wanted))
            chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "no random numbers");
        done += wanted;
    }
    chimera_wasi_note(guest, CHIMERA_WASI_RANDOM, bytes, size);
    return WASI_SUCCESS;
}

static _Noreturn uint32_t proc_raise(struct chimera_guest *guest)
{
    chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "proc_raise unsupported");
}

/* The answer is queued behind what is left of standard input. 0 is success, unlike in waPC. */
static uint32_t host_call(struct chimera_guest *guest, const uint32_t at_and_size[8])
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    chimera_wasi_refuse_call(guest);
    bool is_ok = chimera_abi_host_call(guest, at_and_size, &wasi->call_answer);
    struct chimera_slice bytes = chimera_host_answer_bytes(&wasi->call_answer);
    /* Lists of the cluster's objects may be large; they count as the policy's all the same. */
    bool has_room =
        wasi->call_answer.shared || wasi->answers.size + bytes.size <= CHIMERA_ABI_BUFFER_MAX;
    int code = has_room ? chimera_buffer_append(&wasi->answers, bytes) : CHIMERA_ELIMIT;
    chimera_host_answer_end(&wasi->call_answer);
    if (code < 0)
        chimera_abi_refuse(guest, "the policy does not read its host calls' answers");
    return is_ok ? 0 : 1;
}

#define HOST struct chimera_guest *guest

/* --- From outside --- */

CHIMERA_WASI_SYSTEM(waiting, clock_time_get, (HOST, U32 clock, U64 precision, U32 ret_time),
                    (guest, clock, ret_time), clock_time(guest, clock, ret_time))
CHIMERA_WASI(random_get, (HOST, U32 at, U32 size), random_get(guest, at, size))
CHIMERA_WASI_SYSTEM(waiting, poll_oneoff, (HOST, U32 in, U32 out, U32 count, U32 ret_count),
                    (guest, &preview1, in, out, count, ret_count),
                    poll_oneoff(guest, &preview1, in, out, count, ret_count))
CHIMERA_WASI0_SYSTEM(waiting, poll_oneoff, (HOST, U32 in, U32 out, U32 count, U32 ret_count),
                     (guest, &unstable, in, out, count, ret_count),
                     poll_oneoff(guest, &unstable, in, out, count, ret_count))
CHIMERA_WASI(host_call,
             (HOST, U32 binding, U32 binding_size, U32 name_space, U32 name_space_size,
              U32 operation, U32 operation_size, U32 payload, U32 payload_size),
             host_call(guest,
                       (const uint32_t[8]){binding, binding_size, name_space, name_space_size,
                                           operation, operation_size, payload, payload_size}))

/* --- What is the same for every run --- */

#undef CHIMERA_WASI_ENTER
#define CHIMERA_WASI_ENTER chimera_wasi_enter_pure

CHIMERA_WASI(args_sizes_get, (HOST, U32 ret_count, U32 ret_size),
             strings_sizes(guest, &chimera_wasi_of(guest)->arguments, ret_count, ret_size))
CHIMERA_WASI(args_get, (HOST, U32 pointers, U32 text),
             strings_get(guest, &chimera_wasi_of(guest)->arguments, pointers, text))
CHIMERA_WASI(environ_sizes_get, (HOST, U32 ret_count, U32 ret_size),
             strings_sizes(guest, &chimera_wasi_of(guest)->environment, ret_count, ret_size))
CHIMERA_WASI(environ_get, (HOST, U32 pointers, U32 text),
             strings_get(guest, &chimera_wasi_of(guest)->environment, pointers, text))
CHIMERA_WASI_SYSTEM(waiting, clock_res_get, (HOST, U32 clock, U32 ret_time),
                    (guest, clock, ret_time), clock_resolution(guest, clock, ret_time))
CHIMERA_WASI(sched_yield, (HOST), (sched_yield(), WASI_SUCCESS))
CHIMERA_WASI(proc_raise, (HOST, U32 signal), proc_raise(guest))

_Noreturn void chimera_wasi_proc_exit(HOST, uint32_t exit_code);

_Noreturn void chimera_wasi_proc_exit(HOST, uint32_t exit_code)
{
    chimera_wasi_enter_pure(guest);
    chimera_guest_exit(guest, exit_code);
}
