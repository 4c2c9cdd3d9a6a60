/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/policy_set.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/instance/pagemap.h"
#include "runtime/log/log.h"
#include "runtime/text/problems.h"
#include "server/review/group.h"

#define TARGET "server::policies"
/* Of policies that failed alike. */
#define NAMES_MAX 8
#define NAMES_BYTES ((size_t)4096)

static int compare_ids(struct chimera_slice a, struct chimera_slice b)
{
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_targets(const void *a, const void *b)
{
    return compare_ids(((const struct target *)a)->id, ((const struct target *)b)->id);
}

const struct target *policy_set_find(const struct policy_set *set, struct chimera_slice id)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_ids(set->target[middle].id, id);
        if (order == 0)
            return &set->target[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Keeps a failure as the policy's answer or, where none may fail, for the report at the end.
 * Settings that the policy refuses are told as they are, the rest with the policy's name, as the
 * reference does. */
static int keep_failure(const struct policy_set_input *input, struct target *target,
                        const struct chimera_error *why, struct chimera_error *err)
{
    bool goes_on = input->config->options.is_continue_on_errors;
    bool is_settings = strncmp(why->text, "Policy settings", strlen("Policy settings")) == 0;
    int size = is_settings || !goes_on ? asprintf(&target->failure, "%s", why->text)
                                       : asprintf(&target->failure, "bootstrap failure: %.*s: %s",
                                                  (int)target->id.size, target->id.data, why->text);
    if (size < 0) {
        target->failure = NULL;
        return chimera_fail_memory(err);
    }
    if (goes_on) {
        worker_score_note_failed(input->score, target->number, target->failure);
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("policy failed to start and rejects every request"),
                         CHIMERA_TEXT("policy_id", target->id),
                         CHIMERA_TEXT("error", chimera_slice_of(target->failure)));
    }
    return CHIMERA_OK;
}

static bool has_failure(const struct target *target, const char *text)
{
    return target->failure && strcmp(target->failure, text) == 0;
}

/* `policy "a"`, or `policies "a", "b" and 7 more`: those of the same failure, from number `first`
 * on. */
static void name_policies(const struct policy_set *set, size_t first, size_t count,
                          struct chimera_buffer *out)
{
    const char *text = set->target[first].failure;
    size_t all = 0, told = 0;
    for (size_t i = first; i < count; i++)
        all += has_failure(&set->target[i], text);
    chimera_buffer_text(out, all > 1 ? "policies" : "policy");
    for (size_t i = first; i < count && told < NAMES_MAX; i++)
        if (has_failure(&set->target[i], text))
            chimera_buffer_print(out, "%s \"%.*s\"", told++ ? "," : "", (int)set->target[i].id.size,
                                 set->target[i].id.data);
    if (told < all)
        chimera_buffer_print(out, " and %zu more", all - told);
    chimera_buffer_byte(out, '\0');
}

/* All that failed, the policies that failed alike together: often it is their module. */
static int fail_start(const struct policy_set *set, size_t count, struct chimera_error *err)
{
    struct chimera_problems problems = {0};
    for (size_t i = 0; i < count; i++) {
        const char *text = set->target[i].failure;
        size_t before = 0;
        while (text && before < i && !has_failure(&set->target[before], text))
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

/* What another process has loaded, by the manifest beside it. */
static void note_handed(struct worker_score *score, uint32_t number, const char *path)
{
    struct chimera_manifest manifest = {0};
    char json[PATH_MAX];
    size_t size = strlen(path) - strlen(".so");
    if (!score || size > sizeof(json) - sizeof(".json"))
        return;
    memcpy(json, path, size);
    memcpy(json + size, ".json", sizeof(".json"));
    if (chimera_manifest_read(json, &manifest, NULL) == CHIMERA_OK)
        worker_score_note_loaded(score, number, &manifest, "in a process of its own");
    else
        worker_score_note_present(score, number);
    chimera_manifest_done(&manifest);
}

static void find_counters(struct target *target, const struct policy_set_input *input)
{
    target->number = scoreboard_find(input->scoreboard, target->id);
    target->asked.counted = counters_policy(input->counters, target->number);
}

/* Other processes have the accounts behind those of the policies and groups. */
static struct target *add_target(struct policy_set *set, const struct policy_set_input *input,
                                 const struct handed_policy *handed)
{
    size_t index = set->count++;
    size_t first = input->policies->policy_count + input->policies->group_count;
    size_t account = handed && handed->evaluator ? first + handed->process : index;
    set->target[index] = (struct target){.account = (unsigned)account};
    return &set->target[index];
}

static int open_target(struct target *target, struct policy_set *set,
                       const struct policy_set_input *input, size_t index,
                       struct chimera_error *err)
{
    const struct built_plugin *plugin = &input->plugins[index];
    const struct handed_policy *handed = &input->handed[index];
    const struct policy_to_load wanted = {
        .spec = &input->policies->policy[index], .plugin = plugin, .number = target->number};
    int code = CHIMERA_OK;
    if (handed->evaluator)
        code = handed->await(handed->evaluator, err);
    else
        code = policy_loader_open(&set->loader, &wanted, &target->local, err);
    if (code < 0)
        return code;
    target->asked.evaluator = handed->evaluator ? handed->evaluator : &target->local->evaluator;
    if (handed->evaluator)
        note_handed(input->score, target->number, plugin->path);
    return CHIMERA_OK;
}

static int load_policy(struct policy_set *set, const struct policy_set_input *input, size_t index,
                       struct chimera_error *err)
{
    const struct policy_spec *spec = &input->policies->policy[index];
    struct target *target = add_target(set, input, &input->handed[index]);
    struct chimera_error why = {0};
    target->id = chimera_slice_of(spec->id);
    target->handling = (struct chimera_handling){
        .policy_id = spec->id, .mode = spec->mode, .allowed_to_mutate = spec->allowed_to_mutate};
    if (spec->message)
        target->handling.message = chimera_slice_of(spec->message);
    find_counters(target, input);
    target->asked.omits_managed_fields = spec->extras.omits_managed_fields;
    target->asked.reused = &set->reused[index];
    reuse_enter(target->asked.reused, input->reuse, (uint32_t)index, target->id,
                target->asked.counted);
    return open_target(target, set, input, index, &why) < 0 ? keep_failure(input, target, &why, err)
                                                            : CHIMERA_OK;
}

/* Its members are in place. */
static int make_group(const struct policy_set *set, const struct group_spec *spec,
                      struct group **ret_group, struct chimera_error *err)
{
    struct group_member *members = calloc(spec->count + 1, sizeof(*members));
    if (!members)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < spec->count; i++) {
        const struct target *target = &set->target[spec->first + i];
        members[i] = (struct group_member){.name = strrchr(target->id.data, '/') + 1,
                                           .asked = target->asked,
                                           .failure = target->failure};
    }
    return group_new(spec, members, ret_group, err);
}

static int load_group(struct policy_set *set, const struct policy_set_input *input,
                      const struct group_spec *spec, struct chimera_error *err)
{
    struct target *target =
        add_target(set, input, spec->count ? &input->handed[spec->first] : NULL);
    target->id = chimera_slice_of(spec->name);
    target->handling = (struct chimera_handling){
        .policy_id = spec->name, .mode = spec->mode, .allowed_to_mutate = false};
    find_counters(target, input);
    int code = make_group(set, spec, &target->group, err);
    if (code < 0)
        return code;
    if (!group_failure(target->group)) {
        worker_score_note_present(input->score, target->number);
        return CHIMERA_OK;
    }
    worker_score_note_failed(input->score, target->number, group_failure(target->group));
    /* A group whose expression is broken starts, here as there, and answers each request with the
     * reason; but we say so at once. */
    const char *failure = group_failure(target->group);
    chimera_log_with(
        CHIMERA_LOG_WARN, TARGET,
        target->handling.mode == CHIMERA_MONITOR
            ? CHIMERA_SLICE("the expression of a policy group is wrong: the group judges nothing, "
                            "and lets everything through, because its mode is monitor")
            : CHIMERA_SLICE("the expression of a policy group is wrong: the group rejects every "
                            "request"),
        CHIMERA_TEXT("policy_id", target->id), CHIMERA_TEXT("error", chimera_slice_of(failure)));
    return CHIMERA_OK;
}

static int init_set(struct policy_set *set, const struct policy_set_input *input,
                    struct chimera_error *err)
{
    const struct policies *policies = input->policies;
    size_t count = policies->policy_count + policies->group_count;
    const struct policy_loader_input loader = {.config = input->config,
                                               .policy_count = policies->policy_count,
                                               .lanes = input->lanes,
                                               .warm_lanes = input->warm_lanes,
                                               .score = input->score,
                                               .source = input->source};
    *set = (struct policy_set){.target = calloc(count + 1, sizeof(*set->target)),
                               .reused = calloc(policies->policy_count + 1, sizeof(*set->reused)),
                               .account_count = count + input->process_count,
                               .is_limited = input->config->is_limited};
    int code = policy_loader_init(&set->loader, &loader, err);
    set->slots = set->loader.slots;
    if (code == CHIMERA_OK && (!set->target || !set->reused))
        code = chimera_fail_memory(err);
    return code;
}

static int load_all(struct policy_set *set, const struct policy_set_input *input,
                    struct chimera_error *err)
{
    const struct policies *policies = input->policies;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < policies->policy_count && code == CHIMERA_OK; i++) {
        atomic_fetch_add(input->step, 1);
        code = load_policy(set, input, i, err);
    }
    atomic_fetch_add(input->step, 1);
    if (code == CHIMERA_OK && !input->config->options.is_continue_on_errors)
        code = fail_start(set, policies->policy_count, err);
    for (size_t i = 0; i < policies->group_count && code == CHIMERA_OK; i++)
        code = load_group(set, input, &policies->group[i], err);
    return code;
}

int policy_set_load(const struct policy_set_input *input, struct policy_set *ret_set,
                    struct chimera_error *err)
{
    struct policy_set set;
    int code = init_set(&set, input, err);
    if (code == CHIMERA_OK) {
        /* The slow ways are worth a warning: a kernel of 6.7 or newer has the fast one. */
        enum chimera_tracking tracking = chimera_tracking();
        chimera_log_with(tracking == CHIMERA_TRACKING_SCAN ? CHIMERA_LOG_DEBUG : CHIMERA_LOG_WARN,
                         TARGET, CHIMERA_SLICE("how written pages of policies are found"),
                         CHIMERA_TEXT("way", chimera_slice_of(chimera_tracking_name(tracking))));
        code = load_all(&set, input, err);
    }
    if (code < 0) {
        policy_set_done(&set);
        return code;
    }
    qsort(set.target, set.count, sizeof(*set.target), compare_targets);
    *ret_set = set;
    return CHIMERA_OK;
}

void policy_set_done(struct policy_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        local_evaluator_free(set->target[i].local);
        group_free(set->target[i].group);
        free(set->target[i].failure);
    }
    free(set->target);
    free(set->reused);
    policy_loader_done(&set->loader);
    *set = (struct policy_set){0};
}
