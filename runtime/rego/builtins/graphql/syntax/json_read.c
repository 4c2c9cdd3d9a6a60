/* SPDX-License-Identifier: Apache-2.0 */
/* As Go's encoding/json fills gqlparser's structs: what is unknown is passed over, null leaves a
 * member as it is. */
#include "runtime/rego/builtins/graphql/syntax/json.h"

#include <stdio.h>
#include <strings.h>

#include "runtime/rego/builtins/graphql/syntax/shape.h"
#include "runtime/rego/value.h"

struct reader {
    struct chimera_gql_work *work;
    bool is_wrong; /* a member is of another type; a selection may be read as something else then */
    char what[100];
};

static bool goes_on(const struct reader *reader)
{
    return !reader->is_wrong && reader->work->code == CHIMERA_OK;
}

static void want(struct reader *reader, struct json_object *json, json_type type, const char *name)
{
    if (reader->is_wrong || json_object_is_type(json, type))
        return;
    reader->is_wrong = true;
    snprintf(reader->what, sizeof(reader->what), "%s of an AST is no %s but %s", name,
             json_type_to_name(type), chimera_rego_type_name(chimera_rego_type_of(json)));
}

/* OPA trusts an AST to have these, and crashes when it comes to them. */
static void refuse(struct reader *reader, const char *what)
{
    chimera_gql_fail(reader->work, CHIMERA_EINVAL, "an AST with %s", what);
}

static void *read_node(struct reader *reader, struct json_object *json,
                       const struct chimera_gql_shape *shape, const char *name);

/* By what of all three it can be read; NULL when by none, and then it is left out. Nearly all can
 * be read as fields. */
static void *read_selection(struct reader *reader, struct json_object *json)
{
    if (!json)
        return chimera_gql_take(reader->work, sizeof(struct chimera_gql_selection));
    for (enum chimera_gql_selection_kind kind = CHIMERA_GQL_FIELD; kind <= CHIMERA_GQL_INLINE;
         kind++) {
        struct chimera_gql_selection *selection =
            read_node(reader, json, &chimera_gql_shape_selections[kind], "SelectionSet");
        if (!reader->is_wrong) {
            selection->kind = kind;
            return selection;
        }
        reader->is_wrong = false;
    }
    return NULL;
}

static void *read_item(struct reader *reader, struct json_object *json,
                       const struct chimera_gql_member *member)
{
    if (member->kind == CHIMERA_GQL_MEMBER_SELECTIONS)
        return read_selection(reader, json);
    if (member->kind == CHIMERA_GQL_MEMBER_NODES) {
        if (!json)
            refuse(reader, "null in a list");
        return read_node(reader, json, member->shape, member->name);
    }
    struct chimera_gql_name *name = chimera_gql_take(reader->work, sizeof(*name));
    if (json)
        want(reader, json, json_type_string, member->name);
    if (json && !reader->is_wrong)
        name->name = chimera_rego_string(json);
    return name;
}

static void read_member(struct reader *reader, struct json_object *json,
                        const struct chimera_gql_member *member, void *place)
{
    static const json_type types[] = {
        [CHIMERA_GQL_MEMBER_TEXT] = json_type_string,
        [CHIMERA_GQL_MEMBER_NUMBER] = json_type_int,
        [CHIMERA_GQL_MEMBER_BOOLEAN] = json_type_boolean,
        [CHIMERA_GQL_MEMBER_NODE] = json_type_object,
        [CHIMERA_GQL_MEMBER_NODES] = json_type_array,
        [CHIMERA_GQL_MEMBER_NAMES] = json_type_array,
        [CHIMERA_GQL_MEMBER_SELECTIONS] = json_type_array,
        [CHIMERA_GQL_MEMBER_PASSED] = json_type_object,
    };
    struct chimera_gql_list list = {NULL, 0, 0};
    if (!json)
        return;
    want(reader, json, types[member->kind], member->name);
    if (!goes_on(reader))
        return;
    switch (member->kind) {
    case CHIMERA_GQL_MEMBER_PASSED:
        break;
    case CHIMERA_GQL_MEMBER_TEXT:
        *(struct chimera_slice *)place = chimera_rego_string(json);
        break;
    case CHIMERA_GQL_MEMBER_NUMBER:
        *(int64_t *)place = json_object_get_int64(json);
        break;
    case CHIMERA_GQL_MEMBER_BOOLEAN:
        *(bool *)place = json_object_get_boolean(json);
        break;
    case CHIMERA_GQL_MEMBER_NODE:
        *(void **)place = read_node(reader, json, member->shape, member->name);
        break;
    default:
        for (size_t i = 0; i < json_object_array_length(json) && goes_on(reader); i++) {
            void *item = read_item(reader, json_object_array_get_idx(json, i), member);
            if (item)
                chimera_gql_push(reader->work, &list, item);
        }
        *(struct chimera_gql_list *)place = list;
    }
}

/* Is there what everybody relies on? */
static void check(struct reader *reader, const void *node, const struct chimera_gql_shape *shape)
{
    const struct chimera_gql_type *type = node;
    const struct chimera_gql_value *value = node;
    const struct chimera_gql_argument *argument = node;
    if (shape == &chimera_gql_shape_type && type->name.size == 0 && !type->elem)
        refuse(reader, "a type without a name");
    if (shape == &chimera_gql_shape_value &&
        (value->kind < CHIMERA_GQL_VARIABLE || value->kind > CHIMERA_GQL_OBJECT))
        refuse(reader, "a value of unknown kind");
    if (shape == &chimera_gql_shape_argument && !argument->value)
        refuse(reader, "an argument without a value");
    for (const struct chimera_gql_member *member = shape->members; member->name; member++) {
        const void *const *at =
            (const void *const *)(const void *)((const char *)node + member->offset);
        if (member->kind == CHIMERA_GQL_MEMBER_NODE && !strcmp(member->name, "Type") && !*at)
            refuse(reader, "something that has no type");
    }
}

/* Members in the order of their keys, as Go's maps are written. */
static void *read_node(struct reader *reader, struct json_object *json,
                       const struct chimera_gql_shape *shape, const char *name)
{
    void *node = chimera_gql_take(reader->work, shape->size);
    want(reader, json, json_type_object, name);
    if (reader->is_wrong || !chimera_gql_enter(reader->work))
        return node;
    if (chimera_rego_order_members(json, reader->work->account) < 0)
        chimera_gql_fail_memory(reader->work);
    for (const struct lh_entry *entry = json_object_get_object(json)->head;
         entry && goes_on(reader); entry = entry->next) {
        const char *key = (const char *)lh_entry_k(entry);
        const struct chimera_gql_member *member = shape->members;
        while (member->name && (shape->is_exact ? strcmp(member->name, key) != 0
                                                : strcasecmp(member->name, key) != 0))
            member++;
        chimera_gql_spend(reader->work, 8);
        if (member->name && !member->is_only_written)
            read_member(reader, (struct json_object *)lh_entry_v(entry), member,
                        (char *)node + member->offset);
    }
    reader->work->depth--;
    if (goes_on(reader))
        check(reader, node, shape);
    return node;
}

static void *read_document(struct chimera_gql_work *work, struct json_object *json,
                           const struct chimera_gql_shape *shape)
{
    struct reader reader = {.work = work};
    void *document = read_node(&reader, json, shape, "the document");
    if (reader.is_wrong)
        chimera_gql_fail(work, CHIMERA_EINVAL, "%s", reader.what);
    return document;
}

struct chimera_gql_query *chimera_gql_read_query(struct chimera_gql_work *work,
                                                 struct json_object *json)
{
    return read_document(work, json, &chimera_gql_shape_query);
}

struct chimera_gql_schema_document *chimera_gql_read_schema(struct chimera_gql_work *work,
                                                            struct json_object *json)
{
    return read_document(work, json, &chimera_gql_shape_schema);
}
