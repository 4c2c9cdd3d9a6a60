/* SPDX-License-Identifier: Apache-2.0 */
/* connection.h - one client: bytes in, requests out of them, answers back, limits on all of it.
 *
 * A machine of states that its loop drives: on readiness, on time passing, on drain. A
 * connection owns its descriptor and ends itself; every function below may free it.
 */
#ifndef CHIMERA_SERVER_WORKER_CONNECTION_H
#define CHIMERA_SERVER_WORKER_CONNECTION_H

#include "server/client/progress.h"
#include "server/client/transport.h"
#include "server/http/request.h"
#include "server/worker/loop.h"

enum connection_state {
    CONNECTION_HEAD, /* idle, in the handshake, or within a head */
    CONNECTION_BODY,
    CONNECTION_WAIT,     /* the request is whole, and waits for its turn */
    CONNECTION_EVALUATE, /* perhaps on a thread that the loop does not have any more; input waits */
    CONNECTION_WRITE,    /* the socket takes no more; input waits */
    CONNECTION_LINGER,   /* answered for the last time; what still comes is dropped */
};

struct waiting; /* see queue.h */

struct late_answer { /* of an evaluation that another thread than the loop's has finished */
    struct answer answer;
    struct chimera_buffer body; /* owned; the answer's */
};

struct connection {
    struct loop *loop;                  /* borrowed */
    struct connection *next, *previous; /* in the loop's list */
    struct transport transport;
    enum connection_state state;
    /* Of a body: progress does not renew the client's time behind it. Of a request that waits: when
     * it gives up. */
    int64_t deadline_ms;
    int64_t arrived_ms;
    uint64_t answered;         /* requests */
    struct chimera_buffer in;  /* from the loop while there is any input */
    struct chimera_buffer out; /* the rest of an answer that did not go out at once */
    size_t out_at;
    bool closes;  /* behind the answer that is being written */
    bool lingers; /* and then input is drained first: it may hold more than we read */

    /* What it takes, and how it gets on; all but the first by connection_room.h. */
    struct peer *peer; /* the loop's */
    struct progress progress;
    size_t progressed;          /* bytes since it entered its stage */
    bool has_completed;         /* a request, to which the answer was more than a refusal */
    size_t held;                /* bytes, as loop and peer count them */
    size_t kernel_bytes;        /* what lay in the socket when that was last looked at */
    size_t unsent;              /* the answers' part of it */
    size_t answer_bytes;        /* of answers since then */
    struct chimera_list looked; /* in the loop's list of those whose sockets are looked at */
    struct chimera_list turn;   /* in the loop's `ready` or `parked` */
    struct chimera_list loose;  /* in the loop's list of those whose input has room to spare */
    bool is_packed;             /* its input has none */
    int64_t parked_ms;          /* since when it waits for room; 0: it does not */
    size_t parked_bytes;        /* and for how much */

    /* Of the request at hand. */
    size_t scanned;
    struct http_request request;
    struct http_chunks chunks;
    size_t body_size;   /* chunked: decoded so far; of any, when it is whole */
    uint64_t body_left; /* by length, refused: to be dropped */
    unsigned account;   /* whose share its evaluation takes (slow_quota.h) */
    bool is_audit;
    struct waiting *waits_in; /* NULL: does not wait */
    struct connection *wait_next, *wait_previous;
    size_t waiting_bytes;    /* held when it began to */
    struct late_answer late; /* written by the thread that evaluates, read after its mail */
};

/* Takes over `fd`; NULL when memory ran out, and then it is closed. */
struct connection *connection_new(struct loop *loop, int fd, const struct peer_name *name);
void connection_free(struct connection *connection);

void connection_on_ready(struct connection *connection, uint32_t events);
/* Its client has had its time. */
void connection_on_timeout(struct connection *connection);
/* Its room is wanted. It must be in a stage. */
void connection_on_pressure(struct connection *connection);
/* There is room for what it sends, or there will be none. */
void connection_on_room(struct connection *connection, bool is_there);
/* Takes up what was left: an answer was waited for, or it was others' turn. */
void connection_go_on(struct connection *connection);
/* The loop has begun to drain. */
void connection_on_drain(struct connection *connection);

#endif
