/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.h - from a whole request to its answer: at once, after waiting for its turn, or late,
 * from a thread that the loop has no more (thread_pool.h).
 *
 * Requests of /audit always wait: for the end of the loop's round, where one of them gets its turn.
 * So do those whose policy, or all policies together, have too many slow evaluations
 * (slow_quota.h). Both queues are bounded; who finds them full, or waits too long, is told to come
 * again.
 */
#ifndef CHIMERA_SERVER_WORKER_DISPATCH_H
#define CHIMERA_SERVER_WORKER_DISPATCH_H

#include "server/worker/connection_internal.h"

/* The body is `body_size` bytes behind the head. */
enum step evaluation_begin(struct connection *connection, size_t body_size);

/* For connections that wait or are evaluated. */
void evaluation_on_ready(struct connection *connection, uint32_t events);
/* It leaves without an answer. */
void evaluation_forget(struct connection *connection);

/* The answer of an evaluation that was slow is there. */
void evaluation_on_answer(struct connection *connection);

/* The audit that came last is told to come again. False: there is none. */
bool evaluation_shed_an_audit(struct loop *loop);

/* Ends those that have waited long enough. Before the next two, so that none of them is late. */
void evaluation_pass_time(struct loop *loop);
/* At the end of a round. Like everything that evaluates, they end early when `lane`, the loop's, is
 * detached by it. */
void evaluation_serve_waiting(struct loop *loop, const struct lane *lane);
void evaluation_serve_an_audit(struct loop *loop, const struct lane *lane);

#endif
