/* SPDX-License-Identifier: Apache-2.0 */
/* transport.h - the bytes of a connection, with or without TLS, and what its loop waits for. */
#ifndef CHIMERA_SERVER_WORKER_TRANSPORT_H
#define CHIMERA_SERVER_WORKER_TRANSPORT_H

#include "server/worker/connection.h"

/* Takes over the descriptor, and watches for input. False when memory ran out; then only what it
 * allocated is gone. */
bool transport_open(struct connection *connection, int fd);
void transport_close(struct connection *connection);

/* It has got so far that the client was answered. */
bool transport_is_greeted(const struct connection *connection);

/* Of epoll's events; 0: none, not even that the client is gone. */
void transport_watch(struct connection *connection, uint32_t interest);
/* Whether what it sends is seen to before others', from now on. */
void transport_prefer(struct connection *connection, bool is_preferred);

/* Bytes, 0 at the end, or TLS_FAILED, TLS_WANTS_READ, TLS_WANTS_WRITE, also without TLS. */
ssize_t transport_receive(struct connection *connection, void *to, size_t size);
/* The same, but never 0. */
ssize_t transport_send(struct connection *connection, const void *from, size_t size);

/* Bytes that lie in the kernel: of answers that the client has not taken, and of what it sent. A
 * system call each. */
size_t transport_unsent(const struct connection *connection);
size_t transport_unread(const struct connection *connection);

/* Says that nothing follows. The alert of TLS may get lost when the socket is full; so it may in a
 * network. */
void transport_finish(struct connection *connection);

#endif
