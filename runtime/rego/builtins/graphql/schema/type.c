/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/parts.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

static bool is_kind(const struct chimera_gql_definition *type, const char *kind)
{
    return chimera_slice_is(type->kind, kind);
}

static void check_field(struct chimera_gql_schema *schema,
                        const struct chimera_gql_definition *type,
                        struct chimera_gql_field_definition *field)
{
    chimera_gql_check_name(schema, field->name, field->place);
    chimera_gql_check_type_name(schema, field->type);
    chimera_gql_check_input_names(schema, field->default_value);
    const struct chimera_gql_field_definition *twice =
        chimera_gql_repeated(schema->work, &field->arguments);
    if (twice)
        chimera_gql_complain_of_schema(schema->work, twice->place,
                                       "Argument %.%(%:) can only be defined once.", type->name,
                                       field->name, twice->name);
    chimera_gql_check_arguments(schema, &field->arguments, NULL);
    chimera_gql_check_directives(
        schema, &field->directives,
        (struct chimera_gql_directive_place){is_kind(type, "INPUT_OBJECT")
                                                 ? CHIMERA_SLICE("INPUT_FIELD_DEFINITION")
                                                 : CHIMERA_SLICE("FIELD_DEFINITION"),
                                             NULL, true});
}

static void check_members(struct chimera_gql_schema *schema,
                          const struct chimera_gql_definition *type)
{
    for (uint32_t i = 0; i < type->types.count && chimera_gql_spend(schema->work, 4); i++) {
        const struct chimera_gql_name *name = type->types.items[i];
        const struct chimera_gql_definition *member = chimera_gql_type_of(schema, name->name);
        if (!member)
            chimera_gql_complain_of_schema(schema->work, type->place, "Undefined type \"%\".",
                                           name->name);
        else if (!is_kind(member, "OBJECT"))
            chimera_gql_complain_of_schema(schema->work, type->place,
                                           "% type \"%\" must be OBJECT.", type->kind, name->name);
    }
}

static void check_interfaces(struct chimera_gql_schema *schema,
                             const struct chimera_gql_definition *type)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    for (uint32_t i = 0; i < type->interfaces.count && chimera_gql_spend(schema->work, 4); i++) {
        const struct chimera_gql_name *name = type->interfaces.items[i];
        if (chimera_gql_seen(schema->work, &seen, name->name))
            chimera_gql_complain_of_schema(schema->work, type->place,
                                           "Type % can only implement % once.", type->name,
                                           name->name);
        chimera_gql_check_implements(schema, type, name->name);
    }
}

static void check_values(struct chimera_gql_schema *schema,
                         const struct chimera_gql_definition *type)
{
    for (uint32_t i = 0; i < type->enum_values.count && chimera_gql_spend(schema->work, 4); i++) {
        struct chimera_gql_enum_value *value = type->enum_values.items[i];
        chimera_gql_check_name(schema, value->name, value->place);
        if (chimera_slice_is(value->name, "true") || chimera_slice_is(value->name, "false") ||
            chimera_slice_is(value->name, "null"))
            chimera_gql_complain_of_schema(schema->work, value->place, "% %: non-enum value %.",
                                           type->kind, type->name, value->name);
        chimera_gql_check_directives(
            schema, &value->directives,
            (struct chimera_gql_directive_place){CHIMERA_SLICE("ENUM_VALUE"), NULL, true});
    }
}

/* What types give is put out, what inputs take is put in. */
static void check_types_of_fields(struct chimera_gql_schema *schema,
                                  const struct chimera_gql_definition *type)
{
    bool is_input = is_kind(type, "INPUT_OBJECT");
    for (uint32_t i = 0; i < type->fields.count && chimera_gql_spend(schema->work, 2); i++) {
        const struct chimera_gql_field_definition *field = type->fields.items[i];
        const struct chimera_gql_definition *of =
            chimera_gql_type_of(schema, chimera_gql_type_name(field->type));
        if (!of)
            continue;
        if (is_input && !chimera_gql_is_input(of))
            chimera_gql_complain_of_schema(schema->work, field->place,
                                           "% %: field must be one of SCALAR, ENUM, INPUT_OBJECT.",
                                           of->kind, field->name);
        else if (!is_input && !chimera_gql_is_leaf(of) && !chimera_gql_is_composite(of))
            chimera_gql_complain_of_schema(
                schema->work, field->place,
                "% %: field must be one of SCALAR, OBJECT, INTERFACE, UNION, ENUM.", type->kind,
                type->name);
    }
}

/* By its kind: there is something in it, and that is what may be in it. */
static void check_content(struct chimera_gql_schema *schema,
                          const struct chimera_gql_definition *type)
{
    const char *missing = NULL;
    if (is_kind(type, "ENUM"))
        missing = type->enum_values.count ? NULL : "unique enum values";
    else if (is_kind(type, "UNION"))
        missing = type->types.count ? NULL : "member types";
    else if (is_kind(type, "INPUT_OBJECT"))
        missing = type->fields.count ? NULL : "input fields";
    else if (is_kind(type, "OBJECT") || is_kind(type, "INTERFACE"))
        missing = type->fields.count ? NULL : "fields";
    else
        return;
    if (missing)
        chimera_gql_complain_of_schema(schema->work, type->place, "% %: must define one or more %.",
                                       type->kind, type->name, chimera_slice_of(missing));
    if (is_kind(type, "ENUM"))
        check_values(schema, type);
    else if (!is_kind(type, "UNION"))
        check_types_of_fields(schema, type);
}

/* Fields, values and members are there once. */
static void check_repeated(struct chimera_gql_schema *schema,
                           const struct chimera_gql_definition *type)
{
    struct chimera_gql_work *work = schema->work;
    const struct chimera_gql_field_definition *field = chimera_gql_repeated(work, &type->fields);
    if (field)
        chimera_gql_complain_of_schema(work, field->place, "Field %.% can only be defined once.",
                                       type->name, field->name);
    const struct chimera_gql_enum_value *value = chimera_gql_repeated(work, &type->enum_values);
    if (value)
        chimera_gql_complain_of_schema(work, value->place,
                                       "Enum value %.% can only be defined once.", type->name,
                                       value->name);
    const struct chimera_gql_name *member = chimera_gql_repeated(work, &type->types);
    if (member)
        chimera_gql_complain_of_schema(work, member->place.line ? member->place : type->place,
                                       "Union type % can only include type % once.", type->name,
                                       member->name);
}

void chimera_gql_check_type(struct chimera_gql_schema *schema, struct chimera_gql_definition *type)
{
    for (uint32_t i = 0; i < type->fields.count && chimera_gql_spend(schema->work, 8); i++)
        check_field(schema, type, type->fields.items[i]);
    check_members(schema, type);
    check_interfaces(schema, type);
    check_content(schema, type);
    check_repeated(schema, type);
    if (!type->is_built_in)
        chimera_gql_check_name(schema, type->name, type->place);
    /* Those of extensions are among them, so one may be there more than once. */
    chimera_gql_check_directives(schema, &type->directives,
                                 (struct chimera_gql_directive_place){type->kind, NULL, false});
}
