/* SPDX-License-Identifier: Apache-2.0 */
/* What JSON has and libyaml does not read, in configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"

#define TEXT_MAX ((size_t)1 << 20)

static const struct chimera_yaml_options lenient = {0};

/* The tree that the text says, once adapted; fails the test when it says nothing. */
static struct json_object *read_adapted(struct chimera_slice text)
{
    struct chimera_buffer buffer;
    struct chimera_error err = {0};
    struct json_object *tree = NULL;
    chimera_buffer_init(&buffer, TEXT_MAX);
    chimera_buffer_append(&buffer, text);
    assert_int_equal(chimera_yaml_adapt(&buffer, &err), CHIMERA_OK);
    if (chimera_yaml_parse(chimera_buffer_slice(&buffer), &lenient, &tree, &err) < 0)
        fail_msg("%.*s\n%.*s\n%s", (int)text.size, text.data, (int)buffer.size, buffer.data,
                 err.text);
    chimera_buffer_free(&buffer);
    return tree;
}

/* RFC 8259 says what they are: our JSON reader, which takes no part here, is tested against it. */
static const char *const JSONS[] = {
    "{\"motto\": \"ready \\ud83d\\ude00\"}",
    "{\"\\uD83D\\uDE00\":[\"\\ud800\\udc00\\uDBFF\\udfff\",\"a\\ud83d\\ude00b\\u00e9\\uffff\"]}",
    "[\"\\/\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u001f\\\\ud83d\\\\ude00\"]",
    "[\"\\\\\\ud83d\\ude00\\\"\"]",
    "{\"a\"\n:\n1,\n\t\"b\"\t:\t[ 1 ,\t2 ] ,\r\n \"c\" : {} }\n",
    "\t{\"a\":\t\"\\t\"}",
    "[\"\x7F\xC2\x80\xC2\x85\xC2\x9F\xC2\xA0 \xE2\x80\xA8 x "
    "\xE2\x80\xA9\xEF\xBB\xBF\xEF\xBF\xBE\xEF\xBF\xBF\xF0\x9F\x98\x80\"]",
    "{\"\xC2\x85\":{\"# no comment\":\"- no: list\",\"<<\":\"*no &alias\",\"!t\":\"'\"}}",
    "[1,-1,0,1.5,-1.5e-3,1E5,1e+5,18446744073709551615,-9223372036854775808,true,false,null]",
    "[\"1\",\"true\",\"null\",\"\",\" a \",\"~\",\"0x1\",\"a: b\",\"---\"]",
    "{}",
    "[]",
    "\"\\ud83d\\ude00\"",
};

static void assert_same(struct chimera_slice text)
{
    struct json_object *expected = NULL, *got = NULL;
    struct chimera_error err;
    if (chimera_json_parse(text, &expected, &err) < 0)
        fail_msg("%.*s: %s", (int)text.size, text.data, err.text);
    got = read_adapted(text);
    if (!json_object_equal(expected, got))
        fail_msg("%.*s: %s", (int)text.size, text.data, json_object_to_json_string(got));
    json_object_put(expected);
    json_object_put(got);
}

static void all_of_json_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(JSONS) / sizeof(*JSONS); i++)
        assert_same(chimera_slice_of(JSONS[i]));
}

static void nothing_stays_nothing(void **state)
{
    (void)state;
    assert_null(read_adapted((struct chimera_slice){NULL, 0}));
    assert_null(read_adapted(CHIMERA_SLICE("\n")));
}

static void keys_may_be_long(void **state)
{
    static char text[9000];
    (void)state;
    for (size_t size = 200; size < 4000; size += 200) {
        int used = snprintf(text, sizeof(text), "{\"a\":[{\"%0*d\":1,\"b\":{\"\x7F%0*d\":2}}]}",
                            (int)size, 7, (int)size, 8);
        assert_same((struct chimera_slice){text, (size_t)used});
    }
}

struct yaml_case {
    const char *text, *tree;
};

/* In other YAML pairs are joined in double quotes, and nowhere else. */
static const struct yaml_case YAMLS[] = {
    {"p:\n  settings: {\"motto\": \"ready \\ud83d\\ude00\"}\n",
     "{\"p\":{\"settings\":{\"motto\":\"ready \xF0\x9F\x98\x80\"}}}"},
    {"# \"\\ud83d\\ude00\ns: '\\ud83d\\ude00'\np: \\ud83d\\ude00\nb: |\n  \"\\ud83d\\ude00\"\nd: "
     "\"\xC3\xA9\\ud83d\\ude00\\ud83d\\ude01\"\n"
     "e: [\"\\\\\\ud83d\\ude00\", \"\\\\ud83d\\ude00\"\n",
     NULL},
    {"# \"\\ud83d\\ude00\ns: '\\ud83d\\ude00'\np: \\ud83d\\ude00\nb: |\n  \"\\ud83d\\ude00\"\nd: "
     "\"\xC3\xA9\\ud83d\\ude00\\ud83d\\ude01\"\n"
     "e: [\"\\\\\\ud83d\\ude00\"]\n",
     "{\"s\":\"\\\\ud83d\\\\ude00\",\"p\":\"\\\\ud83d\\\\ude00\",\"b\":"
     "\"\\\"\\\\ud83d\\\\ude00\\\"\\n\",\"d\":\"\xC3\xA9\xF0\x9F\x98\x80\xF0\x9F\x98\x81\","
     "\"e\":[\"\\\\\xF0\x9F\x98\x80\"]}"},
    {"a: \"\\ud83d\"\n", NULL},
    {"a: \"\\ud83dx\\ude00\"\n", NULL},
    {"a: \"\\ude00\\ud83d\"\n", NULL},
    {"a: \"\\ud83d\\ude0\"\n", NULL},
    {"a: \"\\ud83d\\ude00", NULL},
};

static void pairs_are_joined_in_double_quotes_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(YAMLS) / sizeof(*YAMLS); i++) {
        struct json_object *expected = NULL, *got = NULL;
        struct chimera_error err = {0};
        struct chimera_buffer buffer;
        chimera_buffer_init(&buffer, TEXT_MAX);
        chimera_buffer_text(&buffer, YAMLS[i].text);
        assert_int_equal(chimera_yaml_adapt(&buffer, &err), CHIMERA_OK);
        int code = chimera_yaml_parse(chimera_buffer_slice(&buffer), &lenient, &got, &err);
        if ((code == CHIMERA_OK) != (YAMLS[i].tree != NULL))
            fail_msg("%s: %d %s", YAMLS[i].text, code, err.text);
        if (YAMLS[i].tree) {
            assert_int_equal(chimera_json_parse(chimera_slice_of(YAMLS[i].tree), &expected, &err),
                             0);
            if (!json_object_equal(expected, got))
                fail_msg("%s: %s", YAMLS[i].text, json_object_to_json_string(got));
        }
        json_object_put(expected);
        json_object_put(got);
        chimera_buffer_free(&buffer);
    }
}

/* What is wrong behind them is still said with its line. */
static void lines_stay_where_they_are(void **state)
{
    static const char text[] = "{\"a\"\n:\n\"\\ud83d\\ude00\",\n\"b\": 1,\n\"b\": 2}";
    static const struct chimera_yaml_options strict = {.duplicate_keys_fail = true};
    struct chimera_buffer buffer;
    struct chimera_error err = {0};
    struct json_object *tree = NULL;
    (void)state;
    chimera_buffer_init(&buffer, TEXT_MAX);
    chimera_buffer_text(&buffer, text);
    assert_int_equal(chimera_yaml_adapt(&buffer, &err), CHIMERA_OK);
    assert_true(chimera_yaml_parse(chimera_buffer_slice(&buffer), &strict, &tree, &err) < 0);
    assert_non_null(strstr(err.text, "duplicate"));
    size_t lines = 0;
    for (size_t i = 0; i < buffer.size; i++)
        lines += buffer.data[i] == '\n';
    assert_int_equal(lines, 4);
    chimera_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_json_is_read),
        cmocka_unit_test(nothing_stays_nothing),
        cmocka_unit_test(keys_may_be_long),
        cmocka_unit_test(pairs_are_joined_in_double_quotes_only),
        cmocka_unit_test(lines_stay_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
