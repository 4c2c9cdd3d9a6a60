/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/connection_memory.h"

#include <malloc.h>

#define STEP_MAX ((size_t)64 * 1024)
#define KEPT_STEPS 4       /* that a loop does not give back, since it will want them again */
#define STEPS_OF_A_LOOP 64 /* in its part of all, so that what it keeps is little of that */
/* Room is made for so much at a time at most: little of all, and less than would be trimmed. */
#define ROOM_MAX ((size_t)32 << 20)
/* Trimming takes some 0.15 ms a MiB, in which the heap is locked. */
#define TRIM_LEAST ((size_t)16 << 20)
#define TRIM_MOST ((size_t)128 << 20)
#define CONNECTIONS_LEAST 16u
#define CONNECTIONS_MOST (1u << 24)

static unsigned clamp_connections(unsigned number)
{
    if (number < CONNECTIONS_LEAST)
        return CONNECTIONS_LEAST;
    return number < CONNECTIONS_MOST ? number : CONNECTIONS_MOST;
}

void connection_memory_open(struct connection_memory *memory, size_t max, unsigned loop_count,
                            unsigned descriptors)
{
    size_t step = max / loop_count / STEPS_OF_A_LOOP;
    *memory = (struct connection_memory){.max = max,
                                         .step = step < STEP_MAX ? step : STEP_MAX,
                                         .loop_count = loop_count,
                                         .descriptors = clamp_connections(descriptors)};
    atomic_init(&memory->connections_max, memory->descriptors);
    peer_register_open(&memory->known);
}

void connection_memory_close(struct connection_memory *memory)
{
    peer_register_close(&memory->known);
}

static size_t read_size(atomic_size_t *size)
{
    return atomic_load_explicit(size, memory_order_relaxed);
}

static unsigned read_number(atomic_uint *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

void memory_share_change(struct memory_share *share, size_t from, size_t to)
{
    share->held += to - from;
    if (share->held > share->taken) {
        size_t step = share->of->step;
        size_t more = (share->held - share->taken + step - 1) / step * step;
        atomic_fetch_add_explicit(&share->of->taken, more, memory_order_relaxed);
        share->taken += more;
    } else if (share->taken - share->held > KEPT_STEPS * share->of->step) {
        size_t less = (share->taken - share->held) / share->of->step * share->of->step;
        atomic_fetch_sub_explicit(&share->of->taken, less, memory_order_relaxed);
        share->taken -= less;
    }
}

bool memory_share_fits(const struct memory_share *share, size_t more)
{
    size_t all = read_size(&share->of->taken) - share->taken + share->held;
    return all <= share->of->max && more <= share->of->max - all;
}

bool connection_memory_is_at_ease(struct connection_memory *memory)
{
    return read_size(&memory->taken) <= memory->max / 2;
}

static size_t smaller_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool connection_memory_lacks_descriptors(struct connection_memory *memory)
{
    return read_number(&memory->connections) > read_number(&memory->connections_max) * 15 / 16;
}

bool connection_memory_is_scarce(struct connection_memory *memory)
{
    return read_size(&memory->taken) > memory->max / 16 * 15 ||
           connection_memory_lacks_descriptors(memory);
}

bool connection_memory_has_room(struct connection_memory *memory)
{
    size_t most = memory->max / 16 * 15 - smaller_size(memory->max / 16, ROOM_MAX);
    return read_size(&memory->taken) <= most &&
           read_number(&memory->connections) <= read_number(&memory->connections_max) * 14 / 16;
}

bool connection_memory_is_full(struct connection_memory *memory)
{
    return read_size(&memory->taken) > memory->max ||
           read_number(&memory->connections) >= read_number(&memory->connections_max);
}

static unsigned pressure_of(size_t used, size_t max)
{
    if (used <= max / 2)
        return 0;
    size_t pressure = (used - max / 2) / (max / 2 / PRESSURE_FULL + 1);
    return pressure < PRESSURE_FULL ? (unsigned)pressure : PRESSURE_FULL;
}

unsigned connection_memory_pressure(struct connection_memory *memory)
{
    unsigned bytes = pressure_of(read_size(&memory->taken), memory->max);
    size_t max = read_number(&memory->connections_max); /* small numbers, hence the scale */
    unsigned count =
        pressure_of((size_t)read_number(&memory->connections) * PRESSURE_FULL, max * PRESSURE_FULL);
    return bytes > count ? bytes : count;
}

/* Several loops may look at the same time: one of them trims. */
void connection_memory_trim(struct connection_memory *memory)
{
    size_t peak = read_size(&memory->peak), now = read_size(&memory->taken);
    size_t least =
        memory->max / 8 < TRIM_LEAST ? TRIM_LEAST : smaller_size(memory->max / 8, TRIM_MOST);
    if (now > peak)
        atomic_store_explicit(&memory->peak, now, memory_order_relaxed);
    else if (peak - now >= least && atomic_compare_exchange_strong(&memory->peak, &peak, now))
        malloc_trim(0);
}

bool connection_memory_may_wait(struct connection_memory *memory, size_t bytes)
{
    return read_size(&memory->waiting) + bytes <= memory->max / 2;
}

bool connection_memory_may_audit_wait(struct connection_memory *memory, size_t bytes)
{
    return read_size(&memory->waiting_audits) + bytes <= memory->max / 4;
}

static atomic_size_t *queue_of(struct connection_memory *memory, bool is_audit)
{
    return is_audit ? &memory->waiting_audits : &memory->waiting;
}

void connection_memory_wait(struct connection_memory *memory, bool is_audit, size_t bytes)
{
    atomic_fetch_add_explicit(queue_of(memory, is_audit), bytes, memory_order_relaxed);
}

void connection_memory_end_wait(struct connection_memory *memory, bool is_audit, size_t bytes)
{
    atomic_fetch_sub_explicit(queue_of(memory, is_audit), bytes, memory_order_relaxed);
}

void connection_memory_lower(struct connection_memory *memory)
{
    unsigned now = read_number(&memory->connections);
    atomic_store_explicit(&memory->connections_max, clamp_connections(now), memory_order_relaxed);
}

void connection_memory_restore(struct connection_memory *memory)
{
    unsigned max = read_number(&memory->connections_max);
    if (max < memory->descriptors && read_number(&memory->connections) < max / 2)
        atomic_store_explicit(&memory->connections_max, memory->descriptors, memory_order_relaxed);
}
