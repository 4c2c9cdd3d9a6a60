/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of Kubernetes resources; what is accepted is whole. */
#include <stdlib.h>
#include <string.h>

#include "runtime/json/tree.h"
#include "toolchain/command/definition/definition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_member(const struct definition_member *member, bool is_group)
{
    struct json_object *settings = NULL;
    if (!member->module || !strstr(member->module, "://") || !member->settings || !member->name ||
        (!is_group && *member->name))
        abort();
    if (chimera_json_parse(chimera_slice_of(member->settings), &settings, NULL) < 0 ||
        !json_object_is_type(settings, json_type_object))
        abort();
    json_object_put(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct definitions definitions = {0};
    struct chimera_error err = {0};
    struct chimera_slice text = {size ? (const char *)data : "", size};
    if (definitions_parse(text, "p.yml", &definitions, &err) < 0) {
        if (!err.text[0] || definitions.list)
            abort();
        return 0;
    }
    if (definitions.count == 0)
        abort();
    for (size_t i = 0; i < definitions.count; i++) {
        const struct definition *definition = &definitions.list[i];
        if (!definition->id || (definition->expression && !definition->message) ||
            (!definition->expression && definition->count != 1))
            abort();
        for (size_t j = 0; j < definition->count; j++)
            check_member(&definition->member[j], definition->expression);
        definition_shown(definition, NULL);
    }
    definitions_done(&definitions);
    return 0;
}
