/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verdict/patched.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/verdict/lines.h"

#define TEXT_MAX ((size_t)256 << 20)

struct json_object *patched_decode(struct chimera_slice base64)
{
    struct json_object *patch = NULL;
    size_t size = 0;
    CHIMERA_FREE char *text = malloc(chimera_base64_decoded_max(base64.size));
    if (!text || !chimera_base64_decode(base64, CHIMERA_BASE64_STANDARD, text, &size) ||
        chimera_json_parse((struct chimera_slice){text, size}, &patch, NULL) < 0 ||
        json_object_is_type(patch, json_type_array))
        return patch;
    json_object_put(patch);
    return NULL;
}

/* --- Pointers (RFC 6901) --- */

/* In place: "~1" is a slash, "~0" a tilde. */
static void unescape(char *key)
{
    char *to = key;
    for (const char *at = key; *at; at++) {
        bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
        *to++ = !is_escape ? *at : at[1] == '1' ? '/' : '~';
        at += is_escape;
    }
    *to = '\0';
}

/* SIZE_MAX: it is no index from 0 to `most`. "-" is behind the last. */
static size_t index_of(const char *key, size_t most)
{
    size_t index = 0, digits = strspn(key, "0123456789");
    if (strcmp(key, "-") == 0)
        return most;
    if (digits == 0 || digits > 9 || key[digits] || (digits > 1 && key[0] == '0'))
        return SIZE_MAX;
    for (; *key; key++)
        index = 10 * index + (size_t)(*key - '0');
    return index <= most ? index : SIZE_MAX;
}

static bool step(struct json_object *value, const char *key, struct json_object **ret_value)
{
    if (json_object_is_type(value, json_type_object))
        return json_object_object_get_ex(value, key, ret_value);
    if (!json_object_is_type(value, json_type_array))
        return false;
    size_t count = json_object_array_length(value), index = index_of(key, count);
    if (index >= count)
        return false;
    *ret_value = json_object_array_get_idx(value, index);
    return true;
}

/* Down to what holds the last key, which is left in `path` (NULL for the whole document). `path` is
 * written to. */
static bool descend(struct json_object *root, char *path, struct json_object **ret_holder,
                    const char **ret_key)
{
    *ret_holder = root;
    *ret_key = NULL;
    if (*path == '\0')
        return true;
    if (*path != '/')
        return false;
    char *key = path + 1;
    for (char *next; (next = strchr(key, '/')); key = next + 1) {
        *next = '\0';
        unescape(key);
        if (!step(*ret_holder, key, ret_holder))
            return false;
    }
    unescape(key);
    *ret_key = key;
    return true;
}

/* --- Operations; they take over `value` --- */

/* All from there on move by one; takes over `value`. */
static bool insert(struct json_object *list, size_t index, struct json_object *value)
{
    if (json_object_array_add(list, value) < 0)
        return false;
    json_object_get(value); /* once as the last, once where it goes */
    for (size_t i = json_object_array_length(list) - 1; i > index; i--)
        json_object_array_put_idx(list, i, json_object_get(json_object_array_get_idx(list, i - 1)));
    return json_object_array_put_idx(list, index, value) == 0;
}

static bool put(struct json_object **root, char *path, struct json_object *value, bool is_replaced)
{
    struct json_object *holder = NULL, *old = NULL;
    const char *key = NULL;
    bool fits = descend(*root, path, &holder, &key);
    if (fits && !key) {
        json_object_put(*root);
        *root = value;
        return true;
    }
    if (fits && is_replaced)
        fits = step(holder, key, &old);
    if (fits && json_object_is_type(holder, json_type_object))
        return json_object_object_add(holder, key, value) == 0;
    size_t count =
        fits && json_object_is_type(holder, json_type_array) ? json_object_array_length(holder) : 0;
    size_t index =
        fits && json_object_is_type(holder, json_type_array) ? index_of(key, count) : SIZE_MAX;
    if (index != SIZE_MAX && is_replaced)
        return json_object_array_put_idx(holder, index, value) == 0;
    if (index != SIZE_MAX)
        return insert(holder, index, value);
    json_object_put(value);
    return false;
}

static bool take_away(struct json_object *root, char *path)
{
    struct json_object *holder = NULL, *old = NULL;
    const char *key = NULL;
    if (!descend(root, path, &holder, &key) || !key || !step(holder, key, &old))
        return false;
    if (json_object_is_type(holder, json_type_array))
        return json_object_array_del_idx(holder, index_of(key, SIZE_MAX), 1) == 0;
    json_object_object_del(holder, key);
    return true;
}

/* A copy of what is there; the caller's. */
static bool copy(struct json_object *root, const char *from, struct json_object **ret_value)
{
    CHIMERA_FREE char *path = strdup(from);
    struct json_object *holder = NULL, *found = NULL;
    const char *key = NULL;
    *ret_value = NULL;
    if (!path || !descend(root, path, &holder, &key))
        return false;
    found = holder;
    if (key && !step(holder, key, &found))
        return false;
    return !found || json_object_deep_copy(found, ret_value, NULL) == 0;
}

static const char *text_of(struct json_object *operation, const char *key)
{
    struct json_object *value = chimera_json_member(operation, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static bool test(struct json_object *root, const char *path, struct json_object *want)
{
    CHIMERA_JSON struct json_object *got = NULL;
    return copy(root, path, &got) && json_object_equal(got, want);
}

static bool apply_one(struct json_object **object, struct json_object *operation)
{
    const char *name = text_of(operation, "op"), *where = text_of(operation, "path");
    const char *from = text_of(operation, "from");
    CHIMERA_FREE char *path = where ? strdup(where) : NULL;
    struct json_object *value = chimera_json_member(operation, "value");
    if (!name || !path)
        return false;
    if (strcmp(name, "test") == 0)
        return test(*object, path, value);
    if (strcmp(name, "remove") == 0)
        return take_away(*object, path);
    bool is_move = strcmp(name, "move") == 0;
    if (is_move || strcmp(name, "copy") == 0) {
        CHIMERA_FREE char *source = from ? strdup(from) : NULL;
        if (!source || !copy(*object, from, &value))
            return false;
        if (is_move && !take_away(*object, source)) {
            json_object_put(value);
            return false;
        }
        return put(object, path, value, false);
    }
    bool is_replaced = strcmp(name, "replace") == 0;
    if (!is_replaced && strcmp(name, "add") != 0)
        return false;
    struct json_object *own = NULL;
    if (value && json_object_deep_copy(value, &own, NULL) < 0)
        return false;
    return put(object, path, own, is_replaced);
}

bool patched_apply(struct json_object **object, struct json_object *patch)
{
    size_t count = patch ? json_object_array_length(patch) : 0;
    for (size_t i = 0; i < count; i++)
        if (!apply_one(object, json_object_array_get_idx(patch, i)))
            return false;
    return true;
}

/* --- Shown --- */

bool patched_write(struct chimera_slice object, struct json_object *patch,
                   struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer before, after;
    if (!object.data || chimera_json_parse(object, &tree, NULL) < 0)
        return false;
    chimera_buffer_init(&before, TEXT_MAX);
    chimera_buffer_init(&after, TEXT_MAX);
    chimera_yaml_show(tree, &before);
    bool fits = patched_apply(&tree, patch);
    if (fits)
        chimera_yaml_show(tree, &after);
    fits = fits && !before.failed && !after.failed;
    if (fits)
        lines_differ(chimera_buffer_slice(&before), chimera_buffer_slice(&after), out);
    chimera_buffer_free(&before);
    chimera_buffer_free(&after);
    return fits;
}
