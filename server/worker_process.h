/* worker_process.h - a worker as the supervisor sees it: a child that loads, reports, serves, and
 * retires or is stopped.
 */
#ifndef CHIMERA_SERVER_WORKER_PROCESS_H
#define CHIMERA_SERVER_WORKER_PROCESS_H

#include <sys/types.h>

#include "server/generation.h"
#include "server/jail_process.h"
#include "server/orders.h"
#include "server/worker.h"

struct worker_process {
    pid_t pid;     /* 0: none */
    int report_fd; /* while it has not reported; else -1 */
    int orders_fd; /* -1: none */
    uint32_t seat; /* in the counters; SEAT_NONE: none */
    int64_t started_ms;
    int64_t until_ms; /* of one that was told to end: when it is told again, more firmly */
    bool is_draining; /* it was: idle connections do not keep it any more */
    struct generation *generation; /* that it serves; used */
    struct jails *jails;           /* owned; NULL: none. They end with it */
    struct shared page;            /* owned; process_page.h */
};

#define WORKER_PROCESS_NONE \
    ((struct worker_process){.report_fd = -1, .orders_fd = -1, .page = SHARED_NONE})

/* With its jails. Of `start`, the configuration, the sockets and the memory are given, the rest
 * filled in. */
int worker_process_start(struct worker_process *process, const struct worker_start *start,
                         struct generation *generation, struct chimera_error *err);

/* None is allowed. */
void worker_process_order(const struct worker_process *process, const struct order *order);

/* Reads the report when `report_fd` is readable: 0 when the worker is ready. Else a negative code
 * with the worker's reason, and it has ended and is none. */
int worker_process_read_report(struct worker_process *process, struct chimera_error *err);

/* It was reaped with this status, and is none then. Why: by its own report, if it left one. */
void worker_process_reaped(struct worker_process *process, int status,
                           struct chimera_error *ret_why);

/* Ends its jails, and what the supervisor holds for it. It has ended, or is none. */
void worker_process_forget(struct worker_process *process);

/* At once, and waits for it. None is allowed. */
void worker_process_kill(struct worker_process *process);

#endif
