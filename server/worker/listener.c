/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/listener.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/log/log.h"

#define PAUSE_MS 2 /* in which loops close some connections */

static unsigned count_of(struct loop *loop)
{
    return atomic_load_explicit(&loop->connection_count, memory_order_relaxed);
}

static struct loop *emptiest(struct loop *loops, unsigned count)
{
    struct loop *best = &loops[0];
    for (unsigned i = 1; i < count; i++)
        if (count_of(&loops[i]) < count_of(best))
            best = &loops[i];
    return best;
}

/* The readiness port's loop is one of those that may have too much. */
static void relieve_all(struct listener *listener)
{
    for (unsigned i = 0; i < listener->loop_count; i++)
        loop_relieve(&listener->loops[i]);
    loop_relieve(listener->probe_loop);
}

static void take_client(struct listener *listener, struct loop *loop, int fd,
                        const struct sockaddr *address)
{
    struct peer_name name;
    peer_name_of_address(address, &name);
    loop_add(loop, fd, &name);
    if (loop != listener->probe_loop)
        atomic_fetch_add_explicit(&listener->accepted, 1, memory_order_relaxed);
    connection_memory_restore(listener->memory);
    if (connection_memory_is_scarce(listener->memory))
        relieve_all(listener);
}

/* False when it would only go round: no room is left, nor is a descriptor. */
static bool accept_all(struct listener *listener, int listening, struct loop *loops, unsigned count)
{
    struct address address;
    while (!connection_memory_is_full(listener->memory)) {
        address.size = sizeof(address.v6);
        int fd = accept4(listening, &address.any, &address.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_client(listener, emptiest(loops, count), fd, &address.any);
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* Once for each time that descriptors or memory run out. */
            if (!listener->is_in_want)
                chimera_log_with(CHIMERA_LOG_WARN, "server::listener",
                                 CHIMERA_SLICE("cannot accept connections"),
                                 CHIMERA_TEXT("error", chimera_slice_of(strerror(errno))));
            listener->is_in_want = true;
            connection_memory_lower(listener->memory);
            return false;
        } /* else the client has gone meanwhile */
    }
    return false;
}

static void *run_listener(void *context)
{
    struct listener *listener = context;
    struct pollfd polled[] = {{.fd = listener->stop_fd, .events = POLLIN},
                              {.fd = listener->main_fd, .events = POLLIN},
                              {.fd = listener->probe_fd, .events = POLLIN}};
    bool is_stopped = false;
    while (sem_wait(&listener->go) < 0)
        ;
    while (!is_stopped) {
        if (poll(polled, 3, -1) < 0 && errno != EINTR)
            break;
        is_stopped = polled[0].revents != 0;
        bool is_all =
            accept_all(listener, listener->main_fd, listener->loops, listener->loop_count);
        is_all = accept_all(listener, listener->probe_fd, listener->probe_loop, 1) && is_all;
        listener->is_in_want = listener->is_in_want && !is_all;
        if (!is_all && !is_stopped) {
            relieve_all(listener);
            poll(polled, 1, PAUSE_MS);
        }
    }
    return NULL;
}

int listener_start(struct listener *listener, struct chimera_error *err)
{
    listener->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (listener->stop_fd < 0)
        return chimera_fail_os(err, errno);
    sem_init(&listener->go, 0, 0);
    int number = pthread_create(&listener->thread, NULL, run_listener, listener);
    if (number) {
        close(listener->stop_fd);
        return chimera_fail_os(err, number);
    }
    return CHIMERA_OK;
}

void listener_go(struct listener *listener)
{
    sem_post(&listener->go);
}

void listener_stop(struct listener *listener)
{
    const uint64_t one = 1;
    while (write(listener->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    pthread_join(listener->thread, NULL);
    sem_destroy(&listener->go);
    close(listener->stop_fd);
}
