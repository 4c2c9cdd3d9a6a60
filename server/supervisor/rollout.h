/* SPDX-License-Identifier: Apache-2.0 */
/* rollout.h - how the workers come to serve another generation: the first one, the full tier, a
 * reload of policies.yml.
 *
 * One is under way at a time: a child builds, `next` starts, and takes over whole, or is refused
 * with the reason, and what served goes on. A reload takes the place of whatever is under way.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_ROLLOUT_H
#define CHIMERA_SERVER_SUPERVISOR_ROLLOUT_H

#include "server/supervisor/build_child.h"
#include "server/supervisor/workers.h"

enum rollout_kind { ROLLOUT_START, ROLLOUT_TIER, ROLLOUT_RELOAD };

struct reload_record { /* what came of reloads */
    uint64_t accepted, refused;
    int64_t accepted_at_s, refused_at_s; /* since 1970 */
    struct chimera_error why;            /* of the last that was refused; empty after a good one */
};

struct rollout {
    const struct config *config;
    struct workers *workers;    /* borrowed */
    int admin_fd;               /* borrowed; a socket of the admin port, to be told of; -1: none */
    enum rollout_kind kind;     /* of the one under way */
    struct build_child build;   /* builds */
    struct policies_file *file; /* used; what it builds for, and what `next` starts with */
    struct policies_file *last; /* used; the last one that could be read, taken or refused */
    struct chimera_error last_error; /* of a reading since then */
    struct policy_stamp last_stamp;  /* of the last reading */
    bool has_served;
    bool is_reload_due; /* asked for before the first worker served */
    struct reload_record reloads;
    struct chimera_buffer details; /* owned; of the error that is being dealt with */
};

void rollout_init(struct rollout *rollout, const struct config *config, struct workers *workers);
/* Begins with the first generation. */
int rollout_begin(struct rollout *rollout, struct policies_file *file, struct chimera_error *err);
void rollout_end(struct rollout *rollout);

/* Reads policies.yml again, and takes it, or says in the log what is wrong with it. */
void rollout_reload(struct rollout *rollout);
/* Reloads if the file says something else than when it was last read. */
void rollout_look(struct rollout *rollout);

/* --- Events. A function that returns a code fails only where the start does. --- */

/* Gives up workers that do not get ready. *at_ms becomes earlier when this is to be called before.
 */
int rollout_pass_time(struct rollout *rollout, int64_t now_ms, int64_t *at_ms,
                      struct chimera_error *err);
int rollout_read_build(struct rollout *rollout, struct chimera_error *err);
int rollout_read_current(struct rollout *rollout, struct chimera_error *err);
void rollout_read_next(struct rollout *rollout);
/* A child is gone. Known are the build, and the workers that serve or start. */
int rollout_reaped(struct rollout *rollout, pid_t pid, int status, bool *ret_is_known,
                   struct chimera_error *err);

#endif
