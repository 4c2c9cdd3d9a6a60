/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "runtime/json/number.h"
#include "runtime/json/tree.h"

static struct json_object *parse(const char *text)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    int code = chimera_json_parse(chimera_slice_of(text), &tree, &err);
    if (code < 0)
        print_message("%s: %s\n", text, err.text);
    assert_int_equal(code, CHIMERA_OK);
    return tree;
}

static void assert_text(struct chimera_buffer *buffer, const char *text)
{
    chimera_buffer_byte(buffer, '\0');
    assert_int_equal(buffer->failed, 0);
    assert_string_equal(buffer->data, text);
    chimera_buffer_free(buffer);
}

static void write_sorts_keys_and_keeps_numbers(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"null", "null"},
        {" { \"b\" : 1 , \"a\" : [ true , false , null ] } ", "{\"a\":[true,false,null],\"b\":1}"},
        {"{\"b\":1,\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3}"},
        {"{\"\xC3\xA9\":1,\"z\":2,\"Z\":3,\"aa\":4,\"a\":5}",
         "{\"Z\":3,\"a\":5,\"aa\":4,\"z\":2,\"\xC3\xA9\":1}"},
        {"[18446744073709551615,18446744073709551616]",
         "[18446744073709551615,1.8446744073709552e19]"},
        {"[9223372036854775807,9223372036854775808]", "[9223372036854775807,9223372036854775808]"},
        {"[-9223372036854775808,-9223372036854775809]",
         "[-9223372036854775808,-9.223372036854776e18]"},
        {"[0,-0,-0.0,1.0,1e2,1E-7]", "[0,-0.0,-0.0,1.0,100.0,1e-7]"},
        {"\"a/b\\u00e9\\u0001\\n\\u007f\"", "\"a/b\xC3\xA9\\u0001\\n\x7F\""},
        {"\"\\u0000x\"", "\"\\u0000x\""},
        {"[[[{}]],[],{}]", "[[[{}]],[],{}]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHIMERA_JSON struct json_object *tree = parse(cases[i].in);
        struct chimera_buffer out;
        chimera_buffer_init(&out, 1000);
        chimera_json_write(tree, &out);
        assert_text(&out, cases[i].out);
    }
}

static void parse_refuses_with_the_place(void **state)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    (void)state;
    assert_int_equal(chimera_json_parse(CHIMERA_SLICE("{\"a\":[1,2,],}"), &tree, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text, "trailing comma at line 1 column 11");
    assert_int_equal(chimera_json_parse(CHIMERA_SLICE("{\"a\":1} x"), &tree, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "trailing characters at line 1 column 9");
    assert_int_equal(chimera_json_parse(CHIMERA_SLICE("{\"a\\u0000b\":1}"), &tree, &err),
                     CHIMERA_EINVAL);
    assert_null(tree);
}

/* Expected values: ryu 1.0.23, which serde_json printed with for long; of late it writes 1e+16. */
static void double_is_the_shortest_that_reads_back(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.30000000000000004, "0.30000000000000004"},
        {100.0, "100.0"},
        {123456.789, "123456.789"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e16"},
        {1.5e16, "1.5e16"},
        {12345678901234567890.0, "1.2345678901234567e19"},
        {1e300, "1e300"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
        {0.001, "0.001"},
        {0.0001, "0.0001"},
        {0.00001, "0.00001"},
        {0.000001, "1e-6"},
        {1.25e-7, "1.25e-7"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44 */
        {9007199254740993.0, "9007199254740992.0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, 100);
        chimera_json_write_double(cases[i].number, &out);
        assert_text(&out, cases[i].text);
        struct chimera_slice text = chimera_slice_of(cases[i].text);
        assert_true(chimera_number_read(text).f64 == cases[i].number);
    }
}

static void number_reads_long_decimals(void **state)
{
    char text[2100]; /* 0.000…01e1995, of which the one is the 1995th digit */
    (void)state;
    int size = snprintf(text, sizeof(text), "0.%01995de1995", 1);
    struct chimera_number number = chimera_number_read((struct chimera_slice){text, (size_t)size});
    assert_int_equal(number.kind, CHIMERA_NUMBER_F64);
    assert_true(number.f64 == 1.0);
}

static void write_string_replaces_bad_utf8(void **state)
{
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, 100);
    chimera_json_write_string(CHIMERA_SLICE("a\xFF\xC3\xA9\xE2\x98"), &out);
    assert_text(&out, "\"a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

/* policy-server.md §4.6. */
static void diff_follows_the_reference(void **state)
{
    static const struct {
        const char *from, *to, *patch;
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1}", ""},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", ""},
        {"{\"a\":1}", "\"s\"", "[{\"op\":\"replace\",\"path\":\"\",\"value\":\"s\"}]"},
        {"{\"n\":1.0}", "{\"n\":1}", "[{\"op\":\"replace\",\"path\":\"/n\",\"value\":1}]"},
        {"{\"n\":1e3}", "{\"n\":1000.0}", ""},
        {"{\"n\":18446744073709551615}", "{\"n\":9223372036854775807}",
         "[{\"op\":\"replace\",\"path\":\"/n\",\"value\":9223372036854775807}]"},
        {"{\"z\":1,\"b\":1}", "{\"c\":{\"y\":1,\"x\":2},\"a\":null}",
         "[{\"op\":\"add\",\"path\":\"/a\",\"value\":null},"
         "{\"op\":\"add\",\"path\":\"/c\",\"value\":{\"x\":2,\"y\":1}},"
         "{\"op\":\"remove\",\"path\":\"/b\"},{\"op\":\"remove\",\"path\":\"/z\"}]"},
        {"{\"a\":[1,2,3,4]}", "{\"a\":[1,5]}",
         "[{\"op\":\"replace\",\"path\":\"/a/1\",\"value\":5},"
         "{\"op\":\"remove\",\"path\":\"/a/2\"},{\"op\":\"remove\",\"path\":\"/a/2\"}]"},
        {"[1]", "[1,[2],3]",
         "[{\"op\":\"add\",\"path\":\"/1\",\"value\":[2]},{\"op\":\"add\",\"path\":\"/"
         "2\",\"value\":3}]"},
        {"{\"a/b~c\":{\"\\\"\":1}}", "{\"a/b~c\":{\"\\\"\":2}}",
         "[{\"op\":\"replace\",\"path\":\"/a~1b~0c/\\\"\",\"value\":2}]"},
        {"{\"a\":null}", "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]"},
        {"{\"a\":null}", "{\"a\":false}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":false}]"},
        {"{\"a\":[]}", "{\"a\":{}}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":{}}]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHIMERA_JSON struct json_object *from = parse(cases[i].from);
        CHIMERA_JSON struct json_object *to = parse(cases[i].to);
        struct chimera_buffer out;
        chimera_buffer_init(&out, 1000);
        assert_int_equal(chimera_json_diff(from, to, &out), cases[i].patch[0] != '\0');
        assert_text(&out, cases[i].patch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_sorts_keys_and_keeps_numbers),
        cmocka_unit_test(parse_refuses_with_the_place),
        cmocka_unit_test(double_is_the_shortest_that_reads_back),
        cmocka_unit_test(number_reads_long_decimals),
        cmocka_unit_test(write_string_replaces_bad_utf8),
        cmocka_unit_test(diff_follows_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
