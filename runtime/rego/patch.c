/* Builtin json.patch: RFC 6902 on values that are shared, so only what lies on a path is copied.
 * OPA also takes paths as arrays. Sets cannot be entered. */
#include <stdlib.h>

#include "runtime/rego/family.h"

/* Steps of one path. */
#define STEPS_MAX CHIMERA_REGO_DEPTH_MAX

struct path {
    char *text; /* owned: the steps, decoded, each with a NUL behind it */
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
    const char *from = path->text;
    char *to = path->text;
    if (*from == '\0')
        return CHIMERA_OK;
    from += strspn(from, "/");
    for (bool is_new = true;; from++) {
        char c = *from; /* `to` may be where `from` is */
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
    struct chimera_buffer text;
    size_t starts[STEPS_MAX];
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    path->count = json_object_array_length(steps);
    if (path->count > STEPS_MAX)
        return fail_path(call);
    chimera_buffer_init(&text, CHIMERA_REGO_RESULT_MAX);
    for (size_t i = 0; i < path->count; i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        enum chimera_rego_type type = chimera_rego_type_of(step);
        starts[i] = text.size;
        if (type == CHIMERA_REGO_STRING)
            chimera_buffer_append(&text, chimera_rego_string(step));
        else if (type == CHIMERA_REGO_NUMBER)
            chimera_buffer_append(&text, chimera_rego_number_text(step, scratch));
        else
            text.failed = CHIMERA_EINVAL;
        chimera_buffer_byte(&text, '\0');
    }
    if (text.failed) {
        chimera_buffer_free(&text);
        return fail_path(call);
    }
    path->text = text.data; /* now the path's */
    for (size_t i = 0; i < path->count; i++)
        path->step[i] = path->text + starts[i];
    return CHIMERA_OK;
}

/* The caller frees ret_path->text. */
static int read_path(const struct chimera_rego_call *call, struct json_object *value,
                     struct path *ret_path)
{
    *ret_path = (struct path){.text = NULL};
    if (chimera_rego_type_of(value) == CHIMERA_REGO_ARRAY)
        return join_steps(call, value, ret_path);
    if (!json_object_is_type(value, json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "a path must be a string or an array");
    ret_path->text = strdup(json_object_get_string(value));
    return ret_path->text ? split_pointer(call, ret_path) : chimera_rego_no_memory(call);
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

/* A copy of one level; what is in it stays shared. NULL: no memory. */
static struct json_object *copy_level(struct json_object *node)
{
    bool is_object = json_object_is_type(node, json_type_object), failed;
    struct json_object *copy = is_object ? json_object_new_object() : json_object_new_array();
    failed = !copy;
    const struct lh_entry *entry = is_object ? json_object_get_object(node)->head : NULL;
    for (; !failed && entry; entry = entry->next)
        failed =
            json_object_object_add(copy, (const char *)lh_entry_k(entry),
                                   json_object_get((struct json_object *)lh_entry_v(entry))) != 0;
    for (size_t i = 0; !is_object && !failed && i < json_object_array_length(node); i++)
        failed = !chimera_rego_append(copy, json_object_get(json_object_array_get_idx(node, i)));
    if (!failed)
        return copy;
    json_object_put(copy);
    return NULL;
}

/* Puts `value` (taken) before index `at` of an array that is ours alone. */
static bool insert_at(struct json_object *array, size_t at, struct json_object *value)
{
    size_t size = json_object_array_length(array);
    if (!chimera_rego_append(array, value))
        return false;
    for (size_t i = size; i > at; i--)
        json_object_array_put_idx(array, i,
                                  json_object_get(json_object_array_get_idx(array, i - 1)));
    if (at < size)
        json_object_array_put_idx(array, at, json_object_get(value));
    return true;
}

enum change { CHANGE_ADD, CHANGE_REMOVE, CHANGE_SET };

/* Changes the last step of a path in a level that is ours alone. Borrows `value`. */
static int change_here(const struct chimera_rego_call *call, struct json_object *node,
                       const char *step, enum change change, struct json_object *value)
{
    size_t index, size;
    if (json_object_is_type(node, json_type_object)) {
        if (change == CHANGE_REMOVE && !json_object_object_get_ex(node, step, NULL))
            return fail_path(call);
        if (change == CHANGE_REMOVE)
            json_object_object_del(node, step);
        else if (json_object_object_add(node, step, json_object_get(value)))
            return chimera_rego_no_memory(call);
        return CHIMERA_OK;
    }
    size = json_object_array_length(node);
    if (!read_index(step, size, change == CHANGE_ADD, &index))
        return fail_path(call);
    if (change == CHANGE_REMOVE)
        json_object_array_del_idx(node, index, 1);
    else if (change == CHANGE_SET)
        json_object_array_put_idx(node, index, json_object_get(value));
    else if (!insert_at(node, index, json_object_get(value)))
        return chimera_rego_no_memory(call);
    return CHIMERA_OK;
}

/* --- Operations --- */

struct patcher {
    const struct chimera_rego_call *call;
    struct json_object *root; /* owned */
};

static size_t size_of(struct json_object *node)
{
    return json_object_is_type(node, json_type_object) ? (size_t)json_object_object_length(node)
                                                       : json_object_array_length(node);
}

/* A copy of a level that a path goes through; CHIMERA_EINVAL when nothing can be in it. */
static int open_level(struct patcher *patcher, struct json_object *node,
                      struct json_object **ret_copy)
{
    enum chimera_rego_type type = chimera_rego_type_of(node);
    if (type != CHIMERA_REGO_OBJECT && type != CHIMERA_REGO_ARRAY)
        return fail_path(patcher->call);
    int code = chimera_rego_spend(patcher->call, 8 + 8 * size_of(node));
    if (code < 0)
        return code;
    *ret_copy = copy_level(node);
    return *ret_copy ? CHIMERA_OK : chimera_rego_no_memory(patcher->call);
}

/* Copies the levels on the path, from the root down, and changes the last one. */
static int apply(struct patcher *patcher, const struct path *path, enum change change,
                 struct json_object *value)
{
    const struct chimera_rego_call *call = patcher->call;
    struct json_object *fresh = NULL, *above = NULL, *node = patcher->root, *copy;
    if (path->count == 0 && change == CHANGE_REMOVE)
        return fail_path(call);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < path->count && code == CHIMERA_OK; i++, above = copy) {
        code = open_level(patcher, node, &copy);
        if (code < 0)
            break;
        if (!above) {
            fresh = copy;
        } else {
            code = change_here(call, above, path->step[i - 1], CHANGE_SET, copy);
            json_object_put(copy); /* `above` has it now */
        }
        if (code == CHIMERA_OK && i + 1 == path->count)
            code = change_here(call, copy, path->step[i], change, value);
        else if (code == CHIMERA_OK && !child(copy, path->step[i], &node))
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

static int move(struct patcher *patcher, struct json_object *operation, const struct path *to,
                bool keeps)
{
    struct json_object *from_text, *value = NULL;
    struct path from = {.text = NULL};
    int code = attribute(patcher->call, operation, "from", &from_text);
    if (code == CHIMERA_OK)
        code = read_path(patcher->call, from_text, &from);
    if (code == CHIMERA_OK)
        code = find(patcher->call, patcher->root, &from, &value);
    if (code == CHIMERA_OK) {
        json_object_get(value);
        if (!keeps)
            code = apply(patcher, &from, CHANGE_REMOVE, NULL);
        if (code == CHIMERA_OK)
            code = apply(patcher, to, CHANGE_ADD, value);
        json_object_put(value);
    }
    free(from.text);
    return code;
}

static int with_value(struct patcher *patcher, const char *op, struct json_object *operation,
                      const struct path *path)
{
    struct json_object *value, *found;
    int code = attribute(patcher->call, operation, "value", &value);
    if (code < 0)
        return code;
    if (strcmp(op, "add") == 0)
        return apply(patcher, path, CHANGE_ADD, value);
    code = find(patcher->call, patcher->root, path, &found);
    if (code == CHIMERA_OK && strcmp(op, "replace") == 0)
        return apply(patcher, path, CHANGE_SET, value);
    if (code == CHIMERA_OK && chimera_rego_compare(found, value) != 0)
        return chimera_fail(patcher->call->err, CHIMERA_EINVAL, "a test of the patch failed");
    return code;
}

static int run(struct patcher *patcher, const char *op, struct json_object *operation,
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
    struct path path = {.text = NULL};
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
        code = read_path(call, path_text, &path);
    if (code == CHIMERA_OK)
        code = run(patcher, json_object_get_string(op), operation, &path);
    free(path.text);
    return code;
}

int chimera_rego_json_patch(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    int code = chimera_rego_want(call, 1, CHIMERA_REGO_ARRAY);
    if (code < 0)
        return code;
    struct patcher patcher = {.call = call, .root = json_object_get(call->args[0])};
    for (size_t i = 0; code == CHIMERA_OK && i < json_object_array_length(call->args[1]); i++)
        code = operate(&patcher, json_object_array_get_idx(call->args[1], i));
    if (code == CHIMERA_OK)
        *ret_result = patcher.root;
    else
        json_object_put(patcher.root);
    return code;
}
