/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/runner.h"
#include "toolchain/command/running/host_broker.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compiler/lower/read.h"
#include "runtime/base/clock.h"
#include "runtime/capability/pattern.h"
#include "runtime/log/log.h"
#include "runtime/source/policy_options.h"
#include "runtime/text/quantity.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/interrupt.h"

#define TARGET "chimera::run"
#define LIMIT_SECONDS 30 /* kwctl has none, and hangs with a policy that does not end */
#define LIMIT_SECONDS_MAX 3600
#define ID_MAX 600
#define COMPLAINTS_MAX ((size_t)1 << 20)

const char *const runner_tiers[] = {"quick", "full", NULL};

/* Policies of one module share one mapping. */
static struct loading {
    struct chimera_loaded *plugin;
    uint64_t nanoseconds; /* what it took */
} *loaded;
static size_t loaded_count;

/* --- Options --- */

/* Without the option everything is granted; with it only what it lists, which may be nothing. */
static int list_patterns(const struct chimera_cli_options *options, struct runner *runner,
                         struct chimera_error *err)
{
    size_t count = 0;
    runner->are_patterns_given = chimera_cli_is_given(options, "allowed-host-capabilities");
    if (!runner->are_patterns_given)
        runner->patterns[count++] = "*";
    for (size_t i = 0; i < options->given_count; i++) {
        const struct chimera_cli_given *given = &options->given[i];
        if (strcmp(given->option->name, "allowed-host-capabilities") != 0 || !given->value)
            continue;
        if (count == RUNNER_PATTERNS_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT, "more than %d host capability patterns",
                                RUNNER_PATTERNS_MAX);
        struct chimera_error why = {0};
        if (chimera_capability_check(given->value, &why) < 0)
            return chimera_fail(err, CHIMERA_EINVAL, "Invalid host capabilities pattern: %.900s",
                                why.text);
        runner->patterns[count++] = given->value;
    }
    return CHIMERA_OK;
}

static int choose_limit(const struct chimera_cli_options *options, struct runner *runner,
                        struct chimera_error *err)
{
    const char *text = chimera_cli_value(options, "time-limit");
    unsigned seconds = text ? chimera_cli_number(text, LIMIT_SECONDS_MAX) : LIMIT_SECONDS;
    if (seconds == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--time-limit takes seconds from 1 to %d, not '%.100s'",
                            LIMIT_SECONDS_MAX, text);
    runner->limit_ms = seconds * 1000;
    runner->is_limit_given = text;
    return CHIMERA_OK;
}

static int choose_memory(const struct chimera_cli_options *options, struct runner *runner,
                         struct chimera_error *err)
{
    const char *text = chimera_cli_value(options, "memory-limit");
    if (!text)
        return CHIMERA_OK; /* the default */
    if (!chimera_quantity_parse(chimera_slice_of(text), &runner->memory_limit) ||
        runner->memory_limit < CHIMERA_MEMORY_LEAST || runner->memory_limit > CHIMERA_MEMORY_MOST)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--memory-limit takes " CHIMERA_MEMORY_RANGE ", not '%.100s'", text);
    return CHIMERA_OK;
}

int runner_init(const struct chimera_cli_options *options, struct runner *ret_runner,
                struct chimera_error *err)
{
    const char *tier = chimera_cli_value(options, "tier");
    const char *mode = chimera_cli_value(options, "execution-mode");
    *ret_runner = (struct runner){
        .asked_mode = mode ? chimera_mode_parse(mode) : CHIMERA_MODE_NONE,
        .tier = !tier                        ? CHIMERA_TIER_ANY
                : strcmp(tier, "quick") == 0 ? CHIMERA_TIER_QUICK
                                             : CHIMERA_TIER_FULL,
        .omits_managed_fields = chimera_cli_is_given(options, "omit-managed-fields"),
        .has_no_cache = chimera_cli_is_given(options, "disable-wasmtime-cache"),
        .source = host_broker_source(),
        .replay = chimera_cli_value(options, "replay-host-capabilities-interactions"),
        .record = chimera_cli_value(options, "record-host-capabilities-interactions")};
    int code = choose_limit(options, ret_runner, err);
    if (code == 0)
        code = choose_memory(options, ret_runner, err);
    if (code == 0)
        code = list_patterns(options, ret_runner, err);
    if (code == 0)
        code = fetch_flags_read(options, &ret_runner->flags, err);
    return code;
}

void runner_done(struct runner *runner)
{
    chimera_builder_free(runner->builder);
    runner->builder = NULL;
    fetch_flags_done(&runner->flags);
    host_broker_end();
}

/* --- Modules --- */

/* What the policy is not granted of the Kubernetes resources that its metadata ask for may be why
 * it does not do what it should. */
static void warn_of_resources(const struct definition *definition,
                              const struct definition_member *member,
                              const struct policy_module *module)
{
    struct json_object *resources = NULL;
    json_object_object_get_ex(module->metadata.tree, "contextAwareResources", &resources);
    if (!resources || json_object_array_length(resources) == 0)
        return;
    if (!definition->trusts_metadata && !member->resources)
        chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                         CHIMERA_SLICE("the policy asks for Kubernetes resources, and is granted "
                                       "none: it may not do what it should"),
                         CHIMERA_TEXT("policy_id", chimera_slice_of(definition->id)));
}

/* A session of this policy's or group's own: the reference begins anew with each of a file. */
static int open_session(const struct runner *runner, struct chimera_host_session **ret_session,
                        struct chimera_error *err)
{
    if (runner->replay)
        return chimera_host_session_open(runner->replay, ret_session, err);
    if (!runner->record)
        return CHIMERA_OK;
    return chimera_host_session_record(runner->source, ret_session, err);
}

int runnable_open(const struct runner *runner, const struct definition *definition,
                  struct runnable *ret_runnable, struct chimera_error *err)
{
    size_t count = definition->count;
    *ret_runnable = (struct runnable){.definition = definition,
                                      .module = calloc(count + 1, sizeof(struct policy_module)),
                                      .policy = calloc(count + 1, sizeof(struct chimera_policy *)),
                                      .loaded = calloc(count + 1, sizeof(struct chimera_loaded *)),
                                      .names = calloc(count + 1, sizeof(char *)),
                                      .omits_managed_fields = runner->omits_managed_fields};
    if (!ret_runnable->module || !ret_runnable->policy || !ret_runnable->loaded ||
        !ret_runnable->names)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct policy_module *module = &ret_runnable->module[i];
        ret_runnable->names[i] = definition->member[i].name;
        int code =
            policy_module_open(definition->member[i].module, &runner->flags.fetch, module, err);
        if (code == 0 && definition->member[i].is_locked)
            module->lock = &definition->member[i].lock;
        if (code == 0)
            code = chimera_metadata_check_version(&module->metadata, CHIMERA_READER_COMMAND, err);
        if (code < 0)
            return code;
        warn_of_resources(definition, &definition->member[i], module);
    }
    return open_session(runner, &ret_runnable->session, err);
}

void runnable_done(struct runnable *runnable)
{
    for (size_t i = 0; runnable->definition && i < runnable->definition->count; i++) {
        if (runnable->policy)
            chimera_policy_close(runnable->policy[i]);
        if (runnable->module)
            policy_module_done(&runnable->module[i]);
    }
    chimera_group_free(runnable->group);
    chimera_host_session_free(runnable->session);
    free(runnable->names);
    free(runnable->loaded);
    free(runnable->policy);
    free(runnable->module);
    *runnable = (struct runnable){0};
}

bool runnable_is_raw(const struct runnable *runnable)
{
    return !runnable->definition->expression && runnable->module[0].metadata.is_raw;
}

/* --- Building and starting --- */

static int check_is_rego(const struct policy_module *file, bool *ret_is_rego,
                         struct chimera_error *err)
{
    struct chimera_module *module;
    int code = chimera_module_read(file->path, chimera_buffer_slice(&file->bytes), &module, err);
    if (code < 0)
        return code;
    *ret_is_rego = chimera_module_exports_prefix(module, "opa_");
    chimera_module_free(module);
    return CHIMERA_OK;
}

static int choose_mode(const struct runner *runner, const struct policy_module *module,
                       enum chimera_mode *ret_mode, struct chimera_error *err)
{
    bool is_rego = false;
    if (module->is_plugin) {
        *ret_mode = runner->asked_mode ? runner->asked_mode : module->mode;
        return CHIMERA_OK;
    }
    int code =
        runner->asked_mode == CHIMERA_MODE_NONE ? check_is_rego(module, &is_rego, err) : CHIMERA_OK;
    if (code < 0)
        return code;
    return chimera_metadata_command_mode(&module->metadata, runner->asked_mode, is_rego, ret_mode,
                                         err);
}

static int load(const char *path, const struct chimera_digest *lock, bool measures,
                struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    for (size_t i = 0; i < loaded_count; i++) {
        if (strcmp(loaded[i].plugin->path, path) == 0) {
            *ret_loaded = loaded[i].plugin;
            return CHIMERA_OK;
        }
    }
    struct loading *more = reallocarray(loaded, loaded_count + 1, sizeof(*loaded));
    if (!more)
        return chimera_fail_memory(err);
    loaded = more;
    uint64_t began = chimera_clock_ns();
    int code = measures
                   ? chimera_plugin_load_measuring(path, lock, &loaded[loaded_count].plugin, err)
                   : chimera_plugin_load_locked(path, lock, &loaded[loaded_count].plugin, err);
    if (code < 0)
        return code;
    loaded[loaded_count].nanoseconds = chimera_clock_ns() - began;
    *ret_loaded = loaded[loaded_count++].plugin;
    return CHIMERA_OK;
}

static uint64_t load_time_of(const struct chimera_loaded *plugin)
{
    for (size_t i = 0; i < loaded_count; i++)
        if (loaded[i].plugin == plugin)
            return loaded[i].nanoseconds;
    return 0;
}

static enum chimera_tier tier_of(const struct runner *runner)
{
    struct chimera_error why = {0};
    return runner->tier == CHIMERA_TIER_ANY && runner->wants_full &&
                   chimera_builder_identity(runner->builder, CHIMERA_TIER_FULL, &why)
               ? CHIMERA_TIER_FULL
               : runner->tier;
}

static int build_and_load(struct runner *runner, const struct policy_module *module,
                          enum chimera_mode mode, bool *ret_was_cached,
                          struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    struct chimera_built built = {0};
    chimera_progress_begin(&runner->progress, module->path, 1, 1);
    int code = chimera_build(runner->builder, module->path, mode, tier_of(runner), &built, err);
    chimera_progress_end(&runner->progress, NULL); /* of a verdict nobody expects to wait */
    *ret_was_cached = code == CHIMERA_OK && built.was_cached;
    if (code < 0)
        return code;
    runner->has_built = runner->has_built || !built.was_cached;
    if (!built.was_cached)
        confinement_warn();
    if (built.warning)
        say_warning("%s", built.warning);
    chimera_log_with(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("plugin ready"),
                     CHIMERA_TEXT("path", chimera_slice_of(built.plugin)),
                     CHIMERA_TEXT("tier", chimera_slice_of(chimera_tier_name(built.tier))),
                     CHIMERA_BOOL("cached", built.was_cached),
                     CHIMERA_NUMBER("milliseconds", (int64_t)built.milliseconds));
    code = chimera_fetched_check(module->signed_digest, &built.wasm, module->path, err);
    if (code == CHIMERA_OK)
        code = load(built.plugin, NULL, runner->purpose != CHIMERA_BUILD_TO_SERVE, ret_loaded, err);
    chimera_built_done(&built);
    return code;
}

static int make_builder(struct runner *runner, struct chimera_error *err)
{
    const struct chimera_build_options options = {.purpose = runner->purpose,
                                                  .has_no_cache = runner->has_no_cache,
                                                  .progress = &runner->progress,
                                                  .shared = &runner->flags.shared,
                                                  .loads_plugins = true};
    if (runner->builder)
        return CHIMERA_OK;
    chimera_progress_init(&runner->progress, say_level() == SAY_QUIET ? -1 : STDERR_FILENO);
    runner->progress.tells_wait = runner->tells_wait;
    return chimera_builder_new(&options, &runner->builder, err);
}

/* One that was built by others. */
static int load_plugin(const struct runner *runner, const struct policy_module *module,
                       enum chimera_mode mode, struct chimera_loaded **ret_loaded,
                       struct chimera_error *err)
{
    if (module->mode != mode)
        return chimera_fail(err, CHIMERA_EINVAL, "%s was built for the mode %s, not for %s",
                            module->path, chimera_mode_name(module->mode), chimera_mode_name(mode));
    int code = load(module->path, module->lock, false, ret_loaded, err);
    if (code < 0 || runner->tier == CHIMERA_TIER_ANY)
        return code;
    enum chimera_tier tier = (*ret_loaded)->manifest.tier;
    return tier == runner->tier
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EINVAL, "%s was built in the %s tier, not in the %s one",
                              module->path, chimera_tier_name(tier),
                              chimera_tier_name(runner->tier));
}

int runner_load(struct runner *runner, const struct policy_module *module, enum chimera_mode mode,
                struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    bool was_cached = false;
    if (module->is_plugin)
        return load_plugin(runner, module, mode, ret_loaded, err);
    interrupt_catch();
    int code = make_builder(runner, err);
    if (code == 0)
        code = build_and_load(runner, module, mode, &was_cached, ret_loaded, err);
    if (code < 0 && was_cached) { /* the cache left it to the loader to read it all */
        chimera_builder_distrust(runner->builder);
        code = build_and_load(runner, module, mode, &was_cached, ret_loaded, err);
    }
    chimera_progress_clear(&runner->progress);
    if (code < 0) /* before a signal ends us: it may have a folder to remove */
        runner_done(runner);
    interrupt_release();
    return code;
}

/* What the command line says goes before what a policies.yml does. */
static const char *const *granted(const struct runner *runner,
                                  const struct definition_member *member)
{
    return member->capabilities && !runner->are_patterns_given
               ? (const char *const *)member->capabilities
               : runner->patterns;
}

static int start_member(struct runner *runner, struct runnable *runnable, size_t index,
                        struct chimera_error *err)
{
    const struct definition_member *member = &runnable->definition->member[index];
    struct policy_module *module = &runnable->module[index];
    struct chimera_loaded *plugin = NULL;
    char **trusted = NULL; /* what the metadata ask for */
    enum chimera_mode mode;
    char id[ID_MAX];
    int code = choose_mode(runner, module, &mode, err);
    if (code == 0)
        code = runner_load(runner, module, mode, &plugin, err);
    if (code == 0 && runnable->definition->trusts_metadata)
        code = definition_resources(module->metadata.tree, &trusted, err);
    if (code < 0)
        return code;
    if (index == 0)
        runnable->tier = plugin->manifest.tier;
    runnable->loaded[index] = plugin;
    runnable->load_ns += load_time_of(plugin);
    chimera_buffer_free(&module->bytes);
    snprintf(id, sizeof(id), "%s%s%s", runnable->definition->id, *member->name ? "/" : "",
             member->name);
    bool is_own =
        member->limit_ms > 0 && (!runner->is_limit_given || member->limit_ms < runner->limit_ms);
    const struct chimera_policy_options options = {
        .id = id,
        .settings = chimera_slice_of(member->settings),
        .limit_ms = is_own ? member->limit_ms : runner->limit_ms,
        .memory_limit = runner->memory_limit,
        .lanes = runner->lanes ? runner->lanes : 1,
        .prints = true,
        .capabilities = granted(runner, member),
        .resources = (const char *const *)(trusted ? trusted : member->resources),
        .source =
            runnable->session ? chimera_host_session_source(runnable->session) : runner->source,
    };
    code = chimera_policy_open(plugin, &options, &runnable->policy[index], err);
    definition_resources_free(trusted);
    return code;
}

int runnable_start(struct runner *runner, struct runnable *runnable, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < runnable->definition->count && code == CHIMERA_OK; i++)
        if (!runner->replay && granted(runner, &runnable->definition->member[i])[0] &&
            host_broker_is_wanted(&runnable->module[i]))
            code = host_broker_start(&runner->flags, err);
    for (size_t i = 0; i < runnable->definition->count && code == CHIMERA_OK; i++)
        code = start_member(runner, runnable, i, err);
    if (code == CHIMERA_OK && runnable->definition->expression) {
        const struct definition *definition = runnable->definition;
        const struct chimera_group_spec spec = {.name = definition->id,
                                                .expression = definition->expression,
                                                .message = definition->message,
                                                .members = runnable->names,
                                                .count = definition->count};
        code = chimera_group_new(&spec, &runnable->group, err);
    }
    return code;
}

int runnable_finish(const struct runner *runner, const struct runnable *runnable,
                    struct chimera_error *err)
{
    if (!runnable->session)
        return CHIMERA_OK;
    chimera_host_session_warn_of_rest(runnable->session);
    return runner->record ? chimera_host_session_save(runnable->session, runner->record, err)
                          : CHIMERA_OK;
}

/* --- Asking --- */

/* What is wrong with each member and with the expression. */
static int check_group(const struct runnable *runnable, struct chimera_arena *arena,
                       struct chimera_buffer *complaints, struct chimera_error *err)
{
    const char *failure = chimera_group_failure(runnable->group);
    for (size_t i = 0; i < runnable->definition->count; i++) {
        const struct definition *definition = runnable->definition;
        struct chimera_slice message = {NULL, 0};
        bool is_valid = false;
        int code =
            chimera_policy_check_settings(runnable->policy[i], 0, arena, &is_valid, &message, err);
        if (code < 0)
            return code;
        if (is_valid)
            continue;
        if (!message.data)
            message = CHIMERA_SLICE("no message");
        chimera_buffer_print(
            complaints, "%s%s/%s: settings not valid: Policy settings are invalid: ",
            complaints->size > 0 ? ", " : "", definition->id, definition->member[i].name);
        chimera_buffer_append(complaints, message);
    }
    if (failure)
        chimera_buffer_print(complaints, "%s%s: %s", complaints->size > 0 ? ", " : "",
                             runnable->definition->id, failure + strlen(CHIMERA_GROUP_FAILURE));
    return complaints->failed ? chimera_fail(err, complaints->failed,
                                             "the settings have too much that is wrong with them")
                              : CHIMERA_OK;
}

int runnable_check_settings(const struct runnable *runnable, struct chimera_arena *arena,
                            bool *ret_valid, struct chimera_slice *ret_message,
                            struct chimera_error *err)
{
    struct chimera_buffer complaints;
    if (!runnable->group)
        return chimera_policy_check_settings(runnable->policy[0], 0, arena, ret_valid, ret_message,
                                             err);
    chimera_buffer_init(&complaints, COMPLAINTS_MAX);
    int code = check_group(runnable, arena, &complaints, err);
    *ret_valid = code == CHIMERA_OK && complaints.size == 0;
    if (complaints.size > 0)
        *ret_message = chimera_arena_copy(arena, chimera_buffer_slice(&complaints));
    chimera_buffer_free(&complaints);
    return code;
}

struct asking { /* members of a group */
    const struct runnable *runnable;
    const struct chimera_request *request;
    struct chimera_arena *arena;
    unsigned lane;
};

static int ask_member(void *context, size_t member, struct chimera_response *ret_response,
                      const char **ret_why)
{
    const struct asking *asking = context;
    int code = chimera_policy_evaluate(asking->runnable->policy[member], asking->lane,
                                       asking->request, 0, asking->arena, ret_response);
    if (code < 0)
        *ret_why = chimera_code_text(code);
    return code;
}

int runnable_evaluate(const struct runnable *runnable, const struct chimera_request *request,
                      struct chimera_arena *arena, struct chimera_response *ret_response,
                      struct chimera_error *err)
{
    return runnable_evaluate_on(runnable, 0, request, arena, ret_response, err);
}

int runnable_evaluate_on(const struct runnable *runnable, unsigned lane,
                         const struct chimera_request *request, struct chimera_arena *arena,
                         struct chimera_response *ret_response, struct chimera_error *err)
{
    struct chimera_request cut;
    const struct chimera_request *seen = runnable->omits_managed_fields ? &cut : request;
    struct asking asking = {runnable, seen, arena, lane};
    const struct chimera_group_input input = {
        .request = seen, .arena = arena, .ask = ask_member, .context = &asking};
    if (seen == &cut && !chimera_request_omit_managed_fields(request, arena, &cut))
        return chimera_fail(err, CHIMERA_ELIMIT, "the request is too big");
    if (runnable->group) {
        chimera_group_evaluate(runnable->group, &input, ret_response);
        return CHIMERA_OK;
    }
    int code = chimera_policy_evaluate(runnable->policy[0], lane, seen, 0, arena, ret_response);
    if (code < 0)
        return chimera_fail(err, code, "cannot run the policy: %s", chimera_code_text(code));
    return CHIMERA_OK;
}

void runnable_handle(const struct runnable *runnable, struct chimera_arena *arena,
                     struct chimera_response *response)
{
    const struct definition *definition = runnable->definition;
    struct chimera_handling handling = {.policy_id = definition->id,
                                        .mode = definition->mode,
                                        .allowed_to_mutate = definition->allowed_to_mutate};
    if (definition->message && !definition->expression)
        handling.message = chimera_slice_of(definition->message);
    chimera_response_handle(response, &handling, arena);
}
