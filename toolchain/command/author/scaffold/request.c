/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - `chimera scaffold admission-request`: the request that Kubernetes would make
 * of an object (cli-and-distribution.md §1.10). */
#include <stdio.h>
#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/admission_request.h"
#include "toolchain/command/author/scaffold/kubernetes_shapes.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/files.h"

#define OUTPUT_MAX ((size_t)256 << 20)
#define UNKNOWN_PLURAL                                                                      \
    "this-is-the-plural-name-of-the-resource-this-information-is-not-used-by-policies-and-" \
    "requires-a-connection-to-an-api-server-to-be-obtained"

static int parse_object(const char *path, struct json_object **ret_object,
                        struct chimera_error *err)
{
    const struct chimera_yaml_options options = {.duplicate_keys_fail = true};
    struct chimera_error why = {0};
    struct chimera_buffer text;
    char before[600];
    chimera_buffer_init(&text, FILES_TEXT_MAX);
    snprintf(before, sizeof(before), "failed to open object file %.500s", path);
    int code = files_read(path, before, &text, err);
    if (code == 0) {
        code = chimera_yaml_adapt(&text, &why);
        if (code == 0)
            code = chimera_yaml_parse(chimera_buffer_slice(&text), &options, ret_object, &why);
        if (code < 0)
            chimera_fail(err, code, "failed to parse object file %.300s: %.600s", path, why.text);
    }
    chimera_buffer_free(&text);
    return code;
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int read_object(const char *path, struct json_object **ret_object, struct chimera_error *err)
{
    int code = parse_object(path, ret_object, err);
    if (code < 0)
        return code;
    if (!text_of(*ret_object, "apiVersion") || !text_of(*ret_object, "kind"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "object defined inside of %.300s is missing types: apiVersion and kind",
                            path);
    struct json_object *metadata = chimera_json_member(*ret_object, "metadata");
    if (metadata && !json_object_is_type(metadata, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "failed to parse object file %.300s: its metadata must be a map", path);
    /* What the type of metadata knows, and is there: kubectl writes `creationTimestamp: null`. */
    struct json_object *out = json_object_new_object();
    for (unsigned i = 0; i < kubernetes_meta_shape.count; i++) {
        const char *key = kubernetes_meta_shape.field[i].name.data;
        scaffold_share(out, key, chimera_json_member(metadata, key));
    }
    json_object_object_add(*ret_object, "metadata", out);
    return CHIMERA_OK;
}

/* The object as it is read by who sorts its keys. Owned by the caller. */
static struct json_object *sort_keys(struct json_object *object)
{
    struct json_object *out = NULL;
    struct chimera_buffer text;
    chimera_buffer_init(&text, OUTPUT_MAX);
    chimera_json_write(object, &text);
    if (!text.failed)
        chimera_json_parse(chimera_buffer_slice(&text), &out, NULL);
    chimera_buffer_free(&text);
    return out;
}

static void warn_of_kind(struct json_object *object)
{
    const char *version = text_of(object, "apiVersion"), *slash = strchr(version, '/');
    say_warning(
        "Could not find information for %s %.*s/%s, some scaffolded data is not going to be "
        "accurate.",
        text_of(object, "kind"), slash ? (int)(slash - version) : (int)strlen("core"),
        slash ? version : "core", slash ? slash + 1 : version);
}

static int print_request(struct json_object *object, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *catalog = admission_catalog();
    CHIMERA_JSON struct json_object *sorted = sort_keys(object);
    CHIMERA_JSON struct json_object *request = NULL;
    struct chimera_buffer out;
    bool is_known = false;
    if (!sorted)
        return chimera_fail_memory(err);
    int code = admission_request_make(sorted, catalog, UNKNOWN_PLURAL, &request, &is_known, err);
    if (code < 0)
        return code;
    if (!is_known)
        warn_of_kind(object);
    chimera_buffer_init(&out, OUTPUT_MAX);
    chimera_json_write_ordered(request, 2, &out);
    chimera_buffer_byte(&out, '\n');
    code = out.failed;
    if (code == 0)
        say_json(chimera_buffer_slice(&out));
    chimera_buffer_free(&out);
    return code == 0 ? code : chimera_fail(err, code, "%s", chimera_code_text(code));
}

static int run_request(const struct chimera_cli_options *options)
{
    CHIMERA_JSON struct json_object *object = NULL;
    struct chimera_error err = {0};
    int code = CHIMERA_OK;
    if (!chimera_cli_is_given(options, "object"))
        code = chimera_fail(&err, CHIMERA_EINVAL, "CREATE operation requires an object");
    else if (chimera_cli_is_given(options, "old-object"))
        code =
            chimera_fail(&err, CHIMERA_EINVAL, "CREATE operation does not require an old_object");
    if (code == 0)
        code = read_object(chimera_cli_value(options, "object"), &object, &err);
    if (code == 0)
        code = print_request(object, &err);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

static const char *const operations[] = {"CREATE", NULL};

static const struct chimera_cli_option request_options[] = {
    {.name = "operation",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "TYPE",
     .choices = operations,
     .help = "What is done to the object"},
    {.name = "object",
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML or JSON file with the object"},
    {.name = "old-object",
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML or JSON file with the object as it was before"},
    {0},
};

const struct chimera_cli_command command_scaffold_admission_request = {
    .name = "admission-request",
    .parent = &command_scaffold,
    .about = "Print the admission request that an object would cause",
    .description =
        "Prints the request that Kubernetes would send to a policy when the object is made, for "
        "`run --request-path`.\n"
        "What a kind is called in URLs is known for Kubernetes' and Kubewarden's own kinds; of "
        "others it is taken from kubewarden/kwctl/resource_catalog.json in the user's cache, if "
        "kwctl has written one. No policy of Kubewarden's looks at it.",
    .options = request_options,
    .run = run_request,
};
