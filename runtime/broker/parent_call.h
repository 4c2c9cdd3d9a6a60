/* SPDX-License-Identifier: Apache-2.0 */
/* parent_call.h - what the broker has its parent do, which may start programs (credential helpers,
 * exec plugins of a kubeconfig), over the socket through which its lines come.
 */
#ifndef CHIMERA_BROKER_PARENT_CALL_H
#define CHIMERA_BROKER_PARENT_CALL_H

#include <pthread.h>

#include "runtime/broker/message.h"

#define CHIMERA_PARENT_CALL_MS 30000

/* --- In the broker. --- */

struct chimera_parent_line {
    int socket;            /* borrowed */
    pthread_mutex_t one;   /* held for a call: one at a time */
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t answered;
    bool is_asked, has_answer, is_good;
    struct chimera_buffer answer;
};

#define CHIMERA_PARENT_GONE SIZE_MAX

void chimera_parent_line_open(struct chimera_parent_line *line, int socket);

/* One packet: how many lines came with it, or 0 and it was an answer or there is none now;
 * CHIMERA_PARENT_GONE. The loop's thread. */
size_t chimera_parent_receive(struct chimera_parent_line *line, int *fds, size_t max);

/* Any thread but the loop's. */
int chimera_parent_ask(struct chimera_parent_line *line, const char *what,
                       struct chimera_slice argument, struct chimera_buffer *answer,
                       struct chimera_error *err);

/* --- In the parent. --- */

struct chimera_parent_call { /* texts in `packet` */
    char packet[CHIMERA_BROKER_PACKET_MAX + 1];
    const char *what;
    struct chimera_slice argument;
};

/* A call that has come: 1. 0: there is none. Negative: the broker is gone. Does not wait. */
int chimera_parent_take(int socket, struct chimera_parent_call *ret_call);

/* Appends what came of it, or fails with the reason. */
typedef int chimera_parent_run(void *context, const char *what, struct chimera_slice argument,
                               struct chimera_buffer *answer, struct chimera_error *err);

/* Runs it and answers; this may be done by another process that has the parent's end. */
void chimera_parent_answer(int socket, const struct chimera_parent_call *call,
                           chimera_parent_run *run, void *context);

#endif
