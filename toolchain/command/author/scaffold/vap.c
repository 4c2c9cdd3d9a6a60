/* SPDX-License-Identifier: Apache-2.0 */
/* vap.c - `chimera scaffold vap`: Kubernetes' own policies in CEL, as a policy of
 * Kubewarden's that evaluates CEL (cli-and-distribution.md §1.10). */
#include <stdio.h>
#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/source/image_reference.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/typed.h"
#include "toolchain/command/author/scaffold/kubernetes_shapes.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/files.h"

static int read_document(const char *path, const struct chimera_shape *shape,
                         struct json_object **ret_tree, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_buffer text;
    char before[600];
    chimera_buffer_init(&text, FILES_TEXT_MAX);
    snprintf(before, sizeof(before), "cannot open %.500s", path);
    int code = files_read(path, before, &text, err);
    if (code == 0) {
        code = chimera_yaml_adapt(&text, &why);
        if (code == 0)
            code = chimera_yaml_read_shape(chimera_buffer_slice(&text), shape, ret_tree, &why);
        if (code < 0)
            chimera_fail(err, code, "cannot convert given data into a %s: %.800s", shape->name,
                         why.text);
    }
    chimera_buffer_free(&text);
    return code;
}

static void warn_of_module(const char *module)
{
    struct chimera_image_reference reference = {0};
    static const char scheme[] = "registry://";
    size_t skipped = strncmp(module, scheme, sizeof(scheme) - 1) == 0 ? sizeof(scheme) - 1 : 0;
    if (chimera_image_reference_parse(chimera_slice_of(module + skipped), &reference, NULL) < 0) {
        say_warning("The CEL policy module specified is not a valid OCI reference");
        return;
    }
    if (!reference.tag || strcmp(reference.tag, "latest") == 0)
        say_warning("Using the 'latest' version of the CEL policy could lead to unexpected "
                    "behavior. It is recommended to use a specific version to avoid breaking "
                    "changes.");
    chimera_image_reference_done(&reference);
}

/* The CEL policy's settings; its failurePolicy is not the resource's. */
static int make_settings(struct json_object *spec, struct json_object *binding_spec,
                         struct json_object **ret_settings, struct chimera_error *err)
{
    struct json_object *kind = chimera_json_member(spec, "paramKind");
    struct json_object *reference = chimera_json_member(binding_spec, "paramRef");
    if (!kind != !reference)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Both paramKind and paramRef must be present together, or both absent");
    struct json_object *settings = json_object_new_object();
    scaffold_share(settings, "failurePolicy", chimera_json_member(spec, "failurePolicy"));
    scaffold_share(settings, "variables", chimera_json_member(spec, "variables"));
    scaffold_share(settings, "paramKind", kind);
    scaffold_share(settings, "paramRef", reference);
    scaffold_share(settings, "validations", chimera_json_member(spec, "validations"));
    *ret_settings = settings;
    return CHIMERA_OK;
}

static struct json_object *make_policy(const char *module, struct json_object *vap,
                                       struct json_object *binding, struct json_object *settings)
{
    struct json_object *constraints =
        chimera_json_member(chimera_json_member(vap, "spec"), "matchConstraints");
    struct json_object *resources =
        chimera_json_member(chimera_json_member(binding, "spec"), "matchResources");
    struct json_object *metadata = chimera_json_member(binding, "metadata");
    struct json_object *policy = scaffold_policy("ClusterAdmissionPolicy");
    struct json_object *spec = json_object_new_object();
    json_object_object_add(policy, "metadata",
                           metadata ? json_object_get(metadata) : json_object_new_object());
    scaffold_put_text(spec, "module", module);
    scaffold_share(spec, "settings", settings);
    json_object_object_add(spec, "rules",
                           scaffold_rules(chimera_json_member(constraints, "resourceRules")));
    json_object_object_add(spec, "mutating", json_object_new_boolean(0));
    scaffold_share(spec, "matchPolicy", chimera_json_member(constraints, "matchPolicy"));
    scaffold_share(spec, "namespaceSelector", chimera_json_member(resources, "namespaceSelector"));
    scaffold_share(spec, "objectSelector", chimera_json_member(constraints, "objectSelector"));
    json_object_object_add(policy, "spec", spec);
    return policy;
}

static int convert(const struct chimera_cli_options *options, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *vap = NULL;
    CHIMERA_JSON struct json_object *binding = NULL;
    CHIMERA_JSON struct json_object *settings = NULL;
    const char *module = chimera_cli_value(options, "cel-policy");
    int code =
        read_document(chimera_cli_value(options, "policy"), &kubernetes_vap_shape, &vap, err);
    if (code == 0)
        code = read_document(chimera_cli_value(options, "binding"), &kubernetes_vap_binding_shape,
                             &binding, err);
    if (code < 0)
        return code;
    struct json_object *spec = chimera_json_member(vap, "spec");
    warn_of_module(module);
    static const char *const ignored[] = {"auditAnnotations", "matchConditions"};
    for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
        if (chimera_json_member(spec, ignored[i]))
            say_warning("%s are not supported by Kubewarden's CEL policy yet. They will be "
                        "ignored.",
                        ignored[i]);
    code = make_settings(spec, chimera_json_member(binding, "spec"), &settings, err);
    if (code < 0)
        return code;
    CHIMERA_JSON struct json_object *policy = make_policy(module, vap, binding, settings);
    return scaffold_print(options, "", policy) == EXIT_GOOD ? CHIMERA_OK : CHIMERA_EIO;
}

static int run_vap(const struct chimera_cli_options *options)
{
    struct chimera_error err = {0};
    int code = convert(options, &err);
    if (code < 0 && err.text[0])
        say_error("%s", err.text);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static const struct chimera_cli_option vap_options[] = {
    {.name = "policy",
     .letter = 'p',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "VALIDATING-ADMISSION-POLICY.yaml",
     .help = "YAML file with the ValidatingAdmissionPolicy"},
    {.name = "binding",
     .letter = 'b',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "VALIDATING-ADMISSION-POLICY-BINDING.yaml",
     .help = "YAML file with its ValidatingAdmissionPolicyBinding"},
    {.name = "cel-policy",
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "URI",
     .help = "The policy that evaluates CEL: an image reference, best with a version's tag"},
    {0},
};

const struct chimera_cli_command command_scaffold_vap = {
    .name = "vap",
    .parent = &command_scaffold,
    .about = "Convert a ValidatingAdmissionPolicy into a ClusterAdmissionPolicy",
    .description =
        "Prints a ClusterAdmissionPolicy that does what Kubernetes does by the "
        "ValidatingAdmissionPolicy and its binding, by a policy of Kubewarden's that evaluates "
        "CEL. It has the binding's name.",
    .options = vap_options,
    .run = run_vap,
};
