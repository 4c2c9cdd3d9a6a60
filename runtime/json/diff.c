/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/diff.h"

#include <string.h>

#include "runtime/json/members.h"
#include "runtime/json/tree.h"

static void compare(struct chimera_json_patch *diff, struct json_object *from,
                    struct json_object *to, unsigned depth);

/* --- Writing --- */

void chimera_json_patch_begin(struct chimera_json_patch *patch, struct chimera_buffer *out)
{
    *patch = (struct chimera_json_patch){.out = out};
    chimera_buffer_init_within(&patch->path, out->limit, out->account);
}

bool chimera_json_patch_end(struct chimera_json_patch *patch)
{
    if (patch->count > 0)
        chimera_buffer_text(patch->out, "]");
    if (patch->path.failed && !patch->out->failed)
        patch->out->failed = patch->path.failed;
    chimera_buffer_free(&patch->path);
    return patch->count > 0;
}

void chimera_json_patch_add(struct chimera_json_patch *patch, const char *op, bool has_value,
                            struct json_object *value)
{
    if (patch->path.failed && !patch->out->failed)
        patch->out->failed = patch->path.failed;
    if (patch->out->failed)
        return;
    chimera_buffer_text(patch->out, patch->count++ > 0 ? "," : "[");
    chimera_buffer_print(patch->out, "{\"op\":\"%s\",\"path\":", op);
    chimera_json_write_string(chimera_buffer_slice(&patch->path), patch->out);
    if (has_value) {
        chimera_buffer_text(patch->out, ",\"value\":");
        chimera_json_write(value, patch->out);
    }
    chimera_buffer_text(patch->out, "}");
}

void chimera_json_patch_key(struct chimera_json_patch *patch, struct chimera_slice key)
{
    chimera_buffer_byte(&patch->path, '/');
    size_t done = 0;
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] != '~' && key.data[i] != '/')
            continue;
        chimera_buffer_append(&patch->path, (struct chimera_slice){key.data + done, i - done});
        chimera_buffer_text(&patch->path, key.data[i] == '~' ? "~0" : "~1");
        done = i + 1;
    }
    if (done < key.size)
        chimera_buffer_append(&patch->path,
                              (struct chimera_slice){key.data + done, key.size - done});
}

void chimera_json_patch_index(struct chimera_json_patch *patch, size_t index)
{
    chimera_buffer_print(&patch->path, "/%zu", index);
}

/* --- Comparing trees --- */

/* Once something failed nothing is worth going on for. */
static bool has_failed(const struct chimera_json_patch *diff)
{
    return diff->out->failed || diff->path.failed;
}

static void compare_objects(struct chimera_json_patch *diff, struct json_object *from,
                            struct json_object *to, unsigned depth)
{
    struct chimera_members old = {0}, new = {0};
    struct json_object *other;
    size_t base = diff->path.size;
    int code = chimera_members_sorted(from, diff->out->account, &old);
    if (code == CHIMERA_OK)
        code = chimera_members_sorted(to, diff->out->account, &new);
    if (code < 0)
        diff->out->failed = code;
    for (size_t i = 0; i < new.count && !has_failed(diff); i++, diff->path.size = base) {
        chimera_json_patch_key(diff, chimera_slice_of(new.member[i].key));
        if (json_object_object_get_ex(from, new.member[i].key, &other))
            compare(diff, other, new.member[i].value, depth + 1);
        else
            chimera_json_patch_add(diff, "add", true, new.member[i].value);
    }
    for (size_t i = 0; i < old.count && !has_failed(diff); i++, diff->path.size = base) {
        chimera_json_patch_key(diff, chimera_slice_of(old.member[i].key));
        if (!json_object_object_get_ex(to, old.member[i].key, &other))
            chimera_json_patch_add(diff, "remove", false, NULL);
    }
    chimera_members_free(&old);
    chimera_members_free(&new);
}

/* Element by element: what was inserted at the head rewrites all behind it. Surplus old elements
 * all go at the same index, for each removal moves the next one there. */
static void compare_arrays(struct chimera_json_patch *diff, struct json_object *from,
                           struct json_object *to, unsigned depth)
{
    size_t old = json_object_array_length(from), new = json_object_array_length(to);
    size_t base = diff->path.size;
    for (size_t i = 0; (i < old || i < new) && !has_failed(diff); i++, diff->path.size = base) {
        chimera_json_patch_index(diff, i < new ? i : new);
        if (i >= new)
            chimera_json_patch_add(diff, "remove", false, NULL);
        else if (i >= old)
            chimera_json_patch_add(diff, "add", true, json_object_array_get_idx(to, i));
        else
            compare(diff, json_object_array_get_idx(from, i), json_object_array_get_idx(to, i),
                    depth + 1);
    }
}

bool chimera_json_equal(struct json_object *a, struct json_object *b)
{
    if (json_object_get_type(a) != json_object_get_type(b))
        return false;
    switch (json_object_get_type(a)) {
    case json_type_boolean:
        return json_object_get_boolean(a) == json_object_get_boolean(b);
    case json_type_int:
        return json_object_get_int64(a) == json_object_get_int64(b) &&
               json_object_get_uint64(a) == json_object_get_uint64(b);
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

static void compare(struct chimera_json_patch *diff, struct json_object *from,
                    struct json_object *to, unsigned depth)
{
    enum json_type type = json_object_get_type(from);
    if (depth > CHIMERA_TREE_DEPTH_MAX)
        diff->out->failed = CHIMERA_ELIMIT;
    else if (type == json_type_object && json_object_is_type(to, json_type_object))
        compare_objects(diff, from, to, depth);
    else if (type == json_type_array && json_object_is_type(to, json_type_array))
        compare_arrays(diff, from, to, depth);
    else if (!chimera_json_equal(from, to))
        chimera_json_patch_add(diff, "replace", true, to);
}

bool chimera_json_diff(struct json_object *from, struct json_object *to, struct chimera_buffer *out)
{
    struct chimera_json_patch patch;
    chimera_json_patch_begin(&patch, out);
    compare(&patch, from, to, 0);
    return chimera_json_patch_end(&patch);
}
