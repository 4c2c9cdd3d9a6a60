/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of protobuf's JSON; the times are those of RFC 3339 §5.8, in seconds as date(1) says. */
#include "compiler/fetch/signature/trust/fields.h"

#include "tests/unit/compiler/fetch/signature/samples.h"

struct field { /* one value in a field `f` */
    struct json_object *tree;
    struct chimera_arena arena;
    struct chimera_error err;
    struct chimera_fields fields;
};

static void open_field(struct field *field, const char *value)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"f\":%s}", value);
    *field = (struct field){0};
    chimera_arena_init(&field->arena, 4096);
    field->fields = (struct chimera_fields){&field->arena, &field->err, "the test", CHIMERA_OK};
    assert_int_equal(chimera_json_parse(chimera_slice_of(text), &field->tree, NULL), CHIMERA_OK);
}

static int close_field(struct field *field)
{
    json_object_put(field->tree);
    chimera_arena_free(&field->arena);
    return field->fields.code;
}

static void numbers_are_texts_or_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        uint64_t number;
        int code;
    } cases[] = {
        {"\"5\"", 5, 0},
        {"5", 5, 0},
        {"\"0\"", 0, 0},
        {"null", 0, 0},
        {"\"9223372036854775807\"", INT64_MAX, 0},
        {"\"9223372036854775808\"", 0, CHIMERA_EINVAL},
        {"\"99999999999999999999999\"", 0, CHIMERA_EINVAL},
        {"\"-1\"", 0, CHIMERA_EINVAL},
        {"-1", 0, CHIMERA_EINVAL},
        {"1.5", 0, CHIMERA_EINVAL},
        {"\"\"", 0, CHIMERA_EINVAL},
        {"\"05\"", 0, CHIMERA_EINVAL},
        {"\"5\\u00006\"", 0, CHIMERA_EINVAL},
        {"[]", 0, CHIMERA_EINVAL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct field field;
        open_field(&field, cases[i].value);
        uint64_t number = chimera_fields_number(&field.fields, field.tree, "f");
        if (number != cases[i].number || close_field(&field) != cases[i].code)
            fail_msg("%s: %llu, %s", cases[i].value, (unsigned long long)number, field.err.text);
    }
}

static void times_are_those_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t seconds;
        int code;
    } cases[] = {
        {"\"1985-04-12T23:20:50.52Z\"", 482196050, 0},
        {"\"1996-12-19T16:39:57-08:00\"", 851042397, 0},
        {"\"1937-01-01T12:00:27.87+00:20\"", -1041337173, 0},
        {"\"2024-02-29T00:00:00Z\"", 1709164800, 0},
        {"\"2023-02-29T00:00:00Z\"", 0, CHIMERA_EINVAL},
        {"\"2023-13-01T00:00:00Z\"", 0, CHIMERA_EINVAL},
        {"\"2023-01-01T24:00:00Z\"", 0, CHIMERA_EINVAL},
        {"\"2023-01-01T00:00:00.Z\"", 0, CHIMERA_EINVAL},
        {"\"2023-01-01 00:00:00Z\"", 0, CHIMERA_EINVAL},
        {"\"2023-01-01T00:00:00Zz\"", 0, CHIMERA_EINVAL},
        {"\"2023-01-01T00:00:00+24:00\"", 0, CHIMERA_EINVAL},
        {"\"2023-1-01T00:00:00Z\"", 0, CHIMERA_EINVAL},
        {"\"\"", 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct field field;
        open_field(&field, cases[i].value);
        int64_t seconds = chimera_fields_time(&field.fields, field.tree, "f");
        if (seconds != cases[i].seconds || close_field(&field) != cases[i].code)
            fail_msg("%s: %lld, %s", cases[i].value, (long long)seconds, field.err.text);
    }
}

static void bytes_are_base64_or_hexadecimal(void **state)
{
    (void)state;
    struct field field;
    open_field(&field, "\"Zm9v\"");
    assert_true(chimera_slice_is(chimera_fields_bytes(&field.fields, field.tree, "f"), "foo"));
    assert_int_equal(close_field(&field), CHIMERA_OK);
    open_field(&field, "\"666f6F\"");
    assert_true(chimera_slice_is(chimera_fields_hex(&field.fields, field.tree, "f"), "foo"));
    assert_int_equal(close_field(&field), CHIMERA_OK);
    open_field(&field, "\"Zm9v\\n\"");
    assert_int_equal(chimera_fields_bytes(&field.fields, field.tree, "f").size, 0);
    assert_int_equal(close_field(&field), CHIMERA_EINVAL);
    open_field(&field, "\"666\"");
    assert_int_equal(chimera_fields_hex(&field.fields, field.tree, "f").size, 0);
    assert_int_equal(close_field(&field), CHIMERA_EINVAL);
    open_field(&field, "\"6x\"");
    assert_int_equal(chimera_fields_hex(&field.fields, field.tree, "f").size, 0);
    assert_int_equal(close_field(&field), CHIMERA_EINVAL);
}

static void the_first_failure_sticks(void **state)
{
    (void)state;
    struct field field;
    size_t count;
    open_field(&field, "[{},{},3]");
    assert_non_null(chimera_fields_list(&field.fields, field.tree, "f", 1, &count));
    assert_int_equal(count, 0);
    assert_null(chimera_fields_object(&field.fields, field.tree, "f"));
    assert_string_equal(field.err.text, "the test: the field `f` has too many elements");
    assert_int_equal(close_field(&field), CHIMERA_EINVAL);
}

static void nothing_is_found_in_nothing(void **state)
{
    (void)state;
    struct field field;
    size_t count;
    open_field(&field, "null");
    assert_null(chimera_fields_object(&field.fields, NULL, "f"));
    assert_null(chimera_fields_list(&field.fields, field.tree, "f", 1, &count));
    assert_int_equal(chimera_fields_bytes(&field.fields, NULL, "f").size, 0);
    assert_int_equal(chimera_fields_number(&field.fields, NULL, "f"), 0);
    assert_int_equal(close_field(&field), CHIMERA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_texts_or_numbers),
        cmocka_unit_test(times_are_those_of_the_standard),
        cmocka_unit_test(bytes_are_base64_or_hexadecimal),
        cmocka_unit_test(the_first_failure_sticks),
        cmocka_unit_test(nothing_is_found_in_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
