/* SPDX-License-Identifier: Apache-2.0 */
/* push.c - `chimera push`: a policy into a registry. */
#include "compiler/fetch/push.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/build.h"
#include "compiler/fetch/native.h"
#include "compiler/fetch/signature/private_key.h"
#include "compiler/lower/read.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/mode.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/interrupt.h"
#include "toolchain/command/policy_module.h"

struct pushed {            /* references by digest, owned */
    char *policy, *plugin; /* the latter of --native */
};

static void warn_skipped(void *context, const char *key)
{
    (void)context;
    say_warning("the annotation %s has several lines and is not pushed", key);
}

/* One that cannot be read is pushed as it is: --force says so. */
static bool is_rego(const struct policy_module *file)
{
    struct chimera_module *module = NULL;
    if (chimera_module_read(file->path, chimera_buffer_slice(&file->bytes), &module, NULL) < 0)
        return false;
    bool is_rego = chimera_module_exports_prefix(module, "opa_");
    chimera_module_free(module);
    return is_rego;
}

/* What may be pushed: annotated, or by --force, but then no Rego, which nobody could run. */
static int check_annotated(const struct chimera_cli_options *options,
                           const struct policy_module *module)
{
    if (module->metadata.is_annotated)
        return EXIT_GOOD;
    const char *force = chimera_cli_value(options, "force");
    if (!chimera_cli_is_given(options, "force") || (force && !chimera_cli_is_on(force)))
        return say_error("Cannot push a policy that is not annotated. Use `annotate` command or "
                         "`push --force`");
    say_warning("pushing a non-annotated policy!");
    return is_rego(module) ? say_error("Rego policies cannot be pushed without metadata")
                           : EXIT_GOOD;
}

static bool is_json(const struct chimera_cli_options *options)
{
    const char *output = chimera_cli_value(options, "output");
    return output && strcmp(output, "json") == 0;
}

static int push(const struct chimera_cli_options *options, const struct fetch_flags *flags,
                const struct policy_module *module, char **ret_reference)
{
    struct chimera_error err = {0};
    if (module->is_opa_bundle)
        return say_error("%s: an OPA bundle cannot be pushed: registries have modules; unpack its "
                         "policy.wasm, annotate and push that, and give its data as settings",
                         module->path);
    const struct chimera_push_input input = {
        .path = module->path,
        .uri = options->arguments[1],
        .annotations = json_object_object_get(module->metadata.tree, "annotations"),
        .skip = warn_skipped,
    };
    if (chimera_push(&flags->fetch, &input, ret_reference, &err) < 0)
        return say_error("%s", err.text);
    if (!is_json(options))
        printf("Policy successfully pushed: %s\n", *ret_reference);
    fflush(stdout); /* before what may be said of the plugin */
    return EXIT_GOOD;
}

/* --- The plugin beside it --- */

/* A key that does not open is told before anything is pushed. */
static int check_key(const struct chimera_cli_options *options)
{
    const char *path = chimera_cli_value(options, "sign-key");
    EVP_PKEY *key = NULL;
    struct chimera_error err = {0};
    if (!path)
        return EXIT_GOOD;
    if (!chimera_cli_is_given(options, "native"))
        return chimera_cli_refuse(options->program, options->command,
                                  "the argument '--sign-key <PATH>' is for '--native'; policies "
                                  "are signed by cosign");
    int code = chimera_private_key_open(path, getenv("COSIGN_PASSWORD"), &key, &err);
    EVP_PKEY_free(key);
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

/* The reference of the policy is by its digest, so that the plugin cannot come to lie beside
 * another one that is pushed to the tag meanwhile. */
static int push_plugin(const struct chimera_cli_options *options, const struct fetch_flags *flags,
                       const char *plugin, struct pushed *pushed, struct chimera_error *err)
{
    const struct chimera_native_input input = {
        .uri = pushed->policy,
        .plugin = plugin,
        .key = chimera_cli_value(options, "sign-key"),
        .password = getenv("COSIGN_PASSWORD"),
    };
    int code = chimera_native_push(&flags->fetch, &input, &pushed->plugin, err);
    if (code == CHIMERA_OK && !is_json(options))
        printf("Plugin successfully pushed: %s\n", pushed->plugin);
    return code;
}

static int build_plugin(const struct chimera_cli_options *options, const struct fetch_flags *flags,
                        const struct policy_module *module, struct pushed *pushed)
{
    struct chimera_progress progress;
    struct chimera_builder *builder = NULL;
    struct chimera_built built = {0};
    struct chimera_error err = {0};
    progress_open(options, &progress);
    const struct chimera_build_options build = {.progress = &progress};
    chimera_progress_begin(&progress, module->path, 1, 1);
    interrupt_catch();
    int code = chimera_builder_new(&build, &builder, &err);
    if (code == CHIMERA_OK)
        code = chimera_build(builder, module->path, CHIMERA_MODE_NONE, CHIMERA_TIER_FULL, &built,
                             &err);
    chimera_progress_end(
        &progress, code == CHIMERA_OK && !built.was_cached ? chimera_tier_name(built.tier) : NULL);
    if (code == CHIMERA_OK && !built.was_cached)
        confinement_warn();
    if (code == CHIMERA_OK)
        code = push_plugin(options, flags, built.plugin, pushed, &err);
    chimera_built_done(&built);
    chimera_builder_free(builder);
    interrupt_release();
    return code < 0 ? say_error("%s", err.text) : EXIT_GOOD;
}

/* No end of line, as the reference writes it. */
static void print_json(const struct pushed *pushed)
{
    printf("{\"immutable_ref\":\"%s\"", pushed->policy);
    if (pushed->plugin)
        printf(",\"plugin_ref\":\"%s\"", pushed->plugin);
    printf("}");
}

static int run_push(const struct chimera_cli_options *options)
{
    struct fetch_flags flags;
    struct policy_module module = {0};
    struct pushed pushed = {0};
    struct chimera_error err = {0};
    int key = check_key(options);
    if (key != EXIT_GOOD)
        return key;
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    int code = policy_module_open(options->arguments[0], NULL, &module, &err) < 0 ||
                       policy_module_must_be(&module, "to push it", &err) < 0
                   ? say_error("%s", err.text)
                   : check_annotated(options, &module);
    if (code == EXIT_GOOD)
        code = push(options, &flags, &module, &pushed.policy);
    if (code == EXIT_GOOD && chimera_cli_is_given(options, "native"))
        code = build_plugin(options, &flags, &module, &pushed);
    if (code == EXIT_GOOD && is_json(options))
        print_json(&pushed);
    free(pushed.policy);
    free(pushed.plugin);
    policy_module_done(&module);
    fetch_flags_done(&flags);
    return code;
}

static const char *const formats[] = {"text", "json", NULL};

static const struct chimera_cli_option push_options[] = {
    {.name = "force",
     .letter = 'f',
     .kind = CHIMERA_CLI_SWITCH,
     .help = "Push the policy although it is not annotated"},
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FORMAT",
     .initial = "text",
     .choices = formats,
     .help = "How the reference to what was pushed is printed"},
    {.name = "native",
     .help = "Build the policy for this machine, too, and push the plugin beside it: servers that "
             "trust the key take it in place of compiling"},
    FETCH_FLAG_SIGN_KEY("the plugin"),
    FETCH_FLAG_DOCKER_CONFIG,
    FETCH_FLAG_SOURCES,
    FETCH_FLAG_STORE,
    OPTION_QUIET,
    {0},
};

static const struct chimera_cli_argument push_arguments[] = {
    {.name = "policy",
     .is_required = true,
     .help = "A path, or the URI or the beginning of the digest of a policy in the store"},
    {.name = "uri", .is_required = true, .help = "Where to: registry://HOST/NAME:TAG"},
    {0},
};

const struct chimera_cli_command command_push = {
    .name = "push",
    .about = "Push a policy to a registry",
    .description =
        "Uploads the module and a manifest as Kubewarden's tools lay them out, with the policy's "
        "annotations that have one line, and prints the reference by digest: what is to be signed "
        "and deployed.",
    .options = push_options,
    .arguments = push_arguments,
    .run = run_push,
};
