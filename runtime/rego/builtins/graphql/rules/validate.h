/* SPDX-License-Identifier: Apache-2.0 */
/* validate.h - is a query right for a schema? */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_RULES_VALIDATE_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_RULES_VALIDATE_H

#include "runtime/rego/builtins/graphql/schema/schema.h"

/* When it is not, the work fails with CHIMERA_EINVAL: with all complaints, as OPA shows them, when
 * `has_text`, else at the first. Nodes of the query keep what was found of them. */
void chimera_gql_validate(const struct chimera_gql_schema *schema, struct chimera_gql_query *query,
                          bool has_text);

#endif
