/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin json.patch: RFC 6902 on values that are shared, so what lies on a path is copied, once:
 * later operations change the copy. OPA also takes paths as arrays of any values: an object's keys
 * may be of any type, and a set's elements are their own keys. */
#include <stdlib.h>

#include "runtime/rego/arguments.h"
#include "runtime/rego/key.h"

/* Steps of one path. */
#define STEPS_MAX CHIMERA_REGO_DEPTH_MAX

/* A value that is copied into itself gets deeper each time; json-c ends values by recursion. */
#define HEIGHT_MAX (2 * CHIMERA_REGO_DEPTH_MAX)

struct path {
    struct json_object *steps; /* an array, which is ours in part; NULL: none */
    size_t count;
};

static struct json_object *step_of(const struct path *path, size_t index)
{
    return json_object_array_get_idx(path->steps, index);
}

static int fail_path(const struct chimera_rego_call *call)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "invalid path");
}

/* A step of a pointer, in which "~1" stands for a slash and "~0" for a tilde. */
static int push_step(const struct chimera_rego_call *call, struct chimera_slice step,
                     struct json_object *steps)
{
    struct chimera_buffer text;
    if (step.size == 0 || !memchr(step.data, '~', step.size))
        return chimera_rego_push_string(call, steps, step);
    chimera_rego_buffer(call, &text);
    for (size_t i = 0; i < step.size && !text.failed; i++) {
        char next = step.data[i] == '~' && i + 1 < step.size ? step.data[i + 1] : '\0';
        bool is_escape = next == '0' || next == '1';
        chimera_buffer_byte(&text, (uint8_t)(!is_escape ? step.data[i] : next == '0' ? '~' : '/'));
        i += is_escape;
    }
    int code = text.failed ? chimera_rego_no_memory(call)
                           : chimera_rego_push_string(call, steps, chimera_buffer_slice(&text));
    chimera_buffer_free(&text);
    return code;
}

/* "/a~1b/0". OPA forgives missing and surplus slashes at the front. */
static int split_pointer(const struct chimera_rego_call *call, struct chimera_slice text,
                         struct json_object *steps)
{
    int code = chimera_rego_spend(call, text.size);
    if (text.size == 0)
        return code;
    while (text.size > 0 && text.data[0] == '/')
        text = chimera_slice_behind(text, 1);
    for (bool is_last = false; !is_last && code == CHIMERA_OK;) {
        const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
        size_t size = slash ? (size_t)(slash - text.data) : text.size;
        if (json_object_array_length(steps) == STEPS_MAX)
            return fail_path(call);
        code = push_step(call, (struct chimera_slice){text.data, size}, steps);
        is_last = !slash;
        text = chimera_slice_behind(text, is_last ? size : size + 1);
    }
    return code;
}

/* The caller ends ret_path->steps, also when it fails. */
static int read_path(const struct chimera_rego_call *call, struct json_object *value,
                     struct path *ret_path)
{
    int code = CHIMERA_OK;
    *ret_path = (struct path){.steps = NULL};
    if (chimera_rego_type_of(value) == CHIMERA_REGO_ARRAY) {
        ret_path->steps = json_object_get(value);
    } else if (!json_object_is_type(value, json_type_string)) {
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand 2 must be one of {set, array} containing string paths or "
                            "array of path segments but got %s",
                            chimera_rego_type_name(chimera_rego_type_of(value)));
    } else {
        ret_path->steps = chimera_node_array(call->account);
        code = ret_path->steps ? split_pointer(call, chimera_rego_string(value), ret_path->steps)
                               : chimera_rego_no_memory(call);
    }
    if (code < 0)
        return code;
    ret_path->count = json_object_array_length(ret_path->steps);
    return ret_path->count > STEPS_MAX ? fail_path(call) : CHIMERA_OK;
}

/* An array's index, as number or as text; "-" is the end. */
static bool read_index(struct json_object *step, size_t size, bool may_be_end, size_t *ret_index)
{
    int64_t index;
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    struct chimera_slice text;
    if (json_object_is_type(step, json_type_string)) {
        text = chimera_rego_string(step);
        if (may_be_end && chimera_slice_is(text, "-")) {
            *ret_index = size;
            return true;
        }
        if (text.size > 1 && text.data[0] == '0')
            return false;
    } else if (chimera_rego_type_of(step) == CHIMERA_REGO_NUMBER) {
        text = chimera_rego_number_text(step, scratch);
    } else {
        return false;
    }
    if (!chimera_rego_read_int64(text, &index) || index < 0)
        return false;
    *ret_index = (size_t)index;
    return *ret_index < size || (may_be_end && *ret_index == size);
}

/* The value at one step, borrowed. CHIMERA_EINVAL when there is none. */
static int child(const struct chimera_rego_call *call, struct json_object *node,
                 struct json_object *step, struct json_object **ret_child)
{
    size_t index = 0;
    struct lh_entry *entry = NULL;
    bool is_found = false;
    switch (chimera_rego_type_of(node)) {
    case CHIMERA_REGO_OBJECT:
        if (chimera_rego_find_value(node, step, call->account, &entry) < 0)
            return chimera_rego_no_memory(call);
        is_found = entry;
        *ret_child = entry ? chimera_rego_entry_value(entry) : NULL;
        break;
    case CHIMERA_REGO_ARRAY:
        is_found = read_index(step, json_object_array_length(node), false, &index);
        *ret_child = is_found ? json_object_array_get_idx(node, index) : NULL;
        break;
    case CHIMERA_REGO_SET:
        is_found = chimera_rego_set_find(node, step, call->account, &index);
        *ret_child = is_found ? json_object_array_get_idx(node, index) : NULL;
        break;
    default:
        break;
    }
    return is_found ? CHIMERA_OK : fail_path(call);
}

static int find(const struct chimera_rego_call *call, struct json_object *root,
                const struct path *path, struct json_object **ret_value)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < path->count && code == CHIMERA_OK; i++)
        code = child(call, root, step_of(path, i), &root);
    *ret_value = root;
    return code;
}

/* Somewhere on a path that exists. */
static bool goes_through_set(const struct chimera_rego_call *call, struct json_object *root,
                             const struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        if (chimera_rego_type_of(root) == CHIMERA_REGO_SET)
            return true;
        if (child(call, root, step_of(path, i), &root) < 0)
            return false;
    }
    return false;
}

static int copy_members(const struct chimera_rego_call *call, struct json_object *object,
                        struct json_object *copy)
{
    int code = CHIMERA_OK;
    for (const struct lh_entry *entry = json_object_get_object(object)->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        struct json_object *value = json_object_get(chimera_rego_entry_value(entry));
        if (chimera_node_add(call->account, copy, chimera_rego_entry_key(entry), value) < 0)
            code = chimera_rego_no_memory(call);
    }
    return code;
}

static int copy_elements(const struct chimera_rego_call *call, struct json_object *array,
                         struct json_object *copy)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < json_object_array_length(array) && code == CHIMERA_OK; i++)
        code = chimera_rego_push(call, copy, json_object_get(json_object_array_get_idx(array, i)));
    return code;
}

/* A copy of one level; what is in it stays shared. */
static int copy_level(const struct chimera_rego_call *call, struct json_object *node,
                      struct json_object **ret_copy)
{
    bool is_object = json_object_is_type(node, json_type_object);
    struct json_object *copy =
        is_object ? chimera_node_object(call->account) : chimera_node_array(call->account);
    if (!copy)
        return chimera_rego_no_memory(call);
    int code = is_object ? copy_members(call, node, copy) : copy_elements(call, node, copy);
    if (chimera_rego_type_of(node) == CHIMERA_REGO_SET)
        chimera_rego_mark_set(copy);
    return chimera_rego_finish(call, code, copy, ret_copy);
}

/* Puts `value` (taken) before index `at` of an array that is ours alone. */
static int insert_at(const struct chimera_rego_call *call, struct json_object *array, size_t at,
                     struct json_object *value)
{
    size_t size = json_object_array_length(array);
    int code = chimera_rego_spend(call, (size - at) / 4);
    if (code == CHIMERA_OK)
        code = chimera_rego_push(call, array, value);
    else
        json_object_put(value);
    if (code < 0)
        return code;
    void **slot = json_object_get_array(array)->array;
    memmove(slot + at + 1, slot + at, (size - at) * sizeof(*slot));
    slot[at] = value;
    return CHIMERA_OK;
}

enum change { CHANGE_ADD, CHANGE_REMOVE, CHANGE_SET };

static int change_member(const struct chimera_rego_call *call, struct json_object *object,
                         struct json_object *step, enum change change, struct json_object *value)
{
    struct lh_entry *entry;
    /* Members that are gone leave marks in the table, which a search goes through. */
    int code = chimera_rego_spend(call, 8 + (uint64_t)json_object_get_object(object)->size / 8);
    if (code < 0)
        return code;
    if (change != CHANGE_REMOVE)
        return chimera_rego_set_value(object, step, json_object_get(value), call->account) < 0
                   ? chimera_rego_no_memory(call)
                   : CHIMERA_OK;
    if (chimera_rego_find_value(object, step, call->account, &entry) < 0)
        return chimera_rego_no_memory(call);
    if (!entry)
        return fail_path(call);
    json_object_object_del(object, chimera_rego_entry_key(entry));
    return CHIMERA_OK;
}

/* What is set in place of another element, as a level on a path, need not be in order any longer.
 */
static int change_element(const struct chimera_rego_call *call, struct json_object *set,
                          struct json_object *step, enum change change, struct json_object *value)
{
    size_t index;
    bool is_there = chimera_rego_set_find(set, step, call->account, &index);
    int code = chimera_rego_spend(call, json_object_array_length(set) / 4);
    if (code < 0)
        return code;
    if (change == CHANGE_SET && is_there) {
        json_object_array_put_idx(set, index, json_object_get(value));
        return CHIMERA_OK;
    }
    if (change == CHANGE_REMOVE && is_there)
        json_object_array_del_idx(set, index, 1);
    if (change == CHANGE_REMOVE)
        return is_there ? CHIMERA_OK : fail_path(call);
    if (chimera_rego_compare(step, value, call->account) != 0)
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "set key does not equal value to be inserted");
    return is_there ? CHIMERA_OK : insert_at(call, set, index, json_object_get(value));
}

/* Changes the last step of a path in a level that is ours alone. Borrows `value`. */
static int change_here(const struct chimera_rego_call *call, struct json_object *node,
                       struct json_object *step, enum change change, struct json_object *value)
{
    size_t index, size;
    if (json_object_is_type(node, json_type_object))
        return change_member(call, node, step, change, value);
    if (chimera_rego_type_of(node) == CHIMERA_REGO_SET)
        return change_element(call, node, step, change, value);
    size = json_object_array_length(node);
    if (!read_index(step, size, change == CHANGE_ADD, &index))
        return fail_path(call);
    if (change == CHANGE_ADD)
        return insert_at(call, node, index, json_object_get(value));
    if (change == CHANGE_SET) {
        json_object_array_put_idx(node, index, json_object_get(value));
        return CHIMERA_OK;
    }
    json_object_array_del_idx(node, index, 1);
    return chimera_rego_spend(call, (size - index) / 4);
}

/* --- Operations --- */

struct patcher {
    const struct chimera_rego_call *call;
    struct json_object *root; /* owned */
    unsigned height;          /* which the root does not exceed */
    uintptr_t generation;     /* levels with this mark are in the root only, nowhere else */
};

/* Marks are small numbers: nothing has such an address. When they have run out every operation
 * makes copies again. */
#define GENERATIONS 4000

/* A level that a path goes through, ours alone and the caller's to end; CHIMERA_EINVAL when nothing
 * can be in it. */
static int open_level(struct patcher *patcher, struct json_object *node,
                      struct json_object **ret_level)
{
    enum chimera_rego_type type = chimera_rego_type_of(node);
    bool is_set = type == CHIMERA_REGO_SET; /* whose mark is another one */
    if (type < CHIMERA_REGO_ARRAY)
        return fail_path(patcher->call);
    int code = chimera_rego_spend(patcher->call, 8);
    if (code < 0)
        return code;
    if (!is_set && patcher->generation < GENERATIONS &&
        (uintptr_t)json_object_get_userdata(node) == patcher->generation) {
        *ret_level = json_object_get(node);
        return CHIMERA_OK;
    }
    code = copy_level(patcher->call, node, ret_level);
    if (code == CHIMERA_OK && !is_set && patcher->generation < GENERATIONS)
        json_object_set_userdata(*ret_level, (void *)patcher->generation, NULL);
    return code;
}

/* How high a value is, as far as it matters. As deep as that, so the recursion is bounded. */
static unsigned height_of(struct chimera_account *account, struct json_object *value, unsigned most)
{
    unsigned height = 0;
    if (most == 0 || chimera_account_spend(account, 4) < 0)
        return 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value) && height < most - 1; i++) {
            unsigned one = height_of(account, json_object_array_get_idx(value, i), most - 1);
            height = one > height ? one : height;
        }
    } else if (json_object_is_type(value, json_type_object)) {
        const struct lh_entry *entry = json_object_get_object(value)->head;
        for (; entry && height < most - 1; entry = entry->next) {
            unsigned one = height_of(account, chimera_rego_entry_value(entry), most - 1);
            height = one > height ? one : height;
        }
    } else {
        return 0;
    }
    return height + 1;
}

/* Before a value of at most `height` comes to the end of a path. The bounds are rough; what exceeds
 * them is measured. */
static int check_height(struct patcher *patcher, const struct path *path, struct json_object *value,
                        unsigned height)
{
    struct chimera_account *account = patcher->call->account;
    unsigned steps = (unsigned)path->count;
    if (steps + height > HEIGHT_MAX)
        height = height_of(account, value, HEIGHT_MAX + 1);
    if (steps + height > HEIGHT_MAX)
        return chimera_fail(patcher->call->err, CHIMERA_ELIMIT, "the value is nested too deeply");
    if (patcher->height < steps + height)
        patcher->height = steps + height;
    return chimera_rego_spend(patcher->call, 0);
}

/* Sets whose elements have changed, from the innermost out. */
static int order_sets(const struct chimera_rego_call *call, struct json_object *const *sets,
                      size_t count)
{
    while (count-- > 0) {
        if (chimera_rego_make_set(sets[count], call->account) < 0)
            return chimera_rego_no_memory(call);
    }
    return CHIMERA_OK;
}

/* Makes the levels on the path ours, from the root down, and changes the last one. */
static int apply(struct patcher *patcher, const struct path *path, enum change change,
                 struct json_object *value)
{
    const struct chimera_rego_call *call = patcher->call;
    struct json_object *fresh = NULL, *above = NULL, *node = patcher->root, *level;
    struct json_object *sets[STEPS_MAX];
    size_t set_count = 0;
    if (path->count == 0 && change == CHANGE_REMOVE)
        return fail_path(call);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < path->count && code == CHIMERA_OK; i++, above = level) {
        code = open_level(patcher, node, &level);
        if (code < 0)
            break;
        if (!above) {
            fresh = level;
        } else {
            if (level != node)
                code = change_here(call, above, step_of(path, i - 1), CHANGE_SET, level);
            json_object_put(level); /* `above` has it */
        }
        if (chimera_rego_type_of(level) == CHIMERA_REGO_SET)
            sets[set_count++] = level;
        if (code == CHIMERA_OK && i + 1 == path->count)
            code = change_here(call, level, step_of(path, i), change, value);
        else if (code == CHIMERA_OK)
            code = child(call, level, step_of(path, i), &node);
    }
    if (code == CHIMERA_OK)
        code = order_sets(call, sets, set_count);
    if (code < 0) {
        json_object_put(fresh);
        return code;
    }
    json_object_put(patcher->root);
    patcher->root = path->count == 0 ? json_object_get(value) : fresh;
    return CHIMERA_OK;
}

/* An attribute of an operation; it must be there. */
static int attribute(const struct chimera_rego_call *call, struct json_object *operation,
                     const char *name, struct json_object **ret_value)
{
    if (json_object_object_get_ex(operation, name, ret_value))
        return CHIMERA_OK;
    return chimera_fail(call->err, CHIMERA_EINVAL, "missing required attribute '%s'", name);
}

static int move_value(struct patcher *patcher, const struct path *from, const struct path *to,
                      struct json_object *value, bool keeps)
{
    int code = check_height(patcher, to, value, patcher->height);
    if (code == CHIMERA_OK && keeps)
        patcher->generation++; /* what is ours may be there twice now */
    else if (code == CHIMERA_OK)
        code = apply(patcher, from, CHANGE_REMOVE, NULL);
    return code < 0 ? code : apply(patcher, to, CHANGE_ADD, value);
}

static int move(struct patcher *patcher, struct json_object *operation, const struct path *to,
                bool keeps)
{
    struct json_object *from_text, *value = NULL;
    struct path from;
    int code = attribute(patcher->call, operation, "from", &from_text);
    if (code < 0)
        return code;
    code = read_path(patcher->call, from_text, &from);
    if (code == CHIMERA_OK)
        code = find(patcher->call, patcher->root, &from, &value);
    if (code == CHIMERA_OK) {
        json_object_get(value);
        code = move_value(patcher, &from, to, value, keeps);
        json_object_put(value);
    }
    json_object_put(from.steps);
    return code;
}

static int with_value(struct patcher *patcher, const char *op, struct json_object *operation,
                      const struct path *path)
{
    const struct chimera_rego_call *call = patcher->call;
    struct json_object *value, *found;
    bool is_test = strcmp(op, "test") == 0, is_add = strcmp(op, "add") == 0;
    int code = attribute(call, operation, "value", &value);
    if (code == CHIMERA_OK && !is_test)
        code = check_height(patcher, path, value, CHIMERA_REGO_DEPTH_MAX);
    if (code == CHIMERA_OK && !is_add)
        code = find(call, patcher->root, path, &found);
    if (code < 0)
        return code;
    if (!is_test && !is_add && goes_through_set(call, patcher->root, path)) {
        /* An element without its part is another one, so that OPA does not find it again. */
        code = apply(patcher, path, CHANGE_REMOVE, NULL);
        is_add = true;
    }
    if (!is_test)
        return code < 0 ? code : apply(patcher, path, is_add ? CHANGE_ADD : CHANGE_SET, value);
    bool is_equal = chimera_rego_compare(found, value, call->account) == 0;
    code = chimera_rego_spend(call, 0);
    if (code == CHIMERA_OK && !is_equal)
        code = chimera_fail(call->err, CHIMERA_EINVAL, "a test of the patch failed");
    return code;
}

static int run_operation(struct patcher *patcher, const char *op, struct json_object *operation,
                         const struct path *path)
{
    if (strcmp(op, "add") == 0 || strcmp(op, "replace") == 0 || strcmp(op, "test") == 0)
        return with_value(patcher, op, operation, path);
    if (strcmp(op, "remove") == 0)
        return apply(patcher, path, CHANGE_REMOVE, NULL);
    if (strcmp(op, "move") == 0 || strcmp(op, "copy") == 0)
        return move(patcher, operation, path, op[0] == 'c');
    return chimera_fail(patcher->call->err, CHIMERA_EINVAL, "unrecognized op: '%.40s'", op);
}

static int operate(struct patcher *patcher, struct json_object *operation)
{
    const struct chimera_rego_call *call = patcher->call;
    struct json_object *path_text, *op;
    struct path path = {.steps = NULL};
    if (!json_object_is_type(operation, json_type_object))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "must be an array of JSON-Patch objects, but at least one element is "
                            "not an object");
    int code = attribute(call, operation, "path", &path_text);
    if (code == CHIMERA_OK)
        code = attribute(call, operation, "op", &op);
    if (code == CHIMERA_OK && !json_object_is_type(op, json_type_string))
        code = chimera_fail(call->err, CHIMERA_EINVAL, "attribute 'op' must be a string");
    if (code == CHIMERA_OK)
        code = chimera_rego_spend(call, 16);
    if (code == CHIMERA_OK)
        code = read_path(call, path_text, &path);
    if (code == CHIMERA_OK)
        code = run_operation(patcher, json_object_get_string(op), operation, &path);
    json_object_put(path.steps);
    return code;
}

int chimera_rego_json_patch(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 1, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    struct patcher patcher = {.call = call,
                              .root = json_object_get(call->args[0]),
                              .height = CHIMERA_REGO_DEPTH_MAX,
                              .generation = 1};
    for (size_t i = 0; code == CHIMERA_OK && i < json_object_array_length(call->args[1]); i++)
        code = operate(&patcher, json_object_array_get_idx(call->args[1], i));
    if (code == CHIMERA_OK)
        *ret_result = patcher.root;
    else
        json_object_put(patcher.root);
    return code;
}
