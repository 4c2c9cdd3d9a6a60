/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins on arrays, sets and objects, and the casts, which only check a type. */
#include "runtime/rego/arguments.h"
#include "runtime/rego/decimal.h"
#include "runtime/rego/key.h"

/* Elements that numbers.range_step may make. */
#define RANGE_MAX 1000000

/* Adds the elements of `list`, which may be a set. */
static int push_all(const struct chimera_rego_call *call, struct json_object *array,
                    struct json_object *list)
{
    int code = array ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < json_object_array_length(list) && code == CHIMERA_OK; i++)
        code = chimera_rego_push(call, array, json_object_get(json_object_array_get_idx(list, i)));
    return code;
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
    if (code < 0)
        return code;
    struct json_object *array = chimera_node_array(call->account);
    return chimera_rego_finish(call, push_all(call, array, call->args[0]), array, ret_result);
}

int chimera_rego_cast_set(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = want_list(call);
    if (code < 0)
        return code;
    struct json_object *set = chimera_node_array(call->account);
    return chimera_rego_finish_set(call, push_all(call, set, call->args[0]), set, ret_result);
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
    struct json_object *flat = chimera_node_array(call->account);
    if (!flat)
        return chimera_rego_no_memory(call);
    for (size_t i = 0; i < json_object_array_length(call->args[0]) && code == CHIMERA_OK; i++) {
        struct json_object *part = json_object_array_get_idx(call->args[0], i);
        if (chimera_rego_type_of(part) == CHIMERA_REGO_ARRAY)
            code = push_all(call, flat, part);
        else
            code = chimera_rego_push(call, flat, json_object_get(part));
        if (code == CHIMERA_OK)
            code = chimera_rego_spend(call, 1); /* a part may be empty */
    }
    return chimera_rego_finish(call, code, flat, ret_result);
}

int chimera_rego_array_reverse(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    struct json_object *turned = chimera_node_array(call->account);
    if (!turned)
        return chimera_rego_no_memory(call);
    for (size_t i = json_object_array_length(call->args[0]); i-- > 0 && code == CHIMERA_OK;)
        code = chimera_rego_push(call, turned,
                                 json_object_get(json_object_array_get_idx(call->args[0], i)));
    return chimera_rego_finish(call, code, turned, ret_result);
}

/* An operand that may have any size in OPA, and an exponent. */
static int want_whole(const struct chimera_rego_call *call, unsigned index, chimera_wide *ret_value)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    struct json_object *number = call->args[index];
    if (chimera_rego_type_of(number) != CHIMERA_REGO_NUMBER)
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand %u must be integer but got %s",
                            index + 1, chimera_rego_type_name(chimera_rego_type_of(number)));
    struct chimera_slice text = chimera_rego_number_text(number, scratch);
    int code = chimera_rego_spend(call, text.size);
    if (code < 0)
        return code;
    code = chimera_decimal_whole(text, ret_value);
    if (code == CHIMERA_ELIMIT)
        return chimera_fail(call->err, code, "operand %u has more than %d digits", index + 1,
                            CHIMERA_DECIMAL_WIDE);
    if (code < 0)
        return chimera_fail(call->err, code,
                            "operand %u must be integer number but got floating-point number",
                            index + 1);
    return CHIMERA_OK;
}

int chimera_rego_range_step(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    chimera_wide bound[3];
    char text[CHIMERA_DECIMAL_TEXT];
    int code = CHIMERA_OK;
    for (unsigned i = 0; i < 3 && code == CHIMERA_OK; i++)
        code = want_whole(call, i, &bound[i]);
    if (code < 0)
        return code;
    if (bound[2] <= 0)
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "numbers.range_step: step must be a positive integer");
    chimera_wide step = bound[0] <= bound[1] ? bound[2] : -bound[2];
    chimera_wide steps = (bound[1] - bound[0]) / step;
    if (steps >= RANGE_MAX)
        return chimera_fail(call->err, CHIMERA_ELIMIT, "more than %d numbers", RANGE_MAX);
    struct json_object *range = chimera_node_array(call->account);
    if (!range)
        return chimera_rego_no_memory(call);
    for (chimera_wide i = 0; i <= steps && code == CHIMERA_OK; i++) {
        struct chimera_slice digits = {text, chimera_decimal_print(bound[0] + i * step, text)};
        struct json_object *number = chimera_rego_new_number(digits, call->account);
        code = number ? chimera_rego_push(call, range, number) : chimera_rego_no_memory(call);
    }
    return chimera_rego_finish(call, code, range, ret_result);
}

/* Of an object: in order, so that the list is a set. */
int chimera_rego_object_keys(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_OBJECT);
    if (code < 0)
        return code;
    if (chimera_rego_order_members(call->args[0], call->account) < 0)
        return chimera_rego_no_memory(call);
    struct json_object *keys = chimera_node_array(call->account);
    if (!keys)
        return chimera_rego_no_memory(call);
    for (const struct lh_entry *entry = json_object_get_object(call->args[0])->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        struct json_object *key = NULL;
        code = chimera_rego_key_value(chimera_rego_entry_key(entry), call->account, &key) < 0
                   ? chimera_rego_no_memory(call)
                   : chimera_rego_push(call, keys, key);
    }
    chimera_rego_mark_set(keys);
    return chimera_rego_finish(call, code, keys, ret_result);
}

/* --- object.union_n --- */

static char ours_mark; /* its address is the userdata of objects that the union made for itself */

/* `is_exact`: equal keys are the same text, everywhere. */
static int merge(const struct chimera_rego_call *call, struct json_object *whole,
                 struct json_object *part, bool is_exact);

static struct lh_entry *find_entry(const struct chimera_rego_call *call, struct json_object *object,
                                   const char *key, bool is_exact)
{
    return is_exact ? lh_table_lookup_entry(json_object_get_object(object), key)
                    : chimera_rego_find_member(object, key, call->account);
}

/* A value where there is one already: objects are merged, of all else the upper one counts. Each
 * object of the arguments is copied once at most, so that the whole is linear. */
static int merge_value(const struct chimera_rego_call *call, struct json_object *whole,
                       const char *key, struct json_object *below, struct json_object *value,
                       bool is_exact)
{
    struct json_object *merged = NULL;
    int code = CHIMERA_OK;
    if (!json_object_is_type(below, json_type_object) ||
        !json_object_is_type(value, json_type_object))
        return chimera_rego_set_member(whole, key, json_object_get(value), call->account);
    if (json_object_get_userdata(below) == &ours_mark) {
        merged = json_object_get(below);
    } else {
        merged = chimera_node_object(call->account);
        if (!merged)
            return chimera_node_failure(call->account);
        json_object_set_userdata(merged, &ours_mark, NULL);
        code = merge(call, merged, below, is_exact);
    }
    if (code == CHIMERA_OK)
        code = merge(call, merged, value, is_exact);
    if (code == CHIMERA_OK)
        return chimera_rego_set_member(whole, key, merged, call->account);
    json_object_put(merged);
    return code;
}

/* Lays `part`, borrowed, upon `whole`, which is ours. As deep as values can be, so the recursion is
 * bounded. */
static int merge(const struct chimera_rego_call *call, struct json_object *whole,
                 struct json_object *part, bool is_exact)
{
    int code = chimera_account_spend(call->account, 4);
    for (const struct lh_entry *entry = json_object_get_object(part)->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        const char *key = chimera_rego_entry_key(entry);
        struct json_object *value = chimera_rego_entry_value(entry);
        code = chimera_account_spend(call->account, 16);
        const struct lh_entry *below =
            code == CHIMERA_OK ? find_entry(call, whole, key, is_exact) : NULL;
        if (below)
            code = merge_value(call, whole, key, chimera_rego_entry_value(below), value, is_exact);
        else if (code == CHIMERA_OK)
            code = chimera_node_add(call->account, whole, key, json_object_get(value));
    }
    return code;
}

int chimera_rego_union_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    struct json_object *whole = chimera_node_object(call->account);
    bool is_exact = !chimera_rego_has_spellings(call->args[0], call->account);
    if (!whole)
        return chimera_rego_no_memory(call);
    for (size_t i = 0; i < json_object_array_length(call->args[0]) && code == CHIMERA_OK; i++) {
        struct json_object *part = json_object_array_get_idx(call->args[0], i);
        if (!json_object_is_type(part, json_type_object))
            code = chimera_fail(call->err, CHIMERA_EINVAL,
                                "operand 1 must be array of objects but got array containing %s",
                                chimera_rego_type_name(chimera_rego_type_of(part)));
        else if (merge(call, whole, part, is_exact) < 0)
            code = chimera_rego_no_memory(call);
    }
    return chimera_rego_finish(call, code, whole, ret_result);
}

/* --- object.subset --- */

struct search { /* the looks at the clock of one call */
    const struct chimera_rego_call *call;
    bool is_exact; /* equal keys are the same text */
    int code;      /* sticks once it is not 0; then every answer is false */
};

static bool spend(struct search *search, size_t cost)
{
    if (search->code == CHIMERA_OK)
        search->code = chimera_rego_spend(search->call, cost);
    return search->code == CHIMERA_OK;
}

/* False too when the account has failed. */
static bool are_equal(struct search *search, struct json_object *a, struct json_object *b)
{
    if (!spend(search, 4))
        return false;
    bool is_equal = chimera_rego_compare(a, b, search->call->account) == 0;
    return spend(search, 0) && is_equal;
}

static bool is_subset(struct search *search, struct json_object *whole, struct json_object *part);

static bool object_holds(struct search *search, struct json_object *whole, struct json_object *part)
{
    for (const struct lh_entry *entry = json_object_get_object(part)->head; entry;
         entry = entry->next) {
        struct json_object *value = chimera_rego_entry_value(entry), *other;
        const struct lh_entry *found =
            chimera_rego_find_member(whole, chimera_rego_entry_key(entry), search->call->account);
        if (!spend(search, 16) || !found)
            return false;
        other = chimera_rego_entry_value(found);
        if (are_equal(search, value, other))
            continue;
        if (search->code < 0 || chimera_rego_type_of(value) != chimera_rego_type_of(other) ||
            !is_subset(search, other, value))
            return false;
    }
    return true;
}

static bool set_holds(struct search *search, struct json_object *whole, struct json_object *part)
{
    bool holds = true;
    for (size_t i = 0; i < json_object_array_length(part) && holds; i++) {
        size_t index;
        holds = chimera_rego_set_find(whole, json_object_array_get_idx(part, i),
                                      search->call->account, &index) &&
                spend(search, 4);
    }
    return spend(search, 0) && holds;
}

/* Does an array have every element of a set? OPA counts those that it has, repeats too, and looks
 * for an empty set only where there is an element. */
static bool array_holds_set(struct search *search, struct json_object *array,
                            struct json_object *set)
{
    size_t missing = json_object_array_length(set), index;
    for (size_t i = 0; i < json_object_array_length(array) && spend(search, 4); i++) {
        missing -= chimera_rego_set_find(set, json_object_array_get_idx(array, i),
                                         search->call->account, &index);
        if (missing == 0)
            return spend(search, 0);
    }
    return false;
}

/* Is `part` somewhere in `whole`, without gaps? */
static bool array_holds(struct search *search, struct json_object *whole, struct json_object *part)
{
    size_t size = json_object_array_length(whole), wanted = json_object_array_length(part);
    for (size_t at = 0; at + wanted <= size; at++) {
        size_t i = 0;
        while (i < wanted && are_equal(search, json_object_array_get_idx(whole, at + i),
                                       json_object_array_get_idx(part, i)))
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
        return set_holds(search, whole, part);
    case CHIMERA_REGO_ARRAY:
        return array_holds(search, whole, part);
    default:
        return false;
    }
}

int chimera_rego_object_subset(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct json_object *whole = call->args[0], *part = call->args[1];
    struct search search = {.call = call,
                            .is_exact = !chimera_rego_has_spellings(whole, call->account) &&
                                        !chimera_rego_has_spellings(part, call->account)};
    enum chimera_rego_type type = chimera_rego_type_of(whole), other = chimera_rego_type_of(part);
    bool is_array_and_set = type == CHIMERA_REGO_ARRAY && other == CHIMERA_REGO_SET;
    if (!is_array_and_set && (type != other || other < CHIMERA_REGO_ARRAY))
        return chimera_fail(
            call->err, CHIMERA_EINVAL,
            "both arguments object.subset must be of the same type or array and set");
    bool holds =
        is_array_and_set ? array_holds_set(&search, whole, part) : is_subset(&search, whole, part);
    return search.code < 0 ? search.code : chimera_rego_give_bool(call, holds, ret_result);
}
