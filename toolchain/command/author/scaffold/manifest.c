/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - `chimera scaffold manifest`: the resource that has Kubewarden serve a
 * policy (cli-and-distribution.md §1.10). */
#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/policy/metadata.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/dns_name.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/files.h"
#include "toolchain/command/policy_module.h"

#define PREFIX "io.kubewarden.policy."

static int parse_settings(struct chimera_buffer *text, struct json_object **ret_settings,
                          struct chimera_error *err)
{
    const struct chimera_yaml_options options = {.duplicate_keys_fail = true};
    int code = chimera_yaml_adapt(text, err);
    if (code == 0)
        code = chimera_yaml_parse(chimera_buffer_slice(text), &options, ret_settings, err);
    if (code == 0 && *ret_settings && !json_object_is_type(*ret_settings, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "the settings must be a map");
    if (code == 0 && !*ret_settings)
        *ret_settings = json_object_new_object();
    return code;
}

static int read_settings(const struct chimera_cli_options *options,
                         struct json_object **ret_settings, struct chimera_error *err)
{
    const char *path = chimera_cli_value(options, "settings-path");
    const char *json = chimera_cli_value(options, "settings-json");
    struct chimera_buffer text;
    char before[600];
    int code = CHIMERA_OK;
    chimera_buffer_init(&text, FILES_TEXT_MAX);
    snprintf(before, sizeof(before), "Error reading settings from %.500s", path ? path : "");
    if (path)
        code = files_read_text(path, before, &text, err);
    else
        chimera_buffer_text(&text, json ? json : "{}");
    if (code == 0)
        code = parse_settings(&text, ret_settings, err);
    chimera_buffer_free(&text);
    return code;
}

/* What the annotations tell of it that belongs to the resource, and its name. */
static struct json_object *make_metadata(const struct chimera_metadata *metadata, const char *title)
{
    static const char *const kept[] = {PREFIX "category", PREFIX "severity"};
    struct json_object *out = json_object_new_object();
    struct json_object *annotations = json_object_new_object();
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
        scaffold_put_text(annotations, kept[i], chimera_metadata_annotation(metadata, kept[i]));
    if (json_object_object_length(annotations) > 0)
        scaffold_share(out, "annotations", annotations);
    json_object_put(annotations);
    scaffold_put_text(out, "name", title);
    return out;
}

/* Whoever applies the manifest gives the policy access, so it is said aloud. */
static bool grants_resources(const struct chimera_metadata *metadata, bool is_allowed)
{
    if (json_object_array_length(chimera_json_member(metadata->tree, "contextAwareResources")) == 0)
        return false;
    if (is_allowed) {
        say_warning("Policy has been granted access to the Kubernetes resources mentioned by its "
                    "metadata.");
        say_warning("Carefully review the contents of the `contextAwareResources` attribute for "
                    "abuses.");
        return true;
    }
    say_warning("Policy requires access to Kubernetes resources at evaluation time. For safety "
                "reasons, the `contextAwareResources` attribute has been left empty.");
    say_warning("Carefully review which types of Kubernetes resources the policy needs via the "
                "`inspect` command and populate `contextAwareResources` accordingly.");
    say_warning("Otherwise, invoke the `scaffold` command using the `--allow-context-aware` flag.");
    return false;
}

static struct json_object *make_spec(const struct policy_module *file, struct json_object *settings,
                                     bool has_resources)
{
    const struct chimera_metadata *metadata = &file->metadata;
    struct json_object *spec = json_object_new_object();
    scaffold_put_text(spec, "module", file->uri);
    scaffold_share(spec, "settings", settings);
    scaffold_share(spec, "rules", chimera_json_member(metadata->tree, "rules"));
    json_object_object_add(spec, "mutating", json_object_new_boolean(metadata->is_mutating));
    if (!metadata->has_background_audit)
        json_object_object_add(spec, "backgroundAudit", json_object_new_boolean(0));
    if (has_resources)
        scaffold_share(spec, "contextAwareResources",
                       chimera_json_member(metadata->tree, "contextAwareResources"));
    return spec;
}

static int print_manifest(const struct chimera_cli_options *options,
                          const struct policy_module *file, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *settings = NULL;
    const struct chimera_metadata *metadata = &file->metadata;
    const char *kind = chimera_cli_value(options, "type");
    const char *title = chimera_cli_value(options, "title");
    bool is_cluster_wide = strcmp(kind, "ClusterAdmissionPolicy") == 0;
    title = title ? title : chimera_metadata_annotation(metadata, PREFIX "title");
    int code = read_settings(options, &settings, err);
    if (code == 0)
        code =
            !title || dns_is_name(title, DNS_LABEL_MAX)
                ? CHIMERA_OK
                : chimera_fail(err, CHIMERA_EINVAL,
                               "Invalid title '%.300s'. Must conform to RFC 1123: use lowercase "
                               "alphanumeric chars, '-' or '.', and start/end with an alphanumeric "
                               "character.",
                               title);
    if (code == 0)
        code = chimera_metadata_check(metadata, err);
    if (code < 0)
        return code;
    bool has_resources =
        is_cluster_wide &&
        grants_resources(metadata, chimera_cli_is_given(options, "allow-context-aware"));
    CHIMERA_JSON struct json_object *document = scaffold_policy(kind);
    json_object_object_add(document, "metadata", make_metadata(metadata, title));
    json_object_object_add(document, "spec", make_spec(file, settings, has_resources));
    return scaffold_print(options, "", document) == EXIT_GOOD ? CHIMERA_OK : CHIMERA_EIO;
}

static int run_manifest(const struct chimera_cli_options *options)
{
    struct policy_module file = {0};
    struct chimera_error err = {0};
    struct fetch_flags flags = {0};
    int code = fetch_flags_read(options, &flags, &err);
    if (code == 0)
        code = policy_module_open(options->arguments[0], &flags.fetch, &file, &err);
    fetch_flags_done(&flags);
    if (code < 0)
        return say_error("%s", err.text);
    if (!file.metadata.is_annotated)
        code = chimera_fail(&err, CHIMERA_EINVAL,
                            "No Kubewarden metadata found inside of '%.500s'.\nPolicies can be "
                            "annotated with the `%s annotate` command.",
                            file.uri, options->program);
    else
        code = print_manifest(options, &file, &err);
    policy_module_done(&file);
    if (code < 0 && err.text[0])
        say_error("%s", err.text);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static const char *const types[] = {"ClusterAdmissionPolicy", "AdmissionPolicy", NULL};

static const struct chimera_cli_option manifest_options[] = {
    {.name = "type",
     .letter = 't',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "VALUE",
     .choices = types,
     .help = "Kind of the resource"},
    {.name = "settings-path",
     .letter = 's',
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML or JSON file with the settings of the policy"},
    {.name = "settings-json",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .excludes = "settings-path",
     .help = "The settings of the policy as JSON"},
    {.name = "title",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "Name of the resource, in place of the policy's title"},
    {.name = "allow-context-aware",
     .help = "Grant access to the Kubernetes resources that the policy's metadata name: look at "
             "them first"},
    FETCH_FLAGS,
    {0},
};

static const struct chimera_cli_argument manifest_arguments[] = {
    {.name = "uri_or_sha_prefix",
     .is_required = true,
     .help =
         "The policy: a path, a URI (registry://..., https://..., file://...) or the beginning of "
         "the SHA-256 of one in the store"},
    {0},
};

const struct chimera_cli_command command_scaffold_manifest = {
    .name = "manifest",
    .parent = &command_scaffold,
    .about = "Print the resource by which Kubewarden serves a policy",
    .description =
        "Prints a ClusterAdmissionPolicy or an AdmissionPolicy for the policy, with the rules "
        "that its metadata tell and the settings that are given.\n"
        "Kubernetes resources that the policy wants to read are granted with "
        "--allow-context-aware alone, and to a ClusterAdmissionPolicy alone.",
    .options = manifest_options,
    .arguments = manifest_arguments,
    .run = run_manifest,
};
