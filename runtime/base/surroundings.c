/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/surroundings.h"

#include <errno.h>
#include <sys/random.h>

#include "runtime/base/clock.h"

#define NANOSECONDS 1000000000u

bool chimera_surroundings_random(void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t step = getrandom((uint8_t *)bytes + done, size - done, 0);
        if (step < 0 && errno != EINTR)
            return false;
        done += step > 0 ? (size_t)step : 0;
    }
    return true;
}

uint64_t chimera_surroundings_clock_ns(void)
{
    return chimera_clock_ns();
}

uint64_t chimera_surroundings_wall_ns(void)
{
    return chimera_clock_wall_ns();
}

void chimera_surroundings_sleep(uint64_t nanoseconds)
{
    struct timespec time = {.tv_sec = (time_t)(nanoseconds / NANOSECONDS),
                            .tv_nsec = (long)(nanoseconds % NANOSECONDS)};
    if (nanoseconds / NANOSECONDS > INT32_MAX)
        time.tv_sec = INT32_MAX;
    nanosleep(&time, NULL);
}
