/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/rules/validate.h"

#include <inttypes.h>

#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

#define ASK(rules, walk, node)                                        \
    do {                                                              \
        for (size_t r = 0; r < sizeof(rules) / sizeof(*(rules)); r++) \
            (rules)[r](walk, node);                                   \
    } while (0)

/* --- Values and directives --- */

static void walk_value(struct chimera_gql_walk *walk, struct chimera_gql_value *value);

static void walk_children(struct chimera_gql_walk *walk, struct chimera_gql_value *value)
{
    for (uint32_t i = 0; i < value->children.count && chimera_gql_goes_on(walk); i++) {
        struct chimera_gql_argument *child = value->children.items[i];
        const struct chimera_gql_field_definition *field = NULL;
        if (value->kind == CHIMERA_GQL_OBJECT && value->definition)
            field = chimera_gql_find(walk->work, &value->definition->fields, child->name);
        if (field) {
            child->value->expected = field->type;
            child->value->expects_default =
                field->default_value && field->default_value->kind != CHIMERA_GQL_NULL;
            child->value->definition =
                chimera_gql_type_of(walk->schema, chimera_gql_type_name(field->type));
        } else if (value->kind == CHIMERA_GQL_LIST && value->expected && value->expected->elem) {
            child->value->expected = value->expected->elem;
            child->value->definition = value->definition;
        }
        walk_value(walk, child->value);
    }
}

static void walk_value(struct chimera_gql_walk *walk, struct chimera_gql_value *value)
{
    static chimera_gql_value_rule *const rules[] = {
        chimera_gql_no_undefined_variables, chimera_gql_unique_input_fields,
        chimera_gql_values_of_correct_type, chimera_gql_variable_is_allowed,
        chimera_gql_one_of_is_not_null};
    if (!chimera_gql_enter(walk->work))
        return;
    if (value->kind == CHIMERA_GQL_VARIABLE && walk->operation) {
        value->variable = chimera_gql_find(walk->work, &walk->operation->variables, value->raw);
        if (value->variable)
            value->variable->is_used = true;
    }
    if (value->kind == CHIMERA_GQL_OBJECT || value->kind == CHIMERA_GQL_LIST)
        walk_children(walk, value);
    ASK(rules, walk, value);
    walk->work->depth--;
}

/* `definitions`: of the arguments that are known; NULL: of none. */
static void walk_arguments(struct chimera_gql_walk *walk, const struct chimera_gql_list *arguments,
                           const struct chimera_gql_list *definitions)
{
    for (uint32_t i = 0; i < arguments->count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *argument = arguments->items[i];
        const struct chimera_gql_field_definition *definition =
            definitions ? chimera_gql_find(walk->work, definitions, argument->name) : NULL;
        if (definition) {
            argument->value->expected = definition->type;
            argument->value->expects_default =
                definition->default_value && definition->default_value->kind != CHIMERA_GQL_NULL;
            argument->value->definition =
                chimera_gql_type_of(walk->schema, chimera_gql_type_name(definition->type));
        }
        walk_value(walk, argument->value);
    }
}

static void walk_directives(struct chimera_gql_walk *walk,
                            const struct chimera_gql_list *directives,
                            struct chimera_slice location)
{
    static chimera_gql_directive_rule *const rules[] = {
        chimera_gql_known_directive_arguments, chimera_gql_known_directive,
        chimera_gql_required_directive_arguments, chimera_gql_unique_directive_arguments};
    for (uint32_t i = 0; i < directives->count && chimera_gql_goes_on(walk); i++) {
        struct chimera_gql_directive *directive = directives->items[i];
        directive->definition = chimera_gql_directive_of(walk->schema, directive->name);
        directive->location = location;
        walk_arguments(walk, &directive->arguments,
                       directive->definition ? &directive->definition->arguments : NULL);
        ASK(rules, walk, directive);
    }
    chimera_gql_unique_directives(walk, directives);
}

/* --- Selections --- */

static void walk_selections(struct chimera_gql_walk *walk, struct chimera_gql_definition *parent,
                            const struct chimera_gql_list *selections);

static void walk_field(struct chimera_gql_walk *walk, struct chimera_gql_selection *field)
{
    static chimera_gql_selection_rule *const rules[] = {
        chimera_gql_fields_on_correct_type, chimera_gql_known_arguments,
        chimera_gql_introspection_depth,    chimera_gql_field_merges,
        chimera_gql_required_arguments,     chimera_gql_scalar_leafs,
        chimera_gql_unique_arguments};
    struct chimera_gql_definition *type = NULL;
    field->definition = NULL;
    if (chimera_slice_is(field->name, "__typename"))
        field->definition = &walk->type_name;
    else if (field->parent)
        field->definition = chimera_gql_find(walk->work, &field->parent->fields, field->name);
    if (field->definition)
        type = chimera_gql_type_of(walk->schema, chimera_gql_type_name(field->definition->type));
    walk_arguments(walk, &field->arguments,
                   field->definition ? &field->definition->arguments : NULL);
    walk_directives(walk, &field->directives, CHIMERA_SLICE("FIELD"));
    walk_selections(walk, type, &field->selections);
    ASK(rules, walk, field);
}

static void walk_inline(struct chimera_gql_walk *walk, struct chimera_gql_selection *fragment)
{
    static chimera_gql_selection_rule *const rules[] = {
        chimera_gql_inline_is_composite, chimera_gql_known_inline_type, chimera_gql_inline_merges,
        chimera_gql_inline_is_possible};
    struct chimera_gql_definition *type = fragment->parent;
    if (fragment->type_condition.size)
        type = chimera_gql_type_of(walk->schema, fragment->type_condition);
    walk_directives(walk, &fragment->directives, CHIMERA_SLICE("INLINE_FRAGMENT"));
    walk_selections(walk, type, &fragment->selections);
    ASK(rules, walk, fragment);
}

/* Once in each operation or fragment it leads on into the fragment. */
static void walk_spread(struct chimera_gql_walk *walk, struct chimera_gql_selection *spread)
{
    static chimera_gql_selection_rule *const rules[] = {
        chimera_gql_known_fragment, chimera_gql_used_fragment, chimera_gql_spread_is_possible};
    struct chimera_gql_fragment *fragment =
        chimera_gql_get(walk->work, &walk->fragments, spread->name);
    spread->fragment = fragment;
    walk_directives(walk, &spread->directives, CHIMERA_SLICE("FRAGMENT_SPREAD"));
    if (fragment && fragment->walk != walk->number) {
        fragment->walk = walk->number;
        walk_directives(walk, &fragment->directives, CHIMERA_SLICE("FRAGMENT_DEFINITION"));
        walk_selections(walk, chimera_gql_type_of(walk->schema, fragment->type_condition),
                        &fragment->selections);
    }
    ASK(rules, walk, spread);
}

static void walk_selections(struct chimera_gql_walk *walk, struct chimera_gql_definition *parent,
                            const struct chimera_gql_list *selections)
{
    static void (*const walks[])(struct chimera_gql_walk *, struct chimera_gql_selection *) = {
        [CHIMERA_GQL_FIELD] = walk_field,
        [CHIMERA_GQL_SPREAD] = walk_spread,
        [CHIMERA_GQL_INLINE] = walk_inline,
    };
    if (selections->count == 0 || !chimera_gql_enter(walk->work))
        return;
    for (uint32_t i = 0; i < selections->count && chimera_gql_goes_on(walk); i++) {
        struct chimera_gql_selection *selection = selections->items[i];
        selection->parent = parent;
        walks[selection->kind](walk, selection);
    }
    walk->work->depth--;
}

/* --- Operations and fragments --- */

static void walk_operation(struct chimera_gql_walk *walk, struct chimera_gql_operation *operation)
{
    static chimera_gql_operation_rule *const rules[] = {chimera_gql_known_root_type,
                                                        chimera_gql_lone_anonymous,
                                                        chimera_gql_no_unused_variables,
                                                        chimera_gql_operation_merges,
                                                        chimera_gql_single_field_subscriptions,
                                                        chimera_gql_unique_operation,
                                                        chimera_gql_unique_variables,
                                                        chimera_gql_variables_are_inputs};
    const struct chimera_gql_list *variables = &operation->variables;
    struct chimera_gql_definition *type = walk->schema->query;
    struct chimera_slice location = CHIMERA_SLICE("QUERY");
    for (uint32_t i = 0; i < variables->count && chimera_gql_goes_on(walk); i++) {
        struct chimera_gql_variable *variable = variables->items[i];
        variable->definition =
            chimera_gql_type_of(walk->schema, chimera_gql_type_name(variable->type));
        chimera_gql_known_variable_type(walk, variable);
        if (variable->default_value) {
            variable->default_value->expected = variable->type;
            variable->default_value->definition = variable->definition;
        }
    }
    if (chimera_slice_is(operation->operation, "mutation")) {
        type = walk->schema->mutation;
        location = CHIMERA_SLICE("MUTATION");
    } else if (chimera_slice_is(operation->operation, "subscription")) {
        type = walk->schema->subscription;
        location = CHIMERA_SLICE("SUBSCRIPTION");
    } else if (operation->operation.size && !chimera_slice_is(operation->operation, "query")) {
        chimera_gql_fail(walk->work, CHIMERA_EINVAL, "an AST with an operation of unknown kind");
    }
    for (uint32_t i = 0; i < variables->count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_variable *variable = variables->items[i];
        if (variable->default_value)
            walk_value(walk, variable->default_value);
        walk_directives(walk, &variable->directives, CHIMERA_SLICE("VARIABLE_DEFINITION"));
    }
    walk_directives(walk, &operation->directives, location);
    walk_selections(walk, type, &operation->selections);
    ASK(rules, walk, operation);
}

static void walk_fragment(struct chimera_gql_walk *walk, struct chimera_gql_fragment *fragment)
{
    static chimera_gql_fragment_rule *const rules[] = {
        chimera_gql_fragment_is_composite, chimera_gql_known_fragment_type,
        chimera_gql_no_fragment_cycles,    chimera_gql_no_unused_fragment,
        chimera_gql_fragment_merges,       chimera_gql_unique_fragment};
    fragment->definition = chimera_gql_type_of(walk->schema, fragment->type_condition);
    walk_directives(walk, &fragment->directives, CHIMERA_SLICE("FRAGMENT_DEFINITION"));
    walk_selections(walk, fragment->definition, &fragment->selections);
    ASK(rules, walk, fragment);
}

/* All complaints in one text. The first's place stands behind it, when OPA can read that; the rest
 * keep theirs. */
static void fail(struct chimera_gql_walk *walk)
{
    struct chimera_slice text = chimera_gql_message_keep(walk->work, &walk->text);
    if (walk->first.line && walk->first.column > 0) {
        if (text.size >= 2 && !memcmp(text.data + text.size - 2, ".\n", 2))
            text.size -= 2;
        chimera_gql_fail(walk->work, CHIMERA_EINVAL,
                         "%.*s in GraphQL string at location %" PRIu32 ":%" PRId32, (int)text.size,
                         text.data, walk->first.line, walk->first.column);
    } else if (walk->first.line) {
        chimera_gql_fail(walk->work, CHIMERA_EINVAL,
                         "GraphQL parse error: input:%" PRIu32 ":%" PRId32 ": %.*s",
                         walk->first.line, walk->first.column, (int)text.size, text.data);
    } else {
        chimera_gql_fail(walk->work, CHIMERA_EINVAL, "GraphQL parse error: input: %.*s",
                         (int)text.size, text.data);
    }
}

void chimera_gql_validate(const struct chimera_gql_schema *schema, struct chimera_gql_query *query,
                          bool has_text)
{
    struct chimera_gql_type text_type = {.name = CHIMERA_SLICE("String")};
    struct chimera_gql_walk walk = {
        .work = schema->work,
        .schema = schema,
        .query = query,
        .type_name = {.name = CHIMERA_SLICE("__typename"), .type = &text_type},
        .has_text = has_text,
    };
    chimera_gql_message_open(&walk.text);
    for (uint32_t i = 0; i < query->fragments.count && chimera_gql_goes_on(&walk); i++) {
        struct chimera_gql_fragment *fragment = query->fragments.items[i];
        void **place = chimera_gql_put(walk.work, &walk.fragments, fragment->name);
        if (!*place)
            *place = fragment;
    }
    for (uint32_t i = 0; i < query->operations.count && chimera_gql_goes_on(&walk); i++) {
        walk.number++;
        walk.operation = query->operations.items[i];
        walk_operation(&walk, walk.operation);
    }
    walk.operation = NULL;
    for (uint32_t i = 0; i < query->fragments.count && chimera_gql_goes_on(&walk); i++) {
        walk.number++;
        walk_fragment(&walk, query->fragments.items[i]);
    }
    if (walk.complaints)
        fail(&walk);
    chimera_buffer_free(&walk.text);
}
