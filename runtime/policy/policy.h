/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h - one configured policy: a loaded plugin, its settings and limits.
 *
 * Open at start, evaluate from any loop, each loop ("lane") with a guest of its own. Opening
 * validates nothing: call chimera_policy_check_settings() before serving.
 */
#ifndef CHIMERA_POLICY_H
#define CHIMERA_POLICY_H

#include "runtime/base/arena.h"
#include "runtime/plugin/load.h"
#include "runtime/policy/report.h"
#include "runtime/review/request.h"
#include "runtime/review/response.h"

#define CHIMERA_DEFAULT_LIMIT_MS 2000
#define CHIMERA_DEFAULT_MEMORY ((uint64_t)1 << 30)

struct chimera_policy;            /* opaque */
struct chimera_profile;           /* instance/profile.h */
struct chimera_slots;             /* slots.h */
struct chimera_capability_source; /* capability/source.h */

struct chimera_policy_options {
    const char *id;                /* copied */
    struct chimera_slice settings; /* a JSON object; copied. Empty: {} */
    uint32_t limit_ms;             /* of one evaluation; 0: none */
    uint64_t memory_limit;       /* bytes of linear memory, tables and host side; 0: the default */
    unsigned lanes;              /* how many threads may evaluate at once */
    struct chimera_slots *slots; /* borrowed; has as many lanes. NULL: no bound */
    bool is_fresh_start;         /* a WASI program runs from its start for every request */
    const char *const
        *capabilities; /* NULL-terminated patterns, guest-abis.md §5.8; NULL: deny all */
    /* "apiVersion/kind" pairs that host calls may read, NULL-terminated; NULL: none */
    const char *const *resources;
    /* As of struct chimera_grants; texts are copied. */
    bool gates_inventory, has_undefined_failures, prints, has_upstream_builtins;
    const char *const *hosts;
    const char *entrypoint;
    struct chimera_capability_source *source; /* borrowed; answers host calls. NULL: nobody does */
    struct chimera_policy_gauges *gauges;     /* borrowed; NULL: nobody looks */
};

/* `loaded` is borrowed for the life of the policy. Refuses capability patterns that are not well
 * formed with the reference's text. */
int chimera_policy_open(const struct chimera_loaded *loaded,
                        const struct chimera_policy_options *options,
                        struct chimera_policy **ret_policy, struct chimera_error *err);
void chimera_policy_close(struct chimera_policy *policy); /* NULL is allowed */

/* Makes the instance of a lane now instead of at its first request, and has it meet the pages that
 * a request touches; returns what failed in a text as the server reports it. */
int chimera_policy_warm(struct chimera_policy *policy, unsigned lane, struct chimera_error *err);
/* Ends all instances; the next request makes its lane's again. While no lane runs. */
void chimera_policy_cool(struct chimera_policy *policy);

/* How requests start: "after the start", "at the first read of input", "from the start: WHY"; what
 * is known once there has been an instance, else "". Static or the policy's. */
const char *chimera_policy_start_text(const struct chimera_policy *policy);

/* How a Rego policy gets its values: "in its memory", "as text: WHY"; "" for others, and while
 * there has been no instance. The policy's. */
const char *chimera_policy_values_text(const struct chimera_policy *policy);

/* 0: none. */
uint32_t chimera_policy_smaller_limit(uint32_t a, uint32_t b);

/* The last evaluation on a lane. On the lane's thread, behind it. */
void chimera_policy_last_run(const struct chimera_policy *policy, unsigned lane,
                             struct chimera_run_report *ret_report);

/* The next evaluations on a lane are put down in `profile`, each in the place of the one before;
 * NULL: in none. The policy's plugin must be one that profiles (instance/profile.h):
 * CHIMERA_EINVAL. */
int chimera_policy_profile(struct chimera_policy *policy, unsigned lane,
                           struct chimera_profile *profile, struct chimera_error *err);

/* Asks the policy. `true` in *ret_valid, or `false` and the policy's message (in the arena; .data
 * NULL: none). A trap or an unreadable answer counts as invalid, with the reference's text for it
 * (guest-abis.md §2.4, §3.2; policy-server.md §3.7). Fails only when there is no instance. */
int chimera_policy_check_settings(struct chimera_policy *policy, unsigned lane,
                                  struct chimera_arena *arena, bool *ret_valid,
                                  struct chimera_slice *ret_message, struct chimera_error *err);

struct chimera_policy_operation { /* of a waPC guest; borrowed */
    const char *name;
    struct chimera_slice payload; /* any bytes */
};

/* Has the guest do it. Its answer, any bytes, in the arena; CHIMERA_EGUEST and CHIMERA_EDEADLINE
 * with its error's text there, and the beginning of that in err->text. CHIMERA_EINVAL where the
 * execution mode has no operations. */
int chimera_policy_call(struct chimera_policy *policy, unsigned lane,
                        const struct chimera_policy_operation *operation,
                        struct chimera_arena *arena, struct chimera_slice *ret_text,
                        struct chimera_error *err);

/* Evaluates one request; always makes a response (failures of the policy are rejections with code
 * 500) unless there is no instance to run: then CHIMERA_E… and the caller answers 500. `limit_ms`
 * 0: the policy's own; else the smaller of both. One thread per lane at a time. */
int chimera_policy_evaluate(struct chimera_policy *policy, unsigned lane,
                            const struct chimera_request *request, uint32_t limit_ms,
                            struct chimera_arena *arena, struct chimera_response *ret_response);

const char *chimera_policy_id(const struct chimera_policy *policy);

#endif
