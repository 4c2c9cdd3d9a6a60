/* SPDX-License-Identifier: Apache-2.0 */
/* What a deep recursion took of its stack is given back with the reset, what requests usually take
 * stays, and both are counted. The kernel is asked (mincore), whatever way of finding pages is
 * used. */
#include "tests/unit/c_guest.h"

#include <sys/mman.h>

#include "runtime/instance/types_internal.h"

#define PAGE CHIMERA_PROCESSOR_PAGE
#define KIB ((size_t)1024)
#define STEP (4 * KIB)

static uint32_t deep_kib; /* how much of its stack the guest takes */

/* Touches each page on its way, as compiled frames do. */
GUEST_CODE static uint32_t go_down(size_t left)
{
    volatile uint8_t frame[STEP];
    frame[0] = (uint8_t)left;
    frame[STEP - 1] = 1;
    return left > STEP ? go_down(left - STEP) + frame[0] : frame[STEP - 1];
}

GUEST_CODE static void go(struct chimera_instance *instance, union chimera_value *values)
{
    (void)instance;
    values[0].i32 = go_down(deep_kib * KIB);
}

struct slot {
    struct c_guest module;
    struct chimera_guest *guest;
};

static void open_slot(struct slot *slot, enum chimera_tier tier)
{
    c_guest_init(&slot->module, CHIMERA_MODE_NONE);
    slot->module.plugin.tier = tier;
    c_guest_export(&slot->module, "go", ":i", go);
    assert_int_equal(chimera_guest_new(&slot->module.loaded, 1 << 20, &slot->guest, NULL), 0);
    assert_int_equal(chimera_guest_snapshot(slot->guest, NULL), 0);
}

static void run(struct slot *slot, uint32_t kib)
{
    union chimera_value value = {0};
    deep_kib = kib;
    chimera_guest_begin(slot->guest, 0);
    assert_int_equal(chimera_guest_run(slot->guest, slot->module.exports, &value), 0);
    chimera_guest_end(slot->guest);
    assert_int_equal(chimera_guest_reset(slot->guest), 0);
}

static size_t resident_kib(const struct slot *slot)
{
    static unsigned char pages[16384];
    const struct chimera_guest *guest = slot->guest;
    size_t size = guest->stack_size - CHIMERA_STACK_GUARD_BYTES, count = 0;
    assert_int_equal(mincore(guest->stack + CHIMERA_STACK_GUARD_BYTES, size, pages), 0);
    for (size_t i = 0; i < size / PAGE; i++)
        count += pages[i] & 1;
    return count * PAGE / KIB;
}

static size_t counted_kib(const struct slot *slot)
{
    return slot->guest->internal->stack_pages * PAGE / KIB;
}

static void deep_stacks_are_given_back(enum chimera_tier tier, uint32_t deep, uint32_t kept)
{
    struct slot slot;
    open_slot(&slot, tier);
    run(&slot, 16);
    assert_in_range(resident_kib(&slot), 16, 128);
    for (int i = 0; i < 3; i++) {
        run(&slot, deep);
        assert_in_range(resident_kib(&slot), kept / 2, kept);
        assert_int_equal(counted_kib(&slot), resident_kib(&slot));
        run(&slot, 16); /* what stays, stays */
        assert_in_range(resident_kib(&slot), kept / 2, kept);
    }
    uint64_t before = chimera_guest_kept_bytes(slot.guest);
    chimera_guest_drop_pages(slot.guest);
    assert_int_equal(resident_kib(&slot), 0);
    assert_int_equal(counted_kib(&slot), 0);
    assert_true(chimera_guest_kept_bytes(slot.guest) + kept / 2 * KIB <= before);
    run(&slot, 16);
    assert_in_range(counted_kib(&slot), 16, 128);
    chimera_guest_free(slot.guest);
}

static void of_the_full_tier(void **state)
{
    (void)state;
    deep_stacks_are_given_back(CHIMERA_TIER_FULL, 7 * 1024, 512);
}

static void of_the_quick_tier(void **state)
{
    (void)state;
    deep_stacks_are_given_back(CHIMERA_TIER_QUICK, 28 * 1024, 1024);
}

/* Nothing is given back that the next request meets again: there is not one fault more. */
static void usual_stacks_stay(void **state)
{
    struct slot slot;
    uint64_t before, after;
    (void)state;
    open_slot(&slot, CHIMERA_TIER_FULL);
    for (int i = 0; i < 3; i++)
        run(&slot, 200);
    size_t resident = resident_kib(&slot);
    assert_in_range(resident, 200, 512);
    chimera_fault_count(&before);
    for (int i = 0; i < 50; i++)
        run(&slot, 200);
    chimera_fault_count(&after);
    assert_true(after - before < 10); /* 50 pages a request else */
    assert_int_equal(resident_kib(&slot), resident);
    assert_int_equal(counted_kib(&slot), resident);
    chimera_guest_free(slot.guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_full_tier),
        cmocka_unit_test(of_the_quick_tier),
        cmocka_unit_test(usual_stacks_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
