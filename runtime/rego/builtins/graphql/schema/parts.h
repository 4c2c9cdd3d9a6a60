/* SPDX-License-Identifier: Apache-2.0 */
/* parts.h - what must hold of a schema's parts. Private to this folder.
 *
 * In gqlparser's order, so that the first complaint is its own. Each ends the work when something
 * is wrong.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_PARTS_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SCHEMA_PARTS_H

#include "runtime/rego/builtins/graphql/schema/schema.h"

/* With all that extends it (type.c). */
void chimera_gql_check_type(struct chimera_gql_schema *schema, struct chimera_gql_definition *type);

/* Does it have all that the interface asks for? (implement.c) */
void chimera_gql_check_implements(struct chimera_gql_schema *schema,
                                  const struct chimera_gql_definition *type,
                                  struct chimera_slice interface_name);

/* No input needs one of its own kind in it (cycle.c). */
void chimera_gql_check_input_cycles(struct chimera_gql_schema *schema,
                                    const struct chimera_gql_list *types);

/* --- directive.c --- */

void chimera_gql_check_directive_definition(struct chimera_gql_schema *schema,
                                            struct chimera_gql_directive_definition *directive);

struct chimera_gql_directive_place {
    struct chimera_slice location; /* "FIELD_DEFINITION", … */
    /* Within the definition of this one, which may not use itself; NULL: of none. */
    const struct chimera_gql_directive_definition *within;
    bool is_single; /* one place of the text, where one that is not repeatable may stand once */
};
void chimera_gql_check_directives(struct chimera_gql_schema *schema,
                                  const struct chimera_gql_list *directives,
                                  struct chimera_gql_directive_place place);

/* The definitions of a field's or a directive's arguments. */
void chimera_gql_check_arguments(struct chimera_gql_schema *schema,
                                 const struct chimera_gql_list *arguments,
                                 const struct chimera_gql_directive_definition *within);

/* --- name.c --- */

/* None of the schema's own names begins with "__". */
void chimera_gql_check_name(struct chimera_gql_schema *schema, struct chimera_slice name,
                            struct chimera_gql_place place);
/* Is there such a type? */
void chimera_gql_check_type_name(struct chimera_gql_schema *schema,
                                 const struct chimera_gql_type *type);
/* No object in a value sets a member twice. */
void chimera_gql_check_input_names(struct chimera_gql_schema *schema,
                                   const struct chimera_gql_value *value);
/* Of nodes that begin with their name: the second of the first pair of one name, or NULL. */
void *chimera_gql_repeated(struct chimera_gql_work *work, const struct chimera_gql_list *list);

#endif
