/* SPDX-License-Identifier: Apache-2.0 */
/* The pass that counts: what it writes where, that both tiers count alike, and that what it makes
 * is served by nobody. What each instruction costs is also compared with Wasmtime, by
 * tests/counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/build.h"
#include "compiler/lower/read.h"
#include "compiler/mode.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/instance/counter.h"
#include "runtime/instance/guest.h"
#include "runtime/plugin/counter.h"
#include "runtime/plugin/export.h"
#include "runtime/policy/policy.h"

#define HEADER "\0asm\1\0\0\0"
#define LITERAL(text) {(text), sizeof(text) - 1}
#define BYTES(text) ((struct chimera_slice)LITERAL(text))
#define TYPE_VOID "\1\4\1\x60\0\0" /* () -> () */
#define FUNCTION_0 "\3\2\1\0"
#define ADD(amount) "\x23\0\x42" amount "\x7c\x24\0" /* to global 0 */

static char folder[] = "/tmp/chimera-test-XXXXXX";

/* --- What is written. --- */

static struct chimera_module *read_counting(struct chimera_slice bytes)
{
    struct chimera_module *module = NULL;
    struct chimera_error err = {0};
    if (chimera_module_read_counting("p.wasm", bytes, &module, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(module->counts);
    return module;
}

/* A module of one function () -> () of these locals and instructions, short ones. */
static struct chimera_slice write_module(struct chimera_slice body, struct chimera_buffer *out)
{
    chimera_buffer_init(out, 4096);
    chimera_buffer_append(out, BYTES(HEADER TYPE_VOID FUNCTION_0 "\7\7\1\3run\0\0\x0a"));
    chimera_buffer_byte(out, (uint8_t)(body.size + 2));
    chimera_buffer_byte(out, 1);
    chimera_buffer_byte(out, (uint8_t)body.size);
    chimera_buffer_append(out, body);
    assert_int_equal(out->failed, 0);
    return chimera_buffer_slice(out);
}

static void assert_counting(struct chimera_slice body, struct chimera_slice wanted)
{
    struct chimera_buffer bytes;
    struct chimera_module *module = read_counting(write_module(body, &bytes));
    assert_int_equal(module->bodies[0].size, wanted.size);
    assert_memory_equal(module->bodies[0].data, wanted.data, wanted.size);
    chimera_module_free(module);
    chimera_buffer_free(&bytes);
}

static void each_block_adds_up_what_it_costs(void **state)
{
    (void)state;
    /* An empty function: its entry. */
    assert_counting(BYTES("\0\x0b"), BYTES("\0" ADD("\1") "\x0b"));
    /* block, i32.const 1, br_if 0, nop, end: entry, const and br_if; then nothing. */
    assert_counting(BYTES("\0\2\x40\x41\1\x0d\0\1\x0b\x0b"),
                    BYTES("\0\2\x40\x41\1" ADD("\3") "\x0d\0\1\x0b\x0b"));
    /* i32.const 1, if, i32.const 2, drop, else, nop, end */
    assert_counting(BYTES("\0\x41\1\4\x40\x41\2\x1a\5\1\x0b\x0b"),
                    BYTES("\0\x41\1" ADD("\3") "\4\x40\x41\2\x1a" ADD("\1") "\5\1\x0b\x0b"));
    /* loop, br 0, end: what is behind it is never run, and left out. */
    assert_counting(BYTES("\0\3\x40\x0c\0\1\x0b\x0b"),
                    BYTES("\0" ADD("\1") "\3\x40" ADD("\1") "\x0c\0\x0b\x0b"));
    /* call 0, i32.const 1, drop: what follows a call is another block. */
    assert_counting(BYTES("\0\x10\0\x41\1\x1a\x0b"),
                    BYTES("\0" ADD("\2") "\x10\0\x41\1\x1a" ADD("\1") "\x0b"));
}

static void a_tail_call_counts_as_one_instruction(void **state)
{
    (void)state;
    assert_counting(BYTES("\0\x12\0\x0b"), BYTES("\0" ADD("\2") "\x10\0\x0f\x0b"));
}

static void the_counter_comes_behind_the_modules_globals(void **state)
{
    (void)state;
    struct chimera_module *module =
        read_counting(BYTES(HEADER TYPE_VOID FUNCTION_0 "\6\6\1\x7f\1\x41\7\x0b"
                                                        "\x0a\4\1\2\0\x0b"));
    assert_int_equal(module->global_count, 2);
    assert_int_equal(module->counter, 1);
    assert_int_equal(module->globals[0].type, WASM_I32);
    assert_int_equal(module->globals[1].type, WASM_I64);
    assert_true(module->globals[1].is_mutable);
    assert_int_equal(module->globals[1].initial.value, 0);
    assert_memory_equal(module->bodies[0].data, "\0\x23\1\x42\1\x7c\x24\1\x0b", 9);
    chimera_module_free(module);
}

static void a_name_of_ours_is_refused(void **state)
{
    (void)state;
    struct chimera_module *module = NULL;
    struct chimera_error err = {0};
    assert_int_equal(chimera_module_read("p.wasm",
                                         BYTES(HEADER TYPE_VOID FUNCTION_0 "\7\x0d\1\x09"
                                                                           "chimera:x\0\0"
                                                                           "\x0a\4\1\2\0\x0b"),
                                         &module, &err),
                     CHIMERA_OK);
    assert_int_equal(chimera_module_check_exports(module, &err), CHIMERA_EMODULE);
    assert_string_equal(err.text, "p.wasm: a module may not export names that begin with "
                                  "\"chimera:\": they are Chimera's own");
    chimera_module_free(module);
}

/* --- Plugins. --- */

/* Entry 1, then for each of ten rounds 5 in the loop (get, const, sub, tee, br_if), and before it
 * const and set. */
static const char rounds[] = "\1\1\x7f\x41\x0a\x21\0"
                             "\3\x40\x20\0\x41\1\x6b\x22\0\x0d\0\x0b"
                             "\x0b";
#define ROUNDS_COST (1 + 2 + 10 * 5)

static struct chimera_builder *make_builder(enum chimera_build_purpose purpose)
{
    CHIMERA_FREE char *cache = chimera_path_join(folder, "cache");
    struct chimera_builder *builder = NULL;
    struct chimera_error err = {0};
    struct chimera_build_options options = {.cache_folder = cache, .purpose = purpose, .jobs = 1};
    if (!cache || chimera_builder_new(&options, &builder, &err) < 0)
        fail_msg("%s", err.text);
    return builder;
}

static char *build(enum chimera_build_purpose purpose, const char *path, enum chimera_tier tier)
{
    struct chimera_builder *builder = make_builder(purpose);
    struct chimera_built built = {0};
    struct chimera_error err = {0};
    int code = strstr(path, "rounds")
                   ? chimera_build_bare(builder, path, tier, &built, &err)
                   : chimera_build(builder, path, CHIMERA_MODE_NONE, tier, &built, &err);
    if (code < 0)
        fail_msg("%s", err.text);
    char *plugin = strdup(built.plugin);
    chimera_built_done(&built);
    chimera_builder_free(builder);
    return plugin;
}

static char *write_rounds(void)
{
    struct chimera_error err = {0};
    struct chimera_buffer bytes;
    char *path = chimera_path_join(folder, "rounds.wasm");
    struct chimera_slice module =
        write_module((struct chimera_slice){rounds, sizeof(rounds) - 1}, &bytes);
    if (chimera_file_write(path, module, 0600, &err) < 0)
        fail_msg("%s", err.text);
    chimera_buffer_free(&bytes);
    return path;
}

static struct chimera_loaded *load(const char *plugin)
{
    static struct chimera_loaded *kept[8]; /* as long as the process, or a sanitizer finds a leak */
    static size_t count;
    struct chimera_error err = {0};
    assert_true(count < sizeof(kept) / sizeof(kept[0]));
    if (chimera_plugin_load_measuring(plugin, NULL, &kept[count], &err) < 0)
        fail_msg("%s", err.text);
    return kept[count++];
}

static void check_rounds(enum chimera_tier tier)
{
    CHIMERA_FREE char *path = write_rounds();
    CHIMERA_FREE char *plugin = build(CHIMERA_BUILD_TO_COUNT, path, tier);
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    if (chimera_guest_new(load(plugin), (uint64_t)16 << 20, &guest, &err) < 0 ||
        chimera_guest_snapshot(guest, &err) < 0)
        fail_msg("%s", err.text);
    const struct chimera_export *run =
        chimera_plugin_export(guest->loaded->plugin, "run", CHIMERA_EXPORT_FUNCTION);
    for (uint64_t times = 1; times <= 3; times++) {
        union chimera_value values[1];
        chimera_guest_begin(guest, 20000);
        assert_int_equal(chimera_guest_run(guest, run, values), 0);
        chimera_guest_end(guest);
        assert_int_equal(chimera_guest_counted(guest), times * ROUNDS_COST);
    }
    assert_int_equal(chimera_guest_reset(guest), 0);
    assert_int_equal(chimera_guest_counted(guest), 0);
    chimera_guest_free(guest);
}

static void both_tiers_count_alike(void **state)
{
    (void)state;
    check_rounds(CHIMERA_TIER_QUICK);
    check_rounds(CHIMERA_TIER_FULL);
}

static void only_who_measures_loads_what_counts(void **state)
{
    (void)state;
    CHIMERA_FREE char *path = write_rounds();
    CHIMERA_FREE char *plain = build(CHIMERA_BUILD_TO_SERVE, path, CHIMERA_TIER_QUICK);
    CHIMERA_FREE char *counting = build(CHIMERA_BUILD_TO_COUNT, path, CHIMERA_TIER_QUICK);
    struct chimera_loaded *loaded = NULL;
    struct chimera_error err = {0};
    assert_string_not_equal(plain, counting); /* one cache, two names */
    assert_int_equal(chimera_plugin_load(counting, &loaded, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "was made to be measured by `chimera bench`, and is not for "
                                     "serving; build it again with `chimera build`"));
    assert_int_equal(chimera_plugin_load_locked(counting, NULL, &loaded, &err), CHIMERA_EREFUSED);
    loaded = load(plain);
    assert_int_equal(loaded->counter_offset, 0);
    assert_null(strstr(loaded->manifest.toolchain, "count"));
    loaded = load(counting);
    assert_int_not_equal(loaded->counter_offset, 0);
    assert_non_null(strstr(loaded->manifest.toolchain, " count"));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_adds_up_what_it_costs),
        cmocka_unit_test(a_tail_call_counts_as_one_instruction),
        cmocka_unit_test(the_counter_comes_behind_the_modules_globals),
        cmocka_unit_test(a_name_of_ours_is_refused),
        cmocka_unit_test(both_tiers_count_alike),
        cmocka_unit_test(only_who_measures_loads_what_counts),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
