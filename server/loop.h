/* loop.h - one thread with one epoll set and the connections that were dealt to it.
 *
 * Evaluates inline. Everything in it is its own thread's, but the inbox, through which the listener
 * hands connections over, and the count, by which it chooses.
 */
#ifndef CHIMERA_SERVER_LOOP_H
#define CHIMERA_SERVER_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/service.h"
#include "server/tls.h"

#define LOOP_SPARES 16

struct connection; /* see connection.h */

struct loop {
    const struct service *service; /* borrowed */
    SSL_CTX *tls;                  /* owned; NULL: plain */
    struct lane lane;
    pthread_t thread;
    int epoll_fd, inbox_read, inbox_write;
    atomic_uint connection_count;             /* raised by the listener, lowered here */
    struct connection *connections;           /* owned; a list in no order */
    struct chimera_buffer spare[LOOP_SPARES]; /* warm input buffers of idle connections */
    unsigned spare_count;
    int64_t now_ms, swept_ms, drain_until_ms; /* the last: 0 before the drain */
    bool has_pages;                           /* instances may have pages to give back */
    bool has_drained;                         /* idle connections were closed */
    bool is_retiring;                         /* ends with its last connection */
    /* Set by the other thread, so that an answer under way already tells. */
    atomic_bool is_draining;
    atomic_bool has_ended; /* set by the loop's thread; partner: loop_has_ended() */
};

/* On failure nothing is left. `tls` may be NULL; on success the loop owns it. */
int loop_open(struct loop *loop, unsigned index, const struct service *service, SSL_CTX *tls,
              struct chimera_error *err);
int loop_start(struct loop *loop, struct chimera_error *err);

/* The ones that other threads may call. Adding takes over the descriptor, in any case. */
void loop_add(struct loop *loop, int fd);
/* Lets the loop answer what is under way, close the rest, and end. */
void loop_drain(struct loop *loop);
/* The patient way, when others go on serving: idle connections may send one more request, each
 * answer is the last of its connection, and the loop ends with the last of them. loop_drain() can
 * follow. */
void loop_retire(struct loop *loop);
bool loop_has_ended(struct loop *loop);

/* Waits for the thread of a draining loop. */
void loop_join(struct loop *loop);
void loop_close(struct loop *loop);

/* Input buffers, for connections. */
void loop_take_buffer(struct loop *loop, struct chimera_buffer *ret_buffer);
void loop_give_buffer(struct loop *loop, struct chimera_buffer *buffer);

#endif
