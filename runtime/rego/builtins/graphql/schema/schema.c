/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/schema.h"

struct chimera_gql_definition *chimera_gql_type_of(const struct chimera_gql_schema *schema,
                                                   struct chimera_slice name)
{
    return chimera_gql_get(schema->work, &schema->types, name);
}

struct chimera_gql_directive_definition *
chimera_gql_directive_of(const struct chimera_gql_schema *schema, struct chimera_slice name)
{
    return chimera_gql_get(schema->work, &schema->directives, name);
}

struct chimera_gql_list chimera_gql_possible(const struct chimera_gql_schema *schema,
                                             struct chimera_slice name)
{
    const struct chimera_gql_list *list = chimera_gql_get(schema->work, &schema->possible, name);
    return list ? *list : (struct chimera_gql_list){NULL, 0, 0};
}

bool chimera_gql_is_compatible(const struct chimera_gql_type *type,
                               const struct chimera_gql_type *other)
{
    for (; type && other; type = type->elem, other = other->elem) {
        if (!chimera_slice_equal(type->name, other->name) || (type->elem && !other->elem) ||
            (other->is_non_null && !type->is_non_null))
            return false;
    }
    return true;
}
