/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"
#include "runtime/rego/quote.h"

void chimera_gql_known_variable_type(struct chimera_gql_walk *walk,
                                     const struct chimera_gql_variable *variable)
{
    if (!variable->definition)
        chimera_gql_report(walk, variable->place, "Unknown type \"%\".",
                           chimera_gql_type_name(variable->type));
}

void chimera_gql_known_root_type(struct chimera_gql_walk *walk,
                                 struct chimera_gql_operation *operation)
{
    const struct chimera_gql_definition *type = walk->schema->query;
    if (chimera_slice_is(operation->operation, "mutation"))
        type = walk->schema->mutation;
    else if (chimera_slice_is(operation->operation, "subscription"))
        type = walk->schema->subscription;
    if (!type)
        chimera_gql_report(walk, operation->place, "Schema does not support operation type \"%\"",
                           operation->operation);
}

void chimera_gql_lone_anonymous(struct chimera_gql_walk *walk,
                                struct chimera_gql_operation *operation)
{
    if (operation->name.size == 0 && walk->query->operations.count > 1)
        chimera_gql_report(walk, operation->place,
                           "This anonymous operation must be the only defined operation.");
}

void chimera_gql_no_unused_variables(struct chimera_gql_walk *walk,
                                     struct chimera_gql_operation *operation)
{
    for (uint32_t i = 0; i < operation->variables.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_variable *variable = operation->variables.items[i];
        if (variable->is_used)
            continue;
        if (operation->name.size)
            chimera_gql_report(walk, variable->place,
                               "Variable \"$%\" is never used in operation \"%\".", variable->name,
                               operation->name);
        else
            chimera_gql_report(walk, variable->place, "Variable \"$%\" is never used.",
                               variable->name);
    }
}

void chimera_gql_unique_operation(struct chimera_gql_walk *walk,
                                  struct chimera_gql_operation *operation)
{
    if (chimera_gql_seen(walk->work, &walk->known_operations, operation->name))
        chimera_gql_report(walk, operation->place, "There can be only one operation named \"%\".",
                           operation->name);
}

/* Said once of each name. */
void chimera_gql_unique_variables(struct chimera_gql_walk *walk,
                                  struct chimera_gql_operation *operation)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    for (uint32_t i = 0; i < operation->variables.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_variable *variable = operation->variables.items[i];
        if (chimera_gql_count(walk->work, &seen, variable->name) == 1)
            chimera_gql_report(walk, variable->place,
                               "There can be only one variable named \"$%\".", variable->name);
    }
}

void chimera_gql_variables_are_inputs(struct chimera_gql_walk *walk,
                                      struct chimera_gql_operation *operation)
{
    for (uint32_t i = 0; i < operation->variables.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_variable *variable = operation->variables.items[i];
        if (variable->definition && !chimera_gql_is_input(variable->definition))
            chimera_gql_report(walk, variable->place,
                               "Variable \"$%\" cannot be non-input type \"%\".", variable->name,
                               chimera_gql_type_text(walk->work, variable->type));
    }
}

/* --- Subscriptions --- */

struct top { /* the fields that an operation selects, each name once */
    struct chimera_gql_walk *walk;
    struct chimera_gql_table names, fragments; /* those that were met */
    struct chimera_gql_list fields;
};

/* Behind an unknown fragment gqlparser looks no further. */
static void find_top(struct top *top, const struct chimera_gql_list *selections)
{
    struct chimera_gql_work *work = top->walk->work;
    if (!chimera_gql_enter(work))
        return;
    for (uint32_t i = 0; i < selections->count && chimera_gql_spend(work, 4); i++) {
        struct chimera_gql_selection *selection = selections->items[i];
        if (selection->kind == CHIMERA_GQL_INLINE) {
            find_top(top, &selection->selections);
        } else if (selection->kind == CHIMERA_GQL_FIELD) {
            if (!chimera_gql_seen(work, &top->names, selection->name))
                chimera_gql_push(work, &top->fields, selection);
        } else if (!selection->fragment) {
            break;
        } else if (!chimera_gql_seen(work, &top->fragments, selection->name)) {
            find_top(top, &selection->fragment->selections);
        }
    }
    work->depth--;
}

void chimera_gql_single_field_subscriptions(struct chimera_gql_walk *walk,
                                            struct chimera_gql_operation *operation)
{
    struct top top = {.walk = walk};
    struct chimera_buffer name;
    if (!walk->schema->subscription || !chimera_slice_is(operation->operation, "subscription"))
        return;
    find_top(&top, &operation->selections);
    chimera_gql_message_open(&name);
    chimera_buffer_text(&name, operation->name.size ? "Subscription " : "Anonymous Subscription");
    if (operation->name.size)
        chimera_rego_quote(operation->name, false, &name);
    struct chimera_slice shown = chimera_gql_message_keep(walk->work, &name);
    if (top.fields.count > 1) {
        const struct chimera_gql_selection *second = top.fields.items[1];
        chimera_gql_report(walk, second->place, "% must select only one top level field.", shown);
    }
    for (uint32_t i = 0; i < top.fields.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_selection *field = top.fields.items[i];
        if (chimera_slice_starts(field->name, "__"))
            chimera_gql_report(walk, field->place,
                               "% must not select an introspection top level field.", shown);
    }
}
