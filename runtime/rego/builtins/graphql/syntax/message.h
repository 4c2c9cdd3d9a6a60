/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - complaints in gqlparser's words, in the frames that OPA puts around them.
 *
 * A message is a pattern in which each '%' stands for the next argument, a struct chimera_slice.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_MESSAGE_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_MESSAGE_H

#include <stdarg.h>

#include "runtime/rego/builtins/graphql/syntax/ast.h"

/* Ends the work: "MESSAGE in GraphQL string at location LINE:COLUMN". */
void chimera_gql_complain_of_text(struct chimera_gql_work *work, struct chimera_gql_place place,
                                  const char *message, ...);

/* Ends the work: the same of a schema that was read. */
void chimera_gql_complain_of_schema(struct chimera_gql_work *work, struct chimera_gql_place place,
                                    const char *message, ...);

/* Longer messages are cut, as they will be anyway (error.h). */
#define CHIMERA_GQL_MESSAGE_MAX ((size_t)4 << 10)

/* A message, or a part of one, for as long as the work. */
void chimera_gql_message_open(struct chimera_buffer *message);
struct chimera_slice chimera_gql_message_keep(struct chimera_gql_work *work,
                                              struct chimera_buffer *message);
void chimera_gql_fill(struct chimera_buffer *out, const char *message, va_list arguments);

/* "[Int!]" */
struct chimera_slice chimera_gql_type_text(struct chimera_gql_work *work,
                                           const struct chimera_gql_type *type);
/* As it is written: `{a:[1,"x"]}`. */
struct chimera_slice chimera_gql_value_text(struct chimera_gql_work *work,
                                            const struct chimera_gql_value *value);

#endif
