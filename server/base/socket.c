/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

int socket_bind(const struct address *address, int *ret_fd, struct chimera_error *err)
{
    const int on = 1;
    if (address->fd) {
        *ret_fd = address->fd;
        return CHIMERA_OK;
    }
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return chimera_fail_os(err, errno);
    /* Accepted sockets inherit TCP_NODELAY. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        bind(fd, &address->any, address->size) < 0) {
        int number = errno;
        close(fd);
        return chimera_fail_os(err, number);
    }
    *ret_fd = fd;
    return CHIMERA_OK;
}

int socket_listen(int fd, struct chimera_error *err)
{
    return listen(fd, BACKLOG) < 0 ? chimera_fail_os(err, errno) : CHIMERA_OK;
}
