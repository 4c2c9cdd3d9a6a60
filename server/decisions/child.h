/* SPDX-License-Identifier: Apache-2.0 */
/* child.h - the decision log as the supervisor sees it: the pipe, and the process that writes what
 * workers put into it.
 *
 * One process for the life of the server, when there is such a log. It is started again when it
 * dies; lines wait in the pipe meanwhile. It ends behind the workers.
 */
#ifndef CHIMERA_SERVER_DECISIONS_CHILD_H
#define CHIMERA_SERVER_DECISIONS_CHILD_H

#include <sys/types.h>

#include "server/base/shared_memory.h"
#include "server/config/config.h"

struct decision_child {
    const struct config *config; /* borrowed, like the next */
    struct shared *counters;
    int read_fd, write_fd; /* of the pipe; -1: there is no such log */
    pid_t pid;             /* 0: none */
    int64_t restart_at_ms; /* 0: none is to be started */
};

#define DECISION_CHILD_NONE ((struct decision_child){.read_fd = -1, .write_fd = -1})

/* Opens the file, whose failure is the start's, and starts the process; if the configuration says
 * so. */
int decision_child_open(struct decision_child *child, const struct config *config,
                        struct shared *counters, struct chimera_error *err);
/* Has the file opened again. */
void decision_child_reopen(const struct decision_child *child);
/* Lets it write what is left, for some seconds. */
void decision_child_stop(struct decision_child *child);

/* True when it was this process. */
bool decision_child_reaped(struct decision_child *child, pid_t pid);
/* Starts what is due; when to be called again, INT64_MAX: never. */
int64_t decision_child_pass_time(struct decision_child *child, int64_t now_ms);

#endif
