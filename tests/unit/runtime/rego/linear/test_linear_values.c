/* SPDX-License-Identifier: Apache-2.0 */
/* Values built and read in a memory of the test's own. The order of members is that of OPA 1.22's
 * module, which gave these texts; fuzz_linear_values asks such a module itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/rego/linear/build.h"
#include "runtime/rego/linear/read.h"

enum { MEMORY = 1 << 20, TEXT_AT = 64, CANARY = 0xA5 };

static uint8_t memory[MEMORY];

static uint32_t room_at(const char *text)
{
    return TEXT_AT + (((uint32_t)strlen(text) + 4) & ~3u);
}

/* Builds within `room` bytes and looks that nothing else was written. */
static enum chimera_linear_result build(const char *text, uint32_t room, uint32_t *ret_value)
{
    size_t size = strlen(text);
    uint32_t at = room_at(text);
    memset(memory, CANARY, sizeof(memory));
    memcpy(memory + TEXT_AT, text, size + 1);
    struct chimera_slice slice = {(const char *)memory + TEXT_AT, size};
    enum chimera_linear_result made = chimera_linear_build(memory, slice, at, at + room, ret_value);
    for (uint32_t i = at + room; i < at + room + 4096; i++)
        assert_int_equal(memory[i], CANARY);
    assert_memory_equal(memory + TEXT_AT, text, size + 1);
    return made;
}

static const struct chimera_linear_memory whole = {memory, MEMORY};

static void expect(const char *text, const char *dump)
{
    uint32_t value;
    struct chimera_buffer out;
    chimera_buffer_init(&out, MEMORY);
    uint64_t room = chimera_linear_build_room((struct chimera_slice){text, strlen(text)});
    assert_int_equal(build(text, (uint32_t)room, &value), CHIMERA_LINEAR_BUILT);
    assert_true(chimera_linear_dump(whole, value, CHIMERA_LINEAR_JSON, &out));
    chimera_buffer_byte(&out, 0);
    assert_string_equal(out.data, dump);
    chimera_buffer_free(&out);
}

static void values_are_those_of_the_text(void **state)
{
    (void)state;
    expect("null", "null");
    expect(" true ", "true");
    expect("false", "false");
    expect("-0", "-0");
    expect("3.50", "3.50");
    expect("100000000000000000000000", "100000000000000000000000");
    expect("\"\"", "\"\"");
    expect("[]", "[]");
    expect("{}", "{}");
    expect("[ 1 , [ ] , {} , \"a\" ]", "[1,[],{},\"a\"]");
    expect("[[[[[[[[[[[[1]]]]]]]]]],2]]", "[[[[[[[[[[[[1]]]]]]]]]],2]]");
    expect("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u00e9\\u20ac\\ud83d\\ude00 \\u007f\"",
           "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000\\u001f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 "
           "\x7f\"");
}

static void members_are_in_the_order_of_opa(void **state)
{
    (void)state;
    expect("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}",
           "{\"e\":5,\"d\":4,\"c\":3,\"b\":2,\"a\":1}");
    expect("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6}",
           "{\"f\":6,\"e\":5,\"d\":4,\"c\":3,\"b\":2,\"a\":1}");
    expect("{\"k\":0,\"ka\":1,\"kb\":-2,\"kc\":3.50,\"kd\":4e2,\"ke\":-0,\"kf\":[],\"kg\":{},"
           "\"kh\":\"\",\"ki\":null,\"kj\":true,\"k\xc3\xa9\":false}",
           "{\"k\xc3\xa9\":false,\"k\":0,\"kh\":\"\",\"ki\":null,\"kj\":true,\"kd\":4e2,\"ke\":-0,"
           "\"kf\":[],\"kg\":{},\"ka\":1,\"kb\":-2,\"kc\":3.50}");
}

static void the_last_of_equal_keys_counts(void **state)
{
    uint32_t value;
    (void)state;
    expect("{\"a\":1,\"b\":2,\"a\":{\"b\":[3]}}", "{\"b\":2,\"a\":{\"b\":[3]}}");
    /* OPA's object would have eight buckets; it has five members. */
    assert_int_equal(build("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"a\":6}", 4096, &value),
                     CHIMERA_LINEAR_REFUSED);
}

static void what_is_no_json_is_the_guests(void **state)
{
    static const char *const texts[] = {
        "",          " ",       "{",        "[",          "[1",      "[1,]",
        "[,1]",      "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{1:2}",   "[1}",
        "{\"a\":1]", "]",       "tru",      "nul",        "01",      "-",
        "1.",        "1e",      "\"",       "\"\n\"",     "\"\\x\"", "\"\\ud800\"",
        "\"\xff\"",  "1 2",     "[1 2]",    "{\"a\" 1}",  "'a'",     "{\"a\":1 \"b\"}"};
    uint32_t value;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(build(texts[i], 4096, &value), CHIMERA_LINEAR_REFUSED);
}

static void too_little_room_is_said(void **state)
{
    static const char text[] =
        "{\"a\":[1,2,{\"b\":\"c\\n\"}],\"d\":{},\"e\":[],\"f\":null,\"g\":[[]],"
        "\"h\":1,\"i\":2,\"j\":\"\\u0041\\u0042\"}";
    uint32_t value, room = 0, most = (uint32_t)chimera_linear_build_room(CHIMERA_SLICE(text));
    (void)state;
    while (build(text, room, &value) == CHIMERA_LINEAR_ROOM)
        room++;
    assert_in_range(room, 1, most);
    for (; room <= most; room++)
        assert_int_equal(build(text, room, &value), CHIMERA_LINEAR_BUILT);
}

/* Texts that take the most of room for a byte. */
static void the_room_that_was_counted_is_enough(void **state)
{
    static const char *const parts[] = {"{}",   "[]",  "1",         "\"\"",    "null",     "[[]]",
                                        "[{}]", "[1]", "{\"\":{}}", "\"\\n\"", "{\"a\":1}"};
    static char text[20000];
    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        strcpy(text, "[");
        for (int k = 0; k < 999; k++)
            strcat(strcat(text, parts[i]), ",");
        strcat(strcat(text, parts[i]), "]");
        uint32_t value;
        uint64_t room = chimera_linear_build_room((struct chimera_slice){text, strlen(text)});
        assert_int_equal(build(text, (uint32_t)room, &value), CHIMERA_LINEAR_BUILT);
    }
}

static void nesting_has_a_limit(void **state)
{
    static char text[1000];
    uint32_t value;
    (void)state;
    for (size_t depth = 150; depth < 170; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        assert_int_equal(build(text, 40000, &value),
                         depth <= 160 ? CHIMERA_LINEAR_BUILT : CHIMERA_LINEAR_REFUSED);
    }
}

/* Whoever chooses keys of one bucket would have all of them compared with each other. */
static void keys_of_one_bucket_are_the_guests(void **state)
{
    static char text[20000];
    uint32_t value;
    (void)state;
    strcpy(text, "{\"a\":0");
    char *to = text + strlen(text);
    for (unsigned i = 99999, found = 0; found < 70; i--) {
        char key[32];
        int size = snprintf(key, sizeof(key), "%u", i);
        if ((chimera_linear_hash(key, (size_t)size) & 127) != 0)
            continue;
        to += sprintf(to, ",\"%s\":0", key);
        found++;
    }
    strcpy(to, "}");
    assert_int_equal(build(text, 40000, &value), CHIMERA_LINEAR_REFUSED);
}

/* --- Reading what a hostile guest has --- */

static void is_left_to_the_guest(uint32_t value)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    assert_false(chimera_linear_dump(whole, value, CHIMERA_LINEAR_JSON, &out));
    chimera_buffer_free(&out);
}

static uint32_t put(uint32_t at, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    chimera_linear_store(memory + at, a);
    chimera_linear_store(memory + at + 4, b);
    chimera_linear_store(memory + at + 8, c);
    chimera_linear_store(memory + at + 12, d);
    return at;
}

static void addresses_outside_are_not_followed(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    is_left_to_the_guest(0);
    is_left_to_the_guest(MEMORY);
    is_left_to_the_guest(MEMORY - 1);
    is_left_to_the_guest(UINT32_MAX);
    memory[MEMORY - 1] = CHIMERA_LINEAR_STRING;
    is_left_to_the_guest(MEMORY - 1);
    for (uint32_t type = CHIMERA_LINEAR_STRING; type <= CHIMERA_LINEAR_SET; type++) {
        is_left_to_the_guest(put(64, type, UINT32_MAX, UINT32_MAX, UINT32_MAX));
        is_left_to_the_guest(put(64, type, MEMORY - 4, 8, 8));
        is_left_to_the_guest(put(64, type, 8, MEMORY - 4, 1));
    }
    is_left_to_the_guest(
        put(64, CHIMERA_LINEAR_NUMBER | CHIMERA_LINEAR_NUMBER_TEXT << 8, 0, MEMORY - 4, 8));
    is_left_to_the_guest(put(64, CHIMERA_LINEAR_NUMBER | 3 << 8, 0, 0, 0));
}

static void values_within_themselves_end(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    put(64, CHIMERA_LINEAR_ARRAY, 128, 1, 1); /* [itself] */
    put(128, 0, 64, 0, 0);
    is_left_to_the_guest(64);
    put(64, CHIMERA_LINEAR_SET, 128, 8, UINT32_MAX); /* a member that follows itself */
    put(128, 256, 0, 0, 0);
    put(256, 512, 256, 0, 0);
    put(512, CHIMERA_LINEAR_NULL, 0, 0, 0);
    is_left_to_the_guest(64);
    put(64, CHIMERA_LINEAR_SET, 128, 1 << 16, 1); /* buckets for nothing */
    is_left_to_the_guest(64);
    put(64, CHIMERA_LINEAR_SET, 128, 8, 2); /* fewer than it says */
    put(256, 512, 0, 0, 0);
    is_left_to_the_guest(64);
    put(64, CHIMERA_LINEAR_SET, 128, 8, 0); /* an empty one, whatever the buckets have */
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    assert_true(chimera_linear_dump(whole, 64, CHIMERA_LINEAR_JSON, &out));
    assert_true(chimera_slice_is(chimera_buffer_slice(&out), "[]"));
    chimera_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_text),
        cmocka_unit_test(members_are_in_the_order_of_opa),
        cmocka_unit_test(the_last_of_equal_keys_counts),
        cmocka_unit_test(what_is_no_json_is_the_guests),
        cmocka_unit_test(too_little_room_is_said),
        cmocka_unit_test(the_room_that_was_counted_is_enough),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(keys_of_one_bucket_are_the_guests),
        cmocka_unit_test(addresses_outside_are_not_followed),
        cmocka_unit_test(values_within_themselves_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
