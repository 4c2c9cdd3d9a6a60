/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/policy_set.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/instance/pagemap.h"
#include "runtime/log/log.h"
#include "runtime/policy/metadata.h"
#include "runtime/policy/slots.h"
#include "runtime/text/problems.h"
#include "server/review/group.h"
#include "server/telemetry/span.h"

#define SETTINGS_ARENA_MAX ((size_t)64 << 20)
#define TARGET "server::policies"
/* With more policies than this, instances are made when they are first asked for: a server with a
 * thousand policies is not to hold a thousand images that nobody needs. */
#define WARM_MAX 128
/* Of policies that failed alike. */
#define NAMES_MAX 8
#define NAMES_BYTES ((size_t)4096)

/* There is no unload: what was mapped stays, also when its policies are gone. */
static struct chimera_loaded **kept;

static int compare_ids(struct chimera_slice a, struct chimera_slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_served(const void *a, const void *b)
{
    return compare_ids(((const struct served *)a)->id, ((const struct served *)b)->id);
}

const struct served *policy_set_find(const struct policy_set *set, struct chimera_slice id)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_ids(set->served[middle].id, id);
        if (order == 0)
            return &set->served[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Policies of one module share one mapping. */
static int load_plugin(struct policy_set *set, const char *path, const struct policy_spec *spec,
                       const struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    const struct chimera_digest *lock = spec->plugin ? &spec->lock : NULL;
    for (size_t i = 0; i < set->loaded_count; i++) {
        if (strcmp(set->loaded[i]->path, path) == 0) {
            *ret_loaded = set->loaded[i];
            return CHIMERA_OK;
        }
    }
    int code = chimera_plugin_load_locked(path, lock, &set->loaded[set->loaded_count], err);
    if (code == CHIMERA_OK)
        *ret_loaded = set->loaded[set->loaded_count++];
    return code;
}

/* What the module says about itself (policy-server.md §3.6). Plugins of modes that the reference
 * does not have were built by asking for that mode, and need no metadata. */
static int check_metadata(const struct chimera_manifest *manifest, struct chimera_error *err)
{
    struct chimera_metadata metadata = {0};
    enum chimera_mode mode;
    if (manifest->mode == CHIMERA_MODE_CHIMERA)
        return CHIMERA_OK;
    int code = CHIMERA_OK;
    if (manifest->metadata)
        code = chimera_metadata_parse(chimera_slice_of(manifest->metadata), &metadata, err);
    if (code == CHIMERA_OK)
        code = chimera_metadata_check_version(&metadata, CHIMERA_READER_SERVER, err);
    if (code == CHIMERA_OK)
        code = chimera_metadata_server_mode(&metadata, &mode, err);
    if (code == CHIMERA_OK && mode != manifest->mode)
        code = chimera_fail(err, CHIMERA_EABI,
                            "the plugin was built as %s, but its policy is %s: build it again",
                            chimera_mode_name(manifest->mode), chimera_mode_name(mode));
    chimera_metadata_done(&metadata);
    return code;
}

/* In milliseconds, 0: none. False for a limit of no time at all, in which no policy can answer:
 * the reference stops it before its first instruction. */
static bool find_limit(const struct config *config, const struct policy_spec *spec,
                       uint32_t *ret_limit_ms)
{
    *ret_limit_ms = 0;
    if (!config->is_limited)
        return true;
    uint64_t seconds = spec->has_limit ? spec->limit_seconds : config->limit_seconds;
    *ret_limit_ms = seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)seconds * 1000;
    return seconds > 0;
}

static int check_settings(struct chimera_policy *policy, struct chimera_error *err)
{
    struct chimera_arena arena;
    struct chimera_slice message = {NULL, 0};
    bool is_valid = false;
    struct span_policy span;
    chimera_arena_init(&arena, SETTINGS_ARENA_MAX);
    span_begin_settings(&span, chimera_slice_of(chimera_policy_id(policy)));
    int code = chimera_policy_check_settings(policy, 0, &arena, &is_valid, &message, err);
    span_end(&span.span);
    if (code == CHIMERA_OK && !is_valid) {
        if (!message.data)
            message = CHIMERA_SLICE("no message");
        code = chimera_fail(err, CHIMERA_EGUEST, "Policy settings are invalid: %.*s",
                            (int)message.size, message.data);
    }
    chimera_arena_free(&arena);
    return code;
}

/* Is it one of the names, which commas separate? */
static bool is_listed(const char *names, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = names; at && *at; at += strspn(at, ",")) {
        size_t length = strcspn(at, ",");
        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

int policy_set_open(struct policy_set *set, const struct config *config,
                    const struct policy_spec *spec, const struct built_plugin *plugin,
                    unsigned lanes, unsigned warm_lanes, uint32_t number,
                    struct chimera_policy **ret_policy, struct chimera_error *err)
{
    if (!plugin->path)
        return chimera_fail(err, CHIMERA_ETOOL, "%s", plugin->failure);
    const struct chimera_loaded *loaded = NULL;
    struct chimera_policy_options options = {
        .id = spec->name,
        .settings = chimera_slice_of(spec->settings),
        .memory_limit = spec->extras.memory_limit,
        .lanes = lanes,
        .slots = set->slots,
        .is_fresh_start = is_listed(config->options.fresh_start, spec->id),
        .capabilities = (const char *const *)spec->capabilities,
        .resources = (const char *const *)spec->resources,
        .gauges = seat_gauges(set->seat, number)};
    int code = load_plugin(set, plugin->path, spec, &loaded, err);
    if (code == CHIMERA_OK)
        code = check_metadata(&loaded->manifest, err);
    if (code == CHIMERA_OK && !find_limit(config, spec, &options.limit_ms))
        code = chimera_fail(err, CHIMERA_EGUEST,
                            "Policy settings are invalid: %s is 0, which leaves no time to check "
                            "them (guest code interrupted, execution deadline exceeded)",
                            spec->has_limit ? "timeoutEvalSeconds" : "--policy-timeout");
    if (code < 0)
        return code;
    struct chimera_policy *policy = NULL;
    code = chimera_policy_open(loaded, &options, &policy, err);
    if (code == CHIMERA_OK)
        code = check_settings(policy, err);
    for (unsigned lane = 0; lane < warm_lanes && set->is_warm && code == CHIMERA_OK; lane++)
        code = chimera_policy_warm(policy, lane, err);
    if (code == CHIMERA_OK && !set->is_warm)
        chimera_policy_cool(policy);
    if (code < 0) {
        chimera_policy_close(policy);
        return code;
    }
    seat_note_loaded(set->seat, number, &loaded->manifest, chimera_policy_start_text(policy));
    *ret_policy = policy;
    return CHIMERA_OK;
}

static struct chimera_handling handling_of(const struct policy_spec *spec)
{
    struct chimera_handling handling = {
        .policy_id = spec->id, .mode = spec->mode, .allowed_to_mutate = spec->allowed_to_mutate};
    if (spec->message)
        handling.message = chimera_slice_of(spec->message);
    return handling;
}

static void log_failure(struct chimera_slice id, const char *text)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("policy failed to start and rejects every request"),
                     CHIMERA_TEXT("policy_id", id), CHIMERA_TEXT("error", chimera_slice_of(text)));
}

/* Keeps a failure as the policy's answer or, where none may fail, for the report at the end.
 * Settings that the policy refuses are told as they are, the rest with the policy's name, as the
 * reference does. */
static int keep_failure(const struct policy_set_wish *wish, struct served *served,
                        const struct chimera_error *why, struct chimera_error *err)
{
    bool goes_on = wish->config->options.is_continue_on_errors;
    bool is_settings = strncmp(why->text, "Policy settings", strlen("Policy settings")) == 0;
    int size = is_settings || !goes_on ? asprintf(&served->failure, "%s", why->text)
                                       : asprintf(&served->failure, "bootstrap failure: %.*s: %s",
                                                  (int)served->id.size, served->id.data, why->text);
    if (size < 0) {
        served->failure = NULL;
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    }
    if (goes_on) {
        seat_note_failed(wish->seat, served->number, served->failure);
        log_failure(served->id, served->failure);
    }
    return CHIMERA_OK;
}

static bool failed_so(const struct served *served, const char *text)
{
    return served->failure && strcmp(served->failure, text) == 0;
}

/* `policy "a"`, or `policies "a", "b" and 7 more`: those of the same failure, from number `first`
 * on. */
static void name_policies(const struct policy_set *set, size_t first, size_t count,
                          struct chimera_buffer *out)
{
    const char *text = set->served[first].failure;
    size_t all = 0, told = 0;
    for (size_t i = first; i < count; i++)
        all += failed_so(&set->served[i], text);
    chimera_buffer_text(out, all > 1 ? "policies" : "policy");
    for (size_t i = first; i < count && told < NAMES_MAX; i++)
        if (failed_so(&set->served[i], text))
            chimera_buffer_print(out, "%s \"%.*s\"", told++ ? "," : "", (int)set->served[i].id.size,
                                 set->served[i].id.data);
    if (told < all)
        chimera_buffer_print(out, " and %zu more", all - told);
    chimera_buffer_byte(out, '\0');
}

/* All that failed, the policies that failed alike together: often it is their module. */
static int fail_start(const struct policy_set *set, size_t count, struct chimera_error *err)
{
    struct chimera_problems problems = {0};
    for (size_t i = 0; i < count; i++) {
        const char *text = set->served[i].failure;
        size_t before = 0;
        while (text && before < i && !failed_so(&set->served[before], text))
            before++;
        if (!text || before < i)
            continue;
        struct chimera_buffer names;
        chimera_buffer_init(&names, NAMES_BYTES);
        name_policies(set, i, count, &names);
        chimera_problems_add(&problems, 0, 0, names.failed ? "" : names.data, text);
        chimera_buffer_free(&names);
    }
    int code = chimera_problems_fail(&problems, NULL, CHIMERA_EINVAL, err);
    chimera_problems_done(&problems);
    return code;
}

/* The policy is in a jail, which says whether it could load it. */
static int open_remote(const struct policy_set_wish *wish, size_t index, size_t jail,
                       struct remote **ret_remote, struct chimera_error *err)
{
    struct remote *remote = calloc(1, sizeof(*remote));
    if (!remote)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    *remote = (struct remote){.link = &wish->links[jail], .policy = (uint32_t)index};
    find_limit(wish->config, &wish->policies->policy[index], &remote->limit_ms);
    int code = remote_check(remote, err);
    if (code < 0)
        free(remote);
    else
        *ret_remote = remote;
    return code;
}

/* What the jail has loaded, by the manifest beside it. */
static void note_isolated(struct seat *seat, uint32_t number, const char *path)
{
    struct chimera_manifest manifest = {0};
    char json[PATH_MAX];
    size_t size = strlen(path) - strlen(".so");
    if (!seat || size > sizeof(json) - sizeof(".json"))
        return;
    memcpy(json, path, size);
    memcpy(json + size, ".json", sizeof(".json"));
    if (chimera_manifest_read(json, &manifest, NULL) == CHIMERA_OK)
        seat_note_loaded(seat, number, &manifest, "in a process of its own");
    else
        seat_note_present(seat, number);
    chimera_manifest_done(&manifest);
}

static void tell_apart(struct served *served, const struct policy_set_wish *wish)
{
    served->number = board_find(wish->board, served->id);
    served->counted = counters_policy(wish->counters, served->number);
}

/* Jails have the accounts behind those of the policies and groups. */
static struct served *add_served(struct policy_set *set, const struct policy_set_wish *wish,
                                 size_t jail)
{
    size_t index = set->count++;
    size_t first_jail = wish->policies->policy_count + wish->policies->group_count;
    set->served[index] =
        (struct served){.account = (unsigned)(jail == NO_JAIL ? index : first_jail + jail)};
    return &set->served[index];
}

static int load_policy(struct policy_set *set, const struct policy_set_wish *wish, size_t index,
                       struct chimera_error *err)
{
    const struct policy_spec *spec = &wish->policies->policy[index];
    size_t jail = wish->isolation->jail_of[index];
    struct served *served = add_served(set, wish, jail);
    served->id = chimera_slice_of(spec->id);
    served->handling = handling_of(spec);
    tell_apart(served, wish);
    struct chimera_error why = {0};
    int code = jail == NO_JAIL
                   ? policy_set_open(set, wish->config, spec, &wish->plugins[index], wish->lanes,
                                     wish->warm_lanes, served->number, &served->policy, &why)
                   : open_remote(wish, index, jail, &served->remote, &why);
    if (code < 0)
        return keep_failure(wish, served, &why, err);
    if (jail != NO_JAIL)
        note_isolated(wish->seat, served->number, wish->plugins[index].path);
    return CHIMERA_OK;
}

/* A group whose expression is broken starts, here as there, and answers each request with the
 * reason; but we say so at once. */
static void log_broken_group(const struct served *served)
{
    const char *failure = group_failure(served->group);
    chimera_log_with(
        CHIMERA_LOG_WARN, TARGET,
        served->handling.mode == CHIMERA_MONITOR
            ? CHIMERA_SLICE("the expression of a policy group is wrong: the group judges nothing, "
                            "and lets everything through, because its mode is monitor")
            : CHIMERA_SLICE("the expression of a policy group is wrong: the group rejects every "
                            "request"),
        CHIMERA_TEXT("policy_id", served->id), CHIMERA_TEXT("error", chimera_slice_of(failure)));
}

static int load_group(struct policy_set *set, const struct policy_set_wish *wish,
                      const struct group_spec *spec, struct chimera_error *err)
{
    size_t jail = spec->count ? wish->isolation->jail_of[spec->first] : NO_JAIL;
    struct served *served = add_served(set, wish, jail);
    served->id = chimera_slice_of(spec->name);
    served->handling = (struct chimera_handling){
        .policy_id = spec->name, .mode = spec->mode, .allowed_to_mutate = false};
    tell_apart(served, wish);
    int code = group_new(spec, &set->served[spec->first], &served->group, err);
    if (code < 0)
        return code;
    if (!group_failure(served->group)) {
        seat_note_present(wish->seat, served->number);
        return CHIMERA_OK;
    }
    seat_note_failed(wish->seat, served->number, group_failure(served->group));
    log_broken_group(served);
    return CHIMERA_OK;
}

/* The slow ways are worth a warning: a kernel of 6.7 or newer has the fast one. */
static void log_tracking(void)
{
    enum chimera_tracking tracking = chimera_tracking();
    chimera_log_with(tracking == CHIMERA_TRACKING_SCAN ? CHIMERA_LOG_DEBUG : CHIMERA_LOG_WARN,
                     TARGET, CHIMERA_SLICE("how written pages of policies are found"),
                     CHIMERA_TEXT("way", chimera_slice_of(chimera_tracking_name(tracking))));
}

int policy_set_init(struct policy_set *set, const struct config *config, size_t count,
                    unsigned lanes, struct chimera_error *err)
{
    *set = (struct policy_set){.loaded = calloc(count + 1, sizeof(struct chimera_loaded *)),
                               .is_limited = config->is_limited,
                               .is_warm = count <= WARM_MAX};
    kept = set->loaded;
    if (!set->loaded)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    return chimera_slots_new(lanes, 0, &set->slots, err);
}

int policy_set_load(const struct policy_set_wish *wish, struct policy_set *ret_set,
                    struct chimera_error *err)
{
    const struct policies *policies = wish->policies;
    size_t count = policies->policy_count + policies->group_count;
    struct policy_set set;
    int code = policy_set_init(&set, wish->config, policies->policy_count, wish->lanes, err);
    set.served = calloc(count + 1, sizeof(*set.served));
    set.account_count = count + wish->isolation->jail_count;
    set.seat = wish->seat;
    if (code == CHIMERA_OK && !set.served)
        code = chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    if (code == CHIMERA_OK)
        log_tracking();
    for (size_t i = 0; i < policies->policy_count && code == CHIMERA_OK; i++) {
        atomic_fetch_add(wish->step, 1);
        code = load_policy(&set, wish, i, err);
    }
    atomic_fetch_add(wish->step, 1);
    if (code == CHIMERA_OK && !wish->config->options.is_continue_on_errors)
        code = fail_start(&set, policies->policy_count, err);
    for (size_t i = 0; i < policies->group_count && code == CHIMERA_OK;
         i++) /* members are in place */
        code = load_group(&set, wish, &policies->group[i], err);
    if (code < 0) {
        policy_set_done(&set);
        return code;
    }
    qsort(set.served, set.count, sizeof(*set.served), compare_served);
    *ret_set = set;
    return CHIMERA_OK;
}

static int evaluate_remote(const struct remote *remote, struct counters_policy *counted,
                           const struct chimera_request *request, uint32_t limit_ms,
                           struct chimera_arena *arena, struct chimera_response *ret_response)
{
    struct wire_cost cost = {0};
    uint64_t began_ns = chimera_clock_ns();
    int code = remote_evaluate(remote, request, limit_ms, arena, ret_response, &cost);
    counters_count_remote(counted, chimera_clock_ns() - began_ns, code, ret_response, &cost);
    return code;
}

int policy_set_evaluate(struct chimera_policy *policy, const struct remote *remote,
                        struct counters_policy *counted, unsigned lane,
                        const struct chimera_request *request, uint32_t limit_ms,
                        struct chimera_arena *arena, struct chimera_response *ret_response)
{
    struct chimera_run_report report;
    struct counters_meter meter;
    if (remote)
        return evaluate_remote(remote, counted, request, limit_ms, arena, ret_response);
    counters_begin(counted, &meter);
    int code = chimera_policy_evaluate(policy, lane, request, limit_ms, arena, ret_response);
    chimera_policy_last_run(policy, lane, &report);
    counters_end(counted, &meter, code, ret_response, &report);
    return code;
}

void policy_set_done(struct policy_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        chimera_policy_close(set->served[i].policy);
        group_free(set->served[i].group);
        free(set->served[i].remote);
        free(set->served[i].failure);
    }
    free(set->served);
    chimera_slots_free(set->slots);
    *set = (struct policy_set){0};
}
