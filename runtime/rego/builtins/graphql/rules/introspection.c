/* SPDX-License-Identifier: Apache-2.0 */
/* MaxIntrospectionDepth: lists of types in lists of types, which make answers very large. */
#include "runtime/rego/builtins/graphql/rules/rules.h"

#define LISTS_MAX 3 /* so many are too many */

static bool is_list(struct chimera_slice name)
{
    return chimera_slice_is(name, "fields") || chimera_slice_is(name, "interfaces") ||
           chimera_slice_is(name, "possibleTypes") || chimera_slice_is(name, "inputFields");
}

static bool is_too_deep(struct chimera_gql_walk *walk, const struct chimera_gql_list *selections,
                        unsigned depth);

/* A fragment that is met within itself comes back deeper and deeper, when it does so at all. What
 * was found out of one at a depth is kept. */
static bool is_fragment_too_deep(struct chimera_gql_walk *walk,
                                 struct chimera_gql_fragment *fragment, unsigned depth)
{
    struct chimera_gql_introspection *known = &fragment->introspection;
    if (known->is_visited)
        return depth > known->depth;
    if (known->is_known[depth])
        return known->is_too_deep[depth];
    known->is_visited = true;
    known->depth = depth;
    bool is_deep = is_too_deep(walk, &fragment->selections, depth);
    known->is_visited = false;
    known->is_known[depth] = true;
    known->is_too_deep[depth] = is_deep;
    return is_deep;
}

static bool is_too_deep(struct chimera_gql_walk *walk, const struct chimera_gql_list *selections,
                        unsigned depth)
{
    bool found = false;
    if (selections->count == 0 || !chimera_gql_enter(walk->work))
        return false;
    for (uint32_t i = 0; i < selections->count && !found && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_selection *selection = selections->items[i];
        bool is_deeper = selection->kind == CHIMERA_GQL_FIELD && is_list(selection->name);
        if (selection->kind == CHIMERA_GQL_SPREAD)
            found = selection->fragment && is_fragment_too_deep(walk, selection->fragment, depth);
        else if (is_deeper && depth + 1 >= LISTS_MAX)
            found = true;
        else
            found = is_too_deep(walk, &selection->selections, depth + is_deeper);
    }
    walk->work->depth--;
    return found;
}

void chimera_gql_introspection_depth(struct chimera_gql_walk *walk,
                                     struct chimera_gql_selection *field)
{
    if ((chimera_slice_is(field->name, "__schema") || chimera_slice_is(field->name, "__type")) &&
        is_too_deep(walk, &field->selections, 0))
        chimera_gql_report(walk, field->place, "Maximum introspection depth exceeded");
}
