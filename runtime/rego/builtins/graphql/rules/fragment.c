/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

/* --- The type that a fragment is on --- */

void chimera_gql_inline_is_composite(struct chimera_gql_walk *walk,
                                     struct chimera_gql_selection *fragment)
{
    const struct chimera_gql_definition *type =
        chimera_gql_type_of(walk->schema, fragment->type_condition);
    if (type && !chimera_gql_is_composite(type))
        chimera_gql_report(walk, fragment->place,
                           "Fragment cannot condition on non composite type \"%\".",
                           fragment->type_condition);
}

void chimera_gql_fragment_is_composite(struct chimera_gql_walk *walk,
                                       struct chimera_gql_fragment *fragment)
{
    if (fragment->definition && fragment->type_condition.size &&
        !chimera_gql_is_composite(fragment->definition))
        chimera_gql_report(walk, fragment->place,
                           "Fragment \"%\" cannot condition on non composite type \"%\".",
                           fragment->name, fragment->type_condition);
}

void chimera_gql_known_inline_type(struct chimera_gql_walk *walk,
                                   struct chimera_gql_selection *fragment)
{
    if (fragment->type_condition.size &&
        !chimera_gql_type_of(walk->schema, fragment->type_condition))
        chimera_gql_report(walk, fragment->place, "Unknown type \"%\".", fragment->type_condition);
}

/* gqlparser offers types in no order; ours is that of their names. */
void chimera_gql_known_fragment_type(struct chimera_gql_walk *walk,
                                     struct chimera_gql_fragment *fragment)
{
    if (fragment->definition)
        return;
    struct chimera_gql_list types = {NULL, 0, 0};
    if (walk->has_text)
        types = chimera_gql_sorted(walk->work, &walk->schema->types);
    chimera_gql_report(walk, fragment->place, "Unknown type \"%\".%", fragment->type_condition,
                       chimera_gql_suggest(walk, "Did you mean", fragment->type_condition, &types));
}

/* --- Can there be such a thing here? --- */

/* May what is of `parent` be of the type by that name, too? */
static bool is_possible(struct chimera_gql_walk *walk, const struct chimera_gql_definition *parent,
                        struct chimera_slice name)
{
    const struct chimera_gql_definition *type = chimera_gql_type_of(walk->schema, name);
    if (!parent || !chimera_gql_is_composite(parent) || !type || !chimera_gql_is_composite(type))
        return true;
    struct chimera_gql_list mine = chimera_gql_possible(walk->schema, name);
    struct chimera_gql_list its = chimera_gql_possible(walk->schema, parent->name);
    for (uint32_t i = 0; i < mine.count && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_definition *one = mine.items[i];
        if (chimera_slice_is(parent->kind, "OBJECT")
                ? chimera_slice_equal(one->name, parent->name)
                : chimera_gql_find(walk->work, &its, one->name) != NULL)
            return true;
    }
    return false;
}

void chimera_gql_inline_is_possible(struct chimera_gql_walk *walk,
                                    struct chimera_gql_selection *fragment)
{
    if (!is_possible(walk, fragment->parent, fragment->type_condition))
        chimera_gql_report(walk, fragment->place,
                           "Fragment cannot be spread here as objects of type \"%\" can never be "
                           "of type \"%\".",
                           fragment->parent->name, fragment->type_condition);
}

void chimera_gql_spread_is_possible(struct chimera_gql_walk *walk,
                                    struct chimera_gql_selection *spread)
{
    if (spread->fragment && !is_possible(walk, spread->parent, spread->fragment->type_condition))
        chimera_gql_report(walk, spread->place,
                           "Fragment \"%\" cannot be spread here as objects of type \"%\" can "
                           "never be of type \"%\".",
                           spread->name, spread->parent->name, spread->fragment->type_condition);
}

/* --- Names --- */

void chimera_gql_known_fragment(struct chimera_gql_walk *walk, struct chimera_gql_selection *spread)
{
    if (!spread->fragment)
        chimera_gql_report(walk, spread->place, "Unknown fragment \"%\".", spread->name);
}

/* What the first fragment spreads counts as used, too: gqlparser sees that it is in fragments when
 * it is through with one. */
void chimera_gql_used_fragment(struct chimera_gql_walk *walk, struct chimera_gql_selection *spread)
{
    if (!walk->is_in_fragments)
        chimera_gql_seen(walk->work, &walk->used_fragments, spread->name);
}

void chimera_gql_no_unused_fragment(struct chimera_gql_walk *walk,
                                    struct chimera_gql_fragment *fragment)
{
    walk->is_in_fragments = true;
    if (!chimera_gql_get(walk->work, &walk->used_fragments, fragment->name))
        chimera_gql_report(walk, fragment->place, "Fragment \"%\" is never used.", fragment->name);
}

void chimera_gql_unique_fragment(struct chimera_gql_walk *walk,
                                 struct chimera_gql_fragment *fragment)
{
    if (chimera_gql_seen(walk->work, &walk->known_fragments, fragment->name))
        chimera_gql_report(walk, fragment->place, "There can be only one fragment named \"%\".",
                           fragment->name);
}

/* --- Fragments in themselves --- */

/* The way from a fragment to what it spreads. */
struct step {
    const struct step *before;
    const struct chimera_gql_fragment *fragment;
    const struct chimera_gql_selection *spread; /* the one that is being followed */
};

/* All spreads in the selections, and in theirs. */
static struct chimera_gql_list spreads_in(struct chimera_gql_walk *walk,
                                          const struct chimera_gql_list *selections)
{
    struct chimera_gql_list spreads = {NULL, 0, 0}, sets = {NULL, 0, 0};
    const struct chimera_gql_list *set = selections;
    while (set && chimera_gql_goes_on(walk)) {
        for (uint32_t i = 0; i < set->count && chimera_gql_goes_on(walk); i++) {
            struct chimera_gql_selection *selection = set->items[i];
            if (selection->kind == CHIMERA_GQL_SPREAD)
                chimera_gql_push(walk->work, &spreads, selection);
            else if (selection->selections.count)
                chimera_gql_push(walk->work, &sets, &selection->selections);
        }
        set = sets.count ? sets.items[--sets.count] : NULL;
    }
    return spreads;
}

/* ` via "B", "C"`: the spreads between the first step and the last one. */
static void write_via(const struct step *step, const struct step *first, struct chimera_buffer *out)
{
    if (step == first)
        return;
    write_via(step->before, first, out);
    chimera_buffer_text(out, step->before == first ? " via \"" : ", \"");
    chimera_buffer_append(out, step->before->spread->name);
    chimera_buffer_byte(out, '"');
}

static void follow(struct chimera_gql_walk *walk, const struct step *before,
                   const struct chimera_gql_fragment *fragment)
{
    struct step step = {.before = before, .fragment = fragment};
    if (chimera_gql_seen(walk->work, &walk->visited_fragments, fragment->name) ||
        !chimera_gql_enter(walk->work))
        return;
    struct chimera_gql_list spreads = spreads_in(walk, &fragment->selections);
    for (uint32_t i = 0; i < spreads.count && chimera_gql_goes_on(walk); i++) {
        const struct step *same = &step;
        step.spread = spreads.items[i];
        while (same && !chimera_slice_equal(same->fragment->name, step.spread->name))
            same = same->before;
        const struct chimera_gql_fragment *next =
            chimera_gql_get(walk->work, &walk->fragments, step.spread->name);
        if (!same && next)
            follow(walk, &step, next);
        if (!same)
            continue;
        struct chimera_buffer via;
        chimera_gql_message_open(&via);
        write_via(&step, same, &via);
        chimera_gql_report(walk, step.spread->place, "Cannot spread fragment \"%\" within itself%.",
                           step.spread->name, chimera_gql_message_keep(walk->work, &via));
    }
    walk->work->depth--;
}

void chimera_gql_no_fragment_cycles(struct chimera_gql_walk *walk,
                                    struct chimera_gql_fragment *fragment)
{
    follow(walk, NULL, fragment);
}
