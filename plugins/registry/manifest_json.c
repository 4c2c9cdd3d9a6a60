/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/registry/manifest_json.h"

#include "runtime/json/tree.h"

enum field_type { TYPE_TEXT, TYPE_SMALL, TYPE_SIZE, TYPE_TEXTS, TYPE_MAP, TYPE_ONE, TYPE_LIST };

struct field {
    const char *name; /* NULL: the end */
    enum field_type type;
    bool is_optional;
    const struct field *shape; /* of TYPE_ONE and TYPE_LIST */
};

#define OPTIONAL(name, type) {name, type, true, NULL}
#define REQUIRED(name, type) {name, type, false, NULL}

static const struct field descriptor_fields[] = {
    REQUIRED("mediaType", TYPE_TEXT),
    REQUIRED("digest", TYPE_TEXT),
    REQUIRED("size", TYPE_SIZE),
    OPTIONAL("urls", TYPE_TEXTS),
    OPTIONAL("annotations", TYPE_MAP),
    OPTIONAL("artifactType", TYPE_TEXT),
    {0},
};

static const struct field image_fields[] = {
    REQUIRED("schemaVersion", TYPE_SMALL),
    OPTIONAL("mediaType", TYPE_TEXT),
    {"config", TYPE_ONE, false, descriptor_fields},
    {"layers", TYPE_LIST, false, descriptor_fields},
    {"subject", TYPE_ONE, true, descriptor_fields},
    OPTIONAL("artifactType", TYPE_TEXT),
    OPTIONAL("annotations", TYPE_MAP),
    {0},
};

static const struct field platform_fields[] = {
    REQUIRED("architecture", TYPE_TEXT),
    REQUIRED("os", TYPE_TEXT),
    OPTIONAL("os.version", TYPE_TEXT),
    OPTIONAL("os.features", TYPE_TEXTS),
    OPTIONAL("variant", TYPE_TEXT),
    OPTIONAL("features", TYPE_TEXTS),
    {0},
};

static const struct field entry_fields[] = {
    REQUIRED("mediaType", TYPE_TEXT),
    REQUIRED("digest", TYPE_TEXT),
    REQUIRED("size", TYPE_SIZE),
    {"platform", TYPE_ONE, true, platform_fields},
    OPTIONAL("annotations", TYPE_MAP),
    OPTIONAL("artifactType", TYPE_TEXT),
    {0},
};

static const struct field image_index_fields[] = {
    REQUIRED("schemaVersion", TYPE_SMALL),
    OPTIONAL("mediaType", TYPE_TEXT),
    {"manifests", TYPE_LIST, false, entry_fields},
    OPTIONAL("artifactType", TYPE_TEXT),
    OPTIONAL("annotations", TYPE_MAP),
    {0},
};

/* --- Values --- */

/* A map of texts with its keys sorted; NULL: it is none, or no memory. */
static struct json_object *sort_map(struct json_object *map)
{
    struct json_object *sorted = NULL;
    struct chimera_buffer text;
    if (!json_object_is_type(map, json_type_object))
        return NULL;
    json_object_object_foreach(map, key, value)
    {
        (void)key;
        if (!json_object_is_type(value, json_type_string))
            return NULL;
    }
    chimera_buffer_init(&text, 2 * CHIMERA_MANIFEST_MAX);
    chimera_json_write(map, &text);
    if (!text.failed)
        chimera_json_parse(chimera_buffer_slice(&text), &sorted, NULL);
    chimera_buffer_free(&text);
    return sorted;
}

static bool is_number(struct json_object *value, int64_t most)
{
    return json_object_is_type(value, json_type_int) && json_object_get_int64(value) <= most &&
           json_object_get_int64(value) >= (most == UINT8_MAX ? 0 : INT64_MIN);
}

static struct json_object *make(const struct field *shape, struct json_object *from,
                                const struct field **ret_wrong);

/* As deep as the shapes are. NULL: it is another type. */
static struct json_object *make_list(const struct field *shape,
                                     struct json_object *from, /* NOLINT(misc-no-recursion) */
                                     const struct field **ret_wrong)
{
    struct json_object *list = json_object_new_array();
    size_t count = json_object_is_type(from, json_type_array) ? json_object_array_length(from) : 0;
    bool is_good = list && json_object_is_type(from, json_type_array);
    for (size_t i = 0; is_good && i < count; i++) {
        struct json_object *one = make(shape, json_object_array_get_idx(from, i), ret_wrong);
        is_good = one && json_object_array_add(list, one) == 0;
    }
    if (is_good)
        return list;
    json_object_put(list);
    return NULL;
}

static struct json_object *make_value(const struct field *field,
                                      struct json_object *from, /* NOLINT(misc-no-recursion) */
                                      const struct field **ret_wrong)
{
    switch (field->type) {
    case TYPE_TEXT:
        return json_object_is_type(from, json_type_string) ? json_object_get(from) : NULL;
    case TYPE_SMALL:
        return is_number(from, UINT8_MAX) ? json_object_get(from) : NULL;
    case TYPE_SIZE:
        return is_number(from, INT64_MAX) ? json_object_get(from) : NULL;
    case TYPE_TEXTS:
        return chimera_json_are_texts(from) ? json_object_get(from) : NULL;
    case TYPE_MAP:
        return sort_map(from);
    case TYPE_ONE:
        return make(field->shape, from, ret_wrong);
    case TYPE_LIST:
        return make_list(field->shape, from, ret_wrong);
    }
    return NULL;
}

/* NULL: *ret_wrong says which field, unless memory ran out. */
static struct json_object *make(const struct field *shape,
                                struct json_object *from, /* NOLINT(misc-no-recursion) */
                                const struct field **ret_wrong)
{
    struct json_object *tree = json_object_new_object();
    for (const struct field *field = shape; tree && field->name; field++) {
        struct json_object *value = chimera_json_member(from, field->name);
        if (!value && field->is_optional)
            continue;
        struct json_object *own = value ? make_value(field, value, ret_wrong) : NULL;
        if (own && json_object_object_add(tree, field->name, own) == 0)
            continue;
        if (!*ret_wrong)
            *ret_wrong = field;
        json_object_put(own);
        json_object_put(tree);
        return NULL;
    }
    return tree;
}

int manifest_json_make(const struct chimera_oci_manifest *manifest, struct json_object **ret_tree,
                       struct chimera_error *err)
{
    const struct field *wrong = NULL;
    struct json_object *tree =
        make(manifest->is_index ? image_index_fields : image_fields, manifest->tree, &wrong);
    if (!tree && wrong)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Failed to parse manifest as Versioned object: `%s` is missing, or of "
                            "another type",
                            wrong->name);
    if (!tree)
        return chimera_fail_memory(err);
    *ret_tree = tree;
    return CHIMERA_OK;
}
