/* SPDX-License-Identifier: Apache-2.0 */
/* YAML of a guest on an account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/yaml/yaml.h"
#include "tests/unit/bomb.h"
#include "tests/unit/heap.h"

#define BOMB_BYTES ((size_t)3 << 18)
#define LIMIT ((uint64_t)4 << 20)

static const struct bomb bombs[] = {
    {"objects", "[", "{},", "1]"},
    {"arrays", "[", "[],", "1]"},
    {"numbers", "[", "1,", "1]"},
    {"lines", "", "- \n", ""},
    {"members", "", "k#: \n", ""},
    {"complex keys", "", "? a\n", ""},
    {"texts", "", "- 'a'\n", ""},
    {"one text", "", "a", ""},
    {"a block", "|\n", "  a\n", ""},
    {"escapes", "\"", "\\L", "\""},
    {"folded", "\"", "a\n\n", "\""},
    {"comments", "", "#\n", ""},
    {"anchors", "[", "&a# 1,", "1]"},
    {"aliases", "[&a [1,1,1,1,1,1,1,1],", "*a,", "1]"},
    {"directives", "", "%TAG !a#! x\n", "--- a\n"},
    {"tags", "%TAG !a! tag:yaml.org,2002:\n--- [", "!a!str x,", "1]"},
};
enum { BOMBS = sizeof(bombs) / sizeof(bombs[0]) };

/* 200 repeats of something that has 200 repeats: as many as are let through. */
static void make_copies(struct chimera_buffer *ret_text)
{
    chimera_buffer_init(ret_text, 1 << 20);
    chimera_buffer_text(ret_text, "a: &a {k: {}}\nb: &b [");
    for (int i = 0; i < 200; i++)
        chimera_buffer_text(ret_text, "*a,");
    chimera_buffer_text(ret_text, "1]\nc: [");
    for (int i = 0; i < 190; i++)
        chimera_buffer_text(ret_text, "*b,");
    chimera_buffer_text(ret_text, "1]\n");
}

static int parse(const struct chimera_buffer *text, struct chimera_account *account,
                 struct json_object **ret_tree)
{
    struct chimera_yaml_options options = {.account = account};
    struct chimera_error err = {0};
    assert_int_equal(text->failed, 0);
    int code = chimera_yaml_parse(chimera_buffer_slice(text), &options, ret_tree, &err);
    assert_true(code == CHIMERA_OK || (err.text[0] && err.code == code));
    return code;
}

static void check_cost(const char *name, const struct chimera_buffer *text)
{
    struct chimera_account account;
    struct json_object *tree = NULL;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    size_t before = heap_in_use();
    int code = parse(text, &account, &tree);
    size_t real = heap_in_use() - before;
    if (code < 0 || !heap_agrees(real, account.bytes))
        fail_msg("%s: code %d, %zu bytes, of which %zu were taken", name, code, real,
                 (size_t)account.bytes);
    json_object_put(tree);
}

static void trees_cost_what_they_take(void **state)
{
    (void)state;
    struct chimera_buffer text;
    for (size_t i = 0; i < BOMBS; i++) {
        /* Keys that replace each other, and anchors, do not stay and are not given back one by one;
         * so many aliases are too many; the directives of a large text take libyaml minutes. */
        bool stays = strcmp(bombs[i].name, "complex keys") && strcmp(bombs[i].name, "anchors") &&
                     strcmp(bombs[i].name, "aliases");
        bomb_make(&bombs[i], strcmp(bombs[i].name, "directives") ? BOMB_BYTES : 10000, &text);
        if (stays)
            check_cost(bombs[i].name, &text);
        chimera_buffer_free(&text);
    }
    make_copies(&text);
    check_cost("copies", &text);
    chimera_buffer_free(&text);
}

static void trees_end_at_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i <= BOMBS; i++) {
        struct chimera_buffer text;
        struct chimera_account account;
        struct json_object *tree = NULL;
        if (i < BOMBS)
            bomb_make(&bombs[i], BOMB_BYTES, &text);
        else
            make_copies(&text);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, LIMIT);
        size_t before = heap_in_use();
        if (parse(&text, &account, &tree) != CHIMERA_ELIMIT)
            fail_msg("%s: no end at the limit", i < BOMBS ? bombs[i].name : "copies");
        assert_null(tree);
        assert_int_equal(account.failed, CHIMERA_ELIMIT);
        assert_true(account.bytes_peak <= LIMIT);
        assert_true(!HEAP_IS_OURS || heap_in_use() < before + 8192); /* all is freed */
        chimera_buffer_free(&text);
    }
}

static void trees_end_when_the_time_is_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOMBS; i++) {
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

static void writing_ends_with_its_account(void **state)
{
    (void)state;
    static const struct bomb trees[] = {
        {"objects", "[", "{},", "1]"},   {"arrays", "[", "[],", "1]"}, {"numbers", "[", "1,", "1]"},
        {"members", "", "k#: \n", ""},   {"texts", "", "- 'a'\n", ""}, {"one text", "", "a", ""},
        {"a block", "|\n", "  a\n", ""},
    };
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        struct chimera_buffer text, out;
        struct chimera_account account;
        struct json_object *tree = NULL;
        bomb_make(&trees[i], BOMB_BYTES, &text);
        assert_int_equal(parse(&text, NULL, &tree), CHIMERA_OK);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        chimera_buffer_init_within(&out, 10 * BOMB_BYTES, &account);
        chimera_yaml_write(tree, &out);
        if (out.failed != CHIMERA_EDEADLINE)
            fail_msg("%s: no end when the time is up", trees[i].name);
        chimera_buffer_free(&out);
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 200000);
        chimera_buffer_init_within(&out, 10 * BOMB_BYTES, &account);
        chimera_yaml_write(tree, &out);
        if (out.failed != CHIMERA_ELIMIT)
            fail_msg("%s: no end at the limit", trees[i].name);
        chimera_buffer_free(&out);
        assert_int_equal(account.bytes, 0);
        json_object_put(tree);
        chimera_buffer_free(&text);
    }
}

/* Without an account too: what an operator's own file may be copied into has a maximum in bytes of
 * the heap, not in bytes of its text. */
static void copies_have_a_maximum(void **state)
{
    (void)state;
    struct chimera_buffer text;
    struct json_object *tree = NULL;
    chimera_buffer_init(&text, 1 << 20);
    chimera_buffer_text(&text, "a: &a [");
    for (int i = 0; i < 1000; i++)
        chimera_buffer_text(&text, "{},");
    chimera_buffer_text(&text, "]\nb: [");
    for (int i = 0; i < 1000; i++) /* 790 MB */
        chimera_buffer_text(&text, "*a,");
    chimera_buffer_text(&text, "]\n");
    assert_int_equal(parse(&text, NULL, &tree), CHIMERA_ELIMIT);
    assert_null(tree);
    chimera_buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_cost_what_they_take),
        cmocka_unit_test(trees_end_at_the_limit),
        cmocka_unit_test(trees_end_when_the_time_is_up),
        cmocka_unit_test(writing_ends_with_its_account),
        cmocka_unit_test(copies_have_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
