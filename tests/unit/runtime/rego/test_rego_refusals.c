/* SPDX-License-Identifier: Apache-2.0 */
/* Rego modules that describe themselves wrongly, or hand out what is not there: each refusal, and
 * the last value that is none. The module is in C; a value of its is the address of its JSON text.
 */
#include "tests/unit/c_guest.h"

#include <stdio.h>

#include "runtime/policy/policy.h"

#define MEMORY_END (4u * 65536)
enum { BUILTINS_AT = 16, ENTRYPOINTS_AT = 512, RESULT_AT = 4096, HEAP_AT = 65536 };

/* Longer than any reason. */
static const char result[] =
    "[{\"result\":{\"response\":{\"uid\":\"0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef\",\"allowed\":true}}}]";
#define REQUEST "{\"n\":1}"
#define INPUT "{\"request\":" REQUEST "}"

static const char *volatile builtins_text, *volatile entrypoints_text;
static volatile uint32_t builtins_at, result_at, heap_at, parsed;
static volatile bool has_no_end; /* of the result: it fills what is left of the memory */

static void reset_guest(void)
{
    builtins_text = "{}";
    entrypoints_text = "{\"policy/main\":0}";
    builtins_at = BUILTINS_AT;
    result_at = RESULT_AT;
    heap_at = HEAP_AT;
    parsed = 1;
    has_no_end = false;
}

GUEST_CODE static uint32_t put(struct chimera_instance *instance, uint32_t at, const char *text)
{
    for (uint32_t i = 0; at + i < instance->memory.size; i++) {
        instance->memory.data[at + i] = (uint8_t)text[i];
        if (!text[i])
            break;
    }
    return at;
}

#define GUEST(name) \
    GUEST_CODE static void name(struct chimera_instance *instance, union chimera_value *values)

GUEST(builtins)
{
    values[0].i32 = put(instance, builtins_at, builtins_text);
}

GUEST(entrypoints)
{
    values[0].i32 = put(instance, ENTRYPOINTS_AT, entrypoints_text);
}

GUEST(nothing)
{
    (void)instance, (void)values;
}

GUEST(zero)
{
    (void)instance;
    values[0].i32 = 0;
}

GUEST(opa_malloc)
{
    (void)instance;
    values[0].i32 = heap_at;
}

GUEST(json_parse)
{
    (void)instance;
    values[0].i32 = parsed;
}

GUEST(get_result)
{
    put(instance, result_at, result);
    if (has_no_end)
        for (uint64_t at = result_at; at < instance->memory.size; at++)
            instance->memory.data[at] = '1';
    values[0].i32 = result_at;
}

static const struct {
    const char *name, *type;
    void (*call)(struct chimera_instance *, union chimera_value *);
} functions[] = {
    /* guest-abis.md §4.1 */
    {"builtins", ":i", builtins},
    {"entrypoints", ":i", entrypoints},
    {"opa_heap_ptr_get", ":i", zero},
    {"opa_heap_ptr_set", "i:", nothing},
    {"opa_malloc", "i:i", opa_malloc},
    {"opa_json_parse", "ii:i", json_parse},
    {"opa_json_dump", "i:i", nothing},
    {"opa_value_parse", "ii:i", zero},
    {"opa_value_dump", "i:i", nothing},
    {"opa_eval_ctx_new", ":i", zero},
    {"opa_eval_ctx_set_input", "ii:", nothing},
    {"opa_eval_ctx_set_data", "ii:", nothing},
    {"opa_eval_ctx_set_entrypoint", "ii:", nothing},
    {"eval", "i:i", zero},
    {"opa_eval_ctx_get_result", "i:i", get_result},
};
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static void make_guest(struct c_guest *guest, size_t left_out)
{
    c_guest_init(guest, CHIMERA_MODE_OPA);
    c_guest_export(guest, "memory", "", NULL);
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (i != left_out)
            c_guest_export(guest, functions[i].name, functions[i].type, functions[i].call);
}

/* Opens and asks once; what was said when it was refused, "" when it was allowed. */
static void ask(const struct c_guest *guest, size_t arena_limit, char ret_text[1024])
{
    const struct chimera_policy_options options = {.id = "p", .limit_ms = 10000, .lanes = 1};
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    ret_text[0] = '\0';
    if (chimera_policy_open(&guest->loaded, &options, &policy, &err) < 0 ||
        chimera_policy_warm(policy, 0, &err) < 0) {
        snprintf(ret_text, 1024, "%s", err.text);
        chimera_policy_close(policy);
        return;
    }
    struct chimera_request request = c_guest_request(REQUEST);
    struct chimera_response response = {.allowed = false};
    struct chimera_arena arena;
    chimera_arena_init(&arena, arena_limit);
    int code = chimera_policy_evaluate(policy, 0, &request, 0, &arena, &response);
    if (code < 0)
        snprintf(ret_text, 1024, "code %d", code);
    else if (!response.allowed)
        snprintf(ret_text, 1024, "%.*s", (int)response.status.message.size,
                 response.status.message.data);
    chimera_arena_free(&arena);
    chimera_policy_close(policy);
}

/* `wanted` NULL: it is allowed. */
static void expect(const char *what, const char *wanted)
{
    struct c_guest guest;
    char text[1024];
    make_guest(&guest, FUNCTIONS);
    ask(&guest, 1 << 20, text);
    if (wanted ? !strstr(text, wanted) : text[0] != '\0')
        fail_msg("%s: wanted \"%s\", got \"%s\"", what, wanted ? wanted : "", text);
}

static void every_export_is_needed(void **state)
{
    struct c_guest guest;
    char text[1024], wanted[128];
    (void)state;
    reset_guest();
    expect("all of it", NULL);
    for (size_t i = 0; i < FUNCTIONS; i++) {
        make_guest(&guest, i);
        ask(&guest, 1 << 20, text);
        snprintf(wanted, sizeof(wanted),
                 "Rego wasm error: cannot get %s function: it is not exported with its type",
                 functions[i].name);
        if (strcmp(functions[i].name, "eval") != 0 && !strstr(text, wanted))
            fail_msg("wanted \"%s\", got \"%s\"", wanted, text);
        assert_string_not_equal(text, "");
    }
    make_guest(&guest, FUNCTIONS);
    guest.plugin.has_memory = 0;
    ask(&guest, 1 << 20, text);
    assert_string_equal(text, "Rego wasm error: the module has no memory");
}

static void tables_describe_functions(void **state)
{
    static const struct {
        const char *builtins, *entrypoints, *wanted;
    } cases[] = {
        {"[1]", NULL, "Rego wasm error: builtins() describes no object"},
        {"{", NULL, "Rego wasm error: builtins() describes no object"},
        {"{\"time.now_ns\":-1}", NULL, "Rego wasm error: builtin time.now_ns has a bad number"},
        {"{\"time.now_ns\":4096}", NULL, "Rego wasm error: builtin time.now_ns has a bad number"},
        {"{\"time.now_ns\":\"1\"}", NULL, "Rego wasm error: builtin time.now_ns has a bad number"},
        {"{\"time.now_ns\":4095,\"json.patch\":0}", NULL, NULL},
        {"{\"no.such\":0,\"also.not\":1}", NULL, "Missing Rego builtins: also.not, no.such"},
        {"{\"rego.parse_module\":0,\"uri.parse\":1}", NULL,
         "Missing Rego builtins: rego.parse_module (the host does not parse Rego)"},
        {"{}", "null", "Rego wasm error: entrypoints() describes no object"},
        {"{}", "{\"a\":1}",
         "Rego wasm error: Cannot find the specified entrypoint 0 inside of {\"a\":1}"},
        {"{}", "{\"a\":\"0\"}", "Cannot find the specified entrypoint 0"},
        {"{}", "{\"a\":1,\"b\":0}", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset_guest();
        builtins_text = cases[i].builtins;
        if (cases[i].entrypoints)
            entrypoints_text = cases[i].entrypoints;
        expect(cases[i].builtins, cases[i].wanted);
    }
}

/* A text may end with the memory, and not beyond. */
static void texts_end_within_the_memory(void **state)
{
    static const char endless[] = "Rego wasm error: Cannot get memory address: a text does not end";
    (void)state;
    reset_guest();
    result_at = MEMORY_END - sizeof(result);
    expect("a result at the end", NULL);
    result_at++;
    expect("its last byte beyond", endless);
    static const uint32_t beyond[] = {MEMORY_END - 1, MEMORY_END, MEMORY_END + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        reset_guest();
        has_no_end = true;
        result_at = beyond[i];
        expect("a result beyond", endless);
    }
    reset_guest();
    has_no_end = true;
    expect("a result without an end", endless);
    reset_guest();
    builtins_at = MEMORY_END - 3;
    expect("a table at the end", NULL);
    builtins_at = MEMORY_END - 2;
    expect("its last byte beyond", endless);
}

static void documents_are_put_into_the_memory(void **state)
{
    static const char outside[] = "Rego wasm error: Cannot get memory address: out of bounds";
    (void)state;
    reset_guest();
    heap_at = MEMORY_END - (uint32_t)strlen(INPUT);
    expect("a document at the end", NULL);
    heap_at++;
    expect("its last byte beyond", outside);
    static const uint32_t beyond[] = {MEMORY_END, UINT32_MAX - 2, UINT32_MAX};
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        reset_guest();
        heap_at = beyond[i];
        expect("a document beyond", outside);
    }
    reset_guest();
    parsed = 0;
    expect("a document that is none", "Rego wasm error: Failed to load json in memory");
}

static void a_result_needs_room(void **state)
{
    struct c_guest guest;
    char text[1024];
    (void)state;
    reset_guest();
    make_guest(&guest, FUNCTIONS);
    size_t least = 0;
    for (size_t limit = 0; limit < 1024; limit++) {
        ask(&guest, limit, text);
        if (text[0] == '\0' && least == 0)
            least = limit;
        assert_int_equal(text[0] == '\0', least > 0); /* no result is cut */
    }
    assert_true(least >= strlen(result));
    ask(&guest, least - 1, text);
    assert_non_null(strstr(
        text,
        "Rego wasm error: the result is too large")); /* a reason has more room than the result */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_export_is_needed),
        cmocka_unit_test(tables_describe_functions),
        cmocka_unit_test(texts_end_within_the_memory),
        cmocka_unit_test(documents_are_put_into_the_memory),
        cmocka_unit_test(a_result_needs_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
