/* SPDX-License-Identifier: Apache-2.0 */
/* YAML read by a table: what serde_yaml 0.9 takes and says, as kwctl 1.36 was seen to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/typed.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define NAME(literal) {literal, sizeof(literal) - 1}

static const char *const colours[] = {"red", "green", "blue", NULL};
static const char *const sides[] = {"left", "right", NULL};

static const struct chimera_shape_field inner_fields[] = {
    {.name = NAME("b"), .kind = CHIMERA_SHAPE_STRING},
    {.name = NAME("a"), .kind = CHIMERA_SHAPE_BOOL, .is_optional = true},
};
static const struct chimera_shape inner = {.name = "Inner", .field = inner_fields, .count = 2};

static const struct chimera_shape_field outer_fields[] = {
    {.name = NAME("list"), .kind = CHIMERA_SHAPE_STRINGS},
    {.name = NAME("on"), .kind = CHIMERA_SHAPE_BOOL, .is_optional = true, .is_never_null = true},
    {.name = NAME("map"), .kind = CHIMERA_SHAPE_STRING_MAP, .is_optional = true},
    {.name = NAME("lists"), .kind = CHIMERA_SHAPE_STRINGS_MAP, .is_optional = true},
    {.name = NAME("one"), .kind = CHIMERA_SHAPE_STRUCT, .is_optional = true, .shape = &inner},
    {.name = NAME("many"), .kind = CHIMERA_SHAPE_STRUCTS, .is_optional = true, .shape = &inner},
    {.name = NAME("colour"),
     .kind = CHIMERA_SHAPE_VARIANT,
     .is_optional = true,
     .variants = colours},
    {.name = NAME("sides"), .kind = CHIMERA_SHAPE_STRINGS, .is_optional = true, .variants = sides},
    {.name = NAME("any"), .kind = CHIMERA_SHAPE_ANY, .is_optional = true},
};
static const struct chimera_shape outer = {
    .name = "Outer", .field = outer_fields, .count = COUNT(outer_fields)};

/* What it is read as, compact and in its order; or the error. */
static void assert_read(const char *text, const char *want)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error err = {0};
    struct chimera_buffer got;
    chimera_buffer_init(&got, 1 << 16);
    if (chimera_yaml_read_shape(chimera_slice_of(text), &outer, &tree, &err) < 0)
        chimera_buffer_text(&got, err.text);
    else
        chimera_json_write_ordered(tree, 0, &got);
    chimera_buffer_byte(&got, '\0');
    assert_string_equal(got.data, want);
    chimera_buffer_free(&got);
}

static void scalars_are_texts_where_a_text_is_wanted(void **state)
{
    (void)state;
    assert_read("list: [1.0, 1.20, true, ~, null, 0x10, 2020-01-01, 'q', \"\\u0041\", 010]",
                "{\"list\":[\"1.0\",\"1.20\",\"true\",\"~\",\"null\",\"0x10\",\"2020-01-01\",\"q\","
                "\"A\",\"010\"]}");
    assert_read("list: []\nmap:\n  a:\n  b: !!str 5\n  c: !x y\n  1: 2\n",
                "{\"list\":[],\"map\":{\"a\":\"\",\"b\":\"5\",\"c\":\"y\",\"1\":\"2\"}}");
    assert_read("list: [&a 1.0, *a]\n", "{\"list\":[\"1.0\",\"1.0\"]}");
    assert_read("{\"list\": [\"p\", \"t\"]}", "{\"list\":[\"p\",\"t\"]}");
}

static void truth_values_are_plain(void **state)
{
    (void)state;
    assert_read("list: []\non: True", "{\"list\":[],\"on\":true}");
    assert_read("list: []\non: &x false\nany: *x", "{\"list\":[],\"on\":false,\"any\":false}");
    assert_read("list: []\non: \"true\"",
                "on: invalid type: string \"true\", expected a boolean at line 2 column 5");
    assert_read("list: []\non: yes",
                "on: invalid type: string \"yes\", expected a boolean at line 2 column 5");
    assert_read("list: []\non: 1",
                "on: invalid type: integer `1`, expected a boolean at line 2 column 5");
    assert_read("list: []\non: 1.5",
                "on: invalid type: floating point `1.5`, expected a boolean at line 2 column 5");
    assert_read("list: []\non: ~",
                "on: invalid type: unit value, expected a boolean at line 2 column 5");
    assert_read("list: []\none: {b: x, a: ~}", "{\"list\":[],\"one\":{\"b\":\"x\"}}");
}

static void members_come_in_the_order_of_the_table(void **state)
{
    (void)state;
    assert_read("one: {a: true, b: 1, c: 2}\nunknown: 1\nunknown: 2\nmany: [{b: x}]\nlist: [z]",
                "{\"list\":[\"z\"],\"one\":{\"b\":\"1\",\"a\":true},\"many\":[{\"b\":\"x\"}]}");
    assert_read("list: []\nmap: {a: 1, a: 2}", "{\"list\":[],\"map\":{\"a\":\"2\"}}");
    assert_read("list: []\nlist: []", "duplicate field `list`");
    assert_read("list: []\nlists: {a: [1], b: []}",
                "{\"list\":[],\"lists\":{\"a\":[\"1\"],\"b\":[]}}");
}

static void what_is_wrong_is_told_with_its_place(void **state)
{
    (void)state;
    assert_read("", "missing field `list`");
    assert_read("# nothing\n", "missing field `list`");
    assert_read("~", "invalid type: unit value, expected struct Outer");
    assert_read("- 1", "invalid type: sequence, expected struct Outer");
    assert_read("x", "invalid type: string \"x\", expected struct Outer");
    assert_read("list: 5",
                "list: invalid type: integer `5`, expected a sequence at line 1 column 7");
    assert_read("list: {}", "list: invalid type: map, expected a sequence at line 1 column 7");
    assert_read("list: [[]]",
                "list[0]: invalid type: sequence, expected a string at line 1 column 8");
    assert_read("list: []\nmap: []",
                "map: invalid type: sequence, expected a map at line 2 column 6");
    assert_read("list: []\nmap:\n  k: {}",
                "map.k: invalid type: map, expected a string at line 3 column 6");
    assert_read("list: []\nmany:\n- a: true", "many[0]: missing field `b` at line 3 column 3");
    assert_read("list: []\nmany: [x]",
                "many[0]: invalid type: string \"x\", expected struct Inner at line 2 column 8");
    assert_read("list: []\ncolour: pink",
                "colour: unknown variant `pink`, expected one of `red`, `green`, `blue` at line 2 "
                "column 9");
    assert_read("list: []\ncolour: 5",
                "colour: unknown variant `5`, expected one of `red`, `green`, `blue` at line 2 "
                "column 9");
    assert_read("list: []\nsides: [left, up]",
                "sides[1]: unknown variant `up`, expected `left` or `right` at line 2 column 15");
    /* What is there and wrong comes before what is missing. */
    assert_read("on: 5", "on: invalid type: integer `5`, expected a boolean at line 1 column 5");
    assert_read("a: 1\n---\nb: 2",
                "deserializing from YAML containing more than one document is not supported");
}

static void any_value_is_what_the_core_schema_says(void **state)
{
    (void)state;
    assert_read("list: []\nany: {a: [1, -2, 1.5, true, ~, x, '1'], b: {}, c: 18446744073709551615}",
                "{\"list\":[],\"any\":{\"a\":[1,-2,1.5,true,null,\"x\",\"1\"],\"b\":{},"
                "\"c\":18446744073709551615}}");
    assert_read("list: []\nany: 99999999999999999999",
                "any: JSON number out of range at line 2 column 6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_texts_where_a_text_is_wanted),
        cmocka_unit_test(truth_values_are_plain),
        cmocka_unit_test(members_come_in_the_order_of_the_table),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(any_value_is_what_the_core_schema_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
