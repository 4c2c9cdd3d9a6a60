/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/host_calls.h"

#include <string.h>

#include "runtime/capability/tree.h"
#include "runtime/json/tree.h"

static const char *operation_of(const char *path)
{
    return strchr(path, '/') + 1;
}

/* Does `text` stand in a segment at a place where `longer` does not? NULL: anywhere. */
static bool stands_in(struct chimera_slice segment, struct chimera_slice text, const char *longer)
{
    while (segment.size >= text.size && segment.size > 0) {
        const char *at = memmem(segment.data, segment.size, text.data, text.size);
        if (!at)
            return false;
        segment.size -= (size_t)(at - segment.data);
        segment.data = at;
        if (!longer || !chimera_slice_starts(segment, longer))
            return true;
        segment.data++;
        segment.size--;
    }
    return false;
}

static bool stands_in_any(const struct chimera_module *module, struct chimera_slice text,
                          const char *longer)
{
    for (uint32_t i = 0; i < module->data_count; i++)
        if (stands_in(module->data[i].bytes, text, longer))
            return true;
    return false;
}

/* For each longer operation there must be a place that is not the beginning of that. */
static bool is_operation_there(const struct chimera_module *module, const char *operation)
{
    size_t count, size = strlen(operation);
    const char *const *capability = chimera_capabilities(&count);
    if (!stands_in_any(module, chimera_slice_of(operation), NULL))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *other = operation_of(capability[i]);
        if (strncmp(other, operation, size) == 0 && other[size] != '\0' &&
            !stands_in_any(module, chimera_slice_of(operation), other))
            return false;
    }
    return true;
}

struct json_object *host_calls_detect(const struct chimera_module *module)
{
    size_t count;
    const char *const *capability = chimera_capabilities(&count);
    struct json_object *found = json_object_new_array();
    for (size_t i = 0; found && i < count; i++) {
        const char *operation = operation_of(capability[i]);
        struct chimera_slice name = {capability[i], (size_t)(operation - 1 - capability[i])};
        if (stands_in_any(module, name, NULL) && is_operation_there(module, operation))
            json_object_array_add(found, json_object_new_string(capability[i]));
    }
    return found;
}

bool host_calls_difference(struct json_object *some, struct json_object *others,
                           struct chimera_buffer *out)
{
    bool has_any = false;
    for (size_t i = 0; some && i < json_object_array_length(some); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(some, i));
        bool has_text = false;
        for (size_t j = 0; !has_text && others && j < json_object_array_length(others); j++)
            has_text =
                strcmp(json_object_get_string(json_object_array_get_idx(others, j)), text) == 0;
        if (has_text)
            continue;
        chimera_buffer_text(out, has_any ? ", " : "{");
        chimera_json_write_string(chimera_slice_of(text), out);
        has_any = true;
    }
    if (has_any)
        chimera_buffer_byte(out, '}');
    return has_any;
}
