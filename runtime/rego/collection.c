/* Builtins on arrays, sets and objects, and the casts, which only check a type. */
#include "runtime/rego/family.h"

/* Elements that numbers.range_step may make. */
#define RANGE_MAX 1000000

/* A new array with the elements of `list`, which may be a set. */
static struct json_object *copy_list(struct json_object *list)
{
    struct json_object *copy = json_object_new_array();
    for (size_t i = 0; copy && i < json_object_array_length(list); i++) {
        if (!chimera_rego_append(copy, json_object_get(json_object_array_get_idx(list, i)))) {
            json_object_put(copy);
            return NULL;
        }
    }
    return copy;
}

static int want_list(const struct chimera_rego_call *call)
{
    if (json_object_is_type(call->args[0], json_type_array))
        return CHIMERA_OK;
    return chimera_fail(call->err, CHIMERA_EINVAL,
                        "operand 1 must be one of {array, set} but got %s",
                        chimera_rego_type_name(chimera_rego_type_of(call->args[0])));
}

int chimera_rego_cast_array(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = want_list(call);
    return code < 0 ? code : chimera_rego_give(call, copy_list(call->args[0]), ret_result);
}

int chimera_rego_cast_set(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = want_list(call);
    if (code < 0)
        return code;
    struct json_object *set = copy_list(call->args[0]);
    if (set)
        chimera_rego_make_set(set);
    return chimera_rego_give(call, set, ret_result);
}

static int cast(const struct chimera_rego_call *call, enum chimera_rego_type type,
                struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, type);
    if (code == CHIMERA_OK)
        *ret_result = json_object_get(call->args[0]);
    return code;
}

int chimera_rego_cast_boolean(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return cast(call, CHIMERA_REGO_BOOLEAN, ret_result);
}

int chimera_rego_cast_null(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return cast(call, CHIMERA_REGO_NULL, ret_result);
}

int chimera_rego_cast_object(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return cast(call, CHIMERA_REGO_OBJECT, ret_result);
}

int chimera_rego_cast_string(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    return cast(call, CHIMERA_REGO_STRING, ret_result);
}

/* One level only, and no sets. */
int chimera_rego_array_flatten(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    struct json_object *flat = json_object_new_array();
    bool has_room = flat != NULL;
    for (size_t i = 0; has_room && i < json_object_array_length(call->args[0]); i++) {
        struct json_object *part = json_object_array_get_idx(call->args[0], i);
        if (chimera_rego_type_of(part) != CHIMERA_REGO_ARRAY) {
            has_room = chimera_rego_append(flat, json_object_get(part));
            continue;
        }
        for (size_t k = 0; has_room && k < json_object_array_length(part); k++)
            has_room =
                chimera_rego_append(flat, json_object_get(json_object_array_get_idx(part, k)));
    }
    if (has_room)
        return chimera_rego_give(call, flat, ret_result);
    json_object_put(flat);
    return chimera_rego_no_memory(call);
}

int chimera_rego_array_reverse(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    struct json_object *turned = json_object_new_array();
    for (size_t i = json_object_array_length(call->args[0]); turned && i-- > 0;) {
        if (!chimera_rego_append(turned,
                                 json_object_get(json_object_array_get_idx(call->args[0], i)))) {
            json_object_put(turned);
            turned = NULL;
        }
    }
    return chimera_rego_give(call, turned, ret_result);
}

int chimera_rego_range_step(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int64_t bound[3];
    for (unsigned i = 0; i < 3; i++) {
        int code = chimera_rego_want_int64(call, i, &bound[i]);
        if (code < 0)
            return code;
    }
    if (bound[2] <= 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "step must be a positive integer");
    bool is_up = bound[0] <= bound[1];
    uint64_t span =
        is_up ? (uint64_t)bound[1] - (uint64_t)bound[0] : (uint64_t)bound[0] - (uint64_t)bound[1];
    uint64_t steps = span / (uint64_t)bound[2];
    if (steps >= RANGE_MAX)
        return chimera_fail(call->err, CHIMERA_ELIMIT, "more than %d numbers", RANGE_MAX);
    struct json_object *range = json_object_new_array();
    for (uint64_t i = 0; range && i <= steps; i++) {
        uint64_t way = i * (uint64_t)bound[2];
        struct json_object *number = json_object_new_int64(
            (int64_t)(is_up ? (uint64_t)bound[0] + way : (uint64_t)bound[0] - way));
        if (!number || !chimera_rego_append(range, number)) {
            json_object_put(range);
            range = NULL;
        }
    }
    return chimera_rego_give(call, range, ret_result);
}

int chimera_rego_object_keys(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_OBJECT);
    if (code < 0)
        return code;
    struct json_object *keys = json_object_new_array();
    for (const struct lh_entry *entry = json_object_get_object(call->args[0])->head; keys && entry;
         entry = entry->next) {
        if (!chimera_rego_append_string(keys, chimera_slice_of((const char *)lh_entry_k(entry)))) {
            json_object_put(keys);
            keys = NULL;
        }
    }
    if (keys)
        chimera_rego_make_set(keys);
    return chimera_rego_give(call, keys, ret_result);
}

/* --- object.union_n --- */

/* Lays `over` upon `under`, both borrowed: objects are merged, of all else the upper one counts.
 * The result is the caller's. As deep as values can be, so the recursion is bounded. */
static struct json_object *merge(struct json_object *under, struct json_object *over, bool *failed)
{
    if (!json_object_is_type(under, json_type_object) ||
        !json_object_is_type(over, json_type_object))
        return json_object_get(over);
    struct json_object *merged = json_object_new_object();
    *failed |= !merged;
    for (const struct lh_entry *entry = json_object_get_object(under)->head; !*failed && entry;
         entry = entry->next) {
        struct json_object *value = json_object_get((struct json_object *)lh_entry_v(entry));
        *failed |= json_object_object_add(merged, (const char *)lh_entry_k(entry), value) != 0;
    }
    for (const struct lh_entry *entry = json_object_get_object(over)->head; !*failed && entry;
         entry = entry->next) {
        const char *key = (const char *)lh_entry_k(entry);
        struct json_object *value = (struct json_object *)lh_entry_v(entry), *below = NULL;
        json_object_object_get_ex(under, key, &below);
        *failed |= json_object_object_add(merged, key, merge(below, value, failed)) != 0;
    }
    return merged;
}

int chimera_rego_union_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    bool failed = false;
    struct json_object *whole = json_object_new_object();
    for (size_t i = 0; !failed && whole && i < json_object_array_length(call->args[0]); i++) {
        struct json_object *part = json_object_array_get_idx(call->args[0], i);
        if (!json_object_is_type(part, json_type_object)) {
            json_object_put(whole);
            return chimera_fail(call->err, CHIMERA_EINVAL, "operand 1 must be array of objects");
        }
        struct json_object *next = merge(whole, part, &failed);
        json_object_put(whole);
        whole = next;
    }
    if (!failed)
        return chimera_rego_give(call, whole, ret_result);
    json_object_put(whole);
    return chimera_rego_no_memory(call);
}

/* --- object.subset --- */

struct search { /* the looks at the clock of one call */
    const struct chimera_rego_call *call;
    int code; /* sticks once it is not 0; then every answer is false */
};

static bool spend(struct search *search, size_t cost)
{
    if (search->code == CHIMERA_OK)
        search->code = chimera_rego_spend(search->call, cost);
    return search->code == CHIMERA_OK;
}

static bool is_subset(struct search *search, struct json_object *whole, struct json_object *part);

static bool object_holds(struct search *search, struct json_object *whole, struct json_object *part)
{
    for (const struct lh_entry *entry = json_object_get_object(part)->head; entry;
         entry = entry->next) {
        struct json_object *value = (struct json_object *)lh_entry_v(entry), *other;
        if (!json_object_object_get_ex(whole, (const char *)lh_entry_k(entry), &other))
            return false;
        if (chimera_rego_compare(value, other) == 0)
            continue;
        if (chimera_rego_type_of(value) != chimera_rego_type_of(other) ||
            !is_subset(search, other, value))
            return false;
    }
    return true;
}

/* Sets are sorted. */
static bool set_has(struct json_object *set, struct json_object *wanted)
{
    size_t low = 0, high = json_object_array_length(set);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = chimera_rego_compare(json_object_array_get_idx(set, middle), wanted);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool set_holds(struct json_object *whole, struct json_object *part)
{
    for (size_t i = 0; i < json_object_array_length(part); i++) {
        if (!set_has(whole, json_object_array_get_idx(part, i)))
            return false;
    }
    return true;
}

/* Does an array have every element of a set? A copy of it is made a set first. */
static bool array_holds_set(struct search *search, struct json_object *array,
                            struct json_object *set)
{
    struct json_object *sorted = copy_list(array);
    if (!sorted) {
        search->code = chimera_rego_no_memory(search->call);
        return false;
    }
    chimera_rego_make_set(sorted);
    bool holds = set_holds(sorted, set);
    json_object_put(sorted);
    return holds;
}

/* Is `part` somewhere in `whole`, without gaps? */
static bool array_holds(struct search *search, struct json_object *whole, struct json_object *part)
{
    size_t size = json_object_array_length(whole), wanted = json_object_array_length(part);
    for (size_t at = 0; at + wanted <= size; at++) {
        size_t i = 0;
        while (i < wanted && spend(search, 32) &&
               chimera_rego_compare(json_object_array_get_idx(whole, at + i),
                                    json_object_array_get_idx(part, i)) == 0)
            i++;
        if (i == wanted || search->code < 0)
            return search->code == CHIMERA_OK;
    }
    return false;
}

/* Both of one type, and a collection for anything but false. As deep as values can be, so the
 * recursion is bounded. */
static bool is_subset(struct search *search, struct json_object *whole, struct json_object *part)
{
    switch (chimera_rego_type_of(part)) {
    case CHIMERA_REGO_OBJECT:
        return object_holds(search, whole, part);
    case CHIMERA_REGO_SET:
        return set_holds(whole, part);
    case CHIMERA_REGO_ARRAY:
        return array_holds(search, whole, part);
    default:
        return false;
    }
}

int chimera_rego_object_subset(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct search search = {.call = call};
    struct json_object *whole = call->args[0], *part = call->args[1];
    enum chimera_rego_type type = chimera_rego_type_of(whole), other = chimera_rego_type_of(part);
    bool is_array_and_set = type == CHIMERA_REGO_ARRAY && other == CHIMERA_REGO_SET;
    if (!is_array_and_set && (type != other || other < CHIMERA_REGO_ARRAY))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "both arguments must be of the same type or array and set");
    bool holds =
        is_array_and_set ? array_holds_set(&search, whole, part) : is_subset(&search, whole, part);
    return search.code < 0 ? search.code : chimera_rego_give_bool(call, holds, ret_result);
}
