/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two texts is that of their trees: on random documents that differ in order,
 * white space, spelling and some values. What the trees' difference must be, test_json_tree.c says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/arena.h"
#include "runtime/json/tree.h"

#define ROUNDS 20000
#define DEPTH 4

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % below;
}

/* Pairs of spellings of one value, and single ones; of one type or another. */
static const char *const scalars[] = {
    "1",           "1.0",          "1e0",     "10e-1",
    "0",           "-0",           "0.0",     "18446744073709551615",
    "-5",          "2.50",         "2.5",     "true",
    "false",       "null",         "\"\"",    "18446744073709551616",
    "\"a\"",       "\"\\u0061\"",  "\"\\/\"", "\"/\"",
    "\"\\u00e9\"", "\"\xc3\xa9\"", "\"1\"",   "1e300",
};
static const char *const keys[] = {"a",        "\\u0061", "b", "c/d", "~",
                                   "\xc3\xa9", "\\u00e9", "",  "zz"};

static void blank(struct chimera_buffer *out)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t "};
    chimera_buffer_text(out, blanks[draw(6)]);
}

static void write_value(struct chimera_buffer *out, unsigned depth);

static void write_container(struct chimera_buffer *out, bool is_object, unsigned depth)
{
    uint32_t count = draw(5), first = draw(9);
    chimera_buffer_text(out, is_object ? "{" : "[");
    for (uint32_t i = 0; i < count; i++) {
        chimera_buffer_text(out, i > 0 ? "," : "");
        blank(out);
        if (is_object)
            chimera_buffer_print(out, "\"%s\":", keys[(first + i * (1 + first % 3)) % 9]);
        write_value(out, depth + 1);
        blank(out);
    }
    chimera_buffer_text(out, is_object ? "}" : "]");
}

static void write_value(struct chimera_buffer *out, unsigned depth)
{
    uint32_t kind = depth >= DEPTH ? 2 : draw(4);
    blank(out);
    if (kind < 2)
        write_container(out, kind == 0, depth);
    else
        chimera_buffer_text(out, scalars[draw(24)]);
}

/* Writes a tree with its members from the last to the first, and now and then something else. */
static void rewrite(struct json_object *tree, struct chimera_buffer *out)
{
    if (draw(20) == 0) {
        write_value(out, DEPTH - 1);
    } else if (json_object_is_type(tree, json_type_array)) {
        chimera_buffer_text(out, "[");
        for (size_t i = 0; i < json_object_array_length(tree); i++) {
            chimera_buffer_text(out, i > 0 ? "," : "");
            rewrite(json_object_array_get_idx(tree, i), out);
        }
        chimera_buffer_text(out, "]");
    } else if (json_object_is_type(tree, json_type_object)) {
        bool is_first = true;
        chimera_buffer_text(out, "{");
        for (const struct lh_entry *at = json_object_get_object(tree)->tail; at; at = at->prev) {
            if (draw(20) == 0)
                continue;
            chimera_buffer_text(out, is_first ? "" : ",");
            chimera_json_write_string(chimera_slice_of((const char *)lh_entry_k(at)), out);
            chimera_buffer_text(out, ":");
            rewrite((struct json_object *)lh_entry_v(at), out);
            is_first = false;
        }
        chimera_buffer_text(out, "}");
    } else {
        chimera_json_write(tree, out);
    }
}

struct pair {
    struct chimera_buffer from, to, want, got;
    struct chimera_arena arena;
};

/* What the quick pass leaves to others: scalars, exponents and pairs of surrogates. */
static bool may_be_left(const struct chimera_buffer *text)
{
    struct chimera_slice trimmed = chimera_slice_trim(chimera_buffer_slice(text));
    return !memchr("{[", trimmed.data[0], 2) || memchr(trimmed.data, 'e', trimmed.size) ||
           memchr(trimmed.data, 'E', trimmed.size) || memmem(trimmed.data, trimmed.size, "\\ud", 3);
}

static void check(struct pair *pair)
{
    CHIMERA_JSON struct json_object *from = NULL;
    CHIMERA_JSON struct json_object *to = NULL;
    bool differs = false;
    assert_int_equal(chimera_json_parse(chimera_buffer_slice(&pair->from), &from, NULL), 0);
    assert_int_equal(chimera_json_parse(chimera_buffer_slice(&pair->to), &to, NULL), 0);
    bool wanted = chimera_json_diff(from, to, &pair->want);
    if (!chimera_json_diff_text(chimera_buffer_slice(&pair->from), chimera_buffer_slice(&pair->to),
                                NULL, &pair->arena, &pair->got, &differs)) {
        assert_true(may_be_left(&pair->from) || may_be_left(&pair->to));
        return;
    }
    chimera_buffer_byte(&pair->want, 0);
    chimera_buffer_byte(&pair->got, 0);
    assert_int_equal(differs, wanted);
    assert_string_equal(pair->got.data, pair->want.data);
}

static void empty(struct pair *pair)
{
    chimera_buffer_reset(&pair->from);
    chimera_buffer_reset(&pair->to);
    chimera_buffer_reset(&pair->want);
    chimera_buffer_reset(&pair->got);
    chimera_arena_reset(&pair->arena);
}

static void open_pair(struct pair *pair)
{
    random_state = 88172645463325252u;
    chimera_buffer_init(&pair->from, 1 << 20);
    chimera_buffer_init(&pair->to, 1 << 20);
    chimera_buffer_init(&pair->want, 1 << 20);
    chimera_buffer_init(&pair->got, 1 << 20);
    chimera_arena_init(&pair->arena, 8 << 20);
}

static void close_pair(struct pair *pair)
{
    chimera_buffer_free(&pair->from);
    chimera_buffer_free(&pair->to);
    chimera_buffer_free(&pair->want);
    chimera_buffer_free(&pair->got);
    chimera_arena_free(&pair->arena);
}

static void two_random_texts_differ_as_their_trees_do(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair);
    for (int i = 0; i < ROUNDS; i++) {
        empty(&pair);
        write_value(&pair.from, 0);
        write_value(&pair.to, 0);
        check(&pair);
    }
    close_pair(&pair);
}

static void a_changed_text_differs_as_its_tree_does(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair);
    for (int i = 0; i < ROUNDS; i++) {
        struct json_object *tree = NULL;
        empty(&pair);
        write_value(&pair.from, 0);
        assert_int_equal(chimera_json_parse(chimera_buffer_slice(&pair.from), &tree, NULL), 0);
        rewrite(tree, &pair.to);
        json_object_put(tree);
        check(&pair);
    }
    close_pair(&pair);
}

/* Keys of all lengths around eight bytes, which are compared at once, of letters that sort on both
 * sides of what a shorter key is filled with. */
static void write_members(struct chimera_buffer *out, uint32_t count)
{
    static const char *const letters[] = {"a", "\\u0001", "\xc3\xa9", "b"};
    chimera_buffer_text(out, "{");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = draw(12), odd = draw(12);
        chimera_buffer_text(out, i > 0 ? ",\"" : "\"");
        for (uint32_t at = 0; at < size; at++)
            chimera_buffer_text(out, letters[at == odd || at + 1 == size ? draw(4) : 0]);
        chimera_buffer_print(out, "\":%u", draw(3));
    }
    chimera_buffer_text(out, "}");
}

/* Few are sorted in another way than many. */
static void members_with_keys_alike_are_found(void **state)
{
    struct pair pair;
    (void)state;
    open_pair(&pair);
    for (int i = 0; i < ROUNDS / 4; i++) {
        uint32_t count = draw(i % 8 ? 24 : 100);
        empty(&pair);
        write_members(&pair.from, count);
        write_members(&pair.to, count + draw(3));
        check(&pair);
    }
    close_pair(&pair);
}

/* The trees must report these; equal keys are no error, the last one counts. */
static void what_is_wrong_is_left_to_the_trees(void **state)
{
    static const char *const wrong[] = {
        "", "{", "[1,]", "{\"a\"1}", "1 2", "{\"a\\u0000b\":1}", "\"\xff\"", "nul"};
    struct pair pair;
    bool differs;
    (void)state;
    open_pair(&pair);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(chimera_json_diff_text(chimera_slice_of(wrong[i]), CHIMERA_SLICE("{}"), NULL,
                                            &pair.arena, &pair.got, &differs));
        assert_false(chimera_json_diff_text(CHIMERA_SLICE("{}"), chimera_slice_of(wrong[i]), NULL,
                                            &pair.arena, &pair.got, &differs));
    }
    empty(&pair);
    chimera_buffer_text(&pair.from, "{\"a\":1,\"b\":2,\"\\u0061\":3}");
    chimera_buffer_text(&pair.to, "{\"b\":2,\"a\":4,\"a\":3}");
    check(&pair);
    assert_string_equal(pair.got.data, "");
    close_pair(&pair);
}

static void a_small_arena_is_told(void **state)
{
    struct chimera_arena arena;
    struct chimera_buffer out;
    bool differs;
    (void)state;
    chimera_arena_init(&arena, 64);
    chimera_buffer_init(&out, 1000);
    assert_false(chimera_json_diff_text(CHIMERA_SLICE("[1,2,3,4,5]"), CHIMERA_SLICE("[1,2]"), NULL,
                                        &arena, &out, &differs));
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_random_texts_differ_as_their_trees_do),
        cmocka_unit_test(a_changed_text_differs_as_its_tree_does),
        cmocka_unit_test(members_with_keys_alike_are_found),
        cmocka_unit_test(what_is_wrong_is_left_to_the_trees),
        cmocka_unit_test(a_small_arena_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
