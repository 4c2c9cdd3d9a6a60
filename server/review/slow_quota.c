/* SPDX-License-Identifier: Apache-2.0 */
#include "server/review/slow_quota.h"

#include <stdlib.h>

#include "server/config/capacity.h"

#define WAITING_MAX 1024
#define POLICY_WAITING_MAX 256
#define AUDITS_WAITING_MAX 4096

int slow_quota_open(struct slow_quota *slow_quota, size_t accounts, unsigned loops,
                    struct chimera_error *err)
{
    const struct capacity capacity = capacity_of(loops);
    *slow_quota =
        (struct slow_quota){.slow_max = (int)capacity.slow,
                            .reserve = (int)capacity.reserve,
                            .policy_max = (int)capacity.policy_slow,
                            .audit_max = (int)capacity.audit_slow,
                            .accounts = calloc(accounts + 1, sizeof(struct slow_quota_account))};
    if (!slow_quota->accounts)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

void slow_quota_close(struct slow_quota *slow_quota)
{
    free(slow_quota->accounts);
    *slow_quota = (struct slow_quota){0};
}

/* In order with the request to be told (dispatch.h), like the changes. */
static int read_count(atomic_int *count)
{
    return atomic_load(count);
}

enum slow_quota_answer slow_quota_look(struct slow_quota *slow_quota, unsigned account,
                                       bool is_audit)
{
    int own = read_count(&slow_quota->accounts[account].slow), all = read_count(&slow_quota->slow);
    if (own >= slow_quota->policy_max)
        return SLOW_QUOTA_POLICY_BUSY;
    if (all >= slow_quota->slow_max &&
        (own > 0 || is_audit || all >= slow_quota->slow_max + slow_quota->reserve))
        return SLOW_QUOTA_SERVER_BUSY;
    if (is_audit && read_count(&slow_quota->slow_audits) >= slow_quota->audit_max)
        return SLOW_QUOTA_SERVER_BUSY;
    return SLOW_QUOTA_OPEN;
}

static bool enter(atomic_int *count, int most)
{
    if (atomic_fetch_add_explicit(count, 1, memory_order_relaxed) < most)
        return true;
    atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
    return false;
}

static void leave(atomic_int *count)
{
    atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
}

enum slow_quota_answer slow_quota_enter_queue(struct slow_quota *slow_quota, unsigned account,
                                              bool is_audit)
{
    if (is_audit)
        return enter(&slow_quota->waiting_audits, AUDITS_WAITING_MAX) ? SLOW_QUOTA_OPEN
                                                                      : SLOW_QUOTA_SERVER_BUSY;
    if (!enter(&slow_quota->accounts[account].waiting, POLICY_WAITING_MAX))
        return SLOW_QUOTA_POLICY_BUSY;
    if (enter(&slow_quota->waiting, WAITING_MAX))
        return SLOW_QUOTA_OPEN;
    leave(&slow_quota->accounts[account].waiting);
    return SLOW_QUOTA_SERVER_BUSY;
}

void slow_quota_leave_queue(struct slow_quota *slow_quota, unsigned account, bool is_audit)
{
    leave(is_audit ? &slow_quota->waiting_audits : &slow_quota->waiting);
    if (!is_audit)
        leave(&slow_quota->accounts[account].waiting);
}

bool slow_quota_has_none(struct slow_quota *slow_quota)
{
    return atomic_load(&slow_quota->slow) == 0;
}

static void count(struct slow_quota *slow_quota, unsigned account, bool is_audit, int step)
{
    atomic_fetch_add(&slow_quota->accounts[account].slow, step);
    atomic_fetch_add(&slow_quota->slow, step);
    if (is_audit)
        atomic_fetch_add(&slow_quota->slow_audits, step);
}

void slow_quota_slow_begins(struct slow_quota *slow_quota, unsigned account, bool is_audit)
{
    count(slow_quota, account, is_audit, 1);
}

void slow_quota_slow_ends(struct slow_quota *slow_quota, unsigned account, bool is_audit)
{
    count(slow_quota, account, is_audit, -1);
}
