/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/transport.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/client/tls_memory.h"

static int change_epoll(struct transport *transport, int operation, uint32_t interest)
{
    const struct epoll_sets *sets = transport->sets;
    struct epoll_event event = {.events = interest, .data.ptr = transport->watcher};
    return epoll_ctl(transport->is_preferred ? sets->first_fd : sets->others_fd, operation,
                     transport->fd, &event);
}

bool transport_open(struct transport *transport, SSL_CTX *context)
{
    size_t before = tls_memory_taken();
    transport->interest = EPOLLIN;
    if (context) {
        transport->tls = tls_accept(context, transport->fd);
        if (!transport->tls)
            return false;
        transport->is_in_handshake = true;
    }
    transport->tls_bytes = tls_memory_taken() - before;
    if (change_epoll(transport, EPOLL_CTL_ADD, EPOLLIN) == 0)
        return true;
    SSL_free(transport->tls);
    return false;
}

void transport_close(struct transport *transport)
{
    SSL_free(transport->tls);
    close(transport->fd); /* epoll forgets it by itself */
}

bool transport_is_greeted(const struct transport *transport)
{
    return SSL_get_state(transport->tls) != TLS_ST_BEFORE &&
           SSL_get_state(transport->tls) != TLS_ST_SR_CLNT_HELLO;
}

void transport_watch(struct transport *transport, uint32_t interest)
{
    if (transport->interest == interest)
        return;
    int operation = !interest              ? EPOLL_CTL_DEL
                    : !transport->interest ? EPOLL_CTL_ADD
                                           : EPOLL_CTL_MOD;
    change_epoll(transport, operation, interest);
    transport->interest = interest;
}

void transport_prefer(struct transport *transport, bool is_preferred)
{
    uint32_t interest = transport->interest;
    transport_watch(transport, 0);
    transport->is_preferred = is_preferred;
    transport_watch(transport, interest);
}

ssize_t transport_receive(struct transport *transport, void *to, size_t size)
{
    ssize_t count;
    if (transport->tls) {
        size_t before = tls_memory_taken();
        count = tls_read(transport->tls, to, size);
        if (transport->is_in_handshake)
            transport->is_in_handshake = !SSL_is_init_finished(transport->tls);
        transport->tls_bytes += tls_memory_taken() - before;
        return count;
    }
    do
        count = read(transport->fd, to, size);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? TLS_WANTS_READ : TLS_FAILED;
}

ssize_t transport_send(struct transport *transport, const void *from, size_t size)
{
    ssize_t count;
    if (transport->tls) {
        size_t before = tls_memory_taken();
        count = tls_write(transport->tls, from, size);
        transport->tls_bytes += tls_memory_taken() - before;
        return count;
    }
    do
        count = send(transport->fd, from, size, MSG_NOSIGNAL);
    while (count < 0 && errno == EINTR);
    if (count >= 0)
        return count;
    return errno == EAGAIN ? TLS_WANTS_WRITE : TLS_FAILED;
}

static size_t ask_socket(const struct transport *transport, unsigned long what)
{
    int bytes = 0;
    return ioctl(transport->fd, what, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

size_t transport_unsent(const struct transport *transport)
{
    return ask_socket(transport, SIOCOUTQ);
}

size_t transport_unread(const struct transport *transport)
{
    return ask_socket(transport, SIOCINQ);
}

void transport_finish(struct transport *transport)
{
    if (transport->tls && SSL_is_init_finished(transport->tls)) {
        size_t before = tls_memory_taken();
        SSL_shutdown(transport->tls);
        transport->tls_bytes += tls_memory_taken() - before;
    }
    shutdown(transport->fd, SHUT_WR);
}
