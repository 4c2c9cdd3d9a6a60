/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - a worker as the supervisor sees it: a child that loads, reports, serves, and
 * retires or is stopped.
 */
#ifndef CHIMERA_SERVER_WORKER_CHILD_H
#define CHIMERA_SERVER_WORKER_CHILD_H

#include <sys/types.h>

#include "runtime/base/buffer.h"
#include "server/base/orders.h"
#include "server/config/generation.h"
#include "server/tenant/children.h"
#include "server/worker/worker.h"

struct worker_child {
    const struct config *config; /* borrowed */
    pid_t pid;                   /* 0: none */
    int report_fd;               /* while it has not reported; else -1 */
    int orders_fd;               /* -1: none */
    uint32_t score;              /* in the counters; WORKER_SCORE_NONE: none */
    int64_t started_ms;
    /* A worker that has not reported: when it is given up unless its start has got on, as of
     * `step`. A worker that was told to end: when it is told again, more firmly. */
    int64_t until_ms;
    uint32_t step;
    bool is_draining;              /* it was told again: idle connections do not keep it any more */
    bool is_stopped;               /* by a signal, until another one lets it go on */
    struct generation *generation; /* that it serves; used */
    struct tenants *tenants;       /* owned; NULL: none. They end with it */
    struct shared page;            /* owned; process_page.h */
    struct chimera_buffer said;    /* what it has reported so far; owned */
};

#define WORKER_CHILD_NONE \
    ((struct worker_child){.report_fd = -1, .orders_fd = -1, .page = SHARED_NONE})

enum worker_report {
    WORKER_IS_STARTING, /* it has not reported, or not all */
    WORKER_IS_READY,
    WORKER_HAS_FAILED, /* it has ended and is none, and *err says why */
};

/* Starts a worker with its tenants. The configuration, the sockets and the memory are given in
 * `start`, the rest is filled in. */
int worker_child_start(struct worker_child *child, const struct worker_start *start,
                       struct generation *generation, struct chimera_error *err);

/* Does nothing when there is none. */
void worker_child_order(const struct worker_child *child, const struct order *order);

/* Reads what there is of the report when `report_fd` is readable. A worker that has failed is
 * ended, whether it goes on or not. */
enum worker_report worker_child_read_report(struct worker_child *child, struct chimera_error *err);

/* Ends a worker that has not reported and whose start does not get on. WORKER_IS_READY for others,
 * and when there is none. */
enum worker_report worker_child_pass_time(struct worker_child *child, int64_t now_ms,
                                          struct chimera_error *err);

/* The worker was reaped with this status, and is none then. Why: by its own report, if it left one.
 */
void worker_child_reaped(struct worker_child *child, int status, struct chimera_error *ret_why);

/* Ends its tenants, and what the supervisor holds for it. It has ended, or is none. */
void worker_child_forget(struct worker_child *child);

/* At once; waits for it, but not if the kernel does not let it go. Does nothing when there is none.
 */
void worker_child_kill(struct worker_child *child);

#endif
