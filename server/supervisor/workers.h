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

#define WORKERS_RETIRED_MAX 8
#define WORKERS_PATIENT_MAX 4 /* of these, that wait for idle connections */

struct workers_inputs { /* borrowed */
    const struct config *config;
    struct shared *scoreboard, *counters;
    struct telemetry *telemetry;
    const struct decision_child *decisions;
    struct broker *broker;
    const struct tls_texts *tls; /* the newest, for workers that start */
};

struct workers {
    struct workers_inputs with;
    int main_fd, probe_fd;         /* bound; -1: not open */
    struct generation *generation; /* used; what `current` serves, and serves again after a crash */
    struct worker_child current;   /* serves, or starts when there is nothing else */
    struct worker_child next;      /* starts beside it, to take its place */
    struct worker_child retired[WORKERS_RETIRED_MAX];
    int64_t restart_at_ms; /* 0: no worker is to be started */
    unsigned backoff_ms;
    uint64_t restarts; /* of crashed workers */
};

void workers_init(struct workers *workers, const struct workers_inputs *with);
/* Binds the ports; nothing listens yet. */
int workers_open(struct workers *workers, struct chimera_error *err);

/* The first worker. */
int workers_start(struct workers *workers, struct generation *generation,
                  struct chimera_error *err);
int workers_start_next(struct workers *workers, struct generation *generation,
                       struct chimera_error *err);
/* The next worker has not accepted yet, so nobody misses it. Does nothing when there is none. */
void workers_drop_next(struct workers *workers);

/* The worker has said that it is ready, and accepts from now on. */
void workers_accept_current(struct workers *workers);
void workers_accept_next(struct workers *workers);

/* No worker serves: starts one, after a pause that grows. Does nothing while one runs or another is
 * about to take over. */
void workers_plan_restart(struct workers *workers, int64_t started_ms);

/* A worker serves, and no signal has stopped it. */
bool workers_answer(const struct workers *workers);

/* Sends the order to all workers that there are. */
void workers_order(const struct workers *workers, const struct order *order);

/* A signal has stopped a worker, or let it go on. */
void workers_stopped(struct workers *workers, pid_t pid, bool is_stopped);

/* A child is gone. True when it was a retired worker, or a process of a tenant's. */
bool workers_reaped(struct workers *workers, pid_t pid, int status);

/* What is due; when to be called again, INT64_MAX: never. */
int64_t workers_pass_time(struct workers *workers, int64_t now_ms);

/* Lets all that serve answer what they have, and kills them when that takes too long. */
void workers_stop(struct workers *workers);

#endif
