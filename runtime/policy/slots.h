/* SPDX-License-Identifier: Apache-2.0 */
/* slots.h - the bound on how many instances there are at once, and who has to go.
 *
 * An instance costs 8 GiB of addresses, some seven mappings of the 65,530 that a process may have
 * (up to four more when it grows), and the pages that its resets keep. So the instances of all
 * policies come out of one pool: half of it is divided among the lanes, the rest is whose comes
 * first, for some lanes are asked all the time and others hardly ever. A lane that gets no more
 * ends the one of its own that was not needed for longest. One that is idle gives its pages back
 * (runtime-performance.md §3.3).
 *
 * A lane is one thread's at a time, so there are no locks. Made and ended while no lane runs.
 */
#ifndef CHIMERA_POLICY_SLOTS_H
#define CHIMERA_POLICY_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/policy/report.h"

struct chimera_guest;
struct chimera_policy;
struct chimera_slots; /* opaque */

struct chimera_slot {            /* one policy's instance on one lane; part of the policy */
    struct chimera_guest *guest; /* owned; NULL: none now */
    struct chimera_policy *policy;
    unsigned lane;
    bool is_idle; /* has given its pages back since it was last used */
    uint64_t used_ns;
    struct chimera_run_report report;     /* of the last evaluation */
    struct chimera_policy_gauges *gauges; /* borrowed; NULL: nobody looks */
    uint64_t kept_bytes;                  /* as the gauges have it */
    struct chimera_slot *newer, *older;   /* the lane's order, while there is a guest */
};

/* `max` instances in all, at least one for each lane; 0: as many as the kernel's limits allow. */
int chimera_slots_new(unsigned lanes, unsigned max, struct chimera_slots **ret_slots,
                      struct chimera_error *err);
void chimera_slots_free(struct chimera_slots *slots); /* NULL is allowed; after the policies */

/* The one that must end before `lane` may make another instance, or NULL. */
struct chimera_slot *chimera_slots_victim(struct chimera_slots *slots, unsigned lane);
/* What a slot that has got its guest, is being used, or will lose its guest must be told. */
void chimera_slots_enter(struct chimera_slots *slots, struct chimera_slot *slot);
void chimera_slots_touch(struct chimera_slots *slots, struct chimera_slot *slot);
void chimera_slots_leave(struct chimera_slots *slots, struct chimera_slot *slot);

/* After whatever may have changed how many pages the slot keeps. */
void chimera_slot_gauge(struct chimera_slot *slot);

/* Has the lane's instances that nobody asked for some seconds give back their pages. True while
 * there are some that have not, so that the lane asks again. Between requests. */
bool chimera_slots_trim(struct chimera_slots *slots, unsigned lane, uint64_t now_ns);

#endif
