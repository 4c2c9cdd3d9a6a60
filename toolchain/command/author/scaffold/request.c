/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - `chimera scaffold admission-request`: the request that Kubernetes would make
 * of an object (cli-and-distribution.md §1.10). */
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/source/user_folders.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/kubernetes_shapes.h"
#include "toolchain/command/author/scaffold/resource_kinds.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/files.h"

#define OUTPUT_MAX ((size_t)256 << 20)
#define UID "705ab4f5-6393-11e8-b7cc-42010a800002" /* always the same: answers can be compared */
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

/* "apps/v1" is a group and a version, "v1" is the version of the group without a name. `text` is
 * cut in two. */
static int split_version(char *text, struct resource_kind *ret_kind, struct chimera_error *err)
{
    char *slash = strchr(text, '/');
    if (slash && strchr(slash + 1, '/'))
        return chimera_fail(err, CHIMERA_EINVAL, "failed to parse group version: `%.200s` is none",
                            text);
    ret_kind->group = slash ? text : "";
    ret_kind->version = slash ? slash + 1 : text;
    if (slash)
        *slash = '\0';
    return CHIMERA_OK;
}

static struct json_object *make_kind(const struct resource_kind *kind, bool is_resource)
{
    struct json_object *out = json_object_new_object();
    scaffold_put_text(out, "group", kind->group);
    scaffold_put_text(out, "version", kind->version);
    scaffold_put_text(out, is_resource ? "resource" : "kind",
                      is_resource ? kind->plural : kind->kind);
    return out;
}

static bool find_kind(struct json_object *catalog, struct resource_kind *kind)
{
    if (resource_kind_find(catalog, kind))
        return true;
    say_warning("Could not find information for %s %s/%s, some scaffolded data is not going to be "
                "accurate.",
                kind->kind, kind->group[0] ? kind->group : "core", kind->version);
    kind->plural = UNKNOWN_PLURAL;
    return false;
}

static struct json_object *make_request(struct json_object *object,
                                        const struct resource_kind *kind, bool is_known)
{
    struct json_object *request = json_object_new_object();
    struct json_object *metadata = chimera_json_member(object, "metadata");
    const char *name_space = text_of(metadata, "namespace");
    if (!name_space && is_known && kind->is_namespaced)
        name_space = "default";
    scaffold_put_text(request, "uid", UID);
    json_object_object_add(request, "kind", make_kind(kind, false));
    json_object_object_add(request, "resource", make_kind(kind, true));
    json_object_object_add(request, "requestKind", make_kind(kind, false));
    json_object_object_add(request, "requestResource", make_kind(kind, true));
    scaffold_put_text(request, "name", text_of(metadata, "name"));
    scaffold_put_text(request, "namespace", name_space);
    scaffold_put_text(request, "operation", "CREATE");
    struct json_object *user = json_object_new_object(), *groups = json_object_new_array();
    json_object_array_add(groups, json_object_new_string("system:masters"));
    json_object_object_add(user, "groups", groups);
    scaffold_put_text(user, "username", "test-user");
    json_object_object_add(request, "userInfo", user);
    /* The object as it is read by who sorts its keys. */
    struct json_object *out = NULL;
    struct chimera_buffer text;
    chimera_buffer_init(&text, OUTPUT_MAX);
    chimera_json_write(object, &text);
    if (!text.failed)
        chimera_json_parse(chimera_buffer_slice(&text), &out, NULL);
    chimera_buffer_free(&text);
    json_object_object_add(request, "object", out);
    return request;
}

static int print_request(struct json_object *object, struct chimera_error *err)
{
    CHIMERA_FREE char *version = strdup(text_of(object, "apiVersion"));
    struct resource_kind kind = {.kind = text_of(object, "kind")};
    struct chimera_buffer out;
    if (!version)
        return chimera_fail_memory(err);
    int code = split_version(version, &kind, err);
    if (code < 0)
        return code;
    /* In any file that we cannot read there may be what we do not know: then it is said. */
    CHIMERA_JSON struct json_object *catalog = NULL;
    struct chimera_error why = {0};
    CHIMERA_FREE char *path =
        chimera_user_path(chimera_user_cache_folder(), "kwctl/resource_catalog.json");
    if (path && resource_catalog_read(path, &catalog, &why) < 0)
        say_warning("Failed to load resource catalog: %s", why.text);
    bool is_known = find_kind(catalog, &kind);
    CHIMERA_JSON struct json_object *request = make_request(object, &kind, is_known);
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
