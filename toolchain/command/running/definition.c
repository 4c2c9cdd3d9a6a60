/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/yaml/adapt.h"
#include "toolchain/command/running/run_input.h"

#define RESOURCES_MAX ((size_t)16 << 20)

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

bool definitions_is_file(const char *argument)
{
    return ends_with(argument, ".yaml") || ends_with(argument, ".yml");
}

int definitions_read(const char *path, struct definitions *ret_definitions,
                     struct chimera_error *err)
{
    struct chimera_buffer text;
    char before[600];
    chimera_buffer_init(&text, RESOURCES_MAX);
    snprintf(before, sizeof(before), "Cannot open YAML file \"%.500s\":", path);
    int code = run_input_file(path, before, &text, err);
    if (code == 0)
        code = chimera_yaml_adapt(&text, err);
    if (code == 0)
        code = definitions_parse(chimera_buffer_slice(&text), path, ret_definitions, err);
    chimera_buffer_free(&text);
    return code;
}

/* The policy of the command line. */
static int take_policy(const struct chimera_cli_options *options, struct definition *definition,
                       struct chimera_error *err)
{
    definition->id = strdup("policy-from-cli");
    definition->allowed_to_mutate = true;
    definition->trusts_metadata = chimera_cli_is_given(options, "allow-context-aware");
    definition->member = calloc(1, sizeof(*definition->member));
    if (!definition->id || !definition->member)
        return chimera_fail_memory(err);
    definition->count = 1;
    definition->member->name = strdup("");
    definition->member->module = strdup(options->arguments[0]);
    if (!definition->member->name || !definition->member->module)
        return chimera_fail_memory(err);
    struct chimera_buffer settings;
    chimera_buffer_init(&settings, RUN_SETTINGS_MAX);
    int code = run_input_settings(options, &settings, err);
    if (code == 0 && chimera_buffer_byte(&settings, 0) < 0)
        code = chimera_fail(err, settings.failed, "the settings are larger than %zu bytes",
                            settings.limit);
    definition->member->settings = settings.data;
    if (code < 0) {
        definition->member->settings = NULL;
        chimera_buffer_free(&settings);
    }
    return code;
}

int definitions_take(const struct chimera_cli_options *options, struct definitions *ret_definitions,
                     struct chimera_error *err)
{
    const char *argument = options->arguments[0];
    struct definitions definitions = {0};
    if (definitions_is_file(argument)) {
        if (chimera_cli_is_given(options, "raw"))
            return chimera_fail(err, CHIMERA_EINVAL,
                                "The --raw option cannot be used with a YAML file: %s", argument);
        return definitions_read(argument, ret_definitions, err);
    }
    definitions.list = calloc(1, sizeof(*definitions.list));
    if (!definitions.list)
        return chimera_fail_memory(err);
    definitions.count = 1;
    int code = take_policy(options, definitions.list, err);
    if (code < 0)
        definitions_done(&definitions);
    else
        *ret_definitions = definitions;
    return code;
}

void definition_resources_free(char **resources)
{
    for (size_t i = 0; resources && resources[i]; i++)
        free(resources[i]);
    free(resources);
}

void definitions_done(struct definitions *definitions)
{
    for (size_t i = 0; i < definitions->count; i++) {
        struct definition *definition = &definitions->list[i];
        for (size_t j = 0; j < definition->count; j++) {
            struct definition_member *member = &definition->member[j];
            definition_resources_free(member->resources);
            free(member->settings);
            free(member->module);
            free(member->name);
        }
        free(definition->member);
        free(definition->expression);
        free(definition->message);
        free(definition->id);
    }
    free(definitions->list);
    *definitions = (struct definitions){0};
}

const char *definition_shown(const struct definition *definition, const char *uri)
{
    static char shown[500];
    if (definition->expression)
        snprintf(shown, sizeof(shown), "Policy Group %.200s", definition->id);
    else
        snprintf(shown, sizeof(shown), "Policy %.200s (%.250s)", definition->id,
                 uri ? uri : definition->member->module);
    return shown;
}
