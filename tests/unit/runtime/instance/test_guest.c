/* SPDX-License-Identifier: Apache-2.0 */
/* Guests: traps, deadlines, limits, and that a reset leaves nothing of a request behind. The guest
 * is WAT text, made into a plugin by wat2wasm and our own pipeline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/tool/process.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/instance/fault.h"
#include "runtime/instance/guest.h"
#include "runtime/instance/watchdog.h"
#include "runtime/plugin/export.h"

static const char module[] =
    "(module (type $t (func (result i32)))"
    " (memory (export \"memory\") 2) (table $tab 4 funcref) (elem (i32.const 0) $one)"
    " (global $calls (mut i32) (i32.const 0)) (data (i32.const 16) \"image\")"
    " (func $one (result i32) i32.const 1)"
    " (func $two (export \"two\") (result i32) i32.const 2)"
    /* Counts its calls in a global, in memory and in a table, and grows both: fresh instances
       say 1. */
    " (func (export \"count\") (result i32) (local $was i32)"
    "  (global.set $calls (i32.add (global.get $calls) (i32.const 1)))"
    "  (i32.store (i32.const 70000) (i32.add (i32.load (i32.const 70000)) (i32.const 1)))"
    "  (i32.store8 (i32.const 16) (i32.add (i32.load8_u (i32.const 16)) (i32.const 1)))"
    "  (local.set $was (call_indirect (type $t) (i32.const 0)))"
    "  (table.set $tab (i32.const 0) (ref.func $two))"
    "  (drop (memory.grow (i32.const 1))) (drop (table.grow $tab (ref.func $one) (i32.const 5)))"
    "  (i32.store (i32.const 140000) (i32.const 7))"
    /* global + memory*10 + table*100 + pages*1000 + table size*10000 + image byte*100000 */
    "  (i32.add (i32.add (i32.add (global.get $calls) (i32.mul (i32.load (i32.const 70000)) "
    "(i32.const 10)))"
    "   (i32.add (i32.mul (local.get $was) (i32.const 100)) (i32.mul (memory.size) (i32.const "
    "1000))))"
    "   (i32.add (i32.mul (table.size $tab) (i32.const 10000))"
    "            (i32.mul (i32.load8_u (i32.const 16)) (i32.const 100000)))))"
    " (func (export \"load\") (param i32) (result i32) (i32.load offset=4294967295 (local.get 0)))"
    " (func (export \"store\") (param i32) (i64.store (local.get 0) (i64.const 1)))"
    " (func (export \"divide\") (param i32) (result i32) (i32.div_s (i32.const -2147483648) "
    "(local.get 0)))"
    " (func (export \"indirect\") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))"
    " (func (export \"ill\") (result i32) (call_indirect (param i32) (result i32) (i32.const 0) "
    "(i32.const 0)))"
    " (func (export \"unreachable\") unreachable)"
    " (func (export \"loop\") (loop $l (br $l)))"
    " (func (export \"fill\") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const "
    "131072)) (br $l)))"
    " (func (export \"copy\") (loop $l (memory.copy (i32.const 0) (i32.const 1) (i32.const "
    "131071)) (br $l)))"
    " (func $deep (export \"deep\") (param i32) (result i32)"
    "  (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))"
    " (func (export \"peek\") (param i32) (result i32) (i32.load8_u (local.get 0)))"
    " (func (export \"poke\") (param i32) (i32.store8 (local.get 0) (i32.const 1)))"
    " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))";

static struct {
    char folder[64];
    struct chimera_builder *builder;
    struct chimera_loaded *loaded;
    struct chimera_guest *guest;
} test;

static int build_guest(struct chimera_error *err)
{
    char wat[128], wasm[128];
    snprintf(wat, sizeof(wat), "%s/guest.wat", test.folder);
    snprintf(wasm, sizeof(wasm), "%s/guest.wasm", test.folder);
    const char *argv[] = {"/usr/bin/wat2wasm", wat, "-o", wasm, NULL};
    struct chimera_command command = {.what = "wat2wasm", .argv = argv, .folder = test.folder};
    struct chimera_build_options options = {.has_no_cache = true};
    struct chimera_built built;
    int code = chimera_file_write(wat, CHIMERA_SLICE(module), 0600, err);
    if (code == 0)
        code = chimera_process_run(&command, err);
    if (code == 0)
        code = chimera_builder_new(&options, &test.builder, err);
    if (code == 0)
        code = chimera_build_bare(test.builder, wasm, CHIMERA_TIER_FULL, &built, err);
    if (code == 0) {
        code = chimera_plugin_load(built.plugin, &test.loaded, err);
        chimera_built_done(&built);
    }
    return code;
}

static int make_guest(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    snprintf(test.folder, sizeof(test.folder), "/tmp/chimera-test-XXXXXX");
    if (!mkdtemp(test.folder) || build_guest(&err) < 0) {
        fprintf(stderr, "cannot build the guest: %s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_guest(void **state)
{
    (void)state;
    chimera_builder_free(test.builder);
    return chimera_folder_remove(test.folder, NULL);
}

static int make_host(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    if (chimera_guest_new(test.loaded, (uint64_t)16 << 20, &test.guest, &err) < 0 ||
        chimera_guest_snapshot(test.guest, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

static int drop_host(void **state)
{
    (void)state;
    chimera_guest_free(test.guest);
    return 0;
}

static int call(const char *name, uint32_t argument, uint32_t limit_ms, uint32_t *ret_result)
{
    const struct chimera_export *export =
        chimera_plugin_export(test.guest->loaded->plugin, name, CHIMERA_EXPORT_FUNCTION);
    assert_non_null(export);
    union chimera_value values[1] = {{.i32 = argument}};
    chimera_fault_install(); /* cmocka takes SIGSEGV for itself before each test */
    chimera_guest_begin(test.guest, limit_ms);
    int code = chimera_guest_run(test.guest, export, values);
    chimera_guest_end(test.guest);
    if (ret_result)
        *ret_result = values[0].i32;
    return code;
}

static void expect_trap(const char *name, uint32_t argument, enum chimera_trap trap)
{
    assert_int_equal(call(name, argument, 0, NULL), CHIMERA_ETRAP);
    assert_int_equal(test.guest->stop, CHIMERA_STOP_TRAP);
    assert_int_equal(test.guest->trap, trap);
    assert_int_equal(chimera_guest_reset(test.guest), 0);
}

/* 1 call, 1 in memory, $one in the table, 3 pages, 9 entries, 'i' + 1 in the image. */
#define FRESH (1u + 10 + 100 + 3000 + 90000 + ('i' + 1) * 100000u)

static void expect_fresh(void)
{
    uint32_t result = 0;
    assert_int_equal(call("count", 0, 1000, &result), 0);
    assert_int_equal(result, FRESH);
}

static void reset_leaves_nothing_of_a_request(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        expect_fresh();
        assert_int_equal(chimera_guest_reset(test.guest), 0);
    }
}

static void without_a_reset_the_state_stays(void **state)
{
    (void)state;
    uint32_t result = 0;
    expect_fresh();
    assert_int_equal(call("count", 0, 0, &result), 0);
    assert_int_equal(result, 2u + 20 + 200 + 4000 + 140000 + ('i' + 2) * 100000u);
}

static void traps_end_only_the_call(void **state)
{
    (void)state;
    expect_trap("load", UINT32_MAX, CHIMERA_TRAP_OUT_OF_BOUNDS);
    expect_trap("load", 0, CHIMERA_TRAP_OUT_OF_BOUNDS);
    expect_trap("store", 131072 - 7, CHIMERA_TRAP_OUT_OF_BOUNDS);
    expect_trap("store", UINT32_MAX, CHIMERA_TRAP_OUT_OF_BOUNDS);
    expect_trap("divide", 0, CHIMERA_TRAP_DIVIDE_BY_ZERO);
    expect_trap("divide", UINT32_MAX, CHIMERA_TRAP_INTEGER_OVERFLOW);
    expect_trap("indirect", 1, CHIMERA_TRAP_INDIRECT_CALL);
    expect_trap("indirect", 4, CHIMERA_TRAP_INDIRECT_CALL);
    expect_trap("indirect", UINT32_MAX, CHIMERA_TRAP_INDIRECT_CALL);
    expect_trap("ill", 0, CHIMERA_TRAP_INDIRECT_CALL);
    expect_trap("unreachable", 0, CHIMERA_TRAP_UNREACHABLE);
    expect_trap("deep", 0, CHIMERA_TRAP_STACK);
    expect_fresh();
}

static void expect_deadline(const char *name)
{
    uint64_t before = chimera_clock_ns();
    assert_int_equal(call(name, 0, 50, NULL), CHIMERA_EDEADLINE);
    assert_int_equal(test.guest->stop, CHIMERA_STOP_DEADLINE);
    assert_true(chimera_clock_ns() - before >= 50 * 1000000ull); /* never early */
    assert_int_equal(chimera_guest_reset(test.guest), 0);
}

static void deadlines_end_loops_and_bulk_operations(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        expect_deadline("loop");
        expect_deadline("fill");
        expect_deadline("copy");
    }
    expect_fresh();
}

static void a_spent_deadline_starts_no_further_call(void **state)
{
    (void)state;
    const struct chimera_export *loop =
        chimera_plugin_export(test.guest->loaded->plugin, "loop", CHIMERA_EXPORT_FUNCTION);
    const struct chimera_export *two =
        chimera_plugin_export(test.guest->loaded->plugin, "two", CHIMERA_EXPORT_FUNCTION);
    union chimera_value values[1] = {{.i32 = 77}};
    chimera_guest_begin(test.guest, 20);
    assert_int_equal(chimera_guest_run(test.guest, loop, values), CHIMERA_EDEADLINE);
    /* The watchdog asks again every millisecond, when the machine lets it. */
    struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 60000 && !chimera_run_is_due(test.guest->run); i++)
        nanosleep(&pause, NULL);
    assert_int_equal(chimera_guest_run(test.guest, two, values), CHIMERA_EDEADLINE);
    assert_int_equal(values[0].i32, 77);
    chimera_guest_end(test.guest);
    assert_int_equal(call("two", 0, 1000, NULL), 0);
}

static void memory_grows_up_to_its_limit(void **state)
{
    (void)state;
    uint32_t result = 0;
    /* Of 256 pages, which are 16 MiB, a 64th is the host's; and there is a table. */
    assert_int_equal(call("grow", 250, 0, &result), 0);
    assert_int_equal(result, UINT32_MAX);
    assert_true(test.guest->has_met_limit);
    assert_int_equal(call("grow", 249, 0, &result), 0);
    assert_int_equal(result, 2);
    assert_false(test.guest->has_met_limit);
    assert_int_equal(call("grow", 1, 0, &result), 0);
    assert_int_equal(result, UINT32_MAX);
    assert_int_equal(call("grow", UINT32_MAX, 0, &result), 0);
    assert_int_equal(result, UINT32_MAX);
    assert_int_equal(chimera_guest_reset(test.guest), 0);
    assert_int_equal(call("grow", 0, 0, &result), 0);
    assert_int_equal(result, 2);
}

/* Of the guest's reservation. */
static unsigned count_mappings(void)
{
    unsigned count = 0;
    char line[512];
    uintptr_t start = 0, memory = (uintptr_t)test.guest->reservation;
    FILE *file = fopen("/proc/self/maps", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        start = (uintptr_t)strtoull(line, NULL, 16);
        count += start >= memory && start - memory < (uintptr_t)8 << 30;
    }
    fclose(file);
    return count;
}

/* The last byte of `size` is there and zero, the next one is not, nor one some pages on. */
static void expect_size(uint32_t size)
{
    static const char *const accesses[] = {"peek", "poke"};
    static const uint32_t beyond[] = {0, 4096, 65536 - 1, 65536, 5 * 65536, 40 * 65536};
    uint32_t result = 1;
    assert_int_equal(call("peek", size - 1, 0, &result), 0);
    assert_int_equal(result, 0);
    assert_int_equal(call("poke", size - 1, 0, NULL), 0);
    for (size_t i = 0; i < 2 * sizeof(beyond) / sizeof(*beyond); i++) {
        assert_int_equal(call(accesses[i % 2], size + beyond[i / 2], 0, NULL), CHIMERA_ETRAP);
        assert_int_equal(test.guest->trap, CHIMERA_TRAP_OUT_OF_BOUNDS);
    }
}

/* What was in reach in one request is not in the next, however the two grow: in the same steps, in
 * other ones, by more than is kept, or not at all. */
static void an_access_beyond_the_size_traps_before_between_and_after_growths(void **state)
{
    static const uint32_t steps[][7] = {{1},          {1, 1},       {0},    {1, 1, 1, 1, 1, 1},
                                        {3},          {2, 1},       {1, 2}, {1, 30, 1},
                                        {1, 1, 1, 1}, {5, 0, 2, 1}, {17},   {1}};
    (void)state;
    for (uint32_t cycle = 0; cycle < 240; cycle++) {
        /* Each pattern four times in a row, then each behind each other one's neighbours. */
        size_t turn = cycle < 48 ? cycle / 4 : (size_t)cycle * 7 + cycle / 12;
        const uint32_t *step = steps[turn % (sizeof(steps) / sizeof(*steps))];
        uint32_t pages = 2, before = 0;
        expect_size(pages * 65536);
        for (size_t i = 0; i < 7; i++) {
            assert_int_equal(call("grow", step[i], 0, &before), 0);
            assert_int_equal(before, pages);
            pages += step[i];
            if (step[i] > 0)
                expect_size(pages * 65536);
        }
        assert_int_equal(chimera_guest_reset(test.guest), 0);
        if (cycle % 50 == 49) /* as an idle slot does */
            chimera_guest_drop_pages(test.guest);
    }
}

/* What growth took is still apart after a reset, so that the next request finds mappings as they
 * must be; and no more of them with each request. */
static void growth_takes_four_mappings(void **state)
{
    unsigned before = count_mappings();
    (void)state;
    for (int cycle = 0; cycle < 100; cycle++) {
        for (int i = 0; i < 20; i++)
            assert_int_equal(call("grow", 1, 0, NULL), 0);
        assert_int_equal(chimera_guest_reset(test.guest), 0);
        assert_int_equal(count_mappings(), before + 4);
    }
}

static void a_first_memory_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    assert_int_equal(chimera_guest_new(test.loaded, 65536, &guest, &err), CHIMERA_ELIMIT);
    assert_null(guest);
    assert_non_null(strstr(err.text, "limit"));
}

#define WITH_HOST(name) cmocka_unit_test_setup_teardown(name, make_host, drop_host)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOST(reset_leaves_nothing_of_a_request),
        WITH_HOST(without_a_reset_the_state_stays),
        WITH_HOST(traps_end_only_the_call),
        WITH_HOST(deadlines_end_loops_and_bulk_operations),
        WITH_HOST(a_spent_deadline_starts_no_further_call),
        WITH_HOST(memory_grows_up_to_its_limit),
        WITH_HOST(an_access_beyond_the_size_traps_before_between_and_after_growths),
        WITH_HOST(growth_takes_four_mappings),
        cmocka_unit_test(a_first_memory_over_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, make_guest, drop_guest);
}
