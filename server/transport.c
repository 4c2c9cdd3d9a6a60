#include "server/transport.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void transport_watch(struct connection *connection, uint32_t interest)
{
    if (connection->interest == interest)
        return;
    struct epoll_event event = {.events = interest, .data.ptr = connection};
    int operation = !interest               ? EPOLL_CTL_DEL
                    : !connection->interest ? EPOLL_CTL_ADD
                                            : EPOLL_CTL_MOD;
    epoll_ctl(connection->loop->epoll_fd, operation, connection->fd, &event);
    connection->interest = interest;
}

ssize_t transport_receive(struct connection *connection, void *to, size_t size)
{
    if (connection->tls)
        return tls_read(connection->tls, to, size);
    ssize_t count;
    do
        count = read(connection->fd, to, size);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? TLS_WANTS_READ : TLS_FAILED;
}

ssize_t transport_send(struct connection *connection, const void *from, size_t size)
{
    if (connection->tls)
        return tls_write(connection->tls, from, size);
    ssize_t count;
    do
        count = send(connection->fd, from, size, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? TLS_WANTS_WRITE : TLS_FAILED;
}

void transport_finish(struct connection *connection)
{
    if (connection->tls && SSL_is_init_finished(connection->tls))
        SSL_shutdown(connection->tls);
    shutdown(connection->fd, SHUT_WR);
}
