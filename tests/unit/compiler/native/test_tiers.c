/* SPDX-License-Identifier: Apache-2.0 */
/* Both tiers of one guest: stacks that end before their guard is stepped over, whatever is called
 * down there, and plugins that lie side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/native/audit.h"
#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/instance/fault.h"
#include "runtime/instance/guest.h"
#include "runtime/plugin/export.h"

#define WAT_MAX ((size_t)16 << 20)
#define FRAME_VALUES 20000 /* of 8 bytes: a frame of 160 KB */

static char folder[] = "/tmp/chimera-test-XXXXXX";
static struct chimera_builder *builder;

static int build(struct chimera_slice wat, enum chimera_tier tier, struct chimera_built *ret_built,
                 struct chimera_error *err)
{
    char text[64], wasm[64];
    snprintf(text, sizeof(text), "%s/guest.wat", folder);
    snprintf(wasm, sizeof(wasm), "%s/guest.wasm", folder);
    const char *argv[] = {"/usr/bin/wat2wasm", text, "-o", wasm, NULL};
    struct chimera_command command = {.what = "wat2wasm", .argv = argv, .folder = folder};
    int code = chimera_file_write(text, wat, 0600, err);
    if (code == 0)
        code = chimera_process_run(&command, err);
    return code < 0 ? code : chimera_build_bare(builder, wasm, tier, ret_built, err);
}

/* There is no unload: what was loaded stays, and what describes it. */
static struct chimera_loaded *kept[16];
static size_t kept_count;

static struct chimera_guest *make_host(struct chimera_slice wat, enum chimera_tier tier)
{
    struct chimera_built built;
    struct chimera_loaded *loaded = NULL;
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    chimera_fault_install(); /* cmocka takes the signals before each test */
    if (build(wat, tier, &built, &err) < 0 ||
        chimera_plugin_load(built.plugin, &loaded, &err) < 0 ||
        chimera_guest_new(loaded, (uint64_t)16 << 20, &guest, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(kept_count < sizeof(kept) / sizeof(kept[0]));
    kept[kept_count++] = loaded;
    assert_int_equal(loaded->plugin->tier, tier);
    assert_int_equal(loaded->manifest.tier, tier);
    chimera_built_done(&built);
    return guest;
}

static int call(struct chimera_guest *guest, const char *name, uint64_t argument)
{
    const struct chimera_export *export =
        chimera_plugin_export(guest->loaded->plugin, name, CHIMERA_EXPORT_FUNCTION);
    union chimera_value values[2] = {{.i64 = argument}};
    assert_non_null(export);
    chimera_guest_begin(guest, 20000);
    int code = chimera_guest_run(guest, export, values);
    chimera_guest_end(guest);
    return code;
}

static void expect_trap(struct chimera_guest *guest, const char *name, uint64_t argument,
                        enum chimera_trap trap)
{
    assert_int_equal(call(guest, name, argument), CHIMERA_ETRAP);
    assert_int_equal(guest->stop, CHIMERA_STOP_TRAP);
    assert_int_equal(guest->trap, trap);
}

/* Loads that may all trap, kept over a call, and used after it: nothing of it can be left out. */
static struct chimera_buffer write_large_frames(void)
{
    struct chimera_buffer wat;
    chimera_buffer_init(&wat, WAT_MAX);
    chimera_buffer_text(
        &wat, "(module (memory 4) (func $f (export \"large\") (param $depth i64) (result i64)");
    for (int i = 0; i < FRAME_VALUES; i++)
        chimera_buffer_print(&wat, " (local $v%d i64)", i);
    for (int i = 0; i < FRAME_VALUES; i++)
        chimera_buffer_print(&wat, " (local.set $v%d (i64.load (i32.const %d)))\n", i, 8 * i);
    chimera_buffer_text(&wat, " (if (i64.eqz (local.get $depth)) (then (return (i64.const 7))))"
                              " (call $f (i64.sub (local.get $depth) (i64.const 1)))\n");
    for (int i = 0; i < FRAME_VALUES; i++)
        chimera_buffer_print(&wat, " (i64.add (local.get $v%d))\n", i);
    chimera_buffer_text(&wat, "))");
    assert_int_equal(wat.failed, 0);
    return wat;
}

static void check_large_frames(enum chimera_tier tier, size_t stack_bytes)
{
    struct chimera_buffer wat = write_large_frames();
    struct chimera_guest *guest = make_host(chimera_buffer_slice(&wat), tier);
    const uint64_t frame_bytes = FRAME_VALUES * 8;
    for (uint64_t depth = 0; depth < 4; depth++)
        assert_int_equal(call(guest, "large", depth), 0);
    /* The frames are as large as they are meant to be: as many as this cannot fit. */
    expect_trap(guest, "large", stack_bytes / frame_bytes, CHIMERA_TRAP_STACK);
    expect_trap(guest, "large", UINT64_MAX, CHIMERA_TRAP_STACK);
    assert_int_equal(call(guest, "large", 3), 0);
    chimera_guest_free(guest);
    chimera_buffer_free(&wat);
}

static void a_frame_of_160_kb_does_not_step_over_the_guard(void **state)
{
    (void)state;
    check_large_frames(CHIMERA_TIER_FULL, (size_t)8 << 20);
}

static void a_frame_of_160_kb_does_not_step_over_the_guard_when_quick(void **state)
{
    (void)state;
    check_large_frames(CHIMERA_TIER_QUICK, (size_t)32 << 20);
}

/* --- What is called where the stack ends --- */

static const char bottom[] =
    "(module (import \"wasi_snapshot_preview1\" \"sched_yield\" (func $yield (result i32)))"
    " (memory 1) (table $t 1 funcref) (elem declare func $yield)"
    " (func $sink (export \"sink\") (param $depth i64) (param $what i32) (result i32)"
    "  (if (i64.ne (local.get $depth) (i64.const 0)) (then (return (i32.add (i32.const 1)"
    "   (call $sink (i64.sub (local.get $depth) (i64.const 1)) (local.get $what))))))"
    "  (block $yield (block $grow (block $table (block $trap (block $fill"
    "   (br_table $yield $grow $table $trap $fill (local.get $what)))"
    "   (memory.fill (i32.const 0) (i32.const 1) (i32.const 60000)) (return (i32.const 0)))"
    "   (return (i32.div_u (i32.const 1) (i32.load (i32.const 0)))))"
    "   (return (table.grow $t (ref.func $yield) (i32.const 0))))"
    "   (return (memory.grow (i32.const 0))))"
    "  (call $yield))"
    " (func (export \"yield\") (param i64) (result i32) (call $sink (local.get 0) (i32.const 0)))"
    " (func (export \"grow\") (param i64) (result i32) (call $sink (local.get 0) (i32.const 1)))"
    " (func (export \"table\") (param i64) (result i32) (call $sink (local.get 0) (i32.const 2)))"
    " (func (export \"trap\") (param i64) (result i32) (call $sink (local.get 0) (i32.const 3)))"
    " (func (export \"fill\") (param i64) (result i32) (call $sink (local.get 0) (i32.const 4))))";

static bool is_too_deep(struct chimera_guest *guest, const char *name, uint64_t depth)
{
    return call(guest, name, depth) < 0 && guest->trap == CHIMERA_TRAP_STACK;
}

/* How deep it goes at most. */
static uint64_t deepest(struct chimera_guest *guest, const char *name)
{
    uint64_t fits = 0, fails = 10000000;
    while (fails - fits > 1) {
        uint64_t middle = fits + (fails - fits) / 2;
        if (is_too_deep(guest, name, middle))
            fails = middle;
        else
            fits = middle;
    }
    return fits;
}

/* Around the end of the stack every depth either does what it does everywhere, or traps. The depth
 * where the guest's own frames meet the guard is not far below the one where the host's function no
 * longer fits. */
static void check_bottom(enum chimera_tier tier)
{
    static const struct {
        const char *name;
        int code; /* where it fits */
    } things[] = {
        {"yield", CHIMERA_ETRAP}, {"grow", 0}, {"table", 0}, {"trap", CHIMERA_ETRAP}, {"fill", 0}};
    struct chimera_guest *guest = make_host(CHIMERA_SLICE(bottom), tier);
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        uint64_t depth = deepest(guest, things[i].name);
        assert_true(depth > 10000);
        for (uint64_t at = depth - 4; at < depth + 20000; at += at < depth + 20 ? 1 : 1999) {
            bool is_deep = is_too_deep(guest, things[i].name, at);
            if (at <= depth)
                assert_int_equal(call(guest, things[i].name, at), things[i].code);
            else
                assert_true(is_deep);
        }
        expect_trap(guest, things[i].name, UINT64_MAX, CHIMERA_TRAP_STACK);
    }
    chimera_guest_free(guest);
}

static void the_host_finds_room_or_the_guest_traps(void **state)
{
    (void)state;
    check_bottom(CHIMERA_TIER_FULL);
}

static void the_host_finds_room_or_the_guest_traps_when_quick(void **state)
{
    (void)state;
    check_bottom(CHIMERA_TIER_QUICK);
}

/* --- Building --- */

/* tcc gives each of these calls 32 bytes of its own for the results. */
static void a_frame_over_the_limit_is_for_the_full_tier(void **state)
{
    (void)state;
    struct chimera_buffer wat;
    struct chimera_built built;
    struct chimera_error err = {0};
    chimera_buffer_init(&wat, WAT_MAX);
    chimera_buffer_text(&wat,
                        "(module (func $m (result i64 i64 i64 i64) (i64.const 1) (i64.const 2)"
                        " (i64.const 3) (i64.const 4)) (func (export \"f\")\n");
    for (size_t i = 0; i < CHIMERA_FRAME_MAX / 32; i++)
        chimera_buffer_text(&wat, "(call $m) drop drop drop drop\n");
    chimera_buffer_text(&wat, "))");
    assert_int_equal(build(chimera_buffer_slice(&wat), CHIMERA_TIER_QUICK, &built, &err),
                     CHIMERA_ELIMIT);
    if (!strstr(err.text, "stack") || !strstr(err.text, "--tier full"))
        fail_msg("%s", err.text);
    chimera_buffer_free(&wat);
}

static void the_tiers_lie_side_by_side(void **state)
{
    (void)state;
    static const char wat[] =
        "(module (func (export \"f\") (param i64) (result f64) (f64.neg (f64.const 1))))";
    struct chimera_built quick, full, any, again;
    struct chimera_error err = {0};
    assert_int_equal(build(CHIMERA_SLICE(wat), CHIMERA_TIER_ANY, &any, &err), 0);
    assert_int_equal(any.tier, CHIMERA_TIER_QUICK);
    assert_int_equal(build(CHIMERA_SLICE(wat), CHIMERA_TIER_FULL, &full, &err), 0);
    assert_int_equal(build(CHIMERA_SLICE(wat), CHIMERA_TIER_QUICK, &quick, &err), 0);
    assert_true(quick.was_cached);
    assert_string_equal(quick.plugin, any.plugin);
    assert_string_not_equal(quick.plugin, full.plugin);
    assert_int_equal(build(CHIMERA_SLICE(wat), CHIMERA_TIER_ANY, &again, &err), 0);
    assert_string_equal(again.plugin, full.plugin);
    /* The full tier's way of looking for forbidden instructions finds none either. */
    assert_int_equal(
        chimera_audit(chimera_builder_tools(builder), CHIMERA_TIER_FULL, quick.plugin, &err), 0);
    chimera_built_done(&quick);
    chimera_built_done(&full);
    chimera_built_done(&any);
    chimera_built_done(&again);
}

static int open_all(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_build_options options = {.cache_folder = folder};
    if (!mkdtemp(folder) || chimera_builder_new(&options, &builder, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    chimera_builder_free(builder);
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tiers_lie_side_by_side),
        cmocka_unit_test(a_frame_over_the_limit_is_for_the_full_tier),
        cmocka_unit_test(a_frame_of_160_kb_does_not_step_over_the_guard_when_quick),
        cmocka_unit_test(the_host_finds_room_or_the_guest_traps_when_quick),
        cmocka_unit_test(the_host_finds_room_or_the_guest_traps),
        cmocka_unit_test(a_frame_of_160_kb_does_not_step_over_the_guard),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
