/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/schema/parts.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* May a field be of the type where the interface says `wanted`? */
static bool is_covariant(struct chimera_gql_schema *schema, const struct chimera_gql_type *wanted,
                         const struct chimera_gql_type *type)
{
    for (; wanted && type; wanted = wanted->elem, type = type->elem) {
        if (wanted->is_non_null && !type->is_non_null)
            return false;
        if (wanted->name.size == 0)
            continue;
        struct chimera_gql_list possible = chimera_gql_possible(schema, wanted->name);
        return chimera_slice_equal(wanted->name, type->name) ||
               chimera_gql_find(schema->work, &possible, type->name) != NULL;
    }
    return false;
}

/* What the field and an interface have in hand when they are compared. */
struct pair {
    struct chimera_gql_schema *schema;
    struct chimera_slice type, interface_name;
    const struct chimera_gql_field_definition *wanted, *found;
};

static void check_arguments(const struct pair *pair)
{
    struct chimera_gql_work *work = pair->schema->work;
    for (uint32_t i = 0; i < pair->wanted->arguments.count && work->code == CHIMERA_OK; i++) {
        const struct chimera_gql_field_definition *wanted = pair->wanted->arguments.items[i];
        const struct chimera_gql_field_definition *found =
            chimera_gql_find(work, &pair->found->arguments, wanted->name);
        if (!found)
            chimera_gql_complain_of_schema(work, pair->found->place,
                                           "For % to implement % the field % must have the same "
                                           "arguments but it is missing %.",
                                           pair->type, pair->interface_name, pair->wanted->name,
                                           wanted->name);
        else if (!chimera_gql_is_compatible(wanted->type, found->type))
            chimera_gql_complain_of_schema(work, found->place,
                                           "For % to implement % the field % must have the same "
                                           "arguments but % has the wrong type.",
                                           pair->type, pair->interface_name, pair->wanted->name,
                                           wanted->name);
    }
    for (uint32_t i = 0; i < pair->found->arguments.count && work->code == CHIMERA_OK; i++) {
        const struct chimera_gql_field_definition *more = pair->found->arguments.items[i];
        if (more->type->is_non_null && !more->default_value &&
            !chimera_gql_find(work, &pair->wanted->arguments, more->name))
            chimera_gql_complain_of_schema(
                work, more->place,
                "For % to implement % any additional arguments on % must be optional or have a "
                "default value but % is required.",
                pair->type, pair->interface_name, pair->found->name, more->name);
    }
}

static void check_fields(struct chimera_gql_schema *schema,
                         const struct chimera_gql_definition *type,
                         const struct chimera_gql_definition *interface)
{
    struct chimera_gql_work *work = schema->work;
    struct pair pair = {.schema = schema, .type = type->name, .interface_name = interface->name};
    for (uint32_t i = 0; i < interface->fields.count && chimera_gql_spend(work, 8); i++) {
        pair.wanted = interface->fields.items[i];
        pair.found = chimera_gql_find(work, &type->fields, pair.wanted->name);
        if (!pair.found) {
            chimera_gql_complain_of_schema(work, type->place,
                                           "For % to implement % it must have a field called %.",
                                           type->name, interface->name, pair.wanted->name);
            return;
        }
        if (!is_covariant(schema, pair.wanted->type, pair.found->type))
            chimera_gql_complain_of_schema(work, pair.found->place,
                                           "For % to implement % the field % must have type %.",
                                           type->name, interface->name, pair.wanted->name,
                                           chimera_gql_type_text(work, pair.wanted->type));
        check_arguments(&pair);
    }
}

/* What the interface implements the type must implement itself. */
static void check_ancestors(struct chimera_gql_schema *schema,
                            const struct chimera_gql_definition *type,
                            const struct chimera_gql_definition *interface)
{
    struct chimera_gql_work *work = schema->work;
    for (uint32_t i = 0; i < interface->interfaces.count && work->code == CHIMERA_OK; i++) {
        const struct chimera_gql_name *above = interface->interfaces.items[i];
        if (chimera_gql_find(work, &type->interfaces, above->name))
            continue;
        if (chimera_slice_equal(above->name, type->name))
            chimera_gql_complain_of_schema(
                work, type->place,
                "Type % cannot implement % because it would create a circular reference.",
                type->name, interface->name);
        else
            chimera_gql_complain_of_schema(
                work, type->place, "Type % must implement % because it is implemented by %.",
                type->name, above->name, interface->name);
    }
}

void chimera_gql_check_implements(struct chimera_gql_schema *schema,
                                  const struct chimera_gql_definition *type,
                                  struct chimera_slice interface_name)
{
    struct chimera_gql_work *work = schema->work;
    const struct chimera_gql_definition *interface = chimera_gql_type_of(schema, interface_name);
    if (!interface) {
        chimera_gql_complain_of_schema(work, type->place, "Undefined type \"%\".", interface_name);
        return;
    }
    if (!chimera_slice_is(interface->kind, "INTERFACE"))
        chimera_gql_complain_of_schema(work, type->place, "\"%\" is a non interface type %.",
                                       interface_name, interface->kind);
    if (chimera_slice_equal(interface->name, type->name))
        chimera_gql_complain_of_schema(
            work, type->place,
            "Type % cannot implement itself because it would create a circular reference.",
            type->name);
    check_fields(schema, type, interface);
    check_ancestors(schema, type, interface);
}
