/* SPDX-License-Identifier: Apache-2.0 */
/* What a patch makes of an object: cases of RFC 6902's appendix A and of RFC 6901 §5, and how it is
 * shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/base/error.h"
#include "runtime/json/tree.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/verdict/lines.h"
#include "toolchain/command/verdict/patched.h"

static struct json_object *parse(const char *json)
{
    struct json_object *tree = NULL;
    assert_int_equal(chimera_json_parse(chimera_slice_of(json), &tree, NULL), 0);
    return tree;
}

static void operations_do_what_the_standard_says(void **state)
{
    static const struct {
        const char *object, *patch, *want; /* want NULL: it does not fit */
    } cases[] = {
        {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
         "{\"baz\":\"qux\",\"foo\":\"bar\"}"},
        {"{\"foo\":[\"bar\",\"baz\"]}", "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
         "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
        {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]",
         "{\"foo\":\"bar\"}"},
        {"{\"foo\":[\"bar\",\"qux\",\"baz\"]}", "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]",
         "{\"foo\":[\"bar\",\"baz\"]}"},
        {"{\"baz\":\"qux\"}", "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]",
         "{\"baz\":\"boo\"}"},
        {"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
         "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
         "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}"},
        {"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}",
         "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
         "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
        {"{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}",
         "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},"
         "{\"op\":\"test\",\"path\":\"/foo/1\",\"value\":2}]",
         "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"},
        {"{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]", NULL},
        {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"g\":{}}}]",
         "{\"child\":{\"g\":{}},\"foo\":\"bar\"}"},
        {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]", NULL},
        {"{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]",
         "{\"/\":9,\"~1\":10}"},
        {"{\"a/b\":1}", "[{\"op\":\"replace\",\"path\":\"/a~1b\",\"value\":2}]", "{\"a/b\":2}"},
        {"{\"foo\":[\"bar\"]}", "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\"]}]",
         "{\"foo\":[\"bar\",[\"abc\"]]}"},
        {"{\"foo\":[1]}", "[{\"op\":\"copy\",\"from\":\"/foo\",\"path\":\"/bar\"}]",
         "{\"bar\":[1],\"foo\":[1]}"},
        {"{\"foo\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]", "[]"},
        {"{\"foo\":1}", "[{\"op\":\"add\",\"path\":\"/foo\",\"value\":null}]", "{\"foo\":null}"},
        {"{\"foo\":[1]}", "[{\"op\":\"add\",\"path\":\"/foo/2\",\"value\":1}]", NULL},
        {"{\"foo\":[1,2]}", "[{\"op\":\"remove\",\"path\":\"/foo/01\"}]", NULL},
        {"{\"foo\":[1,2]}", "[{\"op\":\"remove\",\"path\":\"/foo/-\"}]", NULL},
        {"{\"foo\":1}", "[{\"op\":\"replace\",\"path\":\"/bar\",\"value\":1}]", NULL},
        {"{\"foo\":1}", "[{\"op\":\"remove\",\"path\":\"/bar\"}]", NULL},
        {"{\"foo\":1}", "[{\"op\":\"merge\",\"path\":\"/foo\",\"value\":1}]", NULL},
        {"{\"foo\":1}", "[{\"path\":\"/foo\"}]", NULL},
        {"{\"foo\":1}", "[{\"op\":\"add\",\"path\":\"foo\",\"value\":1}]", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct json_object *object = parse(cases[i].object), *patch = parse(cases[i].patch);
        bool fits = patched_apply(&object, patch);
        if (fits != (cases[i].want != NULL))
            fail_msg("%s of %s %s", cases[i].patch, cases[i].object,
                     fits ? "fits" : "does not fit");
        if (fits) {
            struct chimera_buffer out;
            chimera_buffer_init(&out, 1 << 16);
            chimera_json_write(object, &out);
            chimera_buffer_byte(&out, '\0');
            assert_string_equal(out.data, cases[i].want);
            chimera_buffer_free(&out);
        }
        json_object_put(object);
        json_object_put(patch);
    }
}

static void assert_lines(const char *from, const char *to, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 20);
    lines_differ(chimera_slice_of(from), chimera_slice_of(to), &out);
    chimera_buffer_byte(&out, '\0');
    assert_int_equal(out.failed, 0);
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void lines_that_go_and_come_are_shown_with_three_around(void **state)
{
    (void)state;
    assert_lines("a\nb\nc\n", "a\nx\nc\n", "  a\n- b\n+ x\n  c\n");
    assert_lines("", "a\n", "+ a\n");
    assert_lines("a", "", "- a\n");
    assert_lines("1\n2\n3\n4\n5\nx\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                 "  …\n  3\n  4\n  5\n- x\n  6\n  7\n  8\n  …\n");
    assert_lines("a\nb\nc\nd\n", "b\nd\n", "- a\n  b\n- c\n  d\n");
    assert_lines("a\nx\nb\n", "b\nx\na\n", "- a\n- x\n  b\n+ x\n+ a\n");
    assert_lines("same\n", "same\n", "  …\n");
}

/* More lines than can be compared with each other: all go, all come. */
static void texts_that_differ_too_much_are_not_searched(void **state)
{
    struct chimera_buffer from, to, out;
    size_t gone = 0, come = 0;
    (void)state;
    chimera_buffer_init(&from, 1 << 24);
    chimera_buffer_init(&to, 1 << 24);
    chimera_buffer_init(&out, 1 << 24);
    for (int i = 0; i < 5000; i++) {
        chimera_buffer_print(&from, "a%d\nsame\n", i);
        chimera_buffer_print(&to, "b%d\nsame\n", i);
    }
    lines_differ(chimera_buffer_slice(&from), chimera_buffer_slice(&to), &out);
    for (size_t i = 0; i + 1 < out.size; i++) {
        gone += out.data[i] == '-' && out.data[i + 1] == ' ';
        come += out.data[i] == '+' && out.data[i + 1] == ' ';
    }
    assert_int_equal(gone, 9999); /* the last line is the same */
    assert_int_equal(come, 9999);
    chimera_buffer_free(&from);
    chimera_buffer_free(&to);
    chimera_buffer_free(&out);
}

static void a_patch_is_base64_of_a_list(void **state)
{
    static const struct {
        const char *text;
        bool is_patch;
    } cases[] = {{"W10=", true}, {"e30=", false}, {"WzE", false}, {"", false}, {"bm8=", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct json_object *patch = patched_decode(chimera_slice_of(cases[i].text));
        assert_int_equal(patch != NULL, cases[i].is_patch);
        json_object_put(patch);
    }
}

static void a_patch_that_does_not_fit_shows_nothing(void **state)
{
    struct chimera_buffer out;
    struct json_object *patch = parse("[{\"op\":\"remove\",\"path\":\"/b\"}]");
    (void)state;
    chimera_buffer_init(&out, 1 << 16);
    assert_false(patched_write(CHIMERA_SLICE("{\"a\":1}"), patch, &out));
    assert_false(patched_write((struct chimera_slice){NULL, 0}, patch, &out));
    assert_int_equal(out.size, 0);
    chimera_colours_wish(CHIMERA_COLOURS_ALWAYS);
    assert_true(patched_write(CHIMERA_SLICE("{\"a\":1,\"b\":2}"), patch, &out));
    chimera_colours_wish(CHIMERA_COLOURS_AUTO);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, "  a: 1\n\033[1;31m- b: 2\033[0m\n");
    chimera_buffer_free(&out);
    json_object_put(patch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_do_what_the_standard_says),
        cmocka_unit_test(lines_that_go_and_come_are_shown_with_three_around),
        cmocka_unit_test(texts_that_differ_too_much_are_not_searched),
        cmocka_unit_test(a_patch_is_base64_of_a_list),
        cmocka_unit_test(a_patch_that_does_not_fit_shows_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
