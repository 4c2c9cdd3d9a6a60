/* SPDX-License-Identifier: Apache-2.0 */
/* rollout.h - how the workers come to serve another generation: the first one, the full tier, a
 * reload of policies.yml.
 *
 * One is under way at a time: a job builds, `next` starts, and takes over whole, or is refused with
 * the reason, and what served goes on. A reload takes the place of whatever is under way.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_ROLLOUT_H
#define CHIMERA_SERVER_SUPERVISOR_ROLLOUT_H

#include "server/supervisor/build_child.h"
#include "server/supervisor/workers.h"

enum update_kind { UPDATE_START, UPDATE_TIER, UPDATE_RELOAD };

struct reload_record { /* what came of reloads */
    uint64_t accepted, refused;
    int64_t accepted_at_s, refused_at_s; /* since 1970 */
    struct chimera_error why;            /* of the last that was refused; empty after a good one */
};

struct update {
    const struct config *config;
    struct crew *crew;               /* borrowed */
    enum update_kind kind;           /* of the one under way */
    struct job job;                  /* builds */
    struct policy_file *file;        /* used; what it builds for, and what `next` starts with */
    struct policy_file *last;        /* used; the last one that could be read, taken or refused */
    struct chimera_error last_error; /* of a reading since then */
    struct policy_stamp last_stamp;  /* of the last reading */
    bool has_served;
    bool is_reload_due; /* asked for before the first worker served */
    struct reload_record reloads;
    struct chimera_buffer details; /* owned; of the error that is being dealt with */
};

void update_init(struct update *update, const struct config *config, struct crew *crew);
/* Begins with the first generation. */
int update_begin(struct update *update, struct policy_file *file, struct chimera_error *err);
void update_end(struct update *update);

/* Reads policies.yml again, and takes it, or says in the log what is wrong with it. */
void update_reload(struct update *update);
/* The same if the file says something else than when it was last read. */
void update_look(struct update *update);

/* Events. Those that return a code fail only where the start does. */
/* Gives up workers that do not get ready. *at_ms becomes earlier when this is to be called before.
 */
int update_pass_time(struct update *update, int64_t now_ms, int64_t *at_ms,
                     struct chimera_error *err);
int update_read_job(struct update *update, struct chimera_error *err);
int update_read_current(struct update *update, struct chimera_error *err);
void update_read_next(struct update *update);
/* A child is gone. Known are the build, and the workers that serve or start. */
int update_reaped(struct update *update, pid_t pid, int status, bool *ret_is_known,
                  struct chimera_error *err);

#endif
