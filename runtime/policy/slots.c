/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/slots.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/instance/guest.h"

#define MAPPINGS_PER_SLOT 8
#define MAP_COUNT_DEFAULT 65530
#define SLOTS_MAX 4096 /* of the 16,384 reservations that an address space has room for */
#define IDLE_NS ((uint64_t)5000000000)
#define TRIM_MAX 8 /* in one go: a lane has requests to answer */

struct lane {
    struct chimera_slot *newest, *oldest;
    unsigned count;
};

struct chimera_slots {
    unsigned lane_count;
    unsigned own_max;    /* each lane may have so many in any case */
    unsigned shared_max; /* what all lanes may have beyond that, together */
    struct lane *lanes;  /* owned */
    atomic_uint shared;  /* changed by all lanes; a few too many for a moment do no harm */
};

int chimera_slots_new(unsigned lanes, unsigned max, struct chimera_slots **ret_slots,
                      struct chimera_error *err)
{
    struct chimera_slots *slots = calloc(1, sizeof(*slots));
    if (slots)
        slots->lanes = calloc(lanes, sizeof(*slots->lanes));
    if (!slots || !slots->lanes) {
        free(slots);
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for the policies' slots");
    }
    if (!max) {
        /* Half of what the kernel allows, for there are other mappings. */
        unsigned count = MAP_COUNT_DEFAULT;
        CHIMERA_FCLOSE FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
        char text[24];
        if (file && fgets(text, sizeof(text), file)) {
            count = 0;
            for (const char *at = text; *at >= '0' && *at <= '9' && count < 100000000; at++)
                count = count * 10 + (unsigned)(*at - '0');
        }
        unsigned most = count / MAPPINGS_PER_SLOT / 2;
        max = most < SLOTS_MAX ? most : SLOTS_MAX;
    }
    slots->lane_count = lanes;
    slots->own_max = max / 2 / lanes ? max / 2 / lanes : 1;
    slots->shared_max = max > lanes * slots->own_max ? max - lanes * slots->own_max : 0;
    *ret_slots = slots;
    return CHIMERA_OK;
}

void chimera_slots_free(struct chimera_slots *slots)
{
    if (!slots)
        return;
    free(slots->lanes);
    free(slots);
}

static void link_newest(struct lane *lane, struct chimera_slot *slot)
{
    slot->newer = NULL;
    slot->older = lane->newest;
    if (lane->newest)
        lane->newest->newer = slot;
    else
        lane->oldest = slot;
    lane->newest = slot;
}

static void unlink_slot(struct lane *lane, struct chimera_slot *slot)
{
    if (slot->newer)
        slot->newer->older = slot->older;
    else
        lane->newest = slot->older;
    if (slot->older)
        slot->older->newer = slot->newer;
    else
        lane->oldest = slot->newer;
    slot->newer = slot->older = NULL;
}

struct chimera_slot *chimera_slots_victim(struct chimera_slots *slots, unsigned lane)
{
    if (!slots || slots->lanes[lane].count < slots->own_max ||
        atomic_load_explicit(&slots->shared, memory_order_relaxed) < slots->shared_max)
        return NULL;
    return slots->lanes[lane].oldest;
}

void chimera_slots_enter(struct chimera_slots *slots, struct chimera_slot *slot)
{
    if (!slots)
        return;
    link_newest(&slots->lanes[slot->lane], slot);
    if (slots->lanes[slot->lane].count++ >= slots->own_max)
        atomic_fetch_add_explicit(&slots->shared, 1, memory_order_relaxed);
    slot->used_ns = chimera_clock_ns();
    slot->is_idle = false;
}

void chimera_slots_touch(struct chimera_slots *slots, struct chimera_slot *slot)
{
    if (!slots)
        return;
    struct lane *lane = &slots->lanes[slot->lane];
    slot->used_ns = chimera_clock_ns();
    slot->is_idle = false;
    if (lane->newest == slot)
        return;
    unlink_slot(lane, slot);
    link_newest(lane, slot);
}

void chimera_slots_leave(struct chimera_slots *slots, struct chimera_slot *slot)
{
    if (!slots)
        return;
    unlink_slot(&slots->lanes[slot->lane], slot);
    if (--slots->lanes[slot->lane].count >= slots->own_max)
        atomic_fetch_sub_explicit(&slots->shared, 1, memory_order_relaxed);
}

/* An unsigned sum may run through zero on its way: the parts of it are others'. */
void chimera_slot_gauge(struct chimera_slot *slot)
{
    uint64_t kept = slot->guest ? chimera_guest_kept_bytes(slot->guest) : 0;
    if (!slot->gauges || kept == slot->kept_bytes)
        return;
    atomic_fetch_add_explicit(&slot->gauges->kept_bytes, kept - slot->kept_bytes,
                              memory_order_relaxed);
    slot->kept_bytes = kept;
}

bool chimera_slots_trim(struct chimera_slots *slots, unsigned lane, uint64_t now_ns)
{
    unsigned trimmed = 0;
    if (!slots || lane >= slots->lane_count)
        return false;
    struct chimera_slot *slot = slots->lanes[lane].oldest;
    for (; slot && now_ns - slot->used_ns >= IDLE_NS; slot = slot->newer) {
        if (slot->is_idle)
            continue;
        if (trimmed++ == TRIM_MAX)
            return true;
        chimera_guest_drop_pages(slot->guest);
        chimera_slot_gauge(slot);
        slot->is_idle = true;
    }
    return slot != NULL; /* younger ones come of age */
}
