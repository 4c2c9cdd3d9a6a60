/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/connection_room.h"

#include "server/client/transport.h"

/* A socket in the kernel, with its file and its place in the epoll set: slabs that count as ours in
 * a cgroup (docs/internals/loops.md has the measurement). */
#define SOCKET_BYTES ((size_t)4096)
#define BASE_BYTES (SOCKET_BYTES + sizeof(struct connection))
#define GETTING_ON_MS 1000            /* since a body's last PROGRESS_BYTES */
#define LOOK_BYTES ((size_t)8 * 1024) /* of answers, and then the socket is looked at */
#define LOOKS_MAX 256                 /* at a time */

static size_t size_of(const struct connection *connection)
{
    return BASE_BYTES + connection->in.capacity + connection->out.capacity +
           connection->request.longer_size + connection->transport.tls_bytes +
           connection->kernel_bytes;
}

void connection_room_charge(struct connection *connection)
{
    size_t bytes = size_of(connection);
    if (bytes != connection->held) {
        memory_share_change(&connection->loop->memory, connection->held, bytes);
        peers_hold(&connection->loop->peers, connection->peer, connection->held, bytes);
        connection->held = bytes;
    }
}

bool connection_room_open(struct connection *connection, const struct peer_name *name)
{
    struct peers *peers = &connection->loop->peers;
    connection->peer = peers_take(peers, name);
    if (!connection->peer)
        return false;
    progress_init(&connection->progress);
    chimera_list_init(&connection->looked);
    chimera_list_init(&connection->watcher.turn);
    chimera_list_init(&connection->loose);
    connection->transport.is_preferred = peer_may_be_preferred(connection->peer);
    connection->peer->preferred += connection->transport.is_preferred;
    return true;
}

static void leave_peer(struct connection *connection)
{
    struct peer *peer = connection->peer;
    peer->preferred -= connection->transport.is_preferred;
    peers_hold(&connection->loop->peers, peer, connection->held, 0);
    peers_leave(&connection->loop->peers, peer);
}

void connection_room_close(struct connection *connection)
{
    progress_leave(&connection->progress);
    chimera_list_remove(&connection->looked);
    chimera_list_remove(&connection->watcher.turn);
    leave_peer(connection);
    memory_share_change(&connection->loop->memory, connection->held, 0);
}

void connection_room_enter(struct connection *connection, enum stage stage)
{
    struct loop *loop = connection->loop;
    connection->progressed = 0;
    peers_wait(&loop->peers, connection->peer, &connection->progress, stage, loop->now_ms);
}

void connection_room_leave(struct connection *connection)
{
    progress_leave(&connection->progress);
}

static bool is_body(enum stage stage)
{
    return stage == STAGE_BODY || stage == STAGE_LATER_BODY;
}

/* Only bodies and answers can take long although the client does what it can. */
void connection_room_progress(struct connection *connection, size_t bytes)
{
    enum stage stage = connection->progress.stage;
    connection->progressed += bytes;
    if (connection->progressed < PROGRESS_BYTES)
        return;
    if (stage == STAGE_ANSWER ||
        (is_body(stage) && connection->loop->now_ms < connection->deadline_ms))
        connection_room_enter(connection, stage);
}

bool connection_room_is_getting_on(const struct connection *connection, size_t least)
{
    const struct progress *progress = &connection->progress;
    return is_body(progress->stage) && connection->in.size >= least &&
           connection->loop->now_ms - progress->since_ms < GETTING_ON_MS;
}

/* While it waits for its client to read, it does not read itself. */
bool connection_room_excuse(struct connection *connection)
{
    enum stage stage = connection->progress.stage;
    bool reads = stage != STAGE_ANSWER && stage != STAGE_LINGER;
    bool has_its_turn_soon = !chimera_list_is_empty(&connection->watcher.turn);
    if (!has_its_turn_soon && (!reads || transport_unread(&connection->transport) == 0))
        return false;
    connection_room_enter(connection, stage);
    return true;
}

/* --- Who it is --- */

static void change_preference(struct connection *connection, bool is_preferred)
{
    connection->peer->preferred += is_preferred ? 1u : -1u;
    transport_prefer(&connection->transport, is_preferred);
}

/* Where a client has a certificate that was verified, its address is nobody's whom we do not know,
 * either: its next handshake is made before strangers'. */
void connection_room_note_handshake(struct connection *connection)
{
    struct peers *peers = &connection->loop->peers;
    struct peer_name name;
    struct peer *peer =
        tls_peer_name(connection->transport.tls, &name) ? peers_take(peers, &name) : NULL;
    if (!peer)
        return; /* it stays its address's */
    progress_leave(&connection->progress);
    peers_note_completed(peers, connection->peer, connection->loop->now_ms);
    leave_peer(connection);
    connection->peer = peer;
    peer->preferred += connection->transport.is_preferred;
    peers_hold(peers, peer, 0, connection->held);
    if (!connection->transport.is_preferred && peer_may_be_preferred(peer))
        change_preference(connection, true);
}

void connection_room_note_answer(struct connection *connection, size_t bytes, unsigned status)
{
    if (status == 200) {
        /* A connection that ends behind the answer need not change its place any more. */
        connection->has_completed = true;
        peers_note_completed(&connection->loop->peers, connection->peer, connection->loop->now_ms);
        if (!connection->closes) {
            if (!connection->transport.is_preferred && peer_may_be_preferred(connection->peer))
                change_preference(connection, true);
            else if (connection->transport.is_preferred && !connection->peer->is_known)
                change_preference(connection, false);
        }
    }
    connection->answer_bytes += bytes;
    if (connection->answer_bytes >= LOOK_BYTES)
        connection_room_look_later(connection);
}

/* --- What lies in the socket --- */

void connection_room_look_later(struct connection *connection)
{
    if (chimera_list_is_empty(&connection->looked))
        chimera_list_append(&connection->loop->looked, &connection->looked);
}

/* An answer that fits into the socket looks as if the client had it. */
static void correct_stage(struct connection *connection, size_t taken)
{
    enum stage stage = connection->progress.stage;
    if (connection->state != CONNECTION_HEAD || connection->in.size > 0)
        return;
    if ((stage == STAGE_IDLE || stage == STAGE_FRESH) && connection->unsent > 0)
        connection_room_enter(connection, STAGE_ANSWER);
    else if (stage == STAGE_ANSWER && connection->unsent == 0)
        connection_room_enter(connection, connection->has_completed ? STAGE_IDLE : STAGE_FRESH);
    else if (stage == STAGE_ANSWER)
        connection_room_progress(connection, taken);
}

static void look_at(struct connection *connection)
{
    size_t before = connection->unsent;
    connection->unsent = transport_unsent(&connection->transport);
    connection->kernel_bytes = connection->unsent + transport_unread(&connection->transport);
    connection->answer_bytes = 0;
    correct_stage(connection, before > connection->unsent ? before - connection->unsent : 0);
    connection_room_charge(connection);
    if (connection->kernel_bytes > 0)
        connection_room_look_later(connection);
}

/* Those that are to be looked at again come behind the one that is the last now. */
void connection_room_look_at_some(struct loop *loop)
{
    struct chimera_list *first = NULL, *last = loop->looked.previous;
    for (unsigned i = 0; i < LOOKS_MAX && first != last; i++) {
        first = chimera_list_first(&loop->looked);
        if (!first)
            return;
        chimera_list_remove(first);
        look_at(CHIMERA_LIST_MEMBER(first, struct connection, looked));
    }
}
