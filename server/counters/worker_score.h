/* SPDX-License-Identifier: Apache-2.0 */
/* worker_score.h - what one worker says of itself while it lives: which policies it has, what their
 * instances take, how many clients it has.
 *
 * Part of the counters' mapping, but of a worker's own life: the supervisor empties a score before
 * it gives it to the next worker. Written by that worker, so it is believed as little as the
 * counters.
 */
#ifndef CHIMERA_SERVER_COUNTERS_WORKER_SCORE_H
#define CHIMERA_SERVER_COUNTERS_WORKER_SCORE_H

#include "runtime/plugin/manifest.h"
#include "runtime/policy/policy.h"
#include "runtime/reuse/verdicts.h"
#include "server/counters/scoreboard.h"

#define WORKER_SCORES 16 /* more than there are workers at any time */
#define WORKER_SCORE_NONE UINT32_MAX
#define WORKER_SCORE_DIGEST 72 /* "sha256:" and 64 digits */
#define WORKER_SCORE_TEXT_MAX 240

enum worker_score_state { WORKER_SCORE_EMPTY, WORKER_SCORE_LOADED, WORKER_SCORE_FAILED };

struct worker_score_note { /* texts end in NUL unless they fill their field */
    uint8_t state, is_quick;
    char digest[WORKER_SCORE_DIGEST]; /* of the Wasm */
    char mode[24];
    char toolchain[WORKER_SCORE_TEXT_MAX]; /* the build's identity */
    char start[WORKER_SCORE_TEXT_MAX];     /* where requests begin */
    char failure[WORKER_SCORE_TEXT_MAX * 2];
};

struct worker_score_policy {
    struct chimera_policy_gauges gauges;
    struct worker_score_note note;
    _Atomic uint32_t is_noted; /* not 0 once `note` is written; partner: worker_score_read() */
};

struct worker_score {
    _Alignas(4096) _Atomic uint64_t connections; /* whole pages, to be emptied alone */
    struct chimera_verdicts_counters verdicts;
    struct worker_score_policy policy[SCOREBOARD_POLICIES];
};

/* --- For the worker, while it loads. `score` may be NULL. --- */

struct chimera_policy_gauges *worker_score_gauges(struct worker_score *score, uint32_t number);
void worker_score_note_loaded(struct worker_score *score, uint32_t number,
                              const struct chimera_manifest *manifest, const char *start);
void worker_score_note_failed(struct worker_score *score, uint32_t number, const char *why);
/* It is there, and more is not known: a group. */
void worker_score_note_present(struct worker_score *score, uint32_t number);

/* --- For readers. --- */

struct worker_score_view {
    struct worker_score_note note; /* each text ends in NUL and is UTF-8 */
    uint64_t instances, kept_bytes;
};
void worker_score_read(const struct worker_score *score, uint32_t number,
                       struct worker_score_view *ret_view);

#endif
