/* SPDX-License-Identifier: Apache-2.0 */
/* stand_in.h - answers /readiness while no worker does: one has crashed and the next one is not
 * there yet, or a signal has stopped it.
 *
 * In the supervisor, which must not be reached by a byte of a client: what clients send is dropped
 * by the kernel, unread, and all get the same answer, 503. A few at a time; the others wait, as
 * they would without it. One thread, which is never kept waiting.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_STAND_IN_H
#define CHIMERA_SERVER_SUPERVISOR_STAND_IN_H

#include <stdbool.h>
#include <stdint.h>

#define STAND_IN_CLIENTS 8

struct stand_in {
    struct stand_in_client {
        int64_t until_ms; /* 0: none */
        int fd;           /* owned */
        bool is_answered;
    } client[STAND_IN_CLIENTS];
};

bool stand_in_has_room(const struct stand_in *stand_in);

/* A connection waits on the listening socket, which does not block. */
void stand_in_accept(struct stand_in *stand_in, int listening_fd, int64_t now_ms);

/* Answers who has asked, and lets go who has gone or takes too long. When to be called again,
 * INT64_MAX: never. */
int64_t stand_in_pass_time(struct stand_in *stand_in, int64_t now_ms);

void stand_in_close(struct stand_in *stand_in);

#endif
