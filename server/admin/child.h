/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - the process behind the admin port, as the supervisor sees it: there from before
 * the first build, so that a long one can be watched, started again when it dies, ended last.
 *
 * Sees the scoreboard and the counters read-only, and is locked down like a worker.
 */
#ifndef CHIMERA_SERVER_ADMIN_CHILD_H
#define CHIMERA_SERVER_ADMIN_CHILD_H

#include <sys/types.h>

#include "server/base/shared_memory.h"
#include "server/config/config.h"

struct admin_child {
    const struct config *config;                  /* borrowed, like the next */
    struct shared *scoreboard, *counters, *tally; /* mapped anew by the process */
    int fd;                /* owned; the listening socket. -1: there is no admin port */
    pid_t pid;             /* 0: none */
    int64_t restart_at_ms; /* 0: none is to be started */
};

#define ADMIN_CHILD_NONE ((struct admin_child){.fd = -1})

/* Listens and starts it, if the configuration says so. */
int admin_child_open(struct admin_child *child, const struct config *config,
                     struct shared *scoreboard, struct shared *counters, struct shared *tally,
                     struct chimera_error *err);
void admin_child_close(struct admin_child *child);

/* True when it was this one, which is started again after a pause. */
bool admin_child_reaped(struct admin_child *child, pid_t pid);
/* Starts what is due; when to be called again, INT64_MAX: never. */
int64_t admin_child_pass_time(struct admin_child *child, int64_t now_ms);

#endif
