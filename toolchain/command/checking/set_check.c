/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/set_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lower/read.h"
#include "compiler/opa/bundle.h"
#include "compiler/wasm/decode.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/manifest.h"
#include "runtime/policy/served.h"
#include "runtime/review/group.h"
#include "runtime/source/reference.h"
#include "runtime/yaml/adapt.h"
#include "toolchain/command/author/host_calls.h"
#include "toolchain/command/checking/grants.h"
#include "toolchain/command/checking/policy_start.h"
#include "toolchain/command/checking/start_note.h"
#include "toolchain/command/commands.h"

#define LIMIT_SECONDS 2 /* a server's, without --policy-timeout */
#define LIMIT_SECONDS_MAX 86400
#define MODULE_MAX ((size_t)512 << 20)
#define TEXT_MAX 2000

int set_check_init(const struct chimera_cli_options *options, struct set_check *ret_check,
                   struct chimera_error *err)
{
    const char *text = chimera_cli_value(options, "policy-timeout");
    unsigned seconds = text ? chimera_cli_number(text, LIMIT_SECONDS_MAX) : LIMIT_SECONDS;
    *ret_check = (struct set_check){
        .policy_options = chimera_cli_value(options, "policy-options"),
        .limit_seconds = seconds,
        .is_limited = !chimera_cli_is_given(options, "disable-timeout-protection")};
    if (seconds > 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--policy-timeout takes seconds from 1 to %d, not '%.100s'",
                        LIMIT_SECONDS_MAX, text);
}

enum policies_limits set_check_limits(const struct set_check *check)
{
    return check->is_limited ? POLICIES_LIMITS_COUNT : POLICIES_LIMITS_ARE_FREE;
}

int set_check_read(const struct set_check *check, const char *path, struct chimera_buffer *text,
                   struct policies *ret_policies, struct chimera_error *err)
{
    int code = chimera_file_read(path, text, err);
    if (code == CHIMERA_OK)
        code = chimera_yaml_adapt(text, err);
    if (code == CHIMERA_OK)
        code = policies_parse(chimera_buffer_slice(text), path, set_check_limits(check),
                              ret_policies, err);
    return code;
}

/* --- The file --- */

struct teller {
    struct findings *findings;
    enum finding_kind kind;
};

static void take_line(void *context, const char *line)
{
    const struct teller *teller = context;
    findings_add(teller->findings, teller->kind, FINDING_FILE, NULL, line);
}

static void add_lines(const char *lines, enum finding_kind kind, struct findings *findings)
{
    struct teller teller = {findings, kind};
    if (lines)
        chimera_lines_each(chimera_slice_of(lines), take_line, &teller);
}

static void add_error(const struct chimera_error *err, struct findings *findings)
{
    struct teller teller = {findings, FINDING_ERROR};
    chimera_error_each(err, take_line, &teller);
}

/* Readers take the last of two; nobody means the first to go. */
static void find_twins(const struct set_check *check, struct findings *findings)
{
    struct chimera_yaml_options options = policies_yaml;
    struct chimera_problems problems = {0};
    CHIMERA_JSON struct json_object *tree = NULL;
    if (check->text.size == 0)
        return;
    options.duplicate_keys_fail = true;
    chimera_yaml_check(check->text, &options, &tree, &problems);
    CHIMERA_FREE char *lines = chimera_problems_text(&problems, check->path);
    chimera_problems_done(&problems);
    add_lines(lines, FINDING_ERROR, findings);
}

static void check_expressions(const struct policies *policies, struct findings *findings)
{
    for (size_t i = 0; i < policies->group_count; i++) {
        const struct group_spec *spec = &policies->group[i];
        struct chimera_group *group = NULL;
        CHIMERA_FREE const char **members =
            (const char **)calloc(spec->count + 1, sizeof(*members));
        for (size_t j = 0; members && j < spec->count; j++)
            members[j] = policies->policy[spec->first + j].name;
        const struct chimera_group_spec asked = {.name = spec->name,
                                                 .expression = spec->expression,
                                                 .message = spec->message,
                                                 .members = members,
                                                 .count = spec->count};
        if (members && chimera_group_new(&asked, &group, NULL) == CHIMERA_OK &&
            chimera_group_failure(group))
            findings_add(findings, FINDING_ERROR, FINDING_EXPRESSION, spec->name,
                         chimera_group_failure(group));
        chimera_group_free(group);
    }
}

static bool are_alike(const struct policy_spec *a, const struct policy_spec *b)
{
    return a->group == NO_GROUP && b->group == NO_GROUP && a->mode == b->mode &&
           a->allowed_to_mutate == b->allowed_to_mutate &&
           strcmp(policy_spec_location(a), policy_spec_location(b)) == 0 &&
           strcmp(a->settings, b->settings) == 0;
}

static void find_alike(const struct policies *policies, struct findings *findings)
{
    for (size_t i = 1; i < policies->policy_count; i++) {
        size_t at = 0;
        while (at < i && !are_alike(&policies->policy[at], &policies->policy[i]))
            at++;
        char text[TEXT_MAX];
        snprintf(text, sizeof(text),
                 "the same module, settings and mode as policy \"%.600s\": each object is judged "
                 "twice alike",
                 policies->policy[at].id);
        if (at < i)
            findings_add(findings, FINDING_WARNING, FINDING_SET, policies->policy[i].id, text);
    }
}

static void read_options(const struct set_check *check, struct findings *findings)
{
    struct policies *policies = check->policies;
    size_t count = policies->policy_count;
    CHIMERA_FREE const char **ids = (const char **)calloc(count + 1, sizeof(*ids));
    CHIMERA_FREE struct chimera_policy_extras *extras = calloc(count + 1, sizeof(*extras));
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    if (!check->policy_options || !ids || !extras)
        return;
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    for (size_t i = 0; i < count; i++)
        ids[i] = policies->policy[i].id;
    if (chimera_policy_options_read(check->policy_options, ids, extras, &err) < 0)
        add_error(&err, findings);
    for (size_t i = 0; i < count; i++)
        policies->policy[i].extras = extras[i]; /* which end with them */
    chimera_buffer_free(&details);
}

void set_check_file(const struct set_check *check, struct findings *findings)
{
    add_lines(check->policies->warnings, FINDING_WARNING, findings);
    find_twins(check, findings);
    read_options(check, findings);
    if (check->policies->policy_count == 0)
        findings_add(findings, FINDING_ERROR, FINDING_SET, NULL,
                     "there is no policy in it: a server would know no path, and answer every "
                     "request with 404");
    check_expressions(check->policies, findings);
    find_alike(check->policies, findings);
}

/* --- A policy --- */

/* A failed call is told by a server as the reference prints it, which is Rust for programmers; here
 * what the policy said is enough. In place. */
static void unwrap_settings(char *text)
{
    static const char wrapper[] =
        "Error invoking settings validation callback: GuestCallFailure(\"";
    static const char end[] = "\")";
    char *to = text + strlen(CHIMERA_SETTINGS_REFUSED);
    const char *from = to + sizeof(wrapper) - 1;
    size_t size = strlen(text);
    bool is_wrapped = strncmp(to, wrapper, sizeof(wrapper) - 1) == 0 && size >= sizeof(end) &&
                      strcmp(text + size - (sizeof(end) - 1), end) == 0;
    if (!is_wrapped)
        return;
    const char *last = text + size - (sizeof(end) - 1);
    while (from < last) {
        from += *from == '\\' && (from[1] == '"' || from[1] == '\\');
        *to++ = *from++;
    }
    *to = '\0';
}

static void add_failure(const struct policy_spec *policy, enum finding_about about, const char *why,
                        struct findings *findings)
{
    struct chimera_shown_name shown;
    char text[TEXT_MAX];
    const char *module = chimera_reference_show(policy->module, &shown);
    const char *path =
        strncmp(module, "file://", strlen("file://")) == 0 ? module + strlen("file://") : module;
    bool is_named = about == FINDING_SETTINGS || strstr(why, path) != NULL;
    snprintf(text, sizeof(text), "%.700s%s%s", is_named ? "" : module, is_named ? "" : ": ", why);
    findings_add(findings, FINDING_ERROR, about, policy->id, text);
}

static struct json_object *guess_calls(const char *path)
{
    struct chimera_buffer bytes;
    struct chimera_module *module = NULL;
    struct json_object *calls = NULL;
    chimera_buffer_init(&bytes, MODULE_MAX);
    if (chimera_module_file_read(path, &bytes, NULL, NULL) == CHIMERA_OK &&
        chimera_module_read(path, chimera_buffer_slice(&bytes), &module, NULL) == CHIMERA_OK)
        calls = host_calls_detect(module);
    chimera_module_free(module);
    chimera_buffer_free(&bytes);
    return calls;
}

static void check_grants(const struct policy_start *start, const char *module,
                         struct findings *findings)
{
    struct chimera_manifest manifest = {0};
    struct chimera_metadata metadata = {0};
    CHIMERA_JSON struct json_object *guessed = module ? guess_calls(module) : NULL;
    CHIMERA_FREE char *path = NULL;
    if (asprintf(&path, "%.*s.json", (int)(strlen(start->plugin) - strlen(".so")), start->plugin) <
        0) {
        path = NULL;
        return;
    }
    if (chimera_manifest_read_locked(path, start->lock, &manifest, NULL) == CHIMERA_OK &&
        (!manifest.metadata || chimera_metadata_parse(chimera_slice_of(manifest.metadata),
                                                      &metadata, NULL) == CHIMERA_OK))
        grants_check(start->spec, &metadata, guessed, findings);
    chimera_metadata_done(&metadata);
    chimera_manifest_done(&manifest);
}

static uint32_t limit_of(const struct set_check *check, const struct policy_spec *policy)
{
    uint64_t seconds = policy->has_limit ? policy->limit_seconds : check->limit_seconds;
    if (!check->is_limited)
        return 0;
    return seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)seconds * 1000;
}

/* What several policies have is built once for all, as the builder keeps it. */
void set_check_policy(const struct set_check *check, size_t index, const char *module,
                      struct findings *findings)
{
    const struct policy_spec *policy = &check->policies->policy[index];
    struct chimera_built built = {0};
    struct chimera_error why = {0};
    bool is_built = !policy_spec_is_plugin(policy, module);
    int code = CHIMERA_OK;
    if (is_built)
        code = chimera_build(check->builder, module, CHIMERA_MODE_NONE, CHIMERA_TIER_ANY, &built,
                             &why);
    if (code < 0) {
        add_failure(policy, FINDING_MODULE, why.text, findings);
        return;
    }
    const struct policy_start start = {.plugin = is_built ? built.plugin : module,
                                       .lock = policy->plugin ? &policy->lock : NULL,
                                       .spec = policy,
                                       .limit_ms = limit_of(check, policy)};
    struct chimera_cache *cache = check->takes_notes ? chimera_builder_cache(check->builder) : NULL;
    const struct start_note note = {start.plugin, policy, start.limit_ms};
    if (!start_note_is_there(&note, cache)) {
        code = policy_start_check(&start, &why);
        if (code == CHIMERA_OK)
            start_note_put(&note, cache);
    }
    bool is_settings =
        strncmp(why.text, CHIMERA_SETTINGS_REFUSED, strlen(CHIMERA_SETTINGS_REFUSED)) == 0;
    if (is_settings)
        unwrap_settings(why.text);
    if (code < 0)
        add_failure(policy, is_settings ? FINDING_SETTINGS : FINDING_START, why.text, findings);
    check_grants(&start, is_built ? module : NULL, findings);
    chimera_built_done(&built);
}
