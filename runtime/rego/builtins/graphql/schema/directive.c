/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/parts.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* The arguments that are given are defined, and given once. */
static void check_given(struct chimera_gql_schema *schema,
                        const struct chimera_gql_directive *directive,
                        const struct chimera_gql_directive_definition *definition)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    for (uint32_t i = 0; i < directive->arguments.count && schema->work->code == CHIMERA_OK; i++) {
        const struct chimera_gql_argument *argument = directive->arguments.items[i];
        if (!chimera_gql_find(schema->work, &definition->arguments, argument->name))
            chimera_gql_complain_of_schema(schema->work, argument->place,
                                           "Undefined argument % for directive %.", argument->name,
                                           directive->name);
        if (chimera_gql_seen(schema->work, &seen, argument->name))
            chimera_gql_complain_of_schema(schema->work, argument->place,
                                           "There can be only one argument named %.",
                                           argument->name);
    }
}

/* Those that must be there are. */
static void check_required(struct chimera_gql_schema *schema,
                           const struct chimera_gql_directive *directive,
                           const struct chimera_gql_directive_definition *definition)
{
    for (uint32_t i = 0; i < definition->arguments.count && chimera_gql_spend(schema->work, 2);
         i++) {
        const struct chimera_gql_field_definition *wanted = definition->arguments.items[i];
        if (!wanted->type->is_non_null || wanted->default_value)
            continue;
        const struct chimera_gql_argument *argument =
            chimera_gql_find(schema->work, &directive->arguments, wanted->name);
        if (!argument || argument->value->kind == CHIMERA_GQL_NULL)
            chimera_gql_complain_of_schema(schema->work, directive->place,
                                           "Argument % for directive % cannot be null.",
                                           wanted->name, directive->name);
    }
}

static void check_one(struct chimera_gql_schema *schema, struct chimera_gql_directive *directive,
                      struct chimera_gql_directive_place place, struct chimera_gql_table *seen)
{
    struct chimera_gql_work *work = schema->work;
    chimera_gql_check_name(schema, directive->name, directive->place);
    if (place.within && chimera_slice_equal(directive->name, place.within->name))
        chimera_gql_complain_of_schema(work, directive->place,
                                       "Directive % cannot refer to itself.", directive->name);
    struct chimera_gql_directive_definition *definition =
        chimera_gql_directive_of(schema, directive->name);
    if (!definition) {
        chimera_gql_complain_of_schema(work, directive->place, "Undefined directive %.",
                                       directive->name);
        return;
    }
    if (place.is_single && chimera_gql_seen(work, seen, directive->name) &&
        !definition->is_repeatable)
        chimera_gql_complain_of_schema(work, directive->place,
                                       "The directive % can only be used once at this location.",
                                       directive->name);
    if (!chimera_gql_find(work, &definition->locations, place.location))
        chimera_gql_complain_of_schema(work, directive->place,
                                       "Directive % is not applicable on %.", directive->name,
                                       place.location);
    check_given(schema, directive, definition);
    check_required(schema, directive, definition);
    for (uint32_t i = 0; i < directive->arguments.count && work->code == CHIMERA_OK; i++) {
        const struct chimera_gql_argument *argument = directive->arguments.items[i];
        chimera_gql_check_input_names(schema, argument->value);
    }
}

void chimera_gql_check_directives(struct chimera_gql_schema *schema,
                                  const struct chimera_gql_list *directives,
                                  struct chimera_gql_directive_place place)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    for (uint32_t i = 0; i < directives->count && chimera_gql_spend(schema->work, 8); i++)
        check_one(schema, directives->items[i], place, &seen);
}

void chimera_gql_check_arguments(struct chimera_gql_schema *schema,
                                 const struct chimera_gql_list *arguments,
                                 const struct chimera_gql_directive_definition *within)
{
    struct chimera_gql_work *work = schema->work;
    for (uint32_t i = 0; i < arguments->count && chimera_gql_spend(work, 8); i++) {
        struct chimera_gql_field_definition *argument = arguments->items[i];
        chimera_gql_check_name(schema, argument->name, argument->place);
        chimera_gql_check_type_name(schema, argument->type);
        chimera_gql_check_input_names(schema, argument->default_value);
        const struct chimera_gql_definition *type =
            chimera_gql_type_of(schema, chimera_gql_type_name(argument->type));
        if (type && !chimera_gql_is_input(type))
            chimera_gql_complain_of_schema(
                work, argument->place,
                "cannot use % as argument % because % is not a valid input type",
                chimera_gql_type_text(work, argument->type), argument->name, type->kind);
        chimera_gql_check_directives(schema, &argument->directives,
                                     (struct chimera_gql_directive_place){
                                         CHIMERA_SLICE("ARGUMENT_DEFINITION"), within, true});
    }
}

void chimera_gql_check_directive_definition(struct chimera_gql_schema *schema,
                                            struct chimera_gql_directive_definition *directive)
{
    chimera_gql_check_name(schema, directive->name, directive->place);
    const struct chimera_gql_field_definition *twice =
        chimera_gql_repeated(schema->work, &directive->arguments);
    if (twice)
        chimera_gql_complain_of_schema(schema->work, twice->place,
                                       "Argument @%(%:) can only be defined once.", directive->name,
                                       twice->name);
    chimera_gql_check_directives(schema, &directive->directives,
                                 (struct chimera_gql_directive_place){
                                     CHIMERA_SLICE("DIRECTIVE_DEFINITION"), directive, true});
    chimera_gql_check_arguments(schema, &directive->arguments, directive);
}
