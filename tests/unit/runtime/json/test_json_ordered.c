/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in the order of the tree, compact and as serde_json's pretty form is (its to_string_pretty()
 * of the same documents). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/json/tree.h"

static void assert_ordered(const char *text, unsigned indent, const char *want)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer got;
    assert_int_equal(chimera_json_parse(chimera_slice_of(text), &tree, NULL), CHIMERA_OK);
    chimera_buffer_init(&got, 1 << 16);
    chimera_json_write_ordered(tree, indent, &got);
    chimera_buffer_byte(&got, '\0');
    assert_string_equal(got.data, want);
    chimera_buffer_free(&got);
}

static void members_keep_their_order(void **state)
{
    (void)state;
    assert_ordered("{\"b\": [1, 1.0, null, \"/\\u001b\"], \"a\": {}, \"c\": []}", 0,
                   "{\"b\":[1,1.0,null,\"/\\u001b\"],\"a\":{},\"c\":[]}");
    assert_ordered("[]", 0, "[]");
    assert_ordered("null", 0, "null");
}

static void the_pretty_form_has_a_line_for_each(void **state)
{
    (void)state;
    assert_ordered("{\"b\": [1, {\"x\": true}], \"a\": {}, \"c\": []}", 2,
                   "{\n  \"b\": [\n    1,\n    {\n      \"x\": true\n    }\n  ],\n  \"a\": {},\n"
                   "  \"c\": []\n}");
    assert_ordered("\"x\"", 2, "\"x\"");
}

static void a_full_buffer_says_so(void **state)
{
    (void)state;
    struct json_object *deep = json_object_new_array(), *at = deep;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 16);
    for (int i = 0; i < 200; i++) {
        struct json_object *inner = json_object_new_array();
        json_object_array_add(at, inner);
        at = inner;
    }
    chimera_json_write_ordered(deep, 0, &out);
    assert_int_equal(out.failed, CHIMERA_ELIMIT);
    chimera_buffer_free(&out);
    json_object_put(deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_keep_their_order),
        cmocka_unit_test(the_pretty_form_has_a_line_for_each),
        cmocka_unit_test(a_full_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
