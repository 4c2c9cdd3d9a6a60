/* SPDX-License-Identifier: Apache-2.0 */
/* shape.h - the nodes of ast.h as Go's encoding/json shows them: the members' names, and where they
 * are in the structs. Private to this folder.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_SHAPE_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_SHAPE_H

#include "runtime/rego/builtins/graphql/syntax/ast.h"

enum chimera_gql_member_kind {
    CHIMERA_GQL_MEMBER_TEXT,       /* struct chimera_slice */
    CHIMERA_GQL_MEMBER_NUMBER,     /* int64_t */
    CHIMERA_GQL_MEMBER_BOOLEAN,    /* bool */
    CHIMERA_GQL_MEMBER_NODE,       /* a pointer; NULL: none */
    CHIMERA_GQL_MEMBER_NODES,      /* struct chimera_gql_list of nodes of one shape */
    CHIMERA_GQL_MEMBER_NAMES,      /* the same of struct chimera_gql_name */
    CHIMERA_GQL_MEMBER_SELECTIONS, /* the same of struct chimera_gql_selection */
    CHIMERA_GQL_MEMBER_PASSED,     /* an object that is read past, and not written */
};

struct chimera_gql_member {
    const char *name;
    enum chimera_gql_member_kind kind;
    size_t offset;
    const struct chimera_gql_shape *shape; /* of nodes */
    bool is_only_written;                  /* gqlparser forgets to read it */
};

struct chimera_gql_shape {
    const struct chimera_gql_member *members; /* the last has no name */
    size_t size;
    /* gqlparser reads these itself: only by their exact names, and each by itself. */
    bool is_exact;
};

extern const struct chimera_gql_shape chimera_gql_shape_query, chimera_gql_shape_schema,
    chimera_gql_shape_value, chimera_gql_shape_argument, chimera_gql_shape_type;

/* By enum chimera_gql_selection_kind. */
extern const struct chimera_gql_shape chimera_gql_shape_selections[3];

#endif
