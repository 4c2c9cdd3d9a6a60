/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/transport.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/client/tls_memory.h"

static int epoll_of(const struct connection *connection)
{
    return connection->is_preferred ? connection->loop->epoll_fd : connection->loop->others_fd;
}

static int change_epoll(struct connection *connection, int operation, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = connection};
    return epoll_ctl(epoll_of(connection), operation, connection->fd, &event);
}

bool transport_open(struct connection *connection, int fd)
{
    size_t before = tls_memory_taken();
    connection->fd = fd;
    connection->interest = EPOLLIN;
    if (connection->loop->tls) {
        connection->tls = tls_accept(connection->loop->tls, fd);
        if (!connection->tls)
            return false;
        connection->is_in_handshake = true;
    }
    connection->tls_bytes = tls_memory_taken() - before;
    if (change_epoll(connection, EPOLL_CTL_ADD, EPOLLIN) == 0)
        return true;
    SSL_free(connection->tls);
    return false;
}

void transport_close(struct connection *connection)
{
    SSL_free(connection->tls);
    close(connection->fd); /* epoll forgets it by itself */
}

bool transport_is_greeted(const struct connection *connection)
{
    return SSL_get_state(connection->tls) != TLS_ST_BEFORE &&
           SSL_get_state(connection->tls) != TLS_ST_SR_CLNT_HELLO;
}

void transport_watch(struct connection *connection, uint32_t interest)
{
    if (connection->interest == interest)
        return;
    int operation = !interest               ? EPOLL_CTL_DEL
                    : !connection->interest ? EPOLL_CTL_ADD
                                            : EPOLL_CTL_MOD;
    change_epoll(connection, operation, interest);
    connection->interest = interest;
}

void transport_prefer(struct connection *connection, bool is_preferred)
{
    uint32_t interest = connection->interest;
    transport_watch(connection, 0);
    connection->is_preferred = is_preferred;
    transport_watch(connection, interest);
}

ssize_t transport_receive(struct connection *connection, void *to, size_t size)
{
    ssize_t count;
    if (connection->tls) {
        size_t before = tls_memory_taken();
        count = tls_read(connection->tls, to, size);
        if (connection->is_in_handshake)
            connection->is_in_handshake = !SSL_is_init_finished(connection->tls);
        connection->tls_bytes += tls_memory_taken() - before;
        return count;
    }
    do
        count = read(connection->fd, to, size);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? TLS_WANTS_READ : TLS_FAILED;
}

ssize_t transport_send(struct connection *connection, const void *from, size_t size)
{
    ssize_t count;
    if (connection->tls) {
        size_t before = tls_memory_taken();
        count = tls_write(connection->tls, from, size);
        connection->tls_bytes += tls_memory_taken() - before;
        return count;
    }
    do
        count = send(connection->fd, from, size, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? TLS_WANTS_WRITE : TLS_FAILED;
}

static size_t ask_socket(const struct connection *connection, unsigned long what)
{
    int bytes = 0;
    return ioctl(connection->fd, what, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

size_t transport_unsent(const struct connection *connection)
{
    return ask_socket(connection, SIOCOUTQ);
}

size_t transport_unread(const struct connection *connection)
{
    return ask_socket(connection, SIOCINQ);
}

void transport_finish(struct connection *connection)
{
    if (connection->tls && SSL_is_init_finished(connection->tls)) {
        size_t before = tls_memory_taken();
        SSL_shutdown(connection->tls);
        connection->tls_bytes += tls_memory_taken() - before;
    }
    shutdown(connection->fd, SHUT_WR);
}
