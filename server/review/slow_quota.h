/* SPDX-License-Identifier: Apache-2.0 */
/* slow_quota.h - how many slow evaluations there may be at once, and whether another may begin.
 *
 * An evaluation is slow when its loop was taken over (thread_pool.h). Which one will be is not
 * known before, so the quota looks at those that are: a policy that has its share, or has one where
 * the server has its share, waits. A policy with none is let in until the reserve is used up, too,
 * so that others' slowness does not stop it. Policies in one tenant have one account. Shared by all
 * threads.
 */
#ifndef CHIMERA_SERVER_REVIEW_SLOW_QUOTA_H
#define CHIMERA_SERVER_REVIEW_SLOW_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

enum slow_quota_answer { SLOW_QUOTA_OPEN, SLOW_QUOTA_POLICY_BUSY, SLOW_QUOTA_SERVER_BUSY };

struct slow_quota_account { /* of a policy, or of all in one tenant */
    atomic_int slow;
    atomic_int waiting; /* without those of audits */
};

struct slow_quota {
    int slow_max, reserve, policy_max, audit_max;
    /* All below are raised by the hand-over thread and lowered by the thread whose evaluation
     * ends, in either order: below 0 for a moment. Readers are the loops; they may be a few too
     * late. */
    atomic_int slow, slow_audits;
    atomic_int waiting, waiting_audits;
    struct slow_quota_account *accounts; /* owned */
};

int slow_quota_open(struct slow_quota *slow_quota, size_t accounts, unsigned loops,
                    struct chimera_error *err);
void slow_quota_close(struct slow_quota *slow_quota);

/* Whether an evaluation may begin. */
enum slow_quota_answer slow_quota_look(struct slow_quota *slow_quota, unsigned account,
                                       bool is_audit);
bool slow_quota_has_none(struct slow_quota *slow_quota); /* no slow evaluation is running */

/* Requests that wait for slow evaluations to end, audits at any rate. GATE_OPEN: there is room for
 * another. */
enum slow_quota_answer slow_quota_enter_queue(struct slow_quota *slow_quota, unsigned account,
                                              bool is_audit);
void slow_quota_leave_queue(struct slow_quota *slow_quota, unsigned account, bool is_audit);

void slow_quota_slow_begins(struct slow_quota *slow_quota, unsigned account, bool is_audit);
void slow_quota_slow_ends(struct slow_quota *slow_quota, unsigned account, bool is_audit);

#endif
