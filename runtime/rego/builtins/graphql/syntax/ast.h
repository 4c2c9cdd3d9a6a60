/* SPDX-License-Identifier: Apache-2.0 */
/* ast.h - a GraphQL document as a tree: the node types and members of gqlparser's AST, which OPA
 * shows as JSON (shape.c has the members' names there).
 *
 * Nodes that are looked up by their name begin with it (work.h). Texts are borrowed from the source
 * or from the work's memory. What stands behind "found by the check" is empty until then.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_AST_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_SYNTAX_AST_H

#include "runtime/rego/builtins/graphql/syntax/work.h"

struct chimera_gql_place {
    uint32_t line;   /* from 1 on; 0: nobody knows, as of an AST that came as JSON */
    int32_t column;  /* of a block string it may be negative, as gqlparser's */
    bool is_prelude; /* in what every schema has (prelude.c) */
};

struct chimera_gql_comment {
    struct chimera_slice text; /* with its '#' */
};

struct chimera_gql_comments { /* a group; NULL: none */
    struct chimera_gql_list list;
};

struct chimera_gql_name {
    struct chimera_slice name;
    struct chimera_gql_place place;
};

/* --- Both kinds of documents --- */

struct chimera_gql_type { /* a reference to one */
    struct chimera_slice name;
    struct chimera_gql_type *elem; /* of a list, which has no name */
    bool is_non_null;
    struct chimera_gql_place place;
};

enum chimera_gql_value_kind { /* numbers of the AST */
                              CHIMERA_GQL_VARIABLE,
                              CHIMERA_GQL_INT,
                              CHIMERA_GQL_FLOAT,
                              CHIMERA_GQL_STRING,
                              CHIMERA_GQL_BLOCK,
                              CHIMERA_GQL_BOOLEAN,
                              CHIMERA_GQL_NULL,
                              CHIMERA_GQL_ENUM,
                              CHIMERA_GQL_LIST,
                              CHIMERA_GQL_OBJECT,
};

struct chimera_gql_value {
    struct chimera_slice raw;
    int64_t kind;
    struct chimera_gql_list children; /* arguments; those of a list have no names */
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
    /* found by the check: */
    bool expects_default; /* what stands here has a default elsewhere */
    struct chimera_gql_type *expected;
    struct chimera_gql_definition *definition; /* of the expected type */
    struct chimera_gql_variable *variable;
};

struct chimera_gql_argument { /* or a member of an object's value */
    struct chimera_slice name;
    struct chimera_gql_value *value;
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
};

struct chimera_gql_directive {
    struct chimera_slice name;
    struct chimera_gql_list arguments;
    struct chimera_slice location;
    struct chimera_gql_place place;
    struct chimera_gql_directive_definition *definition; /* found by the check */
};

/* --- Queries --- */

enum chimera_gql_selection_kind {
    CHIMERA_GQL_FIELD,
    CHIMERA_GQL_SPREAD,
    CHIMERA_GQL_INLINE,
};

struct chimera_gql_selection {
    struct chimera_slice name; /* of the field or fragment */
    enum chimera_gql_selection_kind kind;
    struct chimera_slice alias;          /* of a field: its name when it has none */
    struct chimera_slice type_condition; /* of an inline fragment; may be empty */
    struct chimera_gql_list arguments;   /* of a field */
    struct chimera_gql_list directives;  /* of any */
    struct chimera_gql_list selections;  /* of a field or an inline fragment */
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
    /* found by the check: */
    struct chimera_gql_definition *parent;           /* the type that it is selected from */
    struct chimera_gql_field_definition *definition; /* of a field */
    struct chimera_gql_fragment *fragment;           /* of a spread */
};

struct chimera_gql_variable {
    struct chimera_slice name;
    struct chimera_slice description;
    struct chimera_gql_type *type;
    struct chimera_gql_value *default_value; /* NULL: none */
    struct chimera_gql_list directives;
    bool is_used;
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
    struct chimera_gql_definition *definition; /* of its type, found by the check */
};

struct chimera_gql_operation {
    struct chimera_slice name;
    struct chimera_slice description;
    struct chimera_slice operation; /* "query", "mutation", "subscription" */
    struct chimera_gql_list variables, directives, selections;
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
};

struct chimera_gql_fragment {
    struct chimera_slice name;
    struct chimera_slice description, type_condition;
    struct chimera_gql_list variables, directives, selections;
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
    struct chimera_gql_definition *definition; /* of its type, found by the check */
    uint32_t walk;                             /* the last one that it was spread in */
    struct chimera_gql_introspection {         /* what the rule of its name knows of it */
        bool is_visited;
        unsigned depth;                   /* at which, while it is */
        bool is_known[3], is_too_deep[3]; /* when it is entered at that depth */
    } introspection;
};

struct chimera_gql_query {
    struct chimera_gql_list operations, fragments;
    struct chimera_gql_comments *comments;
};

/* --- Schemas --- */

struct chimera_gql_field_definition { /* or that of an argument, or of an input's field */
    struct chimera_slice name;
    struct chimera_slice description;
    struct chimera_gql_list arguments;
    struct chimera_gql_value *default_value; /* NULL: none */
    struct chimera_gql_type *type;
    struct chimera_gql_list directives;
    struct chimera_gql_comments *before, *after; /* its description */
    struct chimera_gql_place place;
};

struct chimera_gql_enum_value {
    struct chimera_slice name;
    struct chimera_slice description;
    struct chimera_gql_list directives;
    struct chimera_gql_comments *before, *after;
    struct chimera_gql_place place;
};

struct chimera_gql_definition { /* of a type, or what extends one */
    struct chimera_slice name;
    struct chimera_slice kind; /* "SCALAR", "OBJECT", … as in introspection */
    struct chimera_slice description;
    struct chimera_gql_list directives, fields, enum_values;
    struct chimera_gql_list interfaces, types; /* names */
    bool is_built_in;
    struct chimera_gql_comments *before, *after, *end;
    struct chimera_gql_place place;
};

struct chimera_gql_directive_definition { /* or what extends one */
    struct chimera_slice name;
    struct chimera_slice description;
    struct chimera_gql_list arguments, directives;
    struct chimera_gql_list locations; /* names */
    bool is_repeatable;
    struct chimera_gql_comments *before, *after;
    struct chimera_gql_place place;
};

struct chimera_gql_root { /* the type that a kind of operation begins with */
    struct chimera_slice operation, type;
    struct chimera_gql_comments *comments;
    struct chimera_gql_place place;
};

struct chimera_gql_schema_definition { /* or what extends it */
    struct chimera_slice description;
    struct chimera_gql_list directives, roots;
    struct chimera_gql_comments *before, *after, *end;
    struct chimera_gql_place place;
};

struct chimera_gql_schema_document {
    struct chimera_gql_list schemas, schema_extensions;
    struct chimera_gql_list directives, directive_extensions;
    struct chimera_gql_list definitions, extensions;
    struct chimera_gql_comments *comments;
};

static inline bool chimera_gql_is_leaf(const struct chimera_gql_definition *definition)
{
    return chimera_slice_is(definition->kind, "ENUM") ||
           chimera_slice_is(definition->kind, "SCALAR");
}

static inline bool chimera_gql_is_abstract(const struct chimera_gql_definition *definition)
{
    return chimera_slice_is(definition->kind, "INTERFACE") ||
           chimera_slice_is(definition->kind, "UNION");
}

static inline bool chimera_gql_is_composite(const struct chimera_gql_definition *definition)
{
    return chimera_slice_is(definition->kind, "OBJECT") || chimera_gql_is_abstract(definition);
}

static inline bool chimera_gql_is_input(const struct chimera_gql_definition *definition)
{
    return chimera_gql_is_leaf(definition) || chimera_slice_is(definition->kind, "INPUT_OBJECT");
}

/* What is in all brackets. */
static inline struct chimera_slice chimera_gql_type_name(const struct chimera_gql_type *type)
{
    while (type->name.size == 0 && type->elem)
        type = type->elem;
    return type->name;
}

#endif
