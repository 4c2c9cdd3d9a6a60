/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of a Rego module, step by step: which function is called with what, which
 * builtins there are, and what a module gets that asks for others. */
#include "tests/unit/rego_guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/wapc_imports.h"
#include "tests/unit/wasi_guest.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void replace(struct c_guest *module, const char *name,
                    void (*call)(struct chimera_instance *, union chimera_value *))
{
    for (uint32_t i = 0; i < module->plugin.export_count; i++)
        if (strcmp(module->exports[i].name, name) == 0)
            module->exports[i].call = call;
}

/* --- The steps --- */

static char steps[1024];

GUEST_CODE static void note(const char *name, uint32_t first, uint32_t second)
{
    size_t size = strlen(steps);
    snprintf(steps + size, sizeof(steps) - size, "%s(%u,%u) ", name, first, second);
}

#define STEP(name, arguments, result)                                                      \
    GUEST_CODE static void step_##name(struct chimera_instance *instance,                  \
                                       union chimera_value *values)                        \
    {                                                                                      \
        (void)instance;                                                                    \
        note(#name, arguments > 0 ? values[0].i32 : 0, arguments > 1 ? values[1].i32 : 0); \
        values[0].i32 = result;                                                            \
    }

STEP(get, 0, 777)
STEP(set, 1, 0)
STEP(parse, 2, values[1].i32 == 9 ? 33 : 44) /* the data have nine bytes here */
STEP(context, 0, 55)
STEP(input, 2, 0)
STEP(data, 2, 0)
STEP(entrypoint, 2, 0)
STEP(eval, 1, 0)

GUEST_CODE static void step_result(struct chimera_instance *instance, union chimera_value *values)
{
    note("result", values[0].i32, 0);
    values[0].i32 = rego_put(instance->guest, REGO_RESULT, rego_result);
}

static void an_evaluation_takes_all_its_steps(void **state)
{
    static const char start[] = "parse(65536,9) get(0,0) set(777,0) ",
                      evaluation[] = "parse(65536,19) context(0,0) input(55,44) data(55,33) "
                                     "entrypoint(55,0) eval(55,0) result(55,0) ";
    const struct chimera_policy_options options = {
        .id = "p", .settings = CHIMERA_SLICE("{\"a\":\"b\"}"), .limit_ms = 5000, .lanes = 1};
    struct rego_fixture fixture;
    (void)state;
    rego_make(&fixture.module);
    replace(&fixture.module, "opa_heap_ptr_get", step_get);
    replace(&fixture.module, "opa_heap_ptr_set", step_set);
    replace(&fixture.module, "opa_json_parse", step_parse);
    replace(&fixture.module, "opa_eval_ctx_new", step_context);
    replace(&fixture.module, "opa_eval_ctx_set_input", step_input);
    replace(&fixture.module, "opa_eval_ctx_set_data", step_data);
    replace(&fixture.module, "opa_eval_ctx_set_entrypoint", step_entrypoint);
    replace(&fixture.module, "eval", step_eval);
    replace(&fixture.module, "opa_eval_ctx_get_result", step_result);
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &fixture.policy, NULL),
                     0);
    chimera_arena_init(&fixture.arena, 64 << 20);
    steps[0] = '\0';
    assert_int_equal(chimera_policy_warm(fixture.policy, 0, NULL), 0);
    assert_string_equal(steps, start);
    for (int i = 0; i < 2; i++) {
        steps[0] = '\0';
        rego_expect_allowed(&fixture);
        assert_string_equal(steps, evaluation);
    }
    rego_close(&fixture);
}

GUEST_CODE static void step_trap(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    chimera_guest_trap(instance->guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

static bool is_late; /* else there is no memory left */

/* The value is there, but what it takes to read it is not. */
GUEST_CODE static void step_spend(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    if (is_late)
        instance->guest->account.failed = CHIMERA_EDEADLINE;
    else
        chimera_account_take(&instance->guest->account, UINT64_MAX / 2);
}

static void the_step_that_fails_is_named(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"opa_malloc", "push_json: cannot invoke opa_malloc function: unreachable"},
        {"opa_json_parse", "push_json: cannot invoke opa_json_parse function: unreachable"},
        {"opa_eval_ctx_new", "error invoking opa_eval_ctx_new function: unreachable"},
        {"opa_eval_ctx_set_input", "error invoking opa_eval_ctx_set_input function: unreachable"},
        {"opa_eval_ctx_set_data", "error invoking opa_eval_ctx_set_data function: unreachable"},
        {"opa_eval_ctx_set_entrypoint",
         "error invoking opa_eval_ctx_set_entrypoint function: unreachable"},
        {"eval", "error invoking opa_eval function: unreachable"},
        {"opa_eval_ctx_get_result", "error invoking opa_eval_ctx_get_result function: unreachable"},
        {"opa_json_dump", "cannot invoke opa_json_dump function: unreachable"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rego_fixture fixture;
        rego_open(&fixture, 5000);
        assert_int_equal(chimera_policy_warm(fixture.policy, 0, NULL), 0);
        replace(&fixture.module, cases[i].name, step_trap);
        rego_expect_failure(&fixture, cases[i].text);
        rego_close(&fixture);
    }
}

static void reading_a_result_is_paid_for(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct rego_fixture fixture;
        is_late = late;
        rego_open(&fixture, 5000);
        assert_int_equal(chimera_policy_warm(fixture.policy, 0, NULL), 0);
        replace(&fixture.module, "opa_json_dump", step_spend);
        if (late)
            rego_expect_failure(&fixture, CHIMERA_DEADLINE_TEXT);
        else
            rego_expect_failure(&fixture, "--memory-limit of `chimera run`");
        rego_close(&fixture);
    }
}

/* --- Builtins --- */

static char results[8][64];
static unsigned result_count;

GUEST_CODE static uint32_t keep_result(struct chimera_guest *guest, uint32_t at, uint32_t size)
{
    snprintf(results[result_count++ % 8], 64, "%.*s", (int)size, rego_at(guest, at));
    return 0;
}

GUEST_CODE static uint32_t call_each(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    static const char *const texts[] = {"\"abc\"", "\"c\"", "\",\"", "\"a,b,c\"", "2", "0", "1"};
    uint32_t at[COUNT(texts)];
    (void)first, (void)second;
    for (uint32_t i = 0; i < COUNT(texts); i++)
        at[i] = rego_put(guest, REGO_TEXT + 64 * i, texts[i]);
    chimera_opa_println(guest, at[0]);
    chimera_opa_builtin0(guest, 0, 0);
    chimera_opa_builtin1(guest, 1, 0, at[0]);
    chimera_opa_builtin2(guest, 2, 0, at[0], at[1]);
    chimera_opa_println(guest, at[1]);
    chimera_opa_builtin3(guest, 3, 0, at[3], at[2], at[4]);
    chimera_opa_builtin4(guest, 4, 0, at[5], at[5], at[5], at[6]);
    return 0;
}

static uint64_t wall_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void each_builtin_has_its_number(void **state)
{
    static const char *const want[] = {"\"cba\"", "1", "[\"a\",\"b\"]", "86400000000000"};
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = call_each;
    on_value_parse = keep_result;
    for (int i = 0; i < 2; i++) {
        uint64_t before = wall_clock_ns();
        result_count = 0;
        rego_expect_allowed(&fixture);
        assert_int_equal(result_count, 5);
        assert_in_range(strtoull(results[0], NULL, 10), before, wall_clock_ns());
        for (size_t k = 0; k < COUNT(want); k++)
            if (strcmp(results[1 + k], want[k]) != 0)
                fail_msg("%zu: %s", k, results[1 + k]);
    }
    rego_close(&fixture);
}

static uint32_t id, arity;

GUEST_CODE static uint32_t call_one(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    uint32_t a = rego_put(guest, REGO_TEXT, "\"x\"");
    (void)first, (void)second;
    if (arity == 0)
        return chimera_opa_builtin0(guest, id, 0), 0;
    if (arity == 1)
        return chimera_opa_builtin1(guest, id, 0, a), 0;
    if (arity == 2)
        return chimera_opa_builtin2(guest, id, 0, a, a), 0;
    if (arity == 3)
        return chimera_opa_builtin3(guest, id, 0, a, a, a), 0;
    return chimera_opa_builtin4(guest, id, 0, a, a, a, a), 0;
}

static void no_other_builtin_is_called(void **state)
{
    static const uint32_t ids[] = {0, 1, 2, 3, 4, 5, 4095, 4096, UINT32_MAX};
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = call_one;
    for (arity = 0; arity <= 4; arity++) {
        for (size_t i = 0; i < COUNT(ids); i++) {
            id = ids[i];
            if (id != arity)
                rego_expect_failure(&fixture, "call of a builtin that the policy did not declare");
        }
    }
    id = arity = 1;
    rego_expect_allowed(&fixture);
    rego_close(&fixture);
}

/* 50 KB to be turned round, with ever more memory: it fails for that or it succeeds. */
GUEST_CODE static uint32_t reverse_much(struct chimera_guest *guest, uint32_t first,
                                        uint32_t second)
{
    (void)first, (void)second;
    memset(rego_at(guest, 2 * 65536), 'x', 50000);
    *rego_at(guest, 2 * 65536) = *rego_at(guest, 2 * 65536 + 50000) = '"';
    *rego_at(guest, 2 * 65536 + 50001) = '\0';
    chimera_opa_builtin1(guest, 1, 0, 2 * 65536);
    return 0;
}

static void builtins_have_the_policy_s_memory(void **state)
{
    unsigned refused = 0, allowed = 0;
    (void)state;
    for (uint64_t more = 8192; more < 400000; more += 8192) {
        struct rego_fixture fixture;
        rego_make(&fixture.module);
        on_eval = reverse_much;
        rego_serve(&fixture, 5000, REGO_MEMORY + more);
        rego_evaluate(&fixture);
        struct chimera_slice text = fixture.response.status.message;
        assert_true(!fixture.response.allowed || refused > 0);
        if (fixture.response.allowed)
            allowed++;
        else if (memmem(text.data, text.size, "memory limit of 0 MiB", 21))
            refused++;
        else
            fail_msg("%" PRIu64 ": %.*s", more, (int)text.size, text.data);
        assert_true(!allowed || fixture.response.allowed); /* once there is enough, there is */
        rego_close(&fixture);
    }
    assert_true(allowed > 0 && refused > 0);
}

#define LARGE ((uint32_t)16 << 20)

GUEST_CODE static uint32_t reverse_large(struct chimera_guest *guest, uint32_t first,
                                         uint32_t second)
{
    (void)first, (void)second;
    memset(rego_at(guest, 65536), 'x', LARGE);
    *rego_at(guest, 65536) = *rego_at(guest, 65536 + LARGE) = '"';
    *rego_at(guest, 65536 + LARGE + 1) = '\0';
    chimera_opa_builtin1(guest, 1, 0, 65536);
    return 0;
}

static void a_result_has_a_largest_size(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_make(&fixture.module);
    fixture.module.plugin.memory_min_pages = fixture.module.plugin.memory_max_pages = 600;
    on_eval = reverse_large;
    rego_serve(&fixture, 60000, 0);
    rego_expect_failure(&fixture, "strings.reverse: the result is too large");
    rego_close(&fixture);
}

/* --- Words --- */

static const char *piece;

GUEST_CODE static uint32_t abort_at_length(struct chimera_guest *guest, uint32_t first,
                                           uint32_t second)
{
    size_t size = strlen(piece);
    (void)first, (void)second;
    for (uint32_t at = 0; at < 6000; at += (uint32_t)size)
        memcpy(rego_at(guest, REGO_HEAP + at), piece, size + 1);
    chimera_opa_abort(guest, REGO_HEAP);
    return 0;
}

static void long_words_are_cut_between_characters(void **state)
{
    static const char before[] =
        "internal server error: wasm engine error: error invoking opa_eval function: opa_abort: ";
    static const struct {
        const char *piece;
        size_t size; /* of all that is said: 159 bytes, and a character less */
    } cases[] = {{"x", 159}, {"\xc3\xa9", 159}, {"\xe2\x82\xac", 158}};
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = abort_at_length;
    for (size_t i = 0; i < COUNT(cases); i++) {
        piece = cases[i].piece;
        rego_evaluate(&fixture);
        struct chimera_slice text = fixture.response.status.message;
        assert_memory_equal(text.data, before, sizeof(before) - 1);
        assert_int_equal(text.size - (sizeof(before) - 1) + strlen("opa_abort: "), cases[i].size);
    }
    rego_close(&fixture);
}

/* --- Modules --- */

static char table[65536];

GUEST_CODE static void many_builtins(struct chimera_instance *instance, union chimera_value *values)
{
    values[0].i32 = rego_put(instance->guest, REGO_HEAP, table);
}

static void make_table(unsigned count)
{
    size_t size = 0;
    for (unsigned i = 0; i < count; i++)
        size += (size_t)snprintf(table + size, 16, "%c\"b%04u\":%u", i ? ',' : '{', i, i % 4096);
    snprintf(table + size, 2, "}");
}

static void expect_refused(struct c_guest *module, const char *text)
{
    const struct chimera_policy_options options = {.id = "p", .limit_ms = 5000, .lanes = 1};
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    int code = chimera_policy_open(&module->loaded, &options, &policy, &err);
    if (code == CHIMERA_OK)
        code = chimera_policy_warm(policy, 0, &err);
    assert_int_equal(code, CHIMERA_EMODULE);
    if (!strstr(err.text, text))
        fail_msg("%s", err.text);
    chimera_policy_close(policy);
}

static void modules_that_cannot_be_are_refused(void **state)
{
    struct c_guest module;
    (void)state;
    rego_make(&module);
    module.plugin.has_memory = 0;
    expect_refused(&module, "Rego wasm error: the module has no memory");
    rego_make(&module);
    module.exports[3].type = "i:i";
    expect_refused(&module, "Rego wasm error: cannot get opa_heap_ptr_get function: it is not "
                            "exported with its type");
    rego_make(&module);
    replace(&module, "builtins", many_builtins);
    make_table(4096);
    expect_refused(&module, "Missing Rego builtins: b0000, b0001, ");
    snprintf(table, sizeof(table), "{\"z\":-1,\"b\":\"x\",\"c\":5000}");
    expect_refused(&module, "Rego wasm error: builtin b has a bad number");
    make_table(4097);
    expect_refused(&module, "Rego wasm error: 4097 builtins are too many");
}

/* --- Imports of another kind of policy --- */

static void ask_for_rego(struct chimera_guest *guest)
{
    chimera_opa_builtin0(guest, 0, 0);
}

static void print_for_rego(struct chimera_guest *guest)
{
    chimera_opa_println(guest, 0);
}

static void abort_for_rego(struct chimera_guest *guest)
{
    chimera_opa_abort(guest, 0);
}

static void ask_for_wapc(struct chimera_guest *guest)
{
    chimera_wapc_guest_response(guest, 0, 1);
}

static void ask_for_wasi(struct chimera_guest *guest)
{
    chimera_wasi_sched_yield(guest);
}

static void exit_for_wasi(struct chimera_guest *guest)
{
    chimera_wasi_proc_exit(guest, 0);
}

static void no_policy_has_another_s_imports(void **state)
{
    static const struct {
        void (*what)(struct chimera_guest *);
        const char *text;
    } cases[] = {
        {ask_for_rego, "Rego is not available to this kind of policy"},
        {print_for_rego, "Rego is not available to this kind of policy"},
        {abort_for_rego, "Rego is not available to this kind of policy"},
        {ask_for_wapc, "waPC is not available to this kind of policy"},
        {ask_for_wasi, "WASI is not available to this kind of policy"},
        {exit_for_wasi, "WASI is not available to this kind of policy"},
    };
    struct c_guest module;
    struct chimera_guest *guest;
    union chimera_value none = {0};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_NONE);
    c_guest_export(&module, "_start", ":", start);
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        body = cases[i].what;
        chimera_guest_begin(guest, 0);
        assert_int_equal(chimera_guest_run(guest, module.exports, &none), CHIMERA_ETRAP);
        chimera_guest_end(guest);
        assert_string_equal(chimera_guest_stop_text(guest), cases[i].text);
    }
    chimera_guest_free(guest);
}

/* --- Modules whose values are not known --- */

static unsigned parses;

/* Gives the head of OPA's smallest block to all that is asked for. */
static uint32_t malloc_with_head(struct chimera_guest *guest, uint32_t size, uint32_t second)
{
    const uint32_t head[3] = {4, 0, 0};
    (void)size, (void)second;
    memcpy(rego_at(guest, REGO_HEAP - sizeof(head)), head, sizeof(head));
    return REGO_HEAP;
}

GUEST_CODE static void parse_once(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    if (parses++ > 0)
        chimera_guest_trap(instance->guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

/* Whatever came of looking for the layout, requests find the state before it. */
static void expect_text(struct rego_fixture *fixture, const char *why)
{
    char text[160];
    rego_serve(fixture, 5000, 0);
    assert_string_equal(chimera_policy_values_text(fixture->policy), "");
    assert_int_equal(chimera_policy_warm(fixture->policy, 0, NULL), 0);
    snprintf(text, sizeof(text), "as text: %s", why);
    assert_string_equal(chimera_policy_values_text(fixture->policy), text);
    parses = 0;
    rego_expect_allowed(fixture);
    rego_close(fixture);
}

static void values_of_another_layout_go_as_text(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_make(&fixture.module);
    expect_text(&fixture, "it has no opa_free");
    rego_make(&fixture.module);
    c_guest_export(&fixture.module, "opa_free", "i:", rego_nothing);
    expect_text(&fixture, "its allocator is another");
    rego_make(&fixture.module);
    c_guest_export(&fixture.module, "opa_free", "i:", rego_nothing);
    on_malloc = malloc_with_head;
    expect_text(&fixture, "it keeps its values in another form");
    rego_make(&fixture.module);
    c_guest_export(&fixture.module, "opa_free", "i:", rego_nothing);
    on_malloc = malloc_with_head;
    replace(&fixture.module, "opa_json_parse", parse_once);
    parses = 0;
    expect_text(&fixture, "its own functions fail at what a text can have");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_evaluation_takes_all_its_steps),
        cmocka_unit_test(the_step_that_fails_is_named),
        cmocka_unit_test(reading_a_result_is_paid_for),
        cmocka_unit_test(each_builtin_has_its_number),
        cmocka_unit_test(no_other_builtin_is_called),
        cmocka_unit_test(builtins_have_the_policy_s_memory),
        cmocka_unit_test(a_result_has_a_largest_size),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(modules_that_cannot_be_are_refused),
        cmocka_unit_test(no_policy_has_another_s_imports),
        cmocka_unit_test(values_of_another_layout_go_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
