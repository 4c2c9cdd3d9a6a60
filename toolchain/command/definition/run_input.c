/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/definition/run_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"

int run_input_file(const char *path, const char *before, struct chimera_buffer *buffer,
                   struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "%s %s (os error %d)", before, strerror(errno),
                            errno);
    return chimera_fd_read(fd, path, buffer, err);
}

int run_input_request(const char *path, struct chimera_buffer *request, struct chimera_error *err)
{
    char before[600];
    if (strcmp(path, "-") == 0)
        return chimera_fd_read(STDIN_FILENO, "standard input", request, err);
    snprintf(before, sizeof(before), "Error opening request file %.500s;", path);
    return run_input_file(path, before, request, err);
}

static int parse_settings_file(const char *path, struct json_object **ret_tree,
                               struct chimera_error *err)
{
    const struct chimera_yaml_options options = {0};
    struct chimera_error why = {0};
    struct chimera_buffer text;
    char before[600];
    chimera_buffer_init(&text, RUN_SETTINGS_MAX);
    snprintf(before, sizeof(before), "Cannot open settings file %.500s:", path);
    int code = run_input_file(path, before, &text, err);
    if (code == 0)
        code = chimera_yaml_adapt(&text, err);
    if (code == 0) {
        code = chimera_yaml_parse(chimera_buffer_slice(&text), &options, ret_tree, &why);
        if (code < 0)
            chimera_fail(err, code, "Cannot parse settings file %.300s: %.600s", path, why.text);
    }
    chimera_buffer_free(&text);
    return code;
}

static int parse_settings(const struct chimera_cli_options *options, struct json_object **ret_tree,
                          struct chimera_error *err)
{
    struct chimera_error why = {0};
    const char *path = chimera_cli_value(options, "settings-path");
    const char *json = chimera_cli_value(options, "settings-json");
    if (path)
        return parse_settings_file(path, ret_tree, err);
    if (!json)
        return CHIMERA_OK; /* null, which stands for {} */
    int code = chimera_json_parse(chimera_slice_of(json), ret_tree, &why);
    if (code < 0)
        chimera_fail(err, code, "Cannot parse settings JSON: %.900s", why.text);
    return code;
}

int run_input_settings(const struct chimera_cli_options *options, struct chimera_buffer *settings,
                       struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    int code = parse_settings(options, &tree, err);
    if (code < 0)
        return code;
    if (tree && !json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "Invalid settings in CRD, not an object");
    if (tree)
        chimera_json_write(tree, settings);
    else
        chimera_buffer_text(settings, "{}");
    if (settings->failed)
        return chimera_fail(err, settings->failed, "the settings are larger than %zu bytes",
                            settings->limit);
    return CHIMERA_OK;
}
