/* transport.h - the bytes of a connection, with or without TLS, and what its loop waits for. */
#ifndef CHIMERA_SERVER_TRANSPORT_H
#define CHIMERA_SERVER_TRANSPORT_H

#include "server/connection.h"

/* Of epoll's events; 0: none, not even that the client is gone. */
void transport_watch(struct connection *connection, uint32_t interest);

/* Bytes, 0 at the end, or TLS_FAILED, TLS_WANTS_READ, TLS_WANTS_WRITE, also without TLS. */
ssize_t transport_receive(struct connection *connection, void *to, size_t size);
/* The same, but never 0. */
ssize_t transport_send(struct connection *connection, const void *from, size_t size);

/* Says that nothing follows. The alert of TLS may get lost when the socket is full; so it may in a
 * network. */
void transport_finish(struct connection *connection);

#endif
