/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/syntax/shape.h"

/* clang-format off */
#define TEXT(node, name, member)    {name, CHIMERA_GQL_MEMBER_TEXT, offsetof(struct chimera_gql_##node, member), NULL, false}
#define NUMBER(node, name, member)  {name, CHIMERA_GQL_MEMBER_NUMBER, offsetof(struct chimera_gql_##node, member), NULL, false}
#define BOOLEAN(node, name, member) {name, CHIMERA_GQL_MEMBER_BOOLEAN, offsetof(struct chimera_gql_##node, member), NULL, false}
#define NODE(node, name, member, shape)  {name, CHIMERA_GQL_MEMBER_NODE, offsetof(struct chimera_gql_##node, member), shape, false}
#define NODES(node, name, member, shape) {name, CHIMERA_GQL_MEMBER_NODES, offsetof(struct chimera_gql_##node, member), shape, false}
#define NAMES(node, name, member)      {name, CHIMERA_GQL_MEMBER_NAMES, offsetof(struct chimera_gql_##node, member), NULL, false}
#define SELECTIONS(node, name, member) {name, CHIMERA_GQL_MEMBER_SELECTIONS, offsetof(struct chimera_gql_##node, member), NULL, false}
#define WRITTEN_TEXT(node, name, member)     {name, CHIMERA_GQL_MEMBER_TEXT, offsetof(struct chimera_gql_##node, member), NULL, true}
#define WRITTEN_COMMENTS(node, name, member) {name, CHIMERA_GQL_MEMBER_NODE, offsetof(struct chimera_gql_##node, member), &shape_comments, true}
#define COMMENTS(node, name, member)         NODE(node, name, member, &shape_comments)
#define PASSED(name) {name, CHIMERA_GQL_MEMBER_PASSED, 0, NULL, false}
#define END {NULL, CHIMERA_GQL_MEMBER_TEXT, 0, NULL, false}
#define SHAPE(node, members, is_exact) {members, sizeof(struct chimera_gql_##node), is_exact}

/* What the check finds is shown, too, where an AST brings it along. */
static const struct chimera_gql_shape shape_definition, shape_directive_definition,
    shape_field_definition, shape_fragment, shape_variable;

static const struct chimera_gql_member comment[] = {
    TEXT(comment, "Value", text),
    PASSED("Position"),
    END,
};
static const struct chimera_gql_shape shape_comment = SHAPE(comment, comment, false);

static const struct chimera_gql_member comments[] = {
    NODES(comments, "List", list, &shape_comment),
    END,
};
static const struct chimera_gql_shape shape_comments = SHAPE(comments, comments, false);

/* --- Both kinds of documents --- */

static const struct chimera_gql_member type[] = {
    NODE(type, "Elem", elem, &chimera_gql_shape_type),
    TEXT(type, "NamedType", name),
    BOOLEAN(type, "NonNull", is_non_null),
    END,
};
const struct chimera_gql_shape chimera_gql_shape_type = SHAPE(type, type, false);

static const struct chimera_gql_member value[] = {
    NODES(value, "Children", children, &chimera_gql_shape_argument),
    COMMENTS(value, "Comment", comments),
    BOOLEAN(value, "ExpectedTypeHasDefault", expects_default),
    NUMBER(value, "Kind", kind),
    TEXT(value, "Raw", raw),
    NODE(value, "Definition", definition, &shape_definition),
    NODE(value, "ExpectedType", expected, &chimera_gql_shape_type),
    NODE(value, "VariableDefinition", variable, &shape_variable),
    END,
};
const struct chimera_gql_shape chimera_gql_shape_value = SHAPE(value, value, false);

static const struct chimera_gql_member argument[] = {
    COMMENTS(argument, "Comment", comments),
    TEXT(argument, "Name", name),
    NODE(argument, "Value", value, &chimera_gql_shape_value),
    END,
};
const struct chimera_gql_shape chimera_gql_shape_argument = SHAPE(argument, argument, false);

static const struct chimera_gql_member directive[] = {
    NODES(directive, "Arguments", arguments, &chimera_gql_shape_argument),
    TEXT(directive, "Location", location),
    TEXT(directive, "Name", name),
    NODE(directive, "Definition", definition, &shape_directive_definition),
    PASSED("ParentDefinition"),
    END,
};
static const struct chimera_gql_shape shape_directive = SHAPE(directive, directive, false);

/* --- Queries --- */

static const struct chimera_gql_member field[] = {
    TEXT(selection, "Alias", alias),
    NODES(selection, "Arguments", arguments, &chimera_gql_shape_argument),
    WRITTEN_COMMENTS(selection, "Comment", comments),
    NODES(selection, "Directives", directives, &shape_directive),
    TEXT(selection, "Name", name),
    SELECTIONS(selection, "SelectionSet", selections),
    NODE(selection, "Definition", definition, &shape_field_definition),
    NODE(selection, "ObjectDefinition", parent, &shape_definition),
    PASSED("Position"),
    END,
};

static const struct chimera_gql_member spread[] = {
    COMMENTS(selection, "Comment", comments),
    NODES(selection, "Directives", directives, &shape_directive),
    TEXT(selection, "Name", name),
    NODE(selection, "Definition", fragment, &shape_fragment),
    NODE(selection, "ObjectDefinition", parent, &shape_definition),
    END,
};

static const struct chimera_gql_member inline_fragment[] = {
    WRITTEN_COMMENTS(selection, "Comment", comments),
    NODES(selection, "Directives", directives, &shape_directive),
    SELECTIONS(selection, "SelectionSet", selections),
    TEXT(selection, "TypeCondition", type_condition),
    NODE(selection, "ObjectDefinition", parent, &shape_definition),
    PASSED("Position"),
    END,
};

const struct chimera_gql_shape chimera_gql_shape_selections[3] = {
    [CHIMERA_GQL_FIELD] = SHAPE(selection, field, true),
    [CHIMERA_GQL_SPREAD] = SHAPE(selection, spread, false),
    [CHIMERA_GQL_INLINE] = SHAPE(selection, inline_fragment, true),
};

static const struct chimera_gql_member variable[] = {
    COMMENTS(variable, "Comment", comments),
    NODE(variable, "DefaultValue", default_value, &chimera_gql_shape_value),
    TEXT(variable, "Description", description),
    NODES(variable, "Directives", directives, &shape_directive),
    NODE(variable, "Type", type, &chimera_gql_shape_type),
    BOOLEAN(variable, "Used", is_used),
    TEXT(variable, "Variable", name),
    NODE(variable, "Definition", definition, &shape_definition),
    END,
};
static const struct chimera_gql_shape shape_variable = SHAPE(variable, variable, false);

static const struct chimera_gql_member operation[] = {
    WRITTEN_COMMENTS(operation, "Comment", comments),
    WRITTEN_TEXT(operation, "Description", description),
    NODES(operation, "Directives", directives, &shape_directive),
    TEXT(operation, "Name", name),
    TEXT(operation, "Operation", operation),
    NODES(operation, "VariableDefinitions", variables, &shape_variable),
    SELECTIONS(operation, "SelectionSet", selections),
    PASSED("Position"),
    END,
};
static const struct chimera_gql_shape shape_operation = SHAPE(operation, operation, true);

static const struct chimera_gql_member fragment[] = {
    WRITTEN_COMMENTS(fragment, "Comment", comments),
    WRITTEN_TEXT(fragment, "Description", description),
    NODES(fragment, "Directives", directives, &shape_directive),
    TEXT(fragment, "Name", name),
    TEXT(fragment, "TypeCondition", type_condition),
    NODES(fragment, "VariableDefinition", variables, &shape_variable),
    SELECTIONS(fragment, "SelectionSet", selections),
    NODE(fragment, "Definition", definition, &shape_definition),
    PASSED("Position"),
    END,
};
static const struct chimera_gql_shape shape_fragment = SHAPE(fragment, fragment, true);

static const struct chimera_gql_member query[] = {
    COMMENTS(query, "Comment", comments),
    NODES(query, "Fragments", fragments, &shape_fragment),
    NODES(query, "Operations", operations, &shape_operation),
    END,
};
const struct chimera_gql_shape chimera_gql_shape_query = SHAPE(query, query, false);

/* --- Schemas --- */

#define DESCRIBED(node)                                    \
    COMMENTS(node, "AfterDescriptionComment", after),      \
    COMMENTS(node, "BeforeDescriptionComment", before),    \
    TEXT(node, "Description", description),                \
    NODES(node, "Directives", directives, &shape_directive)
#define VALUE_OF(node)                                                       \
    NODE(node, "DefaultValue", default_value, &chimera_gql_shape_value),     \
    TEXT(node, "Name", name),                                                \
    NODE(node, "Type", type, &chimera_gql_shape_type)

static const struct chimera_gql_member argument_definition[] = {
    DESCRIBED(field_definition),
    VALUE_OF(field_definition),
    END,
};
static const struct chimera_gql_shape shape_argument_definition =
    SHAPE(field_definition, argument_definition, false);

static const struct chimera_gql_member field_definition[] = {
    DESCRIBED(field_definition),
    VALUE_OF(field_definition),
    NODES(field_definition, "Arguments", arguments, &shape_argument_definition),
    END,
};
static const struct chimera_gql_shape shape_field_definition =
    SHAPE(field_definition, field_definition, false);

static const struct chimera_gql_member enum_value[] = {
    DESCRIBED(enum_value),
    TEXT(enum_value, "Name", name),
    END,
};
static const struct chimera_gql_shape shape_enum_value = SHAPE(enum_value, enum_value, false);

static const struct chimera_gql_member definition[] = {
    DESCRIBED(definition),
    BOOLEAN(definition, "BuiltIn", is_built_in),
    COMMENTS(definition, "EndOfDefinitionComment", end),
    NODES(definition, "EnumValues", enum_values, &shape_enum_value),
    NODES(definition, "Fields", fields, &shape_field_definition),
    NAMES(definition, "Interfaces", interfaces),
    TEXT(definition, "Kind", kind),
    TEXT(definition, "Name", name),
    NAMES(definition, "Types", types),
    END,
};
static const struct chimera_gql_shape shape_definition = SHAPE(definition, definition, false);

static const struct chimera_gql_member directive_definition[] = {
    DESCRIBED(directive_definition),
    NODES(directive_definition, "Arguments", arguments, &shape_argument_definition),
    BOOLEAN(directive_definition, "IsRepeatable", is_repeatable),
    NAMES(directive_definition, "Locations", locations),
    TEXT(directive_definition, "Name", name),
    END,
};
static const struct chimera_gql_shape shape_directive_definition =
    SHAPE(directive_definition, directive_definition, false);

static const struct chimera_gql_member root[] = {
    COMMENTS(root, "Comment", comments),
    TEXT(root, "Operation", operation),
    TEXT(root, "Type", type),
    END,
};
static const struct chimera_gql_shape shape_root = SHAPE(root, root, false);

static const struct chimera_gql_member schema_definition[] = {
    DESCRIBED(schema_definition),
    COMMENTS(schema_definition, "EndOfDefinitionComment", end),
    NODES(schema_definition, "OperationTypes", roots, &shape_root),
    END,
};
static const struct chimera_gql_shape shape_schema_definition =
    SHAPE(schema_definition, schema_definition, false);

static const struct chimera_gql_member schema_document[] = {
    COMMENTS(schema_document, "Comment", comments),
    NODES(schema_document, "Definitions", definitions, &shape_definition),
    NODES(schema_document, "DirectiveExtensions", directive_extensions, &shape_directive_definition),
    NODES(schema_document, "Directives", directives, &shape_directive_definition),
    NODES(schema_document, "Extensions", extensions, &shape_definition),
    NODES(schema_document, "Schema", schemas, &shape_schema_definition),
    NODES(schema_document, "SchemaExtension", schema_extensions, &shape_schema_definition),
    END,
};
const struct chimera_gql_shape chimera_gql_shape_schema =
    SHAPE(schema_document, schema_document, false);
/* clang-format on */
