/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

void chimera_gql_known_directive_arguments(struct chimera_gql_walk *walk,
                                           struct chimera_gql_directive *directive)
{
    if (!directive->definition)
        return;
    for (uint32_t i = 0; i < directive->arguments.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *argument = directive->arguments.items[i];
        if (!chimera_gql_find(walk->work, &directive->definition->arguments, argument->name))
            chimera_gql_report(walk, directive->place,
                               "Unknown argument \"%\" on directive \"@%\".%", argument->name,
                               directive->name,
                               chimera_gql_suggest(walk, "Did you mean", argument->name,
                                                   &directive->definition->arguments));
    }
}

/* A fragment's are met again and again; of one that stands where it may not it is said once. */
void chimera_gql_known_directive(struct chimera_gql_walk *walk,
                                 struct chimera_gql_directive *directive)
{
    if (!directive->definition) {
        chimera_gql_report(walk, directive->place, "Unknown directive \"@%\".", directive->name);
        return;
    }
    if (chimera_gql_find(walk->work, &directive->definition->locations, directive->location))
        return;
    for (uint32_t i = 0; i < walk->misplaced.count && chimera_gql_goes_on(walk); i++) {
        if (walk->misplaced.items[i] == directive)
            return;
    }
    chimera_gql_push(walk->work, &walk->misplaced, directive);
    chimera_gql_report(walk, directive->place, "Directive \"@%\" may not be used on %.",
                       directive->name, directive->location);
}

void chimera_gql_required_directive_arguments(struct chimera_gql_walk *walk,
                                              struct chimera_gql_directive *directive)
{
    const struct chimera_gql_directive_definition *definition = directive->definition;
    for (uint32_t i = 0; definition && i < definition->arguments.count && chimera_gql_goes_on(walk);
         i++) {
        const struct chimera_gql_field_definition *wanted = definition->arguments.items[i];
        if (wanted->type->is_non_null && !wanted->default_value &&
            !chimera_gql_find(walk->work, &directive->arguments, wanted->name))
            chimera_gql_report(walk, directive->place,
                               "Directive \"@%\" argument \"%\" of type \"%\" is required, but it "
                               "was not provided.",
                               definition->name, wanted->name,
                               chimera_gql_type_text(walk->work, wanted->type));
    }
}

void chimera_gql_unique_directive_arguments(struct chimera_gql_walk *walk,
                                            struct chimera_gql_directive *directive)
{
    chimera_gql_check_unique_arguments(walk, &directive->arguments);
}

void chimera_gql_unique_directives(struct chimera_gql_walk *walk,
                                   const struct chimera_gql_list *directives)
{
    struct chimera_gql_table seen = {NULL, 0, 0};
    for (uint32_t i = 0; i < directives->count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_directive *directive = directives->items[i];
        bool may_repeat = directive->definition && directive->definition->is_repeatable;
        if (chimera_gql_seen(walk->work, &seen, directive->name) && !may_repeat)
            chimera_gql_report(walk, directive->place,
                               "The directive \"@%\" can only be used once at this location.",
                               directive->name);
    }
}
