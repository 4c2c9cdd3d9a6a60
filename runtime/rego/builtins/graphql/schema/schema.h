/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - a schema that queries are checked against: its document together with what every
 * schema has, by name.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_SCHEMA_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_SCHEMA_H

#include "runtime/rego/builtins/graphql/syntax/ast.h"

struct chimera_gql_schema {
    struct chimera_gql_work *work;
    struct chimera_gql_table types, directives; /* their definitions */
    struct chimera_gql_table possible; /* lists of the types that a union or interface may be */
    struct chimera_gql_definition *query, *mutation, *subscription; /* NULL: there is none */
};

/* Both NULL when there is none. */
struct chimera_gql_definition *chimera_gql_type_of(const struct chimera_gql_schema *schema,
                                                   struct chimera_slice name);
struct chimera_gql_directive_definition *
chimera_gql_directive_of(const struct chimera_gql_schema *schema, struct chimera_slice name);

/* What an object of that type may be; an empty list when nobody knows it. */
struct chimera_gql_list chimera_gql_possible(const struct chimera_gql_schema *schema,
                                             struct chimera_slice name);

/* Where `other` stands, may `type` be given? */
bool chimera_gql_is_compatible(const struct chimera_gql_type *type,
                               const struct chimera_gql_type *other);

#endif
