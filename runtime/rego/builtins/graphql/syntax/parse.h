/* SPDX-License-Identifier: Apache-2.0 */
/* parse.h - GraphQL documents as trees.
 *
 * Recursive descent as gqlparser does it, so that comments come to lie where it puts them, and the
 * first complaint is its own, "Expected Name, found } in GraphQL string at location 1:5". What is
 * returned counts only when the work has not failed.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_PARSE_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_PARSE_H

#include "runtime/rego/builtins/graphql/syntax/ast.h"

struct chimera_gql_query *chimera_gql_parse_query(struct chimera_gql_work *work,
                                                  struct chimera_slice text);

struct chimera_gql_schema_document *chimera_gql_parse_schema(struct chimera_gql_work *work,
                                                             struct chimera_slice text);
/* The same for what every schema has (prelude.c): places and types are marked. */
struct chimera_gql_schema_document *chimera_gql_parse_prelude(struct chimera_gql_work *work,
                                                              struct chimera_slice text);

#endif
