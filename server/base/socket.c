/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

const char *socket_show(const struct address *address, char to[SOCKET_TEXT])
{
    bool is_v6 = address->any.sa_family == AF_INET6;
    char host[INET6_ADDRSTRLEN] = "?";
    inet_ntop(address->any.sa_family,
              is_v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr,
              host, sizeof(host));
    snprintf(to, SOCKET_TEXT, is_v6 ? "[%s]:%u" : "%s:%u", host,
             (unsigned)ntohs(is_v6 ? address->v6.sin6_port : address->v4.sin_port));
    return to;
}

static int fail(const struct address *address, const char *flag, int number,
                struct chimera_error *err)
{
    struct chimera_error why = {0};
    char text[SOCKET_TEXT];
    chimera_fail_os(&why, number);
    return chimera_fail(err, CHIMERA_EIO, "cannot listen on %s (%s): %s%s",
                        socket_show(address, text), flag, why.text,
                        number == EADDRNOTAVAIL ? ": no interface of this machine has this address"
                        : number == EADDRINUSE  ? ": another process has this port"
                        : number == EACCES ? ": ports below 1024 need CAP_NET_BIND_SERVICE, or root"
                                           : "");
}

int socket_bind(const struct address *address, const char *flag, int *ret_fd,
                struct chimera_error *err)
{
    const int on = 1;
    if (address->fd) {
        *ret_fd = address->fd;
        return CHIMERA_OK;
    }
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(address, flag, errno, err);
    /* Accepted sockets inherit TCP_NODELAY. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        bind(fd, &address->any, address->size) < 0) {
        int number = errno;
        close(fd);
        return fail(address, flag, number, err);
    }
    *ret_fd = fd;
    return CHIMERA_OK;
}

int socket_listen(int fd, const char *flag, struct chimera_error *err)
{
    struct address address = {.any.sa_family = AF_INET};
    socklen_t size = sizeof(address.v6);
    if (listen(fd, BACKLOG) == 0)
        return CHIMERA_OK;
    int number = errno;
    getsockname(fd, &address.any, &size);
    return fail(&address, flag, number, err);
}
