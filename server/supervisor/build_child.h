/* SPDX-License-Identifier: Apache-2.0 */
/* build_child.h - a build that goes on while the supervisor does other things: builder_run() in a
 * process of its own, at a lower priority when a worker serves meanwhile.
 *
 * Start, poll `fd`, read when it is readable until that says that the job has ended, take the
 * result.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_BUILD_CHILD_H
#define CHIMERA_SERVER_SUPERVISOR_BUILD_CHILD_H

#include <sys/types.h>

#include "runtime/base/buffer.h"
#include "server/supervisor/builder.h"

struct job {
    pid_t pid;  /* 0: none, or reaped */
    int fd;     /* what it says; -1: no job */
    int status; /* as of waitpid(), once it is reaped */
    struct chimera_buffer said;
    uint8_t *progress; /* owned, shared with the process; of each policy, an enum build_progress */
    size_t policy_count;
};

#define JOB_NONE ((struct job){.fd = -1})

/* `priority` as of setpriority(): 0 ours, 19 the lowest. */
int job_start(struct job *job, const struct builder_wish *wish, int priority,
              struct chimera_error *err);

/* Takes what the job has said; true at the end of it. */
bool job_read(struct job *job);

/* The supervisor reaps all children: true when this one was the job's. */
bool job_reaped(struct job *job, pid_t pid, int status);

/* After the end. What builder_run() gave, or its error, or that the process was ended. The job is
 * none then. */
int job_finish(struct job *job, size_t count, struct built_plugin **ret_plugins,
               struct chimera_error *err);

/* Ends the job and all that it has started. Does nothing when there is none. */
void job_stop(struct job *job);

#endif
