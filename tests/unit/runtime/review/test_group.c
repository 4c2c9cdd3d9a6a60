/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a group asks, and what it makes of their answers; the logic itself is test_expression's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/review/group.h"

static const char *const NAMES[] = {"a", "b", "c"};

enum { SAYS_YES, SAYS_NO, MUTATES, FAILS, IS_NOT_THERE };

struct world {
    struct chimera_arena arena;
    struct chimera_request request;
    int says[3]; /* by member */
    char asked[8];
    size_t asked_count;
};

static int ask(void *context, size_t member, struct chimera_response *ret_response,
               const char **ret_why)
{
    struct world *world = context;
    struct chimera_slice uid = world->request.uid;
    world->asked[world->asked_count++] = *NAMES[member];
    switch (world->says[member]) {
    case SAYS_NO:
        *ret_response = chimera_response_reject(uid, CHIMERA_SLICE("not today"));
        break;
    case FAILS:
        *ret_response = chimera_response_reject_code(uid, CHIMERA_SLICE("it broke"), 500);
        break;
    case MUTATES:
        *ret_response =
            (struct chimera_response){.uid = uid, .allowed = true, .patch = CHIMERA_SLICE("W10=")};
        break;
    case IS_NOT_THERE:
        *ret_why = "nobody";
        return CHIMERA_EGUEST;
    default:
        *ret_response = (struct chimera_response){.uid = uid, .allowed = true};
    }
    return CHIMERA_OK;
}

/* The response's JSON. */
static void expect(const char *expression, int a, int b, int c, const char *asked, const char *want)
{
    struct world world = {.request = {.uid = CHIMERA_SLICE("u")}, .says = {a, b, c}};
    const struct chimera_group_spec spec = {.name = "g",
                                            .expression = expression,
                                            .message = "the group says no",
                                            .members = NAMES,
                                            .count = 3};
    struct chimera_group *group;
    struct chimera_response response;
    struct chimera_buffer json;
    chimera_arena_init(&world.arena, 1 << 16);
    chimera_buffer_init(&json, 1 << 16);
    assert_int_equal(chimera_group_new(&spec, &group, NULL), CHIMERA_OK);
    const struct chimera_group_input input = {
        .request = &world.request, .arena = &world.arena, .ask = ask, .context = &world};
    chimera_group_evaluate(group, &input, &response);
    chimera_response_write(&response, &json);
    chimera_buffer_byte(&json, 0);
    assert_string_equal(json.data, want);
    assert_string_equal(world.asked, asked);
    chimera_buffer_free(&json);
    chimera_group_free(group);
    chimera_arena_free(&world.arena);
}

#define HEAD \
    "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"the group says no\",\"details\":{"
#define CAUSE(message, member) \
    "{\"reason\":null,\"message\":" message ",\"field\":\"spec.policies." member "\"}"
#define TAIL "},\"auditAnnotations\":null,\"warnings\":null}"
#define ALLOWED "{\"uid\":\"u\",\"allowed\":true,\"auditAnnotations\":null,\"warnings\":null}"
#define FAILED(why) \
    "{\"uid\":\"u\",\"allowed\":false,\"status\":{\"message\":\"" why "\",\"code\":500" TAIL

static void only_members_that_matter_are_asked(void **state)
{
    (void)state;
    expect("a() || b()", SAYS_YES, SAYS_NO, SAYS_NO, "a", ALLOWED);
    expect("a() && b()", SAYS_NO, SAYS_NO, SAYS_NO, "a",
           HEAD "\"causes\":[" CAUSE("\"not today\"", "a") "]}" TAIL);
    expect("true", SAYS_NO, SAYS_NO, SAYS_NO, "", ALLOWED);
}

static void each_member_that_denied_is_a_cause(void **state)
{
    (void)state;
    expect("a() || b() || c()", SAYS_NO, SAYS_NO, SAYS_NO, "abc",
           HEAD "\"causes\":[" CAUSE("\"not today\"", "a") "," CAUSE(
               "\"not today\"", "b") "," CAUSE("\"not today\"", "c") "]}" TAIL);
    expect("!a()", SAYS_YES, SAYS_YES, SAYS_YES, "a", HEAD "}" TAIL);
}

static void a_member_that_mutates_denies(void **state)
{
    (void)state;
    expect("a()", MUTATES, SAYS_NO, SAYS_NO, "a",
           HEAD "\"causes\":[" CAUSE("\"mutation is not allowed inside of policy group\"",
                                     "a") "]}" TAIL);
}

static void what_nobody_said_allows_nothing(void **state)
{
    (void)state;
    expect("!a()", FAILS, SAYS_YES, SAYS_YES, "a",
           HEAD "\"causes\":[" CAUSE("\"it broke\"", "a") "]}" TAIL);
    expect("a() || b()", FAILS, SAYS_YES, SAYS_YES, "ab", ALLOWED);
}

static void a_member_that_is_not_there_ends_it(void **state)
{
    (void)state;
    expect("b() || a()", IS_NOT_THERE, SAYS_NO, SAYS_YES, "ba",
           FAILED("error evaluating policy group expression: error invoking g/a: nobody"));
}

static void a_broken_expression_answers_each_request(void **state)
{
    (void)state;
    expect("a() &&", SAYS_YES, SAYS_YES, SAYS_YES, "",
           FAILED("error evaluating policy group expression: Script is incomplete (line 1, "
                  "position 7)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_members_that_matter_are_asked),
        cmocka_unit_test(each_member_that_denied_is_a_cause),
        cmocka_unit_test(a_member_that_mutates_denies),
        cmocka_unit_test(what_nobody_said_allows_nothing),
        cmocka_unit_test(a_member_that_is_not_there_ends_it),
        cmocka_unit_test(a_broken_expression_answers_each_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
