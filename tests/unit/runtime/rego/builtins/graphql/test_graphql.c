/* SPDX-License-Identifier: Apache-2.0 */
/* graphql.*: verdicts and messages as OPA has them (cases.json, made by make-cases; the ASTs are in
 * tests/unit/runtime/rego/cases), and what OPA does not bound or cannot stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/rego/builtin.h"

#define CASES TEST_DATA "/unit/runtime/rego/builtins/graphql/cases.json"
#define TEXT_MAX ((size_t)4 << 20)

/* The result is the caller's. */
static int call(const char *name, struct json_object *a, struct json_object *b,
                struct json_object **ret_result, struct chimera_error *err)
{
    struct json_object *args[] = {a, b};
    const struct chimera_rego_call asked = {.args = args, .err = err};
    *ret_result = NULL;
    return chimera_rego_builtin_find(name)->function(&asked, ret_result);
}

/* --- What OPA says --- */

static unsigned wrong; /* cases that did not hold, all of which are told */

static void expect(struct json_object *test, const char *what, const char *want, const char *got)
{
    if (!strcmp(want, got))
        return;
    wrong++;
    print_error("%s\n  %s: want %s\n  got %s\n", json_object_to_json_string(test), what, want, got);
}

static void expect_verdict(struct json_object *test, struct json_object *pair[2], const char *name,
                           bool is_valid)
{
    struct chimera_error err = {0};
    struct json_object *result;
    int code = call(name, pair[0], pair[1], &result, &err);
    struct json_object *verdict = json_object_is_type(result, json_type_array)
                                      ? json_object_array_get_idx(result, 0)
                                      : result;
    expect(test, name, is_valid ? "true" : "false",
           code < 0 ? err.text : json_object_get_string(verdict));
    json_object_put(result);
}

static bool flag_of(struct json_object *test, const char *key)
{
    return json_object_get_boolean(json_object_object_get(test, key));
}

static void check_case(struct json_object *test, struct json_object *schema)
{
    struct json_object *query = json_object_object_get(test, "query"), *result;
    struct json_object *message = json_object_object_get(test, "message");
    struct json_object *pair[] = {query, schema}, *alone[] = {schema, NULL};
    struct chimera_error err = {.text = "valid"};
    expect_verdict(test, pair, "graphql.is_valid", flag_of(test, "is_valid"));
    expect_verdict(test, pair, "graphql.parse_and_verify", flag_of(test, "is_valid"));
    expect_verdict(test, alone, "graphql.schema_is_valid", flag_of(test, "schema_is_valid"));
    call("graphql.parse", query, schema, &result, &err);
    expect(test, "graphql.parse", message ? json_object_get_string(message) : "valid", err.text);
    json_object_put(result);
}

static void verdicts_and_messages_are_those_of_opa(void **state)
{
    (void)state;
    struct chimera_buffer text;
    struct chimera_error err = {0};
    CHIMERA_JSON struct json_object *document = NULL;
    chimera_buffer_init(&text, TEXT_MAX);
    if (chimera_file_read(CASES, &text, &err) < 0 ||
        chimera_json_parse(chimera_buffer_slice(&text), &document, &err) < 0)
        fail_msg("%s", err.text);
    chimera_buffer_free(&text);
    struct json_object *cases = json_object_object_get(document, "cases");
    struct json_object *schemas = json_object_object_get(document, "schemas");
    assert_true(json_object_array_length(cases) > 300);
    for (size_t i = 0; i < json_object_array_length(cases); i++) {
        struct json_object *test = json_object_array_get_idx(cases, i);
        int schema = json_object_get_int(json_object_object_get(test, "schema"));
        check_case(test, json_object_array_get_idx(schemas, (size_t)schema));
    }
    assert_int_equal(wrong, 0);
}

/* --- Texts that a Rego source cannot hold --- */

static void byte_order_marks_are_white_space(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    CHIMERA_JSON struct json_object *query =
        json_object_new_string("\xEF\xBB\xBF{\xEF\xBB\xBF a }");
    CHIMERA_JSON struct json_object *schema =
        json_object_new_string("\xEF\xBB\xBFtype Query { a: Int }");
    CHIMERA_JSON struct json_object *result = NULL;
    assert_int_equal(call("graphql.is_valid", query, schema, &result, &err), CHIMERA_OK);
    assert_true(json_object_get_boolean(result));
}

/* --- ASTs --- */

/* What is missing is not valid. */
static void an_ast_with_holes_is_not_valid(void **state)
{
    static const char *const queries[] = {
        "{\"Operations\":[null]}",
        "{\"Operations\":[{\"VariableDefinitions\":[{\"Variable\":\"a\"}]}]}",
        "{\"Operations\":[{\"VariableDefinitions\":[{\"Variable\":\"a\",\"Type\":{}}]}]}",
        "{\"Operations\":[{\"SelectionSet\":[{\"Name\":\"a\",\"Arguments\":[{\"Name\":\"x\"}]}]}]}",
        "{\"Operations\":[{\"SelectionSet\":[{\"Name\":\"a\",\"Arguments\":[{\"Name\":\"x\","
        "\"Value\":{\"Kind\":10}}]}]}]}",
        "{\"Operations\":[{\"Operation\":\"other\",\"SelectionSet\":[{\"Name\":\"a\"}]}]}",
        "{\"Operations\":[{\"SelectionSet\":[{\"Name\":\"a\",\"Directives\":[null]}]}]}",
    };
    (void)state;
    CHIMERA_JSON struct json_object *schema = json_object_new_string("type Query{a(x:Int):Int}");
    for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
        struct chimera_error err = {0};
        CHIMERA_JSON struct json_object *query = NULL;
        CHIMERA_JSON struct json_object *result = NULL;
        chimera_json_parse(chimera_slice_of(queries[i]), &query, NULL);
        assert_int_equal(call("graphql.is_valid", query, schema, &result, &err), CHIMERA_OK);
        assert_false(json_object_get_boolean(result));
        struct json_object *none;
        assert_int_equal(call("graphql.parse", query, schema, &none, &err), CHIMERA_EINVAL);
        assert_non_null(strstr(err.text, "an AST with "));
    }
}

/* What OPA 1.22.4 says. */
static void complaints_of_an_ast_have_no_place(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    CHIMERA_JSON struct json_object *query = NULL;
    CHIMERA_JSON struct json_object *schema = json_object_new_string("type Query { a: Int }");
    struct json_object *none;
    chimera_json_parse(CHIMERA_SLICE("{\"Operations\":[{\"SelectionSet\":[{\"Name\":\"b\"},"
                                     "{\"Name\":\"long\"}]}]}"),
                       &query, NULL);
    assert_int_equal(call("graphql.parse", query, schema, &none, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "GraphQL parse error: input: Cannot query field \"b\" on type "
                                  "\"Query\". Did you mean \"a\"?\ninput: Cannot query field "
                                  "\"long\" on type \"Query\".\n");
}

/* A text, its AST, and that read again are one query or schema. */
static void an_ast_is_as_valid_as_its_text(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    CHIMERA_JSON struct json_object *query = json_object_new_string(
        "query Q($x: [Int!] = [1]) { a(x: $x) { b @skip(if: false) c: b } }");
    CHIMERA_JSON struct json_object *schema = json_object_new_string(
        "type Query { a(x: [Int!]): A } interface I { b: Int } type A implements I { b: Int } "
        "union U = A enum E { V } input In { f: E = V } directive @d(x: In) on OBJECT "
        "extend type A @d(x: {f: V}) scalar S");
    CHIMERA_JSON struct json_object *asts = NULL;
    CHIMERA_JSON struct json_object *again = NULL;
    assert_int_equal(call("graphql.parse", query, schema, &asts, &err), CHIMERA_OK);
    assert_int_equal(call("graphql.parse", json_object_array_get_idx(asts, 0),
                          json_object_array_get_idx(asts, 1), &again, &err),
                     CHIMERA_OK);
    assert_true(
        json_object_equal(json_object_array_get_idx(asts, 0), json_object_array_get_idx(again, 0)));
    assert_true(
        json_object_equal(json_object_array_get_idx(asts, 1), json_object_array_get_idx(again, 1)));
}

/* --- Depth --- */

/* Sanitizers make frames larger. */
#if defined(__SANITIZE_ADDRESS__)
#define STACK_BYTES (8 * CHIMERA_STACK_FOR_HOST)
#else
#define STACK_BYTES (CHIMERA_STACK_FOR_HOST * 3 / 4)
#endif

struct nested {
    const char *head, *opening, *inmost, *closing, *tail; /* "%d" in `opening`: 0, 1, … */
    const char *schema;
};

static void write_nested(const struct nested *nested, unsigned depth, struct chimera_buffer *out)
{
    chimera_buffer_text(out, nested->head);
    for (unsigned i = 0; i < depth; i++) {
        for (const char *at = nested->opening; *at; at++) {
            if (*at == '#' || *at == '+')
                chimera_buffer_print(out, "%u", i + (*at == '+'));
            else
                chimera_buffer_byte(out, (uint8_t)*at);
        }
    }
    chimera_buffer_text(out, nested->inmost);
    for (unsigned i = 0; i < depth; i++)
        chimera_buffer_text(out, nested->closing);
    chimera_buffer_text(out, nested->tail);
}

struct run { /* one call on a thread whose stack is as small as a guest's may be */
    struct json_object *query, *schema;
    struct chimera_error err;
    int code;
    bool is_valid;
};

static void *run(void *argument)
{
    struct run *one = argument;
    struct json_object *result = NULL;
    one->code = call("graphql.is_valid", one->query, one->schema, &result, &one->err);
    one->is_valid = json_object_get_boolean(result);
    json_object_put(result);
    return NULL;
}

static void run_nested(const struct nested *nested, unsigned depth, struct run *ret_run)
{
    struct chimera_buffer text;
    pthread_attr_t attributes;
    pthread_t thread;
    chimera_buffer_init(&text, TEXT_MAX);
    write_nested(nested, depth, &text);
    *ret_run = (struct run){
        .query = json_object_new_string_len(text.data, (int)text.size),
        .schema = json_object_new_string(nested->schema),
    };
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run, ret_run), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    chimera_buffer_free(&text);
    json_object_put(ret_run->query);
    json_object_put(ret_run->schema);
}

#define SCHEMA "type Query { a(x: [Int]): Query b: Int l(x: In): Int } input In { i: In }"

static void what_is_nested_fits_the_stack_or_is_refused(void **state)
{
    static const struct nested kinds[] = {
        {"", "{a", "{b}", "}", "", SCHEMA},
        {"{ ... on Query ", "{...on Query ", "{b}", "}", "}", SCHEMA},
        {"{l(x:", "{i:", "{}", "}", ")}", SCHEMA},
        {"{...F0}", " fragment F# on Query {...F+}", "", "", "", SCHEMA},
        {"{...F0}", " fragment F# on Query {b a {...F+}}", "", "", "", SCHEMA},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        struct run few, many;
        run_nested(&kinds[i], 100, &few);
        assert_int_equal(few.code, CHIMERA_OK);
        /* The last fragment of a chain spreads one that is not there. */
        assert_int_equal(few.is_valid, kinds[i].inmost[0] != '\0');
        run_nested(&kinds[i], 1000, &many);
        assert_int_equal(many.code, CHIMERA_ELIMIT);
        assert_string_equal(many.err.text, "GraphQL that is nested more than 400 levels deep");
    }
}

/* A value of Rego's may have 160 levels (value.h), and a selection takes two. */
static void an_ast_that_is_too_deep_is_refused(void **state)
{
    static const struct nested fields = {
        .head = "", .opening = "{a", .inmost = "{b}", .closing = "}", .tail = ""};
    (void)state;
    for (unsigned depth = 60; depth <= 100; depth += 40) {
        struct chimera_buffer text;
        struct chimera_error err = {0};
        struct json_object *result;
        chimera_buffer_init(&text, TEXT_MAX);
        write_nested(&fields, depth, &text);
        CHIMERA_JSON struct json_object *query =
            json_object_new_string_len(text.data, (int)text.size);
        chimera_buffer_free(&text);
        int code = call("graphql.parse_query", query, NULL, &result, &err);
        assert_int_equal(code, depth == 60 ? CHIMERA_OK : CHIMERA_ELIMIT);
        assert_string_equal(err.text, depth == 60 ? "" : "an AST of more than 160 levels");
        json_object_put(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_and_messages_are_those_of_opa),
        cmocka_unit_test(byte_order_marks_are_white_space),
        cmocka_unit_test(an_ast_with_holes_is_not_valid),
        cmocka_unit_test(complaints_of_an_ast_have_no_place),
        cmocka_unit_test(an_ast_is_as_valid_as_its_text),
        cmocka_unit_test(what_is_nested_fits_the_stack_or_is_refused),
        cmocka_unit_test(an_ast_that_is_too_deep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
