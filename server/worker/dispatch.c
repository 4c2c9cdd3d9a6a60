/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/dispatch.h"

#define WAIT_MS 10000       /* of a request that does not say how long: the default of a webhook */
#define AUDIT_WAIT_MS 60000 /* scans come in bursts, and nobody waits for their answers */
#define LEAST_MS 50         /* with less than this left, a turn is of no use */

/* --- Waiting --- */

static void refuse_busy(struct dispatch *dispatch, enum slow_quota_answer why,
                        struct answer *ret_answer)
{
    service_refuse_busy(dispatch->turn->lane, why == SLOW_QUOTA_POLICY_BUSY, ret_answer);
}

/* No client can end the wait of these, so their memory has bounds of its own. */
static bool is_memory_left(struct connection_memory *memory, bool is_audit, size_t held)
{
    if (!is_audit)
        return connection_memory_may_wait(memory, held);
    return connection_memory_is_at_ease(memory) || connection_memory_may_audit_wait(memory, held);
}

static enum slow_quota_answer enter_queue(struct dispatch *dispatch,
                                          const struct evaluation *evaluation, size_t held)
{
    if (!is_memory_left(dispatch->memory, evaluation->is_audit, held))
        return SLOW_QUOTA_SERVER_BUSY;
    return slow_quota_enter_queue(dispatch->slow_quota, evaluation->waiter.account,
                                  evaluation->is_audit);
}

static enum dispatched wait_for_turn(struct dispatch *dispatch, struct evaluation *evaluation,
                                     const struct service_request *request, size_t held,
                                     struct answer *ret_answer)
{
    enum slow_quota_answer room = enter_queue(dispatch, evaluation, held);
    if (room != SLOW_QUOTA_OPEN) {
        refuse_busy(dispatch, room, ret_answer);
        return DISPATCH_ANSWERED;
    }
    int64_t until_ms = service_until(dispatch->service, request);
    int64_t limit_ms = request->arrived_ms + (evaluation->is_audit ? AUDIT_WAIT_MS : WAIT_MS);
    evaluation->until_ms =
        until_ms && until_ms - LEAST_MS < limit_ms ? until_ms - LEAST_MS : limit_ms;
    evaluation->waiting_bytes = held;
    connection_memory_wait(dispatch->memory, evaluation->is_audit, held);
    waiting_add(evaluation->is_audit ? &dispatch->audits : &dispatch->waiting, &evaluation->waiter);
    return DISPATCH_WAITS;
}

void dispatch_forget(struct dispatch *dispatch, struct evaluation *evaluation)
{
    if (!evaluation->waiter.in)
        return;
    waiting_remove(&evaluation->waiter);
    connection_memory_end_wait(dispatch->memory, evaluation->is_audit, evaluation->waiting_bytes);
    slow_quota_leave_queue(dispatch->slow_quota, evaluation->waiter.account, evaluation->is_audit);
}

/* --- Evaluating --- */

static enum slow_quota_answer look_for(struct dispatch *dispatch,
                                       const struct evaluation *evaluation)
{
    return slow_quota_look(dispatch->slow_quota, evaluation->waiter.account, evaluation->is_audit);
}

static bool may_begin(struct dispatch *dispatch, const struct evaluation *evaluation)
{
    if (evaluation->is_audit) {
        dispatch->may_serve_audits = true;
        return false;
    }
    if (look_for(dispatch, evaluation) == SLOW_QUOTA_OPEN &&
        !waiting_has(&dispatch->waiting, evaluation->waiter.account))
        return true;
    dispatch->may_serve_waiting = true;
    return false;
}

/* Another thread may take the loop over while the policy is asked; from then on loop and connection
 * are its own, but for the input and what it says of the request, which it leaves alone. */
enum dispatched dispatch_request(struct dispatch *dispatch, struct evaluation *evaluation,
                                 const struct service_request *request, size_t held,
                                 struct answer *ret_answer)
{
    struct lane *lane = dispatch->turn->lane;
    struct turn_keeper *keeper = dispatch->turn->keeper;
    unsigned account = evaluation->waiter.account;
    if (evaluation->waiter.in) {
        dispatch_forget(dispatch, evaluation);
    } else if (service_evaluates(dispatch->service, request->route, &account)) {
        evaluation->waiter.account = account;
        evaluation->is_audit = request->route->kind == ROUTE_AUDIT;
        if (!may_begin(dispatch, evaluation))
            return wait_for_turn(dispatch, evaluation, request, held, ret_answer);
    } else {
        service_answer(dispatch->service, lane, request, ret_answer);
        return DISPATCH_ANSWERED;
    }
    bool is_audit = evaluation->is_audit;
    uint64_t number = turn_begin(dispatch->turn, account, is_audit);
    service_answer(dispatch->service, lane, request, ret_answer);
    if (turn_end(dispatch->turn, number))
        return DISPATCH_ANSWERED;
    /* The body is the lane's, which has other work now. */
    evaluation->late = (struct late_answer){.answer = *ret_answer, .body = lane->body};
    lane->is_detached = true;
    lane_renew_body(lane);
    slow_quota_slow_ends(dispatch->slow_quota, account, is_audit);
    keeper->slow_ended(keeper);
    return DISPATCH_TAKEN;
}

/* --- A loop's rounds --- */

static struct evaluation *evaluation_of(struct waiter *waiter)
{
    return (struct evaluation *)(void *)waiter;
}

static struct evaluation *find_ready(struct dispatch *dispatch, const struct waiting *waiting)
{
    struct waiter *at = waiting->first;
    while (at && look_for(dispatch, evaluation_of(at)) != SLOW_QUOTA_OPEN)
        at = at->next;
    return at ? evaluation_of(at) : NULL;
}

/* NULL when nobody can be served; then the loop is told when that changes. An evaluation may end
 * between the look at the quota and the request to be told, hence the second look. */
static struct evaluation *next_of(struct dispatch *dispatch, const struct waiting *waiting)
{
    struct evaluation *ready = find_ready(dispatch, waiting);
    if (ready || !waiting->first)
        return ready;
    atomic_store(&dispatch->wants_turns, true);
    return find_ready(dispatch, waiting);
}

static void give_turn(struct evaluation *evaluation)
{
    evaluation->watcher->calls->on_turn(evaluation->watcher);
}

void dispatch_serve_waiting(struct dispatch *dispatch, const struct lane *lane)
{
    while (!lane->is_detached && dispatch->may_serve_waiting) {
        struct evaluation *ready = next_of(dispatch, &dispatch->waiting);
        if (ready)
            give_turn(ready);
        else
            dispatch->may_serve_waiting = false;
    }
}

void dispatch_serve_an_audit(struct dispatch *dispatch, const struct lane *lane)
{
    if (lane->is_detached || !dispatch->may_serve_audits)
        return;
    struct evaluation *ready = next_of(dispatch, &dispatch->audits);
    dispatch->may_serve_audits = ready && dispatch->audits.first != dispatch->audits.last;
    if (ready)
        give_turn(ready);
}

void dispatch_give_up(struct dispatch *dispatch, struct evaluation *evaluation, bool is_for_room,
                      struct answer *ret_answer)
{
    enum slow_quota_answer why =
        is_for_room ? SLOW_QUOTA_SERVER_BUSY : look_for(dispatch, evaluation);
    dispatch_forget(dispatch, evaluation);
    refuse_busy(dispatch, why, ret_answer);
}

bool dispatch_shed_an_audit(struct dispatch *dispatch)
{
    struct waiter *last = dispatch->audits.last;
    if (!last)
        return false;
    struct watcher *watcher = evaluation_of(last)->watcher;
    watcher->calls->on_pressure(watcher);
    return true;
}

static void end_the_late(const struct waiting *waiting, int64_t now_ms)
{
    struct waiter *next = NULL;
    for (struct waiter *at = waiting->first; at; at = next) {
        struct evaluation *evaluation = evaluation_of(at);
        next = at->next;
        if (now_ms >= evaluation->until_ms)
            evaluation->watcher->calls->on_time(evaluation->watcher);
    }
}

void dispatch_pass_time(struct dispatch *dispatch, int64_t now_ms)
{
    end_the_late(&dispatch->waiting, now_ms);
    end_the_late(&dispatch->audits, now_ms);
}
