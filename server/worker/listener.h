/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h - the one thread that accepts, and deals connections to loops by their count.
 *
 * One request at a time is on a connection, so the fullest loop is the slowest: dealing by count
 * beats the kernel's hash (libraries.md §3.3, rule 2).
 */
#ifndef CHIMERA_SERVER_WORKER_LISTENER_H
#define CHIMERA_SERVER_WORKER_LISTENER_H

#include <pthread.h>
#include <semaphore.h>

#include "runtime/base/error.h"
#include "server/base/socket.h"
#include "server/worker/loop.h"

struct listener {
    int main_fd, probe_fd; /* borrowed; listening */
    int stop_fd;           /* owned; an eventfd */
    struct loop *loops;    /* borrowed */
    unsigned loop_count;
    struct loop *probe_loop;          /* borrowed, like the next */
    struct connection_memory *memory; /* of all of them */
    atomic_uint accepted;             /* on the main port; read by other threads */
    bool is_in_want;                  /* of descriptors or memory, when it last accepted */
    pthread_t thread;
    sem_t go;
};

/* Makes the thread, which waits: what comes in between (the lock-down) holds for it, too. The
 * caller has filled in the borrowed fields. */
int listener_start(struct listener *listener, struct chimera_error *err);
/* Lets it accept. The sockets must listen by now. */
void listener_go(struct listener *listener);
/* Accepts what already waits, and then no more. */
void listener_stop(struct listener *listener);

#endif
