#include <stdlib.h>

#include "runtime/json/members.h"
#include "runtime/json/tree.h"

struct diff {
    struct chimera_buffer path; /* RFC 6901, of what is being compared */
    struct chimera_buffer *out; /* the operations, from the bracket on */
    unsigned count;
};

static void compare(struct diff *diff, struct json_object *from, struct json_object *to,
                    unsigned depth);

/* `value` is only for what is not a removal. */
static void emit(struct diff *diff, const char *op, struct json_object *value)
{
    bool has_value = strcmp(op, "remove") != 0;
    chimera_buffer_text(diff->out, diff->count++ > 0 ? "," : "[");
    chimera_buffer_print(diff->out, "{\"op\":\"%s\",\"path\":", op);
    chimera_json_write_string(chimera_buffer_slice(&diff->path), diff->out);
    if (has_value) {
        chimera_buffer_text(diff->out, ",\"value\":");
        chimera_json_write(value, diff->out);
    }
    chimera_buffer_text(diff->out, "}");
}

static void push_key(struct diff *diff, const char *key)
{
    chimera_buffer_byte(&diff->path, '/');
    for (; *key; key++) {
        if (*key == '~')
            chimera_buffer_text(&diff->path, "~0");
        else if (*key == '/')
            chimera_buffer_text(&diff->path, "~1");
        else
            chimera_buffer_byte(&diff->path, (uint8_t)*key);
    }
}

static void compare_objects(struct diff *diff, struct json_object *from, struct json_object *to,
                            unsigned depth)
{
    struct chimera_members old = {NULL, 0}, new = {NULL, 0};
    struct json_object *other;
    size_t base = diff->path.size;
    if (!chimera_members_sorted(from, &old) || !chimera_members_sorted(to, &new))
        diff->out->failed = CHIMERA_ENOMEM;
    for (size_t i = 0; i < new.count; i++, diff->path.size = base) {
        push_key(diff, new.member[i].key);
        if (json_object_object_get_ex(from, new.member[i].key, &other))
            compare(diff, other, new.member[i].value, depth + 1);
        else
            emit(diff, "add", new.member[i].value);
    }
    for (size_t i = 0; i < old.count; i++, diff->path.size = base) {
        push_key(diff, old.member[i].key);
        if (!json_object_object_get_ex(to, old.member[i].key, &other))
            emit(diff, "remove", NULL);
    }
    free(old.member);
    free(new.member);
}

/* Element by element: what was inserted at the head rewrites all behind it. Surplus old elements
 * all go at the same index, for each removal moves the next one there. */
static void compare_arrays(struct diff *diff, struct json_object *from, struct json_object *to,
                           unsigned depth)
{
    size_t old = json_object_array_length(from), new = json_object_array_length(to);
    size_t base = diff->path.size;
    for (size_t i = 0; i < old || i < new; i++, diff->path.size = base) {
        chimera_buffer_print(&diff->path, "/%zu", i < new ? i : new);
        if (i >= new)
            emit(diff, "remove", NULL);
        else if (i >= old)
            emit(diff, "add", json_object_array_get_idx(to, i));
        else
            compare(diff, json_object_array_get_idx(from, i), json_object_array_get_idx(to, i),
                    depth + 1);
    }
}

static bool are_integers_equal(struct json_object *a, struct json_object *b)
{
    return json_object_get_int64(a) == json_object_get_int64(b) &&
           json_object_get_uint64(a) == json_object_get_uint64(b);
}

/* Of two values of the same type, neither array nor object. */
static bool are_equal(struct json_object *a, struct json_object *b)
{
    switch (json_object_get_type(a)) {
    case json_type_boolean:
        return json_object_get_boolean(a) == json_object_get_boolean(b);
    case json_type_int:
        return are_integers_equal(a, b);
    case json_type_double:
        return json_object_get_double(a) == json_object_get_double(b);
    case json_type_string: {
        size_t size = (size_t)json_object_get_string_len(a);
        return size == (size_t)json_object_get_string_len(b) &&
               memcmp(json_object_get_string(a), json_object_get_string(b), size) == 0;
    }
    default:
        return true;
    }
}

static void compare(struct diff *diff, struct json_object *from, struct json_object *to,
                    unsigned depth)
{
    enum json_type type = json_object_get_type(from);
    if (depth > CHIMERA_TREE_DEPTH_MAX)
        diff->out->failed = CHIMERA_ELIMIT;
    else if (type == json_type_object && json_object_is_type(to, json_type_object))
        compare_objects(diff, from, to, depth);
    else if (type == json_type_array && json_object_is_type(to, json_type_array))
        compare_arrays(diff, from, to, depth);
    else if (type != json_object_get_type(to) || !are_equal(from, to))
        emit(diff, "replace", to);
}

bool chimera_json_diff(struct json_object *from, struct json_object *to, struct chimera_buffer *out)
{
    struct diff diff = {.out = out};
    chimera_buffer_init(&diff.path, out->limit);
    compare(&diff, from, to, 0);
    if (diff.count > 0)
        chimera_buffer_text(out, "]");
    if (diff.path.failed)
        out->failed = diff.path.failed;
    chimera_buffer_free(&diff.path);
    return diff.count > 0;
}
