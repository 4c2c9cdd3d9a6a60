/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/definition/tree_type.h"

#include <stdint.h>
#include <string.h>

#include "runtime/json/tree.h"

#define NAMES_MAX 900 /* of the names that would do */
#define FOUND_MAX 400 /* of a value that would not */
#define TEXT_MAX ((size_t)1 << 20)

const struct tree_type tree_any = {.kind = TREE_ANY};
const struct tree_type tree_string = {.kind = TREE_STRING};
const struct tree_type tree_bool = {.kind = TREE_BOOL};
const struct tree_type tree_i32 = {.kind = TREE_I32};
const struct tree_type tree_strings = {.kind = TREE_LIST, .item = &tree_string};
const struct tree_type tree_string_map = {.kind = TREE_MAP, .item = &tree_string};

const char *tree_text(struct json_object *tree, const char *key)
{
    return json_object_get_string(chimera_json_member(tree, key));
}

/* serde's words for what was found: "integer `5`". */
static int refuse_found(struct json_object *found, const char *expected, struct chimera_error *err)
{
    static const char *const words[] = {
        [json_type_null] = "unit value", [json_type_boolean] = "boolean ",
        [json_type_int] = "integer ",    [json_type_double] = "floating point ",
        [json_type_string] = "string ",  [json_type_array] = "sequence",
        [json_type_object] = "map"};
    enum json_type type = json_object_get_type(found);
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, TEXT_MAX);
    if (type != json_type_null && type != json_type_array && type != json_type_object)
        chimera_json_write(found, &shown);
    const char *quote = shown.size == 0 || type == json_type_string ? "" : "`";
    int size = shown.size < FOUND_MAX ? (int)shown.size : FOUND_MAX;
    int code =
        chimera_fail(err, CHIMERA_EINVAL, "invalid type: %s%s%.*s%s, expected %s", words[type],
                     quote, size, shown.data ? shown.data : "", quote, expected);
    chimera_buffer_free(&shown);
    return code;
}

/* "`a` or `b`"; of more "one of `a`, `b`, `c`". `name_of` gives the names up to NULL. */
static void put_names(const void *table, const char *(*name_of)(const void *table, size_t i),
                      struct chimera_buffer *out)
{
    size_t count = 0;
    while (name_of(table, count))
        count++;
    chimera_buffer_text(out, count > 2 ? "one of " : "");
    for (size_t i = 0; i < count; i++)
        chimera_buffer_print(out, "%s`%s`",
                             i == 0       ? ""
                             : count == 2 ? " or "
                                          : ", ",
                             name_of(table, i));
    chimera_buffer_byte(out, 0);
}

static const char *field_name(const void *table, size_t i)
{
    return ((const struct tree_field *)table)[i].name;
}

static const char *variant_name(const void *table, size_t i)
{
    return ((const char *const *)table)[i];
}

static int refuse_name(const char *what, const char *name, const void *table,
                       const char *(*name_of)(const void *table, size_t i),
                       struct chimera_error *err)
{
    struct chimera_buffer names;
    chimera_buffer_init(&names, TEXT_MAX);
    put_names(table, name_of, &names);
    int code = chimera_fail(err, CHIMERA_EINVAL, "unknown %s `%.100s`, expected %.*s", what, name,
                            NAMES_MAX, names.failed ? "" : names.data);
    chimera_buffer_free(&names);
    return code;
}

static int check_i32(struct json_object *tree, struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_int))
        return refuse_found(tree, "i32", err);
    int64_t number = json_object_get_int64(tree); /* one that does not fit is INT64_MAX */
    if (number >= INT32_MIN && number <= INT32_MAX)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL, "invalid value: integer `%s`, expected i32",
                        json_object_get_string(tree));
}

static int check_variant(struct json_object *tree, const struct tree_type *type,
                         struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_string))
        return refuse_found(tree, "a Value::Tagged enum", err);
    const char *name = json_object_get_string(tree);
    for (size_t i = 0; type->variants[i]; i++)
        if (strcmp(type->variants[i], name) == 0)
            return CHIMERA_OK;
    return refuse_name("variant", name, type->variants, variant_name, err);
}

static const struct tree_field *find_field(const struct tree_type *type, const char *name)
{
    for (const struct tree_field *field = type->field; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

static int check_struct(struct json_object *tree, const struct tree_type *type,
                        struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_object))
        return refuse_found(tree, type->name, err);
    json_object_object_foreach(tree, key, value)
    {
        const struct tree_field *field = find_field(type, key);
        int code = CHIMERA_OK;
        if (!field && type->is_closed)
            return refuse_name("field", key, type->field, field_name, err);
        if (field && (value || !field->takes_null))
            code = tree_check(value, field->type, err);
        if (code < 0)
            return code;
    }
    for (const struct tree_field *wanted = type->field; wanted->name; wanted++)
        if (wanted->is_required && !json_object_object_get_ex(tree, wanted->name, NULL))
            return chimera_fail(err, CHIMERA_EINVAL, "missing field `%s`", wanted->name);
    return CHIMERA_OK;
}

static int check_list(struct json_object *tree, const struct tree_type *type,
                      struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_array))
        return refuse_found(tree, "a sequence", err);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < json_object_array_length(tree) && code == CHIMERA_OK; i++)
        code = tree_check(json_object_array_get_idx(tree, i), type->item, err);
    return code;
}

static int check_map(struct json_object *tree, const struct tree_type *type,
                     struct chimera_error *err)
{
    if (!json_object_is_type(tree, json_type_object))
        return refuse_found(tree, "a map", err);
    json_object_object_foreach(tree, key, value)
    {
        (void)key;
        int code = tree_check(value, type->item, err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

int tree_check(struct json_object *tree, const struct tree_type *type, struct chimera_error *err)
{
    switch (type->kind) {
    case TREE_STRING:
        return json_object_is_type(tree, json_type_string) ? CHIMERA_OK
                                                           : refuse_found(tree, "a string", err);
    case TREE_BOOL:
        return json_object_is_type(tree, json_type_boolean) ? CHIMERA_OK
                                                            : refuse_found(tree, "a boolean", err);
    case TREE_I32:
        return check_i32(tree, err);
    case TREE_VARIANT:
        return check_variant(tree, type, err);
    case TREE_STRUCT:
        return check_struct(tree, type, err);
    case TREE_LIST:
        return check_list(tree, type, err);
    case TREE_MAP:
        return check_map(tree, type, err);
    default:
        return CHIMERA_OK;
    }
}
