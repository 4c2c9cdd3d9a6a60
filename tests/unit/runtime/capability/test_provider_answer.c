/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as anyhow 1.0.102 prints them by {:?}: what is expected here was printed by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/capability/provider_answer.h"

static struct chimera_provider_answer answer;

static int set_up(void **state)
{
    (void)state;
    chimera_buffer_init(&answer.text, 4096);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    chimera_buffer_free(&answer.text);
    return 0;
}

static void expect(bool is_error, const char *text)
{
    assert_int_equal(answer.is_error, is_error);
    chimera_buffer_byte(&answer.text, 0);
    assert_string_equal(answer.text.data, text);
}

static void an_error_alone_is_its_text(void **state)
{
    (void)state;
    answer.keep_ms = 7;
    chimera_provider_answer_fail(&answer, CHIMERA_CAUSES("bad"));
    assert_int_equal(answer.keep_ms, 0);
    expect(true, "bad");
}

static void one_cause_has_no_number(void **state)
{
    (void)state;
    chimera_provider_answer_fail(&answer, CHIMERA_CAUSES("bad\nnews", "a\nb\n\nc"));
    expect(true, "bad\nnews\n\nCaused by:\n    a\n    b\n    \n    c");
}

static void several_causes_are_counted(void **state)
{
    (void)state;
    chimera_provider_answer_fail(&answer, CHIMERA_CAUSES("bad", "one\nline", "two"));
    expect(true, "bad\n\nCaused by:\n    0: one\n       line\n    1: two");
}

static void a_value_keeps_its_order(void **state)
{
    struct json_object *value = json_object_new_object();
    (void)state;
    json_object_object_add(value, "b", json_object_new_int(1));
    json_object_object_add(value, "a", json_object_new_string("/"));
    chimera_provider_answer_give(&answer, value, 60000);
    json_object_put(value);
    assert_int_equal(answer.keep_ms, 60000);
    expect(false, "{\"b\":1,\"a\":\"/\"}");
}

static void what_is_too_large_is_an_error(void **state)
{
    struct json_object *value = json_object_new_object();
    char text[8192] = "";
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    json_object_object_add(value, "a", json_object_new_string(text));
    chimera_provider_answer_give(&answer, value, 60000);
    json_object_put(value);
    assert_int_equal(answer.keep_ms, 0);
    expect(true, "the answer is too large");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_error_alone_is_its_text),    TEST(one_cause_has_no_number),
        TEST(several_causes_are_counted),    TEST(a_value_keeps_its_order),
        TEST(what_is_too_large_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
