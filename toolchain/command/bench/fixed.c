/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/fixed.h"

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/surroundings.h"
#include "runtime/instance/guest.h"

#define SECOND UINT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define MADE HOUR                            /* when instances are made, on the clock */
#define WALL (UINT64_C(1767225600) * SECOND) /* of the clock's beginning: 2026-01-01 */
#define LOOK UINT64_C(1000) /* so much later is each look: a guest may wait for time to pass */

static bool is_on;
static uint32_t draws;
static uint64_t now;

static void begin(uint64_t at)
{
    draws = 0;
    now = at;
}

void bench_fix_surroundings(bool is_fixed)
{
    is_on = is_fixed;
    begin(MADE);
}

void bench_fixed_evaluation(void)
{
    if (is_on)
        begin(MADE + HOUR);
}

/* Those of tests/counting/peer. Each draw has others, for whoever draws until one suits. */
static void fill(uint8_t *bytes, size_t size)
{
    for (size_t n = 0; n < size; n++)
        bytes[n] = (uint8_t)(n * 37 + draws * 101 + 11);
    draws++;
}

/* --- What the linker leads here --- */

#define WRAP(type, name, ...)        \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__)

WRAP(int, chimera_guest_new, const struct chimera_loaded *loaded, uint64_t memory_limit,
     struct chimera_guest **ret_guest, struct chimera_error *err)
{
    if (is_on)
        begin(MADE);
    return __real_chimera_guest_new(loaded, memory_limit, ret_guest, err);
}

WRAP(bool, chimera_surroundings_random, void *bytes, size_t size)
{
    if (!is_on)
        return __real_chimera_surroundings_random(bytes, size);
    fill(bytes, size);
    return true;
}

WRAP(uint64_t, chimera_surroundings_clock_ns, void)
{
    return is_on ? now += LOOK : __real_chimera_surroundings_clock_ns();
}

WRAP(uint64_t, chimera_surroundings_wall_ns, void)
{
    return is_on ? WALL + (now += LOOK) : __real_chimera_surroundings_wall_ns();
}

/* It sleeps all the same: its time may be up. */
WRAP(void, chimera_surroundings_sleep, uint64_t nanoseconds)
{
    __real_chimera_surroundings_sleep(nanoseconds);
    if (is_on)
        now += nanoseconds;
}
