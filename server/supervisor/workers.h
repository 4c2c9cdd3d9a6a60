/* SPDX-License-Identifier: Apache-2.0 */
/* workers.h - the workers of the supervisor: the one that serves, the one that shall take its
 * place, and those that answer what is left to them.
 *
 * A swap is: start `next` beside `current`, wait until it is ready, have it accept, have the one
 * before retire. Whatever fails before that changes nothing.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_WORKERS_H
#define CHIMERA_SERVER_SUPERVISOR_WORKERS_H

#include "server/worker/child.h"

#define CREW_RETIRED_MAX 8
#define CREW_PATIENT_MAX 4 /* of these, that wait for idle connections */

struct crew {
    const struct config *config;
    struct shared *board, *counters; /* borrowed, as the next two */
    struct telemetry *telemetry;
    const struct tls_texts *tls;   /* the newest, for workers that start */
    int main_fd, probe_fd;         /* bound; -1: not open */
    struct generation *generation; /* used; what `current` serves, and serves again after a crash */
    struct worker_process current; /* serves, or starts when there is nothing else */
    struct worker_process next;    /* starts beside it, to take its place */
    struct worker_process retired[CREW_RETIRED_MAX];
    int64_t restart_at_ms; /* 0: no worker is to be started */
    unsigned backoff_ms;
    uint64_t restarts; /* of crashed workers */
};

void crew_init(struct crew *crew, const struct config *config, struct shared *board,
               struct shared *counters, struct telemetry *telemetry, const struct tls_texts *tls);
/* Binds the ports; nothing listens yet. */
int crew_open(struct crew *crew, struct chimera_error *err);

/* The first worker. */
int crew_start(struct crew *crew, struct generation *generation, struct chimera_error *err);
int crew_start_next(struct crew *crew, struct generation *generation, struct chimera_error *err);
/* It has not accepted yet, so nobody misses it. Does nothing when there is none. */
void crew_drop_next(struct crew *crew);

/* The worker has said that it is ready, and accepts from now on. */
void crew_accept_current(struct crew *crew);
void crew_accept_next(struct crew *crew);

/* There is none that serves; starts one, after a pause that grows. Nothing to do while one runs or
 * another is about to take over. */
void crew_plan_restart(struct crew *crew, int64_t started_ms);

/* One serves, and no signal has stopped it. */
bool crew_answers(const struct crew *crew);

/* To all workers there are. */
void crew_order(const struct crew *crew, const struct order *order);

/* A signal has stopped a worker, or let it go on. */
void crew_stopped(struct crew *crew, pid_t pid, bool is_stopped);

/* One of the retired, or of the jails; true when that is all about it. */
bool crew_reaped(struct crew *crew, pid_t pid, int status);

/* What is due; when to be called again, INT64_MAX: never. */
int64_t crew_pass_time(struct crew *crew, int64_t now_ms);

/* Lets all that serve answer what they have, and kills them when that takes too long. */
void crew_stop(struct crew *crew);

#endif
