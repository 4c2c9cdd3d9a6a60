/* SPDX-License-Identifier: Apache-2.0 */
/* worker_score.h - what one worker says of itself while it lives: which policies it has, what their
 * instances take, how many clients it has.
 *
 * Part of the counters' mapping, but of a worker's own life: the supervisor empties a seat before
 * it gives it to the next worker. Written by that worker, so it is believed as little as the
 * counters.
 */
#ifndef CHIMERA_SERVER_COUNTERS_WORKER_SCORE_H
#define CHIMERA_SERVER_COUNTERS_WORKER_SCORE_H

#include "runtime/plugin/manifest.h"
#include "runtime/policy/policy.h"
#include "server/counters/scoreboard.h"

#define SEATS 16 /* more than there are workers at any time */
#define SEAT_NONE UINT32_MAX
#define SEAT_DIGEST 72 /* "sha256:" and 64 digits */
#define SEAT_TEXT_MAX 240

enum seat_state { SEAT_EMPTY, SEAT_LOADED, SEAT_FAILED };

struct seat_note { /* texts end in NUL unless they fill their field */
    uint8_t state, is_quick;
    char digest[SEAT_DIGEST]; /* of the Wasm */
    char mode[24];
    char toolchain[SEAT_TEXT_MAX]; /* the build's identity */
    char start[SEAT_TEXT_MAX];     /* where requests begin */
    char failure[SEAT_TEXT_MAX * 2];
};

struct seat_policy {
    struct chimera_policy_gauges gauges;
    struct seat_note note;
    _Atomic uint32_t is_noted; /* not 0 once `note` is written; partner: seat_read() */
};

struct seat {
    _Alignas(4096) _Atomic uint64_t connections; /* whole pages, to be emptied alone */
    struct seat_policy policy[BOARD_POLICIES];
};

/* --- For the worker, while it loads. `seat` may be NULL. --- */

struct chimera_policy_gauges *seat_gauges(struct seat *seat, uint32_t number);
void seat_note_loaded(struct seat *seat, uint32_t number, const struct chimera_manifest *manifest,
                      const char *start);
void seat_note_failed(struct seat *seat, uint32_t number, const char *why);
/* It is there, and more is not known: a group. */
void seat_note_present(struct seat *seat, uint32_t number);

/* --- For readers. --- */

struct seat_view {
    struct seat_note note; /* each text ends in NUL and is UTF-8 */
    uint64_t instances, kept_bytes;
};
void seat_read(const struct seat *seat, uint32_t number, struct seat_view *ret_view);

#endif
