/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/parts.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

void chimera_gql_check_name(struct chimera_gql_schema *schema, struct chimera_slice name,
                            struct chimera_gql_place place)
{
    if (chimera_slice_starts(name, "__"))
        chimera_gql_complain_of_schema(
            schema->work, place,
            "Name \"%\" must not begin with \"__\", which is reserved by GraphQL introspection.",
            name);
}

void chimera_gql_check_type_name(struct chimera_gql_schema *schema,
                                 const struct chimera_gql_type *type)
{
    struct chimera_slice name = chimera_gql_type_name(type);
    if (!chimera_gql_type_of(schema, name))
        chimera_gql_complain_of_schema(schema->work, type->place, "Undefined type %.", name);
}

void chimera_gql_check_input_names(struct chimera_gql_schema *schema,
                                   const struct chimera_gql_value *value)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    if (!value || value->children.count == 0 || !chimera_gql_enter(schema->work))
        return;
    for (uint32_t i = 0; i < value->children.count && chimera_gql_spend(schema->work, 2); i++) {
        const struct chimera_gql_argument *child = value->children.items[i];
        if (value->kind == CHIMERA_GQL_OBJECT && chimera_gql_seen(schema->work, &seen, child->name))
            chimera_gql_complain_of_schema(schema->work, child->place,
                                           "There can be only one input field named \"%\".",
                                           child->name);
        chimera_gql_check_input_names(schema, child->value);
    }
    schema->work->depth--;
}

static struct chimera_slice name_of(const struct chimera_gql_list *list, uint32_t at)
{
    return *(const struct chimera_slice *)list->items[at];
}

void *chimera_gql_repeated(struct chimera_gql_work *work, const struct chimera_gql_list *list)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    uint32_t at = 0;
    if (list->count < 2)
        return NULL;
    while (at < list->count && !chimera_gql_seen(work, &seen, name_of(list, at)))
        at++;
    if (at == list->count || work->code)
        return NULL;
    for (uint32_t one = 0; one < list->count; one++) { /* which of several is the first? */
        for (uint32_t other = one + 1; other < list->count && chimera_gql_spend(work, 1); other++) {
            if (chimera_slice_equal(name_of(list, one), name_of(list, other)))
                return list->items[other];
        }
    }
    return NULL;
}
