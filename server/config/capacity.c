/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/capacity.h"

#define SLOW_MIN 16
#define SLOW_MAX 128
#define RESERVE_MIN 4
#define RESERVE_MAX 16

static unsigned clamp(unsigned value, unsigned least, unsigned most)
{
    return value < least ? least : value > most ? most : value;
}

/* Each loop may have let one more in before it learns that there is no room, hence the loops in the
 * numbers of threads and lanes. */
struct capacity capacity_of(unsigned loops)
{
    unsigned slow = clamp(4 * loops, SLOW_MIN, SLOW_MAX);
    unsigned reserve = clamp(loops, RESERVE_MIN, RESERVE_MAX);
    return (struct capacity){.slow = slow,
                             .reserve = reserve,
                             .policy_slow = slow / 2,
                             .audit_slow = slow / 4,
                             .standby = slow + reserve + loops,
                             .tenant_lanes = slow / 2 + loops};
}
