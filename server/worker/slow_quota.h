/* SPDX-License-Identifier: Apache-2.0 */
/* slow_quota.h - how many slow evaluations there may be at once, and whether another may begin.
 *
 * An evaluation is slow when its loop was taken over (thread_pool.h). Which one will be is not
 * known before, so the quota looks at those that are: a policy that has its share, or has one where
 * the server has its share, waits. A policy with none is let in until the reserve is used up, too,
 * so that others' slowness does not stop it. Policies in one tenant have one account. Shared by all
 * threads.
 */
#ifndef CHIMERA_SERVER_WORKER_SLOW_QUOTA_H
#define CHIMERA_SERVER_WORKER_SLOW_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

enum gate_answer { GATE_OPEN, GATE_POLICY_BUSY, GATE_SERVER_BUSY };

struct gate_account { /* of a policy, or of all in one tenant */
    atomic_int slow;
    atomic_int waiting; /* without those of audits */
};

struct gate {
    int slow_max, reserve, policy_max, audit_max;
    /* All below are raised by the hand-over thread and lowered by the thread whose evaluation
     * ends, in either order: below 0 for a moment. Readers are the loops; they may be a few too
     * late. */
    atomic_int slow, slow_audits;
    atomic_int waiting, waiting_audits;
    struct gate_account *accounts; /* owned */
};

int gate_open(struct gate *gate, size_t accounts, unsigned loops, struct chimera_error *err);
void gate_close(struct gate *gate);

/* Whether an evaluation may begin. */
enum gate_answer gate_look(struct gate *gate, unsigned account, bool is_audit);
bool gate_has_none(struct gate *gate); /* no slow evaluation is running */

/* Requests that wait for slow evaluations to end, audits at any rate. GATE_OPEN: there is room for
 * another. */
enum gate_answer gate_enter_queue(struct gate *gate, unsigned account, bool is_audit);
void gate_leave_queue(struct gate *gate, unsigned account, bool is_audit);

void gate_slow_begins(struct gate *gate, unsigned account, bool is_audit);
void gate_slow_ends(struct gate *gate, unsigned account, bool is_audit);

#endif
