/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/json.h"

#include "runtime/json/node.h"
#include "runtime/rego/builtins/graphql/syntax/shape.h"
#include "runtime/rego/value.h"

/* Takes `value`, whatever happens. */
static void add(struct chimera_gql_work *work, struct json_object *object, const char *key,
                struct json_object *value)
{
    if (!value || chimera_node_add(work->account, object, key, value) < 0)
        chimera_gql_fail_memory(work);
}

static struct json_object *write_node(struct chimera_gql_work *work, const void *node,
                                      const struct chimera_gql_shape *shape, unsigned level);

static struct json_object *write_item(struct chimera_gql_work *work, const void *item,
                                      const struct chimera_gql_member *member, unsigned level)
{
    const struct chimera_gql_name *name = item;
    const struct chimera_gql_selection *selection = item;
    if (member->kind == CHIMERA_GQL_MEMBER_NAMES)
        return chimera_node_string(work->account, name->name);
    return write_node(work, item,
                      member->kind == CHIMERA_GQL_MEMBER_SELECTIONS
                          ? &chimera_gql_shape_selections[selection->kind]
                          : member->shape,
                      level);
}

/* Objects that became empty are left out; an empty list is the caller's to leave out. */
static struct json_object *write_list(struct chimera_gql_work *work,
                                      const struct chimera_gql_list *list,
                                      const struct chimera_gql_member *member, unsigned level)
{
    struct json_object *array = chimera_node_array(work->account);
    if (!array)
        chimera_gql_fail_memory(work);
    for (uint32_t i = 0; i < list->count && work->code == CHIMERA_OK; i++) {
        struct json_object *item = write_item(work, list->items[i], member, level);
        bool is_empty =
            json_object_is_type(item, json_type_object) && json_object_object_length(item) == 0;
        if (is_empty)
            json_object_put(item);
        else if (!item || chimera_node_append(work->account, array, item) < 0)
            chimera_gql_fail_memory(work);
    }
    return array;
}

static void write_member(struct chimera_gql_work *work, struct json_object *object,
                         const void *place, const struct chimera_gql_member *member, unsigned level)
{
    const struct chimera_gql_list *list = place;
    const void *const *node = place;
    struct json_object *value = NULL;
    switch (member->kind) {
    case CHIMERA_GQL_MEMBER_PASSED:
        return;
    case CHIMERA_GQL_MEMBER_TEXT:
        value = chimera_node_string(work->account, *(const struct chimera_slice *)place);
        break;
    case CHIMERA_GQL_MEMBER_NUMBER:
        value = chimera_node_int64(work->account, *(const int64_t *)place);
        break;
    case CHIMERA_GQL_MEMBER_BOOLEAN:
        value = chimera_node_boolean(work->account, *(const bool *)place);
        break;
    case CHIMERA_GQL_MEMBER_NODE:
        if (!*node)
            return;
        value = write_node(work, *node, member->shape, level + 1);
        break;
    default:
        if (list->count == 0)
            return;
        value = write_list(work, list, member, level + 2);
    }
    bool is_empty =
        (json_object_is_type(value, json_type_object) && json_object_object_length(value) == 0) ||
        (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0);
    if (is_empty)
        json_object_put(value);
    else
        add(work, object, member->name, value);
}

/* `level` counts the arrays and objects that it lies in. */
static struct json_object *write_node(struct chimera_gql_work *work, const void *node,
                                      const struct chimera_gql_shape *shape, unsigned level)
{
    if (level >= CHIMERA_REGO_DEPTH_MAX)
        chimera_gql_fail(work, CHIMERA_ELIMIT, "an AST of more than %d levels",
                         CHIMERA_REGO_DEPTH_MAX);
    if (!chimera_gql_enter(work))
        return NULL;
    struct json_object *object = chimera_node_object(work->account);
    if (!object)
        chimera_gql_fail_memory(work);
    for (const struct chimera_gql_member *member = shape->members;
         member->name && work->code == CHIMERA_OK; member++)
        write_member(work, object, (const char *)node + member->offset, member, level);
    work->depth--;
    return object;
}

static struct json_object *write_document(struct chimera_gql_work *work, const void *document,
                                          const struct chimera_gql_shape *shape)
{
    if (work->code)
        return NULL;
    struct json_object *object = write_node(work, document, shape, 0);
    if (work->code == CHIMERA_OK)
        return object;
    json_object_put(object);
    return NULL;
}

struct json_object *chimera_gql_write_query(struct chimera_gql_work *work,
                                            const struct chimera_gql_query *query)
{
    return write_document(work, query, &chimera_gql_shape_query);
}

struct json_object *chimera_gql_write_schema(struct chimera_gql_work *work,
                                             const struct chimera_gql_schema_document *document)
{
    return write_document(work, document, &chimera_gql_shape_schema);
}
