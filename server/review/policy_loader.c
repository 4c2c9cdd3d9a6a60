/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/policy_loader.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/policy/served.h"
#include "server/telemetry/span.h"

/* With more policies than this, instances are made when they are first asked for: a server with a
 * thousand policies is not to hold a thousand images that nobody needs. */
#define WARM_MAX 128

/* There is no unload: what was mapped stays, also when its policies are gone. */
static struct chimera_loaded **kept;

int policy_loader_init(struct policy_loader *loader, const struct policy_loader_input *input,
                       struct chimera_error *err)
{
    *loader = (struct policy_loader){
        .config = input->config,
        .score = input->score,
        .source = input->source,
        .lanes = input->lanes,
        .warm_lanes = input->warm_lanes,
        .loaded = calloc(input->policy_count + 1, sizeof(struct chimera_loaded *)),
        .is_warm = input->policy_count <= WARM_MAX};
    kept = loader->loaded;
    if (!loader->loaded)
        return chimera_fail_memory(err);
    return chimera_slots_new(input->lanes, 0, &loader->slots, err);
}

void policy_loader_done(struct policy_loader *loader)
{
    chimera_slots_free(loader->slots);
    if (loader->loaded_count == 0) {
        free(loader->loaded);
        kept = NULL;
    }
    *loader = (struct policy_loader){0};
}

/* --- Steps --- */

/* Policies of one module share one mapping. */
static int load_plugin(struct policy_loader *loader, const char *path,
                       const struct chimera_digest *lock, const struct chimera_loaded **ret_loaded,
                       struct chimera_error *err)
{
    for (size_t i = 0; i < loader->loaded_count; i++) {
        if (strcmp(loader->loaded[i]->path, path) == 0) {
            *ret_loaded = loader->loaded[i];
            return CHIMERA_OK;
        }
    }
    int code = chimera_plugin_load_locked(path, lock, &loader->loaded[loader->loaded_count], err);
    if (code == CHIMERA_OK)
        *ret_loaded = loader->loaded[loader->loaded_count++];
    return code;
}

static int check_settings(struct chimera_policy *policy, struct chimera_error *err)
{
    struct span_policy span;
    span_begin_settings(&span, chimera_slice_of(chimera_policy_id(policy)));
    int code = chimera_served_check_settings(policy, 0, err);
    span_end(&span.span);
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

bool policy_limit(const struct config *config, const struct policy_spec *spec,
                  uint32_t *ret_limit_ms)
{
    *ret_limit_ms = 0;
    if (!config->is_limited)
        return true;
    uint64_t seconds = spec->has_limit ? spec->limit_seconds : config->limit_seconds;
    *ret_limit_ms = seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)seconds * 1000;
    return seconds > 0;
}

static int open_plugin(struct policy_loader *loader, const struct policy_to_load *wanted,
                       const struct chimera_loaded **ret_loaded, struct chimera_error *err)
{
    const struct policy_spec *spec = wanted->spec;
    if (!wanted->plugin->path)
        return chimera_fail(err, CHIMERA_ETOOL, "%s", wanted->plugin->failure);
    int code = load_plugin(loader, wanted->plugin->path, spec->plugin ? &spec->lock : NULL,
                           ret_loaded, err);
    return code < 0 ? code : chimera_served_check_metadata(&(*ret_loaded)->manifest, err);
}

static int fill_options(const struct policy_loader *loader, const struct policy_to_load *wanted,
                        struct chimera_policy_options *ret_options, struct chimera_error *err)
{
    const struct policy_spec *spec = wanted->spec;
    chimera_served_options(spec, ret_options);
    ret_options->lanes = loader->lanes;
    ret_options->slots = loader->slots;
    ret_options->is_fresh_start = is_listed(loader->config->options.fresh_start, spec->id);
    ret_options->source = loader->source;
    ret_options->gauges = worker_score_gauges(loader->score, wanted->number);
    if (policy_limit(loader->config, spec, &ret_options->limit_ms))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EGUEST,
                        "Policy settings are invalid: %s is 0, which leaves no time to check "
                        "them (guest code interrupted, execution deadline exceeded)",
                        spec->has_limit ? "timeoutEvalSeconds" : "--policy-timeout");
}

static int make_instances(const struct policy_loader *loader, struct chimera_policy *policy,
                          struct chimera_error *err)
{
    if (!loader->is_warm) {
        chimera_policy_cool(policy);
        return CHIMERA_OK;
    }
    for (unsigned lane = 0; lane < loader->warm_lanes; lane++) {
        int code = chimera_policy_warm(policy, lane, err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

static int evaluate_local(const struct evaluator *evaluator, const struct evaluator_input *input,
                          struct chimera_response *ret_response,
                          struct chimera_run_report *ret_cost)
{
    struct chimera_policy *policy = ((const struct local_evaluator *)evaluator)->policy;
    int code = chimera_policy_evaluate(policy, input->lane, input->request, input->limit_ms,
                                       input->arena, ret_response);
    chimera_policy_last_run(policy, input->lane, ret_cost);
    return code;
}

static int open_policy(struct policy_loader *loader, const struct policy_to_load *wanted,
                       struct local_evaluator *local, struct chimera_error *err)
{
    const struct chimera_loaded *loaded = NULL;
    struct chimera_policy_options options;
    int code = open_plugin(loader, wanted, &loaded, err);
    if (code < 0)
        return code;
    code = fill_options(loader, wanted, &options, err);
    if (code < 0)
        return code;
    code = chimera_policy_open(loaded, &options, &local->policy, err);
    if (code < 0)
        return code;
    code = check_settings(local->policy, err);
    if (code < 0)
        return code;
    code = make_instances(loader, local->policy, err);
    if (code == CHIMERA_OK)
        worker_score_note_loaded(loader->score, wanted->number, &loaded->manifest,
                                 chimera_policy_start_text(local->policy));
    return code;
}

int policy_loader_open(struct policy_loader *loader, const struct policy_to_load *wanted,
                       struct local_evaluator **ret_evaluator, struct chimera_error *err)
{
    struct local_evaluator *local = calloc(1, sizeof(*local));
    if (!local)
        return chimera_fail_memory(err);
    local->evaluator.evaluate = evaluate_local;
    int code = open_policy(loader, wanted, local, err);
    if (code < 0)
        local_evaluator_free(local);
    else
        *ret_evaluator = local;
    return code;
}

void local_evaluator_free(struct local_evaluator *evaluator)
{
    if (evaluator)
        chimera_policy_close(evaluator->policy);
    free(evaluator);
}
