/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/typed.h"

#include <math.h>
#include <stdarg.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/builder.h"
#include "runtime/yaml/places.h"
#include "runtime/yaml/scalar.h"
#include "runtime/yaml/yaml.h"

#define LEVELS 8 /* of a path in a message */
#define SHOWN_MAX 120

struct typed {
    struct chimera_slice text;
    struct chimera_yaml_step path[LEVELS];
    size_t depth; /* of the path; more than LEVELS is not told */
    struct chimera_error *err;
    int code; /* 0 until something is wrong */
};

static void enter(struct typed *typed, const char *key, size_t index)
{
    if (typed->depth < LEVELS)
        typed->path[typed->depth] = (struct chimera_yaml_step){.key = key, .index = index};
    typed->depth++;
}

static size_t levels(const struct typed *typed)
{
    return typed->depth < LEVELS ? typed->depth : LEVELS;
}

/* "PATH: WHAT at line L column C"; of the document itself without path and place. Returns NULL. */
__attribute__((format(printf, 2, 3))) static struct json_object *fail(struct typed *typed,
                                                                      const char *format, ...)
{
    char what[500];
    va_list arguments;
    struct chimera_buffer path;
    size_t line = 0, column = 0;
    if (typed->code < 0)
        return NULL;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    chimera_buffer_init(&path, sizeof(what));
    for (size_t i = 0; i < levels(typed); i++)
        if (typed->path[i].key)
            chimera_buffer_print(&path, "%s%.200s", i > 0 ? "." : "", typed->path[i].key);
        else
            chimera_buffer_print(&path, "[%zu]", typed->path[i].index);
    if (typed->depth > 0)
        chimera_buffer_text(&path, ": ");
    struct chimera_yaml_places *places =
        typed->depth > 0 ? chimera_yaml_places_new(typed->text) : NULL;
    if (places)
        chimera_yaml_places_find(places, typed->path, levels(typed), false, &line, &column);
    chimera_yaml_places_free(places);
    typed->code = line
                      ? chimera_fail(typed->err, CHIMERA_EREFUSED, "%.*s%s at line %zu column %zu",
                                     (int)path.size, path.size ? path.data : "", what, line, column)
                      : chimera_fail(typed->err, CHIMERA_EREFUSED, "%.*s%s", (int)path.size,
                                     path.size ? path.data : "", what);
    chimera_buffer_free(&path);
    return NULL;
}

static struct json_object *fail_memory(struct typed *typed)
{
    typed->code = chimera_fail_memory(typed->err);
    return NULL;
}

/* --- Scalars --- */

static bool is_scalar(struct json_object *value)
{
    return json_object_is_type(value, json_type_string);
}

static struct chimera_slice text_of(struct json_object *value)
{
    return (struct chimera_slice){json_object_get_string(value) + 1,
                                  (size_t)json_object_get_string_len(value) - 1};
}

static struct chimera_scalar scalar_of(struct json_object *value)
{
    if (json_object_get_string(value)[0] == YAML_KEPT_PLAIN)
        return chimera_scalar_resolve(text_of(value));
    return (struct chimera_scalar){.kind = CHIMERA_SCALAR_STRING};
}

static struct json_object *fail_type(struct typed *typed, struct json_object *value,
                                     const char *expected)
{
    char found[SHOWN_MAX + 40] = "unit value";
    if (json_object_is_type(value, json_type_object))
        snprintf(found, sizeof(found), "map");
    else if (json_object_is_type(value, json_type_array))
        snprintf(found, sizeof(found), "sequence");
    else if (value) {
        size_t room = sizeof(found);
        struct chimera_scalar scalar = scalar_of(value);
        struct chimera_slice text = text_of(value);
        int size = text.size < SHOWN_MAX ? (int)text.size : SHOWN_MAX;
        static const char *const forms[] = {
            [CHIMERA_SCALAR_NULL] = "unit value",
            [CHIMERA_SCALAR_BOOLEAN] = "boolean `%.*s`",
            [CHIMERA_SCALAR_UNSIGNED] = "integer `%.*s`",
            [CHIMERA_SCALAR_SIGNED] = "integer `%.*s`",
            [CHIMERA_SCALAR_HUGE] = "integer `%.*s`",
            [CHIMERA_SCALAR_DOUBLE] = "floating point `%.*s`",
            [CHIMERA_SCALAR_STRING] = "string \"%.*s\"",
        };
        const char *form = forms[scalar.kind], *hole = strstr(form, "%.*s");
        if (hole)
            snprintf(found, room, "%.*s%.*s%s", (int)(hole - form), form, size, text.data,
                     hole + 4);
        else
            snprintf(found, room, "%s", form);
    }
    return fail(typed, "invalid type: %s, expected %s", found, expected);
}

static struct json_object *make_string(struct typed *typed, struct json_object *value)
{
    if (!is_scalar(value))
        return fail_type(typed, value, "a string");
    struct chimera_slice text = text_of(value);
    struct json_object *out = json_object_new_string_len(text.data, (int)text.size);
    return out ? out : fail_memory(typed);
}

static struct json_object *make_bool(struct typed *typed, struct json_object *value)
{
    struct chimera_scalar scalar = {0};
    if (is_scalar(value))
        scalar = scalar_of(value);
    if (scalar.kind != CHIMERA_SCALAR_BOOLEAN)
        return fail_type(typed, value, "a boolean");
    struct json_object *out = json_object_new_boolean(scalar.as.boolean);
    return out ? out : fail_memory(typed);
}

static struct json_object *make_variant(struct typed *typed, struct json_object *value,
                                        const char *const *variants)
{
    if (!is_scalar(value))
        return fail_type(typed, value, "a YAML tag starting with '!'");
    for (size_t i = 0; variants[i]; i++)
        if (chimera_slice_is(text_of(value), variants[i]))
            return make_string(typed, value);
    struct chimera_slice found = text_of(value);
    struct chimera_buffer expected;
    chimera_buffer_init(&expected, 300);
    for (size_t i = 0; variants[i]; i++)
        chimera_buffer_print(&expected, "%s`%s`", i > 0 ? variants[2] ? ", " : " or " : "",
                             variants[i]);
    fail(typed, "unknown variant `%.*s`, expected %s%.*s",
         found.size < SHOWN_MAX ? (int)found.size : SHOWN_MAX, found.data,
         variants[1] && variants[2] ? "one of " : "", (int)expected.size, expected.data);
    chimera_buffer_free(&expected);
    return NULL;
}

/* --- Collections --- */

static struct json_object *convert(struct typed *typed, struct json_object *value,
                                   const struct chimera_shape_field *field);

/* Every element as `field` says. */
static struct json_object *make_list(struct typed *typed, struct json_object *value,
                                     const struct chimera_shape_field *field)
{
    if (!json_object_is_type(value, json_type_array))
        return fail_type(typed, value, "a sequence");
    struct json_object *out = json_object_new_array();
    for (size_t i = 0; out && typed->code == 0 && i < json_object_array_length(value); i++) {
        enter(typed, NULL, i);
        struct json_object *item = convert(typed, json_object_array_get_idx(value, i), field);
        if (json_object_array_add(out, item) < 0)
            fail_memory(typed);
        typed->depth--;
    }
    return out ? out : fail_memory(typed);
}

static struct json_object *make_map(struct typed *typed, struct json_object *value,
                                    const struct chimera_shape_field *field)
{
    if (!json_object_is_type(value, json_type_object))
        return fail_type(typed, value, "a map");
    struct json_object *out = json_object_new_object();
    json_object_object_foreach(value, key, member)
    {
        if (!out || typed->code < 0)
            break;
        enter(typed, key, 0);
        struct json_object *made = convert(typed, member, field);
        if (json_object_object_add(out, key, made) < 0)
            fail_memory(typed);
        typed->depth--;
    }
    return out ? out : fail_memory(typed);
}

static void add_member(struct typed *typed, struct json_object *value,
                       const struct chimera_shape_field *field, struct json_object *out)
{
    struct json_object *member = NULL;
    bool is_there = json_object_object_get_ex(value, field->name.data, &member);
    if (field->is_optional &&
        (!is_there ||
         ((!member || (is_scalar(member) && scalar_of(member).kind == CHIMERA_SCALAR_NULL)) &&
          !field->is_never_null)))
        return;
    if (!is_there) {
        fail(typed, "missing field `%s`", field->name.data);
        return;
    }
    enter(typed, field->name.data, 0);
    struct json_object *made = convert(typed, member, field);
    if (json_object_object_add(out, field->name.data, made) < 0)
        fail_memory(typed);
    typed->depth--;
}

/* In the order of the table, whatever was found first. */
static struct json_object *in_order(struct json_object *made, const struct chimera_shape *shape)
{
    struct json_object *out = json_object_new_object(), *member;
    for (unsigned i = 0; out && i < shape->count; i++)
        if (json_object_object_get_ex(made, shape->field[i].name.data, &member))
            json_object_object_add(out, shape->field[i].name.data, json_object_get(member));
    json_object_put(made);
    return out;
}

/* serde complains of what is there and wrong before it misses what is not. */
static struct json_object *make_struct(struct typed *typed, struct json_object *value,
                                       const struct chimera_shape *shape)
{
    char expected[80];
    snprintf(expected, sizeof(expected), "struct %s", shape->name);
    if (!json_object_is_type(value, json_type_object))
        return fail_type(typed, value, expected);
    struct json_object *out = json_object_new_object();
    for (int misses = 0; out && misses < 2; misses++)
        for (unsigned i = 0; i < shape->count && typed->code == 0; i++) {
            bool is_there = json_object_object_get_ex(value, shape->field[i].name.data, NULL);
            if (is_there != misses)
                add_member(typed, value, &shape->field[i], out);
        }
    out = in_order(out, shape);
    return out ? out : fail_memory(typed);
}

/* --- Values of any type --- */

static struct json_object *make_any_scalar(struct typed *typed, struct json_object *value)
{
    struct chimera_scalar scalar = scalar_of(value);
    switch (scalar.kind) {
    case CHIMERA_SCALAR_BOOLEAN:
        return json_object_new_boolean(scalar.as.boolean);
    case CHIMERA_SCALAR_UNSIGNED:
        return scalar.as.u64 <= INT64_MAX ? json_object_new_int64((int64_t)scalar.as.u64)
                                          : json_object_new_uint64(scalar.as.u64);
    case CHIMERA_SCALAR_SIGNED:
        return json_object_new_int64(scalar.as.i64);
    case CHIMERA_SCALAR_HUGE:
        return fail(typed, "JSON number out of range");
    case CHIMERA_SCALAR_DOUBLE:
        return isfinite(scalar.as.f64) ? json_object_new_double(scalar.as.f64) : NULL;
    case CHIMERA_SCALAR_NULL:
        return NULL;
    default:
        return make_string(typed, value);
    }
}

/* The reader has bounded the depth. */
static struct json_object *make_any(struct typed *typed, struct json_object *value)
{
    static const struct chimera_shape_field any = {.kind = CHIMERA_SHAPE_ANY};
    if (json_object_is_type(value, json_type_object))
        return make_map(typed, value, &any);
    if (json_object_is_type(value, json_type_array))
        return make_list(typed, value, &any);
    return value ? make_any_scalar(typed, value) : NULL;
}

static struct json_object *convert(struct typed *typed, struct json_object *value,
                                   const struct chimera_shape_field *field)
{
    const struct chimera_shape_field text = {.kind = field->variants ? CHIMERA_SHAPE_VARIANT
                                                                     : CHIMERA_SHAPE_STRING,
                                             .variants = field->variants};
    static const struct chimera_shape_field strings = {.kind = CHIMERA_SHAPE_STRINGS};
    const struct chimera_shape_field one = {.kind = CHIMERA_SHAPE_STRUCT, .shape = field->shape};
    switch (field->kind) {
    case CHIMERA_SHAPE_STRING:
        return make_string(typed, value);
    case CHIMERA_SHAPE_BOOL:
        return make_bool(typed, value);
    case CHIMERA_SHAPE_STRUCT:
        return make_struct(typed, value, field->shape);
    case CHIMERA_SHAPE_STRUCTS:
        return make_list(typed, value, &one);
    case CHIMERA_SHAPE_STRINGS:
        return make_list(typed, value, &text);
    case CHIMERA_SHAPE_STRING_MAP:
        return make_map(typed, value, &text);
    case CHIMERA_SHAPE_STRINGS_MAP:
        return make_map(typed, value, &strings);
    case CHIMERA_SHAPE_VARIANT:
        return make_variant(typed, value, field->variants);
    default:
        return make_any(typed, value);
    }
}

int chimera_yaml_read_shape(struct chimera_slice text, const struct chimera_shape *shape,
                            struct json_object **ret_tree, struct chimera_error *err)
{
    const char *keys[CHIMERA_SHAPE_FIELDS_MAX + 1] = {0};
    const struct chimera_yaml_options options = {.keeps_texts = true, .single_top_keys = keys};
    for (unsigned i = 0; i < shape->count && i < CHIMERA_SHAPE_FIELDS_MAX; i++)
        keys[i] = shape->field[i].name.data;
    CHIMERA_JSON struct json_object *tree = NULL;
    struct typed typed = {.text = text, .err = err};
    int code = chimera_yaml_parse(text, &options, &tree, err);
    if (code < 0)
        return code;
    if (!tree) /* an empty text misses members, and is no wrong type */
        tree = json_object_new_object();
    struct json_object *made = make_struct(&typed, tree, shape);
    if (typed.code < 0) {
        json_object_put(made);
        return typed.code;
    }
    *ret_tree = made;
    return CHIMERA_OK;
}
