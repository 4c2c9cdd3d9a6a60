/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - `chimera bundle`: all that a server needs, in one folder (runtime/plugin/bundle.h). */
#include "runtime/plugin/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/build.h"
#include "compiler/fetch/signed_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/manifest.h"
#include "runtime/source/policies.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "toolchain/command/checking/set_check.h"
#include "toolchain/command/checking/trial.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/fetch_many.h"
#include "toolchain/command/interrupt.h"
#include "toolchain/command/operate/bundle_place.h"
#include "toolchain/command/operate/bundle_plugin.h"

#define FILE_MAX ((size_t)64 << 20)

struct module {                                 /* one reference, as policies.yml writes it */
    const char *name;                           /* borrowed from the policies, as the next two */
    const char *location, *meant;               /* as of struct policy_spec */
    char *path;                                 /* owned; NULL: it cannot be had */
    char signed_digest[CHIMERA_OCI_DIGEST_MAX]; /* of struct chimera_fetched */
    struct chimera_digest wasm, manifest;
    bool is_plugin; /* built before: the file is a .so */
    char stem[160];
};

struct task {
    const char *path; /* of policies.yml */
    const struct chimera_fetch_options *fetch;
    const char *folder; /* where the bundle is made */
    const char *key;    /* file of the private key that signs it; NULL: it is not signed */
    bool has_no_trial, has_no_check, is_quiet;
    struct set_check check;
    struct chimera_progress *progress;
    struct chimera_buffer text; /* of policies.yml */
    struct policies policies;
    struct module *module; /* owned */
    size_t module_count, missing;
    size_t *module_of; /* owned; by policy */
};

/* --- What is in it --- */

static void warn(void *context, const char *line)
{
    (void)context;
    chimera_printable_say(stderr, "Warning", "%s", line);
}

static int read_policies(struct task *task, struct chimera_error *err)
{
    int code = set_check_read(&task->check, task->path, &task->text, &task->policies, err);
    if (code < 0)
        return code;
    if (task->policies.warnings && task->has_no_check) /* else it tells them */
        chimera_lines_each(chimera_slice_of(task->policies.warnings), warn, NULL);
    task->module = calloc(task->policies.policy_count + 1, sizeof(*task->module));
    task->module_of = calloc(task->policies.policy_count + 1, sizeof(*task->module_of));
    if (!task->module || !task->module_of)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < task->policies.policy_count; i++) {
        const struct policy_spec *policy = &task->policies.policy[i];
        const char *name = policy->module;
        size_t at = 0;
        while (at < task->module_count && strcmp(task->module[at].name, name) != 0)
            at++;
        task->module_of[i] = at;
        if (at == task->module_count)
            task->module[task->module_count++] =
                (struct module){.name = name,
                                .location = policy_spec_location(policy),
                                .meant = policy->meant ? policy->meant : ""};
    }
    return CHIMERA_OK;
}

/* FOLDER/plugins/STEM.so is there: what the manifest says about it. */
static int note_plugin(struct module *module, const char *so, struct chimera_error *err)
{
    const char *name = strrchr(so, '/') + 1;
    struct chimera_manifest manifest = {0};
    CHIMERA_FREE char *path = NULL;
    snprintf(module->stem, sizeof(module->stem), "%.*s", (int)(strlen(name) - strlen(".so")), name);
    if (asprintf(&path, "%.*s.json", (int)(strlen(so) - strlen(".so")), so) < 0) {
        path = NULL;
        return chimera_fail_memory(err);
    }
    int code = chimera_manifest_read(path, &manifest, err);
    if (code < 0)
        return code;
    module->wasm = manifest.wasm;
    chimera_manifest_done(&manifest);
    code = chimera_fetched_check(module->signed_digest, &module->wasm, module->path, err);
    if (code < 0)
        return code;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    return chimera_digest_of_fd(fd, &module->manifest, err);
}

static int make_plugin(const struct task *task, struct chimera_builder *builder,
                       const struct module *module, struct chimera_built *ret_built,
                       struct chimera_error *err)
{
    if (!module->is_plugin)
        return chimera_build(builder, module->path, CHIMERA_MODE_NONE, CHIMERA_TIER_FULL, ret_built,
                             err);
    return bundle_copy_plugin(module->path, task->folder, ret_built, err);
}

static int build_module(const struct task *task, struct chimera_builder *builder,
                        struct module *module, struct chimera_error *err)
{
    struct chimera_built built = {0};
    struct chimera_error why = {0};
    int code = make_plugin(task, builder, module, &built, err);
    if (code < 0)
        return code;
    chimera_progress_end(task->progress, built.was_cached ? NULL : chimera_tier_name(built.tier));
    if (!built.was_cached)
        confinement_warn();
    if (built.warning)
        say_warning("%s: %s", module->name, built.warning);
    code = note_plugin(module, built.plugin, err);
    if (code == CHIMERA_OK && !task->has_no_trial && !trial_starts(built.plugin, &why))
        code = chimera_fail(err, why.code, "%s: %s", module->name, why.text);
    chimera_built_done(&built);
    return code;
}

/* Names the policies that the module is for, by the first of them. */
static void say_failure(const struct task *task, size_t module, const char *why)
{
    const char *first = NULL;
    size_t more = 0;
    for (size_t i = 0; i < task->policies.policy_count; i++) {
        if (task->module_of[i] != module)
            continue;
        more += first != NULL;
        first = first ? first : task->policies.policy[i].id;
    }
    if (more)
        say_error("policy \"%s\" and %zu more: %s", first, more, why);
    else
        say_error("policy \"%s\": %s", first, why);
}

/* The first with the module. */
static const struct policy_spec *policy_of(const struct task *task, size_t module)
{
    size_t at = 0;
    while (task->module_of[at] != module)
        at++;
    return &task->policies.policy[at];
}

static int take_fetched(void *context, size_t index, int code,
                        const struct chimera_fetched *fetched, const struct chimera_error *err)
{
    struct task *task = context;
    CHIMERA_FREE char *why = NULL;
    fetch_warn_of_trust(fetched);
    memcpy(task->module[index].signed_digest, fetched->module_digest,
           sizeof(fetched->module_digest));
    if (code == CHIMERA_OK)
        task->module[index].path = strdup(fetched->path);
    task->module[index].is_plugin =
        code == CHIMERA_OK && policy_spec_is_plugin(policy_of(task, index), fetched->path);
    if (task->module[index].path)
        return EXIT_GOOD;
    task->missing++;
    const char *name = task->module[index].name, *meant = task->module[index].meant;
    int shown = strstr(err->text, name) ? 0 : (int)strcspn(name, "?"); /* a query may be a secret */
    if (code < 0 && asprintf(&why, "%.*s%s%s%s%s%s", shown, name, shown ? ": " : "", err->text,
                             *meant ? "; there is a file of that name: is `" : "", meant,
                             *meant ? "` meant?" : "") < 0)
        why = NULL;
    say_failure(task, index, why ? why : "out of memory");
    return EXIT_FAILED;
}

/* One that cannot be had leaves the others to be looked at. */
static int fetch_modules(struct task *task, struct chimera_error *err)
{
    CHIMERA_FREE const char **names = (const char **)calloc(task->module_count + 1, sizeof(*names));
    if (!names)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < task->module_count; i++)
        names[i] = task->module[i].location;
    fetch_many(task->fetch, names, task->module_count, take_fetched, task);
    return CHIMERA_OK;
}

/* --- Is it good? --- */

static int fail_bundle(const struct task *task, size_t found, struct chimera_error *err)
{
    size_t mistakes = found + task->missing;
    return chimera_fail(err, CHIMERA_EINVAL, "no bundle was made of %s: %zu mistake%s%s",
                        task->path, mistakes, mistakes == 1 ? "" : "s",
                        found > 0 ? "; --no-check does not look for more than can be built" : "");
}

/* In the quick tier, before an hour of compiling. */
static void check_policies(struct task *task, struct findings *findings)
{
    for (size_t i = 0; i < task->policies.policy_count; i++) {
        const char *path = task->module[task->module_of[i]].path;
        if (path && !task->has_no_trial)
            set_check_policy(&task->check, i, path, findings);
    }
}

static int check_set(struct task *task, const struct chimera_build_options *options,
                     struct chimera_error *err)
{
    struct findings findings = {0};
    if (task->has_no_check)
        return CHIMERA_OK;
    task->check.path = task->path;
    task->check.text = chimera_buffer_slice(&task->text);
    task->check.policies = &task->policies;
    int code = chimera_builder_new(options, &task->check.builder, err);
    if (code == CHIMERA_OK) {
        set_check_file(&task->check, &findings);
        check_policies(task, &findings);
    }
    chimera_builder_free(task->check.builder);
    chimera_progress_clear(options->progress);
    findings_say(&findings, task->is_quiet);
    size_t found = findings.errors;
    findings_done(&findings);
    return code == CHIMERA_OK && found + task->missing > 0 ? fail_bundle(task, found, err) : code;
}

/* --- Its plugins --- */

/* Goes on after a failure, so that one call tells all that is wrong. */
static int build_modules(struct task *task, struct chimera_build_options *options,
                         struct chimera_error *err)
{
    struct chimera_builder *builder = NULL;
    size_t failures = task->missing;
    options->output = task->folder;
    int code = chimera_builder_new(options, &builder, err);
    if (code < 0)
        return code;
    for (size_t i = 0; i < task->module_count; i++) {
        struct chimera_error why = {0};
        if (!task->module[i].path)
            continue;
        chimera_progress_begin(options->progress, task->module[i].name, i + 1, task->module_count);
        code = build_module(task, builder, &task->module[i], &why);
        chimera_progress_end(options->progress, NULL);
        if (code < 0)
            say_failure(task, i, why.text);
        failures += code < 0;
    }
    chimera_builder_free(builder);
    if (failures == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_ETOOL,
                        "no bundle was made: %zu of %zu modules cannot be built", failures,
                        task->module_count);
}

/* --- policies.yml with digests in place of references --- */

static int set_module(struct json_object *entry, const struct module *module)
{
    char hex[CHIMERA_DIGEST_HEX], text[sizeof(hex) + 8];
    chimera_digest_hex(&module->wasm, hex);
    snprintf(text, sizeof(text), "sha256:%s", hex);
    struct json_object *value = json_object_new_string(text);
    return value && json_object_object_add(entry, "module", value) == 0 ? CHIMERA_OK
                                                                        : CHIMERA_ENOMEM;
}

static int replace_modules(const struct task *task, struct json_object *tree)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < task->policies.policy_count && code == CHIMERA_OK; i++) {
        const struct policy_spec *policy = &task->policies.policy[i];
        struct json_object *entry = NULL;
        if (policy->group == NO_GROUP) {
            entry = json_object_object_get(tree, policy->name);
        } else {
            entry = json_object_object_get(tree, task->policies.group[policy->group].name);
            entry = json_object_object_get(json_object_object_get(entry, "policies"), policy->name);
        }
        code = set_module(entry, &task->module[task->module_of[i]]);
    }
    return code;
}

static int write_policies(const struct task *task, struct chimera_digest *ret_digest,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(task->folder, CHIMERA_BUNDLE_POLICIES);
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer out;
    if (!path)
        return chimera_fail_memory(err);
    int code = chimera_yaml_parse(chimera_buffer_slice(&task->text), &policies_yaml, &tree, err);
    if (code == CHIMERA_OK && replace_modules(task, tree) < 0)
        code = chimera_fail_memory(err);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, FILE_MAX);
    chimera_yaml_write(tree, &out);
    if (out.failed || chimera_digest_of(chimera_buffer_slice(&out), ret_digest) < 0)
        code = chimera_fail(err, CHIMERA_ELIMIT, "cannot write %s: %s", path,
                            chimera_code_text(out.failed));
    else
        code = chimera_file_write(path, chimera_buffer_slice(&out), CHIMERA_FILE_CODE, err);
    chimera_buffer_free(&out);
    return code;
}

/* --- manifest.json --- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_stems(const void *a, const void *b)
{
    return strcmp(((const struct chimera_bundle_plugin *)a)->stem,
                  ((const struct chimera_bundle_plugin *)b)->stem);
}

/* Two references may lead to one plugin. */
static int add_module(struct chimera_bundle *bundle, const struct module *module)
{
    size_t at = 0;
    while (at < bundle->count && strcmp(bundle->plugin[at].stem, module->stem) != 0)
        at++;
    struct chimera_bundle_plugin *plugin = &bundle->plugin[at];
    if (at == bundle->count) {
        *plugin = (struct chimera_bundle_plugin){
            .stem = strdup(module->stem), .wasm = module->wasm, .manifest = module->manifest};
        if (!plugin->stem)
            return CHIMERA_ENOMEM;
        bundle->count++;
    }
    char **modules = reallocarray(plugin->modules, plugin->module_count + 1, sizeof(char *));
    if (!modules)
        return CHIMERA_ENOMEM;
    plugin->modules = modules;
    modules[plugin->module_count] = strdup(module->name);
    return modules[plugin->module_count++] ? CHIMERA_OK : CHIMERA_ENOMEM;
}

/* In an order that the names alone decide, so that the bytes do not depend on anything else. */
static int write_manifest(const struct task *task, const struct chimera_digest *policies,
                          struct chimera_error *err)
{
    struct chimera_bundle bundle = {
        .policies = *policies, .plugin = calloc(task->module_count + 1, sizeof(*bundle.plugin))};
    int code = bundle.plugin ? CHIMERA_OK : CHIMERA_ENOMEM;
    for (size_t i = 0; i < task->module_count && code == CHIMERA_OK; i++)
        code = add_module(&bundle, &task->module[i]);
    for (size_t i = 0; i < bundle.count && code == CHIMERA_OK; i++)
        qsort(bundle.plugin[i].modules, bundle.plugin[i].module_count, sizeof(char *),
              compare_names);
    if (code == CHIMERA_OK) {
        qsort(bundle.plugin, bundle.count, sizeof(*bundle.plugin), compare_stems);
        code = chimera_bundle_write(task->folder, &bundle, err);
    } else {
        chimera_fail_memory(err);
    }
    chimera_bundle_done(&bundle);
    return code;
}

/* manifest.json has the digests of all others, so that its signature is theirs, too. */
static int sign(const struct task *task, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(task->folder, CHIMERA_BUNDLE_MANIFEST);
    if (!path)
        return chimera_fail_memory(err);
    return chimera_signed_file_write(path, task->key, getenv("COSIGN_PASSWORD"), err);
}

/* --- All of it --- */

static int make_bundle(struct task *task, const char *target, struct chimera_build_options *options,
                       struct chimera_error *err)
{
    struct chimera_digest policies;
    int code = read_policies(task, err);
    if (code == CHIMERA_OK)
        code = bundle_check_target(target, err); /* before an hour of compiling */
    if (code == CHIMERA_OK)
        code = fetch_modules(task, err);
    if (code == CHIMERA_OK)
        code = check_set(task, options, err);
    if (code == CHIMERA_OK)
        code = build_modules(task, options, err);
    if (code == CHIMERA_OK)
        code = write_policies(task, &policies, err);
    if (code == CHIMERA_OK)
        code = write_manifest(task, &policies, err);
    if (code == CHIMERA_OK && task->key)
        code = sign(task, err);
    return code < 0 ? code : bundle_put_in_place(task->folder, target, err);
}

static void free_task(struct task *task)
{
    chimera_buffer_free(&task->text);
    policies_done(&task->policies);
    for (size_t i = 0; i < task->module_count; i++)
        free(task->module[i].path);
    free(task->module);
    free(task->module_of);
}

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

static int bundle(const struct chimera_cli_options *options, const struct fetch_flags *flags,
                  const struct set_check *check, struct chimera_build_options *build)
{
    const char *target = chimera_cli_value(options, "output");
    struct task task = {.path = options->arguments[0],
                        .fetch = &flags->fetch,
                        .key = chimera_cli_value(options, "sign-key"),
                        .progress = build->progress,
                        .has_no_trial = chimera_cli_is_given(options, "no-trial"),
                        .has_no_check = chimera_cli_is_given(options, "no-check"),
                        .is_quiet = option_quiet(options),
                        .check = *check};
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    CHIMERA_FREE char *folder = bundle_make_folder(target, &err);
    if (!folder)
        return say_error("%s", err.text);
    task.folder = folder;
    chimera_buffer_init(&task.text, FILE_MAX);
    interrupt_catch();
    int code = make_bundle(&task, target, build, &err);
    free_task(&task);
    if (code < 0)
        chimera_folder_remove(folder, NULL);
    interrupt_release();
    if (code < 0)
        chimera_error_each(&err, say, NULL);
    chimera_buffer_free(&details);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int run_bundle(const struct chimera_cli_options *options)
{
    struct chimera_progress progress;
    struct fetch_flags flags;
    struct set_check check;
    struct chimera_error err = {0};
    unsigned jobs = 0;
    if (!option_jobs(options, &jobs))
        return EXIT_USAGE;
    if (set_check_init(options, &check, &err) < 0 || fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    flags.fetch.shows_progress = false; /* lines of several would overwrite each other */
    progress_open(options, &progress);
    struct chimera_build_options build = {
        .cache_folder = chimera_cli_value(options, "cache-dir"),
        .jobs = jobs,
        .progress = &progress,
        .launcher = getenv(CHIMERA_LAUNCHER_VARIABLE),
        .must_confine = chimera_cli_is_given(options, "require-confinement"),
    };
    int code = bundle(options, &flags, &check, &build);
    fetch_flags_done(&flags);
    return code;
}

static const struct chimera_cli_option bundle_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "DIR",
     .help =
         "The bundle; a bundle that is there already is replaced at once, anything else is not"},
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    {.name = "offline",
     .section = SECTION_REGISTRIES,
     .help = "Ask no registry: what is in the store, or nothing"},
    FETCH_FLAG_SIGN_KEY("the bundle"),
    OPTION_CACHE_DIR,
    OPTION_JOBS,
    {.name = "no-check",
     .section = SECTION_BUILDS,
     .help = "Do not look whether the set is good (`chimera check`): a server takes sets that this "
             "refuses"},
    SET_CHECK_FLAGS,
    {.name = "no-trial",
     .section = SECTION_BUILDS,
     .help = "Do not try whether the policies can start here and take their settings; without it "
             "one that cannot is an error"},
    OPTION_QUIET,
    OPTION_REQUIRE_CONFINEMENT,
    {0},
};

static const struct chimera_cli_argument bundle_arguments[] = {
    {.name = "POLICIES", .is_required = true, .help = "The policies.yml of a server"},
    {0},
};

const struct chimera_cli_command command_bundle = {
    .name = "bundle",
    .about = "Compile all policies of a policies.yml into a folder that a server starts from",
    .description =
        "Fetches each module that the file names into the store, verified when signatures are "
        "asked for, tells all that is wrong as `chimera check` does, builds each module in the "
        "full tier, and writes DIR/plugins, "
        "DIR/policies.yml with the digests of the modules in place of their references, and "
        "DIR/manifest.json, which locks all of it by digests. `chimera-server --bundle DIR` serves "
        "it, compiles nothing and needs no compiler. With --sign-key a server that asks for "
        "signatures serves it, too: DIR/manifest.json.sigstore.json is what `cosign verify-blob "
        "--bundle` takes.\n"
        "The same file, the same modules, the same tools give the same bytes. Nothing is left "
        "behind by a call that failed; DIR is whole from the moment it is there.",
    .options = bundle_options,
    .arguments = bundle_arguments,
    .run = run_bundle,
};
