/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/builder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "server/base/program.h"
#include "server/config/module_path.h"
#include "server/supervisor/command.h"
#include "server/supervisor/fetcher.h"

#define SHA256_PREFIX "sha256:"
#define TARGET "server::builder"
#define ERRORS_MAX ((size_t)64 << 10)
/* chimera build --json --quiet --no-trial --tier TIER --cache-dir DIR --require-confinement
 * --opa-bundle-key PATH --opa-bundle-scope SCOPE, and NULL: whether a policy starts is found by
 * starting it */
#define FIXED_ARGUMENTS 15

struct module {             /* one file to build; several policies may want it */
    const char *name;       /* the id of the first of them; borrowed */
    char *path;             /* owned */
    char *plugin, *failure; /* owned */
    bool is_quick;
};

struct build {
    const struct builder_input *input;
    char *command;         /* owned */
    struct module *module; /* owned */
    size_t module_count;
    size_t *module_of; /* owned; by policy: its module, or SIZE_MAX */
    size_t *wanted;    /* owned: the policies whose modules are to be fetched */
    size_t wanted_count;
    struct built_plugin *plugins; /* what comes of it; by policy */
    struct fetched_module bundle; /* owned; what the signature of the bundle came to, if asked */
};

static size_t add_module(struct build *build, const char *name, const char *path, bool is_built)
{
    for (size_t i = 0; i < build->module_count; i++)
        if (strcmp(build->module[i].path, path) == 0)
            return i;
    struct module module = {.name = name, .path = strdup(path)};
    if (is_built)
        module.plugin = strdup(path);
    if (!module.path || (is_built && !module.plugin)) {
        free(module.path);
        free(module.plugin);
        return SIZE_MAX;
    }
    build->module[build->module_count] = module;
    return build->module_count++;
}

/* --- Where the modules are --- */

static int set_failure(struct build *build, size_t policy, bool is_unsigned, const char *cause,
                       struct chimera_error *err)
{
    const struct policies *policies = build->input->policies;
    build->plugins[policy].failure =
        module_explain(policies, &policies->policy[policy], is_unsigned, cause);
    build->input->progress[policy] = BUILD_FAILED;
    return build->plugins[policy].failure ? CHIMERA_OK : chimera_fail_memory(err);
}

static int place_file(struct build *build, size_t policy, const char *path, bool is_built,
                      struct chimera_error *err)
{
    build->input->progress[policy] = BUILD_WAITS;
    build->plugins[policy].has_module = true;
    build->module_of[policy] =
        add_module(build, build->input->policies->policy[policy].id, path, is_built);
    return build->module_of[policy] == SIZE_MAX ? chimera_fail_memory(err) : CHIMERA_OK;
}

/* The module of one policy, at `path`; NULL: it must be fetched first. */
static int place_module(struct build *build, size_t policy, const char *path,
                        struct chimera_error *err)
{
    const struct policy_spec *spec = &build->input->policies->policy[policy];
    if (path)
        return place_file(build, policy, path, policy_spec_is_plugin(spec, path), err);
    build->input->progress[policy] = BUILD_FETCHES;
    build->wanted[build->wanted_count++] = policy;
    return CHIMERA_OK;
}

static int collect_one(struct build *build, size_t policy, struct chimera_error *err)
{
    const struct built_plugin *served = build->input->served;
    struct built_plugin *plugin = &build->plugins[policy];
    CHIMERA_FREE char *path = NULL;
    struct chimera_error why = {0};
    build->module_of[policy] = SIZE_MAX;
    if (served && !module_origin_copy(&served[policy].origin, &plugin->origin))
        return chimera_fail_memory(err);
    if (served && !served[policy].has_module) { /* it stays out until a reload */
        plugin->failure = strdup(served[policy].failure);
        return plugin->failure ? CHIMERA_OK : chimera_fail_memory(err);
    }
    if (served && served[policy].path && !served[policy].is_quick)
        return place_file(build, policy, served[policy].path, true, err);
    if (build->bundle.failure)
        return set_failure(build, policy, true, build->bundle.failure, err);
    if (build->bundle.module && !module_origin_copy(&build->bundle.origin, &plugin->origin))
        return chimera_fail_memory(err);
    int code = module_find(&build->input->config->options, &build->input->policies->policy[policy],
                           served != NULL, &path, &why);
    return code == CHIMERA_OK
               ? place_module(build, policy, path, err)
               : set_failure(build, policy, code == CHIMERA_EUNSIGNED, why.text, err);
}

/* Sorts the policies by module; what cannot be had has failed at once. */
static int collect(struct build *build, struct chimera_error *err)
{
    /* All that is in the bundle hangs on one signature. */
    const struct builder_input *input = build->input;
    const struct bundle_origin *bundle = &input->policies->bundle;
    int code =
        !bundle->folder || !input->config->options.verification || input->served
            ? CHIMERA_OK
            : fetcher_judge_bundle(input->config, build->command, bundle, &build->bundle, err);
    for (size_t i = 0; code == CHIMERA_OK && i < build->input->policies->policy_count; i++)
        code = collect_one(build, i, err);
    return code;
}

/* What several policies want is fetched once. */
static size_t list_wanted(const struct build *build, struct fetched_module *modules,
                          size_t *module_of)
{
    const struct policies *policies = build->input->policies;
    size_t count = 0;
    for (size_t i = 0; i < build->wanted_count; i++) {
        const struct policy_spec *policy = &policies->policy[build->wanted[i]];
        size_t at = 0;
        while (at < count && strcmp(modules[at].module, policy_spec_location(policy)) != 0)
            at++;
        module_of[i] = at;
        if (at == count)
            modules[count++] =
                (struct fetched_module){.module = policy_spec_location(policy), .name = policy->id};
    }
    return count;
}

static int take_fetched(struct build *build, size_t policy, const struct fetched_module *module,
                        struct chimera_error *err)
{
    if (!module->path)
        return set_failure(build, policy, module->is_unsigned, module->failure, err);
    if (!module_origin_copy(&module->origin, &build->plugins[policy].origin))
        return chimera_fail_memory(err);
    return module->plugin ? place_file(build, policy, module->plugin, true, err)
                          : place_module(build, policy, module->path, err);
}

static int fetch_wanted(struct build *build, struct chimera_error *err)
{
    CHIMERA_FREE size_t *module_of = calloc(build->wanted_count + 1, sizeof(size_t));
    struct fetched_module *modules = calloc(build->wanted_count + 1, sizeof(*modules));
    if (!module_of || !modules) {
        free(modules);
        return chimera_fail_memory(err);
    }
    size_t count = list_wanted(build, modules, module_of);
    int code = fetcher_run(build->input->config, build->command, modules, count, err);
    for (size_t i = 0; code == CHIMERA_OK && i < build->wanted_count; i++)
        code = take_fetched(build, build->wanted[i], &modules[module_of[i]], err);
    fetched_modules_free(modules, count);
    return code;
}

/* --- The build --- */

/* The modules of one call, in the order of the lines that the command prints. */
struct round {
    struct build *build;
    struct module **modules;
    size_t count, told;
};

/* The digest of what a plugin was built from, as digits: the cache and the store name it so. */
static struct chimera_slice module_digest(const char *plugin)
{
    const char *slash = strrchr(plugin, '/');
    struct chimera_slice name = chimera_slice_of(slash ? slash + 1 : plugin);
    if (name.size > CHIMERA_DIGEST_HEX - 1)
        name.size = CHIMERA_DIGEST_HEX - 1;
    return name;
}

static void log_module(const struct module *module, struct json_object *line)
{
    struct chimera_slice name = module_digest(module->plugin);
    chimera_log_with(
        CHIMERA_LOG_INFO, TARGET,
        json_object_get_boolean(json_object_object_get(line, "cached"))
            ? CHIMERA_SLICE("module found in the cache")
            : CHIMERA_SLICE("module compiled"),
        CHIMERA_TEXT("name", chimera_slice_of(module->name)),
        CHIMERA_TEXT("path", chimera_slice_of(module->path)), CHIMERA_TEXT("sha256sum", name),
        CHIMERA_TEXT("tier", chimera_slice_of(module->is_quick ? "quick" : "full")),
        CHIMERA_NUMBER("milliseconds",
                       json_object_get_int64(json_object_object_get(line, "milliseconds"))));
}

/* A damaged cache, say. */
static void log_warnings(const struct module *module, struct json_object *line)
{
    struct json_object *warnings = NULL;
    if (!json_object_object_get_ex(line, "warnings", &warnings) ||
        !json_object_is_type(warnings, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(warnings); i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(warnings, i));
        if (text)
            chimera_log_with(CHIMERA_LOG_WARN, TARGET, chimera_slice_of(text),
                             CHIMERA_TEXT("name", chimera_slice_of(module->name)),
                             CHIMERA_TEXT("path", chimera_slice_of(module->path)));
    }
}

static void note_progress(struct build *build, size_t index)
{
    const struct module *module = &build->module[index];
    enum build_progress progress = module->failure    ? BUILD_FAILED
                                   : module->is_quick ? BUILD_QUICK
                                                      : BUILD_FULL;
    for (size_t i = 0; i < build->input->policies->policy_count; i++)
        if (build->module_of[i] == index)
            build->input->progress[i] = (uint8_t)progress;
}

static void take_line(void *context, struct chimera_slice text)
{
    struct round *round = context;
    CHIMERA_JSON struct json_object *line = NULL;
    if (round->told == round->count)
        return;
    struct module *module = round->modules[round->told];
    chimera_json_parse(text, &line, NULL);
    CHIMERA_FREE char *tier = command_copy_member(line, "tier");
    module->plugin = command_copy_member(line, "plugin");
    module->failure = module->plugin ? NULL : command_copy_member(line, "error");
    module->is_quick = tier && strcmp(tier, "quick") == 0;
    /* Whatever comes is about this module: the next line must not be taken for its. */
    if (!module->plugin && !module->failure)
        module->failure = strdup("what `chimera build` says of it cannot be read");
    if (!module->plugin && !module->failure)
        return;
    round->told++;
    note_progress(round->build, (size_t)(module - round->build->module));
    if (line)
        log_warnings(module, line);
    if (module->plugin)
        log_module(module, line);
}

/* Fails when the command ended before it had told about all. */
static int run_command(struct build *build, struct round *round, struct chimera_error *err)
{
    static char verb[] = "build", json[] = "--json", quiet[] = "--quiet", option[] = "--cache-dir",
                confined[] = "--require-confinement", no_trial[] = "--no-trial";
    static char tier[] = "--tier", full[] = "full", any[] = "any";
    CHIMERA_FREE char **argv = calloc(round->count + FIXED_ARGUMENTS, sizeof(char *));
    if (!argv)
        return chimera_fail_memory(err);
    char *const fixed[] = {build->command,
                           verb,
                           json,
                           quiet,
                           no_trial,
                           tier,
                           build->input->is_full ? full : any,
                           option,
                           build->input->config->cache_dir};
    size_t fixed_count = sizeof(fixed) / sizeof(*fixed);
    memcpy(argv, fixed, sizeof(fixed));
    if (!build->input->config->options.is_unconfined_build_allowed)
        argv[fixed_count++] = confined;
    fixed_count = command_put_option(argv, fixed_count, "--opa-bundle-key",
                                     build->input->config->options.opa_key);
    fixed_count = command_put_option(argv, fixed_count, "--opa-bundle-scope",
                                     build->input->config->options.opa_scope);
    for (size_t i = 0; i < round->count; i++)
        argv[fixed_count + i] = round->modules[i]->path;
    struct chimera_buffer errors;
    int status = 0;
    chimera_buffer_init(&errors, ERRORS_MAX);
    int code =
        child_run(&(struct child_command){.argv = argv}, take_line, round, &errors, &status, err);
    if (code == CHIMERA_OK && round->told < round->count)
        code = command_explain("build", chimera_buffer_slice(&errors), status, err);
    chimera_buffer_free(&errors);
    return code;
}

/* The command knows the folder, and not who has named it. */
static void name_cache(const char *cache, int code, struct chimera_error *why)
{
    const char *own = getenv("CHIMERA_CACHE_DIR");
    struct chimera_error said = *why;
    if (access(cache, W_OK | X_OK) == 0)
        return;
    if (own && *own)
        chimera_fail(why, code, "CHIMERA_CACHE_DIR=%.300s: %.600s", own, said.text);
    else
        chimera_fail(why, code,
                     "%.600s: the cache is in the folder of --policies-download-dir; "
                     "CHIMERA_CACHE_DIR may name another one",
                     said.text);
}

/* One module may take the command down with it, for want of memory say: the rest gets another. */
static int build_round(struct build *build, struct round round, struct chimera_error *err)
{
    while (round.count > 0) {
        struct chimera_error why = {0};
        int code = run_command(build, &round, &why);
        if (code == CHIMERA_OK)
            return code;
        name_cache(round.build->input->config->cache_dir, code, &why);
        round.modules[round.told]->failure = strdup(why.text);
        if (!round.modules[round.told]->failure)
            return chimera_fail_memory(err);
        round.modules += round.told + 1;
        round.count -= round.told + 1;
        round.told = 0;
    }
    return CHIMERA_OK;
}

/* What a build that was killed has left is swept up by the next one; where there is nothing to
 * build, by nobody else. */
static bool has_remains(const char *cache)
{
    bool has_some = false;
    CHIMERA_FREE char *folder = chimera_path_join(cache, "scratch");
    DIR *stream = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; stream && !has_some && (entry = readdir(stream));)
        has_some = strncmp(entry->d_name, "build-", 6) == 0;
    if (stream)
        closedir(stream);
    return has_some;
}

static void hear_nothing(void *context, struct chimera_slice line)
{
    (void)context, (void)line;
}

static void sweep_cache(const struct build *build)
{
    static char verb[] = "cache", action[] = "prune", option[] = "--cache-dir";
    char *const argv[] = {
        build->command, verb, action, option, build->input->config->cache_dir, NULL};
    struct chimera_buffer errors;
    int status;
    if (!has_remains(build->input->config->cache_dir))
        return;
    chimera_buffer_init(&errors, ERRORS_MAX);
    child_run(&(struct child_command){.argv = argv}, hear_nothing, NULL, &errors, &status, NULL);
    chimera_buffer_free(&errors); /* what it cannot remove stays, as before */
}

static int build_modules(struct build *build, struct chimera_error *err)
{
    CHIMERA_FREE struct module **modules = calloc(build->module_count + 1, sizeof(struct module *));
    struct round round = {.build = build, .modules = modules};
    if (!modules)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < build->module_count; i++) {
        if (build->module[i].plugin)
            note_progress(build, i);
        else
            modules[round.count++] = &build->module[i];
    }
    if (round.count == 0) {
        sweep_cache(build);
        return CHIMERA_OK;
    }
    chimera_log_with(CHIMERA_LOG_INFO, TARGET,
                     CHIMERA_SLICE("building what the cache does not hold"),
                     CHIMERA_NUMBER("modules", (int64_t)round.count),
                     CHIMERA_TEXT("cache", chimera_slice_of(build->input->config->cache_dir)));
    return build_round(build, round, err);
}

static int hand_out(struct build *build, size_t count, struct chimera_error *err)
{
    struct built_plugin *plugins = build->plugins;
    int code = CHIMERA_OK;
    for (size_t i = 0; code == CHIMERA_OK && i < count; i++) {
        if (build->module_of[i] == SIZE_MAX)
            continue;
        const struct module *module = &build->module[build->module_of[i]];
        /* Between the look at a file's signature and its build others who write to the store may
         * have replaced it: the build says what it was made from. */
        if (module->plugin && plugins[i].origin.module &&
            (!chimera_slice_starts(chimera_slice_of(plugins[i].origin.module), SHA256_PREFIX) ||
             !chimera_slice_is(module_digest(module->plugin),
                               plugins[i].origin.module + strlen(SHA256_PREFIX)))) {
            build->plugins[i].has_module = false;
            code = set_failure(
                build, i, true,
                "its file in the store was replaced after it was verified and before it was "
                "built: reload, or start again, to fetch it anew",
                err);
            continue;
        }
        plugins[i].path = module->plugin ? strdup(module->plugin) : NULL;
        plugins[i].failure = module->plugin ? NULL : strdup(module->failure);
        plugins[i].is_quick = module->is_quick;
        if (!plugins[i].path && !plugins[i].failure)
            return chimera_fail_memory(err);
    }
    return code;
}

static void free_build(struct build *build)
{
    for (size_t i = 0; i < build->module_count; i++) {
        free(build->module[i].path);
        free(build->module[i].plugin);
        free(build->module[i].failure);
    }
    free(build->module);
    free(build->module_of);
    free(build->wanted);
    free(build->command);
    fetched_module_done(&build->bundle);
}

int builder_run(const struct builder_input *input, struct built_plugin **ret_plugins,
                struct chimera_error *err)
{
    size_t count = input->policies->policy_count;
    struct build build = {.input = input,
                          .command = command_find(),
                          .module = calloc(count + 1, sizeof(struct module)),
                          .module_of = calloc(count + 1, sizeof(size_t)),
                          .wanted = calloc(count + 1, sizeof(size_t)),
                          .plugins = calloc(count + 1, sizeof(struct built_plugin))};
    int code = CHIMERA_OK;
    if (!build.command || !build.module || !build.module_of || !build.wanted || !build.plugins)
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = collect(&build, err);
    if (code == CHIMERA_OK)
        code = fetch_wanted(&build, err);
    if (code == CHIMERA_OK)
        code = build_modules(&build, err);
    if (code == CHIMERA_OK)
        code = hand_out(&build, count, err);
    free_build(&build);
    if (code == CHIMERA_OK)
        *ret_plugins = build.plugins;
    else
        built_plugins_free(build.plugins, count);
    return code;
}
