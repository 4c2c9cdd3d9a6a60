/* SPDX-License-Identifier: Apache-2.0 */
/* YAML with serde_yaml's rules. What is expected was asked of serde_yaml 0.9.34 itself, or recorded
 * from the reference (tests/reference/command.jsonl). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/places.h"
#include "runtime/yaml/yaml.h"

#define TEXT_MAX ((size_t)8 << 20)

static const struct chimera_yaml_options lenient = {0};

struct pair {
    const char *yaml;
    const char *want; /* JSON, or the message */
};

static void assert_text(const struct chimera_buffer *got, const char *want, const char *yaml)
{
    if (!chimera_slice_is(chimera_buffer_slice(got), want))
        fail_msg("%s\n  want %s\n  got  %.*s", yaml, want, (int)got->size,
                 got->data ? got->data : "");
}

static void assert_reads(const char *yaml, const struct chimera_yaml_options *options,
                         const char *want)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    struct chimera_buffer got;
    chimera_buffer_init(&got, TEXT_MAX);
    if (chimera_yaml_parse(chimera_slice_of(yaml), options, &tree, &err) < 0)
        fail_msg("%s\n  %s", yaml, err.text);
    chimera_json_write(tree, &got);
    assert_text(&got, want, yaml);
    chimera_buffer_free(&got);
    json_object_put(tree);
}

static void assert_refuses(const char *yaml, const struct chimera_yaml_options *options, int code,
                           const char *want)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    int got = chimera_yaml_parse(chimera_slice_of(yaml), options, &tree, &err);
    if (got != code || strcmp(err.text, want) != 0)
        fail_msg("%s\n  want %d %s\n  got  %d %s", yaml, code, want, got, err.text);
    assert_null(tree);
}

static void plain_scalars_follow_the_core_schema(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {"", "null"},
        {"# only a comment\n", "null"},
        {"~", "null"},
        {"[null, Null, NULL, ~, nULL, '']", "[null,null,null,null,\"nULL\",\"\"]"},
        {"[true, True, TRUE, tRue, yes, no, on, off, y]",
         "[true,true,true,\"tRue\",\"yes\",\"no\",\"on\",\"off\",\"y\"]"},
        {"[0x1F, 0o17, -0b11, +5, -0, 0, 007, 0123, 1_000, 0x, +-5, 0x-1]",
         "[31,15,-3,5,0,0,\"007\",\"0123\",\"1_000\",\"0x\",\"+-5\",\"0x-1\"]"},
        {"[18446744073709551615, -9223372036854775808, 9223372036854775808]",
         "[18446744073709551615,-9223372036854775808,9223372036854775808]"},
        {"[1e3, .5, 5., -0.0, 1e-7, 1e400, 1.5.2, e5, .]",
         "[1000.0,0.5,5.0,-0.0,1e-7,\"1e400\",\"1.5.2\",\"e5\",\".\"]"},
        {"[.inf, -.Inf, .NaN, inf, nan]", "[null,null,null,\"inf\",\"nan\"]"},
        {"['1', \"true\", !!str 5, !!int 5, !!float 1, !!bool true, !!null ~, !!binary xx]",
         "[\"1\",\"true\",\"5\",5,1.0,true,null,\"xx\"]"},
        {"a: |\n  x\n   y\n\nb: >-\n  f\n  g\n", "{\"a\":\"x\\n y\\n\",\"b\":\"f g\"}"},
        {"- - a\n  - b\n-\n  c: {d: [1]}\n", "[[\"a\",\"b\"],{\"c\":{\"d\":[1]}}]"},
        {"\xef\xbb\xbf"
         "a: 1",
         "{\"a\":1}"},
        {"--- a\n...\n", "\"a\""},
        {"{\"json\": [1, \"two\", null]}", "{\"json\":[1,\"two\",null]}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_reads(cases[i].yaml, &lenient, cases[i].want);
}

static void keys_become_their_text(void **state)
{
    (void)state;
    assert_reads("1: a\n0x10: b\ntrue: c\n~: d\n? \n: e\n", &lenient,
                 "{\"\":\"e\",\"0x10\":\"b\",\"1\":\"a\",\"true\":\"c\",\"~\":\"d\"}");
    assert_reads("a: 1\na: 2\n", &lenient, "{\"a\":2}");
}

static void aliases_are_copied_and_merge_keys_are_not_merged(void **state)
{
    (void)state;
    assert_reads("a: &x {b: 1}\nc: *x\n", &lenient, "{\"a\":{\"b\":1},\"c\":{\"b\":1}}");
    assert_reads("a: &x 1\nb: &x 2\nc: *x\n", &lenient, "{\"a\":1,\"b\":2,\"c\":2}");
    assert_reads("&k a: 1\nb: *k\n", &lenient, "{\"a\":1,\"b\":\"a\"}");
    assert_reads("- &x k\n- *x : 1\n", &lenient, "[\"k\",{\"k\":1}]");
    assert_reads("a: {<<: {b: 1}}", &lenient, "{\"a\":{\"<<\":{\"b\":1}}}");
}

/* serde_yaml's Deserializer as an iterator gives the same. */
static void a_stream_has_all_its_documents(void **state)
{
    (void)state;
    static const struct chimera_yaml_options stream = {.is_stream = true,
                                                       .duplicate_keys_fail = true};
    static const struct pair cases[] = {
        {"", "[null]"},
        {"# nothing\n", "[null]"},
        {"a: 1\n", "[{\"a\":1}]"},
        {"---\na: 1\n...\n---\n- b\n", "[{\"a\":1},[\"b\"]]"},
        {"a: 1\n---\n", "[{\"a\":1},null]"},
        {"--- &x 1\n--- &x 2\n", "[1,2]"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_reads(cases[i].yaml, &stream, cases[i].want);
    assert_refuses("a: &x 1\n---\nb: *x\n", &stream, CHIMERA_EINVAL,
                   "unknown anchor at line 3 column 4");
    assert_refuses("a: 1\n---\nb: [\n", &stream, CHIMERA_EINVAL,
                   "did not find expected node content at line 4 column 1, while parsing a flow "
                   "node");
    assert_refuses("a: 1\n---\nb: 1\nb: 2\n", &stream, CHIMERA_EREFUSED,
                   "duplicate field `b` at line 3 column 1");
}

static void messages_are_those_of_serde_yaml(void **state)
{
    (void)state;
    static const struct pair syntax[] = {
        {"a: [\n",
         "did not find expected node content at line 2 column 1, while parsing a flow node"},
        {"a: b: c\n", "mapping values are not allowed in this context at line 1 column 5"},
        {"'a", "found unexpected end of stream at line 1 column 3, while scanning a quoted scalar"},
        {"a: *y\n", "unknown anchor at line 1 column 4"},
        {"--- a\n--- b\n",
         "deserializing from YAML containing more than one document is not supported"},
        {"a: \x07", "control characters are not allowed at position 3"},
    };
    static const struct pair values[] = {
        {"a: !t 1\n", "a: invalid type: enum, expected any valid JSON value at line 1 column 4"},
        {"b:\n- a: !t {c: 1}",
         "b[0].a: invalid type: enum, expected any valid JSON value at line 2 column 6"},
        {"- !!int x", ".[0]: invalid value: string \"x\", expected an integer at line 1 column 3"},
        {"a: !!bool yes",
         "a: invalid value: string \"yes\", expected a boolean at line 1 column 4"},
        {"? [a]\n: 1\n", "invalid type: sequence, expected a string key at line 1 column 3"},
        {"a: 1\n? {b: 1}\n: 1\n", "invalid type: map, expected a string at line 2 column 3"},
        {"- 99999999999999999999", ".[0]: JSON number out of range at line 1 column 3"},
    };
    for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++)
        assert_refuses(syntax[i].yaml, &lenient, CHIMERA_EINVAL, syntax[i].want);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_refuses(values[i].yaml, &lenient, CHIMERA_EREFUSED, values[i].want);
}

static void options_forbid_what_they_say(void **state)
{
    (void)state;
    static const struct chimera_yaml_options strict = {.duplicate_keys_fail = true};
    static const struct chimera_yaml_options strings = {.string_keys_only = true};
    static const struct chimera_yaml_options map = {.empty_is_map = true};
    assert_refuses("a: {b: 1, b: 2}", &strict, CHIMERA_EREFUSED,
                   "a: duplicate field `b` at line 1 column 4");
    assert_reads("5: {a: 1}", &strings, "{\"5\":{\"a\":1}}");
    assert_reads("a: {'5': 1}", &strings, "{\"a\":{\"5\":1}}");
    assert_refuses("a: {5: 1}", &strings, CHIMERA_EREFUSED,
                   "a: a key that is no string; put it in quotes at line 1 column 5");
    assert_reads("# nothing\n", &map, "{}");
    assert_reads("null\n", &map, "null");
}

static void nested(char *text, size_t depth)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
}

static void depth_ends_at_128(void **state)
{
    (void)state;
    char text[2 * 129 + 1];
    nested(text, 128);
    assert_reads(text, &lenient, text);
    nested(text, 129);
    assert_refuses(text, &lenient, CHIMERA_ELIMIT, "recursion limit exceeded at line 1 column 129");
    assert_refuses("- &a [*a]", &lenient, CHIMERA_ELIMIT,
                   "recursion limit exceeded at line 1 column 7");
}

/* Each level nine times the one below: nothing to hold, everything to print. */
static void a_few_aliases_cannot_grow_without_bound(void **state)
{
    (void)state;
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_buffer_text(&text, "a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (char level = 'b'; level <= 'i'; level++) {
        chimera_buffer_print(&text, "%c: &%c [", level, level);
        for (int i = 0; i < 9; i++)
            chimera_buffer_print(&text, "*%c%s", level - 1, i < 8 ? "," : "]\n");
    }
    chimera_buffer_byte(&text, '\0');
    assert_refuses(text.data, &lenient, CHIMERA_ELIMIT, "repetition limit exceeded");
    chimera_buffer_free(&text);
}

static void assert_writes(const char *json, const char *want)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    struct chimera_buffer got;
    chimera_buffer_init(&got, TEXT_MAX);
    if (chimera_json_parse(chimera_slice_of(json), &tree, &err) < 0)
        fail_msg("%s: %s", json, err.text);
    chimera_yaml_write(tree, &got);
    assert_text(&got, want, json);
    chimera_buffer_free(&got);
    json_object_put(tree);
}

static void write_has_the_style_of_the_reference(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        /* command.jsonl, "inspect yaml wasi-accept" and "inspect annotated" */
        {"{\"protocolVersion\":\"Unknown\",\"rules\":[{\"apiGroups\":[\"\"],\"apiVersions\":["
         "\"v1\"],"
         "\"resources\":[\"pods\"],\"operations\":[\"CREATE\",\"UPDATE\"]}],\"annotations\":"
         "{\"io.kubewarden.policy.usage\":\"# "
         "usage\\n\",\"io.kubewarden.policy.version\":\"1.2.3\"},"
         "\"mutating\":false,\"backgroundAudit\":true,\"contextAwareResources\":[]}",
         "protocolVersion: Unknown\nrules:\n- apiGroups:\n  - ''\n  apiVersions:\n  - v1\n  "
         "resources:\n  - pods\n  operations:\n  - CREATE\n  - UPDATE\nannotations:\n  "
         "io.kubewarden.policy.usage: |\n    # usage\n  io.kubewarden.policy.version: 1.2.3\n"
         "mutating: false\nbackgroundAudit: true\ncontextAwareResources: []\n"},
        {"null", "null\n"},
        {"\"a\"", "a\n"},
        {"[]", "[]\n"},
        {"{\"a\":{},\"b\":[[],{}]}", "a: {}\nb:\n- []\n- {}\n"},
        {"[[1,2],[3]]", "- - 1\n  - 2\n- - 3\n"},
        {"[\"true\",\"1\",\"0123\",\"~\",\"\",\"1e3\",\"0x1\",\".inf\",\"null\"]",
         "- 'true'\n- '1'\n- '0123'\n- '~'\n- ''\n- '1e3'\n- '0x1'\n- '.inf'\n- 'null'\n"},
        {"[\"yes\",\"- x\",\" x\",\"a: b\",\"a #b\",\"#b\",\"*x\",\"a\\tb\",\"it's\"]",
         "- yes\n- '- x'\n- ' x'\n- 'a: b'\n- 'a #b'\n- '#b'\n- '*x'\n- \"a\\tb\"\n- it's\n"},
        {"[\"a\\nb\",\"a\\nb\\n\",\"a\\n\\n\",\" a\\nb\"]",
         "- |-\n  a\n  b\n- |\n  a\n  b\n- |+\n  a\n\n- |2-\n   a\n  b\n"},
        {"{\"p\":\"a\\n\\n\",\"q\":\"x\"}", "p: |+\n  a\n\nq: x\n"},
        {"[1.0,1e300,-1,18446744073709551615]", "- 1.0\n- 1e300\n- -1\n- 18446744073709551615\n"},
        {"{\"\":1,\"1\":2,\"a b\":3}", "'': 1\n'1': 2\na b: 3\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_writes(cases[i].yaml, cases[i].want);
}

/* What a resolver of YAML 1.1 takes for booleans, numbers in base 60 and with underscores, dates.
 */
static void who_publishes_quotes_what_older_readers_take_for_no_string(void **state)
{
    struct json_object *tree = NULL;
    struct chimera_buffer got;
    (void)state;
    chimera_buffer_init(&got, TEXT_MAX);
    assert_int_equal(
        chimera_json_parse(CHIMERA_SLICE("{\"on\":[\"yes\",\"N\",\"1_000\",\"12:30\","
                                         "\"2001-01-01\",\"1.2.3\",\"yess\",\"a_1\",\"-\","
                                         "\"\",true]}"),
                           &tree, NULL),
        0);
    static const char want[] =
        "'on':\n- 'yes'\n- 'N'\n- '1_000'\n- '12:30'\n- '2001-01-01'\n- 1.2.3\n"
        "- yess\n- a_1\n- '-'\n- ''\n- true\n";
    for (int is_for_people = 0; is_for_people < 2; is_for_people++) {
        chimera_buffer_reset(&got);
        chimera_yaml_publish(tree, is_for_people, &got);
        assert_text(&got, want, "published");
    }
    chimera_buffer_free(&got);
    json_object_put(tree);
}

/* Where a value cannot be had the reading goes on; what ends it is told, too. */
static void all_that_is_wrong_is_told(void **state)
{
    static const struct chimera_yaml_options strings = {.string_keys_only = true,
                                                        .duplicate_keys_fail = true};
    struct json_object *tree = NULL;
    struct chimera_problems problems = {0};
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, TEXT_MAX);
    assert_int_equal(
        chimera_yaml_check(
            CHIMERA_SLICE("a: !t 1\nb: {1: x, [k, {l: m}]: y, c: !!int z}\n"
                          "a: 99999999999999999999\nd: &d [!u [5]]\ne: {*d : 6, \"f\\0g\": 7}\n"),
            &strings, &tree, &problems),
        0);
    chimera_problems_write(&problems, NULL, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(
        out.data,
        "a: the tag !t means nothing here; expected a value without a tag (text that begins with ! "
        "needs quotes)\n"
        "b.1: expected a text as key, found a number, truth value or null; put it in quotes\n"
        "b: expected a text as key, found a list; a text in […] needs quotes\n"
        "b.c: expected an integer behind the tag, found \"z\"\n"
        "a: the key is given twice; write it once\n"
        "a: the number 99999999999999999999 does not fit into 64 bits; a text of these digits "
        "needs quotes\n"
        "d[0]: the tag !u means nothing here; expected a value without a tag (text that begins "
        "with ! needs quotes)\n"
        "e: expected a text as key, found an alias of a list or map\ne: a key here holds a NUL "
        "character\n");
    assert_int_equal(json_object_object_length(tree), 4);
    json_object_put(tree);
    chimera_problems_done(&problems);
    chimera_buffer_reset(&out);
    assert_int_equal(
        chimera_yaml_check(CHIMERA_SLICE("a: !t 1\nb: [1, }\n"), &lenient, &tree, &problems),
        CHIMERA_EINVAL);
    chimera_problems_write(&problems, "f", &out);
    chimera_buffer_byte(&out, '\0');
    assert_non_null(strstr(out.data, "f:1:4: a: the tag !t"));
    assert_non_null(strstr(out.data, "f:2:8: b[1]: did not find expected node content"));
    chimera_problems_done(&problems);
    chimera_buffer_free(&out);
}

/* At each value's place stands its name in the comment. */
static void places_are_found_again(void **state)
{
    static const char text[] = "# text\na: {b: [1, {c: 2}]}\n? [k, k]\n: 3\n? {k: k}\n: {d: 4}\nx: "
                               "&x\n  y: 5\nz: *x\na: {b: 6}\n";
    static const struct {
        struct chimera_yaml_step step[3];
        size_t count;
        bool is_key;
        size_t line, column;
    } cases[] = {
        {{{0}}, 0, false, 2, 1},
        {{{.key = "a"}, {.key = "b"}}, 2, false, 10, 8}, /* the last of two counts */
        {{{.key = "a"}}, 1, true, 10, 1},
        {{{.key = "x"}, {.key = "y"}}, 2, true, 8, 3},
        {{{.key = "z"}, {.key = "y"}}, 2, false, 9, 1}, /* what an alias stands for is elsewhere */
        {{{.key = "none"}}, 1, false, 2, 1},
        {{{.key = "x"}, {.key = "none"}}, 2, false, 7, 1},
    };
    struct chimera_yaml_places *places = chimera_yaml_places_new(CHIMERA_SLICE(text));
    size_t line, column;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chimera_yaml_places_find(places, cases[i].step, cases[i].count, cases[i].is_key, &line,
                                 &column);
        if (line != cases[i].line || column != cases[i].column)
            fail_msg("case %zu: %zu:%zu", i, line, column);
    }
    chimera_yaml_places_free(places);
    places = chimera_yaml_places_new(CHIMERA_SLICE("- [1, [2, 3]]\n- x\n"));
    chimera_yaml_places_find(places,
                             (struct chimera_yaml_step[]){{.index = 0}, {.index = 1}, {.index = 1}},
                             3, false, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 11);
    chimera_yaml_places_free(places);
}

/* YAML 1.2, section 5.7: \u and \U with four and eight digits; read back they are what they were.
 */
static void what_is_shown_holds_nothing_hidden(void **state)
{
    static const char json[] = "{\"k\\u202e\":\"a\\u202eb\",\"l\":\"x\\ny\\u200bz\",\"m\":"
                               "\"\\u001b[2J\\u009b\",\"n\":\"\\udb40\\udc41\",\"o\":\"\\u00e9\"}";
    static const char want[] = "\"k\\u202e\": \"a\\u202eb\"\nl: \"x\\ny\\u200bz\"\nm: "
                               "\"\\e[2J\\x9B\"\nn: \"\\U000E0041\"\no: é\n";
    struct json_object *tree = NULL, *back = NULL;
    struct chimera_buffer got;
    (void)state;
    chimera_buffer_init(&got, TEXT_MAX);
    assert_int_equal(chimera_json_parse(CHIMERA_SLICE(json), &tree, NULL), 0);
    chimera_yaml_show(tree, &got);
    assert_text(&got, want, json);
    assert_int_equal(chimera_yaml_parse(chimera_buffer_slice(&got), &lenient, &back, NULL), 0);
    assert_true(json_object_equal(tree, back));
    json_object_put(tree);
    json_object_put(back);
    chimera_buffer_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_follow_the_core_schema),
        cmocka_unit_test(keys_become_their_text),
        cmocka_unit_test(aliases_are_copied_and_merge_keys_are_not_merged),
        cmocka_unit_test(a_stream_has_all_its_documents),
        cmocka_unit_test(messages_are_those_of_serde_yaml),
        cmocka_unit_test(options_forbid_what_they_say),
        cmocka_unit_test(depth_ends_at_128),
        cmocka_unit_test(a_few_aliases_cannot_grow_without_bound),
        cmocka_unit_test(write_has_the_style_of_the_reference),
        cmocka_unit_test(who_publishes_quotes_what_older_readers_take_for_no_string),
        cmocka_unit_test(what_is_shown_holds_nothing_hidden),
        cmocka_unit_test(all_that_is_wrong_is_told),
        cmocka_unit_test(places_are_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
