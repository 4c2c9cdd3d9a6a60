/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h - what connections wait for from their clients, and since when.
 *
 * A connection that waits for its client is in a stage. It enters the stage, and with it the end of
 * a list, when it begins to wait, and again whenever the client has done enough (one byte is not):
 * so the first of a list is the one that has made no progress for longest, and finding it takes no
 * search. A connection that waits for us is in no stage.
 *
 * How long a client may take shrinks as room for connections gets scarce (connection_memory.h).
 * One thread: the loop's.
 */
#ifndef CHIMERA_SERVER_CLIENT_PROGRESS_H
#define CHIMERA_SERVER_CLIENT_PROGRESS_H

#include <stdint.h>

#include "runtime/base/list.h"

enum stage {
    STAGE_HELLO,      /* of TLS: nothing of the client's has been understood yet */
    STAGE_HANDSHAKE,  /* has been answered once */
    STAGE_FRESH,      /* nothing of a request that was good for anything has come */
    STAGE_LATE,       /* the same, of a connection that came when the server was to stop */
    STAGE_HEAD,       /* a part of it is there */
    STAGE_BODY,       /* the same */
    STAGE_LATER_HEAD, /* of a connection that has completed requests */
    STAGE_LATER_BODY,
    STAGE_ANSWER, /* the client does not take it */
    STAGE_LINGER, /* answered for the last time; the client has not closed */
    STAGE_IDLE,   /* between two requests, the first of which was completed */
    STAGE_COUNT,
    STAGE_NONE = STAGE_COUNT,
};

/* So many bytes of a body or an answer are progress: the client's time begins anew. */
#define PROGRESS_BYTES ((size_t)32 * 1024)

#define PRESSURE_FULL 256u /* 0: there is enough room */

struct progress { /* of one connection */
    enum stage stage;
    int64_t since_ms;
    struct chimera_list in_loop, in_peer;
};

struct stage_lists { /* heads; which of a progress's links they have, their owner knows */
    struct chimera_list of[STAGE_COUNT];
};

void stage_lists_init(struct stage_lists *lists);

void progress_init(struct progress *progress);
/* At the end of the stage's list in both. */
void progress_enter(struct progress *progress, enum stage stage, int64_t now_ms,
                    struct stage_lists *in_loop, struct stage_lists *in_peer);
void progress_leave(struct progress *progress);

/* How long a client may be in a stage. */
int64_t stage_limit_ms(enum stage stage, unsigned pressure);

/* The one that has used up most of the patience that its stage deserves; NULL: there is none. A
 * peer's idle one only when it has been so for long, or has nothing before it. */
struct progress *stage_lists_worst_in_loop(struct stage_lists *lists, int64_t now_ms);
struct progress *stage_lists_worst_in_peer(struct stage_lists *lists, int64_t now_ms);

#endif
