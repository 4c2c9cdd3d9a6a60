/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - `chimera check`: is this set of policies good? (set_check.h) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/bundle.h"
#include "runtime/source/module_place.h"
#include "runtime/source/policies_bundle.h"
#include "runtime/source/reference.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/checking/set_check.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/fetch_many.h"
#include "toolchain/command/interrupt.h"
#include "toolchain/command/shared_cache.h"

#define FILE_MAX ((size_t)64 << 20)
#define TEXT_MAX 2000

struct task {
    const char *path;   /* of policies.yml or of a bundle */
    const char *bundle; /* that the former is to be served with; NULL: none */
    const struct chimera_fetch_options *fetch;
    struct set_check check;
    struct chimera_buffer text; /* of policies.yml */
    struct policies policies;
    char **modules; /* owned, as their texts; by policy: its file; NULL: it cannot be had */
    size_t *wanted; /* owned: a policy for each module that is to be found */
    struct findings findings;
};

/* --- The set --- */

static int read_file(struct task *task, struct chimera_error *err)
{
    int code = set_check_read(&task->check, task->path, &task->text, &task->policies, err);
    task->check.text = chimera_buffer_slice(&task->text);
    return code;
}

/* With its own policies.yml, or the one that a server would be given beside it. */
static int read_bundle(struct task *task, const char *path, bool is_own, struct chimera_error *err)
{
    struct chimera_bundle bundle = {0};
    CHIMERA_FREE char *folder = realpath(path, NULL);
    CHIMERA_FREE char *manifest =
        folder ? chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST) : NULL;
    if (!folder)
        return chimera_fail(err, CHIMERA_EIO, "cannot open the bundle %s: %s", path,
                            strerror(errno));
    if (manifest && access(manifest, F_OK) != 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is a folder and no bundle, as it has no " CHIMERA_BUNDLE_MANIFEST
                            ": name the policies.yml in it",
                            path);
    int code = chimera_bundle_read(folder, &bundle, err);
    if (code == CHIMERA_OK)
        code = is_own ? policies_read_bundle(folder, &bundle, set_check_limits(&task->check),
                                             &task->policies, err)
                      : read_file(task, err);
    if (code == CHIMERA_OK)
        code = policies_take_plugins(folder, &bundle, &task->policies, err);
    chimera_bundle_done(&bundle);
    return code;
}

static void take_line(void *context, const char *line)
{
    findings_add(context, FINDING_ERROR, FINDING_FILE, NULL, line);
}

static int read_set(struct task *task)
{
    struct stat status;
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    bool is_folder = stat(task->path, &status) == 0 && S_ISDIR(status.st_mode);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    int code = is_folder      ? read_bundle(task, task->path, true, &err)
               : task->bundle ? read_bundle(task, task->bundle, false, &err)
                              : read_file(task, &err);
    if (code < 0)
        chimera_error_each(&err, take_line, &task->findings);
    chimera_buffer_free(&details);
    return code;
}

/* --- Its modules --- */

static bool is_to_be_fetched(const struct task *task, const struct policy_spec *policy)
{
    struct chimera_module_place place = {0};
    bool is_missing = chimera_module_locate(policy_spec_location(policy), task->fetch->store,
                                            &place, NULL) == CHIMERA_OK &&
                      !place.is_local && access(place.path, F_OK) != 0;
    chimera_module_place_done(&place);
    return is_missing;
}

static void add_missing(struct task *task, size_t index, const char *why)
{
    const struct policy_spec *policy = &task->policies.policy[index];
    const char *meant = policy->meant ? policy->meant : "";
    if (task->fetch->is_offline && is_to_be_fetched(task, policy))
        why = *meant ? "it is not in the store"
                     : "it is not in the store: `chimera pull` fetches it, or --pull does for this "
                       "check";
    struct chimera_shown_name shown;
    char text[TEXT_MAX];
    const char *name = chimera_reference_show(policy->module, &shown);
    snprintf(text, sizeof(text), "%.500s%s%.900s%s%.300s%s", strstr(why, name) ? "" : name,
             strstr(why, name) ? "" : ": ", why,
             *meant ? "; there is a file of that name: is `" : "", meant, *meant ? "` meant?" : "");
    findings_add(&task->findings, FINDING_ERROR, FINDING_MODULE, policy->id, text);
}

static int take_fetched(void *context, size_t index, int code,
                        const struct chimera_fetched *fetched, const struct chimera_error *err)
{
    struct task *task = context;
    const struct policies *policies = &task->policies;
    const char *name = policy_spec_location(&policies->policy[task->wanted[index]]);
    fetch_warn_of_trust(fetched);
    for (size_t i = task->wanted[index]; i < policies->policy_count; i++) {
        if (strcmp(policy_spec_location(&policies->policy[i]), name) != 0)
            continue;
        task->modules[i] = code == CHIMERA_OK ? strdup(fetched->path) : NULL;
        if (!task->modules[i])
            add_missing(task, i, code < 0 ? err->text : chimera_code_text(CHIMERA_ENOMEM));
    }
    return EXIT_GOOD;
}

/* Each module once: the first policy with it stands for all. */
static size_t list_wanted(struct task *task, const char **ret_names)
{
    size_t count = 0;
    for (size_t i = 0; i < task->policies.policy_count; i++) {
        const char *name = policy_spec_location(&task->policies.policy[i]);
        size_t at = 0;
        while (at < count && strcmp(ret_names[at], name) != 0)
            at++;
        if (at < count)
            continue;
        task->wanted[count] = i;
        ret_names[count++] = name;
    }
    return count;
}

static int find_modules(struct task *task, struct chimera_error *err)
{
    size_t count = task->policies.policy_count;
    CHIMERA_FREE const char **names = (const char **)calloc(count + 1, sizeof(*names));
    task->wanted = calloc(count + 1, sizeof(*task->wanted));
    task->modules = calloc(count + 1, sizeof(*task->modules));
    if (!names || !task->wanted || !task->modules)
        return chimera_fail_memory(err);
    if (count == 0 || !task->policies.policy[0].plugin) {
        fetch_many(task->fetch, names, list_wanted(task, names), take_fetched, task);
        return CHIMERA_OK;
    }
    for (size_t i = 0; i < count; i++) {
        task->modules[i] = strdup(task->policies.policy[i].plugin); /* of a bundle */
        if (!task->modules[i])
            return chimera_fail_memory(err);
    }
    return CHIMERA_OK;
}

/* --- All of it --- */

/* Where all are plugins there may be no compiler. */
static bool has_modules(const struct task *task)
{
    for (size_t i = 0; i < task->policies.policy_count; i++)
        if (task->modules[i] && !policy_spec_is_plugin(&task->policies.policy[i], task->modules[i]))
            return true;
    return false;
}

static int check_policies(struct task *task, struct chimera_build_options *options,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *folder = NULL;
    int code = CHIMERA_OK;
    if (has_modules(task)) {
        code = chimera_folder_make_temporary("chimera-check", &folder, err);
        options->cache_folder = folder; /* one that ends with the check */
        if (code == CHIMERA_OK)
            code = chimera_builder_new(options, &task->check.builder, err);
    }
    for (size_t i = 0; code == CHIMERA_OK && i < task->policies.policy_count; i++) {
        if (!task->modules[i])
            continue;
        chimera_progress_begin(options->progress, task->policies.policy[i].id, i + 1,
                               task->policies.policy_count);
        set_check_policy(&task->check, i, task->modules[i], &task->findings);
        chimera_progress_end(options->progress, NULL); /* in the quick tier there is no wait */
    }
    chimera_builder_free(task->check.builder);
    chimera_progress_clear(options->progress);
    if (folder)
        chimera_folder_remove(folder, NULL);
    return code;
}

static int check_set(struct task *task, struct chimera_build_options *options,
                     struct chimera_error *err)
{
    set_check_file(&task->check, &task->findings);
    int code = find_modules(task, err);
    return code < 0 ? code : check_policies(task, options, err);
}

static void free_task(struct task *task)
{
    for (size_t i = 0; task->modules && i < task->policies.policy_count; i++)
        free(task->modules[i]);
    free(task->modules);
    free(task->wanted);
    policies_done(&task->policies);
    chimera_buffer_free(&task->text);
    findings_done(&task->findings);
}

/* The modules of a bundle's own file are those of another machine perhaps; its plugins are there.
 */
static void hint_at_bundle(struct task *task)
{
    char text[TEXT_MAX];
    const char *slash = strrchr(task->path, '/');
    if (task->bundle || !slash || strcmp(slash + 1, CHIMERA_BUNDLE_POLICIES) != 0)
        return;
    CHIMERA_FREE char *folder = strndup(task->path, (size_t)(slash - task->path));
    CHIMERA_FREE char *manifest =
        folder ? chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST) : NULL;
    if (!manifest || access(manifest, F_OK) != 0)
        return;
    snprintf(text, sizeof(text),
             "%.900s is the file of a bundle, whose plugins were not looked at: is `chimera check "
             "%.900s` meant?",
             task->path, folder);
    findings_add(&task->findings, FINDING_WARNING, FINDING_FILE, NULL, text);
}

/* --- What is told --- */

static void say_as_json(const struct task *task)
{
    CHIMERA_JSON struct json_object *out = json_object_new_object();
    const struct findings *findings = &task->findings;
    json_object_object_add(out, "set", json_object_new_string(task->path));
    json_object_object_add(out, "good", json_object_new_boolean(findings->errors == 0));
    json_object_object_add(out, "policies",
                           json_object_new_int64((int64_t)task->policies.policy_count));
    json_object_object_add(out, "groups",
                           json_object_new_int64((int64_t)task->policies.group_count));
    json_object_object_add(out, "errors", json_object_new_int64((int64_t)findings->errors));
    json_object_object_add(out, "warnings", json_object_new_int64((int64_t)findings->warnings));
    json_object_object_add(out, "findings", findings_json(findings));
    struct chimera_buffer line;
    chimera_buffer_init(&line, FILE_MAX);
    chimera_json_write(out, &line);
    chimera_buffer_byte(&line, '\n');
    if (!line.failed)
        say_json(chimera_buffer_slice(&line));
    chimera_buffer_free(&line);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void say_as_text(const struct task *task, bool is_quiet)
{
    const struct findings *findings = &task->findings;
    size_t policies = task->policies.policy_count, groups = task->policies.group_count;
    findings_say(findings, is_quiet);
    struct chimera_buffer text;
    enum chimera_colour colour = findings->errors     ? CHIMERA_COLOUR_BAD
                                 : findings->warnings ? CHIMERA_COLOUR_NOTE
                                                      : CHIMERA_COLOUR_GOOD;
    chimera_buffer_init(&text, TEXT_MAX);
    if (findings->errors)
        chimera_buffer_print(&text, "%zu error%s", findings->errors, plural(findings->errors));
    else
        chimera_buffer_print(&text, "good: %zu polic%s", policies, policies == 1 ? "y" : "ies");
    if (groups && !findings->errors)
        chimera_buffer_print(&text, ", %zu group%s", groups, plural(groups));
    if (findings->warnings)
        chimera_buffer_print(&text, ", %zu warning%s", findings->warnings,
                             plural(findings->warnings));
    chimera_buffer_byte(&text, '\0');
    fputs(chimera_colour(STDOUT_FILENO, colour), stdout);
    chimera_printable_say(stdout, NULL, "%s: %s", task->path, text.data);
    fputs(chimera_colour_end(STDOUT_FILENO), stdout);
    chimera_buffer_free(&text);
}

static int check(const struct chimera_cli_options *options, struct task *task,
                 struct chimera_build_options *build)
{
    struct chimera_error err = {0};
    chimera_buffer_init(&task->text, FILE_MAX);
    /* Before signals are caught: who reads a pipe is not to wait for its end. */
    bool is_read = read_set(task) == CHIMERA_OK;
    interrupt_catch();
    int code = is_read ? check_set(task, build, &err) : CHIMERA_OK;
    interrupt_release();
    if (code < 0) /* the policies could not be asked; what was found before is told, too */
        findings_add(&task->findings, FINDING_ERROR, FINDING_SET, NULL, err.text);
    if (task->findings.errors)
        hint_at_bundle(task);
    if (chimera_cli_is_given(options, "json"))
        say_as_json(task);
    else
        say_as_text(task, option_quiet(options));
    code = task->findings.errors ? EXIT_FAILED : EXIT_GOOD;
    free_task(task);
    return code;
}

static int run_check(const struct chimera_cli_options *options)
{
    struct chimera_progress progress;
    struct fetch_flags flags;
    struct chimera_error err = {0};
    struct task task = {.path = options->arguments[0],
                        .bundle = chimera_cli_value(options, "bundle"),
                        .fetch = &flags.fetch};
    if (set_check_init(options, &task.check, &err) < 0)
        return say_error("%s", err.text);
    task.check.path = task.path;
    task.check.policies = &task.policies;
    if (fetch_flags_read(options, &flags, &err) < 0)
        return say_error("%s", err.text);
    flags.fetch.shows_progress = false; /* lines of several would overwrite each other */
    flags.fetch.is_offline = !chimera_cli_is_given(options, "pull");
    progress_open(options, &progress);
    struct chimera_build_options build = {
        .progress = &progress,
        .shared = &flags.shared,
        .must_confine = chimera_cli_is_given(options, "require-confinement"),
    };
    int code = check(options, &task, &build);
    fetch_flags_done(&flags);
    return code;
}

static const struct chimera_cli_option check_options[] = {
    {.name = "json", .help = "Print one JSON object with all that was found to standard output"},
    {.name = "pull", .help = "Fetch what is not in the store; without it that is an error"},
    {.name = "bundle",
     .kind = CHIMERA_CLI_VALUE,
     .value = "DIR",
     .help =
         "The bundle that a server serves the file with, as --bundle of the server: each module "
         "must be one that it was made from"},
    SET_CHECK_FLAGS,
    FETCH_FLAGS,
    FETCH_FLAGS_OF_OPA,
    SHARED_CACHE_FLAGS,
    OPTION_QUIET,
    OPTION_REQUIRE_CONFINEMENT,
    {0},
};

static const struct chimera_cli_argument check_arguments[] = {
    {.name = "SET", .is_required = true, .help = "The policies.yml of a server, or a bundle"},
    {0},
};

const struct chimera_cli_command command_check = {
    .name = "check",
    .about = "Tell whether a server would serve a policies.yml or a bundle, and all that is wrong",
    .description =
        "Tells all mistakes at once: in the file, in group expressions, of modules that are not "
        "there or cannot be built, and what the policies themselves say to their settings. Each is "
        "built in the quick tier in a temporary folder and started, confined; nothing is left "
        "behind, and nothing is fetched without --pull. Warnings are for what a server serves and "
        "few can want: unknown keys, capabilities that a policy asks for and is not granted.\n"
        "The exit code is 1 when there is an error, and 0 with warnings alone.",
    .options = check_options,
    .arguments = check_arguments,
    .run = run_check,
};
