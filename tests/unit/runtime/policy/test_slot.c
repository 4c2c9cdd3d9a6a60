/* SPDX-License-Identifier: Apache-2.0 */
/* One slot by itself: what its memory keeps and when that is dropped, what is mapped for it, and a
 * guest that waits with and without a snapshot. The kernel is asked (mincore, smaps), whatever way
 * of finding pages is used. */
#include "tests/unit/c_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/instance/types_internal.h"

#define PAGE CHIMERA_PROCESSOR_PAGE
#define KIB ((size_t)1024)
#define LARGE ((uint64_t)512 * 1024) /* more is not copied back without page tracking */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

uint32_t chimera_memory_grow(struct chimera_guest *guest, uint32_t delta);

static struct c_guest module;
static struct chimera_guest *guest;
static void (*work)(void);
static uint32_t wanted; /* pages, or KiB */
static volatile int went_on;

GUEST_CODE static void go(struct chimera_instance *instance, union chimera_value *values)
{
    (void)instance, (void)values;
    work();
}

GUEST_CODE static void write_pages(void)
{
    for (uint32_t page = 0; page < wanted; page++)
        guest->instance->memory.data[page * PAGE] = 1;
}

/* What is new must be zero, and is written. */
GUEST_CODE static void grow_and_write(void)
{
    uint64_t before = guest->instance->memory.size;
    chimera_memory_grow(guest, wanted);
    for (uint64_t at = before; at < guest->instance->memory.size; at += PAGE) {
        went_on += guest->instance->memory.data[at] == 0;
        guest->instance->memory.data[at] = 7;
    }
}

GUEST_CODE static void wait_once(void)
{
    went_on = 0;
    if (chimera_guest_suspend(guest))
        went_on = 1;
}

/* A page at a time, as compiled frames do; the deepest waits. */
GUEST_CODE static uint32_t wait_below(size_t left)
{
    volatile uint8_t frame[4 * KIB];
    frame[0] = 1;
    frame[sizeof(frame) - 1] = 1;
    if (left <= sizeof(frame))
        wait_once();
    return left > sizeof(frame) ? wait_below(left - sizeof(frame)) + frame[0] : frame[0];
}

GUEST_CODE static void wait_deep(void)
{
    wait_below(wanted * KIB);
}

static void open_slot(uint32_t pages)
{
    c_guest_init(&module, CHIMERA_MODE_NONE);
    module.plugin.memory_min_pages = module.plugin.memory_max_pages = pages;
    c_guest_export(&module, "go", ":", go);
    assert_int_equal(chimera_guest_new(&module.loaded, (uint64_t)64 << 20, &guest, NULL), 0);
}

static void open_with_snapshot(uint32_t pages)
{
    open_slot(pages);
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
}

static int run(void (*what)(void), uint32_t with)
{
    union chimera_value none = {0};
    work = what;
    wanted = with;
    chimera_guest_begin(guest, 0);
    int code = chimera_guest_run(guest, module.exports, &none);
    chimera_guest_end(guest);
    return code;
}

static int resume(void)
{
    chimera_guest_begin(guest, 0);
    int code = chimera_guest_resume(guest);
    chimera_guest_end(guest);
    return code;
}

static size_t resident_pages(void)
{
    static unsigned char pages[4096];
    size_t count = 0, all = guest->instance->memory.size / PAGE;
    assert_int_equal(mincore(guest->instance->memory.data, all * PAGE, pages), 0);
    for (size_t i = 0; i < all; i++)
        count += pages[i] & 1;
    return count;
}

/* --- What a slot keeps --- */

static void requests(unsigned count, uint32_t pages)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(run(write_pages, pages), 0);
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
}

/* A tenth request writes more than twice what the first sixteen did and 128 pages. */
static void an_odd_request_s_pages_are_dropped_after_a_while(void **state)
{
    static const struct {
        unsigned first, odd;
        bool drops;
    } cases[] = {{10, 148, false}, {10, 149, true}, {40, 208, false}, {40, 209, true}};
    (void)state;
    if (chimera_tracking() == CHIMERA_TRACKING_NONE)
        skip();
    for (size_t i = 0; i < COUNT(cases); i++) {
        open_with_snapshot(64);
        requests(15, 1);
        requests(1, cases[i].first); /* counts as the last of the first */
        requests(1, cases[i].odd);
        requests(47, 1);
        assert_int_equal(guest->counters.drops, 0);
        assert_int_equal(resident_pages(), cases[i].odd);
        assert_int_equal(chimera_guest_kept_bytes(guest) - guest->internal->stack_pages * PAGE,
                         cases[i].odd * PAGE);
        requests(1, 1); /* the 65th */
        assert_int_equal(guest->counters.drops, cases[i].drops);
        requests(1, 1);
        assert_int_equal(resident_pages(), cases[i].drops ? 1 : cases[i].odd);
        requests(20, 300); /* once it has dropped any, it learns anew what is usual */
        assert_int_equal(guest->counters.drops, 1);
        chimera_guest_free(guest);
    }
}

/* Only what met new pages asks the kernel for all of them. */
static void what_is_done_is_counted(void **state)
{
    (void)state;
    open_with_snapshot(64);
    requests(3, 5);
    assert_int_equal(guest->counters.resets, 3);
    assert_true(guest->counters.nanoseconds > 0);
    if (chimera_tracking() != CHIMERA_TRACKING_NONE) {
        assert_true(guest->counters.scans >= 1);
        assert_int_equal(guest->counters.pages, 15);
    } else {
        assert_int_equal(guest->counters.drops, 3); /* 4 MiB are not copied */
    }
    chimera_guest_drop_pages(guest);
    assert_int_equal(resident_pages(), 0);
    requests(1, 5);
    assert_int_equal(*(guest->instance->memory.data + 4 * PAGE), 0);
    chimera_guest_free(guest);
}

/* Nothing is to be had before it, and nothing is lost. */
static void without_a_snapshot_nothing_is_dropped(void **state)
{
    (void)state;
    open_slot(8);
    assert_int_equal(run(write_pages, 3), 0);
    chimera_guest_drop_pages(guest);
    assert_int_equal(*(guest->instance->memory.data + 2 * PAGE), 1);
    assert_int_equal(guest->counters.drops, 0);
    chimera_guest_free(guest);
}

/* Without page tracking a small memory is copied as a whole, and a large one is dropped. */
static void every_size_comes_back(void **state)
{
    static const uint32_t sizes[] = {1, LARGE / CHIMERA_PAGE_BYTES, LARGE / CHIMERA_PAGE_BYTES + 1};
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        open_slot(sizes[i]);
        assert_int_equal(run(write_pages, 2), 0); /* so that there is an image */
        assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
        uint32_t pages = sizes[i] * CHIMERA_PAGE_BYTES / PAGE;
        for (int again = 0; again < 3; again++) {
            memset(guest->instance->memory.data, 7, (size_t)pages * PAGE);
            assert_int_equal(chimera_guest_reset(guest), 0);
            for (uint32_t page = 0; page < pages; page++)
                assert_int_equal(guest->instance->memory.data[page * PAGE], page < 2);
            assert_int_equal(guest->instance->memory.data[pages * PAGE - 1], 0);
        }
        if (chimera_tracking() == CHIMERA_TRACKING_NONE) {
            assert_int_equal(guest->counters.drops, i == 2 ? 3 : 0);
            assert_int_equal(guest->counters.pages, i == 2 ? 0 : 3 * pages);
            assert_int_equal(chimera_guest_kept_bytes(guest),
                             (i == 2 ? 0 : pages * PAGE) + guest->internal->stack_pages * PAGE);
        }
        chimera_guest_free(guest);
    }
}

/* 1 MiB of what a request had the guest grow by stays for the next, and none of it is seen again.
 */
static void growth_beyond_a_mebibyte_is_given_back(void **state)
{
    static const uint32_t mebibyte = 16, grown[] = {8, 16, 17, 60, 16, 60, 1};
    uint32_t most = 0;
    (void)state;
    open_slot(1);
    guest->instance->memory.max_pages = 64;
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
    for (size_t i = 0; i < COUNT(grown); i++) {
        went_on = 0;
        assert_int_equal(run(grow_and_write, grown[i]), 0);
        assert_int_equal(went_on, grown[i] * CHIMERA_PAGE_BYTES / PAGE);
        assert_int_equal(chimera_guest_reset(guest), 0);
        assert_int_equal(guest->instance->memory.size, CHIMERA_PAGE_BYTES);
        most = grown[i] < most ? most : grown[i] < mebibyte ? grown[i] : mebibyte;
        if (chimera_tracking() != CHIMERA_TRACKING_NONE)
            assert_int_equal(chimera_guest_kept_bytes(guest) - guest->internal->stack_pages * PAGE,
                             most * CHIMERA_PAGE_BYTES);
    }
    chimera_guest_free(guest);
}

/* --- How it begins --- */

static void no_memory_is_none(void **state)
{
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_NONE);
    module.plugin.has_memory = 0;
    c_guest_export(&module, "go", ":", go);
    assert_int_equal(chimera_guest_new(&module.loaded, 65536, &guest, NULL), 0);
    assert_int_equal(guest->instance->memory.size, 0);
    assert_int_equal(guest->instance->memory.pages, 0);
    assert_int_equal(guest->instance->memory.max_pages, 0);
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
    assert_int_equal(run(write_pages, 0), 0);
    assert_int_equal(chimera_guest_reset(guest), 0);
    chimera_guest_free(guest);
    chimera_guest_free(NULL);
}

static void all_of_the_limit_may_be_memory(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    open_slot(4);
    chimera_guest_free(guest);
    assert_int_equal(chimera_guest_new(&module.loaded, 4 * CHIMERA_PAGE_BYTES, &guest, &err), 0);
    chimera_guest_free(guest);
    assert_int_equal(chimera_guest_new(&module.loaded, 4 * CHIMERA_PAGE_BYTES - 1, &guest, &err),
                     CHIMERA_ELIMIT);
}

GUEST_CODE static void start_writes(struct chimera_instance *instance)
{
    instance->memory.data[7] = 77;
}

GUEST_CODE static void start_traps(struct chimera_instance *instance)
{
    chimera_guest_trap(instance->guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

GUEST_CODE static void start_exits(struct chimera_instance *instance)
{
    chimera_guest_exit(instance->guest, 3);
}

/* It is part of what each request begins with, or there is no slot. */
static void a_start_function_runs_once(void **state)
{
    struct chimera_error err = {0};
    (void)state;
    open_slot(4);
    chimera_guest_free(guest);
    module.plugin.start = start_writes;
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, &err), 0);
    assert_int_equal(chimera_guest_snapshot(guest, &err), 0);
    requests(2, 1);
    assert_int_equal(guest->instance->memory.data[7], 77);
    chimera_guest_free(guest);
    module.plugin.start = start_traps;
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, &err), CHIMERA_ETRAP);
    assert_string_equal(err.text, "the policy fails in its start function: unreachable");
    module.plugin.start = start_exits;
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, &err), CHIMERA_ETRAP);
    assert_string_equal(err.text,
                        "the policy fails in its start function: the policy called proc_exit");
}

/* --- What is mapped for it --- */

/* The flags of the mapping that `address` lies in, as /proc/self/smaps has them. */
static void read_flags(const uint8_t *address, char ret_flags[256])
{
    unsigned long long start, end;
    char line[512];
    bool is_here = false;
    FILE *maps = fopen("/proc/self/smaps", "re");
    assert_non_null(maps);
    ret_flags[0] = '\0';
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%llx-%llx ", &start, &end) == 2)
            is_here = (uintptr_t)address >= start && (uintptr_t)address < end;
        else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(ret_flags, 256, "%.255s", line);
    }
    fclose(maps);
}

/* One page that is written must be one, and a server's children have no use for it. */
static void nothing_of_it_is_huge_or_inherited(void **state)
{
    bool knows_huge = access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0;
    (void)state;
    open_slot(8);
    assert_int_equal(run(write_pages, 2), 0);
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
    const uint8_t *const places[] = {guest->reservation,
                                     guest->instance->memory.data,
                                     guest->instance->memory.data + 4 * PAGE,
                                     guest->instance->memory.data + guest->instance->memory.size,
                                     guest->stack,
                                     guest->stack + CHIMERA_STACK_GUARD_BYTES};
    for (size_t i = 0; i < COUNT(places); i++) {
        char flags[256];
        read_flags(places[i], flags);
        if (!flags[0])
            skip(); /* this kernel does not tell */
        assert_non_null(strstr(flags, " dc"));
        assert_true(!knows_huge || strstr(flags, " nh"));
    }
    chimera_guest_free(guest);
}

/* --- Waiting --- */

static void who_waits_goes_on(void **state)
{
    (void)state;
    if (!CHIMERA_FIBRES_CAN_WAIT)
        skip();
    for (int is_after_snapshot = 0; is_after_snapshot < 2; is_after_snapshot++) {
        open_slot(4);
        if (is_after_snapshot)
            assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
        assert_int_equal(run(wait_once, 0), 0);
        assert_true(chimera_guest_is_suspended(guest));
        assert_int_equal(chimera_guest_resume(guest), CHIMERA_ENOMEM); /* no run has begun */
        assert_true(chimera_guest_is_suspended(guest));
        assert_int_equal(went_on, 0);
        assert_int_equal(resume(), 0);
        assert_false(chimera_guest_is_suspended(guest));
        assert_int_equal(went_on, 1);
        chimera_guest_free(guest);
    }
}

/* What waits when the slot is brought back to before it was called, is gone. */
static void who_waited_in_vain_is_forgotten(void **state)
{
    (void)state;
    if (!CHIMERA_FIBRES_CAN_WAIT)
        skip();
    open_with_snapshot(4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(wait_once, 0), 0);
        assert_int_equal(chimera_guest_reset(guest), 0);
        assert_false(chimera_guest_is_suspended(guest));
        assert_int_equal(run(write_pages, 1), 0);
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    chimera_guest_free(guest);
}

static void who_waits_too_deep_has_no_snapshot(void **state)
{
    (void)state;
    if (!CHIMERA_FIBRES_CAN_WAIT)
        skip();
    open_slot(4);
    assert_int_equal(run(wait_deep, 32), 0);
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0);
    for (int i = 0; i < 3; i++) { /* from there on, each time */
        assert_int_equal(resume(), 0);
        assert_int_equal(went_on, 1);
        went_on = 0;
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    chimera_guest_free(guest);
    open_slot(4);
    assert_int_equal(run(wait_deep, 80), 0);
    assert_int_equal(chimera_guest_snapshot(guest, NULL), CHIMERA_ELIMIT);
    chimera_guest_free(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_odd_request_s_pages_are_dropped_after_a_while),
        cmocka_unit_test(what_is_done_is_counted),
        cmocka_unit_test(without_a_snapshot_nothing_is_dropped),
        cmocka_unit_test(every_size_comes_back),
        cmocka_unit_test(growth_beyond_a_mebibyte_is_given_back),
        cmocka_unit_test(no_memory_is_none),
        cmocka_unit_test(all_of_the_limit_may_be_memory),
        cmocka_unit_test(a_start_function_runs_once),
        cmocka_unit_test(nothing_of_it_is_huge_or_inherited),
        cmocka_unit_test(who_waits_goes_on),
        cmocka_unit_test(who_waited_in_vain_is_forgotten),
        cmocka_unit_test(who_waits_too_deep_has_no_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
