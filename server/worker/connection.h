/* SPDX-License-Identifier: Apache-2.0 */
/* connection.h - one client: bytes in, requests out of them, answers back, limits on all of it.
 *
 * A machine of states that its loop drives by its watcher: on readiness, on time passing, on drain.
 * A connection owns its descriptor and ends itself; every function below may free it.
 */
#ifndef CHIMERA_SERVER_WORKER_CONNECTION_H
#define CHIMERA_SERVER_WORKER_CONNECTION_H

#include "server/worker/connection_answer.h"

/* Takes over `fd`; NULL when memory ran out, and then it is closed. */
struct connection *connection_new(struct loop *loop, int fd, const struct peer_name *name);

/* The watcher's calls (watcher.h), each of a connection's watcher. */
void connection_on_ready(struct watcher *watcher, uint32_t events);
/* An answer was waited for, or it was others' turn. */
void connection_on_turn(struct watcher *watcher);
void connection_on_room(struct watcher *watcher, bool is_there);
void connection_on_time(struct watcher *watcher);
/* It must be in a stage, or an audit that waits. */
void connection_on_pressure(struct watcher *watcher);
void connection_on_drain(struct watcher *watcher);

#endif
