/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/template/value.h"

#include "runtime/rego/region.h"

/* Go's lists grow by doubling up to here; what is between length and capacity can be had, too. */
#define DOUBLED_MAX 512

struct chimera_value chimera_value_of(struct json_object *node, struct chimera_region *region)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    switch (json_object_get_type(node)) {
    case json_type_null:
        return (struct chimera_value){.kind = CHIMERA_VALUE_NULL};
    case json_type_boolean:
        return (struct chimera_value){.kind = CHIMERA_VALUE_BOOL,
                                      .boolean = json_object_get_boolean(node)};
    case json_type_string:
        return (struct chimera_value){.kind = CHIMERA_VALUE_STRING,
                                      .text = chimera_rego_string(node)};
    case json_type_array:
        return (struct chimera_value){
            .kind = CHIMERA_VALUE_LIST, .node = node, .count = json_object_array_length(node)};
    case json_type_object:
        return (struct chimera_value){.kind = CHIMERA_VALUE_MAP,
                                      .node = node,
                                      .count = (size_t)json_object_object_length(node)};
    default:
        break;
    }
    struct chimera_slice text = chimera_rego_number_text(node, scratch);
    if (text.data == scratch)
        text = chimera_region_copy(region, text);
    return (struct chimera_value){.kind = CHIMERA_VALUE_NUMBER, .text = text};
}

struct chimera_value chimera_value_element(const struct chimera_value *list, size_t index,
                                           struct chimera_region *region)
{
    return chimera_value_of(json_object_array_get_idx(list->node, list->first + index), region);
}

size_t chimera_value_capacity(const struct chimera_value *list)
{
    size_t length = json_object_array_length(list->node), capacity = length > 0;
    while (capacity < length && length <= DOUBLED_MAX)
        capacity *= 2;
    return (capacity > length ? capacity : length) - list->first;
}

const char *chimera_value_type(const struct chimera_value *value)
{
    static const char *const types[] = {
        [CHIMERA_VALUE_NONE] = "<nil>",          [CHIMERA_VALUE_NULL] = "interface {}",
        [CHIMERA_VALUE_BOOL] = "bool",           [CHIMERA_VALUE_INT] = "int",
        [CHIMERA_VALUE_BYTE] = "uint8",          [CHIMERA_VALUE_FLOAT] = "float64",
        [CHIMERA_VALUE_STRING] = "string",       [CHIMERA_VALUE_NUMBER] = "json.Number",
        [CHIMERA_VALUE_LIST] = "[]interface {}", [CHIMERA_VALUE_MAP] = "map[string]interface {}",
    };
    return types[value->kind];
}

bool chimera_value_is_true(const struct chimera_value *value)
{
    switch (value->kind) {
    case CHIMERA_VALUE_BOOL:
        return value->boolean;
    case CHIMERA_VALUE_INT:
    case CHIMERA_VALUE_BYTE:
        return value->integer != 0;
    case CHIMERA_VALUE_FLOAT:
        return value->number != 0;
    case CHIMERA_VALUE_STRING:
    case CHIMERA_VALUE_NUMBER:
        return value->text.size > 0;
    case CHIMERA_VALUE_LIST:
    case CHIMERA_VALUE_MAP:
        return value->count > 0;
    default:
        return false;
    }
}
