/* SPDX-License-Identifier: Apache-2.0 */
/* What `chimera test` finds wrong with an answer, and its XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/json/tree.h"
#include "toolchain/command/testing/judge.h"
#include "toolchain/command/verdict/report.h"

static struct json_object *parse(const char *json)
{
    struct json_object *tree = NULL;
    assert_int_equal(chimera_json_parse(chimera_slice_of(json), &tree, NULL), 0);
    return tree;
}

static void assert_text(struct chimera_buffer *got, const char *want, const char *what)
{
    chimera_buffer_byte(got, 0);
    assert_int_equal(got->failed, 0);
    if (strcmp(got->data, want) != 0)
        fail_msg("%s\n  want %s\n  got  %s", what, want, got->data);
    chimera_buffer_free(got);
}

#define OBJECT "{\"b\":[1],\"a\":{\"x\":\"y\"}}"
static const struct chimera_request POD = {.object = {OBJECT, sizeof(OBJECT) - 1}};
/* Base64 of what is said beside it; by Python. */
#define REPLACED "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9hL3giLCJ2YWx1ZSI6InoifV0="
#define REPLACED_TEXT "[{\"op\":\"replace\",\"path\":\"/a/x\",\"value\":\"z\"}]"

static void assert_judged(const char *want, const struct chimera_response *response,
                          const char *reasons)
{
    struct json_object *tree = parse(want);
    struct chimera_buffer wrong;
    chimera_buffer_init(&wrong, 1 << 20);
    test_judge_response(tree, &POD, response, &wrong);
    assert_text(&wrong, reasons, want);
    json_object_put(tree);
}

static void answers_are_compared_with_what_is_named(void **state)
{
    (void)state;
    const struct chimera_response yes = {.allowed = true};
    const struct chimera_response no = {
        .has_status = true,
        .status = {.message = CHIMERA_SLICE("not \"today\""), .has_code = true, .code = 418},
        .warnings = CHIMERA_SLICE("[ \"w\" ]"),
        .audit_annotations = CHIMERA_SLICE("{\"b\":\"1\",\"a\":\"2\"}")};
    assert_judged("{\"allowed\":true}", &yes, "");
    assert_judged("{\"allowed\":false}", &yes, "allowed: want false, got true");
    assert_judged("{\"allowed\":true,\"message\":null,\"code\":null,\"warnings\":null,"
                  "\"auditAnnotations\":null,\"patched\":null}",
                  &yes, "");
    assert_judged("{\"answered\":true}", &no, "");
    assert_judged("{\"allowed\":false,\"message\":\"not \\\"today\\\"\",\"code\":418,"
                  "\"warnings\":[\"w\"],\"auditAnnotations\":{\"a\":\"2\",\"b\":\"1\"}}",
                  &no, "");
    assert_judged("{\"allowed\":false,\"message\":\"not\",\"code\":403}", &no,
                  "message: want \"not\", got \"not \\\"today\\\"\"\ncode: want 403, got 418");
    assert_judged("{\"allowed\":false,\"messageContains\":\"today\"}", &no, "");
    assert_judged("{\"allowed\":false,\"messageContains\":\"morrow\"}", &no,
                  "message: want one with \"morrow\", got \"not \\\"today\\\"\"");
    assert_judged("{\"allowed\":true,\"messageContains\":\"x\"}", &yes,
                  "message: want one with \"x\", got none");
    assert_judged("{\"allowed\":true,\"warnings\":[\"w\"]}", &yes,
                  "warnings: want [\"w\"], got null");
    assert_judged("{\"allowed\":true}", &no,
                  "allowed: want true, got false\nits message: not \"today\"");
}

static void changes_are_compared_in_both_forms(void **state)
{
    (void)state;
    const struct chimera_response same = {.allowed = true};
    const struct chimera_response changed = {.allowed = true, .patch = CHIMERA_SLICE(REPLACED)};
    assert_judged("{\"allowed\":true,\"patched\":[{\"value\":\"z\",\"path\":\"/a/x\",\"op\":"
                  "\"replace\"}]}",
                  &changed, "");
    assert_judged("{\"allowed\":true,\"patched\":[]}", &changed,
                  "patched: want [], got " REPLACED_TEXT);
    assert_judged("{\"allowed\":true,\"patched\":null}", &changed,
                  "patched: want null, got " REPLACED_TEXT);
    assert_judged("{\"allowed\":true}", &changed, "patched: want no change, got " REPLACED_TEXT);
    assert_judged("{\"allowed\":true,\"object\":{\"a\":{\"x\":\"z\"},\"b\":[1]}}", &changed, "");
    assert_judged("{\"allowed\":true,\"object\":{\"a\":{\"x\":\"y\"},\"b\":[1]}}", &same, "");
    assert_judged("{\"allowed\":true,\"object\":{\"a\":{\"x\":\"y\"},\"b\":[1]}}", &changed,
                  "object, as a patch: want no change, got " REPLACED_TEXT);
    assert_judged("{\"allowed\":true,\"object\":{\"a\":{\"x\":\"z\"},\"b\":[1]}}", &same,
                  "object, as a patch: want " REPLACED_TEXT ", got no change");
    assert_judged("{\"allowed\":true,\"object\":{\"a\":{\"x\":\"w\"},\"b\":[1]}}", &changed,
                  "object, as a patch: want "
                  "[{\"op\":\"replace\",\"path\":\"/a/x\",\"value\":\"w\"}], got " REPLACED_TEXT);
}

static void assert_settings(const char *want, bool is_valid, const char *message,
                            const char *reasons)
{
    struct json_object *tree = parse(want);
    struct chimera_buffer wrong;
    chimera_buffer_init(&wrong, 1 << 20);
    assert_true(test_wants_settings(tree));
    test_judge_settings(tree, is_valid,
                        message ? chimera_slice_of(message) : (struct chimera_slice){NULL, 0},
                        &wrong);
    assert_text(&wrong, reasons, want);
    json_object_put(tree);
}

static void settings_are_refused_as_they_should_be(void **state)
{
    (void)state;
    assert_settings("{\"settings\":\"valid\"}", true, NULL, "");
    assert_settings("{\"settings\":\"invalid\"}", false, NULL, "");
    assert_settings("{\"settings\":\"invalid\"}", true, NULL,
                    "settings: they were to be refused, and are valid");
    assert_settings("{\"settings\":\"valid\"}", false, "no x",
                    "settings: they were to be valid, and are refused: no x");
    assert_settings("{\"error\":\"x\"}", false, "no x", "");
    assert_settings("{\"error\":\"x\"}", true, NULL,
                    "settings: they were to be refused, and are valid");
    assert_settings("{\"error\":\"y\"}", false, "no x", "error: want one with \"y\", got \"no x\"");
    assert_settings("{\"error\":\"y\"}", false, NULL, "error: want one with \"y\", got \"\"");
}

static void xml_holds_any_text(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"plain é ☃ \U0001F600", "plain é ☃ \U0001F600"},
        {"<a b=\"c\">&'</a>", "&#60;a b=&#34;c&#34;&#62;&#38;&#39;&#60;/a&#62;"},
        {"]]> --> \n\r\t", "]]&#62; --&#62; &#10;&#13;&#9;"},
        {"\x01\x1b[2K\x7f", "\uFFFD\uFFFD[2K\x7f"},
        {"\xff\xc0\x80 \xed\xa0\x80", "\uFFFD\uFFFD\uFFFD \uFFFD\uFFFD\uFFFD"},
        {"\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", "\uFFFD\uFFFD\uFFFD"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, 1 << 16);
        test_report_escape(chimera_slice_of(cases[i][0]), &out);
        assert_text(&out, cases[i][1], cases[i][0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_compared_with_what_is_named),
        cmocka_unit_test(changes_are_compared_in_both_forms),
        cmocka_unit_test(settings_are_refused_as_they_should_be),
        cmocka_unit_test(xml_holds_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
