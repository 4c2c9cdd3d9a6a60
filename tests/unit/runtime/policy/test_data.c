/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle's data and an operator's settings as one document: settings win at the top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/policy/data.h"

static const struct {
    const char *data, *settings, *want;
} joined[] = {
    {"{}", "{}", "{}"},
    {"{\"a\": 1}", "{}", "{\"a\":1}"},
    {"{}", " {\"a\": 1} ", "{\"a\": 1}"},
    {"{\"a\": 1, \"b\": 2}", "{\"b\": 3}", "{\"a\":1,\"b\": 3}"},
    {"{\"a\": {\"x\": 1}}", "{\"a\": {\"y\": 2}}", "{\"a\": {\"y\": 2}}"},
    {"{\"a\": 1}", "{\"a\": null}", "{\"a\": null}"},
    /* Names are what they mean, not how they are written. */
    {"{\"\\u0061\": 1, \"\\\"\": 2}", "{\"a\": 3}", "{\"\\\"\":2,\"a\": 3}"},
    /* Numbers keep their digits. */
    {"{\"n\": 123456789012345678901234567890.10}", "{\"m\": 1.0}",
     "{\"n\":123456789012345678901234567890.10,\"m\": 1.0}"},
};

static void settings_win_at_the_top(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(joined) / sizeof(joined[0]); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 4096);
        assert_int_equal(chimera_policy_data_join(chimera_slice_of(joined[i].data),
                                                  chimera_slice_of(joined[i].settings), &out, &err),
                         0);
        chimera_buffer_byte(&out, 0);
        assert_string_equal(out.data, joined[i].want);
        chimera_buffer_free(&out);
    }
}

static const struct {
    const char *data, *settings, *why;
} refused[] = {
    {"{", "{}", "its data are no JSON: "},
    {"", "{}", "its data are no JSON: "},
    {" [{}]", "{}", "its data are no JSON object"},
    {"{}", "[]", "the settings are no JSON object"},
    {"{}", "{", "EOF while parsing"},
};

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 4096);
        assert_int_equal(chimera_policy_data_join(chimera_slice_of(refused[i].data),
                                                  chimera_slice_of(refused[i].settings), &out,
                                                  &err),
                         CHIMERA_EINVAL);
        if (!strstr(err.text, refused[i].why))
            fail_msg("%s", err.text);
        assert_int_equal(out.size, 0);
    }
}

static void both_must_fit(void **state)
{
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, 8);
    assert_int_equal(chimera_policy_data_join(CHIMERA_SLICE("{\"a\":1}"),
                                              CHIMERA_SLICE("{\"b\":1}"), &out, NULL),
                     CHIMERA_ELIMIT);
    chimera_buffer_free(&out);
}

static void there_is_a_limit(void **state)
{
    struct chimera_buffer data;
    struct chimera_error err = {0};
    (void)state;
    chimera_buffer_init(&data, CHIMERA_POLICY_DATA_MAX + 1);
    chimera_buffer_byte(&data, '{');
    while (data.size < CHIMERA_POLICY_DATA_MAX - 1)
        chimera_buffer_byte(&data, ' ');
    chimera_buffer_byte(&data, '}');
    assert_int_equal(chimera_policy_data_check(chimera_buffer_slice(&data), NULL), 0);
    chimera_buffer_byte(&data, ' ');
    assert_int_equal(chimera_policy_data_check(chimera_buffer_slice(&data), &err), CHIMERA_ELIMIT);
    assert_non_null(strstr(err.text, "its data are 4194305 bytes, over the limit of 4194304"));
    chimera_buffer_free(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_win_at_the_top),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(both_must_fit),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
