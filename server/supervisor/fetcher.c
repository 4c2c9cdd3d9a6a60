/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/fetcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "server/base/program.h"
#include "server/supervisor/command.h"

#define TARGET "server::fetcher"
#define ERRORS_MAX ((size_t)64 << 10)
/* chimera fetch, six options with their values, --bundle, and NULL */
#define FIXED_ARGUMENTS_MAX 16

/* The modules of one call, in the order of the lines that the command prints. */
struct round {
    struct fetched_module *modules;
    size_t count, told;
    bool is_bundle;  /* a bundle is to be judged, whose folder the module is */
    bool has_warned; /* of the trust root */
};

static void log_module(const struct fetched_module *module)
{
    const struct module_origin *origin = &module->origin;
    const char *path = module->plugin ? module->plugin : module->path;
    if (module->failure)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("policy download failed"),
                         CHIMERA_TEXT("name", chimera_slice_of(module->name)),
                         CHIMERA_TEXT("module", chimera_slice_of(module->module)),
                         CHIMERA_TEXT("error", chimera_slice_of(module->failure)));
    else
        chimera_log_with(
            CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("policy download"),
            CHIMERA_TEXT("name", chimera_slice_of(module->name)),
            CHIMERA_TEXT("module", chimera_slice_of(module->module)),
            CHIMERA_TEXT("path", chimera_slice_of(path)),
            CHIMERA_TEXT("digest", chimera_slice_of(origin->digest ? origin->digest : "")),
            CHIMERA_TEXT("signers", chimera_slice_of(origin->signers ? origin->signers : "")));
}

static void log_bundle(const struct fetched_module *verdict)
{
    const struct module_origin *origin = &verdict->origin;
    if (verdict->failure)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("bundle cannot be verified"),
                         CHIMERA_TEXT("bundle", chimera_slice_of(verdict->module)),
                         CHIMERA_TEXT("error", chimera_slice_of(verdict->failure)));
    else
        chimera_log_with(
            CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("bundle verified"),
            CHIMERA_TEXT("bundle", chimera_slice_of(verdict->module)),
            CHIMERA_TEXT("digest", chimera_slice_of(origin->digest ? origin->digest : "")),
            CHIMERA_TEXT("signers", chimera_slice_of(origin->signers ? origin->signers : "")));
}

/* The same of all, so once a round. */
static void warn_of_trust(struct round *round, struct json_object *line)
{
    CHIMERA_FREE char *text = command_copy_member(line, "trust");
    if (text && !round->has_warned)
        chimera_log(CHIMERA_LOG_WARN, TARGET, chimera_slice_of(text));
    round->has_warned = round->has_warned || text;
}

static void take_line(void *context, struct chimera_slice text)
{
    struct round *round = context;
    CHIMERA_JSON struct json_object *line = NULL;
    if (round->told == round->count || chimera_json_parse(text, &line, NULL) < 0)
        return;
    struct fetched_module *module = &round->modules[round->told];
    module->path = command_copy_member(line, "path");
    module->failure = module->path ? NULL : command_copy_member(line, "error");
    if (!module->path && !module->failure)
        return;
    module->is_unsigned = json_object_get_boolean(json_object_object_get(line, "unsigned"));
    module->origin = (struct module_origin){
        .digest = command_copy_member(line, "digest"),
        .signers = command_copy_member(line, "signers"),
        .module = command_copy_member(line, "module"),
        .fetched_s = time(NULL),
    };
    module->plugin = command_copy_member(line, "plugin");
    round->told++;
    if (round->is_bundle)
        log_bundle(module);
    else
        log_module(module);
    warn_of_trust(round, line);
    CHIMERA_FREE char *note = command_copy_member(line, "note");
    if (note)
        chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                         CHIMERA_SLICE("plugins in the registry do not do; compiling"),
                         CHIMERA_TEXT("name", chimera_slice_of(module->name)),
                         CHIMERA_TEXT("reason", chimera_slice_of(note)));
}

static size_t put_option(char **argv, size_t count, const char *option, const char *value)
{
    if (!value)
        return count;
    argv[count] = (char *)(uintptr_t)option; /* as exec's prototype wants it */
    argv[count + 1] = (char *)(uintptr_t)value;
    return count + 2;
}

static size_t put_fixed(char **argv, const struct config *config, const char *command)
{
    const struct options *options = &config->options;
    size_t count = put_option(argv, 0, command, "fetch");
    count = put_option(argv, count, "--store", options->download_dir);
    count = put_option(argv, count, "--sources-path", options->sources);
    count = put_option(argv, count, "--docker-config-json-path", options->docker_config);
    count = put_option(argv, count, "--verification-config-path", options->verification);
    count = put_option(argv, count, "--trusted-builder-key", options->builder_key);
    return put_option(argv, count, "--sigstore-trust-config", options->sigstore_trust_config);
}

/* Fails when the command ended before it had told about all. */
static int run_command(const struct config *config, const char *command, struct round *round,
                       struct chimera_error *err)
{
    CHIMERA_FREE char **argv = calloc(round->count + FIXED_ARGUMENTS_MAX, sizeof(char *));
    static char bundle[] = "--bundle";
    struct chimera_buffer errors;
    int status = 0;
    if (!argv)
        return chimera_fail_memory(err);
    size_t count = put_fixed(argv, config, command);
    if (round->is_bundle)
        argv[count++] = bundle;
    for (size_t i = 0; i < round->count; i++)
        argv[count + i] = (char *)(uintptr_t)round->modules[i].module;
    chimera_buffer_init(&errors, ERRORS_MAX);
    int code = child_run(argv, take_line, round, &errors, &status, err);
    if (code == CHIMERA_OK && round->told < round->count)
        code = command_explain("fetch", chimera_buffer_slice(&errors), status, err);
    chimera_buffer_free(&errors);
    return code;
}

int fetcher_run(const struct config *config, const char *command, struct fetched_module *modules,
                size_t count, struct chimera_error *err)
{
    struct round round = {.modules = modules, .count = count};
    if (count == 0)
        return CHIMERA_OK;
    chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("policies download"),
                     CHIMERA_NUMBER("modules", (int64_t)count),
                     CHIMERA_TEXT("status", CHIMERA_SLICE("init")));
    int code = run_command(config, command, &round, err);
    chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("policies download"),
                     CHIMERA_TEXT("status", CHIMERA_SLICE("done")));
    return code;
}

int fetcher_judge_bundle(const struct config *config, const char *command,
                         const struct bundle_origin *bundle, struct fetched_module *ret_verdict,
                         struct chimera_error *err)
{
    struct round round = {.modules = ret_verdict, .count = 1, .is_bundle = true};
    *ret_verdict = (struct fetched_module){.module = bundle->folder, .name = bundle->folder};
    int code = run_command(config, command, &round, err);
    if (code < 0)
        return code;
    /* What was judged is what was read, or else somebody has replaced it meanwhile. */
    char hex[CHIMERA_DIGEST_HEX], read[sizeof(hex) + 8];
    chimera_digest_hex(&bundle->manifest, hex);
    snprintf(read, sizeof(read), "sha256:%s", hex);
    if (ret_verdict->failure ||
        (ret_verdict->origin.digest && strcmp(ret_verdict->origin.digest, read) == 0))
        return CHIMERA_OK;
    if (asprintf(&ret_verdict->failure, "%s was replaced while it was read", ret_verdict->path) >=
        0)
        return CHIMERA_OK;
    ret_verdict->failure = NULL;
    return chimera_fail_memory(err);
}

void fetched_module_done(struct fetched_module *module)
{
    free(module->path);
    free(module->failure);
    free(module->plugin);
    module_origin_done(&module->origin);
    *module = (struct fetched_module){0};
}

void fetched_modules_free(struct fetched_module *modules, size_t count)
{
    for (size_t i = 0; modules && i < count; i++)
        fetched_module_done(&modules[i]);
    free(modules);
}
