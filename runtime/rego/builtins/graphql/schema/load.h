/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - a document as a schema, once it is found to be right. */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_LOAD_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_LOAD_H

#include "runtime/rego/builtins/graphql/schema/schema.h"

/* Lays extensions upon what they extend, in the document itself. When the schema is wrong the work
 * fails with CHIMERA_EINVAL and gqlparser's first complaint. */
void chimera_gql_load_schema(struct chimera_gql_work *work,
                             const struct chimera_gql_schema_document *document,
                             struct chimera_gql_schema *ret_schema);

#endif
