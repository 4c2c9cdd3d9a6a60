/* SPDX-License-Identifier: Apache-2.0 */
/* connection_state.h - all that there is of one client: where it stands, what it has sent, what it
 * takes. connection.h moves it, connection_room.h and input.h keep their parts of it.
 */
#ifndef CHIMERA_SERVER_WORKER_CONNECTION_STATE_H
#define CHIMERA_SERVER_WORKER_CONNECTION_STATE_H

#include "server/client/progress.h"
#include "server/client/transport.h"
#include "server/http/request.h"
#include "server/worker/dispatch.h"
#include "server/worker/loop.h"

enum connection_state {
    CONNECTION_HEAD, /* idle, in the handshake, or within a head */
    CONNECTION_BODY,
    CONNECTION_WAIT,     /* the request is whole, and waits for its turn */
    CONNECTION_EVALUATE, /* perhaps on a thread that the loop does not have any more; input waits */
    CONNECTION_WRITE,    /* the socket takes no more; input waits */
    CONNECTION_LINGER,   /* answered for the last time; what still comes is dropped */
};

struct connection {
    struct watcher watcher; /* the first field */
    struct loop *loop;      /* borrowed */
    struct transport transport;
    enum connection_state state;
    int64_t deadline_ms; /* of a body: progress does not renew the client's time behind it */
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
    struct evaluation evaluation;
};

#endif
