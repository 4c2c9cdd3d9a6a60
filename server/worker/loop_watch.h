/* SPDX-License-Identifier: Apache-2.0 */
/* loop_watch.h - do the loops of this worker come round? For /readiness.
 *
 * Looked at when somebody asks, so an idle worker stays idle. A loop is stuck when it has had work
 * at two looks STUCK_MS apart and has not gone round in between: its thread waits for something
 * that does not come, or is not run. An evaluation that takes long is none of that, since another
 * thread goes on with the loop. Used by the thread that runs the readiness port's loop.
 */
#ifndef CHIMERA_SERVER_WORKER_LOOP_WATCH_H
#define CHIMERA_SERVER_WORKER_LOOP_WATCH_H

#include "server/worker/loop.h"

#define LOOP_STUCK_MS 5000

struct loop_seen {
    uint64_t rounds;
    int64_t since_ms; /* it has work since then at least; 0: it had none, or has gone round */
};

struct loop_watch {
    struct loop *loops;     /* borrowed */
    struct loop_seen *seen; /* owned; one a loop */
    unsigned count;
};

int loop_watch_open(struct loop_watch *watch, struct loop *loops, unsigned count,
                    struct chimera_error *err);
void loop_watch_close(struct loop_watch *watch);

/* For how long the most stuck one has been so, in milliseconds; 0: none is. */
int64_t loop_watch_look(struct loop_watch *watch, int64_t now_ms);

/* One loop. `has_work`: at this moment. */
int64_t loop_seen_look(struct loop_seen *seen, uint64_t rounds, bool has_work, int64_t now_ms);

#endif
