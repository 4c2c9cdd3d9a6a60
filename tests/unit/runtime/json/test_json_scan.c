/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and places are serde_json 1.0's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/json/scan.h"

/* In a heap block of exactly its size, so that a sanitizer sees the first byte read behind it. */
static int check_exactly(struct chimera_slice text, struct chimera_error *err)
{
    char *copy = malloc(text.size ? text.size : 1);
    assert_non_null(copy);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    int code = chimera_json_check((struct chimera_slice){copy, text.size}, err);
    free(copy);
    return code;
}

struct refusal {
    struct chimera_slice text;
    const char *why;
};

#define CONTROL "control character (\\u0000-\\u001F) found while parsing a string"
#define R(text, why) {{(text), sizeof(text) - 1}, (why)}

static const struct refusal refusals[] = {
    R("", "EOF while parsing a value at line 1 column 0"),
    R(" \n ", "EOF while parsing a value at line 2 column 1"),
    R("not json", "expected ident at line 1 column 2"),
    R("nul", "EOF while parsing a value at line 1 column 3"),
    R("hello", "expected value at line 1 column 1"),
    R("\xEF\xBB\xBF{}", "expected value at line 1 column 1"),
    R("'a'", "expected value at line 1 column 1"),
    R("NaN", "expected value at line 1 column 1"),
    R("Infinity", "expected value at line 1 column 1"),
    R("-Infinity", "invalid number at line 1 column 2"),
    R("// x\n1", "expected value at line 1 column 1"),
    R("true false", "trailing characters at line 1 column 6"),
    R("{\"a\":1}\n{\"a\":1}", "trailing characters at line 2 column 1"),
    R("{} trailing", "trailing characters at line 1 column 4"),
    R("1\0", "trailing characters at line 1 column 2"),
    R("1\f", "trailing characters at line 1 column 2"),
    R("{", "EOF while parsing an object at line 1 column 1"),
    R("{\"a\"", "EOF while parsing an object at line 1 column 4"),
    R("{\"a\" 1}", "expected `:` at line 1 column 6"),
    R("{\"a\":", "EOF while parsing a value at line 1 column 5"),
    R("{\"a\":1", "EOF while parsing an object at line 1 column 6"),
    R("{\"a\":1,", "EOF while parsing a value at line 1 column 7"),
    R("{\"a\":1,}", "trailing comma at line 1 column 8"),
    R("{\"a\":1 \"b\":2}", "expected `,` or `}` at line 1 column 8"),
    R("{\"a\":1]", "expected `,` or `}` at line 1 column 7"),
    R("{,}", "key must be a string at line 1 column 2"),
    R("{a:1}", "key must be a string at line 1 column 2"),
    R("{\"a\":1,2}", "key must be a string at line 1 column 8"),
    R("[", "EOF while parsing a list at line 1 column 1"),
    R("[1", "EOF while parsing a list at line 1 column 2"),
    R("[1,", "EOF while parsing a value at line 1 column 3"),
    R("[1,]", "trailing comma at line 1 column 4"),
    R("[,1]", "expected value at line 1 column 2"),
    R("[1 2]", "expected `,` or `]` at line 1 column 4"),
    R("[1}", "expected `,` or `]` at line 1 column 3"),
    R("]", "expected value at line 1 column 1"),
    R("01", "invalid number at line 1 column 2"),
    R("-", "EOF while parsing a value at line 1 column 1"),
    R("-x", "invalid number at line 1 column 2"),
    R("-01", "invalid number at line 1 column 3"),
    R("+1", "expected value at line 1 column 1"),
    R(".5", "expected value at line 1 column 1"),
    R("1.", "EOF while parsing a value at line 1 column 2"),
    R("1.x", "invalid number at line 1 column 3"),
    R("1e", "EOF while parsing a value at line 1 column 2"),
    R("1e+", "EOF while parsing a value at line 1 column 3"),
    R("1ex", "invalid number at line 1 column 3"),
    R("1e309", "number out of range at line 1 column 5"),
    R("-1e999", "number out of range at line 1 column 6"),
    R("0x10", "trailing characters at line 1 column 2"),
    R("\"abc", "EOF while parsing a string at line 1 column 4"),
    R("\"abc\\", "EOF while parsing a string at line 1 column 5"),
    R("\"a\nb\"", CONTROL " at line 2 column 0"),
    R("\"a\0b\"", CONTROL " at line 1 column 3"),
    R("\"12345678\x1F\"", CONTROL " at line 1 column 10"),
    R("\"\\x\"", "invalid escape at line 1 column 3"),
    R("\"\\u12g4\"", "invalid escape at line 1 column 7"),
    R("\"\\u12", "EOF while parsing a string at line 1 column 5"),
    R("\"\\uDEAD\"", "lone leading surrogate in hex escape at line 1 column 7"),
    R("\"\\uD83D\"", "unexpected end of hex escape at line 1 column 8"),
    R("\"\\uD83Dx\"", "unexpected end of hex escape at line 1 column 8"),
    R("\"\\uD83D\\n\"", "unexpected end of hex escape at line 1 column 9"),
    R("\"\\uD83D\\uD83D\"", "lone leading surrogate in hex escape at line 1 column 13"),
    R("\"ab\xFFz\"", "invalid unicode code point at line 1 column 4"),
    R("\"\xC0\x80\"", "invalid unicode code point at line 1 column 2"),
    R("\"\xE0\x80\x80\"", "invalid unicode code point at line 1 column 2"),
    R("\"\xED\xA0\x80\"", "invalid unicode code point at line 1 column 2"),
    R("\"\xF4\x90\x80\x80\"", "invalid unicode code point at line 1 column 2"),
    R("\"\xE2\x98\"", "invalid unicode code point at line 1 column 2"),
    R("{\"a\xFF\":1}", "invalid unicode code point at line 1 column 4"),
};

static void check_refuses_what_is_not_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct chimera_error err = {0};
        assert_int_equal(check_exactly(refusals[i].text, &err), CHIMERA_EINVAL);
        assert_string_equal(err.text, refusals[i].why);
    }
}

static void check_takes_what_is_json(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        " \t\r\n[ ] ",
        "0",
        "-0",
        "-0.0",
        "1e308",
        "1E-999",
        "0e99999999999",
        "123456789012345678901234567890",
        "\"\"",
        "\"\\u0000\"",
        "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
        "\"\\ud83d\\uDE00\"",
        "\"\x7F\"",
        "\"\xC3\xA9\xE2\x98\x83\xF0\x9F\x98\x80\"",
        "{\"a\":[{\"b\":null},true,false],\"a\":{}}",
        "{\"\":0}",
        "[[],{},[{}]]",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct chimera_error err = {0};
        int code = check_exactly(chimera_slice_of(texts[i]), &err);
        if (code < 0)
            print_message("%s: %s\n", texts[i], err.text);
        assert_int_equal(code, CHIMERA_OK);
    }
}

/* A text that is right has no right prefix but for blanks behind it. */
static void check_refuses_every_prefix(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5e+3,true,null,\"x\\u00e9\\ud83d\\ude00\xC3\xA9\"],\"b\":{\"c\":[]}}";
    (void)state;
    assert_int_equal(check_exactly(CHIMERA_SLICE(text), NULL), CHIMERA_OK);
    for (size_t size = 0; size < sizeof(text) - 1; size++)
        assert_int_equal(check_exactly((struct chimera_slice){text, size}, NULL), CHIMERA_EINVAL);
}

static void check_allows_127_levels(void **state)
{
    char text[2 * 128];
    struct chimera_error err = {0};
    (void)state;
    memset(text, '[', 128);
    memset(text + 128, ']', 128);
    assert_int_equal(check_exactly((struct chimera_slice){text + 1, 254}, NULL), CHIMERA_OK);
    assert_int_equal(check_exactly((struct chimera_slice){text, 256}, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "recursion limit exceeded at line 1 column 128");
}

static void text_decodes_escapes(void **state)
{
    static const char json[] = "\"a\\n\\u00e9\\ud83d\\ude00\\/\\\"\\u0000z\"";
    static const char plain[] = "a\n\xC3\xA9\xF0\x9F\x98\x80/\"\0z";
    struct chimera_arena arena;
    struct chimera_scan scan;
    struct chimera_scan_text text;
    (void)state;
    chimera_arena_init(&arena, 1000);
    chimera_scan_init(&scan, CHIMERA_SLICE(json));
    assert_true(chimera_scan_string(&scan, &text));
    assert_true(text.is_escaped);
    struct chimera_slice decoded = chimera_scan_text(text, &arena);
    assert_int_equal(decoded.size, sizeof(plain) - 1);
    assert_memory_equal(decoded.data, plain, sizeof(plain) - 1);
    chimera_arena_free(&arena);
}

static void text_without_escapes_is_not_copied(void **state)
{
    static const char json[] = "\"plain \xC3\xA9\"";
    struct chimera_arena arena;
    struct chimera_scan scan;
    struct chimera_scan_text text;
    (void)state;
    chimera_arena_init(&arena, 0);
    chimera_scan_init(&scan, CHIMERA_SLICE(json));
    assert_true(chimera_scan_string(&scan, &text));
    assert_ptr_equal(chimera_scan_text(text, &arena).data, json + 1);
}

static void explain_names_the_path(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"{\"a\":{\"b\":[1,{\"c\":01}]}}", "a.b[1].c: invalid number at line 1 column 20"},
        {"[[],[1,x]]", "[1][1]: expected value at line 1 column 8"},
        {"{\"a\":[1,]}", "a: trailing comma at line 1 column 9"},
        {"{\"a\":1 2}", "expected `,` or `}` at line 1 column 8"},
        {"x", "expected value at line 1 column 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_arena arena;
        struct chimera_scan scan;
        struct chimera_slice value;
        chimera_arena_init(&arena, 10000);
        chimera_scan_init(&scan, chimera_slice_of(cases[i].text));
        assert_false(chimera_scan_skip(&scan, &value));
        assert_string_equal(chimera_scan_explain(&scan, true, true, &arena).data, cases[i].why);
        chimera_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_refuses_what_is_not_json),
        cmocka_unit_test(check_takes_what_is_json),
        cmocka_unit_test(check_refuses_every_prefix),
        cmocka_unit_test(check_allows_127_levels),
        cmocka_unit_test(text_decodes_escapes),
        cmocka_unit_test(text_without_escapes_is_not_copied),
        cmocka_unit_test(explain_names_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
