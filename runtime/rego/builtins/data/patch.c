/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin json.patch: RFC 6902 on values that are shared, so what lies on a path is copied, once:
 * later operations change the copy. OPA also takes paths as arrays. Sets cannot be entered. */
#include <stdlib.h>

#include "runtime/rego/arguments.h"

/* Steps of one path. */
#define STEPS_MAX CHIMERA_REGO_DEPTH_MAX

/* A value that is copied into itself gets deeper each time; json-c ends values by recursion. */
#define HEIGHT_MAX (2 * CHIMERA_REGO_DEPTH_MAX)

struct path {
    struct chimera_buffer text; /* the steps, decoded, each with a NUL behind it */
    const char *step[STEPS_MAX];
    size_t count;
};

static int fail_path(const struct chimera_rego_call *call)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "invalid path");
}

/* "/a~1b/0", decoded in place: it only gets shorter. OPA forgives missing and surplus slashes at
 * the front. */
static int split_pointer(const struct chimera_rego_call *call, struct path *path)
{
    const char *from = path->text.data;
    char *to = path->text.data;
    if (*from == '\0')
        return CHIMERA_OK;
    from += strspn(from, "/");
    for (bool is_new = true;; from++) {
        char c = *from; /* `to` may be where `from` is */
        if (chimera_account_spend(call->account, 1) < 0)
            return chimera_rego_no_memory(call);
        if (is_new) {
            if (path->count == STEPS_MAX)
                return fail_path(call);
            path->step[path->count++] = to;
        }
        is_new = c == '/';
        bool is_escape = c == '~' && (from[1] == '0' || from[1] == '1');
        if (is_escape)
            *to++ = *++from == '0' ? '~' : '/';
        else
            *to++ = is_new ? '\0' : c;
        if (c == '\0')
            return CHIMERA_OK;
    }
}

/* An array of strings and numbers. */
static int join_steps(const struct chimera_rego_call *call, struct json_object *steps,
                      struct path *path)
{
    struct chimera_buffer *text = &path->text;
    size_t starts[STEPS_MAX];
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    path->count = json_object_array_length(steps);
    if (path->count > STEPS_MAX)
        return fail_path(call);
    for (size_t i = 0; i < path->count; i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        enum chimera_rego_type type = chimera_rego_type_of(step);
        starts[i] = text->size;
        if (type == CHIMERA_REGO_STRING)
            chimera_buffer_append(text, chimera_rego_string(step));
        else if (type == CHIMERA_REGO_NUMBER)
            chimera_buffer_append(text, chimera_rego_number_text(step, scratch));
        else
            return fail_path(call);
        chimera_buffer_byte(text, '\0');
    }
    if (text->failed)
        return chimera_rego_no_memory(call);
    for (size_t i = 0; i < path->count; i++)
        path->step[i] = text->data + starts[i];
    return CHIMERA_OK;
}

/* The caller frees ret_path->text, also when it fails. */
static int read_path(const struct chimera_rego_call *call, struct json_object *value,
                     struct path *ret_path)
{
    ret_path->count = 0;
    chimera_buffer_init_within(&ret_path->text, SIZE_MAX, call->account);
    if (chimera_rego_type_of(value) == CHIMERA_REGO_ARRAY)
        return join_steps(call, value, ret_path);
    if (!json_object_is_type(value, json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "a path must be a string or an array");
    chimera_buffer_append(&ret_path->text, chimera_rego_string(value));
    chimera_buffer_byte(&ret_path->text, '\0');
    return ret_path->text.failed ? chimera_rego_no_memory(call) : split_pointer(call, ret_path);
}

/* An array's index; "-" is the end. */
static bool read_index(const char *step, size_t size, bool may_be_end, size_t *ret_index)
{
    size_t index = 0;
    if (may_be_end && strcmp(step, "-") == 0) {
        *ret_index = size;
        return true;
    }
    if (*step == '\0' || (step[0] == '0' && step[1]))
        return false;
    for (; *step; step++) {
        if (*step < '0' || *step > '9' || index > size)
            return false;
        index = index * 10 + (size_t)(*step - '0');
    }
    *ret_index = index;
    return index < size || (may_be_end && index == size);
}

/* The value at one step, borrowed; false when there is none. */
static bool child(struct json_object *node, const char *step, struct json_object **ret_child)
{
    size_t index;
    if (json_object_is_type(node, json_type_object))
        return json_object_object_get_ex(node, step, ret_child);
    if (chimera_rego_type_of(node) != CHIMERA_REGO_ARRAY ||
        !read_index(step, json_object_array_length(node), false, &index))
        return false;
    *ret_child = json_object_array_get_idx(node, index);
    return true;
}

static int find(const struct chimera_rego_call *call, struct json_object *root,
                const struct path *path, struct json_object **ret_value)
{
    for (size_t i = 0; i < path->count; i++) {
        if (!child(root, path->step[i], &root))
            return fail_path(call);
    }
    *ret_value = root;
    return CHIMERA_OK;
}

static int copy_members(const struct chimera_rego_call *call, struct json_object *object,
                        struct json_object *copy)
{
    int code = CHIMERA_OK;
    for (const struct lh_entry *entry = json_object_get_object(object)->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        struct json_object *value = json_object_get((struct json_object *)lh_entry_v(entry));
        if (chimera_node_add(call->account, copy, (const char *)lh_entry_k(entry), value) < 0)
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

/* Changes the last step of a path in a level that is ours alone. Borrows `value`. */
static int change_here(const struct chimera_rego_call *call, struct json_object *node,
                       const char *step, enum change change, struct json_object *value)
{
    size_t index, size;
    int code = CHIMERA_OK;
    if (json_object_is_type(node, json_type_object)) {
        /* Members that are gone leave marks in the table, which a search goes through. */
        code = chimera_rego_spend(call, 8 + (uint64_t)json_object_get_object(node)->size / 8);
        if (code < 0)
            return code;
        if (change == CHANGE_REMOVE && !json_object_object_get_ex(node, step, NULL))
            return fail_path(call);
        if (change == CHANGE_REMOVE)
            json_object_object_del(node, step);
        else if (chimera_node_add(call->account, node, step, json_object_get(value)) < 0)
            return chimera_rego_no_memory(call);
        return CHIMERA_OK;
    }
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
    if (type != CHIMERA_REGO_OBJECT && type != CHIMERA_REGO_ARRAY)
        return fail_path(patcher->call);
    int code = chimera_rego_spend(patcher->call, 8);
    if (code < 0)
        return code;
    if (patcher->generation < GENERATIONS &&
        (uintptr_t)json_object_get_userdata(node) == patcher->generation) {
        *ret_level = json_object_get(node);
        return CHIMERA_OK;
    }
    code = copy_level(patcher->call, node, ret_level);
    if (code == CHIMERA_OK && patcher->generation < GENERATIONS)
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
            unsigned one = height_of(account, (struct json_object *)lh_entry_v(entry), most - 1);
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

/* Makes the levels on the path ours, from the root down, and changes the last one. */
static int apply(struct patcher *patcher, const struct path *path, enum change change,
                 struct json_object *value)
{
    const struct chimera_rego_call *call = patcher->call;
    struct json_object *fresh = NULL, *above = NULL, *node = patcher->root, *level;
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
                code = change_here(call, above, path->step[i - 1], CHANGE_SET, level);
            json_object_put(level); /* `above` has it */
        }
        if (code == CHIMERA_OK && i + 1 == path->count)
            code = change_here(call, level, path->step[i], change, value);
        else if (code == CHIMERA_OK && !child(level, path->step[i], &node))
            code = fail_path(call);
    }
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
    chimera_buffer_free(&from.text);
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
    if (!is_test)
        return apply(patcher, path, is_add ? CHANGE_ADD : CHANGE_SET, value);
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
    struct path path = {.count = 0};
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
    chimera_buffer_free(&path.text);
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
