/* SPDX-License-Identifier: Apache-2.0 */
/* A document against the rules.
 *
 * Every check raises the score by one, every flaw lowers it by two; the best of several
 * alternatives that all fail is told.
 */
#include "runtime/base/sort.h"
#include "runtime/rego/builtins/schema/schema_internal.h"
#include "runtime/rego/builtins/schema/schema_number.h"
#include "runtime/rego/key.h"
#include "runtime/rego/quote.h"

/* Schemas that are applied within each other; a reference to itself would never end. A level takes
 * a few hundred bytes of the stack (CHIMERA_STACK_FOR_HOST). */
#define LEVELS_MAX 300
/* References that lead to references. */
#define REFERENCES_MAX 1000

struct state {
    struct chimera_schema *schema;
    unsigned level;
    int code; /* sticks */
};

struct place { /* a value and its way */
    struct json_object *value;
    const struct chimera_way *way;
};

/* --- Flaws --- */

static void *take(struct state *state, size_t size)
{
    void *taken = state->code < 0 ? NULL : chimera_region_take(&state->schema->region, size);
    if (!taken && state->code == CHIMERA_OK)
        state->code = chimera_schema_no_memory(state->schema);
    return taken;
}

static struct chimera_flaw *add(struct state *state, struct chimera_flaws *flaws,
                                enum chimera_flaw_kind kind, const struct chimera_rule *rule,
                                const struct place *place)
{
    static struct chimera_flaw nowhere; /* for what is not looked at any more */
    struct chimera_flaw *flaw = take(state, sizeof(*flaw));
    if (!flaw)
        return &nowhere;
    *flaw = (struct chimera_flaw){.kind = kind, .rule = rule, .way = place->way};
    *(flaws->last ? &flaws->last->next : &flaws->first) = flaw;
    flaws->last = flaw;
    flaws->score -= 2;
    return flaw;
}

static void merge(struct chimera_flaws *into, const struct chimera_flaws *from)
{
    if (from->first)
        *(into->last ? &into->last->next : &into->first) = from->first;
    if (from->last)
        into->last = from->last;
    into->score += from->score;
}

static struct place step(struct state *state, const struct place *place, const char *key,
                         size_t index)
{
    struct place below = {0};
    struct chimera_way *way = take(state, sizeof(*way));
    if (way) {
        *way = (struct chimera_way){.up = place->way, .key = key, .index = index};
        below.way = way;
        if (key)
            json_object_object_get_ex(place->value, key, &below.value);
        else
            below.value = json_object_array_get_idx(place->value, index);
    }
    return below;
}

static void check(struct state *state, const struct chimera_rule *rule, const struct place *place,
                  struct chimera_flaws *flaws);

/* By itself, to be told or not. True: nothing is wrong. */
static bool passes(struct state *state, const struct chimera_rule *rule, const struct place *place,
                   struct chimera_flaws *ret_flaws)
{
    *ret_flaws = (struct chimera_flaws){0};
    check(state, rule, place, ret_flaws);
    return !ret_flaws->first;
}

static void keep_better(struct chimera_flaws *best, bool *has_best,
                        const struct chimera_flaws *other)
{
    if (!*has_best || other->score > best->score)
        *best = *other;
    *has_best = true;
}

/* --- Schemas that hold together --- */

static void check_any_of(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws best = {0}, own;
    bool has_best = false;
    for (const struct chimera_rule *one = rule->any_of.first; one; one = one->next) {
        if (state->code < 0 || passes(state, one, place, &own))
            return;
        keep_better(&best, &has_best, &own);
    }
    if (rule->any_of.first) {
        add(state, flaws, CHIMERA_FLAW_ANY_OF, rule, place);
        merge(flaws, &best);
    }
}

static void check_one_of(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws best = {0}, own;
    bool has_best = false;
    size_t count = 0;
    for (const struct chimera_rule *one = rule->one_of.first; one && state->code == CHIMERA_OK;
         one = one->next) {
        if (passes(state, one, place, &own))
            count++;
        else if (count == 0)
            keep_better(&best, &has_best, &own);
    }
    if (!rule->one_of.first || count == 1)
        return;
    add(state, flaws, CHIMERA_FLAW_ONE_OF, rule, place);
    if (count == 0)
        merge(flaws, &best);
}

static void check_all_of(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws own;
    bool is_good = true;
    for (const struct chimera_rule *one = rule->all_of.first; one && state->code == CHIMERA_OK;
         one = one->next) {
        is_good &= passes(state, one, place, &own);
        merge(flaws, &own);
    }
    if (!is_good)
        add(state, flaws, CHIMERA_FLAW_ALL_OF, rule, place);
}

static void check_dependencies(struct state *state, const struct chimera_rule *rule,
                               const struct place *place, struct chimera_flaws *flaws)
{
    struct json_object *unused;
    for (const struct chimera_rule *one = rule->dependencies.first;
         one && state->code == CHIMERA_OK; one = one->next) {
        if (!json_object_object_get_ex(place->value, one->key, &unused))
            continue;
        if (!one->names)
            check(state, one, place, flaws);
        size_t count = one->names ? json_object_array_length(one->names) : 0;
        for (size_t i = 0; i < count; i++) {
            const char *name = json_object_get_string(json_object_array_get_idx(one->names, i));
            if (!json_object_object_get_ex(place->value, name, &unused))
                add(state, flaws, CHIMERA_FLAW_DEPENDENCY, rule, place)->name = name;
        }
    }
}

static void check_condition(struct state *state, const struct chimera_rule *rule,
                            const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws own;
    if (!rule->condition)
        return;
    bool holds = passes(state, rule->condition, place, &own);
    const struct chimera_rule *next = holds ? rule->then : rule->otherwise;
    if (next && !passes(state, next, place, &own)) {
        add(state, flaws, holds ? CHIMERA_FLAW_THEN : CHIMERA_FLAW_ELSE, rule, place);
        merge(flaws, &own);
    }
}

static void check_together(struct state *state, const struct chimera_rule *rule,
                           const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws own;
    check_any_of(state, rule, place, flaws);
    check_one_of(state, rule, place, flaws);
    check_all_of(state, rule, place, flaws);
    if (rule->not&&passes(state, rule->not, place, &own))
        add(state, flaws, CHIMERA_FLAW_NOT, rule, place);
    if (json_object_is_type(place->value, json_type_object))
        check_dependencies(state, rule, place, flaws);
    check_condition(state, rule, place, flaws);
    flaws->score++;
}

/* --- Values --- */

static void check_common(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_slice text = {0};
    if (rule->has_constant || rule->has_choices)
        state->code =
            state->code < 0 ? state->code : chimera_schema_text(state->schema, place->value, &text);
    if (rule->has_constant && !chimera_slice_equal(text, rule->constant))
        add(state, flaws, CHIMERA_FLAW_CONSTANT, rule, place);
    size_t at = 0;
    while (at < rule->choice_count && !chimera_slice_equal(text, rule->choices[at]))
        at++;
    chimera_account_spend(state->schema->call->account, at);
    if (rule->has_choices && at == rule->choice_count)
        add(state, flaws, CHIMERA_FLAW_CHOICE, rule, place);
    if (rule->format.size && json_object_is_type(place->value, json_type_string)) {
        int found = chimera_schema_has_format(state->schema, rule->format,
                                              chimera_rego_string(place->value));
        if (found < 0 && state->code == CHIMERA_OK)
            state->code = found;
        if (found == 0)
            add(state, flaws, CHIMERA_FLAW_FORMAT, rule, place);
    }
    flaws->score++;
}

static int compare(struct json_object *bound, const struct chimera_schema_number *number)
{
    struct chimera_schema_number other;
    chimera_schema_number_read(bound, &other);
    return chimera_decimal_order(&number->decimal, &other.decimal);
}

static void check_number(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_schema_number number, divisor;
    bool is_multiple = true;
    chimera_schema_number_read(place->value, &number);
    if (rule->multiple_of) {
        chimera_schema_number_read(rule->multiple_of, &divisor);
        int code = chimera_schema_number_is_multiple(&number, &divisor,
                                                     state->schema->call->account, &is_multiple);
        if (code < 0 && state->code == CHIMERA_OK)
            state->code = code == CHIMERA_ELIMIT ? chimera_fail(state->schema->call->err, code,
                                                                "multipleOf has too many digits")
                                                 : chimera_schema_no_memory(state->schema);
    }
    if (!is_multiple)
        add(state, flaws, CHIMERA_FLAW_MULTIPLE, rule, place);
    if (rule->maximum && compare(rule->maximum, &number) > 0)
        add(state, flaws, CHIMERA_FLAW_MAXIMUM, rule, place);
    if (rule->below && compare(rule->below, &number) >= 0)
        add(state, flaws, CHIMERA_FLAW_BELOW, rule, place);
    if (rule->minimum && compare(rule->minimum, &number) < 0)
        add(state, flaws, CHIMERA_FLAW_MINIMUM, rule, place);
    if (rule->above && compare(rule->above, &number) <= 0)
        add(state, flaws, CHIMERA_FLAW_ABOVE, rule, place);
    flaws->score++;
}

struct count { /* of characters, items or members */
    int64_t value;
    const struct chimera_bound *least, *most;
    enum chimera_flaw_kind kind; /* of too few; that of too many follows it */
};

static void check_count(struct state *state, const struct chimera_rule *rule,
                        const struct place *place, struct chimera_flaws *flaws,
                        const struct count *count)
{
    if (count->least->is_set && count->value < count->least->value)
        add(state, flaws, count->kind, rule, place);
    if (count->most->is_set && count->value > count->most->value)
        add(state, flaws, count->kind + 1, rule, place);
}

static void check_string(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_slice text = chimera_rego_string(place->value);
    struct count count = {0, &rule->min_length, &rule->max_length, CHIMERA_FLAW_MIN_LENGTH};
    if (rule->min_length.is_set || rule->max_length.is_set) {
        count.value = (int64_t)chimera_rego_count_runes(text);
        chimera_account_spend(state->schema->call->account, text.size);
    }
    check_count(state, rule, place, flaws, &count);
    if (rule->pattern && state->code == CHIMERA_OK) {
        int found = chimera_regexp_matches(rule->pattern->regexp, text, state->schema->call->err);
        state->code = found < 0 ? found : state->code;
        if (found == 0)
            add(state, flaws, CHIMERA_FLAW_PATTERN, rule, place);
    }
    flaws->score++;
}

/* --- Arrays --- */

/* Which element of the list is the last one before `index` that is equal to it. */
struct twin {
    struct chimera_slice text;
    size_t index;
};

static int by_text(const void *a, const void *b, struct chimera_account *account)
{
    const struct twin *x = a, *y = b;
    size_t least = x->text.size < y->text.size ? x->text.size : y->text.size;
    int order = memcmp(x->text.data, y->text.data, least);
    chimera_account_spend(account, least / 8);
    return order ? order : x->text.size < y->text.size ? -1 : x->text.size > y->text.size;
}

/* Flaws in the order of the later of two equal elements. */
static void check_unique(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    size_t count = json_object_array_length(place->value);
    struct twin *twins = take(state, (count + 1) * sizeof(*twins));
    size_t *before = take(state, (count + 1) * sizeof(*before)); /* its index, and one more */
    for (size_t i = 0; i < count && state->code == CHIMERA_OK; i++) {
        twins[i].index = i;
        state->code = chimera_schema_text(state->schema, json_object_array_get_idx(place->value, i),
                                          &twins[i].text);
    }
    if (state->code == CHIMERA_OK &&
        chimera_sort(twins, count, sizeof(*twins), by_text, state->schema->call->account) < 0)
        state->code = chimera_schema_no_memory(state->schema);
    if (state->code < 0)
        return;
    for (size_t i = 1; i < count; i++) {
        if (chimera_slice_equal(twins[i].text, twins[i - 1].text))
            before[twins[i].index] = twins[i - 1].index + 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (before[i]) {
            struct chimera_flaw *flaw = add(state, flaws, CHIMERA_FLAW_UNIQUE, rule, place);
            flaw->first = before[i] - 1;
            flaw->second = i;
        }
    }
}

static void check_contains(struct state *state, const struct chimera_rule *rule,
                           const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws best = {0}, own;
    bool has_best = false;
    size_t count = json_object_array_length(place->value);
    for (size_t i = 0; i < count && state->code == CHIMERA_OK; i++) {
        struct place item = step(state, place, NULL, i);
        if (passes(state, rule->contains, &item, &own))
            return;
        keep_better(&best, &has_best, &own);
    }
    add(state, flaws, CHIMERA_FLAW_CONTAINS, rule, place);
    merge(flaws, &best);
}

/* Each by the schema of its place, or by the one for all, or by the one for more. */
static void check_items(struct state *state, const struct chimera_rule *rule,
                        const struct place *place, struct chimera_flaws *flaws)
{
    size_t count = json_object_array_length(place->value);
    const struct chimera_rule *one = rule->items.first;
    for (size_t i = 0; one && i < count && state->code == CHIMERA_OK; i++) {
        struct place item = step(state, place, NULL, i);
        check(state, one, &item, flaws);
        if (rule->is_for_all_items || one == rule->more_items)
            continue;
        one = one->next;
        if (!one && i + 1 < count && rule->has_no_more_items)
            add(state, flaws, CHIMERA_FLAW_MORE_ITEMS, rule, place);
        if (!one)
            one = rule->more_items;
    }
}

static void check_array(struct state *state, const struct chimera_rule *rule,
                        const struct place *place, struct chimera_flaws *flaws)
{
    const struct count count = {(int64_t)json_object_array_length(place->value), &rule->min_items,
                                &rule->max_items, CHIMERA_FLAW_MIN_ITEMS};
    check_items(state, rule, place, flaws);
    check_count(state, rule, place, flaws, &count);
    if (rule->has_unique_items)
        check_unique(state, rule, place, flaws);
    if (rule->contains)
        check_contains(state, rule, place, flaws);
    flaws->score++;
}

/* --- Objects --- */

/* By the schemas whose patterns match its name; true when there is one. */
static bool check_by_pattern(struct state *state, const struct chimera_rule *rule,
                             const struct place *member, const char *key,
                             struct chimera_flaws *flaws)
{
    bool is_found = false;
    for (const struct chimera_rule *one = rule->pattern_rules.first;
         one && state->code == CHIMERA_OK; one = one->next) {
        int found = chimera_regexp_matches(one->name_pattern->regexp, chimera_slice_of(key),
                                           state->schema->call->err);
        state->code = found < 0 ? found : state->code;
        is_found |= found == 1;
        if (found == 1)
            check(state, one, member, flaws);
    }
    flaws->score += is_found;
    return is_found;
}

/* What neither `properties` nor a pattern names. */
static void check_members(struct state *state, const struct chimera_rule *rule,
                          const struct place *place, struct chimera_flaws *flaws)
{
    struct json_object *unused;
    for (const struct lh_entry *entry = json_object_get_object(place->value)->head;
         entry && state->code == CHIMERA_OK; entry = entry->next) {
        const char *key = (const char *)lh_entry_k(entry);
        bool is_named =
            rule->properties && json_object_object_get_ex(rule->properties, key, &unused);
        struct place member = step(state, place, key, 0);
        if (check_by_pattern(state, rule, &member, key, flaws) || is_named)
            continue;
        if (rule->has_no_more_members)
            add(state, flaws, CHIMERA_FLAW_MORE_MEMBERS, rule, place)->name = key;
        else if (rule->more_members)
            check(state, rule->more_members, &member, flaws);
    }
}

static void check_names(struct state *state, const struct chimera_rule *rule,
                        const struct place *place, struct chimera_flaws *flaws)
{
    struct chimera_flaws own;
    for (const struct lh_entry *entry = json_object_get_object(place->value)->head;
         entry && state->code == CHIMERA_OK; entry = entry->next) {
        const char *key = (const char *)lh_entry_k(entry);
        struct place name = {.way = place->way};
        if (chimera_rego_key_value(key, state->schema->call->account, &name.value) < 0)
            state->code = chimera_schema_no_memory(state->schema);
        else if (!passes(state, rule->member_names, &name, &own)) {
            add(state, flaws, CHIMERA_FLAW_MEMBER_NAME, rule, place)->name = key;
            merge(flaws, &own);
        }
        json_object_put(name.value);
    }
}

static void check_object(struct state *state, const struct chimera_rule *rule,
                         const struct place *place, struct chimera_flaws *flaws)
{
    const struct count count = {json_object_object_length(place->value), &rule->min_members,
                                &rule->max_members, CHIMERA_FLAW_MIN_MEMBERS};
    struct json_object *unused;
    check_count(state, rule, place, flaws, &count);
    size_t required = rule->required ? json_object_array_length(rule->required) : 0;
    for (size_t i = 0; i < required && state->code == CHIMERA_OK; i++) {
        const char *name = json_object_get_string(json_object_array_get_idx(rule->required, i));
        if (json_object_object_get_ex(place->value, name, &unused))
            flaws->score++;
        else
            add(state, flaws, CHIMERA_FLAW_REQUIRED, rule, place)->name = name;
    }
    if (chimera_rego_order_members(place->value, state->schema->call->account) < 0)
        state->code = chimera_schema_no_memory(state->schema);
    check_members(state, rule, place, flaws);
    if (rule->member_names)
        check_names(state, rule, place, flaws);
    flaws->score++;
}

static void check_properties(struct state *state, const struct chimera_rule *rule,
                             const struct place *place, struct chimera_flaws *flaws)
{
    struct json_object *unused;
    for (const struct chimera_rule *one = rule->property_rules.first;
         one && state->code == CHIMERA_OK; one = one->next) {
        if (json_object_object_get_ex(place->value, one->key, &unused)) {
            struct place member = step(state, place, one->key, 0);
            check(state, one, &member, flaws);
        }
    }
}

/* --- A value --- */

static enum chimera_schema_type type_of(struct json_object *value)
{
    struct chimera_schema_number number;
    switch (json_object_get_type(value)) {
    case json_type_null:
        return CHIMERA_SCHEMA_NULL;
    case json_type_boolean:
        return CHIMERA_SCHEMA_BOOLEAN;
    case json_type_string:
        return CHIMERA_SCHEMA_STRING;
    case json_type_array:
        return CHIMERA_SCHEMA_ARRAY;
    case json_type_object:
        return CHIMERA_SCHEMA_OBJECT;
    default:
        chimera_schema_number_read(value, &number);
        return chimera_schema_number_is_whole(&number) ? CHIMERA_SCHEMA_INTEGER
                                                       : CHIMERA_SCHEMA_NUMBER;
    }
}

/* A whole number is a number, too. */
static bool takes_type(const struct chimera_rule *rule, enum chimera_schema_type type)
{
    for (unsigned i = 0; i < rule->type_count; i++) {
        if (rule->types[i] == type ||
            (type == CHIMERA_SCHEMA_INTEGER && rule->types[i] == CHIMERA_SCHEMA_NUMBER))
            return true;
    }
    return rule->type_count == 0;
}

static void check_value(struct state *state, const struct chimera_rule *rule,
                        const struct place *place, struct chimera_flaws *flaws)
{
    enum chimera_schema_type type = type_of(place->value);
    if (!takes_type(rule, type)) {
        add(state, flaws, CHIMERA_FLAW_TYPE, rule, place)->name = chimera_schema_type_names[type];
        return;
    }
    check_together(state, rule, place, flaws);
    if (type == CHIMERA_SCHEMA_INTEGER || type == CHIMERA_SCHEMA_NUMBER)
        check_number(state, rule, place, flaws);
    else if (type == CHIMERA_SCHEMA_ARRAY)
        check_array(state, rule, place, flaws);
    else if (type == CHIMERA_SCHEMA_OBJECT)
        check_object(state, rule, place, flaws);
    check_common(state, rule, place, flaws);
    if (type == CHIMERA_SCHEMA_STRING)
        check_string(state, rule, place, flaws);
    else if (type == CHIMERA_SCHEMA_OBJECT)
        check_properties(state, rule, place, flaws);
    flaws->score++;
}

/* The recursion is bounded by LEVELS_MAX. */
static void check(struct state *state, const struct chimera_rule *rule, const struct place *place,
                  struct chimera_flaws *flaws)
{
    unsigned references = 0;
    while (rule->decided == DECIDED_NOT && rule->reference && references++ < REFERENCES_MAX)
        rule = rule->reference;
    if (state->code == CHIMERA_OK)
        state->code = chimera_rego_spend(state->schema->call, 16 + references);
    if (state->code == CHIMERA_OK && (state->level == LEVELS_MAX || references > REFERENCES_MAX))
        state->code = chimera_fail(state->schema->call->err, CHIMERA_ELIMIT,
                                   "the schema applies to itself without end, or too deeply");
    if (state->code < 0)
        return;
    state->level++;
    if (rule->decided == DECIDED_NOT)
        check_value(state, rule, place, flaws);
    else if (rule->decided == DECIDED_FALSE)
        add(state, flaws, CHIMERA_FLAW_FALSE, rule, place);
    state->level--;
}

int chimera_schema_validate(struct chimera_schema *schema, struct json_object *document,
                            struct chimera_flaws *ret_flaws)
{
    struct state state = {.schema = schema};
    const struct place root = {.value = document};
    struct chimera_flaws flaws = {0};
    check(&state, schema->root, &root, &flaws);
    *ret_flaws = flaws;
    return state.code < 0 ? state.code : chimera_rego_spend(schema->call, 0);
}
