/* SPDX-License-Identifier: Apache-2.0 */
/* restart.h - when a child that ended is started again.
 *
 * At once the first time, then after pauses that double up to a maximum. One that lived long has
 * not crashed at its start: its pauses begin anew. */
#ifndef CHIMERA_SERVER_BASE_RESTART_H
#define CHIMERA_SERVER_BASE_RESTART_H

#include <stdint.h>

/* Returns when, on the clock of chimera_clock_ms(). `backoff_ms` begins at 0 and is kept from one
 * end to the next. */
static inline int64_t restart_time(int64_t now_ms, int64_t started_ms, unsigned *backoff_ms)
{
    enum { FIRST_MS = 100, MAX_MS = 10000, CALM_MS = 60000 };
    unsigned pause_ms = now_ms - started_ms > CALM_MS ? 0 : *backoff_ms;
    unsigned next_ms = pause_ms ? pause_ms * 2 : FIRST_MS;
    *backoff_ms = next_ms > MAX_MS ? MAX_MS : next_ms;
    return now_ms + pause_ms;
}

#endif
