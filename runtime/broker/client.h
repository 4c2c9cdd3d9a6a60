/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - host calls of a process with guests, answered by the broker.
 *
 * It holds some lines, each for one call at a time, and a socket from which it takes new ones when
 * the broker was started again. What the broker says may be kept is kept, see answers.h; answers in
 * memory files are mapped, never copied. A call that waits blocks its thread, until its answer
 * comes or its account's time is up.
 */
#ifndef CHIMERA_BROKER_CLIENT_H
#define CHIMERA_BROKER_CLIENT_H

#include "runtime/broker/answers.h"
#include "runtime/broker/message.h"

struct chimera_broker_line {
    int fd;            /* -1: none */
    int next;          /* takes its place when it is let go; -1: none */
    uint64_t question; /* the last one that was asked on it */
    bool is_taken;
};

struct chimera_broker_client {
    struct chimera_capability_source source; /* first: grants point here */
    pthread_mutex_t mutex;                   /* of the lines */
    pthread_cond_t freed;
    struct chimera_broker_line line[CHIMERA_BROKER_LINES];
    uint64_t next_question;
    int supply; /* where lines come from; owned */
    /* Mapped; NULL: there was no broker yet. Another one is another broker's. */
    _Atomic(const _Atomic uint64_t *) versions;
    struct chimera_answers cache;
};

/* Takes `supply`. Lines may have come already, or come later. */
int chimera_broker_client_open(struct chimera_broker_client *client, int supply,
                               struct chimera_answers_counters *counters,
                               struct chimera_error *err);
/* No call is being made any more. */
void chimera_broker_client_close(struct chimera_broker_client *client);

#endif
