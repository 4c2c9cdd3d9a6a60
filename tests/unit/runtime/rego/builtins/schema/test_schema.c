/* SPDX-License-Identifier: Apache-2.0 */
/* What OPA's answers (calls/schema_*.txt) cannot tell: where we refuse what OPA would do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "runtime/rego/builtin.h"

/* What the builtin says to the two, of which json.verify_schema takes the first. The caller frees
 * the text. */
static int ask(const char *name, struct json_object *first, struct json_object *second,
               char **ret_text)
{
    struct json_object *args[] = {first, second}, *result = NULL;
    struct chimera_error err = {0};
    const struct chimera_rego_call call = {.args = args, .err = &err};
    struct chimera_buffer out;
    int code = chimera_rego_builtin_find(name)->function(&call, &result);
    chimera_buffer_init(&out, 100000);
    if (code == CHIMERA_OK)
        chimera_rego_write(result, &out);
    else
        chimera_buffer_text(&out, err.text);
    chimera_buffer_byte(&out, '\0');
    json_object_put(result);
    *ret_text = out.data;
    return code;
}

static struct json_object *parse(const char *text)
{
    struct json_object *tree = NULL;
    if (chimera_json_parse(chimera_slice_of(text), &tree, NULL) < 0)
        fail_msg("%s", text);
    return tree;
}

static void expect(const char *document, const char *schema, int wanted, const char *text)
{
    struct json_object *args[] = {parse(document), parse(schema)};
    char *got;
    int code = ask("json.match_schema", args[0], args[1], &got);
    if (code != wanted || !strstr(got, text))
        fail_msg("%s for %s: %d %s", schema, document, code, got);
    free(got);
    json_object_put(args[0]);
    json_object_put(args[1]);
}

/* OPA itself ends when one applies to itself without end. */
static void schemas_that_never_end_are_refused(void **state)
{
    static const char endless[] = "the schema applies to itself without end, or too deeply";
    (void)state;
    expect("{}", "{\"$ref\":\"#\"}", CHIMERA_ELIMIT, endless);
    expect("{}", "{\"allOf\":[{\"$ref\":\"#\"}]}", CHIMERA_ELIMIT, endless);
    expect("{}", "{\"$ref\":\"#/a\",\"a\":{\"$ref\":\"#/b\"},\"b\":{\"$ref\":\"#/a\"}}",
           CHIMERA_ELIMIT, endless);
    expect("{}", "{\"properties\":{\"a\":{\"$ref\":\"#\"}}}", CHIMERA_OK, "[true,[]]");
}

/* OPA would ask for it over the network, or read the file. */
static void other_documents_are_refused(void **state)
{
    static const char *const references[] = {"http://example.test/x", "https://example.test/x#/a",
                                             "file:///etc/passwd", "HTTP://example.test/x"};
    static const char *const told[] = {"http://example.test/x", "https://example.test/x",
                                       "file:///etc/passwd", "http://example.test/x"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char schema[300], wanted[200], *got;
        snprintf(schema, sizeof(schema), "{\"items\":{\"$ref\":\"%s\"}}", references[i]);
        snprintf(wanted, sizeof(wanted), "remote reference loading disabled: %s", told[i]);
        expect("[]", schema, CHIMERA_EINVAL, wanted);
        struct json_object *tree = parse(schema);
        assert_int_equal(ask("json.verify_schema", tree, NULL, &got), CHIMERA_OK);
        snprintf(schema, sizeof(schema), "[false,\"jsonschema: %s\"]", wanted);
        assert_string_equal(got, schema);
        free(got);
        json_object_put(tree);
    }
}

static void divisors_have_a_bound(void **state)
{
    (void)state;
    struct json_object *args[] = {
        json_object_new_string("[12345678901234567890123456789012345678]"),
        json_object_new_string(
            "{\"items\":{\"multipleOf\":12345678901234567890123456789012345678}}")};
    char *got;
    assert_int_equal(ask("json.match_schema", args[0], args[1], &got), CHIMERA_ELIMIT);
    assert_string_equal(got, "multipleOf has too many digits");
    free(got);
    json_object_put(args[0]);
    json_object_put(args[1]);
}

/* References are made absolute in a copy. */
static void arguments_stay_as_they_are(void **state)
{
    static const char schema[] = "{\"$id\":\"http://x.test/y\",\"items\":{\"$ref\":\"#/a\"},"
                                 "\"a\":{\"type\":\"string\"}}";
    (void)state;
    char *got;
    struct json_object *args[] = {parse("[\"a\"]"), parse(schema)};
    assert_int_equal(ask("json.match_schema", args[0], args[1], &got), CHIMERA_OK);
    assert_string_equal(got, "[true,[]]");
    assert_string_equal(
        json_object_get_string(chimera_json_member(chimera_json_member(args[1], "items"), "$ref")),
        "#/a");
    free(got);
    json_object_put(args[0]);
    json_object_put(args[1]);
}

/* As deep as our reader lets values be. */
static void deep_documents_are_checked(void **state)
{
    (void)state;
    char text[2 * 120 + 2];
    memset(text, '[', 120);
    text[120] = '1';
    memset(text + 121, ']', 120);
    text[241] = '\0';
    expect(text, "{\"allOf\":[{\"items\":{\"$ref\":\"#\"},\"type\":[\"array\",\"integer\"]}]}",
           CHIMERA_OK, "[true,[]]");
    struct json_object *document = parse("\"a\"");
    for (int i = 0; i < 120; i++) {
        struct json_object *list = json_object_new_array();
        json_object_array_add(list, document);
        document = list;
    }
    struct json_object *schema =
        parse("{\"items\":{\"$ref\":\"#\"},\"type\":[\"array\",\"integer\"]}");
    char *got;
    assert_int_equal(ask("json.match_schema", document, schema, &got), CHIMERA_OK);
    assert_non_null(strstr(got, "Expected: [array,integer], given: string"));
    free(got);
    json_object_put(document);
    json_object_put(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_that_never_end_are_refused),
        cmocka_unit_test(other_documents_are_refused),
        cmocka_unit_test(divisors_have_a_bound),
        cmocka_unit_test(arguments_stay_as_they_are),
        cmocka_unit_test(deep_documents_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
