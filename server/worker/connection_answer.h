/* SPDX-License-Identifier: Apache-2.0 */
/* connection_answer.h - how an answer goes to a client, and how its connection ends behind it. For
 * connection.c.
 *
 * All run on the loop's thread. STEP_STOP: the connection may be gone.
 */
#ifndef CHIMERA_SERVER_WORKER_CONNECTION_ANSWER_H
#define CHIMERA_SERVER_WORKER_CONNECTION_ANSWER_H

#include "server/worker/connection_state.h"

/* What a step of the machine comes to. */
enum step {
    STEP_AGAIN, /* there may be another step to take */
    STEP_MORE,  /* wait for input */
    STEP_BODY,  /* the head is whole, and is good: the body is next */
    STEP_WHOLE, /* the request is */
    STEP_STOP,  /* the connection is gone, or waits for something else, or is another thread's */
};

/* Writes the answer to a request of which `used` bytes of input are. */
enum step connection_send_answer(struct connection *connection, struct answer *answer, size_t used);
/* An answer after which nothing of the input is looked at any more. */
enum step connection_send_last(struct connection *connection, struct answer *answer);
/* What the socket had no room for, now that it has. */
enum step connection_write_rest(struct connection *connection);

/* Takes bytes from the front of the input. */
void connection_consume(struct connection *connection, size_t size);

void connection_free(struct connection *connection);

/* A socket closed with input unread resets the connection, and the answer may be lost with it: so
 * one that lingers first lets the client read, and drops what it still sends. */
enum step connection_close_down(struct connection *connection);
/* There is more of that to be dropped. */
void connection_linger(struct connection *connection);

#endif
