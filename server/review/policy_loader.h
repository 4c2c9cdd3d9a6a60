/* SPDX-License-Identifier: Apache-2.0 */
/* policy_loader.h - from a plugin to a policy that can be asked: loaded, its metadata and settings
 * checked, its first lanes warm.
 *
 * One in each process that holds policies; they share its slots, and policies of one module share
 * one mapping. One thread.
 */
#ifndef CHIMERA_SERVER_REVIEW_POLICY_LOADER_H
#define CHIMERA_SERVER_REVIEW_POLICY_LOADER_H

#include "runtime/policy/policy.h"
#include "runtime/policy/slots.h"
#include "runtime/source/policies.h"
#include "server/config/config.h"
#include "server/config/plugins.h"
#include "server/counters/worker_score.h"
#include "server/review/evaluator.h"

struct policy_loader {
    const struct config *config; /* borrowed */
    struct worker_score *score;  /* borrowed; NULL: nobody looks */
    struct chimera_slots *slots; /* owned; of all policies' instances */
    unsigned lanes, warm_lanes;
    struct chimera_loaded **loaded; /* a list that stays with what it has, as there is no unload */
    size_t loaded_count;
    struct chimera_capability_source *source; /* borrowed; of answers to host calls; NULL: none */
    bool is_warm; /* instances are made at the start, not at their first request */
};

struct policy_loader_input { /* borrowed; the texts for as long as the policies */
    const struct config *config;
    size_t policy_count; /* of the configuration */
    unsigned lanes;      /* one for each thread that may evaluate */
    unsigned warm_lanes; /* of them, those that have instances from the start */
    struct worker_score *score;
    struct chimera_capability_source *source;
};

int policy_loader_init(struct policy_loader *loader, const struct policy_loader_input *input,
                       struct chimera_error *err);
/* Behind the last policy's end. */
void policy_loader_done(struct policy_loader *loader);

struct local_evaluator { /* a policy of this process */
    struct evaluator evaluator;
    struct chimera_policy *policy; /* owned */
};

struct policy_to_load { /* borrowed */
    const struct policy_spec *spec;
    const struct built_plugin *plugin;
    uint32_t number; /* on the scoreboard */
};

/* On success the caller ends *ret_evaluator with local_evaluator_free(). */
int policy_loader_open(struct policy_loader *loader, const struct policy_to_load *wanted,
                       struct local_evaluator **ret_evaluator, struct chimera_error *err);
/* Does nothing when there is none. */
void local_evaluator_free(struct local_evaluator *evaluator);

/* How long the policy may take, in milliseconds, 0: as long as it wants. False for a limit of no
 * time at all, in which no policy can answer: the reference stops it before its first instruction.
 */
bool policy_limit(const struct config *config, const struct policy_spec *spec,
                  uint32_t *ret_limit_ms);

#endif
