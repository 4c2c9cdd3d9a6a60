/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/prelude.h"

#include "runtime/rego/builtins/graphql/syntax/parse.h"

static const char text[] =
    "scalar Int scalar Float scalar String scalar Boolean scalar ID\n"
    "directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
    "directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
    "directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT\n"
    "directive @deprecated(reason: String = \"No longer supported\") on FIELD_DEFINITION\n"
    "  | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE | DIRECTIVE_DEFINITION\n"
    "directive @specifiedBy(url: String!) on SCALAR\n"
    "directive @oneOf on INPUT_OBJECT\n"
    "type __Schema { description: String types: [__Type!]! queryType: __Type!\n"
    "  mutationType: __Type subscriptionType: __Type directives: [__Directive!]! }\n"
    "type __Type { kind: __TypeKind! name: String description: String specifiedByURL: String\n"
    "  fields(includeDeprecated: Boolean = false): [__Field!] interfaces: [__Type!]\n"
    "  possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean = false): [__EnumValue!]\n"
    "  inputFields(includeDeprecated: Boolean = false): [__InputValue!] ofType: __Type\n"
    "  isOneOf: Boolean }\n"
    "enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }\n"
    "type __Field { name: String! description: String\n"
    "  args(includeDeprecated: Boolean = false): [__InputValue!]! type: __Type!\n"
    "  isDeprecated: Boolean! deprecationReason: String }\n"
    "type __InputValue { name: String! description: String type: __Type! defaultValue: String\n"
    "  isDeprecated: Boolean! deprecationReason: String }\n"
    "type __EnumValue { name: String! description: String isDeprecated: Boolean!\n"
    "  deprecationReason: String }\n"
    "type __Directive { name: String! description: String isRepeatable: Boolean!\n"
    "  locations: [__DirectiveLocation!]!\n"
    "  args(includeDeprecated: Boolean = false): [__InputValue!]! }\n"
    "enum __DirectiveLocation { QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION\n"
    "  FRAGMENT_SPREAD INLINE_FRAGMENT VARIABLE_DEFINITION SCHEMA SCALAR OBJECT\n"
    "  FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION ENUM ENUM_VALUE INPUT_OBJECT\n"
    "  INPUT_FIELD_DEFINITION DIRECTIVE_DEFINITION }\n";

struct chimera_gql_schema_document *chimera_gql_prelude(struct chimera_gql_work *work)
{
    return chimera_gql_parse_prelude(work, (struct chimera_slice){text, sizeof(text) - 1});
}

bool chimera_gql_is_prelude_directive(struct chimera_slice name)
{
    static const char *const names[] = {"defer", "deprecated", "include",
                                        "oneOf", "skip",       "specifiedBy"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (chimera_slice_is(name, names[i]))
            return true;
    }
    return false;
}

static struct chimera_gql_field_definition *new_field(struct chimera_gql_work *work,
                                                      struct chimera_slice name,
                                                      struct chimera_slice type, bool is_non_null)
{
    struct chimera_gql_field_definition *field = chimera_gql_take(work, sizeof(*field));
    field->name = name;
    field->type = chimera_gql_take(work, sizeof(*field->type));
    field->type->name = type;
    field->type->is_non_null = is_non_null;
    return field;
}

struct chimera_gql_list chimera_gql_introspection_fields(struct chimera_gql_work *work)
{
    struct chimera_gql_list fields = {NULL, 0, 0};
    struct chimera_gql_field_definition *type =
        new_field(work, CHIMERA_SLICE("__type"), CHIMERA_SLICE("__Type"), false);
    chimera_gql_push(work, &fields,
                     new_field(work, CHIMERA_SLICE("__schema"), CHIMERA_SLICE("__Schema"), true));
    chimera_gql_push(work, &type->arguments,
                     new_field(work, CHIMERA_SLICE("name"), CHIMERA_SLICE("String"), true));
    chimera_gql_push(work, &fields, type);
    return fields;
}
