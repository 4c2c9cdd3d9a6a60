/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - what runs over the sockets of the broker: questions and answers over a *line*, a
 * stream socket with one question at a time; lines as they are dealt out, and what the broker has
 * its parent do, over sequenced packets.
 *
 * All processes are of one program, on one machine. The broker speaks with the outside, so nothing
 * that it sends is trusted but to be bytes; nor is what a process with guests sends to it.
 */
#ifndef CHIMERA_BROKER_MESSAGE_H
#define CHIMERA_BROKER_MESSAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/capability/provider.h"

#define CHIMERA_BROKER_QUESTION_MAX ((uint32_t)8 << 20) /* a payload of 1 MiB, all escaped */
#define CHIMERA_BROKER_TEXT_MAX ((uint64_t)16 << 20)    /* of an answer that is no memory file */

struct chimera_broker_question { /* its fields follow, as JSON */
    uint64_t id, deadline_ns;
    uint32_t kind, size;
};

struct chimera_broker_reply { /* its text follows; a memory file comes along */
    uint64_t id, size, version;
    uint32_t version_place, keep_ms;
    uint8_t is_error, has_memory;
    uint8_t reserved[6];
};

/* In which the rest of what has begun has to come, or to be taken: neither side believes the other
 * to go on. */
#define CHIMERA_BROKER_STALL_NS ((uint64_t)5 * 1000000000)
uint64_t chimera_broker_stall(void); /* from now on */

/* All of it, or false: the other end is gone, or `deadline_ns` is past. */
bool chimera_broker_read(int fd, void *to, size_t size, uint64_t deadline_ns);
bool chimera_broker_write(int fd, const void *from, size_t size, uint64_t deadline_ns);

/* The head of an answer; *ret_memory is -1 when none came along. */
bool chimera_broker_read_reply(int fd, struct chimera_broker_reply *ret_reply, int *ret_memory,
                               uint64_t deadline_ns);
bool chimera_broker_write_reply(int fd, const struct chimera_broker_reply *reply, int memory);

/* --- Packets --- */

#define CHIMERA_BROKER_LINES 16 /* a process with guests has so many calls at once */
#define CHIMERA_BROKER_PACKET_MAX ((size_t)64 << 10)

/* One packet, or what is there of a stream, and what came along; does not wait. As recvmsg(). */
ssize_t chimera_broker_receive(int socket, void *to, size_t size, int *fds, size_t max,
                               size_t *ret_count);

/* To the broker, lines; to whoever asks, lines and behind them the memory of versions. */
bool chimera_broker_send_lines(int socket, const int *fds, size_t count);
/* How many came; 0: none has come. Does not wait. */
size_t chimera_broker_receive_lines(int socket, int *fds, size_t max);

#endif
