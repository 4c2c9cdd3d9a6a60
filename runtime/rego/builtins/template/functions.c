/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that compare and take apart. */
#include "runtime/rego/builtins/template/functions.h"

static int fail(const struct chimera_function_call *call, const char *why,
                const struct chimera_value *about)
{
    return chimera_fail(call->call->err, CHIMERA_EINVAL, "template: error calling %s: %s%s",
                        call->name, why, about ? chimera_value_type(about) : "");
}

static int give_bool(struct chimera_value *ret_value, bool value)
{
    *ret_value = (struct chimera_value){.kind = CHIMERA_VALUE_BOOL, .boolean = value};
    return CHIMERA_OK;
}

/* --- Comparing --- */

/* The kinds that compare among themselves; 0: none. */
static int class_of(const struct chimera_value *value)
{
    switch (value->kind) {
    case CHIMERA_VALUE_BOOL:
        return 1;
    case CHIMERA_VALUE_INT:
    case CHIMERA_VALUE_BYTE:
        return 2; /* signed or not: both are compared as numbers */
    case CHIMERA_VALUE_FLOAT:
        return 3;
    case CHIMERA_VALUE_STRING:
    case CHIMERA_VALUE_NUMBER:
        return 4;
    default:
        return 0;
    }
}

static bool is_nothing(const struct chimera_value *value)
{
    return value->kind == CHIMERA_VALUE_NONE || value->kind == CHIMERA_VALUE_NULL;
}

static int compare_texts(struct chimera_slice a, struct chimera_slice b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least ? memcmp(a.data, b.data, least) : 0;
    return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

/* Of two values of one class. */
static int compare(const struct chimera_value *a, const struct chimera_value *b)
{
    switch (class_of(a)) {
    case 1:
        return a->boolean - b->boolean;
    case 2:
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    case 3:
        return a->number < b->number ? -1 : a->number > b->number;
    default:
        return compare_texts(a->text, b->text);
    }
}

static int check_classes(const struct chimera_function_call *call, const struct chimera_value *a,
                         const struct chimera_value *b)
{
    if (class_of(a) == class_of(b) || is_nothing(a) || is_nothing(b))
        return CHIMERA_OK;
    return fail(call, "incompatible types for comparison", NULL);
}

/* Is the first one of the others? */
static int play_eq(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    const struct chimera_value *a = &call->args[0];
    bool is_found = false;
    int code = CHIMERA_OK;
    if (call->count < 2)
        return fail(call, "missing argument for comparison", NULL);
    for (size_t i = 1; i < call->count && code == CHIMERA_OK && !is_found; i++) {
        const struct chimera_value *b = &call->args[i];
        code = check_classes(call, a, b);
        if (class_of(a) && class_of(a) == class_of(b)) {
            is_found = compare(a, b) == 0;
        } else if (code == CHIMERA_OK) {
            bool both = !is_nothing(a) && !is_nothing(b);
            if (both)
                code = fail(call, "non-comparable type ", b);
            is_found = is_nothing(a) && is_nothing(b);
        }
    }
    return code < 0 ? code : give_bool(ret_value, is_found);
}

static int play_ne(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    int code = play_eq(call, ret_value);
    if (code == CHIMERA_OK)
        ret_value->boolean = !ret_value->boolean;
    return code;
}

static int play_order(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    const struct chimera_value *a = &call->args[0], *b = &call->args[1];
    if (class_of(a) == 0 || class_of(b) == 0)
        return fail(call, "invalid type for comparison", NULL);
    int code = check_classes(call, a, b);
    if (code < 0)
        return code;
    if (class_of(a) == 1)
        return fail(call, "invalid type for comparison", NULL);
    int order = compare(a, b);
    bool is_less = call->name[0] == 'l', takes_equal = call->name[1] == 'e';
    return give_bool(ret_value, (takes_equal && order == 0) || (is_less ? order < 0 : order > 0));
}

static int play_not(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    return give_bool(ret_value, !chimera_value_is_true(&call->args[0]));
}

/* --- Taking apart --- */

static int play_len(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    const struct chimera_value *value = &call->args[0];
    bool is_text = chimera_value_is_text(value);
    if (!is_text && value->kind < CHIMERA_VALUE_LIST)
        return is_nothing(value) ? fail(call, "len of nil pointer", NULL)
                                 : fail(call, "len of type ", value);
    *ret_value = (struct chimera_value){
        .kind = CHIMERA_VALUE_INT, .integer = (int64_t)(is_text ? value->text.size : value->count)};
    return CHIMERA_OK;
}

static int read_index(const struct chimera_function_call *call, const struct chimera_value *index,
                      size_t most, size_t *ret_index)
{
    if (index->kind != CHIMERA_VALUE_INT && index->kind != CHIMERA_VALUE_BYTE)
        return is_nothing(index) ? fail(call, "cannot index slice/array with nil", NULL)
                                 : fail(call, "cannot index slice/array with type ", index);
    if (index->integer < 0 || (uint64_t)index->integer > most)
        return fail(call, "index out of range", NULL);
    *ret_index = (size_t)index->integer;
    return CHIMERA_OK;
}

/* Steps from *value to what is there. */
static int step(const struct chimera_function_call *call, const struct chimera_value *index,
                struct chimera_value *value)
{
    size_t at, size = chimera_value_is_text(value) ? value->text.size : value->count;
    if (value->kind == CHIMERA_VALUE_MAP) {
        struct json_object *found = NULL;
        if (index->kind != CHIMERA_VALUE_STRING)
            return is_nothing(index) ? fail(call, "value is nil; should be of type string", NULL)
                                     : fail(call, "value should be string; has type ", index);
        struct chimera_slice key = chimera_region_copy(call->region, index->text);
        if (!key.data)
            return chimera_rego_no_memory(call->call);
        if (!memchr(key.data, '\0', key.size)) /* no key of ours holds one */
            json_object_object_get_ex(value->node, key.data, &found);
        *value = chimera_value_of(found, call->region);
        return CHIMERA_OK;
    }
    if (!chimera_value_is_text(value) && value->kind != CHIMERA_VALUE_LIST)
        return is_nothing(value) ? fail(call, "index of nil pointer", NULL)
                                 : fail(call, "can't index item of type ", value);
    int code = read_index(call, index, size, &at);
    if (code < 0)
        return code;
    if (at == size)
        return fail(call, "index out of range", NULL);
    *value = value->kind == CHIMERA_VALUE_LIST
                 ? chimera_value_element(value, at, call->region)
                 : (struct chimera_value){.kind = CHIMERA_VALUE_BYTE,
                                          .integer = (unsigned char)value->text.data[at]};
    return CHIMERA_OK;
}

static int play_index(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    struct chimera_value value = call->args[0];
    int code = is_nothing(&value) ? fail(call, "index of untyped nil", NULL) : CHIMERA_OK;
    for (size_t i = 1; i < call->count && code == CHIMERA_OK; i++)
        code = step(call, &call->args[i], &value);
    *ret_value = value;
    return code;
}

static int play_slice(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    struct chimera_value value = call->args[0];
    bool is_text = chimera_value_is_text(&value);
    if (is_nothing(&value))
        return fail(call, "slice of untyped nil", NULL);
    if (call->count > 4 || (is_text && call->count == 4))
        return fail(call, "too many slice indexes", NULL);
    if (!is_text && value.kind != CHIMERA_VALUE_LIST)
        return fail(call, "can't slice item of type ", &value);
    size_t size = is_text ? value.text.size : value.count;
    size_t most = is_text ? size : chimera_value_capacity(&value), bounds[3] = {0, size, most};
    int code = CHIMERA_OK;
    for (size_t i = 1; i < call->count && code == CHIMERA_OK; i++)
        code = read_index(call, &call->args[i], most, &bounds[i - 1]);
    if (code == CHIMERA_OK && (bounds[0] > bounds[1] || bounds[1] > bounds[2]))
        code = fail(call, "invalid slice index", NULL);
    if (code < 0)
        return code;
    if (is_text) {
        value.text = (struct chimera_slice){value.text.data + bounds[0], bounds[1] - bounds[0]};
    } else {
        value.first += bounds[0];
        value.count = bounds[1] - bounds[0];
    }
    *ret_value = value;
    return CHIMERA_OK;
}

/* There are no functions among the values. */
static int play_call(const struct chimera_function_call *call, struct chimera_value *ret_value)
{
    (void)ret_value;
    return fail(call, "non-function of type ", &call->args[0]);
}

#define ANY SIZE_MAX

static const struct chimera_function functions[] = {
    {"and", NULL, 1, ANY},
    {"call", play_call, 1, ANY},
    {"eq", play_eq, 1, ANY},
    {"ge", play_order, 2, 2},
    {"gt", play_order, 2, 2},
    {"html", chimera_function_html, 0, ANY},
    {"index", play_index, 1, ANY},
    {"js", chimera_function_js, 0, ANY},
    {"le", play_order, 2, 2},
    {"len", play_len, 1, 1},
    {"lt", play_order, 2, 2},
    {"ne", play_ne, 2, 2},
    {"not", play_not, 1, 1},
    {"or", NULL, 1, ANY},
    {"print", chimera_function_print, 0, ANY},
    {"printf", chimera_function_printf, 1, ANY},
    {"println", chimera_function_println, 0, ANY},
    {"slice", play_slice, 1, ANY},
    {"urlquery", chimera_function_urlquery, 0, ANY},
};

const struct chimera_function *chimera_function_find(struct chimera_slice name)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (chimera_slice_is(name, functions[i].name))
            return &functions[i];
    }
    return NULL;
}
