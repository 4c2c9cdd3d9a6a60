/* SPDX-License-Identifier: Apache-2.0 */
/* input.h - what has come of a connection's requests, in memory that follows what has come.
 *
 * Read into buffers that the loop keeps warm. While a part of a request waits for the rest, its
 * buffer has more room than bytes: it is loose. So many of these may be loose at a time; then the
 * one that has waited longest is packed, into as many bytes as it has. The loop's thread.
 */
#ifndef CHIMERA_SERVER_WORKER_INPUT_H
#define CHIMERA_SERVER_WORKER_INPUT_H

#include "server/worker/connection_state.h"

#define INPUT_NO_ROOM (-100) /* beside what transport_receive() says */

/* As transport_receive(), behind what is there; or INPUT_NO_ROOM. */
ssize_t input_read(struct connection *connection);
void input_release(struct connection *connection);

/* It will be left alone for a while, and may be packed; or it must not move any more. */
void input_loosen(struct connection *connection);
void input_fix(struct connection *connection);

void input_pack_all(struct loop *loop);

#endif
