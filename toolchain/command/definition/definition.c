/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/definition/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/definition/run_input.h"

#define RESOURCES_MAX ((size_t)16 << 20)

void definition_resources_free(char **resources)
{
    for (size_t i = 0; resources && resources[i]; i++)
        free(resources[i]);
    free(resources);
}

static void definition_done(struct definition *definition)
{
    for (size_t i = 0; i < definition->count; i++) {
        struct definition_member *member = &definition->member[i];
        definition_resources_free(member->resources);
        definition_resources_free(member->capabilities);
        free(member->settings);
        free(member->module);
        free(member->name);
    }
    free(definition->member);
    free(definition->expression);
    free(definition->message);
    free(definition->id);
    *definition = (struct definition){0};
}

void definitions_done(struct definitions *definitions)
{
    while (definitions->count > 0)
        definition_done(&definitions->list[--definitions->count]);
    free(definitions->list);
    *definitions = (struct definitions){0};
}

/* --- What the argument names --- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool is_yaml(const char *path)
{
    return ends_with(path, ".yaml") || ends_with(path, ".yml");
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* What is before `#ID`; the ID, or NULL. Owned by the caller. A file whose own name has the sign is
 * a file. */
static char *split(const char *argument, const char **ret_id)
{
    const char *sign = strrchr(argument, '#');
    char *path = NULL;
    *ret_id = NULL;
    if (sign && access(argument, F_OK) < 0)
        path = strndup(argument, (size_t)(sign - argument));
    if (!path || !(is_folder(path) || is_yaml(path))) {
        free(path);
        return strdup(argument);
    }
    *ret_id = sign + 1;
    return path;
}

bool definitions_is_set(const char *argument)
{
    const char *id = NULL;
    CHIMERA_FREE char *path = split(argument, &id);
    return path && (id || is_folder(path) || is_yaml(path));
}

/* The entries of a policies.yml are maps, some with a module or policies; a resource has texts. */
static bool is_policies_file(struct chimera_slice text)
{
    const struct chimera_yaml_options yaml = {0};
    CHIMERA_JSON struct json_object *tree = NULL;
    bool is_one = false;
    if (chimera_yaml_parse(text, &yaml, &tree, NULL) < 0 ||
        !json_object_is_type(tree, json_type_object) || chimera_json_member(tree, "apiVersion"))
        return false;
    json_object_object_foreach(tree, id, entry)
    {
        (void)id;
        if (!json_object_is_type(entry, json_type_object))
            return false;
        is_one = is_one || chimera_json_member(entry, "module") ||
                 chimera_json_member(entry, "policies");
    }
    return is_one;
}

static int read_yaml(const char *path, struct definitions *ret_definitions,
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
        code = is_policies_file(chimera_buffer_slice(&text))
                   ? definitions_read_policies(path, ret_definitions, err)
                   : definitions_parse(chimera_buffer_slice(&text), path, ret_definitions, err);
    chimera_buffer_free(&text);
    return code;
}

static int fail_unknown(const char *path, const char *id, const struct definitions *definitions,
                        struct chimera_error *err)
{
    char known[500] = "";
    for (size_t i = 0; i < definitions->count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%.100s", i > 0 ? ", " : "",
                 definitions->list[i].id);
    }
    return chimera_fail(err, CHIMERA_EINVAL, "%.200s has no policy \"%.100s\"; it has %s", path, id,
                        known);
}

/* Of resources all that have the name. */
static int select_id(const char *path, const char *id, struct definitions *definitions,
                     struct chimera_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < definitions->count; i++)
        if (strcmp(definitions->list[i].id, id) == 0) {
            struct definition found = definitions->list[i];
            definitions->list[i] = definitions->list[kept];
            definitions->list[kept++] = found;
        }
    if (kept == 0)
        return fail_unknown(path, id, definitions, err);
    while (definitions->count > kept)
        definition_done(&definitions->list[--definitions->count]);
    return CHIMERA_OK;
}

int definitions_read(const char *argument, struct definitions *ret_definitions,
                     struct chimera_error *err)
{
    const char *id = NULL;
    struct definitions definitions = {0};
    CHIMERA_FREE char *path = split(argument, &id);
    if (!path)
        return chimera_fail_memory(err);
    int code = is_folder(path) ? definitions_read_bundle(path, &definitions, err)
                               : read_yaml(path, &definitions, err);
    if (code == CHIMERA_OK && id)
        code = select_id(path, id, &definitions, err);
    if (code < 0)
        definitions_done(&definitions);
    else
        *ret_definitions = definitions;
    return code;
}

/* The policy of the command line. */
static int take_policy(const struct chimera_cli_options *options, struct definition *definition,
                       struct chimera_error *err)
{
    definition->id = strdup(DEFINITION_OWN_ID);
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

/* Of a file or a bundle: what the one says, or one of those that are in the other. */
static int take_set(const struct chimera_cli_options *options, struct definitions *ret_definitions,
                    struct chimera_error *err)
{
    const char *argument = options->arguments[0], *bundle = chimera_cli_value(options, "bundle");
    CHIMERA_FREE char *joined = NULL;
    if (chimera_cli_is_given(options, "raw"))
        return chimera_fail(err, CHIMERA_EINVAL, "The --raw option cannot be used with a %s: %s",
                            bundle || is_folder(argument) ? "bundle" : "YAML file",
                            bundle ? bundle : argument);
    if (!bundle)
        return definitions_read(argument, ret_definitions, err);
    if (!is_folder(bundle))
        return definitions_read_bundle(bundle, ret_definitions, err); /* which tells why not */
    if (asprintf(&joined, "%s#%s", bundle, argument) < 0) {
        joined = NULL;
        return chimera_fail_memory(err);
    }
    return definitions_read(joined, ret_definitions, err);
}

int definitions_take(const struct chimera_cli_options *options, struct definitions *ret_definitions,
                     struct chimera_error *err)
{
    struct definitions definitions = {0};
    if (chimera_cli_is_given(options, "bundle") || definitions_is_set(options->arguments[0]))
        return take_set(options, ret_definitions, err);
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
