/* SPDX-License-Identifier: Apache-2.0 */
/* channel.h - messages of any length over a pair of packet sockets, one asked at a time.
 *
 * Packets keep their bounds, so that whoever comes new to an end (a tenant that took the place of a
 * crashed one) finds the next message by itself; what belongs to an older one is passed over.
 */
#ifndef CHIMERA_SERVER_BASE_CHANNEL_H
#define CHIMERA_SERVER_BASE_CHANNEL_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* The first end does not block, the second does. */
int channel_open(int ret_fds[2], struct chimera_error *err);

/* Sends a message from *offset on, which it moves. CHIMERA_EDEADLINE when an end that does not
 * block has no room: call again when it has. */
int channel_send(int fd, uint32_t sequence, struct chimera_slice message, size_t *offset);

/* Takes one packet. 1 when that makes a message whole, which is in `to` then; 0 when not, or when
 * there is none (a non-blocking end); CHIMERA_EIO at the end of the stream. `to` must be the same
 * from packet to packet. */
int channel_receive(int fd, struct chimera_buffer *to, uint32_t *ret_sequence);

#endif
