/* SPDX-License-Identifier: Apache-2.0 */
/* build_child.h - a build that goes on while the supervisor does other things: builder_run() in a
 * process of its own, at a lower priority when a worker serves meanwhile.
 *
 * Start, poll `fd`, read when it is readable until that says that the build has ended, take the
 * result.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_BUILD_CHILD_H
#define CHIMERA_SERVER_SUPERVISOR_BUILD_CHILD_H

#include <sys/types.h>

#include "runtime/base/buffer.h"
#include "server/supervisor/builder.h"

struct build_child {
    pid_t pid;  /* 0: none, or reaped */
    int fd;     /* what it says; -1: no build */
    int status; /* as of waitpid(), once it is reaped */
    struct chimera_buffer said;
    uint8_t *progress; /* owned, shared with the process; of each policy, an enum build_progress */
    size_t policy_count;
    bool is_stopped;    /* by a signal */
    int64_t stopped_ms; /* since when it, or what it runs, is; 0: it goes on */
};

#define BUILD_CHILD_NONE ((struct build_child){.fd = -1})

/* `priority` as of setpriority(): 0 ours, 19 the lowest. */
int build_child_start(struct build_child *build, const struct builder_input *input, int priority,
                      struct chimera_error *err);

/* Takes what the build has said; true at its end. */
bool build_child_read(struct build_child *build);

/* A signal has stopped a child, or it goes on again: true when it was this one. */
bool build_child_stopped(struct build_child *build, pid_t pid, bool is_stopped);
/* True when it has been stopped for too long, and was ended for that; then there is none. Else
 * *at_ms is made earlier, if it is to be called before. */
bool build_child_pass_time(struct build_child *build, int64_t now_ms, unsigned limit_s,
                           int64_t *at_ms);

/* The supervisor reaps all children: true when this one was the build's. */
bool build_child_reaped(struct build_child *build, pid_t pid, int status);

/* After the end. What builder_run() gave, or its error, or that the process was ended. There is
 * none then. */
int build_child_finish(struct build_child *build, size_t count, struct built_plugin **ret_plugins,
                       struct chimera_error *err);

/* Ends the build and all that it has started. Does nothing when there is none. */
void build_child_stop(struct build_child *build);

#endif
