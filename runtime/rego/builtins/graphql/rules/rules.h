/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - the rules that a query must keep, and what they share. Private to this folder.
 *
 * validate.c walks through a query, notes in its nodes what they stand for, and asks at each the
 * rules for its kind, in the order of their names: so gqlparser's complaints come in its order.
 */
#ifndef CHIMERA_REGO_BUILTINS_GRAPHQL_RULES_RULES_H
#define CHIMERA_REGO_BUILTINS_GRAPHQL_RULES_RULES_H

#include "runtime/rego/builtins/graphql/schema/schema.h"

struct chimera_gql_walk {
    struct chimera_gql_work *work;
    const struct chimera_gql_schema *schema;
    const struct chimera_gql_query *query;
    struct chimera_gql_operation *operation;       /* that is walked; NULL among the fragments */
    struct chimera_gql_table fragments;            /* the first of each name */
    uint32_t number;                               /* of operations and fragments walked */
    struct chimera_gql_field_definition type_name; /* of __typename, which every type has */

    bool has_text;                  /* complaints are shown, not only counted */
    bool is_over;                   /* nothing more is to be found out */
    struct chimera_buffer text;     /* all complaints, a line each */
    struct chimera_gql_place first; /* of the first one */
    uint32_t complaints;

    /* What rules keep: */
    struct chimera_gql_table used_fragments, known_fragments, known_operations, visited_fragments;
    bool is_in_fragments;                         /* the first one is behind us */
    struct chimera_gql_list misplaced;            /* directives of which it was said */
    struct chimera_gql_table collected, compared; /* of fields that must merge (overlap.c) */
};

/* False when the walk is over. */
bool chimera_gql_goes_on(struct chimera_gql_walk *walk);

/* A complaint (message.h has how it is written). */
void chimera_gql_report(struct chimera_gql_walk *walk, struct chimera_gql_place place,
                        const char *message, ...);

/* " Did you mean "a" or "b"?" with those of `names` that `typed` could have been meant for, nearest
 * first; `question` is what stands before them. Empty when nobody would see it, or none is near. */
struct chimera_slice chimera_gql_suggest(struct chimera_gql_walk *walk, const char *question,
                                         struct chimera_slice typed,
                                         const struct chimera_gql_list *names);
/* The same for those that are meant for sure. */
struct chimera_slice chimera_gql_propose(struct chimera_gql_walk *walk, const char *question,
                                         const struct chimera_gql_list *names);

/* --- The rules, by what they are asked of --- */

typedef void chimera_gql_operation_rule(struct chimera_gql_walk *walk,
                                        struct chimera_gql_operation *operation);
typedef void chimera_gql_fragment_rule(struct chimera_gql_walk *walk,
                                       struct chimera_gql_fragment *fragment);
typedef void chimera_gql_selection_rule(struct chimera_gql_walk *walk,
                                        struct chimera_gql_selection *selection);
typedef void chimera_gql_directive_rule(struct chimera_gql_walk *walk,
                                        struct chimera_gql_directive *directive);
typedef void chimera_gql_value_rule(struct chimera_gql_walk *walk, struct chimera_gql_value *value);

/* operation.c */
chimera_gql_operation_rule chimera_gql_known_root_type, chimera_gql_lone_anonymous,
    chimera_gql_no_unused_variables, chimera_gql_single_field_subscriptions,
    chimera_gql_unique_operation, chimera_gql_unique_variables, chimera_gql_variables_are_inputs;
/* When its variables are met, before all else. */
void chimera_gql_known_variable_type(struct chimera_gql_walk *walk,
                                     const struct chimera_gql_variable *variable);

/* field.c */
chimera_gql_selection_rule chimera_gql_fields_on_correct_type, chimera_gql_known_arguments,
    chimera_gql_required_arguments, chimera_gql_scalar_leafs, chimera_gql_unique_arguments;

/* directive.c */
chimera_gql_directive_rule chimera_gql_known_directive_arguments, chimera_gql_known_directive,
    chimera_gql_required_directive_arguments, chimera_gql_unique_directive_arguments;
void chimera_gql_unique_directives(struct chimera_gql_walk *walk,
                                   const struct chimera_gql_list *directives);
/* For both fields and directives. */
void chimera_gql_check_unique_arguments(struct chimera_gql_walk *walk,
                                        const struct chimera_gql_list *arguments);

/* fragment.c */
chimera_gql_fragment_rule chimera_gql_fragment_is_composite, chimera_gql_known_fragment_type,
    chimera_gql_no_fragment_cycles, chimera_gql_no_unused_fragment, chimera_gql_unique_fragment;
chimera_gql_selection_rule chimera_gql_inline_is_composite, chimera_gql_known_inline_type,
    chimera_gql_inline_is_possible, chimera_gql_known_fragment, chimera_gql_used_fragment,
    chimera_gql_spread_is_possible;

/* introspection.c */
chimera_gql_selection_rule chimera_gql_introspection_depth;

/* overlap.c: fields of one name in the answer can be merged */
chimera_gql_operation_rule chimera_gql_operation_merges;
chimera_gql_selection_rule chimera_gql_field_merges, chimera_gql_inline_merges;
chimera_gql_fragment_rule chimera_gql_fragment_merges;

/* value.c */
chimera_gql_value_rule chimera_gql_no_undefined_variables, chimera_gql_unique_input_fields,
    chimera_gql_values_of_correct_type, chimera_gql_variable_is_allowed,
    chimera_gql_one_of_is_not_null;

#endif
