/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - one epoll set with the connections that were dealt to it, run by one thread at a time.
 *
 * Evaluates inline. When an evaluation takes long, another thread takes the loop over
 * (thread_pool.h), and the one that evaluates must not touch it any more. Everything in it is the
 * running thread's, but the inbox, through which others hand over connections and answers, and what
 * is marked below.
 */
#ifndef CHIMERA_SERVER_WORKER_LOOP_H
#define CHIMERA_SERVER_WORKER_LOOP_H

#include <semaphore.h>
#include <stdatomic.h>

#include "server/client/connection_memory.h"
#include "server/client/peer.h"
#include "server/client/transport.h"
#include "server/review/service.h"
#include "server/worker/queue.h"
#include "server/worker/slow_quota.h"
#include "server/worker/turn.h"

#define LOOP_SPARES 16
#define LOOP_SPARE_BYTES ((size_t)256 * 1024) /* longer ones are not kept */
#define LOOP_MAIL 64
#define LOOP_DESCRIPTORS 4
#define LOOP_PARKED 3

struct connection; /* see connection.h */

enum mail_kind {
    MAIL_CONNECTION,
    MAIL_ANSWER,
    MAIL_TURNS,
    MAIL_PRESSURE,
    MAIL_TLS,
    MAIL_DRAIN,
    MAIL_RETIRE
};

struct mail {
    enum mail_kind kind;
    int fd;                        /* of a new connection */
    struct peer_name name;         /* whose it is */
    struct connection *connection; /* whose answer is there */
    SSL_CTX *tls;                  /* owned; for connections from now on */
};

struct loop {
    const struct service *service; /* borrowed */
    SSL_CTX *tls;                  /* owned; NULL: plain */
    struct gate *gate;             /* borrowed; set before the loop runs */
    struct turn turn;
    sem_t ended;
    struct epoll_sets sets;
    int inbox_read, inbox_write;
    struct mail mail[LOOP_MAIL]; /* read and not looked at yet; kept here for who takes over */
    unsigned mail_at, mail_count;
    bool has_mail, has_others;
    atomic_uint connection_count;             /* raised by the listener, lowered here */
    atomic_bool is_told_to_relieve;           /* set by the listener; its mail is under way */
    struct connection *connections;           /* owned; a list in no order */
    struct chimera_buffer spare[LOOP_SPARES]; /* warm input buffers of idle connections */
    unsigned spare_count;
    struct memory_share memory;
    struct peers peers;
    struct chimera_list loose; /* connections whose input has room to spare (input.h) */
    unsigned loose_count;
    struct chimera_list ready; /* connections with another request, sent with the one before */
    struct chimera_list parked[LOOP_PARKED]; /* connections that wait for room, by their merit */
    struct chimera_list looked;              /* connections whose sockets may hold a lot */
    unsigned pressure;         /* of room for connections, when it was last looked at */
    bool has_late, has_relief; /* there is more to be closed than a round's share */
    unsigned excuses;          /* of those that were to be closed, in this round */
    uint64_t closed_count;     /* for others' room, since that was logged */
    int64_t told_ms;
    struct waiting waiting, audits;
    bool may_serve_waiting, may_serve_audits;
    /* Partner: the thread whose slow evaluation ends, which lowers the gate's counts and then reads
     * this; the loop sets it and then reads the counts. */
    atomic_bool wants_turns;
    int64_t now_ms, swept_ms, waiting_swept_ms, drain_until_ms; /* the last: 0 before the drain */
    bool has_pages;          /* instances may have pages to give back */
    bool is_retiring;        /* ends with its last connection */
    _Atomic uint64_t rounds; /* written by the running thread; for loop_watch.h */
    /* Set by the other thread, so that an answer under way already tells. */
    atomic_bool is_draining;
    atomic_bool is_stopping; /* the server is; not only this worker. With is_draining */
    atomic_bool has_ended;   /* set by the loop's thread; partner: loop_has_ended() */
};

/* The connection's link whose turn it is; NULL: there is none. */
static inline struct chimera_list *loop_first_parked(struct loop *loop)
{
    for (unsigned i = LOOP_PARKED; i-- > 0;)
        if (!chimera_list_is_empty(&loop->parked[i]))
            return loop->parked[i].next;
    return NULL;
}

/* One more connection, or one less. */
static inline void loop_count(struct loop *loop, bool is_more)
{
    _Atomic uint64_t *shown = loop->service->seat ? &loop->service->seat->connections : NULL;
    atomic_fetch_add_explicit(&loop->connection_count, is_more ? 1u : -1u, memory_order_relaxed);
    atomic_fetch_add_explicit(&loop->memory.of->connections, is_more ? 1u : -1u,
                              memory_order_relaxed);
    if (shown)
        atomic_fetch_add_explicit(shown, is_more ? 1u : -UINT64_C(1), memory_order_relaxed);
}

/* On failure nothing is left. `tls` may be NULL; on success the loop owns it. */
int loop_open(struct loop *loop, const struct service *service, struct connection_memory *memory,
              SSL_CTX *tls, struct chimera_error *err);

/* Runs the loop on this thread until it has ended, or until `lane` is detached: then another thread
 * runs it. */
void loop_run(struct turn *turn, struct lane *lane);

/* The ones that other threads may call. Adding takes over the descriptor, in any case. */
void loop_add(struct loop *loop, int fd, const struct peer_name *name);
/* The server is to end: readiness fails, and each answer is the last of its connection; but idle
 * and new ones are served. loop_drain() follows. */
void loop_prepare_to_stop(struct loop *loop);
/* For new connections; the others keep what they have. Takes over the context. */
void loop_set_tls(struct loop *loop, SSL_CTX *tls);
/* Lets the loop answer what is under way, close the rest, and end. */
void loop_drain(struct loop *loop);
/* The patient way, when others go on serving: idle connections may send one more request, each
 * answer is the last of its connection, and the loop ends with the last of them. loop_drain() can
 * follow. */
void loop_retire(struct loop *loop);
bool loop_has_ended(struct loop *loop);
/* There are too many connections: some are closed. */
void loop_relieve(struct loop *loop);
/* Waiting requests may have their turn, if the loop has asked to be told. */
void loop_tell_of_turns(struct turn *turn);

/* Waits for the end of a draining loop. */
void loop_join(struct loop *loop);
/* When no thread uses it any more. */
void loop_close(struct loop *loop);

/* An evaluation's answer is in its connection. By the thread that has lost the loop. */
void loop_deliver(struct loop *loop, struct connection *connection);

/* Input buffers, for connections. */
void loop_take_buffer(struct loop *loop, struct chimera_buffer *ret_buffer);
void loop_give_buffer(struct loop *loop, struct chimera_buffer *buffer);

#endif
