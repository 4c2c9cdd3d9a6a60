/* SPDX-License-Identifier: Apache-2.0 */
/* Rego values of a guest on an account: reading, writing, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/rego/value.h"
#include "tests/unit/bomb.h"
#include "tests/unit/heap.h"

#define BOMB_BYTES ((size_t)9 << 17)
#define LIMIT ((uint64_t)1 << 20)

static const struct bomb bombs[] = {
    {"objects", "[", "{},", "1]"},
    {"arrays", "[", "[],", "1]"},
    {"sets", "[", "{1},", "1]"},
    {"empty sets", "[", "set(),", "1]"},
    {"members", "[", "{\"\":1},", "1]"},
    {"strings", "[", "\"\",", "1]"},
    {"numbers", "[", "1,", "1]"},
    {"fractions", "[", "1.0,", "1]"},
    {"words", "[", "true,", "1]"},
    {"nulls", "[", "null,", "1]"},
    {"one object", "{", "\"#\":0,", "\"\":1}"},
    {"one set", "{", "\"#\",", "1}"},
    {"keys that are values", "[", "{[1,{2}]:1},", "1]"},
    {"one string", "\"", "text", "\""},
    {"escapes", "\"", "\\n", "\""},
    {"accents", "\"", "\xC3\xA9", "\""},
    {"a key", "{\"", "text", "\":1}"},
    {"a number", "1.", "0", ""},
    {"spaces", "[", " ", "1]"},
};
enum { BOMBS = sizeof(bombs) / sizeof(bombs[0]) };

static int parse(const struct chimera_buffer *text, struct chimera_account *account,
                 struct json_object **ret_value)
{
    struct chimera_error err = {0};
    int code = chimera_rego_parse_within(chimera_buffer_slice(text), account, ret_value, &err);
    assert_true(code == CHIMERA_OK || (err.text[0] && err.code == code));
    return code;
}

static void values_cost_what_they_take(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOMBS; i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *value;
        bomb_make(&bombs[i], BOMB_BYTES, &text);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
        size_t before = heap_in_use();
        assert_int_equal(parse(&text, &account, &value), CHIMERA_OK);
        size_t real = heap_in_use() - before;
        if (!heap_agrees(real, account.bytes))
            fail_msg("%s: %zu bytes, of which %zu were taken", bombs[i].name, real,
                     (size_t)account.bytes);
        json_object_put(value);
        chimera_buffer_free(&text);
    }
}

/* Nothing is made of spaces. */
static void values_end_at_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOMBS - 1; i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *value = NULL;
        bomb_make(&bombs[i], 3 * BOMB_BYTES, &text);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, LIMIT);
        size_t before = heap_in_use();
        if (parse(&text, &account, &value) != CHIMERA_ELIMIT)
            fail_msg("%s: no end at the limit", bombs[i].name);
        assert_null(value);
        assert_true(account.bytes_peak <= LIMIT);
        assert_true(!HEAP_IS_OURS || heap_in_use() < before + 8192); /* all is freed */
        chimera_buffer_free(&text);
    }
}

static void values_end_when_the_time_is_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOMBS; i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *value = NULL;
        bomb_make(&bombs[i], BOMB_BYTES, &text);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER); /* long past */
        if (parse(&text, &account, &value) != CHIMERA_EDEADLINE)
            fail_msg("%s: no end when the time is up", bombs[i].name);
        assert_null(value);
        chimera_buffer_free(&text);
    }
}

static void writing_ends_with_its_account(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOMBS - 1; i++) {
        struct chimera_buffer text, out;
        struct chimera_account account;
        struct json_object *value;
        bomb_make(&bombs[i], BOMB_BYTES, &text);
        assert_int_equal(parse(&text, NULL, &value), CHIMERA_OK);
        for (int is_shown = 0; is_shown < 2; is_shown++) {
            chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
            chimera_buffer_init_within(&out, 10 * BOMB_BYTES, &account);
            (is_shown ? chimera_rego_print : chimera_rego_write)(value, &out);
            if (out.failed != CHIMERA_EDEADLINE)
                fail_msg("%s: no end when the time is up", bombs[i].name);
            chimera_buffer_free(&out);
            chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 1000);
            chimera_buffer_init_within(&out, 10 * BOMB_BYTES, &account);
            (is_shown ? chimera_rego_print : chimera_rego_write)(value, &out);
            if (out.failed != CHIMERA_ELIMIT)
                fail_msg("%s: no end at the limit", bombs[i].name);
            chimera_buffer_free(&out);
            assert_int_equal(account.bytes, 0);
        }
        json_object_put(value);
        chimera_buffer_free(&text);
    }
}

static struct json_object *value_of(const char *text)
{
    struct json_object *value = NULL;
    struct chimera_error err = {0};
    if (chimera_rego_parse(chimera_slice_of(text), &value, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return value;
}

static void assert_written(struct json_object *value, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 1 << 20);
    chimera_rego_write(value, &out);
    if (!chimera_slice_is(chimera_buffer_slice(&out), want))
        fail_msg("%.*s in place of %s", (int)out.size, out.data, want);
    chimera_buffer_free(&out);
}

static void strings_are_read_to_their_ends(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"\"\"", "\"\""},
        {"\"\\\"\"", "\"\\\"\""},
        {"\"\\\"\\\"x\\\\\"", "\"\\\"\\\"x\\\\\""},
        {"[\"a\\nb\",\"\\u0001\\\"\",\"c\"]", "[\"a\\u000ab\",\"\\u0001\\\"\",\"c\"]"},
        {"{\"a\\\"\":\"\\\\\",\"b\":{\"\\t\"}}", "{\"a\\\"\":\"\\\\\",\"b\":{\"\\u0009\"}}"},
        {"{1:2,[3]:{\"x\"},\"y\":set()}", "{1:2,\"y\":set(),[3]:{\"x\"}}"},
        {"{ \"a\" : { \"b\" : 1 , \"c\" : 2 } , \"d\" : { } }",
         "{\"a\":{\"b\":1,\"c\":2},\"d\":{}}"},
    };
    static const char *const wrong[] = {"\"\\\"",       "\"a\\",    "\"\\\\\\\"",     "{\"a\\\":1}",
                                        "[\"x\\u00\"]", "\"\xC3\"", "\"\xC3\\n\xA9\""};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_object *value = value_of(cases[i].text);
        assert_written(value, cases[i].want);
        json_object_put(value);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct json_object *value = NULL;
        if (chimera_rego_parse(chimera_slice_of(wrong[i]), &value, NULL) != CHIMERA_EINVAL)
            fail_msg("%s was taken", wrong[i]);
    }
}

/* Members are sorted once, where they are; whoever searches finds them as before. */
static void members_are_put_in_order(void **state)
{
    (void)state;
    struct json_object *object = value_of("{\"c\":1,\"a\":2,\"\xC3\xA9\":3,\"B\":4,\"ab\":5}");
    static const char *const want[] = {"B", "a", "ab", "c", "\xC3\xA9"};
    for (int round = 0; round < 2; round++) {
        size_t i = 0;
        assert_int_equal(chimera_rego_order_members(object, NULL), CHIMERA_OK);
        const struct lh_entry *entry = json_object_get_object(object)->head, *before = NULL;
        for (; entry; before = entry, entry = entry->next, i++) {
            assert_string_equal((const char *)lh_entry_k(entry), want[i]);
            assert_ptr_equal(entry->prev, before);
            assert_ptr_equal(json_object_object_get(object, want[i]), lh_entry_v(entry));
        }
        assert_int_equal(i, 5);
        assert_ptr_equal(json_object_get_object(object)->tail, before);
    }
    json_object_put(object);
}

/* OPA's order: null, booleans, numbers, strings, arrays, objects, sets. */
static void values_have_an_order(void **state)
{
    (void)state;
    static const char *const sorted[] = {"null",
                                         "false",
                                         "true",
                                         "-1",
                                         "0.5",
                                         "1",
                                         "12345678901234567890",
                                         "12345678901234567891",
                                         "\"\"",
                                         "\"a\"",
                                         "\"ab\"",
                                         "\"b\"",
                                         "[]",
                                         "[1]",
                                         "[1,1]",
                                         "[2]",
                                         "{}",
                                         "{\"a\":1}",
                                         "{\"b\":0,\"a\":1}",
                                         "{\"a\":2}",
                                         "{\"b\":1}",
                                         "set()",
                                         "{1}",
                                         "{2,1}",
                                         "{2}"};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        struct json_object *a = value_of(sorted[i]);
        for (size_t k = 0; k < sizeof(sorted) / sizeof(sorted[0]); k++) {
            struct json_object *b = value_of(sorted[k]);
            int order = chimera_rego_compare(a, b, NULL);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s and %s: %d", sorted[i], sorted[k], order);
            json_object_put(b);
        }
        json_object_put(a);
    }
}

static void sets_have_no_repeats(void **state)
{
    (void)state;
    struct json_object *set =
        value_of("{3,\"b\",1,3,{\"x\":1,\"y\":{2,1}},1,\"b\",[1],{\"y\":{1,2},\"x\":1},3,null}");
    assert_written(set, "{null,1,3,\"b\",[1],{\"x\":1,\"y\":{1,2}}}");
    json_object_put(set);
}

static void comparing_ends_with_its_account(void **state)
{
    (void)state;
    static const struct bomb both[] = {
        {"strings", "\"", "text", "\""},         {"arrays", "[", "1,", "1]"},
        {"objects", "{", "\"#\":0,", "\"\":1}"}, {"sets", "{", "\"#\",", "1}"},
        {"a key", "{\"", "text", "\":1}"},       {"fractions", "1.", "0", ""},
    };
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *a, *b;
        bomb_make(&both[i], 2 * BOMB_BYTES, &text);
        assert_int_equal(parse(&text, NULL, &a), CHIMERA_OK);
        assert_int_equal(parse(&text, NULL, &b), CHIMERA_OK);
        assert_int_equal(chimera_rego_compare(a, b, NULL), 0);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        chimera_rego_compare(a, b, &account);
        if (account.failed != CHIMERA_EDEADLINE)
            fail_msg("%s: no end when the time is up", both[i].name);
        json_object_put(a);
        json_object_put(b);
        chimera_buffer_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_cost_what_they_take),
        cmocka_unit_test(values_end_at_the_limit),
        cmocka_unit_test(values_end_when_the_time_is_up),
        cmocka_unit_test(writing_ends_with_its_account),
        cmocka_unit_test(strings_are_read_to_their_ends),
        cmocka_unit_test(members_are_put_in_order),
        cmocka_unit_test(values_have_an_order),
        cmocka_unit_test(sets_have_no_repeats),
        cmocka_unit_test(comparing_ends_with_its_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
