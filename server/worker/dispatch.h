/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.h - from a whole request to its answer: at once, after waiting for its turn, or late,
 * from a thread that the loop has no more (turn.h).
 *
 * Requests of /audit always wait: for the end of the loop's round, where one of them gets its turn.
 * So do those whose policy, or all policies together, have too many slow evaluations
 * (slow_quota.h). Both queues are bounded; who finds them full, or waits too long, is told to come
 * again. Nothing here knows whose requests these are, but for the watcher that is told.
 */
#ifndef CHIMERA_SERVER_WORKER_DISPATCH_H
#define CHIMERA_SERVER_WORKER_DISPATCH_H

#include "server/client/connection_memory.h"
#include "server/review/service.h"
#include "server/review/slow_quota.h"
#include "server/worker/queue.h"
#include "server/worker/turn.h"
#include "server/worker/watcher.h"

struct dispatch {                  /* a loop's */
    const struct service *service; /* borrowed, like the next three */
    struct turn *turn;
    struct connection_memory *memory;
    struct slow_quota *slow_quota; /* set before the loop runs */
    struct waiting waiting, audits;
    bool may_serve_waiting, may_serve_audits;
    /* Partner: the thread whose slow evaluation ends, which lowers the quota's counts and then
     * reads this; the loop sets it and then reads the counts. */
    atomic_bool wants_turns;
};

struct late_answer { /* of an evaluation that another thread than the loop's has finished */
    struct answer answer;
    struct chimera_buffer body; /* owned; the answer's */
};

struct evaluation {          /* of one request; a connection has one after the other in it */
    struct waiter waiter;    /* the first field */
    struct watcher *watcher; /* borrowed; is told when it is the request's turn */
    bool is_audit;
    int64_t until_ms;        /* of a request that waits: when it gives up */
    size_t waiting_bytes;    /* held when it began to wait */
    struct late_answer late; /* written by the thread that evaluates, read after its mail */
};

enum dispatched {
    DISPATCH_ANSWERED,
    DISPATCH_WAITS, /* its watcher's on_turn, on_time or on_pressure will say how it ends */
    DISPATCH_TAKEN, /* another thread has the loop. The caller mails it that the answer is there,
                       and touches nothing else */
};

/* A request has come, by a client that holds so many bytes; or the turn of one that waited has,
 * which does not wait again. */
enum dispatched dispatch_request(struct dispatch *dispatch, struct evaluation *evaluation,
                                 const struct service_request *request, size_t held,
                                 struct answer *ret_answer);
/* It waits no longer: its time is over, or its room is wanted. Its answer says so. */
void dispatch_give_up(struct dispatch *dispatch, struct evaluation *evaluation, bool is_for_room,
                      struct answer *ret_answer);
/* It leaves without an answer. Does nothing when it does not wait. */
void dispatch_forget(struct dispatch *dispatch, struct evaluation *evaluation);

/* The audit that came last is told that its room is wanted. False: there is none. */
bool dispatch_shed_an_audit(struct dispatch *dispatch);
/* Tells those that have waited long enough. Before the next two, so that none of them is late. */
void dispatch_pass_time(struct dispatch *dispatch, int64_t now_ms);
/* At the end of a round. Like everything that evaluates, they end early when `lane`, the loop's, is
 * detached by it. */
void dispatch_serve_waiting(struct dispatch *dispatch, const struct lane *lane);
void dispatch_serve_an_audit(struct dispatch *dispatch, const struct lane *lane);

#endif
