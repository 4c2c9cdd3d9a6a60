/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - `chimera build`: policies into native plugins, ahead of time. */
#include "compiler/build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "runtime/plugin/mode.h"
#include "runtime/text/printable.h"
#include "toolchain/command/checking/trial.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/interrupt.h"
#include "toolchain/command/operate/taken.h"
#include "toolchain/command/policy_argument.h"
#include "toolchain/command/shared_cache.h"

#define TARGET "chimera::build"
#define LINE_MAX_BYTES ((size_t)64 << 10)

struct task { /* what all policies of one call share */
    const struct fetch_flags *flags;
    const struct chimera_build_options *options;
    struct chimera_builder *builder; /* owned; NULL until something must be compiled */
    struct chimera_progress *progress;
    size_t at, of; /* which of the policies is built */
    enum chimera_mode mode;
    enum chimera_tier tier;
    bool wants_both; /* the quick tier before it */
    bool is_json;
    bool has_no_trial;
};

static void put_text(struct chimera_buffer *out, const char *key, const char *text)
{
    chimera_buffer_print(out, "%s\"%s\":", out->size > 0 ? "," : "{", key);
    chimera_json_write_string(chimera_slice_of(text), out);
}

static void print_line(struct chimera_buffer *line)
{
    chimera_buffer_text(line, "}\n");
    if (!line->failed)
        say_json(chimera_buffer_slice(line));
    chimera_buffer_free(line);
}

/* `warnings` has room for what may be said of one plugin: of the cache, and of the policy. */
static void print_built(const struct task *task, const char *argument,
                        const struct chimera_built *built, const char *const warnings[2])
{
    struct chimera_buffer line;
    if (!task->is_json) {
        for (size_t i = 0; i < 2; i++)
            if (warnings[i])
                say_warning("%s: %s", argument, warnings[i]);
        puts(built->plugin);
        return;
    }
    chimera_buffer_init(&line, LINE_MAX_BYTES);
    put_text(&line, "policy", argument);
    put_text(&line, "plugin", built->plugin);
    put_text(&line, "tier", chimera_tier_name(built->tier));
    chimera_buffer_print(&line, ",\"cached\":%s,\"milliseconds\":%llu",
                         built->was_cached ? "true" : "false",
                         (unsigned long long)built->milliseconds);
    if (built->was_shared)
        chimera_buffer_text(&line, ",\"shared\":true");
    if (warnings[0] || warnings[1]) {
        chimera_buffer_text(&line, ",\"warnings\":[");
        for (size_t i = 0, count = 0; i < 2; i++) {
            if (!warnings[i])
                continue;
            chimera_buffer_text(&line, count++ > 0 ? "," : "");
            chimera_json_write_string(chimera_slice_of(warnings[i]), &line);
        }
        chimera_buffer_byte(&line, ']');
    }
    print_line(&line);
}

static int report_failure(const struct task *task, const char *argument, const char *why)
{
    struct chimera_buffer line;
    if (!task->is_json)
        return say_error("%s", why);
    chimera_buffer_init(&line, LINE_MAX_BYTES);
    put_text(&line, "policy", argument);
    put_text(&line, "error", why);
    print_line(&line);
    fflush(stdout);
    return EXIT_FAILED;
}

/* Where trusted builders' plugins are taken there may be no compiler, and none be needed. */
static int open_builder(struct task *task, struct chimera_error *err)
{
    return task->builder ? CHIMERA_OK : chimera_builder_new(task->options, &task->builder, err);
}

static int build_tier(struct task *task, const char *argument,
                      const struct chimera_module_place *place, enum chimera_tier tier,
                      struct chimera_error *err)
{
    const char *path = place->path;
    struct chimera_built built = {0};
    chimera_progress_begin(task->progress, argument, task->at, task->of);
    int code = open_builder(task, err);
    if (code == CHIMERA_OK)
        code = chimera_build(task->builder, path, task->mode, tier, &built, err);
    chimera_progress_end(task->progress, code == CHIMERA_OK && !built.was_cached
                                             ? chimera_tier_name(built.tier)
                                             : NULL);
    if (code == CHIMERA_OK)
        code = chimera_fetched_check(place->signed_digest, &built.wasm, path, err);
    if (code < 0) {
        chimera_built_done(&built);
        return code;
    }
    if (!built.was_cached)
        confinement_warn();
    chimera_log_with(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("policy built"),
                     CHIMERA_TEXT("path", chimera_slice_of(path)),
                     CHIMERA_TEXT("tier", chimera_slice_of(chimera_tier_name(built.tier))),
                     CHIMERA_BOOL("cached", built.was_cached),
                     CHIMERA_NUMBER("milliseconds", (int64_t)built.milliseconds),
                     CHIMERA_NUMBER("wasm_bytes", (int64_t)built.wasm_bytes),
                     CHIMERA_NUMBER("code_bytes", (int64_t)built.code_bytes));
    struct chimera_error why = {0};
    bool starts = task->has_no_trial ||
                  trial_starts(built.plugin, chimera_builder_cache(task->builder), &why);
    print_built(task, argument, &built,
                (const char *const[2]){built.warning, starts ? NULL : why.text});
    fflush(stdout); /* whoever waits for the quick tier goes on with it */
    chimera_built_done(&built);
    return CHIMERA_OK;
}

/* With both tiers the quick one is a help that may be missing, be it for want of tcc. */
static int compile_one(struct task *task, const char *argument,
                       const struct chimera_module_place *place, struct chimera_error *err)
{
    struct chimera_error why = {0};
    int quick =
        task->wants_both ? build_tier(task, argument, place, CHIMERA_TIER_QUICK, &why) : CHIMERA_OK;
    int code = build_tier(task, argument, place, task->tier, err);
    if (code == CHIMERA_OK && quick < 0)
        chimera_printable_say(stderr, "Note", "%s is built in the full tier only: %s", argument,
                              why.text);
    return code;
}

/* False: there is none that will do. */
static bool take_built(const struct task *task, const char *argument,
                       const struct chimera_fetched *fetched, int64_t since_ms)
{
    struct chimera_error why = {0};
    struct chimera_built built = {0};
    const struct taken_wanted wanted = {fetched->plugin, task->options->output, task->mode,
                                        task->tier};
    if (!fetched->plugin && !fetched->plugin_note)
        return false;
    int code = fetched->plugin ? taken_plugin(&wanted, &built, &why)
                               : chimera_fail(&why, CHIMERA_EINVAL, "%s", fetched->plugin_note);
    if (code == CHIMERA_OK && !task->has_no_trial &&
        !trial_starts(built.plugin, chimera_builder_cache(task->builder), &why))
        code = why.code;
    built.milliseconds = (uint64_t)(chimera_clock_ms() - since_ms);
    if (code == CHIMERA_OK)
        print_built(task, argument, &built, (const char *const[2]){NULL, NULL});
    else
        chimera_printable_say(stderr, "Note", "the plugin in the registry will not do: %s",
                              why.text);
    fflush(stdout);
    chimera_built_done(&built);
    return code == CHIMERA_OK;
}

static int build_one(struct task *task, const char *argument)
{
    struct chimera_module_place place = {0};
    struct chimera_fetched fetched = {0};
    struct chimera_error err = {0};
    int64_t since_ms = chimera_clock_ms();
    int code = policy_argument_fetch(argument, POLICY_WORDS_ALL, &task->flags->fetch, &place,
                                     &fetched, &err);
    if (code == CHIMERA_OK && !take_built(task, argument, &fetched, since_ms))
        code = compile_one(task, argument, &place, &err);
    chimera_module_place_done(&place);
    chimera_fetched_done(&fetched);
    return code < 0 ? report_failure(task, argument, err.text) : EXIT_GOOD;
}

/* Goes on after a failure, so that one call tells all that is wrong. */
static int build_all(const struct chimera_cli_options *options, const struct fetch_flags *flags,
                     const struct chimera_build_options *build)
{
    struct task task = {.flags = flags,
                        .options = build,
                        .progress = build->progress,
                        .of = options->argument_count,
                        .is_json = chimera_cli_is_given(options, "json"),
                        .has_no_trial = chimera_cli_is_given(options, "no-trial")};
    struct chimera_error err = {0};
    const char *name = chimera_cli_value(options, "execution-mode"),
               *tier = chimera_cli_value(options, "tier");
    task.mode = name ? chimera_mode_parse(name) : CHIMERA_MODE_NONE;
    task.tier = tier && strcmp(tier, "quick") == 0 ? CHIMERA_TIER_QUICK
                : tier && strcmp(tier, "any") == 0 ? CHIMERA_TIER_ANY
                                                   : CHIMERA_TIER_FULL;
    task.wants_both = tier && strcmp(tier, "both") == 0;
    interrupt_catch();
    if (!flags->fetch.builders && open_builder(&task, &err) < 0)
        return say_error("%s", err.text);
    int code = EXIT_GOOD;
    for (size_t i = 0; i < options->argument_count; i++) {
        task.at = i + 1;
        if (build_one(&task, options->arguments[i]) != EXIT_GOOD)
            code = EXIT_FAILED;
    }
    chimera_builder_free(task.builder);
    interrupt_release();
    return code;
}

static int run_build(const struct chimera_cli_options *options)
{
    struct chimera_progress progress;
    unsigned jobs = 0;
    if (!option_jobs(options, &jobs))
        return EXIT_USAGE;
    progress_open(options, &progress);
    struct chimera_build_options build = {
        .cache_folder = chimera_cli_value(options, "cache-dir"),
        .has_no_cache = chimera_cli_is_given(options, "no-cache"),
        .output = chimera_cli_value(options, "output"),
        .jobs = jobs,
        .progress = &progress,
        .launcher = getenv(CHIMERA_LAUNCHER_VARIABLE),
        .must_confine = chimera_cli_is_given(options, "require-confinement"),
    };
    if (build.has_no_cache && !build.output)
        return chimera_cli_refuse(
            options->program, options->command,
            "the argument '--no-cache' needs '--output <DIR>': the plugins must go "
            "somewhere");
    struct fetch_flags flags;
    struct chimera_error err = {0};
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    if (!build.has_no_cache)
        build.shared = &flags.shared;
    int code = build_all(options, &flags, &build);
    fetch_flags_done(&flags);
    return code;
}

static const char *const tiers[] = {"quick", "full", "both", "any", NULL};

static const struct chimera_cli_option build_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "DIR",
     .help = "Write the plugins to DIR/plugins; without it they are in the cache"},
    {.name = "execution-mode",
     .section = SECTION_POLICY,
     .letter = 'e',
     .kind = CHIMERA_CLI_VALUE,
     .value = "MODE",
     .choices = option_modes,
     .aliases = option_mode_aliases,
     .help =
         "How the policies are spoken to; without it their metadata or else their exports decide"},
    {.name = "tier",
     .section = SECTION_BUILDS,
     .kind = CHIMERA_CLI_VALUE,
     .value = "TIER",
     .choices = tiers,
     .help = "quick: with tcc, in a fraction of a second, for code that is several times slower; "
             "full: with clang; both: the quick one first, where it can be built; "
             "any: what is in the cache, full first, else what is built soonest. full without this "
             "option"},
    OPTION_CACHE_DIR,
    SHARED_CACHE_FLAGS,
    {.name = "no-cache", .section = SECTION_BUILDS, .help = "Neither read nor fill the cache"},
    OPTION_JOBS,
    {.name = "no-trial",
     .section = SECTION_BUILDS,
     .help =
         "Do not try whether the policies can start here; without it there is a warning when one "
         "never can"},
    {.name = "json",
     .help = "Print an object a line, with policy, plugin, tier, cached, milliseconds and perhaps "
             "shared and warnings, "
             "or with policy and error"},
    OPTION_QUIET,
    OPTION_REQUIRE_CONFINEMENT,
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    FETCH_FLAG_BUILDER,
    {0},
};

static const struct chimera_cli_argument build_arguments[] = {
    {.name = "POLICY",
     .is_required = true,
     .is_many = true,
     .help =
         "Policies: paths, URIs (registry://..., https://..., file://...), or the beginning of the "
         "digest of one in the store"},
    {0},
};

const struct chimera_cli_command command_build = {
    .name = "build",
    .about = "Compile policies to native plugins",
    .description =
        "Compiles each policy with wasm2c and clang (or tcc, see --tier), links and audits the "
        "plugin, and prints its path, one a line; with --tier both two lines a policy, the quick "
        "tier's first and as soon as it is there. The same module, the same tools and the same "
        "flags give the same bytes.\n"
        "What was built before comes from the cache, and with --trusted-builder-key from the "
        "registry: a plugin that `push --native` has left beside a policy is printed where it is "
        "in the store, or copied, and needs no compiler; where there is none that will do, the "
        "policy is compiled. A policy that cannot be built does not keep "
        "the "
        "others from being built; the exit code is 1 then.",
    .options = build_options,
    .arguments = build_arguments,
    .run = run_build,
};
