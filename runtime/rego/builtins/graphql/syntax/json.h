/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - documents as the JSON that OPA makes of gqlparser's AST, and back: without places, and
 * without what is null or empty.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_JSON_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_JSON_H

#include <json-c/json.h>

#include "runtime/rego/builtins/graphql/syntax/ast.h"

/* The caller owns what comes, on the work's account; NULL once the work has failed. */
struct json_object *chimera_gql_write_query(struct chimera_gql_work *work,
                                            const struct chimera_gql_query *query);
struct json_object *chimera_gql_write_schema(struct chimera_gql_work *work,
                                             const struct chimera_gql_schema_document *document);

/* Texts are the JSON's, which must live as long. What is there of another type fails the work with
 * CHIMERA_EINVAL, and so does what is missing where OPA would crash. */
struct chimera_gql_query *chimera_gql_read_query(struct chimera_gql_work *work,
                                                 struct json_object *json);
struct chimera_gql_schema_document *chimera_gql_read_schema(struct chimera_gql_work *work,
                                                            struct json_object *json);

#endif
