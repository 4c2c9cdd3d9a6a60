/* SPDX-License-Identifier: Apache-2.0 */
/* connection_room.h - what one connection takes of the room for all, and how it gets on.
 *
 * What it takes is charged to its loop (connection_memory.h) and to its peer (peer.h): its socket,
 * the state of TLS, its buffers by their capacity, and what lies in the socket. The loop's thread.
 */
#ifndef CHIMERA_SERVER_WORKER_CONNECTION_ROOM_H
#define CHIMERA_SERVER_WORKER_CONNECTION_ROOM_H

#include "server/worker/connection_state.h"

/* For a connection that is all zeros but for its loop. False when memory ran out. */
bool connection_room_open(struct connection *connection, const struct peer_name *name);
/* Also what is left of its buffers is no more charged. */
void connection_room_close(struct connection *connection);

/* After anything of it has grown or shrunk. */
void connection_room_charge(struct connection *connection);

/* It waits for its client, from now on or anew; or for us. */
void connection_room_enter(struct connection *connection, enum stage stage);
void connection_room_leave(struct connection *connection);
/* Its client did something while it waited for that. */
void connection_room_progress(struct connection *connection, size_t bytes);

/* A body of it is coming, as fast as can be asked for, and at least so many bytes are there.
 */
bool connection_room_is_getting_on(const struct connection *connection, size_t least);

/* It has sent something that we have not come to yet: then its time begins anew. A system call. */
bool connection_room_excuse(struct connection *connection);

/* An answer was written, but for what the socket did not take. */
void connection_room_note_answer(struct connection *connection, size_t bytes, unsigned status);
/* The handshake is over: its client may have a certificate. */
void connection_room_note_handshake(struct connection *connection);
/* It does not read any more, or what it writes is not taken: its socket may fill. */
void connection_room_look_later(struct connection *connection);
/* Looks at some of the sockets that may hold a lot. */
void connection_room_look_at_some(struct loop *loop);

#endif
