/* SPDX-License-Identifier: Apache-2.0 */
/* Rego builtins against what OPA itself answers (cases/, made by make-rego-cases). */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/rego/builtin.h"

#define CASES_MAX ((size_t)4 << 20)

static struct json_object *read_cases(const char *path)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    struct json_object *cases = NULL;
    chimera_buffer_init(&text, CASES_MAX);
    if (chimera_file_read(path, &text, &err) < 0 ||
        chimera_json_parse(chimera_buffer_slice(&text), &cases, &err) < 0)
        fail_msg("%s: %s", path, err.text);
    chimera_buffer_free(&text);
    return cases;
}

/* Makes the call and writes what came of it as OPA shows it; the code of the builtin. */
static int call(const char *name, struct chimera_slice args, struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct json_object *list = NULL, *values[CHIMERA_REGO_ARGS_MAX] = {NULL}, *result = NULL;
    const struct chimera_rego_builtin *builtin = chimera_rego_builtin_find(name);
    if (!builtin)
        fail_msg("there is no builtin %s", name);
    if (chimera_rego_parse(args, &list, &err) < 0)
        fail_msg("%.*s: %s", (int)args.size, args.data, err.text);
    for (size_t i = 0; i < json_object_array_length(list) && i < CHIMERA_REGO_ARGS_MAX; i++)
        values[i] = json_object_array_get_idx(list, i);
    const struct chimera_rego_call call = {
        .args = values, .now_ns = 1700000000123456789, .err = &err};
    int code = builtin->function(&call, &result);
    if (code == CHIMERA_OK)
        chimera_rego_print(result, out);
    else
        chimera_buffer_text(out, err.text);
    json_object_put(result);
    json_object_put(list);
    return code;
}

static bool check(struct json_object *test)
{
    struct json_object *args = json_object_object_get(test, "args");
    const char *name = json_object_get_string(json_object_object_get(test, "builtin"));
    const char *want = json_object_get_string(json_object_object_get(test, "want"));
    struct chimera_buffer got;
    chimera_buffer_init(&got, CASES_MAX);
    int code = call(name, chimera_rego_string(args), &got);
    bool is_right = want ? code == CHIMERA_OK && chimera_slice_is(chimera_buffer_slice(&got), want)
                         : code < 0 && got.size > 0;
    if (!is_right)
        print_error("%s %s\n  want %s\n  got  %s%.*s\n", name, json_object_get_string(args),
                    want ? want : "an error", code < 0 ? "error " : "", (int)got.size,
                    got.data ? got.data : "");
    chimera_buffer_free(&got);
    return is_right;
}

/* Of the cases; an argument names others (see make-rego-cases). */
static const char *pattern = TEST_DATA "/unit/runtime/rego/cases/*.json";

/* A file for each area, so that several people can add calls side by side. */
static void builtins_answer_as_opa_does(void **state)
{
    (void)state;
    size_t wrong = 0;
    glob_t files;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t file = 0; file < files.gl_pathc; file++) {
        struct json_object *cases = read_cases(files.gl_pathv[file]);
        for (size_t i = 0; i < json_object_array_length(cases); i++)
            wrong += check(json_object_array_get_idx(cases, i)) ? 0 : 1;
        assert_true(json_object_array_length(cases) > 0);
        json_object_put(cases);
    }
    globfree(&files);
    assert_int_equal(wrong, 0);
}

/* What OPA gives a host cannot be called by name in a policy, so these have no recorded cases. */
static void interpolation_joins_its_parts(void **state)
{
    (void)state;
    struct chimera_buffer got;
    chimera_buffer_init(&got, CASES_MAX);
    assert_int_equal(call("internal.template_string",
                          CHIMERA_SLICE("[[\"a \", {\"b\"}, 1, set(), {[1, \"c\"]}]]"), &got),
                     CHIMERA_OK);
    assert_true(chimera_slice_is(chimera_buffer_slice(&got), "\"a b1<undefined>[1, \\\"c\\\"]\""));
    chimera_buffer_free(&got);
}

static void now_is_the_time_of_the_evaluation(void **state)
{
    (void)state;
    struct chimera_buffer got;
    chimera_buffer_init(&got, CASES_MAX);
    assert_int_equal(call("time.now_ns", CHIMERA_SLICE("[]"), &got), CHIMERA_OK);
    assert_true(chimera_slice_is(chimera_buffer_slice(&got), "1700000000123456789"));
    chimera_buffer_free(&got);
}

/* An array of `size` times `text`, as a Rego value. */
static struct json_object *repeat(const char *text, size_t size)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < size; i++)
        json_object_array_add(list, json_object_new_string(text));
    return list;
}

/* Every place in the long array begins like the short one. */
static void long_work_stops_when_the_time_is_up(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct json_object *args[] = {repeat("x", 20000), repeat("x", 10000)}, *result = NULL;
    json_object_array_add(args[1], json_object_new_string("y"));
    struct chimera_account account;
    chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
    const struct chimera_rego_call call = {.args = args, .account = &account, .err = &err};
    assert_int_equal(chimera_rego_builtin_find("object.subset")->function(&call, &result),
                     CHIMERA_EDEADLINE);
    assert_null(result);
    json_object_put(args[0]);
    json_object_put(args[1]);
}

/* RFC 6902: an operation changes one place, whatever was copied from there before. */
static void patches_leave_copies_alone(void **state)
{
    (void)state;
    static const struct {
        const char *args, *want;
    } cases[] = {
        {"[{\"a\":{\"x\":1}},[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},"
         "{\"op\":\"add\",\"path\":\"/b/y\",\"value\":2},"
         "{\"op\":\"add\",\"path\":\"/a/z\",\"value\":3}]]",
         "{\"a\": {\"x\": 1, \"z\": 3}, \"b\": {\"x\": 1, \"y\": 2}}"},
        {"[{\"a\":[1]},[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":2},"
         "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/b\"},"
         "{\"op\":\"add\",\"path\":\"/a/0\",\"value\":0},"
         "{\"op\":\"remove\",\"path\":\"/b/a/0\"}]]",
         "{\"a\": [0, 1, 2], \"b\": {\"a\": [2]}}"},
        {"[{\"a\":{},\"b\":1},[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":{}},"
         "{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/c\"},"
         "{\"op\":\"add\",\"path\":\"/c/x/y\",\"value\":2},"
         "{\"op\":\"test\",\"path\":\"/c\",\"value\":{\"x\":{\"y\":2}}},"
         "{\"op\":\"replace\",\"path\":\"/c/x\",\"value\":3}]]",
         "{\"b\": 1, \"c\": {\"x\": 3}}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_buffer got;
        chimera_buffer_init(&got, CASES_MAX);
        assert_int_equal(call("json.patch", chimera_slice_of(cases[i].args), &got), CHIMERA_OK);
        if (!chimera_slice_is(chimera_buffer_slice(&got), cases[i].want))
            fail_msg("%s gives %.*s", cases[i].args, (int)got.size, got.data);
        chimera_buffer_free(&got);
    }
}

/* As deep as it gets then, json-c would need megabytes of stack to end it. */
static void a_value_in_itself_in_itself_is_refused(void **state)
{
    (void)state;
    struct chimera_buffer args, got;
    chimera_buffer_init(&args, (size_t)16 << 20);
    chimera_buffer_init(&got, CASES_MAX);
    chimera_buffer_text(&args, "[{},[");
    for (int i = 0; i < 300000; i++)
        chimera_buffer_text(&args, "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},");
    chimera_buffer_text(&args, "{}]]");
    assert_int_equal(call("json.patch", chimera_buffer_slice(&args), &got), CHIMERA_ELIMIT);
    chimera_buffer_free(&args);
    chimera_buffer_free(&got);
}

/* Whoever tries one way after the other is not done with this before the sun is cold. */
static void expressions_of_many_ways_are_answered(void **state)
{
    (void)state;
    struct chimera_buffer got;
    chimera_buffer_init(&got, CASES_MAX);
    assert_int_equal(
        call("regex.match",
             CHIMERA_SLICE("[\"^(a*)*$\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"]"), &got),
        CHIMERA_OK);
    assert_true(chimera_slice_is(chimera_buffer_slice(&got), "false"));
    chimera_buffer_free(&got);
}

/* Nobody may take an expression for a wrong one that there was no time to read. */
static void an_expression_is_not_invalid_for_want_of_time(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    struct json_object *args[] = {json_object_new_string("a")}, *result = NULL;
    struct chimera_account account;
    chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
    assert_int_equal(chimera_account_spend(&account, CHIMERA_ACCOUNT_LOOK), CHIMERA_EDEADLINE);
    const struct chimera_rego_call call = {.args = args, .account = &account, .err = &err};
    assert_int_equal(chimera_rego_builtin_find("regex.is_valid")->function(&call, &result),
                     CHIMERA_EDEADLINE);
    assert_null(result);
    json_object_put(args[0]);
}

/* The list of the reference (guest-abis.md §4.5). */
static void every_builtin_of_the_reference_is_there(void **state)
{
    (void)state;
    static const char *const names[] = {
        "sprintf",
        "trace",
        "semver.is_valid",
        "semver.compare",
        "glob.quote_meta",
        "json.patch",
        "json.is_valid",
        "yaml.is_valid",
        "yaml.marshal",
        "yaml.unmarshal",
        "urlquery.encode",
        "urlquery.decode",
        "urlquery.encode_object",
        "urlquery.decode_object",
        "base64url.encode_no_pad",
        "hex.encode",
        "hex.decode",
        "regex.split",
        "regex.find_n",
        "regex.template_match",
        "time.now_ns",
        "time.parse_rfc3339_ns",
        "time.date",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!chimera_rego_builtin_find(names[i]))
            fail_msg("%s is missing", names[i]);
    }
}

static void parse_refuses_what_no_guest_writes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",        "[",       "[1",    "[1,]",     "{",        "{1,",         "{1:",
        "{1:2,3}", "{1,2:3}", "[1] 2", "\"a",      "\"\\q\"",  "\"\\u0100\"", "01",
        "nul",     "set(",    "{:1}",  "{\"a\":}", "\"\xff\"", "[1 2]",       "}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json_object *value = NULL;
        struct chimera_error err = {0};
        if (chimera_rego_parse(chimera_slice_of(texts[i]), &value, &err) == CHIMERA_OK)
            fail_msg("%s was taken", texts[i]);
        assert_true(err.text[0] != '\0');
    }
}

static void parse_and_write_keep_sets_and_numbers(void **state)
{
    (void)state;
    static const char text[] =
        "{1:{[2.0]:{\"x\"}},\"\\u0000\":-0,"
        "\"a\":{1,2.50,\"x\"},\"b\":set(),\"c\":{},\"d\":[12345678901234567890,-1e3]}";
    struct json_object *value = NULL;
    struct chimera_buffer out;
    chimera_buffer_init(&out, CASES_MAX);
    assert_int_equal(chimera_rego_parse(CHIMERA_SLICE(text), &value, NULL), CHIMERA_OK);
    chimera_rego_write(value, &out);
    assert_true(chimera_slice_is(chimera_buffer_slice(&out), text));
    chimera_buffer_free(&out);
    json_object_put(value);
}

static void parse_stops_at_its_depth(void **state)
{
    (void)state;
    char text[2 * CHIMERA_REGO_DEPTH_MAX + 3];
    struct json_object *value = NULL;
    memset(text, '[', CHIMERA_REGO_DEPTH_MAX + 1);
    memset(text + CHIMERA_REGO_DEPTH_MAX + 1, ']', CHIMERA_REGO_DEPTH_MAX + 1);
    struct chimera_slice deep = {text, 2 * CHIMERA_REGO_DEPTH_MAX + 2};
    assert_int_equal(chimera_rego_parse(deep, &value, NULL), CHIMERA_ELIMIT);
    deep = (struct chimera_slice){text + 1, deep.size - 2};
    assert_int_equal(chimera_rego_parse(deep, &value, NULL), CHIMERA_OK);
    json_object_put(value);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        pattern = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builtins_answer_as_opa_does),
        cmocka_unit_test(interpolation_joins_its_parts),
        cmocka_unit_test(now_is_the_time_of_the_evaluation),
        cmocka_unit_test(long_work_stops_when_the_time_is_up),
        cmocka_unit_test(patches_leave_copies_alone),
        cmocka_unit_test(a_value_in_itself_in_itself_is_refused),
        cmocka_unit_test(expressions_of_many_ways_are_answered),
        cmocka_unit_test(an_expression_is_not_invalid_for_want_of_time),
        cmocka_unit_test(every_builtin_of_the_reference_is_there),
        cmocka_unit_test(parse_refuses_what_no_guest_writes),
        cmocka_unit_test(parse_and_write_keep_sets_and_numbers),
        cmocka_unit_test(parse_stops_at_its_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
