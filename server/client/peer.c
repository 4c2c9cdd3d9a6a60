/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/peer.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define BUCKETS_FIRST 64
/* So long a known peer may be without a request before another takes its place: or each request
 * would change places where there are more clients than places. */
#define STAYS_MS 10000
#define REGISTER_MS 1000 /* so often a peer that completes requests says so to other loops */
/* The API server keeps 25 connections idle, and makes more when it has more to ask at once. */
#define PREFERRED_MAX 64
/* No share is less than this part of all, however many peers there are. */
#define SHARES_MAX 64
#define SHARE_CONNECTIONS_LEAST 16

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void peer_name_of_address(const struct sockaddr *address, struct peer_name *ret_name)
{
    struct peer_name name = {0};
    struct sockaddr_in6 v6;
    struct sockaddr_in v4;
    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        bool is_v4 = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
        memcpy(name.bytes, &v6.sin6_addr, is_v4 ? 16 : 8);
    } else if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        name.bytes[10] = name.bytes[11] = 0xff; /* as IPv6 has it */
        memcpy(name.bytes + 12, &v4.sin_addr, 4);
    }
    *ret_name = name;
}

/* --- The table --- */

int peers_open(struct peers *peers, struct peer_register *all, const struct peers_room *room)
{
    *peers = (struct peers){.all = all,
                            .room = *room,
                            .bucket_count = BUCKETS_FIRST,
                            .buckets = calloc(BUCKETS_FIRST, sizeof(struct peer *))};
    peers->room.connections = larger(room->connections, SHARE_CONNECTIONS_LEAST);
    stage_lists_init(&peers->waiting[false]);
    stage_lists_init(&peers->waiting[true]);
    chimera_list_init(&peers->known);
    chimera_list_init(&peers->large);
    if (!peers->buckets ||
        getrandom(peers->seed, sizeof(peers->seed), 0) != (ssize_t)sizeof(peers->seed)) {
        free(peers->buckets);
        peers->buckets = NULL;
        return -1;
    }
    return 0;
}

void peers_close(struct peers *peers)
{
    for (size_t i = 0; peers->buckets && i < peers->bucket_count; i++) {
        struct peer *next = NULL;
        for (struct peer *peer = peers->buckets[i]; peer; peer = next) {
            next = peer->next;
            free(peer);
        }
    }
    free(peers->buckets);
    *peers = (struct peers){0};
}

/* Each bit of the result hangs on each of the argument. */
static uint64_t mix_bits(uint64_t bits)
{
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

/* With a seed that no client knows: names that share a bucket cannot be made up. */
static size_t bucket_of(const struct peers *peers, const struct peer_name *name)
{
    uint64_t words[2];
    memcpy(words, name->bytes, sizeof(words));
    uint64_t first = mix_bits(words[0] ^ peers->seed[0]) ^ words[1] ^ name->is_certificate;
    return (size_t)mix_bits(first ^ peers->seed[1]) & (peers->bucket_count - 1);
}

static bool are_same(const struct peer_name *a, const struct peer_name *b)
{
    return a->is_certificate == b->is_certificate &&
           memcmp(a->bytes, b->bytes, PEER_NAME_BYTES) == 0;
}

static void put_in_bucket(struct peers *peers, struct peer *peer)
{
    struct peer **bucket = &peers->buckets[bucket_of(peers, &peer->name)];
    peer->next = *bucket;
    *bucket = peer;
}

/* Without memory for it the buckets are fuller, no more. */
static void grow_table(struct peers *peers)
{
    struct peer **before = peers->buckets;
    size_t count = peers->bucket_count;
    struct peer **buckets = calloc(count * 2, sizeof(struct peer *));
    if (!buckets)
        return;
    peers->buckets = buckets;
    peers->bucket_count = count * 2;
    for (size_t i = 0; i < count; i++) {
        struct peer *next = NULL;
        for (struct peer *peer = before[i]; peer; peer = next) {
            next = peer->next;
            put_in_bucket(peers, peer);
        }
    }
    free(before);
}

static struct peer *find_peer(struct peers *peers, const struct peer_name *name)
{
    struct peer *peer = peers->buckets[bucket_of(peers, name)];
    while (peer && !are_same(&peer->name, name))
        peer = peer->next;
    return peer;
}

static struct peer *add_peer(struct peers *peers, const struct peer_name *name)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    if (!peer)
        return NULL;
    if (peers->count >= peers->bucket_count)
        grow_table(peers);
    peer->name = *name;
    stage_lists_init(&peer->stages);
    chimera_list_init(&peer->known);
    chimera_list_init(&peer->large);
    put_in_bucket(peers, peer);
    peers->count++;
    return peer;
}

static void drop_peer(struct peers *peers, struct peer *peer)
{
    struct peer **at = &peers->buckets[bucket_of(peers, &peer->name)];
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    chimera_list_remove(&peer->large);
    peers->count--;
    free(peer);
}

/* --- Shares --- */

struct floor {
    size_t bytes, connections;
};

/* Below its floor nothing of a known peer is closed. */
static struct floor floor_of(const struct peers *peers, const struct peer *peer)
{
    if (!peer->is_known)
        return (struct floor){0, 0};
    return (struct floor){peers->room.bytes / 2 / peers->known_count,
                          peers->room.connections / 2 / peers->known_count};
}

static bool is_large(const struct peers *peers, const struct peer *peer)
{
    return peer->held > peers->room.bytes / SHARES_MAX ||
           peer->connections > peers->room.connections / SHARES_MAX;
}

/* Whether it is greedy, too, hangs on who else is there when room is scarce. */
static void note_growth(struct peers *peers, struct peer *peer)
{
    if (is_large(peers, peer) && chimera_list_is_empty(&peer->large))
        chimera_list_append(&peers->large, &peer->large);
}

void peers_leave(struct peers *peers, struct peer *peer)
{
    if (--peer->connections > 0)
        return;
    peers->present--;
    if (!peer->is_known)
        drop_peer(peers, peer);
}

void peers_hold(struct peers *peers, struct peer *peer, size_t from, size_t to)
{
    peer->held += to - from;
    if (to > from)
        note_growth(peers, peer);
}

/* Each is looked at once: those that stay in the list go behind the last of now. */
struct peer *peers_next_greedy(struct peers *peers)
{
    const struct chimera_list *last = peers->large.previous;
    struct chimera_list *first;
    while ((first = chimera_list_first(&peers->large))) {
        struct peer *peer = CHIMERA_LIST_MEMBER(first, struct peer, large);
        bool is_last = first == last;
        chimera_list_remove(first);
        if (is_large(peers, peer))
            chimera_list_append(&peers->large, first);
        /* Alone, a peer may have all. */
        size_t shares = peers->present < SHARES_MAX ? peers->present + 1 : SHARES_MAX;
        struct floor floor = floor_of(peers, peer);
        size_t bytes =
            larger(larger(peers->room.bytes / shares, peers->room.bytes_least), floor.bytes);
        size_t connections = larger(
            larger(peers->room.connections / shares, SHARE_CONNECTIONS_LEAST), floor.connections);
        if (peers->present > 1 && (peer->held > bytes || peer->connections > connections))
            return peer;
        if (is_last)
            return NULL;
    }
    return NULL;
}

/* --- Those that are known --- */

static void forget_peer(struct peers *peers, struct peer *peer)
{
    /* Its connections wait among the strangers' now: first, for they have not completed anything
     * for longer than those of any other known peer. */
    for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
        struct chimera_list *head = &peer->stages.of[stage], *at;
        for (at = head->previous; at != head; at = at->previous)
            chimera_list_prepend(&peers->waiting[false].of[stage],
                                 &CHIMERA_LIST_MEMBER(at, struct progress, in_peer)->in_loop);
    }
    chimera_list_remove(&peer->known);
    peer->is_known = false;
    peers->known_count--;
    if (peer->connections == 0)
        drop_peer(peers, peer);
}

/* Whether one may take the place of another that has completed a request at that time. Anybody can
 * have many addresses, so none takes a certificate's. */
static bool may_replace(const struct peer_name *name, int64_t now_ms, const struct peer_name *other,
                        int64_t completed_ms)
{
    if (name->is_certificate && !other->is_certificate)
        return true;
    return name->is_certificate == other->is_certificate && now_ms - completed_ms >= STAYS_MS;
}

/* Addresses first, and of these, or of certificates, the one that is longest without a request. */
static struct peer *find_forgettable(struct peers *peers)
{
    for (struct chimera_list *at = peers->known.next; at != &peers->known; at = at->next) {
        struct peer *peer = CHIMERA_LIST_MEMBER(at, struct peer, known);
        if (!peer->name.is_certificate)
            return peer;
    }
    return CHIMERA_LIST_MEMBER(peers->known.next, struct peer, known);
}

static bool become_known(struct peers *peers, struct peer *peer, int64_t now_ms)
{
    if (peers->known_count >= PEERS_KNOWN_MAX) {
        struct peer *other = find_forgettable(peers);
        if (!may_replace(&peer->name, now_ms, &other->name, other->completed_ms))
            return false;
        forget_peer(peers, other);
    }
    peer->is_known = true;
    peers->known_count++;
    return true;
}

/* --- For the other loops --- */

void peer_register_open(struct peer_register *all)
{
    *all = (struct peer_register){0};
    pthread_mutex_init(&all->lock, NULL);
}

void peer_register_close(struct peer_register *all)
{
    pthread_mutex_destroy(&all->lock);
}

/* Its own place, else a free one, else the one of find_forgettable(). The lock is held. */
static size_t place_of(const struct peer_register *all, const struct peer_name *name)
{
    size_t best = 0;
    for (size_t i = 0; i < PEERS_KNOWN_MAX; i++) {
        bool is_better = all->known[i].completed_ms < all->known[best].completed_ms;
        if (all->known[i].name.is_certificate != all->known[best].name.is_certificate)
            is_better = !all->known[i].name.is_certificate;
        if (are_same(&all->known[i].name, name))
            return i;
        best = is_better ? i : best;
    }
    return best;
}

static void register_peer(struct peers *peers, struct peer *peer)
{
    int64_t now_ms = peer->completed_ms;
    pthread_mutex_lock(&peers->all->lock);
    size_t i = place_of(peers->all, &peer->name);
    struct peer_name *name = &peers->all->known[i].name;
    int64_t *completed_ms = &peers->all->known[i].completed_ms;
    if (are_same(name, &peer->name) || *completed_ms == 0 ||
        may_replace(&peer->name, now_ms, name, *completed_ms)) {
        *name = peer->name;
        *completed_ms = now_ms;
    }
    pthread_mutex_unlock(&peers->all->lock);
    peer->registered_ms = now_ms;
}

/* When it completed a request; 0: it is not there. */
static int64_t ask_register(struct peers *peers, const struct peer_name *name)
{
    pthread_mutex_lock(&peers->all->lock);
    size_t i = place_of(peers->all, name);
    bool is_there = are_same(&peers->all->known[i].name, name);
    int64_t completed_ms = is_there ? peers->all->known[i].completed_ms : 0;
    pthread_mutex_unlock(&peers->all->lock);
    return completed_ms;
}

static void note_at(struct peers *peers, struct peer *peer, int64_t completed_ms)
{
    peer->completed_ms = completed_ms;
    if (peers->known.previous == &peer->known)
        return;
    if (peer->is_known || become_known(peers, peer, completed_ms))
        chimera_list_append(&peers->known, &peer->known);
}

void peers_note_completed(struct peers *peers, struct peer *peer, int64_t now_ms)
{
    note_at(peers, peer, now_ms);
    if (peer->is_known && now_ms - peer->registered_ms >= REGISTER_MS)
        register_peer(peers, peer);
}

struct peer *peers_take(struct peers *peers, const struct peer_name *name)
{
    struct peer *peer = find_peer(peers, name);
    if (!peer) {
        peer = add_peer(peers, name);
        if (!peer)
            return NULL;
        int64_t completed_ms = ask_register(peers, name);
        if (completed_ms)
            note_at(peers, peer, completed_ms);
    }
    if (peer->connections++ == 0)
        peers->present++;
    note_growth(peers, peer);
    return peer;
}

bool peer_may_be_preferred(const struct peer *peer)
{
    return peer->is_known && peer->preferred < PREFERRED_MAX;
}

static size_t excess_over(size_t has, size_t may)
{
    return has > may ? has - may : 0;
}

/* Bytes and connections on one scale: in 1/1024 of all. */
static size_t excess_of(const struct peers *peers, const struct peer *peer)
{
    struct floor floor = floor_of(peers, peer);
    size_t bytes = excess_over(peer->held, floor.bytes) * 1024 / peers->room.bytes;
    return larger(bytes, excess_over(peer->connections, floor.connections) * 1024 /
                             peers->room.connections);
}

struct peer *peers_above_floor(struct peers *peers)
{
    struct peer *most = NULL;
    for (struct chimera_list *at = peers->known.next; at != &peers->known; at = at->next) {
        struct peer *peer = CHIMERA_LIST_MEMBER(at, struct peer, known);
        if (excess_of(peers, peer) > (most ? excess_of(peers, most) : 0))
            most = peer;
    }
    return most;
}
