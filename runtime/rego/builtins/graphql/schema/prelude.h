/* SPDX-License-Identifier: Apache-2.0 */
/* prelude.h - what every schema has: the scalars, the directives, and the types of introspection
 * (the GraphQL specification, §3.5, §3.13, §4.2), with what gqlparser adds to them. */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_PRELUDE_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_PRELUDE_H

#include "runtime/rego/builtins/graphql/syntax/ast.h"

struct chimera_gql_schema_document *chimera_gql_prelude(struct chimera_gql_work *work);

/* A schema may declare these again. */
bool chimera_gql_is_prelude_directive(struct chimera_slice name);

/* The fields __schema and __type, which the query type has besides its own. */
struct chimera_gql_list chimera_gql_introspection_fields(struct chimera_gql_work *work);

#endif
