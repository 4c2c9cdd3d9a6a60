/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - `chimera run`: one policy, one request, one answer on a line. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compiler/build.h"
#include "compiler/lower/read.h"
#include "runtime/capability/pattern.h"
#include "runtime/log/log.h"
#include "runtime/policy/policy.h"
#include "runtime/review/request.h"
#include "runtime/review/response.h"
#include "runtime/source/policy_options.h"
#include "runtime/text/quantity.h"
#include "toolchain/command/author/run_input.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/interrupt.h"
#include "toolchain/command/policy_module.h"

#define TARGET "chimera::run"
#define LIMIT_SECONDS 30 /* kwctl has none, and hangs with a policy that does not end */
#define LIMIT_SECONDS_MAX 3600
#define ARENA_MAX ((size_t)512 << 20)
#define ANSWER_MAX ((size_t)256 << 20)
#define PATTERNS_MAX 256

/* Known from kwctl, and refused rather than ignored: each would change the answer or what is
 * trusted. */
static const char *const refused_options[] = {
    "record-host-capabilities-interactions",
    "replay-host-capabilities-interactions",
    "sources-path",
    "docker-config-json-path",
    "verification-config-path",
    "verification-key",
    "verification-annotation",
    "cert-email",
    "cert-oidc-issuer",
    "github-owner",
    "github-repo",
    "sigstore-trust-config",
    NULL,
};

struct run {
    const struct chimera_cli_options *options;
    struct policy_module file;
    struct chimera_buffer request_text, settings;
    struct chimera_request request; /* slices of request_text and of the arena */
    struct chimera_arena arena;
    enum chimera_mode mode;
    uint32_t limit_ms;
    uint64_t memory_limit; /* bytes; 0: the default */
    /* Kept to the end: without a cache the plugin is in its folder. */
    struct chimera_builder *builder;
    const char *patterns[PATTERNS_MAX + 1];
};

/* Mapped plugins stay until the process ends, so what describes one does too. */
static struct chimera_loaded *loaded;

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static int check_options(const struct chimera_cli_options *options, struct chimera_error *err)
{
    const char *policy = options->arguments[0];
    for (size_t i = 0; refused_options[i]; i++)
        if (chimera_cli_is_given(options, refused_options[i]))
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "--%s is not supported by this version of chimera yet",
                                refused_options[i]);
    if (!ends_with(policy, ".yaml") && !ends_with(policy, ".yml"))
        return CHIMERA_OK;
    if (chimera_cli_is_given(options, "raw"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "The --raw option cannot be used with a YAML file: %s", policy);
    return chimera_fail(
        err, CHIMERA_EREFUSED,
        "%s: running the policies of a YAML file is not supported by this version of "
        "chimera yet",
        policy);
}

static int read_inputs(struct run *run, struct chimera_error *err)
{
    const struct chimera_cli_options *options = run->options;
    int code = policy_module_open(options->arguments[0], POLICY_FETCH, &run->file, err);
    if (code == 0)
        code = run_input_settings(options, &run->settings, err);
    if (code == 0)
        code =
            run_input_request(chimera_cli_value(options, "request-path"), &run->request_text, err);
    if (code < 0)
        return code;
    bool is_raw = chimera_cli_is_given(options, "raw") || run->file.metadata.is_raw;
    return chimera_request_parse_file(chimera_buffer_slice(&run->request_text), is_raw, &run->arena,
                                      &run->request, err);
}

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

static int choose_mode(struct run *run, struct chimera_error *err)
{
    const char *name = chimera_cli_value(run->options, "execution-mode");
    enum chimera_mode asked = name ? chimera_mode_parse(name) : CHIMERA_MODE_NONE;
    bool is_rego = false;
    int code = asked == CHIMERA_MODE_NONE ? check_is_rego(&run->file, &is_rego, err) : CHIMERA_OK;
    if (code < 0)
        return code;
    return chimera_metadata_command_mode(&run->file.metadata, asked, is_rego, &run->mode, err);
}

/* Which Kubernetes resources the policy may read: none. What it would be granted is refused as long
 * as nothing can be read. */
static int check_resources(const struct run *run, struct chimera_error *err)
{
    struct json_object *resources = NULL;
    if (!chimera_cli_is_given(run->options, "allow-context-aware"))
        return CHIMERA_OK;
    json_object_object_get_ex(run->file.metadata.tree, "contextAwareResources", &resources);
    if (!resources || json_object_array_length(resources) == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "--allow-context-aware for a policy that reads Kubernetes resources is not "
                        "supported by this version of chimera yet");
}

/* Without the option everything is granted; with it only what it lists, which may be nothing. */
static int list_patterns(struct run *run, struct chimera_error *err)
{
    const struct chimera_cli_options *options = run->options;
    size_t count = 0;
    if (!chimera_cli_is_given(options, "allowed-host-capabilities"))
        run->patterns[count++] = "*";
    for (size_t i = 0; i < options->given_count; i++) {
        const struct chimera_cli_given *given = &options->given[i];
        if (strcmp(given->option->name, "allowed-host-capabilities") != 0 || !given->value)
            continue;
        if (count == PATTERNS_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT, "more than %d host capability patterns",
                                PATTERNS_MAX);
        struct chimera_error why = {0};
        if (chimera_capability_check(given->value, &why) < 0)
            return chimera_fail(err, CHIMERA_EINVAL, "Invalid host capabilities pattern: %.900s",
                                why.text);
        run->patterns[count++] = given->value;
    }
    return CHIMERA_OK;
}

static int choose_limit(struct run *run, struct chimera_error *err)
{
    const char *text = chimera_cli_value(run->options, "time-limit");
    unsigned seconds = text ? chimera_cli_number(text, LIMIT_SECONDS_MAX) : LIMIT_SECONDS;
    if (seconds == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--time-limit takes seconds from 1 to %d, not '%.100s'",
                            LIMIT_SECONDS_MAX, text);
    run->limit_ms = seconds * 1000;
    return CHIMERA_OK;
}

static int choose_memory(struct run *run, struct chimera_error *err)
{
    const char *text = chimera_cli_value(run->options, "memory-limit");
    if (!text)
        return CHIMERA_OK; /* the default */
    if (!chimera_quantity_parse(chimera_slice_of(text), &run->memory_limit) ||
        run->memory_limit < CHIMERA_MEMORY_LEAST || run->memory_limit > CHIMERA_MEMORY_MOST)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--memory-limit takes " CHIMERA_MEMORY_RANGE ", not '%.100s'", text);
    return CHIMERA_OK;
}

/* Everything that can be wrong without a compiler. */
static int prepare(struct run *run, struct chimera_error *err)
{
    int code = check_options(run->options, err);
    if (code == 0)
        code = choose_limit(run, err);
    if (code == 0)
        code = choose_memory(run, err);
    if (code == 0)
        code = list_patterns(run, err);
    if (code == 0)
        code = read_inputs(run, err);
    if (code == 0)
        code = chimera_metadata_check_version(&run->file.metadata, CHIMERA_READER_COMMAND, err);
    if (code == 0)
        code = check_resources(run, err);
    if (code == 0)
        code = choose_mode(run, err);
    return code;
}

/* Without the option what is in the cache, or else what is built soonest. */
static enum chimera_tier chosen_tier(const struct run *run)
{
    const char *name = chimera_cli_value(run->options, "tier");
    if (!name)
        return CHIMERA_TIER_ANY;
    return strcmp(name, "quick") == 0 ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL;
}

static int build_and_load(struct run *run, struct chimera_progress *progress, bool *ret_was_cached,
                          struct chimera_error *err)
{
    struct chimera_built built = {0};
    int code =
        chimera_build(run->builder, run->file.path, run->mode, chosen_tier(run), &built, err);
    chimera_progress_clear(progress);
    *ret_was_cached = code == CHIMERA_OK && built.was_cached;
    if (code < 0)
        return code;
    if (!built.was_cached)
        confinement_warn();
    if (built.warning)
        say_warning("%s", built.warning);
    chimera_log_with(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("plugin ready"),
                     CHIMERA_TEXT("path", chimera_slice_of(built.plugin)),
                     CHIMERA_TEXT("tier", chimera_slice_of(chimera_tier_name(built.tier))),
                     CHIMERA_BOOL("cached", built.was_cached),
                     CHIMERA_NUMBER("milliseconds", (int64_t)built.milliseconds));
    code = chimera_plugin_load(built.plugin, &loaded, err);
    chimera_built_done(&built);
    return code;
}

static int build(struct run *run, struct chimera_error *err)
{
    struct chimera_progress progress;
    bool was_cached = false;
    chimera_progress_init(&progress, STDERR_FILENO);
    const struct chimera_build_options options = {
        .has_no_cache = chimera_cli_is_given(run->options, "disable-wasmtime-cache"),
        .progress = &progress,
        .loads_plugins = true,
    };
    interrupt_catch();
    int code = chimera_builder_new(&options, &run->builder, err);
    if (code == 0)
        code = build_and_load(run, &progress, &was_cached, err);
    if (code < 0 && was_cached) { /* the cache left it to the loader to read it all */
        chimera_builder_distrust(run->builder);
        code = build_and_load(run, &progress, &was_cached, err);
    }
    chimera_progress_clear(&progress);
    if (code < 0) {
        chimera_builder_free(run->builder);
        run->builder = NULL;
    }
    interrupt_release();
    return code;
}

static int open_policy(struct run *run, struct chimera_policy **ret_policy,
                       struct chimera_error *err)
{
    const struct chimera_policy_options options = {
        .id = "policy-from-cli",
        .settings = chimera_buffer_slice(&run->settings),
        .limit_ms = run->limit_ms,
        .memory_limit = run->memory_limit,
        .lanes = 1,
        .capabilities = run->patterns,
    };
    return chimera_policy_open(loaded, &options, ret_policy, err);
}

static int check_settings(struct run *run, struct chimera_policy *policy, struct chimera_error *err)
{
    bool is_valid = false;
    struct chimera_slice message = {0};
    int code = chimera_policy_check_settings(policy, 0, &run->arena, &is_valid, &message, err);
    if (code < 0 || is_valid)
        return code;
    /* Printed here, because a message may be longer than an error's text. */
    say_error("Provided settings are not valid: %.*s", (int)message.size,
              message.data ? message.data : "");
    return chimera_fail(err, CHIMERA_EGUEST, "%s", "");
}

static int answer(struct run *run, struct chimera_policy *policy, struct chimera_error *err)
{
    static const struct chimera_handling handling = {
        .policy_id = "policy-from-cli", .mode = CHIMERA_PROTECT, .allowed_to_mutate = true};
    struct chimera_response response = {0};
    struct chimera_buffer line;
    int code = chimera_policy_evaluate(policy, 0, &run->request, 0, &run->arena, &response);
    if (code < 0)
        return chimera_fail(err, code, "cannot run the policy: %s", chimera_code_text(code));
    chimera_response_handle(&response, &handling, &run->arena);
    chimera_buffer_init(&line, ANSWER_MAX);
    chimera_response_write(&response, &line);
    chimera_buffer_byte(&line, '\n');
    code = line.failed;
    if (code == 0)
        say_json(chimera_buffer_slice(&line));
    chimera_buffer_free(&line);
    return code == 0 ? code : chimera_fail(err, code, "the answer: %s", chimera_code_text(code));
}

static int evaluate_review(struct run *run, struct chimera_error *err)
{
    struct chimera_policy *policy = NULL;
    int code = build(run, err);
    if (code == 0)
        code = open_policy(run, &policy, err);
    if (code == 0)
        code = check_settings(run, policy, err);
    if (code == 0)
        code = answer(run, policy, err);
    chimera_policy_close(policy);
    return code;
}

static int run_run(const struct chimera_cli_options *options)
{
    struct run run = {.options = options};
    struct chimera_error err = {0};
    chimera_buffer_init(&run.request_text, RUN_REQUEST_MAX);
    chimera_buffer_init(&run.settings, RUN_SETTINGS_MAX);
    chimera_arena_init(&run.arena, ARENA_MAX);
    int code = prepare(&run, &err);
    if (code == 0)
        code = evaluate_review(&run, &err);
    if (code < 0 && err.text[0] != '\0')
        say_error("%s", err.text);
    chimera_builder_free(run.builder);
    chimera_arena_free(&run.arena);
    chimera_buffer_free(&run.settings);
    chimera_buffer_free(&run.request_text);
    policy_module_done(&run.file);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static const char *const modes[] = {"opa", "gatekeeper", "kubewarden", "wasi", NULL};
static const char *const mode_aliases[] = {"kubewarden-wapc", "chimera", NULL};

static const char *const tiers[] = {"quick", "full", NULL};

static const struct chimera_cli_option run_options[] = {
    {.name = "request-path",
     .letter = 'r',
     .kind = CHIMERA_CLI_VALUE,
     .is_required = true,
     .value = "PATH",
     .help = "File with the admission request or review as JSON; `-` is standard input"},
    {.name = "settings-path",
     .letter = 's',
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML or JSON file with the settings of the policy"},
    {.name = "settings-json",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "The settings of the policy as JSON; --settings-path wins over it"},
    {.name = "execution-mode",
     .letter = 'e',
     .kind = CHIMERA_CLI_VALUE,
     .value = "MODE",
     .choices = modes,
     .aliases = mode_aliases,
     .help = "How to speak to a policy without metadata"},
    {.name = "raw", .help = "The request is any JSON document, not an admission request"},
    {.name = "allowed-host-capabilities",
     .kind = CHIMERA_CLI_GREEDY,
     .value = "PATTERN",
     .help =
         "Host capabilities that the policy may use: `*`, `oci/*`, `net/v1/dns_lookup_host`; all "
         "without this option, none without a pattern. Takes all words up to the next option or "
         "`--`"},
    {.name = "allow-context-aware",
     .help = "Let the policy read the Kubernetes resources that its metadata lists"},
    {.name = "time-limit",
     .kind = CHIMERA_CLI_VALUE,
     .value = "SECONDS",
     .help = "How long the policy may run; 30 without this option"},
    {.name = "memory-limit",
     .kind = CHIMERA_CLI_VALUE,
     .value = "SIZE",
     .help = "What the policy's memory, tables and what its host keeps for it may come to, such as "
             "256Mi or 2Gi; 1Gi without this option"},
    {.name = "tier",
     .kind = CHIMERA_CLI_VALUE,
     .value = "TIER",
     .choices = tiers,
     .help =
         "Which compiler's code to run: tcc's (quick) or clang's (full). Without this option what "
         "the cache has, full first; and when it has none, the quick one is built"},
    {.name = "disable-wasmtime-cache", .help = "Compile anew, and keep nothing for the next time"},
    {.name = "record-host-capabilities-interactions",
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .excludes = "replay-host-capabilities-interactions",
     .help = "Write the host calls and their answers to a file (not supported yet)"},
    {.name = "replay-host-capabilities-interactions",
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .help = "Answer host calls from a file (not supported yet)"},
    OPTION_SOURCES_PATH,
    OPTION_DOCKER_CONFIG,
    {.name = "verification-config-path",
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "YAML file that says which signatures are wanted (not supported yet)"},
    {.name = "verification-key",
     .letter = 'k',
     .kind = CHIMERA_CLI_REPEAT,
     .value = "PATH",
     .help = "Key that the policy must be signed with (not supported yet)"},
    {.name = "verification-annotation",
     .letter = 'a',
     .kind = CHIMERA_CLI_REPEAT,
     .value = "KEY=VALUE",
     .help = "Annotation that the signature must have (not supported yet)"},
    {.name = "cert-email",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "Email that the certificate must have (not supported yet)"},
    {.name = "cert-oidc-issuer",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "Issuer that the certificate must have (not supported yet)"},
    {.name = "github-owner",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "GitHub owner that the certificate must have (not supported yet)"},
    {.name = "github-repo",
     .kind = CHIMERA_CLI_VALUE,
     .value = "VALUE",
     .help = "GitHub repository that the certificate must have (not supported yet)"},
    {.name = "sigstore-trust-config",
     .kind = CHIMERA_CLI_VALUE,
     .value = "PATH",
     .help = "JSON file with the Sigstore trust roots (not supported yet)"},
    {0},
};

static const struct chimera_cli_argument run_arguments[] = {
    {.name = "uri_or_sha_prefix_or_yaml_file",
     .is_required = true,
     .help =
         "The policy: a path or URI of a WebAssembly module, or the beginning of the SHA-256 of "
         "one in the store"},
    {0},
};

const struct chimera_cli_command command_run = {
    .name = "run",
    .about = "Run a policy on one request and print its answer",
    .description =
        "Builds the policy if it is not in the cache, has it check its settings, gives it the "
        "request, and "
        "prints the admission response as one line of JSON.\n"
        "The exit code says whether there was an answer, not which: it is 0 for a request that was "
        "refused too, and 1 when the settings are not valid.\n"
        "A policy that runs longer than --time-limit is stopped, which makes it refuse.",
    .options = run_options,
    .arguments = run_arguments,
    .run = run_run,
};
