/* SPDX-License-Identifier: Apache-2.0 */
/* connection_internal.h - what connection.c and dispatch.c know of each other. */
#ifndef CHIMERA_SERVER_WORKER_CONNECTION_INTERNAL_H
#define CHIMERA_SERVER_WORKER_CONNECTION_INTERNAL_H

#include "server/worker/connection.h"

/* What a step of the machine comes to. */
enum step {
    STEP_AGAIN, /* there may be another step to take */
    STEP_MORE,  /* wait for input */
    STEP_STOP,  /* the connection is gone, or waits for something else, or is another thread's */
};

/* Writes the answer to a request of which `used` bytes of input are. */
enum step connection_send_answer(struct connection *connection, struct answer *answer, size_t used);

#endif
