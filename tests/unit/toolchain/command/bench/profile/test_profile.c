/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: which function has run what, as stacks and as a picture. What is expected is counted by
 * hand, by the rule of docs/decisions/031. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/tool/process.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/instance/counter.h"
#include "runtime/instance/fault.h"
#include "runtime/instance/guest.h"
#include "runtime/instance/profile.h"
#include "runtime/plugin/export.h"
#include "toolchain/command/bench/profile/flame_graph.h"
#include "toolchain/command/bench/profile/function_name.h"
#include "toolchain/command/bench/profile/profile_files.h"
#include "toolchain/command/bench/profile/stacks.h"

static char folder[] = "/tmp/chimera-test-XXXXXX";
static struct chimera_profile *profile;

static const char wat[] =
    "(module (memory 1)"
    " (func $leaf nop)"
    " (func $twice (call $leaf) (call $leaf))"
    " (func $r (param i32) (if (local.get 0)"
    "  (then (call $r (i32.sub (local.get 0) (i32.const 1))))))"
    " (func $main (export \"run\") (call $twice) (call $leaf) (call $r (i32.const 2)))"
    " (func $stops (export \"stop\") (call $leaf) unreachable)"
    " (func $odd<&> (export \"odd\") (result i32) (block (br 0)) (return (i32.const 1)))"
    " (func $deep (export \"deep\") (call $r (i32.const 2000))))";

static struct chimera_loaded *load(const char *plugin)
{
    static struct chimera_loaded
        *kept[16]; /* as long as the process, or a sanitizer finds a leak */
    static size_t count;
    struct chimera_error err = {0};
    assert_true(count < sizeof(kept) / sizeof(kept[0]));
    if (chimera_plugin_load_measuring(plugin, NULL, &kept[count], &err) < 0)
        fail_msg("%s", err.text);
    return kept[count++];
}

static struct chimera_guest *make_guest(enum chimera_build_purpose purpose, enum chimera_tier tier)
{
    struct chimera_build_options options = {.has_no_cache = true, .purpose = purpose, .jobs = 1};
    struct chimera_builder *builder = NULL;
    struct chimera_built built;
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    CHIMERA_FREE char *text = chimera_path_join(folder, "guest.wat");
    CHIMERA_FREE char *wasm = chimera_path_join(folder, "guest.wasm");
    const char *argv[] = {"/usr/bin/wat2wasm", "--debug-names", text, "-o", wasm, NULL};
    struct chimera_command command = {.what = "wat2wasm", .argv = argv, .folder = folder};
    chimera_fault_install(); /* cmocka takes the signals before each test */
    if (chimera_file_write(text, (struct chimera_slice){wat, sizeof(wat) - 1}, 0600, &err) < 0 ||
        chimera_process_run(&command, &err) < 0 ||
        chimera_builder_new(&options, &builder, &err) < 0 ||
        chimera_build_bare(builder, wasm, tier, &built, &err) < 0 ||
        chimera_guest_new(load(built.plugin), (uint64_t)16 << 20, &guest, &err) < 0 ||
        chimera_guest_snapshot(guest, &err) < 0)
        fail_msg("%s", err.text);
    chimera_built_done(&built);
    chimera_builder_free(builder);
    return guest;
}

static void run(struct chimera_guest *guest, const char *name, int wanted)
{
    struct chimera_error err = {0};
    union chimera_value values[1];
    const struct chimera_export *export =
        chimera_plugin_export(guest->loaded->plugin, name, CHIMERA_EXPORT_FUNCTION);
    if (chimera_guest_profile(guest, profile, &err) < 0)
        fail_msg("%s", err.text);
    chimera_guest_begin(guest, 20000);
    assert_int_equal(chimera_guest_run(guest, export, values), wanted);
    chimera_guest_end(guest);
}

static void make_stacks(const struct chimera_guest *guest, struct stacks *stacks)
{
    struct chimera_error err = {0};
    if (stacks_new(profile, guest->loaded->names_fd, stacks, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(stacks->frame[stacks->root].total, profile->last);
}

static void assert_stacks(const struct chimera_guest *guest, const char *wanted)
{
    struct stacks stacks;
    struct chimera_buffer text;
    make_stacks(guest, &stacks);
    chimera_buffer_init(&text, 1 << 20);
    stacks_write(&stacks, &text);
    chimera_buffer_byte(&text, '\0');
    assert_string_equal(text.data, wanted);
    chimera_buffer_free(&text);
    stacks_done(&stacks);
}

static void check_calls(enum chimera_tier tier)
{
    struct chimera_guest *guest = make_guest(CHIMERA_BUILD_TO_PROFILE, tier);
    static const char calls[] = "main 5\n"
                                "main;twice 3\n"
                                "main;twice;leaf 2\n"
                                "main;leaf 1\n"
                                "main;r 7\n"
                                "main;r;r 7\n"
                                "main;r;r;r 3\n";
    for (int i = 0; i < 2; i++) { /* each profile is of one evaluation */
        run(guest, "run", 0);
        assert_stacks(guest, calls);
        assert_int_equal(chimera_guest_reset(guest), 0);
    }
    run(guest, "stop", CHIMERA_ETRAP); /* functions that never end */
    assert_stacks(guest, "stops 2\nstops;leaf 1\n");
    assert_int_equal(chimera_guest_reset(guest), 0);
    run(guest, "odd", 0);
    assert_stacks(guest, "odd<&> 3\n");
    chimera_guest_free(guest);
}

static void each_function_has_what_it_ran(void **state)
{
    (void)state;
    check_calls(CHIMERA_TIER_QUICK);
    check_calls(CHIMERA_TIER_FULL);
}

static void deep_calls_are_their_callers(void **state)
{
    (void)state;
    struct chimera_guest *guest = make_guest(CHIMERA_BUILD_TO_PROFILE, CHIMERA_TIER_QUICK);
    struct stacks stacks;
    run(guest, "deep", 0);
    make_stacks(guest, &stacks);
    assert_true(stacks.is_cut);
    assert_int_equal(stacks.count, CHIMERA_PROFILE_DEPTH_MAX + 1); /* with the root */
    assert_int_equal(stacks.frame[stacks.root].total, 3 + 2000 * 7 + 3);
    stacks_done(&stacks);
    chimera_guest_free(guest);
}

static void no_other_plugin_tells_of_its_functions(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct chimera_guest *guest = make_guest(CHIMERA_BUILD_TO_COUNT, CHIMERA_TIER_QUICK);
    assert_int_equal(chimera_guest_profile(guest, profile, &err), CHIMERA_EINVAL);
    assert_non_null(strstr(err.text, "was not made to be profiled"));
    assert_int_equal(chimera_guest_profile(guest, NULL, &err), 0);
    chimera_guest_free(guest);
}

/* As a program does that waits for its input within calls: they end, and have never begun. */
static void calls_that_began_before_become_callers(void **state)
{
    (void)state;
    struct chimera_guest *guest = make_guest(CHIMERA_BUILD_TO_PROFILE, CHIMERA_TIER_QUICK);
    struct chimera_error err = {0};
    void (*hook)(struct chimera_guest *, uint32_t, uint32_t);
    char *instance = (char *)guest->instance;
    assert_int_equal(chimera_guest_profile(guest, profile, &err), 0);
    chimera_guest_begin(guest, 20000);
    memcpy((void *)&hook, instance + guest->loaded->profile_offset, sizeof(hook));
    static const struct {
        uint64_t cost;
        uint32_t function, is_leaving;
    } events[] = {
        {2, 0, 0}, {3, 0, 1}, {5, 1, 1}, {7, 2, 0}, {11, 2, 1}, {13, 3, 1}, {17, 4, 0},
    };
    uint64_t counter = 0;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        counter += events[i].cost;
        memcpy(instance + guest->loaded->counter_offset, &counter, sizeof(counter));
        hook(guest, events[i].function, events[i].is_leaving);
    }
    chimera_guest_end(guest);
    /* twice (1) called leaf (0), its caller main (3) called r (2) behind that; stops (4) runs. */
    assert_stacks(guest, "(begun before the request) 17\n"
                         "(begun before the request);main 20\n"
                         "(begun before the request);main;twice 7\n"
                         "(begun before the request);main;twice;leaf 3\n"
                         "(begun before the request);main;r 11\n");
    chimera_guest_free(guest);
}

static void names_are_readable(void **state)
{
    (void)state;
    static const struct {
        const char *name, *wanted;
    } cases[] = {
        {"", "function 7"},
        {"memcpy", "memcpy"},
        /* rustc's legacy mangling, as rustc-demangle's tests have it */
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
        {"_ZN13test$u20$test4foob17h05af221e174051e9E", "test test::foob"},
        {"_ZN35Bar$LT$$u5b$u32$u3b$$u20$4$u5d$$GT$17h05af221e174051e9E", "Bar<[u32: 4]>"},
        {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
         "3bar17h930b740aa94f1d3aE",
         "<Test + 'static as foo::Bar<Test>>::bar"},
        {"core::fmt::write::h0123456789abcdef", "core::fmt::write"},
        /* what only looks like them */
        {"_ZN4coreE", "_ZN4coreE"},
        {"_ZN9core17h0123456789abcdefE", "_ZN9core17h0123456789abcdefE"},
        {"_ZN4core17h0123456789abcdegE", "_ZN4core17h0123456789abcdegE"},
        {"a::h0123", "a::h0123"},
        {"g0.data.policy.violations", "data.policy.violations"},
        {"g12.data.a.b", "data.a.b"},
        {"g.data.a", "g.data.a"},
        {"main.(*Pod).names;1", "main.(*Pod).names:1"},
        {"a\nb\x1b[m", "a\\nb\\u{1b}[m"},
        {"\xff", "\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_buffer text;
        chimera_buffer_init(&text, 4096);
        function_name_write(chimera_slice_of(cases[i].name), 7, &text);
        chimera_buffer_byte(&text, '\0');
        assert_string_equal(text.data, cases[i].wanted);
        chimera_buffer_free(&text);
    }
}

static void long_names_are_cut(void **state)
{
    (void)state;
    char name[1000];
    struct chimera_buffer text;
    memset(name, 'x', sizeof(name));
    chimera_buffer_init(&text, 4096);
    function_name_write((struct chimera_slice){name, sizeof(name)}, 0, &text);
    assert_int_equal(text.size, FUNCTION_NAME_MAX + strlen("…"));
    chimera_buffer_free(&text);
}

static void the_picture_escapes_what_it_shows(void **state)
{
    (void)state;
    struct chimera_guest *guest = make_guest(CHIMERA_BUILD_TO_PROFILE, CHIMERA_TIER_QUICK);
    struct stacks stacks;
    struct chimera_buffer text;
    run(guest, "odd", 0);
    make_stacks(guest, &stacks);
    chimera_buffer_init(&text, 1 << 20);
    flame_graph_write(&stacks, CHIMERA_SLICE("</title><script>\"&'\n"), &text);
    chimera_buffer_byte(&text, '\0');
    assert_null(strstr(text.data, "<script"));
    assert_non_null(
        strstr(text.data, "<title>&lt;/title&gt;&lt;script&gt;&quot;&amp;'\\n</title>"));
    assert_non_null(strstr(text.data, "<title>odd&lt;&amp;&gt;: 3 instructions, 100.00 %; 3 its "
                                      "own</title>"));
    chimera_buffer_free(&text);
    stacks_done(&stacks);
    chimera_guest_free(guest);
}

static void expect_file(const char *name)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    chimera_buffer_init(&text, 1 << 20);
    if (chimera_file_read(path, &text, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(text.size > 0);
    chimera_buffer_free(&text);
}

static void files_have_safe_names(void **state)
{
    (void)state;
    struct chimera_guest *guest = make_guest(CHIMERA_BUILD_TO_PROFILE, CHIMERA_TIER_QUICK);
    CHIMERA_FREE char *made = chimera_path_join(folder, "profiles");
    struct stacks stacks;
    struct chimera_error err = {0};
    run(guest, "run", 0);
    make_stacks(guest, &stacks);
    static const struct {
        const char *policy, *request, *wanted;
    } cases[] = {
        {"a", "b.json", "profiles/a-b.json"},
        {"a", "b.json", "profiles/a-b.json-2"},
        {"../../etc", "x/y z",
         "profiles/__"
         "_.._etc-x_y_z"},
        {"", "", "profiles/-"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char name[200];
        CHIMERA_FREE char *picture = NULL;
        if (profile_files_write(made, cases[i].policy, cases[i].request, &stacks, &picture, &err) <
            0)
            fail_msg("%s", err.text);
        snprintf(name, sizeof(name), "%s.svg", cases[i].wanted);
        expect_file(name);
        assert_string_equal(picture + strlen(folder) + 1, name);
        snprintf(name, sizeof(name), "%s.folded", cases[i].wanted);
        expect_file(name);
    }
    stacks_done(&stacks);
    chimera_guest_free(guest);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) && chimera_profile_new(&profile, NULL) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chimera_profile_free(profile);
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_function_has_what_it_ran),
        cmocka_unit_test(deep_calls_are_their_callers),
        cmocka_unit_test(no_other_plugin_tells_of_its_functions),
        cmocka_unit_test(calls_that_began_before_become_callers),
        cmocka_unit_test(names_are_readable),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(the_picture_escapes_what_it_shows),
        cmocka_unit_test(files_have_safe_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
