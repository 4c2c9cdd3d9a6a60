/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/reuse.h"

#include "runtime/instance/types.h"
#include "runtime/log/log.h"

#define TARGET "server::reuse"
#define CHECK_EVERY 100

int reuse_open(struct reuse *reuse, uint64_t max_bytes, bool is_for_all, struct counters *counters,
               struct worker_score *score, struct chimera_error *err)
{
    *reuse = (struct reuse){.is_for_all = is_for_all, .counters = &counters->reuse};
    if (max_bytes == 0)
        return CHIMERA_OK;
    return chimera_verdicts_open(max_bytes, score ? &score->verdicts : &reuse->unseen,
                                 &reuse->verdicts, err);
}

void reuse_close(struct reuse *reuse)
{
    chimera_verdicts_close(reuse->verdicts);
    *reuse = (struct reuse){0};
}

void reuse_enter(struct reused_policy *policy, struct reuse *reuse, uint32_t number,
                 struct chimera_slice id, struct counters_policy *counted)
{
    policy->reuse = reuse;
    policy->number = number;
    policy->id = id;
    policy->counted = counted;
    atomic_init(&policy->found, 0);
    atomic_init(&policy->is_ruled_out,
                counted && atomic_load_explicit(&counted->ruled_out, memory_order_relaxed) > 0);
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

bool reuse_ask(const struct reuse *reuse, struct chimera_slice body, bool is_raw, bool is_audit,
               struct chimera_question *ret_question)
{
    if (!reuse || !reuse->verdicts || !(is_audit || reuse->is_for_all))
        return false;
    chimera_verdicts_ask(reuse->verdicts, body, is_raw, ret_question);
    return true;
}

bool reuse_find_request(const struct reuse *reuse, const struct chimera_question *question,
                        struct chimera_slice body, struct chimera_request *ret_request)
{
    struct chimera_request_places places;
    if (!chimera_verdicts_find_places(reuse->verdicts, question, &places))
        return false;
    chimera_request_take_places(&places, body, ret_request);
    return true;
}

static bool is_off(struct reused_policy *policy, const struct chimera_question *question)
{
    return !question || !policy || !policy->reuse || !policy->reuse->verdicts ||
           atomic_load_explicit(&policy->is_ruled_out, memory_order_relaxed);
}

enum reuse_answer reuse_find(struct reused_policy *policy, const struct chimera_question *question,
                             const struct chimera_request *request, struct chimera_arena *arena,
                             struct chimera_response *ret_response)
{
    if (is_off(policy, question))
        return REUSE_OFF;
    struct reuse *reuse = policy->reuse;
    ret_response->uid = request->uid;
    if (!chimera_verdicts_find(reuse->verdicts, policy->number, question, arena, ret_response)) {
        count(&reuse->counters->misses);
        return REUSE_MISS;
    }
    if (atomic_fetch_add_explicit(&policy->found, 1, memory_order_relaxed) % CHECK_EVERY == 0) {
        count(&reuse->counters->checks);
        return REUSE_CHECK;
    }
    count(&reuse->counters->hits);
    if (policy->counted)
        count(&policy->counted->reused);
    return REUSE_HIT;
}

/* Does it follow from what was asked? And is it the policy's own word? */
static bool is_repeatable(const struct chimera_response *response,
                          const struct chimera_run_report *cost)
{
    bool is_whole = cost->stop == CHIMERA_STOP_NONE || cost->stop == CHIMERA_STOP_EXIT;
    bool is_error =
        response->has_status && response->status.has_code && response->status.code >= 500;
    return is_whole && cost->is_pure && !response->is_failure && !is_error;
}

static void rule_out(struct reused_policy *policy)
{
    if (atomic_exchange_explicit(&policy->is_ruled_out, true, memory_order_relaxed))
        return;
    if (policy->counted)
        count(&policy->counted->ruled_out);
    chimera_log_with(
        CHIMERA_LOG_WARN, TARGET,
        CHIMERA_SLICE("the same request got another verdict: the policy depends on its "
                      "uid, and its verdicts are not reused any more"),
        CHIMERA_TEXT("policy_id", policy->id));
}

void reuse_learn(struct reused_policy *policy, enum reuse_answer answer,
                 const struct chimera_question *question, const struct chimera_request *request,
                 const struct chimera_response *response, const struct chimera_run_report *cost)
{
    struct chimera_verdicts *verdicts = policy->reuse->verdicts;
    bool is_good = is_repeatable(response, cost);
    if (answer == REUSE_CHECK) {
        /* How long it took proves nothing. */
        if (cost->stop != CHIMERA_STOP_DEADLINE &&
            (!is_good || chimera_verdicts_contradict(verdicts, policy->number, question, response)))
            rule_out(policy);
    } else if (is_good) {
        chimera_verdicts_keep(verdicts, policy->number, question, request, response);
    }
}
