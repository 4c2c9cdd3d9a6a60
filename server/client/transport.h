/* SPDX-License-Identifier: Apache-2.0 */
/* transport.h - the bytes of a client, with or without TLS, and what its loop waits for. */
#ifndef CHIMERA_SERVER_CLIENT_TRANSPORT_H
#define CHIMERA_SERVER_CLIENT_TRANSPORT_H

#include "server/client/tls.h"

/* A loop's epoll sets. The second lies within the first: it has those that are seen to a few at a
 * time. */
struct epoll_sets {
    int first_fd, others_fd;
};

struct transport {
    int fd;                        /* owned */
    const struct epoll_sets *sets; /* borrowed */
    void *watcher;                 /* whom epoll names when there is something to do */
    SSL *tls;                      /* owned; NULL: plain */
    size_t tls_bytes;              /* of memory, for the state of TLS */
    uint32_t interest;             /* what epoll watches for */
    bool is_preferred;             /* it is in the first set */
    bool is_in_handshake;
};

/* For a transport whose descriptor, sets, watcher and preference are filled in, and nothing else.
 * Takes over the descriptor, and watches for input. False when memory ran out; then only what it
 * allocated is gone. `context` may be NULL: without TLS. */
bool transport_open(struct transport *transport, SSL_CTX *context);
void transport_close(struct transport *transport);

/* The handshake has got so far that the client was answered. */
bool transport_is_greeted(const struct transport *transport);

/* Of epoll's events; 0: none, not even that the client is gone. */
void transport_watch(struct transport *transport, uint32_t interest);
/* Whether what its client sends is seen to before others', from now on. */
void transport_prefer(struct transport *transport, bool is_preferred);

/* Bytes, 0 at the end, or TLS_FAILED, TLS_WANTS_READ, TLS_WANTS_WRITE, also without TLS. */
ssize_t transport_receive(struct transport *transport, void *to, size_t size);
/* The same, but never 0. */
ssize_t transport_send(struct transport *transport, const void *from, size_t size);

/* Bytes that lie in the kernel: of answers that the client has not taken, and of what it sent. A
 * system call each. */
size_t transport_unsent(const struct transport *transport);
size_t transport_unread(const struct transport *transport);

/* Says that nothing follows. The alert of TLS may get lost when the socket is full; so it may in a
 * network. */
void transport_finish(struct transport *transport);

#endif
