/* SPDX-License-Identifier: Apache-2.0 */
/* peer.h - who clients are: an address, or a certificate that was verified.
 *
 * Each loop knows the peers of its connections, and remembers the last few that have completed
 * requests without being connected any more. Those are known: each keeps a floor of room, an equal
 * part of a half, below which none of its connections is closed for others' sake. A peer that has
 * more than its share while others are there is greedy: its connections are closed first. One
 * thread: the loop's.
 */
#ifndef CHIMERA_SERVER_CLIENT_PEER_H
#define CHIMERA_SERVER_CLIENT_PEER_H

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>

#include "server/client/progress.h"

#define PEER_NAME_BYTES 16

struct peer_name {
    uint8_t bytes[PEER_NAME_BYTES]; /* of an IPv6 address or of a digest */
    bool is_certificate;
};

/* An IPv6 address stands for its network of 64 bits, which one client has to itself. */
void peer_name_of_address(const struct sockaddr *address, struct peer_name *ret_name);

#define PEERS_KNOWN_MAX 64

/* The names of known peers, for all loops of a worker: one that completes a request in one is known
 * in the others when it comes there. Any thread. */
struct peer_register {
    pthread_mutex_t lock; /* of the rest */
    struct {
        struct peer_name name;
        int64_t completed_ms; /* 0: nobody's place */
    } known[PEERS_KNOWN_MAX];
};

void peer_register_open(struct peer_register *all);
void peer_register_close(struct peer_register *all);

struct peer {
    struct peer *next; /* in its bucket */
    struct peer_name name;
    struct stage_lists stages; /* its connections that wait for it */
    struct chimera_list known, large;
    size_t held;          /* bytes */
    unsigned connections; /* 0: it is only remembered */
    unsigned preferred;   /* of these, which are served before others */
    bool is_known;
    int64_t completed_ms, registered_ms; /* its last request; when other loops were told of one */
};

struct peers_room { /* what there is for them; `bytes_least` is what one request may need */
    size_t bytes, bytes_least, connections;
};

struct peers {
    struct peer_register *all; /* borrowed */
    /* All connections that wait for their clients: strangers', and those of known peers. */
    struct stage_lists waiting[2];
    struct peer **buckets;     /* owned */
    size_t bucket_count;       /* a power of two */
    size_t count, present;     /* peers, and those with connections */
    struct chimera_list known; /* the one that has completed a request last is the last */
    unsigned known_count;
    struct chimera_list large; /* those that have so much that they may be greedy: not many can */
    uint64_t seed[2];
    struct peers_room room; /* does not change */
};

/* -1 without memory. */
int peers_open(struct peers *peers, struct peer_register *all, const struct peers_room *room);
void peers_close(struct peers *peers);

/* For one more connection; NULL when memory ran out. */
struct peer *peers_take(struct peers *peers, const struct peer_name *name);
/* For one less, which holds nothing any more. A peer that is not known is gone then. */
void peers_leave(struct peers *peers, struct peer *peer);
/* A connection of it held `from` bytes and holds `to`. */
void peers_hold(struct peers *peers, struct peer *peer, size_t from, size_t to);

/* A connection of it waits for it, from now on or anew. */
static inline void peers_wait(struct peers *peers, struct peer *peer, struct progress *progress,
                              enum stage stage, int64_t now_ms)
{
    progress_enter(progress, stage, now_ms, &peers->waiting[peer->is_known], &peer->stages);
}

/* It has completed a request. */
void peers_note_completed(struct peers *peers, struct peer *peer, int64_t now_ms);
/* Whether one more of its connections may be served before those of others. */
bool peer_may_be_preferred(const struct peer *peer);

/* The greedy one whose turn it is to give something; NULL: there is none. */
struct peer *peers_next_greedy(struct peers *peers);
/* The known one that is furthest above its floor; NULL: there is none. */
struct peer *peers_above_floor(struct peers *peers);

#endif
