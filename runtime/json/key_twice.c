/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/key_twice.h"

/* Of JSON that was checked, members are as many as colons outside of its strings. */
static size_t count_colons(struct chimera_slice text)
{
    size_t count = 0;
    bool is_inside = false;
    for (size_t i = 0; i < text.size; i++) {
        if (is_inside && text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            is_inside = !is_inside;
        else if (!is_inside && text.data[i] == ':')
            count++;
    }
    return count;
}

/* The parser has let at most CHIMERA_SCAN_DEPTH_MAX levels in. */
static size_t count_members(struct json_object *tree)
{
    size_t count = 0;
    if (json_object_is_type(tree, json_type_object)) {
        json_object_object_foreach(tree, name, value)
        {
            (void)name;
            count += 1 + count_members(value);
        }
    } else if (json_object_is_type(tree, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(tree); i++)
            count += count_members(json_object_array_get_idx(tree, i));
    }
    return count;
}

bool chimera_json_has_key_twice(struct json_object *tree, struct chimera_slice text)
{
    return count_members(tree) != count_colons(text);
}
