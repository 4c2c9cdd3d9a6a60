/* SPDX-License-Identifier: Apache-2.0 */
/* What a Rego policy's result set comes to in both of its modes (guest-abis.md §4.3,
 * policy-server.md §10), and what it is asked. */
#include "tests/unit/rego_guest.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define REQUEST "{\"uid\":\"u\"}"
#define WRONG "internal server error: cannot interpret Gatekeeper policy result: "
#define WANTED "a set of objects, each with a string `msg`, which is empty when all is well"
#define OBJECT "expected an object with a string `msg`"
#define NO_OPA "internal server error: cannot interpret OPA policy result"

static struct rego_fixture fixture;
static char input[256]; /* the last document that the policy was given */

GUEST_CODE static uint32_t keep_input(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    memcpy(input, rego_at(guest, REGO_HEAP), sizeof(input) - 1);
    return 0;
}

static void open_mode(enum chimera_mode mode, const char *settings, const char *const *resources)
{
    const struct chimera_policy_options options = {.id = "p",
                                                   .settings = chimera_slice_of(settings),
                                                   .limit_ms = 5000,
                                                   .lanes = 1,
                                                   .resources = resources};
    rego_make(&fixture.module);
    fixture.module.plugin.mode = mode;
    fixture.module.plugin.memory_min_pages = fixture.module.plugin.memory_max_pages = 64;
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &fixture.policy, NULL),
                     0);
    chimera_arena_init(&fixture.arena, 64 << 20);
}

static void ask(const char *result, bool is_raw)
{
    struct chimera_request request = c_guest_request(REQUEST);
    request.is_raw = is_raw;
    rego_result = result;
    chimera_arena_reset(&fixture.arena);
    memset(&fixture.response, 0xee, sizeof(fixture.response));
    assert_int_equal(
        chimera_policy_evaluate(fixture.policy, 0, &request, 0, &fixture.arena, &fixture.response),
        CHIMERA_OK);
}

struct answer {
    const char *result;
    uint32_t code;    /* of a rejection; 0: none */
    const char *text; /* NULL: allowed */
};

static void check_answers(const struct answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ask(answers[i].result, false);
        const struct chimera_response *response = &fixture.response;
        c_guest_assert_slice(response->uid, "u");
        if (response->allowed != (answers[i].text == NULL))
            fail_msg("%s: %.*s", answers[i].result, (int)response->status.message.size,
                     response->status.message.data);
        if (response->allowed)
            continue;
        struct chimera_slice text = response->status.message;
        if (!chimera_slice_is(text, answers[i].text))
            fail_msg("%s: %.*s", answers[i].result, (int)text.size, text.data);
        assert_int_equal(response->status.code, answers[i].code);
    }
}

static void gatekeeper_s_violations_are_a_denial(void **state)
{
    static const struct answer answers[] = {
        {"[{\"result\":[]}]", 0, NULL},
        {" [ { \"result\" : [ ] } ] ", 0, NULL},
        {"[{\"other\":[1],\"result\":[]}]", 0, NULL},
        {"[{\"result\":[{\"msg\":\"a\"}]}]", 0, "a"},
        {"[{\"result\":[{\"msg\":\"a\"},{\"msg\":\"b\"},{\"msg\":\"c\"}]},{\"result\":[]}]", 0,
         "a, b, c"},
        {"[{\"result\":[{}]}]", 0, ""},
        {"[{\"result\":[{\"x\":1},{\"msg\":\"\"},{\"msg\":\"b\"}]}]", 0, ", b"},
        {"[]", 500,
         WRONG "found nothing, for the entry point is undefined, but expected " WANTED
               ": `violation contains {\"msg\": text} if { ... }`"},
        {"[{\"result\":true}]", 500, WRONG "found a boolean, but expected " WANTED},
        {"[{\"result\":false}]", 500, WRONG "found a boolean, but expected " WANTED},
        {"[{\"result\":null}]", 500, WRONG "found null, but expected " WANTED},
        {"[{\"result\":7}]", 500, WRONG "found a number, but expected " WANTED},
        {"[{\"result\":\"no\"}]", 500, WRONG "found a string, but expected " WANTED},
        {"[{\"result\":{\"msg\":\"a\"}}]", 500, WRONG "found an object, but expected " WANTED},
        {"[{\"result\":[{\"msg\":\"a\"},7]}]", 500,
         WRONG "violation 2: invalid type: integer `7`, " OBJECT},
        {"[{\"result\":[{\"msg\":7}]}]", 500,
         WRONG "violation 1: msg: invalid type: integer `7`, expected a string"},
        {"[{\"other\":[]}]", 500, WRONG "it is no result set as OPA's modules give it"},
        {"{\"result\":[]}", 500, WRONG "it is no result set as OPA's modules give it"},
        {"[[\"result\"]]", 500, WRONG "it is no result set as OPA's modules give it"},
        {"\"result\"", 500, WRONG "it is no result set as OPA's modules give it"},
        {"[{\"result\":[", 500, WRONG "it is no result set as OPA's modules give it"},
    };
    (void)state;
    open_mode(CHIMERA_MODE_GATEKEEPER, "{}", NULL);
    check_answers(answers, COUNT(answers));
    rego_close(&fixture);
}

/* [{"result":[{"msg":"xxx…"}]}] */
static char *long_message(size_t size)
{
    static const char before[] = "[{\"result\":[{\"msg\":\"", behind[] = "\"}]}]";
    char *text = malloc(sizeof(before) + size + sizeof(behind));
    memcpy(text, before, sizeof(before));
    memset(text + sizeof(before) - 1, 'x', size);
    memcpy(text + sizeof(before) - 1 + size, behind, sizeof(behind));
    return text;
}

static void gatekeeper_s_messages_have_an_end(void **state)
{
    char *most = long_message(1 << 20), *more = long_message((1 << 20) + 1);
    (void)state;
    open_mode(CHIMERA_MODE_GATEKEEPER, "{}", NULL);
    ask(most, false);
    assert_int_equal(fixture.response.status.message.size, 1 << 20);
    ask(more, false);
    c_guest_assert_slice(fixture.response.status.message, WRONG "its messages are too long");
    rego_close(&fixture);
    free(most);
    free(more);
}

static void opa_s_response_is_the_answer(void **state)
{
    static const struct answer answers[] = {
        {"[{\"result\":{\"response\":{\"uid\":\"\",\"allowed\":true}}}]", 0, NULL},
        {"[{\"result\":{\"other\":1,\"response\":{\"uid\":\"\",\"allowed\":true}}}]", 0, NULL},
        {"[]", 500, NO_OPA},
        {"[{\"result\":{}}]", 500, NO_OPA},
        {"[{\"result\":[]}]", 500, NO_OPA},
        {"[{\"result\":7}]", 500, NO_OPA},
        {"{\"result\":{\"response\":{\"uid\":\"\",\"allowed\":true}}}", 500, NO_OPA},
        {"[{\"result\":{\"response\":7}}]", 500,
         "internal server error: invalid type: integer `7`, expected struct AdmissionResponse"},
    };
    (void)state;
    open_mode(CHIMERA_MODE_OPA, "{}", NULL);
    check_answers(answers, COUNT(answers));
    rego_close(&fixture);
}

static void each_mode_asks_in_its_own_way(void **state)
{
    static const char *const want[] = {
        "{\"request\":" REQUEST "}",
        "{\"parameters\":{\"a\":1},\"review\":" REQUEST "}",
    };
    static const enum chimera_mode modes[] = {CHIMERA_MODE_OPA, CHIMERA_MODE_GATEKEEPER};
    (void)state;
    for (size_t i = 0; i < COUNT(modes); i++) {
        bool is_valid = false;
        struct chimera_slice message;
        open_mode(modes[i], "{\"a\":1}", NULL);
        on_eval = keep_input;
        ask("[]", false);
        assert_memory_equal(input, want[i], strlen(want[i]));
        assert_int_equal(chimera_policy_check_settings(fixture.policy, 0, &fixture.arena, &is_valid,
                                                       &message, NULL),
                         0);
        assert_true(is_valid); /* whatever they are: nobody asks it */
        rego_close(&fixture);
    }
}

GUEST_CODE static uint32_t trap(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

static void what_is_no_answer_is_a_rejection(void **state)
{
    static const char *const resources[] = {"v1/Pod", NULL};
    (void)state;
    open_mode(CHIMERA_MODE_GATEKEEPER, "{}", NULL);
    on_eval = trap;
    ask("[{\"result\":[]}]", false);
    c_guest_assert_slice(fixture.response.status.message,
                         "internal server error: wasm engine error: error invoking opa_eval "
                         "function: unreachable");
    on_eval = NULL;
    ask("[{\"result\":[]}]", true);
    c_guest_assert_slice(fixture.response.status.message,
                         "internal server error: Gatekeeper does not support raw validation "
                         "requests");
    rego_close(&fixture);
    open_mode(CHIMERA_MODE_GATEKEEPER, "{}", resources);
    ask("[{\"result\":[]}]", false);
    c_guest_assert_slice(fixture.response.status.message,
                         "cannot build Rego context aware data: callback channel is not set");
    rego_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gatekeeper_s_violations_are_a_denial),
        cmocka_unit_test(gatekeeper_s_messages_have_an_end),
        cmocka_unit_test(opa_s_response_is_the_answer),
        cmocka_unit_test(each_mode_asks_in_its_own_way),
        cmocka_unit_test(what_is_no_answer_is_a_rejection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
