/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/sort.h"
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* --- Fields that are not there --- */

struct candidate { /* a type that has the field */
    const struct chimera_slice *name;
    uintptr_t uses; /* of an interface: by how many of the types */
};

static int order(const void *a, const void *b, struct chimera_account *account)
{
    const struct candidate *one = a, *other = b;
    (void)account;
    if (one->uses != other->uses)
        return one->uses > other->uses ? -1 : 1;
    size_t size = one->name->size < other->name->size ? one->name->size : other->name->size;
    int way = size ? memcmp(one->name->data, other->name->data, size) : 0;
    return way ? way
               : (one->name->size > other->name->size) - (one->name->size < other->name->size);
}

/* Those interfaces of `type` that have the field, which `type` has; `uses` counts them by name. */
static void add_interfaces(struct chimera_gql_walk *walk, const struct chimera_gql_definition *type,
                           struct chimera_slice field, struct chimera_gql_table *uses,
                           struct chimera_gql_list *names)
{
    for (uint32_t i = 0; i < type->interfaces.count && chimera_gql_spend(walk->work, 4); i++) {
        struct chimera_gql_name *name = type->interfaces.items[i];
        const struct chimera_gql_definition *interface =
            chimera_gql_type_of(walk->schema, name->name);
        if (interface && chimera_gql_find(walk->work, &interface->fields, field) &&
            chimera_gql_count(walk->work, uses, name->name) == 0)
            chimera_gql_push(walk->work, names, name);
    }
}

/* Of what a union or interface may be: the types with that field, interfaces before objects, those
 * of most use first. */
static struct chimera_gql_list types_with(struct chimera_gql_walk *walk,
                                          const struct chimera_gql_definition *parent,
                                          struct chimera_slice field)
{
    struct chimera_gql_list names = {NULL, 0, 0}, objects = {NULL, 0, 0};
    struct chimera_gql_table uses = {NULL, 0, 0};
    struct chimera_gql_list possible = chimera_gql_possible(walk->schema, parent->name);
    if (!walk->has_text || !chimera_gql_is_abstract(parent))
        return names;
    for (uint32_t i = 0; i < possible.count && chimera_gql_spend(walk->work, 4); i++) {
        struct chimera_gql_definition *type = possible.items[i];
        if (!chimera_gql_find(walk->work, &type->fields, field))
            continue;
        chimera_gql_push(walk->work, &objects, type);
        add_interfaces(walk, type, field, &uses, &names);
    }
    chimera_gql_push_all(walk->work, &names, &objects);
    struct candidate *all = chimera_gql_take_bytes(walk->work, (names.count + 1) * sizeof(*all));
    for (uint32_t i = 0; all && i < names.count; i++) {
        all[i].name = names.items[i];
        all[i].uses = (uintptr_t)chimera_gql_get(walk->work, &uses, *all[i].name);
    }
    if (!all || chimera_sort(all, names.count, sizeof(*all), order, walk->work->account) < 0)
        chimera_gql_fail_memory(walk->work);
    struct chimera_gql_list sorted = {NULL, 0, 0};
    for (uint32_t i = 0; i < names.count && walk->work->code == CHIMERA_OK; i++)
        chimera_gql_push(walk->work, &sorted, (void *)(uintptr_t)all[i].name);
    return sorted;
}

void chimera_gql_fields_on_correct_type(struct chimera_gql_walk *walk,
                                        struct chimera_gql_selection *field)
{
    if (!field->parent || field->definition)
        return;
    struct chimera_slice meant = {NULL, 0};
    struct chimera_gql_list types = types_with(walk, field->parent, field->name);
    if (types.count)
        meant = chimera_gql_propose(walk, "Did you mean to use an inline fragment on", &types);
    else if (chimera_slice_is(field->parent->kind, "OBJECT") ||
             chimera_slice_is(field->parent->kind, "INTERFACE"))
        meant = chimera_gql_suggest(walk, "Did you mean", field->name, &field->parent->fields);
    chimera_gql_report(walk, field->place, "Cannot query field \"%\" on type \"%\".%", field->name,
                       field->parent->name, meant);
}

/* --- Arguments --- */

void chimera_gql_known_arguments(struct chimera_gql_walk *walk, struct chimera_gql_selection *field)
{
    if (!field->definition || !field->parent)
        return;
    for (uint32_t i = 0; i < field->arguments.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *argument = field->arguments.items[i];
        if (!chimera_gql_find(walk->work, &field->definition->arguments, argument->name))
            chimera_gql_report(walk, field->place, "Unknown argument \"%\" on field \"%.%\".%",
                               argument->name, field->parent->name, field->name,
                               chimera_gql_suggest(walk, "Did you mean", argument->name,
                                                   &field->definition->arguments));
    }
}

void chimera_gql_required_arguments(struct chimera_gql_walk *walk,
                                    struct chimera_gql_selection *field)
{
    if (!field->definition)
        return;
    for (uint32_t i = 0; i < field->definition->arguments.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_field_definition *wanted = field->definition->arguments.items[i];
        if (wanted->type->is_non_null && !wanted->default_value &&
            !chimera_gql_find(walk->work, &field->arguments, wanted->name))
            chimera_gql_report(
                walk, field->place,
                "Field \"%\" argument \"%\" of type \"%\" is required, but it was not provided.",
                field->name, wanted->name, chimera_gql_type_text(walk->work, wanted->type));
    }
}

void chimera_gql_check_unique_arguments(struct chimera_gql_walk *walk,
                                        const struct chimera_gql_list *arguments)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    for (uint32_t i = 0; i < arguments->count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *argument = arguments->items[i];
        if (chimera_gql_count(walk->work, &seen, argument->name) == 1) /* said once of each */
            chimera_gql_report(walk, argument->place, "There can be only one argument named \"%\".",
                               argument->name);
    }
}

void chimera_gql_unique_arguments(struct chimera_gql_walk *walk,
                                  struct chimera_gql_selection *field)
{
    chimera_gql_check_unique_arguments(walk, &field->arguments);
}

/* --- Selections --- */

void chimera_gql_scalar_leafs(struct chimera_gql_walk *walk, struct chimera_gql_selection *field)
{
    if (!field->definition)
        return;
    const struct chimera_gql_definition *type =
        chimera_gql_type_of(walk->schema, chimera_gql_type_name(field->definition->type));
    if (!type)
        return;
    if (chimera_gql_is_leaf(type) && field->selections.count)
        chimera_gql_report(
            walk, field->place,
            "Field \"%\" must not have a selection since type \"%\" has no subfields.", field->name,
            type->name);
    if (!chimera_gql_is_leaf(type) && !field->selections.count)
        chimera_gql_report(walk, field->place,
                           "Field \"%\" of type \"%\" must have a selection of subfields. Did you "
                           "mean \"% { ... }\"?",
                           field->name, chimera_gql_type_text(walk->work, field->definition->type),
                           field->name);
}
