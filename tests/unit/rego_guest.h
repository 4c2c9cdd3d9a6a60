/* SPDX-License-Identifier: Apache-2.0 */
/* rego_guest.h - a Rego module in C. Its functions are those of OPA's ABI at their simplest: a
 * value is the address of its JSON text. What eval() does, and what the calls back into the module
 * do, is the test's. */
#ifndef CHIMERA_TESTS_REGO_GUEST_H
#define CHIMERA_TESTS_REGO_GUEST_H

#include "tests/unit/c_guest.h"

#include "runtime/abi/rego.h"
#include "runtime/policy/policy.h"

uint32_t chimera_opa_builtin0(struct chimera_guest *guest, uint32_t id, uint32_t context);
uint32_t chimera_opa_builtin1(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a);
uint32_t chimera_opa_builtin2(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b);
uint32_t chimera_opa_builtin3(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b, uint32_t c);
uint32_t chimera_opa_builtin4(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b, uint32_t c, uint32_t d);
void chimera_opa_abort(struct chimera_guest *guest, uint32_t message);
void chimera_opa_println(struct chimera_guest *guest, uint32_t message);
uint32_t chimera_memory_grow(struct chimera_guest *guest, uint32_t delta);

enum {
    REGO_BUILTINS = 16,
    REGO_ENTRYPOINTS = 512,
    REGO_RESULT = 1024,
    REGO_TEXT = 2048,  /* for the tests' own */
    REGO_HEAP = 65536, /* where opa_malloc() gives memory */
    REGO_MEMORY = 4 * 65536,
};

/* The result set that evaluation ends with. */
static const char *rego_result = "[{\"result\":{\"response\":{\"uid\":\"\",\"allowed\":true}}}]";

/* What the module's functions do; NULL: the simplest. A value that is not 0 is the answer;
 * UINT32_MAX stands for 0. */
typedef uint32_t rego_hook(struct chimera_guest *guest, uint32_t first, uint32_t second);
static rego_hook *on_eval, *on_malloc, *on_value_parse, *on_value_dump;

static inline char *rego_at(struct chimera_guest *guest, uint32_t at)
{
    return (char *)guest->instance->memory.data + at;
}

static inline uint32_t rego_put(struct chimera_guest *guest, uint32_t at, const char *text)
{
    memcpy(rego_at(guest, at), text, strlen(text) + 1);
    return at;
}

static inline void rego_answer(struct chimera_instance *instance, union chimera_value *values,
                               rego_hook *hook, uint32_t otherwise)
{
    uint32_t answer = hook ? hook(instance->guest, values[0].i32, values[1].i32) : 0;
    values[0].i32 = answer == UINT32_MAX ? 0 : answer ? answer : otherwise;
}

#define REGO_FUNCTION(name)                                               \
    GUEST_CODE static void rego_##name(struct chimera_instance *instance, \
                                       union chimera_value *values)

REGO_FUNCTION(builtins)
{
    values[0].i32 = rego_put(instance->guest, REGO_BUILTINS,
                             "{\"time.now_ns\":0,\"strings.reverse\":1,\"strings.count\":2,"
                             "\"strings.split_n\":3,\"time.add_date\":4}");
}

REGO_FUNCTION(entrypoints)
{
    values[0].i32 = rego_put(instance->guest, REGO_ENTRYPOINTS, "{\"policy/main\":0}");
}

REGO_FUNCTION(nothing)
{
    (void)instance, (void)values;
}

REGO_FUNCTION(zero)
{
    (void)instance;
    values[0].i32 = 0;
}

REGO_FUNCTION(same)
{
    (void)instance, (void)values;
}

REGO_FUNCTION(malloc)
{
    rego_answer(instance, values, on_malloc, REGO_HEAP);
}

REGO_FUNCTION(value_parse)
{
    rego_answer(instance, values, on_value_parse, 1);
}

REGO_FUNCTION(value_dump)
{
    rego_answer(instance, values, on_value_dump, values[0].i32);
}

REGO_FUNCTION(eval)
{
    rego_answer(instance, values, on_eval, 0);
}

REGO_FUNCTION(get_result)
{
    values[0].i32 = rego_put(instance->guest, REGO_RESULT, rego_result);
}

struct rego_fixture {
    struct c_guest module;
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_response response;
};

static inline void rego_make(struct c_guest *module)
{
    on_eval = on_malloc = on_value_parse = on_value_dump = NULL;
    c_guest_init(module, CHIMERA_MODE_OPA);
    c_guest_export(module, "memory", "", NULL);
    c_guest_export(module, "builtins", ":i", rego_builtins);
    c_guest_export(module, "entrypoints", ":i", rego_entrypoints);
    c_guest_export(module, "opa_heap_ptr_get", ":i", rego_zero);
    c_guest_export(module, "opa_heap_ptr_set", "i:", rego_nothing);
    c_guest_export(module, "opa_malloc", "i:i", rego_malloc);
    c_guest_export(module, "opa_json_parse", "ii:i", rego_same);
    c_guest_export(module, "opa_json_dump", "i:i", rego_same);
    c_guest_export(module, "opa_value_parse", "ii:i", rego_value_parse);
    c_guest_export(module, "opa_value_dump", "i:i", rego_value_dump);
    c_guest_export(module, "opa_eval_ctx_new", ":i", rego_zero);
    c_guest_export(module, "opa_eval_ctx_set_input", "ii:", rego_nothing);
    c_guest_export(module, "opa_eval_ctx_set_data", "ii:", rego_nothing);
    c_guest_export(module, "opa_eval_ctx_set_entrypoint", "ii:", rego_nothing);
    c_guest_export(module, "eval", "i:i", rego_eval);
    c_guest_export(module, "opa_eval_ctx_get_result", "i:i", rego_get_result);
}

/* `memory_limit` in bytes; 0: the default. */
static inline void rego_serve(struct rego_fixture *fixture, uint32_t limit_ms,
                              uint64_t memory_limit)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = limit_ms, .memory_limit = memory_limit, .lanes = 1};
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    chimera_arena_init(&fixture->arena, 64 << 20);
}

static inline void rego_open(struct rego_fixture *fixture, uint32_t limit_ms)
{
    rego_make(&fixture->module);
    rego_serve(fixture, limit_ms, 0);
}

static inline void rego_close(struct rego_fixture *fixture)
{
    chimera_policy_close(fixture->policy);
    chimera_arena_free(&fixture->arena);
}

static inline void rego_evaluate(struct rego_fixture *fixture)
{
    struct chimera_request request = c_guest_request("{\"n\":1}");
    chimera_arena_reset(&fixture->arena);
    memset(&fixture->response, 0xee, sizeof(fixture->response));
    assert_int_equal(chimera_policy_evaluate(fixture->policy, 0, &request, 0, &fixture->arena,
                                             &fixture->response),
                     CHIMERA_OK);
}

static inline void rego_expect_allowed(struct rego_fixture *fixture)
{
    rego_evaluate(fixture);
    if (!fixture->response.allowed)
        fail_msg("%.*s", (int)fixture->response.status.message.size,
                 fixture->response.status.message.data);
}

/* A rejection with code 500 that ends in `text`. */
static inline void rego_expect_failure(struct rego_fixture *fixture, const char *text)
{
    rego_evaluate(fixture);
    struct chimera_slice message = fixture->response.status.message;
    size_t size = strlen(text);
    assert_false(fixture->response.allowed);
    assert_int_equal(fixture->response.status.code, 500);
    if (message.size < size || memcmp(message.data + message.size - size, text, size) != 0)
        fail_msg("%.*s", (int)message.size, message.data);
}

#endif
