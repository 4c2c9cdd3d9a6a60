/* SPDX-License-Identifier: Apache-2.0 */
/* A waPC guest in C against the real host; the texts are guest-abis.md §2 and policy-server.md
 * §4.4. */
#include "tests/unit/c_guest.h"
#include "tests/unit/wapc_imports.h"

#include <stdio.h>

#include "runtime/policy/policy.h"

_Noreturn void chimera_wasi_proc_exit(struct chimera_guest *guest, uint32_t exit_code);

enum behaviour {
    ACCEPT,
    ECHO_PAYLOAD, /* as a guest error */
    ECHO_OPERATION,
    SAY_NOTHING,
    FAIL_SILENTLY,
    BAD_RESPONSE,
    TRAP,
    BAD_POINTER,
    BAD_TEXT,
    EXIT_0,
    LOOP,
    HOST_CALL_DENIED,
    HOST_CALL_LOG,
    HOST_CALL_BAD_NAME,
    HOST_CALL_BAD_PAYLOAD,
    RESPOND_TOO_MUCH,
    FAIL_IN_TOO_MANY_WORDS,
    COUNT_CALLS,
    REJECT_IN_QUOTES,
    SETTINGS_INVALID,
    RESPOND_AT_LENGTH,
};

static unsigned lines, columns; /* of RESPOND_AT_LENGTH's object */

static volatile enum behaviour behaviour; /* of __guest_call */
enum init { INIT_OK, INIT_EXIT_0, INIT_EXIT_3, INIT_TRAP, INIT_LOOP };

static volatile enum init init; /* of wapc_init */

static uint32_t put(struct chimera_instance *instance, uint32_t at, const char *text)
{
    size_t size = strlen(text);
    memcpy(instance->memory.data + at, text, size);
    return (uint32_t)size;
}

static void respond(struct chimera_instance *instance, const char *text)
{
    chimera_wapc_guest_response(instance->guest, 1000, put(instance, 1000, text));
}

static uint32_t make_host_call(struct chimera_instance *instance, const char *binding,
                               const char *name_space, const char *operation, const char *payload)
{
    const char *const texts[] = {binding, name_space, operation, payload};
    uint32_t at[4], size[4];
    for (uint32_t i = 0; i < 4; i++) {
        at[i] = 2000 + 256 * i;
        size[i] = put(instance, at[i], texts[i]);
    }
    return chimera_wapc_host_call(instance->guest, at[0], size[0], at[1], size[1], at[2], size[2],
                                  at[3], size[3]);
}

/* An object that begins with its lines, and ends at this column of the last one. */
static void respond_at_length(struct chimera_instance *instance)
{
    char text[512];
    size_t size = 0;
    text[size++] = '{';
    for (unsigned i = 1; i < lines; i++)
        text[size++] = '\n';
    for (unsigned i = lines == 1 ? 2 : 1; i < columns; i++)
        text[size++] = ' ';
    text[size++] = '}';
    text[size] = '\0';
    respond(instance, text);
}

/* The counter survives in the guest's memory unless the host resets it. */
static void count_calls(struct chimera_instance *instance)
{
    char text[64];
    instance->memory.data[9000]++;
    snprintf(text, sizeof(text), "{\"accepted\":true,\"code\":%u}", instance->memory.data[9000]);
    respond(instance, text);
}

static uint32_t misbehave(struct chimera_instance *instance, uint32_t operation_size,
                          uint32_t size);

GUEST_CODE static void guest_call(struct chimera_instance *instance, union chimera_value *values)
{
    if (behaviour == LOOP)
        for (volatile int i = 0;; i++)
            ;
    values[0].i32 = misbehave(instance, values[0].i32, values[1].i32);
}

static uint32_t host_calls(struct chimera_instance *instance)
{
    struct chimera_guest *guest = instance->guest;
    if (behaviour == HOST_CALL_LOG) {
        uint32_t is_ok = make_host_call(instance, "kubewarden", "tracing", "log", "{}");
        bool is_empty =
            chimera_wapc_host_response_len(guest) == 0 && chimera_wapc_host_error_len(guest) == 0;
        respond(instance, is_ok == 1 && is_empty ? "{\"accepted\":true}" : "{\"accepted\":false}");
        return 1;
    }
    if (behaviour == HOST_CALL_BAD_PAYLOAD) { /* which may be any bytes */
        make_host_call(instance, "kubewarden", "tracing", "log", "\xff");
        respond(instance, "{\"accepted\":true}");
        return 1;
    }
    if (behaviour == HOST_CALL_BAD_NAME) {
        instance->memory.data[5000] = 0xff;
        return chimera_wapc_host_call(guest, 5000, 1, 0, 0, 0, 0, 0, 0);
    }
    if (make_host_call(instance, "kubewarden", "net", "v1/dns_lookup_host", "\"x\"") != 0)
        return 1;
    chimera_wapc_host_error(guest, 6000);
    chimera_wapc_host_response(guest, 6000); /* there is none: does nothing */
    chimera_wapc_guest_error(guest, 6000, chimera_wapc_host_error_len(guest));
    return 0;
}

static uint32_t misbehave(struct chimera_instance *instance, uint32_t operation_size, uint32_t size)
{
    struct chimera_guest *guest = instance->guest;
    chimera_wapc_guest_request(guest, 16, 512);
    switch (behaviour) {
    case ACCEPT:
        respond(instance, operation_size == 17 ? "{\"valid\":true}" : "{\"accepted\":true}");
        return 1;
    case ECHO_PAYLOAD:
        chimera_wapc_guest_error(guest, 512, size);
        return 0;
    case ECHO_OPERATION:
        chimera_wapc_guest_error(guest, 16, operation_size);
        return 0;
    case SAY_NOTHING:
        return 1;
    case FAIL_SILENTLY:
        respond(instance, "{\"accepted\":true}");
        return 0;
    case BAD_RESPONSE:
        respond(instance, "{\"message\":\"I forgot\"}");
        return 1;
    case TRAP:
        chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
    case BAD_POINTER:
        chimera_wapc_guest_response(guest, (uint32_t)-16, 64);
        return 1;
    case BAD_TEXT:
        instance->memory.data[700] = 0xc0;
        chimera_wapc_guest_error(guest, 700, 1);
        return 0;
    case EXIT_0:
        respond(instance, "{\"accepted\":true}");
        chimera_wasi_proc_exit(guest, 0);
    case COUNT_CALLS:
        count_calls(instance);
        return 1;
    case REJECT_IN_QUOTES:
        chimera_wapc_guest_error(guest, 3000,
                                 put(instance, 3000, "say \"no\"\n\\\r\t\x01\x1f \x7f"));
        return 0;
    case SETTINGS_INVALID:
        respond(instance, "{\"valid\":false,\"message\":\"key x is missing\"}");
        return 1;
    case RESPOND_TOO_MUCH: /* 16 MiB are the most, and 1 MiB of an error */
        chimera_wapc_guest_response(guest, 0, (16 << 20) + 1);
        return 1;
    case FAIL_IN_TOO_MANY_WORDS:
        chimera_wapc_guest_error(guest, 0, (1 << 20) + 1);
        return 0;
    case RESPOND_AT_LENGTH:
        respond_at_length(instance);
        return 1;
    default:
        return host_calls(instance);
    }
}

GUEST_CODE static void wapc_init(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    if (init == INIT_LOOP)
        for (volatile int i = 0;; i++)
            ;
    instance->memory.data[9000] = 41;
    if (init == INIT_TRAP)
        chimera_guest_trap(instance->guest, CHIMERA_TRAP_UNREACHABLE, NULL);
    if (init != INIT_OK)
        chimera_wasi_proc_exit(instance->guest, init == INIT_EXIT_0 ? 0 : 3);
}

struct fixture {
    struct c_guest module;
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_response response;
};

static void open_policy(struct fixture *fixture, uint32_t limit_ms)
{
    const struct chimera_policy_options options = {
        .id = "p", .settings = CHIMERA_SLICE("{\"a\":1}"), .limit_ms = limit_ms, .lanes = 1};
    c_guest_init(&fixture->module, CHIMERA_MODE_WAPC);
    fixture->module.plugin.memory_min_pages = fixture->module.plugin.memory_max_pages = 300;
    c_guest_export(&fixture->module, "memory", "", NULL);
    c_guest_export(&fixture->module, "__guest_call", "ii:i", guest_call);
    c_guest_export(&fixture->module, "wapc_init", ":", wapc_init);
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    chimera_arena_init(&fixture->arena, 1 << 20);
    fixture->request = c_guest_request("{\"n\":1}");
}

static void close_policy(struct fixture *fixture)
{
    chimera_policy_close(fixture->policy);
    chimera_arena_free(&fixture->arena);
}

/* Runs the guest once, and checks the verdict: accepted when `message` is NULL. */
static void check_verdict(struct fixture *fixture, enum behaviour what, const char *message)
{
    behaviour = what;
    assert_int_equal(chimera_policy_evaluate(fixture->policy, 0, &fixture->request, 0,
                                             &fixture->arena, &fixture->response),
                     CHIMERA_OK);
    assert_int_equal(fixture->response.allowed, message == NULL);
    c_guest_assert_slice(fixture->response.uid, message ? "u" : "");
    if (!message)
        return;
    assert_int_equal(fixture->response.status.code, 500);
    c_guest_assert_slice(fixture->response.status.message, message);
}

#define FAILED "internal server error: Guest call failure: "

static void validate_answers_every_ending_as_the_reference(void **state)
{
    struct fixture fixture;
    static const struct {
        enum behaviour behaviour;
        const char *message;
    } cases[] = {
        {ECHO_PAYLOAD, FAILED "{\"request\":{\"n\":1},\"settings\":{\"a\":1}}"},
        {ECHO_OPERATION, FAILED "validate"},
        {SAY_NOTHING, FAILED "No error message OR response set for call success"},
        {FAIL_SILENTLY, FAILED "No error message set for call failure"},
        {BAD_RESPONSE,
         "internal server error: invalid response from policy: missing field `accepted` at "
         "line 1 column 22"},
        {TRAP, FAILED "unreachable"},
        {BAD_POINTER, FAILED "out of bounds memory access"},
        {RESPOND_TOO_MUCH, FAILED "the policy's answer is too large"},
        {FAIL_IN_TOO_MANY_WORDS, FAILED "the policy's answer is too large"},
        {BAD_TEXT, FAILED "a text from the policy is not UTF-8"},
        {EXIT_0, FAILED "Exited with i32 exit status 0"},
        {HOST_CALL_DENIED,
         FAILED "Policy has not been granted access to the 'net/v1/dns_lookup_host' host "
                "capability. The violation has been reported."},
        {HOST_CALL_BAD_NAME, FAILED "a host call's name is not UTF-8"},
    };
    (void)state;
    init = INIT_OK;
    open_policy(&fixture, 5000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        check_verdict(&fixture, cases[i].behaviour, cases[i].message);
    close_policy(&fixture);
}

static void a_logged_entry_is_a_success_without_an_answer(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, 5000);
    for (int i = 0; i < 2; i++) {
        behaviour = i == 0 ? HOST_CALL_LOG : HOST_CALL_BAD_PAYLOAD;
        assert_int_equal(chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 0,
                                                 &fixture.arena, &fixture.response),
                         0);
        assert_true(fixture.response.allowed);
    }
    close_policy(&fixture);
}

static void every_request_sees_the_state_after_init(void **state)
{
    struct fixture fixture;
    (void)state;
    init = INIT_EXIT_0; /* as programs end that register their handlers in main() */
    open_policy(&fixture, 5000);
    behaviour = COUNT_CALLS;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 0,
                                                 &fixture.arena, &fixture.response),
                         0);
        assert_true(fixture.response.allowed);
        assert_int_equal(fixture.response.status.code, 42);
    }
    close_policy(&fixture);
    init = INIT_OK;
}

static void a_loop_is_interrupted_and_the_policy_lives_on(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, 30);
    check_verdict(&fixture, LOOP, CHIMERA_DEADLINE_TEXT);
    behaviour = ACCEPT;
    fixture.response.allowed = false;
    for (int i = 0; i < 100 && !fixture.response.allowed;
         i++) /* 30 ms may pass on a busy machine */
        assert_int_equal(chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 0,
                                                 &fixture.arena, &fixture.response),
                         0);
    assert_true(fixture.response.allowed);
    close_policy(&fixture);
}

static void the_smaller_limit_counts(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, 600000);
    behaviour = LOOP;
    assert_int_equal(chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 30,
                                             &fixture.arena, &fixture.response),
                     0);
    c_guest_assert_slice(fixture.response.status.message, CHIMERA_DEADLINE_TEXT);
    close_policy(&fixture);
}

static void init_failures_have_the_reference_s_words(void **state)
{
    static const struct {
        enum init init;
        const char *why;
    } cases[] = {
        {INIT_EXIT_3,
         "WebAssembly failure: cannot rehydrate PolicyEvaluatorPre: Initialization failed: "
         "Exited with i32 exit status 3"},
        {INIT_TRAP,
         "WebAssembly failure: cannot rehydrate PolicyEvaluatorPre: Initialization failed: "
         "unreachable"},
        {INIT_LOOP,
         "WebAssembly failure: cannot rehydrate PolicyEvaluatorPre: Initialization failed: "
         "wapc_init init interrupted, execution deadline exceeded"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fixture fixture;
        struct chimera_error err = {0};
        open_policy(&fixture, cases[i].init == INIT_LOOP ? 30 : 600000);
        init = cases[i].init;
        assert_true(chimera_policy_warm(fixture.policy, 0, &err) < 0);
        assert_string_equal(err.text, cases[i].why);
        close_policy(&fixture);
    }
    init = INIT_OK;
}

static void a_loop_in_init_is_a_verdict_and_a_trap_there_is_none(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, 30);
    init = INIT_LOOP;
    check_verdict(&fixture, ACCEPT, CHIMERA_DEADLINE_TEXT);
    init = INIT_TRAP;
    assert_int_equal(chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 0, &fixture.arena,
                                             &fixture.response),
                     CHIMERA_ETRAP);
    init = INIT_OK;
    close_policy(&fixture);
}

static void check_settings(enum behaviour what, uint32_t limit_ms, bool is_valid,
                           const char *message)
{
    struct fixture fixture;
    bool valid = !is_valid;
    struct chimera_slice text = {0};
    open_policy(&fixture, limit_ms);
    behaviour = what;
    assert_int_equal(
        chimera_policy_check_settings(fixture.policy, 0, &fixture.arena, &valid, &text, NULL), 0);
    assert_int_equal(valid, is_valid);
    if (message)
        c_guest_assert_slice(text, message);
    else
        assert_null(text.data);
    close_policy(&fixture);
}

static void check_settings_reports_as_the_reference(void **state)
{
    (void)state;
    check_settings(ACCEPT, 5000, true, NULL);
    check_settings(SETTINGS_INVALID, 5000, false, "key x is missing");
    check_settings(
        ECHO_PAYLOAD, 5000, false,
        "Error invoking settings validation callback: GuestCallFailure(\"{\\\"a\\\":1}\")");
    check_settings(
        ECHO_OPERATION, 5000, false,
        "Error invoking settings validation callback: GuestCallFailure(\"validate_settings\")");
    check_settings(REJECT_IN_QUOTES, 5000, false,
                   "Error invoking settings validation callback: "
                   "GuestCallFailure(\"say \\\"no\\\"\\n\\\\\\r\\t\\u{1}\\u{1f} \\u{7f}\")");
    check_settings(
        TRAP, 5000, false,
        "Error invoking settings validation callback: GuestCallFailure(\"unreachable\")");
    check_settings(
        BAD_RESPONSE, 5000, false,
        "error: InvalidResponseWithError(Error(\"missing field `valid`\", line: 1, column: 22))");
    check_settings(LOOP, 30, false,
                   "Error invoking settings validation callback: GuestCallFailure(\"guest code "
                   "interrupted, execution deadline exceeded\")");
}

static void positions_are_numbers_of_any_length(void **state)
{
    static const unsigned numbers[] = {2, 9, 10, 19, 20, 90, 100, 109};
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        char text[128];
        lines = numbers[i];
        columns = numbers[sizeof(numbers) / sizeof(*numbers) - 1 - i];
        snprintf(text, sizeof(text),
                 "error: InvalidResponseWithError(Error(\"missing field `valid`\", line: %u, "
                 "column: %u))",
                 lines, columns);
        check_settings(RESPOND_AT_LENGTH, 5000, false, text);
    }
}

static void open_refuses_a_guest_without_its_exports(void **state)
{
    struct c_guest module;
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    const struct chimera_policy_options options = {.id = "p", .lanes = 1};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "i:i", guest_call);
    assert_int_equal(chimera_policy_open(&module.loaded, &options, &policy, &err), CHIMERA_EMODULE);
    assert_string_equal(err.text,
                        "Guest call function (__guest_call) not exported by wasm module.");
    assert_null(policy);
}

static void open_refuses_a_pattern_unless_it_stands_behind_a_star(void **state)
{
    struct fixture fixture;
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    static const char *const bad[] = {"oci/*", "no/such", NULL}, *const good[] = {"*", "no/such",
                                                                                  NULL};
    struct chimera_policy_options options = {.id = "p", .lanes = 1, .capabilities = bad};
    (void)state;
    open_policy(&fixture, 0);
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &policy, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text,
                        "invalid pattern \"no/such\": unknown segment \"no\", valid options at "
                        "this level are: crypto, kubernetes, net, oci");
    options.capabilities = good;
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &policy, &err), 0);
    chimera_policy_close(policy);
    close_policy(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validate_answers_every_ending_as_the_reference),
        cmocka_unit_test(a_logged_entry_is_a_success_without_an_answer),
        cmocka_unit_test(every_request_sees_the_state_after_init),
        cmocka_unit_test(a_loop_is_interrupted_and_the_policy_lives_on),
        cmocka_unit_test(the_smaller_limit_counts),
        cmocka_unit_test(init_failures_have_the_reference_s_words),
        cmocka_unit_test(a_loop_in_init_is_a_verdict_and_a_trap_there_is_none),
        cmocka_unit_test(check_settings_reports_as_the_reference),
        cmocka_unit_test(positions_are_numbers_of_any_length),
        cmocka_unit_test(open_refuses_a_guest_without_its_exports),
        cmocka_unit_test(open_refuses_a_pattern_unless_it_stands_behind_a_star),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
