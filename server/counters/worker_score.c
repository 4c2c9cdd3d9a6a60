/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/worker_score.h"

#include <stdio.h>
#include <string.h>

#include "runtime/text/utf8.h"

static struct worker_score_policy *policy_of(struct worker_score *score, uint32_t number)
{
    return score ? &score->policy[number < SCOREBOARD_POLICIES ? number : SCOREBOARD_OTHER] : NULL;
}

struct chimera_policy_gauges *worker_score_gauges(struct worker_score *score, uint32_t number)
{
    struct worker_score_policy *policy = policy_of(score, number);
    return policy ? &policy->gauges : NULL;
}

#define SET(field, text) scoreboard_set_text((field), sizeof(field), (text))

static void publish(struct worker_score_policy *policy)
{
    atomic_store_explicit(&policy->is_noted, 1, memory_order_release);
}

void worker_score_note_loaded(struct worker_score *score, uint32_t number,
                              const struct chimera_manifest *manifest, const char *start)
{
    struct worker_score_policy *policy = policy_of(score, number);
    char hex[CHIMERA_DIGEST_HEX];
    if (!policy)
        return;
    policy->note.state = WORKER_SCORE_LOADED;
    policy->note.is_quick = manifest->tier == CHIMERA_TIER_QUICK;
    chimera_digest_hex(&manifest->wasm, hex);
    snprintf(policy->note.digest, sizeof(policy->note.digest), "sha256:%s", hex);
    SET(policy->note.mode, chimera_mode_name(manifest->mode));
    SET(policy->note.toolchain, manifest->toolchain ? manifest->toolchain : "");
    SET(policy->note.start, start);
    publish(policy);
}

void worker_score_note_failed(struct worker_score *score, uint32_t number, const char *why)
{
    struct worker_score_policy *policy = policy_of(score, number);
    if (!policy)
        return;
    policy->note.state = WORKER_SCORE_FAILED;
    SET(policy->note.failure, why);
    publish(policy);
}

void worker_score_note_present(struct worker_score *score, uint32_t number)
{
    struct worker_score_policy *policy = policy_of(score, number);
    if (!policy)
        return;
    policy->note.state = WORKER_SCORE_LOADED;
    publish(policy);
}

/* Makes of the bytes of a field what it should be. */
static void check_text(char *field, size_t room)
{
    size_t size = strnlen(field, room - 1);
    field[chimera_utf8_prefix((struct chimera_slice){field, size})] = '\0';
}
#define CHECK(field) check_text((field), sizeof(field))

void worker_score_read(const struct worker_score *score, uint32_t number,
                       struct worker_score_view *ret_view)
{
    const struct worker_score_policy *policy =
        &score->policy[number < SCOREBOARD_POLICIES ? number : SCOREBOARD_OTHER];
    *ret_view = (struct worker_score_view){
        .instances = atomic_load_explicit(&policy->gauges.instances, memory_order_relaxed),
        .kept_bytes = atomic_load_explicit(&policy->gauges.kept_bytes, memory_order_relaxed)};
    if (!atomic_load_explicit(&policy->is_noted, memory_order_acquire))
        return;
    ret_view->note = policy->note;
    if (ret_view->note.state > WORKER_SCORE_FAILED)
        ret_view->note.state = WORKER_SCORE_EMPTY;
    CHECK(ret_view->note.digest);
    CHECK(ret_view->note.mode);
    CHECK(ret_view->note.toolchain);
    CHECK(ret_view->note.start);
    CHECK(ret_view->note.failure);
}
