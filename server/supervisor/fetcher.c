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
#include "runtime/source/reference.h"
#include "server/base/program.h"
#include "server/supervisor/command.h"

#define TARGET "server::fetcher"
#define ERRORS_MAX ((size_t)64 << 10)
/* chimera fetch --from-input or --bundle DIR, --require-confinement, six options with their values,
 * and NULL */
#define ARGUMENTS_MAX 18
#define INPUT_MAX ((size_t)64 << 20)

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
    struct chimera_shown_name shown;
    struct chimera_slice name = chimera_slice_of(chimera_reference_show(module->module, &shown));
    if (module->failure)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("policy download failed"),
                         CHIMERA_TEXT("name", chimera_slice_of(module->name)),
                         CHIMERA_TEXT("module", name),
                         CHIMERA_TEXT("error", chimera_slice_of(module->failure)));
    else
        chimera_log_with(
            CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("policy download"),
            CHIMERA_TEXT("name", chimera_slice_of(module->name)), CHIMERA_TEXT("module", name),
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

static void warn_of_plugins(const struct fetched_module *module, struct json_object *line)
{
    CHIMERA_FREE char *note = command_copy_member(line, "note");
    if (note)
        chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                         CHIMERA_SLICE("plugins in the registry do not do; compiling"),
                         CHIMERA_TEXT("name", chimera_slice_of(module->name)),
                         CHIMERA_TEXT("reason", chimera_slice_of(note)));
}

/* Whatever comes is about the next module, so that no line that cannot be read, as it is too long
 * say, moves what is behind it to a module that it is not about. */
static int take_result(struct json_object *line, struct fetched_module *module)
{
    CHIMERA_FREE char *policy = line ? command_copy_member(line, "policy") : NULL;
    if (!policy || strcmp(policy, module->module) != 0)
        return CHIMERA_EINVAL;
    module->path = command_copy_member(line, "path");
    module->failure = module->path ? NULL : command_copy_member(line, "error");
    module->is_unsigned = json_object_get_boolean(json_object_object_get(line, "unsigned"));
    module->origin = (struct module_origin){
        .digest = command_copy_member(line, "digest"),
        .signers = command_copy_member(line, "signers"),
        .module = command_copy_member(line, "module"),
        .fetched_s = time(NULL),
    };
    module->plugin = command_copy_member(line, "plugin");
    return module->path || module->failure ? CHIMERA_OK : CHIMERA_EINVAL;
}

static void take_line(void *context, struct chimera_slice text)
{
    struct round *round = context;
    CHIMERA_JSON struct json_object *line = NULL;
    if (round->told == round->count)
        return;
    struct fetched_module *module = &round->modules[round->told];
    if (chimera_json_parse(text, &line, NULL) < 0 || take_result(line, module) < 0)
        module->failure = strdup("what `chimera fetch` says of it cannot be read");
    if (!module->path && !module->failure)
        return; /* memory ran out: there is one that was not told about then */
    round->told++;
    if (round->is_bundle)
        log_bundle(module);
    else
        log_module(module);
    if (line) {
        warn_of_trust(round, line);
        warn_of_plugins(module, line);
    }
}

static void put_arguments(char *argv[ARGUMENTS_MAX], const struct config *config,
                          const char *command, const struct round *round)
{
    const struct options *options = &config->options;
    static char from_input[] = "--from-input", confined[] = "--require-confinement";
    size_t count = command_put_option(argv, 0, command, "fetch");
    if (round->is_bundle)
        count = command_put_option(argv, count, "--bundle", round->modules[0].module);
    else
        argv[count++] = from_input;
    if (!options->is_unconfined_build_allowed)
        argv[count++] = confined;
    count = command_put_option(argv, count, "--store", options->download_dir);
    count = command_put_option(argv, count, "--sources-path", options->sources);
    count = command_put_option(argv, count, "--docker-config-json-path", options->docker_config);
    count = command_put_option(argv, count, "--verification-config-path", options->verification);
    count = command_put_option(argv, count, "--trusted-builder-key", options->builder_key);
    count =
        command_put_option(argv, count, "--sigstore-trust-config", options->sigstore_trust_config);
    argv[count] = NULL;
}

/* A URL's query may be a secret, and anybody on the machine can read a command line. */
static int list_modules(const struct round *round, struct chimera_buffer *out,
                        struct chimera_error *err)
{
    chimera_buffer_init(out, INPUT_MAX);
    for (size_t i = 0; !round->is_bundle && i < round->count; i++) {
        const char *module = round->modules[i].module;
        chimera_buffer_append(out, (struct chimera_slice){module, strlen(module) + 1});
    }
    return out->failed ? chimera_fail_memory(err) : CHIMERA_OK;
}

/* Fails when the command ended before it had told about all. */
static int run_command(const struct config *config, const char *command, struct round *round,
                       struct chimera_error *err)
{
    char *argv[ARGUMENTS_MAX];
    struct chimera_buffer errors, input;
    int status = 0;
    put_arguments(argv, config, command, round);
    chimera_buffer_init(&errors, ERRORS_MAX);
    int code = list_modules(round, &input, err);
    if (code == CHIMERA_OK)
        code = child_run(&(struct child_command){argv, chimera_buffer_slice(&input)}, take_line,
                         round, &errors, &status, err);
    if (code == CHIMERA_OK && round->told < round->count)
        code = command_explain("fetch", chimera_buffer_slice(&errors), status, err);
    chimera_buffer_free(&errors);
    chimera_buffer_free(&input);
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

/* What was judged is what was read, or else somebody has replaced it meanwhile. */
static int check_manifest(const struct bundle_origin *bundle, struct fetched_module *verdict,
                          struct chimera_error *err)
{
    char hex[CHIMERA_DIGEST_HEX], read[sizeof(hex) + 8];
    chimera_digest_hex(&bundle->manifest, hex);
    snprintf(read, sizeof(read), "sha256:%s", hex);
    if (verdict->failure || (verdict->origin.digest && strcmp(verdict->origin.digest, read) == 0))
        return CHIMERA_OK;
    if (asprintf(&verdict->failure, "%s was replaced while it was read", verdict->path) >= 0)
        return CHIMERA_OK;
    verdict->failure = NULL;
    return chimera_fail_memory(err);
}

int fetcher_judge_bundle(const struct config *config, const char *command,
                         const struct bundle_origin *bundle, struct fetched_module *ret_verdict,
                         struct chimera_error *err)
{
    struct round round = {.modules = ret_verdict, .count = 1, .is_bundle = true};
    *ret_verdict = (struct fetched_module){.module = bundle->folder, .name = bundle->folder};
    struct chimera_error why = {0};
    int code = run_command(config, command, &round, &why);
    if (code < 0)
        return chimera_fail(err, code, "the bundle %s cannot be verified: %s", bundle->folder,
                            why.text);
    return check_manifest(bundle, ret_verdict, err);
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
