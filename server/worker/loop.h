/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - one epoll set with the watchers of the clients that were dealt to it, run by one thread
 * at a time.
 *
 * Evaluates inline. When an evaluation takes long, another thread takes the loop over (turn.h), and
 * the one that evaluates must not touch it any more. What clients are, the loop does not know: it
 * is given what makes them of descriptors, and what looks after their room.
 */
#ifndef CHIMERA_SERVER_WORKER_LOOP_H
#define CHIMERA_SERVER_WORKER_LOOP_H

#include <semaphore.h>
#include <stdatomic.h>

#include "server/client/connection_memory.h"
#include "server/client/input_memory.h"
#include "server/client/peer.h"
#include "server/client/transport.h"
#include "server/review/service.h"
#include "server/worker/dispatch.h"
#include "server/worker/turn.h"
#include "server/worker/watcher.h"

#define LOOP_MAIL 64
#define LOOP_DESCRIPTORS 5 /* with the timer of its turn */
#define LOOP_PARKED 3

struct loop;

/* What a loop has done with its clients. */
struct loop_clients {
    /* A client, counted already; takes over the descriptor. False when there is none of it. */
    bool (*open)(struct loop *loop, int fd, const struct peer_name *name);
    /* Room is made, if there is little. At the end of each round. */
    void (*relieve)(struct loop *loop, const struct lane *lane);
    /* Those whose time is over are ended, some at a time: `has_late` tells of more. */
    void (*end_the_late)(struct loop *loop);
    /* Now and then: what lies in their sockets is looked at. */
    void (*look_at_some)(struct loop *loop);
};

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
    int fd;                  /* of a new connection */
    struct peer_name name;   /* whose it is */
    struct watcher *watcher; /* whose answer is there */
    SSL_CTX *tls;            /* owned; for connections from now on */
};

/* Written by others, by loop_add() and the like, and read by the running thread. */
struct inbox {
    int read_fd, write_fd;
    struct mail mail[LOOP_MAIL]; /* read and not looked at yet; kept here for who takes over */
    unsigned at, count;
    bool has_mail;
    atomic_bool is_told_to_relieve; /* set by the listener; its mail is under way */
};

struct loop {
    const struct service *service;      /* borrowed */
    const struct loop_clients *clients; /* borrowed */
    struct inbox inbox;
    struct turn turn; /* who runs it */

    /* Set by the other threads, so that an answer under way already tells. */
    atomic_bool is_draining;
    atomic_bool is_stopping; /* the server is; not only this worker. With is_draining */
    /* Of both: raised by the listener, lowered by the running thread. */
    atomic_uint connection_count;

    /* Written by the running thread; read by others. */
    _Atomic uint64_t rounds; /* for loop_watch.h */
    atomic_bool has_ended;   /* partner: loop_has_ended() */
    sem_t ended;

    /* All that follows is the running thread's alone. */
    SSL_CTX *tls; /* owned; NULL: plain */
    struct epoll_sets sets;
    struct watcher *watchers;  /* in no order */
    struct chimera_list ready; /* of those with another request, sent with the one before */
    struct dispatch dispatch;
    int64_t now_ms, swept_ms, waiting_swept_ms, drain_until_ms; /* the last: 0 before the drain */
    int64_t event_ms;                                           /* when there was an event last */
    bool has_pages;   /* instances may have pages to give back */
    bool is_warm;     /* it keeps buffers since then */
    bool is_retiring; /* ends with its last connection */

    /* What clients take, and who has to go. */
    struct memory_share memory;
    struct input_memory input;
    struct peers peers;
    struct chimera_list parked[LOOP_PARKED]; /* watchers that wait for room, by their merit */
    struct chimera_list looked;              /* connections whose sockets may hold a lot */
    unsigned pressure;         /* of room for connections, when it was last looked at */
    bool has_late, has_relief; /* there is more to be closed than a round's share */
    unsigned excuses;          /* of those that were to be closed, in this round */
    uint64_t closed_count;     /* for others' room, since that was logged */
    int64_t told_ms;
};

/* The watcher's link whose turn it is; NULL: there is none. */
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
    _Atomic uint64_t *shown = loop->service->score ? &loop->service->score->connections : NULL;
    atomic_fetch_add_explicit(&loop->connection_count, is_more ? 1u : -1u, memory_order_relaxed);
    atomic_fetch_add_explicit(&loop->memory.of->connections, is_more ? 1u : -1u,
                              memory_order_relaxed);
    if (shown)
        atomic_fetch_add_explicit(shown, is_more ? 1u : -UINT64_C(1), memory_order_relaxed);
}

/* A watcher's place in the list of all. */
static inline void loop_link(struct loop *loop, struct watcher *watcher)
{
    watcher->next = loop->watchers;
    if (loop->watchers)
        loop->watchers->previous = watcher;
    loop->watchers = watcher;
}

static inline void loop_unlink(struct loop *loop, struct watcher *watcher)
{
    if (watcher->next)
        watcher->next->previous = watcher->previous;
    if (watcher->previous)
        watcher->previous->next = watcher->next;
    else
        loop->watchers = watcher->next;
}

/* On failure nothing is left. `tls` may be NULL; on success the loop owns it. */
int loop_open(struct loop *loop, const struct service *service, const struct loop_clients *clients,
              struct connection_memory *memory, SSL_CTX *tls, struct chimera_error *err);

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

/* A late answer is there for this watcher. By the thread that has lost the loop. */
void loop_deliver(struct loop *loop, struct watcher *watcher);

#endif
