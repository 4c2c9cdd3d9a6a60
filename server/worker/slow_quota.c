/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/slow_quota.h"

#include <stdlib.h>

#include "server/config/capacity.h"

#define WAITING_MAX 1024
#define POLICY_WAITING_MAX 256
#define AUDITS_WAITING_MAX 4096

int gate_open(struct gate *gate, size_t accounts, unsigned loops, struct chimera_error *err)
{
    const struct capacity capacity = capacity_of(loops);
    *gate = (struct gate){.slow_max = (int)capacity.slow,
                          .reserve = (int)capacity.reserve,
                          .policy_max = (int)capacity.policy_slow,
                          .audit_max = (int)capacity.audit_slow,
                          .accounts = calloc(accounts + 1, sizeof(struct gate_account))};
    if (!gate->accounts)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

void gate_close(struct gate *gate)
{
    free(gate->accounts);
    *gate = (struct gate){0};
}

/* In order with the request to be told (dispatch.h), like the changes. */
static int read_count(atomic_int *count)
{
    return atomic_load(count);
}

enum gate_answer gate_look(struct gate *gate, unsigned account, bool is_audit)
{
    int own = read_count(&gate->accounts[account].slow), all = read_count(&gate->slow);
    if (own >= gate->policy_max)
        return GATE_POLICY_BUSY;
    if (all >= gate->slow_max && (own > 0 || is_audit || all >= gate->slow_max + gate->reserve))
        return GATE_SERVER_BUSY;
    if (is_audit && read_count(&gate->slow_audits) >= gate->audit_max)
        return GATE_SERVER_BUSY;
    return GATE_OPEN;
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

enum gate_answer gate_enter_queue(struct gate *gate, unsigned account, bool is_audit)
{
    if (is_audit)
        return enter(&gate->waiting_audits, AUDITS_WAITING_MAX) ? GATE_OPEN : GATE_SERVER_BUSY;
    if (!enter(&gate->accounts[account].waiting, POLICY_WAITING_MAX))
        return GATE_POLICY_BUSY;
    if (enter(&gate->waiting, WAITING_MAX))
        return GATE_OPEN;
    leave(&gate->accounts[account].waiting);
    return GATE_SERVER_BUSY;
}

void gate_leave_queue(struct gate *gate, unsigned account, bool is_audit)
{
    leave(is_audit ? &gate->waiting_audits : &gate->waiting);
    if (!is_audit)
        leave(&gate->accounts[account].waiting);
}

bool gate_has_none(struct gate *gate)
{
    return atomic_load(&gate->slow) == 0;
}

static void count(struct gate *gate, unsigned account, bool is_audit, int step)
{
    atomic_fetch_add(&gate->accounts[account].slow, step);
    atomic_fetch_add(&gate->slow, step);
    if (is_audit)
        atomic_fetch_add(&gate->slow_audits, step);
}

void gate_slow_begins(struct gate *gate, unsigned account, bool is_audit)
{
    count(gate, account, is_audit, 1);
}

void gate_slow_ends(struct gate *gate, unsigned account, bool is_audit)
{
    count(gate, account, is_audit, -1);
}
