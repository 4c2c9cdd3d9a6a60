/* SPDX-License-Identifier: Apache-2.0 */
/* OverlappingFieldsCanBeMerged: what two fields of one name in the answer select is merged there,
 * so they must be the same field with the same arguments, and of types that fit (the GraphQL
 * specification, §5.3.2).
 *
 * The fields that a list of selections has itself, and those of inline fragments in it, are
 * collected once. Compared is within a collection, between a collection and each fragment that it
 * spreads, and between any two of these, always with their own fragments; what was compared is
 * noted, so that fragments in themselves come to an end, too.
 */
#include "runtime/base/sort.h"
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"

struct group { /* fields of one name in the answer */
    struct chimera_slice name;
    struct chimera_gql_list fields;
};

struct collection {
    struct chimera_gql_list groups; /* in the order in which their names come */
    struct chimera_gql_table by_name;
    struct chimera_gql_list spreads;
    struct chimera_gql_table compared; /* fragments, by name: enum mark */
};

enum mark { NOT_COMPARED, AS_EXCLUSIVE, AS_OVERLAPPING };

struct conflict {
    struct chimera_slice name;
    struct chimera_slice why;
    struct chimera_gql_place place; /* of the second field */
};

/* --- Collections --- */

static void collect(struct chimera_gql_walk *walk, const struct chimera_gql_list *selections,
                    struct collection *collection)
{
    if (!chimera_gql_enter(walk->work))
        return;
    for (uint32_t i = 0; i < selections->count && chimera_gql_goes_on(walk); i++) {
        struct chimera_gql_selection *selection = selections->items[i];
        if (selection->kind == CHIMERA_GQL_INLINE) {
            collect(walk, &selection->selections, collection);
            continue;
        }
        if (selection->kind == CHIMERA_GQL_SPREAD) {
            chimera_gql_push(walk->work, &collection->spreads, selection);
            continue;
        }
        struct chimera_slice name = selection->alias.size ? selection->alias : selection->name;
        void **place = chimera_gql_put(walk->work, &collection->by_name, name);
        if (!*place) {
            struct group *group = chimera_gql_take(walk->work, sizeof(*group));
            group->name = name;
            chimera_gql_push(walk->work, &collection->groups, group);
            *place = group;
        }
        struct group *group = *place;
        chimera_gql_push(walk->work, &group->fields, selection);
    }
    walk->work->depth--;
}

/* Of the same list always the same one: it is known by where its items are. */
static struct collection *collection_of(struct chimera_gql_walk *walk,
                                        const struct chimera_gql_list *selections)
{
    struct chimera_slice key = {(const char *)&selections->items, sizeof(selections->items)};
    struct collection *collection = chimera_gql_get(walk->work, &walk->collected, key);
    if (collection)
        return collection;
    collection = chimera_gql_take(walk->work, sizeof(*collection));
    collect(walk, selections, collection);
    *chimera_gql_put(walk->work, &walk->collected, key) = collection;
    return collection;
}

/* Was it compared so before? Notes that it is now. What was compared as overlapping needs no other
 * look as exclusive; the other way round it does. */
static bool is_compared(struct chimera_gql_walk *walk, struct chimera_gql_table *table,
                        struct chimera_slice name, bool is_exclusive)
{
    void **place = chimera_gql_put(walk->work, table, name);
    uintptr_t before = (uintptr_t)*place;
    if (before == AS_OVERLAPPING || (before == AS_EXCLUSIVE && is_exclusive))
        return true;
    *place = (void *)(uintptr_t)(is_exclusive ? AS_EXCLUSIVE : AS_OVERLAPPING);
    return false;
}

/* The same of two fragments, in either order. */
static bool is_pair_compared(struct chimera_gql_walk *walk, struct chimera_slice a,
                             struct chimera_slice b, bool is_exclusive)
{
    bool was_compared = false;
    for (unsigned i = 0; i < 2 && !was_compared; i++) {
        void **place = chimera_gql_put(walk->work, &walk->compared, i ? b : a);
        if (!*place)
            *place = chimera_gql_take(walk->work, sizeof(struct chimera_gql_table));
        was_compared = is_compared(walk, *place, i ? a : b, is_exclusive);
    }
    return was_compared;
}

/* --- Two fields --- */

static int order(const void *a, const void *b, struct chimera_account *account)
{
    const struct chimera_slice *one = *(void *const *)a, *other = *(void *const *)b;
    size_t size = one->size < other->size ? one->size : other->size;
    chimera_account_spend(account, size / 16);
    int way = size ? memcmp(one->data, other->data, size) : 0;
    return way ? way : (one->size > other->size) - (one->size < other->size);
}

/* The members of an object by name: their order means nothing. Of a list as they are. */
static void **children_of(struct chimera_gql_walk *walk, const struct chimera_gql_value *value)
{
    size_t size = value->children.count * sizeof(*value->children.items);
    if (value->kind != CHIMERA_GQL_OBJECT || value->children.count < 2)
        return value->children.items;
    void **sorted = chimera_gql_take_bytes(walk->work, size);
    if (!sorted)
        return NULL;
    memcpy(sorted, value->children.items, size);
    if (chimera_sort(sorted, value->children.count, sizeof(*sorted), order, walk->work->account) <
        0)
        chimera_gql_fail_memory(walk->work);
    return sorted;
}

static bool is_same_value(struct chimera_gql_walk *walk, const struct chimera_gql_value *a,
                          const struct chimera_gql_value *b)
{
    bool is_same = true;
    if (a->kind != b->kind || !chimera_slice_equal(a->raw, b->raw) ||
        a->children.count != b->children.count || !chimera_gql_enter(walk->work))
        return false;
    void **mine = children_of(walk, a), **its = children_of(walk, b);
    for (uint32_t i = 0;
         i < a->children.count && is_same && chimera_gql_spend(walk->work, 2 + a->raw.size / 16);
         i++) {
        const struct chimera_gql_argument *one = mine[i], *other = its[i];
        is_same = chimera_slice_equal(one->name, other->name) &&
                  is_same_value(walk, one->value, other->value);
    }
    walk->work->depth--;
    return is_same;
}

static bool have_same_arguments(struct chimera_gql_walk *walk, const struct chimera_gql_list *a,
                                const struct chimera_gql_list *b)
{
    bool is_same = a->count == b->count;
    for (uint32_t i = 0; i < a->count && is_same && chimera_gql_goes_on(walk); i++) {
        const struct chimera_gql_argument *one = a->items[i];
        is_same = false;
        for (uint32_t k = 0; k < b->count && !is_same && chimera_gql_goes_on(walk); k++) {
            const struct chimera_gql_argument *other = b->items[k];
            is_same = chimera_slice_equal(one->name, other->name) &&
                      is_same_value(walk, one->value, other->value);
        }
    }
    return is_same;
}

/* Of composite types only what is around them counts: their fields are compared themselves. */
static bool do_types_conflict(struct chimera_gql_walk *walk, const struct chimera_gql_type *a,
                              const struct chimera_gql_type *b)
{
    for (; a->is_non_null == b->is_non_null && !a->elem == !b->elem; a = a->elem, b = b->elem) {
        if (a->elem)
            continue;
        const struct chimera_gql_definition *one = chimera_gql_type_of(walk->schema, a->name);
        const struct chimera_gql_definition *other = chimera_gql_type_of(walk->schema, b->name);
        return one && other && (chimera_gql_is_leaf(one) || chimera_gql_is_leaf(other)) &&
               !chimera_slice_equal(one->name, other->name);
    }
    return true;
}

static struct chimera_slice print(struct chimera_gql_walk *walk, const char *message, ...)
{
    struct chimera_buffer out;
    va_list arguments;
    chimera_gql_message_open(&out);
    va_start(arguments, message);
    chimera_gql_fill(&out, message, arguments);
    va_end(arguments);
    return chimera_gql_message_keep(walk->work, &out);
}

static struct chimera_gql_list compare_selections(struct chimera_gql_walk *walk, bool is_exclusive,
                                                  const struct chimera_gql_list *a,
                                                  const struct chimera_gql_list *b);

/* Why the answers to what both select cannot be merged; empty: they can. */
static struct chimera_slice compare_below(struct chimera_gql_walk *walk, bool is_exclusive,
                                          const struct chimera_gql_selection *a,
                                          const struct chimera_gql_selection *b)
{
    struct chimera_gql_list conflicts =
        compare_selections(walk, is_exclusive, &a->selections, &b->selections);
    struct chimera_slice why = {NULL, 0};
    for (uint32_t i = 0; i < conflicts.count && chimera_gql_goes_on(walk); i++) {
        const struct conflict *conflict = conflicts.items[i];
        why = print(walk, "%%subfields \"%\" conflict because %", why,
                    i ? CHIMERA_SLICE(" and ") : CHIMERA_SLICE(""), conflict->name, conflict->why);
    }
    return why;
}

/* Adds the conflict of two fields of one name in the answer, if there is one. */
static void compare_fields(struct chimera_gql_walk *walk, bool is_exclusive,
                           const struct chimera_gql_selection *a,
                           const struct chimera_gql_selection *b,
                           struct chimera_gql_list *conflicts)
{
    struct chimera_slice why = {NULL, 0};
    if (!a->parent || !b->parent || !chimera_gql_enter(walk->work))
        return;
    /* Of two objects that are not the same only one can be what is there. */
    is_exclusive = is_exclusive ||
                   (!chimera_slice_equal(a->parent->name, b->parent->name) &&
                    chimera_slice_is(a->parent->kind, "OBJECT") &&
                    chimera_slice_is(b->parent->kind, "OBJECT") && a->definition && b->definition);
    if (!is_exclusive && !chimera_slice_equal(a->name, b->name))
        why = print(walk, "\"%\" and \"%\" are different fields", a->name, b->name);
    else if (!is_exclusive && !have_same_arguments(walk, &a->arguments, &b->arguments))
        why = CHIMERA_SLICE("they have differing arguments");
    else if (a->definition && b->definition &&
             do_types_conflict(walk, a->definition->type, b->definition->type))
        why = print(walk, "they return conflicting types \"%\" and \"%\"",
                    chimera_gql_type_text(walk->work, a->definition->type),
                    chimera_gql_type_text(walk->work, b->definition->type));
    else
        why = compare_below(walk, is_exclusive, a, b);
    if (why.size) {
        struct conflict *conflict = chimera_gql_take(walk->work, sizeof(*conflict));
        *conflict = (struct conflict){a->alias.size ? a->alias : a->name, why, b->place};
        chimera_gql_push(walk->work, conflicts, conflict);
    }
    walk->work->depth--;
}

/* --- Two collections --- */

static void compare_within(struct chimera_gql_walk *walk, const struct collection *collection,
                           struct chimera_gql_list *conflicts)
{
    for (uint32_t g = 0; g < collection->groups.count && chimera_gql_goes_on(walk); g++) {
        const struct group *group = collection->groups.items[g];
        for (uint32_t i = 0; i < group->fields.count; i++) {
            for (uint32_t k = i + 1; k < group->fields.count && chimera_gql_goes_on(walk); k++)
                compare_fields(walk, false, group->fields.items[i], group->fields.items[k],
                               conflicts);
        }
    }
}

static void compare_between(struct chimera_gql_walk *walk, bool is_exclusive,
                            const struct collection *a, const struct collection *b,
                            struct chimera_gql_list *conflicts)
{
    for (uint32_t g = 0; g < a->groups.count && chimera_gql_goes_on(walk); g++) {
        const struct group *mine = a->groups.items[g];
        const struct group *its = chimera_gql_get(walk->work, &b->by_name, mine->name);
        for (uint32_t i = 0; its && i < mine->fields.count; i++) {
            for (uint32_t k = 0; k < its->fields.count && chimera_gql_goes_on(walk); k++)
                compare_fields(walk, is_exclusive, mine->fields.items[i], its->fields.items[k],
                               conflicts);
        }
    }
}

/* With a fragment, and with what that spreads. */
static void compare_with_fragment(struct chimera_gql_walk *walk, bool is_exclusive,
                                  struct collection *collection,
                                  const struct chimera_gql_selection *spread,
                                  struct chimera_gql_list *conflicts)
{
    if (is_compared(walk, &collection->compared, spread->name, is_exclusive) || !spread->fragment)
        return;
    struct collection *other = collection_of(walk, &spread->fragment->selections);
    if (other == collection || !chimera_gql_enter(walk->work))
        return;
    compare_between(walk, is_exclusive, collection, other, conflicts);
    for (uint32_t i = 0; i < other->spreads.count && chimera_gql_goes_on(walk); i++)
        compare_with_fragment(walk, is_exclusive, collection, other->spreads.items[i], conflicts);
    walk->work->depth--;
}

static void compare_fragments(struct chimera_gql_walk *walk, bool is_exclusive,
                              const struct chimera_gql_selection *a,
                              const struct chimera_gql_selection *b,
                              struct chimera_gql_list *conflicts)
{
    if (chimera_slice_equal(a->name, b->name) ||
        is_pair_compared(walk, a->name, b->name, is_exclusive) || !a->fragment || !b->fragment ||
        !chimera_gql_enter(walk->work))
        return;
    const struct collection *one = collection_of(walk, &a->fragment->selections);
    const struct collection *other = collection_of(walk, &b->fragment->selections);
    compare_between(walk, is_exclusive, one, other, conflicts);
    for (uint32_t i = 0; i < other->spreads.count && chimera_gql_goes_on(walk); i++)
        compare_fragments(walk, is_exclusive, a, other->spreads.items[i], conflicts);
    for (uint32_t i = 0; i < one->spreads.count && chimera_gql_goes_on(walk); i++)
        compare_fragments(walk, is_exclusive, one->spreads.items[i], b, conflicts);
    walk->work->depth--;
}

static struct chimera_gql_list compare_selections(struct chimera_gql_walk *walk, bool is_exclusive,
                                                  const struct chimera_gql_list *a,
                                                  const struct chimera_gql_list *b)
{
    struct chimera_gql_list conflicts = {NULL, 0, 0};
    if (a->count == 0 && b->count == 0)
        return conflicts;
    struct collection *one = collection_of(walk, a), *other = collection_of(walk, b);
    compare_between(walk, is_exclusive, one, other, &conflicts);
    for (uint32_t i = 0; i < other->spreads.count && chimera_gql_goes_on(walk); i++)
        compare_with_fragment(walk, is_exclusive, one, other->spreads.items[i], &conflicts);
    for (uint32_t i = 0; i < one->spreads.count && chimera_gql_goes_on(walk); i++)
        compare_with_fragment(walk, is_exclusive, other, one->spreads.items[i], &conflicts);
    for (uint32_t i = 0; i < one->spreads.count; i++) {
        for (uint32_t k = 0; k < other->spreads.count && chimera_gql_goes_on(walk); k++)
            compare_fragments(walk, is_exclusive, one->spreads.items[i], other->spreads.items[k],
                              &conflicts);
    }
    return conflicts;
}

/* --- The rule --- */

static void check(struct chimera_gql_walk *walk, const struct chimera_gql_list *selections)
{
    struct chimera_gql_list conflicts = {NULL, 0, 0};
    if (selections->count == 0 || !chimera_gql_goes_on(walk))
        return;
    struct collection *collection = collection_of(walk, selections);
    const struct chimera_gql_list *spreads = &collection->spreads;
    compare_within(walk, collection, &conflicts);
    for (uint32_t i = 0; i < spreads->count && chimera_gql_goes_on(walk); i++) {
        compare_with_fragment(walk, false, collection, spreads->items[i], &conflicts);
        for (uint32_t k = i + 1; k < spreads->count && chimera_gql_goes_on(walk); k++)
            compare_fragments(walk, false, spreads->items[i], spreads->items[k], &conflicts);
    }
    for (uint32_t i = 0; i < conflicts.count && chimera_gql_goes_on(walk); i++) {
        const struct conflict *conflict = conflicts.items[i];
        chimera_gql_report(walk, conflict->place,
                           "Fields \"%\" conflict because %. Use different aliases on the fields "
                           "to fetch both if this was intentional.",
                           conflict->name, conflict->why);
    }
}

void chimera_gql_operation_merges(struct chimera_gql_walk *walk,
                                  struct chimera_gql_operation *operation)
{
    check(walk, &operation->selections);
}

void chimera_gql_inline_merges(struct chimera_gql_walk *walk,
                               struct chimera_gql_selection *fragment)
{
    check(walk, &fragment->selections);
}

void chimera_gql_fragment_merges(struct chimera_gql_walk *walk,
                                 struct chimera_gql_fragment *fragment)
{
    check(walk, &fragment->selections);
}

/* Those of fragments were checked where they are spread. */
void chimera_gql_field_merges(struct chimera_gql_walk *walk, struct chimera_gql_selection *field)
{
    if (walk->operation)
        check(walk, &field->selections);
}
