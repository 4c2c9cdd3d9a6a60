/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of a guest or caller on an account: trees, their text, and what differs between two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/json/tree.h"
#include "runtime/review/patch.h"
#include "tests/unit/bomb.h"
#include "tests/unit/heap.h"

#define BOMB_BYTES ((size_t)11 << 17)
#define LIMIT ((uint64_t)4 << 20)

static const struct bomb bombs[] = {
    {"objects", "[", "{},", "1]"},
    {"arrays", "[", "[],", "1]"},
    {"members", "[", "{\"\":1},", "1]"},
    {"strings", "[", "\"\",", "1]"},
    {"numbers", "[", "1,", "1]"},
    {"fractions", "[", "0.5,", "1]"},
    {"words", "[", "true,", "1]"},
    {"nulls", "[", "null,", "1]"},
    {"one object", "{", "\"#\":0,", "\"\":1}"},
    {"one string", "\"", "text", "\""},
    {"escapes", "\"", "\\n", "\""},
    {"surrogates", "\"", "\\ud83d\\ude00", "\""},
    {"accents", "\"", "\xC3\xA9", "\""},
    {"a key", "{\"", "text", "\":1}"},
};

static int parse(const struct chimera_buffer *text, struct chimera_account *account,
                 struct json_object **ret_tree)
{
    struct chimera_error err = {0};
    int code = chimera_json_parse_within(chimera_buffer_slice(text), account, ret_tree, &err);
    assert_true(code == CHIMERA_OK || (err.text[0] && err.code == code));
    return code;
}

static void trees_cost_what_they_take(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *tree;
        bomb_make(&bombs[i], BOMB_BYTES, &text);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
        size_t before = heap_in_use();
        assert_int_equal(parse(&text, &account, &tree), CHIMERA_OK);
        size_t real = heap_in_use() - before;
        if (!heap_agrees(real, account.bytes))
            fail_msg("%s: %zu bytes, of which %zu were taken", bombs[i].name, real,
                     (size_t)account.bytes);
        json_object_put(tree);
        chimera_buffer_free(&text);
    }
}

/* malloc's own report of its most: what is mapped and grown, since the last one that was as high.
 */
static void trees_end_at_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *tree = NULL;
        bomb_make(&bombs[i], 5 * BOMB_BYTES, &text);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, LIMIT);
        size_t before = heap_in_use();
        if (parse(&text, &account, &tree) != CHIMERA_ELIMIT)
            fail_msg("%s: no end at the limit", bombs[i].name);
        assert_null(tree);
        assert_true(account.bytes_peak <= LIMIT);
        assert_true(!HEAP_IS_OURS || heap_in_use() < before + 8192); /* all is freed */
        chimera_buffer_free(&text);
    }
}

static void trees_end_when_the_time_is_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *tree = NULL;
        bomb_make(&bombs[i], BOMB_BYTES, &text);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER); /* long past */
        if (parse(&text, &account, &tree) != CHIMERA_EDEADLINE)
            fail_msg("%s: no end when the time is up", bombs[i].name);
        assert_null(tree);
        chimera_buffer_free(&text);
    }
}

static void escapes_are_read_in_pieces_as_in_one(void **state)
{
    (void)state;
    struct json_object *tree;
    static const char text[] =
        "\"a\\u00e9\\ud83d\\ude00\\\\\\\"\\/\\b\\u0041\\uD7FF\\udbff\\udfffz\"";
    static const char want[] = "a\xC3\xA9\xF0\x9F\x98\x80\\\"/\bA\xED\x9F\xBF\xF4\x8F\xBF\xBFz";
    assert_int_equal(chimera_json_parse(CHIMERA_SLICE(text), &tree, NULL), CHIMERA_OK);
    assert_int_equal(json_object_get_string_len(tree), sizeof(want) - 1);
    assert_memory_equal(json_object_get_string(tree), want, sizeof(want));
    json_object_put(tree);
}

static void writing_ends_with_its_account(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        struct chimera_buffer text, out;
        struct chimera_account account;
        struct json_object *tree;
        bomb_make(&bombs[i], bombs[i].head[0] == '"' ? 8 * BOMB_BYTES : BOMB_BYTES, &text);
        assert_int_equal(parse(&text, NULL, &tree), CHIMERA_OK);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        chimera_buffer_init_within(&out, 10 * BOMB_BYTES, &account);
        chimera_json_write(tree, &out);
        if (out.failed != CHIMERA_EDEADLINE)
            fail_msg("%s: no end when the time is up", bombs[i].name);
        chimera_buffer_free(&out);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 100000);
        chimera_buffer_init_within(&out, 10 * BOMB_BYTES, &account);
        chimera_json_write(tree, &out);
        assert_int_equal(out.failed, CHIMERA_ELIMIT);
        chimera_buffer_free(&out);
        assert_int_equal(account.bytes, 0);
        json_object_put(tree);
        chimera_buffer_free(&text);
    }
}

static int patch(const struct chimera_buffer *from, const struct chimera_buffer *to,
                 struct chimera_account *account, size_t arena_bytes)
{
    struct chimera_arena arena;
    struct chimera_slice made;
    struct chimera_error err = {0};
    uint64_t before = account->bytes;
    chimera_arena_init(&arena, arena_bytes);
    int code = chimera_patch_make(
        &(struct chimera_patch_texts){chimera_buffer_slice(from), chimera_buffer_slice(to), NULL},
        account, &arena, &made, &err);
    assert_int_equal(account->bytes, before);
    chimera_arena_free(&arena);
    return code;
}

/* Both ways to compare: texts, and trees where the arena has no room for texts. */
static void differences_end_with_their_account(void **state)
{
    (void)state;
    static const size_t arenas[] = {(size_t)1 << 30, 100};
    static const struct bomb from[] = {{"objects", "[", "{},", "1]"},
                                       {"one object", "{", "\"#\":0,", "\"\":1}"},
                                       {"numbers", "[", "1.0,", "1]"},
                                       {"deep", "", "[", ""}};
    static const struct bomb to[] = {{"arrays", "[", "[],", "1]"},
                                     {"one object", "{", "\"a#\":{},", "\"\":1}"},
                                     {"numbers", "[", "1e0,", "2]"},
                                     {"deep", "", "[", ""}};
    for (size_t i = 0; i < 3; i++) {
        struct chimera_buffer a, b;
        struct chimera_account account;
        bomb_make(&from[i], BOMB_BYTES, &a);
        bomb_make(&to[i], BOMB_BYTES, &b);
        for (size_t k = 0; k < 2; k++) {
            chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
            assert_int_equal(patch(&a, &b, &account, arenas[k]), CHIMERA_EDEADLINE);
            chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 100000);
            int code = patch(&a, &b, &account, arenas[k]);
            if (code != CHIMERA_ELIMIT && !(i == 2 && k == 0)) /* one number at a time */
                fail_msg("%s: %d", from[i].name, code);
        }
        chimera_buffer_free(&a);
        chimera_buffer_free(&b);
    }
}

/* A key of a megabyte is in the path of each of many changes: the patch has a maximum, and what
 * comes behind it is not worth a look. */
static void a_long_path_is_not_written_for_nothing(void **state)
{
    (void)state;
    static const size_t arenas[] = {(size_t)1 << 30, 100};
    static const struct bomb key = {"", "{\"", "text", "\":["};
    for (size_t k = 0; k < 2; k++) {
        struct chimera_buffer a, b;
        struct chimera_account account;
        bomb_make(&key, 1 << 20, &a);
        bomb_make(&key, 1 << 20, &b);
        a.limit = b.limit = 4 << 20;
        for (int i = 0; i < 100000; i++) {
            chimera_buffer_text(&a, "0,");
            chimera_buffer_text(&b, "1,");
        }
        chimera_buffer_text(&a, "0]}");
        chimera_buffer_text(&b, "1]}");
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
        assert_int_equal(patch(&a, &b, &account, arenas[k]), CHIMERA_ELIMIT);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        assert_int_equal(patch(&a, &b, &account, arenas[k]), CHIMERA_EDEADLINE);
        chimera_buffer_free(&a);
        chimera_buffer_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_cost_what_they_take),
        cmocka_unit_test(trees_end_at_the_limit),
        cmocka_unit_test(trees_end_when_the_time_is_up),
        cmocka_unit_test(escapes_are_read_in_pieces_as_in_one),
        cmocka_unit_test(writing_ends_with_its_account),
        cmocka_unit_test(differences_end_with_their_account),
        cmocka_unit_test(a_long_path_is_not_written_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
